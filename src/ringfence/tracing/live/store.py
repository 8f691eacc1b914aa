"""A live store: real people's visits, sealed. It has no table, so no search can run over it; see `opening`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.keys import KeyMap
from ringfence.tracing.live.day_keys import DayKeys
from ringfence.tracing.live.opened_log import OpenedLog
from ringfence.tracing.live.revocations import Revocations
from ringfence.tracing.live.sealed import SIDES, SealedSegment, map_sealed
from ringfence.tracing.live.warrants import trusted_by
from ringfence.tracing.visits.store import Identity, VisitStore
from ringfence.vocabulary.moments import date_of
from ringfence.vocabulary.refusals import Refused


class LiveStore(VisitStore):
    """A snapshot of a live store. Whatever would read visits is refused; `admit` a warrant to open what it names.

    What may be known without a warrant: which days there are, how many visits, which kinds of place, what was opened.
    """

    def __init__(self, path: Path, identity: Identity, keys: KeyMap | None = None, *, day_keys: DayKeys) -> None:
        self.day_keys = day_keys
        self.opened = OpenedLog(path / "opened.log")
        self._sealed: dict[str, SealedSegment] = {}
        super().__init__(path, identity, keys)

    def _open_files(self) -> None:
        self._sealed = {
            entry.file: self._sealed.get(entry.file) or map_sealed(self.path / entry.file, entry.checksum)
            for entry in self.manifest.segments
        }
        self._by_day: dict[int, list[SealedSegment]] = defaultdict(list)
        for segment in self._sealed.values():
            self._by_day[segment.day].append(segment)

    @property
    def table(self) -> NoReturn:
        """Refuse: there is no table of a live store."""
        raise Refused("live.no_warrant", store=str(self.path))

    @property
    def segments(self) -> NoReturn:
        """Refuse: there are no open segments of a live store."""
        raise Refused("live.no_warrant", store=str(self.path))

    def sealed_of(self, day: int) -> list[SealedSegment]:
        """Return a day's sealed segments."""
        return self._by_day.get(day, [])

    def key_of(self, day: int) -> bytes:
        """Return the key of a day that has segments here; refused when it is missing or not the one they need."""
        key = self.day_keys.of(day)
        if not all(segment.sealed_with(key) for segment in self.sealed_of(day)):
            raise Refused("live.day_key_wrong", date=date_of(day).isoformat(), keys=str(self.day_keys.room))
        return key

    def key_to_seal(self, day: int) -> bytes:
        """Return the key of a day for its writer, made if the day is new here."""
        return self.key_of(day) if self.sealed_of(day) else self.day_keys.of_or_new(day)

    def sealed_file(self, file: str) -> SealedSegment:
        """Return the sealed segment of a file that the manifest names."""
        return self._sealed[file]

    def founding(self) -> bytes:
        """Return the text that the store was founded with; the day keys remember it."""
        return (self.path / "store.json").read_bytes()

    def trusted(self) -> frozenset[str]:
        """Return the public keys (hex) whose warrants count here."""
        return trusted_by(self.path, self.identity.id, self.identity.trusted)

    def numbers_used(self) -> tuple[int, int]:
        """Return how many numbers of persons and of places are in use: one more than the highest of each."""
        used: NDArray[np.uint32] = np.max(
            [s.sections["used"] for s in self._sealed.values()] or [np.zeros(2, np.uint32)], axis=0
        )
        return int(used[0]), int(used[1])

    def faults(self, progress: Callable[[int, int], None] | None = None) -> Iterator[Refused]:
        """Yield what does not hold: checksums, order of marks, sizes of blocks, the log, revocations. Opens nothing."""
        for done, entry in enumerate(self.manifest.segments):
            if progress is not None:
                progress(done + 1, len(self.manifest.segments))
            try:
                segment = map_sealed(self.path / entry.file, entry.checksum, verify=True)
            except Refused as refusal:
                yield refusal
                continue
            for part in _faults(segment):
                yield Refused("store.damaged", file=entry.file, part=part)
        for look in (self.opened.totals, lambda: Revocations(self).of("")):
            try:
                look()
            except Refused as refusal:
                yield refusal
                return


def _faults(segment: SealedSegment) -> Iterator[str]:
    for side in SIDES:
        marks, offsets = segment.sections[f"{side}_marks"], segment.sections[f"{side}_offsets"].astype(np.int64)
        # A block is a nonce, at least one word and a tag.
        if np.any(np.diff(offsets) < 12 + 8 + 16) or np.any(marks[1:] < marks[:-1]) or len(offsets) != len(marks) + 1:
            yield f"{side}_marks"
        elif offsets[-1] != len(segment.sections[f"{side}_blocks"]):
            yield f"{side}_blocks"
    marks = segment.sections["row_marks"]
    if np.any(marks[1:] < marks[:-1]):
        yield "row_marks"
