"""Files into a store, and persons out of it: key map and store moved together, in an order that a crash forgives.

Keys are made durable before the visits that use them; an erasure is written into the key map before the store. Whatever
stops the program in between, the next writer finishes it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ringfence.tracing.keys import KeyMap
from ringfence.tracing.visits.manifest import Suppression
from ringfence.tracing.visits.store import VisitStore, Waiting, create_store, default_keys, open_store
from ringfence.tracing.visits.writing import Writer, writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    from ringfence.tracing.intake import IntakeSettings, RejectsFile, VisitReader
    from ringfence.tracing.intake.rejects import Reject

Progress = Callable[[int, int], None]
"""Called with the bytes read so far of all files, and the bytes of all files."""


@dataclass(slots=True)
class Loaded:
    """What became of all rows of all files: rows = loaded + duplicates + rejected + suppressed + expired.

    `reasons` are rejected rows by code, with the first of each; `unused_columns` are by file.
    """

    loaded: int = 0
    duplicates: int = 0
    rejected: int = 0
    imputed: int = 0
    suppressed: int = 0
    expired: int = 0
    uncertain: int = 0
    kind_conflicts: int = 0
    unknown_kinds: Counter[str] = field(default_factory=Counter)
    rejects_file: Path | None = None
    known_files: list[str] = field(default_factory=list)
    unused_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: dict[str, tuple[int, Reject]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def open_or_create(
    path: Path,
    keys: Path | None,
    *,
    kind: str | None = None,
    zone: str | None = None,
    trusted: Sequence[str] = (),
) -> VisitStore:
    """Open a store with its keys for loading, or make both; refused when the store is of another kind than asked.

    `trusted` are public keys (hex) that a new live store obeys; an existing store does not learn them here.
    """
    if not (path / "CURRENT").exists():
        try:
            create_store(path, kind=kind or "research", zone=zone or "UTC", trusted=trusted, keys=keys)
        except Refused as refusal:
            if refusal.code != "store.exists":
                raise  # else another process was quicker
    beside = keys or default_keys(path)
    if not (beside / "CURRENT").exists() and open_store(path).manifest.keys_mark:
        raise Refused("store.keys_missing", keys=str(beside))
    KeyMap.open_or_create(beside)
    store = open_store(path, keys)
    if kind is not None and kind != store.identity.kind:
        raise Refused("store.kind_mismatch", store=str(path), kind=store.identity.kind, asked=kind)
    return store


def refuse_unreadable(files: Sequence[Path], settings: IntakeSettings) -> None:
    """Refuse, before a store is made for them, files of which none can be read; their first rows are looked at."""
    from ringfence.tracing.intake.blocks import refused_at_once

    refusals = [refused_at_once(file, settings) for file in files]
    told = [refusal for refusal in refusals if refusal is not None]
    if told and len(told) == len(refusals):
        raise told[0] if len(told) == 1 else ExceptionGroup("", told)


def load_files(
    store: VisitStore,
    files: Sequence[Path],
    settings: IntakeSettings,
    *,
    rejects_file: Path | None = None,
    progress: Progress | None = None,
    waiting: Waiting | None = None,
) -> Loaded:
    """Load files of visits: good rows go in, bad rows into the file of rejects, a file loaded before changes nothing.

    Rejects go, where no file is named, into the key directory under a name of their content. A damaged file is refused
    as a whole and told in `refused`; the others are loaded. All of it counts at once, when
    this returns, or, after a crash, not at all.
    """
    from ringfence.tracing.intake.rejects import refuse_existing

    if rejects_file is not None:
        refuse_existing(rejects_file)
    keys = _keys_of(store)
    refused: list[Refused] = []
    readable = list(files)
    with writing(store, waiting) as writer:
        finish_erasures(store, writer)
        while True:
            with _rejects_at(rejects_file, keys) as rejects:
                try:
                    return _load(store, keys, writer, readable, settings, rejects, progress, refused)
                except _Unreadable as damaged:
                    # What it had given already cannot be told from the rest: begin again without it.
                    refused.append(damaged.refusal)
                    readable.remove(damaged.file)
                    rejects.discard()
                    writer.drop()
                finally:
                    keys.discard()


def _rejects_at(path: Path | None, keys: KeyMap) -> RejectsFile:
    from ringfence.tracing.intake import RejectsFile

    return RejectsFile.within(keys.rejects_directory) if path is None else RejectsFile(path)


def finish_erasures(store: VisitStore, writer: Writer) -> None:
    """Let store and keys both know every erasure that either remembers: a crash or an older copy may part them."""
    keys = store.keys
    if keys is None:
        return
    keys.adopt_suppressions([(s.digest, s.number, s.at_minute) for s in store.manifest.suppressions])
    known = {(s.digest, s.number) for s in store.manifest.suppressions}
    missing = [Suppression(*entry) for entry in keys.suppressed() if entry[:2] not in known]
    if missing:
        writer.erase([s.number for s in missing], missing)
    persons, places = store.numbers_used()
    # A number that was erased is never given again, though a store that was emptied shows it no more.
    persons = max([persons, *(int(number) + 1 for number in store.erased)])
    if persons > keys.count("person") or places > keys.count("place"):
        # An older copy of the keys must not give numbers again that the store has used since.
        keys.reserve("person", persons)
        keys.reserve("place", places)
        keys.commit()


def erase_person(store: VisitStore, person: str, *, at_minute: int, waiting: Waiting | None = None) -> bool:
    """Make a person unfindable for good: her id leaves the keys now, her visits are skipped now and go at compaction.

    Nothing of hers returns from before `at_minute`, or before the end of the last day that the store holds if that is
    later. Returns whether she was there; whoever is erased already stays so, and can be asked for again.
    """
    with writing(store, waiting) as writer:
        finish_erasures(store, writer)
        if store.keys is not None and _is_erased(store.keys, person):
            return False
        (number,) = store.numbers_of([person]).tolist()
        if store.keys is None:
            if number >= store.numbers_used()[0]:
                raise Refused("store.unknown_person", person=person)
            known = number in store.erased
            writer.erase([number])
            return not known
        last_day = max((entry.day for entry in store.manifest.segments), default=-1)
        bar = max(at_minute, (last_day + 1) * MINUTES_PER_DAY)  # A clock may run behind the visits it is to bar.
        digest = store.keys.forget(number, at_minute=bar)
        try:
            writer.erase([number], [Suppression(digest, number, bar)] if digest is not None else [])
        except Refused as refusal:
            if refusal.code != "store.disk_full":
                raise
            raise Refused("store.erased_in_keys", store=str(store.path)) from refusal
        return True


def _is_erased(keys: KeyMap, person: str) -> bool:
    """Return whether a person was erased and has not come back since."""
    return int(keys.find("person", [person])[0]) < 0 and keys.suppression_digest(person) in keys.barred()


class _Unreadable(Exception):
    """A file that turned out damaged while others wait to be loaded."""

    def __init__(self, file: Path, refusal: Refused) -> None:
        super().__init__(file)
        self.file = file
        self.refusal = refusal


def _load(
    store: VisitStore,
    keys: KeyMap,
    writer: Writer,
    files: Sequence[Path],
    settings: IntakeSettings,
    rejects: RejectsFile,
    progress: Progress | None,
    refused: list[Refused],
) -> Loaded:
    """Read files into a writer and commit all of it at once, or nothing where a file turns out damaged."""
    from ringfence.tracing.intake import content_hash, read_visits

    result = Loaded(refused=refused)
    standing = store.place_kinds()
    kinds = {int(p): PlaceKind(int(standing[p])) for p in np.flatnonzero(standing)}
    rows_known = dict(store.manifest.ledger)
    fresh: dict[str, int] = {}
    for file, progress_of_file in _one_by_one(files, progress):
        mark = hashlib.sha256(f"{content_hash(file)} {_meaning(settings)}".encode()).hexdigest()
        if mark in rows_known:
            result.duplicates += rows_known[mark]
            result.known_files.append(file.name)
            continue
        try:
            reader = read_visits(
                file, keys=keys, settings=settings, rejects=rejects, place_kinds=kinds, progress=progress_of_file
            )
            for batch in reader:
                writer.add(batch)
        except Refused as refusal:
            raise _Unreadable(file, refusal) from refusal
        kinds |= reader.place_kinds
        _count(result, file, reader)
        if not reader.counts.rejected:  # A file with rejects is read again another time, so that they are told again.
            fresh[mark] = rows_known[mark] = reader.counts.rows
    writer.set_kinds({place: int(kind) for place, kind in kinds.items()})
    result.rejects_file = rejects.close()
    keys.commit()
    outcome = writer.commit(ledger=fresh.items(), keys_mark=keys.secret_mark, zone=settings.zone)
    result.loaded, result.expired = outcome.loaded, outcome.expired
    result.duplicates += outcome.duplicates
    return result


def _one_by_one(files: Sequence[Path], progress: Progress | None) -> Iterator[tuple[Path, Progress | None]]:
    """Yield files, each with a progress that tells of all; that one is done is told when the next is asked for."""
    sizes = [file.stat().st_size for file in files]
    before = 0
    for file, size in zip(files, sizes, strict=True):
        yield file, _from(progress, before, sum(sizes))
        before += size
        if progress is not None:
            progress(before, sum(sizes))


def _count(result: Loaded, file: Path, reader: VisitReader) -> None:
    """Add to a result what became of the rows of one file."""
    counts = reader.counts
    result.rejected += counts.rejected
    result.imputed += counts.imputed
    result.suppressed += counts.suppressed
    result.uncertain += counts.uncertain
    result.kind_conflicts += counts.kind_conflicts
    result.unknown_kinds += counts.unknown_kinds
    if reader.unused_columns:
        result.unused_columns[file.name] = reader.unused_columns
    for code, (count, first) in counts.reasons.items():
        count_before, earlier = result.reasons.get(code, (0, first))
        result.reasons[code] = count_before + count, earlier


def _from(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return a progress of one file that tells of all files: so many bytes were read before it."""
    if progress is None:
        return None
    return lambda done, _total: progress(before + done, total)


def _meaning(settings: IntakeSettings) -> str:
    """Return what of the settings decides how a file's rows are read, so that other settings read it anew."""
    return repr((sorted(settings.columns.items()), settings.zone, settings.time_format, settings.whole_days,
                 settings.dwell, settings.longest_days))  # fmt: skip


def _keys_of(store: VisitStore) -> KeyMap:
    if store.keys is None:
        raise Refused("store.keys_missing", keys=str(default_keys(store.path)))
    return store.keys
