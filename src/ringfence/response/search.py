"""Whom did the cases meet while they could infect others? Every kind of evidence, one list; nobody is restricted by it.

Only cases that a laboratory or a clinician stands behind are searched for, unless the pack acts on suspicion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ringfence.response.asked import Asked, Read, digest
from ringfence.response.evidence import Candidate, judge, note_exposures
from ringfence.response.ledger import POSITIVE, Ledger
from ringfence.rules.duties import Status
from ringfence.rules.facts import current
from ringfence.rules.strata import derive_all
from ringfence.tracing.contacts import ContactSearch, search_contacts
from ringfence.tracing.encounters.files import EncounterReading, read_steps
from ringfence.tracing.encounters.lists import Lists, ListSettings, read_lists
from ringfence.tracing.encounters.search import EncounterSettings
from ringfence.tracing.found import Contact
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import ceil_minute, floor_minute
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject

Progress = Callable[[float], None]


@dataclass(slots=True)
class Found:
    """What a search found: candidates by person, windows of cases, who was not searched for and why, files read."""

    candidates: dict[str, Candidate] = field(default_factory=dict)
    windows: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    unsearched: dict[str, str] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    named_as: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Relation and setting by case and contact, as the case told them."""


def statuses_of(ledger: Ledger, asked: Asked) -> dict[Subject, Status]:
    """Return how each infection stands by the facts noted."""
    infections = [f for f in ledger.facts if f.subject.kind in ("infection", "person")]
    derived = derive_all(infections, asked.book, asked.now)
    return {subject: one.status for subject, one in derived.items() if subject.kind == "infection"}


def windows_of(cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], asked: Asked, found: Found) -> None:
    """Note in which stretch each case is searched, up to now, or why it is not."""
    on_suspicion = asked.book.get("act_on.assess", "confirmed") == "suspected"
    for case, subject in cases.items():
        status = statuses.get(subject)
        if status is None or status.state == "discarded":
            found.unsearched[case] = "discarded"
        elif status.state not in POSITIVE and not on_suspicion:
            found.unsearched[case] = "not_confirmed"
        elif status.infectious_from is None:
            found.unsearched[case] = "no_window"
        else:
            until = min(status.infectious_until or asked.now, asked.now)
            if until <= status.infectious_from:
                found.unsearched[case] = "empty_window"
            else:
                found.windows[case] = (status.infectious_from, until)


def search(
    ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], asked: Asked,
    store: VisitStore | None, *, progress: Progress | None = None,
) -> Found:  # fmt: skip
    """Search for the contacts of every case and note how each met whom."""
    found = Found()
    lists = _read_lists(asked, found)
    windows_of(cases, statuses, asked, found)
    unproven = {case for case, why in found.unsearched.items() if why in ("discarded", "not_confirmed")}
    known = {ledger.given[s.number] for case, s in cases.items() if case not in unproven} | (cases.keys() - unproven)
    kinds: dict[str, int] = {}
    for done, (case, window) in enumerate(found.windows.items(), 1):
        contacts = _of_case(case, window, asked, store, lists)
        if contacts is None:
            found.unsearched[case] = "not_in_evidence"
        else:
            _kinds_of(store, contacts, kinds)
            for contact in contacts:
                if contact.person in known:
                    continue
                row = found.candidates.get(contact.person)
                if row is None:
                    row = Candidate(contact.person, ledger.number_of(contact.person))
                    found.candidates[contact.person] = row
                said = found.named_as.get((case, contact.person), ("", ""))
                note_exposures(ledger, row, case, cases[case], contact, kinds, window, said)
        if progress is not None:
            progress(done / len(found.windows))
    assess(ledger, found, statuses, asked)
    return found


