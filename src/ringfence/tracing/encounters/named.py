"""Contacts whom a case named: the oldest evidence there is, and often the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ringfence.tracing.encounters.told import LocalNumbers, PersonNumbers, moment_reader, read_told
from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.moments import EPOCH, ceil_minute, floor_minute
from ringfence.vocabulary.refusals import Refused

UNKNOWN = np.iinfo(np.int64).min
NAMED_NAMES: Mapping[str, tuple[str, ...]] = {
    "case": (
        "infector", "case", "case_id", "index", "index_case", "source", "from", "病例", "病例编号", "指示病例",
        "传染者",
    ),
    "contact": (
        "contact", "contact_id", "person", "infectee", "to", "name", "named", "target", "case_id", "密接",
        "接触者", "接触人员", "被传染者", "姓名",
    ),
    "last_contact": (
        "last_contact", "last_contact_at", "last_contact_date", "date_of_last_contact", "last_exposure", "date",
        "最后接触", "最后接触时间", "最后接触日期", "末次接触时间",
    ),
    "relation": ("relation", "relationship", "relation_detail", "exposure_type", "关系", "与病例关系"),
    "setting": (
        "setting", "context", "context_of_exposure", "exposure", "place", "接触地点", "接触场所", "场所", "接触方式",
    ),
    "minutes": ("minutes", "duration_minutes", "duration", "分钟", "接触时长", "接触分钟"),
}  # fmt: skip
Row = tuple[str, str, int, int, int, str, str]


@dataclass(frozen=True, slots=True)
class NamedList:
    """Named contacts as columns. `first` and `last` bound the last contact in minutes since 1970, half-open.

    A day without a time spans the whole day. `UNKNOWN` stands where the case could not say; so does -1 for minutes.
    """

    case: NDArray[np.uint32]
    contact: NDArray[np.uint32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    minutes: NDArray[np.int64]
    relation: tuple[str, ...]
    setting: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.case)


@dataclass(frozen=True, slots=True)
class NamedFile:
    """What a file of named contacts held; `undated` rows tell no last contact and count in every window."""

    named: NamedList
    numbers: PersonNumbers
    loaded: int
    duplicates: int
    undated: int
    rejects: tuple[Reject, ...]
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """Contacts that cases named inside a window, one row a person; the bounds are `UNKNOWN` and minutes -1 if not told.

    `rows` are the rows of the list that name each person. `before_window` counts persons last met before it.
    """

    person: NDArray[np.uint32]
    minutes: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    rows: tuple[tuple[int, ...], ...]
    before_window: int


def named_by(named: NamedList, seeds: ArrayLike, start: int, end: int) -> Named:
    """Return whom the seeds named and may have met inside [start, end), in minutes since 1970.

    Somebody last met before the window is left out and counted. Somebody last met after it stays: the list tells
    only the last time, and there may have been others. Times told by several rows of one person: the first and
    the last; the minutes of different days add up.
    """
    seeded = np.unique(np.atleast_1d(np.asarray(seeds, np.uint32)))
    mine = np.isin(named.case, seeded) & ~np.isin(named.contact, seeded)
    gone = mine & (named.last != UNKNOWN) & (named.last <= start)
    keep = np.flatnonzero(mine & ~gone & (start < end))
    persons = np.unique(named.contact[keep])
    by_person = [keep[named.contact[keep] == person] for person in persons]
    return Named(
        persons,
        np.array([_told_minutes(named.minutes[rows]) for rows in by_person], np.int64),
        np.array([_bound(named.first[rows], min) for rows in by_person], np.int64),
        np.array([_bound(named.last[rows], max) for rows in by_person], np.int64),
        tuple(tuple(int(row) for row in rows) for rows in by_person),
        len(np.setdiff1d(named.contact[gone], persons)),
    )


def read_named(
    path: Path,
    *,
    zone: ZoneInfo | None = None,
    numbers: PersonNumbers | None = None,
    columns: Mapping[str, str] | None = None,
) -> NamedFile:
    """Read a list of named contacts from CSV, gzipped CSV or Parquet; equal rows count once.

    Refused when the file cannot be read or lacks the case or the contact.
    """
    numbers = numbers if numbers is not None else LocalNumbers()
    told = read_told(path, NAMED_NAMES, required=("case", "contact"), columns=columns)
    cases, contacts, when, relation, setting, minutes = (told.column(name) for name in NAMED_NAMES)
    rejects = list(told.rejects)
    rows: dict[Row, None] = {}
    good = 0
    cells = zip(told.lines, cases, contacts, when, relation, setting, minutes, strict=True)
    for line, *row in cells:
        read = _row(line, row, zone)
        if isinstance(read, Reject):
            rejects.append(replace(read, row=",".join(row)))
        else:
            good += 1
            rows[read] = None
    columns_out = list(zip(*rows, strict=True)) or [()] * 7
    named = NamedList(
        numbers.numbers_of(columns_out[0]),
        numbers.numbers_of(columns_out[1]),
        np.asarray(columns_out[2], np.int64),
        np.asarray(columns_out[3], np.int64),
        np.asarray(columns_out[4], np.int64),
        tuple(columns_out[5]),
        tuple(columns_out[6]),
    )
    undated = int(np.count_nonzero(named.first == UNKNOWN))
    told_back = tuple(sorted(rejects, key=_line))
    return NamedFile(named, numbers, len(named), good - len(named), undated, told_back, told.unused)


def _row(line: int, cells: list[str], zone: ZoneInfo | None) -> Row | Reject:
    """Return a row as values, or why it was not taken."""
    case, contact, when, relation, setting, minutes = cells
    field = "case" if not case else "contact"
    try:
        if not case or not contact:
            raise Refused("told.empty", field=field)
        if case == contact:
            raise Refused("told.self_pair")
        field = "last_contact"
        bounds = _bounds(when, zone)
        field = "minutes"
        return case, contact, *bounds, _minutes(minutes), relation, setting
    except Refused as refusal:
        return Reject(line, field, refusal.code, refusal.values)


def _line(reject: Reject) -> int:
    return reject.line


def _bounds(text: str, zone: ZoneInfo | None) -> tuple[int, int]:
    """Return the first minute and the end of a last contact: a whole local day, or the minute of a moment."""
    if not text:
        return UNKNOWN, UNKNOWN
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            moment = moment_reader(zone)(text)
        except (OverflowError, ValueError) as error:
            raise Refused("moment.unreadable", text=text) from error
        return floor_minute(moment), floor_minute(moment) + 1
    if zone is None:
        raise Refused("moment.no_zone", text=text)
    if not EPOCH.date() <= day < date(2200, 1, 1):
        raise Refused("told.far_moment", text=text)
    midnight, next_midnight = (datetime.combine(d, datetime.min.time(), zone) for d in (day, day + timedelta(days=1)))
    return floor_minute(midnight), ceil_minute(next_midnight)


def _minutes(text: str) -> int:
    if not text:
        return -1
    try:
        minutes = float(text)
    except ValueError as error:
        raise Refused("told.bad_minutes", text=text) from error
    if not 0 <= minutes <= 60 * 24 * 60:
        raise Refused("told.bad_minutes", text=text)
    return -int(-minutes // 1)


def _told_minutes(minutes: NDArray[np.int64]) -> int:
    told = minutes[minutes >= 0]
    return int(told.sum()) if len(told) else -1


def _bound(moments: NDArray[np.int64], choose: Callable[[list[int]], int]) -> int:
    told = [int(m) for m in moments if m != UNKNOWN]
    return choose(told) if told else int(UNKNOWN)
