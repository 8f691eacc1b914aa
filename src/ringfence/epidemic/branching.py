"""The branching process of Hellewell and others (2020, doi:10.1016/S2214-109X(20)30074-7), to be compared with.

No people, no places: a case has a negative binomial number of successors; each is infected at a time skewed normal
around the onset of the case, and does not come to be if the case is isolated before. A traced successor is isolated at
onset, but not before her infector; one who is missed, after a delay from onset. As in the original, one delay is
drawn for each generation and shared by all in it. Controlled: nobody new falls ill in weeks 12 to 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Branching:
    """The settings of the original; times in days. Weibull distributions as (shape, scale)."""

    r0: float
    traced: float
    initial: int = 20
    dispersion: float = 0.16
    skew: float = 1.95
    """1.95 lets 15 % of transmission come before onset."""
    width: float = 2.0
    incubation: tuple[float, float] = (2.322737, 6.492272)
    isolation: tuple[float, float] = (1.651524, 4.287786)
    most_cases: int = 5000
    last_day: int = 365
    shared_delay: bool = True


def controlled(settings: Branching, rng: np.random.Generator) -> bool:
    """Run one outbreak and return whether it is under control."""
    onset = _weibull(rng, settings.incubation, settings.initial)
    isolated = onset + _delay(settings, rng, settings.initial)
    total = settings.initial
    while len(onset) and total < settings.most_cases and onset.min() < settings.last_day:
        successors = rng.negative_binomial(
            settings.dispersion, settings.dispersion / (settings.dispersion + settings.r0), len(onset)
        )
        infected = np.repeat(onset, successors) + _skewed(rng, settings, int(successors.sum()))
        infector_isolated = np.repeat(isolated, successors)
        here = infected < infector_isolated
        infected, infector_isolated = infected[here], infector_isolated[here]
        onset = infected + _weibull(rng, settings.incubation, len(infected))
        late = onset + _delay(settings, rng, len(onset))
        traced = rng.random(len(onset)) < settings.traced
        isolated = np.where(traced, np.minimum(late, np.maximum(onset, infector_isolated)), late)
        if np.any((onset >= 12 * 7) & (onset < 17 * 7)):
            return False
        total += len(onset)
    return total < settings.most_cases


def _weibull(rng: np.random.Generator, law: tuple[float, float], size: int) -> NDArray[np.float64]:
    return law[1] * rng.weibull(law[0], size)


def _delay(settings: Branching, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    drawn = _weibull(rng, settings.isolation, 1 if settings.shared_delay else size)
    return np.broadcast_to(drawn, (size,)) if settings.shared_delay else drawn


def _skewed(rng: np.random.Generator, settings: Branching, size: int) -> NDArray[np.float64]:
    """Return days from onset to infection of a successor (Azzalini 1985), at least one day after her infector's own.

    The original draws around the length of the incubation, and puts what is below one day to one day after infection.
    """
    share = settings.skew / np.hypot(1.0, settings.skew)
    half, whole = np.abs(rng.normal(size=size)), rng.normal(size=size)
    drawn: NDArray[np.float64] = settings.width * (share * half + np.sqrt(1 - share**2) * whole)
    return drawn
