"""Buses with a place for each departure, and trains with carriages and seats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.areas import Areas
from ringfence.drill.city.chance import TRAIN, TRAVEL, draw, key_of_day
from ringfence.drill.city.places import Places
from ringfence.tracing.jit import kernel

PEOPLE_A_LINE = 3000
FIRST_BUS, HEADWAY, DEPARTURES = 330, 10, 100
"""Minute of the day of the first bus, minutes between buses, buses a day and direction."""
CARRIAGES, ROWS, SEATS = 8, 17, "ABCDF"
SEATS_A_TRAIN = CARRIAGES * ROWS * len(SEATS)
TRAVELLERS = 0.0025
"""Share of adults who leave the city by train in the morning and return in the evening."""
TRAIN_RIDE = 32


@dataclass(frozen=True, slots=True)
class Transit:
    """Bus lines by street (`line_first`, one entry more than streets) and where their trips begin; trains."""

    line_first: NDArray[np.int64]
    trip_first: int
    trains: int
    train_first: int
    carriage_first: int
    station: int
    travellers: NDArray[np.uint32]
    travellers_at: NDArray[np.int64]


def lay_lines(
    areas: Areas,
    people_of_street: NDArray[np.int64],
    *,
    ages: NDArray[np.uint8],
    days: int,
    places: Places,
    seed: int,
) -> Transit:
    """Add bus lines with all departures of a day in both directions, the station, and the trains of a day."""
    lines = np.where(people_of_street > 0, np.maximum(1, people_of_street // PEOPLE_A_LINE), 0)
    street = np.repeat(np.arange(len(lines)), lines)
    first_village = np.searchsorted(areas.street_of_village, np.arange(len(lines)))
    line = places.add("bus_line", first_village[street])
    label = places.column("label")[line : line + len(street)].astype(np.int64)
    slot = np.arange(2 * DEPARTURES)
    clock = FIRST_BUS + HEADWAY * (slot % DEPARTURES)
    parent = np.repeat(line + np.arange(len(street)), len(slot))
    trip_label = np.repeat(label * 10000, len(slot)) + np.tile(clock // 60 * 100 + clock % 60, len(street))
    stops = np.repeat(first_village[street], len(slot))
    trips = places.add("bus_trip", stops, parent=parent, at=parent, label=trip_label)
    centre = int(np.argmax(people_of_street))
    station = places.add("station", first_village[[centre]])
    adults = int(np.count_nonzero((ages >= 18) & (ages < 76)))
    trains = max(1, int(np.ceil(adults * TRAVELLERS / (0.6 * SEATS_A_TRAIN))))
    nth = np.arange(2 * trains)
    number = 7301 + 2 * (nth % trains) + nth // trains
    train = places.add("train", np.repeat(first_village[[centre]], 2 * trains), label=number)
    coach = np.repeat(train + nth, CARRIAGES)
    coach_label = np.repeat(number, CARRIAGES) * 100 + np.tile(np.arange(1, CARRIAGES + 1), 2 * trains)
    carriages = places.add("carriage", np.repeat(first_village[[centre]], len(coach)), parent=coach, label=coach_label)
    who, at = _travellers(seed, ages, days)
    return Transit(np.concatenate([[0], np.cumsum(lines)]), trips, trains, train, carriages, station, who, at)


@kernel
def _travellers(seed: int, ages: NDArray[np.uint8], days: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return who travels on each day, in order, and where each day begins in that list."""
    found = np.empty(1024, np.uint32)
    at = np.zeros(days + 1, np.int64)
    stream = np.empty(1, np.uint64)
    n = 0
    for day in range(days):
        for p in range(len(ages)):
            if ages[p] < 18 or ages[p] > 75:
                continue
            stream[0] = key_of_day(seed, TRAVEL, p, day)
            if draw(stream) >= TRAVELLERS:
                continue
            if n == len(found):
                more = np.empty(2 * n, np.uint32)
                more[:n] = found
                found = more
            found[n] = p
            n += 1
        at[day + 1] = n
    return found[:n].copy(), at


@kernel
def seat_of(seed: int, train: int, day: int, nth: int) -> int:
    """Return the seat (0 to 679) of the n-th passenger of a train on a day: a walk that meets every seat once."""
    begin = key_of_day(seed, TRAIN, train, day)
    return (nth * 143 + np.int64(begin % np.uint64(SEATS_A_TRAIN))) % SEATS_A_TRAIN


def seats(transit: Transit, seed: int, days: int) -> dict[str, NDArray[np.generic]]:
    """Return who sat where, on which day and train: one row for each ride."""
    parts: list[NDArray[np.int64]] = []
    for day in range(days):
        who = transit.travellers[transit.travellers_at[day] : transit.travellers_at[day + 1]].astype(np.int64)
        rank = np.arange(len(who))
        nth, train = rank // transit.trains, rank % transit.trains
        sits = nth < SEATS_A_TRAIN
        for way in (0, 1):
            coach = train[sits] + way * transit.trains
            seat = _seats_of(seed, coach, day, nth[sits])
            parts.append(np.stack([np.full(len(seat), day), transit.train_first + coach, who[sits], seat]))
    day_, train_, person, seat = np.concatenate(parts, axis=1) if parts else np.empty((4, 0), np.int64)
    letters = np.frombuffer(SEATS.encode(), np.uint8)
    return {
        "day": day_.astype(np.uint16),
        "trip": train_.astype(np.uint32),
        "place": (transit.carriage_first + (train_ - transit.train_first) * CARRIAGES + seat // 85).astype(np.uint32),
        "person": person.astype(np.uint32),
        "carriage": (seat // 85 + 1).astype(np.uint8),
        "row": (seat % 85 // 5 + 1).astype(np.uint8),
        "seat": letters[seat % 5],
    }


@kernel
def _seats_of(seed: int, train: NDArray[np.int64], day: int, nth: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.empty(len(train), np.int64)
    for i in range(len(train)):
        out[i] = seat_of(seed, train[i], day, nth[i])
    return out
