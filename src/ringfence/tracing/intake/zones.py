"""From the clock on the wall to UTC for whole columns, over the changes of clocks of one zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.moments import EPOCH

_YEARS = (1969, 2101)


@lru_cache(maxsize=8)
def _changes(zone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the UTC seconds at which a zone's offset changes, and the offsets before the first and after each."""
    place = ZoneInfo(zone)

    def ahead(seconds: int) -> int:
        delta = (EPOCH + timedelta(seconds=seconds)).astimezone(place).utcoffset()
        return int(delta.total_seconds()) if delta is not None else 0

    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in _YEARS)
    moments, offsets = [], [ahead(first)]
    for day in range(first, last, 86400):
        begin, stop = day, day + 86400
        while ahead(begin) != ahead(stop):
            low, high = begin, stop
            while high - low > 1:
                middle = (low + high) // 2
                if ahead(middle) == offsets[-1]:
                    low = middle
                else:
                    high = middle
            moments.append(high)
            offsets.append(ahead(high))
            begin = high
    return np.array(moments, np.int64), np.array(offsets, np.int64)


def to_utc(local: NDArray[np.int64], zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return UTC seconds of wall-clock seconds, which of them happened twice, and which never.

    A time that happened twice is taken as the first time it did.
    """
    moments, offsets = _changes(zone)
    if not len(moments):
        return local - offsets[0], np.zeros(len(local), np.bool_), np.zeros(len(local), np.bool_)
    before, after = offsets[:-1], offsets[1:]
    turn = moments + np.maximum(before, after)  # from here on only the later offset is possible
    at = np.searchsorted(turn, local, "right")
    coming = np.minimum(at, len(moments) - 1)
    near = (at < len(moments)) & (local >= moments[coming] + np.minimum(before, after)[coming])
    forward = after[coming] > before[coming]
    return local - offsets[at], near & ~forward, near & forward
