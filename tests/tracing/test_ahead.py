"""What is asked for ahead of a search is what the search then reads: keys, offsets and words, and nothing beyond."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cities import CITIES, City, to_tuples
from hypothesis import given
from hypothesis import strategies as st
from test_engines import StoreEngine, ask, loaded

from ringfence.tracing.engines import ReferenceEngine
from ringfence.tracing.scanning import gather_stays
from ringfence.tracing.visits import ahead
from ringfence.tracing.visits.layout import word_of
from ringfence.tracing.visits.segments import Segment, build_segment
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.table import PERSON_KEYS, PERSONS, PLACE_KEYS, PLACES, Table, guess, position, table_of
from ringfence.vocabulary.moments import MINUTES_PER_DAY

TUESDAY = 19_059
WEI, FANG, CHEN, ZHAO = 3, 4, 9, 12
HOME, WORKSHOP, MARKET, BUS = 2, 5, 6, 8
SIZES = {"keys": 4, "offsets": 4, "longest": 2, "words": 8}
Span = tuple[int, int]  # first byte, one past the last

EVENING = ((WEI, HOME, 600, 900), (FANG, HOME, 600, 900), (WEI, WORKSHOP, 0, 240), (CHEN, WORKSHOP, 60, 300),
           (CHEN, MARKET, 400, 500))  # fmt: skip


def a_day(visits: Iterable[tuple[int, int, int, int]], day: int = TUESDAY) -> Segment:
    """Return the segment of (person, place, first minute, end) on a day."""
    rows = list(visits)
    words = np.array([word_of(start, end - start, person, 0) for person, _, start, end in rows], np.uint64)
    return build_segment(day, np.array([place for _, place, _, _ in rows], np.uint32), words)


def asked(spans: np.ndarray) -> list[Span]:
    """Return what is asked for, in order, as first byte and one past the last."""
    return sorted((int(address), int(address + size)) for address, size in spans)


def bytes_of(segment: Segment, section: str, begin: int, end: int) -> Span:
    """Return where items of a section lie."""
    address = segment.sections[section].__array_interface__["data"][0]
    size = SIZES[section.split("_")[1]]
    return address + size * begin, address + size * end


def words_of(segment: Segment, side: str, number: int) -> list[Span]:
    """Return where the words of a person or place lie, told from the sections alone; nothing where she is absent."""
    (found,) = np.nonzero(segment.sections[f"{side}_keys"] == number)
    offsets = segment.sections[f"{side}_offsets"].tolist()
    return [bytes_of(segment, f"{side}_words", offsets[at], offsets[at + 1]) for at in found]


def lookups_of(segment: Segment, side: str, number: int) -> list[Span]:
    """Return where the key of a person or place and its two offsets lie."""
    (found,) = np.nonzero(segment.sections[f"{side}_keys"] == number)
    sections = (("keys", 1), ("offsets", 2), ("longest", 1 if side == "place" else 0))
    return [bytes_of(segment, f"{side}_{name}", at, at + more) for at in found for name, more in sections if more]


def covered(needed: Iterable[Span], by: list[Span]) -> bool:
    return all(any(low <= begin and end <= high for low, high in by) for begin, end in needed)


def inside(spans: Iterable[Span], segments: Iterable[Segment]) -> bool:
    """Return whether all that is asked for lies within sections of segments."""
    sections = [bytes_of(segment, name, 0, len(segment.sections[name])) for segment in segments
                for name in segment.sections if name.split("_")[-1] in SIZES]  # fmt: skip
    return covered(spans, sections)


def islands(*of: tuple[int, int, int]) -> np.ndarray:
    return np.array(of, np.int64).reshape(-1, 3)


def persons(*of: int) -> np.ndarray:
    return np.array(of, np.int64)


def places_asked(table: Table, *of: tuple[int, int, int], words: bool) -> list[Span]:
    return asked(ahead.spans_of_islands(table.rows, table.first_day, table.first, islands(*of), words))


def on(day: int, place: int) -> tuple[int, int, int]:
    """Return the island of a place over a whole day."""
    return place, day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY


@pytest.mark.parametrize("person", [WEI, FANG, CHEN])
def test_the_words_asked_for_are_those_of_the_person_and_no_more(person):
    segment = a_day(EVENING)
    table = table_of([segment])
    assert asked(ahead.words_of_persons(table.rows, 0, 1, persons(person))) == words_of(segment, "person", person)
    looked = asked(ahead.lookups_of_persons(table.rows, 0, 1, persons(person)))
    assert covered(lookups_of(segment, "person", person), looked)
    assert inside(looked, [segment])


@pytest.mark.parametrize("place", [HOME, WORKSHOP, MARKET])
def test_the_words_asked_for_are_those_of_the_place_and_no_more(place):
    segment = a_day(EVENING)
    table = table_of([segment])
    assert places_asked(table, on(TUESDAY, place), words=True) == words_of(segment, "place", place)
    looked = places_asked(table, on(TUESDAY, place), words=False)
    assert covered(lookups_of(segment, "place", place), looked)
    assert inside(looked, [segment])


@pytest.mark.parametrize("person", [0, WEI - 1, ZHAO, 2**32 - 1])
def test_a_person_numbered_below_or_beyond_all_keys_is_not_looked_for(person):
    table = table_of([a_day(EVENING)])
    assert asked(ahead.lookups_of_persons(table.rows, 0, 1, persons(person))) == []
    assert asked(ahead.words_of_persons(table.rows, 0, 1, persons(person))) == []


@pytest.mark.parametrize("place", [0, BUS, 2**32 - 1])
def test_a_place_numbered_below_or_beyond_all_keys_is_not_looked_for(place):
    table = table_of([a_day(EVENING)])
    assert places_asked(table, on(TUESDAY, place), words=False) == []
    assert places_asked(table, on(TUESDAY, place), words=True) == []


def test_somebody_absent_between_two_who_are_there_is_looked_for_and_has_no_words():
    table = table_of([a_day(EVENING)])
    assert asked(ahead.lookups_of_persons(table.rows, 0, 1, persons(CHEN - 1)))
    assert asked(ahead.words_of_persons(table.rows, 0, 1, persons(CHEN - 1))) == []
    assert places_asked(table, on(TUESDAY, HOME + 1), words=False)
    assert places_asked(table, on(TUESDAY, HOME + 1), words=True) == []


def test_the_lowest_and_the_highest_key_of_each_segment_are_asked_for_and_nothing_of_an_empty_one():
    segment, alone, empty = a_day(EVENING), a_day([(WEI, HOME, 0, 60)]), a_day([])
    table = table_of([segment, alone, empty])
    for keys, length, side in ((PERSON_KEYS, PERSONS, "person"), (PLACE_KEYS, PLACES, "place")):
        name = f"{side}_keys"
        last = len(segment.sections[name]) - 1
        assert asked(ahead.ends_of_keys(table.rows, 0, 3, keys, length)) == sorted([
            bytes_of(segment, name, 0, 1), bytes_of(segment, name, last, last + 1),
            bytes_of(alone, name, 0, 1), bytes_of(alone, name, 0, 1),
        ])  # fmt: skip


def test_an_empty_segment_and_an_empty_table_are_asked_for_nothing():
    for table in (table_of([a_day([])]), table_of([])):
        assert asked(ahead.lookups_of_persons(table.rows, 0, len(table.rows), persons(WEI))) == []
        assert asked(ahead.words_of_persons(table.rows, 0, len(table.rows), persons(WEI))) == []
        assert places_asked(table, on(TUESDAY, HOME), words=True) == []
        assert len(gather_stays(table.rows, table.first_day, table.first, persons(WEI), 0, 2**40)) == 0


def test_every_segment_of_a_day_is_asked_for_and_no_other_day():
    evening, late, next_day = a_day(EVENING), a_day([(WEI, HOME, 950, 1000)]), a_day(EVENING, TUESDAY + 1)
    table = table_of([next_day, evening, late])
    assert places_asked(table, on(TUESDAY, HOME), words=True) == sorted(
        words_of(evening, "place", HOME) + words_of(late, "place", HOME)
    )
    over_midnight = (HOME, (TUESDAY + 1) * MINUTES_PER_DAY - 1, (TUESDAY + 1) * MINUTES_PER_DAY + 1)
    assert places_asked(table, over_midnight, words=True) == sorted(
        words_of(evening, "place", HOME) + words_of(late, "place", HOME) + words_of(next_day, "place", HOME)
    )
    assert asked(ahead.words_of_persons(table.rows, 0, 2, persons(WEI, CHEN))) == sorted(
        words_of(evening, "person", WEI) + words_of(late, "person", WEI) + words_of(evening, "person", CHEN)
    )


@pytest.mark.parametrize("day", [0, TUESDAY - 1, TUESDAY + 1, TUESDAY + 2, TUESDAY + 900])
def test_days_without_a_segment_are_asked_for_nothing(day):
    table = table_of([a_day(EVENING), a_day(EVENING, TUESDAY + 3)])
    assert places_asked(table, on(day, HOME), words=True) == []
    begin, end = day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY
    assert len(gather_stays(table.rows, table.first_day, table.first, persons(WEI), begin, end)) == 0


def test_a_window_far_wider_than_the_table_asks_for_the_days_that_are_there():
    segment = a_day(EVENING)
    table = table_of([segment])
    assert places_asked(table, (HOME, 0, 2 * TUESDAY * MINUTES_PER_DAY), words=True) == words_of(segment, "place", HOME)
    stays = gather_stays(table.rows, table.first_day, table.first, persons(WEI), 0, 2 * TUESDAY * MINUTES_PER_DAY)
    assert len(stays) == sum(person == WEI for person, *_ in EVENING)


def test_many_segments_of_a_day_are_all_asked_for():
    segments = [a_day([(WEI, HOME, minute, minute + 5), (CHEN, BUS, minute, minute + 5)]) for minute in range(60)]
    table = table_of(segments)
    wanted = sorted(span for segment in segments for span in words_of(segment, "person", WEI))
    assert asked(ahead.words_of_persons(table.rows, 0, len(segments), persons(WEI))) == wanted
    at_home = sorted(span for segment in segments for span in words_of(segment, "place", HOME))
    assert places_asked(table, on(TUESDAY, HOME), words=True) == at_home


class Looked:
    """Sorted keys that remember at which of them somebody looked."""

    def __init__(self, keys: np.ndarray) -> None:
        self.keys, self.at = keys, set()

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, at: int) -> int:
        self.at.add(at)
        return int(self.keys[at])


@given(
    gaps=st.lists(st.integers(1, 3), min_size=1, max_size=40),
    repeated=st.integers(1, 400),
    wanted=st.floats(0, 1),
)
def test_every_key_that_a_search_looks_at_was_asked_for(gaps, repeated, wanted):
    keys = np.cumsum(np.tile(np.array(gaps), repeated)).astype(np.uint32)
    number = int(keys[0] + wanted * (keys[-1] - keys[0]))
    segment = a_day([])
    segment = Segment(TUESDAY, {**segment.sections, "person_keys": keys,
                                "person_offsets": np.zeros(len(keys) + 1, np.uint32)})  # fmt: skip
    table = table_of([segment])
    looked = Looked(keys)
    with pytest.MonkeyPatch.context() as patch:  # the same search as Python runs it, so that it can be watched
        patch.setitem(position.py_func.__globals__, "guess", guess.py_func)
        assert position.py_func(looked, number) == position(keys, number)
    spans = asked(ahead.ends_of_keys(table.rows, 0, 1, PERSON_KEYS, PERSONS))
    spans += asked(ahead.lookups_of_persons(table.rows, 0, 1, persons(number)))
    assert covered((bytes_of(segment, "person_keys", at, at + 1) for at in looked.at), spans)


# ── the system ───────────────────────────────────────────────────────────────────────────────────────────────────


def drop(*files: Path) -> None:
    """Have the system put the pages of files out of its memory, where it can."""
    for file in files:
        handle = os.open(file, os.O_RDONLY)
        os.fsync(handle)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


@pytest.fixture
def mapped(tmp_path) -> np.ndarray:
    """A file of many pages that are out of the system's memory, mapped and not yet read."""
    file = tmp_path / "many pages"
    file.write_bytes(bytes(range(256)) * 16 * 64)
    drop(file)
    return np.memmap(file, np.uint8, "r")


