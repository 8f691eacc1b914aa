"""Encounters as evidence beside visits: who was near whom, when, and how near, without any place.

An encounter record says that two persons were near one another over a half-open span of whole seconds since
1970-01-01T00:00Z. Badges and telephones see one another for seconds, so this file counts seconds; windows and
answers are whole minutes like everywhere else in this package. `encounters_reference` says in a few lines what
each search here means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

SECOND_HOP_STEPS = (1, 15, 60, 240, 1440)
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class EncounterSettings:
    """What counts as an encounter.

    `max_distance_m`: records from farther away do not count (None: all count). A record without a distance counts
    unless `unknown_distance_counts` is False: a device that does not measure is no evidence of distance.
    `gap_seconds`: two times together no farther apart than this are one encounter; the gap itself is not time
    together. `min_seconds`: persons with less time together are not listed.
    """

    max_distance_m: float | None = None
    gap_seconds: int = 60
    min_seconds: int = 0
    unknown_distance_counts: bool = True

    def __post_init__(self) -> None:
        if self.max_distance_m is not None and not self.max_distance_m >= 0:
            raise ValueError("max_distance_m must be zero or more.")
        if self.gap_seconds < 0 or self.min_seconds < 0:
            raise ValueError("gap_seconds and min_seconds must be zero or more.")


@dataclass(frozen=True, slots=True)
class EncounterList:
    """Encounter records as columns, sorted by a, b, start, each pair and span once; a < b always.

    `start_s` and `end_s` are seconds since 1970 UTC, half-open. `distance` is in metres, NaN where not measured.
    """

    a: NDArray[np.uint32]
    b: NDArray[np.uint32]
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    distance: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.a)

    @classmethod
    def of(
        cls, a: ArrayLike, b: ArrayLike, start_s: ArrayLike, end_s: ArrayLike, distance: ArrayLike | None = None
    ) -> EncounterList:
        """Return a list from columns in any order; of equal pairs and spans the nearest one stays.

        ValueError for a person who meets herself and for a span that is empty: readers reject such rows before.
        """
        one, two = np.asarray(a, np.uint32), np.asarray(b, np.uint32)
        starts, ends = np.asarray(start_s, np.int64), np.asarray(end_s, np.int64)
        far = np.full(len(one), np.nan, np.float32) if distance is None else np.asarray(distance, np.float32)
        if np.any(one == two) or np.any(ends <= starts):
            raise ValueError("An encounter needs two different persons and an end after its start.")
        low, high = np.minimum(one, two), np.maximum(one, two)
        order = np.lexsort((far, ends, starts, high, low))  # NaN sorts last: a measured distance wins
        low, high, starts, ends, far = low[order], high[order], starts[order], ends[order], far[order]
        new = np.ones(len(low), bool)
        new[1:] = (
            (low[1:] != low[:-1]) | (high[1:] != high[:-1]) | (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
        )
        return cls(low[new], high[new], starts[new], ends[new], far[new])

    def where(self, keep: NDArray[np.bool_]) -> EncounterList:
        """Return the records of a mask."""
        return EncounterList(self.a[keep], self.b[keep], self.start_s[keep], self.end_s[keep], self.distance[keep])

    def near_enough(self, settings: EncounterSettings) -> EncounterList:
        """Return the records that count by their distance."""
        return self.where(_near_enough(self, settings))

    @property
    def span_s(self) -> tuple[int, int]:
        """Return the first start and the last end, or (0, 0) when there is no record."""
        return (int(self.start_s.min()), int(self.end_s.max())) if len(self) else (0, 0)


@dataclass(frozen=True, slots=True)
class Episodes:
    """Times together as columns, sorted by person and start: one row is one encounter, gaps within it bridged."""

    person: NDArray[np.uint32]
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    seconds: NDArray[np.int64]
    nearest_m: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True)
class Met:
    """Persons met, as columns sorted by person. `longest_s` is the most time together in one encounter.

    `nearest_m` is NaN where no distance was measured.
    """

    person: NDArray[np.uint32]
    seconds: NDArray[np.int64]
    encounters: NDArray[np.int64]
    longest_s: NDArray[np.int64]
    first_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    nearest_m: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.person)

    @property
    def minutes(self) -> NDArray[np.int64]:
        """Return the time together in minutes, each begun minute counted."""
        return -(-self.seconds // _MINUTE)

    @property
    def first(self) -> NDArray[np.int64]:
        """Return the minute since 1970 in which the first time together began."""
        return self.first_s // _MINUTE

    @property
    def last(self) -> NDArray[np.int64]:
        """Return the minute since 1970 at whose beginning the last time together was over."""
        return -(-self.last_s // _MINUTE)


@dataclass(frozen=True, slots=True)
class SecondHop:
    """Contacts of contacts at or above a threshold, as columns sorted by person.

    `seconds` are person-seconds (a second near two contacts counts twice), `through` the number of contacts they
    came near. `at_least` says how many persons have a score of at least so many minutes, listed here or not.
    """

    person: NDArray[np.uint32]
    seconds: NDArray[np.int64]
    encounters: NDArray[np.int64]
    through: NDArray[np.int64]
    first_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    nearest_m: NDArray[np.float32]
    at_least: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.person)

    @property
    def score_minutes(self) -> NDArray[np.int64]:
        """Return the score in person-minutes, each begun minute counted."""
        return -(-self.seconds // _MINUTE)


def episodes_with(
    encounters: EncounterList, seeds: ArrayLike, start: int, end: int, settings: EncounterSettings | None = None
) -> Episodes:
    """Return every time that someone was together with any of the seeds inside [start, end), in minutes since 1970.

    Seeds among themselves are left out. Records that overlap or touch are one encounter, and so are those not
    farther apart than the gap setting.
    """
    settings = settings or EncounterSettings()
    seeded = _numbers(seeds)
    keep = _near_enough(encounters, settings)
    a_in, b_in = _isin(encounters.a, seeded), _isin(encounters.b, seeded)
    keep &= (start < end) & (a_in != b_in) & (encounters.start_s < end * _MINUTE) & (encounters.end_s > start * _MINUTE)
    other = np.where(a_in[keep], encounters.b[keep], encounters.a[keep])
    starts = np.maximum(encounters.start_s[keep], start * _MINUTE)
    ends = np.minimum(encounters.end_s[keep], end * _MINUTE)
    return _united(other, starts, ends, encounters.distance[keep], settings.gap_seconds)


def met_by_encounter(
    encounters: EncounterList, seeds: ArrayLike, start: int, end: int, settings: EncounterSettings | None = None
) -> Met:
    """Return the persons whom any of the seeds met inside [start, end), in minutes since 1970."""
    settings = settings or EncounterSettings()
    return met_in(episodes_with(encounters, seeds, start, end, settings), settings)


def met_in(episodes: Episodes, settings: EncounterSettings | None = None) -> Met:
    """Return one row per person of some episodes; persons below `min_seconds` are left out."""
    heads = _heads(episodes.person)
    if not len(heads):
        none = np.empty(0, np.int64)
        return Met(episodes.person, none, none, none, none, none, episodes.nearest_m)
    met = Met(
        episodes.person[heads],
        np.add.reduceat(episodes.seconds, heads),
        np.diff(np.append(heads, len(episodes))).astype(np.int64),
        np.maximum.reduceat(episodes.seconds, heads),
        np.minimum.reduceat(episodes.start_s, heads),
        np.maximum.reduceat(episodes.end_s, heads),
        np.fmin.reduceat(episodes.nearest_m, heads),
    )
    enough = met.seconds >= (settings or EncounterSettings()).min_seconds
    return Met(*(getattr(met, name)[enough] for name in Met.__slots__))


def second_hop_by_encounter(
    encounters: EncounterList,
    seeds: ArrayLike,
    met: Met,
    end: int,
    *,
    threshold_minutes: int = 15,
    settings: EncounterSettings | None = None,
) -> SecondHop:
    """Return who was near the persons met, each from the first second of her own exposure until `end` (minutes).

    Seeds and the persons met themselves are left out. Only pairs that occur in the list are formed.
    """
    settings = settings or EncounterSettings()
    carriers = met.person
    inner = np.union1d(_numbers(seeds), carriers)
    a_in, b_in = _isin(encounters.a, carriers), _isin(encounters.b, carriers)
    forth = a_in & ~_isin(encounters.b, inner)
    keep = (forth | (b_in & ~_isin(encounters.a, inner))) & _near_enough(encounters, settings)
    rows = np.flatnonzero(keep)
    via = np.where(forth[rows], encounters.a[rows], encounters.b[rows])
    other = np.where(forth[rows], encounters.b[rows], encounters.a[rows])
    starts = np.maximum(encounters.start_s[rows], met.first_s[np.searchsorted(carriers, via)])
    ends = np.minimum(encounters.end_s[rows], end * _MINUTE)
    live = ends > starts
    rows, via, other, starts, ends = rows[live], via[live], other[live], starts[live], ends[live]
    pair = (other.astype(np.int64) << 32) | via
    apart = _united(pair, starts, ends, encounters.distance[rows], settings.gap_seconds)
    return _scored(apart, threshold_minutes)


def _scored(by_pair: Episodes, threshold_minutes: int) -> SecondHop:
    """Return scores by person; the key of the episodes holds the person in its high half, the contact in its low."""
    key = by_pair.person.astype(np.int64)
    person = (key >> 32).astype(np.uint32)
    heads = _heads(person)
    if not len(heads):
        none = np.empty(0, np.int64)
        return SecondHop(person, none, none, none, none, none, by_pair.nearest_m, dict.fromkeys(SECOND_HOP_STEPS, 0))
    seconds = np.add.reduceat(by_pair.seconds, heads)
    score = -(-seconds // _MINUTE)
    listed = score >= threshold_minutes
    new_pair = np.ones(len(key), np.int64)
    new_pair[1:] = key[1:] != key[:-1]
    return SecondHop(
        person[heads][listed],
        seconds[listed],
        np.diff(np.append(heads, len(person))).astype(np.int64)[listed],
        np.add.reduceat(new_pair, heads)[listed],
        np.minimum.reduceat(by_pair.start_s, heads)[listed],
        np.maximum.reduceat(by_pair.end_s, heads)[listed],
        np.fmin.reduceat(by_pair.nearest_m, heads)[listed],
        {step: int(np.count_nonzero(score >= step)) for step in SECOND_HOP_STEPS},
    )


def _united(
    key: NDArray[np.uint32] | NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    distance: NDArray[np.float32],
    gap: int,
) -> Episodes:
    """Return the union of spans per key, cut into episodes where more than `gap` seconds are empty.

    All keys are laid one behind the other on one axis, far enough apart, so that one running maximum serves all.
    """
    order = np.lexsort((ends, starts, key))
    key, starts, ends, distance = key[order], starts[order], ends[order], distance[order]
    if not len(key):
        return Episodes(key, starts, ends, ends - starts, distance)  # type: ignore[arg-type]
    groups = np.zeros(len(key), np.int64)
    groups[1:] = np.cumsum(key[1:] != key[:-1])
    shift = groups * (int(ends.max() - starts.min()) + gap + 1)
    reach = np.maximum.accumulate(ends + shift)
    before = np.empty_like(reach)
    before[0], before[1:] = starts[0] - gap - 1, reach[:-1]
    fresh = np.maximum(0, ends + shift - np.maximum(starts + shift, before))
    heads = np.flatnonzero(starts + shift > before + gap)
    return Episodes(
        key[heads],  # type: ignore[arg-type]
        starts[heads],
        np.maximum.reduceat(ends, heads),
        np.add.reduceat(fresh, heads),
        np.fmin.reduceat(distance, heads),
    )


def _near_enough(encounters: EncounterList, settings: EncounterSettings) -> NDArray[np.bool_]:
    unknown = np.isnan(encounters.distance)
    near = np.ones(len(encounters), bool)
    if settings.max_distance_m is not None:
        near = encounters.distance <= np.float32(settings.max_distance_m)
    return np.where(unknown, settings.unknown_distance_counts, near).astype(bool)


def _heads(sorted_keys: NDArray[np.uint32]) -> NDArray[np.intp]:
    if not len(sorted_keys):
        return np.empty(0, np.intp)
    return np.append(0, np.flatnonzero(sorted_keys[1:] != sorted_keys[:-1]) + 1).astype(np.intp)


def _numbers(persons: ArrayLike) -> NDArray[np.uint32]:
    return np.unique(np.atleast_1d(np.asarray(persons, np.uint32)))


def _isin(values: NDArray[np.uint32], sorted_set: NDArray[np.uint32]) -> NDArray[np.bool_]:
    if not len(sorted_set):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(sorted_set, values), len(sorted_set) - 1)
    return np.asarray(sorted_set[at] == values, bool)
