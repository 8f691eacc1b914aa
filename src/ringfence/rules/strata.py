"""A whole incident, stratum by stratum: infections lean on nobody, contacts on infections, places and zones on all.

`derive_all` derives everything from nothing; `Incident` keeps the answer and derives again only what a new fact
touches, going to the next stratum only from subjects whose status changed. Both give the same answer.
"""

from __future__ import annotations

import gc
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache

from ringfence.rules.derive import Dossier, derive
from ringfence.rules.derive.contact import status_of
from ringfence.rules.duties import Derivation, Status
from ringfence.rules.facts import Fact, kinds
from ringfence.rules.gathering import Gathered
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.subjects import Subject

Books = Rulebook | Callable[[Subject], Rulebook]

STRATA = ("infection", "contact", "tube", "letter", "room", "place", "cohort", "zone", "incident")
"""The order in which kinds of subject are derived."""
_DERIVED = frozenset(STRATA)
_MANY = 500
LEAN_ON_ALL = {"zone": "zone", "incident": "infection"}
"""A zone leans on all other zones, an incident on all infections, whether its facts name them or not: they are few."""


def derive_all(facts: Iterable[Fact], book: Books, now: datetime) -> dict[Subject, Derivation]:
    """Return what follows for every subject from all facts known by a moment.

    `book` is one rulebook for all, or answers with the one that a subject is pinned to.
    """
    return Incident(facts, book, now).derivations


