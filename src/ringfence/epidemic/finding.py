"""Who is found and when, who is kept at home, and which meetings therefore do not take place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.draws import DELAY, LEAK, REDUCED, REPORT, SCREENED, TUBE, uniform
from ringfence.epidemic.jit import kernel
from ringfence.epidemic.state import (
    CASE,
    FOUND_AT,
    HELD_FROM,
    HELD_UNTIL,
    INFECTED_AT,
    N_HELD,
    ONSET_AT,
    PAST_MINUTES,
    WHO,
    State,
    added,
    push,
)
from ringfence.epidemic.terms import Course, Plan

FOUND = 1
BY_SYMPTOMS, BY_SCREENING, BY_QUARANTINE = 1, 2, 3
_LATER_THAN_ALL = 1 << 40


@kernel
def picked(quantiles: NDArray[np.float64], u: float) -> int:
    """Return the minutes of a quantile table of days at a uniform number."""
    return np.int64(1440 * quantiles[np.int64(u * quantiles.shape[0])])


@kernel
def is_away(state: State, row: int, at: int) -> bool:
    """Return whether the person of a row, -1 for one who was not touched, is in isolation or quarantine."""
    if row < 0:
        return False
    if state.people[row, HELD_FROM] <= at < state.people[row, HELD_UNTIL]:
        return True
    case = state.people[row, CASE]
    return case >= 0 and 0 <= state.cases[case, FOUND_AT] <= at


@kernel
def takes_place(key: int, plan: Plan, state: State, a: int, row_a: int, b: int, row_b: int, at: int, kind: int) -> bool:
    """Return whether two people meet, given who is away and which meetings are kept from happening."""
    reduced = plan.reduction[kind]
    if reduced > 0 and at >= plan.reduction_from and uniform(key, REDUCED, min(a, b), max(a, b), at) < reduced:
        return False
    if is_away(state, row_a, at) or is_away(state, row_b, at):
        leaks = kind == 1 and plan.household_leak > 0
        return leaks and uniform(key, LEAK, min(a, b), max(a, b), at) < plan.household_leak
    return True


@kernel
def will_be_found(key: int, course: Course, plan: Plan, state: State, case: int) -> None:
    """Put into the heap when symptoms or a round of screening would find a person, if ever."""
    person, onset = state.cases[case, WHO], state.cases[case, ONSET_AT]
    if onset >= 0 and uniform(key, REPORT, person, 0, 0) < plan.reported:
        at = onset + picked(plan.onset_to_isolation, uniform(key, DELAY, person, 0, 0))
        push(state, at, FOUND, case, BY_SYMPTOMS, 0, 0)
    if plan.screening_every > 0:
        since = state.cases[case, INFECTED_AT] + course.positive_after
        until = state.cases[case, INFECTED_AT] + course.positive_until
        number = max(0, -(-(since - plan.screening_from) // plan.screening_every))
        at = plan.screening_from + number * plan.screening_every
        while at < until:
            if uniform(key, SCREENED, person, number, 0) < plan.screening_share * plan.sensitivity:
                push(state, at + plan.turnaround, FOUND, case, BY_SCREENING, 0, 0)
                break
            number += 1
            at += plan.screening_every


@kernel
def test_in_quarantine(key: int, course: Course, plan: Plan, state: State, case: int, row: int) -> None:
    """Put into the heap when tests or symptoms in quarantine would find an infected person, if ever."""
    person = state.cases[case, WHO]
    since, until = state.people[row, HELD_FROM], state.people[row, HELD_UNTIL]
    best = np.int64(_LATER_THAN_ALL)
    for number in range(plan.tests.shape[0]):
        at = since + plan.tests[number]
        age = at - state.cases[case, INFECTED_AT]
        could = at < until and course.positive_after <= age < course.positive_until and at < best
        if could and uniform(key, TUBE, person, number, 0) < plan.sensitivity:
            best = at
    onset = state.cases[case, ONSET_AT]
    if since <= onset < until:
        best = min(best, onset)
    elif 0 <= onset < since and plan.reported > 0:  # ill already when the tracers come
        best = min(best, since)
    if best < _LATER_THAN_ALL:
        push(state, best + plan.turnaround, FOUND, case, BY_QUARANTINE, 0, 0)


@kernel
def hold(key: int, course: Course, plan: Plan, state: State, person: int, row: int, since: int, until: int) -> None:
    """Put a person into quarantine from one moment to another; a span that is running is drawn out, not doubled."""
    row = added(state, person) if row < 0 else row
    if row < 0:
        return
    held_from, held_until = state.people[row, HELD_FROM], state.people[row, HELD_UNTIL]
    if held_until == 0:
        state.count[N_HELD] += 1
        held_from, held_until = since, until
    elif since <= held_until:
        if since >= held_from and until <= held_until:
            return
        held_from, held_until = min(held_from, since), max(held_until, until)
    else:
        state.count[PAST_MINUTES] += held_until - held_from
        held_from, held_until = since, until
    state.people[row, HELD_FROM], state.people[row, HELD_UNTIL] = held_from, held_until
    case = state.people[row, CASE]
    if case >= 0 and state.cases[case, FOUND_AT] < 0:
        test_in_quarantine(key, course, plan, state, case, row)
