"""Encounter lists and lists of named contacts, read together for one search and answered by the names given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from ringfence.tracing.encounters.exposure import evidence_without_place, exposures_by_encounter
from ringfence.tracing.encounters.files import ENCOUNTER_NAMES, EncounterReading, read_encounters
from ringfence.tracing.encounters.named import NAMED_NAMES, UNKNOWN, NamedList, named_by, read_named
from ringfence.tracing.encounters.search import (
    EncounterList,
    EncounterSettings,
    Met,
    SecondHop,
    second_hop_by_encounter,
)
from ringfence.tracing.encounters.told import LocalNumbers
from ringfence.tracing.exposure import score_exposures
from ringfence.tracing.found import Contact, FileReport, Sitting
from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.bands import Band
from ringfence.vocabulary.moments import moment_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.reasons import Reason
from ringfence.vocabulary.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSettings:
    """How lists are to be read and weighed. `columns` names headers by our names, of both kinds of list."""

    zone: ZoneInfo | None = None
    reading: EncounterReading = field(default_factory=EncounterReading)
    counting: EncounterSettings = field(default_factory=EncounterSettings)
    kind: PlaceKind = PlaceKind.OTHER
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.columns:
            if name not in ENCOUNTER_NAMES and name not in NAMED_NAMES:
                raise Refused("intake.unknown_field", field=name, fields=", ".join([*ENCOUNTER_NAMES, *NAMED_NAMES]))

    def columns_of(self, names: Mapping[str, object]) -> dict[str, str]:
        """Return the headers of one kind of list."""
        return {name: header for name, header in self.columns.items() if name in names}


@dataclass(slots=True)
class Lists:
    """All lists of one question, their persons numbered together."""

    numbers: LocalNumbers
    encounters: EncounterList
    named: list[tuple[str, NamedList]]
    settings: ListSettings
    encounter_files: tuple[str, ...] = ()
    files: list[FileReport] = field(default_factory=list)
    rejects: list[tuple[str, Reject]] = field(default_factory=list)

    def seeds_of(self, persons: Sequence[str]) -> list[int]:
        """Return the numbers of those of some persons whom the lists name."""
        return [n for n in map(self.numbers.number_of, persons) if n is not None]

    def met(self, seeds: Sequence[int], start: int, end: int, onsets: Mapping[str, int]) -> list[Contact]:
        """Return whom the seeds met by the encounter lists inside [start, end)."""
        numbered = {n: begun for p, begun in onsets.items() for n in self.seeds_of([p]) if n in seeds}
        counting = self.settings.counting
        found = exposures_by_encounter(
            self.encounters.near_enough(counting), seeds, start, end, kind=self.settings.kind,
            gap_seconds=counting.gap_seconds, min_seconds=counting.min_seconds, onsets=numbered,
        )  # fmt: skip
        files, episodes = ", ".join(self.encounter_files), found.episodes
        rows = []
        for row in found.order():
            minutes = int(found.met.minutes[row])
            mine = found.episodes_of(row)
            rows.append(
                Contact(
                    person=self.numbers.given[found.met.person[row]],
                    hop=1,
                    minutes=minutes,
                    encounters=int(found.met.encounters[row]),
                    first=int(found.met.first[row]),
                    last=int(found.met.last[row]),
                    band=Band(int(found.exposures.band[row])).slug,
                    score=float(found.exposures.score[row]),
                    reasons=(
                        Reason("trace.by_encounter", {"minutes": minutes, "file": files}),
                        *facts_of_times([(int(episodes.start_s[i]), int(episodes.end_s[i])) for i in mine],
                                        [int(episodes.seconds[i]) for i in mine], self.settings.zone),
                        *found.exposures.reasons_for(int(row)),
                    ),
                    channels={"encounter": minutes},
                    sittings=tuple(
                        Sitting(None, int(episodes.start_s[i]) // 60, -(-int(episodes.end_s[i]) // 60),
                                -(-int(episodes.seconds[i]) // 60), 0, 0)
                        for i in mine
                    ),
                )
            )  # fmt: skip
        return rows

    def reached(
        self, seeds: Sequence[int], contacts: Mapping[str, int], end: int, threshold_minutes: int
    ) -> tuple[list[Contact], Mapping[int, int]]:
        """Return whom contacts met, each after a first minute of her own, and how many reach each score."""
        carriers = sorted((n, first) for p, first in contacts.items() for n in self.seeds_of([p]))
        hop = second_hop_by_encounter(
            self.encounters, list(seeds), _carrying(carriers), end, threshold_minutes=threshold_minutes,
            settings=self.settings.counting,
        )  # fmt: skip
        return [self._reached(hop, row) for row in range(len(hop))], hop.at_least

    def _reached(self, hop: SecondHop, row: int) -> Contact:
        minutes, times = int(hop.score_minutes[row]), int(hop.encounters[row])
        told = {"minutes": minutes, "encounters": times, "contacts": int(hop.through[row])}
        return Contact(
            person=self.numbers.given[hop.person[row]], hop=2, minutes=minutes, encounters=times,
            first=int(hop.first_s[row]) // 60, last=-(-int(hop.last_s[row]) // 60), band=Band.SLIGHT.slug,
            score=float(minutes), reasons=(Reason("trace.reached_near", told),), channels={"encounter": minutes},
        )  # fmt: skip

    def named_contacts(self, seeds: Sequence[int], start: int, end: int) -> list[Contact]:
        """Return whom the seeds named. They are looked at early, told minutes or not: at least a strong exposure."""
        rows = []
        for at, (file, listed) in enumerate(self.named):
            found = named_by(listed, seeds, start, end)
            report = next(i for i, f in enumerate(self.files) if f.kind == "named" and f.at == at)
            self.files[report].before_window = found.before_window
            minutes = np.maximum(found.minutes, 0)
            exposures = score_exposures(
                evidence_without_place(np.arange(len(minutes), dtype=np.int64), minutes), contacts=len(minutes)
            )
            for i, person in enumerate(found.person):
                first, last = int(found.first[i]), int(found.last[i])
                rows.append(
                    Contact(
                        person=self.numbers.given[person], hop=1, minutes=int(minutes[i]),
                        encounters=len(found.rows[i]), first=None if first == UNKNOWN else first,
                        last=None if last == UNKNOWN else last,
                        band=Band(max(int(exposures.band[i]), Band.STRONG)).slug, score=float(exposures.score[i]),
                        reasons=(Reason("trace.by_name", {"file": file}),),
                        channels={"named": None if found.minutes[i] < 0 else int(found.minutes[i])},
                    )
                )  # fmt: skip
        return rows


def read_lists(encounters: Sequence[Path], named: Sequence[Path], settings: ListSettings) -> Lists:
    """Read all lists of a question; what each held, and every row that was not taken, is told."""
    lists = Lists(LocalNumbers(), EncounterList.of([], [], [], []), [], settings, tuple(p.name for p in encounters))
    parts = []
    for path in encounters:
        read = read_encounters(path, reading=settings.reading, numbers=lists.numbers)
        parts.append(read.encounters)
        lists.files.append(
            FileReport(path.name, "encounter", len(parts) - 1, read.loaded, read.duplicates, len(read.rejects),
                       notes=read.notes)
        )  # fmt: skip
        lists.rejects += [(path.name, reject) for reject in read.rejects]
    if parts:
        lists.encounters = EncounterList.of(
            *(np.concatenate([getattr(p, c) for p in parts]) for c in ("a", "b", "start_s", "end_s", "distance"))
        )
    for path in named:
        told = read_named(path, zone=settings.zone, numbers=lists.numbers, columns=settings.columns_of(NAMED_NAMES))
        lists.files.append(
            FileReport(path.name, "named", len(lists.named), told.loaded, told.duplicates, len(told.rejects),
                       undated=told.undated)
        )  # fmt: skip
        lists.named.append((path.name, told.named))
        lists.rejects += [(path.name, reject) for reject in told.rejects]
    return lists


def facts_of_times(
    spans_s: Sequence[tuple[int, int]], seconds: Sequence[int], zone: ZoneInfo | None
) -> tuple[Reason, ...]:
    """Return plain facts about the times with one person: on how many days, and the longest."""
    days = {moment_of(s // 60, zone).date() for start, end in spans_s for s in (start, end - 1)}
    facts = [Reason("told.on_day") if len(days) == 1 else Reason("told.on_days", {"days": len(days)})]
    if len(spans_s) > 1:
        facts.append(Reason("told.longest", {"minutes": -(-max(seconds) // 60)}))
    return tuple(facts)


def _carrying(carriers: Sequence[tuple[int, int]]) -> Met:
    """Return contacts with the minute from which each may carry on, for the second hop."""
    n = len(carriers)
    nothing = np.zeros(n, np.int64)
    return Met(
        np.array([number for number, _ in carriers], np.uint32), nothing, nothing, nothing,
        np.array([60 * first for _, first in carriers], np.int64), nothing, np.full(n, np.nan, np.float32),
    )  # fmt: skip
