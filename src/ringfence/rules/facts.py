"""Facts: something seen, with source, the moment it happened and the moment it became known.

A file of facts is JSON: `{"schema": 1, "zone": "Asia/Shanghai", "facts": [{"id", "kind", "subject", "at", "known_at",
"until"?, "source", "grade", "value", "retracts"?}]}`. Moments are ISO 8601; one without an offset, and a plain date,
are read on the clocks of `zone`. Kinds and the fields of their values stand in `kinds.toml`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from functools import cache
from importlib import resources
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ringfence.rules.typing import Field, field, nearest, problems_of
from ringfence.vocabulary.moments import parse_moment, zone_named
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject

SCHEMA = 1
_OF_A_FACT = {
    "id": field("text!"),
    "kind": field("text!"),
    "subject": field("subject!"),
    "at": field("moment!"),
    "known_at": field("moment"),
    "until": field("moment"),
    "source": field("text"),
    "grade": field("A|B|C|D"),
    "value": Field("table"),
    "retracts": field("text"),
}
_OF_A_FILE = ("schema", "zone", "pack", "facts")
_MOMENT_WRITTEN = "2022-03-08T10:30 | 2022-03-08"
BODILY = ("contact", "infection", "person")
"""The subjects that are one body: one person may be all three."""
LET_GO = "let_go"
"""A release, discharge or early end that was taken back after it was known. Who was told that she is free stays free
until something new is signed; for all else it is as if it had never been.
"""
RESULT_BACK, REACHED_BACK = "result_taken_back", "reached_taken_back"
"""A result, or a moment at which somebody was reached, that was taken back after it was known; `until` is when. It
ended a hold, or set the hours of one running: what was over, or had begun to run, does not begin anew.
"""
_GOES_ON_AS = {"release": LET_GO, "discharge": LET_GO, "ended": LET_GO, "result": RESULT_BACK, "reached": REACHED_BACK}
_WITH_OTHERS = ("household", "tube", "room")
"""The subjects that have facts of people in their dossiers, or give theirs to people."""
OF_A_TUBE = ("sample", "result", RESULT_BACK)
"""What happened to the bodies of the members of a tube, and belongs to the tube too."""


class Fact(NamedTuple):
    """One fact. `at` is when it happened, `known_at` when we knew it; both are aware and in UTC."""

    id: str
    kind: str
    subject: Subject
    at: datetime
    known_at: datetime
    until: datetime | None = None
    source: str = ""
    grade: Grade = Grade.B
    value: Mapping[str, Any] = {}
    retracts: str | None = None


IN_ORDER = itemgetter(3, 4, 0)
"""What facts are sorted by: when they happened, when they became known, their id."""


APPEALS = ("appeal", "appeal_decided")
TAKEN_BACK = "appeal_taken_back"
"""An appeal, or a decision on one, that was taken back after it was known. What its deadline did when it passed stays
done. Its value says since when it is known to be wrong: `taken_back_at`, which no file can bring.
"""


@cache
def kinds() -> Mapping[str, tuple[frozenset[str], Mapping[str, Field]]]:
    """Return the kinds of fact of the house: which subjects each may be about, and the fields of its value."""
    written = tomllib.loads((resources.files(__package__) / "kinds.toml").read_text(encoding="utf-8"))
    return read_kinds(written)


def read_kinds(written: Mapping[str, Any]) -> Mapping[str, tuple[frozenset[str], Mapping[str, Field]]]:
    """Return kinds of fact as a table of `kinds.toml` or of a pack writes them."""
    return {
        name: (frozenset(entry["about"]), {key: field(form) for key, form in entry.get("fields", {}).items()})
        for name, entry in written.items()
    }


def read_facts(
    text: str, *, zone: str | None = None, more_kinds: Mapping[str, Any] | None = None
) -> tuple[list[Fact], list[Refused]]:
    """Return the facts of a JSON file and what is wrong with those that cannot be read; good ones are kept.

    `zone` is used where the file names none. A file that is not JSON, or of another schema, is refused as a whole.
    """
    try:
        written = json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused("facts.not_json", line=error.lineno, column=error.colno) from error
    if isinstance(written, list):
        written = {"schema": SCHEMA, "facts": written}
    if not isinstance(written, dict) or not isinstance(written.get("facts"), list):
        raise Refused("facts.no_list")
    if written.get("schema") != SCHEMA:
        raise Refused("facts.other_schema", schema=written.get("schema"), ours=SCHEMA)
    for name in written:
        if name not in _OF_A_FILE:
            raise Refused("facts.unknown_at_top", field=name, nearest=nearest(name, _OF_A_FILE))
    clocks = zone_named(str(written.get("zone") or zone or "UTC"))
    known = {**kinds(), **(more_kinds or {})}
    facts: list[Fact] = []
    problems: list[Refused] = []
    seen: set[str] = set()
    for number, row in enumerate(written["facts"], 1):
        fact, wrong = read_fact(row, clocks, known, number)
        if fact is not None and fact.id in seen:
            wrong = [Refused("facts.same_id", number=number, id=fact.id)]
        if wrong or fact is None:
            problems += wrong
        else:
            seen.add(fact.id)
            facts.append(fact)
    return facts, problems


def read_fact(row: object, zone: ZoneInfo, known: Mapping[str, Any], number: int) -> tuple[Fact | None, list[Refused]]:
    """Return one fact of a file, or what is wrong with it; `number` is its place in the list, from 1."""
    if not isinstance(row, dict):
        return None, [Refused("facts.not_an_object", number=number)]
    where = {"number": number, "id": str(row.get("id", "-"))}
    moments: dict[str, datetime] = {}
    wrong: list[Refused] = []
    for name in ("at", "known_at", "until"):
        if row.get(name) is not None:
            moment = _moment(row[name], zone)
            if moment is None:
                wrong.append(Refused("rules.ill_formed", field=name, value=row[name], form=_MOMENT_WRITTEN, **where))
            else:
                moments[name] = moment
    shape = {name: moments.get(name, value) for name, value in row.items() if value is not None}
    wrong += [p for p in problems_of(shape, _OF_A_FACT, **where) if p.values["field"] not in ("at", "known_at", "until")
              or p.code != "rules.ill_formed"]  # fmt: skip
    kind = row.get("kind")
    if isinstance(kind, str) and kind not in known:
        wrong.append(Refused("facts.unknown_kind", kind=kind, nearest=nearest(kind, known), **where))
    if wrong:
        return None, wrong
    about, fields = known[str(kind)]
    subject = Subject.read(row["subject"])
    value, wrong = _value(row.get("value") or {}, fields, zone, where)
    if subject.kind not in about:
        wrong.append(Refused("facts.wrong_subject", kind=kind, subject=str(subject), about=", ".join(sorted(about)),
                             **where))  # fmt: skip
    at, known_at, until = moments["at"], moments.get("known_at", moments["at"]), moments.get("until")
    if until is not None and until < at:
        wrong.append(Refused("facts.ends_before", **where))
    if kind == "retraction" and not row.get("retracts"):
        wrong.append(Refused("rules.missing_field", field="retracts", form="fact", **where))
    if wrong:
        return None, wrong
    grade = Grade[row.get("grade") or "B"]
    return Fact(row["id"], str(kind), subject, at, known_at, until, row.get("source") or "", grade, value,
                row.get("retracts")), []  # fmt: skip


def current(facts: Iterable[Fact], *, now: datetime | None = None) -> list[Fact]:
    """Return the facts that stand, oldest first: known by `now`, and not retracted by another that stands.

    Two routes to the same facts give the same list: neither the order of `facts` nor what was retracted leaves a trace,
    but for what `let_go` tells.
    """
    known = {fact.id: fact for fact in facts if now is None or fact.known_at <= now}
    gone = struck(known.values())
    return standing(known.values(), gone, let_go(known.values(), gone))


def standing(known: Iterable[Fact], gone: Collection[str], freeing: Iterable[Fact]) -> list[Fact]:
    """Return the facts that stand among known ones, oldest first.

    Each is given once; `gone` are the ids struck, `freeing` what goes on by `let_go`.
    """
    changed = {f[0]: f for f in freeing}
    found = [f for f in known if f[1] != "retraction" and f[0] not in gone and f[0] not in changed]
    found += changed.values()
    found.sort(key=IN_ORDER)
    return found


def let_go(known: Collection[Fact], gone: Set[str]) -> list[Fact]:
    """Return what goes on in another form after it was taken back.

    Those that freed somebody, or set hours, go on as `let_go`, `result_taken_back` or `reached_taken_back`; appeals and
    decisions on them with the moment at which they were first taken back.
    """
    if not gone:
        return []
    freed = {fact[0]: fact for fact in known if fact[0] in gone and fact[1] in _GOES_ON_AS}
    appealed = _taken_back(known, gone)
    if not freed:
        return appealed
    taken_back: dict[str, datetime] = {}
    for fact in known:
        target = fact[9]
        if target in freed and fact[0] not in gone:
            taken_back[target] = min(fact[4], taken_back.get(target, fact[4]))
    return appealed + [
        _going_on(freed[key], moment) for key, moment in taken_back.items() if moment > freed[key].known_at
    ]


def _taken_back(known: Collection[Fact], gone: Set[str]) -> list[Fact]:
    """Return appeals and decisions that any retraction is about, whether they stand again or not.

    One that does not stand goes on as `appeal_taken_back`, unless it was taken back before it was known.
    """
    appealed = {fact[0]: fact for fact in known if fact[1] in APPEALS}
    first: dict[str, datetime] = {}
    for fact in known if appealed else ():
        target = fact[9]
        if target in appealed:
            first[target] = min(fact[4], first.get(target, fact[4]))
    found = []
    for key, moment in first.items():
        fact = appealed[key]
        marked = fact._replace(value={**fact.value, "taken_back_at": moment})
        if key not in gone:
            found.append(marked)
        elif moment > fact.known_at:
            found.append(marked._replace(kind=TAKEN_BACK))
    return found


def _going_on(fact: Fact, moment: datetime) -> Fact:
    """Return a fact as it goes on after it was taken back at a moment."""
    kind = _GOES_ON_AS[fact.kind]
    return fact._replace(kind=kind) if kind == LET_GO else fact._replace(kind=kind, until=moment)


def struck(facts: Iterable[Fact]) -> set[str]:
    """Return the ids of facts that do not stand: one that stands retracts them, or they retract each other in a ring.

    Each fact retracts one at most, so that what nobody retracts stands, and the rest follows from there.
    """
    target = {fact[0]: fact[9] for fact in facts if fact[9] is not None}
    gone: set[str] = set()
    if not target:
        return gone
    open_of = Counter(target.values())
    decided = [key for key in target if key not in open_of]
    for key in decided:  # grows while it is walked
        other = target.get(key)
        if other is None or other in gone:
            continue
        open_of[other] -= 1
        if key not in gone:
            gone.add(other)
            decided.append(other)
        elif not open_of[other]:
            decided.append(other)
    return gone | (target.keys() - set(decided))


def dossiers(facts: Sequence[Fact]) -> dict[Subject, list[Fact]]:
    """Return facts by subject, from facts in order.

    What is said of a person is a fact of her as infection and as contact, and so is what happened to the body of
    either: a sample, a result, a dose, an onset, an observation, a stay.
    """
    by: dict[Subject, list[Fact]] = defaultdict(list)
    for fact in facts:
        by[fact[2]].append(fact)
    return shared_out(by, facts, [fact for fact in facts if fact[1] == "cross_infection"])


def shared_out(
    by: dict[Subject, list[Fact]], facts: Sequence[Fact], cross_infections: Iterable[Fact]
) -> dict[Subject, list[Fact]]:
    """Return facts told by subject as dossiers: with what is shared among the subjects that are one body, and between
    people and their tubes, rooms, sites and households. `cross_infections` are those among the facts.
    """
    bodies, mixed = {}, set()
    for subject, own in by.items():
        if subject[0] in BODILY:
            if subject[1] in bodies:
                mixed.add(subject[1])
            bodies[subject[1]] = own
    for number in mixed:
        named = {kind: by.pop(Subject(kind, number)) for kind in BODILY if Subject(kind, number) in by}
        bodies[number] = sorted([fact for own in named.values() for fact in own], key=IN_ORDER)
        _of_body(number, bodies[number], named.keys(), by)
    shared = _shared_kinds()
    for number, own in bodies.items():
        first = own[0]
        if first[1] in shared and first[2][0] != "person" and number not in mixed and all(f[1] in shared for f in own):
            by[Subject("person", number)] = list(own)
    for fact in cross_infections:
        _tell_affected(fact, facts, by)
    others = [s for s in by if s[0] in _WITH_OTHERS]
    for subject in [s for s in others if s[0] == "household"]:
        _tell_members(by[subject], by)
    for subject in [s for s in others if s[0] == "tube"]:
        by[subject] = _with_members(by[subject], bodies)
    for subject in [s for s in others if s[0] == "room"]:
        by[subject] = _with_trips(by[subject], bodies)
    return dict(by)


def _with_trips(facts: list[Fact], bodies: Mapping[int, list[Fact]]) -> list[Fact]:
    """Return the facts of a room with the trips of the people in it: nobody is in a room and on the road at once."""
    inside = {fact.value["who"].number for fact in facts if fact.kind == "occupied"}
    trips = [f for number in sorted(inside) for f in bodies.get(number, ()) if f.kind == "trip"]
    return _merged(facts, trips) if trips else facts


def _of_body(number: int, facts: list[Fact], named: Set[str], by: dict[Subject, list[Fact]]) -> None:
    """Tell the facts of a body with several names apart: as a case, a contact, and a person where she is neither."""
    shared = _shared_kinds()
    for kind in ("contact", "infection"):
        if kind in named:
            by[Subject(kind, number)] = [f for f in facts if f[2][0] in (kind, "person") or f[1] in shared]
    if "person" in named or all(f[1] in shared for f in facts):
        by[Subject("person", number)] = [f for f in facts if f[2][0] == "person" or f[1] in shared]


def _tell_affected(found: Fact, facts: Sequence[Fact], by: dict[Subject, list[Fact]]) -> None:
    """Give a cross-infection of a site, and the ruling on it, to the people whose release waits for it."""
    rulings = [f for f in facts if f.kind == "ruling" and f.value["on"] == found.id]
    for subject in found.value["affected"]:
        if subject in by:
            by[subject] = _merged(by[subject], [found, *(r for r in rulings if r.subject != subject)])


def _tell_members(facts: list[Fact], by: dict[Subject, list[Fact]]) -> None:
    """Give the facts of a household to everybody who was ever said to live in it, as contact, case and person."""
    for number in {who.number for fact in facts if fact.kind == "household" for who in fact.value["members"]}:
        for kind in BODILY:
            subject = Subject(kind, number)
            if subject in by:
                by[subject] = _merged(by[subject], facts)


def _with_members(facts: list[Fact], bodies: Mapping[int, list[Fact]]) -> list[Fact]:
    """Return the facts of a tube with the samples and results of the people in it, whose holds those end."""
    members = {who.number for fact in facts if fact.kind == "members" for who in fact.value["who"]}
    own = [f for number in sorted(members) for f in bodies.get(number, ()) if f.kind in OF_A_TUBE]
    return _merged(facts, own) if own else facts


@cache
def _shared_kinds() -> frozenset[str]:
    return frozenset(name for name, (about, _) in kinds().items() if "person" in about)


def _merged(ours: list[Fact], body: list[Fact]) -> list[Fact]:
    if not ours:
        return list(body)
    return sorted([*ours, *body], key=IN_ORDER)


def _moment(value: object, zone: ZoneInfo) -> datetime | None:
    if isinstance(value, str) and not re.fullmatch(r"\d+", value.strip()):
        try:
            return parse_moment(value, zone)
        except Refused:
            return None
    return None


def _value(
    written: Mapping[str, Any], fields: Mapping[str, Field], zone: ZoneInfo, where: Mapping[str, object]
) -> tuple[dict[str, Any], list[Refused]]:
    """Return the value of a fact with its moments and subjects read, and what is wrong with it."""
    value: dict[str, Any] = dict(written)
    for name, given in written.items():
        form = fields[name].form if name in fields else ""
        if form == "moment":
            value[name] = _moment(given, zone) or given
    wrong = problems_of(value, fields, **where)
    if not wrong:
        for name, given in value.items():
            form = fields[name].form
            if form == "subject":
                value[name] = Subject.read(given) if isinstance(given, str) else given
            elif form == "subjects":
                value[name] = tuple(Subject.read(s) if isinstance(s, str) else s for s in given)
    return value, wrong
