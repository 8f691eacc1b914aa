"""Who lives in the households: ages, sexes, vulnerabilities, and what they do all day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.chance import HOUSEHOLD, PERSON, Stream, draw, key_of
from ringfence.drill.city.homes import CARE_HOME, DORMITORY, Households
from ringfence.tracing.jit import kernel

OCCUPATIONS = (
    "small_child",
    "kindergarten_child",
    "pupil",
    "student",
    "garment_worker",
    "factory_worker",
    "office_worker",
    "farmer",
    "seller",
    "restaurant_worker",
    "teacher",
    "health_worker",
    "care_worker",
    "retired",
    "at_home",
    "care_home_resident",
)
(
    SMALL_CHILD, KINDERGARTEN_CHILD, PUPIL, STUDENT, GARMENT_WORKER, FACTORY_WORKER, OFFICE_WORKER, FARMER, SELLER,
    RESTAURANT_WORKER, TEACHER, HEALTH_WORKER, CARE_WORKER, RETIRED, AT_HOME, CARE_HOME_RESIDENT,
) = range(len(OCCUPATIONS))  # fmt: skip
WORKING = 255
"""Until it is known where: works."""

VULNERABILITIES = ("over_70", "pregnant", "infant", "dialysis", "insulin", "chronic_illness", "limited_mobility")
"""Bit i of the column `vulnerable` stands for the i-th of these."""


@dataclass(frozen=True, slots=True)
class People:
    """One entry a person; sex is 0 female, 1 male."""

    age: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    occupation: NDArray[np.uint8]
    vulnerable: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.age)


def populate(households: Households, seed: int) -> People:
    """Return the people of all households."""
    people = int(households.first[-1])
    made = People(*(np.empty(people, np.uint8) for _ in range(4)))
    _populate(seed, households.first, households.kind, made.age, made.sex)
    _describe(seed, made.age, made.sex, np.repeat(households.kind, np.diff(households.first)),
              made.occupation, made.vulnerable)  # fmt: skip
    return made


@kernel
def _populate(
    seed: int, first: NDArray[np.int64], kind: NDArray[np.uint8], age: NDArray[np.uint8], sex: NDArray[np.uint8]
) -> None:
    stream = np.empty(1, np.uint64)
    for h in range(len(kind)):
        a, b = first[h], first[h + 1]
        for p in range(a, b):
            stream[0] = key_of(seed, PERSON, p)
            sex[p] = 1 if draw(stream) < 0.507 else 0
            if kind[h] == CARE_HOME:
                age[p] = min(99, 72 + int(24 * draw(stream) ** 1.2))
            elif kind[h] == DORMITORY:
                age[p] = 17 + int(36 * draw(stream) ** 1.3)
        if kind[h] != CARE_HOME and kind[h] != DORMITORY:
            stream[0] = key_of(seed, HOUSEHOLD, h + np.int64(1 << 40))
            _family(stream, a, b, age, sex)


@kernel
def _family(stream: Stream, a: int, b: int, age: NDArray[np.uint8], sex: NDArray[np.uint8]) -> None:
    """Fill one family: a couple, and as its size allows its old parents and its children."""
    size = b - a
    u = draw(stream)
    if size == 1:
        age[a] = 66 + int(26 * draw(stream) ** 1.4) if u < 0.38 else 21 + int(45 * draw(stream))
        return
    if size == 2 and u < 0.2:  # one parent, or one old parent, with a child
        parent = 30 + int(50 * draw(stream))
        age[a], age[a + 1] = parent, max(0, parent - 22 - int(14 * draw(stream)))
        return
    if size == 2:
        wife = 61 + int(22 * draw(stream) ** 1.4) if u < 0.52 else 22 + int(38 * draw(stream))
        _couple(stream, a, wife, age, sex)
        return
    elders = 0
    if size == 3:
        elders = 1 if u < 0.2 else 0
    elif size == 4:
        elders = 2 if u < 0.3 else (1 if u < 0.5 else 0)
    else:
        elders = 2 if u < 0.8 else 1
    children = size - 2 - elders
    v, born_at = draw(stream), 23 + int(11 * draw(stream))
    youngest = int(23 * v) if v < 0.66 else 15 + int(44 * (v - 0.66))  # two thirds are below 15
    wife = born_at + youngest + 3 * max(0, children - 1)
    if children == 0:
        wife = 24 + int(34 * draw(stream))
    _couple(stream, a, wife, age, sex)
    for i in range(2, size):
        if i < 2 + elders:
            age[a + i] = min(97, wife + 22 + int(9 * draw(stream)) + i)
        else:
            age[a + i] = youngest + 3 * (size - 1 - i)


@kernel
def _couple(stream: Stream, a: int, wife: int, age: NDArray[np.uint8], sex: NDArray[np.uint8]) -> None:
    sex[a], sex[a + 1] = 0, 1
    age[a], age[a + 1] = wife, min(99, max(20, wife - 2 + int(7 * draw(stream))))


@kernel
def _describe(
    seed: int,
    age: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    occupation: NDArray[np.uint8],
    vulnerable: NDArray[np.uint8],
) -> None:
    stream = np.empty(1, np.uint64)
    for p in range(len(age)):
        stream[0] = key_of(seed, PERSON, p + np.int64(1 << 40))
        years, u = np.int64(age[p]), draw(stream)
        occupation[p] = CARE_HOME_RESIDENT if kind[p] == CARE_HOME else _occupation(years, np.int64(sex[p]), u)
        if kind[p] == DORMITORY:
            occupation[p] = WORKING
        vulnerable[p] = _marks(stream, years, np.int64(sex[p]), kind[p] == CARE_HOME)


@kernel
def _marks(stream: Stream, years: int, sex: int, in_care: bool) -> int:
    """Return the vulnerabilities of a person as bits."""
    marks = 1 if years >= 70 else 0
    if years < 1:
        marks |= 4
    if draw(stream) < 0.03 and sex == 0 and 20 <= years <= 41:
        marks |= 2
    if draw(stream) < 2e-7 * years * years:
        marks |= 8
    if draw(stream) < 0.012 and years > 35:
        marks |= 16
    if draw(stream) < (0.04 if years < 45 else 0.28 if years < 65 else 0.58):
        marks |= 32
    if draw(stream) < (0.7 if in_care else 0.004 if years < 60 else 0.03 if years < 80 else 0.2):
        marks |= 64
    return marks


@kernel
def _occupation(years: int, sex: int, u: float) -> int:
    """Return what somebody of an age does; `WORKING` where it is decided later at what."""
    if years < 18:
        if years < 3 or (years < 6 and u > 0.95):
            return SMALL_CHILD
        if years < 6:
            return KINDERGARTEN_CHILD
        return PUPIL if years < 15 else STUDENT if u < 0.92 else AT_HOME
    if years < 55 or (sex == 1 and years < 60):
        return WORKING if u < (0.9 if sex == 1 else 0.8) else AT_HOME
    return WORKING if u < (0.45 if years < 65 else 0.15 if years < 75 else 0.0) else RETIRED
