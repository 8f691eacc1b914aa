"""Which stays rest on an end that was filled in: the searches' kernels count minutes only, so this is looked up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import numpy as np

from ringfence.tracing.visits.batch import IMPUTED
from ringfence.tracing.visits.layout import DWELL_MASK, DWELL_SHIFT, OTHER_MASK, OTHER_SHIFT, START_SHIFT
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import MINUTES_PER_DAY

Spans = dict[tuple[int, int], list[tuple[int, int]]]
"""Stays [start, end) in minutes by person and place."""


def imputed_stays(store: VisitStore, persons: Collection[int], start: int, end: int) -> Spans:
    """Return those stays of some persons on the days of [start, end) whose end was filled in (open stores only)."""
    asked = np.unique(np.fromiter(persons, np.int64, len(persons)))
    found: Spans = defaultdict(list)
    for segment in store.segments:
        base = segment.day * MINUTES_PER_DAY
        keys = segment.sections["person_keys"]
        if base >= end or base + MINUTES_PER_DAY <= start or not len(keys):
            continue
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        there = keys[at] == asked
        offsets = segment.sections["person_offsets"].astype(np.int64)
        for person, group in zip(asked[there].tolist(), at[there].tolist(), strict=True):
            words = segment.sections["person_words"][offsets[group] : offsets[group + 1]]
            words = words[words & np.uint64(IMPUTED) != 0]
            begin = base + (words >> START_SHIFT).astype(np.int64)
            stop = begin + ((words >> DWELL_SHIFT) & DWELL_MASK).astype(np.int64)
            place = ((words >> OTHER_SHIFT) & OTHER_MASK).astype(np.int64)
            for p, s, e in zip(place.tolist(), begin.tolist(), stop.tolist(), strict=True):
                found[person, p].append((s, e))
    return found
