"""Moments from text in machine code: ISO 8601 and epoch numbers, straight from a buffer of bytes, to whole seconds.

Calendar arithmetic after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.keys.idtable import signed, trim

Moments = tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.uint8]]


class Reading(IntEnum):
    """How a text was understood as a moment. LOCAL and DAY give seconds of the clock on the wall, not of UTC."""

    MOMENT = 0
    EMPTY = 1
    LOCAL = 2
    DAY = 3
    UNREADABLE = 4
    NO_SUCH_DAY = 5
    NO_SUCH_CLOCK = 6
    SKIPPED = 7


_MOMENT, _EMPTY, _LOCAL, _DAY, _UNREADABLE, _NO_DAY, _NO_CLOCK = range(7)

# A number is an epoch by its size: seconds from 9 digits (1973) below 10^11 (the year 5138), then milliseconds,
# microseconds, nanoseconds. Shorter numbers are more likely a date such as 20220308 than a moment of 1970.
_SMALLEST_EPOCH = 10**8
# Twelve or fourteen digits that begin with a date of these days are a clock on the wall, 202203081030 or
# 20220308103000, as exports write it: as epoch numbers they would lie in the seventies or far in the future.
_COMPACT_UNTIL_DAY = 47847  # 2101-01-01
_SCALES = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (2**63 - 1, 10**9))


@kernel
def _days_from_civil(year: int, month: int, day: int) -> int:
    if month <= 2:
        year -= 1
    era = year // 400
    year_of_era = year - era * 400
    month_from_march = month - 3 if month > 2 else month + 9
    day_of_year = (153 * month_from_march + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468


@kernel
def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def _digits(data: NDArray[np.uint8], at: int, stop: int, most: int) -> tuple[int, int]:
    """Return (value, place after it) of up to `most` digits; the place does not move where there is none."""
    value = 0
    end = min(stop, at + most)
    while at < end and 48 <= data[at] <= 57:
        value = value * 10 + signed(data[at]) - 48
        at += 1
    return value, at


@kernel
def _epoch(data: NDArray[np.uint8], start: int, stop: int) -> tuple[int, bool, int]:
    sign = 1
    at = start
    if data[at] == 45 or data[at] == 43:
        sign = -1 if data[at] == 45 else 1
        at += 1
    value, after = _digits(data, at, stop, 19)
    fraction = False
    if after < stop and data[after] == 46:
        after += 1
        dot = after
        while after < stop and 48 <= data[after] <= 57:
            fraction = fraction or data[after] != 48
            after += 1
        if after == dot:
            return 0, False, _UNREADABLE
    if after != stop or value < _SMALLEST_EPOCH:
        return 0, False, _UNREADABLE
    for limit, scale in _SCALES:
        if value < limit:
            seconds = value // scale
            fraction = fraction or value % scale != 0
            if sign < 0:
                seconds = -seconds - (1 if fraction else 0)
            return seconds, fraction, _MOMENT
    return 0, False, _UNREADABLE


@kernel
def _date(data: NDArray[np.uint8], at: int, stop: int) -> tuple[int, int, int]:
    """Return (days since 1970, place after the date, reading)."""
    year, after = _digits(data, at, stop, 4)
    if after != at + 4 or after >= stop:
        return 0, at, _UNREADABLE
    at = after
    mark = data[at]
    if mark in (45, 47, 46):  # - / .
        month, after = _digits(data, at + 1, stop, 2)
        if after == at + 1 or after >= stop or data[after] != mark:
            return 0, at, _UNREADABLE
        begin = after + 1
        day, at = _digits(data, begin, stop, 2)
        if at == begin:
            return 0, at, _UNREADABLE
    else:
        month, after = _digits(data, at, stop, 2)
        day, last = _digits(data, after, stop, 2)
        if after != at + 2 or last != after + 2:
            return 0, at, _UNREADABLE
        at = last
    if year == 0 or not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
        return 0, at, _NO_DAY
    return _days_from_civil(year, month, day), at, _MOMENT


@kernel
def _clock(data: NDArray[np.uint8], at: int, stop: int) -> tuple[int, bool, int, int]:  # noqa: PLR0911
    """Return (seconds of the day, fraction beyond it, place after the clock, reading)."""
    hour, after = _digits(data, at, stop, 2)
    if after == at:
        return 0, False, at, _UNREADABLE
    colons = after < stop and data[after] == 58
    if not colons and after != at + 2:
        return 0, False, at, _UNREADABLE
    begin = after + 1 if colons else after
    minute, after = _digits(data, begin, stop, 2)
    if after != begin + 2:
        return 0, False, at, _UNREADABLE
    second = 0
    fraction = False
    more = after < stop and (data[after] == 58 if colons else 48 <= data[after] <= 57)
    if more:
        begin = after + 1 if colons else after
        second, after = _digits(data, begin, stop, 2)
        if after != begin + 2:
            return 0, False, at, _UNREADABLE
        if after < stop and (data[after] == 46 or data[after] == 44):
            dot = after + 1
            after = dot
            while after < stop and 48 <= data[after] <= 57:
                fraction = fraction or data[after] != 48
                after += 1
            if after == dot:
                return 0, False, at, _UNREADABLE
    if hour > 23 or minute > 59 or second > 59:
        return 0, False, after, _NO_CLOCK
    return hour * 3600 + minute * 60 + second, fraction, after, _MOMENT


@kernel
def _offset(data: NDArray[np.uint8], at: int, stop: int) -> tuple[int, int]:  # noqa: PLR0911
    """Return (seconds ahead of UTC, reading) of all that follows a clock; LOCAL where nothing does."""
    if at == stop:
        return 0, _LOCAL
    if data[at] == 32:
        at += 1
    if at + 1 == stop and (data[at] == 90 or data[at] == 122):
        return 0, _MOMENT
    if at >= stop or (data[at] != 43 and data[at] != 45):
        return 0, _UNREADABLE
    sign = 1 if data[at] == 43 else -1
    hours, after = _digits(data, at + 1, stop, 2)
    if after != at + 3:
        return 0, _UNREADABLE
    minutes = 0
    if after < stop:
        begin = after + 1 if data[after] == 58 else after
        minutes, after = _digits(data, begin, stop, 2)
        if after != begin + 2 or after != stop:
            return 0, _UNREADABLE
    if hours > 23 or minutes > 59:
        return 0, _UNREADABLE
    return sign * (hours * 3600 + minutes * 60), _MOMENT


@kernel
def _compact(data: NDArray[np.uint8], start: int, stop: int, days: int) -> tuple[int, bool, int]:
    """Read yyyymmddHHMM or yyyymmddHHMMSS, of which the date is read already; other runs of digits are epochs."""
    end = start
    while end < stop and 48 <= data[end] <= 57:
        end += 1
    if not (0 <= days < _COMPACT_UNTIL_DAY and (end - start == 12 or end - start == 14)):
        return _epoch(data, start, stop)
    fraction = False
    if end < stop:
        if data[end] != 46 or end + 1 == stop:
            return 0, False, _UNREADABLE
        for at in range(end + 1, stop):
            if not 48 <= data[at] <= 57:
                return 0, False, _UNREADABLE
            fraction = fraction or data[at] != 48
    seconds, _, at, reading = _clock(data, start + 8, end)
    if reading != _MOMENT or at != end:
        return 0, False, _NO_CLOCK
    return days * 86400 + seconds, fraction, _LOCAL


@kernel
def _moment(data: NDArray[np.uint8], start: int, stop: int) -> tuple[int, bool, int]:  # noqa: PLR0911
    days, at, reading = _date(data, start, stop)
    if reading == _NO_DAY and at == stop and at - start == 8:
        return 0, False, _UNREADABLE  # eight digits that are no date
    if reading == _MOMENT and at - start == 8 and at < stop and 48 <= data[at] <= 57:
        return _compact(data, start, stop, days)
    if reading == _UNREADABLE or (at < stop and 48 <= data[at] <= 57):
        return _epoch(data, start, stop)
    if reading != _MOMENT:
        return 0, False, reading
    if at == stop:
        return days * 86400, False, _DAY
    if data[at] != 84 and data[at] != 116 and data[at] != 32:
        return 0, False, _epoch(data, start, stop)[2]
    seconds, fraction, at, reading = _clock(data, at + 1, stop)
    if reading != _MOMENT:
        return 0, False, reading
    ahead, reading = _offset(data, at, stop)
    return days * 86400 + seconds - ahead, fraction, reading


@kernel
def read_moments(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Moments:
    """Return whole seconds since 1970 (floored), whether a fraction lies beyond, and the reading, for each text."""
    seconds = np.zeros(len(starts), np.int64)
    fractions = np.zeros(len(starts), np.bool_)
    readings = np.zeros(len(starts), np.uint8)
    for row in range(len(starts)):
        a, b = trim(data, starts[row], stops[row])
        if a == b:
            readings[row] = _EMPTY
        else:
            seconds[row], fractions[row], readings[row] = _moment(data, a, b)
    return seconds, fractions, readings


@kernel
def _read_calendar(
    numbers: NDArray[np.int64], beyond: NDArray[np.bool_], seconds: NDArray[np.int64], readings: NDArray[np.uint8]
) -> None:
    """Fill days for numbers such as 20220308, and clocks on the wall for 202203081030 and 20220308103000."""
    for row in range(len(numbers)):
        number = numbers[row]
        if readings[row] == _EMPTY:
            continue
        if 10**7 <= number < 10**8 and not beyond[row]:
            date, clock = number, -1
        elif 10**11 <= number < 10**12:
            date, clock = number // 10**4, number % 10**4 * 100
        elif 10**13 <= number < 10**14:
            date, clock = number // 10**6, number % 10**6
        else:
            continue
        year, month, day = date // 10000, date // 100 % 100, date % 100
        if not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
            continue
        days = _days_from_civil(year, month, day)
        if clock < 0:
            seconds[row], readings[row] = days * 86400, _DAY
        elif 0 <= days < _COMPACT_UNTIL_DAY:
            hour, minute, second = clock // 10000, clock // 100 % 100, clock % 100
            if hour > 23 or minute > 59 or second > 59:
                seconds[row], readings[row] = 0, _NO_CLOCK
            else:
                seconds[row], readings[row] = days * 86400 + hour * 3600 + minute * 60 + second, _LOCAL


def read_numbers(values: NDArray[Any], missing: NDArray[np.bool_]) -> Moments:
    """Return the same for epoch numbers, whole or floating; their unit goes by their size, as in text.

    Days such as 20220308 and clocks such as 202203081030 are read as in text, too.
    """
    if values.dtype.kind == "f":
        missing = missing | ~np.isfinite(values)
        whole = np.floor(np.where(missing, 0, values))
        beyond = np.where(missing, 0, values) != whole
        numbers = np.clip(whole, -(2.0**62), 2.0**62).astype(np.int64)
    else:
        numbers, beyond = values.astype(np.int64), np.zeros(len(values), np.bool_)
    size = np.abs(numbers)
    readings = np.where(size < _SMALLEST_EPOCH, _UNREADABLE, _MOMENT).astype(np.uint8)
    readings[missing] = _EMPTY
    scale = np.ones(len(numbers), np.int64)
    for limit, _ in _SCALES[:-1]:
        scale[size >= limit] *= 1000
    seconds = np.floor_divide(numbers, scale)
    fractions = beyond | (seconds * scale != numbers)
    _read_calendar(numbers, beyond, seconds, readings)
    moment, local = readings == _MOMENT, readings == _LOCAL
    seconds[~(moment | local | (readings == _DAY))] = 0
    return seconds, (moment & fractions) | (local & beyond), readings
