"""Where people spend their days: schools with classes, venues with staff, and workplaces of all sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.areas import Areas
from ringfence.drill.city.chance import FIRM, VENUE, WORKER, draw, key_of, units
from ringfence.drill.city.people import (
    CARE_HOME_RESIDENT,
    CARE_WORKER,
    FACTORY_WORKER,
    FARMER,
    GARMENT_WORKER,
    KINDERGARTEN_CHILD,
    OFFICE_WORKER,
    PUPIL,
    STUDENT,
    TEACHER,
    WORKING,
    People,
)
from ringfence.drill.city.places import NONE, Places
from ringfence.drill.city.venues import Slots, Villages, add_markets, add_venues
from ringfence.tracing.jit import kernel

STAGES = (
    ("kindergarten", 3, 5, 28, 3),
    ("primary_school", 6, 11, 40, 4),
    ("junior_school", 12, 14, 44, 6),
    ("senior_school", 15, 17, 46, 10),
)
"""Sort of school, first and last year of age, children in a class, classes of a year in a school."""

MOST_STAFF = 0.42
LARGEST_FIRM = 1500
"""No firm has more workers, and in a small city none has more than a 25th of them."""
_OWN_STREET, _OWN_COUNTY = 0.64, 0.9
FIRMS = ("garment_workshop", "factory", "office", "farm")
_FIRM_OCCUPATIONS = np.array([GARMENT_WORKER, FACTORY_WORKER, OFFICE_WORKER, FARMER], np.uint8)


@dataclass(frozen=True, slots=True)
class Days:
    """Where everybody works or learns, and what is there to visit.

    `venue_first` and `venue_count` are by kind of venue and street; markets lie by street, stalls by market.
    """

    work: NDArray[np.uint32]
    work_street: NDArray[np.uint16]
    venue_first: NDArray[np.int64]
    venue_count: NDArray[np.int64]
    market_first: NDArray[np.int64]
    stall_first: NDArray[np.int64]


def place_everybody(
    areas: Areas,
    people: People,
    *,
    home: NDArray[np.uint32],
    home_village: NDArray[np.int64],
    places: Places,
    seed: int,
) -> Days:
    """Add schools, venues and workplaces, and give everybody who learns or works one; occupations become definite."""
    street = areas.street_of_village[home_village]
    villages = Villages.of(areas, home_village)
    work = np.full(len(people), NONE, np.uint32)
    slots: Slots = []
    _schools(people, street, home_village, places, work, slots)
    venue_first, venue_count = add_venues(areas, villages, places, seed, slots)
    market_first, stall_first = add_markets(villages, places, seed, slots)
    care = np.unique(home[people.occupation == CARE_HOME_RESIDENT]).astype(np.int64)
    slots.append((np.repeat(care, 14), np.repeat(places.column("street")[care].astype(np.int64), 14), CARE_WORKER))
    _jobs(areas, people, street, villages, places, seed, slots, work)
    work_street = street.astype(np.uint16)
    working = work != NONE
    work_street[working] = places.column("street")[work[working]]
    return Days(work, work_street, venue_first, venue_count, market_first, stall_first)


def _schools(
    people: People,
    street: NDArray[np.int64],
    home_village: NDArray[np.int64],
    places: Places,
    work: NDArray[np.uint32],
    slots: Slots,
) -> None:
    """Add schools with their classes; each child goes to a class of her year in a school of her street."""
    learns = np.isin(people.occupation, (KINDERGARTEN_CHILD, PUPIL, STUDENT))
    for sort, youngest, oldest, class_size, classes in STAGES:
        who = np.flatnonzero(learns & (people.age >= youngest) & (people.age <= oldest))
        if not len(who):
            continue
        years = oldest - youngest + 1
        here = street[who]
        begins, counts = np.searchsorted(here, here), np.bincount(here, minlength=int(here.max()) + 1)
        schools_of = np.ceil(counts / (years * class_size * classes)).astype(np.int64)
        nth = (np.arange(len(who)) - begins) * schools_of[here] // counts[here]
        school_key, school = np.unique(here * 4096 + nth, return_inverse=True)
        school_at = np.array([home_village[who[np.flatnonzero(school == s)[0]]] for s in range(len(school_key))])
        first_school = places.add(sort, school_at)
        # Inside a school and a year, classes are filled in turn.
        group = school * 16 + (people.age[who] - youngest)
        order = np.argsort(group, kind="stable")
        sorted_group = group[order]
        position = np.arange(len(who)) - np.searchsorted(sorted_group, sorted_group)
        size = np.bincount(group)[sorted_group]
        rooms = np.ceil(size / class_size).astype(np.int64)
        class_key, class_of = np.unique(sorted_group * 64 + position * rooms // size, return_inverse=True)
        of_school = class_key // 64 // 16
        label = (class_key // 64 % 16 + 1) * 100 + class_key % 64 + 1
        parent = first_school + of_school
        first_class = places.add("class", school_at[of_school], parent=parent, at=parent, label=label)
        work[who[order]] = first_class + class_of
        rooms_at = np.repeat(first_class + np.arange(len(class_key)), 2)
        slots.append((rooms_at, places.column("street")[rooms_at].astype(np.int64), TEACHER))


def _jobs(
    areas: Areas,
    people: People,
    street: NDArray[np.int64],
    villages: Villages,
    places: Places,
    seed: int,
    slots: Slots,
    work: NDArray[np.uint32],
) -> None:
    """Give every worker a place: first those with customers, patients or pupils are staffed, then firms are filled."""
    workers = np.flatnonzero(people.occupation == WORKING)
    lived = villages.people_of_street.astype(np.float64)
    lived[areas.zhili] *= 1.3
    chosen = _work_streets(seed, workers, street, areas.county_of_street, np.cumsum(lived))
    mixed = np.lexsort((units_of(seed, workers), chosen))
    workers, chosen = workers[mixed], chosen[mixed]
    slot_place = np.concatenate([s[0] for s in slots])
    slot_street = np.concatenate([s[1] for s in slots])
    slot_job = np.concatenate([np.full(len(s[0]), s[2], np.uint8) for s in slots])
    # Slots in an order that no kind of venue leads, so that all kinds find some staff where workers are few.
    by_street = np.lexsort((units(seed, VENUE, 1 << 42, len(slot_street), 0), slot_street))
    slot_place, slot_street, slot_job = slot_place[by_street], slot_street[by_street], slot_job[by_street]
    rest = np.ones(len(workers), np.bool_)
    for s in range(len(lived)):
        a, b = np.searchsorted(chosen, (s, s + 1))
        c, d = np.searchsorted(slot_street, (s, s + 1))
        n = min(int(d - c), int((b - a) * MOST_STAFF))
        work[workers[a : a + n]] = slot_place[c : c + n]
        people.occupation[workers[a : a + n]] = slot_job[c : c + n]
        rest[a : a + n] = False
    workers, chosen = workers[rest], chosen[rest]
    firm, firm_street, sort = _firms(seed, chosen, areas.zhili, min(LARGEST_FIRM, max(25, len(chosen) // 25)))
    village = villages.some(firm_street, units(seed, FIRM, 0, len(firm_street), 3))
    numbers = np.empty(len(firm_street), np.int64)
    for nth, name in enumerate(FIRMS):
        mine = np.flatnonzero(sort == nth)
        numbers[mine] = places.add(name, village[mine], spread=0.8) + np.arange(len(mine))
    work[workers] = numbers[firm]
    people.occupation[workers] = _FIRM_OCCUPATIONS[sort[firm]]


@kernel
def units_of(seed: int, persons: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return one number in (0, 1) for each person, by which workers are mixed."""
    out = np.empty(len(persons))
    stream = np.empty(1, np.uint64)
    for i in range(len(persons)):
        stream[0] = key_of(seed, WORKER, persons[i] + np.int64(1 << 40))
        out[i] = draw(stream)
    return out


