"""Sentences in Chinese and English for codes with values, read from the tables in `vocabulary/words/`.

A table is TOML: `["store.locked"]` with `en`, `zh` and, for refusals, `mend_en`, `mend_zh`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("zh", "en")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Return all sentences by code; a code that stands in two files is an error."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted((resources.files(__package__) / "words").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            for code, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
                if code in found:
                    raise ValueError(f"{file.name}: {code} stands in another table already.")
                found[code] = entry
    return found


def sentence(code: str, values: Mapping[str, object], language: str) -> str:
    """Return the sentence of a code with its values filled in."""
    return table()[code][language].format_map(dict(values))


def mend(code: str, values: Mapping[str, object], language: str) -> str:
    """Return what would mend a refusal, or an empty text where nothing is to be said."""
    return table()[code].get(f"mend_{language}", "").format_map(dict(values))
