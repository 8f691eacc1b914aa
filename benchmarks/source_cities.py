"""Small cities with an outbreak whose truth is known, to measure how often the source search is wrong or blind.

Infection here does not follow visits (another model than the search): it goes over households, a network of neighbours
inside communities, colleagues and classmates, and strangers. Visits follow habits of communities, ages and households.
So cases cluster in communities, families and workplaces, and with them in the places these people like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ringfence.tracing.sources import SourceCase, SourceControl
from ringfence.tracing.visits.batch import VisitBatch

DAY = 1440
DAYS = 40
PLACES = 200
HABITS = 6


@dataclass(frozen=True)
class City:
    community: np.ndarray
    household: np.ndarray
    age: np.ndarray
    group: np.ndarray  # workplace or class; -1 none
    visits: VisitBatch
    popularity: np.ndarray


@dataclass(frozen=True)
class Outbreak:
    cases: list[SourceCase]
    controls: list[SourceControl]
    source: int | None = None


def make_city(rng: np.random.Generator) -> City:
    residents = int(rng.integers(2_000, 5_001))
    communities = int(rng.integers(6, 13))
    sizes = rng.choice([1, 2, 3, 4, 5], residents, p=[0.2, 0.3, 0.25, 0.15, 0.1])
    household = np.repeat(np.arange(residents), sizes)[:residents]
    weight = rng.dirichlet(np.full(communities, 4.0))
    community = rng.choice(communities, household.max() + 1, p=weight)[household]
    age = rng.choice(90, residents, p=_ages())
    places = _Places(rng, communities)
    group = _groups(rng, community, age, communities)
    habit, taste = _habits(rng, places, community, household, age=age, group=group)
    return City(community, household, age, group, _visits(rng, habit, taste), places.popularity)


def _ages() -> np.ndarray:
    shape = np.where(np.arange(90) < 65, 1.0, 0.55)
    return shape / shape.sum()


class _Places:
    """Two hundred places of heavy-tailed popularity; most belong to a community, a few draw from everywhere."""

    def __init__(self, rng: np.random.Generator, communities: int) -> None:
        self.popularity = rng.permutation((1.0 + np.arange(PLACES)) ** -0.9)
        self.community = np.where(rng.random(PLACES) < 0.7, rng.integers(0, communities, PLACES), -1)
        self.young = rng.random((PLACES, 3)) ** 1.5 + 0.05  # how much children, adults and the old like it

    def odds(self, community: int, stage: int) -> np.ndarray:
        near = np.where(self.community == community, 8.0, np.where(self.community == -1, 1.5, 0.12))
        odds = self.popularity * near * self.young[:, stage]
        return odds / odds.sum()


def _groups(rng: np.random.Generator, community: np.ndarray, age: np.ndarray, communities: int) -> np.ndarray:
    group = np.full(len(age), -1)
    pupils = (age >= 4) & (age < 18)
    group[pupils] = community[pupils] * 12 + rng.integers(0, 12, pupils.sum())
    workers = (age >= 18) & (age < 62) & (rng.random(len(age)) < 0.75)
    group[workers] = communities * 12 + rng.zipf(1.6, workers.sum()) % 90
    return group


def _habits(rng, places, community, household, *, age, group):
    """Return for each person six places and how often each is chosen; families and colleagues share some."""
    stage = np.digitize(age, [18, 60])
    habit = np.empty((len(age), HABITS), np.int64)
    for c in np.unique(community):
        for s in range(3):
            rows = np.flatnonzero((community == c) & (stage == s))
            habit[rows] = rng.choice(PLACES, (len(rows), HABITS), p=places.odds(c, s))
    head = np.searchsorted(household, household)  # the first of the household: her market is the family's
    habit[:, 0] = habit[head, 0]
    canteen = rng.choice(PLACES, group.max() + 2, p=places.popularity / places.popularity.sum())
    lunch = (group >= 0) & (rng.random(len(age)) < 0.5)
    habit[lunch, 1] = canteen[group[lunch]]
    return habit, rng.dirichlet(np.full(HABITS, 0.8), len(age))


def _visits(rng: np.random.Generator, habit: np.ndarray, taste: np.ndarray) -> VisitBatch:
    residents = len(habit)
    number = rng.poisson(1.4 * DAYS, residents)
    person = np.repeat(np.arange(residents), number)
    edge = np.cumsum(taste, axis=1)[person]
    chosen = np.minimum((rng.random(len(person))[:, None] > edge).sum(axis=1), HABITS - 1)
    place = habit[person, chosen]
    anywhere = rng.random(len(person)) < 0.08
    place[anywhere] = rng.integers(0, PLACES, anywhere.sum())
    start = rng.integers(0, DAYS, len(person)) * DAY + rng.integers(7 * 60, 21 * 60, len(person))
    return VisitBatch.of(person, place, start, start + rng.integers(5, 120, len(person)))


def spread(rng: np.random.Generator, city: City, enough: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return who fell ill, on which day, and whether the infector is known, over person-to-person contact only.

    A case infects in her household, among neighbours (same community, near in number, of like age), in her group and
    strangers; the infector is found in 95, 55, 75 and 5 % of these.
    """
    residents = len(city.age)
    infected = np.full(residents, -1.0)
    known = np.zeros(residents, bool)
    seeds = rng.choice(residents, int(rng.integers(2, 5)), replace=False)
    infected[seeds] = rng.uniform(8, 14, len(seeds))
    waiting = list(seeds)
    while waiting:
        one = waiting.pop(int(np.argmin(infected[waiting])))
        if infected[one] > DAYS - 6 or (infected >= 0).sum() > 4 * enough:
            continue
        for other, found in _infected_by(rng, city, one):
            if infected[other] < 0:
                infected[other] = infected[one] + rng.gamma(4, 1.1)
                known[other] = rng.random() < found
                waiting.append(other)
    ill = np.flatnonzero(infected >= 0)
    onset = infected[ill] + np.exp(rng.normal(np.log(4.3), 0.45, len(ill)))
    return ill, onset, known[ill]


