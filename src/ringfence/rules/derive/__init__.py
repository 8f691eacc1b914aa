"""What follows from facts, subject by subject. Nothing here reads a clock, a table or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import Derivation

__all__ = ["Dossier", "Sheet", "derive"]


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties, proposals and status that follow from a dossier at a moment."""
    return _by_kind()[dossier.subject.kind](dossier, now)


_RULES: dict[str, Callable[[Dossier, datetime], Derivation]] = {}


def _by_kind() -> Mapping[str, Callable[[Dossier, datetime], Derivation]]:
    if not _RULES:
        from ringfence.rules.derive import cohort, contact, incident, infection, letter, place, room, tube, zone

        _RULES.update(
            infection=infection.derive, contact=contact.derive, tube=tube.derive, place=place.derive,
            room=room.derive, zone=zone.derive, cohort=cohort.derive, letter=letter.derive, incident=incident.derive,
        )  # fmt: skip
    return _RULES
