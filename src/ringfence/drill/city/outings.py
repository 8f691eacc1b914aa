"""What a day consists of: work with lunch, school, a free day, errands, and an outing after supper.

Each function fills visits from a minute on and returns how many there are then and when the person reaches home.
"""

from __future__ import annotations

import numpy as np

from ringfence.drill.city.chance import PERSON, Stream, draw, key_of, unit
from ringfence.drill.city.patterns import AT_HOME_ALL_DAY, OFFICE_WEEK, SENIOR, SIX_DAY_WEEK, SMALL, YOUNG
from ringfence.drill.city.venues import (
    CLINIC,
    GYM,
    HOSPITAL,
    NOODLE_SHOP,
    PARK,
    RESTAURANT,
    SHOP,
    SUPERMARKET,
    TEAHOUSE,
    TEMPLE,
)
from ringfence.drill.city.ways import HOMEWARD, OUTWARD, Out, World, by_bus, put, way
from ringfence.tracing.jit import kernel

LATEST = 1400
"""Minute of the day by which everybody is home."""
_HABIT = 0.65
_POPULARITY = 1.45
_BY_BUS = 0.13
RIDES, LUNCH_AT_HOME, HABITS = np.array([31, 32, 100])
"""Slots of what stays the same in a person's life."""
LEAST = np.array([12, 25, 4, 12, 15, 40, 40, 15, 50, 15])
MOST = np.array([42, 115, 22, 55, 90, 190, 95, 60, 185, 100])
"""How many minutes people stay at a venue, by its kind."""


@kernel
def pick(count: int, u: float) -> int:
    """Return one of so many by popularity: the share of rank r falls as r ** -0.31."""
    return int(count * u**_POPULARITY)


@kernel
def venue(w: World, p: int, kind: int, street: int, stream: Stream) -> int:
    """Return a venue of a kind: often one of three habitual ones, now and then one in a neighbouring street."""
    if draw(stream) < _HABIT:
        nth = int(3 * draw(stream))
        u = unit(key_of(w.seed, PERSON, p), HABITS + 4 * kind + nth)
    else:
        u = draw(stream)
        if draw(stream) < 0.35:
            street = neighbour(w, street, draw(stream))
    return int(w.venue_first[kind, street]) + pick(w.venue_count[kind, street], u)


@kernel
def neighbour(w: World, street: int, u: float) -> int:
    """Return a street whose number is near."""
    at = int(np.searchsorted(w.lived, street)) - 2 + int(5 * u)
    return int(w.lived[min(len(w.lived) - 1, max(0, at))])


@kernel
def errand(
    w: World, out: Out, n: int, p: int, day: int, street: int, stream: Stream, at: int, kind: int
) -> tuple[int, int]:
    """Go to a venue of a kind, unless it is too late; nobody goes where she works as a guest."""
    where = venue(w, p, kind, street, stream)
    start = at + way(stream)
    end = start + LEAST[kind] + int((MOST[kind] - LEAST[kind]) * draw(stream) ** 2)
    if end - day * 1440 >= LATEST - 30 or where == w.work[p]:
        return n, at
    return put(out, n, p, where, start, end), end


@kernel
def market(w: World, out: Out, n: int, p: int, day: int, street: int, stream: Stream, at: int) -> tuple[int, int]:
    """Buy at one to three stalls of a market."""
    a, b = w.market_first[street], w.market_first[street + 1]
    m = a + pick(b - a, draw(stream))
    first, stalls = w.stall_first[m], w.stall_first[m + 1] - w.stall_first[m]
    at += way(stream)
    nth = int(stalls * draw(stream) ** 1.2)
    for i in range(1 + int(2.4 * draw(stream))):
        stall = first + (nth + i * 3) % stalls
        end = at + 3 + int(8 * draw(stream))
        if end - day * 1440 >= LATEST - 30 or stall == w.work[p] or (i > 0 and stalls < 8):
            break
        n = put(out, n, p, stall, at, end)
        at = end + 1
    return n, at


@kernel
def worker_day(w: World, out: Out, n: int, p: int, day: int, stream: Stream, at: int) -> tuple[int, int]:
    """Go to work, perhaps by bus, eat, work on, perhaps run an errand, and go home."""
    group, midnight, street = w.group[p], day * 1440, np.int64(w.work_street[p])
    rides = unit(key_of(w.seed, PERSON, p), RIDES) < _BY_BUS
    if rides:
        n, at = by_bus(w, out, n, p, OUTWARD, day, at)
    if draw(stream) < 0.16:  # noodles for breakfast
        n, at = errand(w, out, n, p, day, street, stream, at, NOODLE_SHOP)
    start = at + way(stream)
    u = draw(stream)
    if group == OFFICE_WEEK:
        end = midnight + 1005 + int(80 * u)
    elif group == SIX_DAY_WEEK:
        end = midnight + (1020 + int(60 * u) if draw(stream) < 0.55 else 1190 + int(80 * u))
    else:
        end = min(start + 480 + int(150 * u), midnight + 1320)
    eats = midnight + 675 + int(50 * draw(stream))
    if draw(stream) < 0.8 and eats > start + 60 and eats < end - 165:
        kind = NOODLE_SHOP if draw(stream) < 0.6 else RESTAURANT
        before = n
        n = put(out, n, p, w.work[p], start, eats)
        n, back = errand(w, out, n, p, day, street, stream, eats, kind)
        start = back + 1 + way(stream) // 2 if n > before + 1 else start
        if n == before + 1:
            n = before
    n = put(out, n, p, w.work[p], start, end)
    at = end
    if draw(stream) < 0.6:
        n, at = shopping(w, out, n, p, day, stream, at)
    if rides:
        n, at = by_bus(w, out, n, p, HOMEWARD, day, at)
    return n, at + way(stream)


