"""One question, one ranked list: contacts from visits, encounter lists and the case's own word, by the names given.

Here numbers meet names. A person known by several kinds of evidence is one contact; what each kind says stands beside
the whole in `channels`, and minutes are the most that any kind tells, never a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing import exposure
from ringfence.tracing.answer import TraceAnswer
from ringfence.tracing.encounter_files import EncounterReading, read_encounters
from ringfence.tracing.encounters import EncounterSettings, met_by_encounter
from ringfence.tracing.exposure import UNKNOWN_DAY, Band, score_exposures
from ringfence.tracing.named import UNKNOWN, named_by, read_named
from ringfence.tracing.ranking import rank
from ringfence.tracing.reference import Met, Reached
from ringfence.tracing.search import Progress, SecondHopSettings, TraceSettings, second_hop, trace
from ringfence.tracing.store import VisitStore
from ringfence.tracing.told import LocalNumbers, Reject
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.reasons import Reason

if TYPE_CHECKING:
    from ringfence.tracing.opening import Opening

Column = NDArray[np.integer] | NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSearch:
    """What is asked: who (given ids), when (minutes), and how. `onsets` are UTC day numbers by given id."""

    seeds: tuple[str, ...]
    start: int
    end: int
    residual_minutes: int = 0
    min_overlap_minutes: int = 0
    hops: int = 1
    threshold_minutes: int = 15
    limit: int = 1000
    onsets: Mapping[str, int] = field(default_factory=dict)
    encounter_files: tuple[Path, ...] = ()
    encounter_step_seconds: int | None = None
    named_files: tuple[Path, ...] = ()
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """One time together: where, from when to when, minutes together, minutes in the air left behind, how many shared it."""

    place: str
    start: int
    end: int
    minutes: int
    after_minutes: int
    crowd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person met, by the names given. `band` is slight, some, strong or very_strong; `channels` are minutes by kind."""

    person: str
    hop: int
    minutes: int
    after_minutes: int
    encounters: int
    places: tuple[str, ...]
    first: int | None
    last: int | None
    band: str
    score: float
    reasons: tuple[Reason, ...]
    channels: Mapping[str, int | None]
    sittings: tuple[Sitting, ...]


@dataclass(slots=True)
class Contacts:
    """The answer: contacts in order, how many reach each threshold of the second hop, rows of files that were rejected."""

    rows: list[Contact]
    at_or_above: Mapping[int, int] | None = None
    rejects: list[dict[str, object]] = field(default_factory=list)
    elapsed_ms: float = 0.0

    def __iter__(self) -> Iterator[Contact]:
        return iter(self.rows)


def search_contacts(
    store: VisitStore,
    asked: ContactSearch,
    *,
    progress: Progress | None = None,
    opening: Opening | None = None,
    now: int = 0,
) -> Contacts:
    """Return everybody met, strongest exposure first, then, with two hops, whom those met, by score.

    A live store is searched through an `opening` of it, which must hold at the present minute `now`.
    """
    seeds = store.numbers_of(asked.seeds)
    settings = TraceSettings(asked.residual_minutes, asked.min_overlap_minutes)
    if opening is None:
        answer = trace(store, seeds, asked.start, asked.end, settings)
    else:
        answer = opening.trace(seeds, asked.start, asked.end, settings, now=now)
    contacts = Contacts(visit_contacts(store, answer, asked))
    if asked.encounter_files or asked.named_files:
        contacts = _with_told(contacts, asked)
    if asked.hops == 2:
        hop = SecondHopSettings(asked.threshold_minutes, asked.limit)
        if opening is None:
            reached = second_hop(store, seeds, asked.start, asked.end, answer, hop, progress=progress)
        else:
            reached = opening.second_hop(seeds, asked.start, asked.end, answer, hop, now=now)
        contacts.at_or_above = reached.at_or_above
        told = {c.person for c in contacts.rows}
        contacts.rows += [c for c in _second_hop_contacts(store, reached.listed) if c.person not in told]
    return contacts


def visit_contacts(store: VisitStore, answer: TraceAnswer, asked: ContactSearch) -> list[Contact]:
    """Return the contacts of an answer over visits, ranked, with names and reasons."""
    onsets = {int(store.numbers_of([p])[0]): day for p, day in asked.onsets.items() if p in asked.seeds}
    ranked = rank(store, answer, onsets=onsets, residual_minutes=asked.residual_minutes)
    rows = []
    for i, contact in enumerate(_named_rows(store, ranked.answer, hop=1)):
        band = ranked.band_of(i).name.lower()
        rows.append(replace(contact, band=band, score=float(ranked.score[i]), reasons=tuple(ranked.reasons_of(i))))
    return rows


