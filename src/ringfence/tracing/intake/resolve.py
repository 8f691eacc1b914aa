"""From what stands in a column of times to moments: foreign patterns, Chinese dates, parts of a day, local clocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.settings import IntakeSettings
from ringfence.tracing.intake.times import Moments, Reading, read_moments
from ringfence.tracing.intake.zones import to_utc
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.moments import EPOCH

# Hours of the clock that a word can mean, on the wide side: who was somewhere "in the morning" may have been there at
# any of these. Such times are flagged uncertain.
_DAY_PARTS = {
    "凌晨": (0, 6), "清晨": (5, 8), "早上": (5, 9), "早晨": (5, 9), "上午": (6, 12), "中午": (11, 14), "午后": (12, 18),
    "下午": (12, 18), "傍晚": (16, 20), "晚": (18, 24), "晚上": (18, 24), "晚间": (18, 24), "夜间": (18, 24),
    "夜里": (18, 24), "深夜": (21, 24), "全天": (0, 24), "当天": (0, 24), "morning": (6, 12), "noon": (11, 14),
    "afternoon": (12, 18), "evening": (18, 24), "night": (18, 24),
}  # fmt: skip
_CHINESE_MARKS = str.maketrans({"年": "-", "月": "-", "日": " ", "号": " ", "时": ":", "：": ":", "点": ":", "／": "/"})
_DAY_AND_PART = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})\s*(\D+)")
_HAS_DATE = re.compile(r"\s*\d{4}[-/.年]|\s*\d{8}")


@dataclass(frozen=True, slots=True)
class Times:
    """A column of moments in UTC seconds; a vague one covers [seconds, until)."""

    seconds: NDArray[np.int64]
    fractions: NDArray[np.bool_]
    readings: NDArray[np.uint8]
    uncertain: NDArray[np.bool_]
    until: NDArray[np.int64]  # −1 where the moment is not vague


def resolve(moments: Moments, text_at: Callable[[int], str] | None, settings: IntakeSettings) -> Times:
    """Return the moments of a column; `text_at` gives the text of a row where the column is one of texts."""
    seconds, fractions, readings = moments[0].copy(), moments[1].copy(), moments[2].copy()
    until = np.full(len(seconds), -1, np.int64)
    if text_at is not None:
        if settings.time_format is not None:
            _by_pattern(settings.time_format, text_at, seconds, fractions, readings)
        _by_words(text_at, seconds, fractions, readings, until)
    if settings.whole_days:
        days = readings == Reading.DAY
        until[days] = seconds[days] + 86400
        readings[days] = Reading.LOCAL
    uncertain = until >= 0
    if settings.zone is not None:
        local = np.flatnonzero(readings == Reading.LOCAL)
        vague = uncertain[local]
        seconds[local], twice, never = to_utc(seconds[local], settings.zone)
        until[local[vague]] = to_utc(until[local[vague]], settings.zone)[0]
        readings[local] = np.where(never & ~vague, Reading.SKIPPED, Reading.MOMENT)
        uncertain[local] |= twice
    return Times(seconds, fractions, readings, uncertain, until)


def _by_pattern(
    pattern: str,
    text_at: Callable[[int], str],
    seconds: NDArray[np.int64],
    fractions: NDArray[np.bool_],
    readings: NDArray[np.uint8],
) -> None:
    """Read what fits a pattern of strptime; a pattern without an hour gives days, one without a zone the wall clock."""
    has_clock = any(mark in pattern for mark in ("%H", "%I", "%c", "%X", "%s"))
    seen: dict[str, tuple[int, bool, int] | None] = {}
    for row in np.flatnonzero(readings != Reading.EMPTY).tolist():
        text = text_at(row)
        if text not in seen:
            try:
                moment = datetime.strptime(text, pattern)
            except ValueError:
                seen[text] = None
            else:
                local = moment.tzinfo is None
                since = moment.replace(tzinfo=EPOCH.tzinfo) - EPOCH if local else moment - EPOCH
                reading = (Reading.LOCAL if local else Reading.MOMENT) if has_clock else Reading.DAY
                seen[text] = (since // timedelta(seconds=1), since.microseconds > 0, reading)
        found = seen[text]
        if found is not None:
            seconds[row], fractions[row], readings[row] = found


def _by_words(
    text_at: Callable[[int], str],
    seconds: NDArray[np.int64],
    fractions: NDArray[np.bool_],
    readings: NDArray[np.uint8],
    until: NDArray[np.int64],
) -> None:
    """Read Chinese dates (2022年3月8日 10时30分) and days with a part of the day (2022-03-08 上午)."""
    rows = np.flatnonzero(readings == Reading.UNREADABLE)
    if not len(rows):
        return
    plain = [_plain_marks(text_at(row)) for row in rows.tolist()]
    seconds[rows], fractions[rows], readings[rows] = read_moments(*_spans(plain))
    for row, text in zip(rows.tolist(), plain, strict=True):
        match = _DAY_AND_PART.fullmatch(text)
        hours = _DAY_PARTS.get(match[2].strip().lower()) if match else None
        if match is None or hours is None:
            continue
        day, _, reading = read_moments(*_spans([match[1]]))
        if reading[0] == Reading.DAY:
            seconds[row], until[row] = day[0] + 3600 * hours[0], day[0] + 3600 * hours[1]
            readings[row] = Reading.LOCAL


def _plain_marks(text: str) -> str:
    text = text.removesuffix("分") if "秒" not in text else text.replace("分", ":").removesuffix("秒")
    text = " ".join(text.translate(_CHINESE_MARKS).split())
    return f"{text}00" if text.endswith(":") else text  # 10时, 10点: on the hour


def _spans(texts: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    found = Texts.of(texts)
    return found.data, found.starts, found.stops


def with_dates(dates: Texts, clocks: Texts, *, empty_stays: bool) -> Texts:
    """Return times with the date of their row in front, where they have none of their own."""
    joined = []
    for row in range(len(clocks)):
        clock = clocks.text(row)
        if _HAS_DATE.match(clock) or (empty_stays and not clock):
            joined.append(clock)
        else:
            joined.append(f"{dates.text(row)} {clock}".strip())
    return Texts.of(joined)
