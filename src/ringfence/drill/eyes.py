"""How much of what happens a department sees: scans, phones, tests, memory. Made numbers, stated as such.

They are set so that a drill is not kinder than the field: old people and children scan less, a market's gate is passed
in a crowd, half of the ill go to a clinic, and people forget.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

SCANNED: dict[PlaceKind, float] = {
    PlaceKind.OTHER: 0.7,
    PlaceKind.HOME: 0.0,
    PlaceKind.WORKPLACE: 0.7,
    PlaceKind.SCHOOL: 1.0,
    PlaceKind.MARKET: 0.7,
    PlaceKind.SHOP: 1.0,
    PlaceKind.RESTAURANT: 1.0,
    PlaceKind.HOSPITAL: 1.6,
    PlaceKind.CARE_HOME: 1.2,
    PlaceKind.VEHICLE: 0.7,
    PlaceKind.HOTEL: 1.6,
    PlaceKind.WORSHIP: 0.6,
    PlaceKind.ENTERTAINMENT: 1.2,
    PlaceKind.GYM: 1.2,
    PlaceKind.OUTDOORS: 0.2,
    PlaceKind.STATION: 1.2,
    PlaceKind.QUARANTINE_SITE: 1.6,
}
"""How eagerly a kind of place is scanned; a home has no code."""
DWELL_MINUTES: dict[PlaceKind, int] = {
    PlaceKind.WORKPLACE: 240,
    PlaceKind.SCHOOL: 240,
    PlaceKind.HOTEL: 600,
    PlaceKind.ENTERTAINMENT: 120,
    PlaceKind.GYM: 90,
    PlaceKind.HOSPITAL: 90,
    PlaceKind.CARE_HOME: 240,
    PlaceKind.QUARANTINE_SITE: 1440,
}
"""What stands for a stay whose end nobody recorded; 60 minutes elsewhere."""
_AGES = ((0, 0.4), (12, 0.9), (18, 1.1), (60, 0.7), (70, 0.4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What is seen. Shares are between 0 and 1, hours are hours, `seed` names the chance.

    At `scanning` 1 every visit to a place with a code is recorded whatever the kind and age, at 0 none. A scan that is
    kept at one rate is kept at every higher one. `screened_places`: workplaces whose people are tested every
    `screened_every` days in pools of `pool`. The desk passes an abnormal pool on after `reports_after_minutes`.
    """

    scanning: float = 0.6
    seed: int = 1
    missing_check_out: float = 0.25
    shared_phone: float = 0.06
    shared_phone_old: float = 0.3
    screened_places: float = 0.35
    screened_every: int = 7
    pool: int = 10
    sensitivity: float = 0.92
    false_pools: float = 2e-4
    clinic: float = 0.5
    clinic_delay_hours: float = 36.0
    onset_off_days: int = 2
    reports_after_minutes: int = 45
    singles_after_hours: float = 4.5
    interview_after_hours: float = 2.0
    recall: dict[str, float] = field(
        default_factory=lambda: {"household": 1.0, "work": 0.6, "class": 0.6, "room": 0.12, "vehicle": 0.02}
    )

    def __post_init__(self) -> None:
        for name in ("scanning", "missing_check_out", "shared_phone", "shared_phone_old", "screened_places",
                     "sensitivity", "false_pools", "clinic"):  # fmt: skip
            if not 0 <= getattr(self, name) <= 1:
                raise Refused("drill.share", name=name, given=getattr(self, name))
        if self.pool not in (1, 5, 10, 20):
            raise Refused("drill.pool", given=self.pool)


def keeping(eyes: Eyes, kinds: NDArray[np.uint8], ages: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the chance that each visit is recorded: 1 − (1 − rate) ^ (eagerness of place × of age); a home: 0."""
    by_kind = np.array([SCANNED[PlaceKind(k)] for k in range(len(PlaceKind))])
    limits = np.array([since for since, _ in _AGES])
    by_age = np.array([eager for _, eager in _AGES])
    eager = by_kind[kinds] * by_age[np.searchsorted(limits, ages, side="right") - 1]
    if eyes.scanning >= 1:
        return np.asarray(eager > 0, np.float64)
    chance: NDArray[np.float64] = np.asarray(1 - (1 - eyes.scanning) ** eager, np.float64)
    return chance


def dwell_of(kinds: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the minutes that stand for a stay without an end, by kind of place."""
    table = np.array([DWELL_MINUTES.get(PlaceKind(k), 60) for k in range(len(PlaceKind))], np.int64)
    return table[kinds]
