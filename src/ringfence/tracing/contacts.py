"""One question, one ranked list: contacts from visits, encounter lists and the case's own word, by the names given.

Here numbers meet names. A person known by several kinds of evidence is one contact; what each kind says stands beside
the whole in `channels`, and minutes are the most that any kind tells, never a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ringfence.tracing.answer import TraceAnswer
from ringfence.tracing.encounters.exposure import evidence_without_place
from ringfence.tracing.encounters.lists import Lists, ListSettings, read_lists
from ringfence.tracing.exposure import score_exposures
from ringfence.tracing.found import Contact, Contacts, Later, Sitting
from ringfence.tracing.ranking import RankedAnswer, rank
from ringfence.tracing.reference import Met, Reached
from ringfence.tracing.search import Progress, SecondHopSettings, TraceSettings, second_hop, trace
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.bands import Band
from ringfence.vocabulary.reasons import Reason
from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    from ringfence.tracing.live.opening import Opening

__all__ = ["Contact", "ContactSearch", "Contacts", "Sitting", "met_contacts", "reached_contacts", "search_contacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSearch:
    """What is asked: who (given ids), when (minutes), and how.

    `onsets` tell by given id the minute at which the day of onset begins where she lives.
    """

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
    named_files: tuple[Path, ...] = ()
    lists: ListSettings = field(default_factory=ListSettings)


def search_contacts(
    store: VisitStore | None,
    asked: ContactSearch,
    *,
    progress: Progress | None = None,
    opening: Opening | None = None,
    now: int = 0,
) -> Contacts:
    """Return everybody met, strongest exposure first, then, with two hops, whom those met, by score.

    Without a store the lists alone are searched. Refused for a person whom neither the store nor a list knows. A live
    store is searched through an `opening` of it, which must hold at the present minute `now`.
    """
    if asked.start >= asked.end:
        raise Refused("trace.window", start=asked.start, end=asked.end)
    lists = read_lists(asked.encounter_files, asked.named_files, asked.lists)
    seeds, notes = _known(store, lists, asked)
    listed = lists.seeds_of(asked.seeds)
    settings = TraceSettings(asked.residual_minutes, asked.min_overlap_minutes)
    answer = None
    until = -(-lists.encounters.span_s[1] // 60) if len(lists.encounters) else None
    contacts = Contacts([], files=lists.files, rejects=lists.rejects, notes=notes, lists_until=until)
    if store is not None and len(seeds):
        if opening is None:
            answer = trace(store, seeds, asked.start, asked.end, settings)
        else:
            answer = opening.trace(seeds, asked.start, asked.end, settings, now=now)
        onsets = _onset_numbers(store, asked)
        ill = np.array(sorted(onsets), np.int64)
        if opening is None:
            seen = store.visits_of(ill, asked.start, asked.end) if onsets else None
        else:
            seen = opening.visits_of(ill, asked.start, asked.end, now=now) if onsets else None
        contacts.rows = visit_contacts(store, answer, onsets, seen, asked.residual_minutes)
    if asked.encounter_files or asked.named_files:
        told = lists.met(listed, asked.start, asked.end, asked.onsets)
        contacts.rows = _merged([*contacts.rows, *told, *lists.named_contacts(listed, asked.start, asked.end)])
    if asked.hops == 2:
        first = {c.person: asked.start if c.first is None else c.first for c in contacts.rows}
        rows: list[Contact] = []
        if store is not None and (opening is None or len(seeds)):
            hop = SecondHopSettings(asked.threshold_minutes, asked.limit)
            if opening is None:
                carriers = _carriers(store, answer, first, asked.seeds)
                reached = second_hop(store, seeds, asked.start, asked.end, carriers, hop, progress=progress)
            else:  # a warrant opens what its own contacts did, not what a list brings in
                reached = opening.second_hop(
                    seeds, asked.start, asked.end, answer or TraceAnswer.nobody(), hop, now=now
                )
            contacts.reached["visit"] = reached.at_or_above
            rows += _second_hop_contacts(store, reached.listed)
        _add_second_hop(contacts, rows, first, lists, asked)
    return contacts


def _known(store: VisitStore | None, lists: Lists, asked: ContactSearch) -> tuple[list[int], list[Reason]]:
    """Return the numbers in the store of those whom it knows, and a note for each other whom only a list knows."""
    numbers, notes = [], []
    for person in asked.seeds:
        listed = lists.numbers.number_of(person) is not None
        try:
            if store is not None:
                numbers += store.numbers_of([person]).tolist()
                continue
        except Refused as refusal:
            if refusal.code != "store.unknown_person" or not listed:
                raise
            notes.append(Reason("trace.not_in_store", {"person": person}))
        if not listed:
            raise Refused("trace.unknown_to_all", person=person)
    return numbers, notes


def _add_second_hop(
    contacts: Contacts, rows: list[Contact], first: Mapping[str, int], lists: Lists, asked: ContactSearch
) -> None:
    """Add whom the visits reached, and whom everybody met, by whichever kind of evidence, reached by encounter."""
    if asked.encounter_files:
        near, contacts.reached["encounter"] = lists.reached(
            lists.seeds_of(asked.seeds), first, asked.end, asked.threshold_minutes
        )
        rows += near
    contacts.at_or_above = next(iter(contacts.reached.values()), None)
    known = {*first, *asked.seeds}
    contacts.rows += _merged([row for row in rows if row.person not in known])[: asked.limit]


def _carriers(
    store: VisitStore, answer: TraceAnswer | None, first: Mapping[str, int], seeds: Sequence[str]
) -> TraceAnswer:
    """Return the contacts of all kinds of evidence whom the store knows, each with the first minute that any tells."""
    found = answer or TraceAnswer.nobody()
    names = store.names_of("person", found.person)
    since = [min(at, first.get(name, at)) for name, at in zip(names, found.first.tolist(), strict=True)]
    told = sorted(set(first) - set(names) - set(seeds))
    numbers = store.keys.find("person", told) if store.keys is not None and told else np.full(len(told), -1)
    more = [(int(n), first[person]) for person, n in zip(told, numbers, strict=True) if n >= 0]
    nothing = np.zeros(len(more), np.int64)
    return TraceAnswer(
        np.concatenate([found.person, np.array([n for n, _ in more], np.int64)]),
        np.concatenate([found.minutes, nothing]),
        np.concatenate([found.after_minutes, nothing]),
        np.concatenate([found.encounters, nothing]),
        np.array([*since, *(at for _, at in more)], np.int64),
        np.concatenate([found.last, nothing]),
        found.evidence,
    )


def _onset_numbers(store: VisitStore, asked: ContactSearch) -> dict[int, int]:
    """Return the onsets of those seeds whom the store knows, by their numbers."""
    return {number: begun for p, begun in asked.onsets.items() if p in asked.seeds for number in _number(store, p)}


def visit_contacts(
    store: VisitStore,
    answer: TraceAnswer,
    onsets: Mapping[int, int] | None = None,
    seed_visits: VisitBatch | None = None,
    residual_minutes: int = 0,
) -> list[Contact]:
    """Return the contacts of an answer over visits, ranked, with names and reasons; onsets as `rank` takes them."""
    ranked = rank(store, answer, onsets=onsets, seed_visits=seed_visits, residual_minutes=residual_minutes)
    rows = []
    for i, contact in enumerate(_named_rows(store, ranked.answer, hop=1)):
        band = ranked.band_of(i).slug
        reasons = Later(partial(_reasons, ranked, i))
        rows.append(replace(contact, band=band, score=float(ranked.score[i]), reasons=reasons))
    return rows


def _reasons(ranked: RankedAnswer, row: int) -> tuple[Reason, ...]:
    return tuple(ranked.reasons_of(row))


def _number(store: VisitStore, person: str) -> list[int]:
    try:
        return [int(n) for n in store.numbers_of([person])]
    except Refused:  # a list knows her; that was found out before
        return []


def _named_rows(store: VisitStore, answer: TraceAnswer, *, hop: int) -> Iterator[Contact]:
    """Yield an answer's rows with names in place of numbers; bands are filled by the caller."""
    persons = store.names_of("person", answer.person)
    numbers, where = np.unique(answer.evidence.place, return_inverse=True)
    names = store.names_of("place", numbers)
    e = answer.evidence
    bounds = np.searchsorted(e.contact, np.arange(len(answer) + 1))
    columns = (e.start, e.end, e.minutes, e.after_minutes, e.crowd)

    def sittings(begin: int, stop: int) -> tuple[Sitting, ...]:
        told = (column[begin:stop].tolist() for column in columns)
        return tuple(Sitting(names[at], *row) for at, *row in zip(where[begin:stop].tolist(), *told, strict=True))

    for i, person in enumerate(persons):
        begin, stop = int(bounds[i]), int(bounds[i + 1])
        yield Contact(
            person=person,
            hop=hop,
            minutes=int(answer.minutes[i]),
            after_minutes=int(answer.after_minutes[i]),
            encounters=int(answer.encounters[i]),
            places=tuple(sorted({names[at] for at in where[begin:stop].tolist()})),
            first=int(answer.first[i]),
            last=int(answer.last[i]),
            band="",
            score=0.0,
            reasons=(),
            channels={"visit": int(answer.minutes[i])},
            sittings=Later(partial(sittings, begin, stop)),
        )


