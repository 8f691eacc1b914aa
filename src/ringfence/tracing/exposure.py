"""Exposure bands: how strong the evidence makes a contact's exposure look, with reasons, to order a list for a human.

A band restricts nobody; it says whom to look at first. The score is in minutes of full exposure:

    Σ over evidence rows (minutes + after_weight × after_minutes)
        × infectiousness(day from onset) × setting(kind of place) × share(crowd, kind, distance) × protection
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.reasons import Reason
from ringfence.vocabulary.refusals import Refused

UNKNOWN_DAY = -32768
"""Day from onset that stands for: the infectious person's onset is unknown."""


class Band(IntEnum):
    """How strong an exposure looks; the strongest comes first in a list."""

    SLIGHT = 0
    SOME = 1
    STRONG = 2
    VERY_STRONG = 3


_SETTING = {
    PlaceKind.OTHER: 1.0, PlaceKind.HOME: 1.5, PlaceKind.WORKPLACE: 1.0, PlaceKind.SCHOOL: 1.0, PlaceKind.MARKET: 0.7,
    PlaceKind.SHOP: 0.7, PlaceKind.RESTAURANT: 1.2, PlaceKind.HOSPITAL: 1.0, PlaceKind.CARE_HOME: 1.3,
    PlaceKind.VEHICLE: 1.2, PlaceKind.HOTEL: 0.8, PlaceKind.WORSHIP: 1.1, PlaceKind.ENTERTAINMENT: 1.3,
    PlaceKind.GYM: 1.3, PlaceKind.OUTDOORS: 0.2, PlaceKind.STATION: 0.6, PlaceKind.QUARANTINE_SITE: 0.6,
}  # fmt: skip
_GROUP = {
    PlaceKind.OTHER: 30.0, PlaceKind.HOME: inf, PlaceKind.WORKPLACE: 30.0, PlaceKind.SCHOOL: 50.0,
    PlaceKind.MARKET: 20.0, PlaceKind.SHOP: 15.0, PlaceKind.RESTAURANT: 20.0, PlaceKind.HOSPITAL: 15.0,
    PlaceKind.CARE_HOME: 30.0, PlaceKind.VEHICLE: inf, PlaceKind.HOTEL: 6.0, PlaceKind.WORSHIP: 60.0,
    PlaceKind.ENTERTAINMENT: 30.0, PlaceKind.GYM: 20.0, PlaceKind.OUTDOORS: 15.0, PlaceKind.STATION: 30.0,
    PlaceKind.QUARANTINE_SITE: 6.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureSettings:
    """What weighs how much. The defaults are judgement for a respiratory disease, in order rather than in size.

    The course of infectiousness follows He et al. 2020 (doi:10.1038/s41591-020-0869-5) in shape: rising from three
    days before onset, highest around it, low after a week. A rule pack's values may be given instead.
    """

    after_weight: float = 0.3
    """What a minute in the air left behind counts, beside a minute together: 0 to 1."""
    first_day: int = -4
    """The day from onset of the first value of `infectiousness`."""
    infectiousness: tuple[float, ...] = (0.1, 0.3, 0.6, 0.9, 1.0, 0.9, 0.75, 0.6, 0.45, 0.35, 0.25, 0.2, 0.15, 0.1, 0.1)
    """Relative infectiousness by day, at most 1."""
    infectiousness_outside: float = 0.05
    """The same on days before and after these."""
    setting: Mapping[PlaceKind, float] = field(default_factory=lambda: dict(_SETTING))
    """How much closer or better aired than a shared room a kind of place is: more than 1 is closer."""
    group: Mapping[PlaceKind, float] = field(default_factory=lambda: dict(_GROUP))
    """How many people share one room, stall or floor in a kind of place; infinite: all share it."""
    near_m: float = 2.0
    """Metres up to which a measured distance counts in full."""
    far_factor: float = 0.3
    """What a measured distance beyond that counts: 0 to 1."""
    protected_factor: float = 0.3
    """What is left of an exposure under protection: 0 to 1."""
    bands: tuple[float, float, float] = (5.0, 15.0, 60.0)
    """Minutes of full exposure from which an exposure is SOME, STRONG, VERY_STRONG."""

    def __post_init__(self) -> None:
        shares = ("after_weight", "infectiousness_outside", "far_factor", "protected_factor")
        checks = {name: 0 <= getattr(self, name) <= 1 for name in shares}
        checks["infectiousness"] = bool(self.infectiousness) and all(0 <= v <= 1 for v in self.infectiousness)
        checks["first_day"] = -1000 <= self.first_day <= 1000
        checks["setting"] = set(self.setting) == set(PlaceKind) and all(0 <= v < inf for v in self.setting.values())
        checks["group"] = set(self.group) == set(PlaceKind) and all(v >= 1 for v in self.group.values())
        checks["near_m"] = 0 < self.near_m < inf
        checks["bands"] = self.bands[0] > 0 and all(a < b for a, b in pairwise(self.bands))
        for name, good in checks.items():
            if not good:
                raise Refused("exposure.bad_setting", name=name, value=str(getattr(self, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of exposures, a row for each contact and place (or sitting); `contact` ascends from 0.

    `crowd` counts everybody met in this exposure at this place (0 or less: unknown), `day_from_onset` may be
    UNKNOWN_DAY, `distance_m` NaN, `protected` −1 (unknown), 0 or 1.
    """

    contact: NDArray[np.int64]
    kind: NDArray[np.uint8]
    minutes: NDArray[np.int64]
    after_minutes: NDArray[np.int64]
    crowd: NDArray[np.int64]
    day_from_onset: NDArray[np.int16]
    distance_m: NDArray[np.float32]
    protected: NDArray[np.int8]

    def __post_init__(self) -> None:
        rows = len(self.contact)
        for name in ("kind", "minutes", "after_minutes", "crowd", "day_from_onset", "distance_m", "protected"):
            if len(getattr(self, name)) != rows:
                raise Refused("exposure.unequal_columns", name=name, rows=len(getattr(self, name)), expected=rows)
        if rows and (self.contact[0] < 0 or (self.contact[1:] < self.contact[:-1]).any()):
            raise Refused("exposure.unsorted")


@dataclass(frozen=True, slots=True)
class Exposures:
    """Band and score (minutes of full exposure) of each contact; reasons are made when they are asked for."""

    band: NDArray[np.uint8]
    score: NDArray[np.float64]
    evidence: Evidence
    settings: ExposureSettings

    def ranking(self) -> NDArray[np.intp]:
        """Return the contacts, strongest band first, inside a band by score, then by number."""
        return np.lexsort((-self.score, -self.band.astype(np.int8)))

    def reasons_for(self, contact: int) -> list[Reason]:
        """Return why a contact has its band, row by row, the weightiest row first.

        In each row `counted` × all `factor` = `effective`; the sum of `effective` is the score.
        """
        first, last = np.searchsorted(self.evidence.contact, [contact, contact + 1])
        rows = [_reasons_of_row(self.evidence, row, self.settings) for row in range(first, last)]
        rows.sort(key=lambda reasons: -float(str(reasons[0].values["effective"])))
        band = Band(int(self.band[contact]))
        overall = Reason(f"exposure.band.{band.name.lower()}", {"score": float(self.score[contact])})
        return [overall, *(reason for reasons in rows for reason in reasons)]


def score_exposures(evidence: Evidence, *, contacts: int, settings: ExposureSettings | None = None) -> Exposures:
    """Return the bands of contacts 0 .. contacts − 1 from their evidence; without evidence the score is 0."""
    settings = settings or ExposureSettings()
    e = evidence
    weights = e.minutes + settings.after_weight * e.after_minutes
    weights *= _by_day(e.day_from_onset, settings)
    kinds = sorted(PlaceKind)
    weights *= np.array([settings.setting[k] for k in kinds])[e.kind]
    weights *= _share(e, np.array([settings.group[k] for k in kinds]), settings)
    weights *= np.array([1.0, settings.protected_factor, 1.0])[e.protected]  # −1, unknown, reads the last one
    score: NDArray[np.float64] = np.bincount(e.contact, weights, minlength=contacts).astype(np.float64, copy=False)
    band = np.searchsorted(settings.bands, score, side="right").astype(np.uint8)
    return Exposures(band, score, evidence, settings)


def _by_day(day: NDArray[np.int16], settings: ExposureSettings) -> NDArray[np.float64]:
    outside = settings.infectiousness_outside
    table = np.array([outside, *settings.infectiousness, outside, 1.0])  # the last one: unknown, neutral
    slot = np.clip(day.astype(np.int32) - (settings.first_day - 1), 0, len(table) - 2)
    slot[day == UNKNOWN_DAY] = len(table) - 1
    return table[slot]


def _share(e: Evidence, group: NDArray[np.float64], settings: ExposureSettings) -> NDArray[np.float64]:
    """Return the chance of having shared room, stall or floor; a measured distance says it better than a crowd."""
    share = np.minimum(1.0, group[e.kind] / np.maximum(e.crowd, 1))
    measured = ~np.isnan(e.distance_m)
    if measured.any():
        share[measured] = np.where(e.distance_m[measured] <= settings.near_m, 1.0, settings.far_factor)
    return share


def _reasons_of_row(e: Evidence, row: int, settings: ExposureSettings) -> list[Reason]:
    minutes, after = int(e.minutes[row]), int(e.after_minutes[row])
    counted = minutes + settings.after_weight * after
    time = {"minutes": minutes, "after_minutes": after, "after_weight": settings.after_weight, "counted": counted}
    factors = [
        _day_reason(int(e.day_from_onset[row]), settings),
        _setting_reason(PlaceKind(int(e.kind[row])), settings),
        _share_reason(e, row, settings),
        _protection_reason(int(e.protected[row]), settings),
    ]
    effective = counted
    for reason in factors:
        effective *= float(str(reason.values["factor"]))
    return [Reason(code, {**values, "row": row}) for code, values in (
        ("exposure.time", {**time, "effective": effective}),
        *((reason.code, reason.values) for reason in factors),
    )]  # fmt: skip


def _day_reason(day: int, settings: ExposureSettings) -> Reason:
    if day == UNKNOWN_DAY:
        return Reason("exposure.day_unknown", {"factor": 1.0})
    slot = day - settings.first_day
    known = 0 <= slot < len(settings.infectiousness)
    factor = settings.infectiousness[slot] if known else settings.infectiousness_outside
    code = "exposure.day_before" if day < 0 else "exposure.day_after" if day > 0 else "exposure.day_of_onset"
    return Reason(code, {"day": day, "days": abs(day), "factor": factor})


def _setting_reason(kind: PlaceKind, settings: ExposureSettings) -> Reason:
    name = kind.name.lower()
    return Reason(f"exposure.setting.{name}", {"kind": name, "factor": settings.setting[kind]})


def _share_reason(e: Evidence, row: int, settings: ExposureSettings) -> Reason:
    distance, crowd = float(e.distance_m[row]), int(e.crowd[row])
    group = settings.group[PlaceKind(int(e.kind[row]))]
    if not np.isnan(distance):
        near = distance <= settings.near_m
        factor = 1.0 if near else settings.far_factor
        return Reason("exposure.near" if near else "exposure.far", {"distance_m": distance, "factor": factor})
    if group == inf:
        return Reason("exposure.undiluted", {"crowd": crowd, "factor": 1.0})
    if crowd <= 0:
        return Reason("exposure.crowd_unknown", {"factor": 1.0})
    code = "exposure.diluted" if crowd > group else "exposure.same_room"
    return Reason(code, {"crowd": crowd, "group": group, "factor": min(1.0, group / crowd)})


def _protection_reason(protected: int, settings: ExposureSettings) -> Reason:
    if protected == 1:
        return Reason("exposure.protected", {"factor": settings.protected_factor})
    return Reason("exposure.unprotected" if protected == 0 else "exposure.protection_unknown", {"factor": 1.0})
