"""Whom a case that was found has met, and who of them is asked to stay at home.

Who lives or works with the case is remembered or not as a person, and held once, from the latest meeting; a gathering
is remembered by itself.
"""

from __future__ import annotations

from ringfence.epidemic.contacts import meetings_of, other_of
from ringfence.epidemic.draws import ADHERE, TRACED, TRACING_DELAY, uniform
from ringfence.epidemic.finding import hold, picked, takes_place
from ringfence.epidemic.hashed import (
    colleague_at,
    gathering_of,
    guest_at,
    home_meeting,
    home_of,
    joins_in,
    joins_on,
    meets_below,
    meets_in_week,
    meets_on,
    sociable_of,
    work_meeting,
    workplace_of,
)
from ringfence.epidemic.jit import kernel, small
from ringfence.epidemic.meetings import Hashed, Meetings, Source
from ringfence.epidemic.state import CASE, FOUND_AT, ONSET_AT, ROW, WHO, State, row_of
from ringfence.epidemic.terms import Course, Plan

_HOME, _WORK, _OTHER = 1, 2, 0
_WORK_CODE = 1 << 40


@kernel
def first_moment(plan: Plan, state: State, case: int, now: int) -> int:
    """Return since when contacts of a case that is found now are looked for."""
    onset = state.cases[case, ONSET_AT]
    return max(0, (onset if 0 <= onset <= now else now) - plan.look_back)


@small
def _remembers(key: int, person: int, code: int, day: int, share: float) -> bool:
    return share >= 1.0 or uniform(key, TRACED, person, code, day) < share


@small
def _obeys(key: int, plan: Plan, other: int) -> bool:
    return plan.adherence >= 1.0 or uniform(key, ADHERE, other, 0, 0) < plan.adherence


@kernel
def _reach(
    key: int, course: Course, plan: Plan, state: State, case: int, now: int, other: int, at: int, kind: int
) -> bool:
    """Hold a contact if the meeting took place, and return whether it did."""
    row, person = row_of(state.slots, state.people, other), state.cases[case, WHO]
    if not takes_place(key, plan, state, person, state.cases[case, ROW], other, row, at, kind):
        return False
    other_case = state.people[row, CASE] if row >= 0 else -1
    if other_case < 0 or state.cases[other_case, FOUND_AT] < 0:
        since = now + picked(plan.tracing_delay, uniform(key, TRACING_DELAY, person, other, 0))
        if since < at + plan.quarantine:
            hold(key, course, plan, state, other, row, since, at + plan.quarantine)
    return True


@kernel
def trace_visited(
    key: int, source: Source, course: Course, plan: Plan, state: State, room: Meetings, case: int, now: int
) -> None:
    """Look for the contacts of a case by the visits of a city."""
    person, since = state.cases[case, WHO], first_moment(plan, state, case, now)
    for day in range(since // 1440, now // 1440 + 1):
        met = meetings_of(source, person, day, room)
        for index in range(met):
            at, kind, code = day * 1440 + room.at[index], room.kind[index], room.code[index]
            if at < since or at >= now or plan.traced[kind] <= 0 or room.minutes[index] < plan.traced_minutes:
                continue
            # In visits a code is a person: who is remembered once is remembered.
            if _remembers(key, person, code, 0, plan.traced[kind]):
                other = other_of(source, code, day)
                if other >= 0 and _obeys(key, plan, other):
                    _reach(key, course, plan, state, case, now, other, at, kind)


@kernel
def trace_hashed(key: int, city: Hashed, course: Course, plan: Plan, state: State, case: int, now: int) -> None:
    """Look for the contacts of a case in a hashed city."""
    since = first_moment(plan, state, case, now)
    if plan.traced[_HOME] > 0:
        _trace_home(key, city, course, plan, state, case, since, now)
    if plan.traced[_WORK] > 0:
        _trace_work(key, city, course, plan, state, case, since, now)
    if plan.traced[_OTHER] > 0:
        _trace_gatherings(key, city, course, plan, state, case, since, now)


@kernel
def _trace_home(
    key: int, city: Hashed, course: Course, plan: Plan, state: State, case: int, since: int, now: int
) -> None:
    person = state.cases[case, WHO]
    first, size = home_of(city, person)
    for other in range(first, first + size):
        if other == person or not _remembers(key, person, other, 0, plan.traced[_HOME]) or not _obeys(key, plan, other):
            continue
        for day in range(now // 1440, since // 1440 - 1, -1):
            at, minutes = home_meeting(city, person, other, day)
            known = since <= at < now and minutes >= plan.traced_minutes
            if known and _reach(key, course, plan, state, case, now, other, at, _HOME):
                break


@kernel
def _trace_work(
    key: int, city: Hashed, course: Course, plan: Plan, state: State, case: int, since: int, now: int
) -> None:
    person = state.cases[case, WHO]
    mine, first, size = workplace_of(city, person)
    below = meets_below(city, size)
    for position in range(first, first + size):
        if position == mine:
            continue
        week, other = now // 10080, -2
        bits = meets_in_week(city, mine, position, week)
        for day in range(now // 1440, since // 1440 - 1, -1):
            if day // 7 != week:
                week = day // 7
                bits = meets_in_week(city, mine, position, week)
            if not meets_on(bits, day, below):
                continue
            at, minutes = work_meeting(city, mine, position, day)
            if at < since or at >= now or minutes < plan.traced_minutes:
                continue
            if other == -2:  # not looked at yet
                if not _remembers(key, person, position | _WORK_CODE, 0, plan.traced[_WORK]):
                    break
                other = colleague_at(city, position)
                if other < 0 or not _obeys(key, plan, other):
                    break
            if _reach(key, course, plan, state, case, now, other, at, _WORK):
                break


@kernel
def _trace_gatherings(
    key: int, city: Hashed, course: Course, plan: Plan, state: State, case: int, since: int, now: int
) -> None:
    person = state.cases[case, WHO]
    sociable = sociable_of(city, person)
    for day in range(since // 1440, now // 1440 + 1):
        joins = joins_on(city, person, day)
        for slot in range(4):
            if not joins_in(joins, slot, sociable):
                continue
            mine, first, size, at, minutes = gathering_of(city, person, day, slot)
            if at < since or at >= now or minutes < plan.traced_minutes:
                continue
            for position in range(first, first + size):
                code = position | ((slot + 2) << 40)
                if position != mine and _remembers(key, person, code, day, plan.traced[_OTHER]):
                    other = guest_at(city, position, day, slot)
                    if other >= 0 and _obeys(key, plan, other):
                        _reach(key, course, plan, state, case, now, other, at, _OTHER)
