"""The disease and the policy as kernels take them, and what a meeting amounts to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.jit import small


class Course(NamedTuple):
    """How infections run: quantiles in days, and infectiousness by hour."""

    scale: float
    asymptomatic: float
    asymptomatic_infectiousness: float
    immune: float
    from_onset: bool
    incubation: NDArray[np.float64]
    individual: NDArray[np.float64]
    profile: NDArray[np.float64]
    profile_from: int
    infectious_from: int
    infectious_until: int
    hazard: NDArray[np.float64]
    room: NDArray[np.float64]
    positive_after: int
    positive_until: int


class Plan(NamedTuple):
    """What is done, by kind of place where that matters; moments in minutes."""

    reported: float
    onset_to_isolation: NDArray[np.float64]
    traced: NDArray[np.float64]
    tracing_delay: NDArray[np.float64]
    tracing: bool
    look_back: int
    traced_minutes: int
    quarantine: int
    tests: NDArray[np.int64]
    adherence: float
    household_leak: float
    screening_every: int
    screening_from: int
    screening_share: float
    sensitivity: float
    turnaround: int
    reduction: NDArray[np.float64]
    reduction_from: int


class Bounds(NamedTuple):
    """What no meeting of a hashed city exceeds, so that most need never be looked at."""

    most: float
    """The greatest infectiousness of the profile."""
    crest: NDArray[np.float64]
    """The greatest within the 24 hours that begin 23 hours before the first of the profile, 22 before it, and so on."""
    room: float
    """The greatest number of others in a gathering, weighed by their share of its air."""


def bounds_of(course: Course, gatherings: NDArray[np.uint8]) -> Bounds:
    """Return the bounds of a disease in a city with these ways to cut gatherings."""
    others = gatherings[:, :, 1].astype(np.float64) - 1
    room = course.room[0]
    wide = np.concatenate([np.zeros(23), course.profile, np.zeros(23)])
    crest = np.lib.stride_tricks.sliding_window_view(wide, 24).max(axis=1)
    most, total = float(course.profile.max()), float((others * room / (room + np.maximum(0, others - 1))).max())
    return Bounds(most, np.ascontiguousarray(crest), total)


@small
def dose_of(course: Course, kind: int, minutes: int, crowd: int) -> float:
    """Return what a meeting amounts to: minutes, weighed by the kind of place and diluted by its crowd."""
    share = course.room[kind] / (course.room[kind] + max(0, crowd - 2))
    return course.hazard[kind] * minutes * share
