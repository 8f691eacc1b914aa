"""Looking after a store: what is in it, whether every byte holds, and its visits as Parquet for other engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.live.opened_log import OpenedCount
from ringfence.tracing.visits import manifest
from ringfence.tracing.visits.batch import CUT_BEFORE, IMPUTED
from ringfence.tracing.visits.layout import OTHER_SHIFT, find_conflicts
from ringfence.tracing.visits.segments import Segment, open_segment
from ringfence.tracing.visits.store import VisitStore, refused_writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY, date_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

Progress = Callable[[int, int], None]
EXPORT_MARK = "export.json"
"""Names the store whose days a folder holds."""
_UNFINISHED = ".visits.parquet.new"


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store holds: days (dates), visits begun, imputed ends, persons, places, bytes on disk, and more.

    Of a live store nobody knows imputed ends, persons and places without opening it (None), and `visits` counts the
    erased until their days are forgotten; `opened` tells how much of it was ever opened under warrants. `zone` is None
    while nobody has named one.
    """

    kind: str
    zone: str | None
    days: list[str]
    visits: int
    imputed: int | None
    persons: int | None
    places: int | None
    kinds: dict[str, int]
    segments: int
    bytes: int
    files_loaded: int
    erased: int
    awaiting_compaction: int
    retained_from: str | None
    rejects_files: int
    opened: OpenedCount | None = None


def info(store: VisitStore) -> StoreInfo:
    """Return what a store holds; erased persons are not counted."""
    if store.identity.kind == "live":
        return _live_info(store)
    gone = store.erased
    visits = imputed = 0
    places: set[int] = set()
    for segment in store.segments:
        words = segment.sections["place_words"]
        begun = words[words & np.uint64(CUT_BEFORE) == 0]
        if len(gone):
            begun = begun[~np.isin((begun >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF), gone.astype(np.uint64))]
        visits += len(begun)
        imputed += int(np.count_nonzero(begun & np.uint64(IMPUTED)))
        places.update(segment.sections["place_keys"].tolist())
    return _info(store, visits=visits, imputed=imputed, persons=len(store.persons_seen()), places=len(places))


def _live_info(store: VisitStore) -> StoreInfo:
    from ringfence.tracing.live.store import LiveStore

    assert isinstance(store, LiveStore)
    visits = sum(entry.rows for entry in store.manifest.segments)
    return _info(store, visits=visits, imputed=None, persons=None, places=None, opened=store.opened.totals())


def _info(
    store: VisitStore,
    *,
    visits: int,
    imputed: int | None,
    persons: int | None,
    places: int | None,
    opened: OpenedCount | None = None,
) -> StoreInfo:
    kinds = np.bincount(store.place_kinds(), minlength=len(PlaceKind))
    entries = store.manifest.segments
    from_day = store.manifest.retained_from
    return StoreInfo(
        kind=store.identity.kind,
        zone=store.settled_zone,
        days=[date_of(d).isoformat() for d in sorted({e.day for e in entries if e.pieces})],
        visits=visits,
        imputed=imputed,
        persons=persons,
        places=places,
        kinds={PlaceKind(k).name.lower(): int(n) for k, n in enumerate(kinds) if n and k},
        segments=len(entries),
        bytes=store.manifest_bytes(),
        files_loaded=len(store.manifest.ledger),
        erased=len(store.erased),
        awaiting_compaction=len(store.manifest.tombstones),
        rejects_files=_rejects_files(store),
        opened=opened,
        retained_from=None if from_day is None else date_of(from_day).isoformat(),
    )


def _rejects_files(store: VisitStore) -> int:
    """Return how many files of rejected rows lie with the keys of a store."""
    room = None if store.keys is None else store.keys.rejects_directory
    return len(list(room.glob("*.csv"))) if room is not None and room.is_dir() else 0


@dataclass(frozen=True, slots=True)
class Leaving:
    """What would go from a store: how many days (of a person: days with something of hers), and visits begun in them.

    None where a sealed store does not tell.
    """

    days: int | None
    visits: int | None


def before(store: VisitStore, from_day: int) -> Leaving:
    """Return what lies before a UTC day, erased persons who await compaction included; nothing is changed."""
    gone = [entry for entry in store.manifest.segments if entry.day < from_day]
    return Leaving(len({entry.day for entry in gone}), sum(entry.rows for entry in gone))


def left_by(store: VisitStore, person: str) -> Leaving:
    """Return what of a person stands in a store; nothing is changed. Refused for somebody it does not know."""
    (number,) = store.numbers_of([person]).tolist()
    if store.identity.kind == "live":
        return Leaving(None, None)
    days: set[int] = set()
    visits = 0
    for segment in store.segments:
        words = segment.sections["place_words"]
        hers = words[(words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF) == np.uint64(number)]
        visits += int(np.count_nonzero(hers & np.uint64(CUT_BEFORE) == 0))
        days |= {segment.day} if len(hers) else set()
    return Leaving(len(days), visits)


