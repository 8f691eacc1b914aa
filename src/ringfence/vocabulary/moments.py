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
_EPOCH_NUMBER = re.compile(r"^[+-]?\d{1,15}(\.\d+)?$")


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
    """Return the aware moment that a text names: ISO 8601 with a zone, or seconds since 1970.

    A text without a zone is refused unless a zone is given; a time that a change of clocks skipped is refused too.
    """
    text = text.strip()
    if _EPOCH_NUMBER.match(text) and len(text.lstrip("+-").split(".")[0]) > 8:
        return EPOCH + timedelta(seconds=float(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("moment.unreadable", text=text) from error
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if zone is None:
        raise Refused("moment.no_zone", text=text)
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise Refused("moment.skipped", text=text, zone=str(zone))
    return local.astimezone(UTC)
