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
from ringfence.tracing.scanning import canonical_pieces, conflict_persons, grown, holds
from ringfence.tracing.table import PLACE_KEYS, PLACES, numbers_at, place_words, segments_of_day
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Ints = NDArray[np.int64]

NOBODY = -1
"""State of a person who is not to be reached: a seed, or someone erased."""
SCORE_SHIFT = 28
"""A state at or above zero is minutes << 28 | encounters; below NOBODY it is -2 - (first minute of exposure)."""
_CONTINUES = np.uint64(CUT_BEFORE)
_FEW = 12
"""Up to so many contacts in a place-day are gone through one by one; more are laid out minute by minute."""


@kernel
def contact_state(first_minute: int) -> int:
    """Return the state of a contact exposed for the first time at a minute."""
    return -2 - first_minute


@kernel
def _probe(probes: Ints, n: int, state: int, start: int, end: int, continues: bool, base: int, until: int) -> int:
    """Add the stretch of a contact's piece that lies after her first exposure; return the new count."""
    since = -2 - state - base
    s = max(start, since)
    e = min(end, until - base)
    if s >= e:
        return n
    probes[n, 0], probes[n, 1] = s, e
    probes[n, 2] = 1 if continues and since < 0 else 0
    return n + 1


@kernel
def probes_of(
    rows: Ints, first_day: int, first: Ints, day: int, place: int, state: Ints, until: int, merged: Ints, probes: Ints
) -> tuple[Ints, int]:
    """Return (start, end, continues) of the contacts at a place-day, after exposure and before `until`, and how many."""
    base = day * MINUTES_PER_DAY
    begin, stop = segments_of_day(first_day, first, day)
    n = 0
    merging = len(merged) > 0
    for segment in range(begin, stop):
        words, _ = place_words(rows, segment, place)
        probes = grown(probes, n + len(words) + len(merged))
        for w in words:
            person = other_of(w)
            if state[person] < NOBODY and not (merging and _merged_holds(merged, person)):
                n = _probe(probes, n, state[person], start_of(w), end_of(w), w & _CONTINUES != 0, base, until)
    for p in merged:
        if state[p[0]] < NOBODY:
            n = _probe(probes, n, state[p[0]], p[1], p[2], p[3] != 0, base, until)
    return probes, n


@kernel
def _merged_holds(merged: Ints, person: int) -> bool:
    return holds(merged[:, 0], person)


@kernel
def lay_out(probes: Ints, n: int, started: Ints, ended: Ints, shared: Ints) -> None:
    """Fill per minute of the day: stays begun before it, stays ended by it, person-minutes of presence before it."""
    started[:] = 0
    ended[:] = 0
    for i in range(n):
        started[probes[i, 0] + 1] += 1
        ended[probes[i, 1]] += 1
    shared[0] = 0
    for m in range(MINUTES_PER_DAY):
        started[m + 1] += started[m]
        ended[m + 1] += ended[m]
        # Present during minute m: those begun before m + 1, less those ended by m.
        shared[m + 1] = shared[m] + started[m + 1] - ended[m]


@kernel
def shared_with(
    probes: Ints, n: int, laid: bool, started: Ints, ended: Ints, shared: Ints, s: int, e: int
) -> tuple[int, int]:
    """Return how many stays of contacts a visit [s, e) shares, and how many person-minutes."""
    if laid:
        return started[e] - ended[s], shared[e] - shared[s]
    stays = 0
    minutes = 0
    for i in range(n):
        both = min(e, probes[i, 1]) - max(s, probes[i, 0])
        if both > 0:
            stays += 1
            minutes += both
    return stays, minutes


