"""Which rulebook a subject follows: that of the incident, or the one that a named human pinned it to.

A new version of a pack changes nobody until somebody approves the list of those whom it would change; what was approved
is a fact, `pinned`, and it holds from its moment on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date

from ringfence.rules.facts import Fact
from ringfence.rules.packfile import Pack
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject


def pinned_books(
    facts: Iterable[Fact], otherwise: Rulebook, find: Callable[[str], Pack], *, today: date | None = None
) -> Callable[[Subject], Rulebook]:
    """Return the rulebook of each subject: the pack of its last pin, resolved on the day of that pin.

    `facts` are those that stand. A pin of an incident holds for every subject that has none of its own. A pin to a
    version that is not at hand is refused.
    """
    pins: dict[Subject, Rulebook] = {}
    made: dict[tuple[str, date], Rulebook] = {}
    of_incident = otherwise
    for fact in facts:
        if fact.kind == "pinned":
            pack = find(fact.value["pack"])
            if pack.version != fact.value["version"]:
                raise Refused("pack.other_version", pack=pack.id, wanted=fact.value["version"], ours=pack.version,
                              subject=str(fact.subject))  # fmt: skip
            day = fact.at.astimezone(otherwise.zone).date()
            key = (pack.id, day)
            if key not in made:
                made[key] = Rulebook.of(pack, day, today=today)
            before = pins.get(fact.subject, of_incident)
            pins[fact.subject] = replace(made[key], earlier=(fact.at, before))
            if fact.subject.kind == "incident":
                of_incident = pins[fact.subject]
    return lambda subject: _of(subject, pins, otherwise)


def _of(subject: Subject, pins: Mapping[Subject, Rulebook], otherwise: Rulebook) -> Rulebook:
    if not pins:
        return otherwise
    found = pins.get(subject)
    if found is not None:
        return found
    return next((book for pinned, book in pins.items() if pinned.kind == "incident"), otherwise)
