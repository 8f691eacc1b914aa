"""Why somebody is no candidate: for everybody on a list that the caller gives, one reason, counted by reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ringfence.response.both import say
from ringfence.response.ledger import Ledger
from ringfence.response.search import Found, store_number
from ringfence.tracing.encounters.told import read_told
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import ceil_minute, floor_minute
from ringfence.vocabulary.subjects import Subject

REASONS = ("known_case", "no_record", "no_visit_in_window", "not_together", "outside_window", "case_not_searched",
           "before_window", "unexplained")  # fmt: skip
"""`unexplained` should never stand: she shared a recorded visit with a case in the window and is no candidate."""
PEOPLE: Mapping[str, tuple[str, ...]] = {"person": ("person", "person_id", "id", "contact", "人员", "人员编号", "编号")}
_BACK = timedelta(days=60)
"""How long before the first window visits are still looked at, to tell who met a case outside it."""
Stays = Mapping[int, Sequence[tuple[int, int]]]


def read_people(path: Path) -> list[str]:
    """Return the ids on a list, each once, in order."""
    return [p for p in dict.fromkeys(read_told(path, PEOPLE, required=("person",)).column("person")) if p]


def not_candidates(
    people: Sequence[str], ledger: Ledger, cases: Mapping[str, Subject], found: Found, store: VisitStore | None,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Return for each of some people who is no candidate why, with counts, and what each code means."""
    known = {cases[case].number for case in cases if case not in found.unproven}
    met = _Meetings(ledger, cases, found, store, now)
    rows, are = [], 0
    numbers = {person: ledger.number.get(person) for person in people}
    stays = met.stays_of([p for p in people if numbers[p] not in found.candidates and numbers[p] not in known])
    for person in people:
        number = numbers[person]
        if number in known:
            rows.append({"person": person, "why": "known_case"})
        elif number in found.candidates:
            are += 1
        else:
            rows.append({"person": person, "why": met.why(person, stays.get(person))})
    return {
        "candidates": are, "counts": dict(Counter(row["why"] for row in rows)), "people": rows,
        "codes": {code: say(f"respond.absent_{code}") for code in REASONS},
    }  # fmt: skip


class _Meetings:
    """Where and when the cases were, inside their windows and outside them."""

    def __init__(
        self, ledger: Ledger, cases: Mapping[str, Subject], found: Found, store: VisitStore | None, now: datetime
    ) -> None:
        self.store, self.found, self.ledger = store, found, ledger
        begins = [window[0] for window in found.windows.values()]
        self.span = (floor_minute(min(begins, default=now) - _BACK), ceil_minute(now))
        self.windows = {case: (floor_minute(w[0]), ceil_minute(w[1])) for case, w in found.windows.items()}
        self.stays: dict[str, Stays] = {}
        for case, subject in cases.items():
            number = None if store is None else store_number(store, ledger, subject.number)
            if store is not None and number is not None:
                self.stays[case] = _by_place(store, [number], self.span).get(number, {})

    def stays_of(self, people: Sequence[str]) -> dict[str, Stays | None]:
        """Return where some people were by recorded visits, None for who is not in the store."""
        if self.store is None:
            return {}
        numbers: dict[str, int] = {}
        for person in people:
            number = store_number(self.store, self.ledger, self.ledger.number.get(person), person)
            if number is not None:
                numbers[person] = number
        rows = _by_place(self.store, sorted(set(numbers.values())), self.span)
        return {person: rows.get(number, {}) for person, number in numbers.items()}

    def why(self, person: str, stays: Stays | None) -> str:
        """Return the reason for somebody who is neither a candidate nor a case."""
        if not stays:
            return "before_window" if self._listed(person) else "no_record"
        inside = outside = unsearched = False
        for case, theirs in self.stays.items():
            shared = list(_shared(stays, theirs))
            window = self.windows.get(case)
            if window is None:
                unsearched |= bool(shared)
                continue
            within = [s for s in shared if s[0] < window[1] and window[0] < s[1]]
            inside |= bool(within)
            outside |= len(within) < len(shared)
        if inside:
            return "unexplained"
        if unsearched or outside:
            return "case_not_searched" if unsearched and not outside else "outside_window"
        there = any(
            b < w[1] and w[0] < e for several in stays.values() for b, e in several for w in self.windows.values()
        )
        return "not_together" if there else "no_visit_in_window"

    def _listed(self, person: str) -> bool:
        """Return whether a list names her, though with nobody inside a window."""
        return self.found.lists is not None and self.found.lists.numbers.number_of(person) is not None


def _shared(one: Stays, other: Stays) -> Sequence[tuple[int, int]]:
    """Return the stretches of minutes that two people spent at one place at once."""
    return [
        (max(b, begins), min(e, ends))
        for place in one.keys() & other.keys()
        for b, e in one[place] for begins, ends in other[place] if b < ends and begins < e
    ]  # fmt: skip


def _by_place(store: VisitStore, numbers: Sequence[int], span: tuple[int, int]) -> dict[int, dict[int, Any]]:
    if not numbers:
        return {}
    visits = store.visits_of(np.asarray(numbers, np.int64), *span)
    found: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    columns = (visits.person.tolist(), visits.place.tolist(), visits.start.tolist(), visits.end.tolist())
    for person, place, start, end in zip(*columns, strict=True):
        found[person][place].append((start, end))
    return {person: dict(places) for person, places in found.items()}
