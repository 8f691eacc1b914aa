"""Tiny cities that every engine answers alike, and the questions put to them, some with the answer worked out by hand.

The cast: Wei 伟 the index case, Fang 芳 his wife, Chen 陈 the colleague, Li 李 the passer-by, Zhao 赵 who is never
near. Their places: home, workshop, noodle_shop, market, bus. Times are local to the city's zone unless they carry an
offset; in Shanghai the UTC day begins at 08:00.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from ringfence.tracing.reference import Visit
from ringfence.vocabulary.moments import ceil_minute, floor_minute, parse_moment, zone_named

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Question:
    """What is asked of a city, of all three searches. `met` and `reached` are answers by hand, where one was made."""

    seeds: tuple[str, ...]
    start: str
    end: str
    residual_minutes: int = 0
    min_overlap_minutes: int = 0
    threshold_minutes: int = 15
    at_least: int = 2
    met: Mapping[str, tuple[int, int, int]] | None = None  # minutes, minutes after, encounters
    reached: Mapping[str, tuple[int, int]] | None = None  # person-minutes, encounters
    common: Mapping[str, tuple[int, int]] | None = None  # persons, minutes


@dataclass(frozen=True)
class City:
    """Rows as they come in one or two loads, who was erased when between them, and questions."""

    name: str
    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    later: tuple[Row, ...] = ()
    erased: Mapping[str, str] = field(default_factory=dict)
    zone: str = "Asia/Shanghai"

    @property
    def persons(self) -> dict[str, int]:
        """Number of each person, in the order of first appearance; those only asked about come last."""
        asked = [seed for question in self.questions for seed in question.seeds]
        return _numbered([row[0] for row in (*self.rows, *self.later)] + asked)

    @property
    def places(self) -> dict[str, int]:
        """Number of each place, in the order of first appearance."""
        return _numbered([row[1] for row in (*self.rows, *self.later)])

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which times without an offset are meant."""
        return zone_named(self.zone)

    def minute(self, text: str) -> int:
        """Minute that holds a moment of this city."""
        return floor_minute(parse_moment(text, self.tz))


def to_tuples(city: City) -> list[Visit]:
    """Return the visits that exist once all is loaded: rounded to minutes, without what erased persons left behind.

    Whatever began before the moment of erasure is gone and stays gone, however often an old file is loaded.
    """
    persons, places = city.persons, city.places
    erased = {person: city.minute(moment) for person, moment in city.erased.items()}
    visits = []
    for person, place, start_text, end_text in (*city.rows, *city.later):
        start = city.minute(start_text)
        end = max(start + 1, ceil_minute(parse_moment(end_text, city.tz)))
        if person not in erased or start >= erased[person]:
            visits.append((persons[person], places[place], start, end))
    return visits


def to_csv(city: City, folder: Path) -> list[Path]:
    """Write each load as a file for `ringfence visits load`; times as in the table, so name the zone with --tz."""
    written = []
    for name, rows in (("first.csv", city.rows), ("later.csv", city.later)):
        if rows:
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("person", "place", "start", "end"), *rows])
            written.append(folder / name)
    return written


