"""How a visit lies in memory and on disk: one 64-bit word inside a day, twice, by place and by person.

    start minute 11 bits | dwell minutes 11 | other number 32 | flags 10

In the vector by place the other number is the person, in the vector by person it is the place. Sorted words are
sorted by start, which is all the index that a place-day needs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.batch import CUT_AFTER, CUT_BEFORE
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Words = NDArray[np.uint64]

START_SHIFT = np.uint64(53)
DWELL_SHIFT = np.uint64(42)
OTHER_SHIFT = np.uint64(10)
DWELL_MASK = np.uint64(0x7FF)
OTHER_MASK = np.uint64(0xFFFFFFFF)
FLAG_MASK = np.uint64(0x3FF)
IDENTITY_MASK = np.uint64(0xFFFFFFFFFFFFFFFF ^ 0x3FF | (CUT_BEFORE | CUT_AFTER))
"""What makes two pieces the same piece: all but how the end, the source and the certainty came about."""

_FEW = 24  # so many are sorted or compared soonest one by one
_CUT_BEFORE = np.uint64(CUT_BEFORE)
_CUT_AFTER = np.uint64(CUT_AFTER)


@kernel
def start_of(word: np.uint64) -> int:
    """Return the minute of the day at which a word's visit starts."""
    return np.int64(word >> START_SHIFT)


@kernel
def dwell_of(word: np.uint64) -> int:
    """Return how many minutes of the day a word's visit lasts."""
    return np.int64((word >> DWELL_SHIFT) & DWELL_MASK)


@kernel
def end_of(word: np.uint64) -> int:
    """Return the first minute of the day after a word's visit (at most 1440)."""
    return np.int64(word >> START_SHIFT) + np.int64((word >> DWELL_SHIFT) & DWELL_MASK)


@kernel
def other_of(word: np.uint64) -> int:
    """Return the other number of a word: the person in a vector by place, the place in one by person."""
    return np.int64((word >> OTHER_SHIFT) & OTHER_MASK)


@kernel
def word_of(start: int, dwell: int, other: int, flags: int) -> np.uint64:
    """Return the word of a piece of a visit inside one day."""
    return (
        (np.uint64(start) << START_SHIFT)
        | (np.uint64(dwell) << DWELL_SHIFT)
        | (np.uint64(other) << OTHER_SHIFT)
        | np.uint64(flags)
    )


@kernel
def count_pieces(start: NDArray[np.int64], end: NDArray[np.int64]) -> int:
    """Return how many pieces visits make when they are cut at every UTC midnight."""
    total = 0
    for i in range(len(start)):
        total += (end[i] - 1) // MINUTES_PER_DAY - start[i] // MINUTES_PER_DAY + 1
    return total


@kernel
def cut_at_midnight(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    flags: NDArray[np.uint16],
    row: NDArray[np.int64],
    day: NDArray[np.int32],
    low: Words,
) -> None:
    """Fill the pieces of visits: the row each comes from, its day, and its word with the other number left zero."""
    k = 0
    for i in range(len(start)):
        first = start[i] // MINUTES_PER_DAY
        last = (end[i] - 1) // MINUTES_PER_DAY
        for d in range(first, last + 1):
            s = max(start[i] - d * MINUTES_PER_DAY, 0)
            e = min(end[i] - d * MINUTES_PER_DAY, MINUTES_PER_DAY)
            f = np.int64(flags[i])
            if d > first:
                f |= CUT_BEFORE
            if d < last:
                f |= CUT_AFTER
            row[k] = i
            day[k] = d
            low[k] = word_of(s, e - s, 0, f)
            k += 1


@kernel
def pack_whole(
    person: NDArray[np.uint32],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    flags: NDArray[np.uint16],
    day: NDArray[np.int32],
    words: Words,
) -> None:
    """Fill the day and the by-place word of visits; the day is -1 where a visit passes a UTC midnight."""
    for i in range(len(start)):
        d = start[i] // MINUTES_PER_DAY
        if (end[i] - 1) // MINUTES_PER_DAY != d:
            day[i] = -1
            continue
        day[i] = d
        words[i] = word_of(start[i] - d * MINUTES_PER_DAY, end[i] - start[i], np.int64(person[i]), np.int64(flags[i]))


@kernel
def group_by_key(keys: NDArray[np.uint32], words: Words, size: int) -> tuple[Words, NDArray[np.uint32]]:
    """Return words grouped by key and sorted inside each group, and the keys in the same order.

    A counting sort over keys below `size`, then a sort of each group: groups are short, and a short sort is a fast one.
    """
    n = len(keys)
    place = np.zeros(size + 1, np.int64)
    for i in range(n):
        place[np.int64(keys[i]) + 1] += 1
    for k in range(size):
        place[k + 1] += place[k]
    out = np.empty(n, np.uint64)
    out_keys = np.empty(n, np.uint32)
    for i in range(n):
        k = np.int64(keys[i])
        out[place[k]] = words[i]
        out_keys[place[k]] = keys[i]
        place[k] += 1
    begin = 0
    while begin < n:
        end = begin + 1
        while end < n and out_keys[end] == out_keys[begin]:
            end += 1
        sort_words(out, begin, end)
        begin = end
    return out, out_keys


