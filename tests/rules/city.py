"""The tiny city of the rules: Wei 1 is the index case, Fang 2 his wife, Chen 3 a colleague, Li 4 a passer-by.

Zhao 5 was never near. `fact("sample", "contact:2", "2022-03-08T09:00", specimen="np")` makes a fact on the clocks of
Shanghai; ids count up in the order of making unless given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from ringfence.rules.duties import Derivation, Duty, Proposal
from ringfence.rules.facts import Fact, kinds, read_fact
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.strata import derive_all
from ringfence.vocabulary.moments import parse_moment
from ringfence.vocabulary.subjects import Subject
from tests.rules.packs_for_tests import small_book

SHANGHAI = ZoneInfo("Asia/Shanghai")
_numbers = count(1)


def at(text: str) -> datetime:
    return parse_moment(text, SHANGHAI)


def fact(kind: str, subject: str, at: str, /, *, id: str = "", until: str | None = None, known: str | None = None,
         grade: str = "B", retracts: str | None = None, **value: object) -> Fact:  # fmt: skip
    row = {"id": id or f"f{next(_numbers)}", "kind": kind, "subject": subject, "at": at, "known_at": known or at,
           "until": until, "grade": grade, "retracts": retracts, "value": value, "source": "test"}  # fmt: skip
    made, wrong = read_fact(row, SHANGHAI, kinds(), 0)
    assert made is not None, [p.values for p in wrong]
    return made


def met(who: int, begins: str, ends: str | None = None, to: str = "infection:1", **value: object) -> Fact:
    value.setdefault("setting", "meal")
    return fact("exposure", f"contact:{who}", begins, until=ends, to=to, **value)


def judged(who: int, cls: str, at: str, **value: object) -> Fact:
    return fact("assessment", f"contact:{who}", at, **{"class": cls, "by": "Dr Lin", **value})


def ill(who: int, onset: str, confirmed: str, state: str = "confirmed") -> list[Fact]:
    return [fact("onset", f"infection:{who}", onset, of="symptoms"),
            fact("case", f"infection:{who}", confirmed, state=state)]  # fmt: skip


def follows(facts: Iterable[Fact], now: str, book: Rulebook | None = None) -> dict[Subject, Derivation]:
    return derive_all(facts, book or eighth(), at(now))


def duties_of(facts: Iterable[Fact], now: str, subject: str, book: Rulebook | None = None) -> dict[str, Duty]:
    """Return the duties of a subject by kind/slot."""
    answer = follows(facts, now, book)[Subject.read(subject)]
    return {f"{d.kind}/{d.key.rsplit('/', 1)[1]}": d for d in answer.duties}


def proposals_of(facts: Iterable[Fact], now: str, subject: str, book: Rulebook | None = None) -> dict[str, Proposal]:
    return {p.kind: p for p in follows(facts, now, book)[Subject.read(subject)].proposals}


def day(duty: Duty) -> date:
    """Return the local day of a duty of one day."""
    return duty.begins.astimezone(SHANGHAI).date()


def local(moment: datetime | None) -> str:
    """Return a moment on the clocks of Shanghai, or a dash."""
    return "-" if moment is None else moment.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def eighth(on: date = date(2022, 3, 8), **more: object) -> Rulebook:
    """Return a small rulebook in the manner of China's eighth plan."""
    values: dict[str, object] = {
        "infectious.anchor": "symptoms",
        "infectious.anchor_without_symptoms": "first_positive_sample",
        "infectious.from": -2,
        "infectious.ends_by": ["isolated"],
        "infectious.granularity": "day",
        "incubation.longest": 14,
        "contact.classes": ["close", "secondary", "general"],
        "contact.close.of": "infection",
        "contact.close.when.meal": {"setting": ["meal", "household"], "protection": ["none", "mask"]},
        "contact.close.course.any": "close",
        "contact.secondary.of": "contact",
        "contact.secondary.when.meal": {"setting": ["meal", "household"]},
        "contact.secondary.course.any": "secondary",
        "contact.secondary.upgrade": "close",
        "contact.general.of": "infection",
        "contact.general.when.shop": {"setting": ["shop"]},
        "contact.general.course.any": "watch",
        "course.close.stages": ["central", "home"],
        "course.close.count_from": "last_exposure",
        "course.close.central.asks": "quarantine_site",
        "course.close.central.days": 14,
        "course.close.central.tests": [1, 4, 7, 14],
        "course.close.central.specimen": "np",
        "course.close.central.pool": 1,
        "course.close.central.last_test": "double_swab",
        "course.close.central.observe": 2,
        "course.close.central.release": ["own_tests", "no_symptoms"],
        "course.close.home.asks": "monitor",
        "course.close.home.days": 7,
        "course.close.home.tests": [2, 7],
        "course.close.home.observe": 2,
        "course.secondary.stages": ["central"],
        "course.secondary.count_from": "last_exposure",
        "course.secondary.central.asks": "quarantine_site",
        "course.secondary.central.days": 7,
        "course.secondary.central.tests": [1, 4, 7],
        "course.secondary.central.release": ["own_tests", "linked_tests"],
        "course.watch.stages": ["watch"],
        "course.watch.count_from": "last_exposure",
        "course.watch.watch.asks": "watch_self",
        "course.watch.watch.days": 14,
        "patient.asks": "isolate_hospital",
        "discharge.rule": "ct",
        "discharge.tests": 2,
        "discharge.gap": 24,
        "discharge.ct": 35,
        "patient.course": "home",
        "course.home.stages": ["home"],
        "course.home.count_from": "discharge",
        "course.home.home.asks": "monitor",
        "course.home.home.days": 7,
        "course.home.home.tests": [2, 7],
        "authority.county_government.order": {"asks": ["quarantine_site", "isolate_hospital"], "days": 14},
        **{f"clock.{name}.hard": hours for name, hours in {
            "report": 2, "interview_scene": 2, "interview_core": 4, "interview_full": 24, "assess": 4, "notify": 4,
            "notice_written": 24, "separate": 8, "house": 12, "hospital": 2, "measure": 4, "locate": 2,
            "letter_out": 2, "release_late": 1, "free_within": 1, "confirm": 24, "support_p0": 0.25,
            "bury": 24}.items()},
        **more,
    }  # fmt: skip
    return small_book(values, on=on)
