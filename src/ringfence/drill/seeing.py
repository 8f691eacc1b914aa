"""What a department sees of the visits and of the infections: thinned scans, tests, and what the ill can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.chance import uniform
from ringfence.drill.eyes import Eyes, dwell_of, keeping
from ringfence.drill.world import NOBODY, Ints, Truth, World
from ringfence.tracing.visits.batch import IMPUTED, SOURCE_SHIFT, VisitBatch
from ringfence.vocabulary.moments import MINUTES_PER_DAY, floor_minute, moment_of

_SCAN = 1
_NIGHT, _NOON = time(0, 30), time(12, 30)
_SWAB = time(15, 0)
_SWABBED_FROM = 16
_DETECTABLE_BEFORE, _DETECTABLE_AFTER = 1440, 4 * 1440


def recorded(world: World, eyes: Eyes) -> Iterator[VisitBatch]:
    """Yield what the venue codes recorded, day by day: fewer visits, ends missing, another's phone."""
    holder = phone_holders(world, eyes)
    for true in world.visits():
        kinds = world.kind[true.place]
        drawn = uniform(eyes.seed, "scan", true.person, true.place, true.start)
        seen = true.take(drawn < keeping(eyes, kinds, world.age[true.person]))
        unended = uniform(eyes.seed, "check-out", seen.person, seen.place, seen.start) < eyes.missing_check_out
        end = np.where(unended, seen.start + dwell_of(world.kind[seen.place]), seen.end)
        flags = np.full(len(seen), _SCAN << SOURCE_SHIFT, np.uint16) | np.where(unended, IMPUTED, 0).astype(np.uint16)
        yield VisitBatch(holder[seen.person], seen.place, seen.start, end, flags)


def phone_holders(world: World, eyes: Eyes) -> NDArray[np.uint32]:
    """Return on whose phone each person scans: her own, or that of an adult of her household."""
    persons = np.arange(len(world), dtype=np.uint32)
    share = np.where((world.age >= 70) | (world.age < 12), eyes.shared_phone_old, eyes.shared_phone)
    lent = uniform(eyes.seed, "phone", persons) < share
    adult = (world.age >= 20) & (world.age < 60)
    first: NDArray[np.int64] = np.full(int(world.household.max(initial=0)) + 1, -1, np.int64)
    grown = np.flatnonzero(adult)[::-1]
    first[world.household[grown]] = grown
    lender = first[world.household]
    return np.where(lent & (lender >= 0) & ~adult, lender, persons).astype(np.uint32)


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


def abnormal_tubes(world: World, truth: Truth, eyes: Eyes) -> list[Tube]:
    """Return every tube that reads abnormal, by its report: screening at work in pools, and the ill at clinics."""
    found: dict[tuple[int, ...], Tube] = {}
    for row in range(len(truth)):
        for tube in (*_screened(world, truth, eyes, row), *_at_clinic(world, truth, eyes, row)):
            key = (tube.taken_at, *tube.members)
            known = found.get(key)
            positive = tuple(sorted({*tube.positive, *(known.positive if known else ())}))
            found[key] = Tube(0, tube.members, tube.taken_at, tube.reported_at, positive, tube.by)
    tubes = [*found.values(), *(t for t in _false_pools(world, eyes) if (t.taken_at, *t.members) not in found)]
    tubes.sort(key=lambda t: (t.reported_at, t.taken_at, t.members))
    return [Tube(n, t.members, t.taken_at, t.reported_at, t.positive, t.by) for n, t in enumerate(tubes, 1)]


def _local_days(world: World) -> list[datetime]:
    days = world.days()
    first = moment_of(days[0] * MINUTES_PER_DAY, world.zone)
    return [datetime.combine((first + timedelta(days=n)).date(), time(), world.zone) for n in range(len(days))]


def _screening_days(world: World, eyes: Eyes, place: int) -> list[datetime]:
    """Return the local days on which the people of a workplace are swabbed."""
    if uniform(eyes.seed, "screened", place) >= eyes.screened_places:
        return []
    turn = int(uniform(eyes.seed, "turn", place) * eyes.screened_every)
    return [day for day in _local_days(world) if day.toordinal() % eyes.screened_every == turn]


def _staff(world: World, place: int) -> Ints:
    """Return who is swabbed at a workplace, in order; pupils are not."""
    return np.flatnonzero((world.work == place) & (world.age >= _SWABBED_FROM))


def _pool_of(world: World, eyes: Eyes, place: int, person: int) -> tuple[int, ...]:
    """Return who is swabbed into the same tube: neighbours in the list of the workplace."""
    staff = _staff(world, place)
    at = int(np.searchsorted(staff, person)) // eyes.pool * eyes.pool
    return tuple(staff[at : at + eyes.pool].tolist())


def _screened(world: World, truth: Truth, eyes: Eyes, row: int) -> Iterator[Tube]:
    person, place = int(truth.person[row]), int(world.work[truth.person[row]])
    if place == NOBODY or world.age[person] < _SWABBED_FROM:
        return
    for day in _screening_days(world, eyes, place):
        taken = floor_minute(datetime.combine(day.date(), _SWAB, world.zone))
        if _shows(truth, eyes, row, taken):
            yield Tube(0, _pool_of(world, eyes, place, person), taken, _report(world, taken), (person,), "screening")


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
        yield Tube(0, (person,), taken, _report(world, taken), (person,), "clinic")


def _shows(truth: Truth, eyes: Eyes, row: int, taken: int) -> bool:
    """Return whether a swab taken at a minute finds the infection."""
    since, until = truth.infectious_from[row] - _DETECTABLE_BEFORE, truth.infectious_until[row] + _DETECTABLE_AFTER
    found = uniform(eyes.seed, "swab", truth.person[row], taken) < eyes.sensitivity
    return bool(since <= taken < until and found)


def _report(world: World, taken: int) -> int:
    """Return when the laboratory reports: its runs end at 00:30 and 12:30, six hours after the swab at the earliest."""
    ready = moment_of(taken + 6 * 60, world.zone)
    for day in (ready.date(), ready.date() + timedelta(days=1)):
        for run in (_NIGHT, _NOON):
            ends = datetime.combine(day, run, world.zone)
            if ends >= ready:
                return floor_minute(ends)
    raise AssertionError("a run ends every twelve hours")


def _false_pools(world: World, eyes: Eyes) -> Iterator[Tube]:
    """Yield the pools that read abnormal though nobody in them is infected."""
    staffed = np.unique(world.work[(world.work != NOBODY) & (world.age >= _SWABBED_FROM)])
    for place in staffed[uniform(eyes.seed, "screened", staffed) < eyes.screened_places].tolist():
        staff = (
            np.flatnonzero((world.work == place) & (world.age >= _SWABBED_FROM))
            if eyes.false_pools
            else np.empty(0, np.int64)
        )
        for day in _screening_days(world, eyes, place):
            taken = floor_minute(datetime.combine(day.date(), _SWAB, world.zone))
            begins = np.arange(0, len(staff), eyes.pool)
            for at in begins[uniform(eyes.seed, "false", place, begins, taken) < eyes.false_pools].tolist():
                members = tuple(staff[at : at + eyes.pool].tolist())
                yield Tube(0, members, taken, _report(world, taken), (), "screening")
