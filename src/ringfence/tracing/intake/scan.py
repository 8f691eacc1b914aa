"""Records and fields of delimited text (RFC 4180) in machine code, with the line on which each record begins.

A quote that is never closed, or closed in the middle of a field, costs its own line only: reading goes on at the next.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel

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
    columns = len(wanted)
    while at < stop:
        begin = at
        column = 0
        passed = 0  # line ends inside quotes
        shape = 0
        more = False
        blank = True
        while True:
            field_start = at
            if at < stop and data[at] == _QUOTE:
                close, doubled, state = _quoted(data, at + 1, stop, delimiter)
                blank = False
                if state == 0 and close + 1 >= stop and not final:
                    more = True
                    break
                if state == 2 and not final:
                    more = True
                    break
                if state != 0:
                    shape = 3
                    break
                first, last = field_start + 1, close
                for inner in range(first, last):
                    passed += data[inner] == _NEWLINE
                if doubled:
                    last = _undouble(data, first, close, spare)
                    first = spare
                    spare = last
                at = close + 1
                if at < stop and data[at] == _RETURN:
                    at += 1
            else:
                while at < stop and data[at] != delimiter and data[at] != _NEWLINE:
                    blank = blank and (data[at] == 32 or data[at] == _RETURN or data[at] == 9)
                    at += 1
                first, last = field_start, at
            if column < columns and wanted[column] >= 0:
                starts[wanted[column], rows] = first
                stops[wanted[column], rows] = last
            column += 1
            if at >= stop or data[at] == _NEWLINE:
                break
            blank = False
            at += 1
        if shape == 3:
            at = _line_end(data, begin, stop)
            passed = 0
        if more or (at >= stop and not final):
            return rows, begin, line
        if shape == 0 and column != columns:
            shape = 1 if column < columns else 2
        if not blank:
            begins[rows], ends[rows], lines[rows], shapes[rows] = begin, at, line, shape
            if shape != 0:
                starts[:, rows] = 0
                stops[:, rows] = 0
            rows += 1
        line += passed + 1
        at += 1
    return rows, min(at, stop), line


def split(
    data: NDArray[np.uint8], stop: int, *, final: bool, delimiter: int, wanted: NDArray[np.int64], line: int
) -> tuple[Records, int, int]:
    """Return the records of a block, how many bytes they took and the next line number."""
    fields = int(wanted.max()) + 1
    most = int(np.count_nonzero(data[:stop] == _NEWLINE)) + 1
    records = Records(
        np.zeros((fields, most), np.int64),
        np.zeros((fields, most), np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.uint8),
    )
    rows, used, line = scan(data, stop, final, delimiter, wanted, line, *records)
    return Records(*(part[..., :rows] for part in records)), used, line
