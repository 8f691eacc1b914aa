"""A place: disinfected after a case has left, sampled, and reopened on record; and a positive found in a site."""

from __future__ import annotations

from datetime import datetime, timedelta

from ringfence.rules.derive.clocked import clocked, in_hours
from ringfence.rules.derive.sheet import Dossier, Sheet, best
from ringfence.rules.duties import PROVED, Derivation, Status
from ringfence.rules.facts import Fact

FREEZE_MOST = timedelta(hours=24)
"""The longest time for which a positive in a site keeps releases waiting: a limit of the house."""

_WHY_DISINFECT = {
    "case_left": "duty.place_disinfect",
    "vacated": "duty.room_turn",
    "environment_sample": "duty.place_positive",
}


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties of a place where a case was, and of a site in which a positive was found."""
    sheet = Sheet(dossier, now)
    state = clean_after_case(sheet, slot_of_disinfection="terminal", slot_of_sample="after")
    frozen = [_cross_infection(sheet, fact, n) for n, fact in enumerate(dossier.of("cross_infection"), 1)]
    values = tuple(("frozen", item) for item in frozen if item is not None)
    return sheet.derivation(Status(state, values=values))


def clean_after_case(sheet: Sheet, *, slot_of_disinfection: str, slot_of_sample: str) -> str:
    """Write disinfection and sampling after the last leaving, and return the state of the place or room.

    It is open again on the record of a disinfection that closes the duty, and of a negative sample where one is owed.
    """
    dossier = sheet.dossier
    positives = [f for f in dossier.of("environment_sample") if f.value["outcome"] == "positive"]
    left = dossier.of("case_left", "vacated")
    if positives:
        _environment_positive(sheet, positives[-1])
    causes = sorted([*left, *positives[-1:]], key=lambda f: f.at)
    if not causes:
        return "free"
    cause = causes[-1]
    code = _WHY_DISINFECT[cause.kind]
    records = [f for f in dossier.of("disinfection") if f.value["kind"] == "terminal" and f.at >= cause.at]
    duty = clocked(sheet, "disinfect", slot_of_disinfection, "disinfect", since=cause.known_at, code=code,
                   facts=(cause,), proofs=best(records))  # fmt: skip
    if duty is None:
        return "closed" if cause.kind == "environment_sample" and not _negative_since(dossier, cause) else "free"
    if duty.ended != PROVED or not records:
        return "excused" if duty.ended == "excused" else "dirty"
    samples = [f for f in dossier.of("environment_sample") if f.at >= records[0].at
               and f.value["outcome"] in ("negative", "positive")]  # fmt: skip
    sampled = clocked(sheet, "environment_sample", slot_of_sample, "environment", since=records[0].known_at,
                      code="duty.place_sample", facts=(records[0],), proofs=samples[-1:])  # fmt: skip
    if sampled is None or sampled.ended in (PROVED, "excused"):
        return "free"
    return "sample_wait"


def _negative_since(dossier: Dossier, cause: Fact) -> bool:
    return any(f.value["outcome"] == "negative" and f.at > cause.at for f in dossier.of("environment_sample"))


def _environment_positive(sheet: Sheet, found: Fact) -> None:
    points = ", ".join(found.value.get("points", ())) or "-"
    why = sheet.because("duty.place_environment_positive", facts=(found,), points=points)
    sheet.propose("environment_positive", "environment", (why,), points=points)


def _cross_infection(sheet: Sheet, found: Fact, number: int) -> tuple[tuple[str, ...], datetime] | None:
    """Write the ruling that is owed, and return whose releases wait until when, while they do.

    The wait has its own end, after which the releases go on; it never moves the end of anybody's measure.
    """
    dossier, book = sheet.dossier, sheet.dossier.rulebook
    slot = "cross_infection" if number == 1 else f"cross_infection.{number}"
    rulings = [f for f in dossier.of("ruling") if f.value["on"] == found.id]
    hours = book.hours("cross_infection_ruling")
    ends = found.at + (FREEZE_MOST if hours is None else min(FREEZE_MOST, hours))
    if rulings:
        ends = min(ends, rulings[0].at)
    affected = tuple(sorted(str(who) for who in found.value["affected"]))
    clocked(sheet, "release", slot, "cross_infection_ruling", since=found.at, code="duty.place_ruling",
            facts=(found,), proofs=best(rulings), until=max(ends, found.at),
            values={"affected": affected, "freeze_until": ends})  # fmt: skip
    if sheet.now >= ends:
        return None
    sheet.wake(ends)
    key = book.clock_key("cross_infection_ruling")
    why = sheet.because("duty.place_freeze", key, (found,), people=len(affected), hours=in_hours(ends - found.at))
    sheet.propose("freeze_releases", slot, (why,), affected=affected, until=ends, moves_an_end=False)
    return affected, ends
