"""What is known already of new pieces, and which of them overlap or touch what stands: done once, at writing.

A search may then add up pieces one by one, and merges only the pairs of place and person named as conflicts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.batch import CUT_AFTER, CUT_BEFORE
from ringfence.tracing.visits.layout import (
    IDENTITY_MASK,
    OTHER_MASK,
    OTHER_SHIFT,
    Words,
    end_of,
    noted,
    other_of,
    start_of,
)
from ringfence.tracing.visits.table import (
    PLACE_KEYS,
    PLACES,
    first_at_or_after,
    numbers_at,
    person_words,
    place_words,
    segments_of_day,
)
from ringfence.vocabulary.moments import MINUTES_PER_DAY

FRESH, KNOWN, CONFLICT = 0, 1, 2
_FEW = 32  # words that are looked through as soon as others are found


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
        person, place = other_of(words[i]), np.int64(places[i])
        place_part = np.uint64(places[i]) << OTHER_SHIFT
        mine = (words[i] & ~(OTHER_MASK << OTHER_SHIFT) | place_part) & IDENTITY_MASK
        for segment in range(begin, end):
            theirs = person_words(rows, segment, person)
            if len(theirs) == 0:
                continue
            if _holds(theirs, mine):
                out[i] = KNOWN
                break
            if out[i] == CONFLICT:
                continue
            sought, longest = place, MINUTES_PER_DAY
            # An id that stands for nobody may be at very many places: those at this place may be fewer.
            if len(theirs) > _FEW:
                here, most = place_words(rows, segment, place)
                if len(here) < len(theirs):
                    theirs, sought, longest = here, person, most
            if _touch(theirs, sought, start_of(words[i]), end_of(words[i]), longest):
                out[i] = CONFLICT
    return out


@kernel
def _holds(words: Words, mine: np.uint64) -> bool:
    """Return whether a piece stands among sorted words; what is no part of its identity is passed over."""
    low = 0
    high = len(words)
    bound = mine >> OTHER_SHIFT
    while low < high:
        mid = (low + high) >> 1
        if words[mid] >> OTHER_SHIFT < bound:
            low = mid + 1
        else:
            high = mid
    while low < len(words) and words[low] >> OTHER_SHIFT == bound:
        if words[low] & IDENTITY_MASK == mine:
            return True
        low += 1
    return False


@kernel
def _touch(words: Words, other: int, start: int, end: int, longest: int) -> bool:
    """Return whether any of sorted words, none longer than `longest`, has a number and overlaps or touches a span."""
    first = first_at_or_after(words, start - longest)
    at = first_at_or_after(words, end + 1) - 1
    while at >= first:
        if other_of(words[at]) == other and end_of(words[at]) >= start:
            return True
        at -= 1
    return False


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
                            found, n = noted(found, n, (np.uint64(keys[g]) << np.uint64(32)) | np.uint64(other_of(w)))
    return np.unique(found[:n])
