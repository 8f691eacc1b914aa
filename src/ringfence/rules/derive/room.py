"""A room of a site: occupied, vacated, disinfected, sampled, free; and never held by two at once."""

from __future__ import annotations

from datetime import datetime

from ringfence.rules.derive.place import clean_after_case
from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import Derivation, Status
from ringfence.rules.facts import Fact

_TOGETHER = ("family", "household")
"""Categories of people who may share a room: a child stays with a parent."""


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the turn of a room between two people, and what must be refused."""
    sheet = Sheet(dossier, now)
    inside = _occupants(dossier, now)
    _double_custody(sheet, inside)
    for fact in inside:
        sheet.wake(fact.until)
    if inside:
        people = tuple(str(fact.value["who"]) for fact in inside)
        return sheet.derivation(Status("occupied", values=(("who", people),)))
    state = clean_after_case(sheet, slot_of_disinfection="turn", slot_of_sample="turn")
    return sheet.derivation(Status(state))


def _occupants(dossier: Dossier, now: datetime) -> list[Fact]:
    """Return the facts by which the room is occupied at a moment, oldest first."""
    inside: list[Fact] = []
    for fact in dossier.of("occupied", "vacated", "case_left"):
        who = fact.value.get("who")
        if fact.kind == "occupied":
            inside = [f for f in inside if f.value["who"].number != fact.value["who"].number]
            if fact.until is None or fact.until > now:
                inside.append(fact)
        else:
            inside = [] if who is None else [f for f in inside if f.value["who"].number != who.number]
    return inside


def _double_custody(sheet: Sheet, inside: list[Fact]) -> None:
    """Refuse a room that two hold at once, or whose holder has been taken up by a vehicle."""
    for number, fact in enumerate(inside[1:], 2):
        first, together = inside[0], fact.value.get("category")
        if together in _TOGETHER and first.value.get("category") == together:
            continue
        why = sheet.because("duty.room_two", facts=(first, fact), first=str(first.value["who"]),
                            second=str(fact.value["who"]))  # fmt: skip
        sheet.propose("double_custody", f"o{number}", (why,), refuse=fact.id, who=str(fact.value["who"]))
    for fact in inside:
        trips = [f for f in sheet.dossier.of("trip") if f.subject.number == fact.value["who"].number and f.at > fact.at]
        if trips and trips[-1].value["stage"] == "boarded":
            why = sheet.because("duty.room_and_trip", facts=(fact, trips[-1]), who=str(fact.value["who"]))
            sheet.propose("double_custody", f"t{fact.value['who'].number}", (why,), refuse=trips[-1].id,
                          who=str(fact.value["who"]))  # fmt: skip
