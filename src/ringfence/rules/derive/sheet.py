"""The sheet on which the derivation of one subject is written: duties with how they ended, proposals, the next wake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from ringfence.rules.duties import (
    ATTESTED,
    EXCUSED,
    IMPOSSIBLE,
    OPEN,
    REFUSED,
    SUPERSEDED,
    Because,
    Derivation,
    Duty,
    Proposal,
    Status,
    resting,
)
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

Spans = tuple[tuple[datetime, datetime], ...]
NONE = Status()
_NOTHING: Mapping[str, Any] = {}
"""The values of a duty that has none: one for all, as each object more is looked at by the collector of garbage."""


class Dossier(NamedTuple):
    """All that a derivation may read: subject, rulebook, facts that stand (oldest first), and what it leans on."""

    subject: Subject
    rulebook: Rulebook
    facts: Sequence[Fact]
    leans_on: Mapping[Subject, Status] = {}

    def of(self, *kinds: str) -> list[Fact]:
        """Return the facts of some kinds, oldest first."""
        return [fact for fact in self.facts if fact.kind in kinds]


class Sheet:
    """What is being derived for one subject at one moment."""

    __slots__ = ("_book", "_ends", "_name", "_subject", "dossier", "duties", "episode", "now", "proposals", "wake_at")

    def __init__(self, dossier: Dossier, now: datetime, episode: int = 1, *, kinds: Mapping[str, object] | None = None):
        """Take a dossier and a moment; `kinds` has all kinds of fact in the dossier, where they are known already."""
        subject = dossier[0]
        self.dossier = dossier
        self.now = now
        self.episode = episode
        self.duties: list[Duty] = []
        self.proposals: list[Proposal] = []
        self.wake_at: datetime | None = None
        self._subject = subject
        self._book = dossier[1]
        self._name = f"{subject[0]}:{subject[1]}"
        self._ends: dict[str, list[Fact]] | None = None
        if kinds is not None and "waiver" not in kinds and "impossible" not in kinds and "refusal" not in kinds:
            self._ends = {}

    def wake(self, moment: datetime | None) -> None:
        """Remember a moment at which the answer changes though no fact does."""
        if moment is not None and moment > self.now and (self.wake_at is None or moment < self.wake_at):
            self.wake_at = moment

    def duty(
        self,
        kind: str,
        slot: str,
        *,
        begins: datetime,
        due: datetime | None = None,
        until: datetime | None = None,
        because: tuple[Because, ...] = (),
        proofs: Sequence[Fact] = (),
        covered: Spans = (),
        ended: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Duty:
        """Write a duty. `proofs` are facts that show it done, the deciding one last; `ended` overrides what they say:
        with `open` they do not suffice yet.

        A waiver, an impossibility or a refusal that names the kind or `kind/slot` ends it when nothing proves it. A
        proof weaker than the pack's `proof.<kind>` closes it for the time being and opens `confirm`.
        """
        book = self._book
        grade: Grade | None = None
        proved_by: tuple[str, ...] = ()
        if ended is None and proofs:
            if len(proofs) == 1:
                only = proofs[0]
                proved_by, grade = (only[0],), only[7]
            else:
                proved_by, grade = _proved(proofs)
            ended = (book.closings.get(kind) or book.closing(kind))[grade]
        elif ended is None or ended == OPEN:
            ended = OPEN
            if self._ends or self._ends is None:
                ended, proved_by, because = self._ended(kind, slot, because)
        elif proofs:
            proved_by, grade = _proved(proofs)
        # The constructor of a named tuple takes twice as long as this; duties are made by the hundred thousand.
        made = tuple.__new__(Duty, (
            f"{kind}/{self._name}/{self.episode}/{slot}", kind, self._subject,
            book.desks.get(kind) or book.desk(kind), begins, due, until, ended, grade, proved_by, because, covered,
            values or _NOTHING,
        ))  # fmt: skip
        self.duties.append(made)
        if ended == OPEN:
            self._wake_for(begins, due, until)
        elif ended == ATTESTED and kind != "confirm":
            self._confirm(made, proofs)
        return made

    def _wake_for(self, begins: datetime, due: datetime | None, until: datetime | None) -> None:
        """Remember when an open duty begins, or when it is late, and when its span is over."""
        now, wake_at = self.now, self.wake_at
        if begins > now:
            if wake_at is None or begins < wake_at:
                self.wake_at = begins
        elif due is not None and due >= now and (wake_at is None or due < wake_at):
            self.wake_at = due + TICK
        if until is not None:
            self.wake(until)

    def propose(
        self,
        kind: str,
        slot: str,
        because: tuple[Because, ...],
        **values: Any,
    ) -> None:
        """Write a proposal. Under a pack that is not in force at this moment none is signable."""
        book = self._book
        key = f"{kind}/{self._name}/{self.episode}/{slot}"
        self.wake(book.over_at)
        self.proposals.append(Proposal(key, kind, self._subject, because, values, book.signable_at(self.now)))

    def because(self, code: str, key: str = "", facts: Sequence[Fact] = (), **values: Any) -> Because:
        """Return a reason that rests on a key of the pack and on facts."""
        book = self._book
        plain = book.plains.get((code, key)) or book.plain(code, key)
        if not facts and not values:
            return plain
        ids = (facts[0][0],) if len(facts) == 1 else tuple([fact[0] for fact in facts])
        return resting(plain, ids, values)

    def derivation(self, status: Status = NONE) -> Derivation:
        """Return what has been written."""
        return Derivation(status, tuple(self.duties), tuple(self.proposals), self.wake_at)

    def _ended(
        self, kind: str, slot: str, because: tuple[Because, ...]
    ) -> tuple[str, tuple[str, ...], tuple[Because, ...]]:
        """Return how a duty without proof ended, by which facts, and its reasons with the one for that."""
        ends = self._ends
        if ends is None:
            ends = self._ends = {}
            for fact in self.dossier.facts:
                if fact.kind in _ENDING:
                    ends.setdefault(fact.value.get("duty") or fact.value.get("of") or "", []).append(fact)
        if not ends:
            return OPEN, (), because
        for name in (f"{kind}/{slot}", kind):
            for fact in reversed(ends.get(name, ())):
                why = self.because(f"duty.{fact.kind}", facts=(fact,), **_said(fact))
                return _ENDING[fact.kind], (fact.id,), (*because, why)
        return OPEN, (), because

    def _confirm(self, duty: Duty, proofs: Sequence[Fact]) -> None:
        """Open the duty to confirm what was only attested."""
        last = proofs[-1]
        hours = self.dossier.rulebook.hours("confirm", 24.0) or timedelta(hours=24)
        slot = f"{duty.kind}.{duty.key.rsplit('/', 1)[1]}"
        done = [f for f in self.dossier.facts if f.kind == "done" and f.value.get("duty") == f"confirm/{slot}"]
        why = self.because("duty.confirm", self.dossier.rulebook.clock_key("confirm"), (last,), kind=duty.kind)
        self.duty("confirm", slot, begins=last.known_at, due=last.known_at + hours, because=(why,), proofs=done)


def best(facts: Sequence[Fact]) -> list[Fact]:
    """Return the first of the facts, each of which shows a thing done, that needs no confirming; else the best graded.

    What was told by phone at night gives way to the paper of the morning.
    """
    if len(facts) < 2:
        return list(facts)
    for fact in facts:
        if fact[7] <= Grade.B:
            return [fact]
    return [min(facts, key=_GRADE)]


TICK = timedelta(microseconds=1)
"""A duty is late once the moment of its deadline has passed."""
_GRADE = itemgetter(7)
_ENDING = {"waiver": EXCUSED, "impossible": IMPOSSIBLE, "refusal": REFUSED}


def _proved(proofs: Sequence[Fact]) -> tuple[tuple[str, ...], Grade]:
    """Return the ids of proofs and the grade of the weakest."""
    if len(proofs) == 1:
        return (proofs[0][0],), proofs[0][7]
    return tuple([fact[0] for fact in proofs]), max([fact[7] for fact in proofs])


def _said(fact: Fact) -> dict[str, Any]:
    return {"by": fact.value.get("by") or fact.source or "-", "why": fact.value.get("why") or "-"}


def supersede(duty: Duty, because: Because) -> Duty:
    """Return a duty that another has taken the place of."""
    return duty if duty.ended != OPEN else duty._replace(ended=SUPERSEDED, because=(*duty.because, because))


def covered_by(spans: Sequence[tuple[datetime, datetime | None]], begins: datetime, ends: datetime) -> Spans:
    """Return the stretches of [begins, ends) that spans cover, merged; an open span runs on."""
    if len(spans) == 1:
        start, end = spans[0]
        start = max(start, begins)
        last = ends if end is None or end > ends else end
        return ((start, last),) if start < last else ()
    clipped = sorted(
        (max(start, begins), ends if stop is None or stop > ends else stop) for start, stop in spans if start < ends
    )
    merged: list[tuple[datetime, datetime]] = []
    for start, stop in clipped:
        if stop <= start:
            continue
        if merged and start <= merged[-1][1]:
            if stop > merged[-1][1]:
                merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return tuple(merged)


def gap_of(covered: Spans, begins: datetime, ends: datetime) -> timedelta:
    """Return how much of [begins, ends) is not covered."""
    return max(ends - begins, timedelta(0)) - sum((stop - start for start, stop in covered), timedelta(0))
