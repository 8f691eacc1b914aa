"""DuckDB as a competitor: native tables or Parquet, each in two sorted copies, numbers only, narrow types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb

from benchmarks import sql
from benchmarks.questions import Answer, Question

Columns = Mapping[str, object]
Ask = Callable[[], object]
NUMBERED = """SELECT CAST(substr(place, 2) AS UINTEGER) AS place,
CAST(epoch_us("start") // 60000000 AS INTEGER) AS began,
CAST((epoch_us("end") + 59999999) // 60000000 AS INTEGER) AS ended, CAST(substr(person, 2) AS UINTEGER) AS person
FROM read_parquet([{files}])"""
ORDERS = {"by_place": "place, began", "by_person": "person, began"}


def _numbered(files: Sequence[Path]) -> str:
    return NUMBERED.format(files=", ".join(f"'{f}'" for f in files))


class Duck:
    """One DuckDB over a directory. `source` gives the FROM item of by_place and by_person."""

    def __init__(self, directory: Path, *, name: str, threads: int, memory_gb: int) -> None:
        self.name, self.directory = name, directory
        self.threads, self.memory_gb = threads, memory_gb
        directory.mkdir(parents=True, exist_ok=True)
        self.base = {"by_place": "by_place", "by_person": "by_person"}
        self.open()

    def open(self) -> None:
        """Open afresh: nothing is cached in the process."""
        self.connection = duckdb.connect(
            str(self.directory / "visits.duckdb"),
            config={
                "threads": self.threads,
                "memory_limit": f"{self.memory_gb}GB",
                "temp_directory": str(self.directory / "spill"),
                "preserve_insertion_order": "false",
            },
        )
        self._read_from(self.base)

    def _read_from(self, tables: dict[str, str]) -> None:
        self.base, self.tables = tables, dict(tables)
        self.longest = self._value(f"SELECT max(ended - began) FROM {tables['by_place']}") if self.is_loaded() else 0

    def close(self) -> None:
        self.connection.close()

    def is_loaded(self) -> bool:
        return self._value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'by_person'") > 0

    def load(self, files: Sequence[Path]) -> int:
        """Load and sort raw files twice; ids become numbers by cutting off their letter. Return the rows."""
        self.connection.execute("DROP TABLE IF EXISTS by_place; DROP TABLE IF EXISTS by_person")
        self.connection.execute(f"CREATE TABLE by_place AS {_numbered(files)} ORDER BY place, began")
        self.connection.execute("CREATE TABLE by_person AS SELECT * FROM by_place ORDER BY person, began")
        self.connection.execute("CHECKPOINT")
        self.longest = self._value("SELECT max(ended - began) FROM by_place")
        return self._value("SELECT count(*) FROM by_place")

    def disk_bytes(self) -> int:
        return (self.directory / "visits.duckdb").stat().st_size

    def _value(self, text: str) -> int:
        return self.connection.execute(text).fetchall()[0][0]

    def change(self, files: Sequence[Path], erased: Sequence[int]) -> None:
        """Add late files and hide erased persons: for the check of answers, not for timing."""
        gone = ", ".join(str(p) for p in erased)
        self.connection.execute(f"CREATE TEMP TABLE late AS {_numbered(files)}")
        for table, source in self.base.items():
            self.connection.execute(
                f"CREATE TEMP VIEW {table}_changed AS SELECT * FROM (SELECT * FROM {source} UNION ALL BY NAME"
                f" SELECT * FROM late) WHERE person NOT IN ({gone})"
            )
            self.tables[table] = f"{table}_changed"

    def _met(self, question: Question) -> str:
        """One statement: probing first and naming places as constants was measured slower, up to 50 M visits."""
        found = sql.probes(question, self.longest, self.tables["by_person"])
        return sql.met(question, self.longest, found, self.tables["by_place"])

    def trace(self, question: Question) -> Ask:
        """Return a function that asks Q1 or Q50: who met the persons."""
        return partial(self._columns, self._met(question))

    def common(self, question: Question, least: int) -> Ask:
        """Return a function that asks Q3: places common to the persons."""
        return partial(self._columns, sql.common(question, self.longest, least, self.tables["by_person"]))

    def _columns(self, text: str) -> Columns:
        return self.connection.execute(text).fetchnumpy()

    @staticmethod
    def answer_trace(raw: Columns) -> Answer:
        return Answer.of(raw)

    answer_common = answer_trace

    @staticmethod
    def answer_hop2(raw: tuple[Columns, tuple[int, ...]]) -> Answer:
        return Answer.of(*raw)

    def hop2(self, question: Question, *, pairs: bool = False, limit_s: float = 0) -> Ask:
        """Return a function that asks for contacts of contacts; it answers None when the limit is passed."""
        return partial(self._hop2, question, sql.hop2_pairs if pairs else sql.hop2_sweep, limit_s)

    def _hop2(
        self, question: Question, second: Callable[..., str], limit_s: float
    ) -> tuple[Columns, tuple[int, ...]] | None:
        stop = threading.Timer(limit_s, self.connection.interrupt) if limit_s else None
        run = self.connection.execute
        try:
            if stop:
                stop.start()
            run("DROP TABLE IF EXISTS scored; DROP TABLE IF EXISTS met")
            run(f"CREATE TEMP TABLE met AS SELECT person, first FROM ({self._met(question)})")
            run(second(question, self.longest, self.tables["by_place"], self.tables["by_person"]))
            counts = run(sql.HOP2_COUNTS).fetchall()[0]
            return self._columns(sql.HOP2_LISTED), counts
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            return None
        finally:
            if stop:
                stop.cancel()


class DuckParquet(Duck):
    """DuckDB over two sorted Parquet files made from a native database."""

    def __init__(self, directory: Path, *, threads: int, memory_gb: int) -> None:
        super().__init__(directory, name="DuckDB Parquet", threads=threads, memory_gb=memory_gb)

    def open(self) -> None:
        super().open()
        self._read_from({t: f"read_parquet('{self.directory / t}.parquet')" for t in ORDERS})

    def is_loaded(self) -> bool:
        return all((self.directory / f"{table}.parquet").exists() for table in ORDERS)

    def load_from(self, native: Duck) -> int:
        """Write the native tables as Parquet, sorted as they stand. Return the rows."""
        for table, order in ORDERS.items():
            native.connection.execute(
                f"COPY (SELECT * FROM {table} ORDER BY {order}) TO '{self.directory / table}.parquet'"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
        self.longest = native.longest
        return self._value(f"SELECT count(*) FROM {self.base['by_place']}")

    def disk_bytes(self) -> int:
        return sum((self.directory / f"{table}.parquet").stat().st_size for table in ORDERS)
