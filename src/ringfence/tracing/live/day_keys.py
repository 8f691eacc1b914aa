"""Keys of a live store's days: 32 random bytes a UTC day, in files apart from the store.

A store without this directory is noise, and a day whose key is destroyed is gone from every copy of the store.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from ringfence.tracing.visits import durable
from ringfence.vocabulary.moments import date_of, day_number
from ringfence.vocabulary.refusals import Refused

KEY_BYTES = 32
_SUFFIX = ".key"


class DayKeys:
    """The keys of days in one directory, and the founding of the store they belong to."""

    def __init__(self, room: Path) -> None:
        self.room = room

    @classmethod
    def beside(cls, keys: Path) -> DayKeys:
        """Return the day keys that lie in a directory of keys; nothing is written."""
        return cls(keys / "days")

    def found(self, founding: bytes) -> None:
        """Remember the founding text of the store that these keys belong to; refused where they belong to another."""
        self.room.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.room.mkdir(mode=0o700, exist_ok=True)
        durable.flush_directory(self.room.parent)
        if any(self.room.glob(f"*{_SUFFIX}")):
            raise Refused("live.keys_in_use", keys=str(self.room))
        durable.replace(self.room / "founding", _digest(founding), mode=0o600)

    def check_founding(self, founding: bytes) -> None:
        """Refuse when a store's founding text, with its trusted keys, is not the one these keys were made for."""
        try:
            known = (self.room / "founding").read_bytes()
        except FileNotFoundError as error:
            raise Refused("live.keys_missing", keys=str(self.room)) from error
        if known != _digest(founding):
            raise Refused("live.founding_changed", keys=str(self.room))

    def of(self, day: int) -> bytes:
        """Return the key of a day; refused where there is none (any more)."""
        try:
            key = self._path(day).read_bytes()
        except FileNotFoundError as error:
            raise Refused("live.day_key_missing", date=date_of(day).isoformat(), keys=str(self.room)) from error
        if len(key) != KEY_BYTES:
            raise Refused("live.day_key_missing", date=date_of(day).isoformat(), keys=str(self.room))
        return key

    def of_or_new(self, day: int) -> bytes:
        """Return the key of a day, made durably if there is none. Only for the store's writer."""
        if not self._path(day).exists():
            durable.replace(self._path(day), secrets.token_bytes(KEY_BYTES), mode=0o600)
        return self.of(day)

    def destroy_before(self, from_day: int) -> int:
        """Destroy the keys of all days before a day and return how many. What they sealed cannot be read again."""
        gone = [path for path in self.room.glob(f"*{_SUFFIX}") if _day_of(path) < from_day]
        for path in gone:
            path.unlink()
        if gone:
            durable.flush_directory(self.room)
        return len(gone)

    def _path(self, day: int) -> Path:
        return self.room / f"{date_of(day).isoformat()}{_SUFFIX}"


def _day_of(path: Path) -> int:
    from datetime import date

    return day_number(date.fromisoformat(path.name.removesuffix(_SUFFIX)))


def _digest(founding: bytes) -> bytes:
    return hashlib.sha256(founding).hexdigest().encode() + b"\n"
