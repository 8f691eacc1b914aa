"""Where might it have come from? Places that several cases share in the days in which they were infected.

Never a verdict: below five independent cases nothing can be judged, and above that a comparison with controls
(`ringfence hypotheses`) is what decides; here are places to ask about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sized
from typing import Any

import numpy as np

from ringfence.response.asked import Asked
from ringfence.response.both import Said, Tellers, say
from ringfence.response.ledger import POSITIVE, Ledger
from ringfence.response.places import Places
from ringfence.response.search import store_number
from ringfence.rules.duties import Status
from ringfence.rules.facts import current
from ringfence.rules.windows import Span, incubation_window
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import ceil_minute, floor_minute
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.subjects import Subject

JUDGED_FROM = 5
_SHOWN = 8


def hypotheses(
    ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], asked: Asked,
    store: VisitStore | None, tellers: Tellers, where: Places,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return places that at least two proven cases visited, each in her own days of infection, most cases first."""
    cases = {case: s for case, s in cases.items() if s in statuses and statuses[s].state in POSITIVE}
    onsets = {f.subject: f.at for f in current(ledger.facts, now=asked.now) if f.kind == "onset"}
    spans = {case: incubation_window(asked.book, onsets[s]) for case, s in cases.items() if s in onsets}
    known = {case: span for case, span in spans.items() if span is not None}
    known |= {case: Span(*ledger.exposed[s]) for case, s in cases.items() if s in ledger.exposed}
    if store is None or len(known) < 2:
        if not cases:
            return []
        desk = tellers.both("word", "desk", "investigation")
        return [_not_judged(cases, known, store, desk)]
    numbers = {}
    for case in known:
        number = store_number(store, ledger, cases[case].number)
        if number is not None:
            numbers[case] = number
    if len(numbers) < 2:
        return [_not_judged(cases, numbers, None, tellers.both("word", "desk", "investigation"))]
    visited: Counter[int] = Counter()
    for case, number in numbers.items():
        ends = min(known[case].ends or asked.now, asked.now)
        own = store.visits_of([number], floor_minute(known[case].begins), ceil_minute(ends))
        visited.update(set(own.place.tolist()))
    kinds = store.place_kinds()
    rows: list[dict[str, Any]] = []
    for place, persons in sorted(visited.items()):
        if persons < 2 or (place < len(kinds) and kinds[place] == PlaceKind.HOME):
            continue
        name = store.names_of("place", np.array([place], np.uint32))[0]
        code = "respond.source_ask" if len(numbers) < JUDGED_FROM else "respond.source_inspect"
        rows.append({
            **say(code, place=where.said(name), persons=persons, cases=len(numbers)), "place": name,
            "who": tellers.both("word", "desk", "investigation"), "persons": persons,
            "status": "cannot_be_judged" if len(numbers) < JUDGED_FROM else "to_inspect",
        })  # fmt: skip
    return sorted(rows, key=lambda row: -int(row["persons"]))[:_SHOWN]


def _not_judged(cases: Sized, usable: Sized, store: VisitStore | None, desk: Said) -> dict[str, Any]:
    """Return why no place can be named: too few cases, no onsets, or no visits of theirs."""
    if len(cases) < JUDGED_FROM:
        said = say("respond.source_few", n=len(cases))
    else:
        said = say("respond.source_no_visits" if store is None else "respond.source_no_onset", n=len(usable))
    return {**said, "place": None, "who": desk, "status": "cannot_be_judged"}
