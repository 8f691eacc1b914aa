"""The searches by Apache Spark, over the Parquet files of an export, for data beyond one machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pyarrow as pa

from ringfence.tracing.engines.parquet import DAYS
from ringfence.tracing.engines.sql import Order, SqlEngine
from ringfence.vocabulary.moments import date_of, day_of
from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
}


class SparkEngine(SqlEngine):
    """Answers by a Spark cluster. Every worker must find the export where this process finds it.

    It may be a folder on a shared disk or an address such as hdfs://…
    A context manager: leaving it ends the application on the cluster.
    """

    def __init__(
        self,
        export: Path | str,
        *,
        master: str,
        settings: Mapping[str, str] | None = None,
        patience_seconds: int = 60,
        erased: Sequence[int] = (),
    ) -> None:
        """Join the cluster at `master` (spark://host:port, or local[n] for this machine alone).

        Refused when Spark or Java is missing, when no master answers, or when it gives no worker in time.
        Persons `erased` since the export are left out.
        """
        self.erased = tuple(erased)
        self._master = master
        self._spark = _session(master, settings or {})
        _await_worker(self._spark, master, patience_seconds)
        self._read(export)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the application on the cluster."""
        self._spark.stop()

    def _read(self, export: Path | str) -> None:
        from pyspark.errors import AnalysisException

        try:
            files = self._spark.read.option("basePath", str(export)).parquet(f"{_literal(export)}/{DAYS}")
            pieces = files.selectExpr("person", "place", "start as s", "`end` as e", "date")
        except AnalysisException as error:
            raise Refused("engines.no_export", folder=export) from error
        pieces.createOrReplaceTempView("pieces")

    def _pieces(self, order: Order, *, start: int, end: int) -> str:  # noqa: ARG002 - files have one order only
        low, high = date_of(day_of(start)), date_of(day_of(end - 1))
        return (
            f"(select person, place, s, e from pieces where date between date '{low}' and date '{high}'{self._alive})"
        )

    def _keep(self, name: str, query: str) -> None:
        self._spark.sql(query).createOrReplaceTempView(name)
        self._spark.catalog.cacheTable(name)

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            if self._spark.catalog.tableExists(name):
                self._spark.catalog.uncacheTable(name)
                self._spark.catalog.dropTempView(name)

    def _answer(self, query: str) -> pa.Table:
        return self._spark.sql(query).toArrow()


def _session(master: str, settings: Mapping[str, str]) -> SparkSession:
    """Return a session on a cluster that answers; on loopback it listens on loopback only."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Refused("engines.spark_missing") from error
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        raise Refused("engines.java_missing")
    builder: Any = SparkSession.builder
    builder = builder.master(master).appName("ringfence")
    for key, value in {**SETTINGS, **_listening(master), **settings}.items():
        builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    return session


def _listening(master: str) -> dict[str, str]:
    """Return where the driver listens, having knocked at the master: Spark itself would try in vain for minutes."""
    if master.startswith("local"):
        return {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    address = urlsplit(master)
    try:
        socket.create_connection((address.hostname or "", address.port or 7077), timeout=5).close()
    except (OSError, ValueError) as error:
        raise Refused("engines.spark_unreachable", master=master) from error
    if address.hostname in LOOPBACK:
        return {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return {}


def _await_worker(spark: SparkSession, master: str, patience_seconds: int) -> None:
    """Wait until the cluster has lent an executor, so that a search never hangs without a word."""
    if master.startswith("local"):
        return
    cluster: Any = spark.sparkContext._jsc.sc()
    tick = Event()
    for _ in range(patience_seconds * 10):
        if cluster.getExecutorMemoryStatus().size() > 1:
            return
        tick.wait(0.1)
    spark.stop()
    raise Refused("engines.spark_busy", master=master, seconds=patience_seconds)


def _literal(export: Path | str) -> str:
    """Return a place as Spark reads it among patterns: no sign in it stands for other signs."""
    return re.sub(r"[\\\[\]{}*?]", r"\\\g<0>", str(export))
