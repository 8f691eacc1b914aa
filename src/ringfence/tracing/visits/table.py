"""All segments of a snapshot as one table of addresses, so that a whole search is one call into machine code.

A row of the table is one segment; rows are in order of their day. The arrays behind the addresses are kept alive by the
`Table` itself: hand kernels `table.rows` and `table.first` only while the table is in scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.segments import Segment

DAY, PLACES, PLACE_KEYS, PLACE_OFFSETS, PLACE_LONGEST, PLACE_WORDS = range(6)
PERSONS, PERSON_KEYS, PERSON_OFFSETS, PERSON_WORDS, CONFLICTS, CONFLICT_PAIRS = range(6, 12)
COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Table:
    """Addresses of segments in order of day; `first[d - first_day]` is the first row of day d, one more at the end."""

    rows: NDArray[np.int64]
    first_day: int
    first: NDArray[np.int64]
    persons: int
    places: int
    alive: tuple[Segment, ...]


def table_of(segments: Sequence[Segment]) -> Table:
    """Return the table of some segments."""
    ordered = sorted(segments, key=lambda s: s.day)
    rows = np.zeros((len(ordered), COLUMNS), np.int64)
    persons = places = 0
    for row, segment in zip(rows, ordered, strict=True):
        at = {name: values.__array_interface__["data"][0] for name, values in segment.sections.items()}
        keys, owners = segment.sections["place_keys"], segment.sections["person_keys"]
        row[:] = (
            segment.day, len(keys), at["place_keys"], at["place_offsets"], at["place_longest"], at["place_words"],
            len(owners), at["person_keys"], at["person_offsets"], at["person_words"],
            len(segment.sections["conflicts"]), at["conflicts"],
        )  # fmt: skip
        persons = max(persons, int(owners[-1]) + 1 if len(owners) else 0)
        places = max(places, int(keys[-1]) + 1 if len(keys) else 0)
    first_day = ordered[0].day if ordered else 0
    span = ordered[-1].day - first_day + 1 if ordered else 0
    days = rows[:, DAY] - first_day
    first = np.searchsorted(days, np.arange(span + 1)).astype(np.int64)
    return Table(rows, first_day, first, persons, places, tuple(ordered))


def _pointer_of(typingctx: Any, address: Any) -> Any:  # noqa: ARG001 — the compiler's form
    """Turn an integer address into a pointer (machine code only)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001 — the compiler's form
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), code


_pointer: Any = intrinsic(_pointer_of)


@kernel
def words_at(address: int, length: int) -> NDArray[np.uint64]:
    """Return the 64-bit words at an address."""
    return carray(_pointer(address), (length,), np.uint64)


@kernel
def numbers_at(address: int, length: int) -> NDArray[np.uint32]:
    """Return the 32-bit numbers at an address."""
    return carray(_pointer(address), (length,), np.uint32)


@kernel
def shorts_at(address: int, length: int) -> NDArray[np.uint16]:
    """Return the 16-bit numbers at an address."""
    return carray(_pointer(address), (length,), np.uint16)


@kernel
def guess(keys: NDArray[np.uint32], key: int) -> int:
    """Return about where a key stands among sorted keys, told from its size; -1 where it stands outside them."""
    n = len(keys)
    if n == 0 or key < keys[0] or key > keys[n - 1]:
        return -1
    least, most = np.int64(keys[0]), np.int64(keys[n - 1])
    return (key - least) * (n - 1) // max(np.int64(most - least), np.int64(1))


@kernel
def position(keys: NDArray[np.uint32], key: int) -> int:
    """Return where a key stands among sorted keys, or -1.

    Numbers are given without holes, so a key stands about where its size says; looking there first and around it
    touches two pages of the file where halving the whole would touch twenty.
    """
    n = len(keys)
    low = guess(keys, key)
    if low < 0:
        return -1
    high = low + 1
    step = 1
    while low > 0 and keys[low] > key:
        high = low
        low = max(low - step, 0)
        step *= 2
    step = 1
    while high < n and keys[high] <= key:
        low = high
        high = min(high + step, n)
        step *= 2
    while high - low > 1:
        mid = (low + high) >> 1
        if keys[mid] <= key:
            low = mid
        else:
            high = mid
    return low if keys[low] == key else -1


@kernel
def segments_of_day(first_day: int, first: NDArray[np.int64], day: int) -> tuple[int, int]:
    """Return the range of table rows of one day; empty where the store has no such day."""
    i = day - first_day
    if i < 0 or i + 1 >= len(first):
        return 0, 0
    return first[i], first[i + 1]


@kernel
def place_words(rows: NDArray[np.int64], segment: int, place: int) -> tuple[NDArray[np.uint64], int]:
    """Return one place's sorted words in a segment, and the longest dwell among them."""
    at = position(numbers_at(rows[segment, PLACE_KEYS], rows[segment, PLACES]), place)
    if at < 0:
        return words_at(rows[segment, PLACE_WORDS], 0), 0
    offsets = numbers_at(rows[segment, PLACE_OFFSETS], rows[segment, PLACES] + 1)
    words = words_at(rows[segment, PLACE_WORDS], offsets[rows[segment, PLACES]])
    longest = shorts_at(rows[segment, PLACE_LONGEST], rows[segment, PLACES])
    return words[offsets[at] : offsets[at + 1]], np.int64(longest[at])


@kernel
def person_words(rows: NDArray[np.int64], segment: int, person: int) -> NDArray[np.uint64]:
    """Return one person's sorted words in a segment."""
    at = position(numbers_at(rows[segment, PERSON_KEYS], rows[segment, PERSONS]), person)
    if at < 0:
        return words_at(rows[segment, PERSON_WORDS], 0)
    offsets = numbers_at(rows[segment, PERSON_OFFSETS], rows[segment, PERSONS] + 1)
    words = words_at(rows[segment, PERSON_WORDS], offsets[rows[segment, PERSONS]])
    return words[offsets[at] : offsets[at + 1]]


@kernel
def first_at_or_after(words: NDArray[np.uint64], start: int) -> int:
    """Return the index of the first word whose visit starts at or after a minute of the day."""
    if start <= 0:
        return 0
    bound = np.uint64(start) << np.uint64(53)
    low = 0
    high = len(words)
    while low < high:
        mid = (low + high) >> 1
        if words[mid] < bound:
            low = mid + 1
        else:
            high = mid
    return low
