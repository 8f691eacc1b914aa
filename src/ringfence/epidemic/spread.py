"""The event-driven engine: a heap of moments, touching only who is infected or restricted.

When somebody is infected, the meetings in which she would infect another become events. Whether such a meeting takes
place is decided when its moment comes: by then it is known who is isolated, quarantined or kept away. Who is found has
her meetings looked through backwards. After a replicate only what was touched is set back, so its cost follows the
outbreak.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.backward import trace_hashed, trace_visited
from ringfence.epidemic.draws import INCUBATION, INFECTIOUSNESS, SEED, SYMPTOMS, uniform
from ringfence.epidemic.finding import picked, takes_place, test_in_quarantine, will_be_found
from ringfence.epidemic.hashed import home_of
from ringfence.epidemic.jit import kernel
from ringfence.epidemic.meetings import Meetings, Source
from ringfence.epidemic.onward import INFECTED, plan_hashed, plan_home, plan_visited
from ringfence.epidemic.state import (
    ANCHOR,
    BEGINS,
    BY,
    CASE,
    ENDS,
    EVENT_KIND,
    EVENT_PLACE,
    FOUND_AT,
    FOUND_BY,
    GENERATION,
    HELD_UNTIL,
    INFECTED_AT,
    INFECTOR,
    KIND,
    N_CASES,
    N_HEAP,
    NEVER,
    ONSET_AT,
    PLACE,
    ROW,
    SUBJECT,
    TOO_MANY,
    TROUBLE,
    WHAT,
    WHO,
    State,
    added,
    is_case,
    number_in,
    pop,
    row_of,
    set_back,
    sum_up,
)
from ringfence.epidemic.state import (
    SYMPTOMS as HAS_SYMPTOMS,
)
from ringfence.epidemic.terms import Bounds, Course, Plan, dose_of

__all__ = ["Course", "Plan", "Setup", "dose_of", "run", "run_each"]


class Setup(NamedTuple):
    """What all replicates of a scene share, and the seeds: given ones, and how many are drawn."""

    source: Source
    course: Course
    bounds: Bounds
    horizon: int
    given: NDArray[np.int64]
    drawn: int


@kernel
def _infect(
    key: int, setup: Setup, plan: Plan, state: State, room: Meetings, person: int, infector: int, at: int, kind: int,
    place: int,
) -> None:  # fmt: skip
    """Infect a person: draw her course, and put into the heap whom she would infect; `infector` is a case, or -1."""
    course, number = setup.course, state.count[N_CASES]
    row = added(state, person)
    if number >= state.cases.shape[0]:
        state.count[TROUBLE] = TOO_MANY
    if state.count[TROUBLE] != 0:
        return
    state.count[N_CASES] += 1
    state.people[row, CASE] = number
    case = state.cases[number]
    symptoms = uniform(key, SYMPTOMS, person, 0, 0) >= course.asymptomatic
    onset = at + picked(course.incubation, uniform(key, INCUBATION, person, 0, 0))
    peak = course.individual[np.int64(uniform(key, INFECTIOUSNESS, person, 0, 0) * course.individual.shape[0])]
    anchor = onset if course.from_onset else at
    case[WHO], case[ROW], case[INFECTED_AT], case[KIND], case[PLACE] = person, row, at, kind, place
    case[INFECTOR], case[GENERATION] = NEVER, 0
    if infector >= 0:
        case[INFECTOR], case[GENERATION] = state.cases[infector, WHO], state.cases[infector, GENERATION] + 1
    case[HAS_SYMPTOMS], case[ONSET_AT] = symptoms, onset if symptoms else NEVER
    case[BEGINS], case[ENDS] = max(at, anchor + course.infectious_from), anchor + course.infectious_until
    case[ANCHOR], case[FOUND_AT], case[FOUND_BY] = anchor, NEVER, 0
    state.peak[number] = peak if symptoms else peak * course.asymptomatic_infectiousness
    will_be_found(key, course, plan, state, number)
    if at < state.people[row, HELD_UNTIL]:
        test_in_quarantine(key, course, plan, state, number, row)
    if setup.source.days == 0:
        plan_hashed(key, setup.source.hashed, course, setup.bounds, state, setup.horizon, number)
    else:
        plan_visited(key, setup.source, course, state, room, setup.horizon, number)


@kernel
def _begin(key: int, setup: Setup, plan: Plan, state: State, room: Meetings) -> None:
    """Infect the seeds: the given ones, then drawn ones until there are as many as asked for."""
    for number in range(setup.given.shape[0]):
        if not is_case(state, setup.given[number]):
            _infect(key, setup, plan, state, room, setup.given[number], -1, 0, 0, 0xFFFFFFFF)
    draw = 0
    while state.count[N_CASES] < setup.given.shape[0] + setup.drawn and draw < 1000 * (setup.drawn + 1):
        person = np.int64(uniform(key, SEED, draw, 0, 0) * setup.source.people)
        draw += 1
        if not is_case(state, person) and state.count[TROUBLE] == 0:
            _infect(key, setup, plan, state, room, person, -1, 0, 0, 0xFFFFFFFF)


@kernel
def run(key: int, setup: Setup, plan: Plan, state: State, room: Meetings) -> int:
    """Run one replicate until the horizon, from a state that holds at most who is apart; returns a trouble or 0."""
    _begin(key, setup, plan, state, room)
    while state.count[N_HEAP] > 0 and state.count[TROUBLE] == 0:
        entry = pop(state.heap, state.count)
        at, event = entry >> 28, state.events[number_in(entry)]
        if at >= setup.horizon:
            break
        subject, by = event[SUBJECT], event[BY]
        if event[WHAT] == INFECTED:
            row, kind = row_of(state.slots, state.people, subject), event[EVENT_KIND]
            new = row < 0 or state.people[row, CASE] < 0
            infector, its_row = state.cases[by, WHO], state.cases[by, ROW]
            if not new:
                continue
            if takes_place(key, plan, state, infector, its_row, subject, row, at, kind):
                _infect(key, setup, plan, state, room, subject, by, at, kind, event[EVENT_PLACE])
            elif kind == 1 and setup.source.days == 0:  # at home only the next infectious meeting is planned
                city, size = setup.source.hashed, home_of(setup.source.hashed, infector)[1]
                plan_home(key, city, setup.course, setup.bounds, state, setup.horizon, by, subject, size, at)
        elif state.cases[subject, FOUND_AT] < 0:
            state.cases[subject, FOUND_AT], state.cases[subject, FOUND_BY] = at, by
            if plan.tracing and setup.source.days == 0:
                trace_hashed(key, setup.source.hashed, setup.course, plan, state, room, subject, at)
            elif plan.tracing:
                trace_visited(key, setup.source, setup.course, plan, state, room, subject, at)
    return state.count[TROUBLE]


@kernel
def run_each(
    keys: NDArray[np.uint64], setup: Setup, plan: Plan, state: State, room: Meetings, sums: NDArray[np.int64],
    by_day: NDArray[np.int32],
) -> int:  # fmt: skip
    """Run replicates one after the other and sum each up; returns how many went well before the first trouble."""
    for number in range(keys.shape[0]):
        trouble = run(keys[number], setup, plan, state, room)
        if trouble == 0:
            sum_up(state, setup.horizon, sums[number], by_day[number])
        set_back(state)
        if trouble != 0:
            return number
    return keys.shape[0]
