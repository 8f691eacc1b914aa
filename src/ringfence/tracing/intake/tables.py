"""Rows of delimited text with the fields found, a block at a time: what every list that people send has in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.columns import unused_columns
from ringfence.tracing.intake.scan import Records, split
from ringfence.tracing.intake.sources import TextBlocks, open_file
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.refusals import Refused

Choose = Callable[[Sequence[str]], Mapping[str, tuple[int, ...]]]
"""From the names of a header to the columns of each field; several columns are joined."""

_DAMAGED_TEXT = "\ufffd".encode()


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Some rows of a text file: the texts of each field, the line each row begins on (the header is 1), its shape."""

    header: tuple[str, ...]
    fields: dict[str, Texts]
    lines: NDArray[np.int64]
    shapes: NDArray[np.uint8]
    damaged: NDArray[np.bool_]
    row_at: Callable[[int], str]
    position: int
    unused: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


def read_tables(path: Path, choose: Choose, block_bytes: int) -> Generator[TableBlock, None, None]:
    """Yield the blocks of a CSV file, at least one; refused where it is damaged, no text, or `choose` refuses."""
    with open_file(path) as file:
        blocks = TextBlocks(path, file, block_bytes)
        header: _Header | None = None
        rest, line = b"", 1
        for fresh, final in blocks:
            rest += fresh
            if header is None:
                header, skipped = _Header.of(rest, choose, final=final)
                if header is None:
                    continue
                if not header.names:
                    raise Refused("intake.empty", file=path.name)
                line += rest.count(b"\n", 0, skipped)
                rest = rest[skipped:]
            if not rest and not final:
                continue
            block, used, line = _block(rest, header, line, final, blocks.position)
            rest = rest[used:]
            if len(block) or final:
                yield block


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: int
    names: tuple[str, ...]
    fields: Mapping[str, tuple[int, ...]]  # places in Records by field
    wanted: NDArray[np.int64]
    unused: tuple[str, ...]

    @classmethod
    def of(cls, text: bytes, choose: Choose, *, final: bool) -> tuple[_Header | None, int]:
        """Return the header and the bytes it took; None where more must be read first."""
        begin = 0
        while True:
            end = text.find(b"\n", begin)
            if end < 0 and not final:
                return None, 0
            record = text[begin:] if end < 0 else text[begin:end]
            if record.strip() or end < 0:
                break
            begin = end + 1
        plain = record.decode("utf-8", "replace").strip("\r\n")
        delimiter = max(",;\t|", key=lambda mark: _outside_quotes(plain, mark))
        names = next(csv.reader(io.StringIO(plain), delimiter=delimiter), [])
        columns = choose(names) if names else {}
        used = sorted({at for several in columns.values() for at in several})
        wanted = np.full(max(1, len(names)), -1, np.int64)
        wanted[used] = np.arange(len(used))
        fields = {field: tuple(used.index(at) for at in several) for field, several in columns.items()}
        return cls(ord(delimiter), tuple(names), fields, wanted, unused_columns(names, columns)), len(
            text
        ) if end < 0 else end + 1


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])


def _block(text: bytes, header: _Header, line: int, final: bool, position: int) -> tuple[TableBlock, int, int]:
    data = np.empty(2 * len(text) + 1, np.uint8)  # the second half takes fields with doubled quotes
    data[: len(text)] = np.frombuffer(text, np.uint8)
    records, used, line = split(
        data, len(text), final=final, delimiter=header.delimiter, wanted=header.wanted, line=line
    )
    columns = [Texts(data, *spans) for spans in zip(records.starts, records.stops, strict=True)]
    fields = {
        field: columns[several[0]] if len(several) == 1 else joined([columns[at] for at in several])
        for field, several in header.fields.items()
    }

    def row_at(row: int) -> str:
        return text[records.begins[row] : records.ends[row]].decode("utf-8", "replace")

    damaged = _damaged_rows(text, records)
    block = TableBlock(header.names, fields, records.lines, records.shapes, damaged, row_at, position, header.unused)
    return block, used, line


def joined(columns: Sequence[Texts]) -> Texts:
    """Return the texts of several columns with a blank between; where one of them is empty the whole is."""
    rows = zip(*(column.texts() for column in columns), strict=True)
    return Texts.of([" ".join(row) if all(row) else "" for row in rows])


def _damaged_rows(text: bytes, records: Records) -> NDArray[np.bool_]:
    damaged = np.zeros(len(records.lines), np.bool_)
    at = -1 if text.isascii() else text.find(_DAMAGED_TEXT)
    while at >= 0 and len(damaged):
        row = int(np.searchsorted(records.begins, at, "right")) - 1
        if row >= 0 and at < records.ends[row]:
            damaged[row] = True
            at = int(records.ends[row])
        at = text.find(_DAMAGED_TEXT, at + 1)
    return damaged
