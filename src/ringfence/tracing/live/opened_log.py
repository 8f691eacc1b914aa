"""How much of a live store was opened, ever: lines that are only added, each with the hash of the one before.

A line is durable before anything it counts is readable. It names the warrant and counts person-days and place-days; it
says nothing about who or where. A warrant revoked is a line too. `head` pins all lines down: who has it in print
notices a line changed or cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringfence.tracing.visits import durable
from ringfence.vocabulary.refusals import Refused


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two lines of the log: bytes and lines before it, and the hash of the last of these."""

    offset: int
    lines: int
    head: str


BEGINNING = Mark(0, 0, "0" * 64)


@dataclass(frozen=True, slots=True)
class OpenedCount:
    """What was opened in all: openings, different warrants, person-days, place-days; the hash of the last line.

    `revoked` counts the warrants revoked.
    """

    openings: int
    warrants: int
    person_days: int
    place_days: int
    head: str
    revoked: int = 0


class OpenedLog:
    """The log in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = str(path)

    def append(self, *, warrant: str, at_minute: int, person_days: int = 0, place_days: int = 0) -> None:
        """Add a line, durably; refused when it cannot be written, and then nothing may be opened."""
        counts = {"person_days": person_days, "place_days": place_days}
        self._add({"warrant": warrant, "at_minute": at_minute, **counts}, else_code="live.not_counted")

    def append_revocation(self, revocation: Mapping[str, object]) -> None:
        """Add the line of a warrant revoked, with its whole signed revocation, durably."""
        self._add({"revoked": dict(revocation)}, else_code="live.revocation_not_logged")

    def _add(self, told: Mapping[str, object], *, else_code: str) -> None:
        try:
            fresh = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            with os.fdopen(handle, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size, last = _last_line(file.fileno())
                line = {"before": hashlib.sha256(last).hexdigest() if last else BEGINNING.head, **told}
                # Half a line that a crash has left was never acted upon: its opening had not begun.
                file.truncate(size)
                file.seek(size)
                file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                durable.flush_directory(self.path.parent)
        except OSError as error:
            raise Refused(else_code, file=str(self.path), reason=error.strerror or str(error)) from error

    def totals(self) -> OpenedCount:
        """Return the sums over all lines; refused when the chain does not hold."""
        openings = person_days = place_days = 0
        warrants, revoked = set(), set()
        lines, mark = self.since(BEGINNING)
        for number, told in enumerate(lines, 1):
            try:
                if "revoked" in told:
                    revoked.add(told["revoked"]["warrant"])
                    continue
                warrants.add(told["warrant"])
                person_days += told["person_days"]
                place_days += told["place_days"]
            except (KeyError, TypeError) as error:
                raise Refused("live.log_broken", file=str(self.path), line=number) from error
            openings += 1
        return OpenedCount(openings, len(warrants), person_days, place_days, mark.head, len(revoked))

    def size(self) -> int:
        """Return how many bytes the log has."""
        try:
            return os.stat(self._name).st_size  # noqa: PTH116 — asked before every block; a Path takes twice as long
        except FileNotFoundError:
            return 0

    def since(self, mark: Mark) -> tuple[list[dict[str, Any]], Mark]:
        """Return the lines after a mark and the mark behind them; refused when the chain does not hold from it on."""
        if self.size() < mark.offset:
            raise Refused("live.log_broken", file=str(self.path), line=mark.lines)
        told = []
        for line in self._lines_from(mark.offset):
            try:
                known = json.loads(line)
                if known["before"] != mark.head:
                    raise ValueError
                told.append(known)
            except (ValueError, KeyError, TypeError) as error:
                raise Refused("live.log_broken", file=str(self.path), line=mark.lines + 1) from error
            mark = Mark(mark.offset + len(line) + 1, mark.lines + 1, hashlib.sha256(line).hexdigest())
        return told, mark

    def _lines_from(self, offset: int) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Refused("live.not_counted", file=str(self.path), reason=error.strerror or str(error)) from error


def _last_line(handle: int) -> tuple[int, bytes]:
    """Return how many bytes of a file are whole lines, and the last of these without its end."""
    size = os.fstat(handle).st_size
    step = 4096
    while True:
        tail = os.pread(handle, min(step, size), max(size - step, 0))
        end = tail.rfind(b"\n")
        begin = tail.rfind(b"\n", 0, max(end, 0))
        if begin >= 0 or step >= size:
            return max(size - step, 0) + end + 1, tail[begin + 1 : max(end, 0)]
        step *= 2
