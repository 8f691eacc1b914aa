"""One suite, several engines: on every tiny city, and on random ones, all answer as the reference does."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
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
from ringfence.tracing.reference import Common, Met, SecondHop, Visit, presence
from ringfence.vocabulary.moments import MINUTES_PER_DAY, date_of
from ringfence.vocabulary.refusals import Refused

SCHEMA = pa.schema(
    {"person": pa.uint32(), "place": pa.uint32(), "start": pa.int64(), "end": pa.int64(), "flags": pa.uint16()}
)

FIRST = 19060 * MINUTES_PER_DAY  # a midnight of March 2022, in UTC
GRID_MINUTES = 15

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

    first = next(iter(exported.values()))
    with SparkEngine(str(first), master=spark_master, settings=spark_cluster.SMALL) as engine:
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


@st.composite
def small_cities(draw: st.DrawFn) -> list[Visit]:
    """A few persons at a few places over three days, on a coarse grid so that bounds often meet."""
    visit = st.tuples(
        st.integers(0, 5),
        st.integers(0, 2),
        st.integers(0, 3 * MINUTES_PER_DAY // GRID_MINUTES),
        st.one_of(st.just(1), st.integers(1, 60).map(lambda length: length * GRID_MINUTES)),
    )
    rows = draw(st.lists(visit, min_size=1, max_size=24))
    return [
        (person, place, FIRST + start * GRID_MINUTES, FIRST + start * GRID_MINUTES + length)
        for person, place, start, length in rows
    ]


@settings(deadline=None, max_examples=60)
@given(
    visits=small_cities(),
    seeds=st.sets(st.integers(0, 6), max_size=3),
    start=st.integers(-1, 40),
    length=st.integers(0, 200),
    residual_minutes=st.sampled_from([0, 1, 30, 120]),
    min_overlap_minutes=st.sampled_from([0, 1, 90]),
    threshold_minutes=st.sampled_from([0, 1, 15, 500]),
    at_least=st.integers(1, 3),
)
def test_duckdb_answers_as_the_reference_does_on_random_cities(
    visits: list[Visit],
    seeds: set[int],
    start: int,
    length: int,
    residual_minutes: int,
    min_overlap_minutes: int,
    threshold_minutes: int,
    at_least: int,
) -> None:
    window = {"start": FIRST + start * GRID_MINUTES, "end": FIRST + (start + length) * GRID_MINUTES}
    exposure = {"residual_minutes": residual_minutes, "min_overlap_minutes": min_overlap_minutes}
    with TemporaryDirectory() as folder:
        duck, meant = opened_by_duck(export(visits, Path(folder))), ReferenceEngine(visits)
        asked = sorted(seeds)
        assert duck.trace(asked, **window, **exposure) == meant.trace(asked, **window, **exposure)
        assert duck.second_hop(asked, **window, **exposure, threshold_minutes=threshold_minutes) == meant.second_hop(
            asked, **window, **exposure, threshold_minutes=threshold_minutes
        )
        assert duck.common_places(asked, **window, at_least=at_least) == meant.common_places(
            asked, **window, at_least=at_least
        )


def test_an_export_read_back_is_the_city_again() -> None:
    for city in CITIES:
        with TemporaryDirectory() as folder:
            read = read_visits(export(to_tuples(city), Path(folder)))
        assert presence(read) == presence(to_tuples(city))
        assert all(start // MINUTES_PER_DAY == (end - 1) // MINUTES_PER_DAY for _, _, start, end in read)


def test_duckdb_answers_alike_out_of_two_sorted_tables(exported: dict[str, Path]) -> None:
    for city in CITIES:
        connection = duckdb.connect()
        files = f"read_parquet('{exported[city.name]}/date=*/visits.parquet')"
        for name, order in {"by_place": "place, start", "by_person": "person, start"}.items():
            connection.execute(f"create table {name} as from {files} order by {order}")
        engine, meant = (
            DuckEngine(connection, by_place="by_place", by_person="by_person"),
            ReferenceEngine(to_tuples(city)),
        )
        for question in city.questions:
            assert ask(engine, city, question) == ask(meant, city, question)
        assert connection.execute("select count(*) from duckdb_tables() where temporary").fetchone() == (0,)


def test_a_folder_without_exported_days_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        DuckEngine.over_parquet(tmp_path)
    assert refusal.value.code == "engines.no_export"


def test_a_day_that_is_not_an_export_is_refused_by_name(tmp_path: Path) -> None:
    damaged = tmp_path / "date=2022-03-08" / "visits.parquet"
    damaged.parent.mkdir()
    damaged.write_bytes(b"not parquet")
    with pytest.raises(Refused, match="2022-03-08"):
        DuckEngine.over_parquet(tmp_path)


def test_a_spark_master_that_does_not_answer_is_refused_at_once(tmp_path: Path) -> None:
    if lacking := spark_cluster.missing():
        pytest.skip(f"Spark: {lacking}")
    from ringfence.tracing.engines.spark import SparkEngine

    with socket.socket() as taken:  # bound but not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Refused) as refusal:
            SparkEngine(str(tmp_path), master=f"spark://127.0.0.1:{taken.getsockname()[1]}")
    assert refusal.value.code == "engines.spark_unreachable"
