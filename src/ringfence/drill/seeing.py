"""What the venue codes record of the visits: fewer stays, ends missing, another's phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.chance import uniform
from ringfence.drill.eyes import SCANNED, Eyes, dwell_of, keeping
from ringfence.drill.world import World
from ringfence.tracing.visits.batch import CUT_AFTER, CUT_BEFORE, IMPUTED, SOURCE_SHIFT, VisitBatch, concatenate
from ringfence.vocabulary.places import PlaceKind

_SCAN = 1
_PERSON_SHIFT = np.uint64(32)


def whole_stays(world: World, until: int | None = None) -> Iterator[VisitBatch]:
    """Yield the true stays at places with a code, whole though they pass midnight UTC, each on the day it ends.

    With `until` the days after that minute are not read; a stay that goes on then ends with the last day read.
    """
    coded = np.array([SCANNED[PlaceKind(kind)] > 0 for kind in range(len(PlaceKind))])
    waiting = VisitBatch.of([], [], [], [])
    for pieces in world.visits(until):
        day = pieces.take(coded[world.kind[pieces.place]])
        came, goes_on = day.flags & CUT_BEFORE > 0, day.flags & CUT_AFTER > 0
        start, left = day.start.copy(), np.ones(len(waiting), np.bool_)
        if len(waiting) and came.any():
            order = np.argsort(_who_where(waiting), kind="stable")
            keys, wanted = _who_where(waiting)[order], _who_where(day.take(came))
            at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            same = keys[at] == wanted
            rows = np.flatnonzero(came)[same]
            start[rows] = waiting.start[order[at[same]]]
            left[order[at[same]]] = False
        day = replace(day, start=start)
        yield concatenate([waiting.take(left), day.take(~goes_on)])
        waiting = day.take(goes_on)
    if len(waiting):
        yield waiting


def _who_where(batch: VisitBatch) -> NDArray[np.uint64]:
    return np.asarray(batch.person.astype(np.uint64) << _PERSON_SHIFT | batch.place)


@dataclass(frozen=True, slots=True)
class Drawn:
    """True stays with their chances, one number each: whether it is scanned, and whether it is checked out of."""

    stays: VisitBatch
    scan: NDArray[np.float64]
    check_out: NDArray[np.float64]


def drawn_stays(world: World, seed: int, until: int | None = None) -> Iterator[Drawn]:
    """Yield the stays day by day with their chances, which no rate changes."""
    for stays in whole_stays(world, until):
        about = (stays.person, stays.place, stays.start)
        yield Drawn(stays, uniform(seed, "scan", *about), uniform(seed, "check-out", *about))


def as_recorded(drawn: Drawn, world: World, eyes: Eyes, holder: NDArray[np.uint32]) -> VisitBatch:
    """Return what the codes recorded of some stays, under the owner of the phone."""
    true = drawn.stays
    kept = drawn.scan < keeping(eyes, world.kind[true.place], world.age[true.person])
    seen = true.take(kept)
    unended = drawn.check_out[kept] < eyes.missing_check_out
    end = np.where(unended, seen.start + dwell_of(world.kind[seen.place]), seen.end)
    flags = np.full(len(seen), _SCAN << SOURCE_SHIFT, np.uint16) | np.where(unended, IMPUTED, 0).astype(np.uint16)
    return VisitBatch(holder[seen.person], seen.place, seen.start, end, flags)


def recorded(world: World, eyes: Eyes, until: int | None = None) -> Iterator[VisitBatch]:
    """Yield what the venue codes recorded, day by day: fewer stays, ends missing, another's phone."""
    holder = phone_holders(world, eyes)
    for drawn in drawn_stays(world, eyes.seed, until):
        yield as_recorded(drawn, world, eyes, holder)


def as_of(seen: VisitBatch, until: int) -> VisitBatch:
    """Return stays as a minute knows them: who has not left by then has no check-out, and is still there."""
    known = seen.take(seen.start < until)
    inside = known.end > until
    flags = np.where(inside, known.flags | IMPUTED, known.flags).astype(np.uint16)
    return VisitBatch(known.person, known.place, known.start, np.minimum(known.end, until), flags)


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
