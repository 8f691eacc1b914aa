"""A line list of cases as a health department keeps it: any order of columns, Chinese or English, CSV or Excel.

The usual convention of four columns is understood: id, onset, first positive sample, isolation. What cannot be read is
kept aside with line, field, reason and mend; what can be read of such a row still counts.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ringfence.response.asked import Read, digest
from ringfence.response.sheets import is_sheet, read_sheet
from ringfence.tracing.encounters.told import Told, read_told
from ringfence.tracing.intake.columns import plain
from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.moments import parse_moment
from ringfence.vocabulary.refusals import Refused

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "case_id", "caseid", "case", "case_no", "patient", "patient_id", "unique_key", "编号", "病例编号",
           "病例", "个案编号", "病例号", "序号"),
    "onset": ("onset", "onset_date", "date_onset", "date_of_onset", "symptom_onset", "illness_onset", "发病日期",
              "发病时间", "发病", "症状出现日期"),
    "first_positive": ("first_positive_sample", "first_positive", "first_positive_date", "positive_sample_date",
                       "date_first_positive", "specimen_date", "sample_date", "positive_at", "首次阳性采样时间",
                       "首次阳性采样日期", "首阳采样时间", "阳性采样时间", "采样时间", "采样日期", "首次阳性时间"),
    "isolation": ("isolation", "isolated", "isolation_date", "date_isolation", "isolated_at", "hospitalised",
                  "hospitalized", "date_hospitalisation", "admitted", "隔离时间", "隔离日期", "隔离", "入院时间",
                  "入院日期"),
    "reported": ("reported", "report_date", "date_report", "confirmed", "date_confirmation", "confirmation_date",
                 "报告时间", "报告日期", "确诊时间", "确诊日期"),
    "state": ("state", "status", "classification", "case_classification", "病例分类", "状态", "分类"),
    "sex": ("sex", "gender", "性别"),
    "age": ("age", "age_years", "年龄"),
    "name": ("name", "full_name", "姓名"),
    "found_by": ("found_by", "detected_by", "how_found", "发现方式", "发现途径"),
    "community": ("community", "village", "district", "street", "address", "社区", "村", "街道", "住址", "现住址"),
}  # fmt: skip
_STATES = {
    "confirmed": "confirmed", "确诊": "confirmed", "确诊病例": "confirmed", "probable": "probable",
    "临床诊断": "probable", "suspected": "suspected", "suspect": "suspected", "疑似": "suspected",
    "疑似病例": "suspected", "presumptive": "presumptive", "初筛阳性": "presumptive", "阳性": "presumptive",
    "asymptomatic": "asymptomatic", "无症状": "asymptomatic", "无症状感染者": "asymptomatic",
    "discarded": "discarded", "not a case": "discarded", "排除": "discarded",
}  # fmt: skip
_SEXES = {"f": "female", "female": "female", "女": "female", "女性": "female", "m": "male", "male": "male",
          "男": "male", "男性": "male"}  # fmt: skip
_MOMENTS = ("onset", "first_positive", "isolation", "reported")
_NONE = frozenset({"", "-", "—", "na", "n/a", "none", "null", "无", "不详", "未知", "unknown"})
_ALIKE = 0.75
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One row of a line list. Moments are aware; one that the list gives as a day is its first minute."""

    id: str
    line: int
    state: str = ""
    onset: datetime | None = None
    first_positive: datetime | None = None
    isolation: datetime | None = None
    reported: datetime | None = None
    sex: str = ""
    age: float | None = None
    name: str = ""
    found_by: str = ""
    community: str = ""


def read_cases(path: Path, zone: ZoneInfo, now: datetime) -> tuple[list[CaseRow], Read]:
    """Return the cases of a list and what was wrong with it. Refused where no column tells who a case is."""
    told = read_sheet(path, NAMES, required=("id",)) if is_sheet(path) else read_told(path, NAMES, required=("id",))
    read = Read(path.name, "linelist", len(told) + len(told.rejects), 0, list(told.rejects), digest(path))
    read.rejects += _unknown_headers(told)
    cases: list[CaseRow] = []
    seen: dict[str, int] = {}
    for at, line in enumerate(told.lines):
        row = _row(told, at, line, zone, now, read)
        if row is None:
            continue
        if row.id in seen:
            read.rejects.append(Reject(line, "id", "respond.same_case", {"text": row.id, "line": seen[row.id]},
                                       told.row(at)))  # fmt: skip
            continue
        seen[row.id] = line
        cases.append(row)
    read.used = len(cases)
    return cases, read


def _unknown_headers(told: Told) -> list[Reject]:
    """Return a question for each header that nothing was taken from, with the nearest one that is known."""
    known = {plain(name): (field, name) for field, names in NAMES.items() for name in names}
    asked = []
    for header in told.unused:
        near = difflib.get_close_matches(plain(header), known, 1, _ALIKE)
        if near and known[near[0]][0] not in told.columns:
            field, name = known[near[0]]
            asked.append(Reject(1, header, "respond.header_near", {"text": header, "nearest": name, "field": field}))
        else:
            asked.append(Reject(1, header, "respond.header_unknown", {"text": header}))
    return asked


