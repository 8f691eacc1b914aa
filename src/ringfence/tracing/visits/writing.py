"""Writing to a store: load, erase, compact, retain. Each ends in one new manifest or leaves everything as it was."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.visits import durable, manifest
from ringfence.tracing.visits.aside import PIECE, Aside
from ringfence.tracing.visits.batch import CUT_AFTER, CUT_BEFORE, VisitBatch
from ringfence.tracing.visits.layout import OTHER_SHIFT, Words, count_pieces, cut_at_midnight
from ringfence.tracing.visits.manifest import SegmentEntry, Suppression
from ringfence.tracing.visits.merging import CONFLICT, KNOWN, compare_with_standing, touching_at_midnight
from ringfence.tracing.visits.segments import Segment, build_segment, open_segment, write_segment
from ringfence.tracing.visits.store import VisitStore, Waiting, kinds_checksum, refused_writing
from ringfence.tracing.visits.table import table_of
from ringfence.vocabulary.moments import MINUTES_PER_DAY, date_of
from ringfence.vocabulary.refusals import Refused


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of the visits handed over: new ones, ones known already, ones older than what is retained."""

    loaded: int
    duplicates: int
    expired: int


@contextmanager
def writing(store: VisitStore, waiting: Waiting | None = None) -> Iterator[Writer]:
    """Hold a store for writing; what was not committed is swept away, by this writer or by the next."""
    with refused_writing(store.path, needed=0), durable.only_writer(store.path, waiting):
        store.refresh()
        manifest.sweep(store.path, store.manifest)
        writer = _writer_of(store)
        try:
            yield writer
        except BaseException:
            with suppress(OSError, Refused):  # Give back at once the room that half a load took.
                manifest.sweep(store.path, manifest.read_current(store.path))
            raise
        finally:
            writer.close()


def _writer_of(store: VisitStore) -> Writer:
    if store.identity.kind != "live":
        return Writer(store)
    from ringfence.tracing.live.store import LiveStore
    from ringfence.tracing.live.writing import LiveWriter

    assert isinstance(store, LiveStore)
    return LiveWriter(store)


