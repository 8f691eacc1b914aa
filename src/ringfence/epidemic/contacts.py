"""Whom a person meets on a day: computed from a hash, or read from the visits of a city.

By hash, people live in blocks of twelve that are cut into households; a secret order of all, cut into groups, gives
workplaces and classes; another order for each day and slot gives gatherings, which a person joins as often as she is
sociable. Every meeting is the same seen from both sides. Nothing is stored, so a city of any size costs nothing.

A meeting carries a `code` from which the other person follows. Finding her costs more than ruling out an infection,
so that is done second and rarely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ringfence.epidemic.draws import (
    GATHER,
    HOME,
    JOINS,
    MEETS,
    MINUTES,
    MOMENT,
    SOCIAL,
    WORK,
    WORKS,
    bits_for,
    key_of,
    shuffled,
    uniform,
    word,
)
from ringfence.epidemic.jit import kernel
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

DAY = 1440
NO_PLACE = 0xFFFFFFFF
_CITY_STREAM = 0xC17
_HOME_BLOCK, _GROUP_BLOCK = 12, 64
_SLOTS = 4
_SOCIAL_TABLE = 1024
_HOME_KIND, _WORK_KIND, _OTHER_KIND = int(PlaceKind.HOME), int(PlaceKind.WORKPLACE), int(PlaceKind.OTHER)
_CUTS = (
    (3, 2, 4, 1, 2),
    (1, 2, 3, 3, 1, 2),
    (4, 2, 3, 1, 2),
    (5, 2, 2, 1, 2),
    (2, 2, 2, 3, 3),
    (6, 1, 3, 2),
    (3, 3, 1, 4, 1),
    (2, 4, 2, 4),
)
"""How twelve neighbours live together: on average 2.4 to a household, close to the 2.6 of China's census of 2020."""
_WORK_CUTS = ((64,), (40, 24), (30, 14, 10, 6, 4), (48, 8, 4, 4), (20, 16, 12, 8, 5, 3), (12, 12, 10, 10, 10, 10))
_GATHERING_CUTS = (
    (2,) * 32,
    (2,) * 16 + (4,) * 8,
    (2,) * 12 + (4,) * 4 + (8,) * 3,
    (3,) * 8 + (5,) * 4 + (20,),
    (2,) * 7 + (10,) * 2 + (30,),
)


class Source(NamedTuple):
    """The arrays from which a kernel computes meetings: of a hashed city, or the visits of a given one."""

    people: int
    days: int
    bits: int
    key: int
    homes: NDArray[np.uint8]
    works: NDArray[np.uint8]
    gatherings: NDArray[np.uint8]
    social: NDArray[np.float64]
    work_circle: float
    working: float
    place: NDArray[np.uint32]
    person: NDArray[np.uint32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    kind: NDArray[np.uint8]
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    longest: NDArray[np.int32]


class Meetings(NamedTuple):
    """Room for the meetings of one person on one day."""

    code: NDArray[np.int64]
    at: NDArray[np.int64]
    minutes: NDArray[np.int32]
    crowd: NDArray[np.int32]
    kind: NDArray[np.uint8]
    place: NDArray[np.uint32]


def room_for(meetings: int = 1 << 15) -> Meetings:
    """Return empty room for the meetings of a day; what exceeds it is left out of the largest crowds."""
    return Meetings(
        np.zeros(meetings, np.int64),
        np.zeros(meetings, np.int64),
        np.zeros(meetings, np.int32),
        np.zeros(meetings, np.int32),
        np.zeros(meetings, np.uint8),
        np.zeros(meetings, np.uint32),
    )


def _cut_table(cuts: tuple[tuple[int, ...], ...], block: int) -> NDArray[np.uint8]:
    """Return for each way to cut a block and each position in it the first position and the size of its group."""
    table = np.zeros((len(cuts), block, 2), np.uint8)
    for row, sizes in enumerate(cuts):
        begin = 0
        for size in sizes:
            table[row, begin : begin + size] = (begin, size)
            begin += size
        if begin != block:
            raise ValueError(f"{sizes} does not fill a block of {block}")
    return table


def _signed(key: int) -> int:
    """Return the same 64 bits as a signed number, which is what the compiler takes a Python integer for."""
    return key - (1 << 64) if key >= 1 << 63 else key


@dataclass(frozen=True)
class HashedCity:
    """A city of `people` that is nowhere stored."""

    people: int
    seed: int = 0
    working: float = 0.65
    """Share of people with a workplace or a class."""
    work_circle: float = 8.0
    """How many colleagues a person meets on a working day, at most."""
    sociability: float = 1.2
    """Shape of the gamma distribution of how often people join gatherings; small: few join many."""

    def __post_init__(self) -> None:
        if not 2 <= self.people < 1 << 31:
            raise Refused("outbreak.bad_setting", name="people", value=self.people)

    def source(self) -> Source:
        """Return the arrays of which kernels compute meetings."""
        steps = (np.arange(_SOCIAL_TABLE) + 0.5) / _SOCIAL_TABLE
        social = np.minimum(stats.gamma(self.sociability, scale=0.5 / self.sociability).ppf(steps), 1.0)
        return Source(
            self.people, 0, bits_for(self.people), _signed(key_of(self.seed, _CITY_STREAM)),
            _cut_table(_CUTS, _HOME_BLOCK), _cut_table(_WORK_CUTS, _GROUP_BLOCK),
            _cut_table(_GATHERING_CUTS, _GROUP_BLOCK), social, self.work_circle, self.working, *_no_visits(),
        )  # fmt: skip


def _no_visits() -> tuple[Any, ...]:
    return (
        np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.int32), np.zeros(0, np.int32),
        np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int32),
    )  # fmt: skip


