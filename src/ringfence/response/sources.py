"""Where might it have come from? Places that several cases share in the days in which they were infected.

Never a verdict: below five independent cases nothing can be judged, and above that a comparison with controls
(`ringfence hypotheses`) is what decides; here are places to ask about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.response.asked import Asked
from ringfence.response.both import Tellers, say
from ringfence.response.ledger import Ledger
from ringfence.response.places import Places
from ringfence.rules.facts import current
from ringfence.rules.windows import Span, incubation_window
from ringfence.tracing.search import common_places
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import ceil_minute, floor_minute
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject

JUDGED_FROM = 5
_SHOWN = 8


def hypotheses(
    ledger: Ledger, cases: Mapping[str, Subject], asked: Asked, store: VisitStore | None, tellers: Tellers,
    where: Places,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return places that at least two cases visited while they may have been infected, most cases first."""
    onsets = {f.subject: f.at for f in current(ledger.facts, now=asked.now) if f.kind == "onset"}
    spans = {case: incubation_window(asked.book, onsets[s]) for case, s in cases.items() if s in onsets}
    known = {case: span for case, span in spans.items() if span is not None}
    known |= {case: Span(*ledger.exposed[s]) for case, s in cases.items() if s in ledger.exposed}
    if store is None or len(known) < 2:
        if not cases:
            return []
        desk = tellers.both("word", "desk", "investigation")
        few = say("respond.source_unseen") if store is None else say("respond.source_few", n=len(known))
        return [{**few, "place": None, "who": desk, "status": "cannot_be_judged"}]
    numbers = {}
    for case in known:
        try:
            numbers[case] = int(store.numbers_of([case])[0])
        except Refused:
            continue
    start = min(span.begins for span in known.values())
    end = max(span.ends or asked.now for span in known.values())
    if len(numbers) < 2:
        return []
    shared = common_places(store, list(numbers.values()), floor_minute(start), ceil_minute(end))
    kinds = store.place_kinds()
    rows = []
    for place, persons in zip(shared.place.tolist(), shared.persons.tolist(), strict=True):
        if place < len(kinds) and kinds[place] == PlaceKind.HOME:
            continue
        name = store.names_of("place", shared.place[shared.place == place])[0]
        code = "respond.source_ask" if len(numbers) < JUDGED_FROM else "respond.source_inspect"
        rows.append({
            **say(code, place=where.said(name), persons=persons, cases=len(numbers)), "place": name,
            "who": tellers.both("word", "desk", "investigation"), "persons": persons,
            "status": "cannot_be_judged" if len(numbers) < JUDGED_FROM else "to_inspect",
        })  # fmt: skip
    return sorted(rows, key=lambda row: -int(row["persons"]))[:_SHOWN]
