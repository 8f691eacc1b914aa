"""What would follow if people assessed as proposed: measures, tests, rooms, seats, days of people. An estimate only.

It is derived in an incident of its own, in which every candidate's proposed class is assumed (grade D). Nothing of it
stands among what is due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ringfence.response.asked import Asked
from ringfence.response.evidence import Candidate
from ringfence.response.ledger import Ledger
from ringfence.rules.derive.body import PLACED_IN, RESTRAINS
from ringfence.rules.derive.courses import course_of
from ringfence.rules.duties import Derivation, Duty
from ringfence.rules.facts import Fact
from ringfence.rules.strata import derive_all
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Follows:
    """What would follow. Days are local dates; `measures` are rows by class and stage with people and person-days."""

    by_class: dict[str, int] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)
    measures: list[dict[str, Any]] = field(default_factory=list)
    tests: Counter[str] = field(default_factory=Counter)
    rooms: Counter[str] = field(default_factory=Counter)
    seats: Counter[str] = field(default_factory=Counter)
    releases: Counter[str] = field(default_factory=Counter)
    person_days: float = 0.0
    person_days_sure: float = 0.0
    duties: list[Duty] = field(default_factory=list)
    days: dict[str, float] = field(default_factory=dict)
    """Days of restriction by person."""
    already: dict[str, int] = field(default_factory=dict)
    """People assessed already, by class: what they owe is due and is not counted here."""
    if_yes: Follows | None = None
    """What would follow if the open questions made everybody stricter whom they could; None where there are none."""


def follows(ledger: Ledger, candidates: Sequence[Candidate], asked: Asked) -> Follows:
    """Return what would follow if everybody still to be assessed were assessed as the pack proposes, today.

    Who is assessed or dropped already is not priced again: what she owes is due. `if_yes` is what would follow if every
    open question that stands between somebody and a stricter class were answered so that she is in it.
    """
    classes = asked.book.get("contact.classes", ())
    waiting = [c for c in candidates if not c.assessed]
    proposed = [(c, c.cls) for c in waiting if c.cls in classes]
    found = _follows(proposed, asked, ledger.facts)
    found.already = dict(Counter(c.assessed for c in candidates if c.assessed))
    stricter = {c.number: str(c.could_be.cls) for c in waiting if c.could_be is not None}
    if stricter:
        facts = [f for f in ledger.facts if f.subject.kind != "contact" or f.subject.number in stricter]
        changed = [(c, stricter[c.number]) for c in waiting if c.number in stricter]
        milder = _follows([(c, c.cls) for c, _ in changed if c.cls in classes], asked, facts)
        found.if_yes = _instead(found, milder, _follows(changed, asked, facts))
    return found


def _follows(proposed: Sequence[tuple[Candidate, str]], asked: Asked, facts: Sequence[Fact]) -> Follows:
    """Return what would follow if some people were assessed as some classes."""
    found = Follows()
    assumed = [
        Fact(f"assumed-{c.number}", "assessment", Subject("contact", c.number), asked.now, asked.now, None, "assumed",
             Grade.D, {"class": cls, "by": "assumed"})
        for c, cls in proposed
    ]  # fmt: skip
    derived = derive_all([*facts, *assumed], asked.book, asked.now)
    found.by_class = dict(Counter(cls for _, cls in proposed))
    found.questions = dict(Counter(cls for c, cls in proposed if c.open))
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for candidate, cls in proposed:
        one = derived.get(Subject("contact", candidate.number))
        if one is not None:
            _count(found, candidate, cls, one, asked, rows)
    found.measures = [rows[key] | {"person_days": round(rows[key]["person_days"], 1)} for key in sorted(rows)]
    found.person_days = round(found.person_days, 1)
    found.person_days_sure = round(found.person_days_sure, 1)
    return found


def _instead(found: Follows, milder: Follows, stricter: Follows) -> Follows:
    """Return what follows with some people counted in the stricter class instead of the milder one."""
    by_class = Counter(found.by_class)
    by_class.subtract(milder.by_class)
    by_class.update(stricter.by_class)
    days = round(found.person_days - milder.person_days + stricter.person_days, 1)
    instead = Follows(by_class={cls: n for cls, n in by_class.items() if n}, person_days=days)
    for name in ("tests", "rooms", "seats", "releases"):
        counted: Counter[str] = Counter(getattr(found, name))
        counted.subtract(getattr(milder, name))
        counted.update(getattr(stricter, name))
        setattr(instead, name, +counted)
    return instead


def _count(
    found: Follows, candidate: Candidate, cls: str, one: Derivation, asked: Asked,
    rows: dict[tuple[str, str], dict[str, Any]],
) -> None:  # fmt: skip
    """Add what would be asked of one person: every stage of her course, her tests, a room for each night, a seat."""
    book, now = asked.book, asked.now
    duties = [d for d in one.duties if d.kind not in ("assess", "assess_again")]
    found.duties += duties
    for duty in duties:
        if duty.kind == "test" and duty.ended == "open":
            found.tests[_day(max(duty.begins, now), asked)] += 1
        elif duty.kind == "transfer" and duty.ended == "open" and duty.due is not None:
            found.seats[_day(duty.due, asked)] += 1
    course = course_of(book, str(book.get(f"contact.{cls}.course.any", "")))
    ends = {d.key.rsplit("/", 1)[-1]: d.values.get("ends") for d in duties if d.kind == "measure"}
    begins = now
    total = 0.0
    for stage in course.stages:
        until = ends.get(stage.name)
        if until is None and stage.days is not None and begins is not now:
            until = book.start_of(book.day_of(begins - timedelta(microseconds=1)) + stage.days + 1)
        if until is None or until <= begins:
            continue
        days = (until - begins) / timedelta(days=1)
        restrains = stage.asks in RESTRAINS
        row = rows.setdefault((cls, stage.name), {
            "class": cls, "rung": stage.rung, "course": course.name, "stage": stage.name, "asks": stage.asks,
            "restricts": restrains, "n": 0, "person_days": 0.0,
        })  # fmt: skip
        row["n"] += 1
        row["person_days"] += days if restrains else 0.0
        total += days if restrains else 0.0
        if "quarantine_site" in PLACED_IN.get(stage.asks, ()) and "home" not in PLACED_IN.get(stage.asks, ()):
            for night in _nights(begins, until, asked):
                found.rooms[night] += 1
            found.releases[_day(until - timedelta(microseconds=1), asked)] += 1
        begins = until
    found.days[candidate.person] = round(total, 2)
    found.person_days += total
    if not candidate.open:
        found.person_days_sure += total


def _nights(begins: datetime, until: datetime, asked: Asked) -> list[str]:
    """Return the local days of a stay, the one it begins on and each further one up to its last."""
    first, last = asked.book.day_of(begins), asked.book.day_of(until - timedelta(microseconds=1))
    return [_day(asked.book.start_of(day) + _HOUR, asked) for day in range(first, last + 1)]


def _day(moment: datetime, asked: Asked) -> str:
    return moment.astimezone(asked.book.zone).date().isoformat()


def told(found: Follows, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return it as the answer carries it; `names` gives the duties as told."""

    def by_day(counts: Counter[str]) -> list[dict[str, Any]]:
        return [{"day": day, "n": counts[day]} for day in sorted(counts)]

    return {
        "by_class": found.by_class, "with_questions": found.questions, "measures": found.measures,
        "tests_by_day": by_day(found.tests), "rooms_by_day": by_day(found.rooms), "seats_by_day": by_day(found.seats),
        "releases_by_day": by_day(found.releases), "person_days": found.person_days,
        "person_days_without_questions": found.person_days_sure, "already": found.already,
        "if_yes": None if found.if_yes is None else _if_yes(found.if_yes, by_day), **names,
    }  # fmt: skip


def _if_yes(one: Follows, by_day: Callable[[Counter[str]], list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "by_class": one.by_class, "person_days": one.person_days, "tests_by_day": by_day(one.tests),
        "rooms_by_day": by_day(one.rooms), "seats_by_day": by_day(one.seats), "releases_by_day": by_day(one.releases),
    }  # fmt: skip
