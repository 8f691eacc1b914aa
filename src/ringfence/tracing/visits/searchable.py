"""Visits that searches run over: a table in machine words, and who is not to be found in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.scanning import EVIDENCE_COLUMNS, FREE, MET_WIDTH, SKIP, gather_stays
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.table import Table


@dataclass(slots=True)
class Scratch:
    """Working memory of searches: one number a person (FREE, or SKIP for the erased), room for answers and evidence."""

    slot: NDArray[np.int32]
    met: NDArray[np.int32]
    evidence: NDArray[np.int64]


class Searchable:
    """What every search is handed: a store of open visits, or the part of a live store that a warrant has opened."""

    def __init__(self, table: Table, erased: NDArray[np.int64]) -> None:
        self._table = table
        self._erased = erased
        self._scratch: Scratch | None = None

    @property
    def table(self) -> Table:
        """Return the table that kernels run over."""
        return self._table

    @property
    def erased(self) -> NDArray[np.int64]:
        """Return the numbers of persons who are not to be found."""
        return self._erased

    def scratch(self) -> Scratch:
        """Return the searches' working memory, kept between them. One search at a time: a thread opens its own."""
        if self._scratch is None:
            slot = np.full(self.table.persons, FREE, np.int32)
            erased = self.erased
            slot[erased[erased < self.table.persons]] = SKIP
            met = _in_lines(self.table.persons)
            self._scratch = Scratch(slot, met, np.empty((256, EVIDENCE_COLUMNS), np.int64))
        return self._scratch

    def visits_of(self, persons: NDArray[np.integer] | list[int], start: int, end: int) -> VisitBatch:
        """Return the visits of some persons in [start, end), clipped to it and merged at each place."""
        asked = np.setdiff1d(np.asarray(persons, np.int64), self.erased)
        stays = gather_stays(self.table.rows, self.table.first_day, self.table.first, asked, start, end)
        order = np.lexsort((stays[:, 1], stays[:, 0], stays[:, 3]))
        place, begin, stop, person = stays[order].T
        if not len(person):
            return VisitBatch.of([], [], [], [])
        same = (person[1:] == person[:-1]) & (place[1:] == place[:-1])
        # Within a group the latest end so far decides; groups are told apart by adding a large step to each.
        group = np.concatenate([[0], np.cumsum(~same)])
        step = int(stop.max() - begin.min()) + 2
        reach = np.maximum.accumulate(stop + group * step)
        fresh = np.concatenate([[True], (begin + group * step)[1:] > reach[:-1]])
        heads = np.flatnonzero(fresh)
        ends = np.maximum.reduceat(stop, heads)
        return VisitBatch.of(person[heads], place[heads], begin[heads], ends)


def _in_lines(persons: int) -> NDArray[np.int32]:
    """Return room for everybody met, each row inside one line of the processor's cache.

    The system gives memory only when it is written to, so that room for everybody costs what a search fills of it.
    """
    width = MET_WIDTH * np.dtype(np.int32).itemsize
    room = np.empty((persons + 1) * width, np.uint8)
    begin = -room.__array_interface__["data"][0] % width
    return room[begin : begin + persons * width].view(np.int32).reshape(persons, MET_WIDTH)
