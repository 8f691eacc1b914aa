"""What chance alone would show: case and control exchanged inside strata, over all places at once.

Westfall and Young 1993, Resampling-Based Multiple Testing, step-down minP: what makes
places alike (the same guests, the same community) is kept by every exchange, so the adjustment is as mild as may be.
"""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CELLS_AT_ONCE = 4_000_000
_DRAWN_AT_ONCE = 1_000_000
_TIE = 1 + 1e-9  # chances that differ by rounding only are equal


def relabelings(
    stratum: NDArray[np.int64], is_case: NDArray[np.bool_], *, at_most: int, seed: int
) -> tuple[NDArray[np.bool_], bool]:
    """Return who would be a case, a row for each exchange inside strata, and whether these are all there are.

    All of them when there are no more than `at_most`; else `at_most` random ones, and the true labels as the last row.
    """
    rows = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    sizes = [int(is_case[r].sum()) for r in rows]
    number = 1
    for r, size in zip(rows, sizes, strict=True):
        number = min(number * comb(len(r), size), at_most + 1)
    if number <= at_most:
        labels = np.zeros((number, len(stratum)), np.bool_)
        for row, chosen in enumerate(product(*(combinations(r, n) for r, n in zip(rows, sizes, strict=True)))):
            labels[row, [person for part in chosen for person in part]] = True
        return labels, True
    generator = np.random.default_rng(seed)
    labels = np.zeros((at_most + 1, len(stratum)), np.bool_)
    for r, size in zip(rows, sizes, strict=True):
        _draw(labels[:-1], r, size, generator)
    labels[-1] = is_case
    return labels, False


def _draw(labels: NDArray[np.bool_], rows: NDArray[np.intp], size: int, generator: np.random.Generator) -> None:
    """Mark `size` of the rows at random in each line of labels, some lines at a time: a stratum may be a city."""
    step = max(1, _DRAWN_AT_ONCE // len(rows))
    for start in range(0, len(labels), step):
        part = labels[start : start + step]
        numbers = generator.random((len(part), len(rows)))
        if 0 < size < len(rows):
            drawn = np.argpartition(numbers, size - 1, axis=1)[:, :size]
        else:
            drawn = np.broadcast_to(np.arange(size), (len(part), size))
        np.put_along_axis(part, rows[drawn], True, axis=1)


def chance_of_any(
    labels: NDArray[np.bool_], exposed: NDArray[np.bool_], p_by_count: Floats, seen: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return each place's step-down adjusted p, and the smallest p over all places for every relabeling, sorted.

    `exposed` is persons × places; `p_by_count` is places × number of exposed cases: the place's own exact p.
    """
    places = np.arange(exposed.shape[1])
    own = p_by_count[places, seen]
    order = np.argsort(own, kind="stable")
    ranked = np.ascontiguousarray(exposed[:, order], np.float32)
    table = np.ascontiguousarray(p_by_count[order])
    at_least_as_rare = np.zeros(len(places), np.int64)
    smallest: list[Floats] = []
    step = max(1, _CELLS_AT_ONCE // max(1, *exposed.shape))
    for start in range(0, len(labels), step):
        counts = np.rint(labels[start : start + step].astype(np.float32) @ ranked).astype(np.intp)
        p = table[places, counts]
        rest = np.minimum.accumulate(p[:, ::-1], axis=1)[:, ::-1]
        at_least_as_rare += (rest <= own[order] * _TIE).sum(axis=0)
        smallest.append(rest[:, 0])
    adjusted = np.empty(len(places))
    adjusted[order] = np.maximum.accumulate(at_least_as_rare / len(labels))
    return adjusted, np.sort(np.concatenate(smallest))


def level_for_all(smallest: Floats, alpha: float) -> float:
    """Return the largest level that the smallest p undercuts with a chance of at most `alpha`."""
    allowed = int(np.floor(alpha * len(smallest) + 1e-9))
    first_beyond = smallest[allowed] if allowed < len(smallest) else 1.0
    return float(first_beyond / _TIE)
