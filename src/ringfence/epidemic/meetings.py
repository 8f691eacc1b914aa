"""What a meeting is, and the arrays from which meetings are computed: the words shared by all who compute some."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY = 1440
NO_PLACE = 0xFFFFFFFF


class Hashed(NamedTuple):
    """A city whose meetings are computed: who lives, works and gathers with whom follows from the key."""

    people: int
    bits: int
    key: int
    homes: NDArray[np.uint8]
    works: NDArray[np.uint8]
    gatherings: NDArray[np.uint8]
    social: NDArray[np.float64]
    work_circle: float
    working: float


class Visited(NamedTuple):
    """The visits of a city by day, place and start, and where those of each person and day stand."""

    place: NDArray[np.uint32]
    person: NDArray[np.uint32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    kind: NDArray[np.uint8]
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    longest: NDArray[np.int32]


class Source(NamedTuple):
    """The arrays from which a kernel computes meetings; of visits when there are days of them."""

    people: int
    days: int
    hashed: Hashed
    visited: Visited


class Meetings(NamedTuple):
    """Room for the meetings of one person on one day."""

    code: NDArray[np.int64]
    at: NDArray[np.int64]
    minutes: NDArray[np.int32]
    crowd: NDArray[np.int32]
    kind: NDArray[np.uint8]
    place: NDArray[np.uint32]


def room_for(meetings: int = 1 << 15) -> Meetings:
    """Return empty room for the meetings of a day; what exceeds it is left out of the largest crowds."""
    return Meetings(
        np.zeros(meetings, np.int64),
        np.zeros(meetings, np.int64),
        np.zeros(meetings, np.int32),
        np.zeros(meetings, np.int32),
        np.zeros(meetings, np.uint8),
        np.zeros(meetings, np.uint32),
    )


def no_visits() -> Visited:
    """Return the visits of a city that has none."""
    return Visited(
        np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.int32), np.zeros(0, np.int32),
        np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int32),
    )  # fmt: skip
