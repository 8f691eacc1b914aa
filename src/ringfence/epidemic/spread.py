"""The event-driven engine: a heap of moments, touching only who is infected or restricted.

When somebody is infected, all her meetings in the window of infectiousness are looked through once, and those in which
the dose suffices become events. Whether such a meeting takes place is decided when its moment comes: by then it is
known who is isolated, quarantined or kept away. Who is found has her meetings looked through again, backwards.
After a replicate only the rows that were touched are set back, so its cost follows the outbreak.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.contacts import Meetings, Source, meetings_of, other_of
from ringfence.epidemic.draws import (
    ADHERE,
    DELAY,
    IMMUNE,
    INCUBATION,
    INFECTIOUSNESS,
    LEAK,
    REDUCED,
    REPORT,
    SCREENED,
    SEED,
    SYMPTOMS,
    TRACED,
    TRACING_DELAY,
    TRANSMIT,
    TUBE,
    uniform,
)
from ringfence.epidemic.jit import kernel

INFECTED, FOUND = 0, 1
BY_SYMPTOMS, BY_SCREENING, BY_QUARANTINE = 1, 2, 3
ENOUGH, TOO_MANY, TOO_MANY_EVENTS, TOO_MANY_HELD = 0, 1, 2, 3
NEVER = -1


class Course(NamedTuple):
    """How infections run: quantiles in days, and infectiousness by hour."""

    scale: float
    asymptomatic: float
    asymptomatic_infectiousness: float
    immune: float
    from_onset: bool
    incubation: NDArray[np.float64]
    individual: NDArray[np.float64]
    profile: NDArray[np.float64]
    profile_from: int
    infectious_from: int
    infectious_until: int
    hazard: NDArray[np.float64]
    room: NDArray[np.float64]
    positive_after: int
    positive_until: int


class Plan(NamedTuple):
    """What is done, by kind of place where that matters; moments in minutes."""

    reported: float
    onset_to_isolation: NDArray[np.float64]
    traced: NDArray[np.float64]
    tracing_delay: NDArray[np.float64]
    tracing: bool
    look_back: int
    traced_minutes: int
    quarantine: int
    tests: NDArray[np.int64]
    adherence: float
    household_leak: float
    screening_every: int
    screening_from: int
    screening_share: float
    sensitivity: float
    turnaround: int
    reduction: NDArray[np.float64]
    reduction_from: int


class State(NamedTuple):
    """All that a replicate writes; `case_of` and `held_of` have a row for each person and are set back afterwards."""

    case_of: NDArray[np.int32]
    held_of: NDArray[np.int32]
    person: NDArray[np.int64]
    infector: NDArray[np.int64]
    place: NDArray[np.uint32]
    kind: NDArray[np.uint8]
    infected_at: NDArray[np.int64]
    onset_at: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    generation: NDArray[np.int32]
    symptoms: NDArray[np.uint8]
    peak: NDArray[np.float64]
    found_at: NDArray[np.int64]
    found_by: NDArray[np.uint8]
    held_person: NDArray[np.int64]
    held_from: NDArray[np.int64]
    held_until: NDArray[np.int64]
    heap: NDArray[np.int64]
    event: NDArray[np.int64]
    event_place: NDArray[np.uint32]
    count: NDArray[np.int64]
    """Infections, held people, events in the heap, events ever, minutes held before the present spans, trouble."""


N_CASES, N_HELD, N_HEAP, N_EVENTS, PAST_MINUTES, TROUBLE = range(6)


@kernel
def _push(state: State, at: int, what: int, a: int, b: int, kind: int, place: int) -> None:
    """Put an event into the heap: moment, kind of event, two numbers, kind of place, place."""
    number = state.count[N_EVENTS]
    if number >= state.event.shape[0]:
        state.count[TROUBLE] = TOO_MANY_EVENTS
        return
    state.count[N_EVENTS] += 1
    row = state.event[number]
    row[0], row[1], row[2], row[3], row[4] = at, what, a, b, kind
    state.event_place[number] = place
    hole = state.count[N_HEAP]
    state.count[N_HEAP] += 1
    entry = at << 28 | number
    heap = state.heap
    while hole > 0:
        parent = (hole - 1) >> 1
        if heap[parent] <= entry:
            break
        heap[hole] = heap[parent]
        hole = parent
    heap[hole] = entry


@kernel
def _pop(state: State) -> int:
    """Return the number of the earliest event and take it out of the heap."""
    heap = state.heap
    earliest = heap[0]
    state.count[N_HEAP] -= 1
    size = state.count[N_HEAP]
    entry, hole = heap[size], 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= entry:
            break
        heap[hole] = heap[child]
        hole = child
    heap[hole] = entry
    return earliest & ((1 << 28) - 1)


@kernel
def _picked(quantiles: NDArray[np.float64], u: float) -> int:
    """Return the minutes of a quantile table of days at a uniform number."""
    return np.int64(1440 * quantiles[np.int64(u * quantiles.shape[0])])


@kernel
def is_held(state: State, person: int, at: int) -> bool:
    """Return whether a person is in quarantine at a moment."""
    held = state.held_of[person]
    return held >= 0 and state.held_from[held] <= at < state.held_until[held]


@kernel
def _is_away(state: State, person: int, at: int) -> bool:
    """Return whether a person is in isolation or quarantine at a moment."""
    case = state.case_of[person]
    if case >= 0 and state.found_at[case] >= 0 and state.found_at[case] <= at:
        return True
    return is_held(state, person, at)


@kernel
def takes_place(key: int, plan: Plan, state: State, a: int, b: int, at: int, kind: int) -> bool:
    """Return whether a meeting happens, given who is away and which meetings are kept from happening."""
    reduced = plan.reduction[kind]
    low, high = min(a, b), max(a, b)
    if reduced > 0 and at >= plan.reduction_from and uniform(key, REDUCED, low, high, at) < reduced:
        return False
    if _is_away(state, a, at) or _is_away(state, b, at):
        return kind == 1 and plan.household_leak > 0 and uniform(key, LEAK, low, high, at) < plan.household_leak
    return True


@kernel
def _will_be_found(key: int, course: Course, plan: Plan, state: State, case: int) -> None:
    """Put into the heap when symptoms or a round of screening would find a person, if ever."""
    person, onset = state.person[case], state.onset_at[case]
    if onset >= 0 and uniform(key, REPORT, person, 0, 0) < plan.reported:
        at = onset + _picked(plan.onset_to_isolation, uniform(key, DELAY, person, 0, 0))
        _push(state, at, FOUND, case, BY_SYMPTOMS, 0, 0)
    if plan.screening_every > 0:
        since = state.infected_at[case] + course.positive_after
        until = state.infected_at[case] + course.positive_until
        number = max(0, -(-(since - plan.screening_from) // plan.screening_every))
        at = plan.screening_from + number * plan.screening_every
        while at < until:
            if uniform(key, SCREENED, person, number, 0) < plan.screening_share * plan.sensitivity:
                _push(state, at + plan.turnaround, FOUND, case, BY_SCREENING, 0, 0)
                break
            number += 1
            at += plan.screening_every


@kernel
def _test_in_quarantine(key: int, course: Course, plan: Plan, state: State, case: int) -> None:
    """Put into the heap when tests or symptoms in quarantine would find an infected person, if ever."""
    person = state.person[case]
    held = state.held_of[person]
    since, until = state.held_from[held], state.held_until[held]
    best = np.int64(1) << 40
    for number in range(plan.tests.shape[0]):
        at = since + plan.tests[number]
        age = at - state.infected_at[case]
        could = at < until and course.positive_after <= age < course.positive_until and at < best
        if could and uniform(key, TUBE, person, number, 0) < plan.sensitivity:
            best = at
    onset = state.onset_at[case]
    if since <= onset < until:
        best = min(best, onset)
    elif 0 <= onset < since and plan.reported > 0:  # ill already when the tracers come
        best = min(best, since)
    if best < np.int64(1) << 40:
        _push(state, best + plan.turnaround, FOUND, case, BY_QUARANTINE, 0, 0)


@kernel
def _hold(key: int, course: Course, plan: Plan, state: State, person: int, since: int, until: int) -> None:
    """Put a person into quarantine from one moment to another; a span that is running is drawn out, not doubled."""
    held = state.held_of[person]
    if held < 0:
        held = state.count[N_HELD]
        if held >= state.held_person.shape[0]:
            state.count[TROUBLE] = TOO_MANY_HELD
            return
        state.count[N_HELD] += 1
        state.held_of[person] = held
        state.held_person[held] = person
        state.held_from[held], state.held_until[held] = since, until
    elif since <= state.held_until[held]:
        if since >= state.held_from[held] and until <= state.held_until[held]:
            return
        state.held_from[held] = min(state.held_from[held], since)
        state.held_until[held] = max(state.held_until[held], until)
    else:
        state.count[PAST_MINUTES] += state.held_until[held] - state.held_from[held]
        state.held_from[held], state.held_until[held] = since, until
    case = state.case_of[person]
    if case >= 0 and state.found_at[case] < 0:
        _test_in_quarantine(key, course, plan, state, case)


@kernel
def _infect(
    key: int, source: Source, course: Course, plan: Plan, state: State, room: Meetings, horizon: int,
    person: int, infector: int, at: int, kind: int, place: int,
) -> None:  # fmt: skip
    """Infect a person: draw her course, and put into the heap whom she would infect."""
    case = state.count[N_CASES]
    if case >= state.person.shape[0]:
        state.count[TROUBLE] = TOO_MANY
        return
    state.count[N_CASES] += 1
    state.case_of[person] = case
    state.person[case], state.infector[case], state.infected_at[case] = person, infector, at
    state.kind[case], state.place[case] = kind, place
    state.generation[case] = 0 if infector < 0 else state.generation[state.case_of[infector]] + 1
    symptoms = uniform(key, SYMPTOMS, person, 0, 0) >= course.asymptomatic
    onset = at + _picked(course.incubation, uniform(key, INCUBATION, person, 0, 0))
    individual = course.individual[np.int64(uniform(key, INFECTIOUSNESS, person, 0, 0) * course.individual.shape[0])]
    individual *= 1.0 if symptoms else course.asymptomatic_infectiousness
    anchor = onset if course.from_onset else at
    state.symptoms[case], state.peak[case] = symptoms, individual
    state.onset_at[case] = onset if symptoms else NEVER
    state.begins[case] = max(at, anchor + course.infectious_from)
    state.ends[case] = anchor + course.infectious_until
    state.found_at[case], state.found_by[case] = NEVER, 0
    _will_be_found(key, course, plan, state, case)
    held = state.held_of[person]
    if held >= 0 and at < state.held_until[held]:
        _test_in_quarantine(key, course, plan, state, case)
    _plan_transmissions(key, source, course, state, room, horizon, case, anchor)


@kernel
def _plan_transmissions(
    key: int, source: Source, course: Course, state: State, room: Meetings, horizon: int, case: int, anchor: int
) -> None:
    """Put into the heap each meeting of a case in which the dose suffices."""
    person, after = state.person[case], state.infected_at[case]
    strength = course.scale * state.peak[case]
    hours = course.profile.shape[0]
    last = min(horizon, anchor + course.profile_from + 60 * hours)
    for day in range(after // 1440, (last + 1439) // 1440):
        met = meetings_of(source, person, day, room)
        for index in range(met):
            at = day * 1440 + room.at[index]
            hour = (at - anchor - course.profile_from) // 60
            if at <= after or hour < 0 or hour >= hours or at >= horizon:
                continue
            kind = room.kind[index]
            dose = strength * course.profile[hour] * dose_of(course, kind, room.minutes[index], room.crowd[index])
            u = uniform(key, TRANSMIT, person, room.code[index], at)
            if u < dose and u < 1.0 - np.exp(-dose):
                other = other_of(source, room.code[index], day)
                if other >= 0 and uniform(key, IMMUNE, other, 0, 0) >= course.immune:
                    _push(state, at, INFECTED, other, person, kind, room.place[index])


@kernel
def dose_of(course: Course, kind: int, minutes: int, crowd: int) -> float:
    """Return what a meeting amounts to: minutes, weighed by the kind of place and diluted by its crowd."""
    share = course.room[kind] / (course.room[kind] + max(0, crowd - 2))
    return course.hazard[kind] * minutes * share


@kernel
def _trace(
    key: int, source: Source, course: Course, plan: Plan, state: State, room: Meetings, case: int, now: int
) -> None:
    """Look for the contacts of a case that was found, and quarantine those who are."""
    person, onset = state.person[case], state.onset_at[case]
    since = (onset if 0 <= onset <= now else now) - plan.look_back
    since = max(since, 0)
    for day in range(since // 1440, now // 1440 + 1):
        met = meetings_of(source, person, day, room)
        for index in range(met):
            at, kind = day * 1440 + room.at[index], room.kind[index]
            if at < since or at >= now or plan.traced[kind] <= 0 or room.minutes[index] < plan.traced_minutes:
                continue
            code = room.code[index]
            # In one workplace or home it is the person who is remembered or not; a gathering is remembered by itself.
            if uniform(key, TRACED, person, code, 0 if code >> 40 < 2 else day) >= plan.traced[kind]:
                continue
            other = other_of(source, code, day)
            if other < 0 or uniform(key, ADHERE, other, 0, 0) >= plan.adherence:
                continue
            if not takes_place(key, plan, state, person, other, at, kind):
                continue
            other_case = state.case_of[other]
            if other_case >= 0 and state.found_at[other_case] >= 0:
                continue
            delay = _picked(plan.tracing_delay, uniform(key, TRACING_DELAY, person, other, 0))
            until = at + plan.quarantine
            if now + delay < until:
                _hold(key, course, plan, state, other, now + delay, until)


@kernel
def run(
    key: int, source: Source, course: Course, plan: Plan, state: State, room: Meetings, horizon: int,
    seeds: NDArray[np.int64], chosen: int,
) -> int:  # fmt: skip
    """Run one replicate from given seeds, or from `chosen` drawn ones, until the horizon; returns a trouble or 0.

    Who is held already stays so: those are apart whatever the policy is.
    """
    held = state.count[N_HELD]
    state.count[:] = 0
    state.count[N_HELD] = held
    for number in range(seeds.shape[0]):
        if state.case_of[seeds[number]] < 0:
            _infect(key, source, course, plan, state, room, horizon, seeds[number], -1, 0, 0, 0xFFFFFFFF)
    draw = 0
    while state.count[N_CASES] < seeds.shape[0] + chosen and draw < 1000 * (chosen + 1):
        person = np.int64(uniform(key, SEED, draw, 0, 0) * source.people)
        draw += 1
        if state.case_of[person] < 0 and state.count[TROUBLE] == 0:
            _infect(key, source, course, plan, state, room, horizon, person, -1, 0, 0, 0xFFFFFFFF)
    while state.count[N_HEAP] > 0 and state.count[TROUBLE] == 0:
        number = _pop(state)
        at, what = state.event[number, 0], state.event[number, 1]
        a, b, kind = state.event[number, 2], state.event[number, 3], state.event[number, 4]
        if at >= horizon:
            break
        if what == INFECTED:
            if state.case_of[a] < 0 and takes_place(key, plan, state, b, a, at, kind):
                _infect(key, source, course, plan, state, room, horizon, a, b, at, kind, state.event_place[number])
        elif state.found_at[a] < 0:
            state.found_at[a], state.found_by[a] = at, b
            if plan.tracing:
                _trace(key, source, course, plan, state, room, a, at)
    return state.count[TROUBLE]


@kernel
def set_back(state: State) -> None:
    """Forget a replicate: only the rows it touched."""
    for case in range(state.count[N_CASES]):
        state.case_of[state.person[case]] = -1
    for held in range(state.count[N_HELD]):
        state.held_of[state.held_person[held]] = -1
    state.count[N_HELD] = 0


@kernel
def sum_up(state: State, horizon: int, found: NDArray[np.int64], by_day: NDArray[np.int32]) -> None:
    """Write what one replicate came to: see `Replicates`; then the infections of each day."""
    found[0] = state.count[N_CASES]
    minutes = state.count[PAST_MINUTES]
    for case in range(state.count[N_CASES]):
        found[1] += state.found_at[case] >= 0
        found[2] += state.symptoms[case]
        found[3] = max(found[3], state.generation[case])
        by_day[min(by_day.shape[0] - 1, state.infected_at[case] // 1440)] += 1
    for held in range(state.count[N_HELD]):
        minutes += max(0, min(horizon, state.held_until[held]) - min(horizon, state.held_from[held]))
    found[4] = state.count[N_HELD]
    found[5] = minutes
    found[6] = state.count[N_EVENTS]
