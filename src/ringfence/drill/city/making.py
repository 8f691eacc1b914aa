"""A city in memory: homes, people, places, work, buses and trains, all from one plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.areas import Areas, huzhou, lived_in
from ringfence.drill.city.homes import CARE_HOME, Doors, Households, doors, settle
from ringfence.drill.city.patterns import patterns
from ringfence.drill.city.people import People, populate
from ringfence.drill.city.places import NONE, SORT_NAMES, Places
from ringfence.drill.city.transit import Transit, lay_lines
from ringfence.drill.city.ways import World
from ringfence.drill.city.work import Days, place_everybody
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

ZONE = "Asia/Shanghai"
_OFFSET = 480
FEWEST_PEOPLE, MOST_PEOPLE = 100, 3_500_000
MOST_DAYS = 366
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides every byte of a city's content."""

    people: int
    days: int
    first_day: date
    seed: int = 0

    def __post_init__(self) -> None:
        if not FEWEST_PEOPLE <= self.people <= MOST_PEOPLE:
            raise Refused("city.people", people=self.people, fewest=FEWEST_PEOPLE, most=MOST_PEOPLE)
        if not 1 <= self.days <= MOST_DAYS:
            raise Refused("city.days", days=self.days, most=MOST_DAYS)
        if not 0 <= self.seed < 1 << 62:
            raise Refused("city.seed", seed=self.seed)

    @property
    def start(self) -> int:
        """The minute (UTC) of the first day's local midnight."""
        return (self.first_day.toordinal() - _EPOCH) * MINUTES_PER_DAY - _OFFSET


@dataclass(frozen=True, slots=True)
class Made:
    """A city in memory: everything but its visits."""

    plan: Plan
    areas: Areas
    households: Households
    doors: Doors
    people: People
    places: Places
    building_first: int
    days: Days
    transit: Transit
    street: NDArray[np.int64]
    village: NDArray[np.int64]

    @property
    def home(self) -> NDArray[np.uint32]:
        """The home of every person: homes are numbered like households."""
        return self.households.of_persons()


def make(plan: Plan) -> Made:
    """Return a city of a plan; the same plan gives the same city."""
    areas = huzhou()
    households = settle(areas, lived_in(areas, plan.people), plan.seed)
    people = populate(households, plan.seed)
    at = doors(areas, households)
    places = Places(areas, plan.seed)
    building_first = _add_homes(places, households, at)
    home = households.of_persons()
    village = households.village[home]
    days = place_everybody(areas, people, home=home, home_village=village, places=places, seed=plan.seed)
    street = areas.street_of_village[village]
    transit = lay_lines(
        areas,
        np.bincount(street, minlength=len(areas.street_codes)),
        ages=people.age,
        days=plan.days,
        places=places,
        seed=plan.seed,
    )
    return Made(plan, areas, households, at, people, places, building_first, days, transit, street, village)


def _add_homes(places: Places, households: Households, at: Doors) -> int:
    """Add homes, buildings, hamlets and compounds; return the number of the first building."""
    homes = len(households)
    building_first = homes
    compound_first = building_first + len(at.building_village)
    places.add("home", households.village, parent=building_first + at.building)
    parent = np.where(at.building_compound < 0, NONE, compound_first + at.building_compound)
    places.add("building", at.building_village, parent=parent)
    places.add("compound", at.compound_village)
    point = places.column("point")
    point[:homes] = point[building_first + at.building]
    hamlets = building_first + np.flatnonzero(at.building_compound < 0)
    places.set("sort", hamlets, SORT_NAMES.index("hamlet"))
    care = np.flatnonzero(households.kind == CARE_HOME)
    places.set("sort", care, SORT_NAMES.index("care_home"))
    places.set("kind", care, PlaceKind.CARE_HOME)
    return building_first


def world_of(made: Made) -> World:
    """Return what the days of a city need."""
    streets = len(made.areas.street_codes)
    street_of_home = made.areas.street_of_village[made.households.village]
    trains = np.arange(made.transit.trains)
    spread = 200 // made.transit.trains if made.transit.trains < 200 else 1
    return World(
        seed=made.plan.seed,
        days=made.plan.days,
        weekday=made.plan.first_day.weekday(),
        group=patterns(made.people.occupation),
        ill=(made.people.vulnerable & np.uint8(8 | 16 | 32)).astype(np.uint8),
        home=made.home,
        work=made.days.work,
        street=made.street.astype(np.uint16),
        work_street=made.days.work_street,
        lived=np.unique(made.street),
        home_at=np.searchsorted(street_of_home, np.arange(streets + 1)),
        venue_first=made.days.venue_first,
        venue_count=made.days.venue_count,
        market_first=made.days.market_first,
        stall_first=made.days.stall_first,
        line_first=made.transit.line_first,
        trip_first=made.transit.trip_first,
        station=made.transit.station,
        trains=made.transit.trains,
        carriage_first=made.transit.carriage_first,
        train_leaves=np.concatenate([400 + spread * trains, 990 + spread * trains]).astype(np.int64),
        travellers=made.transit.travellers,
        travellers_at=made.transit.travellers_at,
    )
