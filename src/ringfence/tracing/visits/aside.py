"""Visits put aside by day while a load goes on: in memory first, on disk when they are many."""

from __future__ import annotations

import secrets
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from numpy.typing import NDArray

from ringfence.tracing.visits.batch import IMPUTED, SOURCE_MASK, SOURCE_SHIFT, UNCERTAIN, VisitBatch
from ringfence.tracing.visits.layout import pack_whole
from ringfence.tracing.visits.segments import LONG_ROW
from ringfence.vocabulary.moments import MINUTES_PER_DAY

PIECE = np.dtype([("place", "<u4"), ("word", "<u8")])
SPILL_ROWS = 24_000_000
"""Rows kept in memory before they go to disk (12 bytes each)."""
_KEPT_FLAGS = IMPUTED | SOURCE_MASK << SOURCE_SHIFT | UNCERTAIN


class Cover:
    """What a live store lays over visits put aside on disk: a key that is never written; a crash leaves noise."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._streams: dict[Path, tuple[bytes, CipherContext]] = {}

    def over(self, path: Path, data: bytes) -> bytes:
        """Return bytes covered, to be appended to the file of a path."""
        if path not in self._streams:
            start = secrets.token_bytes(16)
            self._streams[path] = start, Cipher(algorithms.AES(self._key), modes.CTR(start)).encryptor()
        return self._streams[path][1].update(data)

    def lifted(self, path: Path) -> bytes:
        """Return what was covered in the file of a path, and let go of it."""
        start, _ = self._streams.pop(path)
        return Cipher(algorithms.AES(self._key), modes.CTR(start)).encryptor().update(path.read_bytes())


class Aside:
    """Whole visits by their day, and visits that pass midnight by the day they begin."""

    def __init__(self, room: Path, cover: Cover | None = None) -> None:
        self.rows = 0
        self._cover = cover
        self._room = room
        self._held = 0
        self._single: dict[int, list[NDArray[Any]]] = defaultdict(list)
        self._long: dict[int, list[NDArray[Any]]] = defaultdict(list)
        self._files: dict[int, Path] = {}

    def add(self, batch: VisitBatch) -> None:
        """Take visits in, each to its day."""
        if not len(batch):
            return
        flags = batch.flags & np.uint16(_KEPT_FLAGS)
        day = np.empty(len(batch), np.int32)
        words = np.empty(len(batch), np.uint64)
        pack_whole(batch.person, batch.start, batch.end, flags, day, words)
        self._add_long(batch, flags, day < 0)
        low = int(day[day >= 0].min(initial=np.iinfo(np.int32).max))
        # Sixteen bits sort by counting; days of a load lie within a life, the long rows' -1 goes last.
        nearby = np.where(day < 0, 65535, day - low).astype(np.uint16)
        order = np.argsort(nearby, kind="stable")
        edges = np.flatnonzero(np.diff(nearby[order])) + 1
        for group in np.split(order, edges):
            if day[group[0]] < 0:
                continue
            pieces = np.empty(len(group), PIECE)
            pieces["place"], pieces["word"] = batch.place[group], words[group]
            self._single[int(day[group[0]])].append(pieces)
        self.rows += len(batch)
        self._held += len(batch)
        if self._held > SPILL_ROWS:
            self._spill()

    def days(self) -> list[int]:
        """Return the days on which something begins, in order."""
        return sorted({*self._single, *self._long, *self._files})

    def single(self, day: int) -> NDArray[Any]:
        """Return a day's whole visits, and let go of them."""
        parts = self._single.pop(day, [])
        path = self._files.pop(day, None)
        if path is not None:
            parts.insert(
                0, np.fromfile(path, PIECE) if self._cover is None else np.frombuffer(self._cover.lifted(path), PIECE)
            )
            path.unlink()
        return np.concatenate(parts) if parts else np.empty(0, PIECE)

    def long(self, day: int) -> NDArray[Any]:
        """Return the visits that begin on a day and pass midnight, and let go of them."""
        return np.concatenate(self._long.pop(day)) if day in self._long else np.empty(0, LONG_ROW)

    def close(self) -> None:
        """Let go of everything."""
        for path in self._files.values():
            path.unlink(missing_ok=True)
        self._files.clear()
        self._single.clear()
        self._long.clear()
        self.rows = self._held = 0

    def _add_long(self, batch: VisitBatch, flags: NDArray[np.uint16], long: NDArray[np.bool_]) -> None:
        if not long.any():
            return
        rows = np.empty(int(long.sum()), LONG_ROW)
        rows["person"], rows["place"] = batch.person[long], batch.place[long]
        rows["start"], rows["end"], rows["flags"] = batch.start[long], batch.end[long], flags[long]
        begun = rows["start"] // MINUTES_PER_DAY
        for day in np.unique(begun):
            self._long[int(day)].append(rows[begun == day])

    def _spill(self) -> None:
        for day, parts in self._single.items():
            path = self._files.setdefault(day, self._room / f"{secrets.token_hex(8)}")
            with path.open("ab") as file:
                for part in parts:
                    file.write(part.data if self._cover is None else self._cover.over(path, part.tobytes()))
        self._single.clear()
        self._held = 0
