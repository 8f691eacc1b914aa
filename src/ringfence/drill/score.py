"""A proposal against the truth: how many of the infected it names, how soon they are apart, at what cost to whom.

The measures carry the names of the field's list (M1 …). Each comes with numerator and denominator; where too little
happened to judge, that is said instead of a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from ringfence.drill.desk import Desk, Worked, held_until_known, work_through
from ringfence.drill.laboratory import Tube
from ringfence.drill.observe import Case
from ringfence.drill.world import Truth
from ringfence.tracing.search import TraceSettings, trace
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import MINUTES_PER_DAY

_DAY = MINUTES_PER_DAY
FEW = 5
_CLOSE_MINUTES, _CLOSE_CROWD = 15, 50
_LONGEST_HOLD = 12.0
"""Hours after which a hold ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is scored: candidates in the order of calling, those to be asked to stay apart with days, cases, moments.

    `windows` gives each case's search window in minutes. `suspects` are places that the proposal calls worth
    inspecting as the source, `named` the cases who named somebody.
    """

    now: int
    signal_at: int
    order: Sequence[int]
    asked_days: Mapping[int, float]
    windows: Mapping[int, tuple[int, int]]
    suspects: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    cases: frozenset[int] = frozenset()
    """Whom the answer knows as cases, also those whom it could not search for."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cases", self.cases | self.windows.keys())


Infections = Callable[[Mapping[int, tuple[int, int]]], int]
"""How many are infected by the end of the outbreak when some people are apart from one minute to another."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure: value with numerator and denominator, and its unit; None with `why` where it cannot be judged."""

    value: float | None
    unit: str
    numerator: float = 0
    denominator: float = 0
    why: str = ""


@dataclass(slots=True)
class Score:
    """All measures of one proposal worked through by one desk."""

    desk: str
    figures: dict[str, Figure] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "desk": self.desk,
            "figures": {
                name: {"value": f.value, "unit": f.unit, "numerator": f.numerator, "denominator": f.denominator,
                       "why": f.why}
                for name, f in self.figures.items()
            },
        }  # fmt: skip


