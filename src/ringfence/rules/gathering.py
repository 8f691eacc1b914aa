"""The facts that stand, subject by subject, kept up to date: a new fact costs what it touches and no more."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from ringfence.rules.facts import BODILY, IN_ORDER, Fact, dossiers, let_go, shared_out, standing, struck
from ringfence.vocabulary.subjects import Subject

_BINDING = frozenset({"cross_infection", "ruling", "members", "occupied", "household"})
"""Facts of one subject by which another has facts of it in her dossier."""
_EVER = datetime.min.replace(tzinfo=UTC)
_NOTED = _BINDING | {"retraction"}


class Gathered:
    """Dossiers of an incident at a moment; the same as `dossiers(current(facts, now=now))` at any time.

    A *whole* is what is gathered together: one person, whether infection, contact or person, or any other subject. A
    new fact makes the dossiers of its whole again, and of those that need its facts: tubes, rooms, people in a site or
    a household.
    """

    def __init__(self, facts: Iterable[Fact], now: datetime) -> None:
        self.now = now
        self._facts = {fact[0]: fact for fact in facts}
        self._gone: set[str] = set()
        self._let_go: dict[str, Fact] = {}
        self._unknown: list[tuple[datetime, str]] = []
        self._retracting: dict[str, set[str]] = defaultdict(set)
        self._rulings: dict[str, set[Subject]] = defaultdict(set)
        self._needs: dict[Subject, set[Subject]] = defaultdict(set)
        self._needed_by: dict[Subject, set[Subject]] = defaultdict(set)
        self.by = self._from_nothing()

    def facts(self) -> list[Fact]:
        """Return all facts, those that no longer stand among them."""
        return list(self._facts.values())

    def add(self, facts: Iterable[Fact], now: datetime) -> set[Subject]:
        """Take in more facts, and a later moment; return the subjects whose dossier is another now."""
        new = {fact.id: fact for fact in facts}
        known = {key: fact for key, fact in new.items() if key in self._facts}
        again = any(self._facts[key] != fact for key, fact in known.items())
        self._facts.update(new)
        if now < self.now or again:  # a step back, or another fact under the same id: rare, and all may change
            self.now, before = now, self.by
            self.by = self._from_nothing()
            return {s for s in self.by.keys() | before.keys() if before.get(s) != self.by.get(s)}
        self.now = now
        for key in new.keys() - known.keys():
            heapq.heappush(self._unknown, (new[key].known_at, key))
        return self._gather(self._turned(self._woken()))

    def _from_nothing(self) -> dict[Subject, list[Fact]]:
        for index in (self._retracting, self._rulings, self._needs, self._needed_by):
            index.clear()
        known: list[Fact] = []
        noted: list[Fact] = []
        by: dict[Subject, list[Fact]] = defaultdict(list)
        self._unknown = []
        now, latest, plain = self.now, _EVER, True
        for fact in self._facts.values():  # once over all: an incident has hundreds of thousands
            if fact[4] > now:
                self._unknown.append((fact[4], fact[0]))
                continue
            if fact[3] <= latest and plain:
                plain = bool(known) and IN_ORDER(known[-1]) < IN_ORDER(fact)
            latest = fact[3]
            known.append(fact)
            by[fact[2]].append(fact)
            if fact[1] in _NOTED or fact[9] is not None:
                noted.append(fact)
        heapq.heapify(self._unknown)
        self._gone, self._let_go = set(), {}
        retractions = [fact for fact in noted if fact[9] is not None]
        if not plain or retractions or any(fact[1] == "retraction" for fact in noted):
            for fact in retractions:
                self._retracting[str(fact[9])].add(fact[0])
            self._gone = struck(retractions)
            freeing = let_go(known, self._gone)
            self._let_go = {fact.id: fact for fact in freeing}
            known = standing(known, self._gone, freeing)
            noted = [fact for fact in known if fact[1] in _BINDING]
            by.clear()
            for fact in known:
                by[fact[2]].append(fact)
        for fact in noted:
            self._bind(fact)
        return shared_out(by, known, [fact for fact in noted if fact[1] == "cross_infection"])

    def _woken(self) -> list[str]:
        """Return the ids of facts that have become known by now."""
        known = []
        while self._unknown and self._unknown[0][0] <= self.now:
            key = heapq.heappop(self._unknown)[1]
            known.append(key)
            target = self._facts[key].retracts
            if target is not None:
                self._retracting[target].add(key)
        return known

    def _turned(self, new: list[str]) -> tuple[list[Fact], set[str]]:
        """Return facts that stand now and did not, and the ids of those that no longer do.

        What was taken back after it freed somebody counts as standing in the form in which it goes on to.
        Only facts bound to the new ones by retractions can have turned: each whole chain of them is looked at.
        """
        chain: dict[str, Fact] = {}
        for key in new:
            at = self._known(key)
            while at is not None and at.id not in chain:
                chain[at.id] = at
                at = None if at.retracts is None else self._known(at.retracts)
        waiting = list(chain)
        while waiting:
            for other in self._retracting.get(waiting.pop(), ()):
                if other not in chain:
                    chain[other] = self._facts[other]
                    waiting.append(other)
        gone = struck(chain.values()) & chain.keys()
        freeing = let_go(chain.values(), gone)
        fresh = set(new)
        going_on = {f.id: f for f in freeing}
        begun = [f for key, f in chain.items() if key not in gone and key not in going_on
                 and (key in fresh or key in self._gone)]  # fmt: skip
        begun += [f for f in freeing if self._let_go.get(f.id) != f]
        ended = {key for key in gone if key not in fresh and (key not in self._gone or key in self._let_go)}
        ended -= going_on.keys()
        self._gone.difference_update(chain)
        self._gone |= gone
        for key in chain:
            self._let_go.pop(key, None)
        self._let_go.update(going_on)
        return [f for f in begun if f.kind != "retraction"], ended

    def _known(self, key: str) -> Fact | None:
        fact = self._facts.get(key)
        return fact if fact is not None and fact.known_at <= self.now else None

    def _bind(self, fact: Fact) -> None:
        """Note whose dossiers are made from facts of another.

        It stays noted when the fact that bound them has gone: a subject too many is looked at and found unchanged.
        """
        home = _whole(fact.subject)
        pairs: list[tuple[Subject, Subject]] = []
        if fact.kind == "members":
            pairs = [(home, _whole(who)) for who in fact.value["who"]]
        elif fact.kind == "household":
            pairs = [(_whole(who), home) for who in fact.value["members"]]
        elif fact.kind == "occupied":
            pairs = [(home, _whole(fact.value["who"]))]
        elif fact.kind == "cross_infection":
            homes = (home, *self._rulings.get(fact.id, ()))
            pairs = [(_whole(who), other) for who in fact.value["affected"] for other in homes]
        else:
            self._rulings[fact.value["on"]].add(home)
            found = self._facts.get(fact.value["on"])
            if found is not None and found.kind == "cross_infection":
                pairs = [(_whole(who), home) for who in found.value["affected"]]
        for one, other in pairs:
            self._needs[one].add(other)
            self._needed_by[other].add(one)

    def _own(self, whole: Subject) -> Iterable[Fact]:
        """Return the facts of a whole that stood before, once or more often: its dossiers hold them all."""
        for subject in _parts(whole):
            for fact in self.by.get(subject, ()):
                if _whole(fact.subject) == whole:
                    yield fact

    def _gather(self, turned: tuple[list[Fact], set[str]]) -> set[Subject]:
        """Make the dossiers of what was touched, and of what needs it; return the subjects whose dossier is another."""
        begun, ended = turned
        for fact in begun:
            if fact.kind in _BINDING:
                self._bind(fact)
        touched = {_whole(fact.subject) for fact in begun} | {_whole(self._facts[key].subject) for key in ended}
        again = touched.union(*(self._needed_by.get(whole, ()) for whole in touched))
        needed = again.union(*(self._needs.get(whole, ()) for whole in again))
        facts = {fact.id: fact for whole in needed for fact in self._own(whole) if fact.id not in ended}
        facts.update((fact.id, fact) for fact in begun)
        made = dossiers(sorted(facts.values(), key=IN_ORDER))
        changed = set()
        for subject in (part for whole in again for part in _parts(whole)):
            found = made.get(subject)
            if found != self.by.get(subject):
                changed.add(subject)
                if found is None:
                    del self.by[subject]
                else:
                    self.by[subject] = found
        return changed


def _whole(subject: Subject) -> Subject:
    return Subject("person", subject.number) if subject.kind in BODILY else subject


def _parts(whole: Subject) -> list[Subject]:
    return [Subject(kind, whole.number) for kind in BODILY] if whole.kind == "person" else [whole]
