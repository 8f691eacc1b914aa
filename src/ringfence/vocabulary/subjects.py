"""Subjects of duties: whom or what a duty is about."""

from __future__ import annotations

import re
from typing import NamedTuple

from ringfence.vocabulary.refusals import Refused

SUBJECT_KINDS = (
    "incident",
    "infection",
    "contact",
    "person",
    "household",
    "tube",
    "place",
    "room",
    "vehicle",
    "zone",
    "cohort",
    "letter",
)
"""A person, a household and a vehicle have facts; the others have duties too. `contact:7` is person 7 as a contact."""

_WRITTEN = re.compile(r"([a-z]+):(0|[1-9][0-9]{0,17})")


class Subject(NamedTuple):
    """Whom or what something is about: a kind and a number. One person can be `infection:7` and `contact:7`."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}"

    @classmethod
    def read(cls, text: str) -> Subject:
        """Return the subject that a text such as `contact:7` names."""
        match = _WRITTEN.fullmatch(text)
        if match is None or match[1] not in SUBJECT_KINDS:
            raise Refused("subject.unreadable", text=text, kinds=", ".join(SUBJECT_KINDS))
        return cls(match[1], int(match[2]))
