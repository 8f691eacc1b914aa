"""What the engines that speak SQL have in common: the order of the statements, and rows out of their answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Unpack

import pyarrow as pa

from ringfence.tracing.engines import statements
from ringfence.tracing.reference import SCORES_COUNTED, Common, ContactQuestion, Met, Reached, SecondHop

Order = Literal["by_person", "by_place"]


class SqlEngine(ABC):
    """An engine that runs `statements`. The `…_table` methods answer with columns, the others with rows."""

    erased: Sequence[int] = ()
    """Persons whose visits do not exist, though an older export still holds them."""

    @property
    def _alive(self) -> str:
        """Return a condition on `person` that leaves the erased out."""
        return f" and person not in ({', '.join(str(int(n)) for n in self.erased)})" if len(self.erased) else ""

    @abstractmethod
    def _pieces(self, order: Order, *, start: int, end: int) -> str:
        """Return, in brackets, a query for the pieces (person, place, s, e) of the UTC days that hold [start, end)."""

    @abstractmethod
    def _keep(self, name: str, query: str) -> None:
        """Hold the answer of a query as a table of a name, until it is forgotten."""

    @abstractmethod
    def _forget(self, names: Sequence[str]) -> None:
        """Drop the tables held; names that were never kept are passed over."""

    @abstractmethod
    def _answer(self, query: str) -> pa.Table:
        """Return the answer of a query as columns."""

    def trace_table(self, seeds: Sequence[int], **asked: Unpack[ContactQuestion]) -> pa.Table:
        """Return everybody who met a seed inside [start, end), by person, the end named `until`."""
        with self._tables("direct", "air"):
            query = self._met(seeds, **asked)
            return self._answer(f"select * from ({query}) as met order by person")

    def second_hop_tables(
        self, seeds: Sequence[int], *, threshold_minutes: int = 15, **asked: Unpack[ContactQuestion]
    ) -> tuple[pa.Table, pa.Table]:
        """Return who was reached at or above the threshold, by person, and one row of counts by usual score."""
        start, end = asked["start"], asked["end"]
        by_person = self._pieces("by_person", start=start, end=end)
        by_place = self._pieces("by_place", start=start, end=end)
        with self._tables("direct", "air", "met", "probes", "reached"):
            self._keep("met", self._met(seeds, **asked))
            self._keep("probes", statements.probes(by_person, end=end))
            self._keep("reached", statements.reached(by_place, seeds, start=start, end=end))
            rows = f"select * from reached where score_minutes >= {int(threshold_minutes)} order by person"
            return self._answer(rows), self._answer(statements.counted())

    def common_places_table(self, persons: Sequence[int], *, start: int, end: int, at_least: int = 2) -> pa.Table:
        """Return the places that `at_least` of the persons visited inside [start, end), by place."""
        pieces = self._pieces("by_person", start=start, end=end)
        return self._answer(statements.common(pieces, persons, start=start, end=end, at_least=at_least))

    def trace(self, seeds: Sequence[int], **asked: Unpack[ContactQuestion]) -> tuple[Met, ...]:
        """Return everybody who met a seed inside [start, end), by person."""
        return tuple(Met(**row) for row in _rows(self.trace_table(seeds, **asked)))

    def second_hop(
        self, seeds: Sequence[int], *, threshold_minutes: int = 15, **asked: Unpack[ContactQuestion]
    ) -> SecondHop:
        """Return who shared places with the people met after these were first exposed, by person."""
        rows, counts = self.second_hop_tables(seeds, threshold_minutes=threshold_minutes, **asked)
        return SecondHop(
            rows=tuple(Reached(**row) for row in _rows(rows)),
            at_or_above={score: counts[f"at_or_above_{score}"][0].as_py() for score in SCORES_COUNTED},
        )

    def common_places(self, persons: Sequence[int], *, start: int, end: int, at_least: int = 2) -> tuple[Common, ...]:
        """Return the places that `at_least` of the persons visited inside [start, end), by place."""
        table = self.common_places_table(persons, start=start, end=end, at_least=at_least)
        return tuple(Common(**row) for row in _rows(table))

    def _met(
        self, seeds: Sequence[int], *, start: int, end: int, residual_minutes: int = 0, min_overlap_minutes: int = 0
    ) -> str:
        """Keep when the seeds' places held them or their air, and return the query for everybody met there."""
        own = self._pieces("by_person", start=start, end=end)
        near = self._pieces("by_place", start=start, end=end + residual_minutes)
        self._keep("direct", statements.direct(own, seeds, start=start, end=end))
        self._keep("air", statements.air(residual_minutes))
        return statements.met(near, seeds, min_overlap_minutes=int(min_overlap_minutes))

    @contextmanager
    def _tables(self, *names: str) -> Iterator[None]:
        try:
            yield
        finally:
            self._forget(names)


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for row in table.to_pylist():
        row["first"], row["last"] = row.pop("since"), row.pop("until")
        if "places" in row:
            row["places"] = tuple(row["places"])
        yield row
