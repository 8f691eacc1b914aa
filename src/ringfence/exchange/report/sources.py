"""The clauses that a report rests on: each has a number in the text and stands once, with its wording, at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_JOINT = " — "  # between the title of a source and the words of its clause


class Clause(NamedTuple):
    """A clause as cited: its source in the reader's language, and the original wording, which is never translated."""

    number: int
    source: str
    wording: str


@dataclass(slots=True)
class Sources:
    """The clauses cited so far in one language, numbered in the order of their first use."""

    language: str
    clauses: dict[str, Clause] = field(default_factory=dict)

    def number(self, reason: Mapping[str, Any]) -> int:
        """Return the number of a reason's clause; 0 where it names none."""
        told = reason.get("clause")
        if not told:
            return 0
        if isinstance(told, Mapping):
            other = "en" if self.language == "zh" else "zh"
            key, source, wording = str(sorted(told.items())), str(told.get(self.language) or told.get(other)), ""
        else:
            key = str(told)
            english = str(reason.get("clause_en") or "")
            wording = _shared_end(key, english) if english not in ("", key) else key.partition(_JOINT)[2]
            source = (english if english and self.language == "en" else key).removesuffix(wording)
            source, wording = source.rstrip(" —"), wording.lstrip(" —")
        if key not in self.clauses:
            self.clauses[key] = Clause(len(self.clauses) + 1, source, wording)
        return self.clauses[key].number


def _shared_end(one: str, other: str) -> str:
    """Return the end that two texts share, from a space on: the words that stand untranslated behind both titles."""
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    shared = one[len(one) - length :]
    at = shared.find(" ")
    return shared[at:] if at >= 0 else ""


def has_han(text: str) -> bool:
    """Return whether a text holds a Chinese character."""
    return any("\u3400" <= c <= "\u9fff" for c in text)
