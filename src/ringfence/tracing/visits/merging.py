"""What is known already of new pieces, and which of them overlap or touch what stands: done once, at writing.

A search may then add up pieces one by one, and merges only the pairs of place and person named as conflicts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.batch import CUT_AFTER, CUT_BEFORE
from ringfence.tracing.visits.layout import IDENTITY_MASK, OTHER_MASK, OTHER_SHIFT, Words, end_of, other_of, start_of
from ringfence.tracing.visits.table import PLACE_KEYS, PLACES, numbers_at, person_words, place_words, segments_of_day
from ringfence.vocabulary.moments import MINUTES_PER_DAY

FRESH, KNOWN, CONFLICT = 0, 1, 2


@kernel
def compare_with_standing(
    rows: NDArray[np.int64],
    first_day: int,
    first: NDArray[np.int64],
    day: int,
    places: NDArray[np.uint32],
    words: Words,
) -> NDArray[np.uint8]:
    """Return for each new piece of a day whether it is fresh, known to the letter, or in conflict with another."""
    out = np.zeros(len(words), np.uint8)
    begin, end = segments_of_day(first_day, first, day)
    for i in range(len(words)):
        place_part = np.uint64(places[i]) << OTHER_SHIFT
        mine = (words[i] & ~(OTHER_MASK << OTHER_SHIFT) | place_part) & IDENTITY_MASK
        for segment in range(begin, end):
            theirs = person_words(rows, segment, other_of(words[i]))
            for k in range(len(theirs)):
                if start_of(theirs[k]) > end_of(words[i]):
                    break
                if theirs[k] & IDENTITY_MASK == mine:
                    out[i] = KNOWN
                    break
                if other_of(theirs[k]) == places[i] and end_of(theirs[k]) >= start_of(words[i]):
                    out[i] = CONFLICT
            if out[i] == KNOWN:
                break
    return out


@kernel
def touching_at_midnight(
    rows: NDArray[np.int64], first_day: int, first: NDArray[np.int64], day: int
) -> NDArray[np.uint64]:
    """Return place << 32 | person of visits that end with a day while another, a row of its own, begins the next."""
    found = np.empty(16, np.uint64)
    n = 0
    begin, end = segments_of_day(first_day, first, day)
    begin_next, end_next = segments_of_day(first_day, first, day + 1)
    if begin_next == end_next:
        return found[:0]
    for segment in range(begin, end):
        keys = numbers_at(rows[segment, PLACE_KEYS], rows[segment, PLACES])
        for g in range(len(keys)):
            words, _ = place_words(rows, segment, np.int64(keys[g]))
            for w in words:
                if end_of(w) < MINUTES_PER_DAY or w & np.uint64(CUT_AFTER):
                    continue
                for later in range(begin_next, end_next):
                    for other in person_words(rows, later, other_of(w)):
                        if start_of(other) > 0:
                            break
                        if other_of(other) == keys[g] and not other & np.uint64(CUT_BEFORE):
                            if n == len(found):
                                more = np.empty(2 * n, np.uint64)
                                more[:n] = found
                                found = more
                            found[n] = (np.uint64(keys[g]) << np.uint64(32)) | np.uint64(other_of(w))
                            n += 1
    return np.unique(found[:n])