def _named_rows(store: VisitStore, answer: TraceAnswer, *, hop: int) -> Iterator[Contact]:
    """Yield an answer's rows with names in place of numbers; bands are filled by the caller."""
    persons = store.names_of("person", answer.person)
    numbers, where = np.unique(answer.evidence.place, return_inverse=True)
    names = store.names_of("place", numbers)
    e = answer.evidence
    bounds = np.searchsorted(e.contact, np.arange(len(answer) + 1))
    columns = [c.tolist() for c in (e.start, e.end, e.minutes, e.after_minutes, e.crowd)]
    for i, person in enumerate(persons):
        rows = range(int(bounds[i]), int(bounds[i + 1]))
        yield Contact(
            person=person,
            hop=hop,
            minutes=int(answer.minutes[i]),
            after_minutes=int(answer.after_minutes[i]),
            encounters=int(answer.encounters[i]),
            places=tuple(sorted({names[where[r]] for r in rows})),
            first=int(answer.first[i]),
            last=int(answer.last[i]),
            band="",
            score=0.0,
            reasons=(),
            channels={"visit": int(answer.minutes[i])},
            sittings=tuple(Sitting(names[where[r]], *(column[r] for column in columns)) for r in rows),
        )


def met_contacts(store: VisitStore, met: Sequence[Met], *, engine: str) -> list[Contact]:
    """Return the contacts that another engine found. It tells no single times: bands are by minutes alone, and say so."""
    exposures = score_exposures(
        _rows(np.array([m.minutes for m in met]), np.full(len(met), np.nan), np.array([m.after_minutes for m in met])),
        contacts=len(met),
    )
    persons = store.names_of("person", np.array([m.person for m in met], np.int64))
    rows = [
        Contact(
            person=persons[i], hop=1, minutes=m.minutes, after_minutes=m.after_minutes, encounters=m.encounters,
            places=tuple(sorted(store.names_of("place", np.array(m.places, np.int64)))), first=m.first, last=m.last,
            band=Band(int(exposures.band[i])).name.lower(), score=float(exposures.score[i]),
            reasons=(Reason("trace.minutes_only", {"engine": engine}), *exposures.reasons_for(i)[:2]),
            channels={"visit": m.minutes}, sittings=(),
        )
        for i, m in enumerate(met)
    ]  # fmt: skip
    order = exposures.ranking()
    return [rows[i] for i in order]


def reached_contacts(store: VisitStore, reached: Sequence[Reached]) -> list[Contact]:
    """Return the contacts of contacts that another engine found, in the order given."""
    persons = store.names_of("person", np.array([r.person for r in reached], np.int64))
    return [
        _reached(
            Contact(
                person=person, hop=2, minutes=r.score_minutes, after_minutes=0, encounters=r.encounters,
                places=tuple(sorted(store.names_of("place", np.array(r.places, np.int64)))), first=r.first, last=r.last,
                band="", score=0.0, reasons=(), channels={"visit": r.score_minutes}, sittings=(),
            )
        )
        for person, r in zip(persons, reached, strict=True)
    ]  # fmt: skip


def _second_hop_contacts(store: VisitStore, listed: TraceAnswer) -> list[Contact]:
    """Return contacts of contacts; their score is person-minutes with contacts, which is no band of exposure to a case."""
    return [_reached(contact) for contact in _named_rows(store, listed, hop=2)]


def _reached(contact: Contact) -> Contact:
    return replace(
        contact,
        band=Band.SLIGHT.name.lower(),
        score=float(contact.minutes),
        reasons=(Reason("trace.reached", {"minutes": contact.minutes, "encounters": contact.encounters}),),
    )


def _with_told(contacts: Contacts, asked: ContactSearch) -> Contacts:
    """Return contacts joined with those of encounter lists and named lists, ranked anew."""
    merged = {contact.person: contact for contact in contacts.rows}
    rejects: list[dict[str, object]] = []
    for told, refused in (_from_encounters(asked), _from_named(asked)):
        rejects += refused
        for contact in told:
            standing = merged.get(contact.person)
            merged[contact.person] = contact if standing is None else _joined(standing, contact)
    order = {band.name.lower(): band for band in Band}
    rows = sorted(merged.values(), key=lambda c: (-order[c.band], -c.score, -c.minutes, c.person))
    return Contacts(rows, rejects=rejects)