class Writer:
    """The one who writes. Got from `writing`; every method but `add` publishes a manifest."""

    def __init__(self, store: VisitStore) -> None:
        self.store = store
        self._aside = self._new_aside()
        self._kinds: dict[int, int] = {}

    def _new_aside(self) -> Aside:
        return Aside(self.store.path / "aside")

    def close(self) -> None:
        """Let go of what was put aside."""
        self._aside.close()

    def drop(self) -> None:
        """Let go of all that was taken in since the last commit."""
        self._aside.close()
        self._kinds.clear()

    def add(self, batch: VisitBatch) -> None:
        """Take visits in; they become part of the store with `commit`."""
        needed = 16 * (self._aside.rows + len(batch))
        with refused_writing(self.store.path, needed=needed):
            self._aside.add(batch)

    def set_kinds(self, kinds: Mapping[int, int]) -> None:
        """Note what kind of place some places are; the first word about a place stands."""
        for place, kind in kinds.items():
            self._kinds.setdefault(place, kind)

    def commit(
        self,
        *,
        ledger: Iterable[tuple[str, int]] = (),
        suppressions: Iterable[Suppression] = (),
        keys_mark: str | None = None,
        zone: str | None = None,
    ) -> LoadOutcome:
        """Write what was taken in as segments and put it in force, durably. `ledger` names the files it came from.

        `zone` becomes the store's where none is settled yet and something was loaded.
        """
        with refused_writing(self.store.path, needed=32 * self._aside.rows):
            fresh, outcome = self._segments_of_load()
            now = self.store.manifest
            known = {(s.digest, s.number): s for s in (*now.suppressions, *suppressions)}
            self._publish(
                segments=now.segments + tuple(fresh),
                ledger=tuple(dict.fromkeys((*now.ledger, *ledger))),
                suppressions=tuple(known.values()),
                kinds_file=self._write_kinds(),
                keys_mark=now.keys_mark if keys_mark is None else keys_mark,
                zone=zone if zone and outcome.loaded and not self.store.settled_zone else now.zone,
            )
        return outcome

    def set_zone(self, zone: str) -> None:
        """Let people read this store in another time zone; its visits stay as they are."""
        with refused_writing(self.store.path, needed=0):
            self._publish(zone=zone)

    def erase(self, numbers: Iterable[int], suppressions: Iterable[Suppression] = ()) -> None:
        """Make persons unfindable at once; their bytes go at the next `compact`."""
        now = self.store.manifest
        numbers = list(numbers)
        impossible = [n for n in numbers if not 0 <= n < 1 << 32]
        if impossible:
            raise Refused("store.unknown_person", person=str(impossible[0]))
        with refused_writing(self.store.path, needed=0):
            self._publish(
                tombstones=tuple(sorted({*now.tombstones, *numbers})),
                suppressions=tuple({(s.digest, s.number): s for s in (*now.suppressions, *suppressions)}.values()),
            )

    def retain(self, from_day: int) -> int:
        """Forget all days before a UTC day, for good, and return how many days went."""
        now = self.store.manifest
        kept = tuple(s for s in now.segments if s.day >= from_day)
        gone = {s.day for s in now.segments} - {s.day for s in kept}
        with refused_writing(self.store.path, needed=0):
            self._publish(segments=kept, retained_from=max(from_day, now.retained_from or from_day))
            manifest.sweep(self.store.path, self.store.manifest, keep=1)
        return len(gone)

    def compact(self, *, days: Iterable[int] | None = None) -> int:
        """Write each day of several segments, or with erased persons, as one; return how many days changed."""
        now = self.store.manifest
        erased = self.store.erased
        by_day: dict[int, list[SegmentEntry]] = defaultdict(list)
        for entry in now.segments:
            by_day[entry.day].append(entry)
        wanted = set(by_day if days is None else days)
        kept: list[SegmentEntry] = []
        changed = 0
        needed = 2 * sum((self.store.path / s.file).stat().st_size for s in now.segments) // max(len(by_day), 1)
        with refused_writing(self.store.path, needed=needed):
            for day, entries in sorted(by_day.items()):
                segments = [self.store._segments[e.file] for e in entries]
                if day not in wanted or (len(entries) == 1 and not _holds_any(segments[0], erased)):
                    kept += entries
                    continue
                changed += 1
                merged = _merge(day, segments, erased)
                if merged.pieces or len(merged.sections["conflicts"]):
                    kept.append(self._write(merged))
            clean = days is None
            self._publish(segments=tuple(kept), tombstones=() if clean else now.tombstones)
            # Erased persons must not lie about in files that only an older manifest names.
            manifest.sweep(self.store.path, self.store.manifest, keep=1 if len(erased) else manifest.KEPT)
        return changed

    def _publish(self, **changes: object) -> None:
        following = self.store.manifest.next(**changes)
        manifest.publish(self.store.path, following)
        manifest.sweep(self.store.path, following)
        self.store.refresh()

    def _write(self, segment: Segment) -> SegmentEntry:
        return self._write_file(
            segment.day, lambda path: write_segment(segment, path), segment.pieces, segment.rows_begun()
        )

    def _write_file(self, day: int, write: Callable[[Path], str], pieces: int, rows: int) -> SegmentEntry:
        room = self.store.path / "days" / date_of(day).isoformat()
        if not room.exists():
            room.mkdir()
            durable.flush_directory(room.parent)
        name = f"{secrets.token_hex(8)}.seg"
        checksum = write(room / name)
        durable.flush_directory(room)
        return SegmentEntry(day, f"days/{room.name}/{name}", checksum, pieces, rows)

    def _write_kinds(self) -> str:
        standing = self.store.place_kinds()
        news = {p: k for p, k in self._kinds.items() if k and (p >= len(standing) or not standing[p])}
        if not news:
            return self.store.manifest.kinds_file
        kinds = np.zeros(max(len(standing), max(news) + 1), np.uint8)
        kinds[: len(standing)] = standing
        kinds[list(news)] = list(news.values())
        data = kinds.tobytes()
        name = f"kinds/{secrets.token_hex(8)}.{kinds_checksum(data)}"
        durable.write_new(self.store.path / name, data)
        durable.flush_directory(self.store.path / "kinds")
        return name

    def _segments_of_load(self) -> tuple[list[SegmentEntry], LoadOutcome]:
        """Return the entries of new segments for all that was put aside, day by day, two days at once."""
        counts = np.zeros(3, np.int64)
        tallies = [counts]  # Threads count apart.
        retained_from = self.store.manifest.retained_from or 0
        carried: dict[int, list[NDArray[Any]]] = defaultdict(list)
        jobs: list[Future[SegmentEntry | None]] = []
        entries: list[SegmentEntry] = []
        with ThreadPoolExecutor(2) as pool:
            days = self._aside.days()
            while days or carried:
                day = min([*days[:1], *carried])
                days = days[1:] if days and days[0] == day else days
                long_rows = self._new_long_rows(day, counts)
                for later, pieces in _pieces_of_long_rows(long_rows).items():
                    carried[later].append(pieces)
                single = self._aside.single(day)
                cut = carried.pop(day, [])
                if day < retained_from:  # What such a row has of later days is kept, and counted where it begins there.
                    counts[2] += len(single) + np.count_nonzero(long_rows["end"] <= retained_from * MINUTES_PER_DAY)
                    continue
                counts[0] += len(long_rows)
                if len(jobs) >= 2:  # Two days in memory at most.
                    jobs[-2].result()
                tallies.append(np.zeros(3, np.int64))
                jobs.append(pool.submit(self._write_day, day, single, cut, long_rows, tallies[-1]))
            entries = [e for job in jobs if (e := job.result()) is not None]
        entries += self._midnight_conflicts(entries)
        return entries, LoadOutcome(*np.sum(tallies, axis=0).tolist())

    def _new_long_rows(self, day: int, counts: NDArray[np.int64]) -> NDArray[Any]:
        rows = self._aside.long(day)
        known = [s.sections["long_rows"] for s in self.store.segments if s.day == day] if len(rows) else []
        fresh = _unknown_rows(rows, np.concatenate(known) if known else rows[:0])
        counts[1] += len(rows) - len(fresh)
        return fresh

    def _write_day(
        self,
        day: int,
        single: NDArray[Any],
        cut: list[NDArray[Any]],
        long_rows: NDArray[Any],
        counts: NDArray[np.int64],
    ) -> SegmentEntry | None:
        pieces = np.concatenate([single, *cut]) if cut else single
        conflicts = np.empty(0, np.uint64)
        places = np.ascontiguousarray(pieces["place"])
        words: Words = np.ascontiguousarray(pieces["word"])
        del pieces
        begun = len(single)
        standing = self.store._standing
        verdict = compare_with_standing(standing.rows, standing.first_day, standing.first, day, places, words)
        if day == self.store.manifest.retained_from:
            arrived = verdict[begun:][words[begun:] & np.uint64(CUT_BEFORE) != 0] == KNOWN
            counts[:2] += np.count_nonzero(~arrived), np.count_nonzero(arrived)
        if verdict.any():
            clash = verdict == CONFLICT
            persons = (words[clash] >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF)
            conflicts = np.unique((places[clash].astype(np.uint64) << np.uint64(32)) | persons)
            keep = verdict != KNOWN
            places, words = places[keep], words[keep]
        if not len(words) and not len(long_rows):
            counts[1] += begun
            return None
        segment = build_segment(day, places, words, conflicts=conflicts, long_rows=long_rows)
        uncut = int(np.count_nonzero(segment.sections["place_words"] & np.uint64(CUT_BEFORE | CUT_AFTER) == 0))
        counts[0] += uncut
        counts[1] += begun - uncut
        return self._write(segment)

    def _midnight_conflicts(self, entries: list[SegmentEntry]) -> list[SegmentEntry]:
        """Return entries of segments that only name conflicts: visits of two rows that touch exactly at midnight."""
        fresh = [open_segment(self.store.path / e.file, e.checksum) for e in entries]
        table = table_of([*self.store.segments, *fresh])
        days = {e.day for e in entries}
        found = []
        for day in sorted({d - 1 for d in days} | days):
            pairs = touching_at_midnight(table.rows, table.first_day, table.first, day)
            known = [s.sections["conflicts"] for s in (*self.store.segments, *fresh) if s.day == day + 1]
            pairs = np.setdiff1d(pairs, np.concatenate(known)) if len(pairs) else pairs
            if len(pairs):
                empty = np.empty(0, np.uint32)
                segment = build_segment(day + 1, empty, np.empty(0, np.uint64), conflicts=pairs)
                found.append(self._write(segment))
        return found


