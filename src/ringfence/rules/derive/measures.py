"""A person on a course: the measure and its instrument, place and stay, tests, observation, release.

What restrains is what was signed. The course says what should be asked; its end moves with the facts. Where the two
differ, a shorter course makes a release due at once, a longer one makes a proposal: nothing here writes a later end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.derive import appeals, lapse, releasing, watching
from ringfence.rules.derive.body import RESTRAINS, Body, Signed
from ringfence.rules.derive.courses import DAY, HOUR, Course, Laid, Stage, lay
from ringfence.rules.derive.sheet import Sheet, best, covered_by, gap_of
from ringfence.rules.duties import OPEN, PROVED, Because, Status, resting
from ringfence.rules.facts import Fact
from ringfence.rules.instruments import RUNGS
from ringfence.rules.rulebook import Rulebook

_MOMENT = timedelta(microseconds=1)
_APART = ("quarantine_site", "isolate_site", "isolate_hospital")
_CLIMB_ON = ("refusal", "breach", "incapacity")
_PLACED: Mapping[bool, Mapping[str, Any]] = {placed: {"placed": placed} for placed in (False, True)}


class Placing(NamedTuple):
    """How soon somebody of a class must be apart from others, and in the place that is asked for."""

    separate: timedelta | None
    house: timedelta | None

    @classmethod
    def of(cls, book: Rulebook, name: str) -> Placing:
        """Return what a pack says for a class."""
        return cls(book.hours(f"separate_{name}") or book.hours("separate"),
                   book.hours(f"house_{name}") or book.hours("house"))  # fmt: skip


def pass_by(sheet: Sheet, course: Course, anchors: Mapping[str, datetime], known_at: datetime) -> None:
    """Go along a course of one stage that owes nothing: all there is to know of it is when it ends."""
    book = sheet.dossier.rulebook
    laid = lay(course.stages[0], book.day_of(anchors.get(course.count_from, known_at)), known_at, book, anchors)
    if laid.ends is not None and laid.ends > known_at:
        sheet.wake(laid.ends)


@dataclass(slots=True)
class Walk:
    """One person's walk along one course."""

    sheet: Sheet
    body: Body
    course: Course
    anchors: Mapping[str, datetime]
    known_at: datetime
    changed_at: datetime
    why: tuple[Because, ...]
    cls: str = ""
    linked: Sequence[Status] = ()
    released: Fact | None = None
    frozen: Fact | None = None
    moves: bool = True
    """Whether her transfer and place are written here; a patient's are written with her hospital."""
    ends_at: datetime | None = None
    advice: lapse.Advice | None = None
    """Until when a patient may infect others, for what is said when her measure lapses."""
    let_go_after: datetime | None = None
    """A release up to here belongs to what came before: an earlier stage, the hospital."""
    signed: Sequence[Signed] = ()

    def along(self) -> None:
        """Write the duties of every stage in order."""
        book = self.sheet.dossier.rulebook
        anchor = self.anchors.get(self.course.count_from)
        if anchor is None:
            anchor = self.known_at
        zero = book.day_of(anchor)
        known_at = self.known_at
        now = self.sheet.now
        for stage in self.course.stages:
            laid = lay(stage, zero, known_at, book, self.anchors)
            if laid.ends is not None and laid.ends <= known_at:
                zero = laid.last if laid.last is not None else zero
                if stage.restrains and (past := self._signed(stage)):
                    self.let_go_after = past[-1].ends
                continue
            real_end = self._stage(laid)
            if laid.last is None or real_end is None:
                return
            if real_end <= now and real_end < (laid.ends or real_end):
                zero = book.day_of(real_end - _MOMENT)  # freed early or lapsed: what follows counts from that day
            else:
                zero = laid.last
            known_at = max(self.known_at, min(real_end, laid.ends or real_end))
            if stage.restrains:
                self.let_go_after = real_end

    def _signed(self, stage: Stage) -> list[Signed]:
        return self.body.signed(stage.asks, self.known_at - 30 * DAY, after=self.let_go_after)

    def _stage(self, laid: Laid) -> datetime | None:
        """Write the duties of one stage; return when it really ends."""
        stage, sheet = laid.stage, self.sheet
        ends = laid.ends
        self.released = self._released(laid.begins)
        chain: Signed | None = None
        if stage.restrains:
            after = self.let_go_after
            self.signed = self._signed(stage)
            chain = self.signed[-1] if self.signed else None
            if chain is not None and chain.ends <= self.known_at and chain.ends in self.body.let_go(after=after):
                self._remain(laid, chain)  # she was let go, and what is asked now came later: it must be signed anew
                chain = None
            self._measure(laid, chain)
            if stage.placed and self.moves:
                self._place(laid)
            if chain is not None:
                ends = self._remain(laid, chain)
                self.released = self._released(chain.begins - _MOMENT, after)
        if stage.tests:
            watching.tests(self, laid)
        if stage.observe:
            watching.observe(self, laid, ends)
        if stage.environment and laid.ends is not None:
            releasing.environment(self, laid, ends or laid.ends)
        if ends is not None:
            if chain is not None:
                releasing.release(self, laid, chain, ends)
            if stage.hand_over:
                releasing.hand_over(self, stage, ends)
        if not stage.restrains and laid.ends is not None:
            sheet.wake(laid.ends)
        self.ends_at = ends
        return ends

    def _released(self, after: datetime, also_after: datetime | None = None) -> Fact | None:
        """Return the first release after one moment, and after another."""
        for fact in self.body.by.get("release", ()):
            if fact[3] > after and (also_after is None or fact[3] > also_after):
                return fact
        return None

    # ── the measure and what it asks ──────────────────────────────────────────────────────────────────────────────

    def _rung(self, stage: Stage) -> tuple[str, tuple[Fact, ...]]:
        """Return the rung to ask for: the lowest that the pack allows, and one higher for each fact that needs it."""
        by = self.body.by
        climb_on = [kind for kind in self.body.book.get("ladder.climb_on", _CLIMB_ON) if kind in by]
        if not climb_on:
            return stage.rung, ()
        ours = ("measure", f"measure/{stage.name}", stage.asks, "remain", f"remain/{stage.name}", stage.name)
        facts = tuple(f for kind in climb_on for f in by[kind] if f.value["of"] in ours)
        at = min(RUNGS.index(stage.rung) + len(facts), len(RUNGS) - 1)
        return RUNGS[at], facts

    def _measure(self, laid: Laid, chain: Signed | None) -> None:
        stage, sheet, book = laid.stage, self.sheet, self.body.book
        rung, climbed = self._rung(stage)
        because = (*self.why, stage.said["measure"])
        if climbed:
            because = (*because, sheet.because("duty.next_rung", "ladder.climb_on", climbed, rung=rung))
        hours = book.hours("measure")
        due = laid.begins if hours is None or laid.begins > self.known_at else laid.begins + hours
        values = {"asks": stage.asks, "rung": rung, "ends": laid.ends}
        proofs = chain.rests_on if chain else ()
        ended = None if proofs or not climbed else OPEN
        sheet.duty("measure", stage.name, begins=min(self.known_at, laid.begins), due=due, because=because,
                   proofs=proofs, ended=ended, values=values)  # fmt: skip
        if chain is None:
            sheet.propose("measure", stage.name, because, **values)
        elif self.stepped_down(chain):
            self._milder(laid, chain)
        elif laid.ends is not None and chain.ends < laid.ends and self.released is None:
            why = sheet.because(
                "proposal.extend", f"{stage.key}.days", chain.rests_on, signed=chain.ends, ends=laid.ends
            )
            sheet.propose("extend", stage.name, (*self.why, why), signed=chain.ends, ends=laid.ends,
                          needs="instrument", before=chain.ends)  # fmt: skip

    def stepped_down(self, chain: Signed) -> bool:
        """Return whether what was signed ended by an appeal, decided or not."""
        early = self.body.stepped_down()
        return bool(early) and any(early.get(fact.id) == chain.ends for fact in chain.rests_on)

    def _milder(self, laid: Laid, chain: Signed) -> None:
        """Propose the next milder thing, while the course would still ask for something."""
        stage, sheet = laid.stage, self.sheet
        decided = {a.decision.value["outcome"] for a in self.body.appeals() if a.decision is not None
                   and a.ends_at == chain.ends}  # fmt: skip
        if "ended" in decided or self.released is not None or (laid.ends is not None and laid.ends <= sheet.now):
            return
        asks = appeals.MILDER.get(stage.asks, stage.asks)
        rung = "agreement" if asks in RESTRAINS else "advice"
        why = sheet.because("proposal.step_down", facts=chain.rests_on, at=chain.ends, asks=asks)
        sheet.propose("step_down", stage.name, (*self.why, why), asks=asks, rung=rung, since=chain.ends, ends=laid.ends)

    def _place(self, laid: Laid) -> None:
        stage, sheet, book, body = laid.stage, self.sheet, self.body.book, self.body
        stays = [s for s in body.stays(stage.asks) if s.until is None or s.until > laid.begins]
        together = self._together()
        placing: Placing | None = book.templates.get(("placing", self.cls))
        separate, house = placing or book.kept(("placing", self.cls), lambda: Placing.of(book, self.cls))
        if stage.asks in _APART and separate is not None:
            first = body.separated()
            apart = [first] if first is not None else stays[:1]
            if not apart:
                trips = [f for f in body.of("trip") if f.value["stage"] == "arrived"]
                apart = best([f for f in trips if f.value.get("purpose") != "home"])
            sheet.duty("transfer", stage.name, begins=laid.begins, due=laid.begins + separate,
                       because=(*self.why, stage.said["transfer"]), proofs=apart, values=together)  # fmt: skip
        if house is not None:
            sheet.duty("place", stage.name, begins=laid.begins, due=laid.begins + house,
                       because=(*self.why, stage.said["place"]), proofs=best(stays), values=together)  # fmt: skip

    def _together(self) -> dict[str, str] | None:
        """Return who must be in the same place: the guardian of a child, from whom she is not parted."""
        person = self.body.last("person")
        guardian = None if person is None else person.value.get("guardian")
        return None if guardian is None else {"with": str(guardian)}

    def _remain(self, laid: Laid, chain: Signed) -> datetime:
        """Write the span of the restraint as it was signed; return when it ends."""
        stage, sheet, now = laid.stage, self.sheet, self.sheet.now
        until = chain.ends
        if self.released is not None and chain.begins <= self.released.at < until:
            until = self.released.at
        stays = self.body.stays(stage.asks)
        spans = covered_by([(s.at, s.until) for s in stays], chain.begins, until)
        signed = tuple([f.id for f in chain.rests_on])
        because = (*self.why, resting(stage.said["remain"], signed, {"asks": stage.asks}))
        proofs = [s for s in stays if s.at < until and (s.until is None or s.until > chain.begins)]
        whole = now >= until and (not stage.placed or not gap_of(spans, chain.begins, until))
        ended = OPEN if not whole else None if proofs else PROVED
        values = _PLACED[stage.placed]
        if now >= until and lapse.undecided(self.body, chain, until, now):
            values = {**values, "undecided": True}
        sheet.duty("remain", stage.name, begins=chain.begins, due=until, until=until, because=because,
                   proofs=proofs, covered=spans, ended=ended, values=values)  # fmt: skip
        sheet.wake(until)
        sheet.wake(until + (self.body.book.hours("release_late", 1.0) or HOUR) + _MOMENT)
        return until
