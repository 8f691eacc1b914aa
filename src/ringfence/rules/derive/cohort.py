"""A crowd: who is on the roster, who is done, who is exempt, and who is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ringfence.rules.derive.clocked import clocked
from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import Derivation, Status
from ringfence.rules.facts import Fact

ALL = "all"
"""The slot of a crowd that is not told apart by community."""


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return one duty of coverage for each community, and what blocks the round from being declared."""
    rosters = dossier.of("roster")
    if not rosters:
        return Sheet(dossier, now).derivation()
    last = max(fact.value.get("round", 1) for fact in rosters)
    sheet = Sheet(dossier, now, episode=last)
    latest = {_community(f): f for f in rosters if f.value.get("round", 1) == last}
    missing = 0
    for community, roster in sorted(latest.items()):
        missing += _coverage(sheet, community, roster, alone=len(latest) == 1)
    blocked = _tubes(sheet)
    blocked = any(p.values.get("blocking") for p in sheet.proposals) or blocked
    state = "blocked" if blocked else "covered" if missing == 0 else "open"
    return sheet.derivation(Status(state, values=(("missing", missing),)))


def _community(roster: Fact) -> str:
    several = roster.value.get("communities", ())
    name = roster.value.get("community") or (several[0] if len(several) == 1 else ALL)
    return str(name).replace("/", "-")


def _coverage(sheet: Sheet, community: str, roster: Fact, *, alone: bool) -> int:
    """Write the duty of one community and return how many people are missing.

    Lists prove by set difference, every list counting; figures without lists are running totals, the last one counts.
    """
    facts = [f for f in sheet.dossier.of("coverage") if f.at >= roster.at
             and (_community(f) == community or (alone and "community" not in f.value))]  # fmt: skip
    values = _difference(roster, facts) or _figures(roster, facts)
    proofs = facts[-1:] if values["missing"] == 0 else []
    if values["missing"] < 0:
        why = sheet.because("duty.cohort_too_many", facts=(roster, *facts[-1:]), community=community,
                            roster=values["roster"], done=values["done"], exempt=values["exempt"])  # fmt: skip
        sheet.propose("discrepancy", f"roster.{community}", (why,), blocking=True, **values)
    rest = sheet.because("duty.cohort_missing", facts=facts[-1:], roster=values["roster"], done=values["done"],
                         exempt=values["exempt"], missing=values["missing"])  # fmt: skip
    clocked(sheet, "coverage", community, "round", since=roster.at, code="duty.cohort_coverage", facts=(roster,),
            proofs=proofs, because=(rest,), values=values)  # fmt: skip
    return max(int(values["missing"]), 0)


def _difference(roster: Fact, facts: list[Fact]) -> dict[str, Any] | None:
    """Return the equation by names, None where the roster or a report of coverage has no names."""
    due = {who.number for who in roster.value.get("who", ())}
    if not due or any("who" not in f.value for f in facts):
        return None
    done = {who.number for f in facts for who in f.value["who"]} & due
    exempt = ({who.number for f in facts for who in f.value.get("exempt_who", ())} & due) - done
    left = sorted(due - done - exempt)
    return {"roster": len(due), "done": len(done), "exempt": len(exempt), "missing": len(left),
            "who": tuple(f"person:{number}" for number in left)}  # fmt: skip


def _figures(roster: Fact, facts: list[Fact]) -> dict[str, Any]:
    done = facts[-1].value["done"] if facts else 0
    exempt = facts[-1].value.get("exempt", 0) if facts else 0
    count = roster.value["count"]
    return {"roster": count, "done": done, "exempt": exempt, "missing": count - done - exempt}


def _tubes(sheet: Sheet) -> bool:
    """Propose what blocks when tubes sealed, received and resulted are not the same, and return whether they differ."""
    tubes = [dict(status.values) for subject, status in sheet.dossier.leans_on.items() if subject.kind == "tube"]
    tubes = [tube for tube in tubes if not tube.get("voided")]
    sealed = sum(bool(tube.get("sealed")) for tube in tubes)
    received = sum(bool(tube.get("received")) for tube in tubes)
    resulted = sum(bool(tube.get("resulted")) for tube in tubes)
    if sealed == received and resulted <= received:
        return resulted < received
    why = sheet.because("duty.cohort_tubes", sealed=sealed, received=received, resulted=resulted)
    sheet.propose("discrepancy", "tubes", (why,), blocking=True, sealed=sealed, received=received, resulted=resulted)
    return True
