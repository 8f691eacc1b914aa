"""Desks that work through a proposal: at once and without a fault, or as people do at night. What it costs in time."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ringfence.drill.chance import uniform

_HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """How a desk works. Rates an hour for one person; shares between 0 and 1; hours where named so.

    A call reaches somebody or is tried again two hours later, `tries` times. Coaches do not run with passengers from
    midnight to six; being safely apart at home does not wait for one.
    """

    name: str
    assessors: int = 2
    callers: int = 4
    assessed_an_hour: float = 90.0
    calls_an_hour: float = 12.0
    reach: float = 0.7
    tries: int = 4
    retry_hours: float = 2.0
    refuse: float = 0.03
    misjudge: float = 0.03
    wrong_person: float = 0.0005
    apart_hours: float = 0.5
    seed: int = 1


PERFECT = Desk(name="perfect", assessors=10**6, callers=10**6, assessed_an_hour=1e9, calls_an_hour=1e9, reach=1.0,
               tries=1, refuse=0.0, misjudge=0.0, wrong_person=0.0, apart_hours=0.0)  # fmt: skip
"""Everything at once and right: what the evidence alone allows."""
FIELD_LIKE = Desk(name="field")
"""Two assess, four call, seven calls in ten are answered, a few say no, a few are misjudged. Made numbers."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What a desk did with one candidate: minutes of assessment and of being apart (None: never), what went wrong."""

    person: int
    assessed_at: int
    located_at: int | None
    apart_at: int | None
    wrong_person: bool = False
    refused: bool = False


def work_through(order: Sequence[int], restricted: frozenset[int], begin: int, desk: Desk) -> dict[int, Worked]:
    """Return what becomes of candidates in the order of calling, from a minute on.

    `restricted` are those whom a faultless assessment would ask to stay apart; a desk that errs asks some others and
    leaves out some of these. Chance goes by person, so that two proposals meet the same people on the same terms.
    """
    done: dict[int, Worked] = {}
    assessors = [float(begin)] * min(desk.assessors, max(len(order), 1))
    callers = [float(begin)] * min(desk.callers, max(len(order), 1))
    heapq.heapify(assessors)
    waiting: list[tuple[float, int, int]] = []
    for rank, person in enumerate(order):
        assessed = heapq.heappop(assessors) + _HOUR / desk.assessed_an_hour
        heapq.heappush(assessors, assessed)
        errs = uniform(desk.seed, "misjudge", person) < desk.misjudge
        asked = (person in restricted) != bool(errs)
        done[person] = Worked(person, round(assessed), None, None)
        if asked:
            heapq.heappush(waiting, (assessed, rank, 1))
    heapq.heapify(callers)
    while waiting:
        ready, rank, attempt = heapq.heappop(waiting)
        person = order[rank]
        called = max(heapq.heappop(callers), ready) + _HOUR / desk.calls_an_hour
        heapq.heappush(callers, called)
        if uniform(desk.seed, "reach", person, attempt) >= desk.reach:
            if attempt < desk.tries:
                heapq.heappush(waiting, (called + desk.retry_hours * _HOUR, rank, attempt + 1))
            continue
        done[person] = _answered(done[person], called, desk)
    return done


def held_until_known(members: Sequence[int], reported_at: int, known_at: int, desk: Desk) -> dict[int, int]:
    """Return for how many minutes a desk asks each member of an abnormal pool to stay where she is.

    From the moment at which it reaches her, in the order of the pool, to the result of her own swab; whoever it does
    not reach by then, or who says no, is not held.
    """
    called = work_through(members, frozenset(members), reported_at, replace(desk, misjudge=0.0, assessed_an_hour=1e9))
    reached = {person: work.located_at for person, work in called.items() if not work.refused}
    return {person: known_at - at for person, at in reached.items() if at is not None and at < known_at}


def _answered(work: Worked, called: float, desk: Desk) -> Worked:
    """Return what follows when somebody picks up the telephone."""
    person = work.person
    if uniform(desk.seed, "wrong person", person) < desk.wrong_person:
        return Worked(person, work.assessed_at, None, None, wrong_person=True)
    if uniform(desk.seed, "refuse", person) < desk.refuse:
        return Worked(person, work.assessed_at, round(called), None, refused=True)
    waits = desk.apart_hours * _HOUR * 2 * float(uniform(desk.seed, "apart", person))
    return Worked(person, work.assessed_at, round(called), round(called + waits))
