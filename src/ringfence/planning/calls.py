"""Whom to call first: those whose separation averts the most infections, and nobody waits for ever.

The value of reaching a contact is the probability that she is infected, times how many she would infect, times the
part of her generation interval that is still to come (Kretzschmar et al., Lancet Public Health 2020, make delay the
same product). Deadlines of care and the vulnerable raise it, waiting raises it by and by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp

URGENT_HOURS = 24.0
_VULNERABLE = 0.5
_CARE = 3.0
_AGEING_PER_DAY = 0.25
_SHAPE, _SCALE_OF_MEAN = 2, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a disease goes on: reproduction number, mean generation interval in days."""

    reproduction: float = 2.5
    generation_days: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One person to reach. `probability` of being infected, days since exposure, hours since she became known.

    `dose_hours_left`: hours until a preventive dose would come too late, None where there is none. `vulnerable` are
    words such as pregnant, infant, immunosuppressed; `care` that she lives or works in a home for the old, a hospital
    or a school of small children.
    """

    person: str
    probability: float
    days_since_exposure: float
    waiting_hours: float = 0.0
    dose_hours_left: float | None = None
    vulnerable: tuple[str, ...] = ()
    care: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """A person with her place in the order, counted from 1, her value, and what raised it, as codes."""

    rank: int
    call: Call
    value: float
    why: tuple[str, ...] = field(default=())


def remaining_share(days: float, spread: Spread) -> float:
    """Return the share of infections of a gamma generation interval (shape 2) that lie after so many days."""
    x = max(days, 0.0) / (spread.generation_days * _SCALE_OF_MEAN)
    return (1 + x) * exp(-x)


def value_of(call: Call, spread: Spread) -> tuple[float, tuple[str, ...]]:
    """Return what reaching somebody is worth, in infections averted, and the codes of what raised it."""
    value = call.probability * spread.reproduction * remaining_share(call.days_since_exposure, spread)
    why = []
    if call.dose_hours_left is not None and call.dose_hours_left > 0:
        value += _VULNERABLE * min(URGENT_HOURS / call.dose_hours_left, 4.0)
        why.append("dose")
    if call.vulnerable:
        value *= 1 + _VULNERABLE
        why.append("vulnerable")
    if call.care:
        value *= _CARE
        why.append("care")
    if call.waiting_hours > 0:
        value += call.probability * _AGEING_PER_DAY * call.waiting_hours / 24
    return value, tuple(why)


def order(calls: Iterable[Call], spread: Spread | None = None) -> list[Ranked]:
    """Return the order of calling, the most worth first; equals go by the longer wait, then by name."""
    by = spread or Spread()
    valued = [(value_of(call, by), call) for call in calls]
    valued.sort(key=lambda v: (-v[0][0], -v[1].waiting_hours, v[1].person))
    return [Ranked(rank, call, value, why) for rank, ((value, why), call) in enumerate(valued, 1)]


def averted(sequence: Sequence[Call], calls_an_hour: float, spread: Spread) -> float:
    """Return how many infections a sequence of calls averts when each is reached in turn, one after the other."""
    total = 0.0
    for n, call in enumerate(sequence, 1):
        later = call.days_since_exposure + n / calls_an_hour / 24
        total += call.probability * spread.reproduction * remaining_share(later, spread)
    return total
