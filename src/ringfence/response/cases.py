"""A line list of cases as a health department keeps it: any order of columns, Chinese or English, CSV or Excel.

The usual convention of four columns is understood: id, onset, first positive sample, isolation. What cannot be read is
kept aside with line, field, reason and mend; what can be read of such a row still counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ringfence.response.asked import Read, digest
from ringfence.response.people import BIRTH, PHONE, unknown_headers
from ringfence.response.sheets import is_sheet, read_sheet
from ringfence.tracing.encounters.told import Told, read_told
from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.moments import parse_moment
from ringfence.vocabulary.refusals import Refused

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "case_id", "caseid", "case", "case_no", "patient", "patient_id", "unique_key", "编号", "病例编号",
           "病例", "个案编号", "病例号", "序号"),
    "onset": ("onset", "onset_date", "date_onset", "date_of_onset", "symptom_onset", "illness_onset", "dt_onset",
              "发病日期", "发病时间", "发病", "症状出现日期"),
    "first_positive": ("first_positive_sample", "first_positive", "first_positive_date", "positive_sample_date",
                       "date_first_positive", "specimen_date", "sample_date", "positive_at", "首次阳性采样时间",
                       "首次阳性采样日期", "首阳采样时间", "阳性采样时间", "采样时间", "采样日期", "首次阳性时间"),
    "isolation": ("isolation", "isolated", "isolation_date", "date_isolation", "isolated_at", "hospitalised",
                  "hospitalized", "date_hospitalisation", "date_of_hospitalisation",
                  "date_of_hospitalization", "admitted", "隔离时间", "隔离日期", "隔离", "入院时间", "入院日期"),
    "reported": ("reported", "report_date", "date_report", "confirmed", "dt_report",
                 "date_of_report", "confirm_date", "date_confirmation", "confirmation_date",
                 "报告时间", "报告日期", "确诊时间", "确诊日期"),
    "exposed_from": ("exposed_from", "exposure_start", "start_exposure", "date_exposure_start", "dt_start_exp",
                     "start_source", "暴露开始", "暴露开始日期"),
    "exposed_to": ("exposed_to", "exposure_end", "end_exposure", "date_exposure_end", "dt_end_exp", "end_source",
                   "暴露结束", "暴露结束日期"),
    "infected": ("infected", "date_of_infection", "infection_date", "date_infection", "感染日期"),
    "died": ("died", "dt_death", "death", "deceased", "死亡", "date_of_death", "date_death", "death_date",
             "死亡日期", "死亡时间"),
    "ended": ("ended", "date_of_outcome", "date_outcome", "outcome_date", "date_of_discharge", "discharge_date",
              "出院日期", "转归日期"),
    "outcome": ("outcome", "转归"),
    "state": ("state", "status", "classification", "case_classification", "病例分类", "状态", "分类"),
    "sex": ("sex", "gender", "性别"),
    "age": ("age", "age_years", "年龄"),
    "name": ("name", "full_name", "姓名"),
    "found_by": ("found_by", "detected_by", "how_found", "发现方式", "发现途径"),
    "community": ("community", "village", "district", "street", "address", "社区", "村", "街道", "住址", "现住址"),
    "phone": PHONE,
    "birth": BIRTH,
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
_OUTCOMES = {
    "death": "died", "dead": "died", "died": "died", "死亡": "died", "recover": "recovered",
    "recovered": "recovered", "discharged": "recovered", "痊愈": "recovered", "治愈": "recovered", "出院": "recovered",
    "alive": "alive", "在院": "alive",
}  # fmt: skip
_MOMENTS = ("onset", "first_positive", "isolation", "reported", "exposed_from", "exposed_to", "infected", "died",
            "ended")  # fmt: skip
_YEAR_LAST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_NONE = frozenset({"", "-", "—", "na", "n/a", "none", "null", "无", "不详", "未知", "unknown"})
_GONE = {"yes": "died", "true": "died", "1": "died", "dead": "died", "died": "died", "是": "died", "死亡": "died",
         "no": "", "false": "", "0": "", "alive": "", "否": ""}  # fmt: skip
"""What a column of deaths may say instead of a day."""
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
    died: datetime | None = None
    ended: datetime | None = None
    exposed: tuple[datetime, datetime] | None = None
    """When she was infected, [from, until): whole local days as the list gives them."""
    sex: str = ""
    age: float | None = None
    name: str = ""
    found_by: str = ""
    community: str = ""
    phone: str = ""
    birth: str = ""
    gone: str = ""
    """How the illness ended, died or recovered, where the list tells it without a day."""


def read_cases(path: Path, zone: ZoneInfo, now: datetime) -> tuple[list[CaseRow], Read]:
    """Return the cases of a list and what was wrong with it. Refused where no column tells who a case is: id or name.

    A row without an id is known by her name with telephone, birth or line, and is never taken for another.
    """
    told = _told(path)
    read = Read(path.name, "linelist", len(told) + len(told.rejects), 0, list(told.rejects), digest(path))
    read.rejects += unknown_headers(told.unused, told.columns, NAMES)
    day_first = _day_first(told, read)
    cases: list[CaseRow] = []
    seen: dict[str, int] = {}
    for at, line in enumerate(told.lines):
        row = _row(told, at, line, zone, now, read, day_first)
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


def _told(path: Path) -> Told:
    """Return the columns of a list that has an id, or at least names."""
    read = read_sheet if is_sheet(path) else read_told
    try:
        return read(path, NAMES, required=("id",))
    except Refused as refusal:
        if refusal.code != "intake.missing_column":
            raise
        try:
            return read(path, NAMES, required=("name",))
        except Refused:
            raise refusal from None


def _day_first(told: Told, read: Read) -> bool | None:
    """Return whether dates with the year last begin with the day, None where the list itself does not show it."""
    found = [m for name in _MOMENTS for text in told.column(name) if (m := _YEAR_LAST.match(text.strip()))]
    days = [m for m in found if int(m[1]) > _MONTHS]
    months = [m for m in found if int(m[2]) > _MONTHS]
    if bool(days) == bool(months):
        return None
    shown = days or months
    code = "respond.day_first" if days else "respond.month_first"
    read.rejects.append(Reject(1, "", code, {"text": shown[0][0], "n": len(shown)}))
    return bool(days)


def _row(
    told: Told, at: int, line: int, zone: ZoneInfo, now: datetime, read: Read, day_first: bool | None
) -> CaseRow | None:
    cells = {name: told.column(name)[at].strip() for name in NAMES}
    for name in ("name", "phone", "birth"):
        cells[name] = "" if cells[name].lower() in _NONE else cells[name]
    if cells["id"].lower() in _NONE:
        if not cells["name"]:
            read.rejects.append(Reject(line, "id", "respond.no_id", {"text": cells["id"]}, told.row(at)))
            return None
        cells["id"] = f"{cells['name']} · {cells['phone'] or cells['birth'] or line}"
    gone = _GONE.get(cells["died"].lower())
    if gone is not None:
        cells["died"] = ""
    moments = {name: _moment(name, cells[name], line, told.row(at), zone, now, read, day_first) for name in _MOMENTS}
    _contradictions(moments, line, told.row(at), read)
    exposed = _exposed(moments)
    if cells["age"].lower() in _NONE:
        age = None
    else:
        age = _age(cells["age"])
        if age is None:
            read.rejects.append(Reject(line, "age", "respond.bad_age", {"text": cells["age"]}, told.row(at)))
    sex = _word(_SEXES, "sex", cells, line, told.row(at), read)
    outcome = _word(_OUTCOMES, "outcome", cells, line, told.row(at), read)
    died, ended = moments["died"], moments["ended"]
    gone = gone or (outcome if outcome in ("died", "recovered") else "")
    if gone == "died" and died is None:
        died = ended
    if outcome != "recovered" and "outcome" in told.columns:
        ended = None
    gone = "" if died is not None or (gone == "recovered" and ended is not None) else gone
    if gone:
        field = "outcome" if outcome else "died"
        now_said = f"{now.astimezone(zone):%Y-%m-%d %H:%M}"
        read.rejects.append(Reject(line, field, "respond.no_day_of_end", {"now": now_said}, told.row(at)))
    state = _word(_STATES, "state", cells, line, told.row(at), read)
    return CaseRow(id=cells["id"], line=line, state=state, sex=sex, age=age, name=cells["name"],
                   found_by=cells["found_by"], community=cells["community"], exposed=exposed, died=died,
                   ended=ended, phone=cells["phone"], birth=cells["birth"], gone=gone,
                   **{name: moments[name] for name in _OWN})  # fmt: skip


def _word(words: Mapping[str, str], field: str, cells: Mapping[str, str], line: int, row: str, read: Read) -> str:
    text = cells[field].lower()
    if text in _NONE:
        return ""
    if text not in words:
        known = ", ".join(dict.fromkeys(words.values()))
        read.rejects.append(Reject(line, field, "respond.bad_word", {"text": cells[field], "known": known}, row))
    return words.get(text, "")


def _exposed(moments: Mapping[str, datetime | None]) -> tuple[datetime, datetime] | None:
    """Return the days in which a case was infected; one end alone is no span."""
    begins = moments["infected"] or moments["exposed_from"]
    last = moments["infected"] or moments["exposed_to"]
    return None if begins is None or last is None else (begins, last + _DAY)


def _moment(
    field: str, text: str, line: int, row: str, zone: ZoneInfo, now: datetime, read: Read, day_first: bool | None
) -> datetime | None:
    if text.lower() in _NONE:
        return None
    if turned := _YEAR_LAST.match(text):
        if day_first is None:
            read.rejects.append(Reject(line, field, "respond.day_or_month", {"text": text}, row))
            return None
        day, month = (turned[1], turned[2]) if day_first else (turned[2], turned[1])
        text = f"{turned[3]}-{month}-{day}{text[turned.end() :]}"
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


_ORDERS = (("onset", "isolation"), ("first_positive", "reported"), ("exposed_from", "exposed_to"), ("onset", "died"),
           ("onset", "ended"), ("isolation", "died"), ("isolation", "ended"))  # fmt: skip
_AFTER = (("onset", "infected"), ("onset", "exposed_to"))
"""Nobody falls ill before she is infected; the onset was seen, the rest was worked out, so that it is left out."""
_OWN = ("onset", "first_positive", "isolation", "reported")
_MONTHS = 12
_LONG = timedelta(days=30)


def _contradictions(moments: dict[str, datetime | None], line: int, row: str, read: Read) -> None:
    """Tell moments that cannot both be so; the later-named is left out, since windows begin with the earlier."""
    for first, second in _ORDERS:
        one, other = moments[first], moments[second]
        if one is not None and other is not None and other < one.replace(hour=0, minute=0):
            values = {"text": f"{other:%Y-%m-%d %H:%M}", "first": first, "before": f"{one:%Y-%m-%d %H:%M}"}
            read.rejects.append(Reject(line, second, "respond.contradiction", values, row))
            moments[second] = None
    for seen, worked_out in _AFTER:
        one, other = moments[seen], moments[worked_out]
        if one is not None and other is not None and other >= one.replace(hour=0, minute=0) + _DAY:
            values = {"text": f"{other:%Y-%m-%d}", "first": seen, "before": f"{one:%Y-%m-%d}"}
            read.rejects.append(Reject(line, worked_out, "respond.contradiction_after", values, row))
            moments[worked_out] = None
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
