"""The branching process of Hellewell and others (2020, doi:10.1016/S2214-109X(20)30074-7), to be compared with.

No people, no places: a case has a negative binomial number of successors; each is infected at a time skewed normal
around the onset of the case, and does not come to be if the case is isolated before. A traced successor is isolated at
onset, but not before her infector; one who is missed, after a delay from onset. Controlled: nobody new falls ill in
weeks 12 to 16 and fewer than `most_cases` have been infected by then.

The compatibility mode (`as_published`) does what the program of the study does and its text does not say: one delay is
drawn for all the missed of a generation and one for all the traced of it, and nobody is infected before day 1 of the
outbreak, however early her infector fell ill.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ringfence.vocabulary.refusals import Refused

SHORT_DELAY, LONG_DELAY = (1.651524, 4.287786), (2.305172, 9.483875)
"""Onset to isolation: Weibull (shape, scale in days), means 3.8 and 8.4 d."""
SKEWS = {"<1%": 30.0, "15%": 1.95, "30%": 0.7}
"""Which skew lets how much of transmission come before onset."""
_JUDGED = slice(12, 17)
_WEEKS = 17


@dataclass(frozen=True, slots=True)
class Branching:
    """The settings of the original; times in days. Weibull distributions as (shape, scale)."""

    r0: float
    traced: float
    initial: int = 20
    dispersion: float = 0.16
    skew: float = SKEWS["15%"]
    width: float = 2.0
    incubation: tuple[float, float] = (2.322737, 6.492272)
    isolation: tuple[float, float] = SHORT_DELAY
    subclinical: float = 0.0
    """Share of cases who never have symptoms, are never isolated, and whose successors are never traced."""
    most_cases: int = 5000
    last_day: int = 365
    as_published: bool = True

    def __post_init__(self) -> None:
        for name in ("traced", "subclinical"):
            if not 0 <= getattr(self, name) <= 1:
                raise Refused("outbreak.bad_setting", name=name, value=getattr(self, name))
        if self.r0 <= 0 or self.dispersion <= 0 or self.initial < 1:
            raise Refused("outbreak.bad_setting", name="r0", value=self.r0)


def controlled(settings: Branching, rng: np.random.Generator) -> bool:
    """Run one outbreak and return whether it is under control."""
    onset = _weibull(rng, settings.incubation, settings.initial)
    silent = rng.random(settings.initial) < settings.subclinical
    isolated = np.where(silent, np.inf, onset + _delay(settings, rng, settings.initial))
    by_week, total, latest = np.zeros(_WEEKS, np.int64), settings.initial, 0.0
    _count(by_week, onset)
    while len(onset) and total < settings.most_cases and latest < settings.last_day:
        successors = offspring(settings.r0, settings.dispersion, len(onset), rng)
        infected = np.repeat(onset, successors) + _skewed(rng, settings, int(successors.sum()))
        if settings.as_published:
            infected = np.maximum(infected, 1.0)
        infector_isolated, infector_silent = np.repeat(isolated, successors), np.repeat(silent, successors)
        here = infected < infector_isolated
        infected, infector_isolated, infector_silent = infected[here], infector_isolated[here], infector_silent[here]
        onset = infected + _weibull(rng, settings.incubation, len(infected))
        silent = rng.random(len(onset)) < settings.subclinical
        traced = (rng.random(len(onset)) < settings.traced) & ~infector_silent
        missed_until, traced_until = (onset + _delay(settings, rng, len(onset)) for _ in range(2))
        isolated = np.where(traced, np.minimum(traced_until, np.maximum(onset, infector_isolated)), missed_until)
        isolated[silent] = np.inf
        _count(by_week, onset)
        total += len(onset)
        latest = max(latest, float(onset.max(initial=0.0)))
    return not by_week[_JUDGED].any() and int(by_week.sum()) < settings.most_cases


def share_controlled(settings: Branching, *, runs: int, seed: int) -> float:
    """Return the share of outbreaks that come under control."""
    rng = np.random.default_rng(seed)
    return sum(controlled(settings, rng) for _ in range(runs)) / runs


def offspring(r0: float, dispersion: float, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return negative binomial numbers of successors with mean R0 and dispersion k."""
    return rng.negative_binomial(dispersion, dispersion / (dispersion + r0), size)


def extinction(r0: float, dispersion: float, *, initial: int = 1) -> float:
    """Return the probability that chains from so many cases die out without measures.

    The smallest root of q = (1 + R0 (1 − q) ÷ k)^(−k), to the power of the cases at the beginning (Lloyd-Smith and
    others 2005, doi:10.1038/nature04153).
    """
    if r0 <= 1:
        return 1.0
    q = brentq(lambda x: (1 + r0 * (1 - x) / dispersion) ** -dispersion - x, 0.0, 1.0 - 1e-9, xtol=1e-14)
    return float(q**initial)


def dies_out(r0: float, dispersion: float, rng: np.random.Generator, *, initial: int = 1, most: int = 2000) -> bool:
    """Run one chain without measures, generation by generation, and return whether it ends before `most` cases."""
    now, total = initial, initial
    while now > 0 and total < most:
        now = int(offspring(r0, dispersion, now, rng).sum())
        total += now
    return now == 0


def _count(by_week: NDArray[np.int64], onset: NDArray[np.float64]) -> None:
    """Add onsets to the weeks up to the last that is judged; later ones do not matter."""
    week = (onset // 7).astype(np.int64)
    np.add.at(by_week, week[week < _WEEKS], 1)


def _weibull(rng: np.random.Generator, law: tuple[float, float], size: int) -> NDArray[np.float64]:
    return law[1] * rng.weibull(law[0], size)


def _delay(settings: Branching, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    drawn = _weibull(rng, settings.isolation, 1 if settings.as_published else size)
    return np.broadcast_to(drawn, (size,))


def _skewed(rng: np.random.Generator, settings: Branching, size: int) -> NDArray[np.float64]:
    """Return days from the onset of a case to the infection of a successor, below zero before it (Azzalini 1985)."""
    share = settings.skew / np.hypot(1.0, settings.skew)
    half, whole = np.abs(rng.normal(size=size)), rng.normal(size=size)
    drawn: NDArray[np.float64] = settings.width * (share * half + np.sqrt(1 - share**2) * whole)
    return drawn