def met_contacts(store: VisitStore, met: Sequence[Met], *, engine: str) -> list[Contact]:
    """Return the contacts that another engine found. It tells no single times: bands are by minutes, and say so."""
    exposures = score_exposures(
        evidence_without_place(
            np.arange(len(met), dtype=np.int64),
            np.array([m.minutes for m in met], np.int64),
            after_minutes=np.array([m.after_minutes for m in met], np.int64),
        ),
        contacts=len(met),
    )
    persons = store.names_of("person", np.array([m.person for m in met], np.int64))
    rows = [
        Contact(
            person=persons[i], hop=1, minutes=m.minutes, after_minutes=m.after_minutes, encounters=m.encounters,
            places=tuple(sorted(store.names_of("place", np.array(m.places, np.int64)))), first=m.first, last=m.last,
            band=Band(int(exposures.band[i])).slug, score=float(exposures.score[i]),
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
    """Return contacts of contacts; their score is person-minutes with contacts, no band of exposure to a case."""
    return [_reached(contact) for contact in _named_rows(store, listed, hop=2)]


def _reached(contact: Contact) -> Contact:
    return replace(
        contact,
        band=Band.SLIGHT.slug,
        score=float(contact.minutes),
        reasons=(Reason("trace.reached", {"minutes": contact.minutes, "encounters": contact.encounters}),),
    )


def _merged(rows: Sequence[Contact]) -> list[Contact]:
    """Return one contact a person, whatever kinds of evidence know her, in order of exposure."""
    merged: dict[str, Contact] = {}
    for contact in rows:
        standing = merged.get(contact.person)
        merged[contact.person] = contact if standing is None else _joined(standing, contact)
    order = {band.slug: band for band in Band}
    return sorted(merged.values(), key=lambda c: (-order[c.band], -c.score, -c.minutes, c.person))


def _joined(one: Contact, other: Contact) -> Contact:
    """Return one contact of two kinds of evidence about the same person."""
    bands = [band.slug for band in Band]
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
        channels=_most(one.channels, other.channels),
        sittings=tuple(sorted((*one.sittings, *other.sittings), key=lambda s: s.start)),
    )


def _most(one: Mapping[str, int | None], other: Mapping[str, int | None]) -> dict[str, int | None]:
    """Return the most that each kind of evidence tells."""
    both = {**one, **other}
    for kind in one.keys() & other.keys():
        told = [minutes for minutes in (one[kind], other[kind]) if minutes is not None]
        both[kind] = max(told) if told else None
    return both
