"""Visits from files: every row is checked, numbered and rounded to minutes, or told in the file of rejected rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.blocks import Block, ahead, read_csv, read_parquet
from ringfence.tracing.intake.judge import FIELDS_AT_FAULT, Rule, judge
from ringfence.tracing.intake.kinds import known_kind
from ringfence.tracing.intake.rejects import Reject, RejectsFile
from ringfence.tracing.intake.settings import IntakeSettings
from ringfence.tracing.intake.sources import is_parquet
from ringfence.tracing.intake.vehicles import place_of_vehicle
from ringfence.tracing.keys import KeyMap
from ringfence.tracing.texts import Texts
from ringfence.tracing.visits.batch import IMPUTED, SOURCE_SHIFT, SOURCES, UNCERTAIN, VisitBatch
from ringfence.vocabulary.moments import MINUTES_PER_DAY, moment_of, zone_named
from ringfence.vocabulary.places import PlaceKind

Progress = Callable[[int, int], None]  # bytes of the file read so far, bytes of the file
_NO_KIND, _UNKNOWN_KIND = 255, 254
_VALUE_TOLD = 60  # characters
_UNSURE_WORDS = frozenset(("false", "f", "no", "n", "0", "uncertain", "unsure", "否", "不确定", "不准确", "存疑"))
_SOURCE_WORDS = {
    "": 0, "record": 0, "记录": 0, "登记": 0, "scan": 1, "扫码": 1, "场所码": 1, "interview": 2, "流调": 2, "访谈": 2,
    "自述": 2, "other": 3, "其他": 3,
}  # fmt: skip


@dataclass(slots=True)
class IntakeCounts:
    """What became of the rows of a file: rows = loaded + rejected + suppressed."""

    rows: int = 0
    loaded: int = 0
    rejected: int = 0
    suppressed: int = 0
    imputed: int = 0
    uncertain: int = 0
    kind_conflicts: int = 0  # places that were given a second kind; the first stays
    unknown_kinds: Counter[str] = field(
        default_factory=Counter
    )  # words for a kind of place that are not known, by rows
    reasons: dict[str, tuple[int, Reject]] = field(default_factory=dict)  # rejected rows by code, and the first of each


class VisitReader:
    """The visits of one file, in batches. Iterate once; afterwards `counts` and `place_kinds` are complete.

    A file found damaged on the way raises Refused: then nothing of it must be kept (`KeyMap.discard`, no commit).
    """

    def __init__(
        self,
        path: Path,
        *,
        keys: KeyMap,
        settings: IntakeSettings,
        rejects: RejectsFile,
        progress: Progress | None,
        place_kinds: Mapping[int, PlaceKind],
    ) -> None:
        self.path = path
        self.counts = IntakeCounts()
        self.place_kinds: dict[int, PlaceKind] = {}
        self.unused_columns: tuple[str, ...] = ()
        self._known_kinds = np.full(1024, _NO_KIND, np.uint8)
        for place, kind in place_kinds.items():
            self._room_for(place)
            self._known_kinds[place] = kind
        self._conflicts: set[int] = set()
        self._keys = keys
        self._settings = settings
        self._rejects = rejects
        self._progress = progress

    def __iter__(self) -> Iterator[VisitBatch]:
        self._keys.begin()
        with ThreadPoolExecutor(1, "places") as self._beside:
            yield from self._batches()

    def _batches(self) -> Iterator[VisitBatch]:
        read = read_parquet if is_parquet(self.path) else read_csv
        size = self.path.stat().st_size
        for block in ahead(read(self.path, self._settings)):
            batch = self._take(block)
            if self._progress is not None:
                self._progress(min(block.position, size), size)
            if len(batch):
                yield batch

    def _take(self, block: Block) -> VisitBatch:
        settings = self._settings
        self.unused_columns = block.unused
        person, place = block.fields["person"], block.fields["place"]
        aboard = self._aboard(block)
        if len(aboard):
            place = self._places_aboard(block, place, aboard)
        start, end, flags, rule, fault = judge(
            person, place, block, settings.longest_days * MINUTES_PER_DAY, settings.latest_minute
        )
        self.counts.rows += len(block)
        bad = np.flatnonzero(rule)
        if len(bad):
            self._reject(block, bad, start, rule, fault)
        good = np.flatnonzero(rule == 0) if len(bad) else np.arange(len(block))
        if self._keys.barred():
            persons, suppressed = self._keys.number_visits(person.take(good), start[good])
            self.counts.suppressed += int(suppressed.sum())
            good, persons = good[~suppressed], persons[~suppressed]
            places = self._keys.numbers("place", place.take(good))
        else:  # Nobody's rows are left out, so the two tables can be asked side by side.
            numbered = self._beside.submit(self._keys.numbers, "place", place.take(good))
            persons, _ = self._keys.number_visits(person.take(good), start[good])
            places = numbered.result()
        kinds = self._kinds(block.fields.get("kind"), good, places, np.isin(good, aboard) if len(aboard) else None)
        batch = VisitBatch(persons, places, start[good], end[good], flags[good])
        missing = np.flatnonzero(batch.end < 0)
        batch.end[missing] = batch.start[missing] + settings.dwell.by_number()[kinds[missing]]
        self._flag(batch, block, good)
        self.counts.loaded += len(batch)
        self.counts.imputed += int(np.count_nonzero(batch.flags & IMPUTED))
        self.counts.uncertain += int(np.count_nonzero(batch.flags & UNCERTAIN))
        return batch

    def _reject(
        self,
        block: Block,
        bad: NDArray[np.intp],
        start: NDArray[np.int64],
        rule: NDArray[np.uint8],
        fault: NDArray[np.uint8],
    ) -> None:
        barred = self._keys.barred()
        for row in bad.tolist():
            if barred and self._names_barred(block, row, int(start[row]), barred):
                self.counts.suppressed += 1
                continue
            field = FIELDS_AT_FAULT[fault[row]]
            code, line = Rule(rule[row]).code, int(block.lines[row])
            value = block.cell_at(field, row) if field else ""
            values = {"zone": self._settings.zone or "", "days": self._settings.longest_days}
            self._rejects.add(
                file=self.path.name,
                line=line,
                field=field,
                value=value,
                rule=code,
                row=block.row_at(row),
                values=values,
            )
            self.counts.rejected += 1
            rows, first = self.counts.reasons.get(code, (0, None))
            first = first or Reject(line, field, code, {"field": field, "value": value[:_VALUE_TOLD], **values})
            self.counts.reasons[code] = rows + 1, first

    def _names_barred(self, block: Block, row: int, start: int, barred: Mapping[str, int]) -> bool:
        """Return whether a rejected row may be an erased person's from before her erasure: it is not written down."""
        cells = {block.cell_at("person", row), *_pieces(block.row_at(row))}
        limits = [barred.get(self._keys.suppression_digest(cell), -1) for cell in cells if cell]
        return max(limits, default=-1) > max(start, 0)

    def _aboard(self, block: Block) -> NDArray[np.intp]:
        """Return the rows of a block whose stay was aboard a vehicle that they name."""
        vehicle = block.fields.get("vehicle")
        if vehicle is None:
            return np.empty(0, np.intp)
        return np.array([row for row, text in enumerate(vehicle.texts()) if text], np.intp)

    def _places_aboard(self, block: Block, place: Texts, aboard: NDArray[np.intp]) -> Texts:
        """Return the places of a block, those of some rows being the vehicle on its local day."""
        zone = zone_named(self._settings.zone or "UTC")
        texts, vehicle = place.texts(), block.fields["vehicle"]
        for row in aboard.tolist():
            day = moment_of(int(block.start.seconds[row]) // 60, zone).date()
            texts[row] = place_of_vehicle(vehicle.text(row), day.isoformat())
        return Texts.of(texts)

    def _kinds(
        self, texts: Texts | None, good: NDArray[np.intp], places: NDArray[np.uint32], aboard: NDArray[np.bool_] | None
    ) -> NDArray[np.uint8]:
        """Return the kind of place of each row, remembering the first kind that each place was given."""
        if len(places):
            self._room_for(int(places.max()))
        given = np.full(len(places), _NO_KIND, np.uint8)
        if texts is not None:
            given = _coded(texts.take(good), _kind_code)
            unknown = np.flatnonzero(given == _UNKNOWN_KIND)
            self.counts.unknown_kinds.update(texts.take(good[unknown]).texts())
            given[unknown] = _NO_KIND
        if aboard is not None:
            given[aboard & (given == _NO_KIND)] = PlaceKind.VEHICLE
        told = np.flatnonzero(given != _NO_KIND)
        distinct, first = np.unique(places[told], return_index=True)
        fresh = self._known_kinds[distinct] == _NO_KIND
        for place, kind in zip(distinct[fresh].tolist(), given[told][first][fresh].tolist(), strict=True):
            self._known_kinds[place] = kind
            self.place_kinds[place] = PlaceKind(kind)
        self._conflicts.update(places[told][self._known_kinds[places[told]] != given[told]].tolist())
        self.counts.kind_conflicts = len(self._conflicts)
        kinds = np.where(given == _NO_KIND, self._known_kinds[places], given)
        return np.where(kinds == _NO_KIND, PlaceKind.OTHER, kinds).astype(np.uint8)

    def _room_for(self, place: int) -> None:
        if place >= len(self._known_kinds):
            more = np.full(max(place + 1, 2 * len(self._known_kinds)) - len(self._known_kinds), _NO_KIND, np.uint8)
            self._known_kinds = np.concatenate([self._known_kinds, more])

    def _flag(self, batch: VisitBatch, block: Block, good: NDArray[np.intp]) -> None:
        if "source" in block.fields:
            batch.flags[:] |= _coded(block.fields["source"].take(good), _source_code).astype(np.uint16) << SOURCE_SHIFT
        if "certain" in block.fields:
            unsure = _coded(block.fields["certain"].take(good), lambda word: int(word.lower() in _UNSURE_WORDS))
            batch.flags[unsure != 0] |= np.uint16(UNCERTAIN)


def _coded(texts: Texts, code: Callable[[str], int]) -> NDArray[np.uint8]:
    """Return the code of every text of a column that has few different ones."""
    from ringfence.tracing.keys.idtable import IdTable

    empty = texts.stops <= texts.starts
    out = np.full(len(texts), code(""), np.uint8)
    table = IdTable()
    rows = np.flatnonzero(~empty)
    # A column of blanks would be refused as an id, so such texts are left at the code of nothing.
    rows = np.array([row for row in rows.tolist() if texts.text(row)], np.intp) if _has_blanks(texts, rows) else rows
    numbers = table.assign(texts.take(rows))
    codes = np.array([code(table.text(number)) for number in range(table.count)], np.uint8)
    out[rows] = codes[numbers] if len(rows) else 0
    return out


def _has_blanks(texts: Texts, rows: NDArray[np.intp]) -> bool:
    first = texts.data[texts.starts[rows]]
    return bool(np.any((first <= 32) | (first == 0xE3)))


def _kind_code(word: str) -> int:
    if not word:
        return _NO_KIND
    kind = known_kind(word)
    return _UNKNOWN_KIND if kind is None else int(kind)


def _source_code(word: str) -> int:
    return _SOURCE_WORDS.get(word.lower(), SOURCES.index("other"))


def _pieces(row: str) -> list[str]:
    for mark in ';\t|"':
        row = row.replace(mark, ",")
    return row.split(",")


def read_visits(
    path: Path | str,
    *,
    keys: KeyMap,
    settings: IntakeSettings | None = None,
    rejects: RejectsFile,
    progress: Progress | None = None,
    place_kinds: Mapping[int, PlaceKind] | None = None,
) -> VisitReader:
    """Return the reader of a file of visits (CSV, packed CSV, Parquet, told apart by content).

    New numbers count after `keys.commit()`. `place_kinds` are kinds of place known before, used for missing ends.
    """
    return VisitReader(
        Path(path),
        keys=keys,
        settings=settings or IntakeSettings(),
        rejects=rejects,
        progress=progress,
        place_kinds=place_kinds or {},
    )
