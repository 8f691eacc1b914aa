"""Asking early for what is read soon, so that many waits become one: memory for the processor, pages for the system."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.table import (
    PERSON_KEYS,
    PERSON_OFFSETS,
    PERSON_WORDS,
    PERSONS,
    PLACE_KEYS,
    PLACE_LONGEST,
    PLACE_OFFSETS,
    PLACE_WORDS,
    PLACES,
    guess,
    numbers_at,
    position,
    segments_of_day,
)
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Ints = NDArray[np.int64]
_PAGE = mmap.PAGESIZE
_WILL_NEED = 3  # MADV_WILLNEED, the same on every system
_AROUND = 512  # keys to either side of where one is looked for first
_LOOKS = 12  # how many stretches are looked at before all of them are asked for


def _prefetch_of(typingctx: Any, address: Any) -> Any:  # noqa: ARG001 — the compiler's form
    """Ask the processor for the memory at an integer address; any address may be asked for (machine code only)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001 — the compiler's form
        number = ir.IntType(32)
        pointer = builder.inttoptr(args[0], cgutils.voidptr_t)
        declared = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, declared, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
        to_read, nearest, data = number(0), number(3), number(1)
        builder.call(function, [pointer, to_read, nearest, data])
        return context.get_dummy_value()

    return types.void(types.int64), code


prefetch: Any = intrinsic(_prefetch_of)

_advise: Any = types.ExternalFunction("madvise", types.int32(types.int64, types.int64, types.int32))
_resident: Any = types.ExternalFunction("mincore", types.int32(types.int64, types.int64, types.int64))


