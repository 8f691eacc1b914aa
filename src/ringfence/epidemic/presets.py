"""Diseases that come with the house, with their sources, and which pack means which."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from ringfence.epidemic.settings import Delay, Disease
from ringfence.vocabulary.refusals import Refused


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "diseases.toml").read_text(encoding="utf-8"))


def names() -> list[str]:
    """Return the names of all diseases and of the packs that mean one."""
    return sorted((set(_table()) - {"packs"}) | set(_table()["packs"]))


def preset(name: str) -> Disease:
    """Return the disease of this name, or that a pack of this name means."""
    table = _table()
    name = table["packs"].get(name, name)
    if name not in table or name == "packs":
        raise Refused("outbreak.no_disease", name=name, choices=", ".join(names()))
    values = {key: value for key, value in table[name].items() if key not in ("source", "confidence")}
    made: dict[str, Any] = {key: Delay(**value) if isinstance(value, dict) else value for key, value in values.items()}
    return Disease(**made)


def source_of(name: str) -> dict[str, str]:
    """Return where the numbers of a disease come from, and how sure they are."""
    table = _table()
    entry = table[table["packs"].get(name, name)]
    return {"source": entry["source"], "confidence": entry["confidence"]}
