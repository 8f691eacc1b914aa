"""Writing to a live store: the same acts as `writing`, with sealed segments, and without ever opening what stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.live.sealed import (
    RowMarks,
    SealedSegment,
    joined,
    marks_and_keys,
    marks_of_rows,
    seal,
    write_sealed,
)
from ringfence.tracing.live.store import LiveStore
from ringfence.tracing.visits import manifest
from ringfence.tracing.visits.aside import Aside, Cover
from ringfence.tracing.visits.layout import OTHER_SHIFT
from ringfence.tracing.visits.manifest import SegmentEntry
from ringfence.tracing.visits.segments import build_segment
from ringfence.tracing.visits.store import refused_writing
from ringfence.tracing.visits.writing import Writer
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Marks = tuple[NDArray[np.uint64], NDArray[np.uint32]]


class LiveWriter(Writer):
    """The one who writes to a live store. It needs the keys of days to seal, and has no means to open."""

    store: LiveStore

    def __init__(self, store: LiveStore) -> None:
        store.day_keys.check_founding(store.founding())
        super().__init__(store)
        if store.manifest.retained_from is not None:  # A crash may have come between forgetting days and their keys.
            store.day_keys.destroy_before(store.manifest.retained_from)

    def retain(self, from_day: int) -> int:
        """Forget all days before a UTC day for good, their keys too, and return how many days went."""
        gone = super().retain(from_day)
        self.store.day_keys.destroy_before(self.store.manifest.retained_from or from_day)
        return gone

    def compact(self, *, days: Iterable[int] | None = None) -> int:
        """Write each day of several segments, or with person-days of the erased, as one; return how many days changed.

        Nothing is opened, so an erased person's number stays inside sealed place-days until the day's key is destroyed;
        her tombstone stays as long, and no search shows her.
        """
        now = self.store.manifest
        by_day: dict[int, list[SegmentEntry]] = defaultdict(list)
        for entry in now.segments:
            by_day[entry.day].append(entry)
        wanted = set(by_day if days is None else days)
        kept: list[SegmentEntry] = []
        changed = 0
        with refused_writing(self.store.path, needed=self.store.manifest_bytes()):
            for day, entries in sorted(by_day.items()):
                if day not in wanted:
                    kept += entries
                    continue
                segments = [self.store.sealed_file(e.file) for e in entries]
                gone, _ = marks_and_keys(self.store.key_of(day), "person", self.store.erased)
                holds = any(np.isin(gone, s.sections["person_marks"]).any() for s in segments)
                if len(entries) == 1 and not holds:
                    kept += entries
                    continue
                changed += 1
                kept.append(self._write_sealed(joined(day, segments, gone), sum(e.pieces for e in entries)))
            self._publish(segments=tuple(kept))
            keep = 1 if len(self.store.erased) else manifest.KEPT
            manifest.sweep(self.store.path, self.store.manifest, keep=keep)
        return changed

    def _new_aside(self) -> Aside:
        return Aside(self.store.path / "aside", Cover())

    def _write_sealed(self, segment: SealedSegment, pieces: int) -> SegmentEntry:
        rows = len(segment.sections["row_marks"])
        return self._write_file(segment.day, lambda path: write_sealed(segment, path), pieces, rows)

    def _new_long_rows(self, day: int, counts: NDArray[np.int64]) -> NDArray[Any]:
        rows = self._aside.long(day)
        if not len(rows) or day < (self.store.manifest.retained_from or day):
            counts[2] += len(rows)  # The key of a day that was forgotten is never made again.
            return rows[:0]
        fresh = self._unknown(day, self._marks_of_long(day, rows))
        counts[1] += len(rows) - int(fresh.sum())
        return rows[fresh]

    def _write_day(
        self,
        day: int,
        single: NDArray[Any],
        cut: list[NDArray[Any]],
        long_rows: NDArray[Any],
        counts: NDArray[np.int64],
    ) -> SegmentEntry | None:
        marks = self._marks_of_single(day, single)
        fresh = self._unknown(day, marks)
        counts[0] += int(fresh.sum())
        counts[1] += len(single) - int(fresh.sum())
        long_marks = self._marks_of_long(day, long_rows)
        pieces = np.concatenate([single[fresh], *cut])
        if not len(pieces) and not len(long_rows):
            return None
        segment = build_segment(day, np.ascontiguousarray(pieces["place"]), np.ascontiguousarray(pieces["word"]))
        rows = np.concatenate([marks[0][fresh], long_marks[0]]), np.concatenate([marks[1][fresh], long_marks[1]])
        sealed = seal(segment, self.store.key_to_seal(day), self.store.identity.id, rows)
        return self._write_sealed(sealed, segment.pieces)

    def _midnight_conflicts(self, entries: list[SegmentEntry]) -> list[SegmentEntry]:  # noqa: ARG002
        """Return nothing: what touches at midnight is found among opened place-days, when they are."""
        return []

    def _unknown(self, day: int, marks: Marks) -> NDArray[np.bool_]:
        """Return which rows of a day are neither known nor said twice."""
        high, low = marks
        order = np.lexsort((low, high))
        fresh = np.ones(len(high), np.bool_)
        same = (high[order[1:]] == high[order[:-1]]) & (low[order[1:]] == low[order[:-1]])
        fresh[order[1:]] = ~same
        for segment in self.store.sealed_of(day):
            known: RowMarks = segment.row_marks
            fresh &= ~known.among(high, low)
        return fresh

    def _marks_of_single(self, day: int, single: NDArray[Any]) -> Marks:
        words = single["word"]
        start = (words >> np.uint64(53)).astype(np.int64) + day * MINUTES_PER_DAY
        end = start + ((words >> np.uint64(42)) & np.uint64(0x7FF)).astype(np.int64)
        person = (words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF)
        return marks_of_rows(self.store.key_to_seal(day), person, single["place"], start, end)

    def _marks_of_long(self, day: int, rows: NDArray[Any]) -> Marks:
        key = self.store.key_to_seal(day)
        return marks_of_rows(key, rows["person"], rows["place"], rows["start"], rows["end"])
