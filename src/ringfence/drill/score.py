"""A proposal against the truth: how many of the infected it names, how soon they are apart, at what cost to whom.

The measures carry the names of the field's list (M1 …). Each comes with numerator and denominator; where too little
happened to judge, that is said instead of a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

from ringfence.drill.desk import Desk, Worked, work_through
from ringfence.drill.observe import Case
from ringfence.drill.seeing import Tube
from ringfence.drill.world import Truth
from ringfence.tracing.search import TraceSettings, trace
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import MINUTES_PER_DAY

_DAY = MINUTES_PER_DAY
FEW = 5
_CLOSE_MINUTES, _CLOSE_CROWD = 15, 50


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
    """All measures of one proposal worked through by one desk, and whom it missed, by reason."""

    desk: str
    figures: dict[str, Figure] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "desk": self.desk,
            "figures": {
                name: {"value": f.value, "unit": f.unit, "numerator": f.numerator, "denominator": f.denominator,
                       "why": f.why}
                for name, f in self.figures.items()
            },
            "missed": dict(self.missed),
        }  # fmt: skip


def _share(found: int, all_: int, why: str = "nobody") -> Figure:
    return Figure(found / all_ if all_ else None, "share", found, all_, "" if all_ else why)


def score(
    proposal: Proposal,
    truth: Truth,
    true_visits: VisitStore,
    *,
    cases: Sequence[Case],
    tubes: Sequence[Tube],
    desk: Desk,
) -> Score:
    """Score a proposal. `cases` and `tubes` are all that are ever found without it, also after it (for M2, M3)."""
    found = Score(desk.name)
    known = set(proposal.windows)
    worked = work_through(proposal.order, frozenset(proposal.asked_days), proposal.now, desk)
    eventual = eventual_contacts(true_visits, proposal)
    _recall(found, proposal, truth, true_visits, known)
    _separation(found, proposal, eventual, worked)
    _later_cases(found, proposal, cases, worked, known)
    _isolation(found, truth, cases, worked, proposal.now)
    _location(found, proposal, worked)
    _tests(found, tubes, proposal)
    _cost(found, proposal, truth, worked)
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


def _recall(found: Score, proposal: Proposal, truth: Truth, store: VisitStore, known: set[int]) -> None:
    """Say how many of those whom the cases infected are candidates, and why the others are not."""
    theirs = [
        (int(p), int(at), int(by))
        for p, at, by in zip(truth.person, truth.infected_at, truth.infector, strict=True)
        if int(by) in known and at < proposal.now and int(p) not in known
    ]
    candidates = set(proposal.order)
    hit = [p for p, _, _ in theirs if p in candidates]
    found.figures["recall"] = _share(len(hit), len(theirs), "the cases infected nobody by then")
    found.figures["restricted_per_infection"] = Figure(
        len(proposal.asked_days) / len(hit) if hit else None, "people", len(proposal.asked_days), len(hit),
        "" if hit else "no infection was found",
    )  # fmt: skip
    for person, at, by in theirs:
        if person not in candidates:
            start, end = proposal.windows[by]
            reason = "before_window" if at < start else "after_window" if at >= end else _unseen(store, by, person, at)
            found.missed[reason] = found.missed.get(reason, 0) + 1


def _unseen(store: VisitStore, case: int, person: int, at: int) -> str:
    """Return why somebody infected inside the window is no candidate: no visit was shared, or none was scanned."""
    met = trace(store, [case], at - 60, at + 60, TraceSettings())
    return "not_recorded" if person in met.person else "no_shared_visit"


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


def _later_cases(
    found: Score, proposal: Proposal, cases: Iterable[Case], worked: Mapping[int, Worked], known: set[int]
) -> None:
    later = [case for case in cases if case.known_at > proposal.now and case.person not in known]
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


def _tests(found: Score, tubes: Sequence[Tube], proposal: Proposal, *, single_hours: float = 4.5) -> None:
    """Count the hours that people waited whose pool was abnormal and whose own swab was not, each at most twelve."""
    alarmed = [t for t in tubes if t.pooled and t.reported_at <= proposal.now]
    hours = sum(min(single_hours, 12.0) * (len(t.members) - len(t.positive)) for t in alarmed)
    swabs = sum(len(t.members) for t in alarmed)
    found.figures["M8_hold_hours"] = Figure(hours if swabs else None, "hours", hours, swabs, "" if swabs else "nobody")


def _cost(found: Score, proposal: Proposal, truth: Truth, worked: Mapping[int, Worked]) -> None:
    """Set person-days of restriction beside the infections found among the restricted, and beside those averted."""
    apart = {p: w.apart_at for p, w in worked.items() if w.apart_at is not None}
    usual = sum(proposal.asked_days.values()) / max(len(proposal.asked_days), 1)  # whoever is asked by mistake
    person_days = sum(proposal.asked_days.get(p, usual) for p in apart)
    infected = {int(p) for p, at in zip(truth.person, truth.infected_at, strict=True) if at < proposal.now}
    hit = len(infected & set(apart))
    found.figures["M9_found"] = Figure(person_days / hit if hit else None, "person-days", person_days, hit,
                                       "" if hit else "no infection was found")  # fmt: skip
    without = averted(truth, apart | dict.fromkeys(proposal.windows, proposal.now))
    only_cases = averted(truth, dict.fromkeys(proposal.windows, proposal.now))
    gained = len(without) - len(only_cases)
    found.figures["M9_averted"] = Figure(person_days / gained if gained else None, "person-days", person_days, gained,
                                         "" if gained else "no further infection was averted")  # fmt: skip


def averted(truth: Truth, apart: Mapping[int, int]) -> set[int]:
    """Return who would not have been infected as they were, had some people been apart from a minute on.

    The same chances in both worlds: whoever was infected by somebody already apart, or by somebody never infected, is
    averted. Another infector might have come later, so that this is the most that can be claimed.
    """
    gone: set[int] = set()
    for row in np.argsort(truth.infected_at, kind="stable").tolist():
        person, infector = int(truth.person[row]), int(truth.infector[row])
        at = int(truth.infected_at[row])
        if (
            infector in gone
            or (infector in apart and at >= apart[infector])
            or (person in apart and at >= apart[person])
        ):
            gone.add(person)
    return gone
