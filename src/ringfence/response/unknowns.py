"""Named unknowns: what is not known, who finds out by when, and what is prepared for when it becomes known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ringfence.response import windowed
from ringfence.response.asked import Asked
from ringfence.response.both import Tellers, say
from ringfence.response.ledger import Ledger
from ringfence.response.search import Found
from ringfence.rules.duties import Derivation, Duty, Status
from ringfence.rules.facts import Fact, current
from ringfence.vocabulary.subjects import Subject


def unknowns(
    ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], found: Found,
    derived: Mapping[Subject, Derivation], asked: Asked, tellers: Tellers,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what is not known, the earliest answer first."""
    rows = [*_of_tubes(ledger, derived, asked, tellers)]
    own: dict[Subject, list[Fact]] = defaultdict(list)
    for fact in current(ledger.facts, now=asked.now):
        own[fact.subject].append(fact)
    for case, subject in cases.items():
        rows += _of_case(case, subject, own[subject], statuses, found, derived, asked, tellers)
    asking = [c for c in found.candidates.values() if c.open and not c.assessed]
    if asking:
        by = asked.now + timedelta(hours=_hours(asked, "assess", 4))
        rows.append(_row("questions", "respond.unknown_questions", "investigation", by, tellers, n=len(asking)))
    if asked.visits is not None and found.windows:
        rows.append(_row("unseen", "respond.unknown_unseen", "investigation",
                         asked.now + timedelta(hours=_hours(asked, "interview_core", 4)), tellers))  # fmt: skip
    rows += _one_person(ledger, cases, found, asked, tellers)
    return sorted(rows, key=lambda row: row["by"])


def _one_person(
    ledger: Ledger, cases: Mapping[str, Subject], found: Found, asked: Asked, tellers: Tellers
) -> Iterator[dict[str, Any]]:
    """Yield the question whether people of one name are one person."""
    of = {subject.number for subject in cases.values()} | found.candidates.keys()
    by = asked.now + timedelta(hours=_hours(asked, "interview_core", 4))
    for name, people in ledger.doubts(of):
        ids = [ledger.ids[n][0] if ledger.ids[n] else str(n) for n in people]
        names = {"en": ", ".join(ids), "zh": "、".join(ids)}
        yield _row(f"same-{'-'.join(map(str, people))}", "respond.unknown_same", "investigation", by, tellers,
                   name=name, people=names)  # fmt: skip


def _of_case(
    case: str, subject: Subject, own: Sequence[Fact], statuses: Mapping[Subject, Status], found: Found,
    derived: Mapping[Subject, Derivation], asked: Asked, tellers: Tellers,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    core = _due(derived.get(subject), "interview", "core") or asked.now + timedelta(hours=4)
    full = _due(derived.get(subject), "interview", "full") or asked.now + timedelta(hours=24)
    kinds = {fact.kind for fact in own}
    status = statuses.get(subject)
    if "onset" not in kinds and (status is None or status.state != "discarded"):
        code = windowed.rests_on(own, asked.book)[0]
        yield _row(f"onset-{case}", "respond.unknown_onset", "investigation", core, tellers, case=case,
                   rests=say(f"respond.onset_{code}"))  # fmt: skip
    if "interview" not in kinds:
        yield _row(f"interview-{case}", "respond.unknown_interview", "investigation", core, tellers, case=case)
    yield _row(f"source-{case}", "respond.unknown_source", "investigation", full, tellers, case=case)
    why = found.unsearched.get(case)
    if why is not None:
        yield _row(f"search-{case}", f"respond.unsearched_{why}", "investigation", core, tellers, case=case)
    gone = status is not None and status.separated_at is not None
    if status is not None and status.isolated_at is None and status.state != "discarded" and not gone:
        hospital = _due(derived.get(subject), "transfer", "hospital") or core
        yield _row(f"apart-{case}", "respond.unknown_apart", "transfer", hospital, tellers, case=case)


def _of_tubes(
    ledger: Ledger, derived: Mapping[Subject, Derivation], asked: Asked, tellers: Tellers
) -> Iterator[dict[str, Any]]:
    for subject, one in derived.items():
        waiting = [
            d for d in one.duties if subject.kind == "tube" and d.kind == "test" and d.ended == "open" and "/p" in d.key
        ]
        if waiting:
            by = max((d.due for d in waiting if d.due is not None), default=asked.now)
            members = {m for f in current(ledger.facts, now=asked.now)
                       if f.kind == "members" and f.subject == subject for m in f.value["who"]}  # fmt: skip
            yield _row(f"tube-{subject.number}", "respond.unknown_tube", "testing", by, tellers,
                       tube=subject.number, n=len(members))  # fmt: skip


def _due(one: Derivation | None, kind: str, slot: str) -> datetime | None:
    found: list[Duty] = [d for d in one.duties if d.kind == kind and d.key.endswith(f"/{slot}")] if one else []
    return found[0].due if found else None


def _hours(asked: Asked, clock: str, otherwise: float) -> float:
    for grade in ("hard", "goal"):
        value = asked.book.get(f"clock.{clock}.{grade}")
        if value is not None:
            return float(value)
    return otherwise


def _row(id_: str, code: str, desk: str, by: datetime, tellers: Tellers, **values: object) -> dict[str, Any]:
    return {"id": id_, **say(code, **values), "who": {"desk": desk, **tellers.both("word", "desk", desk)},
            "by": tellers.moment(by), "trigger": say(f"{code}_then", **values)}  # fmt: skip