@kernel
def sort_words(words: Words, begin: int, end: int) -> None:
    """Sort a stretch of words in place."""
    if end - begin > _FEW:
        words[begin:end].sort()
        return
    for i in range(begin + 1, end):
        value = words[i]
        j = i - 1
        while j >= begin and words[j] > value:
            words[j + 1] = words[j]
            j -= 1
        words[j + 1] = value


@kernel
def mark_repeats(words: Words, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which of grouped, sorted words are a piece that stands just before them already."""
    out = np.zeros(len(words), np.bool_)
    for i in range(1, len(words)):
        out[i] = keys[i] == keys[i - 1] and (words[i] & IDENTITY_MASK) == (words[i - 1] & IDENTITY_MASK)
    return out


@kernel
def index_groups(
    words: Words, keys: NDArray[np.uint32]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]:
    """Return the distinct keys, where each one's words begin (and one offset more, the end), and its longest dwell."""
    n = len(words)
    groups = 0
    for i in range(n):
        if i == 0 or keys[i] != keys[i - 1]:
            groups += 1
    distinct = np.empty(groups, np.uint32)
    offsets = np.empty(groups + 1, np.uint32)
    longest = np.zeros(groups, np.uint16)
    g = -1
    for i in range(n):
        if i == 0 or keys[i] != keys[i - 1]:
            g += 1
            distinct[g] = keys[i]
            offsets[g] = i
        longest[g] = max(longest[g], np.uint16(dwell_of(words[i])))
    offsets[groups] = n
    return distinct, offsets, longest


@kernel
def swap_sides(words: Words, keys: NDArray[np.uint32]) -> tuple[Words, NDArray[np.uint32]]:
    """Return words with the other side as other number, and the other side as keys (not yet grouped)."""
    out = np.empty(len(words), np.uint64)
    out_keys = np.empty(len(words), np.uint32)
    for i in range(len(words)):
        out_keys[i] = np.uint32(other_of(words[i]))
        out[i] = (words[i] & ~(OTHER_MASK << OTHER_SHIFT)) | (np.uint64(keys[i]) << OTHER_SHIFT)
    return out, out_keys


@kernel
def find_conflicts(words: Words, persons: NDArray[np.uint32], offsets: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return place << 32 | person of all with overlapping or touching pieces at one place (words by person).

    Many pieces of one number, as an id that stands for nobody has, are sorted by place first: each pair is found once.
    """
    found = np.empty(16, np.uint64)
    n = 0
    for g in range(len(persons)):
        begin, end = np.int64(offsets[g]), np.int64(offsets[g + 1])
        person = np.uint64(persons[g])
        if end - begin > _FEW:
            for place in _places_in_conflict(words[begin:end]):
                found, n = noted(found, n, (np.uint64(place) << np.uint64(32)) | person)
            continue
        for i in range(begin, end):
            for j in range(i + 1, end):
                if start_of(words[j]) > end_of(words[i]):
                    break
                if other_of(words[j]) == other_of(words[i]):
                    found, n = noted(found, n, (np.uint64(other_of(words[i])) << np.uint64(32)) | person)
                    break
    return np.unique(found[:n])


@kernel
def _places_in_conflict(words: Words) -> NDArray[np.int64]:
    """Return the places at which some of one person's pieces overlap or touch."""
    keys = np.empty(len(words), np.int64)
    for i in range(len(words)):
        keys[i] = (other_of(words[i]) << 22) | (start_of(words[i]) << 11) | end_of(words[i])
    keys.sort()
    n = 0
    i = 0
    while i < len(keys):
        place, reach = keys[i] >> 22, keys[i] & 0x7FF
        clash = False
        i += 1
        while i < len(keys) and keys[i] >> 22 == place:
            clash = clash or (keys[i] >> 11) & 0x7FF <= reach
            reach = max(reach, keys[i] & 0x7FF)
            i += 1
        if clash:
            keys[n] = place  # What was read already makes room for what was found.
            n += 1
    return keys[:n]


@kernel
def noted(found: NDArray[np.uint64], n: int, pair: np.uint64) -> tuple[NDArray[np.uint64], int]:
    """Return a list of pairs with one more at its end, and how many it has; the same twice running counts once."""
    if n > 0 and found[n - 1] == pair:
        return found, n
    if n == len(found):
        more = np.empty(2 * n, np.uint64)
        more[:n] = found
        found = more
    found[n] = pair
    return found, n + 1
