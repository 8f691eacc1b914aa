"""How well something is proved."""

from __future__ import annotations

from enum import IntEnum


class Grade(IntEnum):
    """The grade of a proof; a smaller number is better."""

    A = 1
    """Seen by a device or carried by an instrument."""
    B = 2
    """A document, or a hand-over signed by two."""
    C = 3
    """Attested by a named person: closes for the time being, and must be confirmed."""
    D = 4
    """Assumed."""
