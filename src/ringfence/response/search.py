"""Whom did the cases meet while they could infect others? Every kind of evidence, one list; nobody is restricted by it.

Only cases that a laboratory or a clinician stands behind are searched for, unless the pack acts on suspicion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from ringfence.response.asked import Asked, Read, digest
from ringfence.response.evidence import Candidate, note_exposures
from ringfence.response.filled import mark_filled
from ringfence.response.judging import judge
from ringfence.response.ledger import POSITIVE, Ledger
from ringfence.response.people import of_nobody, read_details, unknown_headers
from ringfence.rules.duties import Status
from ringfence.rules.facts import current
from ringfence.rules.strata import derive_all
from ringfence.tracing.contacts import ContactSearch, search_contacts
from ringfence.tracing.encounters.files import ENCOUNTER_NAMES, EncounterReading, read_steps
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
    """What a search found: candidates by number, windows of cases, who was not searched for and why, files read."""

    candidates: dict[int, Candidate] = field(default_factory=dict)
    windows: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    unsearched: dict[str, str] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    named_as: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Relation and setting by case and contact, as the case told them."""
    lists: Lists | None = None
    """The lists as they were read, so that another question need not read them again."""
    met: dict[str, tuple[tuple[datetime, datetime], list[Contact]]] = field(default_factory=dict)
    """Whom each case met, and in which window that was asked."""

    @property
    def unproven(self) -> set[str]:
        """The cases behind whom neither laboratory nor clinician stands."""
        return {case for case, why in self.unsearched.items() if why in ("discarded", "not_confirmed")}


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
            never = asked.book.get("infectious.anchor_without_symptoms") == "none"
            found.unsearched[case] = "never_without_symptoms" if never else "no_window"
        else:
            until = min(status.infectious_until or asked.now, asked.now)
            if until <= status.infectious_from:
                found.unsearched[case] = "empty_window"
            else:
                found.windows[case] = (status.infectious_from, until)


def search(
    ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], asked: Asked,
    store: VisitStore | None, *, progress: Progress | None = None, before: Found | None = None,
) -> Found:  # fmt: skip
    """Search for the contacts of every case and note how each met whom.

    What was found `before` is not read or searched for again where the window of a case is the same.
    """
    if before is not None and before.lists is not None:
        found = Found(lists=before.lists, named_as=before.named_as)
        lists = before.lists
    else:
        found = Found()
        lists = found.lists = _read_lists(ledger, cases, asked, found)
    windows_of(cases, statuses, asked, found)
    known = {subject.number for case, subject in cases.items() if case not in found.unproven}
    kinds: dict[str, int] = {}
    for done, (case, window) in enumerate(found.windows.items(), 1):
        once = before.met.get(case) if before is not None else None
        if once is not None and once[0] == window:
            contacts: list[Contact] | None = once[1]
        else:
            contacts = _of_case(ledger, cases[case], window, asked, store, lists)
        if contacts is None:
            found.unsearched[case] = "not_in_evidence"
        else:
            found.met[case] = (window, contacts)
            _kinds_of(store, contacts, kinds)
            for contact in contacts:
                _note(ledger, found, case, cases[case], contact, kinds, window, known)
        if progress is not None:
            progress(done / len(found.windows))
    assess(ledger, found, statuses, asked)
    return found


def _note(
    ledger: Ledger, found: Found, case: str, infection: Subject, contact: Contact, kinds: Mapping[str, int],
    window: tuple[datetime, datetime], known: Set[int],
) -> None:  # fmt: skip
    """Note how a case met somebody, unless she is a known case herself."""
    number = ledger.number_of(contact.person)
    if number in known:
        return
    row = found.candidates.get(number)
    if row is None:
        row = found.candidates[number] = Candidate(contact.person, number)
    said = next((told for id_ in ledger.ids[infection.number] or [case]
                 if (told := found.named_as.get((id_, contact.person))) is not None), ("", ""))  # fmt: skip
    note_exposures(ledger, row, case, infection, contact, kinds, window, said)


