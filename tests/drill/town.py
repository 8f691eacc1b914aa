"""A tiny town with known truth: Wei 伟, his wife Fang 芳, his colleague Chen 陈, Li 李 of the noodles, Zhao 赵."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from ringfence.drill.world import NOBODY, Truth, World
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import create_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.places import PlaceKind

WEI, FANG, CHEN, LI, ZHAO, GRANDMA = range(6)
HOME, WORKSHOP, NOODLES, MARKET, CHENS, LIS, ZHAOS = range(7)
KINDS = (PlaceKind.HOME, PlaceKind.WORKPLACE, PlaceKind.RESTAURANT, PlaceKind.MARKET, PlaceKind.HOME, PlaceKind.HOME,
         PlaceKind.HOME)  # fmt: skip
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEVER = -1


def at(text: str) -> int:
    """Return the minute of a local moment such as 2022-03-07T15:00."""
    return floor_minute(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC))


def town(path) -> World:
    """Return the town: from 1 to 9 March 2022 everybody is at home at night, works by day and eats at noon."""
    rows = []
    for day in range(1, 10):
        date = f"2022-03-{day:02}"
        for person, home in ((WEI, HOME), (FANG, HOME), (GRANDMA, HOME), (CHEN, CHENS), (LI, LIS), (ZHAO, ZHAOS)):
            rows.append((person, home, at(f"{date}T20:00"), at(f"{date}T23:00")))
        rows += [(WEI, WORKSHOP, at(f"{date}T08:00"), at(f"{date}T12:00"))]
        rows += [(CHEN, WORKSHOP, at(f"{date}T08:00"), at(f"{date}T12:00"))]
        rows += [(WEI, NOODLES, at(f"{date}T12:10"), at(f"{date}T12:50")), (LI, NOODLES, at(f"{date}T12:20"),
                 at(f"{date}T13:00"))]  # fmt: skip
        rows += [(GRANDMA, MARKET, at(f"{date}T07:00"), at(f"{date}T07:40")), (ZHAO, MARKET, at(f"{date}T18:00"),
                 at(f"{date}T18:30"))]  # fmt: skip
    return with_visits(path, rows)


def with_visits(path, rows) -> World:
    """Return the people of the town with given visits."""
    store = create_store(path, kind="synthetic", zone="Asia/Shanghai")
    with writing(store) as writer:
        writer.add(VisitBatch.of(*zip(*rows, strict=True)))
        writer.set_kinds({place: int(kind) for place, kind in enumerate(KINDS)})
        writer.commit()
    store.refresh()
    return World(
        store,
        age=np.array([38, 36, 41, 29, 50, 74], np.uint8),
        sex=np.array([1, 0, 1, 0, 1, 0], np.uint8),
        household=np.array([0, 0, 1, 2, 3, 0], np.uint32),
        work=np.array([WORKSHOP, NOBODY, WORKSHOP, NOODLES, NOBODY, NOBODY], np.uint32),
        vulnerable=np.zeros(6, np.uint8),
        kind=np.array(KINDS, np.uint8),
        zone=SHANGHAI,
        about={},
    )


def truth() -> Truth:
    """Return what truly happened: Wei came home infected; Chen at the workshop and Fang at home caught it from him."""
    rows = (
        (WEI, NOBODY, NOBODY, at("2022-03-01T08:00"), at("2022-03-03T20:00"), at("2022-03-05T09:00")),
        (CHEN, WEI, WORKSHOP, at("2022-03-04T10:00"), at("2022-03-07T08:00"), at("2022-03-08T20:00")),
        (FANG, WEI, HOME, at("2022-03-06T21:00"), at("2022-03-09T08:00"), NEVER),
    )
    person, infector, place, infected, since, onset = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    return Truth(person, infector, place, infected, since, onset, infected + 14 * 1440)