@contextmanager
def _collector_waits() -> Iterator[None]:
    """Let the collector of garbage wait: what is derived is a million small tuples without a ring among them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Incident:
    """All derivations of an incident at a moment, kept up to date fact by fact."""

    def __init__(self, facts: Iterable[Fact], book: Books, now: datetime) -> None:
        self._book = _by_subject(book)
        self.now = now
        with _collector_waits():
            self._begin(facts)

    def _begin(self, facts: Iterable[Fact]) -> None:
        self._gathered = Gathered(facts, self.now)
        self._by = self._gathered.by
        self._of_kind: dict[str, set[Subject]] = {kind: set() for kind in STRATA}
        self._leaning: dict[Subject, set[Subject]] = defaultdict(set)
        self._leans: dict[Subject, tuple[Subject, ...]] = {}
        self._status: dict[Subject, Status] = {}
        self._wakes: list[tuple[datetime, Subject]] = []
        self._woken: list[tuple[datetime, Subject]] = []
        self.derivations: dict[Subject, Derivation] = {}
        self.recomputed = 0
        self._settle([subject for subject in self._by if subject[0] in _DERIVED])

    def facts(self) -> list[Fact]:
        """Return all facts taken in so far, those that no longer stand among them."""
        return self._gathered.facts()

    def add(self, facts: Iterable[Fact], *, now: datetime | None = None, book: Books | None = None) -> set[Subject]:
        """Take in more facts, and a later moment; return the subjects that were derived again.

        `book` are the rulebooks from now on, where a pin among the facts, or one taken back, changed them.
        """
        before, self.now = self.now, self.now if now is None else now
        touched = {s for s in self._gathered.add(facts, self.now) if s.kind in _DERIVED}
        self._by = self._gathered.by
        if book is not None:
            old, self._book = self._book, _by_subject(book)
            touched |= {s for s in self.derivations if not _same(old(s), self._book(s))}
        if self.now < before:
            touched |= self.derivations.keys()
        while self._wakes and self._wakes[0][0] <= self.now:
            moment, subject = heapq.heappop(self._wakes)
            derivation = self.derivations.get(subject)
            if derivation is not None and derivation.wake_at == moment:
                touched.add(subject)
        if len(touched) < _MANY:
            return self._settle(touched)
        with _collector_waits():
            return self._settle(touched)

    def _settle(self, touched: Iterable[Subject]) -> set[Subject]:
        """Derive what was touched, then whatever leans on a status that changed, stratum by stratum."""
        waiting: dict[str, dict[Subject, None]] = {kind: {} for kind in STRATA}  # sets that keep their order
        for subject in touched:
            self._lean(subject)
            waiting[subject[0]][subject] = None
        for kind in STRATA:
            first = self._contacts_first(waiting[kind]) if kind == "contact" else {}
            changed = [s for s in waiting[kind] if (first[s] if s in first else self._derive(s))]
            for other in self._leaning_on(changed):
                if other.kind != kind:
                    waiting[other.kind][other] = None
            for leaning, on in LEAN_ON_ALL.items():
                if on == kind and changed:
                    again = set(self._of_kind[leaning])
                    waiting[leaning].update(dict.fromkeys(again))
                    if leaning == kind:  # what zones say of themselves does not rest on other zones: once is enough
                        for subject in again:
                            self._derive(subject)
        self._note_wakes()
        return set().union(*waiting.values())

    def _leaning_on(self, changed: Iterable[Subject]) -> Iterator[Subject]:
        """Yield who leans on subjects, some more than once; an infection is leaned on by herself as a contact."""
        for subject in changed:
            yield from self._leaning.get(subject, ())
            if subject[0] == "infection":
                herself = Subject("contact", subject[1])
                if herself in self._leans:
                    yield herself

    def _note_wakes(self) -> None:
        """Put the moments at which what was derived changes by itself among the others."""
        if len(self._woken) < _MANY:
            for wake in self._woken:
                heapq.heappush(self._wakes, wake)
        else:
            self._wakes += self._woken
            heapq.heapify(self._wakes)
        self._woken.clear()

    def _contacts_first(self, waiting: dict[Subject, None]) -> dict[Subject, bool]:
        """Settle the statuses of contacts on whom contacts lean; those who lean on one that changed wait as well.

        Returns who was derived on the way, and whether her status changed: whoever leans on no contact herself. The
        status of a contact rests on infections and her own facts alone, so that contacts cannot lean in a ring.
        """
        first: dict[Subject, bool] = {}
        more: dict[Subject, None] = {}
        for subject in waiting:
            leaning = [other for other in self._leaning.get(subject, ()) if other[0] == "contact"]
            if not leaning:
                continue
            if not any(other[0] == "contact" for other in self._leans.get(subject, ())):
                changed = first[subject] = self._derive(subject)
            else:
                before = self._status.get(subject)
                dossier = self._dossier(subject)
                if dossier is None:
                    self._status.pop(subject, None)
                else:
                    self._status[subject] = status_of(dossier, self.now)
                changed = self._status.get(subject) != before
            if changed:
                more.update(dict.fromkeys(leaning))
        waiting.update(more)
        return first

    def _lean(self, subject: Subject) -> None:
        """Note that a subject is there, or no longer, and on whom it leans.

        A contact leans on herself as an infection besides; that is not noted one by one.
        """
        facts = self._by.get(subject)
        leans: tuple[Subject, ...] = ()
        if facts is None:
            self._of_kind[subject[0]].discard(subject)
        else:
            self._of_kind[subject[0]].add(subject)
            leans = leans_on(subject, facts)
        before = self._leans.get(subject)
        if before:
            for other in before:
                self._leaning[other].discard(subject)
        self._leans[subject] = leans
        for other in leans:
            self._leaning[other].add(subject)

    def _dossier(self, subject: Subject) -> Dossier | None:
        facts = self._by.get(subject)
        if facts is None:
            return None
        return tuple.__new__(Dossier, (subject, self._book(subject), facts, self._statuses(subject)))

    def _derive(self, subject: Subject) -> bool:
        """Derive one subject; return whether its status changed."""
        dossier = self._dossier(subject)
        before = self.derivations.get(subject)
        if dossier is None:
            self.derivations.pop(subject, None)
            self._status.pop(subject, None)
            return before is not None
        self.recomputed += 1
        answer = derive(dossier, self.now)
        self.derivations[subject] = answer
        self._status[subject] = answer[0]
        if answer[3] is not None:
            self._woken.append((answer[3], subject))
        return before is None or before[0] != answer[0]

    def _statuses(self, subject: Subject) -> Mapping[Subject, Status]:
        found = {}
        of_all = LEAN_ON_ALL.get(subject.kind)
        others = self._leans.get(subject, ())
        if of_all is not None:
            others = (*others, *(s for s in self._of_kind[of_all] if s != subject))
        statuses = self._status
        for other in others:
            status = statuses.get(other)
            if status is not None:
                found[other] = status
        if subject[0] == "contact":
            herself = Subject("infection", subject[1])
            status = statuses.get(herself)
            if status is not None:
                found[herself] = status
        return found


def _by_subject(book: Books) -> Callable[[Subject], Rulebook]:
    return (lambda _: book) if isinstance(book, Rulebook) else book


def _same(one: Rulebook, other: Rulebook) -> bool:
    """Return whether two rulebooks say the same: one pack on one day, pinned at the same moment after the same."""
    if one is other:
        return True
    if one.pack is not other.pack or (one.on, one.signable) != (other.on, other.signable):
        return False
    if one.earlier is None or other.earlier is None:
        return one.earlier is other.earlier
    return one.earlier[0] == other.earlier[0] and _same(one.earlier[1], other.earlier[1])


_LOWER = {kind: frozenset(STRATA[:rank]) | ({"contact"} if kind == "contact" else frozenset())
          for rank, kind in enumerate(STRATA)}  # fmt: skip
"""On which kinds of subject a kind leans."""


@cache
def _fields_that_name() -> Mapping[str, tuple[str, ...]]:
    """Return the fields that name other subjects, by the kinds of fact that have such."""
    found = {
        kind: tuple(name for name, f in fields.items() if f.form in ("subject", "subjects"))
        for kind, (_, fields) in kinds().items()
    }
    return {kind: names for kind, names in found.items() if names}


def leans_on(subject: Subject, facts: Iterable[Fact]) -> tuple[Subject, ...]:
    """Return the subjects whose status a derivation reads: those that its facts name, of lower strata.

    That a contact leans on herself as an infection is not among them.
    """
    naming, lower = _fields_that_name(), _LOWER[subject[0]]
    found: set[Subject] = set()
    for fact in facts:
        if fact[1] in naming:
            for name in naming[fact[1]]:
                value = fact[8].get(name)
                if isinstance(value, Subject):
                    if value[0] in lower:
                        found.add(value)
                elif value is not None:
                    found.update(each for each in value if each[0] in lower)
    found.discard(subject)
    return tuple(found)
