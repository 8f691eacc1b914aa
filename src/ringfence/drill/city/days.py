"""Schedules become visits: each person goes from place to place, one at a time, and sleeps at home.

Minutes count from the first day's local midnight. A person's day depends on the seed, the person and the day alone.
Between two visits lies at least one minute on the way. A night at home lasts until the next day with a departure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.chance import DAY, LEAVING, PERSON, Stream, draw, key_of, key_of_day, unit
from ringfence.drill.city.outings import after_supper, free_day, pupil_day, worker_day
from ringfence.drill.city.patterns import (
    AT_HOME_ALL_DAY,
    IN_CARE,
    OFFICE_WEEK,
    SENIOR,
    SIX_DAY_WEEK,
    YOUNG,
)
from ringfence.drill.city.ways import Out, World, by_train, nth_traveller, put
from ringfence.tracing.jit import kernel

MOST_VISITS = 20
"""No person has more visits than this on one day."""
_MINUTES = 1440
_OWN_TIME = np.int64(30)
STAYS = -1
EARLIEST = np.array([430, 400, 330, 455, 415, 390])
OWN_SPREAD = np.array([60, 50, 230, 22, 24, 24])
DAILY_SPREAD = np.array([14, 12, 15, 8, 8, 8])
"""When people leave for work or school, by the pattern of their days: a habit of each, and a little chance."""
STAYING = np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.13, 0.55, 1.0])
"""How often they stay at home all day when they need not leave."""


class Chunk(NamedTuple):
    """The visits of some persons on one day; minutes since the first day's local midnight."""

    person: NDArray[np.uint32]
    place: NDArray[np.uint32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def visits_of(world: World, day: int, first: int, last: int) -> Chunk:
    """Return all visits that persons [first, last) begin on a day, in the order of persons and time."""
    room = MOST_VISITS * (last - first)
    out = Out(np.empty(room, np.uint32), np.empty(room, np.uint32), np.empty(room, np.int64), np.empty(room, np.int64))
    n = visits_of_chunk(world, day, first, last, out)
    return Chunk(out.person[:n], out.place[:n], out.start[:n], out.end[:n])


@kernel
def visits_of_chunk(w: World, day: int, first: int, last: int, out: Out) -> int:
    """Fill the visits that persons [first, last) begin on a day and return how many they are."""
    stream, leaving = np.empty(1, np.uint64), np.empty(1, np.uint64)
    n = 0
    for p in range(first, last):
        if day == 0:
            n = put(out, n, p, w.home[p], 0, next_departure(w, p, 0, leaving))
        t = departure(w, p, day, leaving)
        if t == STAYS:
            continue
        at_work = works(w, p, day, leaving)
        stream[0] = key_of_day(w.seed, DAY, p, day)
        group = w.group[p]
        nth = nth_traveller(w, p, day)
        at = day * _MINUTES + t
        begun = n
        if nth >= 0:
            n, at = by_train(w, out, n, p, day, nth, at)
        elif not at_work:
            n, at = free_day(w, out, n, p, day, stream, at)
        elif YOUNG <= group <= SENIOR:
            n, at = pupil_day(w, out, n, p, day, stream, at)
        else:
            n, at = worker_day(w, out, n, p, day, stream, at)
        if n > begun and nth < 0:
            n, at = after_supper(w, out, n, p, day, stream, at)
        n = put(out, n, p, w.home[p], at, next_departure(w, p, day + 1, leaving))
    return n


@kernel
def works(w: World, p: int, day: int, leaving: Stream) -> bool:
    """Return whether a person works or learns on a day; the stream of her leaving on that day is begun."""
    group = int(w.group[p])
    leaving[0] = key_of_day(w.seed, LEAVING, p, day)
    if draw(leaving) < 0.03 or group >= AT_HOME_ALL_DAY:
        return False
    weekday = (w.weekday + day) % 7
    if group == OFFICE_WEEK or YOUNG <= group <= SENIOR:
        return weekday < 5
    if group == SIX_DAY_WEEK:
        return weekday < 6
    return weekday != p % 7


@kernel
def departure(w: World, p: int, day: int, leaving: Stream) -> int:
    """Return the minute of the day at which a person leaves home, or `STAYS`."""
    group = w.group[p]
    if group == IN_CARE:
        return STAYS
    at_work = works(w, p, day, leaving)
    own, today = unit(key_of(w.seed, PERSON, p), _OWN_TIME), draw(leaving)
    nth = nth_traveller(w, p, day)
    if nth >= 0:
        return int(w.train_leaves[nth % w.trains]) - 40 - int(20 * today)
    if not at_work:
        if draw(leaving) < STAYING[group]:
            return STAYS
        if group == AT_HOME_ALL_DAY:
            return 345 + int(120 * own + 90 * today)
        return 450 + int(200 * today)
    return int(EARLIEST[group]) + int(OWN_SPREAD[group] * own + DAILY_SPREAD[group] * today)


@kernel
def next_departure(w: World, p: int, day: int, leaving: Stream) -> int:
    """Return the first minute from a day on at which a person leaves home, or the end of the last day."""
    for d in range(day, w.days):
        t = departure(w, p, d, leaving)
        if t != STAYS:
            return d * _MINUTES + t
    return w.days * _MINUTES