def _share(found: int, all_: int, why: str = "nobody") -> Figure:
    return Figure(found / all_ if all_ else None, "share", found, all_, "" if all_ else why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is the same for every proposal and desk: all that is ever found without it, how long a single swab takes.

    `cases` and `tubes` reach beyond the moment of the proposal. `infections` runs the outbreak again; None where the
    truth cannot be run again.
    """

    cases: Sequence[Case]
    tubes: Sequence[Tube]
    residents: int
    singles_after_minutes: int
    infections: Infections | None = None


def score(proposal: Proposal, truth: Truth, true_visits: VisitStore, *, known: Known, desk: Desk) -> Score:
    """Score a proposal as a desk works it through."""
    found = Score(desk.name)
    worked = work_through(proposal.order, frozenset(proposal.asked_days), proposal.now, desk)
    eventual = eventual_contacts(true_visits, proposal)
    _recall(found, proposal, truth)
    _separation(found, proposal, eventual, worked)
    _later_cases(found, proposal, known.cases, worked)
    _isolation(found, truth, known.cases, worked, proposal.now)
    _location(found, proposal, worked)
    _holds(found, proposal, known, desk)
    _cost(found, proposal, truth, worked, known.infections)
    wrong = proposal.suspects - set(
        truth.place[truth.infected_at < proposal.now].tolist()
    )  # false: a place where in truth nobody was infected
    found.figures["M21"] = _share(len(wrong), len(proposal.suspects), "no place was called a hypothesis")
    return found


def eventual_contacts(store: VisitStore, proposal: Proposal) -> set[int]:
    """Return who truly was with a case for 15 minutes in all, among 50 at the most, while she was infectious.

    In a crowd of more, being in the same place makes nobody a close contact.
    """
    met: set[int] = set()
    for case, (start, end) in proposal.windows.items():
        answer = trace(store, [case], start, end, TraceSettings(min_overlap_minutes=_CLOSE_MINUTES))
        near = answer.evidence.crowd <= _CLOSE_CROWD
        minutes = np.bincount(answer.evidence.contact[near], answer.evidence.minutes[near], len(answer))
        met.update(answer.person[minutes >= _CLOSE_MINUTES].tolist())
    return met - set(proposal.windows)


def _recall(found: Score, proposal: Proposal, truth: Truth) -> None:
    """Say how many of those whom the cases infected are candidates, and how many are restricted for each of them."""
    theirs = {
        int(person) for person, at, by in zip(truth.person, truth.infected_at, truth.infector, strict=True)
        if int(by) in proposal.windows and at < proposal.now and int(person) not in proposal.cases
    }  # fmt: skip
    hit = theirs & set(proposal.order)
    found.figures["recall"] = _share(len(hit), len(theirs), "the cases infected nobody by then")
    asked = len(proposal.asked_days)
    infected = len(set(truth.person[truth.infected_at < proposal.now].tolist()) & proposal.asked_days.keys())
    found.figures["restricted_per_infection"] = Figure(
        asked / infected if infected else None, "people", asked, infected, "" if infected else "no infection was found"
    )


def _separation(found: Score, proposal: Proposal, eventual: set[int], worked: Mapping[int, Worked]) -> None:
    apart = sorted(w.apart_at - proposal.signal_at for p in eventual
                   if (w := worked.get(p)) is not None and w.apart_at is not None)  # fmt: skip
    for share in (50, 90):
        needed = ceil(len(eventual) * share / 100)
        reached = needed and len(apart) >= needed
        found.figures[f"M1_{share}"] = Figure(
            apart[needed - 1] / 60 if reached else None, "hours", len(apart), len(eventual),
            "" if reached else ("nobody" if not eventual else "never"),
        )  # fmt: skip


def _later_cases(found: Score, proposal: Proposal, cases: Iterable[Case], worked: Mapping[int, Worked]) -> None:
    later = [case for case in cases if case.known_at > proposal.now and case.person not in proposal.cases]
    under = [c for c in later if (w := worked.get(c.person)) is not None and w.apart_at is not None
             and w.apart_at <= c.tube.taken_at]  # fmt: skip
    listed = [c for c in later if (w := worked.get(c.person)) is not None and w.assessed_at <= c.known_at]
    found.figures["M2"] = _share(len(under), len(later), "no later case")
    found.figures["M3"] = _share(len(listed), len(later), "no later case")


def _isolation(found: Score, truth: Truth, cases: Sequence[Case], worked: Mapping[int, Worked], now: int) -> None:
    """Sum up from onset to being apart, and the days on which the infected were among others and infectious."""
    by_case = {case.person: case.known_at for case in cases}
    delays, days, people = [], 0.0, 0
    for row in range(len(truth)):
        person = int(truth.person[row])
        work = worked.get(person)
        ends = [m for m in (by_case.get(person), work.apart_at if work else None) if m is not None]
        if not ends or truth.infected_at[row] >= now:
            continue
        apart = min(ends)
        people += 1
        since, until = int(truth.infectious_from[row]), int(truth.infectious_until[row])
        days += max(min(apart, until) - since, 0) / _DAY
        if truth.onset_at[row] >= 0:
            delays.append((apart - int(truth.onset_at[row])) / 60)
    few = "" if len(delays) >= FEW else "too few"
    found.figures["M4_onset_to_isolation"] = Figure(
        float(np.median(delays)) if delays else None, "hours", len(delays), people, few
    )
    found.figures["M4_community_days"] = Figure(days / people if people else None, "days", days, people,
                                               "" if people else "nobody")  # fmt: skip


def _location(found: Score, proposal: Proposal, worked: Mapping[int, Worked]) -> None:
    asked = [p for p in proposal.order if p in proposal.asked_days]
    limit = proposal.signal_at + _DAY
    lost = [p for p in asked if (at := worked[p].located_at) is None or at > limit]
    found.figures["M5"] = _share(len(lost), len(asked), "nobody was asked to stay apart")
    silent = len(proposal.windows.keys() - proposal.named)
    found.figures["M6"] = _share(silent, len(proposal.windows), "no case")
    wrong = sum(w.wrong_person for w in worked.values())
    reached = wrong + sum(w.located_at is not None for w in worked.values())
    found.figures["M8_wrong_person"] = Figure(1000 * wrong / reached if reached else None, "per 1,000", wrong,
                                              reached, "" if reached else "nobody")  # fmt: skip


def _holds(found: Score, proposal: Proposal, known: Known, desk: Desk) -> None:
    """Count the hours that people waited whose pool was abnormal and whose own swab was not, each at most twelve."""
    hours, held = 0.0, 0
    for tube in known.tubes:
        if not tube.pooled or tube.reported_at > proposal.now:
            continue
        known_at = tube.reported_at + known.singles_after_minutes
        minutes = held_until_known(tube.members, tube.reported_at, known_at, desk)
        mine = [m for person, m in minutes.items() if person not in tube.positive]
        hours += sum(min(m / 60, _LONGEST_HOLD) for m in mine)
        held += len(mine)
    found.figures["M8_hold_hours"] = Figure(
        1e5 * hours / known.residents if held else None, "hours", hours, known.residents, "" if held else "nobody"
    )


def _cost(
    found: Score, proposal: Proposal, truth: Truth, worked: Mapping[int, Worked], infections: Infections | None
) -> None:
    """Set person-days of restriction beside the infections found among the restricted, and beside those averted."""
    apart = {p: w.apart_at for p, w in worked.items() if w.apart_at is not None}
    usual = sum(proposal.asked_days.values()) / max(len(proposal.asked_days), 1)  # whoever is asked by mistake
    days = {p: proposal.asked_days.get(p, usual) for p in apart}
    person_days = sum(days.values())
    infected = {int(p) for p, at in zip(truth.person, truth.infected_at, strict=True) if at < proposal.now}
    hit = len(infected & set(apart))
    found.figures["M9_found"] = Figure(person_days / hit if hit else None, "person-days", person_days, hit,
                                       "" if hit else "no infection was found")  # fmt: skip
    if infections is None:
        found.figures["M9_averted"] = Figure(None, "person-days", person_days, 0, "the truth cannot be run again")
        return
    gained = infections({}) - infections({p: (at, at + round(days[p] * _DAY)) for p, at in apart.items()})
    found.figures["M9_averted"] = Figure(person_days / gained if gained > 0 else None, "person-days", person_days,
                                         gained, "" if gained > 0 else "no further infection was averted")  # fmt: skip
