"""What was read from bulletins as plain values for programs; each field says whether it is proposed or only marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ringfence.tracing.itineraries.files import Told
from ringfence.tracing.itineraries.lexicon import measured, proposed
from ringfence.tracing.itineraries.records import Attribute, Bulletin, ProposedVisit, Vehicle, Words

_MOST_SAID = ("id", "sex", "age", "residence", "onset", "hospital", "admitted", "confirmed", "discharged", "relation")
MEASURED_AS = {"admitted": "hospital"}
_NOT_MEASURED = ("companions", "discharged")


def is_proposed(field: str) -> bool:
    """Tell whether a field of a visit or of the case is proposed; admissions were measured with visits of hospitals."""
    return proposed(MEASURED_AS.get(field, field))


def fields_told() -> dict[str, dict[str, Any]]:
    """Return every field with its measured precision and recall, and whether it is proposed."""
    fields = {field: {**entry, "proposed": proposed(field)} for field, entry in measured()["fields"].items()}
    return fields | {field: {"precision": None, "recall": None, "proposed": False} for field in _NOT_MEASURED}


def to_json(told: Told, bulletin: Bulletin, person: str) -> dict[str, Any]:
    """Return one bulletin as a program takes it; words stand with their places in the text, names covered."""
    return {
        "id": told.key,
        "person": person,
        "line": told.line,
        "published": told.published.isoformat() if told.published else None,
        "text": bulletin.text,
        "visits": [_visit(visit) for visit in bulletin.visits],
        "said": [_said(entry) for entry in bulletin.attributes],
        "not_visits": [{"code": left.code, **left.words.to_json()} for left in bulletin.unread],
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="minutes")


def _words(words: Words | None) -> dict[str, object] | None:
    return None if words is None else words.to_json()


def _visit(visit: ProposedVisit) -> dict[str, Any]:
    day = visit.day
    return {
        "start": _at(visit.start),
        "end": _at(visit.end),
        "day": None if day is None else f"{day.year or '----'}-{day.month:02d}-{day.day:02d}",
        "clock_exact": visit.clock_exact,
        "end_told": visit.end_told,
        "certainty": str(visit.certainty),
        "year_told": None if day is None else day.year_told,
        "place": _words(visit.place),
        "from": _words(visit.origin),
        "vehicles": [_vehicle(vehicle) for vehicle in visit.vehicles],
        "with": [_words(words) for words in visit.companions],
        "activity": _words(visit.activity),
        "repeated": visit.repeated,
        "conflicts_with": list(visit.conflicts),
        "moments": [_words(words) for words in visit.moments],
        **visit.words.to_json(),
    }


def _vehicle(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "number": vehicle.number,
        "kind": vehicle.kind,
        "carriage": vehicle.carriage,
        "seat": vehicle.seat,
        **vehicle.words.to_json(),
        "seat_words": [_words(words) for words in vehicle.seat_words],
        "proposed": is_proposed("vehicle" if vehicle.number else "carrier"),
    }


def _said(entry: Attribute) -> dict[str, Any]:
    return {
        "field": entry.field,
        "value": entry.value,
        "proposed": is_proposed(entry.field),
        **entry.words.to_json(),
        "moment": _words(entry.moment),
    }


def said_in_order(bulletin: Bulletin) -> Sequence[Attribute]:
    """Return what is said of the case in the order in which people read it."""
    return sorted(bulletin.attributes, key=lambda entry: _MOST_SAID.index(entry.field))
