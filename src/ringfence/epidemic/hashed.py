"""A city that is nowhere stored: whom a person meets on a day is computed from a hash.

People live in blocks of twelve that are cut into households; a secret order of all, cut into groups, gives workplaces
and classes; another order for each day and slot gives gatherings, which a person joins as often as she is sociable.
Every meeting is the same seen from both sides.

A meeting carries a `code` from which the other person follows. Finding her costs more than ruling out an infection,
so that is done second and rarely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ringfence.epidemic.draws import (
    GATHER,
    HOME,
    JOINS,
    MEETS,
    MOMENT,
    SOCIAL,
    WORK,
    WORKS,
    bits_for,
    high_below,
    key_of,
    low_below,
    person_at,
    position_of,
    uniform,
    word,
)
from ringfence.epidemic.jit import kernel, small
from ringfence.epidemic.meetings import Hashed, Meetings, Source, no_visits
from ringfence.vocabulary.refusals import Refused

_CITY_STREAM = 0xC17
_HOME_BLOCK, _GROUP_BLOCK = 12, 64
_SOCIAL_TABLE = 1024
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
        hashed = Hashed(
            self.people, bits_for(self.people), _signed(key_of(self.seed, _CITY_STREAM)),
            _cut_table(_CUTS, _HOME_BLOCK), _cut_table(_WORK_CUTS, _GROUP_BLOCK),
            _cut_table(_GATHERING_CUTS, _GROUP_BLOCK), social, self.work_circle, self.working,
        )  # fmt: skip
        return Source(self.people, 0, hashed, no_visits())


@small
def _group(table: NDArray[np.uint8], position: int, block: int, bits: int, people: int):  # type: ignore[no-untyped-def]
    """Return the first position and the size of the group in which a position lies, its block cut by random bits."""
    number = position // block
    cut, within = high_below(bits, table.shape[0]), position - number * block
    first = number * block + np.int64(table[cut, within, 0])
    return first, min(np.int64(table[cut, within, 1]), people - first)


@kernel
def home_of(city: Hashed, person: int):  # type: ignore[no-untyped-def]
    """Return the first person of a household and how many live in it."""
    return _group(city.homes, person, 12, word(city.key, HOME, person // 12, 0, 0), city.people)


@kernel
def home_meeting(city: Hashed, a: int, b: int, day: int):  # type: ignore[no-untyped-def]
    """Return the moment at which two who live together meet on a day, and for how many minutes (120 to 359)."""
    bits = word(city.key, MOMENT, min(a, b), max(a, b), day)
    return day * 1440 + 1080 + high_below(bits, 360), 120 + low_below(bits, 240)


@small
def is_working(city: Hashed, person: int) -> bool:
    """Return whether a person has a workplace or a class."""
    return uniform(city.key, WORKS, person, 0, 0) < city.working


@kernel
def workplace_of(city: Hashed, person: int):  # type: ignore[no-untyped-def]
    """Return a person's position at work, the first position of her workplace and its size; 0 for one without."""
    if not is_working(city, person):
        return 0, 0, 0
    mine = position_of(person, city.people, city.bits, city.key ^ WORK)
    first, size = _group(city.works, mine, 64, word(city.key, WORK, mine // 64, 0, 0), city.people)
    return mine, first, size


@kernel
def colleague_at(city: Hashed, position: int) -> int:
    """Return who works at a position, or -1 for nobody."""
    other = person_at(position, city.people, city.bits, city.key ^ WORK)
    return other if is_working(city, other) else -1


@small
def meets_below(city: Hashed, size: int) -> int:
    """Return below which of 4,096 two colleagues of a workplace of this size meet on a day."""
    return np.int64(4096 * min(1.0, city.work_circle / max(1, size - 1)))


@small
def meets_in_week(city: Hashed, a: int, b: int, week: int) -> int:
    """Return the random bits of two positions for a week, twelve for each working day."""
    return word(city.key, MEETS, min(a, b), max(a, b), week)


@small
def meets_on(bits: int, day: int, below: int) -> bool:
    """Return whether two colleagues meet on a day of the week of these bits."""
    weekday = day % 7
    return weekday < 5 and np.int64((bits >> np.uint64(12 * weekday)) & np.uint64(4095)) < below


@small
def workdays_of(bits: int, below: int) -> int:
    """Return the days of the week of these bits on which two colleagues meet, a bit for each from Monday up."""
    days = np.int64(0)
    for weekday in range(5):
        days |= np.int64(np.int64((bits >> np.uint64(12 * weekday)) & np.uint64(4095)) < below) << weekday
    return days


@kernel
def work_meeting(city: Hashed, a: int, b: int, day: int):  # type: ignore[no-untyped-def]
    """Return the moment at which two positions of a workplace meet, and for how many minutes (10 to 179)."""
    bits = word(city.key, MOMENT, min(a, b), max(a, b), day + 100000)
    return day * 1440 + 540 + high_below(bits, 480), 10 + low_below(bits, 170)


@kernel
def sociable_of(city: Hashed, person: int) -> int:
    """Return below which of 65,536 a person joins a gathering."""
    return np.int64(65536 * city.social[high_below(word(city.key, SOCIAL, person, 0, 0), city.social.shape[0])])


@small
def joins_on(city: Hashed, person: int, day: int) -> int:
    """Return the random bits of a person for a day, sixteen for each of the four slots."""
    return word(city.key, JOINS, person, day, 0)


@small
def joins_in(bits: int, slot: int, sociable: int) -> bool:
    """Return whether a person joins the gathering of a slot on the day of these bits."""
    return np.int64((bits >> np.uint64(16 * slot)) & np.uint64(0xFFFF)) < sociable


@kernel
def gathering_of(city: Hashed, person: int, day: int, slot: int):  # type: ignore[no-untyped-def]
    """Return position, first position, size, moment and minutes (10 to 119) of the gathering a person could join."""
    order = word(city.key, GATHER, day, slot, 0)
    mine = position_of(person, city.people, city.bits, order)
    first, size = _group(city.gatherings, mine, 64, word(city.key, GATHER, mine // 64, day, slot + 1), city.people)
    bits = word(city.key, MOMENT, first, day, slot + 200000)
    return mine, first, size, day * 1440 + 480 + 180 * slot + high_below(bits, 150), 10 + low_below(bits, 110)


@kernel
def guest_at(city: Hashed, position: int, day: int, slot: int) -> int:
    """Return who stands at a position of a gathering, or -1 for one who did not join."""
    other = person_at(position, city.people, city.bits, word(city.key, GATHER, day, slot, 0))
    return other if joins_in(joins_on(city, other, day), slot, sociable_of(city, other)) else -1


@small
def _note(room: Meetings, n: int, code: int, at: int, minutes: int, crowd: int, kind: int) -> int:
    room.code[n], room.at[n], room.minutes[n] = code, at, minutes
    room.crowd[n], room.kind[n], room.place[n] = crowd, kind, np.uint32(0xFFFFFFFF)
    return n + 1


@kernel
def hashed_meetings(city: Hashed, person: int, day: int, room: Meetings) -> int:
    """Write the meetings of a person on a day of a hashed city, and return how many."""
    n, midnight = 0, day * 1440
    first, size = home_of(city, person)
    for other in range(first, first + size):
        if other != person:
            at, minutes = home_meeting(city, person, other, day)
            n = _note(room, n, other, at - midnight, minutes, size, 1)
    mine, first, size = workplace_of(city, person)
    below = meets_below(city, size)
    for position in range(first, first + size):
        if position != mine and meets_on(meets_in_week(city, mine, position, day // 7), day, below):
            at, minutes = work_meeting(city, mine, position, day)
            n = _note(room, n, position | (1 << 40), at - midnight, minutes, size, 2)
    joins, sociable = joins_on(city, person, day), sociable_of(city, person)
    for slot in range(4):
        if joins_in(joins, slot, sociable):
            mine, first, size, at, minutes = gathering_of(city, person, day, slot)
            for position in range(first, first + size):
                if position != mine:
                    n = _note(room, n, position | ((slot + 2) << 40), at - midnight, minutes, size, 0)
    return n