def _joined(one: Contact, other: Contact) -> Contact:
    """Return one contact of two kinds of evidence about the same person."""
    bands = [band.name.lower() for band in Band]
    strong, weak = sorted((one, other), key=lambda c: -c.score)
    return replace(
        strong,
        minutes=max(one.minutes, other.minutes),
        after_minutes=max(one.after_minutes, other.after_minutes),
        encounters=max(one.encounters, other.encounters),
        places=tuple(sorted({*one.places, *other.places})),
        first=min((m for m in (one.first, other.first) if m is not None), default=None),
        last=max((m for m in (one.last, other.last) if m is not None), default=None),
        band=bands[max(bands.index(one.band), bands.index(other.band))],
        reasons=(*strong.reasons, *weak.reasons),
        channels={**one.channels, **other.channels},
        sittings=(*one.sittings, *other.sittings),
    )


def _from_encounters(asked: ContactSearch) -> tuple[list[Contact], list[dict[str, object]]]:
    contacts: list[Contact] = []
    rejects: list[dict[str, object]] = []
    for path in asked.encounter_files:
        numbers = LocalNumbers()
        seeds = numbers.numbers_of(asked.seeds)
        reading = EncounterReading(zone=asked.zone, step_seconds=asked.encounter_step_seconds)
        file = read_encounters(path, reading=reading, numbers=numbers)
        rejects += _told_rejects(path, file.rejects)
        met = met_by_encounter(file.encounters, seeds, asked.start, asked.end, EncounterSettings())
        exposures = score_exposures(_rows(met.minutes, met.nearest_m), contacts=len(met))
        names = numbers.given
        for i in range(len(met)):
            minutes = int(met.minutes[i])
            contacts.append(
                Contact(
                    person=names[met.person[i]], hop=1, minutes=minutes, after_minutes=0,
                    encounters=int(met.encounters[i]), places=(), first=int(met.first[i]), last=int(met.last[i]),
                    band=Band(int(exposures.band[i])).name.lower(), score=float(exposures.score[i]),
                    reasons=(Reason("trace.by_encounter", {"minutes": minutes, "file": path.name}),
                             *exposures.reasons_for(i)),
                    channels={"encounter": minutes}, sittings=(),
                )
            )  # fmt: skip
    return contacts, rejects


def _from_named(asked: ContactSearch) -> tuple[list[Contact], list[dict[str, object]]]:
    """Return whom the cases named. Who was named is looked at early, told minutes or not: at least a strong exposure."""
    contacts: list[Contact] = []
    rejects: list[dict[str, object]] = []
    for path in asked.named_files:
        numbers = LocalNumbers()
        seeds = numbers.numbers_of(asked.seeds)
        file = read_named(path, zone=asked.zone, numbers=numbers)
        rejects += _told_rejects(path, file.rejects)
        named = named_by(file.named, seeds, asked.start, asked.end)
        minutes = np.maximum(named.minutes, 0)
        exposures = score_exposures(_rows(minutes, np.full(len(minutes), np.nan)), contacts=len(minutes))
        names = numbers.given
        for i in range(len(named.person)):
            first, last = int(named.first[i]), int(named.last[i])
            contacts.append(
                Contact(
                    person=names[named.person[i]], hop=1, minutes=int(minutes[i]), after_minutes=0,
                    encounters=len(named.rows[i]), places=(), first=None if first == UNKNOWN else first,
                    last=None if last == UNKNOWN else last,
                    band=Band(max(int(exposures.band[i]), Band.STRONG)).name.lower(), score=float(exposures.score[i]),
                    reasons=(Reason("trace.by_name", {"file": path.name}),),
                    channels={"named": None if named.minutes[i] < 0 else int(named.minutes[i])}, sittings=(),
                )
            )  # fmt: skip
    return contacts, rejects


def _rows(minutes: Column, distance_m: Column, after_minutes: Column | None = None) -> exposure.Evidence:
    """Return one row of exposure a person, of which only the minutes and perhaps the distance are known."""
    n = len(minutes)
    return exposure.Evidence(
        contact=np.arange(n, dtype=np.int64),
        kind=np.full(n, PlaceKind.OTHER, np.uint8),
        minutes=np.asarray(minutes, np.int64),
        after_minutes=np.zeros(n, np.int64) if after_minutes is None else np.asarray(after_minutes, np.int64),
        crowd=np.zeros(n, np.int64),
        day_from_onset=np.full(n, UNKNOWN_DAY, np.int16),
        distance_m=np.asarray(distance_m, np.float32),
        protected=np.full(n, -1, np.int8),
    )


def _told_rejects(path: Path, rejects: tuple[Reject, ...]) -> list[dict[str, object]]:
    return [{"file": path.name, "line": r.line, "field": r.field, "code": r.code, "values": r.values} for r in rejects]
