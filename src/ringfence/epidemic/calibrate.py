"""How strong a minute must be for R0 to hold: the expected number infected by one person, solved for the scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import gamma

from ringfence.epidemic.contacts import DAY, Meetings, Source, meetings_of, other_of, room_for
from ringfence.epidemic.draws import key_of, uniform
from ringfence.epidemic.jit import kernel
from ringfence.epidemic.settings import QUANTILES, Disease, Mixing
from ringfence.epidemic.spread import Course, dose_of

_SAMPLED = 2048
_STREAM = 0xCA11
_TAIL = 0.0005


def course_of(disease: Disease, mixing: Mixing, source: Source, *, seed: int) -> Course:
    """Return a disease as the kernel takes it, with the scale at which R0 holds among these people."""
    profile, hours_from, window = _profile(disease)
    steps = (np.arange(QUANTILES) + 0.5) / QUANTILES
    individual = gamma(disease.dispersion, scale=1 / disease.dispersion).ppf(steps)
    individual /= individual.mean()
    course = Course(
        1.0, disease.asymptomatic, disease.asymptomatic_infectiousness, disease.immune, disease.from_onset,
        disease.incubation.quantiles(), individual, profile, hours_from * 60, window[0], window[1],
        np.array(mixing.hazard, np.float64), np.array(mixing.room, np.float64),
        round(disease.positive_after * DAY), round((disease.positive_after + disease.positive_days) * DAY),
    )  # fmt: skip
    doses, who = _doses(source, course, seed)
    if doses.sum() == 0:
        return course

    def too_many(log_scale: float) -> float:
        return float(-np.expm1(-np.exp(log_scale) * doses).sum() / who - disease.r0)

    low, high = -30.0, 30.0
    if too_many(high) < 0:  # even if every meeting infected, there are too few
        return course._replace(scale=float(np.exp(high)))
    return course._replace(scale=float(np.exp(brentq(too_many, low, high, xtol=1e-6))))


def _profile(disease: Disease) -> tuple[NDArray[np.float64], int, tuple[int, int]]:
    """Return infectiousness by hour (per day), the hour it begins with, and the window in minutes."""
    law = disease.generation.law
    shift = disease.shift
    if law is None:
        hour = int((disease.generation.mean + shift) * 24)
        return np.full(24, 1.0), hour, (hour * 60, hour * 60 + DAY)
    begin = int(np.floor(24 * (law.ppf(_TAIL) + shift)))
    begin = begin if disease.from_onset else max(0, begin)
    end = int(np.ceil(24 * (law.ppf(1 - _TAIL) + shift)))
    edges = (np.arange(begin, end + 1) / 24) - shift
    window = (round(DAY * (law.ppf(0.025) + shift)), round(DAY * (law.ppf(0.975) + shift)))
    return np.asarray(np.diff(law.cdf(edges)) * 24, np.float64), begin, window


def _doses(source: Source, course: Course, seed: int) -> tuple[NDArray[np.float64], int]:
    """Return the dose, at scale 1, of each pair of a sampled person and somebody she meets, and how many were sampled.

    The days begin on each day of a week, or of the diary, in turn. Nobody is infected twice, so doses of one pair
    add up.
    """
    sampled = min(source.people, _SAMPLED)
    rows, room = 1 << 20, room_for()
    while True:
        pair, other, dose = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows)
        found = _all_doses(np.uint64(key_of(seed, _STREAM)), source, course, sampled, room, pair, other, dose)
        if found <= rows:
            break
        rows = int(found)
    order = np.lexsort((other[:found], pair[:found]))
    pair, other, dose = pair[:found][order], other[:found][order], dose[:found][order]
    if found == 0:
        return dose, sampled
    begins = np.flatnonzero(np.r_[True, (pair[1:] != pair[:-1]) | (other[1:] != other[:-1])])
    return np.add.reduceat(dose, begins), sampled


@kernel
def _all_doses(
    key: int, source: Source, course: Course, sampled: int, room: Meetings, pair: NDArray[np.int64],
    other: NDArray[np.int64], dose: NDArray[np.float64],
) -> int:  # fmt: skip
    """Write the doses of sampled people, one row for each meeting; returns how many there are, written or not."""
    n = 0
    hours = course.profile.shape[0]
    for number in range(sampled):
        person = np.int64(uniform(key, 0, number, 0, 0) * source.people)
        individual = course.individual[np.int64(course.individual.shape[0] * ((number + 0.5) / sampled))]
        weak = uniform(key, 1, number, 0, 0) < course.asymptomatic
        individual *= course.asymptomatic_infectiousness if weak else 1.0
        anchor = (7 + number % 7) * 1440 + np.int64(1440 * uniform(key, 2, number, 0, 0))
        infected_at = anchor
        if course.from_onset:
            u = uniform(key, 3, number, 0, 0)
            infected_at = anchor - np.int64(1440 * course.incubation[np.int64(u * course.incubation.shape[0])])
        since = max(infected_at, anchor + course.profile_from)
        until = anchor + course.profile_from + 60 * hours
        for day in range(max(0, since // 1440), (until + 1439) // 1440):
            met = meetings_of(source, person, day, room)
            for index in range(met):
                at = day * 1440 + room.at[index]
                hour = (at - anchor - course.profile_from) // 60
                if at <= infected_at or at < 0 or hour < 0 or hour >= hours:
                    continue
                who = other_of(source, room.code[index], day)
                if who < 0:
                    continue
                if n < pair.shape[0]:
                    pair[n], other[n] = number, who
                    dose[n] = (
                        individual
                        * course.profile[hour]
                        * dose_of(course, room.kind[index], room.minutes[index], room.crowd[index])
                    )
                n += 1
    return n
