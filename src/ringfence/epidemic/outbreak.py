"""Outbreaks: one with its truth, or many replicates with what each came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic import spread
from ringfence.epidemic.calibrate import course_of
from ringfence.epidemic.contacts import DAY, NO_PLACE, HashedCity, VisitedCity, room_for
from ringfence.epidemic.draws import key_of
from ringfence.epidemic.settings import NOTHING, Delay, Disease, Mixing, Policy, setting_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

_FIRST_ROOM = 4096
_EVENTS_EACH = 12
_HELD_EACH = 24
_CHUNK = 20


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
    plan, worker = plan_of(policy), _Worker(scene, apart or {})
    worker.run(scene.key(replicate), plan)
    n, state = int(worker.state.count[spread.N_CASES]), worker.state
    infector = np.where(state.infector[:n] < 0, NO_PLACE, state.infector[:n]).astype(np.uint32)
    return Truth(
        state.person[:n].astype(np.uint32), infector, state.place[:n].copy(), state.kind[:n].copy(),
        state.infected_at[:n].copy(), state.begins[:n].copy(), state.onset_at[:n].copy(), state.ends[:n].copy(),
        state.generation[:n].astype(np.uint16), state.symptoms[:n] == 0, state.peak[:n].astype(np.float32),
        state.found_at[:n].copy(), state.found_by[:n].copy(),
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
    plan, _ = plan_of(policy), (scene.source, scene.course)
    sums = np.zeros((replicates, 7), np.int64)
    by_day = np.zeros((replicates, scene.days), np.int32)
    chunks = [range(begin, min(begin + _CHUNK, replicates)) for begin in range(0, replicates, _CHUNK)]
    threads = max(1, min(threads, len(chunks)))

    def work(mine: Sequence[range]) -> None:
        worker = _Worker(scene)
        for chunk in mine:
            for row in chunk:
                worker.run(scene.key(first + row), plan)
                spread.sum_up(worker.state, scene.days * DAY, sums[row], by_day[row])
                spread.set_back(worker.state)
            if progress is not None:
                progress(len(chunk), replicates)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, chunks[number::threads]) for number in range(threads)]:
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
        self.scene, self.room, self.apart = scene, room_for(), apart
        people = scene.city.people
        self.rows = (np.full(people, -1, np.int32), np.full(people, -1, np.int32))
        self.state = self._state(min(people, max(_FIRST_ROOM, len(apart))))
        self._hold()

    def _state(self, cases: int) -> spread.State:
        events, held = _EVENTS_EACH * cases, min(self.scene.city.people, _HELD_EACH * cases)
        return spread.State(
            *self.rows,
            np.zeros(cases, np.int64), np.zeros(cases, np.int64), np.zeros(cases, np.uint32),
            np.zeros(cases, np.uint8), np.zeros(cases, np.int64), np.zeros(cases, np.int64),
            np.zeros(cases, np.int64), np.zeros(cases, np.int64), np.zeros(cases, np.int32),
            np.zeros(cases, np.uint8), np.zeros(cases, np.float64), np.zeros(cases, np.int64),
            np.zeros(cases, np.uint8), np.zeros(held, np.int64), np.zeros(held, np.int64), np.zeros(held, np.int64),
            np.zeros(events, np.int64), np.zeros((events, 5), np.int64), np.zeros(events, np.uint32),
            np.zeros(6, np.int64),
        )  # fmt: skip

    def run(self, key: int, plan: spread.Plan) -> None:
        """Run a replicate; one that does not fit is begun again with more room, and comes to the same."""
        scene = self.scene
        given = np.array(scene.given, np.int64)
        while True:
            trouble = spread.run(
                np.uint64(key), scene.source, scene.course, plan, self.state, self.room, scene.days * DAY, given,
                scene.seeds,
            )  # fmt: skip
            if trouble == spread.ENOUGH:
                return
            spread.set_back(self.state)
            self.state = self._state(4 * len(self.state.person))
            self._hold()

    def _hold(self) -> None:
        """Note who is apart before anything happens."""
        state = self.state
        for row, (person, (since, until)) in enumerate(self.apart.items()):
            state.held_of[person] = row
            state.held_person[row], state.held_from[row], state.held_until[row] = person, since, until
        state.count[spread.N_HELD] = len(self.apart)


__all__ = ["Delay", "Replicates", "Scene", "Truth", "replicate", "simulate"]
