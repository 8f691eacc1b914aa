"""The first hop in machine code: who was where the seeds were.

Seeds' stays become islands: per place, stretches in which a seed was there or the air she left is still counted. For
each island the place-days it covers are cut to size by binary search, and every piece of a visit in it is added up. No
pair of pieces needs merging except those a segment names as conflicts; these are made canonical first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.ahead import fetch_persons, fetch_places, prefetch
from ringfence.tracing.visits.batch import CUT_BEFORE
from ringfence.tracing.visits.layout import end_of, other_of, start_of, word_of
from ringfence.tracing.visits.table import (
    CONFLICT_PAIRS,
    CONFLICTS,
    first_at_or_after,
    person_words,
    place_words,
    segments_of_day,
    words_at,
)
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Ints = NDArray[np.int64]
Met = NDArray[np.int32]

SKIP = -2
"""Slot of a person who is not to be met: a seed, or someone erased."""
FREE = -1
PERSON, MINUTES, AFTER, ENCOUNTERS, FIRST, LAST = range(6)
MET_COLUMNS = 6
MET_WIDTH = 8
"""Numbers in a row of the room for persons met: two more than there are columns, so that no row lies in two lines."""
E_SLOT, E_ISLAND, E_START, E_END, E_MINUTES = range(5)
EVIDENCE_COLUMNS = 5
_FAR, _NEAR = 48, 16  # how many words ahead a person's slot, then her row, is asked for
_FEW = 24  # rows that are sorted soonest one by one
_CONTINUES = np.uint64(CUT_BEFORE)


@kernel
def gather_stays(rows: Ints, first_day: int, first: Ints, persons: Ints, start: int, end: int) -> Ints:
    """Return (place, start, end, person) of the pieces of some persons inside [start, end), clipped to it."""
    out = np.empty((64, 4), np.int64)
    n = 0
    from_day = max(start // MINUTES_PER_DAY, first_day)
    to_day = min((end - 1) // MINUTES_PER_DAY, first_day + len(first) - 2) + 1
    fetch_persons(rows, first_day, first, persons, from_day, to_day)
    for person in persons:
        for day in range(from_day, to_day):
            base = day * MINUTES_PER_DAY
            begin, stop = segments_of_day(first_day, first, day)
            for segment in range(begin, stop):
                for w in person_words(rows, segment, person):
                    s = max(base + start_of(w), start)
                    e = min(base + end_of(w), end)
                    if s >= e:
                        continue
                    if n == len(out):
                        more = np.empty((2 * n, 4), np.int64)
                        more[:n] = out
                        out = more
                    out[n, 0], out[n, 1], out[n, 2], out[n, 3] = other_of(w), s, e, person
                    n += 1
    return out[:n]


@kernel
def islands_of(stays: Ints, residual: int) -> tuple[Ints, Ints]:
    """Return islands (place, start, end, first of its presences, one past the last) and presences (start, end).

    A presence is a stretch in which at least one seed was there; an island joins presences whose air reaches the next.
    """
    n = len(stays)
    islands = np.empty((n, 5), np.int64)
    present = np.empty((n, 2), np.int64)
    by_place = np.argsort(stays[:, 1], kind="mergesort")
    by_place = by_place[np.argsort(stays[by_place, 0], kind="mergesort")]
    k = -1
    d = -1
    for i in by_place:
        place, s, e = stays[i, 0], stays[i, 1], stays[i, 2]
        if k < 0 or islands[k, 0] != place or s > islands[k, 2]:
            k += 1
            d += 1
            islands[k, 0], islands[k, 1], islands[k, 2] = place, s, e + residual
            islands[k, 3], islands[k, 4] = d, d + 1
            present[d, 0], present[d, 1] = s, e
        elif s > present[d, 1]:
            d += 1
            present[d, 0], present[d, 1] = s, e
            islands[k, 4] = d + 1
            islands[k, 2] = max(islands[k, 2], e + residual)
        else:
            present[d, 1] = max(present[d, 1], e)
            islands[k, 2] = max(islands[k, 2], e + residual)
    return islands[: k + 1], present[: d + 1]


@kernel
def conflict_persons(rows: Ints, begin: int, stop: int, place: int) -> Ints:
    """Return the persons whose pieces at one place on one day must be merged, sorted."""
    low, high = np.uint64(place) << np.uint64(32), np.uint64(place + 1) << np.uint64(32)
    total = 0
    for segment in range(begin, stop):
        if rows[segment, CONFLICTS] > 0:
            pairs = words_at(rows[segment, CONFLICT_PAIRS], rows[segment, CONFLICTS])
            total += np.searchsorted(pairs, high) - np.searchsorted(pairs, low)
    if total == 0:
        return np.empty(0, np.int64)
    out = np.empty(total, np.int64)
    n = 0
    for segment in range(begin, stop):
        pairs = words_at(rows[segment, CONFLICT_PAIRS], rows[segment, CONFLICTS])
        i = np.searchsorted(pairs, low)
        while i < len(pairs) and np.int64(pairs[i] >> np.uint64(32)) == place:
            out[n] = np.int64(pairs[i] & np.uint64(0xFFFFFFFF))
            n += 1
            i += 1
    return np.unique(out[:n])


@kernel
def holds(sorted_numbers: Ints, number: int) -> bool:
    """Return whether a number is among sorted ones."""
    i = np.searchsorted(sorted_numbers, number)
    return i < len(sorted_numbers) and sorted_numbers[i] == number


@kernel
def canonical_words(rows: Ints, first_day: int, first: Ints, day: int, place: int, persons: Ints) -> NDArray[np.uint64]:
    """Return the words of some persons at a place-day, merged; CUT_BEFORE where she was there at midnight."""
    begin, stop = segments_of_day(first_day, first, day)
    keys = np.empty(16, np.int64)
    n = 0
    for person in persons:
        for segment in range(begin, stop):
            for w in person_words(rows, segment, person):
                if other_of(w) != place:
                    continue
                if n == len(keys):
                    more = np.empty(2 * n, np.int64)
                    more[:n] = keys
                    keys = more
                keys[n] = (person << 22) | (start_of(w) << 11) | end_of(w)
                n += 1
    keys = np.sort(keys[:n])
    out = np.empty(n, np.uint64)
    k = 0
    i = 0
    while i < n:
        person, s, e = keys[i] >> 22, (keys[i] >> 11) & 0x7FF, keys[i] & 0x7FF
        i += 1
        while i < n and keys[i] >> 22 == person and (keys[i] >> 11) & 0x7FF <= e:
            e = max(e, keys[i] & 0x7FF)
            i += 1
        before = s == 0 and there_at_midnight(rows, first_day, first, day, place, person)
        out[k] = word_of(s, e - s, person, CUT_BEFORE if before else 0)
        k += 1
    return out[:k]


@kernel
def there_at_midnight(rows: Ints, first_day: int, first: Ints, day: int, place: int, person: int) -> bool:
    """Return whether a person was at a place in the last minute before a day."""
    begin, stop = segments_of_day(first_day, first, day - 1)
    for segment in range(begin, stop):
        for w in person_words(rows, segment, person):
            if other_of(w) == place and end_of(w) == MINUTES_PER_DAY:
                return True
    return False


@kernel
def grown(array: Ints, needed: int) -> Ints:
    """Return an array with room for so many rows, its rows kept."""
    if needed <= len(array):
        return array
    more = np.empty((max(needed, 2 * len(array)), array.shape[1]), np.int64)
    more[: len(array)] = array
    return more


@kernel
def scan_islands(  # noqa: PLR0912, PLR0915 — written out in one piece: calls with arrays cost more than what they do
    rows: Ints,
    first_day: int,
    first: Ints,
    islands: Ints,
    present: Ints,
    slot: NDArray[np.int32],
    met: Met,
    evidence: Ints,
) -> tuple[Ints, Ints]:
    """Fill everybody who was on an island (met columns) and each piece of evidence, in order found.

    `slot` is scratch, one number a person: FREE, or SKIP for those not to be met; it is left as it was. `met` is room
    to write in, a row for each person there can be. `evidence` is room too (no rows: none is wanted), returned larger
    where it was too small; then comes how many rows of each are filled. Memory used before costs nothing; fresh memory
    costs more than the search. Nearly all the time goes to waiting for the slots and rows of persons, who come in no
    order: these are asked for some words ahead.
    """
    sizes = np.zeros(2, np.int64)
    n = 0
    m = 0
    with_evidence = len(evidence) > 0
    slot_at, met_at = np.int64(slot.ctypes.data), np.int64(met.ctypes.data)
    fetch_places(rows, first_day, first, islands)
    for number in range(len(islands)):
        place, start, end = islands[number, 0], islands[number, 1], islands[number, 2]
        from_presence, to_presence = islands[number, 3], islands[number, 4]
        seed_start, seed_end = present[from_presence, 0], present[from_presence, 1]
        for day in range(start // MINUTES_PER_DAY, (end - 1) // MINUTES_PER_DAY + 1):
            base = day * MINUTES_PER_DAY
            low = max(start - base, 0)
            high = min(end - base, MINUTES_PER_DAY)
            begin, stop = segments_of_day(first_day, first, day)
            merging = conflict_persons(rows, begin, stop, place)
            apart = len(merging) > 0
            for segment in range(begin, stop + (1 if apart else 0)):
                if segment < stop:
                    words, longest = place_words(rows, segment, place)
                    i = first_at_or_after(words, low - longest + 1)
                    j = first_at_or_after(words, high) if high < MINUTES_PER_DAY else len(words)
                else:
                    words = canonical_words(rows, first_day, first, day, place, merging)
                    i, j = 0, len(words)
                if with_evidence:
                    evidence = grown(evidence, m + j - i)
                # The rest is written out here: handing arrays to a function costs more than what it would do.
                for k in range(i, j):
                    if k + _FAR < j:
                        prefetch(slot_at + 4 * other_of(words[k + _FAR]))
                        known = np.int64(slot[other_of(words[k + _NEAR])])
                        prefetch(met_at + 4 * MET_WIDTH * (known if known > 0 else 0))
                    w = words[k]
                    a = max(base + start_of(w), start)
                    b = min(base + end_of(w), end)
                    if a >= b:
                        continue
                    person = other_of(w)
                    if apart and segment < stop and holds(merging, person):
                        continue
                    at = np.int64(slot[person])
                    if at == SKIP:
                        continue
                    direct = max(0, min(b, seed_end) - max(a, seed_start))
                    for d in range(from_presence + 1, to_presence):
                        direct += max(0, min(b, present[d, 1]) - max(a, present[d, 0]))
                    # She was there in the minute before: that encounter was counted on the day before.
                    again = w & _CONTINUES != 0 and base > start
                    if at == FREE:
                        at = n
                        slot[person] = at
                        met[at, PERSON], met[at, MINUTES], met[at, AFTER] = person, direct, b - a - direct
                        met[at, ENCOUNTERS], met[at, FIRST], met[at, LAST] = 0 if again else 1, a, b
                        n += 1
                    else:
                        met[at, MINUTES] += direct
                        met[at, AFTER] += b - a - direct
                        met[at, ENCOUNTERS] += 0 if again else 1
                        met[at, FIRST] = min(met[at, FIRST], a)
                        met[at, LAST] = max(met[at, LAST], b)
                    if with_evidence:
                        evidence[m, E_SLOT], evidence[m, E_ISLAND] = at, number
                        evidence[m, E_START], evidence[m, E_END], evidence[m, E_MINUTES] = a, b, direct
                        m += 1
    for i in range(n):
        slot[np.uint32(met[i, PERSON])] = FREE
    sizes[0], sizes[1] = n, m
    return evidence, sizes


@kernel
def fill_columns(met: Met, min_overlap: int, columns: Ints) -> None:
    """Fill the columns of met rows of at least so many minutes; the number of a person is read as unsigned."""
    n = 0
    for i in range(len(met)):
        if met[i, MINUTES] < min_overlap:
            continue
        columns[PERSON, n] = np.uint32(met[i, PERSON])
        for c in range(PERSON + 1, MET_COLUMNS):
            columns[c, n] = met[i, c]
        n += 1


@kernel
def arrange(met: Met, evidence: Ints, islands: Ints, min_overlap: int) -> Ints:
    """Return the evidence of met rows of at least so many minutes, by contact, each contact's by start.

    Its columns become: row of the contact, place, start, end, minutes, minutes after, crowd of its island:
    how many different persons were on it. Evidence must come island by island, as `scan_islands` tells it.
    """
    crowd = np.zeros(len(islands), np.int64)
    seen_on = np.full(len(met), -1, np.int64)
    begins = np.zeros(len(met) + 1, np.int64)
    for i in range(len(evidence)):
        slot, island = evidence[i, E_SLOT], evidence[i, E_ISLAND]
        if seen_on[slot] != island:
            seen_on[slot] = island
            crowd[island] += 1
        begins[slot + 1] += 1
    row = np.empty(len(met), np.int64)
    group = np.empty(len(met), np.int64)
    n = 0
    filled = 0
    for i in range(len(met)):
        size = begins[i + 1]
        begins[i + 1] = group[i] = filled
        row[i] = -1
        if met[i, MINUTES] >= min_overlap:
            row[i] = n
            n += 1
            filled += size
    out = np.empty((filled, 7), np.int64)
    for i in range(len(evidence)):
        slot = evidence[i, E_SLOT]
        if row[slot] < 0:
            continue
        at = begins[slot + 1]
        begins[slot + 1] += 1
        start, end, minutes = evidence[i, E_START], evidence[i, E_END], evidence[i, E_MINUTES]
        island = evidence[i, E_ISLAND]
        out[at, 0], out[at, 1], out[at, 2], out[at, 3] = row[slot], islands[island, 0], start, end
        out[at, 4], out[at, 5], out[at, 6] = minutes, end - start - minutes, crowd[island]
    for i in range(len(met)):
        if row[i] >= 0:
            _sort_by_start(out, group[i], begins[i + 1])
    return out


@kernel
def _sort_by_start(rows: Ints, begin: int, end: int) -> None:
    """Sort a stretch of rows by their third column in place; equal ones keep their order."""
    if end - begin > _FEW:
        stretch = rows[begin:end].copy()
        order = np.argsort(stretch[:, 2], kind="mergesort")
        for k in range(end - begin):
            rows[begin + k] = stretch[order[k]]
        return
    for i in range(begin + 1, end):
        at = i
        while at > begin and rows[at - 1, 2] > rows[at, 2]:
            for c in range(rows.shape[1]):
                rows[at, c], rows[at - 1, c] = rows[at - 1, c], rows[at, c]
            at -= 1
