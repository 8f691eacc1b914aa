"""What changed between the duties that stood and those that follow now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ringfence.rules.duties import EXCUSED, IMPOSSIBLE, OPEN, SUPERSEDED, Duty

STARTED = ("attested", "unknown")
_NO_LONGER_ASKED = (SUPERSEDED, EXCUSED, IMPOSSIBLE)
_SPANS = ("remain", "hold")


@dataclass(frozen=True, slots=True)
class Change:
    """One duty before and after; `what` names the fields that differ: begins, due, until, ended, desk, because."""

    before: Duty
    after: Duty
    what: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """Return whether its times moved."""
        return any(name in self.what for name in ("begins", "due", "until"))


@dataclass(frozen=True, slots=True)
class Difference:
    """What must open, change and be withdrawn; and whose work must be stood down, because it had been started."""

    opened: tuple[Duty, ...] = ()
    changed: tuple[Change, ...] = ()
    withdrawn: tuple[Duty, ...] = ()
    stand_down: tuple[Duty, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.changed or self.withdrawn)

    @property
    def shortened(self) -> tuple[Change, ...]:
        """Return spans that end sooner: what frees is due within the hour."""
        return tuple(c for c in self.changed if c.before.kind in _SPANS and _sooner(c.after.until, c.before.until))

    @property
    def lengthened(self) -> tuple[Change, ...]:
        """Return spans that end later. Each rests on an instrument that was not there before; nothing else can."""
        return tuple(c for c in self.changed if c.before.kind in _SPANS and _sooner(c.before.until, c.after.until))


def compare(standing: Iterable[Duty], derived: Iterable[Duty], *, started: Iterable[str] = ()) -> Difference:
    """Return the difference between the duties that stand and those derived now, in the order of their keys.

    `started` are the keys of duties on which somebody is already at work: if one is withdrawn, superseded, excused or
    impossible, its holder must be told to stand down. Comparing what was derived with itself gives an empty difference.
    """
    before = {duty.key: duty for duty in standing}
    after = {duty.key: duty for duty in derived}
    at_work = set(started)
    changed = []
    for key in sorted(before.keys() & after.keys()):
        if before[key] != after[key]:
            what = tuple(
                name
                for name in ("begins", "due", "until", "ended", "desk", "proved_by", "covered", "values", "because")
                if getattr(before[key], name) != getattr(after[key], name)
            )
            changed.append(Change(before[key], after[key], what))
    withdrawn = tuple(before[key] for key in sorted(before.keys() - after.keys()))
    stopped = [d for d in withdrawn if d.ended == OPEN]
    stopped += [c.before for c in changed if c.before.ended == OPEN and c.after.ended in _NO_LONGER_ASKED]
    return Difference(
        opened=tuple(after[key] for key in sorted(after.keys() - before.keys())),
        changed=tuple(changed),
        withdrawn=withdrawn,
        stand_down=tuple(d for d in stopped if d.key in at_work),
    )


def _sooner(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)
