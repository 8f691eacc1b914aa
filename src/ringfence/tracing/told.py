"""Tables that people send: a CSV (plain or gzipped) or Parquet file as columns of text, each row with its line.

Headers are recognised in Chinese and English; a row that does not fit is kept aside with its line, field, reason
and mend, never dropped in silence.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary import words
from ringfence.vocabulary.moments import EPOCH, parse_moment
from ringfence.vocabulary.refusals import Refused

_SECOND = timedelta(seconds=1)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken: the line it stands on, the field at fault, and why, as a code with values."""

    line: int
    field: str
    code: str
    values: Mapping[str, object]

    def reason(self, language: str) -> str:
        """Return why the row was not taken."""
        return words.sentence(self.code, self.values, language)

    def mend(self, language: str) -> str:
        """Return what would make the row good."""
        return words.mend(self.code, self.values, language)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader should know about a file that was taken, as a code with values."""

    code: str
    values: Mapping[str, object]

    def text(self, language: str) -> str:
        """Return the note as a sentence."""
        return words.sentence(self.code, self.values, language)


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

    columns: Mapping[str, list[str]]
    lines: list[int]
    rejects: list[Reject]

    def __len__(self) -> int:
        return len(self.lines)


def read_told(path: Path, synonyms: Mapping[str, Sequence[str]], *, columns: Mapping[str, str] | None = None) -> Told:
    """Return the columns of a file that our names, or headers known to mean the same, stand over.

    `columns` names the header for one of our names where no synonym fits. Refused when the file cannot be read.
    """
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            header, rows, lines, rejects = _parquet_rows(path)
        else:
            header, rows, lines, rejects = _csv_rows(path)
    except (OSError, EOFError, csv.Error, UnicodeError, ValueError) as error:
        raise Refused("encounter.unreadable_file", file=path.name, why=str(error)) from error
    place = _headers(header, synonyms, columns or {})
    return Told({name: [row[at].strip() for row in rows] for name, at in place.items()}, lines, rejects)


def require(told: Told, name: str, synonyms: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a column that must be there; refused with the headers that would do."""
    if name not in told.columns:
        raise Refused("encounter.no_column", field=name, headers=", ".join(synonyms[name]))
    return told.columns[name]


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
                raise Refused("encounter.far_moment", text=text)
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
            raise Refused("encounter.empty", field="time")
        if steps is not None:
            if text not in steps:
                raise Refused("encounter.unknown_step", text=text)
            return steps[text]
        if origin is not None and _is_number(text):
            return origin + timedelta(seconds=float(text))
        return parse_moment(text, zone)

    return read


def write_rejects(path: Path, rejects: Sequence[Reject], language: str = "en") -> None:
    """Write the rows that were not taken to a CSV file: line, field, reason, mend."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "field", "reason", "mend"))
        writer.writerows((r.line, r.field, r.reason(language), r.mend(language)) for r in rejects)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _headers(
    header: Sequence[str], synonyms: Mapping[str, Sequence[str]], columns: Mapping[str, str]
) -> dict[str, int]:
    seen = {_plain(name): at for at, name in reversed(list(enumerate(header)))}
    place: dict[str, int] = {}
    for name, known in synonyms.items():
        wanted = (columns[name],) if name in columns else known if name in known else (name, *known)
        for word in wanted:
            if _plain(word) in seen:
                place[name] = seen[_plain(word)]
                break
        else:
            if name in columns:
                raise Refused("encounter.no_column", field=name, headers=columns[name])
    return place


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c not in " _-.()（）")


Rows = tuple[list[str], list[list[str]], list[int], list[Reject]]


def _csv_rows(path: Path) -> Rows:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = _decoded(data)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = next(reader, [])
    rows: list[list[str]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    line = reader.line_num + 1
    for row in reader:
        if len(row) == len(header):
            rows.append(row)
            lines.append(line)
        elif any(cell.strip() for cell in row):
            values = {"cells": len(row), "expected": len(header)}
            rejects.append(Reject(line, "", "encounter.cells", values))
        line = reader.line_num + 1
    return header, rows, lines, rejects


def _decoded(data: bytes) -> str:
    for encoding in _ENCODINGS[:-1]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(_ENCODINGS[-1])


def _parquet_rows(path: Path) -> Rows:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    cells = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    return table.column_names, [list(row) for row in zip(*cells, strict=True)], list(range(1, table.num_rows + 1)), []


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return "" if np.isnan(value) else str(int(value)) if value.is_integer() else str(value)
    return str(value)