def assess(ledger: Ledger, found: Found, statuses: Mapping[Subject, Status], asked: Asked) -> None:
    """Classify everybody by what is noted, and see who is a case herself by a given fact."""
    people = {f.subject.number: f.value for f in current(ledger.facts, now=asked.now) if f.kind == "person"}
    of_case = {subject: ledger.given[subject.number] for subject in statuses}
    for row in found.candidates.values():
        judge(row, asked.book, statuses, people.get(row.number))
        if row.decisive is not None:
            row.case = of_case.get(row.decisive.value["to"], "")


def _of_case(
    case: str, window: tuple[datetime, datetime], asked: Asked, store: VisitStore | None, lists: Lists
) -> list[Contact] | None:
    """Return whom a case met by each kind of evidence, None where no evidence knows the case."""
    start, end = floor_minute(window[0]), ceil_minute(window[1])
    rows: list[Contact] = []
    heard = False
    if store is not None:
        residual = int(asked.book.get("exposure.residual", 0))
        try:
            question = ContactSearch(seeds=(case,), start=start, end=end, residual_minutes=residual)
            rows += search_contacts(store, question).rows
            heard = True
        except Refused as refusal:
            if refusal.code not in ("store.unknown_person", "store.no_keys"):
                raise
    listed = lists.seeds_of((case,))
    if listed:
        heard = True
        rows += lists.met(listed, start, end, {}) if asked.encounters else []
        rows += lists.named_contacts(listed, start, end) if asked.contacts else []
    return rows if heard else None


def _settings(asked: Asked) -> ListSettings:
    """Return how the lists are read: on the clocks of the pack, by the steps of a table if one is given."""
    if asked.steps is not None and not asked.encounters:
        raise Refused("respond.steps_alone", file=asked.steps.name)
    steps = None if asked.steps is None else read_steps(asked.steps, asked.book.zone)
    return ListSettings(zone=asked.book.zone, reading=EncounterReading(zone=asked.book.zone, steps=steps),
                        counting=EncounterSettings(max_distance_m=asked.max_distance_m))  # fmt: skip


def _read_lists(asked: Asked, found: Found) -> Lists:
    """Read the lists once, and note what was read of them and in which setting each named contact stands."""
    lists = read_lists(asked.encounters, asked.contacts, _settings(asked))
    paths = {path.name: path for path in (*asked.encounters, *asked.contacts)}
    for report in lists.files:
        rejects = [reject for file, reject in lists.rejects if file == report.file]
        rows = report.loaded + report.duplicates + report.rejected
        found.reads.append(Read(report.file, report.kind, rows, report.loaded, rejects, digest(paths[report.file])))
    given = lists.numbers.given
    for _, named in lists.named:
        for row in range(len(named)):
            key = (given[named.case[row]], given[named.contact[row]])
            found.named_as[key] = (named.relation[row].strip(), named.setting[row].strip())
    return lists


def _kinds_of(store: VisitStore | None, contacts: Sequence[Contact], kinds: dict[str, int]) -> None:
    """Note the kind of each place in the evidence, by the name that the evidence gives it."""
    if store is None:
        return
    names = sorted({s.place for c in contacts for s in c.sittings if s.place is not None} - kinds.keys())
    if not names:
        return
    numbers = place_numbers(store, names)
    table = store.place_kinds()
    for name, number in zip(names, numbers.tolist(), strict=True):
        kinds[name] = int(table[number]) if 0 <= number < len(table) else 0


def place_numbers(store: VisitStore, names: Sequence[str]) -> np.ndarray:
    """Return the numbers of places by the names that answers give them, -1 where the store does not know one."""
    if store.keys is None:
        return np.array([int(n) if n.isdecimal() else -1 for n in names], np.int64)
    return np.asarray(store.keys.find("place", list(names)), np.int64)


def earlier(status: Status, days: int = 1) -> Status:
    """Return a status as it would be had the illness begun some days earlier: its window begins so much earlier."""
    if status.infectious_from is None:
        return status
    return status._replace(infectious_from=status.infectious_from - timedelta(days=days))
