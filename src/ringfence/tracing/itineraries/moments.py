"""Moments in a text: days with and without month and year, days told by the day before, exact and vague times.

A day without a month takes the month that lies nearest to the day spoken of before; a day without a year the year told
earlier, else the latest that is not after the day of publication. Without either there is no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from ringfence.tracing.itineraries.lexicon import tables
from ringfence.tracing.itineraries.records import Clock, Day, Moment, Words

_NUMERALS = {numeral: n for n, numeral in enumerate("零一二三四五六七八九十")} | {"两": 2, "十一": 11, "十二": 12}
_NOON, _DAY = 720, 1440
_MOVED_FROM = {"中午": 1, "午间": 1}
_NEAR_DAYS = 15
_LINKS = re.compile(r"\s*(?:至|到|—+|-+|–|~|～|－|直至|一直到|一(?=\d))\s*")

_DATE = (
    r"(?:(?P<year>20\d\d)\s?年\s?)?(?P<month>1[0-2]|0?[1-9])\s?月\s?(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
    r"(?:\s?[日号]|(?=[，,\s—~～、至晚早上下中凌发从到出前返入确就在乘\-]))"
    r"|(?P<iso_year>20\d\d)[-/.](?P<iso_month>1[0-2]|0?[1-9])[-/.](?P<iso_day>3[01]|[12]\d|0?[1-9])(?![\d.])"
    r"|(?<![\d.月第:：年])(?P<only>3[01]|[12]\d|0?[1-9])(?:日(?!龄|本)"
    r"|号(?![车座上中下铺线楼院店门馆公航令床厅机库病桌站口])|(?=(?:[-—~～、至]\d{1,2}){1,3}日))"
)
_CLOCK = (
    r"(?:(?:约|大约|近)\s?)?(?:(?<![例\d第])(?P<hour>2[0-4]|1\d|0?\d)(?:\s?[:：]\s?(?P<minutes>[0-5]\d)(?:\s?[时分])?(?![\d:：岁例天名个])"
    r"|\s?[时点]钟?(?!\s?间隔|左右侧)(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<min>[0-5]?\d)(?!\s?[岁例天名个月日:：])\s?分?)?"
    r"|(?=\s?[-—–~～至]{1,2}\s?\d{1,2}\s?[时点]))"
    r"|(?P<numeral>十[一二]?|[一二两三四五六七八九])点钟?(?P<numeral_half>半)?)"
    r"(?P<about>\s?(?:许|左右|前后|多(?![次人名])))?"
)


@cache
def _pattern() -> re.Pattern[str]:
    days = "|".join(sorted(tables()["days"], key=len, reverse=True))
    parts = "|".join(sorted(tables()["dayparts"], key=len, reverse=True))
    part = rf"(?P<part>{parts})(?![餐饭班会市期年产教已点操恋]|(?<=早)在)"
    return re.compile(
        rf"(?:(?P<date>{_DATE})|(?P<relative>{days}))(?:\s?[，,的]?\s?{part})?"
        rf"(?:\s?[，,]?\s?(?P<clock>{_CLOCK})|(?P<loosely>左右|前后))?"
        rf"|{part.replace('?P<part>', '?P<part2>')}(?:\s?(?P<clock2>{_renamed(_CLOCK)}))?"
        rf"|(?<![\d.])(?P<clock3>{_renamed(_CLOCK, '3')})"
        rf"|(?P<now>现在|目前)"
    )


def _renamed(pattern: str, mark: str = "2") -> str:
    return re.sub(r"\?P<(\w+)>", rf"?P<\g<1>{mark}>", pattern)


@dataclass(slots=True)
class Calendar:
    """What is known while a text is read: the day of publication, the day spoken of last, and the year told last."""

    published: date | None
    last: Day | None = None
    year: int | None = None

    def day(self, year: int | None, month: int | None, day: int, words: Words) -> Day | None:
        """Return a day as told, with what is missing taken from what was told before."""
        inferred = False
        if month is None:
            month, beyond = self._month_near(day)
            if month is None:
                return None
            inferred = self.last is None or month != self.last.month
            told = self._year_near(month, beyond)
        else:
            told = year if year is not None else self._year_near(month, 0)
        made = Day(month, day, told, words, inferred, year is not None)
        if day > _longest(month, told):
            return None
        self.last = made
        if year is not None:
            self.year = year
        return made

    def _month_near(self, day: int) -> tuple[int | None, int]:
        """Return the month for a day told without one, and by how many years that goes beyond the last day."""
        if self.last is None:
            if self.published is None:
                return None, 0
            month = self.published.month if day <= self.published.day else self.published.month - 1
            return (month, 0) if month else (12, 0)
        step = 1 if self.last.day - day > _NEAR_DAYS else -1 if day - self.last.day > _NEAR_DAYS else 0
        month = self.last.month + step
        if day > _longest(month, self.last.year) and step == -1:
            month = self.last.month
        return (1, 1) if month == 13 else (12, -1) if month == 0 else (month, 0)

    def _year_near(self, month: int, beyond: int) -> int | None:
        if self.last is not None and self.last.year is not None:
            if beyond:
                return self.last.year + beyond
            apart = month - self.last.month
            return self.last.year + (1 if apart < -6 else -1 if apart > 6 else 0)
        if self.year is not None:
            return self.year
        if self.published is None:
            return None
        return self.published.year - (1 if month > self.published.month else 0)

    def shifted(self, days: int, words: Words) -> Day | None:
        """Return the day so many days after the one spoken of last."""
        if self.last is None:
            return None
        base = self.last.date or _leap_safe(self.last)
        if base is None:
            return None
        at = base + timedelta(days=days)
        year = at.year if self.last.year is not None else None
        self.last = Day(at.month, at.day, year, words, True)
        return self.last


def _leap_safe(day: Day) -> date | None:
    """Return a day without a year in a leap year, so that its neighbours can be told."""
    try:
        return date(2020, day.month, day.day)
    except ValueError:
        return None


def _longest(month: int, year: int | None) -> int:
    if month == 2:
        leap = year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


def moments(text: str, published: date | None) -> Iterator[Moment]:
    """Yield the moments of a text in order."""
    calendar = Calendar(published)
    for found in _pattern().finditer(text):
        moment = _moment(found, calendar)
        if moment is not None:
            yield moment


def _moment(found: re.Match[str], calendar: Calendar) -> Moment | None:
    group = found.groupdict()
    words = Words(found.start(), found.end(), found[0])
    if group["now"]:
        return Moment(words, None, None, now=True)
    day: Day | None = None
    if group["relative"]:
        spot = Words(found.start("relative"), found.end("relative"), group["relative"])
        day = calendar.shifted(tables()["days"][group["relative"]], spot)
        if day is None and not group["clock"]:
            return Moment(words, None, _clock(found, group, ""))
    elif group["date"]:
        spot = Words(found.start("date"), found.end("date"), group["date"])
        year, month = group["year"] or group["iso_year"], group["month"] or group["iso_month"]
        number = group["day"] or group["iso_day"] or group["only"]
        day = calendar.day(int(year) if year else None, int(month) if month else None, int(number), spot)
    mark = "2" if group["part2"] else "3" if group["clock3"] else ""
    return Moment(words, day, _clock(found, group, mark))


def _clock(found: re.Match[str], group: dict[str, str | None], mark: str) -> Clock | None:
    part = group["part2"] if mark == "2" else group["part"] if not mark else None
    if part is None and not mark and group["relative"] == "当晚":
        part = "晚"
    told = group[f"clock{mark}"]
    if told is None and part is None:
        return None
    if told is None:
        first, last = tables()["dayparts"][part]
        key = "part2" if mark == "2" else "part" if group["part"] else "relative"
        return Clock(first, last, True, Words(found.start(key), found.end(key), found[key]))
    numeral = group[f"numeral{mark}"]
    hour = _NUMERALS[numeral] if numeral else int(group[f"hour{mark}"] or 0)
    minute = int(group[f"minutes{mark}"] or group[f"min{mark}"] or 0)
    if group[f"half{mark}"] or group[f"numeral_half{mark}"]:
        minute = 30
    if group[f"quarter{mark}"]:
        minute = 15 if group[f"quarter{mark}"] == "一" else 45
    moved = _within(hour, part)
    at = moved * 60 + minute
    if at > _DAY:
        return None
    key = f"clock{mark}"
    start = (
        found.start("part2") if mark == "2" else found.start("part") if not mark and group["part"] else found.start(key)
    )
    about = group[f"about{mark}"] is not None or told.lstrip().startswith(("约", "大约", "近"))
    # An hour without minutes is the hour as told; about it says whoever said about.
    return Clock(at, at, about, Words(start, found.end(key), found.string[start : found.end(key)]), moved != hour)


def _within(hour: int, part: str | None) -> int:
    """Return the hour of 24 for an hour told beside a part of the day: 下午7点, 晚8点, 中午1点."""
    if part is None or hour > 12:
        return hour
    first = tables()["dayparts"][part][0]
    if hour == 12:
        return 0 if part in ("凌晨", "半夜") else 24 if first >= 1080 else 12
    earliest = _MOVED_FROM.get(part, 5 if first >= 1020 else 1 if first >= _NOON else 99)
    latest = 4 if part in ("中午", "午间") else 11
    return hour + 12 if earliest <= hour <= latest else hour


def linked(text: str, first: Moment, second: Moment) -> bool:
    """Tell whether two moments that follow each other are the two ends of one span."""
    return bool(_LINKS.fullmatch(text, first.words.end, second.words.start))


def with_year(day: Day, year: int) -> Day:
    """Return the day in a year."""
    return replace(day, year=year)