def pages_of(mapped: np.ndarray, *, each: int = 1) -> np.ndarray:
    """Return the span of each of a file's pages, or of every so many of them together."""
    address = mapped.__array_interface__["data"][0]
    bounds = np.arange(0, len(mapped) + 1, mmap.PAGESIZE * each)
    return np.array([(address + begin, end - begin) for begin, end in pairwise(bounds.tolist())], np.int64)


def test_pages_out_of_memory_are_asked_for_all_at_once(mapped):
    spans = pages_of(mapped)
    missing = ahead.fetch(spans)
    if not missing:
        pytest.skip("the system keeps the pages of a file in memory though it is asked to drop them")
    assert missing == len(spans)


def test_nothing_is_asked_for_when_all_is_in_memory(mapped):
    assert int(mapped.sum(dtype=np.int64)) == 16 * 64 * sum(range(256))
    assert ahead.fetch(pages_of(mapped)) == 0
    assert ahead.fetch(pages_of(mapped, each=4)) == 0


def test_asking_for_nothing_asks_nothing():
    assert ahead.fetch(np.empty((0, 2), np.int64)) == 0


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_answers_out_of_a_store_whose_pages_are_out_of_memory_are_those_of_the_reference(city: City, tmp_path):
    warm, meant = loaded(city, tmp_path), ReferenceEngine(to_tuples(city))
    folder = tmp_path / "store"
    for question in city.questions:
        drop(*(file for file in folder.rglob("*") if file.is_file()))
        cold = StoreEngine(open_store(folder), warm.person_of, warm.place_of)
        assert ask(cold, city, question) == ask(meant, city, question)
