"""How much of a live store was opened, ever: lines that are only added, each with the hash of the one before.

A line is durable before anything it counts is readable. It names the warrant and counts person-days and place-days; it
says nothing about who or where. `head` pins all lines down: who has it in print notices a line changed or cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ringfence.tracing.visits import durable
from ringfence.vocabulary.refusals import Refused

_BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True)
class OpenedCount:
    """What was opened in all: lines, different warrants, person-days, place-days, the hash of the last line."""

    openings: int
    warrants: int
    person_days: int
    place_days: int
    head: str


class OpenedLog:
    """The log in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, *, warrant: str, at_minute: int, person_days: int = 0, place_days: int = 0) -> None:
        """Add a line, durably; refused when it cannot be written, and then nothing may be opened."""
        try:
            fresh = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            with os.fdopen(handle, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size, last = _last_line(file.fileno())
                line = {
                    "before": hashlib.sha256(last).hexdigest() if last else _BEGINNING,
                    "warrant": warrant,
                    "at_minute": at_minute,
                    "person_days": person_days,
                    "place_days": place_days,
                }
                # Half a line that a crash has left was never acted upon: its opening had not begun.
                file.truncate(size)
                file.seek(size)
                file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                durable.flush_directory(self.path.parent)
        except OSError as error:
            raise Refused("live.not_counted", file=str(self.path), reason=error.strerror or str(error)) from error

    def totals(self) -> OpenedCount:
        """Return the sums over all lines; refused when the chain does not hold."""
        openings = person_days = place_days = 0
        warrants = set()
        head = _BEGINNING
        for line in self._lines():
            try:
                told = json.loads(line)
                if told["before"] != head:
                    raise ValueError
                warrants.add(told["warrant"])
                person_days += told["person_days"]
                place_days += told["place_days"]
            except (ValueError, KeyError, TypeError) as error:
                raise Refused("live.log_broken", file=str(self.path), line=openings + 1) from error
            openings += 1
            head = hashlib.sha256(line).hexdigest()
        return OpenedCount(openings, len(warrants), person_days, place_days, head)

    def _lines(self) -> Iterator[bytes]:
        if self.path.exists():
            yield from self.path.read_bytes().split(b"\n")[:-1]


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
