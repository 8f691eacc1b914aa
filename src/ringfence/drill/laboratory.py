"""Who is swabbed, into which tube, and how it reads: screening at workplaces, the ill at clinics, false alarms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cached_property

import numpy as np

from ringfence.drill.chance import uniform
from ringfence.drill.eyes import Eyes
from ringfence.drill.world import NOBODY, Ints, Truth, World
from ringfence.vocabulary.moments import floor_minute, moment_of

_NIGHT, _NOON = time(0, 30), time(12, 30)
_SWAB = time(15, 0)
_SWABBED_FROM = 16
_DETECTABLE_BEFORE, _DETECTABLE_AFTER = 1440, 4 * 1440


@dataclass(frozen=True, slots=True)
class Tube:
    """A tube: who is in it, when it was taken and reported (minutes), how it read, who of it is infected."""

    number: int
    members: tuple[int, ...]
    taken_at: int
    reported_at: int
    positive: tuple[int, ...]
    by: str

    @property
    def pooled(self) -> bool:
        """Whether several people are in it."""
        return len(self.members) > 1


@dataclass(frozen=True)
class Laboratory:
    """The screening of a city as some eyes see it: which workplaces are swabbed when, and in which pools.

    It holds for every outbreak in the city, so that many outbreaks are looked at with one.
    """

    world: World
    eyes: Eyes

    @cached_property
    def _workplaces(self) -> tuple[Ints, Ints, Ints]:
        """Places with staff, where in the list of staff each begins (and the last ends), and the list by place."""
        world = self.world
        swabbed = np.flatnonzero((world.work != NOBODY) & (world.age >= _SWABBED_FROM))
        staff = swabbed[np.argsort(world.work[swabbed], kind="stable")]
        places, first = np.unique(world.work[staff], return_index=True)
        return places.astype(np.int64), np.append(first, len(staff)), staff

    @cached_property
    def _swabs(self) -> list[tuple[int, int]]:
        """Ordinal of each local day, and the minute (UTC) at which swabs are taken on it."""
        return [
            (day.toordinal(), floor_minute(datetime.combine(day.date(), _SWAB, self.world.zone)))
            for day in self.world.local_days()
        ]

    def swabs_of(self, place: int) -> list[int]:
        """Return the minutes at which the people of a workplace are swabbed."""
        eyes = self.eyes
        if uniform(eyes.seed, "screened", place) >= eyes.screened_places:
            return []
        turn = int(uniform(eyes.seed, "turn", place) * eyes.screened_every)
        return [taken for ordinal, taken in self._swabs if ordinal % eyes.screened_every == turn]

    def staff_of(self, place: int) -> Ints:
        """Return who is swabbed at a workplace, in order; pupils are not."""
        places, first, staff = self._workplaces
        at = int(np.searchsorted(places, place))
        if at == len(places) or places[at] != place:
            return staff[:0]
        return staff[first[at] : first[at + 1]]

    def pool_of(self, place: int, person: int) -> tuple[int, ...]:
        """Return who is swabbed into the same tube: neighbours in the list of the workplace."""
        staff = self.staff_of(place)
        at = int(np.searchsorted(staff, person)) // self.eyes.pool * self.eyes.pool
        return tuple(staff[at : at + self.eyes.pool].tolist())

    @cached_property
    def false_pools(self) -> tuple[Tube, ...]:
        """The pools that read abnormal though nobody in them is infected."""
        return tuple(self._false_pools())

    def _false_pools(self) -> Iterator[Tube]:
        eyes, (places, first, staff) = self.eyes, self._workplaces
        if not eyes.false_pools:
            return
        screened = np.flatnonzero(uniform(eyes.seed, "screened", places) < eyes.screened_places)
        turns = (uniform(eyes.seed, "turn", places[screened]) * eyes.screened_every).astype(np.int64)
        for ordinal, taken in self._swabs:
            today = screened[turns == ordinal % eyes.screened_every]
            pools = -(-np.diff(first)[today] // eyes.pool)
            where = np.repeat(today, pools)
            begins = (np.arange(len(where)) - np.repeat(np.cumsum(pools) - pools, pools)) * eyes.pool
            drawn = uniform(eyes.seed, "false", places[where], begins, taken) < eyes.false_pools
            for at, begin in zip(where[drawn].tolist(), begins[drawn].tolist(), strict=True):
                members = staff[first[at] : first[at + 1]][begin : begin + eyes.pool]
                yield Tube(0, tuple(members.tolist()), taken, report_of(self.world, taken), (), "screening")


def abnormal_tubes(world: World, truth: Truth, eyes: Eyes, laboratory: Laboratory | None = None) -> list[Tube]:
    """Return every tube that reads abnormal, by its report: screening at work in pools, and the ill at clinics."""
    laboratory = laboratory or Laboratory(world, eyes)
    found: dict[tuple[int, ...], Tube] = {}
    for row in range(len(truth)):
        for tube in (*_screened(laboratory, truth, row), *_at_clinic(world, truth, eyes, row)):
            key = (tube.taken_at, *tube.members)
            known = found.get(key)
            positive = tuple(sorted({*tube.positive, *(known.positive if known else ())}))
            found[key] = replace(tube, positive=positive)
    tubes = [*found.values(), *(t for t in laboratory.false_pools if (t.taken_at, *t.members) not in found)]
    tubes.sort(key=lambda t: (t.reported_at, t.taken_at, t.members))
    return [replace(tube, number=number) for number, tube in enumerate(tubes, 1)]


def _screened(laboratory: Laboratory, truth: Truth, row: int) -> Iterator[Tube]:
    world = laboratory.world
    person, place = int(truth.person[row]), int(world.work[truth.person[row]])
    if place == NOBODY or world.age[person] < _SWABBED_FROM:
        return
    for taken in laboratory.swabs_of(place):
        if _shows(truth, laboratory.eyes, row, taken):
            members = laboratory.pool_of(place, person)
            yield Tube(0, members, taken, report_of(world, taken), (person,), "screening")


def _at_clinic(world: World, truth: Truth, eyes: Eyes, row: int) -> Iterator[Tube]:
    """Yield the swab of somebody ill who goes to a clinic, in its hours, some days after onset."""
    person, onset = int(truth.person[row]), int(truth.onset_at[row])
    if onset < 0 or uniform(eyes.seed, "clinic", person) >= eyes.clinic:
        return
    waits = -np.log1p(-uniform(eyes.seed, "clinic wait", person)) * eyes.clinic_delay_hours * 60
    there = moment_of(onset + int(waits), world.zone)
    if not 8 <= there.hour < 17:
        there = datetime.combine(there.date() + timedelta(days=there.hour >= 17), time(9, 0), world.zone)
    taken = floor_minute(there)
    if _shows(truth, eyes, row, taken):
        yield Tube(0, (person,), taken, report_of(world, taken), (person,), "clinic")


def _shows(truth: Truth, eyes: Eyes, row: int, taken: int) -> bool:
    """Return whether a swab taken at a minute finds the infection."""
    since, until = truth.infectious_from[row] - _DETECTABLE_BEFORE, truth.infectious_until[row] + _DETECTABLE_AFTER
    if not since <= taken < until:
        return False
    return bool(uniform(eyes.seed, "swab", truth.person[row], taken) < eyes.sensitivity)


def report_of(world: World, taken: int) -> int:
    """Return when the laboratory reports: its runs end at 00:30 and 12:30, six hours after the swab at the earliest."""
    ready = moment_of(taken + 6 * 60, world.zone)
    for day in (ready.date(), ready.date() + timedelta(days=1)):
        for run in (_NIGHT, _NOON):
            ends = datetime.combine(day, run, world.zone)
            if ends >= ready:
                return floor_minute(ends)
    raise AssertionError("a run ends every twelve hours")
