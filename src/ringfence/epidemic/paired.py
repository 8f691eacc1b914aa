"""The same outbreaks without and with measures, on the same chances: what the measures made of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.outbreak import Scene, replicate
from ringfence.epidemic.settings import NOTHING, Policy


@dataclass(frozen=True, slots=True)
class Paired:
    """Infections of each replicate without and with measures, and days in quarantine with them."""

    without: NDArray[np.int64]
    under: NDArray[np.int64]
    person_days: NDArray[np.float64]

    @property
    def averted(self) -> float:
        """Return the mean number of infections that the measures averted."""
        return float((self.without - self.under).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Return where the mean averted lies with 95 % confidence, from the differences of the pairs."""
        apart = self.without - self.under
        half = 1.96 * float(apart.std(ddof=1)) / len(apart) ** 0.5 if len(apart) > 1 else float("inf")
        return self.averted - half, self.averted + half

    @property
    def fewer(self) -> float:
        """Return the share of replicates with fewer infections under the measures."""
        return float((self.under < self.without).mean())

    @property
    def days_each(self) -> float | None:
        """Return days in quarantine for one infection averted; None where none was averted."""
        return float(self.person_days.mean()) / self.averted if self.averted > 0 else None


def compare(
    scene: Scene, policy: Policy, *, replicates: int, threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Paired:  # fmt: skip
    """Run as many outbreaks twice, without measures and under a policy; each pair shares all its chance."""
    without = replicate(scene, NOTHING, replicates=replicates, threads=threads, progress=progress)
    under = replicate(scene, policy, replicates=replicates, threads=threads, progress=progress)
    return Paired(without.infections, under.infections, under.person_days)
