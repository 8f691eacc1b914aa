"""What an intake of visits may be told, as frozen values that are checked when they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind

_USUAL_MINUTES: Mapping[PlaceKind, int] = MappingProxyType(
    {
        PlaceKind.OTHER: 60,
        PlaceKind.HOME: 720,
        PlaceKind.WORKPLACE: 480,
        PlaceKind.SCHOOL: 420,
        PlaceKind.MARKET: 45,
        PlaceKind.SHOP: 30,
        PlaceKind.RESTAURANT: 60,
        PlaceKind.HOSPITAL: 120,
        PlaceKind.CARE_HOME: 1440,
        PlaceKind.VEHICLE: 30,
        PlaceKind.HOTEL: 600,
        PlaceKind.WORSHIP: 90,
        PlaceKind.ENTERTAINMENT: 120,
        PlaceKind.GYM: 90,
        PlaceKind.OUTDOORS: 60,
        PlaceKind.STATION: 30,
        PlaceKind.QUARANTINE_SITE: 1440,
    }
)


@dataclass(frozen=True, slots=True)
class DwellSettings:
    """Minutes that a stay is taken to last where its end is missing, by kind of place.

    The defaults are assumptions, not measurements: give your own where you know better. What they fill is flagged.
    """

    minutes: Mapping[PlaceKind, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, minutes in self.minutes.items():
            if not 0 < minutes <= 30 * MINUTES_PER_DAY:
                raise ValueError(f"dwell of {kind.name} must be from 1 minute to 30 days, not {minutes}.")

    def of(self, kind: PlaceKind) -> int:
        """Return the minutes for a kind of place."""
        return self.minutes.get(kind, _USUAL_MINUTES[kind])

    def by_number(self) -> NDArray[np.int64]:
        """Return the minutes indexed by the number of the kind."""
        table = np.full(256, self.of(PlaceKind.OTHER), np.int64)
        for kind in PlaceKind:
            table[kind] = self.of(kind)
        return table


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """How files of visits are to be understood.

    columns: our field → the file's column, where the header's names are not known ones.
    zone: IANA name of the zone of times that carry none; without it they are rejected.
    time_format: a pattern of `datetime.strptime`, tried before the formats known here.
    whole_days: take a date without a clock time as the whole local day, flagged uncertain, instead of rejecting it.
    latest_minute: later starts are rejected; give the present minute to reject what lies in the future.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    time_format: str | None = None
    whole_days: bool = False
    dwell: DwellSettings = field(default_factory=DwellSettings)
    longest_days: int = 60
    latest_minute: int | None = None
    block_bytes: int = 16 * 2**20
    block_rows: int = 2**19

    def __post_init__(self) -> None:
        if self.longest_days <= 0:
            raise ValueError("longest_days must be positive.")
        if self.block_bytes <= 0 or self.block_rows <= 0:
            raise ValueError("blocks must not be empty.")
