"""What people visit: eating places, shops, markets with stalls, hospitals, parks; and the staff each wants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.areas import Areas
from ringfence.drill.city.chance import VENUE, units
from ringfence.drill.city.people import HEALTH_WORKER, OFFICE_WORKER, RESTAURANT_WORKER, SELLER
from ringfence.drill.city.places import Places

VENUES = (
    ("noodle_shop", 600, 1, 3, RESTAURANT_WORKER),
    ("restaurant", 800, 2, 9, RESTAURANT_WORKER),
    ("shop", 280, 1, 2, SELLER),
    ("supermarket", 6000, 6, 30, SELLER),
    ("clinic", 5000, 3, 15, HEALTH_WORKER),
    ("hospital", 60000, 60, 400, HEALTH_WORKER),
    ("gym", 12000, 1, 3, OFFICE_WORKER),
    ("temple", 15000, 0, 2, OFFICE_WORKER),
    ("teahouse", 2000, 1, 3, RESTAURANT_WORKER),
    ("park", 3000, 0, 0, OFFICE_WORKER),
)
"""Sort of venue, people for each, and from how many to how many staff."""
NOODLE_SHOP, RESTAURANT, SHOP, SUPERMARKET, CLINIC, HOSPITAL, GYM, TEMPLE, TEAHOUSE, PARK = np.arange(len(VENUES))
PEOPLE_A_MARKET = 8000
Slots = list[tuple[NDArray[np.int64], NDArray[np.int64], int]]
"""Places for workers: the place and street of each, and the occupation of whoever takes it."""


@dataclass(frozen=True, slots=True)
class Villages:
    """The villages where people live, street by street, with how many live in each street."""

    people_of_street: NDArray[np.int64]
    by_street: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, areas: Areas, home_village: NDArray[np.int64]) -> Villages:
        """Return the villages that are somebody's home."""
        lived = np.bincount(home_village, minlength=len(areas.village_codes)) > 0
        of_street = areas.street_of_village
        streets = len(areas.street_codes)
        return cls(
            np.bincount(of_street[home_village], minlength=streets),
            tuple(np.flatnonzero(lived & (of_street == s)) for s in range(streets)),
        )

    def some(self, street: NDArray[np.int64], draws: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return a village in each given street."""
        counts = np.array([len(v) for v in self.by_street])
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        flat = np.concatenate(self.by_street)
        chosen: NDArray[np.int64] = flat[first[street] + (counts[street] * draws).astype(np.int64)]
        return chosen


def add_venues(
    areas: Areas,
    villages: Villages,
    places: Places,
    seed: int,
    slots: Slots,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add the venues of every street, at least one of each kind, and their staff."""
    lived = villages.people_of_street > 0
    first = np.zeros((len(VENUES), len(lived)), np.int64)
    count = np.zeros((len(VENUES), len(lived)), np.int64)
    for kind, (sort, people_each, fewest, most, occupation) in enumerate(VENUES):
        if sort == "hospital":  # Only some streets have one; the others go to the nearest street's.
            wanted = np.round(villages.people_of_street / people_each).astype(np.int64)
            if not wanted.any():
                wanted[int(np.argmax(villages.people_of_street))] = 1
        else:
            wanted = np.where(lived, np.maximum(1, villages.people_of_street // people_each), 0)
        street = np.repeat(np.arange(len(lived)), wanted)
        draws = units(seed, VENUE, kind << 32, len(street), 0)
        begin = places.add(sort, villages.some(street, draws), spread=0.8)
        first[kind] = begin + np.concatenate([[0], np.cumsum(wanted)[:-1]])
        count[kind] = wanted
        staff = fewest + ((most - fewest) * units(seed, VENUE, kind << 32, len(street), 1) ** 2).astype(np.int64)
        slots.append((np.repeat(begin + np.arange(len(street)), staff), np.repeat(street, staff), occupation))
    away = ((areas.street_points[:, None, :] - areas.street_points[None, :, :]) ** 2).sum(axis=2)
    has = np.flatnonzero(count[HOSPITAL])
    nearest = has[np.argmin(away[:, has], axis=1)]
    first[HOSPITAL], count[HOSPITAL] = first[HOSPITAL][nearest], count[HOSPITAL][nearest]
    return first, count


def add_markets(
    villages: Villages,
    places: Places,
    seed: int,
    slots: Slots,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add markets with 12 to 90 stalls; return where each street's markets and each market's stalls begin."""
    lived = villages.people_of_street
    wanted = np.where(lived > 0, np.maximum(1, lived // PEOPLE_A_MARKET), 0)
    street = np.repeat(np.arange(len(wanted)), wanted)
    village = villages.some(street, units(seed, VENUE, 1 << 40, len(street), 0))
    markets = places.add("market", village)
    fewest = np.minimum(12, np.maximum(2, lived[street] // (wanted[street] * 120)))
    most = np.minimum(90, np.maximum(4, lived[street] // (wanted[street] * 60)))
    stalls = fewest + ((most - fewest) * units(seed, VENUE, 1 << 40, len(street), 1)).astype(np.int64)
    market = np.repeat(markets + np.arange(len(street)), stalls)
    first = places.add("stall", np.repeat(village, stalls), parent=market, at=market)
    staff = 1 + (units(seed, VENUE, 1 << 41, len(market), 0) < 0.4).astype(np.int64)
    stall_street = np.repeat(street, stalls)
    slots.append((np.repeat(first + np.arange(len(market)), staff), np.repeat(stall_street, staff), SELLER))
    return np.concatenate([[0], np.cumsum(wanted)]), first + np.concatenate([[0], np.cumsum(stalls)])