def verify(store: VisitStore, progress: Progress | None = None) -> list[Refused]:
    """Read every byte of a store and return what does not hold: checksums, order, both sides alike, conflicts named.

    Of a live store nothing is opened: checksums, the order of marks, sizes of blocks, and the log of openings.
    """
    if store.identity.kind == "live":
        from ringfence.tracing.live.store import LiveStore

        assert isinstance(store, LiveStore)
        return [*store.check_kinds(), *store.faults(progress)]
    found = store.check_kinds()
    entries = store.manifest.segments
    for done, entry in enumerate(entries):
        try:
            segment = open_segment(store.path / entry.file, entry.checksum, verify=True)
            found += [Refused("store.damaged", file=entry.file, part=part) for part in _faults(segment)]
        except Refused as refusal:
            found.append(refusal)
        except FileNotFoundError:  # Swept meanwhile, or lost.
            if entry in manifest.read_current(store.path).segments:
                found.append(Refused("store.damaged", file=entry.file, part="file"))
        if progress is not None:
            progress(done + 1, len(entries))
    return found


def _faults(segment: Segment) -> Iterator[str]:
    """Yield the sections of a segment that say what cannot be, though their bytes are as written."""
    sides = {}
    for side in ("place", "person"):
        keys, offsets = segment.sections[f"{side}_keys"], segment.sections[f"{side}_offsets"].astype(np.int64)
        words = segment.sections[f"{side}_words"]
        if np.any(keys[1:] <= keys[:-1]) or np.any(np.diff(offsets) <= 0) or offsets[-1:].sum() != len(words):
            yield f"{side}_keys"
            return
        owner = np.repeat(keys, np.diff(offsets)).astype(np.uint64)
        if np.any((words[1:] < words[:-1]) & (owner[1:] == owner[:-1])):
            yield f"{side}_words"
        other = (words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF)
        place, person = (owner, other) if side == "place" else (other, owner)
        when = words & ~(np.uint64(0xFFFFFFFF) << OTHER_SHIFT)
        order = np.lexsort((when, person, place))
        sides[side] = (place[order], person[order], when[order])
    if any(not np.array_equal(a, b) for a, b in zip(sides["place"], sides["person"], strict=True)):
        yield "person_words"
    own = find_conflicts(*(segment.sections[f"person_{part}"] for part in ("words", "keys", "offsets")))
    if len(np.setdiff1d(own, segment.sections["conflicts"])):
        yield "conflicts"


def export_parquet(store: VisitStore, out: Path, progress: Progress | None = None) -> int:
    """Write a store's visits to `out/date=…/visits.parquet`, one file a UTC day, and return how many pieces.

    Columns: person, place (numbers), start, end (minutes since 1970 UTC, cut at midnight), flags; by place, then start.
    Beside them `places.parquet` gives the kind of each place. Erased persons are left out. A live store refuses. Days
    of an earlier export that the store has forgotten leave the folder; one with days of another origin is refused.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if store.identity.kind == "live":
        raise Refused("store.live_export")
    total = 0
    days = sorted({e.day for e in store.manifest.segments})
    with refused_writing(out, needed=store.manifest_bytes()):
        out.mkdir(parents=True, exist_ok=True)
        _claim_export(store, out, days)
        kinds = store.place_kinds()
        pq.write_table(
            pa.table({"place": np.arange(len(kinds), dtype=np.uint32), "kind": kinds}), out / "places.parquet"
        )
        for done, day in enumerate(days):
            names = ("person", "place", "start", "end", "flags")
            table = pa.table(dict(zip(names, pieces_of_day(store, day), strict=True)))
            room = out / _room_of(day)
            room.mkdir(exist_ok=True)
            fresh = room / _UNFINISHED
            pq.write_table(table, fresh, compression="zstd")
            fresh.replace(room / "visits.parquet")
            total += len(table)
            if progress is not None:
                progress(done + 1, len(days))
    return total


def _room_of(day: int) -> str:
    return f"date={date_of(day).isoformat()}"


def _claim_export(store: VisitStore, out: Path, days: Sequence[int]) -> None:
    """Mark a folder as an export of a store, and remove the days in it that the store holds no more."""
    mark = out / EXPORT_MARK
    rooms = list(out.glob("date=*"))
    own = json.dumps({"store": store.identity.id}) + "\n"
    if rooms and (not mark.is_file() or mark.read_text(encoding="utf-8", errors="replace") != own):
        raise Refused("store.foreign_export", folder=str(out))
    gone = [room for room in rooms if room.name not in {_room_of(day) for day in days}]
    for room in gone:
        foreign = [file.name for file in room.iterdir() if file.name not in ("visits.parquet", _UNFINISHED)]
        if foreign:
            raise Refused("store.foreign_export", folder=str(room))
    mark.write_text(own, encoding="utf-8")
    for room in gone:
        for file in room.iterdir():
            file.unlink()
        room.rmdir()


def pieces_of_day(store: VisitStore, day: int) -> tuple[NDArray[np.generic], ...]:
    """Return (person, place, start, end, flags) of a day's pieces, by place and start; what stands twice comes once."""
    segments = [s for s in store.segments if s.day == day]
    places = np.concatenate([s.place_of_words() for s in segments])
    words = np.concatenate([s.sections["place_words"] for s in segments])
    persons = ((words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    gone = store.erased
    if len(segments) > 1 or len(gone):  # one segment stands in this order already
        order = np.lexsort((words, places))
        order = order[~np.isin(persons, gone.astype(np.uint32))[order]]
        words, places, persons = words[order], places[order], persons[order]
    start = (words >> np.uint64(53)).astype(np.int64) + day * MINUTES_PER_DAY
    end = start + ((words >> np.uint64(42)) & np.uint64(0x7FF)).astype(np.int64)
    return persons, places, start, end, (words & np.uint64(0x3FF)).astype(np.uint16)
