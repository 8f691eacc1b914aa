"""Visits on their way into a store: columns of equal length, already numbered and rounded to minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IMPUTED = 1
SOURCE_SHIFT = 1
SOURCE_MASK = 3
SOURCES = ("record", "scan", "interview", "other")
UNCERTAIN = 8
CUT_BEFORE = 16
CUT_AFTER = 32


@dataclass(frozen=True, slots=True)
class VisitBatch:
    """Visits as columns. `start` and `end` are minutes since 1970 UTC, half-open, end > start."""

    person: NDArray[np.uint32]
    place: NDArray[np.uint32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    flags: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.person)

    @classmethod
    def of(cls, person: object, place: object, start: object, end: object, flags: object = None) -> VisitBatch:
        """Return a batch from anything numpy turns into columns; flags are zero when not given."""
        persons = np.asarray(person, np.uint32)
        return cls(
            persons,
            np.asarray(place, np.uint32),
            np.asarray(start, np.int64),
            np.asarray(end, np.int64),
            np.zeros(len(persons), np.uint16) if flags is None else np.asarray(flags, np.uint16),
        )

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> VisitBatch:
        """Return the rows of an index or mask."""
        return VisitBatch(self.person[rows], self.place[rows], self.start[rows], self.end[rows], self.flags[rows])


def concatenate(batches: list[VisitBatch]) -> VisitBatch:
    """Return one batch of all rows in order; an empty list gives an empty batch."""
    if not batches:
        return VisitBatch.of([], [], [], [])
    return VisitBatch(
        np.concatenate([b.person for b in batches]),
        np.concatenate([b.place for b in batches]),
        np.concatenate([b.start for b in batches]),
        np.concatenate([b.end for b in batches]),
        np.concatenate([b.flags for b in batches]),
    )
