"""Moments as whole minutes since 1970-01-01T00:00Z, and the calendar around them.

A minute number m stands for the half-open minute [m, m + 1). A visit of a person at a place is a half-open
span of such minutes: its start is floored, its end is ceiled, and it is never shorter than one minute.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringfence.vocabulary.refusals import Refused

MINUTES_PER_DAY = 1440
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NUMBER = re.compile(r"([+-]?\d{9,19})(\.\d+)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})?(\.[0-9]+)?")
_COMPACT_YEARS = range(1970, 2101)
_PER_SECOND = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (2**63 - 1, 10**9))


def day_of(minute: int) -> int:
    """Return the number of the UTC day (days since 1970-01-01) that holds a minute."""
    return minute // MINUTES_PER_DAY


def date_of(day: int) -> date:
    """Return the calendar date of a UTC day number."""
    return (EPOCH + timedelta(days=day)).date()


def day_number(day: date) -> int:
    """Return the UTC day number of a calendar date."""
    return (day - EPOCH.date()).days


def floor_minute(moment: datetime) -> int:
    """Return the minute that holds an aware moment."""
    return int((moment - EPOCH) // timedelta(minutes=1))


def ceil_minute(moment: datetime) -> int:
    """Return the first whole minute that is not before an aware moment."""
    return -int((EPOCH - moment) // timedelta(minutes=1))


def moment_of(minute: int, zone: tzinfo | None = None) -> datetime:
    """Return the aware moment at which a minute begins, in a zone (UTC when none is given)."""
    return (EPOCH + timedelta(minutes=int(minute))).astimezone(zone or UTC)


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; refused with a mend when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise Refused("moment.unknown_zone", zone=name) from error


def parse_moment(text: str, zone: ZoneInfo | None = None) -> datetime:
    """Return the aware moment that a text names: ISO 8601 with a zone, or a number since 1970.

    A number of 9 to 19 digits counts seconds below 10^11 (the year 5138), then milliseconds, microseconds, nanoseconds;
    shorter ones are dates such as 20220308; 12 or 14 digits that begin with a date from 1970 to 2100 are a clock on the
    wall, 202203081030 or 20220308103000. A text without a zone is refused unless a zone is given; a time that a
    change of clocks skipped is refused too.
    """
    text = text.strip()
    number = _EPOCH_NUMBER.fullmatch(text)
    try:
        moment = _compact(text)
        if moment is None and number is not None:
            return _since_1970(int(number[1]), float(number[2] or 0))
        moment = moment or datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("moment.unreadable", text=text) from error
    if zone is None:
        raise Refused("moment.no_zone", text=text)
    return _of_the_clock(moment, zone, text)


def _compact(text: str) -> datetime | None:
    """Return the clock on the wall that a run of digits shows, None where it is none; no such clock is an error."""
    match = _COMPACT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        date(year, month, day)
    except ValueError:
        return None
    if year not in _COMPACT_YEARS:
        return None
    return datetime(year, month, day, hour, minute, second) + timedelta(seconds=float(match[7] or 0))


def _since_1970(number: int, fraction: float) -> datetime:
    per_second = next((scale for limit, scale in _PER_SECOND if abs(number) < limit), None)
    if per_second is None:
        raise ValueError(number)
    beyond = number % per_second + (fraction if number >= 0 else -fraction)
    return EPOCH + timedelta(seconds=number // per_second, microseconds=beyond * 10**6 / per_second)


def _of_the_clock(moment: datetime, zone: ZoneInfo, text: str) -> datetime:
    """Return the moment at which the clocks of a zone showed a time; of two, the first."""
    try:
        there = moment.replace(tzinfo=zone).astimezone(UTC)
        shown = there.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise Refused("moment.unreadable", text=text) from error
    if shown != moment:
        raise Refused("moment.skipped", text=text, zone=str(zone))
    return there
