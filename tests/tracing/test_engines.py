"""One suite, several engines: on every tiny city, and on random ones, all answer as the reference does."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spark_cluster
from cities import CHAIN, CITIES, ERASED, MEASLES, MIDNIGHT, WEEKS, City, Question, to_csv, to_tuples
from hypothesis import given
from hypothesis import strategies as st

from ringfence.tracing.answer import TraceAnswer
from ringfence.tracing.engines import Engine, ReferenceEngine
from ringfence.tracing.engines.duck import DuckEngine
from ringfence.tracing.engines.parquet import read_visits
from ringfence.tracing.intake import IntakeSettings
from ringfence.tracing.reference import Common, ContactQuestion, Met, Reached, SecondHop, Visit, presence
from ringfence.tracing.search import SecondHopSettings, TraceSettings, common_places, second_hop, trace
from ringfence.tracing.visits.batch import CUT_AFTER, CUT_BEFORE, VisitBatch
from ringfence.tracing.visits.loading import erase_person, load_files, open_or_create
from ringfence.tracing.visits.store import VisitStore, create_store, open_store
from ringfence.tracing.visits.upkeep import export_parquet
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY, date_of
from ringfence.vocabulary.refusals import Refused

SCHEMA = pa.schema(
    {"person": pa.uint32(), "place": pa.uint32(), "start": pa.int64(), "end": pa.int64(), "flags": pa.uint16()}
)

FIRST = 19060 * MINUTES_PER_DAY  # a midnight of March 2022, in UTC
GRID_MINUTES = 15

Answer = tuple[tuple[Met, ...], SecondHop, tuple[Common, ...]]


def cut(visits: Sequence[Visit]) -> dict[int, pa.Table]:
    """Return visits as a store exports them, told independently of it: by UTC day, cut at midnight, by place."""
    days: dict[int, list[tuple[int, int, int, int, int]]] = {}
    for person, place, start, end in sorted(set(visits)):
        for day in range(start // MINUTES_PER_DAY, (end - 1) // MINUTES_PER_DAY + 1):
            morning, midnight = day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY
            flags = CUT_BEFORE * (start < morning) | CUT_AFTER * (end > midnight)
            days.setdefault(day, []).append((person, place, max(start, morning), min(end, midnight), flags))
    return {
        day: pa.table(
            [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)],
            schema=SCHEMA,
        )
        for day, rows in ((day, sorted(pieces, key=lambda piece: piece[1:3])) for day, pieces in sorted(days.items()))
    }


def export(visits: Sequence[Visit], folder: Path) -> Path:
    """Write visits into a folder in the format of an export."""
    for day, pieces in cut(visits).items():
        file = folder / f"date={date_of(day).isoformat()}" / "visits.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(pieces, file)
    kinds = pa.table({"place": pa.array([], pa.uint32()), "kind": pa.array([], pa.uint8())})
    pq.write_table(kinds, folder / "places.parquet")
    return folder


@dataclass(frozen=True)
class StoreEngine:
    """The fast searches over a store, told in the numbers of a city."""

    store: VisitStore
    person_of: Mapping[int, int]  # number in the store -> number in the city
    place_of: Mapping[int, int]

    def trace(self, seeds: Sequence[int], **asked: Unpack[ContactQuestion]) -> tuple[Met, ...]:
        answer = self._met(seeds, **asked)
        told = (
            Met(
                minutes=int(answer.minutes[row]), after_minutes=int(answer.after_minutes[row]), **self._row(answer, row)
            )
            for row in range(len(answer))
        )
        return tuple(sorted(told, key=lambda met: met.person))

    def second_hop(
        self, seeds: Sequence[int], *, threshold_minutes: int = 15, **asked: Unpack[ContactQuestion]
    ) -> SecondHop:
        listing = SecondHopSettings(threshold_minutes=threshold_minutes, limit=1_000_000)
        window, met = (asked["start"], asked["end"]), self._met(seeds, **asked)
        answer = second_hop(self.store, self._inside(seeds), *window, met, listing)
        listed = answer.listed
        told = (Reached(score_minutes=int(listed.minutes[row]), **self._row(listed, row)) for row in range(len(listed)))
        return SecondHop(tuple(sorted(told, key=lambda reached: reached.person)), dict(answer.at_or_above))

    def common_places(self, persons: Sequence[int], *, start: int, end: int, at_least: int = 2) -> tuple[Common, ...]:
        found = common_places(self.store, self._inside(persons), start, end, least=at_least)
        columns = (found.place, found.persons, found.minutes, found.first, found.last)
        rows = (
            Common(self.place_of[place], *rest)
            for place, *rest in zip(*(column.tolist() for column in columns), strict=True)
        )
        return tuple(sorted(rows, key=lambda common: common.place))

    def _inside(self, persons: Sequence[int]) -> list[int]:
        return [inside for inside, person in self.person_of.items() if person in set(persons)]

    def _met(self, seeds: Sequence[int], *, start: int, end: int, **how: int) -> TraceAnswer:
        return trace(self.store, self._inside(seeds), start, end, TraceSettings(**how))

    def _row(self, answer: TraceAnswer, row: int) -> dict[str, Any]:
        return {
            "person": self.person_of[int(answer.person[row])],
            "encounters": int(answer.encounters[row]),
            "places": tuple(sorted(self.place_of[place] for place in answer.places_of(row))),
            "first": int(answer.first[row]),
            "last": int(answer.last[row]),
        }


def loaded(city: City, folder: Path) -> StoreEngine:
    """Load a city's files one after the other as a user would, erasing in between."""
    store = open_or_create(folder / "store", None, zone=city.zone)
    settings, rejects = IntakeSettings(zone=city.zone), folder / "rejects.csv"
    first, *later = to_csv(city, folder)
    load_files(store, [first], settings, rejects_file=rejects)
    for person, moment in city.erased.items():
        erase_person(store, person, at_minute=city.minute(moment))
    if later:
        load_files(store, later, settings, rejects_file=rejects)
    store = open_store(folder / "store")
    persons, places = list(city.persons), list(city.places)
    return StoreEngine(
        store,
        {
            int(n): city.persons[name]
            for n, name in zip(store.keys.find("person", persons), persons, strict=True)
            if n >= 0
        },
        {int(n): city.places[name] for n, name in zip(store.keys.find("place", places), places, strict=True) if n >= 0},
    )


