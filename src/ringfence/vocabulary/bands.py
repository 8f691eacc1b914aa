"""How strong an exposure looks: the order in which a human reads a list, never a class of contact."""

from __future__ import annotations

from enum import IntEnum


class Band(IntEnum):
    """How strong an exposure looks; the strongest comes first in a list."""

    SLIGHT = 0
    SOME = 1
    STRONG = 2
    VERY_STRONG = 3

    @property
    def slug(self) -> str:
        """Return the name as programs write it: slight, some, strong, very_strong."""
        return self.name.lower()

    @property
    def code(self) -> str:
        """Return the code of its word."""
        return f"band.{self.slug}"
