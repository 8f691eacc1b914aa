"""What a caller decides: the disease, how people mix, and what is done against it. Frozen, with units."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

SETTINGS = ("household", "work", "community")
_HOUSEHOLD = {PlaceKind.HOME, PlaceKind.QUARANTINE_SITE}
_WORK = {PlaceKind.WORKPLACE, PlaceKind.SCHOOL, PlaceKind.HOSPITAL, PlaceKind.CARE_HOME}
QUANTILES = 4096
_FAMILIES = ("gamma", "lognormal", "weibull", "fixed")


def setting_of(kind: int) -> int:
    """Return which of the three settings a kind of place belongs to: 0 household, 1 work or school, 2 community."""
    return 0 if kind in _HOUSEHOLD else 1 if kind in _WORK else 2


def _with_floats(made: Any) -> None:
    """Make whole numbers floats where floats are meant: the kernels are compiled anew for every other type."""
    for each in fields(made):
        if each.type == "float":
            object.__setattr__(made, each.name, float(getattr(made, each.name)))


@dataclass(frozen=True)
class Delay:
    """A length of time in days: a family of distributions with its mean and standard deviation."""

    mean: float
    sd: float = 0.0
    family: str = "gamma"

    def __post_init__(self) -> None:
        _with_floats(self)
        if self.family not in _FAMILIES or self.mean < 0 or self.sd < 0:
            raise Refused("outbreak.bad_setting", name="delay", value=f"{self.family} {self.mean} ± {self.sd}")

    @cached_property
    def law(self) -> Any:
        """Return the frozen distribution of scipy, or None for a fixed length."""
        if self.family == "fixed" or self.sd == 0 or self.mean == 0:
            return None
        ratio = self.sd / self.mean
        if self.family == "gamma":
            return stats.gamma(1 / ratio**2, scale=self.mean * ratio**2)
        if self.family == "lognormal":
            sigma = np.sqrt(np.log1p(ratio**2))
            return stats.lognorm(sigma, scale=self.mean / np.sqrt(1 + ratio**2))
        shape = _weibull_shape(ratio)
        return stats.weibull_min(shape, scale=self.mean / float(_gamma(1 + 1 / shape)))

    def quantiles(self) -> NDArray[np.float64]:
        """Return equally likely values in days, from which a uniform number picks one."""
        if self.law is None:
            return np.full(QUANTILES, self.mean)
        return np.asarray(self.law.ppf((np.arange(QUANTILES) + 0.5) / QUANTILES), np.float64)


def _gamma(x: float) -> float:
    from scipy.special import gamma

    return float(gamma(x))


def _weibull_shape(ratio: float) -> float:
    """Return the shape at which a Weibull distribution has this ratio of standard deviation to mean."""
    from scipy.optimize import brentq

    return float(brentq(lambda k: np.sqrt(_gamma(1 + 2 / k) / _gamma(1 + 1 / k) ** 2 - 1) - ratio, 0.2, 60))


@dataclass(frozen=True)
class Disease:
    """How an infection runs in a person and from person to person. Times in days.

    Infectiousness over time has the shape of `generation`, counted from infection, or from onset where
    `from_onset` (nobody infects before symptoms), moved by `shift` days. `r0` is the mean number infected by one
    person among susceptible people without measures; `dispersion` the shape k of the gamma distribution of
    individual infectiousness (small: few infect many; Lloyd-Smith and others 2005, doi:10.1038/nature04153).
    """

    r0: float
    dispersion: float
    incubation: Delay
    generation: Delay
    asymptomatic: float = 0.0
    asymptomatic_infectiousness: float = 0.5
    from_onset: bool = False
    shift: float = 0.0
    immune: float = 0.0
    positive_after: float = 1.5
    """Days from infection after which a test can be positive."""
    positive_days: float = 14.0

    def __post_init__(self) -> None:
        _with_floats(self)
        shares = {n: getattr(self, n) for n in ("asymptomatic", "immune", "asymptomatic_infectiousness")}
        wrong = {name: share for name, share in shares.items() if not 0 <= share <= 1}
        wrong |= {n: getattr(self, n) for n in ("r0", "dispersion", "positive_days") if getattr(self, n) <= 0}
        for name, value in wrong.items():
            raise Refused("outbreak.bad_setting", name=name, value=value)


@dataclass(frozen=True)
class Mixing:
    """How strongly a minute together infects, by kind of place, relative to a minute at home with one other.

    The hazard of a minute among n people is hazard × room / (room + n − 2): a crowd shares what one person breathes
    out, and beyond `room` people more of them no longer all stand near. The probability of infection is
    1 − exp(−dose), dose being the sum of hazards (exponential dose-response, Wells and Riley; Haas 1983).
    The figures are judgement: their order is meant, R0 sets their size.
    """

    hazard: tuple[float, ...] = (0.5, 1.0, 0.5, 0.5, 0.3, 0.3, 0.7, 0.6, 0.9, 0.6, 0.5, 0.6, 0.8, 0.8, 0.05, 0.3, 0.2)
    room: tuple[float, ...] = (10, 8, 12, 20, 10, 6, 12, 8, 12, 20, 4, 25, 20, 15, 6, 12, 2)

    def __post_init__(self) -> None:
        if len(self.hazard) != len(PlaceKind) or len(self.room) != len(PlaceKind):
            raise Refused("outbreak.bad_setting", name="mixing", value=len(self.hazard))


@dataclass(frozen=True)
class Policy:
    """What is done. Shares from 0 to 1; delays in days; triples are household, work or school, community."""

    reported: float = 0.0
    """Share of people with symptoms who are found by them."""
    onset_to_isolation: Delay = field(default_factory=lambda: Delay(3.0, 1.5))
    traced: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Share of the contacts in each setting who are found."""
    tracing_delay: Delay = field(default_factory=lambda: Delay(1.0, 0.5))
    look_back: int = 2
    """Days before onset (or before the sample) for which contacts are looked for."""
    traced_minutes: int = 0
    quarantine_days: float = 14.0
    quarantine_tests: tuple[float, ...] = ()
    """Days from the beginning of quarantine on which a sample is taken."""
    adherence: float = 1.0
    household_leak: float = 0.0
    """Share of meetings at home that go on in quarantine or isolation."""
    screening_every: int = 0
    """Days between rounds in which all are sampled; 0 for none."""
    screening_from: int = 0
    screening_share: float = 1.0
    sensitivity: float = 0.9
    turnaround: float = 0.5
    reduction: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Share of meetings in each setting that do not happen, from day `reduction_from` on."""
    reduction_from: int = 0

    def __post_init__(self) -> None:
        _with_floats(self)
        shares = (self.reported, *self.traced, self.adherence, self.household_leak, self.screening_share,
                  self.sensitivity, *self.reduction)  # fmt: skip
        if len(self.traced) != 3 or len(self.reduction) != 3 or not all(0 <= share <= 1 for share in shares):
            raise Refused("outbreak.bad_setting", name="policy", value=shares)


NOTHING = Policy()
"""No measure at all: nobody is found."""
