"""Lists that people send: a CSV (plain or gzipped) or Parquet file as columns of text, each row with its line.

Headers are recognised in Chinese and English; a row that does not fit is kept aside with its line, field, reason
and mend, never dropped in silence. The reader of tables is the one that visits are read with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.columns import choose_columns, unused_columns
from ringfence.tracing.intake.rejects import Reject
from ringfence.tracing.intake.scan import Shape
from ringfence.tracing.intake.sources import is_parquet, open_file
from ringfence.tracing.intake.tables import TableBlock, read_tables
from ringfence.vocabulary.moments import EPOCH, parse_moment
from ringfence.vocabulary.refusals import Refused

Synonyms = Mapping[str, Sequence[str]]

_SECOND = timedelta(seconds=1)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_BLOCK_BYTES = 4 * 2**20


class PersonNumbers(Protocol):
    """Whoever gives numbers to the persons named in a file; the key map of a store does."""

    def numbers_of(self, given: Sequence[str]) -> NDArray[np.uint32]:
        """Return the number of each given id, new ones included."""


class LocalNumbers:
    """Numbers for the persons of one file alone, from 0 in the order in which they are first named."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}

    def numbers_of(self, given: Sequence[str]) -> NDArray[np.uint32]:
        """Return the number of each given id, new ones included."""
        return np.fromiter((self._number.setdefault(g, len(self._number)) for g in given), np.uint32, len(given))

    @property
    def given(self) -> tuple[str, ...]:
        """Return the given ids by number."""
        return tuple(self._number)

    def number_of(self, given: str) -> int | None:
        """Return the number of a given id, or None when the file never named it."""
        return self._number.get(given)


@dataclass(frozen=True, slots=True)
class Told:
    """The columns of a file by our names, as stripped text, with the line of each row and the rows that did not fit."""

    header: tuple[str, ...]
    columns: Mapping[str, list[str]]
    lines: list[int]
    rejects: list[Reject]
    unused: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str) -> list[str]:
        """Return a column, or blanks where the file has none."""
        return self.columns.get(name) or [""] * len(self)

    def row(self, at: int) -> str:
        """Return the cells of a row that were read, as one text."""
        return ",".join(cells[at] for cells in self.columns.values())


def read_told(
    path: Path, names: Synonyms, *, required: Sequence[str] = (), columns: Mapping[str, str] | None = None
) -> Told:
    """Return the columns of a file that our names, or headers known to mean the same, stand over.

    `columns` names the header for one of our names where no synonym fits. Refused when the file cannot be read or lacks
    a column that is required.
    """

    def choose(header: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
        return choose_columns(header, columns, names=names, required=required)

    if is_parquet(path):
        return _parquet(path, choose)
    header: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    found: dict[str, list[str]] = {}
    lines: list[int] = []
    rejects: list[Reject] = []
    for block in read_tables(path, choose, _BLOCK_BYTES):
        header, unused = block.header, block.unused
        good = np.flatnonzero((block.shapes == Shape.WHOLE) & ~block.damaged)
        for field, texts in block.fields.items():
            found.setdefault(field, []).extend(texts.take(good).texts())
        lines += block.lines[good].tolist()
        rejects += _misshapen(block)
    return Told(header, found, lines, rejects, unused)


def _misshapen(block: TableBlock) -> list[Reject]:
    """Return the rows of a block that hold too few or too many cells, a broken quotation or bytes that are no text."""
    return [
        Reject(int(block.lines[row]), "", f"intake.{(Shape(shape).name if shape else 'BAD_TEXT').lower()}", {},
               block.row_at(row))
        for row in np.flatnonzero((block.shapes != Shape.WHOLE) | block.damaged).tolist()
        for shape in (int(block.shapes[row]),)
    ]  # fmt: skip


def _parquet(path: Path, choose: Callable[[Sequence[str]], Mapping[str, tuple[int, ...]]]) -> Told:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_file(path) as file:
            table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise Refused("intake.damaged", file=path.name, why=str(error).splitlines()[0]) from error
    header = tuple(table.column_names)
    chosen = choose(header)
    cells = {
        field: [[_text(value) for value in table.column(at).to_pylist()] for at in several]
        for field, several in chosen.items()
    }
    columns = {field: [" ".join(row) for row in zip(*several, strict=True)] for field, several in cells.items()}
    return Told(header, columns, list(range(1, table.num_rows + 1)), [], unused_columns(header, chosen))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return "" if np.isnan(value) else str(int(value)) if value.is_integer() else str(value)
    return str(value).strip()


def seconds_of(
    texts: Sequence[str], read: Callable[[str], datetime], *, up: bool = False
) -> tuple[NDArray[np.int64], dict[str, Refused]]:
    """Return the seconds since 1970 of each text (floored, or ceiled when `up`) and the texts that are no moment.

    Each different text is read once: lists of encounters repeat the same few moments many thousand times.
    """
    second: dict[str, int] = {}
    bad: dict[str, Refused] = {}
    for text in dict.fromkeys(texts):
        try:
            moment = read(text)
            if not EPOCH <= moment < _LATEST:
                raise Refused("told.far_moment", text=text)
            second[text] = -((EPOCH - moment) // _SECOND) if up else (moment - EPOCH) // _SECOND
        except Refused as refusal:
            bad[text] = refusal
        except (OverflowError, ValueError):
            bad[text] = Refused("moment.unreadable", text=text)
    return np.fromiter((second.get(t, 0) for t in texts), np.int64, len(texts)), bad


def moment_reader(
    zone: ZoneInfo | None, origin: datetime | None = None, steps: Mapping[str, datetime] | None = None
) -> Callable[[str], datetime]:
    """Return a reader of moments: labels of steps, or seconds after an origin, or ISO 8601 and epoch."""

    def read(text: str) -> datetime:
        if not text:
            raise Refused("told.empty", field="time")
        if steps is not None:
            if text not in steps:
                raise Refused("told.unknown_step", text=text)
            return steps[text]
        if origin is not None and _is_number(text):
            return origin + timedelta(seconds=float(text))
        return parse_moment(text, zone)

    return read


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
