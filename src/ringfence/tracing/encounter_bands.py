"""How much an exposure by encounter matters, as a band with reasons: an order for reading, never a class.

The 15 minutes are a convention of contact tracing (measles in England, COVID-19 in several countries), not a time
below which nobody is infected; the reasons therefore always stand beside the band.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.encounters import Episodes, Met
from ringfence.tracing.told import Note
from ringfence.vocabulary.moments import moment_of

HIGH, MEDIUM, LOW = 3, 2, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterBands:
    """From how many minutes together in all an exposure is called high or medium; less is low."""

    high_minutes: int = 15
    medium_minutes: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.medium_minutes < self.high_minutes:
            raise ValueError("medium_minutes must be positive and less than high_minutes.")


def bands_of(met: Met, bands: EncounterBands | None = None) -> NDArray[np.uint8]:
    """Return 3 (high), 2 (medium) or 1 (low) for each person met."""
    bands = bands or EncounterBands()
    return (
        LOW + (met.seconds >= 60 * bands.medium_minutes).astype(np.uint8) + (met.seconds >= 60 * bands.high_minutes)
    ).astype(np.uint8)


def ranked(met: Met, bands: EncounterBands | None = None) -> NDArray[np.intp]:
    """Return the rows from the highest band down, the longest time together first; ties by first time, then number."""
    return np.lexsort((met.person, met.first_s, -met.seconds, -bands_of(met, bands).astype(np.int64)))


def reasons_of(
    met: Met, row: int, episodes: Episodes, *, zone: ZoneInfo, bands: EncounterBands | None = None
) -> tuple[Note, ...]:
    """Return why a person met stands in her band: time in all, longest time, days, nearest distance."""
    bands = bands or EncounterBands()
    band = int(bands_of(met, bands)[row])
    spans = range(
        int(np.searchsorted(episodes.person, met.person[row])),
        int(np.searchsorted(episodes.person, met.person[row], side="right")),
    )
    days = {
        moment_of(int(second) // 60, zone).date()
        for at in spans
        for second in (episodes.start_s[at], episodes.end_s[at] - 1)
    }
    reasons = [
        (
            Note("encounter.reason_low", {"medium": bands.medium_minutes}),
            Note("encounter.reason_medium", {"medium": bands.medium_minutes, "high": bands.high_minutes}),
            Note("encounter.reason_high", {"high": bands.high_minutes}),
        )[band - 1],
        Note("encounter.reason_day" if len(days) == 1 else "encounter.reason_days", {"days": len(days)}),
    ]
    if met.encounters[row] > 1:
        reasons.append(Note("encounter.reason_longest", {"minutes": -(-int(met.longest_s[row]) // 60)}))
    if not np.isnan(met.nearest_m[row]):
        reasons.append(Note("encounter.reason_nearest", {"metres": f"{met.nearest_m[row]:.1f}"}))
    return tuple(reasons)
