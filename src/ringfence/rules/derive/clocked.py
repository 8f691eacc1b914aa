"""What the derivations of areas and things share: duties by a clock of the pack, deeds, and void instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ringfence.rules.derive.sheet import Dossier, Sheet, best
from ringfence.rules.duties import Because, Duty
from ringfence.rules.facts import LET_GO, Fact
from ringfence.rules.instruments import void_reasons
from ringfence.vocabulary.proofs import Grade


def in_hours(span: timedelta) -> float:
    """Return a stretch of time in hours, to two decimals."""
    return round(span / timedelta(hours=1), 2)


def deeds(dossier: Dossier, kind: str, slot: str) -> list[Fact]:
    """Return the facts that say in so many words that a duty was done."""
    return [fact for fact in dossier.of("done") if fact.value["duty"] in (kind, f"{kind}/{slot}")]


def clocked(
    sheet: Sheet,
    kind: str,
    slot: str,
    clock: str,
    *,
    since: datetime,
    code: str,
    facts: Sequence[Fact] = (),
    proofs: Sequence[Fact] = (),
    because: tuple[Because, ...] = (),
    ended: str | None = None,
    until: datetime | None = None,
    values: Mapping[str, Any] | None = None,
) -> Duty | None:
    """Write a duty that is due so many hours after a moment; where the pack has no such clock it is not owed."""
    book = sheet.dossier.rulebook
    hours = book.hours(clock)
    if hours is None:
        return None
    why = sheet.because(code, book.clock_key(clock), facts, hours=in_hours(hours))
    done = list(proofs)
    said = best([f for f in deeds(sheet.dossier, kind, slot) if f.at >= since])
    if not done or (said and said[0].grade < max(f.grade for f in done) and not _suffice(done)):
        done = said
    return sheet.duty(kind, slot, begins=since, due=since + hours, until=until, because=(why, *because), proofs=done,
                      ended=ended if not done else None, values=values)  # fmt: skip


def _suffice(proofs: Sequence[Fact]) -> bool:
    return all(fact.grade <= Grade.B for fact in proofs)


def standing_instruments(sheet: Sheet) -> list[tuple[Fact, datetime]]:
    """Return the instruments that restrain, with the moments at which they end; propose to mend the void ones."""
    dossier, book = sheet.dossier, sheet.dossier.rulebook
    ended: dict[str, datetime] = {}
    for fact in dossier.of("ended", LET_GO):
        which = fact.value.get("which", "")
        ended[which] = min(fact.at, ended.get(which, fact.at))
    standing = []
    acts = {fact.id: fact for fact in dossier.of("agreement", "instrument")}
    for number, fact in enumerate(dossier.of("instrument"), 1):
        reasons = void_reasons(fact, book, acts)
        ends: datetime | None = fact.value.get("ends") or fact.until
        if reasons:
            why = tuple(sheet.because(f"duty.void_{reason}", facts=(fact,)) for reason in reasons)
            sheet.propose("void_instrument", f"i{number}", why, which=fact.id, missing=reasons)
        elif ends is not None and fact.value["rung"] != "advice":
            standing.append((fact, min(ends, ended.get(fact.id, ends))))
    return standing
