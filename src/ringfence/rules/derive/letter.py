"""A tracing request: from another jurisdiction to be answered, or to one, whose receipt is awaited."""

from __future__ import annotations

from datetime import datetime

from ringfence.rules.derive.clocked import clocked
from ringfence.rules.derive.sheet import Dossier, Sheet, best
from ringfence.rules.duties import Derivation, Status
from ringfence.rules.facts import Fact

_NOT_HERE = ("not_here", "moved")


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties of a letter. Its clocks count from when it came in, whoever it is passed on to."""
    sheet = Sheet(dossier, now)
    letters = dossier.of("letter")
    if not letters:
        return sheet.derivation()
    first, letter = letters[0], letters[-1]
    if letter.value["way"] == "out":
        return _sent(sheet, letter)
    since, persons = first.known_at, letter.value["persons"]
    steps = {stage: [f for f in dossier.of("letter_step") if f.value["stage"] == stage]
             for stage in ("acknowledged", "located", "controlled", "answered", "forwarded")}  # fmt: skip
    passed_on = [f for f in steps["forwarded"] if f.value.get("receipt")]
    elsewhere, here = _elsewhere(dossier), [f for f in dossier.of("found") if f.value["outcome"] == "here"]
    listed = bool(letter.value.get("list"))
    clocked(sheet, "letter", "acknowledge", "letter_acknowledge", since=since, code="duty.letter_acknowledge",
            facts=(letter,), proofs=best(steps["acknowledged"]))  # fmt: skip
    away = [*passed_on, *elsewhere]
    located = _enough([*steps["located"], *here], away, persons)
    controlled = _enough(steps["controlled"], away, persons)
    because = tuple(
        [sheet.because("duty.letter_forwarded", facts=passed_on[-1:])] * bool(passed_on)
        + [sheet.because("duty.letter_not_found", facts=(f,), outcome=f.value["outcome"]) for f in elsewhere]
    )
    for slot, proofs in (("locate", located), ("control", controlled)):
        clocked(sheet, "letter", slot, "letter_list" if listed else f"letter_{slot}", since=since,
                code=f"duty.letter_{slot}", facts=(letter,), proofs=proofs, because=because,
                values={"persons": persons})  # fmt: skip
    last = "letter_control" if dossier.rulebook.hours("letter_list") is None else "letter_list"
    clocked(sheet, "letter", "answer", last, since=since, code="duty.letter_answer", facts=(letter,),
            proofs=best(steps["answered"]), because=because)  # fmt: skip
    state = ("answered" if steps["answered"] else "controlled" if controlled else "located" if located else "forwarded"
             if passed_on else "acknowledged" if steps["acknowledged"] else "received")  # fmt: skip
    return sheet.derivation(Status(state))


def _sent(sheet: Sheet, letter: Fact) -> Derivation:
    dossier = sheet.dossier
    receipts = [f for f in dossier.of("receipt") if f.value["for"] == "letter"]
    receipts += [f for f in dossier.of("letter_step") if f.value["stage"] == "acknowledged"]
    clocked(sheet, "letter", "receipt", "letter_receipt", since=letter.at, code="duty.letter_receipt",
            facts=(letter,), proofs=best(receipts))  # fmt: skip
    return sheet.derivation(Status("received_there" if receipts else "sent"))


def _elsewhere(dossier: Dossier) -> list[Fact]:
    """Return the findings that someone is not here; who has moved counts only with a receipt of who took over."""
    return [f for f in dossier.of("found") if f.value["outcome"] in ("not_found", "unknown_person", "died")
            or (f.value["outcome"] in _NOT_HERE and f.value.get("receipt"))]  # fmt: skip


def _enough(steps: list[Fact], away: list[Fact], persons: int) -> list[Fact]:
    """Return the facts that account for all persons of a letter, none while somebody is unaccounted for.

    A step without a figure is about all; steps and findings are each about other people.
    """
    counted = 0
    for fact in (*steps, *away):
        counted += fact.value.get("persons", persons) if fact.kind == "letter_step" else 1
    return sorted([*steps, *away], key=lambda f: f.at) if counted >= persons and (steps or away) else []
