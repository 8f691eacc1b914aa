"""The equation of the gap: due = proved + attested + excused or impossible + unknown + open, by kind, with names.

A duty is due once it has begun, or when it has ended already; one that was superseded is due no more, and one that
waits is told beside. A duty that was refused was not done: it stands with those excused or impossible, by name.
Communities are never ranked by it: it has no place for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ringfence.rules.duties import (
    ATTESTED,
    EXCUSED,
    IMPOSSIBLE,
    OPEN,
    PROVED,
    REFUSED,
    SUPERSEDED,
    UNKNOWN,
    Duty,
)

PARTS = (PROVED, ATTESTED, EXCUSED, UNKNOWN, OPEN)
"""The terms on the right side; `excused` holds the excused, the impossible and the refused."""
_TERM = {PROVED: PROVED, ATTESTED: ATTESTED, EXCUSED: EXCUSED, IMPOSSIBLE: EXCUSED, REFUSED: EXCUSED,
         UNKNOWN: UNKNOWN, OPEN: OPEN}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """An open duty that is due, and what it misses: how long it is late, how long of its span nobody has covered."""

    duty: Duty
    late_by: timedelta | None
    uncovered: timedelta | None

    @property
    def running(self) -> bool:
        """Return whether this is a span that goes on and is covered so far: open, and nothing is missing."""
        return self.late_by is None and self.uncovered == timedelta()


@dataclass(slots=True)
class Equation:
    """One kind of duty: what is due, and how it stands."""

    kind: str
    due: int = 0
    proved: int = 0
    attested: int = 0
    excused: int = 0
    unknown: int = 0
    open: int = 0
    waiting: int = 0
    superseded: int = 0
    missing: list[Missing] = field(default_factory=list)
    not_done: list[Duty] = field(default_factory=list)
    """Those that ended without being done: excused, impossible, refused or unknown."""

    @property
    def late(self) -> int:
        """Return how many of the open ones are past their deadline."""
        return sum(one.late_by is not None for one in self.missing)

    @property
    def running(self) -> int:
        """Return how many of the open ones are spans that go on and are covered so far."""
        return sum(one.running for one in self.missing)

    def parts(self) -> tuple[int, ...]:
        """Return the terms of the right side, in the order of `PARTS`."""
        return tuple(getattr(self, name) for name in PARTS)


def equations(duties: Iterable[Duty], now: datetime) -> list[Equation]:
    """Return the equation of each kind of duty at a moment, sorted by kind, the missing ones by deadline."""
    found: dict[str, Equation] = {}
    for duty in duties:
        equation = found.setdefault(duty.kind, Equation(duty.kind))
        _count(equation, duty, now)
    for equation in found.values():
        equation.missing.sort(key=lambda one: (one.duty.due or one.duty.until or one.duty.begins, one.duty.key))
        equation.not_done.sort(key=lambda duty: duty.key)
        if equation.due != sum(equation.parts()):
            raise AssertionError(f"{equation.kind}: {equation.due} is not the sum of {equation.parts()}")
    return [found[kind] for kind in sorted(found)]


def total(parts: Iterable[Equation]) -> Equation:
    """Return the sum of equations, under the kind `all`."""
    whole = Equation("all")
    for one in parts:
        for name in ("due", *PARTS, "waiting", "superseded"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        whole.missing += one.missing
        whole.not_done += one.not_done
    return whole


def _count(equation: Equation, duty: Duty, now: datetime) -> None:
    if duty.ended == SUPERSEDED:
        equation.superseded += 1
        return
    if duty.ended == OPEN and duty.begins > now:
        equation.waiting += 1
        return
    equation.due += 1
    term = _TERM[duty.ended]
    setattr(equation, term, getattr(equation, term) + 1)
    if duty.ended == OPEN:
        late = now - duty.due if duty.due is not None and now > duty.due else None
        equation.missing.append(Missing(duty, late, uncovered(duty, now)))
    elif duty.ended in (EXCUSED, IMPOSSIBLE, REFUSED, UNKNOWN):
        equation.not_done.append(duty)


def uncovered(duty: Duty, now: datetime) -> timedelta | None:
    """Return how much of a span up to a moment no fact covers; None for a duty that is no span."""
    if duty.until is None:
        return None
    end = min(now, duty.until)
    at, gap = duty.begins, timedelta()
    for start, stop in sorted(duty.covered):
        if start >= end:
            break
        gap += max(start - at, timedelta())
        at = max(at, stop)
    return gap + max(end - at, timedelta())