@kernel
def fetch(spans: Ints) -> int:
    """Ask the system to read (address, bytes), all at once, when some are not in memory; return how many it was asked.

    It is advice: an answer is the same without, only later, one page after the other. When all are there, asking costs
    more than a small search, so a few are looked at first.
    """
    found = np.ones(1, np.uint8)
    missing = False
    step = max(len(spans) // _LOOKS, 1)
    for k in range(0, len(spans), step):
        middle = spans[k, 0] + spans[k, 1] // 2
        _resident(middle - middle % _PAGE, np.int64(1), np.int64(found.ctypes.data))
        if found[0] & 1 == 0:
            missing = True
            break
    if not missing:
        return 0
    for k in range(len(spans)):
        begin = spans[k, 0] - spans[k, 0] % _PAGE
        _advise(begin, spans[k, 0] + spans[k, 1] - begin, np.int32(_WILL_NEED))
    return len(spans)


@kernel
def _note(spans: Ints, n: int, address: int, size: int, begin: Any, end: Any, length: Any) -> int:
    """Write down the bytes of items begin to end of a section of so many, unless there are none."""
    begin, end = max(begin, 0), min(end, length)
    if begin >= end:
        return n
    spans[n, 0], spans[n, 1] = address + size * begin, size * (end - begin)
    return n + 1


@kernel
def ends_of_keys(rows: Ints, begin: int, stop: int, keys: int, length: int) -> Ints:
    """Return where the lowest and the highest keys of segments are, from which the place of every other is guessed."""
    spans = np.empty((2 * (stop - begin), 2), np.int64)
    n = 0
    for segment in range(begin, stop):
        count = rows[segment, length]
        n = _note(spans, n, rows[segment, keys], 4, 0, 1, count)
        n = _note(spans, n, rows[segment, keys], 4, count - 1, count, count)
    return spans[:n]


@kernel
def lookups_of_persons(rows: Ints, begin: int, stop: int, persons: Ints) -> Ints:
    """Return where some persons are looked for in segments: the keys and offsets around each, none where she is not."""
    spans = np.empty((2 * len(persons) * (stop - begin), 2), np.int64)
    n = 0
    for person in persons:
        for segment in range(begin, stop):
            count = rows[segment, PERSONS]
            at = guess(numbers_at(rows[segment, PERSON_KEYS], count), person)
            if at >= 0:
                n = _note(spans, n, rows[segment, PERSON_KEYS], 4, at - _AROUND, at + _AROUND, count)
                n = _note(spans, n, rows[segment, PERSON_OFFSETS], 4, at - _AROUND, at + _AROUND, count + 1)
    return spans[:n]


@kernel
def words_of_persons(rows: Ints, begin: int, stop: int, persons: Ints) -> Ints:
    """Return where the words of some persons are in segments."""
    spans = np.empty((len(persons) * (stop - begin), 2), np.int64)
    n = 0
    for person in persons:
        for segment in range(begin, stop):
            count = rows[segment, PERSONS]
            at = position(numbers_at(rows[segment, PERSON_KEYS], count), person)
            if at >= 0:
                offsets = numbers_at(rows[segment, PERSON_OFFSETS], count + 1)
                low, high = np.int64(offsets[at]), np.int64(offsets[at + 1])
                n = _note(spans, n, rows[segment, PERSON_WORDS], 8, low, high, high)
    return spans[:n]


@kernel
def fetch_persons(rows: Ints, first_day: int, first: Ints, persons: Ints, from_day: int, to_day: int) -> None:
    """Fetch what looking up the visits of some persons on days of the table touches."""
    if from_day >= to_day or len(rows) == 0:
        return
    begin, stop = first[from_day - first_day], first[to_day - first_day]
    fetch(ends_of_keys(rows, begin, stop, PERSON_KEYS, PERSONS))
    fetch(lookups_of_persons(rows, begin, stop, persons))
    fetch(words_of_persons(rows, begin, stop, persons))


@kernel
def spans_of_islands(rows: Ints, first_day: int, first: Ints, islands: Ints, words: bool) -> Ints:
    """Return where the places of islands (place, start, end) are looked for on their days, or where their words are."""
    total = 0
    for number in range(len(islands)):
        for day in range(islands[number, 1] // MINUTES_PER_DAY, (islands[number, 2] - 1) // MINUTES_PER_DAY + 1):
            begin, stop = segments_of_day(first_day, first, day)
            total += stop - begin
    spans = np.empty((3 * total, 2), np.int64)
    n = 0
    for number in range(len(islands)):
        place = islands[number, 0]
        for day in range(islands[number, 1] // MINUTES_PER_DAY, (islands[number, 2] - 1) // MINUTES_PER_DAY + 1):
            begin, stop = segments_of_day(first_day, first, day)
            for segment in range(begin, stop):
                n = _note_place(spans, n, rows, segment, place, words)
    return spans[:n]


@kernel
def fetch_places(rows: Ints, first_day: int, first: Ints, islands: Ints) -> None:
    """Fetch what a scan of islands (place, start, end) touches: its place-days, whole."""
    fetch(spans_of_islands(rows, first_day, first, islands, False))
    fetch(spans_of_islands(rows, first_day, first, islands, True))


@kernel
def _note_place(spans: Ints, n: int, rows: Ints, segment: int, place: int, words: bool) -> int:
    """Write down where a place is looked for in a segment, or, these being there, where its words are."""
    count = rows[segment, PLACES]
    keys = numbers_at(rows[segment, PLACE_KEYS], count)
    if words:
        at = position(keys, place)
        if at < 0:
            return n
        offsets = numbers_at(rows[segment, PLACE_OFFSETS], count + 1)
        low, high = np.int64(offsets[at]), np.int64(offsets[at + 1])
        return _note(spans, n, rows[segment, PLACE_WORDS], 8, low, high, high)
    at = guess(keys, place)
    if at < 0:
        return n
    n = _note(spans, n, rows[segment, PLACE_KEYS], 4, at - _AROUND, at + _AROUND, count)
    n = _note(spans, n, rows[segment, PLACE_OFFSETS], 4, at - _AROUND, at + _AROUND, count + 1)
    return _note(spans, n, rows[segment, PLACE_LONGEST], 2, at - _AROUND, at + _AROUND, count)
