"""The tiny city as facts: short ways to write them on the clocks of Huzhou."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ringfence.rules.derive.sheet import Dossier
from ringfence.rules.duties import Derivation, Duty, Proposal
from ringfence.rules.facts import Fact
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

HUZHOU = ZoneInfo("Asia/Shanghai")
WEI, FANG, CHEN, LI = (Subject("person", number) for number in (1, 2, 3, 4))


def at(text: str) -> datetime:
    """Return a moment on the clocks of Huzhou, as in 2022-03-08T00:30."""
    return datetime.fromisoformat(text).replace(tzinfo=HUZHOU).astimezone(UTC)


class Notebook:
    """Facts as they are written down, numbered f1, f2, …"""

    def __init__(self, subject: str) -> None:
        self.subject = Subject.read(subject)
        self.facts: list[Fact] = []

    def note(self, kind: str, when: str, /, *, about: Subject | None = None, known: str | None = None,
             grade: str = "B", **value: Any) -> str:  # fmt: skip
        """Write a fact and return its id."""
        name = f"f{len(self.facts) + 1}"
        self.facts.append(
            Fact(name, kind, about or self.subject, at(when), at(known or when), None, "example", Grade[grade], value)
        )
        return name

    def dossier(self, book, leans_on=None) -> Dossier:
        """Return the dossier, oldest facts first."""
        return Dossier(self.subject, book, sorted(self.facts, key=lambda f: (f.at, f.known_at, f.id)), leans_on or {})


def duty(answer: Derivation, name: str) -> Duty:
    """Return the one duty whose key begins with its kind and ends with its slot, as in `release/p2`."""
    kind, slot = name.split("/")
    (found,) = [d for d in answer.duties if d.kind == kind and d.key.endswith(f"/{slot}")]
    return found


def has(answer: Derivation, name: str) -> bool:
    """Return whether there is such a duty."""
    kind, slot = name.split("/")
    return any(d.kind == kind and d.key.endswith(f"/{slot}") for d in answer.duties)


def proposals(answer: Derivation, kind: str) -> list[Proposal]:
    """Return the proposals of a kind."""
    return [p for p in answer.proposals if p.kind == kind]


def codes(thing: Duty | Proposal) -> list[str]:
    """Return the codes of the reasons of a duty or proposal."""
    return [b.code for b in thing.because]