def _numbered(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _rows(text: str) -> tuple[Row, ...]:
    return tuple((person, place, start, end) for person, place, start, end in map(str.split, text.strip().splitlines()))


A_WEEK = {"start": "2022-03-06T00:00", "end": "2022-03-14T00:00"}

EVENING = City(
    "an evening at home and a day at the workshop",
    _rows("""
        Wei   home         2022-03-08T18:00  2022-03-09T07:00
        Fang  home         2022-03-08T19:00  2022-03-09T06:30
        Wei   workshop     2022-03-09T07:30  2022-03-09T12:00
        Chen  workshop     2022-03-09T07:00  2022-03-09T11:00
        Chen  workshop     2022-03-09T11:30  2022-03-09T13:00
        Li    workshop     2022-03-09T12:00  2022-03-09T12:05
        Zhao  market       2022-03-09T10:00  2022-03-09T11:00
    """),
    (
        Question(("Wei",), **A_WEEK, met={"Fang": (690, 0, 1), "Chen": (240, 0, 2)}),
        Question(
            ("Wei",),
            **A_WEEK,
            residual_minutes=30,
            met={"Fang": (690, 0, 1), "Chen": (240, 30, 2), "Li": (0, 5, 1)},
        ),
        Question(("Zhao",), **A_WEEK, residual_minutes=30, met={}, reached={}),
    ),
)

DUPLICATES = City(
    "the same rows twice and a row within another",
    _rows("""
        Wei   noodle_shop  2022-03-08T12:00  2022-03-08T13:00
        Wei   noodle_shop  2022-03-08T12:00  2022-03-08T13:00
        Fang  noodle_shop  2022-03-08T12:30  2022-03-08T13:30
        Fang  noodle_shop  2022-03-08T12:30  2022-03-08T13:30
        Fang  noodle_shop  2022-03-08T12:40  2022-03-08T12:50
    """),
    (Question(("Wei",), **A_WEEK, met={"Fang": (30, 0, 1)}, common={}),),
)

LATE_ROWS = City(
    "rows out of order, and a second load that reaches back",
    _rows("""
        Chen  workshop     2022-03-10T09:00  2022-03-10T17:00
        Wei   workshop     2022-03-10T10:00  2022-03-10T12:00
        Fang  home         2022-03-08T20:00  2022-03-08T23:00
    """),
    (Question(("Wei",), **A_WEEK, met={"Fang": (60, 0, 1), "Chen": (150, 0, 1)}),),
    later=_rows("""
        Wei   workshop     2022-03-10T12:00  2022-03-10T12:30
        Wei   home         2022-03-08T22:00  2022-03-09T07:00
        Zhao  market       2022-03-07T08:00  2022-03-07T09:00
    """),
)

TIES = City(
    "everybody comes in the same minute and some leave in the same minute",
    _rows("""
        Wei   bus          2022-03-08T07:30  2022-03-08T08:15
        Fang  bus          2022-03-08T07:30  2022-03-08T08:15
        Chen  bus          2022-03-08T07:30  2022-03-08T07:40
        Li    bus          2022-03-08T07:40  2022-03-08T08:15
        Li    bus          2022-03-08T07:30  2022-03-08T07:31
    """),
    (Question(("Wei",), **A_WEEK, met={"Fang": (45, 0, 1), "Chen": (10, 0, 1), "Li": (36, 0, 2)}),),
)

TOUCHING = City(
    "one comes as the other leaves",
    _rows("""
        Wei   noodle_shop  2022-03-08T12:00  2022-03-08T13:00
        Fang  noodle_shop  2022-03-08T13:00  2022-03-08T14:00
        Chen  noodle_shop  2022-03-08T11:00  2022-03-08T12:00
        Li    noodle_shop  2022-03-08T12:59  2022-03-08T13:01
    """),
    (
        Question(("Wei",), **A_WEEK, met={"Li": (1, 0, 1)}, reached={}),
        Question(("Wei",), **A_WEEK, residual_minutes=1, met={"Li": (1, 1, 1), "Fang": (0, 1, 1)}, reached={}),
    ),
)

MIDNIGHT = City(
    "a night shift over midnight in Shanghai and a breakfast over midnight in UTC",
    _rows("""
        Wei   workshop     2022-03-08T22:00  2022-03-09T06:00
        Chen  workshop     2022-03-08T23:30  2022-03-09T00:30
        Wei   noodle_shop  2022-03-09T07:00  2022-03-09T09:00
        Fang  noodle_shop  2022-03-09T07:50  2022-03-09T08:10
        Li    noodle_shop  2022-03-09T08:00  2022-03-09T08:30
        Zhao  noodle_shop  2022-03-09T06:00  2022-03-09T07:00
        Zhao  noodle_shop  2022-03-09T09:00  2022-03-09T10:00
    """),
    (
        Question(("Wei",), **A_WEEK, met={"Chen": (60, 0, 1), "Fang": (20, 0, 1), "Li": (30, 0, 1)}),
        Question(("Wei",), "2022-03-09T08:00", "2022-03-09T09:00", met={"Fang": (10, 0, 1), "Li": (30, 0, 1)}),
    ),
)

WEEKS = City(
    "patients who stay for weeks",
    _rows("""
        Wei   ward         2022-03-01T10:00  2022-03-22T10:00
        Fang  ward         2022-03-05T14:00  2022-03-12T14:00
        Chen  ward         2022-02-20T08:00  2022-03-01T10:00
        Li    ward         2022-03-22T09:59  2022-04-03T08:00
        Li    home         2022-03-01T00:00  2022-03-20T00:00
        Zhao  home         2022-03-10T00:00  2022-03-10T01:00
    """),
    (
        Question(
            ("Wei",), "2022-02-15T00:00", "2022-04-15T00:00", met={"Fang": (10080, 0, 1), "Li": (1, 0, 1)}, reached={}
        ),
        Question(("Wei",), "2022-03-07T00:00", "2022-03-09T00:00", met={"Fang": (2880, 0, 1)}),
    ),
)

SPRING = City(
    "clocks put forward over one hour in Berlin",
    _rows("""
        Wei   home         2022-03-27T01:00  2022-03-27T04:00
        Fang  home         2022-03-27T01:30  2022-03-27T03:30
    """),
    (Question(("Wei",), "2022-03-26T00:00", "2022-03-29T00:00", met={"Fang": (60, 0, 1)}),),
    zone="Europe/Berlin",
)

AUTUMN = City(
    "clocks put back over one hour in Berlin",
    _rows("""
        Wei   home         2022-10-30T02:30+02:00  2022-10-30T02:30+01:00
        Fang  home         2022-10-30T01:00        2022-10-30T04:00
        Chen  home         2022-10-30T02:00+01:00  2022-10-30T02:15+01:00
        Li    home         2022-10-30T02:00+02:00  2022-10-30T02:15+02:00
    """),
    (Question(("Wei",), "2022-10-29T00:00", "2022-10-31T00:00", met={"Fang": (60, 0, 1), "Chen": (15, 0, 1)}),),
    zone="Europe/Berlin",
)

ZERO_LENGTH = City(
    "visits without length and with seconds count the minutes they touch",
    _rows("""
        Wei   market       2022-03-08T10:00:00  2022-03-08T10:00:00
        Fang  market       2022-03-08T10:00:30  2022-03-08T10:00:30
        Chen  market       2022-03-08T09:58:59  2022-03-08T10:00:01
        Li    market       2022-03-08T10:01:00  2022-03-08T10:01:00
        Zhao  market       2022-03-08T09:00:00  2022-03-08T10:00:00
    """),
    (Question(("Wei",), **A_WEEK, met={"Fang": (1, 0, 1), "Chen": (1, 0, 1)}, reached={}),),
)

ERASED = City(
    "Fang was erased",
    _rows("""
        Wei   home         2022-03-08T18:00  2022-03-09T07:00
        Fang  home         2022-03-08T18:00  2022-03-09T07:00
        Fang  market       2022-03-09T09:00  2022-03-09T10:00
        Chen  home         2022-03-08T18:00  2022-03-08T18:30
        Chen  market       2022-03-09T09:00  2022-03-09T10:00
        Li    market       2022-03-09T09:30  2022-03-09T10:30
    """),
    (
        Question(("Wei",), **A_WEEK, met={"Chen": (30, 0, 1)}, reached={"Li": (30, 1)}),
        Question(("Fang",), **A_WEEK, met={}, reached={}, common={}),
        Question(("Wei", "Fang", "Chen"), **A_WEEK, met={"Li": (30, 0, 1)}, common={"home": (2, 810)}),
    ),
    erased={"Fang": "2022-03-20T00:00"},
)

SUPPRESSED = City(
    "Fang was erased and the old file came again",
    ERASED.rows,
    ERASED.questions,
    later=ERASED.rows,
    erased=ERASED.erased,
)

RETURNED = City(
    "Fang was erased and seen anew afterwards",
    ERASED.rows,
    (Question(("Wei",), "2022-03-06T00:00", "2022-03-30T00:00", met={"Chen": (30, 0, 1), "Fang": (20, 0, 1)}),),
    later=(
        *ERASED.rows,
        *_rows("""
            Wei   market       2022-03-21T09:00  2022-03-21T10:00
            Fang  market       2022-03-21T09:40  2022-03-21T10:30
        """),
    ),
    erased=ERASED.erased,
)

OVERLAPPING = City(
    "overlapping visits of one person at one place are one stay",
    _rows("""
        Wei   market       2022-03-08T10:00  2022-03-08T10:40
        Wei   market       2022-03-08T10:30  2022-03-08T11:00
        Wei   market       2022-03-08T11:00  2022-03-08T11:10
        Fang  market       2022-03-08T10:05  2022-03-08T10:35
        Fang  market       2022-03-08T10:20  2022-03-08T11:05
        Chen  market       2022-03-08T10:10  2022-03-08T10:20
        Chen  market       2022-03-08T10:20  2022-03-08T10:30
        Chen  market       2022-03-08T10:31  2022-03-08T10:32
    """),
    (
        Question(("Wei",), **A_WEEK, met={"Fang": (60, 0, 1), "Chen": (21, 0, 2)}),
        Question(("Wei", "Fang"), **A_WEEK, met={"Chen": (21, 0, 2)}, common={"market": (2, 130)}),
    ),
)

RETURNING = City(
    "Wei comes back while his own air is still there",
    _rows("""
        Wei   noodle_shop  2022-03-08T12:00  2022-03-08T12:30
        Wei   noodle_shop  2022-03-08T12:50  2022-03-08T13:00
        Fang  noodle_shop  2022-03-08T12:40  2022-03-08T13:40
        Chen  noodle_shop  2022-03-08T12:30  2022-03-08T12:50
        Li    noodle_shop  2022-03-08T13:30  2022-03-08T14:00
    """),
    (
        Question(("Wei",), **A_WEEK, residual_minutes=30, met={"Fang": (10, 40, 1), "Chen": (0, 20, 1)}),
        Question(("Wei",), **A_WEEK, residual_minutes=10, met={"Fang": (10, 10, 1), "Chen": (0, 10, 1)}),
    ),
)

MEASLES = City(
    "the air holds for two hours after the case has left",
    _rows("""
        Wei   clinic       2022-03-08T13:00  2022-03-08T14:00
        Fang  clinic       2022-03-08T15:59  2022-03-08T16:30
        Chen  clinic       2022-03-08T16:01  2022-03-08T17:00
        Li    clinic       2022-03-08T16:00  2022-03-08T16:01
        Zhao  clinic       2022-03-08T14:00  2022-03-08T16:00
        Li    bus          2022-03-08T16:20  2022-03-08T17:00
        Fang  bus          2022-03-08T16:40  2022-03-08T16:50
    """),
    (
        Question(("Wei",), **A_WEEK, residual_minutes=120, met={"Fang": (0, 1, 1), "Zhao": (0, 120, 1)}),
        Question(
            ("Wei",),
            "2022-03-08T00:00",
            "2022-03-08T14:00",
            residual_minutes=120,
            met={"Fang": (0, 1, 1), "Zhao": (0, 120, 1)},
            reached={},
        ),
        Question(("Wei",), **A_WEEK, residual_minutes=120, min_overlap_minutes=1, met={}, reached={}),
        Question(
            ("Wei",),
            **A_WEEK,
            residual_minutes=120,
            threshold_minutes=10,
            reached={"Chen": (29, 1), "Li": (11, 2)},
        ),
    ),
)

SEVERAL = City(
    "two cases at once, together and apart",
    _rows("""
        Wei   workshop     2022-03-08T09:00  2022-03-08T12:00
        Fang  workshop     2022-03-08T11:00  2022-03-08T15:00
        Chen  workshop     2022-03-08T10:00  2022-03-08T16:00
        Wei   market       2022-03-09T09:00  2022-03-09T09:20
        Li    market       2022-03-09T09:10  2022-03-09T10:30
        Fang  market       2022-03-09T10:00  2022-03-09T10:20
        Zhao  home         2022-03-09T09:00  2022-03-09T10:00
    """),
    (
        Question(
            ("Wei", "Fang"),
            **A_WEEK,
            met={"Chen": (300, 0, 1), "Li": (30, 0, 2)},
            common={"workshop": (2, 420), "market": (2, 40)},
        ),
        Question(("Wei", "Fang", "Chen", "Wei"), **A_WEEK, at_least=3, common={"workshop": (3, 780)}),
    ),
)

CLIPPED = City(
    "a window that begins and ends within visits",
    _rows("""
        Wei   workshop     2022-03-08T09:00  2022-03-08T17:00
        Fang  workshop     2022-03-08T09:00  2022-03-08T10:05
        Chen  workshop     2022-03-08T10:55  2022-03-08T18:00
        Li    workshop     2022-03-08T11:00  2022-03-08T11:30
        Zhao  workshop     2022-03-08T08:00  2022-03-08T10:00
    """),
    (
        Question(
            ("Wei",), "2022-03-08T10:00", "2022-03-08T11:00", met={"Fang": (5, 0, 1), "Chen": (5, 0, 1)}, reached={}
        ),
        Question(
            ("Wei",),
            "2022-03-08T10:00",
            "2022-03-08T11:00",
            residual_minutes=10,
            met={"Fang": (5, 0, 1), "Chen": (5, 10, 1), "Li": (0, 10, 1)},
        ),
    ),
)

LONG_ENOUGH = City(
    "only those together long enough, summed over all places",
    _rows("""
        Wei   workshop     2022-03-08T09:00  2022-03-08T12:00
        Wei   noodle_shop  2022-03-08T12:10  2022-03-08T12:40
        Fang  workshop     2022-03-08T11:50  2022-03-08T12:00
        Fang  noodle_shop  2022-03-08T12:10  2022-03-08T12:15
        Chen  workshop     2022-03-08T09:00  2022-03-08T09:14
        Li    noodle_shop  2022-03-08T12:40  2022-03-08T13:00
        Chen  market       2022-03-08T18:00  2022-03-08T19:00
        Zhao  market       2022-03-08T18:00  2022-03-08T19:00
        Fang  bus          2022-03-08T18:00  2022-03-08T19:00
        Li    bus          2022-03-08T18:00  2022-03-08T19:00
    """),
    (
        Question(
            ("Wei",),
            **A_WEEK,
            residual_minutes=30,
            min_overlap_minutes=15,
            met={"Fang": (15, 0, 1 + 1)},
            reached={"Li": (60, 1)},
        ),
    ),
)

CHAIN = City(
    "a contact of a contact counts from the first exposure only",
    _rows("""
        Wei   workshop     2022-03-08T09:00  2022-03-08T12:00
        Chen  workshop     2022-03-08T11:00  2022-03-08T12:30
        Chen  home         2022-03-08T07:00  2022-03-08T08:00
        Zhao  home         2022-03-08T07:00  2022-03-08T08:30
        Li    workshop     2022-03-08T12:00  2022-03-08T12:30
        Chen  noodle_shop  2022-03-08T13:00  2022-03-08T14:00
        Fang  noodle_shop  2022-03-08T13:00  2022-03-08T13:20
        Fang  noodle_shop  2022-03-08T13:30  2022-03-08T14:30
        Li    market       2022-03-08T15:00  2022-03-08T16:00
        Fang  market       2022-03-08T15:00  2022-03-08T16:00
    """),
    (
        Question(("Wei",), **A_WEEK, met={"Chen": (60, 0, 1)}, reached={"Li": (30, 1), "Fang": (50, 2)}),
        Question(("Wei",), **A_WEEK, threshold_minutes=31, reached={"Fang": (50, 2)}),
        Question(
            ("Wei",),
            "2022-03-08T00:00",
            "2022-03-08T13:10",
            threshold_minutes=1,
            reached={"Li": (30, 1), "Fang": (10, 1)},
        ),
    ),
)

TWO_PLACES = City(
    "Wei's phone says he was in two places at once",
    _rows("""
        Wei   workshop     2022-03-08T09:00  2022-03-08T12:00
        Wei   market       2022-03-08T10:00  2022-03-08T11:00
        Fang  market       2022-03-08T10:30  2022-03-08T11:30
        Chen  workshop     2022-03-08T10:00  2022-03-08T11:00
        Chen  market       2022-03-08T10:00  2022-03-08T11:00
    """),
    (Question(("Wei",), **A_WEEK, met={"Fang": (30, 0, 1), "Chen": (120, 0, 2)}),),
)

_SHOPPERS = "\n".join(
    f"shopper-{number} market 2022-03-08T{9 + number // 12:02d}:{number % 12 * 5:02d} 2022-03-08T{10 + number // 12}:00"
    for number in range(60)
)

POPULAR = City(
    "a market where sixty people come and go",
    _rows(f"""
        Wei   market       2022-03-08T09:30  2022-03-08T10:30
        Wei   home         2022-03-08T18:00  2022-03-08T23:00
        Fang  home         2022-03-08T18:00  2022-03-08T23:00
        {_SHOPPERS}
        Fang  market       2022-03-09T12:00  2022-03-09T13:00
        Zhao  market       2022-03-09T12:30  2022-03-09T13:30
    """),
    (
        Question(("Wei",), **A_WEEK, residual_minutes=15),
        Question(("Wei", "shopper-30", "shopper-59"), **A_WEEK, min_overlap_minutes=20),
    ),
)

CITIES = (
    EVENING,
    DUPLICATES,
    LATE_ROWS,
    TIES,
    TOUCHING,
    MIDNIGHT,
    WEEKS,
    SPRING,
    AUTUMN,
    ZERO_LENGTH,
    ERASED,
    SUPPRESSED,
    RETURNED,
    OVERLAPPING,
    RETURNING,
    MEASLES,
    SEVERAL,
    CLIPPED,
    LONG_ENOUGH,
    CHAIN,
    TWO_PLACES,
    POPULAR,
)
