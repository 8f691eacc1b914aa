"""The second hop in machine code: who shared a place with a contact after that contact's first exposure.

No pair is ever formed. Per place-day the contacts present make a step function of occupancy; the visit [s, e) of
anybody else shares (starts before e) - (ends at or before s) stays, and the integral of occupancy over [s, e) minutes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.scanning import canonical_words, conflict_persons, grown, holds
from ringfence.tracing.visits.ahead import prefetch
from ringfence.tracing.visits.batch import CUT_BEFORE
from ringfence.tracing.visits.layout import end_of, other_of, start_of
from ringfence.tracing.visits.table import (
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
_AHEAD = 24  # how many words ahead a person's state is asked for
_LAYING_OUT = 6_000
"""What laying out a day minute by minute costs, in comparisons of a visit with a contact's stay."""


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
def merged_of(rows: Ints, first_day: int, first: Ints, day: int, place: int) -> tuple[Ints, NDArray[np.uint64]]:
    """Return who has conflicting pieces at a place-day, and the words that stand for them."""
    begin, stop = segments_of_day(first_day, first, day)
    persons = conflict_persons(rows, begin, stop, place)
    if len(persons):
        return persons, canonical_words(rows, first_day, first, day, place, persons)
    return persons, np.empty(0, np.uint64)


@kernel
def probes_of(
    rows: Ints,
    begin: int,
    stop: int,
    ranges: Ints,
    base: int,
    state: Ints,
    until: int,
    merging: Ints,
    merged: NDArray[np.uint64],
    probes: Minutes,
) -> tuple[Minutes, int]:
    """Return (starts, ends, continues) of a place-day's contacts, after exposure and before `until`, and how many."""
    n = 0
    apart = len(merging) > 0
    state_at = np.int64(state.ctypes.data)
    for k in range(stop - begin + (1 if apart else 0)):
        if k < stop - begin:
            low, high = ranges[k, 0], ranges[k, 1]
            words = words_at(rows[begin + k, PLACE_WORDS], high)
        else:
            low, high = 0, len(merged)
            words = merged
        if n + high - low > probes.shape[1]:
            more = np.empty((3, 2 * (n + high - low)), np.int32)
            more[:, :n] = probes[:, :n]
            probes = more
        for i in range(low, high):
            if i + _AHEAD < high:
                prefetch(state_at + 8 * other_of(words[i + _AHEAD]))
            w = words[i]
            person = other_of(w)
            known = state[person]
            if known >= NOBODY or (apart and k < stop - begin and holds(merging, person)):
                continue
            since = -2 - known - base
            s = max(start_of(w), since)
            e = min(end_of(w), until - base)
            if s < e:
                probes[0, n], probes[1, n] = s, e
                probes[2, n] = 1 if w & _CONTINUES != 0 and since < 0 else 0
                n += 1
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
def _stays_across(probes: Minutes, n: int, joined: bool) -> int:
    """Return how many contacts were there in the minute before the day too: they share that stay already."""
    total = 0
    if joined:
        for i in range(n):
            total += probes[2, i]
    return total


@kernel
def add_shared(
    words: NDArray[np.uint64],
    low: int,
    high: int,
    left_out: Ints,
    probes: Minutes,
    n: int,
    day: Minutes,
    laid: bool,
    across: int,
    state: Ints,
) -> None:
    """Add to the states of the persons of words [low, high) what each shared with `n` contacts; some are left out."""
    apart = len(left_out) > 0
    started, ended, shared = day[0], day[1], day[2]
    starts, ends = probes[0], probes[1]
    for i in range(low, high):
        w = words[i]
        person = other_of(w)
        if state[person] < 0 or (apart and holds(left_out, person)):
            continue
        s = start_of(w)
        e = end_of(w)
        stays = 0
        minutes = 0
        if laid:
            stays = np.int64(started[e] - ended[s])
            minutes = np.int64(shared[e] - shared[s])
        else:
            a, b = np.int32(s), np.int32(e)
            for k in range(n):
                both = max(min(b, ends[k]) - max(a, starts[k]), 0)
                minutes += both
                stays += both > 0
        if minutes:
            if w & _CONTINUES:
                stays -= across
            state[person] += (minutes << SCORE_SHIFT) + stays


