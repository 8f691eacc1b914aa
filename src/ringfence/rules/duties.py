"""What a derivation answers with: statuses, duties, proposals, and the next moment at which it changes by itself.

These are named tuples: a city has hundreds of thousands of them, and they are compared and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

KINDS = (
    "report", "interview", "ask_backward", "assess", "assess_again", "notify", "measure", "hold", "transfer", "place",
    "remain", "test", "observe", "dose", "monitor", "discharge", "release", "hand_over", "disinfect",
    "environment_sample", "letter", "zone_review", "lift", "coverage", "support", "bury", "outbreak_end", "confirm",
    "stand_down", "locate", "exclude", "review", "appeal",
)  # fmt: skip
"""The kinds of duty. `confirm` follows an attested proof; `stand_down` follows work that is no longer asked for."""

DESKS: Mapping[str, str] = {
    "report": "investigation", "interview": "investigation", "ask_backward": "investigation",
    "assess": "investigation", "assess_again": "investigation", "locate": "investigation",
    "notify": "community", "measure": "measures", "hold": "measures", "exclude": "measures",
    "transfer": "transfer", "place": "quarantine", "remain": "quarantine", "release": "quarantine",
    "test": "testing", "observe": "community", "monitor": "community", "dose": "clinic",
    "discharge": "treatment", "hand_over": "community", "disinfect": "disinfection",
    "environment_sample": "disinfection", "letter": "letters", "zone_review": "zones", "lift": "zones",
    "coverage": "testing", "support": "services", "bury": "burial", "outbreak_end": "command",
    "confirm": "oversight", "stand_down": "command", "review": "command", "appeal": "oversight",
}  # fmt: skip
"""Which desk owns a kind of duty unless the pack says otherwise."""

OPEN, PROVED, ATTESTED, UNKNOWN = "open", "proved", "attested", "unknown"
IMPOSSIBLE, EXCUSED, SUPERSEDED, REFUSED = "impossible", "excused", "superseded", "refused"
ENDS = (PROVED, ATTESTED, UNKNOWN, IMPOSSIBLE, EXCUSED, SUPERSEDED, REFUSED)
"""How a duty ends. `unknown`: only an assumption says that it was done."""


class Because(NamedTuple):
    """A reason: a code with values, the clause of the pack and the facts that it rests on."""

    code: str
    clause: str = ""
    pack: str = ""
    facts: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}


def resting(why: Because, facts: tuple[str, ...], values: Mapping[str, Any]) -> Because:
    """Return a reason as it rests on the facts of one person, with the values that are hers."""
    # The constructor of a named tuple takes twice as long as this; reasons are made by the hundred thousand.
    return tuple.__new__(Because, (why[0], why[1], why[2], facts, values))


class Duty(NamedTuple):
    """One thing that must happen to one subject by one deadline.

    `begins` to `due` is when it can be done; `until` is the end of a span (a quarantine), which is proved by cover:
    `covered` are its covered stretches. `ended` is how it ended, `open` while it has not; whether an open duty is
    waiting or late is a matter of the time it is looked at, and is never stored.
    """

    key: str
    kind: str
    subject: Subject
    desk: str
    begins: datetime
    due: datetime | None
    until: datetime | None
    ended: str
    grade: Grade | None
    proved_by: tuple[str, ...]
    because: tuple[Because, ...]
    covered: tuple[tuple[datetime, datetime], ...] = ()
    values: Mapping[str, Any] = {}

    def state(self, now: datetime) -> str:
        """Return how it ended, or waiting, open or late at a moment."""
        if self.ended != OPEN:
            return self.ended
        if now < self.begins:
            return "waiting"
        return "late" if self.due is not None and now > self.due else OPEN

    def gap(self, now: datetime) -> timedelta:
        """Return the uncovered time of a span up to a moment."""
        ends = min(now, self.until) if self.until is not None else now
        covered = sum((min(stop, ends) - start for start, stop in self.covered if start < ends), timedelta(0))
        return max(ends - self.begins - covered, timedelta(0))


class Proposal(NamedTuple):
    """What a named human should assess or sign; nothing follows from it by itself.

    `signable` is false under a pack that is not in force: it can explain and drill, never sign.
    """

    key: str
    kind: str
    subject: Subject
    because: tuple[Because, ...]
    values: Mapping[str, Any] = {}
    signable: bool = True


class Status(NamedTuple):
    """What other subjects lean on. Moments are None where they are not known or do not exist."""

    state: str = "none"
    infectious_from: datetime | None = None
    infectious_until: datetime | None = None
    isolated_at: datetime | None = None
    first_exposure: datetime | None = None
    last_exposure: datetime | None = None
    separated_at: datetime | None = None
    since: datetime | None = None
    """When it was first known that there is something to lean on: a case, an assessed contact."""
    changed_at: datetime | None = None
    """When the facts that this rests on last became known."""
    tests: tuple[tuple[int, str], ...] = ()
    """Her tests by local day, with their outcomes, oldest first."""
    values: tuple[tuple[str, Any], ...] = ()


class Derivation(NamedTuple):
    """The answer for one subject."""

    status: Status
    duties: tuple[Duty, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    wake_at: datetime | None = None
