"""Read case and control lists as they come: CSV with Chinese or English headers; good rows go on, others are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from ringfence.tracing.encounters.told import read_told
from ringfence.tracing.intake.columns import plain
from ringfence.tracing.intake.rejects import Reject
from ringfence.tracing.sources.records import RESIDENT, SCREENING, SourceCase, SourceControl
from ringfence.vocabulary.moments import MINUTES_PER_DAY, ceil_minute, floor_minute, parse_moment
from ringfence.vocabulary.refusals import Refused

R = TypeVar("R")
P = TypeVar("P", "CaseRecord", "ControlRecord")
N = TypeVar("N")

HEADERS: Mapping[str, tuple[str, ...]] = {
    "person": (
        "person", "person_id", "id", "case", "case_id", "case_ref", "patient", "patient_id",
        "人员", "人员编号", "编号", "姓名", "病例", "病例编号",
    ),
    "onset": (
        "onset", "onset_date", "symptom_onset", "symptom_onset_date", "date_onset", "onset_at",
        "发病日期", "发病时间", "发病",
    ),
    "onset_uncertainty": ("onset_uncertainty", "onset_uncertainty_days", "发病误差天数", "误差天数"),
    "sample": (
        "sample", "sample_date", "sampled", "sampled_at", "first_positive", "positive_date",
        "采样日期", "采样时间", "首次阳性采样日期", "首阳日期",
    ),
    "household": ("household", "household_id", "户", "户号", "家庭", "家庭编号"),
    "community": ("community", "neighbourhood", "neighborhood", "社区", "小区", "村居", "居委会"),
    "age": ("age", "age_years", "年龄"),
    "found_by": ("found_by", "how_found", "found", "detection", "发现途径", "发现方式"),
    "infector": ("infector", "infected_by", "infector_known", "source_case", "感染来源", "传染者", "上代病例"),
    "matched_set": ("set", "matched_set", "set_id", "配对号", "配对组"),
}  # fmt: skip
FOUND_BY: Mapping[str, tuple[str, ...]] = {
    "symptoms": ("symptoms", "symptom", "clinic", "fever clinic", "主动就诊", "就诊", "发热门诊", "症状"),
    "contact": ("contact", "contacts", "tracing", "密接", "密切接触者", "密接排查", "次密接", "隔离点检出", "隔离管控"),
    SCREENING: ("screening", "screened", "mass testing", "筛查", "核酸筛查", "重点人群筛查", "全员核酸", "社区筛查"),
    RESIDENT: ("resident", "居民", "常住居民"),
}
NOT_KNOWN = {"", "-", "0", "no", "none", "n/a", "na", "unknown", "不明", "不详", "未知", "无", "否"}
_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$|^(\d{4})(\d{2})(\d{2})$")
_DOUBT = re.compile(r"^(.*?)\s*(?:±|\+/-)\s*(\d+(?:\.\d+)?)\s*(?:d|days?|天|日)?$")
_AGE = re.compile(r"^(\d{1,3})\s*(?:岁|s|多岁|y|years?)?\s*(?:[-–~至+]\s*(\d{1,3})?\s*岁?|以上)?$")
_MONTHS = re.compile(r"^\d{1,2}\s*(?:个月|月|月龄|m|months?)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case as written, with given ids; spans are minutes that hold the moment."""

    line: int
    person: str
    onset: tuple[int, int] | None
    sample: tuple[int, int] | None
    household: str | None
    community: str | None
    age: int | None
    found_by: str | None
    screened_place: str | None
    infector_known: bool
    matched_set: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """A control as written, with given ids."""

    line: int
    person: str
    household: str | None
    community: str | None
    age: int | None
    found_by: str | None
    screened_place: str | None
    matched_set: str | None


@dataclass(frozen=True, slots=True)
class FileRows(Generic[R]):
    """The good rows of a file, and everything that was wrong with the others. Columns nobody asked for are named."""

    records: tuple[R, ...]
    problems: tuple[Reject, ...]
    unknown_columns: tuple[str, ...]

    def refuse_if_problems(self) -> None:
        """Refuse with all problems at once, for callers that want all rows or none."""
        if self.problems:
            listed = "; ".join(f"{p.line} {p.field}: {p.reason('en')}" for p in self.problems)
            raise Refused("hypothesis.file.problems", number=len(self.problems), problems=listed)


