"""The searches: whom did they meet, whom did those meet, where do they all go. Fast, and the same as `reference`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.answer import CommonPlaces, Evidence, SecondHopAnswer, TraceAnswer
from ringfence.tracing.scanning import (
    AFTER,
    ENCOUNTERS,
    FIRST,
    FREE,
    LAST,
    MET_COLUMNS,
    MINUTES,
    PERSON,
    SKIP,
    arrange,
    fill_columns,
    gather_stays,
    islands_of,
    scan_islands,
)
from ringfence.tracing.sweeping import NOBODY, SCORE_SHIFT, contact_state, detail, sweep
from ringfence.tracing.visits.searchable import Searchable
from ringfence.tracing.visits.table import DAY, Table
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.refusals import Refused

Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]
THRESHOLDS = (1, 15, 60, 240, 1440)
_PARTS_OF_A_DAY = 4


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """How a search for contacts is cut.

    `residual_minutes`: how long the air of a place counts after a case has left. `min_overlap_minutes`: least time
    together in all.
    """

    residual_minutes: int = 0
    min_overlap_minutes: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.residual_minutes <= 2 * MINUTES_PER_DAY:
            raise Refused("trace.residual", residual=self.residual_minutes, most=2 * MINUTES_PER_DAY)
        if self.min_overlap_minutes < 0:
            raise Refused("trace.min_overlap", min_overlap=self.min_overlap_minutes)


@dataclass(frozen=True, slots=True)
class SecondHopSettings:
    """Which contacts of contacts are listed: person-minutes with contacts at least, and how many rows at most."""

    threshold_minutes: int = 15
    limit: int = 1000

    def __post_init__(self) -> None:
        if self.threshold_minutes < 1:
            raise Refused("trace.threshold", threshold=self.threshold_minutes)
        if self.limit < 0:
            raise Refused("trace.limit", limit=self.limit)


def trace(
    store: Searchable,
    seeds: Sequence[int] | Ints,
    start: int,
    end: int,
    settings: TraceSettings | None = None,
    *,
    evidence: bool = True,
) -> TraceAnswer:
    """Return everybody who was where a seed was in [start, end), or within the residual after; the order means nothing.

    With `evidence=False` the single times together are left out, which is faster for crowds.
    """
    settings = settings or TraceSettings()
    _check_window(start, end)
    persons = np.unique(np.asarray(seeds, np.int64))
    table = store.table
    stays = gather_stays(table.rows, table.first_day, table.first, _findable(store, persons), start, end)
    islands, present = islands_of(stays, settings.residual_minutes)
    met, found = _scan(store, islands, present, persons, evidence=evidence)
    return _answer(met, found, islands, settings.min_overlap_minutes)


def second_hop(
    store: Searchable,
    seeds: Sequence[int] | Ints,
    start: int,
    end: int,
    hop_one: TraceAnswer,
    settings: SecondHopSettings | None = None,
    *,
    progress: Progress | None = None,
) -> SecondHopAnswer:
    """Return whom the contacts of a first hop met after their first exposure and before `end`, by shared minutes.

    A visit that lies with several contacts counts for each of them (person-minutes). Nobody of the first hop is listed.
    """
    settings = settings or SecondHopSettings()
    _check_window(start, end)
    state = _second_hop_state(store, np.asarray(seeds, np.int64), hop_one)
    marks = state.copy()
    _sweep_all(store, int(hop_one.first.min(initial=end)), end, state, progress)
    # Contacts and nobodies stand below zero and drop out of all that follows.
    minutes = state >> SCORE_SHIFT
    at_or_above = {t: int(np.count_nonzero(minutes >= t)) for t in THRESHOLDS}
    best = _highest(minutes, settings.threshold_minutes, settings.limit)
    encounters = state[best] & ((1 << SCORE_SHIFT) - 1)
    rows = _details(store, best, int(hop_one.first.min(initial=end)), end, marks)
    first = np.full(len(best), np.iinfo(np.int64).max)
    last = np.zeros(len(best), np.int64)
    np.minimum.at(first, rows[:, 0], rows[:, 2])
    np.maximum.at(last, rows[:, 0], rows[:, 3])
    order = np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))
    r = rows[order]
    listed = TraceAnswer(
        best.astype(np.int64), minutes[best], np.zeros(len(best), np.int64), encounters, first, last,
        Evidence(r[:, 0], r[:, 1], r[:, 2], r[:, 3], r[:, 4], np.zeros(len(r), np.int64), r[:, 5]),
    )  # fmt: skip
    return SecondHopAnswer(listed, at_or_above)


def common_places(
    store: Searchable, persons: Sequence[int] | Ints, start: int, end: int, *, least: int = 2
) -> CommonPlaces:
    """Return the places that at least so many of some persons visited in [start, end), most visited first."""
    _check_window(start, end)
    visits = store.visits_of(np.unique(np.asarray(persons, np.int64)), start, end)
    place, where = np.unique(visits.place, return_inverse=True)
    size = len(place)
    pairs = np.unique(where.astype(np.int64) << 32 | visits.person)
    people = np.bincount(pairs >> 32, minlength=size)
    minutes = np.bincount(where, visits.end - visits.start, minlength=size).astype(np.int64)
    first, last = np.full(size, np.iinfo(np.int64).max), np.zeros(size, np.int64)
    np.minimum.at(first, where, visits.start)
    np.maximum.at(last, where, visits.end)
    shared = np.flatnonzero(people >= least)
    order = shared[np.lexsort((place[shared], -people[shared]))]
    return CommonPlaces(place[order].astype(np.int64), people[order], minutes[order], first[order], last[order])


def people_at(store: Searchable, place: int, start: int, end: int) -> TraceAnswer:
    """Return everybody who was at one place in [start, end); all minutes there count as together."""
    _check_window(start, end)
    islands, present = np.array([[place, start, end, 0, 1]], np.int64), np.array([[start, end]], np.int64)
    met, found = _scan(store, islands, present, np.empty(0, np.int64), evidence=True)
    return _answer(met, found, islands, 0)


def _scan(
    store: Searchable, islands: Ints, present: Ints, unmet: Ints, *, evidence: bool
) -> tuple[NDArray[np.int32], Ints]:
    """Return what a scan of islands finds, some persons left out. It lies in working memory: use it before the next."""
    table, scratch = store.table, store.scratch()
    slot, room = scratch.slot, scratch.evidence if evidence else scratch.evidence[:0]
    marked = unmet[unmet < len(slot)]
    before = slot[marked]
    slot[marked] = SKIP
    try:
        found, sizes = scan_islands(table.rows, table.first_day, table.first, islands, present, slot, scratch.met, room)
    finally:
        slot[marked] = before
    if evidence:
        scratch.evidence = found
    return scratch.met[: sizes[0]], found[: sizes[1]]


def _check_window(start: int, end: int) -> None:
    if start >= end:
        raise Refused("trace.window", start=start, end=end)


def _findable(store: Searchable, persons: Ints) -> Ints:
    return np.setdiff1d(persons, store.erased)


def _answer(met: NDArray[np.int32], found: Ints, islands: Ints, min_overlap: int) -> TraceAnswer:
    """Return what a scan found as an answer, in the order found."""
    kept = np.count_nonzero(met[:, MINUTES] >= min_overlap) if min_overlap else len(met)
    columns = np.empty((MET_COLUMNS, kept), np.int64)
    fill_columns(met, min_overlap, columns)
    e = arrange(met, found, islands, min_overlap) if len(found) else np.empty((0, 7), np.int64)
    return TraceAnswer(
        columns[PERSON], columns[MINUTES], columns[AFTER], columns[ENCOUNTERS], columns[FIRST], columns[LAST],
        Evidence(e[:, 0], e[:, 1], e[:, 2], e[:, 3], e[:, 4], e[:, 5], e[:, 6]),
    )  # fmt: skip


def _second_hop_state(store: Searchable, seeds: Ints, hop_one: TraceAnswer) -> Ints:
    state = np.zeros(store.table.persons, np.int64)
    nobody = np.concatenate([seeds, store.erased])
    # Of a live store only what a warrant reaches is there: a contact exposed after the window may not be.
    there = hop_one.person < len(state)
    state[hop_one.person[there]] = contact_state(0) - hop_one.first[there]
    state[nobody[nobody < len(state)]] = NOBODY
    return state


def _highest(minutes: Ints, least: int, limit: int) -> NDArray[np.intp]:
    """Return who has the most minutes, at least so many, the most first, of equal ones the lower number first."""
    reached = np.flatnonzero(minutes >= least)
    scores = minutes[reached]
    if 0 < limit < len(reached):  # Sorting a whole city for a list of a thousand would take longer than finding them.
        last = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        above = reached[scores > last]
        reached = np.concatenate([above, reached[scores == last][: limit - len(above)]])
        scores = minutes[reached]
    return reached[np.lexsort((reached, -scores))][:limit]


def _sweep_all(store: Searchable, start: int, end: int, state: Ints, progress: Progress | None) -> None:
    """Sweep all days of the window on two threads, each with a state of its own; the two are added up at the end.

    Who is done with a part of a day takes the next: days grow with the contacts exposed by then, threads run unevenly.
    """
    table = store.table
    left = deque(_parts_of_days(table, start // MINUTES_PER_DAY, (end - 1) // MINUTES_PER_DAY))
    parts = len(left)
    other = state.copy()
    states = (state, other)

    def work(which: int) -> None:
        while True:
            try:
                day, low, high = left.popleft()
            except IndexError:
                return
            sweep(table.rows, table.first_day, table.first, day, low, high, end, states[which])
            if progress is not None and which == 0:
                progress(parts - len(left), parts)

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(work, which) for which in (0, 1)]:
            job.result()
    free = other >= 0
    state[free] += other[free]


def _parts_of_days(table: Table, from_day: int, to_day: int) -> list[tuple[int, int, int]]:
    """Return (day, places [low, high)) of the days that a table holds, each in parts of about as many visits."""
    parts = []
    held = {int(day) for day in table.rows[:, DAY]}
    for day in [d for d in range(from_day, to_day + 1) if d in held]:
        largest = max((s for s in table.alive if s.day == day), key=lambda s: s.pieces)
        keys, offsets = largest.sections["place_keys"], largest.sections["place_offsets"]
        cuts = largest.pieces * np.arange(1, _PARTS_OF_A_DAY) // _PARTS_OF_A_DAY
        lows = np.unique(keys[np.searchsorted(offsets, cuts, "right") - 1]).tolist() if len(keys) else []
        parts += [(day, low, high) for low, high in pairwise([0, *lows, 1 << 32])]
    return parts


def _details(store: Searchable, persons: NDArray[np.intp], start: int, end: int, marks: Ints) -> Ints:
    """Return the single times that listed persons shared with contacts, in no order."""
    table = store.table
    begin = start - start % MINUTES_PER_DAY
    stays = gather_stays(table.rows, table.first_day, table.first, persons.astype(np.int64), begin, end)
    pairs = np.unique(np.column_stack([stays[:, 0], stays[:, 1] // MINUTES_PER_DAY]), axis=0)
    wanted = np.full(table.persons, FREE, np.int32)
    wanted[persons] = np.arange(len(persons), dtype=np.int32)

    def work(which: int) -> Ints:
        return detail(table.rows, table.first_day, table.first, pairs[which::2].copy(), end, marks, wanted)

    with ThreadPoolExecutor(2) as pool:
        return np.concatenate([job.result() for job in [pool.submit(work, which) for which in (0, 1)]])
