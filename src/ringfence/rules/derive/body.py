"""What the facts say of one person: samples with results by day, days on which she was seen, stays, what was signed."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ringfence.rules.derive.appeals import Appeal, appeals_of, stepped_down
from ringfence.rules.derive.sheet import Spans
from ringfence.rules.facts import LET_GO, TAKEN_BACK, Fact
from ringfence.rules.instruments import void_reasons
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

FEVER_C = 37.3
EVER = datetime.min.replace(tzinfo=UTC)
SEEN = ("seen", "ill")
"""The marks of an observation that say that somebody saw her."""
SITES = ("quarantine_site", "hospital", "shelter", "isolation_site")
PLACED_IN = {
    "quarantine_site": ("quarantine_site",),
    "quarantine_home": ("home", "quarantine_site"),
    "stay_apart": ("home", "quarantine_site", "hospital", "shelter"),
    "isolate_home": ("home", "isolation_site", "hospital", "shelter"),
    "isolate_site": ("isolation_site", "shelter", "hospital"),
    "isolate_hospital": ("hospital",),
}
"""Which kinds of stay cover what is asked. What is not here asks for no place."""
RESTRAINS = frozenset((*PLACED_IN, "stay_off_work"))


class Taken(NamedTuple):
    """A sample with the latest result that is known of it."""

    day: int
    sample: Fact
    result: Fact | None
    outcome: str
    """Negative, positive, abnormal, invalid or indeterminate, or waiting."""

    @classmethod
    def of(cls, day: int, sample: Fact, result: Fact | None) -> Taken:
        """Return a sample with its outcome."""
        return cls(day, sample, result, "waiting" if result is None else result.value["outcome"])


class Signed(NamedTuple):
    """A chain of instruments and agreements, each served before the one before it ended: from when, until when."""

    begins: datetime
    ends: datetime
    rests_on: tuple[Fact, ...]


class Body:
    """The facts of one person by kind, and what is read from them more than once."""

    __slots__ = ("_appeals", "_early", "_facts", "_observed", "_positive", "_seen", "_seen_on", "_taken", "_taken_on",
                 "book", "by", "now", "whole")  # fmt: skip

    def __init__(
        self, facts: Sequence[Fact], book: Rulebook, *, now: datetime | None = None, whole: Body | None = None
    ) -> None:
        """Take the facts of one person, or those of one episode of hers; `whole` is then the body with all of them.

        Without `now` no appeal has passed its deadline.
        """
        by: dict[str, list[Fact]] = {}
        for fact in facts:
            kind = fact[1]
            if kind in by:
                by[kind].append(fact)
            else:
                by[kind] = [fact]
        self.by = by
        self._facts = facts
        self.book = book
        self.now = now
        self.whole = whole
        self._appeals: list[Appeal] | None = None
        self._early: dict[str, datetime] | None = None
        self._taken: list[Taken] | None = None
        self._taken_on: dict[int, list[Taken]] | None = None
        self._positive: Taken | None = None
        self._observed: dict[int, list[Fact]] | None = None
        self._seen: dict[int, Fact] | None = None
        self._seen_on: list[int] = []

    def of(self, kind: str) -> Sequence[Fact]:
        """Return the facts of a kind, oldest first."""
        return self.by.get(kind, ())

    def every(self) -> Sequence[Fact]:
        """Return all facts of her, oldest first."""
        return self._facts

    def last(self, kind: str) -> Fact | None:
        """Return the latest fact of a kind."""
        facts = self.by.get(kind)
        return facts[-1] if facts else None

    def taken(self) -> list[Taken]:
        """Return her samples with their results, oldest first. A result without a sample stands for its own sample."""
        if self._taken is None:
            results = self.by.get("result", ())
            samples = self.by.get("sample", ())
            if not samples and not results:
                self._taken = []
                return self._taken
            known = {fact[0] for fact in samples}
            of_sample: dict[str, Fact] = {}
            alone = []
            for result in results:
                value = result[8]
                target = value.get("sample")
                if value.get("test") == "igg":  # it tells of immunity, not of an infection
                    samples = [s for s in samples if s.id != target]
                elif target in known:
                    of_sample[target] = result
                else:
                    alone.append(result)
            day_of, new = self.book.day_of, tuple.__new__
            taken = []
            for sample in samples:
                found = of_sample.get(sample[0])
                outcome = "waiting" if found is None else found[8]["outcome"]
                taken.append(new(Taken, (day_of(sample[3]), sample, found, outcome)))
            if alone:
                taken += [Taken.of(day_of(r.at), r, r) for r in alone]
            if len(taken) > 1:
                taken.sort(key=_as_taken)
            self._taken = taken
            for one in taken:
                if one[3] == "positive":
                    self._positive = one
                    break
        return self._taken

    def taken_on(self) -> dict[int, list[Taken]]:
        """Return her samples by local day."""
        if self._taken_on is None:
            self._taken_on = {}
            for taken in self.taken():
                self._taken_on.setdefault(taken.day, []).append(taken)
        return self._taken_on

    def observed(self) -> dict[int, list[Fact]]:
        """Return observations by local day."""
        if self._observed is None:
            found: dict[int, list[Fact]] = {}
            day_of = self.book.day_of
            for fact in self.by.get("observation", ()):
                found.setdefault(day_of(fact[3]), []).append(fact)
            self._observed = found
        return self._observed

    def seen(self) -> Mapping[int, Fact]:
        """Return the observation that shows best that she was seen, by local day on which she was."""
        if self._seen is None:
            found: dict[int, Fact] = {}
            day_of = self.book.day_of
            for fact in self.by.get("observation", ()):
                if fact[8]["seen"] in SEEN:
                    day = day_of(fact[3])
                    before = found.get(day)
                    if before is None or (before[7] > Grade.B and fact[7] < before[7]):
                        found[day] = fact
            self._seen = found
            self._seen_on = sorted(found)
        return self._seen

    def seen_on(self) -> list[int]:
        """Return the local days on which she was seen, in order."""
        self.seen()
        return self._seen_on

    def positive(self) -> Taken | None:
        """Return her first sample that was found positive."""
        self.taken()
        return self._positive

    def stays(self, asks: str) -> list[Fact]:
        """Return the stays that cover what is asked."""
        kinds = PLACED_IN.get(asks, ())
        return [fact for fact in self.by.get("stay", ()) if fact[8]["kind"] in kinds]

    def separated(self, since: datetime | None = None) -> Fact | None:
        """Return what first set her apart from others since a moment: said so, or a stay in a site or hospital.

        A stay that was over by then belongs to something earlier.
        """
        found: Fact | None = None
        for fact in self.by.get("separated", ()):
            if (since is None or fact[3] >= since) and (found is None or _before(fact, found)):
                found = fact
        for fact in self.by.get("stay", ()):
            if fact[8]["kind"] in SITES:
                until = fact[5]
                if (since is None or until is None or until >= since) and (found is None or _before(fact, found)):
                    found = fact
        return found

    def ill(self, *, since: datetime) -> Fact | None:
        """Return the latest observation of illness since a moment, None if a later one finds her well."""
        for fact in reversed(self.of("observation")):
            value = fact.value
            if fact.at < since:
                return None
            if value["seen"] not in SEEN:
                continue
            sick = value["seen"] == "ill" or value.get("symptoms") or value.get("temperature_c", 0) >= FEVER_C
            return fact if sick else None
        return None

    def homes(self, number: int) -> list[tuple[Subject, Fact]]:
        """Return the households in which a person lives, as she says or as their last lists do, with what says so."""
        said = [f for f in self.of("person") if f.value.get("household") is not None]
        homes = {f.value["household"]: f for f in said[-1:]}
        last = {f.subject: f for f in self.of("household")}
        for home, fact in last.items():
            if any(who.number == number for who in fact.value["members"]):
                homes.setdefault(home, fact)
        return sorted(homes.items(), key=lambda each: each[0])

    def let_go(self, *, after: datetime | None = None) -> list[datetime]:
        """Return when she was let go, oldest first: released or discharged, even if that was taken back later."""
        by = self.by
        if "release" not in by and "discharge" not in by and LET_GO not in by:
            return []
        found = [f.at for kind in ("release", "discharge", LET_GO) for f in self.of(kind) if "which" not in f.value]
        return sorted(moment for moment in found if after is None or moment > after)

    def acts(self) -> dict[str, Fact]:
        """Return all that was ever signed for her, by id."""
        body = self.whole or self
        return {f.id: f for f in (*body.of("agreement"), *body.of("instrument"))}

    def appeals(self) -> list[Appeal]:
        """Return her appeals, oldest first."""
        if self.whole is not None:
            return self.whole.appeals()
        if self._appeals is None:
            asked = "appeal" in self.by or TAKEN_BACK in self.by
            self._appeals = appeals_of(self, self.acts(), self.now or EVER) if asked else []
        return self._appeals

    def stepped_down(self) -> Mapping[str, datetime]:
        """Return when what was signed stepped down or ended by an appeal, by its id."""
        if self.whole is not None:
            return self.whole.stepped_down()
        if self._early is None:
            appeals = self.appeals()
            self._early = stepped_down(appeals, self.acts()) if appeals else {}
        return self._early

    def restrained_by(self, since: datetime, now: datetime) -> list[tuple[datetime, Fact]]:
        """Return what was signed and would restrain her now but for a release since a moment, with its end."""
        papers = self._papers(RESTRAINS)
        if not papers:
            return []
        gone = [moment for moment in self.let_go() if moment < since]
        return [
            (ends, paper)
            for begins, ends, paper in papers
            if ends > now and not any(moment >= begins for moment in gone)
        ]

    def _papers(self, asks: Container[str]) -> list[tuple[datetime, datetime, Fact]]:
        """Return agreements and instruments that are not void: from when, until when or ended early, the fact."""
        by = self.by
        if "agreement" not in by and "instrument" not in by:
            return []
        papers = [
            (fact.value.get("served_at") or fact.at, fact.value["ends"], fact)
            for fact in by.get("agreement", ())
            if fact.value["asks"] in asks and fact.value["ends"] > fact.at
        ]
        if "instrument" in by:
            acts = self.acts()
            papers += [
                (f.value.get("served_at") or f.at, f.value.get("ends") or f.until, f)
                for f in by["instrument"]
                if f.value["asks"] in asks and f.value["rung"] != "advice" and not void_reasons(f, self.book, acts)
            ]
        if not papers:
            return papers
        early = self._ended_early()
        if early:
            papers = [(begins, min(ends, early.get(paper.id, ends)), paper) for begins, ends, paper in papers]
        return papers if len(papers) == 1 else sorted(papers, key=lambda p: (p[0], p[2].id))

    def _ended_early(self) -> Mapping[str, datetime]:
        """Return when what was signed ended before its end, by its id: by an appeal, or because somebody ended it."""
        stepped = self.stepped_down()
        if "ended" not in self.by and LET_GO not in self.by:
            return stepped
        early = dict(stepped)
        for fact in (*self.of("ended"), *(f for f in self.of(LET_GO) if "which" in f.value)):
            which = fact.value["which"]
            early[which] = min(fact.at, early.get(which, fact.at))
        return early

    def signed(self, asks: str, since: datetime, *, after: datetime | None = None) -> list[Signed]:
        """Return what was signed for what is asked since a moment: chains, oldest first. Void ones sign nothing.

        A release after `after` ends whatever began before it, for good: only what is signed later restrains again.
        """
        papers = self._papers((asks,))
        if not papers:
            return []
        gone = self.let_go(after=after)
        chains: list[Signed] = []
        for begins, written_end, paper in papers:
            ends = min([written_end, *[m for m in gone if m >= begins][:1]]) if gone else written_end
            if ends < since or ends <= begins:
                continue
            if chains and begins <= chains[-1].ends:
                last = chains[-1]
                chains[-1] = Signed(last.begins, max(last.ends, ends), (*last.rests_on, paper))
            else:
                chains.append(Signed(begins, ends, (paper,)))
        return chains


def _before(one: Fact, other: Fact) -> bool:
    """Return whether a fact happened before another, of two at one moment the one with the lower id."""
    return one[3] < other[3] or (one[3] == other[3] and one[0] < other[0])


def _as_taken(taken: Taken) -> tuple[datetime, str]:
    return taken.sample.at, taken.sample.id


def earliest(facts: Sequence[Fact]) -> Fact | None:
    """Return the fact that happened first."""
    return min(facts, key=lambda fact: (fact.at, fact.id)) if facts else None


def days_covered(days: Sequence[int], book: Rulebook) -> Spans:
    """Return the stretches that sorted local days cover."""
    if not days:
        return ()
    if days[-1] - days[0] + 1 == len(days):
        return ((book.start_of(days[0]), book.start_of(days[-1] + 1)),)
    spans: list[tuple[datetime, datetime]] = []
    first = last = None
    for day in days:
        if last is None or day != last + 1:
            if first is not None and last is not None:
                spans.append((book.start_of(first), book.start_of(last + 1)))
            first = day
        last = day
    if first is not None and last is not None:
        spans.append((book.start_of(first), book.start_of(last + 1)))
    return tuple(spans)