class _BadRowError(Exception):
    def __init__(self, name: str, code: str, **values: object) -> None:
        super().__init__(code)
        self.problem = (name, code, values)


def read_cases(path: Path | str, *, zone: ZoneInfo | None = None) -> FileRows[CaseRecord]:
    """Return the cases of a CSV file: person, onset or sample, household, community, age, found_by, infector, set.

    A date is that whole day in `zone` (UTC when none is given). Refused when there is no column of persons.
    """

    infectors: dict[int, str] = {}
    everybody: set[str] = set()

    def record(line: int, row: Mapping[str, str]) -> CaseRecord:
        everybody.add(row.get("person", ""))
        infectors[line] = row.get("infector", "")
        onset = _span(row, "onset", zone)
        sample = _span(row, "sample", zone)
        if onset is None and sample is None:
            raise _BadRowError("onset", "hypothesis.row.no_date")
        found_by, place = _found(row, None)
        return CaseRecord(
            line=line,
            person=_person(row),
            onset=onset,
            sample=sample,
            household=row.get("household") or None,
            community=row.get("community") or None,
            age=_age(row),
            found_by=found_by,
            screened_place=place,
            infector_known=row.get("infector", "").lower() not in NOT_KNOWN,
            matched_set=row.get("matched_set") or None,
        )

    rows = _read(Path(path), record, lambda r: r.person)
    strangers = [
        Reject(line, "infector", "hypothesis.row.unknown_infector", {"text": text})
        for line, text in infectors.items()
        if text.lower() not in NOT_KNOWN and text not in everybody
    ]
    # A list may say "yes" or "a visitor" instead of an id; only where it names persons of its own are strangers odd.
    ids = any(text in everybody for text in infectors.values() if text)
    problems = sorted([*rows.problems, *(strangers if ids else ())], key=lambda problem: problem.line)
    return FileRows(rows.records, tuple(problems), rows.unknown_columns)


def read_controls(path: Path | str) -> FileRows[ControlRecord]:
    """Return the controls of a CSV file: person, household, community, age, found_by, set. Dates in it are not used:
    a control is asked about the window of the case she is compared with."""

    def record(line: int, row: Mapping[str, str]) -> ControlRecord:
        found_by, place = _found(row, RESIDENT)
        return ControlRecord(
            line=line,
            person=_person(row),
            household=row.get("household") or None,
            community=row.get("community") or None,
            age=_age(row),
            found_by=found_by,
            screened_place=place,
            matched_set=row.get("matched_set") or None,
        )

    return _read(Path(path), record, lambda r: r.person)


def number_cases(
    rows: Sequence[CaseRecord], *, persons: Mapping[str, int], places: Mapping[str, int]
) -> tuple[list[SourceCase], list[Reject]]:
    """Return the cases by their numbers in a store, and a problem for each person the store has never seen."""

    def case(r: CaseRecord, person: int, screened_place: int | None) -> SourceCase:
        return SourceCase(
            person=person,
            onset_start=r.onset[0] if r.onset else None,
            onset_end=r.onset[1] if r.onset else None,
            sample_start=r.sample[0] if r.sample else None,
            sample_end=r.sample[1] if r.sample else None,
            household=r.household,
            community=r.community,
            age=r.age,
            found_by=r.found_by,
            screened_place=screened_place,
            infector_known=r.infector_known,
            matched_set=r.matched_set,
        )

    return _numbered(rows, case, persons, places)


def number_controls(
    rows: Sequence[ControlRecord], *, persons: Mapping[str, int], places: Mapping[str, int]
) -> tuple[list[SourceControl], list[Reject]]:
    """Return the controls by their numbers in a store, and a problem for each person the store has never seen."""

    def control(r: ControlRecord, person: int, screened_place: int | None) -> SourceControl:
        return SourceControl(
            person=person,
            household=r.household,
            community=r.community,
            age=r.age,
            found_by=r.found_by,
            screened_place=screened_place,
            matched_set=r.matched_set,
        )

    return _numbered(rows, control, persons, places)


def _numbered(
    rows: Sequence[P], made: Callable[[P, int, int | None], N], persons: Mapping[str, int], places: Mapping[str, int]
) -> tuple[list[N], list[Reject]]:
    """Return what is made of each row with the numbers of its person and place, and a problem for each unknown one."""
    found, problems = [], []
    for row in rows:
        number = persons.get(row.person)
        if number is None:
            problems.append(Reject(row.line, "person", "hypothesis.row.unknown_person", {"person": row.person}))
        else:
            found.append(made(row, number, _place_number(row, places, problems)))
    return found, problems


