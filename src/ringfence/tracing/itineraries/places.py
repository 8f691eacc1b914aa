"""Which pieces of a text are places: by the word they end with, by name, or by the word of going before them."""

from __future__ import annotations

import re
from functools import cache

from ringfence.tracing.itineraries.lexicon import names, single_names, tables
from ringfence.tracing.itineraries.naming import COVER

_LONGEST, _LONGEST_BY_WORD = 40, 10
_OFFICES = ("疾控中心", "控制中心", "专家组", "实验室", "卫健委", "指挥部", "卫健局")


@cache
def _endings() -> tuple[frozenset[str], frozenset[str], frozenset[str], int]:
    suffixes = tables()["suffixes"]
    spots, areas, never = (frozenset(suffixes[key]) for key in ("spot", "area", "never"))
    return spots, areas, never, max(map(len, spots | areas | never))


def ends_like_a_place(text: str) -> bool:
    """Tell whether a text ends with a word for a kind of place, and is no word that only looks so."""
    spots, areas, never, longest = _endings()
    if text in never or len(text) > _LONGEST or text.endswith(_OFFICES):
        return False
    for length in range(min(longest, len(text)), 0, -1):
        ending = text[-length:]
        if ending in spots:
            return True
        if ending in areas:
            return len(text) > length
    return False


@cache
def named(text: str) -> bool:
    """Tell whether a text is made of names of provinces, cities and countries only."""
    if text in names():
        return True
    known = names()
    for length in range(2, min(len(text) - 1, 6)):
        head, tail = text[:length], text[length:]
        if head in known and (named(tail) or _area(tail)):
            return True
        if len(head) > 2 and head[-1] in "省市" and head[:-1] in known and named(tail):
            return True
    return False


def _area(text: str) -> bool:
    return len(text) > 1 and ends_like_a_place(text)


def is_place(text: str, *, behind_word: bool, returning: bool = False) -> bool:
    """Tell whether a piece is a place; behind a word of going other short pieces count, and if returning 温 or 深."""
    text = text.strip()
    if not text.strip(COVER) or re.search(r"[\d.]+℃|某(?:某|[，,])", text):
        return False
    if ends_like_a_place(text) or named(text):
        return True
    if returning and text in single_names():
        return True
    never = _endings()[2]
    return (
        behind_word
        and 2 <= len(text) <= _LONGEST_BY_WORD
        and text not in never
        and not re.search(r"[\d年月日时]", text)
    )


def place_before(text: str) -> str:
    """Return the longest beginning of a piece that ends like a place, as 制衣厂 of 制衣厂卸货, or an empty text."""
    for length in range(len(text) - 1, max(1, len(text) - 9), -1):
        if length > 2 and ends_like_a_place(text[:length]):
            return text[:length]
    return ""
