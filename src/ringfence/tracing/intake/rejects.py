"""Rows that could not be loaded, in a file that says line, field, reason and what would mend it, in both languages."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made_with
from pathlib import Path
from types import TracebackType

from ringfence.tracing.visits.durable import flush_directory
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import mend, sentence

COLUMNS = ("file", "line", "field", "value", "rule", "reason_en", "reason_zh", "mend_en", "mend_zh", "row")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_VALUE, _LONGEST_ROW = 200, 60_000  # characters kept
_SURE_LENGTH = 4  # an id of so many characters is looked for inside words, too


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken, or a field of it: the line it stands on, and why, as a code with values."""

    line: int
    field: str
    code: str
    values: Mapping[str, object] = made_with(default_factory=dict)
    row: str = ""

    def reason(self, language: str) -> str:
        """Return why the row was not taken."""
        return sentence(self.code, self.values, language)

    def mend(self, language: str) -> str:
        """Return what would make the row good."""
        return mend(self.code, self.values, language)


def refuse_existing(path: Path) -> None:
    """Refuse to write rejected rows where a file stands already: it may be the very file that is read."""
    if path.exists() or path.is_symlink():
        raise Refused("intake.rejects_exist", file=str(path))


class RejectsFile:
    """A CSV file for rejected rows; it exists only if there are any, and only its owner may read it.

    Refused where something stands at its path already.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        refuse_existing(self.path)
        self.count = 0
        self._part = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.part")
        self._file: io.TextIOWrapper | None = None
        self._named_by_content = False

    @classmethod
    def within(cls, folder: Path) -> RejectsFile:
        """Return a file in a folder that is named by what it holds: equal rejects of a load repeated are one file."""
        made = cls(folder / f"{secrets.token_hex(8)}.csv")
        made._named_by_content = True
        return made

    def add(
        self, *, file: str, line: int, field: str, value: str, rule: str, row: str, values: Mapping[str, object]
    ) -> None:
        """Write down one row with the rule (a code of the table of words) that it broke."""
        if self._file is None:
            self._begin()
        value = value[:_LONGEST_VALUE]
        told = {"field": field, "value": value} | dict(values)
        reasons = [
            sentence(rule, told, "en"),
            sentence(rule, told, "zh"),
            mend(rule, told, "en"),
            mend(rule, told, "zh"),
        ]
        cells = [file, str(line), field, value, rule, *reasons, row.rstrip("\r\n")[:_LONGEST_ROW]]
        self._writer.writerow([safe_cell(cell) for cell in cells])
        self.count += 1

    def add_all(self, rejects: Iterable[Reject], *, file: str) -> None:
        """Write down the rows of one file that were not taken."""
        for one in rejects:
            value = str(one.values.get("text", one.values.get("value", "")))
            self.add(
                file=file, line=one.line, field=one.field, value=value, rule=one.code, row=one.row, values=one.values
            )

    def _begin(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "w", encoding="utf-8-sig", errors="replace", newline="")  # Excel needs the mark
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def close(self) -> Path | None:
        """Finish the file and return its path, or None where no row was rejected."""
        if self._file is None:
            return self.path if self.count else None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        try:
            if self._named_by_content:
                digest = hashlib.sha256(self._part.read_bytes()).hexdigest()
                self.path = self.path.with_name(f"{digest[:16]}.csv")
            else:
                refuse_existing(self.path)  # Somebody else may have used the name while the rows were read.
            self._part.replace(self.path)
        except BaseException:
            self._part.unlink(missing_ok=True)
            self.count = 0
            raise
        flush_directory(self.path.parent)
        return self.path

    def discard(self) -> None:
        """Drop what was written, also where the file is finished already: its load has not come to pass."""
        finished = self._file is None and self.count > 0
        if self._file is not None:
            with contextlib.suppress(OSError):  # On a full disk the last rows cannot be written; they go anyway.
                self._file.close()
            self._file = None
            self._part.unlink(missing_ok=True)
        if finished:
            self.path.unlink(missing_ok=True)
        self.count = 0

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()


def drop_unfinished(directory: Path) -> None:
    """Remove what a crash has left behind: the load or the erasure that it belonged to never counted."""
    if directory.is_dir():
        for path in directory.iterdir():
            if path.suffix in (".part", ".purge"):
                path.unlink()


def purge_rejects(directory: Path, person: str) -> int:
    """Remove every row that names a person from the files of rejected rows in a directory; return how many went.

    Rather one row too many than one too few: a row counts where the id stands in it as a word, or anywhere if long.
    """
    if not directory.is_dir():
        return 0
    quoted = person.replace('"', '""')  # as it stands in an original row
    named = "|".join(f"(?:{re.escape(form)})" for form in dict.fromkeys((person, quoted)))
    pattern = re.compile(named if len(person) >= _SURE_LENGTH else rf"(?<![^\W_])(?:{named})(?![^\W_])")
    drop_unfinished(directory)
    removed = sum(_purge_file(path, pattern) for path in sorted(directory.iterdir()) if path.is_file())
    flush_directory(directory)
    return removed


def _purge_file(path: Path, pattern: re.Pattern[str]) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    kept = [row for row in rows[1:] if not any(pattern.search(cell) for cell in row)]
    gone = len(rows) - 1 - len(kept)
    if gone and not kept:
        path.unlink()
    elif gone:
        part = path.with_name(path.name + ".purge")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([rows[0], *kept])
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    return gone
