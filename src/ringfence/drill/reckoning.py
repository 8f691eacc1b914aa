"""Everybody whom the outbreak truly infected, and what became of her in an answer: found, or why not.

Each person has exactly one reason. One of them must never occur: she shared a recorded visit with a case in the
case's window and is no candidate. It is looked for here without the search that it tests: stays are read from the
store and set against each other one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ringfence.drill.eyes import SCANNED, Eyes
from ringfence.drill.score import Proposal
from ringfence.drill.seeing import phone_holders
from ringfence.drill.world import NOBODY, Truth, World
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind

FOUND, BROKEN = "found", "met_not_listed"
REASONS = (FOUND, "case", "home", "not_scanned", "other_phone", "end_missing", "before_window", "after_window",
           "not_searched", "infector_unknown", "brought_in", "later", BROKEN)  # fmt: skip
"""All there are, in the order in which a table shows them."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What became of each infected person, and which of them the cases had named."""

    reasons: Mapping[int, str]
    named: frozenset[int]

    @property
    def broken(self) -> tuple[int, ...]:
        """Who shared a recorded visit with a case in its window and is no candidate; must be nobody."""
        return tuple(sorted(person for person, reason in self.reasons.items() if reason == BROKEN))

    def counts(self) -> dict[str, int]:
        """Return how many people each reason has, those that have some, in the order of `REASONS`."""
        told = list(self.reasons.values())
        return {reason: n for reason in REASONS if (n := told.count(reason))}

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"infected": len(self.reasons), "by_reason": self.counts(), "broken": list(self.broken),
                "named_alone": len(self.named)}  # fmt: skip


def reckon(
    truth: Truth, world: World, eyes: Eyes, proposal: Proposal, seen: VisitStore | None, *, named: frozenset[int]
) -> Reckoning:
    """Return what became of everybody in the truth, given the scans that the answer was made from (None: none).

    `named` are the candidates whom a case named; those of them who were infected by then are the baseline.
    """
    people = set(truth.person.tolist())
    met = set() if seen is None else shared_a_recorded_visit(seen, proposal.windows, people)
    record = _Record(world, eyes, seen)
    candidates, reasons, baseline = set(proposal.order), {}, set()
    for row in range(len(truth)):
        person = int(truth.person[row])
        if person in proposal.cases:
            reasons[person] = "case"
        elif person not in candidates and person in met:
            reasons[person] = BROKEN
        elif truth.infected_at[row] >= proposal.now:
            reasons[person] = "later"
        elif person in candidates:
            reasons[person] = FOUND
            if person in named:
                baseline.add(person)
        else:
            reasons[person] = _why_not(truth, row, proposal, record)
    return Reckoning(reasons, frozenset(baseline))


def shared_a_recorded_visit(seen: VisitStore, windows: Mapping[int, tuple[int, int]], people: set[int]) -> set[int]:
    """Return who of some people was recorded at a place while a case was, inside the case's window."""
    met: set[int] = set()
    for case, (start, end) in windows.items():
        if end <= start:
            continue
        there = _by_place(seen.visits_of([case], start, end))
        others = seen.visits_of(sorted(people - {case}), start, end)
        rows = zip(others.person.tolist(), others.place.tolist(), others.start.tolist(), others.end.tolist(),
                   strict=True)  # fmt: skip
        for person, place, since, until in rows:
            if any(since < last and first < until for first, last in there.get(place, ())):
                met.add(person)
    return met


def _by_place(visits: VisitBatch) -> dict[int, list[tuple[int, int]]]:
    stays: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for place, start, end in zip(visits.place.tolist(), visits.start.tolist(), visits.end.tolist(), strict=True):
        stays[place].append((start, end))
    return stays


class _Record:
    """What the scans tell of a meeting that truly took place."""

    def __init__(self, world: World, eyes: Eyes, seen: VisitStore | None) -> None:
        self.seen = seen
        self.holder = phone_holders(world, eyes)
        self.kind = world.kind

    def why_unseen(self, one: int, other: int, place: int, at: int) -> str:
        """Return why a meeting inside a window shows in no shared visit."""
        if place < len(self.kind) and not SCANNED[PlaceKind(int(self.kind[place]))]:
            return "home"
        if self.holder[one] != one or self.holder[other] != other:
            return "other_phone"
        return "end_missing" if self._came(one, place, at) and self._came(other, place, at) else "not_scanned"

    def _came(self, person: int, place: int, at: int) -> bool:
        """Return whether a stay of a person at a place is recorded that began before a minute, within a day."""
        if self.seen is None:
            return False
        stays = self.seen.visits_of([person], at - MINUTES_PER_DAY, at + 1)
        return bool(np.any(stays.place == place))


def _why_not(truth: Truth, row: int, proposal: Proposal, record: _Record) -> str:
    """Return why somebody who was infected by then is no candidate."""
    by, at = int(truth.infector[row]), int(truth.infected_at[row])
    if by == NOBODY:
        return "brought_in"
    if by not in proposal.cases:
        return "infector_unknown"
    if by not in proposal.windows:
        return "not_searched"
    start, end = proposal.windows[by]
    if at < start:
        return "before_window"
    if at >= end:
        return "after_window"
    return record.why_unseen(by, int(truth.person[row]), int(truth.place[row]), at)