@kernel
def _work_streets(
    seed: int,
    workers: NDArray[np.int64],
    street: NDArray[np.int64],
    county: NDArray[np.int64],
    until: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return the street where each works: mostly the own one, else by size in the county, else anywhere."""
    out = np.empty(len(workers), np.int64)
    streets = len(until)
    stream = np.empty(1, np.uint64)
    for i in range(len(workers)):
        stream[0] = key_of(seed, WORKER, workers[i])
        own = street[workers[i]]
        u = draw(stream)
        low, high = 0, streets
        if u < _OWN_STREET:
            out[i] = own
            continue
        if u < _OWN_COUNTY:
            while county[low] != county[own]:
                low += 1
            while county[high - 1] != county[own]:
                high -= 1
        base = until[low - 1] if low > 0 else 0.0
        at = np.searchsorted(until, base + draw(stream) * (until[high - 1] - base))
        out[i] = min(at, high - 1)
    return out


@kernel
def _firms(
    seed: int, street: NDArray[np.int64], zhili: int, largest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Fill firms one after the other with the workers of a street; return the firm of each, and each firm's street.

    Sizes are heavy-tailed (Pareto, exponent 1.1, at most 1,500); in Zhili most firms are workshops of 5 to 40.
    """
    firm = np.empty(len(street), np.int64)
    firm_street = np.empty(len(street), np.int64)
    sort = np.empty(len(street), np.uint8)
    stream = np.empty(1, np.uint64)
    firms = at = 0
    while at < len(street):
        stream[0] = key_of(seed, FIRM, firms)
        u = draw(stream)
        if u < (0.75 if street[at] == zhili else 0.06):
            size, what = 5 + int(36 * draw(stream) ** 2), 0
        else:
            size = min(largest, int(2.5 * draw(stream) ** (-1.0 / 1.1)))
            what = 1 if size >= 20 + 80 * draw(stream) else (3 if draw(stream) < 0.12 else 2)
        firm_street[firms], sort[firms] = street[at], what
        for _ in range(size):
            if at == len(street) or street[at] != firm_street[firms]:
                break
            firm[at] = firms
            at += 1
        firms += 1
    return firm, firm_street[:firms].copy(), sort[:firms].copy()
