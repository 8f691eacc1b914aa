"""Courses: what is asked of a person stage after stage, with its test days, observations, measure and release.

A course is compiled once from a rulebook and then laid over each person's days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.derive.body import PLACED_IN, RESTRAINS, Body
from ringfence.rules.duties import Because
from ringfence.rules.rulebook import Rulebook

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OUTCOMES = ("positive", "abnormal", "indeterminate", "waiting", "negative", "")
"""How the samples of a day can come out, by how much it matters; the last where there are none that fit."""


class Stage(NamedTuple):
    """One stage of a course, as plain values with the clauses that they rest on."""

    name: str
    asks: str
    restrains: bool
    placed: bool
    rung: str
    key: str
    begins_on: int | None = None
    begins_from: str = ""
    days: int | None = None
    tests: tuple[int, ...] = ()
    by_entry: bool = False
    specimen: str = ""
    pool: int = 1
    observe: int = 0
    visits: bool = False
    lost_after: int | None = None
    environment: bool = False
    release: frozenset[str] = frozenset()
    hand_over: bool = False
    temperature: int = 0
    said: Mapping[str, Because] = {}
    """Reasons that are the same for everybody, by the kind of duty."""
    test_days: Mapping[int, tuple[str, Because, bool]] = {}
    """By test day: its slot, its reason, and whether two swabs are asked for."""
    test_values: Mapping[tuple[int, str], Mapping[str, Any]] = {}
    """What a test says of itself, by its day and outcome."""
    test_slots: str = ""
    """What the slots of its tests begin with."""


class Course(NamedTuple):
    """A course with its stages, and the most days that it can last."""

    name: str
    count_from: str
    stages: tuple[Stage, ...]
    longest: int
    restrains: bool = False
    idle: bool = False
    """Whether it is one stage of days on which nothing is asked that could be owed."""


class Laid(NamedTuple):
    """A stage laid over a person's days. `first` and `last` are local days; `ends` is where the last one ends."""

    stage: Stage
    zero: int
    begins: datetime
    ends: datetime | None
    last: int | None


def course_of(book: Rulebook, name: str) -> Course:
    """Return a course of a rulebook, compiled once."""
    return book.made(f"course.{name}", lambda b: _compiled(b, name))


def _compiled(book: Rulebook, name: str) -> Course:
    count_from = book.get(f"course.{name}.count_from", "last_exposure")
    stages = tuple(_stage(book, name, stage) for stage in book.get(f"course.{name}.stages", ()))
    restrains = any(stage.restrains for stage in stages)
    idle = len(stages) == 1 and stages[0].days is not None and not restrains and not any(
        (stages[0].tests, stages[0].observe, stages[0].environment, stages[0].hand_over)
    )  # fmt: skip
    return Course(name, count_from, stages, sum(stage.days or 0 for stage in stages), restrains, idle)


def _stage(book: Rulebook, course: str, name: str) -> Stage:
    key = f"course.{course}.{name}"

    def get(what: str, otherwise: Any = None) -> Any:
        return book.get(f"{key}.{what}", otherwise)

    asks = get("asks", "inform")
    stage = Stage(
        name=name,
        asks=asks,
        restrains=asks in RESTRAINS,
        placed=asks in PLACED_IN,
        begins_on=get("from"),
        begins_from=get("from_anchor") or book.get(f"course.{course}.count_from", "last_exposure"),
        days=get("days"),
        tests=tuple(sorted(get("tests", ()))),
        by_entry=get("tests_from") == "entry",
        specimen=get("specimen", ""),
        pool=get("pool", 1),
        observe=get("observe", 0),
        visits=get("observe_by") == "visit",
        lost_after=get("lost_after"),
        environment=bool(get("environment_sample", False)),
        release=frozenset(get("release", ())),
        rung=get("instrument", "agreement"),
        hand_over=bool(get("hand_over", False)),
        temperature=get("temperature", 0),
        key=key,
    )
    return spoken(stage, book, double=get("last_test") == "double_swab")


