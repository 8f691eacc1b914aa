"""Whom a case would infect if nobody were kept away: every meeting in which the dose suffices becomes an event.

From visits, each meeting of the window of infectiousness is looked at. In a hashed city most are never computed. For
two who live together it is the first meeting that would infect; should that one not take place, the next is looked for.
At work and in gatherings infections come as a Poisson process of the greatest dose there could be, thinned by the dose
there is (Lewis and Shedler 1979, doi:10.1002/nav.3800260304). Its points, each a meeting and a height, come from the
lowest up and depend on replicate, person and day alone: a policy moves the dose below which they count, not the points.
"""

from __future__ import annotations

import numpy as np

from ringfence.epidemic.contacts import meetings_of, other_of
from ringfence.epidemic.draws import IMMUNE, TRANSMIT, high_share, low_below, uniform, word
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
from ringfence.epidemic.state import ANCHOR, INFECTED_AT, WHO, State, push
from ringfence.epidemic.terms import Bounds, Course, dose_of

INFECTED = 0
_SATURATED = 16.0
"""A dose beyond which nobody escapes (1 in nine million); a bound need not be greater."""
_HOME, _WORK, _OTHER = 1, 2, 0
_WORK_POINTS, _GUEST_POINTS = 1 << 40, 1 << 41
_LONGEST_HOME, _LONGEST_WORK, _LONGEST_GATHERING = 360, 180, 120


@kernel
def plan_visited(
    key: int, source: Source, course: Course, state: State, room: Meetings, horizon: int, case: int
) -> None:
    """Put into the heap each meeting of a case, by the visits of a city, in which the dose suffices."""
    person, after, anchor = state.cases[case, WHO], state.cases[case, INFECTED_AT], state.cases[case, ANCHOR]
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
                    push(state, at, INFECTED, other, case, kind, room.place[index])


@small
def _dose(course: Course, strength: float, since: int, at: int, kind: int, minutes: int, crowd: int) -> float:
    """Return the dose of a meeting, 0 outside the profile that begins at `since`."""
    hour = (at - since) // 60
    infectious = course.profile[hour] if 0 <= hour < course.profile.shape[0] else 0.0
    return strength * infectious * dose_of(course, kind, minutes, crowd)


@small
def _crest(bounds: Bounds, hours: int) -> float:
    """Return the greatest infectiousness of a day that begins so many hours into the profile, over the most."""
    index, n = hours + 23, bounds.crest.shape[0]
    before = bounds.crest[index] if 0 <= index < n else 0.0
    return max(before, bounds.crest[index + 1] if 0 <= index + 1 < n else 0.0) / bounds.most


@kernel
def plan_hashed(key: int, city: Hashed, course: Course, bounds: Bounds, state: State, horizon: int, case: int) -> None:
    """Put into the heap the meetings of a case, in a hashed city, in which the dose suffices."""
    person, after = state.cases[case, WHO], state.cases[case, INFECTED_AT]
    first, home = home_of(city, person)
    for other in range(first, first + home):
        if other != person and not _is_immune(key, course, other):
            plan_home(key, city, course, bounds, state, horizon, case, other, home, after)
    _plan_work(key, city, course, bounds, state, horizon, case)
    _plan_gatherings(key, city, course, bounds, state, horizon, case)


@small
def _is_immune(key: int, course: Course, other: int) -> bool:
    return course.immune > 0 and uniform(key, IMMUNE, other, 0, 0) < course.immune


