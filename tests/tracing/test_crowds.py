"""Many visits under one number, or at one place: what counts are persons, and the work stays small."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.tracing.ranking import rank
from ringfence.tracing.search import trace
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.layout import OTHER_SHIFT, find_conflicts, index_groups
from ringfence.tracing.visits.merging import CONFLICT, FRESH, KNOWN, compare_with_standing
from ringfence.tracing.visits.store import VisitStore, create_store
from ringfence.tracing.visits.upkeep import verify
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY

WEI, FANG, CHEN, LI = range(4)
HOTEL, MARKET = range(2)
DAY = 19059
MIDNIGHT = DAY * MINUTES_PER_DAY

Row = tuple[int, int, int, int]


def store_of(folder: Path, *loads: list[Row]) -> VisitStore:
    store = create_store(folder)
    for rows in loads:
        with writing(store) as writer:
            writer.add(VisitBatch.of(*zip(*rows, strict=True)))
            writer.commit()
    store.refresh()
    return store


def scores(rows: list[Row]) -> dict[int, tuple[float, int]]:
    """Return score and band of everybody whom Wei met."""
    with TemporaryDirectory() as folder:
        store = store_of(Path(folder) / "city", rows)
        found = rank(store, trace(store, [WEI], MIDNIGHT, MIDNIGHT + 30 * MINUTES_PER_DAY))
        told = zip(found.score.round(6).tolist(), found.band.tolist(), strict=True)
        return dict(zip(found.answer.person.tolist(), told, strict=True))


def test_two_people_in_one_hotel_for_twenty_days_are_a_crowd_of_one(tmp_path: Path) -> None:
    stays = [(who, HOTEL, MIDNIGHT + 600, MIDNIGHT + 20 * MINUTES_PER_DAY + 600) for who in (WEI, FANG)]
    store = store_of(tmp_path / "city", stays)
    found = trace(store, [WEI], MIDNIGHT, MIDNIGHT + 30 * MINUTES_PER_DAY)
    assert len(found.evidence) == 21
    assert set(found.evidence.crowd.tolist()) == {1}


@settings(max_examples=25)
@given(st.data())
def test_cutting_a_visit_in_two_changes_no_score(data: st.DataObject) -> None:
    spans = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 4000), st.integers(2, 3000))
    drawn = data.draw(st.lists(spans, min_size=2, max_size=12))
    rows = [(who, where, MIDNIGHT + start, MIDNIGHT + start + length) for who, where, start, length in drawn]
    at = data.draw(st.integers(0, len(rows) - 1))
    who, where, start, end = rows[at]
    cut = data.draw(st.integers(start + 1, end - 1))
    parts = [(who, where, start, cut), (who, where, cut, end)]
    assert scores([*rows[:at], *parts, *rows[at + 1 :]]) == scores(rows)


def test_what_many_visits_tell_stands_in_order_of_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    starts = rng.permutation(200) * 30
    rows = [
        (WEI, int(place), MIDNIGHT + int(s), MIDNIGHT + int(s) + 20)
        for s, place in zip(starts, starts % 7, strict=True)
    ]
    rows += [(FANG, place, start + 5, end) for _, place, start, end in rows]
    rows += [(CHEN, place, start, start + 3) for _, place, start, _ in rows[:9]]
    found = trace(store_of(tmp_path / "city", rows), [WEI], MIDNIGHT, MIDNIGHT + 30 * MINUTES_PER_DAY)
    e = found.evidence
    assert len(e) == 209
    assert np.array_equal(np.lexsort((e.start, e.contact)), np.arange(209))


@given(st.integers(0, 2**32 - 1), st.sampled_from([5, 24, 25, 300]))
def test_conflicts_are_the_pairs_that_overlap_or_touch_however_many_there_are(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 1400, rows)
    ends = np.minimum(starts + rng.integers(1, 1 + 30000 // rows, rows), 1440)
    owner, place = np.sort(rng.integers(0, 2, rows)).astype(np.uint32), rng.integers(0, 40, rows)
    words = starts.astype(np.uint64) << np.uint64(53) | (ends - starts).astype(np.uint64) << np.uint64(42)
    words |= place.astype(np.uint64) << OTHER_SHIFT
    order = np.lexsort((words, owner))
    keys, offsets, _ = index_groups(words[order], owner[order])
    told = find_conflicts(words[order], keys, offsets)
    expected = {
        (int(place[i]) << 32) | int(owner[i])
        for i in range(rows)
        for j in range(rows)
        if i != j and owner[i] == owner[j] and place[i] == place[j] and starts[i] <= ends[j] and starts[j] <= ends[i]
    }
    assert told.tolist() == sorted(expected)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_what_is_known_and_what_is_in_conflict_is_found_among_many_visits_of_one_person(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(rows: int) -> list[Row]:
        starts = rng.integers(0, 1300, rows).tolist()
        places = [int(rng.choice((0, 1, 2, 50 + start % 40))) for start in starts]
        who, lengths = rng.integers(0, 3, rows).tolist(), rng.integers(1, 9, rows).tolist()
        spans = [(MIDNIGHT + start, MIDNIGHT + start + length) for start, length in zip(starts, lengths, strict=True)]
        return [(w, p, *span) for w, p, span in zip(who, places, spans, strict=True)]

    first, second, fresh = some(150), some(150), some(60)
    new = sorted({*fresh, *first[:10], *second[:10]})
    with TemporaryDirectory() as folder:
        standing = store_of(Path(folder) / "city", first, second).table
        words = [((s - MIDNIGHT) << 53) | ((e - s) << 42) | (who << int(OTHER_SHIFT)) for who, _, s, e in new]
        told = compare_with_standing(
            standing.rows, standing.first_day, standing.first, DAY, np.array([row[1] for row in new], np.uint32),
            np.array(words, np.uint64),
        )  # fmt: skip
    old = {*first, *second}
    touching = [any(o[:2] == n[:2] and o[2] <= n[3] and n[2] <= o[3] for o in old) for n in new]
    expected = [KNOWN if n in old else CONFLICT if t else FRESH for n, t in zip(new, touching, strict=True)]
    assert told.tolist() == expected


@pytest.mark.parametrize("places", [1, 1000, 100_000])
def test_a_hundred_thousand_visits_under_a_placeholder_load_and_are_known_again_in_seconds(
    tmp_path: Path, places: int
) -> None:
    rng = np.random.default_rng(5)
    starts, lengths = rng.integers(0, 1300, 100_000), rng.integers(1, 140, 100_000)
    rows = np.unique(
        np.column_stack([np.zeros(100_000, np.int64), rng.integers(0, places, 100_000), starts, lengths]), axis=0
    )
    batch = VisitBatch.of(rows[:, 0], rows[:, 1], MIDNIGHT + rows[:, 2], MIDNIGHT + rows[:, 2] + rows[:, 3])
    later = VisitBatch.of(batch.person, batch.place, batch.start, batch.end + 1)
    store = create_store(tmp_path / "city")
    began = perf_counter()
    told = []
    for one in (batch, batch, later):
        with writing(store) as writer:
            writer.add(one)
            told.append(writer.commit())
    assert perf_counter() - began < 20
    assert (told[0].loaded, told[1].duplicates) == (len(batch), len(batch))
    assert len(store.segments[0].sections["conflicts"]) <= places
    assert verify(store) == []


def test_a_pair_known_to_touch_at_midnight_is_not_written_again(tmp_path: Path) -> None:
    evening = (FANG, MARKET, MIDNIGHT + 1000, MIDNIGHT + 1440)
    night = (FANG, MARKET, MIDNIGHT + 1440, MIDNIGHT + 1500)
    other = (CHEN, MARKET, MIDNIGHT + 1440, MIDNIGHT + 1500)
    store = store_of(tmp_path / "city", [evening, night])
    before = len(store.segments)
    store = store_of(tmp_path / "other", [evening, night], [other])
    assert len(store.segments) == before + 1
