"""Whom a case would infect if nobody were kept away: every meeting in which the dose suffices becomes an event.

From visits, each meeting of the window of infectiousness is looked at. In a hashed city the infections of a day come as
a Poisson process of the greatest dose there could be, and are thinned by the dose there is (Lewis and Shedler 1979,
doi:10.1002/nav.3800260304), so that only the few meetings in which something could happen are ever computed. The
points, each a meeting and a height, come from the lowest up and depend on replicate, person and day alone: a policy
moves the dose below which they count, not the points.
"""

from __future__ import annotations

import numpy as np

from ringfence.epidemic.contacts import meetings_of, other_of
from ringfence.epidemic.draws import IMMUNE, TRANSMIT, high_share, low_share, uniform, word
from ringfence.epidemic.hashed import (
    colleague_at,
    gathering_of,
    guest_at,
    home_meeting,
    home_of,
    joined_on,
    meets_below,
    meets_in_week,
    meets_on,
    sociable_of,
    work_meeting,
    workplace_of,
)
from ringfence.epidemic.jit import kernel
from ringfence.epidemic.meetings import Hashed, Meetings, Source
from ringfence.epidemic.state import ANCHOR, INFECTED_AT, WHO, State, push
from ringfence.epidemic.terms import Bounds, Course, dose_of

INFECTED = 0
_SATURATED = 16.0
"""A dose beyond which nobody escapes (1 in nine million); a bound need not be greater."""
_HOME, _WORK, _OTHER = 1, 2, 0
_LONGEST_HOME, _LONGEST_WORK, _LONGEST_GATHERING = 360, 180, 120


@kernel
def plan_visited(key: int, source: Source, course: Course, state: State, room: Meetings, horizon: int, case: int) -> None:
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


@kernel
def _dose(course: Course, strength: float, since: int, at: int, kind: int, minutes: int, crowd: int) -> float:
    """Return the dose of a meeting, 0 outside the profile that begins at `since`."""
    hour = (at - since) // 60
    if at < since or hour >= course.profile.shape[0]:
        return 0.0
    return strength * course.profile[hour] * dose_of(course, kind, minutes, crowd)


@kernel
def plan_hashed(
    key: int, city: Hashed, course: Course, bounds: Bounds, state: State, horizon: int, case: int
) -> None:
    """Put into the heap each meeting of a case, in a hashed city, in which the dose suffices."""
    person, after = state.cases[case, WHO], state.cases[case, INFECTED_AT]
    since = state.cases[case, ANCHOR] + course.profile_from
    strength = course.scale * state.peak[case]
    top = strength * bounds.most
    first_home, home = home_of(city, person)
    mine, first_work, work = workplace_of(city, person)
    at_home = min(_SATURATED, top * dose_of(course, _HOME, _LONGEST_HOME, home))
    at_work = min(_SATURATED, top * dose_of(course, _WORK, _LONGEST_WORK, work))
    # A gathering of all its guests: their number, weighed by their share of the air, is bounded too.
    slot_total = min(_SATURATED * 64, top * course.hazard[_OTHER] * _LONGEST_GATHERING * bounds.room)
    sociable, below = sociable_of(city, person), meets_below(city, work)
    homes = (home - 1) * at_home
    last = min(horizon, since + 60 * course.profile.shape[0])
    for day in range(max(0, max(after, since) // 1440), (last + 1439) // 1440):
        works = max(0, work - 1) * at_work if day % 7 < 5 else 0.0
        slots, joined = joined_on(city, person, day, sociable)
        total = homes + works + joined * slot_total
        highest = total * _crest(bounds, (day * 1440 - since) // 60) if total < _SATURATED else total
        passed, number = 0.0, 0
        while True:
            bits = word(key, TRANSMIT, person, day, number)
            number += 1
            u = high_share(bits)
            if u >= highest - passed:  # -log(1 - u) is not less than u
                break
            passed -= np.log(1.0 - u)
            if passed >= highest:
                break
            share, along = passed / total, low_share(bits) * total
            other, at, kind = -1, 0, 0
            if along < homes:
                met = first_home + min(home - 2, np.int64(along / at_home))
                met += met >= person
                kind = _HOME
                at, minutes = home_meeting(city, person, met, day)
                if share * at_home < _dose(course, strength, since, at, kind, minutes, home):
                    other = met
            elif along < homes + works:
                met = first_work + min(work - 2, np.int64((along - homes) / at_work))
                met += met >= mine
                if not meets_on(meets_in_week(city, mine, met, day // 7), day, below):
                    continue
                kind = _WORK
                at, minutes = work_meeting(city, mine, met, day)
                if share * at_work < _dose(course, strength, since, at, kind, minutes, work):
                    other = colleague_at(city, met)
            else:
                along = (along - homes - works) / slot_total
                which = min(joined - 1, np.int64(along))
                slot = (slots >> (2 * which)) & 3
                place, first, size, at, minutes = gathering_of(city, person, day, slot)
                dose = _dose(course, strength, since, at, _OTHER, minutes, size)
                if share * slot_total < (size - 1) * min(_SATURATED, dose):
                    met = first + min(size - 2, np.int64((along - which) * (size - 1)))
                    met += met >= place
                    other = guest_at(city, met, day, slot)
            if other < 0 or at <= after or at >= horizon:
                continue
            if course.immune <= 0 or uniform(key, IMMUNE, other, 0, 0) >= course.immune:
                push(state, at, INFECTED, other, case, kind, 0xFFFFFFFF)


@kernel
def _crest(bounds: Bounds, hours: int) -> float:
    """Return the greatest infectiousness of the day that begins so many hours into the profile, relative to the most."""
    index, n = hours + 23, bounds.crest.shape[0]
    before = bounds.crest[index] if 0 <= index < n else 0.0
    return max(before, bounds.crest[index + 1] if 0 <= index + 1 < n else 0.0) / bounds.most