@kernel
def plan_home(
    key: int, city: Hashed, course: Course, bounds: Bounds, state: State, horizon: int, case: int, other: int,
    size: int, after: int,
) -> None:  # fmt: skip
    """Put into the heap the first meeting after a moment in which a case would infect one she lives with."""
    person, since = state.cases[case, WHO], state.cases[case, ANCHOR] + course.profile_from
    strength = course.scale * state.peak[case]
    bound = strength * bounds.most * dose_of(course, _HOME, _LONGEST_HOME, size)
    last = min(horizon, since + 60 * course.profile.shape[0])
    for day in range(max(0, max(after, since) // 1440), (last + 1439) // 1440):
        u = uniform(key, TRANSMIT, person, other, day)
        if u >= bound * _crest(bounds, (day * 1440 - since) // 60):
            continue
        at, minutes = home_meeting(city, person, other, day)
        if after < at < horizon and u < 1.0 - np.exp(-_dose(course, strength, since, at, _HOME, minutes, size)):
            push(state, at, INFECTED, other, case, _HOME, 0xFFFFFFFF)
            break


@kernel
def _plan_work(key: int, city: Hashed, course: Course, bounds: Bounds, state: State, horizon: int, case: int) -> None:
    """Draw points among all colleagues up to the greatest dose of a day; keep those below the dose of a meeting."""
    person, after = state.cases[case, WHO], state.cases[case, INFECTED_AT]
    since, strength = state.cases[case, ANCHOR] + course.profile_from, course.scale * state.peak[case]
    last = min(horizon, since + 60 * course.profile.shape[0])
    mine, first, size = workplace_of(city, person)
    bound = strength * bounds.most * dose_of(course, _WORK, _LONGEST_WORK, size)
    each, below = min(_SATURATED, bound), meets_below(city, size)
    for day in range(max(0, max(after, since) // 1440), (last + 1439) // 1440 if size > 1 else 0):
        if day % 7 > 4:
            continue
        crest = _crest(bounds, (day * 1440 - since) // 60) if bound < _SATURATED else 1.0
        highest, passed, number = (size - 1) * each * crest, 0.0, _WORK_POINTS
        while True:
            bits = word(key, TRANSMIT, person, day, number)
            number += 1
            u = high_share(bits)
            if u >= highest - passed:  # -log(1 - u) is not less than u
                break
            passed -= np.log(1.0 - u)
            if passed >= highest:
                break
            met = first + low_below(bits, size - 1)
            met += met >= mine
            if not meets_on(meets_in_week(city, mine, met, day // 7), day, below):
                continue
            at, minutes = work_meeting(city, mine, met, day)
            reached = passed < (size - 1) * _dose(course, strength, since, at, _WORK, minutes, size)
            if reached and after < at < horizon:
                other = colleague_at(city, met)
                if other >= 0 and not _is_immune(key, course, other):
                    push(state, at, INFECTED, other, case, _WORK, 0xFFFFFFFF)


@kernel
def _plan_gatherings(
    key: int, city: Hashed, course: Course, bounds: Bounds, state: State, horizon: int, case: int
) -> None:
    """Draw points among the guests of each gathering up to the dose of all of them."""
    person, after = state.cases[case, WHO], state.cases[case, INFECTED_AT]
    since, strength = state.cases[case, ANCHOR] + course.profile_from, course.scale * state.peak[case]
    last = min(horizon, since + 60 * course.profile.shape[0])
    bound = strength * bounds.most * course.hazard[_OTHER] * _LONGEST_GATHERING * bounds.room
    sociable = sociable_of(city, person)
    for point in range(4 * max(0, max(after, since) // 1440), 4 * ((last + 1439) // 1440)):
        day, slot = point >> 2, point & 3
        number = (slot + 1) * _GUEST_POINTS
        bits = word(key, TRANSMIT, person, day, number)
        u = high_share(bits)
        if u >= bound * _crest(bounds, (day * 1440 - since) // 60):
            continue
        if not joins_in(joins_on(city, person, day), slot, sociable):
            continue
        place, first, size, at, minutes = gathering_of(city, person, day, slot)
        if at <= after or at >= horizon:
            continue
        total = (size - 1) * min(_SATURATED, _dose(course, strength, since, at, _OTHER, minutes, size))
        passed = -np.log(1.0 - u)
        while passed < total:
            met = first + low_below(bits, size - 1)
            met += met >= place
            other = guest_at(city, met, day, slot)
            if other >= 0 and not _is_immune(key, course, other):
                push(state, at, INFECTED, other, case, _OTHER, 0xFFFFFFFF)
            number += 1
            bits = word(key, TRANSMIT, person, day, number)
            passed -= np.log(1.0 - high_share(bits))
