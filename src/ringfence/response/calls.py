"""The list of calls: whom first, by which telephone, where they met, by when, and what to ask first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ringfence.planning.calls import Call, Ranked, Spread, order
from ringfence.response.asked import Asked
from ringfence.response.both import Said, Tellers, say
from ringfence.response.evidence import NAMED, Candidate
from ringfence.response.judging import questions_of
from ringfence.response.ledger import Ledger
from ringfence.response.places import Places
from ringfence.rules.duties import OPEN, Derivation
from ringfence.rules.facts import current
from ringfence.vocabulary.subjects import Subject

_CHANCE = {"slight": 0.01, "some": 0.03, "strong": 0.08, "very_strong": 0.2}
"""How likely somebody of a band is infected, for the order of calling only; made numbers."""
_LIVES_TOGETHER = 0.3
_OLD = 70
_CLOCKS = ("assess", "assess_again", "locate", "notify")
"""The duties about a contact that a call can meet; the first of them is the deadline of the call."""


def ranked(named: Sequence[Candidate], ledger: Ledger, asked: Asked) -> dict[str, Ranked]:
    """Return the order of calling by person."""
    people = {f.subject.number: f.value for f in current(ledger.facts, now=asked.now) if f.kind == "person"}
    calls = []
    for c in named:
        last = max((f.until or f.at for f in c.exposures), default=asked.now)
        value = people.get(c.number, {})
        words = [w for w in ("pregnant", "immunosuppressed") if value.get(w)]
        age = value.get("age_years")
        words += ["infant"] if age is not None and age < 1 else ["old"] if age is not None and age >= _OLD else []
        calls.append(Call(
            person=c.person, probability=_LIVES_TOGETHER if c.setting == "household" else _CHANCE[c.band],
            days_since_exposure=max((asked.now - last) / timedelta(days=1), 0.0), vulnerable=tuple(words),
            care=value.get("work") in ("health_worker", "care_worker"),
        ))  # fmt: skip
    return {r.call.person: r for r in order(calls, Spread())}


def told(
    named: Sequence[Candidate], ranks: Mapping[str, Ranked], derived: Mapping[Subject, Derivation], ledger: Ledger,
    asked: Asked, tellers: Tellers, where: Places,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a row for each call, the first call first."""
    addresses = _addresses(ledger, asked)
    rows = []
    for c in sorted(named, key=lambda c: ranks[c.person].rank):
        by = deadline(derived.get(Subject("contact", c.number)))
        address = ledger.address.get(c.number) or addresses.get(c.number)
        place, when = _met(c, tellers, where)
        rows.append({
            "rank": ranks[c.person].rank, "person": c.person, "name": ledger.name.get(c.number),
            "phone": ledger.phone.get(c.number), "place": place, "when": when,
            "address": None if not address else {"en": address, "zh": address},
            "by": None if by is None else tellers.moment(by), "case": c.case,
            "ask": [*({"en": q["en"], "zh": q["zh"]} for q in questions_of(c, tellers)), say("respond.ask_well")],
            **_why(ranks[c.person]),
        })  # fmt: skip
    return rows


def deadline(one: Derivation | None) -> datetime | None:
    """Return the first deadline of the open duties that a call can meet, None where none is open."""
    due = [d.due for d in one.duties if d.kind in _CLOCKS and d.ended == OPEN and d.due is not None] if one else []
    return min(due, default=None)


def _addresses(ledger: Ledger, asked: Asked) -> dict[int, str]:
    """Return where people live, by number, as facts about them and their households tell."""
    found: dict[int, str] = {}
    for fact in current(ledger.facts, now=asked.now):
        if fact.kind == "person" and fact.value.get("community"):
            found[fact.subject.number] = str(fact.value["community"])
        elif fact.kind == "household" and fact.value.get("address"):
            found |= {member.number: str(fact.value["address"]) for member in fact.value["members"]}
    return found


def _met(c: Candidate, tellers: Tellers, where: Places) -> tuple[Said, Said | None]:
    """Return where she met the case, by the exposure that decides, and when."""
    fact = c.asked_of or c.decisive
    if fact is None:
        return say("respond.no_place"), None
    span = {lang: f"{getattr(tellers, lang).moment(fact.at)} – {getattr(tellers, lang).end(fact.until or fact.at)}"
            for lang in ("en", "zh")}  # fmt: skip
    told_where = fact.value.get("evidence") if fact.source != NAMED else None
    return where.said(told_where[0]) if told_where else tellers.both("word", "word", fact.value["setting"]), span


def _why(one: Ranked) -> Said:
    why = [say(f"respond.call_{code}") for code in one.why]
    base = say("respond.call", percent=round(100 * one.call.probability), days=round(one.call.days_since_exposure, 1))
    return {lang: (" " if lang == "en" else "").join([base[lang], *(w[lang] for w in why)]) for lang in base}
