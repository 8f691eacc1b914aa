"""Blocks of rows on their way through the intake, from CSV or Parquet, with the fields found and the times read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.columns import choose_columns
from ringfence.tracing.intake.resolve import Times, resolve, with_dates
from ringfence.tracing.intake.scan import Records, split
from ringfence.tracing.intake.settings import IntakeSettings
from ringfence.tracing.intake.sources import TextBlocks, open_file
from ringfence.tracing.intake.times import Moments, Reading, read_moments, read_numbers
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.refusals import Refused

_DAMAGED_TEXT = "\ufffd".encode()


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file. `line` is the line of a text file (the header is line 1) or the row of a Parquet file."""

    fields: dict[str, Texts]
    start: Times
    end: Times
    lines: NDArray[np.int64]
    shapes: NDArray[np.uint8]
    damaged: NDArray[np.bool_]
    cell_at: Callable[[str, int], str]
    row_at: Callable[[int], str]
    position: int

    def __len__(self) -> int:
        return len(self.lines)


def no_moments(rows: int) -> Moments:
    """Return a column of nothing."""
    return np.zeros(rows, np.int64), np.zeros(rows, np.bool_), np.full(rows, Reading.EMPTY, np.uint8)


def ahead(blocks: Generator[Block, None, None]) -> Iterator[Block]:
    """Yield blocks while the next one is read and split beside, on a thread: most of it runs outside Python's lock."""
    try:
        with ThreadPoolExecutor(1, "intake") as reader:
            waiting = reader.submit(next, blocks, None)
            while (block := waiting.result()) is not None:
                waiting = reader.submit(next, blocks, None)
                yield block
    finally:
        blocks.close()


# Delimited text ---------------------------------------------------------------------------------------------------


def read_csv(path: Path, settings: IntakeSettings) -> Generator[Block, None, None]:
    """Yield the blocks of a CSV file; refused as a whole where it is damaged, no text, or lacks a needed column."""
    with open_file(path) as file:
        blocks = TextBlocks(path, file, settings.block_bytes)
        header: _Header | None = None
        rest, line = b"", 1
        for fresh, final in blocks:
            rest += fresh
            if header is None:
                header, skipped = _Header.of(rest, settings, final=final)
                if header is None:
                    continue
                line += rest.count(b"\n", 0, skipped)
                rest = rest[skipped:]
            if not rest:
                continue
            block, used, line = _csv_block(rest, header, settings, line, final, blocks.position)
            rest = rest[used:]
            if len(block):
                yield block


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: int
    columns: dict[str, int]
    wanted: NDArray[np.int64]

    @classmethod
    def of(cls, text: bytes, settings: IntakeSettings, *, final: bool) -> tuple[_Header | None, int]:
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
        columns = choose_columns(names, settings.columns)
        wanted = np.full(max(1, len(names)), -1, np.int64)
        for place, at in enumerate(columns.values()):
            wanted[at] = place
        if len(set(columns.values())) < len(columns):
            raise Refused("intake.column_twice", columns=", ".join(f"{k}={names[v]}" for k, v in columns.items()))
        return cls(ord(delimiter), columns, wanted), len(text) if end < 0 else end + 1


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])


def _csv_block(
    text: bytes, header: _Header, settings: IntakeSettings, line: int, final: bool, position: int
) -> tuple[Block, int, int]:
    data = np.empty(2 * len(text), np.uint8)  # the second half takes fields with doubled quotes
    data[: len(text)] = np.frombuffer(text, np.uint8)
    records, used, line = split(
        data, len(text), final=final, delimiter=header.delimiter, wanted=header.wanted, line=line
    )
    fields = {field: Texts(data, records.starts[at], records.stops[at]) for at, field in enumerate(header.columns)}
    start, end = _text_times(fields, settings)

    def row_at(row: int) -> str:
        return text[records.begins[row] : records.ends[row]].decode("utf-8", "replace")

    def cell_at(field: str, row: int) -> str:
        return fields[field].text(row) if field in fields else ""

    damaged = _damaged_rows(text, records)
    block = Block(fields, start, end, records.lines, records.shapes, damaged, cell_at, row_at, position)
    return block, used, line


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


