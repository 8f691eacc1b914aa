"""Whom a case that was found has met, and who of them is asked to stay at home.

Who lives or works with the case is remembered or not as a person, and held once, from the latest meeting; a gathering
is remembered by itself.
"""

from __future__ import annotations

from ringfence.epidemic.contacts import meetings_of
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
    sociable_of,
    work_meeting,
    workdays_of,
    workplace_of,
)
from ringfence.epidemic.jit import kernel, small
from ringfence.epidemic.meetings import Hashed, Meetings, Source
from ringfence.epidemic.state import CASE, FOUND_AT, ONSET_AT, ROW, WHO, State, row_of
from ringfence.epidemic.terms import Course, Plan

_HOME, _WORK, _OTHER = 1, 2, 0
_WORK_CODE, _UNSEEN = 1 << 40, -2


@kernel
def first_moment(plan: Plan, state: State, case: int, now: int) -> int:
    """Return since when contacts of a case that is found now are looked for."""
    onset = state.cases[case, ONSET_AT]
    return max(0, (onset if 0 <= onset <= now else now) - plan.look_back)


@small
def _remembers(key: int, person: int, code: int, day: int, share: float) -> bool:
    return share >= 1.0 or uniform(key, TRACED, person, code, day) < share


@kernel
def _hold_met(
    key: int, course: Course, plan: Plan, state: State, known: Meetings, n: int, case: int, now: int, once: bool
) -> None:
    """Hold those of the first `n` known meetings that took place; `once`: of meetings in a row the first suffices."""
    person, its_row, done = state.cases[case, WHO], state.cases[case, ROW], -1
    for index in range(n):
        other, at, kind = known.code[index], known.at[index], known.kind[index]
        if (once and other == done) or (plan.adherence < 1.0 and uniform(key, ADHERE, other, 0, 0) >= plan.adherence):
            continue
        row = row_of(state.slots, state.people, other)
        if not takes_place(key, plan, state, person, its_row, other, row, at, kind):
            continue
        done = other
        its_case = state.people[row, CASE] if row >= 0 else -1
        if its_case < 0 or state.cases[its_case, FOUND_AT] < 0:
            since = now + picked(plan.tracing_delay, uniform(key, TRACING_DELAY, person, other, 0))
            if since < at + plan.quarantine:
                hold(key, course, plan, state, other, row, since, at + plan.quarantine)


@kernel
def trace_visited(
    key: int, source: Source, course: Course, plan: Plan, state: State, room: Meetings, case: int, now: int
) -> None:
    """Look for the contacts of a case by the visits of a city, the latest day first."""
    person, since = state.cases[case, WHO], first_moment(plan, state, case, now)
    for day in range(now // 1440, since // 1440 - 1, -1):
        met, n = meetings_of(source, person, day, room), 0
        for index in range(met):
            at, kind, other = day * 1440 + room.at[index], room.kind[index], room.code[index]
            if at < since or at >= now or plan.traced[kind] <= 0 or room.minutes[index] < plan.traced_minutes:
                continue
            # In visits a code is a person: who is remembered once is remembered.
            if _remembers(key, person, other, 0, plan.traced[kind]):
                n = _keep(room, n, other, at, kind)
        _hold_met(key, course, plan, state, room, n, case, now, False)


@kernel
def trace_hashed(
    key: int, city: Hashed, course: Course, plan: Plan, state: State, room: Meetings, case: int, now: int
) -> None:
    """Look for the contacts of a case in a hashed city."""
    person, since = state.cases[case, WHO], first_moment(plan, state, case, now)
    n = 0
    if plan.traced[_HOME] > 0:
        n = _known_at_home(key, city, plan.traced[_HOME], plan.traced_minutes, room, person, since, now)
    if plan.traced[_WORK] > 0:
        n = _known_at_work(key, city, plan.traced[_WORK], plan.traced_minutes, room, n, person, since, now)
    _hold_met(key, course, plan, state, room, n, case, now, True)
    if plan.traced[_OTHER] > 0:
        sociable = sociable_of(city, person)
        for day in range(since // 1440, now // 1440 + 1):
            share = plan.traced[_OTHER]
            n = _known_as_guests(key, city, share, plan.traced_minutes, room, person, sociable, day, since, now)
            _hold_met(key, course, plan, state, room, n, case, now, False)


@small
def _keep(known: Meetings, n: int, other: int, at: int, kind: int) -> int:
    known.code[n], known.at[n], known.kind[n] = other, at, kind
    return n + 1


@kernel
def _known_at_home(
    key: int, city: Hashed, share: float, least: int, known: Meetings, person: int, since: int, now: int
) -> int:
    """Write the meetings of a person with those she lives with, the latest of each first; returns how many."""
    n = 0
    first, size = home_of(city, person)
    for other in range(first, first + size):
        if other == person or not _remembers(key, person, other, 0, share):
            continue
        for day in range(now // 1440, since // 1440 - 1, -1):
            at, minutes = home_meeting(city, person, other, day)
            if since <= at < now and minutes >= least:
                n = _keep(known, n, other, at, _HOME)
    return n


@kernel
def _known_at_work(
    key: int, city: Hashed, share: float, least: int, known: Meetings, n: int, person: int, since: int, now: int
) -> int:
    """Add the meetings of a person with those she works with, the latest of each first; returns how many there are."""
    mine, first, size = workplace_of(city, person)
    below, first_day, last_day = meets_below(city, size), since // 1440, now // 1440
    for position in range(first, first + size):
        if position == mine:
            continue
        other = _UNSEEN
        for week in range(last_day // 7, first_day // 7 - 1, -1):
            days = workdays_of(meets_in_week(city, mine, position, week), below)
            # Only the days of the window: below the last, from the first on.
            days &= ((1 << max(0, min(7, last_day + 1 - 7 * week))) - 1) & ~((1 << max(0, first_day - 7 * week)) - 1)
            weekday = 4
            while days != 0:
                if days >> weekday & 1:
                    days ^= 1 << weekday
                    at, minutes = work_meeting(city, mine, position, 7 * week + weekday)
                    if since <= at < now and minutes >= least:
                        if other == _UNSEEN:
                            other = _remembered_colleague(key, city, person, position, share)
                        if other >= 0:
                            n = _keep(known, n, other, at, _WORK)
                weekday -= 1
    return n


@kernel
def _remembered_colleague(key: int, city: Hashed, person: int, position: int, share: float) -> int:
    """Return who works at a position, or -1 for nobody or one who is not remembered."""
    return colleague_at(city, position) if _remembers(key, person, position | _WORK_CODE, 0, share) else -1


@kernel
def _known_as_guests(
    key: int, city: Hashed, share: float, least: int, known: Meetings, person: int, sociable: int, day: int,
    since: int, now: int,
) -> int:  # fmt: skip
    """Write the meetings of a person at the gatherings of a day, and return how many."""
    n = 0
    joins = joins_on(city, person, day)
    for slot in range(4):
        if not joins_in(joins, slot, sociable):
            continue
        mine, first, size, at, minutes = gathering_of(city, person, day, slot)
        if at < since or at >= now or minutes < least:
            continue
        # Written whether known or not, and counted only when known: a branch here is guessed wrong half of the time.
        begin = n
        for position in range(first, first + size):
            known.code[n] = position
            n += position != mine and _remembers(key, person, position | ((slot + 2) << 40), day, share)
        end, n = n, begin
        for index in range(begin, end):
            other = guest_at(city, known.code[index], day, slot)
            _keep(known, n, other, at, _OTHER)
            n += other >= 0
    return n
