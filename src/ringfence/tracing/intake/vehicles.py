"""Trains, flights and coaches as places: the service, its local date and the carriage; never the seat.

Who sat in one carriage shared its air. The same number runs every day, so the date belongs to the place.
"""

from __future__ import annotations

import re

_CARRIAGE = re.compile(
    r"(?:^|[\s,，;；/]+)(?:(\d{1,2})\s*(?:号)?车(?:厢)?|(?:coach|car|carriage)\s*(\d{1,2}))\s*", re.IGNORECASE
)
_SEAT = r"(?:无座|[上中下]铺|\d{1,3}\s*(?:排\s*\d{0,2})?\s*[A-Ka-k]?\s*(?:座位?|号座?|铺|[上中下]铺)?)"
_SEATS_BEHIND = re.compile(rf"^(?:seat\s*)?{_SEAT}(?:\s*[,，、/]\s*{_SEAT})*$", re.IGNORECASE)
_SEATS_ALONE = re.compile(r"[\s,，;；]+(?:seat\s*)?\d{1,3}[A-K](?:\s*[,，、/]\s*\d{1,3}[A-K])*$", re.IGNORECASE)


def place_of_vehicle(text: str, local_date: str) -> str:
    """Return the place that a vehicle was on a day: "G2193 08车03B" on 2022-03-28 is "G2193 2022-03-28 08"."""
    carriage = _CARRIAGE.search(text)
    if carriage is None:
        return " ".join(f"{_SEATS_ALONE.sub('', text).strip().upper()} {local_date}".split())
    behind = text[carriage.end() :].strip()
    # What stands behind a carriage and is no seat is kept: better two places too many than two cars taken for one.
    rest = "" if _SEATS_BEHIND.match(behind) else behind
    number = int(carriage[1] or carriage[2])
    return " ".join(f"{text[: carriage.start()].strip().upper()} {local_date} {number:02d} {rest}".split())
