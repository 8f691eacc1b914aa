"""Encounters as evidence of exposure: minutes near, minutes farther away, by the distance that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.encounters.search import (
    EncounterList,
    EncounterSettings,
    Episodes,
    Met,
    episodes_with,
    met_by_encounter,
    met_in,
)
from ringfence.tracing.exposure import UNKNOWN_DAY, Evidence, Exposures, ExposureSettings, score_exposures
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EncounterExposures:
    """Persons met, each time with them, and how strong that looks; `exposures` counts the rows of `met`."""

    met: Met
    episodes: Episodes
    exposures: Exposures

    def order(self) -> NDArray[np.intp]:
        """Return the rows of `met`, strongest band first, then by score, time together, first time and number."""
        met, found = self.met, self.exposures
        return np.lexsort((met.person, met.first_s, -met.seconds, -found.score, -found.band.astype(np.int8)))

    def episodes_of(self, row: int) -> range:
        """Return the rows of `episodes` that are of one person met."""
        person = self.met.person[row]
        return range(*(int(np.searchsorted(self.episodes.person, person, side)) for side in ("left", "right")))


def exposures_by_encounter(
    encounters: EncounterList,
    seeds: Sequence[int],
    start: int,
    end: int,
    *,
    kind: PlaceKind = PlaceKind.OTHER,
    gap_seconds: int = 60,
    min_seconds: int = 0,
    onsets: Mapping[int, int] | None = None,
    settings: ExposureSettings | None = None,
) -> EncounterExposures:
    """Return whom the seeds met inside [start, end), in minutes since 1970, weighed like a visit to one place.

    Of each person the time measured near, the time without a distance and the time farther away are three rows of
    evidence; their minutes add up to the minutes together. Where `onsets` are given (by seed, the minute at which the
    day of onset begins), they do so day by day: a day counts by the seed nearest to onset whom she met on it. `kind`
    is the kind of place if known.
    """
    settings = settings or ExposureSettings()
    apart = EncounterSettings(gap_seconds=gap_seconds, min_seconds=min_seconds)
    episodes = episodes_with(encounters, seeds, start, end, apart)
    met = met_in(episodes, apart)
    spans = [(start, end)] if not onsets else _days(start, end, onsets.values())
    rows = [
        row
        for span in spans
        for row in _rows(encounters, seeds, span, met, settings.near_m, _days_from_onset(encounters, met, span, onsets))
    ]
    evidence = _evidence(rows, kind)
    return EncounterExposures(met, episodes, score_exposures(evidence, contacts=len(met), settings=settings))


_Row = tuple[Ints, Ints, NDArray[np.float32], NDArray[np.int16]]
"""Contacts, minutes, distances and days from onset of some rows of evidence."""


def _days(start: int, end: int, onsets: Iterable[int]) -> list[tuple[int, int]]:
    """Return [start, end) cut wherever a day from one of the onsets ends and the next begins."""
    cuts = {start, end}
    for shift in {onset % MINUTES_PER_DAY for onset in onsets}:
        cuts.update(range(start + (shift - start) % MINUTES_PER_DAY, end, MINUTES_PER_DAY))
    return list(pairwise(sorted(cuts)))


def _rows(
    encounters: EncounterList,
    seeds: Sequence[int],
    span: tuple[int, int],
    met: Met,
    near_m: float,
    days: NDArray[np.int16],
) -> list[_Row]:
    measured = encounters.distance <= np.float32(near_m)
    unmeasured = np.isnan(encounters.distance)
    near, near_m_by_person = _seconds(encounters.where(measured), seeds, span, met)
    close, _ = _seconds(encounters.where(measured | unmeasured), seeds, span, met)
    whole, _ = _seconds(encounters, seeds, span, met)
    _, far_m_by_person = _seconds(encounters.where(~measured & ~unmeasured), seeds, span, met)
    upto = [np.zeros(len(met), np.int64), *(-(-seconds // 60) for seconds in (near, close, whole))]
    distances = (near_m_by_person, np.full(len(met), np.nan, np.float32), far_m_by_person)
    found = []
    for at, distance in enumerate(distances):
        minutes = upto[at + 1] - upto[at]
        contacts = np.flatnonzero(minutes)
        found.append((contacts.astype(np.int64), minutes[contacts], distance[contacts], days[contacts]))
    return found


def _seconds(
    encounters: EncounterList, seeds: Sequence[int], span: tuple[int, int], met: Met
) -> tuple[Ints, NDArray[np.float32]]:
    """Return the seconds together and the nearest distance of each person met, in a part of the list and the window."""
    part = met_by_encounter(encounters, seeds, *span)
    at = np.searchsorted(met.person, part.person)
    known = at < len(met)
    known[known] = met.person[at[known]] == part.person[known]
    seconds, nearest = np.zeros(len(met), np.int64), np.full(len(met), np.nan, np.float32)
    seconds[at[known]], nearest[at[known]] = part.seconds[known], part.nearest_m[known]
    return seconds, nearest


def _days_from_onset(
    encounters: EncounterList, met: Met, span: tuple[int, int], onsets: Mapping[int, int] | None
) -> NDArray[np.int16]:
    days = np.full(len(met), UNKNOWN_DAY, np.int16)
    for seed, onset in (onsets or {}).items():
        seconds, _ = _seconds(encounters, [seed], span, met)
        day = int(np.clip((span[0] - onset) // MINUTES_PER_DAY, -1000, 1000))
        nearer = (days == UNKNOWN_DAY) | (np.abs(days.astype(np.int32)) > abs(day))
        days[(seconds > 0) & nearer] = day
    return days


def _evidence(rows: list[_Row], kind: PlaceKind) -> Evidence:
    contact, minutes, distance, day = (np.concatenate(column) for column in zip(*rows, strict=True))
    order = np.argsort(contact, kind="stable")
    return evidence_without_place(contact[order], minutes[order], distance[order], day[order], kind=kind)


def evidence_without_place(
    contact: Ints,
    minutes: Ints,
    distance_m: NDArray[np.float32] | None = None,
    day_from_onset: NDArray[np.int16] | None = None,
    after_minutes: Ints | None = None,
    *,
    kind: PlaceKind = PlaceKind.OTHER,
) -> Evidence:
    """Return evidence of which no place and no crowd is known; what is not given is unknown."""
    n = len(contact)
    return Evidence(
        contact=contact,
        kind=np.full(n, kind, np.uint8),
        minutes=minutes,
        after_minutes=np.zeros(n, np.int64) if after_minutes is None else after_minutes,
        crowd=np.zeros(n, np.int64),
        day_from_onset=np.full(n, UNKNOWN_DAY, np.int16) if day_from_onset is None else day_from_onset,
        distance_m=np.full(n, np.nan, np.float32) if distance_m is None else distance_m,
        protected=np.full(n, -1, np.int8),
    )