def ask(engine: Engine, city: City, question: Question) -> Answer:
    """Put a question of a city to an engine, as all three searches."""
    seeds = [city.persons[seed] for seed in question.seeds]
    window = {"start": city.minute(question.start), "end": city.minute(question.end)}
    asked: ContactQuestion = {
        **window,
        "residual_minutes": question.residual_minutes,
        "min_overlap_minutes": question.min_overlap_minutes,
    }
    return (
        engine.trace(seeds, **asked),
        engine.second_hop(seeds, threshold_minutes=question.threshold_minutes, **asked),
        engine.common_places(seeds, **window, at_least=question.at_least),
    )


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The export of every city."""
    return {city.name: export(to_tuples(city), tmp_path_factory.mktemp("city")) for city in CITIES}


@pytest.fixture(params=["store", "duckdb"], scope="session")
def opened(
    request: pytest.FixtureRequest, exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[City], Engine]:
    """How each engine opens a city: the store its loads, the others its export."""
    if request.param == "duckdb":
        return lambda city: DuckEngine.over_parquet(exported[city.name], threads=1)
    return lambda city: loaded(city, tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_every_engine_answers_as_the_reference_does(city: City, opened: Callable[[City], Engine]) -> None:
    engine, meant = opened(city), ReferenceEngine(to_tuples(city))
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


@given(
    visits=small_cities(),
    seeds=st.sets(st.integers(0, 6), max_size=3),
    start=st.integers(-1, 40),
    length=st.integers(1, 200),
    residual_minutes=st.sampled_from([0, 1, 30, 120]),
    min_overlap_minutes=st.sampled_from([0, 1, 90]),
    threshold_minutes=st.sampled_from([1, 15, 500]),
    at_least=st.integers(1, 3),
)
def test_store_and_duckdb_answer_as_the_reference_does_on_random_cities(
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

    def answers(engine: Engine) -> Answer:
        asked = sorted(seeds)
        return (
            engine.trace(asked, **window, **exposure),
            engine.second_hop(asked, **window, **exposure, threshold_minutes=threshold_minutes),
            engine.common_places(asked, **window, at_least=at_least),
        )

    meant = answers(ReferenceEngine(visits))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("pieces", pa.concat_tables(cut(visits).values()))
        assert answers(DuckEngine(connection, by_place="pieces", by_person="pieces")) == meant
    with TemporaryDirectory() as folder:
        store = create_store(Path(folder) / "store")
        with writing(store) as writer:
            for half in (visits[::2], visits[1::2]):
                writer.add(VisitBatch.of(*zip(*half, strict=True))) if half else None
                writer.commit()
        same = {number: number for number in range(7)}
        assert answers(StoreEngine(open_store(Path(folder) / "store"), same, same)) == meant


def test_an_export_read_back_is_the_city_again() -> None:
    for city in CITIES:
        with TemporaryDirectory() as folder:
            read = read_visits(export(to_tuples(city), Path(folder)))
        assert presence(read) == presence(to_tuples(city))
        assert all(start // MINUTES_PER_DAY == (end - 1) // MINUTES_PER_DAY for _, _, start, end in read)


def test_duckdb_answers_alike_out_of_two_sorted_tables_and_leaves_nothing_behind(exported: dict[str, Path]) -> None:
    for city in (MIDNIGHT, MEASLES, CHAIN):
        with duckdb.connect(config={"threads": 1}) as connection:
            files = f"read_parquet('{exported[city.name]}/date=*/visits.parquet')"
            for name, order in {"by_place": "place, start", "by_person": "person, start"}.items():
                connection.execute(f"create table {name} as from {files} order by {order}")
            engine = DuckEngine(connection, by_place="by_place", by_person="by_person")
            for question in city.questions:
                assert ask(engine, city, question) == ask(ReferenceEngine(to_tuples(city)), city, question)
            assert connection.execute("select count(*) from duckdb_tables() where temporary").fetchone() == (0,)


def test_a_store_exports_what_the_suite_calls_its_export(tmp_path: Path) -> None:
    for number, city in enumerate((MIDNIGHT, ERASED, WEEKS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        inside = loaded(city, folder)
        export_parquet(inside.store, folder / "visits")
        told = [(inside.person_of[q], inside.place_of[p], s, e) for q, p, s, e in read_visits(folder / "visits")]
        assert presence(told) == presence(to_tuples(city))


@dataclass(frozen=True)
class Province:
    """Every question with a city of its own, side by side: numbers apart, and moved to where windows begin on one day.

    Questions whose windows and settings are equal can then be put as one, and Spark needs far fewer jobs.
    """

    visits: list[Visit]
    questions: list[tuple[Question, list[int], int, int]]  # with seeds, start, end

    @classmethod
    def of(cls, cities: Sequence[City]) -> Province:
        visits: list[Visit] = []
        questions = []
        persons = places = 0
        for city in cities:
            for question in city.questions:
                start, end = city.minute(question.start), city.minute(question.end)
                moved = FIRST - start // MINUTES_PER_DAY * MINUTES_PER_DAY
                visits += [(persons + q, places + p, s + moved, e + moved) for q, p, s, e in to_tuples(city)]
                seeds = [persons + city.persons[seed] for seed in question.seeds]
                questions.append((question, seeds, start + moved, end + moved))
                persons, places = persons + len(city.persons), places + len(city.places)
        return cls(visits, questions)

    def asked(self) -> Iterator[tuple[str, tuple[int, ...], dict[str, int]]]:
        """Yield each search with the seeds and settings of all questions that are equal but for their seeds."""
        together: dict[tuple[str, tuple[tuple[str, int], ...]], set[int]] = {}
        for question, seeds, start, end in self.questions:
            window = {"start": start, "end": end}
            exposure = {
                "residual_minutes": question.residual_minutes,
                "min_overlap_minutes": question.min_overlap_minutes,
            }
            for search, how in {
                "trace": window | exposure,
                "second_hop": window | exposure | {"threshold_minutes": question.threshold_minutes},
                "common_places": window | {"at_least": question.at_least},
            }.items():
                together.setdefault((search, tuple(how.items())), set()).update(seeds)
        for (search, how), seeds in together.items():
            yield search, tuple(sorted(seeds)), dict(how)


@pytest.mark.spark
def test_spark_answers_as_the_reference_does_on_all_cities_at_once(tmp_path: Path) -> None:
    from ringfence.tracing.engines.spark import SparkEngine

    province = Province.of(CITIES)
    meant = ReferenceEngine(province.visits)
    folder = export(province.visits, tmp_path / "visits")
    with (
        spark_cluster.cluster(tmp_path) as master,
        SparkEngine(folder, master=master, settings=spark_cluster.SMALL) as spark,
    ):
        for search, seeds, asked in province.asked():
            assert getattr(spark, search)(seeds, **asked) == getattr(meant, search)(seeds, **asked), (search, asked)


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


@pytest.mark.spark
def test_a_spark_master_that_does_not_answer_is_refused_at_once(tmp_path: Path) -> None:
    from ringfence.tracing.engines.spark import SparkEngine

    with socket.socket() as taken:  # bound but not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Refused) as refusal:
            SparkEngine(str(tmp_path), master=f"spark://127.0.0.1:{taken.getsockname()[1]}")
    assert refusal.value.code == "engines.spark_unreachable"


@pytest.mark.spark
def test_no_sign_in_the_name_of_an_export_stands_for_other_signs_on_spark(tmp_path: Path) -> None:
    from ringfence.tracing.engines.spark import SparkEngine

    visits = [(0, 0, 27_444_960, 27_445_020), (1, 0, 27_444_990, 27_445_020)]
    folder = export(visits, tmp_path / "visits [1] {a,b} *?")
    with SparkEngine(folder, master="local[1]") as spark:
        (met,) = spark.trace([0], start=27_444_960, end=27_446_400)
    assert (met.person, met.minutes) == (1, 30)