@kernel
def sweep(
    rows: Ints,
    first_day: int,
    first: Ints,
    day: int,
    place_from: int,
    place_to: int,
    until: int,
    state: Ints,
) -> None:
    """Add to everybody's state what she shared with contacts on one day at the places of a range of numbers."""
    probes = np.empty((256, 3), np.int64)
    started = np.zeros(MINUTES_PER_DAY + 2, np.int64)
    ended = np.zeros(MINUTES_PER_DAY + 2, np.int64)
    shared = np.zeros(MINUTES_PER_DAY + 1, np.int64)
    begin, stop = segments_of_day(first_day, first, day)
    cursor = np.zeros(stop - begin, np.int64)
    for k in range(stop - begin):
        keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
        cursor[k] = np.searchsorted(keys, place_from)
    yesterday = segments_of_day(first_day, first, day - 1)
    joined = yesterday[0] < yesterday[1]
    while True:
        place = place_to
        for k in range(stop - begin):
            if cursor[k] < rows[begin + k, PLACES]:
                keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
                place = min(place, np.int64(keys[cursor[k]]))
        if place >= place_to:
            return
        for k in range(stop - begin):
            if cursor[k] < rows[begin + k, PLACES]:
                keys = numbers_at(rows[begin + k, PLACE_KEYS], rows[begin + k, PLACES])
                if np.int64(keys[cursor[k]]) == place:
                    cursor[k] += 1
        persons = conflict_persons(rows, begin, stop, place)
        merged = np.empty((0, 4), np.int64)
        if len(persons):
            merged = canonical_pieces(rows, first_day, first, day, place, persons)
        probes, n = probes_of(rows, first_day, first, day, place, state, until, merged, probes)
        if n == 0:
            continue
        across = 0
        if joined:
            for i in range(n):
                across += probes[i, 2]
        laid = n > _FEW
        if laid:
            lay_out(probes, n, started, ended, shared)
        for segment in range(begin, stop):
            words, _ = place_words(rows, segment, place)
            for w in words:
                person = other_of(w)
                if state[person] < 0 or (len(merged) and _merged_holds(merged, person)):
                    continue
                stays, minutes = shared_with(probes, n, laid, started, ended, shared, start_of(w), end_of(w))
                if minutes:
                    if w & _CONTINUES:
                        stays -= across
                    state[person] += (minutes << SCORE_SHIFT) + stays
        for p in merged:
            if state[p[0]] >= 0:
                stays, minutes = shared_with(probes, n, laid, started, ended, shared, p[1], p[2])
                if minutes:
                    state[p[0]] += (minutes << SCORE_SHIFT) + (stays - across if p[3] else stays)


@kernel
def detail(
    rows: Ints, first_day: int, first: Ints, place_days: Ints, until: int, state: Ints, wanted: NDArray[np.int32]
) -> Ints:
    """Return (row, place, start, end, minutes, stays) of what wanted persons shared at some (place, day) pairs.

    `wanted` gives each person's row in the list, or -1; `state` as for `sweep`, contacts marked. Start and end bound
    what is shared: from the first minute with a contact there to the last.
    """
    out = np.empty((256, 6), np.int64)
    probes = np.empty((256, 3), np.int64)
    started = np.zeros(MINUTES_PER_DAY + 2, np.int64)
    ended = np.zeros(MINUTES_PER_DAY + 2, np.int64)
    shared = np.zeros(MINUTES_PER_DAY + 1, np.int64)
    found = 0
    for i in range(len(place_days)):
        place, day = place_days[i, 0], place_days[i, 1]
        begin, stop = segments_of_day(first_day, first, day)
        persons = conflict_persons(rows, begin, stop, place)
        merged = np.empty((0, 4), np.int64)
        if len(persons):
            merged = canonical_pieces(rows, first_day, first, day, place, persons)
        probes, n = probes_of(rows, first_day, first, day, place, state, until, merged, probes)
        if n == 0:
            continue
        lay_out(probes, n, started, ended, shared)
        across = 0
        yesterday = segments_of_day(first_day, first, day - 1)
        if yesterday[0] < yesterday[1]:
            for k in range(n):
                across += probes[k, 2]
        base = day * MINUTES_PER_DAY
        for segment in range(begin, stop):
            words, _ = place_words(rows, segment, place)
            for w in words:
                person = other_of(w)
                if wanted[person] < 0 or (len(merged) and _merged_holds(merged, person)):
                    continue
                out = grown(out, found + 1)
                found = _detail_row(
                    out, found, wanted[person], place, base, start_of(w), end_of(w),
                    across if w & _CONTINUES else 0, started, ended, shared,
                )  # fmt: skip
        for p in merged:
            if wanted[p[0]] >= 0:
                out = grown(out, found + 1)
                found = _detail_row(
                    out, found, wanted[p[0]], place, base, p[1], p[2], across if p[3] else 0, started, ended, shared
                )
    return out[:found]


@kernel
def _detail_row(
    out: Ints,
    n: int,
    row: int,
    place: int,
    base: int,
    start: int,
    end: int,
    across: int,
    started: Ints,
    ended: Ints,
    shared: Ints,
) -> int:
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
