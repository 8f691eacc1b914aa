"""The searches by DuckDB: over the Parquet files of an export, or over tables of DuckDB's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from ringfence.tracing.engines.parquet import exported_days
from ringfence.tracing.engines.sql import Order, SqlEngine
from ringfence.vocabulary.moments import MINUTES_PER_DAY, date_of, day_of


class DuckEngine(SqlEngine):
    """Answers out of `by_place` and `by_person`, two tables (or one named twice) with person, place, start and end.

    Their visits must be cut at UTC midnight. Sorted by place, start and by person, start, most of them are skipped.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, by_place: str, by_person: str) -> None:
        self._connection = connection
        self._source = {"by_place": by_place, "by_person": by_person}
        self._dated = False

    @classmethod
    def over_parquet(cls, folder: Path, *, threads: int | None = None, erased: Sequence[int] = ()) -> Self:
        """Return an engine over the files of an export, without persons erased since.

        Refused when the folder holds none or one is damaged.
        """
        days = exported_days(folder)
        connection = duckdb.connect()
        if threads is not None:
            connection.execute(f"set threads = {int(threads)}")
        listed = ", ".join(f"'{_literal(day)}'" for day in days)
        files = f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'date': date}})"
        engine = cls(connection, by_place=files, by_person=files)
        engine._dated = True
        engine.erased = tuple(erased)
        return engine

    def _pieces(self, order: Order, *, start: int, end: int) -> str:
        days = f" and date between date '{date_of(day_of(start))}' and date '{date_of(day_of(end - 1))}'"
        return f"""(
            select person, place, start as s, "end" as e from {self._source[order]}
            where start > {start - MINUTES_PER_DAY} and start < {end}{days if self._dated else ""}{self._alive})"""

    def _keep(self, name: str, query: str) -> None:
        self._connection.execute(f"create or replace temp table {name} as {query}")

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            self._connection.execute(f"drop table if exists temp.{name}")

    def _answer(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()


def _literal(file: Path) -> str:
    """Return a path as DuckDB reads it inside quotes: no sign in it stands for other signs."""
    return re.sub(r"[\[*?]", r"[\g<0>]", str(file)).replace("'", "''")
