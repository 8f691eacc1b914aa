"""The small runs of a day made one in memory: a search then looks into two segments of a day, not into every run.

Runs come every few seconds and wait for a compaction, which must rewrite whole days. What a search pays for them is the
looking up, once a run for every place-day; gathered, they cost one look more than a compacted store does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.visits.layout import OTHER_SHIFT
from ringfence.tracing.visits.segments import Segment, build_segment

RUN_AT_MOST = 1 << 17
"""Pieces up to which a segment counts as a small run: what loads bring at once stays where it is mapped."""
DAY_AT_MOST = 1 << 18
"""Pieces that are gathered of one day, the smallest runs first: some 8 MB of memory."""
ALL_AT_MOST = 1 << 22
"""Pieces that are gathered of all days, the newest day first: some 130 MB of memory."""
_NOBODY = np.empty(0, np.int64)


class Gathering:
    """The gathered runs of a snapshot. What was gathered for the snapshot before is kept where it still holds."""

    def __init__(self) -> None:
        self._days: dict[int, tuple[frozenset[str], Segment]] = {}

    def of(self, segments: Mapping[str, Segment]) -> list[Segment]:
        """Return segments in which the small runs of a day, given by their files, stand as one."""
        by_day: dict[int, list[str]] = defaultdict(list)
        for file, segment in segments.items():
            by_day[segment.day].append(file)
        out = []
        before, self._days = self._days, {}
        left = ALL_AT_MOST
        for day, files in sorted(by_day.items(), reverse=True):
            small = _small_runs(files, segments, min(left, DAY_AT_MOST))
            out += [segments[file] for file in files if file not in small]
            if small:
                left -= sum(segments[file].pieces for file in small)
                self._days[day] = small, _gathered(day, small, segments, before.get(day))
                out.append(self._days[day][1])
        return out


def _small_runs(files: list[str], segments: Mapping[str, Segment], room: int) -> frozenset[str]:
    """Return the files of a day's runs that are worth gathering and have room together; none where it is only one."""
    small = []
    for file in sorted(files, key=lambda file: segments[file].pieces):
        pieces = segments[file].pieces
        if pieces > min(room, RUN_AT_MOST):
            break
        room -= pieces
        small.append(file)
    return frozenset(small if len(small) > 1 else [])


def _gathered(
    day: int, small: frozenset[str], segments: Mapping[str, Segment], before: tuple[frozenset[str], Segment] | None
) -> Segment:
    """Return small runs as one, made from what was gathered before where all of that is among them."""
    if before is not None and before[0] <= small:
        new = small - before[0]
        return merge(day, [before[1], *(segments[file] for file in new)], _NOBODY) if new else before[1]
    return merge(day, [segments[file] for file in small], _NOBODY)


def merge(day: int, segments: list[Segment], erased: NDArray[np.int64]) -> Segment:
    """Return one segment of all that some segments of a day hold, erased persons left out."""
    places = np.concatenate([s.place_of_words() for s in segments])
    words = np.concatenate([s.sections["place_words"] for s in segments])
    conflicts = np.unique(np.concatenate([s.sections["conflicts"] for s in segments]))
    long_rows = np.concatenate([s.sections["long_rows"] for s in segments])
    if len(erased):
        alive = ~np.isin((words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF), erased.astype(np.uint64))
        places, words = places[alive], words[alive]
        conflicts = conflicts[~np.isin(conflicts & np.uint64(0xFFFFFFFF), erased.astype(np.uint64))]
        long_rows = long_rows[~np.isin(long_rows["person"], erased.astype(np.uint32))]
    return build_segment(day, places, words, conflicts=conflicts, long_rows=long_rows)