def _place_number(row: CaseRecord | ControlRecord, places: Mapping[str, int], problems: list[Reject]) -> int | None:
    if row.screened_place is None:
        return None
    number = places.get(row.screened_place)
    if number is None:
        problems.append(Reject(row.line, "found_by", "hypothesis.row.unknown_place", {"place": row.screened_place}))
    return number


def _read(path: Path, record: Callable[[int, Mapping[str, str]], R], key: Callable[[R], str]) -> FileRows[R]:
    told = read_told(path, HEADERS, required=("person",))
    known = {plain(spelling): name for name, spellings in HEADERS.items() for spelling in spellings}
    columns = [known.get(plain(header)) for header in told.header]
    for name in HEADERS:
        if columns.count(name) > 1:
            raise Refused("hypothesis.file.twice", path=str(path), name=name)
    records: list[R] = []
    problems = list(told.rejects)
    first_line: dict[str, int] = {}
    for at, line in enumerate(told.lines):
        row = {name: cells[at] for name, cells in told.columns.items()}
        if not any(row.values()):
            continue
        try:
            made = record(line, row)
            if key(made) in first_line:
                raise _BadRowError("person", "hypothesis.row.twice", person=key(made), line=first_line[key(made)])
        except _BadRowError as bad:
            problems.append(Reject(line, *bad.problem, row=told.row(at)))
        else:
            first_line[key(made)] = line
            records.append(made)
    unknown = tuple(h for h, c in zip(told.header, columns, strict=True) if c is None and h.strip())
    return FileRows(tuple(records), tuple(sorted(problems, key=lambda problem: problem.line)), unknown)


def _person(row: Mapping[str, str]) -> str:
    if not row.get("person"):
        raise _BadRowError("person", "hypothesis.row.no_person")
    return row["person"]


def _span(row: Mapping[str, str], name: str, zone: ZoneInfo | None) -> tuple[int, int] | None:
    """Return the half-open minutes that hold a date or moment, widened by its doubt (a suffix ± 2, or a column)."""
    text = row.get(name, "")
    if text.lower() in NOT_KNOWN:
        return None
    doubtful = _DOUBT.match(text)
    if doubtful:
        text, doubt_text = doubtful.groups()
    else:
        doubt_text = row.get("onset_uncertainty", "") if name == "onset" else ""
    try:
        doubt = float(doubt_text or 0)
    except ValueError:
        doubt = -1
    if not 0 <= doubt <= 60:
        raise _BadRowError(f"{name}_uncertainty", "hypothesis.row.bad_doubt", text=doubt_text)
    start, end = _moments(text, name, zone)
    widened = round(doubt * MINUTES_PER_DAY)
    return floor_minute(start) - widened, ceil_minute(end) + widened


def _moments(text: str, name: str, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    day = _DAY.match(text)
    try:
        if day:
            year, month, number = (int(g) for g in day.groups() if g)
            start = datetime(year, month, number, tzinfo=zone or UTC)
            return start, (start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone or UTC)
        moment = parse_moment(text, zone)
    except (ValueError, OverflowError, Refused) as error:
        raise _BadRowError(name, "hypothesis.row.bad_date", text=text) from error
    return moment, moment + timedelta(minutes=1)


def _age(row: Mapping[str, str]) -> int | None:
    text = row.get("age", "").lower()
    if text in NOT_KNOWN - {"0"}:
        return None
    if _MONTHS.match(text):
        return 0
    matched = _AGE.match(text.removesuffix(".0"))
    if matched is None or int(matched[1]) > 130:
        raise _BadRowError("age", "hypothesis.row.bad_age", text=text)
    return int(matched[1])


def _found(row: Mapping[str, str], otherwise: str | None) -> tuple[str | None, str | None]:
    """Return how somebody was found, and the place whose screening it was."""
    text = row.get("found_by", "")
    how, _, place = text.replace("：", ":").partition(":")
    how = how.strip().lower()
    if how in NOT_KNOWN:
        return otherwise, None
    known = next((name for name, spellings in FOUND_BY.items() if how in spellings), how)
    return known, (place.strip() or None) if known == SCREENING else None