@kernel
def sweep(rows: Ints, first_day: int, first: Ints, day: int, low: int, high: int, until: int, state: Ints) -> None:
    """Add to everybody's state what she shared with contacts on one day at places [low, high), in order of number."""
    begin, stop = segments_of_day(first_day, first, day)
    cursor = np.zeros(stop - begin, np.int64)
    ranges = np.zeros((stop - begin, 2), np.int64)
    probes = np.empty((3, 256), np.int32)
    laid_out = np.zeros((3, MINUTES_PER_DAY + 2), np.int32)
    yesterday = segments_of_day(first_day, first, day - 1)
    joined = yesterday[0] < yesterday[1]
    nobody, nothing = np.empty(0, np.int64), np.empty(0, np.uint64)
    conflicts = 0
    for segment in range(begin, stop):
        conflicts += rows[segment, CONFLICTS]
        keys = numbers_at(rows[segment, PLACE_KEYS], rows[segment, PLACES])
        cursor[segment - begin] = np.searchsorted(keys, low)
    while True:
        place = high
        for k in range(stop - begin):
            if cursor[k] < rows[begin + k, PLACES]:
                keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
                place = min(place, np.int64(keys[cursor[k]]))
        if place == high:
            return
        total = 0
        for k in range(stop - begin):
            keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
            here = cursor[k] < len(keys) and np.int64(keys[cursor[k]]) == place
            total += _range_at(rows, begin + k, k, cursor[k] if here else -1, ranges)
            cursor[k] += here
        merging, merged = nobody, nothing
        if conflicts:
            merging, merged = merged_of(rows, first_day, first, day, place)
        probes, n = probes_of(rows, begin, stop, ranges, day * MINUTES_PER_DAY, state, until, merging, merged, probes)
        if n == 0:
            continue
        across = _stays_across(probes, n, joined)
        laid = n * total > _LAYING_OUT
        if laid:
            lay_out(probes, n, laid_out)
        for k in range(stop - begin):
            words = words_at(rows[begin + k, PLACE_WORDS], ranges[k, 1])
            add_shared(words, ranges[k, 0], ranges[k, 1], merging, probes, n, laid_out, laid, across, state)
        if len(merged):
            add_shared(merged, 0, len(merged), nobody, probes, n, laid_out, laid, across, state)


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
        merging, merged = merged_of(rows, first_day, first, day, place)
        probes, n = probes_of(rows, begin, stop, ranges, base, state, until, merging, merged, probes)
        if n == 0:
            continue
        lay_out(probes, n, laid_out)
        yesterday = segments_of_day(first_day, first, day - 1)
        across = _stays_across(probes, n, yesterday[0] < yesterday[1])
        out = grown(out, found + total + len(merged))
        for k in range(stop - begin + (1 if len(merged) else 0)):
            if k < stop - begin:
                low, high = ranges[k, 0], ranges[k, 1]
                words = words_at(rows[begin + k, PLACE_WORDS], high)
            else:
                low, high = 0, len(merged)
                words = merged
            for j in range(low, high):
                row = np.int64(wanted[other_of(words[j])])
                if row < 0 or (len(merging) and k < stop - begin and holds(merging, other_of(words[j]))):
                    continue
                found = _detail_row(out, found, row, place, base, words[j], across, laid_out)
    return out[:found]


@kernel
def _detail_row(out: Ints, n: int, row: int, place: int, base: int, word: np.uint64, across: int, day: Minutes) -> int:
    started, ended, shared = day[0], day[1], day[2]
    s, e = start_of(word), end_of(word)
    stays = started[e] - ended[s]
    minutes = shared[e] - shared[s]
    if minutes == 0:
        return n
    if word & _CONTINUES:
        stays -= across
    while shared[s + 1] == shared[s]:
        s += 1
    while shared[e - 1] == shared[e]:
        e -= 1
    out[n, 0], out[n, 1], out[n, 2], out[n, 3] = row, place, base + s, base + e
    out[n, 4], out[n, 5] = minutes, stays
    return n + 1
