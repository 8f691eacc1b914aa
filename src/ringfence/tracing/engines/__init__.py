"""The same searches by other means: the reference, DuckDB and Apache Spark, all over the files a store exports.

They are there to check the fast search against, and for data beyond one machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Unpack

from ringfence.tracing import reference
from ringfence.tracing.reference import Common, ContactQuestion, Met, SecondHop, Visit


class Engine(Protocol):
    """Whatever can answer the searches that `reference` defines; answers are equal to the reference's, row by row."""

    def trace(self, seeds: Sequence[int], **asked: Unpack[ContactQuestion]) -> tuple[Met, ...]:
        """Return everybody who met a seed inside [start, end), by person."""
        ...

    def second_hop(
        self, seeds: Sequence[int], *, threshold_minutes: int = 15, **asked: Unpack[ContactQuestion]
    ) -> SecondHop:
        """Return who shared places with the people met after these were first exposed, by person."""
        ...

    def common_places(self, persons: Sequence[int], *, start: int, end: int, at_least: int = 2) -> tuple[Common, ...]:
        """Return the places that `at_least` of the persons visited inside [start, end), by place."""
        ...


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """The definition itself as an engine, over visits held in memory. For small data and for checking others."""

    visits: Sequence[Visit]

    def trace(self, seeds: Sequence[int], **asked: Unpack[ContactQuestion]) -> tuple[Met, ...]:
        """Return everybody who met a seed inside [start, end), by person."""
        return reference.trace(self.visits, seeds, **asked)

    def second_hop(
        self, seeds: Sequence[int], *, threshold_minutes: int = 15, **asked: Unpack[ContactQuestion]
    ) -> SecondHop:
        """Return who shared places with the people met after these were first exposed, by person."""
        return reference.second_hop(self.visits, seeds, threshold_minutes=threshold_minutes, **asked)

    def common_places(self, persons: Sequence[int], *, start: int, end: int, at_least: int = 2) -> tuple[Common, ...]:
        """Return the places that `at_least` of the persons visited inside [start, end), by place."""
        return reference.common_places(self.visits, persons, start=start, end=end, at_least=at_least)