@kernel
def shopping(w: World, out: Out, n: int, p: int, day: int, stream: Stream, at: int) -> tuple[int, int]:
    """Run one errand near home: the market, a shop, a restaurant, the gym, the clinic …"""
    street, u = np.int64(w.street[p]), draw(stream)
    if u < 0.24:
        return market(w, out, n, p, day, street, stream, at)
    if u < 0.42:
        kind = SHOP
    elif u < 0.64:
        kind = SUPERMARKET
    elif u < 0.82:
        kind = RESTAURANT
    elif u < 0.87:
        kind = GYM
    elif u < 0.93:
        kind = TEAHOUSE
    elif u < 0.96:
        kind = CLINIC
    else:
        kind = PARK
    return errand(w, out, n, p, day, street, stream, at, kind)


@kernel
def pupil_day(w: World, out: Out, n: int, p: int, day: int, stream: Stream, at: int) -> tuple[int, int]:
    """Go to one's class, some home for lunch, perhaps play in the park, and go home."""
    group, midnight = w.group[p], day * 1440
    start = at + 3 + int(15 * draw(stream) ** 2)
    end = midnight + (955 if group == YOUNG else 985 if group != SENIOR else 1235) + int(15 * draw(stream))
    if group != SENIOR and unit(key_of(w.seed, PERSON, p), LUNCH_AT_HOME) < 0.3:  # lives near and eats at home
        noon = midnight + 690 + int(10 * draw(stream))
        n = put(out, n, p, w.work[p], start, noon)
        n = put(out, n, p, w.home[p], noon + 8, noon + 75)
        start = noon + 84
    n = put(out, n, p, w.work[p], start, end)
    at = end
    if group != SENIOR and draw(stream) < 0.4:
        kind = PARK if draw(stream) < 0.6 else SHOP
        n, at = errand(w, out, n, p, day, np.int64(w.street[p]), stream, at, kind)
    return n, at + way(stream)


@kernel
def free_day(w: World, out: Out, n: int, p: int, day: int, stream: Stream, at: int) -> tuple[int, int]:
    """Go out in the morning, and perhaps again in the afternoon; some visit another family."""
    midnight, street = day * 1440, np.int64(w.street[p])
    begun = n
    if w.group[p] == SMALL:
        n, at = errand(w, out, n, p, day, street, stream, at, PARK)
        return n, at + way(stream)
    old = w.group[p] == AT_HOME_ALL_DAY
    if w.ill[p] and draw(stream) < 0.05:
        kind = HOSPITAL if draw(stream) < 0.4 else CLINIC
        n, at = errand(w, out, n, p, day, street, stream, at, kind)
    if draw(stream) < (0.62 if old else 0.3):
        n, at = market(w, out, n, p, day, street, stream, at)
    if draw(stream) < 0.45:
        kind = PARK if draw(stream) < 0.85 else TEMPLE
        n, at = errand(w, out, n, p, day, street, stream, at, kind)
    if draw(stream) < 0.45 or n == begun:
        n, at = shopping(w, out, n, p, day, stream, at)
    again = midnight + 820 + int(120 * draw(stream))
    if draw(stream) < 0.55 and at + 60 < again:
        n = put(out, n, p, w.home[p], at + way(stream), again)
        at = again
        if draw(stream) < (0.08 if old else 0.16):
            n, at = calling(w, out, n, p, day, stream, at)
        elif old and draw(stream) < 0.5:
            n, at = errand(w, out, n, p, day, street, stream, at, TEAHOUSE)
        else:
            n, at = shopping(w, out, n, p, day, stream, at)
    return n, at + way(stream)


@kernel
def calling(w: World, out: Out, n: int, p: int, day: int, stream: Stream, at: int) -> tuple[int, int]:
    """Visit another family in one's street or a near one."""
    street = neighbour(w, np.int64(w.street[p]), draw(stream))
    homes = w.home_at[street + 1] - w.home_at[street]
    where = w.home_at[street] + int(homes * draw(stream))
    start = at + way(stream)
    end = start + 45 + int(150 * draw(stream))
    if where == w.home[p] or end - day * 1440 >= LATEST - 30:
        return n, at
    return put(out, n, p, where, start, end), end


@kernel
def after_supper(w: World, out: Out, n: int, p: int, day: int, stream: Stream, at: int) -> tuple[int, int]:
    """Some go out once more after supper: a park, a shop, a teahouse."""
    home = at + 30 + int(50 * draw(stream))
    if at - day * 1440 > 1190 or draw(stream) > 0.45 or w.group[p] in (SMALL, SENIOR):
        return n, at
    home = max(home, day * 1440 + 1090 + int(60 * draw(stream)))
    before = put(out, n, p, w.home[p], at, home)
    kind = PARK if draw(stream) < 0.55 else SHOP if draw(stream) < 0.6 else TEAHOUSE
    n2, back = errand(w, out, before, p, day, np.int64(w.street[p]), stream, home, kind)
    if n2 == before:
        return n, at
    return n2, back + way(stream)