def _infected_by(rng: np.random.Generator, city: City, one: int) -> list[tuple[int, float]]:
    met: list[tuple[int, float]] = []
    family = np.flatnonzero(city.household == city.household[one])
    met += [(int(p), 0.95) for p in family if p != one and rng.random() < 0.3]
    if rng.random() < 0.55:  # superspreading: many infect nobody outside
        return met
    neighbours = np.flatnonzero((city.community == city.community[one]) & (abs(city.age - city.age[one]) < 15))
    near = neighbours[np.argsort(abs(neighbours - one))[:60]]
    met += [(int(p), 0.55) for p in rng.choice(near, min(len(near), rng.poisson(1.3)), replace=False)]
    if city.group[one] >= 0:
        mates = np.flatnonzero(city.group == city.group[one])
        met += [(int(p), 0.75) for p in rng.choice(mates, min(len(mates), rng.poisson(0.8)), replace=False)]
    met += [(int(p), 0.05) for p in rng.integers(0, len(city.age), rng.poisson(0.6))]
    return met


def without_source(
    rng: np.random.Generator, city: City, *, enough: int = 40, unlinked: int = 10, per_case: int = 4
) -> Outbreak:
    """Return what a team would have of an outbreak without a common place: chains, some links known, one screening."""
    for _ in range(100):  # outbreaks that die out early have nothing to search
        ill, onset, known = spread(rng, city, enough)
        order = np.argsort(onset)[:enough]
        if len(np.unique(city.household[ill[order][~known[order]]])) >= unlinked:
            break
    screened = int(rng.choice(PLACES, p=city.popularity / city.popularity.sum()))
    seen_there = set(city.visits.person[city.visits.place == screened].tolist())
    cases = [
        _case(
            city,
            rng,
            int(ill[i]),
            onset[i],
            known=bool(known[i]),
            screened=screened if int(ill[i]) in seen_there else None,
        )
        for i in order
    ]
    return Outbreak(cases, _controls(rng, city, cases, set(ill.tolist()), per_case))


def with_source(
    rng: np.random.Generator, city: City, *, from_source: int = 6, others: int = 4, per_case: int = 4
) -> Outbreak:
    """Return ten unlinked cases of which six were infected at one place within three days.

    The other four come from person-to-person spread. The place is drawn from all with 25 or more guests in the three
    days, whatever its popularity.
    """
    day = int(rng.integers(18, 24))
    v = city.visits
    there = (v.start >= day * DAY) & (v.start < (day + 3) * DAY)
    pairs = np.unique(np.stack([v.place[there], v.person[there]]), axis=1)
    guests = np.bincount(pairs[0], minlength=PLACES)
    source = int(rng.choice(np.flatnonzero(guests >= 25)))
    while True:
        ill, onset, known = spread(rng, city, 40)
        if len(np.unique(city.household[ill[~known]])) >= from_source + 2 * others:
            break
    free = [int(i) for i in rng.permutation(np.flatnonzero(~known))]
    taken: dict[int, float] = {}
    homes: set[int] = set()
    for person in rng.permutation(pairs[1][pairs[0] == source]).tolist():
        if len(taken) < from_source and city.household[person] not in homes:
            homes.add(int(city.household[person]))
            taken[person] = day + rng.uniform(0, 3) + np.exp(rng.normal(np.log(4.3), 0.45))
    for i in free:
        if len(taken) < from_source + others and city.household[ill[i]] not in homes and ill[i] not in taken:
            homes.add(int(city.household[ill[i]]))
            taken[int(ill[i])] = onset[i]
    cases = [_case(city, rng, person, day, known=False, screened=None) for person, day in taken.items()]
    return Outbreak(cases, _controls(rng, city, cases, set(ill.tolist()), per_case), source)


def without_attributes(rng: np.random.Generator, city: City, outbreak: Outbreak, *, per_case: int) -> Outbreak:
    """Return the same cases compared with anybody: no community, no age."""
    cases = [replace(c, community=None, age=None) for c in outbreak.cases]
    drawn = rng.choice(len(city.age), per_case * len(cases), replace=False)
    controls = [SourceControl(person=int(p), household=int(city.household[p])) for p in drawn]
    return Outbreak(cases, controls, outbreak.source)


def _case(city: City, rng, person: int, onset: float, *, known: bool, screened: int | None) -> SourceCase:
    """Return a case as a team knows her: onset off by up to a day and known to ± 1 day, some only by their sample."""
    told = int(onset) + int(rng.integers(-1, 2))
    by_sample = rng.random() < 0.2
    found = screened if screened is not None and rng.random() < 0.3 else None
    return SourceCase(
        person=person,
        onset_start=None if by_sample else (told - 1) * DAY,
        onset_end=None if by_sample else (told + 2) * DAY,
        sample_start=(int(onset) + 2) * DAY,
        sample_end=(int(onset) + 3) * DAY,
        household=int(city.household[person]),
        community=int(city.community[person]),
        age=int(city.age[person]),
        found_by="symptoms" if found is None else "screening",
        screened_place=found,
        infector_known=known,
    )


def _controls(rng, city: City, cases: list[SourceCase], ill: set[int], per_case: int) -> list[SourceControl]:
    from ringfence.tracing.sources import draw_resident_controls

    return draw_resident_controls(
        cases=cases,
        persons=np.arange(len(city.age)),
        excluded=ill,
        community=city.community,
        age=city.age,
        household=city.household,
        per_case=per_case,
        seed=int(rng.integers(2**31)),
    )
