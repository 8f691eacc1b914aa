"""Why an answer is as it is: a code with values; the sentence is made when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringfence.vocabulary.words import sentence


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with values; its sentences stand in the tables of `vocabulary/words/`."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self, language: str) -> str:
        """Return the sentence in a language."""
        return sentence(self.code, self.values, language)
