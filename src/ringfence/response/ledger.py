"""Who has which number, and the facts of an answer: read from a file, made of a line list, or of evidence found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ringfence.response.cases import CaseRow
from ringfence.rules.facts import IN_ORDER, Fact, current
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

POSITIVE = ("confirmed", "asymptomatic", "presumptive", "probable")


@dataclass(slots=True)
class Ledger:
    """Facts in order of being noted, and the numbers of people by their given ids."""

    now: datetime
    facts: list[Fact] = field(default_factory=list)
    number: dict[str, int] = field(default_factory=dict)
    given: dict[int, str] = field(default_factory=dict)
    exposed: dict[Subject, tuple[datetime, datetime]] = field(default_factory=dict)
    """When a case was infected, [from, until), as a line list tells it."""
    _next: int = 1
    _last: dict[tuple[str, Subject], Fact] | None = None

    def take(self, facts: Iterable[Fact]) -> None:
        """Take in facts of a file; people are known by the name that a fact gives them, or else by their number."""
        self.facts.extend(facts)
        self._last = None
        standing = current(self.facts, now=self.now)
        for fact in standing:
            if fact.kind == "person" and fact.value.get("name"):
                name = str(fact.value["name"])
                self.number.setdefault(name, fact.subject.number)
                self.given.setdefault(fact.subject.number, name)
        for fact in standing:
            if fact.subject.kind in ("infection", "contact", "person"):
                self._next = max(self._next, fact.subject.number + 1)
                if fact.subject.number not in self.given:
                    self._name(str(fact.subject.number), fact.subject.number)

    def _name(self, given: str, number: int) -> None:
        self.number.setdefault(given, number)
        self.given[number] = given

    def number_of(self, given: str) -> int:
        """Return the number of a given id, a new one if need be."""
        if given not in self.number:
            if given.isdecimal() and int(given) not in self.given:  # an id that is a number stays that number
                self._name(given, int(given))
                return int(given)
            while self._next in self.given:
                self._next += 1
            self._name(given, self._next)
        return self.number[given]

    def resume(self, other: Ledger) -> None:
        """Give new numbers from where another ledger stands."""
        self._next = other._next

    def enter(
        self, kind: str, subject: Subject, at: datetime, value: Mapping[str, Any], *, known: datetime | None = None,
        until: datetime | None = None, source: str = "line list", grade: Grade = Grade.B,
    ) -> Fact:  # fmt: skip
        """Note a fact; its id tells whom it is about and which of how many it is."""
        name = f"{source.replace(' ', '-')}-{kind}-{subject}-{len(self.facts) + 1}"
        fact = Fact(name, kind, subject, at, known or self.now, until, source, grade, dict(value))
        self.facts.append(fact)
        if self._last is not None and fact.known_at <= self.now:
            before = self._last.get((kind, subject))
            if before is None or IN_ORDER(before) <= IN_ORDER(fact):
                self._last[kind, subject] = fact
        return fact

    def of(self, kind: str, subject: Subject) -> Fact | None:
        """Return the last fact of a kind about a subject that stands, None where there is none."""
        if self._last is None:
            self._last = {(f.kind, f.subject): f for f in current(self.facts, now=self.now)}
        return self._last.get((kind, subject))


def note_cases(ledger: Ledger, cases: Sequence[CaseRow]) -> dict[str, Subject]:
    """Note what a line list says and return the infection of each case. What the facts already say is not repeated."""
    subjects = {}
    for case in cases:
        number = ledger.number_of(case.id)
        infection, person = Subject("infection", number), Subject("person", number)
        subjects[case.id] = infection
        known = case.reported or ledger.now  # without a time of report no clock starts before now
        _person(ledger, case, person, known)
        if case.onset is not None and ledger.of("onset", infection) is None:
            ledger.enter("onset", infection, case.onset, {"of": "symptoms"}, known=max(known, case.onset))
        if case.first_positive is not None and ledger.of("result", infection) is None:
            own = ledger.enter("sample", infection, case.first_positive, {"specimen": "np"}, known=known)
            told = max(known, case.first_positive)
            ledger.enter(
                "result", infection, told, {"outcome": "positive", "sample": own.id, "test": "pcr"}, known=told
            )
        if ledger.of("case", infection) is None:
            state = case.state or ("confirmed" if case.first_positive or case.reported else "suspected")
            ledger.enter("case", infection, known, {"state": state}, known=known)
        if case.isolation is not None and ledger.of("stay", infection) is None:
            ended = case.died or case.ended
            until = ended if ended is not None and ended > case.isolation else None
            ledger.enter("stay", infection, case.isolation, {"kind": "hospital"}, until=until,
                         known=max(known, case.isolation))  # fmt: skip
        _outcome(ledger, case, infection)
        if case.exposed is not None:
            ledger.exposed[infection] = case.exposed
    return subjects


def _outcome(ledger: Ledger, case: CaseRow, infection: Subject) -> None:
    """Note how an illness ended, where the list tells the day."""
    if case.died is not None and ledger.of("death", infection) is None:
        ledger.enter("death", infection, case.died, {}, known=case.died)
    elif case.died is None and case.ended is not None and ledger.of("discharge", infection) is None:
        ledger.enter("discharge", infection, case.ended, {}, known=case.ended)


def _person(ledger: Ledger, case: CaseRow, person: Subject, known: datetime) -> None:
    if ledger.of("person", person) is not None:
        return
    value: dict[str, Any] = {"name": case.name or case.id}
    if case.sex:
        value["sex"] = case.sex
    if case.age is not None:
        value["age_years"] = case.age
    if case.community:
        value["community"] = case.community
    ledger.enter("person", person, known, value, known=known)


def facts_json(facts: Iterable[Fact], pack: str, zone: Any) -> dict[str, Any]:
    """Return facts as `ringfence duties` reads them, on the clocks of a zone."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(zone).isoformat()
        if isinstance(value, Subject):
            return str(value)
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return value

    rows = []
    for fact in facts:
        row: dict[str, Any] = {
            "id": fact.id, "kind": fact.kind, "subject": str(fact.subject), "at": plain(fact.at),
            "known_at": plain(fact.known_at), "source": fact.source, "grade": fact.grade.name,
            "value": {name: plain(value) for name, value in fact.value.items()},
        }  # fmt: skip
        if fact.until is not None:
            row["until"] = plain(fact.until)
        if fact.retracts is not None:
            row["retracts"] = fact.retracts
        rows.append(row)
    return {"schema": 1, "zone": str(zone), "pack": pack, "facts": rows}
