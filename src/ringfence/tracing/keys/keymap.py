"""The key map: given ids of persons and places and the numbers a store knows them by, in a directory of its own.

Numbers are given from 0 on and never twice. Nobody but the owner may read the directory. One writer at a time; reading
needs no lock. Who was erased is gone from every file here; a digest under a secret of this directory remembers only
that nothing of hers from before that minute may return.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.keys import files as keyfiles
from ringfence.tracing.keys.files import Kind, Pointer, Segment, SegmentEntry, Suppression
from ringfence.tracing.texts import BLANKS, Texts
from ringfence.tracing.visits import durable
from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    import pyarrow as pa

    from ringfence.tracing.keys.idtable import IdTable

Ids = Union[Sequence[str], Texts, "pa.Array[Any]", "pa.ChunkedArray[Any]"]
_FEW = 2000  # so many ids are found sooner in the mapped files than in a table that must be built first
_READ_TRIES = 20
_HIGHEST_COUNT = 2**32 - 1


class KeyMap:
    """Ids to numbers and back. Numbers given by `numbers` count once `commit` has returned."""

    _pointer: Pointer

    def __init__(self, directory: Path, *, on_wait: Callable[[], None] | None = None) -> None:
        """Open the committed state of a directory; `on_wait` is called when another writer must be waited for."""
        self.directory = directory
        self.on_wait = on_wait
        self._lock: int | None = None
        self._tables: dict[Kind, IdTable] = {}
        self._returned: dict[int, int] = {}
        self._pointer = Pointer()
        self._load()
        self._secret = (directory / "suppression.key").read_bytes()

    @classmethod
    def create(cls, directory: Path | str, *, on_wait: Callable[[], None] | None = None) -> KeyMap:
        """Make an empty key map; refused where there is one already."""
        path = Path(directory)
        durable.make_room(path)
        path.chmod(0o700)
        with durable.only_writer(path, on_wait):
            if (path / "CURRENT").exists():
                raise Refused("keys.exists", path=str(path))
            (path / "rejects").mkdir(mode=0o700, exist_ok=True)
            if not (path / "suppression.key").exists():  # A secret cut short by a crash would be no secret.
                durable.replace(path / "suppression.key", secrets.token_bytes(32), mode=0o600)
            keyfiles.write_pointer(path, Pointer())
        return cls(path, on_wait=on_wait)

    @classmethod
    def open(cls, directory: Path | str, *, on_wait: Callable[[], None] | None = None) -> KeyMap:
        """Open a key map; refused where there is none."""
        return cls(Path(directory), on_wait=on_wait)

    @classmethod
    def open_or_create(cls, directory: Path | str, *, on_wait: Callable[[], None] | None = None) -> KeyMap:
        """Open a key map, or make one where there is none."""
        if (Path(directory) / "CURRENT").exists():
            return cls.open(directory, on_wait=on_wait)
        try:
            return cls.create(directory, on_wait=on_wait)
        except Refused as refused:
            if refused.code != "keys.exists":
                raise
            return cls.open(directory, on_wait=on_wait)  # another process was quicker

    def refresh(self) -> None:
        """Look at what is committed now, unless this is the writer."""
        if self._lock is None and keyfiles.read_pointer(self.directory) != self._pointer:
            self._tables.clear()
            self._load()

    @property
    def rejects_directory(self) -> Path:
        """Return where the rows lie that could not be loaded; they hold given ids."""
        return self.directory / "rejects"

    @property
    def secret_mark(self) -> str:
        """Return a short public mark of the suppression secret, so that a store can notice another key map."""
        return hashlib.sha256(b"ringfence key map" + self._secret).hexdigest()[:16]

    # Reading ----------------------------------------------------------------------------------------------------

    def count(self, kind: Kind) -> int:
        """Return how many numbers were given, those not yet committed and those forgotten included."""
        if kind in self._tables:
            return self._tables[kind].count
        return sum(segment.entry.count for segment in self._segments[kind])

    def find(self, kind: Kind, ids: Ids) -> NDArray[np.int64]:
        """Return the numbers of ids, −1 for unknown ones; nothing is assigned."""
        texts = ids if isinstance(ids, Texts) else Texts.of(ids)
        if kind in self._tables or len(texts) > _FEW:
            return self._table(kind).find(texts)
        out = np.full(len(texts), -1, np.int64)
        for row in range(len(texts)):
            wanted = texts.text(row).encode("utf-8", "surrogatepass")
            for segment in self._segments[kind] if wanted else ():
                out[row] = segment.find(wanted)
                if out[row] >= 0:
                    break
        return out

    def ids_of(self, kind: Kind, numbers: Iterable[int] | NDArray[Any]) -> list[str | None]:
        """Return the ids of numbers; None for a forgotten or never given one."""
        wanted = np.asarray(numbers if isinstance(numbers, np.ndarray) else list(numbers), np.int64)
        if kind in self._tables:
            table = self._tables[kind]
            return [(table.text(n) or None) if 0 <= n < table.count else None for n in wanted.tolist()]
        segments = self._segments[kind]
        which = np.searchsorted(np.array([s.entry.first for s in segments], np.int64), wanted, "right") - 1
        found: list[str | None] = []
        for at, number in zip(which.tolist(), wanted.tolist(), strict=True):
            local = number - segments[at].entry.first if at >= 0 else -1
            text = segments[at].text(local) if at >= 0 and local < segments[at].entry.count else b""
            found.append(text.decode("utf-8", "surrogatepass") or None)
        return found

    def verify(self) -> None:
        """Compare every file with its checksum; refused at the first that differs."""
        for segments in self._segments.values():
            for segment in segments:
                segment.verify()

    # Numbering --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Become the writer now; `numbers` does so by itself. What another writer has committed meanwhile is read."""
        if self._lock is not None:
            return
        self._lock = durable.take_lock(self.directory, self.on_wait)
        try:
            if keyfiles.read_pointer(self.directory) != self._pointer:
                self._tables.clear()
                self._load()
            keyfiles.drop_unnamed(self.directory, self._pointer)
        except BaseException:
            self._release()
            raise

    def numbers(self, kind: Kind, ids: Ids) -> NDArray[np.uint32]:
        """Return the numbers of ids, giving new ones to the unknown. Suppression is not looked at: see `number_visits`.

        The first call takes the writer's lock, which `commit`, `discard` and `close` give back.
        """
        texts = ids if isinstance(ids, Texts) else Texts.of(ids)
        self.begin()
        numbers = self._table(kind).assign(texts)
        if self._table(kind).count > _HIGHEST_COUNT:
            raise Refused("keys.full", path=str(self.directory))
        return numbers.astype(np.uint32)

    def number_visits(self, persons: Ids, starts: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """Return person numbers of visits and which visits are suppressed: an erased person's, from before her erasure.

        A suppressed visit has no meaning as a number; an id of which all visits are suppressed is not written down.
        `starts` are minutes.
        """
        texts = persons if isinstance(persons, Texts) else Texts.of(persons)
        self.begin()
        if not self._pointer.suppressions:
            return self.numbers("person", texts), np.zeros(len(texts), np.bool_)
        table = self._table("person")
        numbers = table.find(texts)
        suppressed = np.zeros(len(texts), np.bool_)
        for number, minute in self._returned.items():
            suppressed |= (numbers == number) & (starts < minute)
        barred = self.barred()
        unknown = np.flatnonzero(numbers < 0)
        limits: dict[str, int | None] = {}
        for row in unknown.tolist():
            text = texts.text(row)
            if text not in limits:
                limits[text] = barred.get(self.suppression_digest(text))
            limit = limits[text]
            suppressed[row] = limit is not None and starts[row] < limit
        accepted = unknown[~suppressed[unknown]]
        numbers[accepted] = table.assign(texts.take(accepted))
        for row in accepted.tolist():
            limit = limits[texts.text(row)]
            if limit is not None:
                self._returned[int(numbers[row])] = limit
        return np.where(suppressed, 0, numbers).astype(np.uint32), suppressed

    def reserve(self, kind: Kind, count: int) -> None:
        """Give away the numbers below `count` unused, so that an older copy of the map never gives them again."""
        self.begin()
        self._pad(kind, count)

    def commit(self) -> None:
        """Make all numbers given so far durable, and give the writer's lock back."""
        if self._lock is None:
            return
        try:
            self._publish()
        finally:
            self._release()

    def discard(self) -> None:
        """Forget numbers that were given and not committed, and give the writer's lock back."""
        if self._lock is not None:
            self._tables.clear()
            with contextlib.suppress(OSError):  # What a full disk has cut short is in nobody's way any more.
                keyfiles.drop_unnamed(self.directory, keyfiles.read_pointer(self.directory))
            self._release()
            self._load()

    close = discard

    def __enter__(self) -> KeyMap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Erasure ----------------------------------------------------------------------------------------------------

    def suppression_digest(self, person: str) -> str:
        """Return the digest (HMAC-SHA256 under this map's secret, hex) that stands for an erased person's id."""
        return hmac.digest(self._secret, person.strip(BLANKS).encode("utf-8", "surrogatepass"), "sha256").hex()

    def suppressed(self) -> list[tuple[str, int, int]]:
        """Return (digest, number, minute) of every erasure."""
        return [(entry.digest, entry.number, entry.at_minute) for entry in self._pointer.suppressions]

    def barred(self) -> dict[str, int]:
        """Return by digest the minute before which nothing of an erased person may return."""
        limits: dict[str, int] = {}
        for entry in self._pointer.suppressions:
            limits[entry.digest] = max(entry.at_minute, limits.get(entry.digest, entry.at_minute))
        return limits

    def forget(self, number: int, *, at_minute: int) -> str | None:
        """Remove a person's id from every file here and bar her older visits from returning; return the digest.

        None where the number was forgotten or never given. Numbers waiting for a commit are committed with it.
        """
        self.begin()
        try:
            self._publish()
            person = self.ids_of("person", [number])[0]
            if person is None:
                return None
            digest = self.suppression_digest(person)
            self._pointer = replace(
                self._pointer, suppressions=(*self._pointer.suppressions, Suppression(digest, number, at_minute))
            )
            self._strike(number, person)
            return digest
        finally:
            self._release()

    def adopt_suppressions(self, entries: Iterable[tuple[str, int, int]]) -> list[int]:
        """Take over erasures that a store remembers and this (perhaps older) map does not; return numbers struck here.

        Numbers up to the highest erased one are given away, so that none of them is given again.
        """
        from ringfence.tracing.intake.rejects import drop_unfinished

        told = [Suppression(*entry) for entry in entries]
        self.begin()
        try:
            drop_unfinished(self.rejects_directory)
            known = set(self._pointer.suppressions)
            fresh = [entry for entry in dict.fromkeys(told) if entry not in known]
            if fresh:
                self._pad("person", 1 + max(entry.number for entry in fresh))
                self._pointer = replace(self._pointer, suppressions=(*self._pointer.suppressions, *fresh))
            self._publish(always=bool(fresh))
            struck = self._to_strike(told)
            for number, person in struck.items():
                self._strike(number, person)
            return list(struck)
        finally:
            self._release()

    def _to_strike(self, told: list[Suppression]) -> dict[int, str]:
        """Return the erased persons whose ids still stand here, by number."""
        persons = self.ids_of("person", [entry.number for entry in told])
        return {
            entry.number: person
            for entry, person in zip(told, persons, strict=True)
            if person is not None and hmac.compare_digest(self.suppression_digest(person), entry.digest)
        }

    def _strike(self, number: int, person: str) -> None:
        """Write the one segment anew without an id, and the rejected rows without hers."""
        from ringfence.tracing.intake.rejects import purge_rejects

        purge_rejects(self.rejects_directory, person)
        segment = next(s for s in reversed(self._segments["person"]) if s.entry.first <= number)
        entry = segment.entry
        fresh = keyfiles.write_segment(self.directory, "person", entry.first, *segment.without(number - entry.first))
        self._returned.pop(number, None)
        self._point(tuple(fresh if other.name == entry.name else other for other in self._pointer.segments))
        self._tables.pop("person", None)

    # Inside -----------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        for attempt in range(_READ_TRIES):
            pointer = keyfiles.read_pointer(self.directory)
            try:
                self._segments: dict[Kind, list[Segment]] = {
                    kind: [Segment(self.directory, entry) for entry in pointer.of(kind)] for kind in keyfiles.KINDS
                }
            except FileNotFoundError as error:
                # A writer has moved on between the pointer and its files; if it has not, a file is missing.
                if attempt + 1 == _READ_TRIES or keyfiles.read_pointer(self.directory) == pointer:
                    raise Refused("keys.damaged", file=str(error.filename)) from error
                continue
            self._pointer = pointer
            self._returned = dict(pointer.returned)
            return

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _table(self, kind: Kind) -> IdTable:
        if kind not in self._tables:
            from ringfence.tracing.keys.idtable import IdTable

            segments = self._segments[kind]
            for segment in segments:
                segment.verify()
            starts = np.cumsum([0] + [len(segment.ids) for segment in segments])
            offsets = [segment.offsets[:-1] + start for segment, start in zip(segments, starts, strict=False)]
            self._tables[kind] = IdTable(
                offsets=np.concatenate([*offsets, starts[-1:]]).astype(np.int64),
                ids=np.concatenate([*(segment.ids for segment in segments), np.zeros(0, np.uint8)]),
            )
        return self._tables[kind]

    def _pad(self, kind: Kind, count: int) -> None:
        if count > self.count(kind):
            self._table(kind).skip_to(count)

    def _publish(self, *, always: bool = False) -> None:
        """Write new ids as segments; small ones at the end are taken up into the new one, so that few remain."""
        kept, written = [], []
        for kind in keyfiles.KINDS:
            entries = self._pointer.of(kind)
            known = sum(entry.count for entry in entries)
            if kind in self._tables and self._tables[kind].count > known:
                first, count = known, self._tables[kind].count
                while entries and entries[-1].count < 2 * (count - first):
                    first = entries.pop().first
                written.append(self._write(kind, first, count))
            kept += entries
        if written or always or self._returned != self._pointer.returned:
            self._point((*kept, *written))

    def _write(self, kind: Kind, first: int, stop: int) -> SegmentEntry:
        from ringfence.tracing.keys.idtable import hash_spans

        offsets, ids = self._tables[kind].span(first, stop)
        there = np.flatnonzero(np.diff(offsets))
        hashes, _, _ = hash_spans(ids, offsets[there], offsets[there + 1])
        order = np.argsort(hashes, kind="stable")
        return keyfiles.write_segment(
            self.directory, kind, first, offsets, ids, hashes[order], there[order].astype(np.uint32)
        )

    def _point(self, segments: tuple[SegmentEntry, ...]) -> None:
        pointer = replace(
            self._pointer, sequence=self._pointer.sequence + 1, segments=segments, returned=dict(self._returned)
        )
        keyfiles.write_pointer(self.directory, pointer)
        self._load()
