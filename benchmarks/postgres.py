"""PostgreSQL as a competitor: one table, two covering B-trees, index-only scans; a private server on a unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psycopg
from psycopg import errors

from benchmarks import sql
from benchmarks.duck import Ask, Duck
from benchmarks.questions import Answer, Question

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "2",
    "jit": "off",
    "synchronous_commit": "off",
    "fsync": "off",
}
COPY_ROW = np.dtype([("fields", ">i2")] + [(n, ">i4") for k in range(4) for n in (f"bytes{k}", f"value{k}")])
COPY_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"
COLUMNS = ("place", "began", "ended", "person")


def _program(name: str) -> str | None:
    """Return the path of a server program, which distributions keep out of the PATH."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) if Path("/usr/lib/postgresql").exists() else []
    return shutil.which(name) or (str(beside[-1]) if beside else None)


def unavailable() -> str:
    """Return why PostgreSQL cannot be measured here, or an empty text."""
    if _program("initdb") is None or _program("pg_ctl") is None:
        return "PostgreSQL's server programs are not installed"
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or not _servant()):
        return "PostgreSQL refuses to run as root and there is no user postgres or nobody to run it as"
    return ""


def _servant() -> str:
    names = {user.pw_name for user in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), "")


class Postgres:
    """A server of our own in a temporary directory, gone when closed."""

    name = "PostgreSQL"

    def __init__(self, work: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pg-", dir=work))
        # A unix socket's path is limited to about a hundred bytes, so it does not lie under the working directory.
        self.socket = Path(tempfile.mkdtemp(prefix="rf-pg-"))
        self.as_servant: list[str] = []
        if os.geteuid() == 0:
            servant = pwd.getpwnam(_servant())
            self.as_servant = ["setpriv", f"--reuid={servant.pw_uid}", f"--regid={servant.pw_gid}", "--clear-groups"]
            for directory in (self.directory, self.socket):
                os.chown(directory, servant.pw_uid, servant.pw_gid)
        self._run("initdb", "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        with (self.directory / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{key} = '{value}'\n" for key, value in SETTINGS.items())
            conf.write(f"unix_socket_directories = '{self.socket}'\n")
        self.longest = 0
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self.as_servant, str(_program(program)), "-D", str(self.directory), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-l", str(self.directory / "log"), "start")
        self.connection = psycopg.connect(host=str(self.socket), user="bench", dbname="postgres", autocommit=True)

    def stop(self) -> None:
        self.connection.close()
        self._run("pg_ctl", "-w", "-m", "fast", "stop")

    def open(self) -> None:
        """Start afresh: nothing is cached in the server."""
        self.start()

    def close(self) -> None:
        self.stop()

    def remove(self) -> None:
        """Stop the server if it runs and take its files away."""
        if not self.connection.closed:
            self.stop()
        shutil.rmtree(self.directory)
        shutil.rmtree(self.socket)

    def load_from(self, native: Duck) -> int:
        """Copy the native DuckDB tables in (binary, in order of place), index and vacuum. Return the rows."""
        run = self.connection.execute
        run("CREATE TABLE visits (place integer, began integer, ended integer, person integer)")
        with self.connection.transaction(), self.connection.cursor() as cursor:
            run("TRUNCATE visits")  # in the same transaction, so that the rows need no log
            with cursor.copy("COPY visits FROM STDIN (FORMAT binary)") as copy:
                copy.write(COPY_BEGIN)
                for piece in _copy_pieces(native):
                    copy.write(piece)
                copy.write(COPY_END)
        run("CREATE INDEX ON visits (place, began) INCLUDE (ended, person)")
        run("CREATE INDEX ON visits (person, began) INCLUDE (ended, place)")
        run("VACUUM (ANALYZE) visits")
        run("CREATE VIEW by_place AS SELECT * FROM visits")
        run("CREATE VIEW by_person AS SELECT * FROM visits")
        self.longest = native.longest
        return self._value("SELECT count(*) FROM visits")

    def disk_bytes(self) -> int:
        return self._value("SELECT pg_total_relation_size('visits')")

    def _value(self, text: str) -> int:
        return self.connection.execute(text).fetchone()[0]

    def _rows(self, text: str) -> list[tuple[int, ...]]:
        with self.connection.cursor(binary=True) as cursor:
            return cursor.execute(text).fetchall()

    def trace(self, question: Question) -> Ask:
        """Return a function that asks Q1 or Q50: who met the persons."""
        return partial(self._rows, sql.met(question, self.longest, sql.probes(question, self.longest)))

    def common(self, question: Question, least: int) -> Ask:
        """Return a function that asks Q3: places common to the persons."""
        return partial(self._rows, sql.common(question, self.longest, least))

    def hop2(self, question: Question, *, limit_s: float = 0) -> Ask:
        """Return a function that asks for contacts of contacts by pairs; None when it takes longer than the limit."""
        return partial(self._hop2, question, limit_s)

    def _hop2(self, question: Question, limit_s: float) -> tuple[list[tuple[int, ...]], tuple[int, ...]] | None:
        run = self.connection.execute
        run(f"SET statement_timeout = {int(limit_s * 1000)}")
        try:
            run("DROP TABLE IF EXISTS scored; DROP TABLE IF EXISTS met")
            found = sql.met(question, self.longest, sql.probes(question, self.longest))
            run(f"CREATE TEMP TABLE met AS SELECT person, first FROM ({found}) found")
            run("ANALYZE met")
            # Left alone, the planner looks visits up by place and one bound only; these let it use both bounds.
            run("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off")
            run(sql.hop2_pairs(question, self.longest))
            return self._rows(sql.HOP2_LISTED), run(sql.HOP2_COUNTS).fetchone()
        except errors.QueryCanceled:
            return None
        finally:
            run("RESET ALL")

    @staticmethod
    def answer_trace(raw: list[tuple[int, ...]]) -> Answer:
        return _answer(raw, ("person", "minutes", "after_minutes", "encounters", "first", "last"))

    @staticmethod
    def answer_common(raw: list[tuple[int, ...]]) -> Answer:
        return _answer(raw, ("place", "persons", "minutes", "first", "last"))

    @staticmethod
    def answer_hop2(raw: tuple[list[tuple[int, ...]], tuple[int, ...]]) -> Answer:
        return _answer(raw[0], ("person", "score", "encounters", "first", "last"), raw[1])


def _answer(rows: list[tuple[int, ...]], names: Sequence[str], counts: tuple[int, ...] = ()) -> Answer:
    columns = np.array(rows, np.int64).reshape(-1, len(names)).T
    return Answer.of(dict(zip(names, columns, strict=True)), counts)


def _copy_pieces(native: Duck) -> Iterator[bytes]:
    """Yield the rows in PostgreSQL's binary COPY form."""
    reader = native.connection.cursor().sql(f"SELECT {', '.join(COLUMNS)} FROM by_place").to_arrow_reader(1 << 18)
    for batch in reader:
        rows = np.empty(batch.num_rows, COPY_ROW)
        rows["fields"] = len(COLUMNS)
        for k, name in enumerate(COLUMNS):
            rows[f"bytes{k}"] = 4
            rows[f"value{k}"] = batch.column(name).to_numpy()
        yield rows.tobytes()
