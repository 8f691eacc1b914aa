"""The other engines' statements mean what the reference means, and a city is the same with any number of threads."""

import numpy as np
import pytest

duck = pytest.importorskip("benchmarks.duck", reason="run from the root of the repository")

from benchmarks.city import FIRST_DAY, City, day_of_visits, generate, popularity  # noqa: E402
from benchmarks.questions import Answer, Question, difference, difference_listed  # noqa: E402
from ringfence.tracing import reference  # noqa: E402

TOWN = City(people=60, places=5, days=3, late=20, seed=4)
WINDOW = (FIRST_DAY * 1440 + 700, (FIRST_DAY + 2) * 1440 + 600)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A town of sixty people in DuckDB, and its visits as the reference reads them."""
    work = tmp_path_factory.mktemp("town")
    files = generate(TOWN, work, csv_rows=10, threads=2)
    engine = duck.Duck(work / "duck", name="DuckDB", threads=1, memory_gb=1)
    assert engine.load(files.days) == TOWN.visits
    rows = engine.connection.execute("SELECT person, place, began, ended FROM by_place").fetchall()
    yield engine, rows
    engine.close()


@pytest.mark.parametrize("residual", [0, 30])
@pytest.mark.parametrize("cases", [(7,), (3, 7, 21)])
def test_whom_cases_met_is_what_the_reference_says(town, cases, residual):
    engine, rows = town
    met = reference.trace(rows, cases, start=WINDOW[0], end=WINDOW[1], residual_minutes=residual)
    columns = ("person", "minutes", "after_minutes", "encounters", "first", "last")
    expected = Answer.of({c: [getattr(m, c) for m in met] for c in columns})
    assert difference(engine.answer_trace(engine.trace(Question(cases, *WINDOW, residual))()), expected) == ""


@pytest.mark.parametrize("pairs", [True, False], ids=["pairs", "sweep"])
def test_contacts_of_contacts_are_what_the_reference_says(town, pairs):
    engine, rows = town
    window = (WINDOW[0] - 300, WINDOW[0] + 200)
    reached = reference.second_hop(rows, [7], start=window[0], end=window[1], threshold_minutes=15)
    names = {"person": "person", "score": "score_minutes", "encounters": "encounters", "first": "first", "last": "last"}
    counts = tuple(reached.at_or_above[step] for step in reference.SCORES_COUNTED)
    expected = Answer.of({n: [getattr(r, f) for r in reached.rows] for n, f in names.items()}, counts)
    assert len(expected) > 5
    found = engine.answer_hop2(engine.hop2(Question((7,), *window, 0), pairs=pairs)())
    assert difference(found, expected) == ""
    best = np.sort(np.argsort(-found.columns["score"], kind="stable")[:5])
    top = Answer({n: c[best] for n, c in found.columns.items()}, counts)
    assert difference_listed(top, expected) == ""


def test_common_places_are_what_the_reference_says(town):
    engine, rows = town
    common = reference.common_places(rows, [3, 7, 21], start=WINDOW[0], end=WINDOW[1], at_least=3)
    columns = ("place", "persons", "minutes", "first", "last")
    expected = Answer.of({c: [getattr(p, c) for p in common] for c in columns})
    assert difference(engine.answer_common(engine.common(Question((3, 7, 21), *WINDOW), 3)()), expected) == ""


def test_a_wrong_minute_is_noticed():
    one, other = Answer.of({"person": [1, 2], "minutes": [5, 9]}), Answer.of({"person": [2, 1], "minutes": [9, 6]})
    assert "minutes" in difference(one, other)


def test_nobody_is_in_two_places_at_once():
    tables = popularity(TOWN)
    days = [day_of_visits(TOWN, day, tables) for day in range(TOWN.days)]
    person, start, end = (np.concatenate([getattr(d, c) for d in days]) for c in ("person", "start", "end"))
    order = np.lexsort((start, person))
    same = person[order][1:] == person[order][:-1]
    assert np.all((start[order][1:] - end[order][:-1])[same] >= 120)
    assert np.any(end // 86400 > start // 86400)


def test_a_town_is_the_same_with_one_thread_and_with_two(tmp_path):
    one, two = (generate(TOWN, tmp_path / str(n), csv_rows=0, threads=n) for n in (1, 2))
    assert [f.read_bytes() for f in one.days + one.late] == [f.read_bytes() for f in two.days + two.late]
