"""The exact conditional distribution of exposed cases over strata, and odds ratio, bounds and tails from it.

Given the margins of each stratum, the number of exposed cases is a sum of noncentral hypergeometric numbers with one
common odds ratio (Gart 1970, doi:10.1093/biomet/57.3.471; Mehta, Patel, Gray 1985, JASA 80, 969);
with one case a stratum this is exact conditional logistic regression. Its coefficients are the convolution of those of
the strata. Everything here works on many places at once: a row each.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WIDEST_LOG_ODDS = 45.0
_HALVINGS = 56


def null_distribution(exposed: Ints, cases: Ints, persons: Ints) -> Floats:
    """Return the chance of 0, 1, … exposed cases when case and control do not differ, a row for each place.

    The arguments are strata × places: exposed persons, cases, persons.
    """
    strata, places = exposed.shape
    weights = np.zeros((places, int(cases.max(axis=1, initial=0).sum()) + 1))
    weights[:, 0] = 1.0
    for s in range(strata):
        size = int(cases[s].max(initial=0)) + 1
        kinds, kind = np.unique(np.stack([exposed[s], cases[s], persons[s]], axis=1), axis=0, return_inverse=True)
        table = np.array([hypergeometric(*map(int, row), size=size) for row in kinds]).reshape(-1, size)
        chances = table[kind.ravel()]
        before = weights
        weights = before * chances[:, :1]
        for k in range(1, size):
            weights[:, k:] += before[:, :-k] * chances[:, k : k + 1]
    return weights


def hypergeometric(exposed: int, cases: int, persons: int, *, size: int) -> list[float]:
    """Return the chances of 0 .. size − 1 exposed among the cases of one stratum, each rounded once."""
    whole = comb(persons, cases)
    return [comb(exposed, k) * comb(persons - exposed, cases - k) / whole if k <= cases else 0.0 for k in range(size)]


def upper_tails(weights: Floats) -> Floats:
    """Return P(X ≥ k) for every k; summed from the far end, where the small numbers are."""
    tails: Floats = np.minimum(np.cumsum(weights[:, ::-1], axis=1)[:, ::-1], 1.0)
    return tails


def support(weights: Floats) -> tuple[Ints, Ints]:
    """Return the smallest and the largest number of exposed cases that can be, for each place."""
    possible = weights > 0
    return possible.argmax(axis=1), weights.shape[1] - 1 - possible[:, ::-1].argmax(axis=1)


def odds_ratio(weights: Floats, seen: Ints) -> Floats:
    """Return the conditional maximum-likelihood odds ratio; NaN where strata say nothing.

    Where that would be 0 or infinite, the median-unbiased estimate, which stays finite (Hirji, Tsiatis, Mehta 1989,
    The American Statistician 43, 7).
    """
    seen, least, most = _possible(weights, seen)
    numbers = np.arange(weights.shape[1])[None, :]
    at_most, at_least = (seen == most)[:, None], (seen == least)[:, None]
    here = seen[:, None]
    # the mean where the estimate is finite, else the chance on the far side of what was seen
    measure = np.where(at_most, numbers >= here, np.where(at_least, numbers > here, numbers)).astype(np.float64)
    wanted = np.where((seen == most) | (seen == least), 0.5, seen)
    return np.where(least == most, np.nan, np.exp(_solve(weights, measure, wanted)))


def lower_bound(weights: Floats, seen: Ints, tail: float) -> Floats:
    """Return the odds ratio at which as many exposed cases or more have the chance `tail`; 0 where there is none."""
    seen, least, _ = _possible(weights, seen)
    if tail <= 0:
        return np.zeros(len(weights))
    return np.where(seen == least, 0.0, np.exp(_solve_tail(weights, seen, tail, upper=True)))


def upper_bound(weights: Floats, seen: Ints, tail: float) -> Floats:
    """Return the odds ratio at which as few exposed cases or fewer have the chance `tail`; else infinite."""
    seen, _, most = _possible(weights, seen)
    if tail <= 0:
        return np.full(len(weights), np.inf)
    return np.where(seen == most, np.inf, np.exp(_solve_tail(weights, seen, tail, upper=False)))


def _possible(weights: Floats, seen: Ints) -> tuple[Ints, Ints, Ints]:
    """Return what was seen, inside what can be. Beyond some 300 exposed cases a chance may be too small to be written
    as a number; the nearest count that has one stands for it then, which understates the contrast."""
    least, most = support(weights)
    return np.clip(seen, least, most), least, most


def _solve_tail(weights: Floats, seen: Ints, tail: float, *, upper: bool) -> Floats:
    numbers = np.arange(weights.shape[1])
    measure = (numbers >= seen[:, None] if upper else numbers > seen[:, None]).astype(np.float64)
    return _solve(weights, measure, np.full(len(weights), tail if upper else 1.0 - tail))


def _solve(weights: Floats, measure: Floats, wanted: Floats) -> Floats:
    """Return for each place the log odds at which the mean of an increasing measure is `wanted`, by halving."""
    with np.errstate(divide="ignore"):
        logs = np.log(weights)
    numbers = np.arange(weights.shape[1])
    low = np.full(len(weights), -_WIDEST_LOG_ODDS)
    high = np.full(len(weights), _WIDEST_LOG_ODDS)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tilted = logs + middle[:, None] * numbers
        tilted = np.exp(tilted - tilted.max(axis=1, keepdims=True))
        above = (tilted * measure).sum(axis=1) >= wanted * tilted.sum(axis=1)
        high = np.where(above, middle, high)
        low = np.where(above, low, middle)
    found: Floats = (low + high) / 2
    return found
