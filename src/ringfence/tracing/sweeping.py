"""The second hop in machine code: who shared a place with a contact after that contact's first exposure.

No pair is ever formed. Per place-day the contacts present make a step function of occupancy; the visit [s, e) of
anybody else shares (starts before e) - (ends at or before s) stays, and the integral of occupancy over [s, e) minutes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.batch import CUT_BEFORE
from ringfence.tracing.jit import kernel
from ringfence.tracing.layout import end_of, other_of, start_of
from ringfence.tracing.scanning import canonical_pieces, conflict_persons, holds
from ringfence.tracing.table import (
    CONFLICTS,
    PLACE_KEYS,
    PLACE_OFFSETS,
    PLACE_WORDS,
    PLACES,
    numbers_at,
    position,
    segments_of_day,
    words_at,
)
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Ints = NDArray[np.int64]
Minutes = NDArray[np.int32]

NOBODY = -1
"""State of a person who is not to be reached: a seed, or someone erased."""
SCORE_SHIFT = 28
"""A state at or above zero is minutes << 28 | encounters; below NOBODY it is -2 - (first minute of exposure)."""
_CONTINUES = np.uint64(CUT_BEFORE)
_LAYING_OUT = 6_000
"""What laying out a day minute by minute costs, in comparisons of a visit with a contact's stay (those run eight at once)."""


@kernel
def contact_state(first_minute: int) -> int:
    """Return the state of a contact exposed for the first time at a minute."""
    return -2 - first_minute


@kernel
def ranges_of(rows: Ints, begin: int, stop: int, place: int, ranges: Ints) -> int:
    """Fill the range of words of a place in each segment of a day, and return how many words that is."""
    total = 0
    for k in range(stop - begin):
        at = position(numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES]), place)
        total += _range_at(rows, begin + k, k, at, ranges)
    return total


@kernel
def _range_at(rows: Ints, segment: int, k: int, at: int, ranges: Ints) -> int:
    if at < 0:
        ranges[k, 0] = ranges[k, 1] = 0
        return 0
    offsets = numbers_at(rows[segment, PLACE_OFFSETS], rows[segment, PLACES] + 1)
    ranges[k, 0], ranges[k, 1] = offsets[at], offsets[at + 1]
    return np.int64(offsets[at + 1]) - np.int64(offsets[at])


@kernel
def _probe(probes: Minutes, n: int, state: int, start: int, end: int, continues: bool, base: int, until: int) -> int:
    """Add the stretch of a contact's piece that lies after her first exposure; return the new count."""
    since = -2 - state - base
    s = max(start, since)
    e = min(end, until - base)
    if s >= e:
        return n
    probes[0, n], probes[1, n] = s, e
    probes[2, n] = 1 if continues and since < 0 else 0
    return n + 1


@kernel
def probes_of(
    rows: Ints, begin: int, stop: int, ranges: Ints, base: int, state: Ints, until: int, merged: Ints, probes: Minutes
) -> tuple[Minutes, int]:
    """Return (starts, ends, continues) of the contacts at a place-day, after exposure and before `until`, and how many."""
    n = 0
    merging = len(merged) > 0
    for k in range(stop - begin):
        low, high = ranges[k, 0], ranges[k, 1]
        if low == high:
            continue
        if n + high - low + len(merged) > probes.shape[1]:
            more = np.empty((3, 2 * (n + high - low + len(merged))), np.int32)
            more[:, :n] = probes[:, :n]
            probes = more
        words = words_at(rows[begin + k, PLACE_WORDS], high)
        for i in range(low, high):
            w = words[i]
            person = other_of(w)
            if state[person] < NOBODY and not (merging and holds(merged[:, 0], person)):
                n = _probe(probes, n, state[person], start_of(w), end_of(w), w & _CONTINUES != 0, base, until)
    for p in merged:
        if state[p[0]] < NOBODY:
            n = _probe(probes, n, state[p[0]], p[1], p[2], p[3] != 0, base, until)
    return probes, n


@kernel
def lay_out(probes: Minutes, n: int, day: Minutes) -> None:
    """Fill per minute of the day: stays begun before it, stays ended by it, person-minutes of presence before it."""
    started, ended, shared = day[0], day[1], day[2]
    day[:] = 0
    for i in range(n):
        started[probes[0, i] + 1] += 1
        ended[probes[1, i]] += 1
    for m in range(MINUTES_PER_DAY):
        started[m + 1] += started[m]
        ended[m + 1] += ended[m]
        # Present during minute m: those begun before m + 1, less those ended by m.
        shared[m + 1] = shared[m] + started[m + 1] - ended[m]


@kernel
def shared_with(probes: Minutes, n: int, laid: bool, day: Minutes, s: int, e: int) -> tuple[int, int]:
    """Return how many stays of contacts a visit [s, e) shares, and how many person-minutes."""
    if laid:
        return np.int64(day[0, e] - day[1, s]), np.int64(day[2, e] - day[2, s])
    stays = 0
    minutes = 0
    a, b = np.int32(s), np.int32(e)
    starts, ends = probes[0], probes[1]
    for i in range(n):
        both = max(min(b, ends[i]) - max(a, starts[i]), 0)
        minutes += both
        stays += both > 0
    return stays, minutes


@kernel
def _stays_across(probes: Minutes, n: int, joined: bool) -> int:
    """Return how many contacts were there in the minute before the day too: they share that stay already."""
    total = 0
    if joined:
        for i in range(n):
            total += probes[2, i]
    return total


@kernel
def _add(state: Ints, person: int, stays: int, minutes: int, across: int) -> None:
    if minutes:
        state[person] += (minutes << SCORE_SHIFT) + stays - across