@kernel
def _group(table: NDArray[np.uint8], position: int, block: int, key: int, purpose: int, a: int, b: int):  # type: ignore[no-untyped-def]
    """Return the first position and the size of the group in which a position lies."""
    number = position // block
    cut = np.int64(word(key, purpose, number, a, b) % np.uint64(table.shape[0]))
    within = position - number * block
    return number * block + np.int64(table[cut, within, 0]), np.int64(table[cut, within, 1])


@kernel
def _hashed(source: Source, person: int, day: int, room: Meetings) -> int:
    """Write the meetings of a person on a day of a hashed city, and return how many."""
    n = 0
    key, people = source.key, source.people
    first, size = _group(source.homes, person, 12, key, HOME, 0, 0)
    size = min(size, people - first)
    for other in range(first, first + size):
        if other != person:
            low, high = min(person, other), max(person, other)
            room.code[n] = other
            room.at[n] = 1080 + np.int64(360 * uniform(key, MOMENT, low, high, day))
            room.minutes[n] = 120 + np.int64(240 * uniform(key, MINUTES, low, high, day))
            room.crowd[n], room.kind[n], room.place[n] = size, 1, np.uint32(0xFFFFFFFF)
            n += 1
    if day % 7 < 5 and uniform(key, WORKS, person, 0, 0) < source.working:
        mine = shuffled(person, people, source.bits, key ^ WORK, False)
        first, size = _group(source.works, mine, 64, key, WORK, 0, 0)
        size = min(size, people - first)
        meets = source.work_circle / max(1, size - 1)
        for position in range(first, first + size):
            low, high = min(mine, position), max(mine, position)
            if position != mine and uniform(key, MEETS, low, high, day) < meets:
                room.code[n] = position | (1 << 40)
                room.at[n] = 540 + np.int64(480 * uniform(key, MOMENT, low, high, day + 100000))
                room.minutes[n] = 10 + np.int64(170 * uniform(key, MINUTES, low, high, day + 100000))
                room.crowd[n], room.kind[n], room.place[n] = size, 2, np.uint32(0xFFFFFFFF)
                n += 1
    sociable = source.social[np.int64(1024 * uniform(key, SOCIAL, person, 0, 0))]
    for slot in range(4):
        if uniform(key, JOINS, person, day, slot) >= sociable:
            continue
        order = word(key, GATHER, day, slot, 0)
        mine = shuffled(person, people, source.bits, order, False)
        first, size = _group(source.gatherings, mine, 64, key, GATHER, day, slot + 1)
        size = min(size, people - first)
        at = 480 + 180 * slot + np.int64(150 * uniform(key, MOMENT, first, day, slot + 200000))
        minutes = 10 + np.int64(110 * uniform(key, MINUTES, first, day, slot + 200000))
        for position in range(first, first + size):
            if position != mine:
                room.code[n] = position | ((slot + 2) << 40)
                room.at[n], room.minutes[n] = at, minutes
                room.crowd[n], room.kind[n], room.place[n] = size, 0, np.uint32(0xFFFFFFFF)
                n += 1
    return n


