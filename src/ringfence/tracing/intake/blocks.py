"""Blocks of rows on their way through the intake, from CSV or Parquet, with the fields found and the times read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.columns import choose_columns
from ringfence.tracing.intake.resolve import Times, resolve, with_dates
from ringfence.tracing.intake.settings import IntakeSettings
from ringfence.tracing.intake.sources import open_file
from ringfence.tracing.intake.tables import TableBlock, joined, read_tables
from ringfence.tracing.intake.times import Moments, Reading, read_moments, read_numbers
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.refusals import Refused


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
    for table in read_tables(path, lambda header: choose_columns(header, settings.columns), settings.block_bytes):
        if len(table):
            yield _csv_block(table, settings)


def _csv_block(table: TableBlock, settings: IntakeSettings) -> Block:
    fields = {**table.fields, **_dated(table.fields, settings)}
    rows = len(table)
    start, end = _times_of(fields["start"], rows, settings), _times_of(fields.get("end"), rows, settings)

    def cell_at(field: str, row: int) -> str:
        return fields[field].text(row) if field in fields else ""

    return Block(fields, start, end, table.lines, table.shapes, table.damaged, cell_at, table.row_at, table.position)


def _dated(fields: Mapping[str, Texts], settings: IntakeSettings) -> dict[str, Texts]:
    """Return start and end with the date of their row in front, where the file keeps dates in a column of their own."""
    if "date" not in fields or not ("date" in settings.columns or _only_clocks(fields["start"])):
        return {}
    dates = fields["date"]
    return {
        field: with_dates(dates, fields[field], empty_stays=field == "end")
        for field in ("start", "end")
        if field in fields
    }


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
            used = list(dict.fromkeys(names[at] for several in columns.values() for at in several))
            for batch in file.iter_batches(settings.block_rows, columns=used):
                found = {
                    field: batch.column(names[several[0]]) if len(several) == 1
                    else _joined_columns([batch.column(names[at]) for at in several])
                    for field, several in columns.items()
                }  # fmt: skip
                yield _parquet_block(found, settings, rows, raw.tell())
                rows += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise Refused("intake.damaged", file=path.name, why=str(error).splitlines()[0]) from error


def _parquet_block(found: dict[str, Any], settings: IntakeSettings, before: int, position: int) -> Block:
    import pyarrow as pa

    rows = len(found["person"])
    if "date" in found and _is_text(found["start"]):
        names: list[str] = [field for field in ("start", "end", "date") if field in found]
        texts = {field: Texts.of(found[field]) for field in names}
        found = found | {field: pa.array(dated.texts()) for field, dated in _dated(texts, settings).items()}
    fields = {
        field: Texts.of(_plain_numbers(column))
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


def _is_text(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _plain_numbers(column: Any) -> Any:
    """Return a column as it is, but floating numbers as text: whole ones without a point, none for what is no number.

    A column of whole numbers with one missing comes out of data frames as a floating one.
    """
    import pyarrow as pa

    if not pa.types.is_floating(column.type):
        return column
    values = column.cast(pa.float64()).to_pylist()
    texts = [None if v is None or not isfinite(v) else str(int(v)) if v.is_integer() else repr(v) for v in values]
    return pa.array(texts, pa.string())


def _joined_columns(columns: Sequence[Any]) -> Any:
    import pyarrow as pa

    return pa.array(
        joined([Texts.of(_without_nan(column).cast(pa.string())) for column in columns]).texts(), pa.string()
    )


def _without_nan(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_nan(column), None, column) if pa.types.is_floating(column.type) else column


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