def assess(ledger: Ledger, found: Found, statuses: Mapping[Subject, Status], asked: Asked) -> None:
    """Classify everybody by what is noted, and see who is a case herself by a given fact."""
    people = {f.subject.number: f.value for f in current(ledger.facts, now=asked.now) if f.kind == "person"}
    of_case = {subject: ledger.given[subject.number] for subject in statuses}
    for row in found.candidates.values():
        assessed = ledger.of("assessment", Subject("contact", row.number))
        row.assessed = "" if assessed is None else str(assessed.value["class"])
        judge(row, asked.book, statuses, people.get(row.number))
        if row.decisive is not None:
            row.case = of_case.get(row.decisive.value["to"], "")


def store_number(store: VisitStore, ledger: Ledger, number: int | None, given: str = "") -> int | None:
    """Return the number of somebody in a store, by any id of hers; None where it does not know her."""
    ids = [] if number is None else ledger.ids[number]
    for id_ in dict.fromkeys([*([given] if given else []), *ids]):
        try:
            return int(store.numbers_of([id_])[0])
        except Refused as refusal:
            if refusal.code not in ("store.unknown_person", "store.no_keys"):
                raise
    return None


def _of_case(
    ledger: Ledger, infection: Subject, window: tuple[datetime, datetime], asked: Asked, store: VisitStore | None,
    lists: Lists,
) -> list[Contact] | None:  # fmt: skip
    """Return whom a case met by each kind of evidence, None where no evidence knows the case by any id of hers."""
    start, end = floor_minute(window[0]), ceil_minute(window[1])
    ids = ledger.ids[infection.number]
    rows: list[Contact] = []
    heard = False
    if store is not None:
        residual = int(asked.book.get("exposure.residual", 0))
        for id_ in ids:
            try:
                question = ContactSearch(seeds=(id_,), start=start, end=end, residual_minutes=residual)
                rows += mark_filled(store, id_, search_contacts(store, question).rows, start, end)
                heard = True
                break
            except Refused as refusal:
                if refusal.code not in ("store.unknown_person", "store.no_keys"):
                    raise
    listed = lists.seeds_of(ids)
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


def _read_lists(ledger: Ledger, cases: Mapping[str, Subject], asked: Asked, found: Found) -> Lists:
    """Read the lists once, and note what was read of them and in which setting each named contact stands."""
    lists = read_lists(asked.encounters, asked.contacts, _settings(asked))
    paths = {path.name: path for path in (*asked.encounters, *asked.contacts)}
    numbers = {subject.number for subject in cases.values()}
    for report in lists.files:
        rejects = [reject for file, reject in lists.rejects if file == report.file]
        rows = report.loaded + report.duplicates + report.rejected
        read = Read(report.file, report.kind, rows, report.loaded, rejects, digest(paths[report.file]))
        if report.kind == "named":
            _details(ledger, numbers, paths[report.file], read)
        else:
            read.rejects += unknown_headers(report.unused, (), ENCOUNTER_NAMES)
        found.reads.append(read)
    given = lists.numbers.given
    for _, named in lists.named:
        for row in range(len(named)):
            key = (given[named.case[row]], given[named.contact[row]])
            found.named_as[key] = (named.relation[row].strip(), named.setting[row].strip())
    return lists


def _details(ledger: Ledger, cases: Set[int], path: Path, read: Read) -> None:
    """Take what a list of named contacts tells of people, and tell the rows of those who are no case."""
    rows, unknown = read_details(path)
    read.rejects += unknown
    known = {row.case for row in rows if ledger.number.get(row.case) in cases}
    lost = of_nobody(rows, known)
    read.rejects += lost
    read.used -= min(len(lost), read.used)
    for row in rows:
        if row.contact and row.case in known:
            if row.name or row.phone or row.birth:
                number = ledger.person_of(row.contact, row.name, row.phone, row.birth)
            else:
                number = ledger.number_of(row.contact)
            ledger.describe(number, address=row.address)


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
