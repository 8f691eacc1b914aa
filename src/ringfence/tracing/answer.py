"""What a search answers: columns of numbers, and rows of plain values made from them when somebody reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Single times together, as columns: row of the contact, place, minutes [start, end), minutes together, crowd.

    `crowd` is how many persons shared this same exposure; the rows stand in order of contact, then start.
    """

    contact: Ints
    place: Ints
    start: Ints
    end: Ints
    minutes: Ints
    after_minutes: Ints
    crowd: Ints

    def __len__(self) -> int:
        return len(self.contact)


@dataclass(frozen=True, slots=True)
class TraceAnswer:
    """Everybody met, best first: persons, minutes together, minutes in the air left behind, encounters, first, last.

    `first` and `last` are minutes since 1970 UTC (half-open). `evidence.contact` counts rows of this answer.
    """

    person: Ints
    minutes: Ints
    after_minutes: Ints
    encounters: Ints
    first: Ints
    last: Ints
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.person)

    @classmethod
    def nobody(cls) -> TraceAnswer:
        """Return the answer that nobody was met."""
        no = np.empty(0, np.int64)
        return cls(no, no, no, no, no, no, Evidence(no, no, no, no, no, no, no))

    def places_of(self, row: int) -> list[int]:
        """Return the places where the contact of a row was met, in order of number."""
        return sorted(set(self.evidence.place[self.evidence_of(row)].tolist()))

    def evidence_of(self, row: int) -> slice:
        """Return which rows of the evidence are of one contact."""
        begin, end = np.searchsorted(self.evidence.contact, [row, row + 1])
        return slice(int(begin), int(end))

    def reordered(self, order: NDArray[np.intp]) -> TraceAnswer:
        """Return the answer with its contacts in another order (all of them, or the first so many)."""
        rank = np.full(len(self), -1, np.int64)
        rank[order] = np.arange(len(order))
        moved = rank[self.evidence.contact]
        rows = np.lexsort((self.evidence.start, moved))
        rows = rows[np.searchsorted(moved[rows], 0) :]
        e = self.evidence
        return TraceAnswer(
            self.person[order], self.minutes[order], self.after_minutes[order], self.encounters[order],
            self.first[order], self.last[order],
            Evidence(moved[rows], e.place[rows], e.start[rows], e.end[rows], e.minutes[rows], e.after_minutes[rows],
                     e.crowd[rows]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SecondHopAnswer:
    """Contacts of contacts at or above a score, highest first, and how many there are at or above each threshold."""

    listed: TraceAnswer
    at_or_above: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class CommonPlaces:
    """Places that several persons visited: place, how many of them, their minutes there, first and last, as columns."""

    place: Ints
    persons: Ints
    minutes: Ints
    first: Ints
    last: Ints