@kernel
def other_of(source: Source, code: int, day: int) -> int:
    """Return the other person of a meeting, or -1 if she was not there after all."""
    what = code >> 40
    if what == 0:
        return code
    position = code & ((1 << 40) - 1)
    if what == 1:
        other = shuffled(position, source.people, source.bits, source.key ^ WORK, True)
        return other if uniform(source.key, WORKS, other, 0, 0) < source.working else -1
    slot = what - 2
    other = shuffled(position, source.people, source.bits, word(source.key, GATHER, day, slot, 0), True)
    sociable = source.social[np.int64(1024 * uniform(source.key, SOCIAL, other, 0, 0))]
    return other if uniform(source.key, JOINS, other, day, slot) < sociable else -1


@kernel
def meetings_of(source: Source, person: int, day: int, room: Meetings) -> int:
    """Write the meetings of a person on a day, moments in minutes of that day, and return how many."""
    if source.days == 0:
        return _hashed(source, person, day, room)
    return _visited(source, person, day % source.days, room)


@kernel
def _visited(source: Source, person: int, day: int, room: Meetings) -> int:
    """Write whom a person met by the visits of a day, and return how many meetings that were."""
    n, most = 0, room.code.shape[0]
    row = person * source.days + day
    for index in range(source.first[row], source.first[row + 1]):
        mine = source.order[index]
        place, start, end = source.place[mine], source.start[mine], source.end[mine]
        begin, crowd = n, 1
        low = mine
        while low > 0 and source.place[low - 1] == place and source.start[low - 1] + source.longest[mine] > start:
            low -= 1
        while low < source.place.shape[0] and source.place[low] == place and source.start[low] < end:
            since, until = max(start, source.start[low]), min(end, source.end[low])
            if until > since and source.person[low] != person and n < most:
                room.code[n] = source.person[low]
                room.at[n] = since - day * 1440 + (until - since) // 2
                room.minutes[n] = until - since
                room.kind[n], room.place[n] = source.kind[mine], place
                crowd += 1
                n += 1
            low += 1
        for met in range(begin, n):
            room.crowd[met] = crowd
    return n


@dataclass(frozen=True)
class VisitedCity:
    """A city whose visits are given: minutes from the beginning of its first local day, in any order.

    The days repeat when an outbreak lasts longer than they do. Memory is about 37 bytes a visit.
    """

    people: int
    days: int
    place: NDArray[np.uint32]
    person: NDArray[np.uint32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    """By place number, as in `PlaceKind`."""

    def source(self) -> Source:
        """Return the visits cut at midnight, by day, place and start, with an index by person."""
        place, person, start, end = _cut_by_day(self.place, self.person, self.start, self.end, self.days)
        day = start // DAY
        # One key for day and place: rows of one place on one day stand together, and never mix with another day's.
        order = np.lexsort((start, place, day))
        place, person, start, end, day = place[order], person[order], start[order], end[order], day[order]
        row = person.astype(np.int64) * self.days + day
        by_person = np.argsort(row, kind="stable").astype(np.int64)
        first = np.zeros(self.people * self.days + 1, np.int64)
        np.cumsum(np.bincount(row, minlength=self.people * self.days), out=first[1:])
        empty = HashedCity(2).source()
        return empty._replace(
            people=self.people, days=self.days, place=place, person=person, start=start, end=end,
            kind=self.kinds[place], order=by_person, first=first, longest=_longest(place, day, end - start),
        )  # fmt: skip


def _cut_by_day(
    place: NDArray[np.uint32], person: NDArray[np.uint32], start: NDArray[np.int32], end: NDArray[np.int32], days: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32], NDArray[np.int32]]:
    """Return visits cut at each midnight; what lies outside the days is left out."""
    pieces = []
    spans = int((end - 1).max(initial=0) // DAY - start.min(initial=0) // DAY + 1)
    for later in range(max(1, spans)):
        midnight = (start // DAY + later) * DAY
        since = np.maximum(start, midnight).astype(np.int32)
        until = np.minimum(end, midnight + DAY).astype(np.int32)
        here = (until > since) & (since >= 0) & (until <= days * DAY)
        if later and not here.any():
            break
        pieces.append((place[here], person[here], since[here], until[here]))
    columns = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]


def _longest(place: NDArray[np.uint32], day: NDArray[np.int32], minutes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return for each visit the length of the longest one at its place on its day: how far back to look."""
    if len(place) == 0:
        return np.zeros(0, np.int32)
    begins = np.flatnonzero(np.r_[True, (place[1:] != place[:-1]) | (day[1:] != day[:-1])])
    return np.repeat(np.maximum.reduceat(minutes, begins), np.diff(np.r_[begins, len(place)])).astype(np.int32)
