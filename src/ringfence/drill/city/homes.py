"""Households and where they live: villages, compounds, buildings, units and doors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.areas import Areas
from ringfence.drill.city.chance import HOUSEHOLD, Stream, draw, key_of
from ringfence.tracing.jit import kernel

FAMILY, DORMITORY, CARE_HOME = 0, 1, 2
"""What a household is. A dormitory room houses workers; a care home houses many old people."""
HOMES_A_BUILDING, HOMES_A_COMPOUND, HOMES_A_HAMLET = 36, 432, 40
_CARE_HOMES = 1 / 6000
_DORMITORIES = 0.18


@dataclass(frozen=True, slots=True)
class Households:
    """Households in the order of their villages; `first` has one entry more, the number of people."""

    first: NDArray[np.int64]
    kind: NDArray[np.uint8]
    village: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kind)

    def of_persons(self) -> NDArray[np.uint32]:
        """Return the household of every person."""
        return np.repeat(np.arange(len(self), dtype=np.uint32), np.diff(self.first))


def settle(areas: Areas, shares: NDArray[np.float64], seed: int) -> Households:
    """Return households for all people, each village filled in turn up to its share."""
    people = round(shares.sum())
    until = np.round(np.cumsum(shares)).astype(np.int64)
    workshops = (areas.street_of_village == areas.zhili).astype(np.bool_)
    first, kind, village = _settle(seed, people, until, workshops)
    return Households(first, kind, village)


@kernel
def _settle(
    seed: int, people: int, until: NDArray[np.int64], workshops: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    first = np.empty(people + 1, np.int64)
    kind = np.empty(people, np.uint8)
    village = np.empty(people, np.int64)
    stream = np.empty(1, np.uint64)
    settled = households = here = 0
    while settled < people:
        while until[here] <= settled:
            here += 1
        stream[0] = key_of(seed, HOUSEHOLD, households)
        size, what = _size(stream), FAMILY
        u = draw(stream)
        if u < _CARE_HOMES:
            size, what = 30 + int(50 * draw(stream)), CARE_HOME
        elif workshops[here] and u > 1 - _DORMITORIES:
            size, what = 3 + int(4 * draw(stream)), DORMITORY
        first[households], kind[households], village[households] = settled, what, here
        settled = min(people, settled + size)
        households += 1
    first[households] = people
    return first[: households + 1].copy(), kind[:households].copy(), village[:households].copy()


@kernel
def _size(stream: Stream) -> int:
    """Return a household's size: 25 % live alone, 30 % by two, 21 % by three (as in the census of 2020)."""
    u = draw(stream)
    if u < 0.25:
        return 1
    if u < 0.55:
        return 2
    if u < 0.76:
        return 3
    if u < 0.89:
        return 4
    if u < 0.955:
        return 5
    return 6 if u < 0.99 else 7


@dataclass(frozen=True, slots=True)
class Doors:
    """Where each household lives: its building (or hamlet) and compound counted from 0, unit and door.

    `building_village` and `compound_village` tell where those are; a building's compound is −1 for a hamlet.
    """

    building: NDArray[np.int64]
    unit: NDArray[np.uint8]
    door: NDArray[np.uint16]
    building_village: NDArray[np.int64]
    building_compound: NDArray[np.int64]
    compound_village: NDArray[np.int64]


def doors(areas: Areas, households: Households) -> Doors:
    """Return where each household lives: towns have compounds of twelve buildings, villages have hamlets of houses."""
    village, homes = households.village, len(households)
    begins = np.searchsorted(village, np.arange(len(areas.village_codes) + 1))
    inside = np.arange(homes) - begins[village]
    urban = areas.urban[village]
    building, building_village = _numbered(
        village, np.where(urban, inside // HOMES_A_BUILDING, inside // HOMES_A_HAMLET)
    )
    block = np.full(len(building_village), -1, np.int64)
    first_home = np.searchsorted(building, np.arange(len(building_village)))
    urban_building = areas.urban[building_village]
    compound, compound_village = _numbered(
        building_village[urban_building], inside[first_home[urban_building]] // HOMES_A_COMPOUND
    )
    block[urban_building] = compound
    door = np.where(urban, inside % HOMES_A_BUILDING, inside % HOMES_A_HAMLET)
    floor_door = (door // 2 % 9 + 1) * 100 + door % 2 + 1
    return Doors(
        building=building,
        unit=np.where(urban, door // 18 + 1, 0).astype(np.uint8),
        door=np.where(urban, floor_door, door + 1).astype(np.uint16),
        building_village=building_village,
        building_compound=block,
        compound_village=compound_village,
    )


def _numbered(village: NDArray[np.int64], inside: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return consecutive numbers for (village, number inside it), which come in order, and the village of each."""
    if not len(village):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    new = np.ones(len(village), np.bool_)
    new[1:] = (village[1:] != village[:-1]) | (inside[1:] != inside[:-1])
    return np.cumsum(new) - 1, village[new]
