"""Diseases that come with the house, with the source of each value, and which pack means which."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

from ringfence.epidemic.settings import Delay, Disease
from ringfence.vocabulary.refusals import Refused

_NO_VALUES = ("sources", "confidence")
_NO_DISEASES = ("packs", "means")
_OTHER_WORDS = {"covid": "covid-omicron", "covid-19": "covid-omicron", "monkeypox": "mpox", "sars-cov-2": "covid-wild"}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "diseases.toml").read_text(encoding="utf-8"))


def diseases() -> list[str]:
    """Return the names of all diseases, sorted."""
    return sorted(set(_table()) - set(_NO_DISEASES))


def names() -> list[str]:
    """Return the names of all diseases and of the packs that mean one, sorted."""
    return sorted({*diseases(), *_table()["packs"]})


def meant_by(disease: str) -> str | None:
    """Return the disease of this house that a pack means which says it is about `disease`; None where there is none."""
    found: str | None = _table()["means"].get(disease)
    return found


def preset(name: str) -> Disease:
    """Return the disease of this name, or that a pack of this name means. Refused with the nearest names."""
    entry = _entry(name)
    values = {key: value for key, value in entry.items() if key not in _NO_VALUES}
    made: dict[str, Any] = {key: Delay(**value) if isinstance(value, dict) else value for key, value in values.items()}
    return Disease(**made)


def source_of(name: str) -> dict[str, Any]:
    """Return how sure the numbers of a disease are, and by value its study, the range of studies, how it was taken."""
    entry = _entry(name)
    return {"disease": _named(name), "confidence": entry["confidence"], "sources": entry["sources"]}


def near(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Return the names nearest to one that is not known, joined by commas; a dash where none is near."""
    known = list(known)
    lower = name.lower()
    beginning = [other for other in known if len(lower) > 2 and (other.startswith(lower) or lower.startswith(other))]
    found = [*beginning, *get_close_matches(lower, known, most, 0.5)]
    return ", ".join(list(dict.fromkeys(found))[:most]) or "–"


def _named(name: str) -> str:
    named: str = _table()["packs"].get(name, name)
    return named


def _entry(name: str) -> dict[str, Any]:
    if _named(name) not in diseases():
        choices = ", ".join(names())
        nearest = _OTHER_WORDS.get(name.lower()) or near(name, names())
        raise Refused("outbreak.no_disease", name=name, nearest=nearest, choices=choices)
    found: dict[str, Any] = _table()[_named(name)]
    return found