def _row(told: Told, at: int, line: int, zone: ZoneInfo, now: datetime, read: Read) -> CaseRow | None:
    cells = {name: told.column(name)[at].strip() for name in NAMES}
    if cells["id"].lower() in _NONE:
        read.rejects.append(Reject(line, "id", "respond.no_id", {"text": cells["id"]}, told.row(at)))
        return None
    moments = {name: _moment(name, cells[name], line, told.row(at), zone, now, read) for name in _MOMENTS}
    _contradictions(moments, line, told.row(at), read)
    if cells["age"].lower() in _NONE:
        age = None
    else:
        age = _age(cells["age"])
        if age is None:
            read.rejects.append(Reject(line, "age", "respond.bad_age", {"text": cells["age"]}, told.row(at)))
    sex = _word(_SEXES, "sex", cells, line, told.row(at), read)
    state = _word(_STATES, "state", cells, line, told.row(at), read)
    return CaseRow(id=cells["id"], line=line, state=state, sex=sex, age=age, name=cells["name"],
                   found_by=cells["found_by"], community=cells["community"], **moments)  # fmt: skip


def _word(words: Mapping[str, str], field: str, cells: Mapping[str, str], line: int, row: str, read: Read) -> str:
    text = cells[field].lower()
    if text in _NONE:
        return ""
    if text not in words:
        known = ", ".join(dict.fromkeys(words.values()))
        read.rejects.append(Reject(line, field, "respond.bad_word", {"text": cells[field], "known": known}, row))
    return words.get(text, "")


def _moment(field: str, text: str, line: int, row: str, zone: ZoneInfo, now: datetime, read: Read) -> datetime | None:
    if text.lower() in _NONE:
        return None
    try:
        moment = _read_moment(text, zone)
    except Refused:
        read.rejects.append(Reject(line, field, "respond.bad_moment", {"text": text}, row))
        return None
    if moment > now:
        values = {"text": text, "now": f"{now.astimezone(zone):%Y-%m-%d %H:%M}"}
        read.rejects.append(Reject(line, field, "respond.future", values, row))
        return None
    return moment


def _read_moment(text: str, zone: ZoneInfo) -> datetime:
    """Return a moment as lists write it: ISO, or with slashes, dots or Chinese signs between year, month and day."""
    try:
        return parse_moment(text, zone)
    except Refused:
        signs = text.replace("年", "-").replace("月", "-").replace("日", " ").replace("/", "-").replace(".", "-")
        day, _, rest = " ".join(signs.replace("时", ":").replace("分", "").split()).partition(" ")
        parts = day.split("-")
        if len(parts) != 3 or not all(p.isdecimal() for p in parts) or len(parts[0]) != 4:
            raise
        year, month, of_month = (int(p) for p in parts)
        try:
            whole = date(year, month, of_month).isoformat()
        except ValueError as error:
            raise Refused("moment.unreadable", text=text) from error
        clock = rest.rstrip(":")
        clock = f"{clock}:00" if clock.isdecimal() else clock
        return parse_moment(f"{whole}T{clock.zfill(5)}" if clock else whole, zone)


_ORDERS = (("onset", "isolation"), ("first_positive", "reported"))
_LONG = timedelta(days=30)


def _contradictions(moments: dict[str, datetime | None], line: int, row: str, read: Read) -> None:
    """Tell moments that cannot both be so; the later-named is left out, since windows begin with the earlier."""
    for first, second in _ORDERS:
        one, other = moments[first], moments[second]
        if one is not None and other is not None and other < one.replace(hour=0, minute=0):
            values = {"text": f"{other:%Y-%m-%d %H:%M}", "first": first, "before": f"{one:%Y-%m-%d %H:%M}"}
            read.rejects.append(Reject(line, second, "respond.contradiction", values, row))
            moments[second] = None
    onset, sample = moments["onset"], moments["first_positive"]
    if onset is not None and sample is not None and abs(sample - onset) > _LONG:
        values = {"text": f"{onset:%Y-%m-%d}", "sample": f"{sample:%Y-%m-%d}"}
        read.rejects.append(Reject(line, "onset", "respond.far_apart", values, row))


def _age(text: str) -> float | None:
    """Return an age in years: 34, 34岁, 7 months, 7个月; None where it is none."""
    number = "".join(c for c in text if c.isdecimal() or c == ".")
    try:
        value = float(number)
    except ValueError:
        return None
    if "月" in text or "month" in text.lower() or text.lower().endswith("m"):
        value /= 12
    return round(value, 2) if 0 <= value <= 125 else None
