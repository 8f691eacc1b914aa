"""Random facts of every kind about a handful of subjects, as a real incident mixes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ringfence.rules.facts import Fact, kinds
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.typing import Field
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

PEOPLE = {"person": 3, "contact": 3, "infection": 2}
NUMBERS = {**PEOPLE, "household": 2, "zone": 2, "place": 1, "room": 1, "vehicle": 1}
TEXTS = {
    "asks": ["quarantine_site", "quarantine_home", "isolate_hospital", "hold", "stay_in", "stay_apart"],
    "of": ["measure", "remain", "central", "test", "dose"],
    "duty": ["test", "release", "measure", "coverage/d1", "letter/answer", "outbreak_end/declare", "notify",
             "lift", "hold", "zone_review", "review/pack", "confirm/notify.told", "disinfect/terminal",
             "release/p2", "support"],
    "origin": ["Shanghai"], "birth_date": ["2021-08-01", "1990-01-01"], "product": ["MMR", "IG", "rVSV"],
    "community": ["east", "west"], "category": ["family", "single"], "body": ["county_government", "desk"],
}  # fmt: skip
NAMED = {
    "to": ["infection:1", "infection:2", "contact:1", "contact:2", "contact:3"],
    "who": ["person:1", "person:2", "person:3"],
    "infections": ["infection:1", "infection:2"], "contacts": ["contact:1", "contact:2"],
    "affected": ["contact:2", "contact:3"], "tubes": ["tube:1"],
    "place": ["place:1"], "room": ["room:1"], "tube": ["tube:1"], "vehicle": ["vehicle:1"], "found": ["contact:2"],
    "household": ["household:1", "household:2"], "guardian": ["person:1"], "head": ["person:1"],
    "members": ["person:1", "person:2", "person:3", "contact:1"],
    "exempt_who": ["person:3"],
}  # fmt: skip
WEIGHTS = {"exposure": 6, "assessment": 4, "agreement": 4, "instrument": 6, "case": 3, "sample": 2, "result": 4,
           "household": 3, "person": 3, "zone": 3, "stay": 3, "release": 2, "ended": 2, "appeal": 3,
           "appeal_decided": 2}  # fmt: skip
LEFT_OUT = ("retraction", "pinned")


def facts_of(book: Rulebook, begin: datetime, hours: int) -> st.SearchStrategy[Fact]:
    """Return facts of any kind, their ids still to be numbered."""
    names = [name for name in kinds() if name not in LEFT_OUT for _ in range(WEIGHTS.get(name, 1))]
    return st.sampled_from(names).flatmap(lambda name: _of_kind(name, book, begin, hours))


@st.composite
def pins(draw: st.DrawFn, begin: datetime, hours: int, pack: str) -> Fact:
    """Draw a pin of any subject, or of the incident, to version 1 of a pack."""
    subject_kind = draw(st.sampled_from(sorted(kinds()["pinned"][0])))
    subject = Subject(subject_kind, draw(st.integers(1, NUMBERS.get(subject_kind, 1))))
    at = begin + timedelta(hours=draw(st.integers(0, hours)))
    known = at + timedelta(hours=draw(st.sampled_from([0, 0, 1, 30])))
    return Fact("x", "pinned", subject, at, known, None, "test", Grade.B, {"pack": pack, "version": "1", "by": "Lin"})


@st.composite
def _of_kind(draw: st.DrawFn, kind: str, book: Rulebook, begin: datetime, hours: int) -> Fact:
    about, fields = kinds()[kind]
    subject_kind = draw(st.sampled_from(sorted(about)))
    subject = Subject(subject_kind, draw(st.integers(1, NUMBERS.get(subject_kind, 1))))
    at = begin + timedelta(hours=draw(st.integers(0, hours)))
    known = at + timedelta(hours=draw(st.sampled_from([0, 0, 1, 30])))
    until = at + timedelta(hours=draw(st.sampled_from([3, 60]))) if draw(st.booleans()) else None
    if kind == "instrument" and draw(st.booleans()):
        value = _whole_instrument(draw, at, book)
    else:
        value = {
            name: _value(draw, name, form, at, book)
            for name, form in fields.items()
            if form.required or draw(st.integers(0, 2)) == 0
        }
    return Fact("x", kind, subject, at, known, until, "test", draw(st.sampled_from(list(Grade))), value)


def _whole_instrument(draw: st.DrawFn, at: datetime, book: Rulebook) -> dict[str, Any]:
    bodies = sorted({key.split(".")[1] for key in book.values if key.startswith("authority.")}) or ["county_government"]
    return {
        "rung": draw(st.sampled_from(["notice", "order", "court"])), "asks": draw(st.sampled_from(TEXTS["asks"])),
        "ends": at + timedelta(hours=draw(st.integers(1, 400))), "issuer": "Mayor Shen",
        "body": draw(st.sampled_from(bodies)),
        "number": "1", "legal_basis": ("Law",), "reason": "met Wei", "person_days": 3,
        "served_at": at + timedelta(hours=draw(st.sampled_from([0, 5, 500]))), "support_tested_at": at,
    }  # fmt: skip


def _value(draw: st.DrawFn, name: str, form: Field, at: datetime, book: Rulebook) -> Any:  # noqa: PLR0911 — one a form
    if form.choices:
        return (
            tuple(draw(st.lists(st.sampled_from(form.choices)))) if form.many else draw(st.sampled_from(form.choices))
        )
    if name == "class":
        return draw(st.sampled_from([*book.get("contact.classes", ()), "none"]))
    if name == "level":
        return draw(st.sampled_from([*book.get("zone.levels", ("closed",))]))
    match form.form:
        case "text":
            return draw(st.sampled_from(TEXTS.get(name, ["a", "b"])))
        case "texts":
            return tuple(draw(st.lists(st.sampled_from(TEXTS.get(name, ["east", "west"])), max_size=2)))
        case "fact":
            return f"x{draw(st.integers(0, 30))}"
        case "moment":
            return at + timedelta(hours=draw(st.integers(-30, 400)))
        case "yes":
            return draw(st.booleans())
        case "whole":
            return draw(st.integers(1, 3))
        case "number":
            return draw(st.sampled_from([0.5, 1.0, 36.6, 38.5]))
        case "subject":
            return Subject.read(draw(st.sampled_from(NAMED[name])))
        case "subjects":
            return tuple(Subject.read(s) for s in draw(st.lists(st.sampled_from(NAMED[name]), min_size=1, max_size=2)))
    raise AssertionError(form)