def _text_times(fields: dict[str, Texts], settings: IntakeSettings) -> tuple[Times, Times]:
    start, end = fields["start"], fields.get("end")
    if "date" in fields and ("date" in settings.columns or _only_clocks(start)):
        start = with_dates(fields["date"], start, empty_stays=False)
        end = None if end is None else with_dates(fields["date"], end, empty_stays=True)
    return _times_of(start, len(start), settings), _times_of(end, len(start), settings)


def _only_clocks(texts: Texts) -> bool:
    """Return whether the first text of a column is a clock time or a word, without a date."""
    first = next((texts.text(row) for row in range(min(len(texts), 1000)) if texts.text(row)), "")
    return bool(first) and sum(character.isdigit() for character in first) < 7


def _times_of(texts: Texts | None, rows: int, settings: IntakeSettings) -> Times:
    if texts is None:
        return resolve(no_moments(rows), None, settings)
    return resolve(read_moments(texts.data, texts.starts, texts.stops), texts.text, settings)


# Parquet ----------------------------------------------------------------------------------------------------------


def read_parquet(path: Path, settings: IntakeSettings) -> Generator[Block, None, None]:
    """Yield the blocks of a Parquet file; refused as a whole where it is damaged or lacks a needed column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_file(path) as raw, pq.ParquetFile(raw) as file:
            names = file.schema_arrow.names
            columns = choose_columns(names, settings.columns)
            rows = 0
            for batch in file.iter_batches(settings.block_rows, columns=[names[at] for at in columns.values()]):
                found = {field: batch.column(names[at]) for field, at in columns.items()}
                yield _parquet_block(found, settings, rows, raw.tell())
                rows += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise Refused("intake.damaged", file=path.name, why=str(error).splitlines()[0]) from error


def _parquet_block(found: dict[str, Any], settings: IntakeSettings, before: int, position: int) -> Block:
    import pyarrow as pa

    rows = len(found["person"])
    fields = {
        field: Texts.of(column if not pa.types.is_floating(column.type) else column.cast(pa.int64()))
        for field, column in found.items()
        if field not in ("start", "end", "date")
    }
    start = _column_times(found["start"], settings)
    end = _column_times(found["end"], settings) if "end" in found else _times_of(None, rows, settings)

    def cell_at(field: str, row: int) -> str:
        value = found[field][row].as_py() if field in found else None
        return "" if value is None else str(value)

    def row_at(row: int) -> str:
        return ",".join(cell_at(field, row) for field in found)

    nothing_wrong = np.zeros(rows, np.uint8)
    lines = np.arange(before + 1, before + rows + 1, dtype=np.int64)
    return Block(fields, start, end, lines, nothing_wrong, nothing_wrong.astype(np.bool_), cell_at, row_at, position)


def _column_times(column: Any, settings: IntakeSettings) -> Times:
    import pyarrow as pa

    missing = np.asarray(column.is_null())
    if pa.types.is_date(column.type):
        days = np.asarray(column.cast(pa.date32()).cast(pa.int32()).fill_null(0)).astype(np.int64)
        readings = np.where(missing, Reading.EMPTY, Reading.DAY).astype(np.uint8)
        return resolve((days * 86400, np.zeros(len(days), np.bool_), readings), None, settings)
    if pa.types.is_timestamp(column.type):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
        ticks = np.asarray(column.cast(pa.int64()).fill_null(0))
        seconds = ticks // per_second
        given = Reading.LOCAL if column.type.tz is None else Reading.MOMENT
        readings = np.where(missing, Reading.EMPTY, given).astype(np.uint8)
        return resolve((seconds, seconds * per_second != ticks, readings), None, settings)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return resolve(read_numbers(np.asarray(column.fill_null(0)), missing), None, settings)
    texts = Texts.of(column)
    return _times_of(texts, len(texts), settings)
