"""Who has which number, and the facts of an answer: read from a file, made of a line list, or of evidence found.

A person is known by the id that a file gives her. Where two files give two ids, an equal name with an equal telephone
or day of birth makes them one; an equal name alone does not, and is told as a question. An id that is the name of
exactly one person of the facts is hers, since such a list has no other id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ringfence.rules.facts import BODILY, IN_ORDER, Fact, current
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

POSITIVE = ("confirmed", "asymptomatic", "presumptive", "probable")
_PHONE_DIGITS = 11


@dataclass(slots=True)
class Ledger:
    """Facts in order of being noted, and who the people are.

    `number` finds a person by any id of hers; `given` is what the answer calls her, no two people alike; `ids` are all
    ids by which evidence may know her. Name, telephone, day of birth and address stand by number where they are told.
    """

    now: datetime
    facts: list[Fact] = field(default_factory=list)
    number: dict[str, int] = field(default_factory=dict)
    given: dict[int, str] = field(default_factory=dict)
    ids: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    name: dict[int, str] = field(default_factory=dict)
    phone: dict[int, str] = field(default_factory=dict)
    birth: dict[int, str] = field(default_factory=dict)
    address: dict[int, str] = field(default_factory=dict)
    namesakes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    exposed: dict[Subject, tuple[datetime, datetime]] = field(default_factory=dict)
    """When a case was infected, [from, until), as a line list tells it."""
    listed: set[int] = field(default_factory=set)
    """Who has an id of a list already: two ids of one list are two people."""
    _next: int = 1
    _last: dict[tuple[str, Subject], Fact] | None = None

    def take(self, facts: Iterable[Fact]) -> None:
        """Take in facts of a file; people are known by their number, and by a name that nobody else there has."""
        self.facts.extend(facts)
        self._last = None
        standing = current(self.facts, now=self.now)
        people = {f.subject.number: f.value for f in standing if f.kind == "person"}
        for number in dict.fromkeys(f.subject.number for f in standing if f.subject.kind in BODILY):
            self._next = max(self._next, number + 1)
            self._know(str(number), number)
            for kind in BODILY:
                self.number.setdefault(f"{kind}:{number}", number)
            value = people.get(number, {})
            self.describe(number, str(value.get("name", "")), str(value.get("phone", "")),
                          str(value.get("birth_date", "")))  # fmt: skip
        for name, numbers in list(self.namesakes.items()):
            for number in numbers:
                if len(numbers) == 1 and self.number.get(name, number) == number:
                    self._know(name, number)
                    self.given[number] = name
                else:
                    self.given[number] = f"{name} ({number})"

    def _know(self, given: str, number: int) -> None:
        """Note an id of somebody; the first is what the answer calls her."""
        self.number.setdefault(given, number)
        self.given.setdefault(number, given)
        if self.number[given] == number and given not in self.ids[number]:
            self.ids[number].append(given)

    def describe(self, number: int, name: str = "", phone: str = "", birth: str = "", address: str = "") -> None:
        """Note what is told of somebody; what was told before stays."""
        if name and number not in self.name:
            self.name[number] = name
            self.namesakes[name].append(number)
        for told, of in ((phone, self.phone), (birth, self.birth), (address, self.address)):
            if told:
                of.setdefault(number, told)

    def person_of(self, given: str, name: str = "", phone: str = "", birth: str = "") -> int:
        """Return whose id this is: known already, hers by name and telephone or birth, or somebody new."""
        number = self.number.get(given)
        if number is None:
            same = [n for n in self.namesakes.get(name, ()) if n not in self.listed and self._agrees(n, phone, birth)]
            number = same[0] if len(same) == 1 else self.number_of(given)
            self._know(given, number)
        self.listed.add(number)
        self.describe(number, name, phone, birth)
        return number

    def _agrees(self, number: int, phone: str, birth: str) -> bool:
        """Return whether somebody has this telephone or day of birth, and neither is another."""
        pairs = ((phone, self.phone.get(number, "")), (birth, self.birth.get(number, "")))
        told = [digits(one) == digits(other) for one, other in pairs if one and other]
        return bool(told) and all(told)

    def number_of(self, given: str) -> int:
        """Return the number of a given id, a new one if need be."""
        if given not in self.number:
            if given.isdecimal() and int(given) not in self.given:  # an id that is a number stays that number
                self._know(given, int(given))
                return int(given)
            while self._next in self.given:
                self._next += 1
            self._know(given, self._next)
        return self.number[given]

    def doubts(self, of: Iterable[int]) -> list[tuple[str, list[int]]]:
        """Return names that several people have, one of whom at least is among some."""
        wanted = set(of)
        found = []
        for name, numbers in self.namesakes.items():
            also = self.number.get(name)
            several = numbers if also is None or also in numbers else [*numbers, also]
            if len(several) > 1 and wanted.intersection(several):
                found.append((name, several))
        return found

    def apart(self, facts: list[Fact]) -> Ledger:
        """Return a ledger of the same people with other facts; numbers given there are not given here."""
        return Ledger(self.now, facts, dict(self.number), dict(self.given), self.ids.copy(), self.name, self.phone,
                      self.birth, self.address, self.namesakes, self.exposed, self.listed, self._next)  # fmt: skip

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


def digits(text: str) -> str:
    """Return the digits of a telephone or a day, without signs between them, at most the last eleven."""
    return "".join(c for c in text if c.isdecimal())[-_PHONE_DIGITS:]


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
