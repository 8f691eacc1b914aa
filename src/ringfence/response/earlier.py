"""What would change if a case had fallen ill one day earlier: who would be added, dropped, or proposed otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ringfence.response.asked import Asked
from ringfence.response.both import Tellers
from ringfence.response.ledger import Ledger
from ringfence.response.search import Found, search, statuses_of
from ringfence.rules.duties import Status
from ringfence.rules.facts import current
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.subjects import Subject

_DAY = timedelta(days=1)
MOST_CASES = 5


def if_earlier(
    ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], found: Found, asked: Asked,
    store: VisitStore | None, tellers: Tellers,
) -> dict[str, Any]:  # fmt: skip
    """Return what one day changes for each of the first cases with an onset, by name.

    Infections lean on nobody, so that only the one that is moved is derived again.
    """
    rows: list[dict[str, Any]] = []
    ill = {f.subject for f in current(ledger.facts, now=asked.now) if f.kind == "onset"}
    for case in [c for c in found.windows if cases[c] in ill][:MOST_CASES]:
        subject = cases[case]
        moved = ledger.apart([
            f._replace(at=f.at - _DAY) if f.kind == "onset" and f.subject == subject else f
            for f in ledger.facts
            if f.kind != "exposure" or f.source == "facts"
        ])  # fmt: skip
        own = ledger.apart([f for f in moved.facts if f.subject.number == subject.number])
        again = search(moved, cases, {**statuses, **statuses_of(own, asked)}, asked, store, before=found)
        rows.append(_difference(case, found, again, tellers))
    told = ", ".join(row["case"] for row in rows)
    return {
        "case": {"en": told, "zh": told.replace(", ", "、")},
        **{part: [{"case": row["case"], **one} for row in rows for one in row[part]]
           for part in ("added", "dropped", "changed")},
    }  # fmt: skip


def _difference(case: str, found: Found, again: Found, tellers: Tellers) -> dict[str, Any]:
    before = {row.person: row.cls for row in found.candidates.values() if row.cls != "none"}
    after = {row.person: row.cls for row in again.candidates.values() if row.cls != "none"}

    def named(people: list[str], classes: Mapping[str, str]) -> list[dict[str, Any]]:
        return [{"person": p, "class": classes[p], **tellers.both("named", "class", classes[p])} for p in people]

    return {
        "case": case,
        "added": named(sorted(after.keys() - before.keys()), after),
        "dropped": named(sorted(before.keys() - after.keys()), before),
        "changed": named(sorted(p for p in after.keys() & before.keys() if after[p] != before[p]), after),
    }
