"""Small runs of a day are gathered in memory before a search; what is found, by older readers too, stays the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.tracing import reference
from ringfence.tracing.search import SecondHopSettings, TraceSettings, common_places, second_hop, trace
from ringfence.tracing.visits import gathering
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.gathering import Gathering
from ringfence.tracing.visits.store import VisitStore, create_store, open_store
from ringfence.tracing.visits.table import table_of
from ringfence.tracing.visits.upkeep import verify
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY

WEI, FANG, CHEN, LI, ZHAO = range(5)
HOME, WORKSHOP, MARKET = range(3)
MIDNIGHT = 19059 * MINUTES_PER_DAY
WEEK = (MIDNIGHT, MIDNIGHT + 7 * MINUTES_PER_DAY)

Row = tuple[int, int, int, int]


def add(store: VisitStore, *rows: Row) -> None:
    """Bring a run."""
    with writing(store) as writer:
        writer.add(VisitBatch.of(*zip(*rows, strict=True)))
        writer.commit()


def at(person: int, place: int, start: int, end: int) -> Row:
    """Return a visit in minutes after the first midnight."""
    return person, place, MIDNIGHT + start, MIDNIGHT + end


@pytest.fixture
def store(tmp_path: Path) -> VisitStore:
    """A store to which Wei, Fang and Chen came in a run each: Wei and Fang at home, Chen beside Wei in the workshop."""
    store = create_store(tmp_path / "city")
    add(store, at(WEI, HOME, 0, 400), at(WEI, WORKSHOP, 480, 1000))
    add(store, at(FANG, HOME, 60, 500))
    add(store, at(CHEN, WORKSHOP, 600, 700), at(CHEN, MARKET, 800, 900))
    return store


def met(store: VisitStore) -> dict[int, int]:
    """Return whom Wei met that week, and for how many minutes."""
    found = trace(store, [WEI], *WEEK)
    return dict(zip(found.person.tolist(), found.minutes.tolist(), strict=True))


def test_a_search_looks_into_one_segment_where_three_runs_lie_on_the_disk(store):
    assert len(store.manifest.segments) == 3
    assert len(store.table.rows) == 1
    assert met(store) == {FANG: 340, CHEN: 100}


def test_a_writer_and_a_check_still_see_every_run(store):
    assert len(store.table.rows) == 1
    assert len(store.segments) == 3
    assert verify(store) == []


def test_what_a_load_brought_at_once_stays_where_it_is_mapped(store, monkeypatch):
    monkeypatch.setattr(gathering, "RUN_AT_MOST", 1)
    opened = open_store(store.path)
    assert len(opened.table.rows) == 3
    assert met(opened) == {FANG: 340, CHEN: 100}


def test_gathering_ends_where_the_memory_it_may_take_ends(store, monkeypatch):
    add(store, at(LI, MARKET, 0, 5))
    monkeypatch.setattr(gathering, "DAY_AT_MOST", 2)
    opened = open_store(store.path)
    assert sorted(len(segment.sections["place_words"]) for segment in opened.table.alive) == [2, 2, 2]
    assert met(opened) == {FANG: 340, CHEN: 100}


def test_of_many_days_the_newest_are_gathered_first(tmp_path, monkeypatch):
    store = create_store(tmp_path / "city")
    for person in (WEI, FANG):
        add(store, at(person, HOME, 0, 60), at(person, HOME, 1440, 1500))
    monkeypatch.setattr(gathering, "ALL_AT_MOST", 3)
    assert [segment.day - 19059 for segment in open_store(store.path).table.alive] == [0, 0, 1]


def test_a_run_that_comes_later_is_found_after_a_refresh_and_joins_what_was_gathered(store):
    opened = open_store(store.path)
    assert met(opened) == {FANG: 340, CHEN: 100}
    add(store, at(LI, HOME, 390, 420))
    assert met(opened) == {FANG: 340, CHEN: 100}
    opened.refresh()
    assert len(opened.table.rows) == 1
    assert met(opened) == {FANG: 340, CHEN: 100, LI: 10}


def test_somebody_erased_is_not_found_in_what_was_gathered_before(store):
    assert met(store) == {FANG: 340, CHEN: 100}
    with writing(store) as writer:
        writer.erase([FANG])
    assert met(store) == {CHEN: 100}


def test_a_reader_of_an_older_manifest_keeps_its_answers_through_a_compaction(store):
    opened = open_store(store.path)
    with writing(store) as writer:
        writer.erase([FANG])
        writer.compact()
    assert met(opened) == {FANG: 340, CHEN: 100}
    opened.refresh()
    assert met(opened) == {CHEN: 100}


def test_days_that_are_forgotten_are_gathered_no_more(store):
    add(store, at(WEI, HOME, 1440, 1500))
    add(store, at(FANG, HOME, 1440, 1450))
    assert met(store) == {FANG: 350, CHEN: 100}
    with writing(store) as writer:
        writer.retain(19060)
    assert met(store) == {FANG: 10}


def test_one_stay_told_by_two_runs_that_overlap_counts_once(store):
    add(store, at(FANG, HOME, 100, 450))
    found = trace(open_store(store.path), [WEI], *WEEK)
    assert found.minutes[found.person == FANG].tolist() == [340]
    assert found.encounters[found.person == FANG].tolist() == [1]


def test_stays_of_two_runs_that_touch_at_midnight_are_one(tmp_path):
    store = create_store(tmp_path / "city")
    add(store, at(WEI, HOME, 1300, 1600))
    add(store, at(FANG, HOME, 1400, 1440))
    add(store, at(FANG, HOME, 1440, 1500))
    add(store, at(CHEN, MARKET, 1440, 1500))
    found = trace(store, [WEI], *WEEK)
    assert (found.minutes.tolist(), found.encounters.tolist()) == ([100], [1])


def test_runs_of_names_of_conflicts_alone_are_gathered_too(tmp_path):
    store = create_store(tmp_path / "city")
    add(store, at(FANG, HOME, 1400, 1440), at(FANG, HOME, 1440, 1500))
    names = [segment for segment in store.segments if not len(segment.sections["place_words"])]
    assert len(names) == 1
    both = gathering.gathered(19060, [*names, *names])
    assert both.sections["conflicts"].tolist() == names[0].sections["conflicts"].tolist()
    assert len(table_of([both]).rows) == 1


def test_gathered_words_stand_in_order_behind_their_keys_on_both_sides(store):
    day = Gathering().of({str(n): segment for n, segment in enumerate(store.segments)})[0]
    for side in ("place", "person"):
        keys, offsets = day.sections[f"{side}_keys"], day.sections[f"{side}_offsets"].astype(np.int64)
        words = day.sections[f"{side}_words"]
        assert np.all(np.diff(keys.astype(np.int64)) > 0)
        assert all(np.all(np.diff(words[a:b].astype(np.int64)) > 0) for a, b in pairwise(offsets))
    assert day.sections["place_longest"].tolist() == [440, 520, 100]


rows = st.tuples(
    st.sampled_from([WEI, FANG, CHEN, LI, ZHAO]),
    st.sampled_from([HOME, WORKSHOP, MARKET]),
    st.integers(0, 3 * MINUTES_PER_DAY),
    st.integers(1, 900),
).map(lambda row: at(row[0], row[1], row[2], row[2] + row[3]))


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.lists(rows, min_size=1, max_size=5), min_size=2, max_size=6),
    erased=st.sets(st.sampled_from([CHEN, LI]), max_size=1),
    refreshed=st.booleans(),
)
def test_any_runs_give_what_the_reference_says(runs, erased, refreshed):
    with TemporaryDirectory() as folder:
        store = create_store(Path(folder) / "city")
        reader = open_store(store.path)
        for run in runs:
            add(store, *run)
            if refreshed:  # Gather after every run, not once at the end.
                reader.refresh()
                assert reader.table.persons == store.numbers_used()[0]
        if erased:
            with writing(store) as writer:
                writer.erase(sorted(erased))
        reader.refresh()
        visits = [row for run in runs for row in run if row[0] not in erased]
        found = trace(reader, [WEI], *WEEK, TraceSettings(residual_minutes=30))
        wanted = reference.trace(visits, [WEI], start=WEEK[0], end=WEEK[1], residual_minutes=30)
        columns = ("person", "minutes", "after_minutes", "encounters", "first", "last")
        assert sorted(zip(*(getattr(found, c).tolist() for c in columns), strict=True)) == sorted(
            tuple(getattr(m, c) for c in columns) for m in wanted
        )
        reached = reference.second_hop(visits, [WEI], start=WEEK[0], end=WEEK[1], threshold_minutes=1)
        first = trace(reader, [WEI], *WEEK)
        second = second_hop(reader, [WEI], *WEEK, first, SecondHopSettings(threshold_minutes=1))
        assert sorted(zip(second.listed.person.tolist(), second.listed.minutes.tolist(),
                          second.listed.encounters.tolist(), strict=True)) == sorted(
            (r.person, r.score_minutes, r.encounters) for r in reached.rows
        )  # fmt: skip
        common = common_places(reader, [WEI, FANG], *WEEK)
        assert dict(zip(common.place.tolist(), common.minutes.tolist(), strict=True)) == {
            p.place: p.minutes for p in reference.common_places(visits, [WEI, FANG], start=WEEK[0], end=WEEK[1])
        }


def town_of_scores(folder: Path) -> VisitStore:
    """Return a store: Wei makes Fang a contact; Chen, Li and Zhao are with Fang for 20, 30 and 20 minutes after."""
    store = create_store(folder)
    add(store, at(WEI, HOME, 0, 10), at(FANG, HOME, 0, 10), at(FANG, MARKET, 100, 400))
    add(store, at(CHEN, MARKET, 100, 120), at(LI, MARKET, 100, 130), at(ZHAO, MARKET, 200, 220))
    return store


@pytest.mark.parametrize(
    ("limit", "listed"), [(0, []), (1, [LI]), (2, [LI, CHEN]), (3, [LI, CHEN, ZHAO]), (9, [LI, CHEN, ZHAO])]
)
def test_the_highest_scores_are_listed_and_of_equal_ones_the_lower_number_first(tmp_path, limit, listed):
    store = town_of_scores(tmp_path / "city")
    found = second_hop(store, [WEI], *WEEK, trace(store, [WEI], *WEEK), SecondHopSettings(limit=limit))
    assert found.listed.person.tolist() == listed
    assert found.at_or_above[15] == 3