def spoken(stage: Stage, book: Rulebook, *, double: bool = False) -> Stage:
    """Return a stage with the reasons that all on it share; `double` asks two swabs on the last day of tests."""
    key, asks, tests = stage.key, stage.asks, stage.tests
    measure = "duty.measure" if stage.days is not None else "duty.measure_open"
    return stage._replace(
        said={
            "measure": book.because(measure, f"{key}.asks", asks=asks, days=stage.days, stage=stage.name),
            "transfer": book.because("duty.transfer", f"{key}.asks", asks=asks),
            "place": book.because("duty.place", f"{key}.asks", asks=asks),
            "monitor": book.because("duty.monitor", f"{key}.observe", times=stage.observe),
            "remain": book.plain("duty.remain", f"{key}.asks"),
            "release": book.plain("duty.release", f"{key}.days"),
        },
        test_slots=f"{stage.name}.",
        test_days={
            n: (f"{stage.name}.d{n}", book.because("duty.test_day", f"{key}.tests", day=n, stage=stage.name),
                double and n == tests[-1])
            for n in tests
        },
        test_values={
            (n, outcome): {"day": n, "specimen": stage.specimen, "single": stage.pool == 1,
                           "double_swab": double and n == tests[-1], "result": outcome}
            for n in tests for outcome in OUTCOMES
        },
    )  # fmt: skip


def lay(stage: Stage, zero: int, known_at: datetime, book: Rulebook, anchors: Mapping[str, datetime]) -> Laid:
    """Return a stage laid over days counted from day `zero`. It begins no earlier than it was known."""
    begins = known_at
    if stage.begins_on is not None:
        anchor = anchors.get(stage.begins_from)
        begins = max(begins, book.start_of(book.day_of(known_at if anchor is None else anchor) + stage.begins_on))
    if stage.days is None:
        return Laid(stage, zero, begins, None, None)
    last = zero + stage.days
    return tuple.__new__(Laid, (stage, zero, begins, book.start_of(last + 1), last))


class Asked(NamedTuple):
    """A test of a day as it is asked of everybody on the same days, with what it says of itself by outcome."""

    day: int
    slot: str
    begins: datetime
    due: datetime
    because: tuple[Because]
    double: bool
    values: Mapping[str, Mapping[str, Any]]


def tests_asked(laid: Laid, known_day: int, entry_day: int | None, book: Rulebook) -> tuple[Asked, ...]:
    """Return the tests that a stage owes to whom it was known on a day, and who came to the place on another."""
    stage = laid.stage
    base = laid.zero if not stage.by_entry or entry_day is None else entry_day - 1
    # What was known before the first day owes the same as what was known on it.
    known_day = max(known_day, base + stage.tests[0])

    key = ("tests", stage.key, base, laid.last, known_day)
    found: tuple[Asked, ...] | None = book.templates.get(key)
    return book.kept(key, lambda: _asked(laid, base, known_day, book)) if found is None else found


def _asked(laid: Laid, base: int, known_day: int, book: Rulebook) -> tuple[Asked, ...]:
    stage, rows = laid.stage, []
    for n, day in _test_days(stage, base, laid.last, known_day):
        slot, why, double = stage.test_days[n]
        values = {outcome: stage.test_values[n, outcome] for outcome in OUTCOMES}
        rows.append(Asked(day, slot, book.start_of(day), book.start_of(day + 1), (why,), double, values))
    return tuple(rows)


def _test_days(stage: Stage, base: int, last: int | None, known_day: int) -> list[tuple[int, int]]:
    """Return (ordinal, local day) of the tests that a stage owes, counted from day `base`.

    Days that had passed before the measure was known are not owed; the last of them moves to the day it became known,
    unless a test is due on that day anyway.
    """
    owed = [(n, base + n) for n in stage.tests if base + n >= known_day]
    if len(owed) < len(stage.tests) and (last is None or known_day <= last):
        passed = stage.tests[len(stage.tests) - len(owed) - 1]
        if not owed or owed[0][1] > known_day:
            owed.insert(0, (passed, known_day))
    return owed


def entry_day(body: Body, asks: str) -> int | None:
    """Return the local day on which she came to the place that is asked for, None before."""
    stays = body.stays(asks)
    return body.book.day_of(min(stay.at for stay in stays)) if stays else None
