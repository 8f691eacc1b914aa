"""One suite, several engines: on every tiny city, and on random ones, all answer as the reference does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spark_cluster
from cities import CITIES, City, Question, to_tuples
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.tracing.batch import CUT_AFTER, CUT_BEFORE
from ringfence.tracing.engines import Engine, ReferenceEngine
from ringfence.tracing.engines.duck import DuckEngine
from ringfence.tracing.engines.parquet import read_visits
from ringfence.tracing.reference import Common, Met, SecondHop, Visit
from ringfence.vocabulary.moments import MINUTES_PER_DAY, date_of
from ringfence.vocabulary.refusals import Refused

SCHEMA = pa.schema(
    {"person": pa.uint32(), "place": pa.uint32(), "start": pa.int64(), "end": pa.int64(), "flags": pa.uint16()}
)

Answer = tuple[tuple[Met, ...], SecondHop, tuple[Common, ...]]


def export(visits: Sequence[Visit], folder: Path) -> Path:
    """Write visits as a store exports them, independently of the store: by day, cut at UTC midnight, by place."""
    days: dict[int, list[tuple[int, int, int, int, int]]] = {}
    for person, place, start, end in sorted(set(visits)):
        for day in range(start // MINUTES_PER_DAY, (end - 1) // MINUTES_PER_DAY + 1):
            morning, midnight = day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY
            flags = CUT_BEFORE * (start < morning) | CUT_AFTER * (end > midnight)
            days.setdefault(day, []).append((person, place, max(start, morning), min(end, midnight), flags))
    for day, pieces in days.items():
        file = folder / f"date={date_of(day).isoformat()}" / "visits.parquet"
        file.parent.mkdir(parents=True)
        columns = zip(*sorted(pieces, key=lambda piece: (piece[1], piece[2])), strict=True)
        pq.write_table(pa.table([pa.array(column) for column in columns], SCHEMA.names).cast(SCHEMA), file)
    pq.write_table(
        pa.table({"place": pa.array([], pa.uint32()), "kind": pa.array([], pa.uint8())}), folder / "places.parquet"
    )
    return folder


def ask(engine: Engine, city: City, question: Question) -> Answer:
    """Put a question of a city to an engine, as all three searches."""
    seeds = [city.persons[seed] for seed in question.seeds]
    start, end = city.minute(question.start), city.minute(question.end)
    return (
        engine.trace(
            seeds,
            start=start,
            end=end,
            residual_minutes=question.residual_minutes,
            min_overlap_minutes=question.min_overlap_minutes,
        ),
        engine.second_hop(
            seeds,
            start=start,
            end=end,
            residual_minutes=question.residual_minutes,
            min_overlap_minutes=question.min_overlap_minutes,
            threshold_minutes=question.threshold_minutes,
        ),
        engine.common_places(seeds, start=start, end=end, at_least=question.at_least),
    )


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The export of every city."""
    return {city.name: export(to_tuples(city), tmp_path_factory.mktemp("city")) for city in CITIES}


@pytest.fixture(scope="session")
def spark_master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A standalone master and two workers on loopback."""
    if lacking := spark_cluster.missing():
        pytest.skip(f"Spark: {lacking}")
    with spark_cluster.cluster(tmp_path_factory.mktemp("spark")) as master:
        yield master


@pytest.fixture(scope="session")
def spark(spark_master: str, exported: dict[str, Path]) -> Iterator[Callable[[Path], Engine]]:
    """One application on the cluster, turned to one export after another."""
    from ringfence.tracing.engines.spark import SparkEngine

    small = {
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.memory": "1g",
        "spark.executor.memory": "600m",
        "spark.executor.cores": "1",
    }
    first = next(iter(exported.values()))
    with SparkEngine(str(first), master=spark_master, settings=small) as engine:
        yield lambda folder: engine.over(str(folder))


def opened_by_duck(folder: Path) -> Engine:
    return DuckEngine.over_parquet(folder, threads=1)


def opened_by_reference(folder: Path) -> Engine:
    return ReferenceEngine(read_visits(folder))


@pytest.fixture(params=["reference", "duck", pytest.param("spark", marks=pytest.mark.spark)], scope="session")
def open_engine(request: pytest.FixtureRequest) -> Callable[[Path], Engine]:
    """How each engine opens an export."""
    if request.param == "spark":
        return request.getfixturevalue("spark")
    return {"reference": opened_by_reference, "duck": opened_by_duck}[request.param]


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_every_engine_answers_as_the_reference_does(
    city: City, open_engine: Callable[[Path], Engine], exported: dict[str, Path]
) -> None:
    engine, meant = open_engine(exported[city.name]), ReferenceEngine(to_tuples(city))
    for question in city.questions:
        assert ask(engine, city, question) == ask(meant, city, question)