@kernel
def sweep(rows: Ints, first_day: int, first: Ints, day: int, until: int, state: Ints) -> None:
    """Add to everybody's state what she shared with contacts on one day, place by place in order of number."""
    begin, stop = segments_of_day(first_day, first, day)
    cursor = np.zeros(stop - begin, np.int64)
    ranges = np.zeros((stop - begin, 2), np.int64)
    probes = np.empty((3, 256), np.int32)
    laid_out = np.zeros((3, MINUTES_PER_DAY + 2), np.int32)
    yesterday = segments_of_day(first_day, first, day - 1)
    joined = yesterday[0] < yesterday[1]
    conflicts = 0
    for segment in range(begin, stop):
        conflicts += rows[segment, CONFLICTS]
    while True:
        place = np.int64(1) << 40
        for k in range(stop - begin):
            if cursor[k] < rows[begin + k, PLACES]:
                keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
                place = min(place, np.int64(keys[cursor[k]]))
        if place == np.int64(1) << 40:
            return
        total = 0
        for k in range(stop - begin):
            keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
            here = cursor[k] < len(keys) and np.int64(keys[cursor[k]]) == place
            total += _range_at(rows, begin + k, k, cursor[k] if here else -1, ranges)
            cursor[k] += here
        merged = np.empty((0, 4), np.int64)
        if conflicts:
            persons = conflict_persons(rows, begin, stop, place)
            if len(persons):
                merged = canonical_pieces(rows, first_day, first, day, place, persons)
        probes, n = probes_of(rows, begin, stop, ranges, day * MINUTES_PER_DAY, state, until, merged, probes)
        if n == 0:
            continue
        across = _stays_across(probes, n, joined)
        laid = n * total > _LAYING_OUT
        if laid:
            lay_out(probes, n, laid_out)
        for k in range(stop - begin):
            words = words_at(rows[begin + k, PLACE_WORDS], ranges[k, 1])
            for i in range(ranges[k, 0], ranges[k, 1]):
                w = words[i]
                person = other_of(w)
                if state[person] < 0 or (len(merged) and holds(merged[:, 0], person)):
                    continue
                stays, minutes = shared_with(probes, n, laid, laid_out, start_of(w), end_of(w))
                _add(state, person, stays, minutes, across if w & _CONTINUES else 0)
        for p in merged:
            if state[p[0]] >= 0:
                stays, minutes = shared_with(probes, n, laid, laid_out, p[1], p[2])
                _add(state, p[0], stays, minutes, across if p[3] else 0)


@kernel
def detail(
    rows: Ints, first_day: int, first: Ints, place_days: Ints, until: int, state: Ints, wanted: NDArray[np.int32]
) -> Ints:
    """Return (row, place, start, end, minutes, stays) of what wanted persons shared at some (place, day) pairs.

    `wanted` gives each person's row in the list, or -1; `state` as for `sweep`, contacts marked. Start and end bound
    what is shared: from the first minute with a contact there to the last.
    """
    out = np.empty((256, 6), np.int64)
    probes = np.empty((3, 256), np.int32)
    laid_out = np.zeros((3, MINUTES_PER_DAY + 2), np.int32)
    found = 0
    for i in range(len(place_days)):
        place, day = place_days[i, 0], place_days[i, 1]
        base = day * MINUTES_PER_DAY
        begin, stop = segments_of_day(first_day, first, day)
        ranges = np.zeros((stop - begin, 2), np.int64)
        total = ranges_of(rows, begin, stop, place, ranges)
        persons = conflict_persons(rows, begin, stop, place)
        merged = np.empty((0, 4), np.int64)
        if len(persons):
            merged = canonical_pieces(rows, first_day, first, day, place, persons)
        probes, n = probes_of(rows, begin, stop, ranges, base, state, until, merged, probes)
        if n == 0:
            continue
        lay_out(probes, n, laid_out)
        yesterday = segments_of_day(first_day, first, day - 1)
        across = _stays_across(probes, n, yesterday[0] < yesterday[1])
        if found + total + len(merged) > len(out):
            more = np.empty((2 * (found + total + len(merged)), 6), np.int64)
            more[:found] = out[:found]
            out = more
        for k in range(stop - begin):
            words = words_at(rows[begin + k, PLACE_WORDS], ranges[k, 1])
            for j in range(ranges[k, 0], ranges[k, 1]):
                w = words[j]
                person = other_of(w)
                if wanted[person] >= 0 and not (len(merged) and holds(merged[:, 0], person)):
                    found = _detail_row(out, found, wanted[person], place, base, start_of(w), end_of(w),
                                        across if w & _CONTINUES else 0, laid_out)  # fmt: skip
        for p in merged:
            if wanted[p[0]] >= 0:
                found = _detail_row(out, found, wanted[p[0]], place, base, p[1], p[2], across if p[3] else 0, laid_out)
    return out[:found]


@kernel
def _detail_row(
    out: Ints, n: int, row: int, place: int, base: int, start: int, end: int, across: int, day: Minutes
) -> int:
    started, ended, shared = day[0], day[1], day[2]
    minutes = shared[end] - shared[start]
    if minutes == 0:
        return n
    s = start
    while shared[s + 1] == shared[s]:
        s += 1
    e = end
    while shared[e - 1] == shared[e]:
        e -= 1
    out[n, 0], out[n, 1], out[n, 2], out[n, 3] = row, place, base + s, base + e
    out[n, 4], out[n, 5] = minutes, started[end] - ended[start] - across
    return n + 1
