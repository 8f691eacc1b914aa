"""The small runs of a day made one in memory: a search then looks into two segments of a day, not into every run.

Runs come every few seconds and wait for a compaction, which must rewrite whole days. What a search pays for them is the
looking up, once a run for every place-day; gathered, they cost one look more than a compacted store does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.visits.layout import DWELL_MASK, DWELL_SHIFT, Words
from ringfence.tracing.visits.segments import Segment

RUN_AT_MOST = 1 << 17
"""Pieces up to which a segment counts as a small run: what loads bring at once stays where it is mapped."""
DAY_AT_MOST = 1 << 18
"""Pieces that are gathered of one day, the smallest runs first: some 8 MB of memory."""
ALL_AT_MOST = 1 << 22
"""Pieces that are gathered of all days, the newest day first: some 130 MB of memory."""


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
        return gathered(day, [before[1], *(segments[file] for file in new)]) if new else before[1]
    return gathered(day, [segments[file] for file in small])


def gathered(day: int, runs: list[Segment]) -> Segment:
    """Return runs of a day as one segment in memory. What overlaps in two of them was named when the later came.

    Written with what numpy has: a process that only searches would take longer to load kernels that sort than to sort.
    """
    sides = {side: _sorted([_owners(run, side) for run in runs], [run.sections[f"{side}_words"] for run in runs])
             for side in ("place", "person")}  # fmt: skip
    sections = {f"{side}_{part}": values for side, parts in sides.items() for part, values in parts.items()}
    starts = sections["place_offsets"][:-1].astype(np.int64)
    dwell = (sections["place_words"] >> DWELL_SHIFT & DWELL_MASK).astype(np.uint16)
    sections["place_longest"] = np.maximum.reduceat(dwell, starts) if len(starts) else dwell
    sections["conflicts"] = np.unique(np.concatenate([run.sections["conflicts"] for run in runs]))
    sections["long_rows"] = np.concatenate([run.sections["long_rows"] for run in runs])
    return Segment(day, sections)


def _owners(run: Segment, side: str) -> NDArray[np.uint32]:
    """Return for each word of one side of a run whose it is."""
    offsets: NDArray[np.int64] = run.sections[f"{side}_offsets"].astype(np.int64)
    return np.repeat(run.sections[f"{side}_keys"], offsets[1:] - offsets[:-1])


def _sorted(owners: list[NDArray[np.uint32]], pieces: list[Words]) -> dict[str, NDArray[Any]]:
    """Return the words of one side in order, behind their keys and offsets."""
    owner, words = np.concatenate(owners), np.concatenate(pieces)
    order = np.lexsort((words, owner))
    owner = owner[order]
    starts = np.flatnonzero(np.concatenate([[len(owner) > 0], owner[1:] != owner[:-1]]))
    return {"keys": owner[starts], "offsets": np.append(starts, len(owner)).astype(np.uint32), "words": words[order]}
