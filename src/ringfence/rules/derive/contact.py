"""The duties about a contact: assess her, tell her, and what her course asks.

A contact leans on the infections and contacts that she met, and on herself as an infection. Her status rests on
infections and her own facts alone, so that contacts never lean on each other in a ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ringfence.rules.derive import appeals, episode
from ringfence.rules.derive.body import Body
from ringfence.rules.derive.courses import course_of
from ringfence.rules.derive.episode import INFECTED, Plan
from ringfence.rules.derive.exposures import Counted, Met, counted_of, episodes_of, strains_of, told_apart
from ringfence.rules.derive.measures import Walk
from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import IMPOSSIBLE, OPEN, Derivation, Status
from ringfence.rules.facts import Fact
from ringfence.vocabulary.subjects import Subject

_AFTER_DEATH = ("assess", "assess_again", "notify", "letter", "confirm")  # her family is told
_OF_ALL_EPISODES = frozenset({"person", "immunity", "dose", "household", "need", "answer", "found"})


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return what follows for a contact at a moment, episode by episode."""
    book = dossier.rulebook
    plan = book.made("contacts", Plan.of)
    body = Body(dossier.facts, book, now=now)
    counted = counted_of(dossier, body, now)
    met, backward, withdrawn = told_apart(body, counted)
    sheet = Sheet(dossier, now, kinds=body.by)
    for one in counted.values():
        if one is not None and one[3]:
            sheet.wake(book.start_of(book.day_of(now) + 1))
            sheet.wake(one.stops_at)
    episodes = episodes_of(met, plan.longest)
    if len(episodes) == 1:
        episode.write(sheet, body, episodes[0], plan, withdrawn)
    else:
        _several(sheet, body, episodes, plan)
    if backward:
        _backward(sheet, body, backward)
    sheet.episode = 1
    appeals.write(sheet, body)
    _died(sheet, body)
    return sheet.derivation(_status(dossier, body, counted))


def _several(sheet: Sheet, body: Body, episodes: Sequence[list[Met]], plan: Plan) -> None:
    """Write several episodes, each from the facts of its own time and those that hold for all."""
    for number, found in enumerate(episodes):
        begins = found[0].begins
        ends = episodes[number + 1][0].begins if number + 1 < len(episodes) else None
        facts = [
            f for f in body.every()
            if f.kind in _OF_ALL_EPISODES or ((number == 0 or f.at >= begins) and (ends is None or f.at < ends))
        ]  # fmt: skip
        sheet.episode = number + 1
        episode.write(sheet, Body(facts, body.book, now=body.now, whole=body), found, plan, [])


def status_of(dossier: Dossier, now: datetime) -> Status:
    """Return what others lean on in a contact."""
    body = Body(dossier.facts, dossier.rulebook)
    return _status(dossier, body, counted_of(dossier, body, now))


def _status(dossier: Dossier, body: Body, counted: Counted) -> Status:
    by, leans_on = body.by, dossier.leans_on
    exposures = by.get("exposure", ())
    known = []
    direct = []
    first: datetime | None = None
    last: datetime | None = None
    for fact in exposures:
        known.append(fact[4])
        if fact[8]["to"][0] == "infection":
            direct.append(fact)
            one = counted[fact[0]]
            if one is not None:
                first = one[0] if first is None else min(first, one[0])
                last = one.last if last is None else max(last, one.last)
    apart = body.separated(first)
    taken = body.taken()
    infected = body.positive() is not None
    if not infected:
        infection = leans_on.get(Subject("infection", dossier.subject[1]))
        infected = infection is not None and infection.state in INFECTED
    known += [t[2][4] for t in taken if t[2] is not None]
    state, since = "candidate", None
    if "assessment" in by:
        assessed = by["assessment"][-1]
        state, since = assessed[8]["class"], assessed[4]
        known.append(since)
    return tuple.__new__(Status, (
        "positive" if infected else state, None, None, None, first, last, None if apart is None else apart[3], since,
        max(known, default=None), tuple([(t[0], t[3]) for t in taken]),
        tuple([("strain", strain) for strain in sorted(strains_of(direct, dossier))]) if direct else (),
    ))  # fmt: skip


def _died(sheet: Sheet, body: Body) -> None:
    """End what can no longer be done for someone who has died; whom she met and what she was still matters."""
    death = body.last("death")
    if death is None:
        return
    why = sheet.because("duty.died", facts=(death,))
    sheet.duties = [
        d if d.ended != OPEN or d.kind in _AFTER_DEATH else
        d._replace(ended=IMPOSSIBLE, proved_by=(death.id,), because=(*d.because, why))
        for d in sheet.duties
    ]  # fmt: skip
    sheet.proposals = [p for p in sheet.proposals if p.kind in ("class", "case")]


def _backward(sheet: Sheet, body: Body, exposures: Sequence[Fact]) -> None:
    """Write what is offered to someone who may have been the source: asked and tested, never restricted."""
    book = body.book
    name = book.get("backward.course")
    sheet.episode = 1
    first = exposures[0]
    hours = book.hours("interview_full")
    why = (sheet.because("duty.backward", "backward.course", exposures[:3]),)
    asked = [f for f in body.of("attempt") if f.value["outcome"] == "reached"]
    sheet.duty("ask_backward", "asked", begins=first.known_at, due=None if hours is None else first.known_at + hours,
               because=why, proofs=asked[-1:])  # fmt: skip
    if name is not None:
        course = course_of(book, name)
        free = course._replace(stages=tuple(s for s in course.stages if not s.restrains))
        walk = Walk(sheet=sheet, body=body, course=free, anchors={"last_exposure": first.known_at}, cls="backward",
                    known_at=first.known_at, changed_at=first.known_at, why=why)  # fmt: skip
        walk.along()
