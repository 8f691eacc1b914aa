"""Outbreaks: one with its truth, or many replicates with what each came to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic import spread, state
from ringfence.epidemic.calibrate import course_of
from ringfence.epidemic.contacts import DAY, NO_PLACE, HashedCity, VisitedCity, room_for
from ringfence.epidemic.draws import key_of
from ringfence.epidemic.settings import NOTHING, Delay, Disease, Mixing, Policy, setting_of
from ringfence.epidemic.terms import bounds_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

_FIRST_ROOM = 2048
_EVENTS_EACH = 12
_PEOPLE_EACH = 10
_CHUNK = 10


@dataclass(frozen=True, slots=True)
class Truth:
    """Who infected whom, where and when; rows in the order of infection, moments in minutes from the first day."""

    person: NDArray[np.uint32]
    infector: NDArray[np.uint32]
    """0xFFFFFFFF for a seed."""
    place: NDArray[np.uint32]
    """0xFFFFFFFF where the city is hashed."""
    kind: NDArray[np.uint8]
    infected_at: NDArray[np.int64]
    infectious_from: NDArray[np.int64]
    onset_at: NDArray[np.int64]
    """-1 where there are never symptoms."""
    infectious_until: NDArray[np.int64]
    generation: NDArray[np.uint16]
    asymptomatic: NDArray[np.bool_]
    peak: NDArray[np.float32]
    """Infectiousness of this person; 1 is the mean of people with symptoms."""
    found_at: NDArray[np.int64]
    """Under the policy of the run; -1 where never found."""
    found_by: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Replicates:
    """What each replicate came to, one row each."""

    infections: NDArray[np.int64]
    found: NDArray[np.int64]
    with_symptoms: NDArray[np.int64]
    generations: NDArray[np.int64]
    quarantined: NDArray[np.int64]
    person_days: NDArray[np.float64]
    """Days in quarantine of all people up to the horizon."""
    by_day: NDArray[np.int32]
    """Infections by replicate and day."""


@dataclass(frozen=True)
class Scene:
    """A city, a disease in it and a seed: all that the replicates of every policy share."""

    city: HashedCity | VisitedCity
    disease: Disease
    days: int
    seed: int = 0
    mixing: Mixing = field(default_factory=Mixing)
    seeds: int = 1
    """How many people are infected at the beginning, drawn anew for each replicate."""
    given: tuple[int, ...] = ()
    """People infected at the beginning, beside the drawn ones."""

    def __post_init__(self) -> None:
        if not 1 <= self.days <= 3650:
            raise Refused("outbreak.bad_setting", name="days", value=self.days)
        if not 1 <= self.seeds + len(self.given) <= self.city.people:
            raise Refused("outbreak.bad_setting", name="seeds", value=self.seeds)
        if any(not 0 <= person < self.city.people for person in self.given):
            raise Refused("outbreak.bad_setting", name="seeds", value=self.given)

    @cached_property
    def source(self) -> Any:
        """Return the arrays of which meetings are computed."""
        return self.city.source()

    @cached_property
    def course(self) -> spread.Course:
        """Return the disease as the kernel takes it, scaled so that R0 holds in this city."""
        return course_of(self.disease, self.mixing, self.source, seed=self.seed)

    @cached_property
    def setup(self) -> spread.Setup:
        """Return what all replicates share, as the kernel takes it."""
        return spread.Setup(
            self.source, self.course, bounds_of(self.course, self.source.hashed.gatherings), self.days * DAY,
            np.array(self.given, np.int64), self.seeds,
        )  # fmt: skip

    def key(self, replicate: int) -> int:
        """Return the key of all draws of a replicate."""
        return int(key_of(self.seed, replicate + 1))


def simulate(
    scene: Scene, policy: Policy = NOTHING, *, replicate: int = 0, apart: Mapping[int, tuple[int, int]] | None = None
) -> Truth:
    """Run one replicate and return the truth of it.

    `apart` keeps given people from meeting anybody, from one minute to another, whatever the policy is; all chances
    are those of the same replicate without it, so that two runs differ only by what being apart changes.
    """
    worker = _Worker(scene, apart or {})
    worker.run(scene.key(replicate), plan_of(policy))
    n = int(worker.state.count[state.N_CASES])
    cases = worker.state.cases[:n].T.copy()
    infector = np.where(cases[state.INFECTOR] < 0, NO_PLACE, cases[state.INFECTOR]).astype(np.uint32)
    return Truth(
        cases[state.WHO].astype(np.uint32), infector, cases[state.PLACE].astype(np.uint32),
        cases[state.KIND].astype(np.uint8), cases[state.INFECTED_AT], cases[state.BEGINS], cases[state.ONSET_AT],
        cases[state.ENDS], cases[state.GENERATION].astype(np.uint16), cases[state.SYMPTOMS] == 0,
        worker.state.peak[:n].astype(np.float32), cases[state.FOUND_AT], cases[state.FOUND_BY].astype(np.uint8),
    )  # fmt: skip


def replicate(
    scene: Scene,
    policy: Policy = NOTHING,
    *,
    replicates: int,
    first: int = 0,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Replicates:
    """Run many replicates and return what each came to; the answer does not depend on the number of threads."""
    plan, _ = plan_of(policy), scene.setup
    keys = np.array([scene.key(first + row) for row in range(replicates)], np.uint64)
    sums, by_day = np.zeros((replicates, 7), np.int64), np.zeros((replicates, scene.days), np.int32)
    chunks = deque(slice(begin, min(begin + _CHUNK, replicates)) for begin in range(0, replicates, _CHUNK))
    threads = max(1, min(threads, len(chunks)))

    def work() -> None:
        worker = _Worker(scene)
        while chunks:
            try:
                rows = chunks.popleft()
            except IndexError:  # another thread took the last
                return
            worker.run_each(keys[rows], plan, sums[rows], by_day[rows])
            if progress is not None:
                progress(rows.stop - rows.start, replicates)

    if threads == 1:
        work()
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(work) for _ in range(threads)]:
                done.result()
    return Replicates(
        sums[:, 0], sums[:, 1], sums[:, 2], sums[:, 3], sums[:, 4], sums[:, 5] / DAY, by_day,
    )  # fmt: skip


def plan_of(policy: Policy) -> spread.Plan:
    """Return a policy as the kernel takes it."""
    setting = np.array([setting_of(kind) for kind in PlaceKind])
    return spread.Plan(
        policy.reported, policy.onset_to_isolation.quantiles(), np.array(policy.traced, np.float64)[setting],
        policy.tracing_delay.quantiles(), any(share > 0 for share in policy.traced), policy.look_back * DAY,
        policy.traced_minutes, round(policy.quarantine_days * DAY),
        np.array([round(day * DAY) for day in policy.quarantine_tests], np.int64), policy.adherence,
        policy.household_leak, policy.screening_every * DAY, policy.screening_from * DAY + 8 * 60,
        policy.screening_share, policy.sensitivity, round(policy.turnaround * DAY),
        np.array(policy.reduction, np.float64)[setting], policy.reduction_from * DAY,
    )  # fmt: skip


class _Worker:
    """The state of one thread, which grows when an outbreak does."""

    def __init__(self, scene: Scene, apart: Mapping[int, tuple[int, int]] = MappingProxyType({})) -> None:
        self.scene, self.room = scene, room_for()
        self.apart = np.array([(who, *span) for who, span in apart.items()], np.int64).reshape(-1, 3)
        self.cases = min(scene.city.people, _FIRST_ROOM)
        self.state = self._state()

    def _state(self) -> state.State:
        people = min(self.scene.city.people, _PEOPLE_EACH * self.cases)
        return state.state_for(self.cases, people=people, events=_EVENTS_EACH * self.cases)

    def _grow(self) -> None:
        self.cases *= 4
        self.state = self._state()

    def run(self, key: int, plan: spread.Plan) -> None:
        """Run a replicate; one that does not fit is begun again with more room, and comes to the same."""
        while True:
            state.keep_apart(self.state, self.apart)
            if spread.run(np.uint64(key), self.scene.setup, plan, self.state, self.room) == state.ENOUGH:
                return
            self._grow()

    def run_each(
        self, keys: NDArray[np.uint64], plan: spread.Plan, sums: NDArray[np.int64], by_day: NDArray[np.int32]
    ) -> None:
        """Run replicates and write what each came to."""
        done = 0
        while done < len(keys):
            left = slice(done, None)
            done += spread.run_each(keys[left], self.scene.setup, plan, self.state, self.room, sums[left], by_day[left])
            if done < len(keys):
                self._grow()


__all__ = ["Delay", "Replicates", "Scene", "Truth", "replicate", "simulate"]
