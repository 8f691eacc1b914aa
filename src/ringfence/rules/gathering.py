"""The facts that stand, subject by subject, kept up to date: a new fact costs what it touches and no more."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from ringfence.rules.facts import BODILY, Fact, current, dossiers, in_order, struck
from ringfence.vocabulary.subjects import Subject


class Gathered:
    """Dossiers of an incident at a moment; the same as `dossiers(current(facts, now=now))` at any time.

    Facts are kept by the subject that they name (one person as infection, contact and person is one), with what binds
    subjects together: who is in a tube, whom a cross-infection affects, and the rulings on it.
    """

    def __init__(self, facts: Iterable[Fact], now: datetime) -> None:
        self.now = now
        self._facts = {fact.id: fact for fact in facts}
        self._standing: set[str] = set()
        self._own: dict[Subject, dict[str, Fact]] = defaultdict(dict)
        self._retracting: dict[str, set[str]] = defaultdict(set)
        self._rulings: dict[str, set[Subject]] = defaultdict(set)
        self._needs: dict[Subject, set[Subject]] = defaultdict(set)
        self._needed_by: dict[Subject, set[Subject]] = defaultdict(set)
        self._unknown: list[tuple[datetime, str]] = []
        self.by = self._from_nothing()

    def facts(self) -> list[Fact]:
        """Return all facts, those that no longer stand among them."""
        return list(self._facts.values())

    def add(self, facts: Iterable[Fact], now: datetime) -> set[Subject]:
        """Take in more facts, and a later moment; return the subjects whose dossier is another now."""
        new = {fact.id: fact for fact in facts}
        again = any(self._facts.get(key, fact) != fact for key, fact in new.items())
        self._facts.update(new)
        if now < self.now or again:  # a step back, or another fact under the same id: rare, and all may change
            self.now, before = now, self.by
            self.by = self._from_nothing()
            return {s for s in self.by.keys() | before.keys() if before.get(s) != self.by.get(s)}
        self.now = now
        for fact in new.values():
            heapq.heappush(self._unknown, (fact.known_at, fact.id))
        known: dict[str, None] = {}
        while self._unknown and self._unknown[0][0] <= now:
            known[heapq.heappop(self._unknown)[1]] = None
        changed = self._changed(known)
        for fact in changed:
            self._place(fact)
        return self._gather({_whole(fact.subject) for fact in changed})

    def _from_nothing(self) -> dict[Subject, list[Fact]]:
        self._standing, self._unknown = set(), []
        for index in (self._own, self._retracting, self._rulings, self._needs, self._needed_by):
            index.clear()
        for fact in self._facts.values():
            if fact.known_at > self.now:
                self._unknown.append((fact.known_at, fact.id))
            elif fact.retracts is not None:
                self._retracting[fact.retracts].add(fact.id)
        heapq.heapify(self._unknown)
        standing = current(self._facts.values(), now=self.now)
        for fact in standing:
            self._standing.add(fact.id)
            self._place(fact)
        return dossiers(standing)

    def _changed(self, known: Iterable[str]) -> list[Fact]:
        """Note facts that are known now; return those that begin or cease to stand, those that they retract among them.

        Only facts that are bound to the new ones by retractions can: each whole chain of them is looked at.
        """
        for key in known:
            target = self._facts[key].retracts
            if target is not None:
                self._retracting[target].add(key)
        chain: dict[str, None] = {}
        for key in known:
            at: str | None = key
            while at is not None and at not in chain:
                chain[at] = None
                at = self._facts[at].retracts if at in self._facts and self._facts[at].known_at <= self.now else None
        waiting = list(chain)
        while waiting:
            for other in self._retracting.get(waiting.pop(), ()):
                if other not in chain:
                    chain[other] = None
                    waiting.append(other)
        bound = [f for key in chain if (f := self._facts.get(key)) is not None and f.known_at <= self.now]
        gone = struck(bound)
        changed = [f for f in bound if f.kind != "retraction" and (f.id in self._standing) == (f.id in gone)]
        self._standing.symmetric_difference_update(fact.id for fact in changed)
        return changed

    def _place(self, fact: Fact) -> None:
        """Put a fact that stands where it belongs, or take out one that no longer does."""
        whole = _whole(fact.subject)
        if fact.id in self._standing:
            self._own[whole][fact.id] = fact
        else:
            self._own[whole].pop(fact.id, None)
        # What binds stays when the fact that bound has gone: a subject too many is looked at and found unchanged.
        if fact.kind == "cross_infection":
            homes = (whole, *self._rulings.get(fact.id, ()))
            self._bind([(_whole(subject), home) for subject in fact.value["affected"] for home in homes])
        elif fact.kind == "ruling":
            self._rulings[fact.value["on"]].add(whole)
            found = self._facts.get(fact.value["on"])
            if found is not None and found.kind == "cross_infection":
                self._bind([(_whole(subject), whole) for subject in found.value["affected"]])
        elif fact.kind == "members":
            self._bind([(whole, _whole(subject)) for subject in fact.value["who"]])

    def _bind(self, pairs: Iterable[tuple[Subject, Subject]]) -> None:
        """Note that the dossier of the first is made from facts of the second besides its own."""
        for one, other in pairs:
            self._needs[one].add(other)
            self._needed_by[other].add(one)

    def _gather(self, touched: set[Subject]) -> set[Subject]:
        """Make the dossiers of what was touched, and of what is made from it; return those that are another now."""
        again = touched.union(*(self._needed_by.get(whole, ()) for whole in touched))
        needed = again.union(*(self._needs.get(whole, ()) for whole in again))
        facts = [fact for whole in needed for fact in self._own.get(whole, {}).values()]
        facts.sort(key=in_order)
        made = dossiers(facts)
        changed = set()
        for whole in again:
            for subject in [Subject(kind, whole.number) for kind in BODILY] if whole.kind == "person" else [whole]:
                found = made.get(subject)
                if found == self.by.get(subject):
                    continue
                changed.add(subject)
                if found is None:
                    del self.by[subject]
                else:
                    self.by[subject] = found
        return changed


def _whole(subject: Subject) -> Subject:
    """Return the subject under which the facts of a person are kept together, whatever they call her."""
    return Subject("person", subject.number) if subject.kind in BODILY else subject
