"""What a day is written into, and the ways of a city: on foot, by bus, and by train with a seat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.chance import PERSON, Stream, draw, key_of, unit
from ringfence.drill.city.transit import (
    CARRIAGES,
    DEPARTURES,
    FIRST_BUS,
    HEADWAY,
    SEATS_A_TRAIN,
    TRAIN_RIDE,
    seat_of,
)
from ringfence.tracing.jit import kernel

LINE, STOP, RIDE = np.array([40, 41, 42])
"""Slots of what stays the same in a person's life."""
OUTWARD, HOMEWARD = np.arange(2)


class World(NamedTuple):
    """All that a day needs: who lives, works and learns where, and what is where."""

    seed: int
    days: int
    weekday: int
    group: NDArray[np.uint8]
    ill: NDArray[np.uint8]
    home: NDArray[np.uint32]
    work: NDArray[np.uint32]
    street: NDArray[np.uint16]
    work_street: NDArray[np.uint16]
    lived: NDArray[np.int64]
    home_at: NDArray[np.int64]
    venue_first: NDArray[np.int64]
    venue_count: NDArray[np.int64]
    market_first: NDArray[np.int64]
    stall_first: NDArray[np.int64]
    line_first: NDArray[np.int64]
    trip_first: int
    station: int
    trains: int
    carriage_first: int
    train_leaves: NDArray[np.int64]
    travellers: NDArray[np.uint32]
    travellers_at: NDArray[np.int64]


class Out(NamedTuple):
    """Columns that are filled with visits."""

    person: NDArray[np.uint32]
    place: NDArray[np.uint32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@kernel
def put(out: Out, n: int, person: int, place: int, start: int, end: int) -> int:
    """Write one visit and return how many there are now."""
    out.person[n] = person
    out.place[n] = place
    out.start[n] = start
    out.end[n] = end
    return n + 1


@kernel
def way(stream: Stream) -> int:
    """Return minutes on the way: 2 to 25, mostly few."""
    return 2 + int(24 * draw(stream) ** 2)


@kernel
def by_bus(w: World, out: Out, n: int, p: int, direction: int, day: int, at: int) -> tuple[int, int]:
    """Ride the line of one's street on its next departure."""
    person = key_of(w.seed, PERSON, p)
    a, b = w.line_first[w.street[p]], w.line_first[w.street[p] + 1]
    line = a + int((b - a) * unit(person, LINE))
    stop, ride = int(20 * unit(person, STOP)), 8 + int(27 * unit(person, RIDE))
    slot = max(0, (at + 3 - day * 1440 - stop - FIRST_BUS + HEADWAY - 1) // HEADWAY)
    if slot >= DEPARTURES:
        return n, at
    start = day * 1440 + FIRST_BUS + HEADWAY * slot + stop
    trip = w.trip_first + (2 * line + direction) * DEPARTURES + slot
    return put(out, n, p, trip, start, start + ride), start + ride


@kernel
def nth_traveller(w: World, p: int, day: int) -> int:
    """Return which passenger of the day's trains a person is, or −1."""
    a, b = w.travellers_at[day], w.travellers_at[day + 1]
    at = a + np.searchsorted(w.travellers[a:b], np.uint32(p))
    if at == b or w.travellers[at] != p or (at - a) // w.trains >= SEATS_A_TRAIN:
        return -1
    return int(at - a)


@kernel
def by_train(w: World, out: Out, n: int, p: int, day: int, nth: int, at: int) -> tuple[int, int]:
    """Wait at the station, ride out, be away from the city, and ride back in the evening."""
    train, rank = nth % w.trains, nth // w.trains
    leaves = day * 1440 + w.train_leaves[train]
    n = put(out, n, p, w.station, at + 12, leaves - 3)
    for direction in range(2):
        coach = train + direction * w.trains
        seat = seat_of(w.seed, coach, day, rank)
        place = w.carriage_first + coach * CARRIAGES + seat // (SEATS_A_TRAIN // CARRIAGES)
        leaves = day * 1440 + w.train_leaves[coach]
        n = put(out, n, p, place, leaves, leaves + TRAIN_RIDE)
    n = put(out, n, p, w.station, leaves + TRAIN_RIDE + 2, leaves + TRAIN_RIDE + 8)
    return n, leaves + TRAIN_RIDE + 22