def _unknown_rows(rows: NDArray[Any], known: NDArray[Any]) -> NDArray[Any]:
    """Return the rows that pass midnight which are neither known nor said twice; flags do not tell rows apart."""
    if not len(rows):
        return rows
    both = np.concatenate([known, rows])
    who = both["person"].astype(np.uint64) << np.uint64(32) | both["place"]
    when = both["start"].astype(np.uint64) << np.uint64(32) | both["end"].astype(np.uint64)
    order = np.lexsort((when, who))  # Stable: of equal rows a known one comes first.
    fresh = np.ones(len(both), np.bool_)
    fresh[order[1:]] = (who[order[1:]] != who[order[:-1]]) | (when[order[1:]] != when[order[:-1]])
    return rows[fresh[len(known) :]]


def _pieces_of_long_rows(rows: NDArray[Any]) -> dict[int, NDArray[Any]]:
    """Return the pieces by day of visits that pass midnight."""
    start, end = rows["start"].astype(np.int64), rows["end"].astype(np.int64)
    n = count_pieces(start, end)
    row, day, low = np.empty(n, np.int64), np.empty(n, np.int32), np.empty(n, np.uint64)
    cut_at_midnight(start, end, np.ascontiguousarray(rows["flags"]), row, day, low)
    out = {}
    for d in np.unique(day):
        here = day == d
        pieces = np.empty(int(here.sum()), PIECE)
        pieces["place"] = rows["place"][row[here]]
        pieces["word"] = low[here] | (rows["person"][row[here]].astype(np.uint64) << OTHER_SHIFT)
        out[int(d)] = pieces
    return out


def _holds_any(segment: Segment, persons: NDArray[np.int64]) -> bool:
    keys = segment.sections["person_keys"]
    at = np.searchsorted(keys, persons)
    return bool(np.any(keys[np.minimum(at, len(keys) - 1)] == persons)) if len(keys) and len(persons) else False


def _merge(day: int, segments: list[Segment], erased: NDArray[np.int64]) -> Segment:
    """Return one segment of all that some segments of a day hold, erased persons left out."""
    places = np.concatenate([s.place_of_words() for s in segments])
    words = np.concatenate([s.sections["place_words"] for s in segments])
    conflicts = np.unique(np.concatenate([s.sections["conflicts"] for s in segments]))
    long_rows = np.concatenate([s.sections["long_rows"] for s in segments])
    if len(erased):
        alive = ~np.isin((words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF), erased.astype(np.uint64))
        places, words = places[alive], words[alive]
        conflicts = conflicts[~np.isin(conflicts & np.uint64(0xFFFFFFFF), erased.astype(np.uint64))]
        long_rows = long_rows[~np.isin(long_rows["person"], erased.astype(np.uint32))]
    return build_segment(day, places, words, conflicts=conflicts, long_rows=long_rows)
