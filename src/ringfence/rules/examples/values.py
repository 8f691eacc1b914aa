"""Values as examples write them: read, compared with what was found, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ringfence.vocabulary.subjects import Subject

NONE = "none"


def agrees(expected: Any, found: Any) -> bool:
    """Return whether a value is as expected; of a table only the fields that the example names count."""
    if expected == NONE:
        return found is None or found == NONE
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(name in found and agrees(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        return list(expected) == list(found)
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    return bool(expected == found) or (isinstance(expected, str) and expected == str(found))


def as_json(value: Any) -> Any:
    """Return what TOML has read as JSON would write it: moments and dates become texts."""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list) else value


def as_written(value: Any) -> Any:
    """Return a value as examples write it: subjects and moments as texts."""
    if isinstance(value, Subject):
        return str(value)
    if isinstance(value, Mapping):
        return {name: as_written(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_written(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return NONE
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(inner)}" for name, inner in value.items()) or "-"
    if isinstance(value, list | tuple) and not isinstance(value, Subject):
        return ", ".join(shown(inner) for inner in value) or "-"
    return str(as_written(value))
