"""Records and fields of delimited text (RFC 4180) in machine code, with the line on which each record begins.

A quote that is never closed, or closed in the middle of a field, costs its own line only: reading goes on at the next.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.keys.idtable import trim

LONGEST_FIELD = 65536  # bytes within which an open quote must be closed
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13


class Shape(IntEnum):
    """Whether a record has the form that the header promises."""

    WHOLE = 0
    TOO_FEW = 1
    TOO_MANY = 2
    BAD_QUOTE = 3


class Records(NamedTuple):
    """Records of a block: spans of the wanted fields by [field, row], of the whole record, first line, shape."""

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    shapes: NDArray[np.uint8]


@kernel
def _line_end(data: NDArray[np.uint8], at: int, stop: int) -> int:
    while at < stop and data[at] != _NEWLINE:
        at += 1
    return at


@kernel
def _quoted(data: NDArray[np.uint8], at: int, stop: int, delimiter: int) -> tuple[int, bool, int]:
    """Return (place of the closing quote, whether quotes stand doubled within, 0 good / 1 bad / 2 need more bytes)."""
    start = at
    doubled = False
    while at < stop and at - start <= LONGEST_FIELD:
        if data[at] != _QUOTE:
            at += 1
        elif at + 1 < stop and data[at + 1] == _QUOTE:
            doubled = True
            at += 2
        else:
            after = at + 1
            if after < stop and data[after] == _RETURN:
                after += 1
            good = after >= stop or data[after] == _NEWLINE or (data[at + 1] == delimiter)
            return at, doubled, 0 if good else 1
    return at, doubled, 1 if at - start > LONGEST_FIELD else 2


@kernel
def _undouble(data: NDArray[np.uint8], start: int, stop: int, spare: int) -> int:
    """Copy a field with single quotes for doubled ones to the spare part of the buffer; return where the copy ends."""
    at = start
    while at < stop:
        data[spare] = data[at]
        spare += 1
        at += 2 if data[at] == _QUOTE else 1
    return spare


@kernel
def _field(
    data: NDArray[np.uint8], at: int, stop: int, final: bool, delimiter: int, spare: int
) -> tuple[int, int, int, int, int]:
    """Return (first byte, end of the value, place after it, end of the scratch used, 0 good / 1 bad / 2 need more)."""
    if at >= stop or data[at] != _QUOTE:
        first = at
        while at < stop and data[at] != delimiter and data[at] != _NEWLINE:
            at += 1
        return first, at, at, spare, 0
    close, doubled, state = _quoted(data, at + 1, stop, delimiter)
    if not final and (state == 2 or (state == 0 and close + 1 >= stop)):
        return at, at, at, spare, 2
    if state != 0:
        return at, at, at, spare, 1
    first, last = at + 1, close
    if doubled:
        last = _undouble(data, first, close, spare)
        first = spare
        spare = last
    after = close + 1
    if after < stop and data[after] == _RETURN:
        after += 1
    return first, last, after, spare, 0


@kernel
def scan(
    data: NDArray[np.uint8],
    stop: int,
    final: bool,
    delimiter: int,
    wanted: NDArray[np.int64],
    line: int,
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    lines: NDArray[np.int64],
    shapes: NDArray[np.uint8],
) -> tuple[int, int, int]:
    """Split data[:stop] into records; return (records, bytes used, next line). The bytes after `stop` are scratch.

    `wanted` says by column of the file where its span goes, −1 for nowhere. A record that does not end within the
    block is left for the next one unless the block is the final one.
    """
    at = 0
    rows = 0
    spare = stop
    while at < stop:
        begin = at
        column = 0
        state = 0
        while True:
            first, last, at, spare, state = _field(data, at, stop, final, delimiter, spare)
            if state != 0:
                break
            if column < len(wanted) and wanted[column] >= 0:
                starts[wanted[column], rows] = first
                stops[wanted[column], rows] = last
            column += 1
            if at >= stop or data[at] == _NEWLINE:
                break
            at += 1
        if state == 1:
            at = _line_end(data, begin, stop)
        if state == 2 or (at >= stop and not final):
            return rows, begin, line
        blank_start, blank_stop = trim(data, begin, at)
        if column != 1 or state != 0 or blank_start < blank_stop:
            shape = 3 if state == 1 else 0 if column == len(wanted) else 1 if column < len(wanted) else 2
            begins[rows], ends[rows], lines[rows], shapes[rows] = begin, at, line, shape
            if shape != 0:
                starts[:, rows] = 0
                stops[:, rows] = 0
            rows += 1
        for passed in range(begin, at):
            line += data[passed] == _NEWLINE
        line += 1
        at += 1
    return rows, min(at, stop), line


def split(
    data: NDArray[np.uint8], stop: int, *, final: bool, delimiter: int, wanted: NDArray[np.int64], line: int
) -> tuple[Records, int, int]:
    """Return the records of a block, how many bytes they took and the next line number."""
    fields = int(wanted.max()) + 1
    most = int(np.count_nonzero(data[:stop] == _NEWLINE)) + 1
    starts, stops = np.zeros((fields, most), np.int64), np.zeros((fields, most), np.int64)
    begins, ends, lines = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    shapes = np.empty(most, np.uint8)
    rows, used, line = scan(data, stop, final, delimiter, wanted, line, starts, stops, begins, ends, lines, shapes)
    records = Records(starts[:, :rows], stops[:, :rows], begins[:rows], ends[:rows], lines[:rows], shapes[:rows])
    return records, used, line
