"""A person on a course: the measure and its instrument, place and stay, tests, observation, release.

What restrains is what was signed. The course says what should be asked; its end moves with the facts. Where the two
differ, a shorter course makes a release due at once, a longer one makes a proposal: nothing here writes a later end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ringfence.rules.derive import appeals, lapse
from ringfence.rules.derive.body import RESTRAINS, Body, Signed, Taken, days_covered
from ringfence.rules.derive.courses import DAY, HOUR, OUTCOMES, Course, Laid, Stage, entry_day, lay, test_days
from ringfence.rules.derive.sheet import Sheet, best, covered_by, gap_of
from ringfence.rules.duties import OPEN, PROVED, REFUSED, Because, Status
from ringfence.rules.facts import Fact
from ringfence.rules.instruments import RUNGS

_MOMENT = timedelta(microseconds=1)


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
    signed: list[Signed] = field(default_factory=list)

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
        self.released = next((f for f in self.body.of("release") if f.at > laid.begins), None)
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
                self.released = next((f for f in self.body.of("release") if f.at >= chain.begins
                                      and (after is None or f.at > after)), None)  # fmt: skip
        if stage.tests:
            self._tests(laid)
        if stage.observe:
            self._observe(laid, ends)
        if stage.environment and laid.ends is not None:
            self._environment(laid, ends or laid.ends)
        if ends is not None:
            if chain is not None:
                self._release(laid, chain, ends)
            if stage.hand_over:
                self._hand_over(stage, ends)
        if not stage.restrains and laid.ends is not None:
            sheet.wake(laid.ends)
        self.ends_at = ends
        return ends

    # ── the measure and what it asks ──────────────────────────────────────────────────────────────────────────────

    def _rung(self, stage: Stage) -> tuple[str, tuple[Fact, ...]]:
        """Return the rung to ask for: the lowest that the pack allows, and one higher for each fact that needs it."""
        climb_on = self.body.book.get("ladder.climb_on", ("refusal", "breach", "incapacity"))
        ours = ("measure", f"measure/{stage.name}", stage.asks, "remain", f"remain/{stage.name}", stage.name)
        facts = tuple(f for kind in climb_on for f in self.body.of(kind) if f.value["of"] in ours)
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
        elif self._stepped_down(chain):
            self._milder(laid, chain)
        elif laid.ends is not None and chain.ends < laid.ends and self.released is None:
            why = sheet.because(
                "proposal.extend", f"{stage.key}.days", chain.rests_on, signed=chain.ends, ends=laid.ends
            )
            sheet.propose("extend", stage.name, (*self.why, why), signed=chain.ends, ends=laid.ends,
                          needs="instrument", before=chain.ends)  # fmt: skip

    def _stepped_down(self, chain: Signed) -> bool:
        """Return whether what was signed ended by an appeal, decided or not."""
        early = self.body.stepped_down()
        return any(early.get(fact.id) == chain.ends for fact in chain.rests_on)

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
        because = (*self.why, stage.said["transfer"])
        together = self._together()
        separate = book.hours(f"separate_{self.cls}") or book.hours("separate")
        house = book.hours(f"house_{self.cls}") or book.hours("house")
        if stage.asks in ("quarantine_site", "isolate_site", "isolate_hospital") and separate is not None:
            apart = [f for f in (body.separated(), *stays[:1]) if f is not None][:1]
            arrived = [f for f in body.of("trip") if f.value["stage"] == "arrived" and f.value.get("purpose") != "home"]
            sheet.duty("transfer", stage.name, begins=laid.begins, due=laid.begins + separate, because=because,
                       proofs=apart or best(arrived), values=together)  # fmt: skip
        if house is not None:
            why = (*self.why, stage.said["place"])
            sheet.duty("place", stage.name, begins=laid.begins, due=laid.begins + house, because=why,
                       proofs=best(stays), values=together)  # fmt: skip

    def _together(self) -> dict[str, str]:
        """Return who must be in the same place: the guardian of a child, from whom she is not parted."""
        person = self.body.last("person")
        guardian = None if person is None else person.value.get("guardian")
        return {} if guardian is None else {"with": str(guardian)}

    def _remain(self, laid: Laid, chain: Signed) -> datetime:
        """Write the span of the restraint as it was signed; return when it ends."""
        stage, sheet, now = laid.stage, self.sheet, self.sheet.now
        until = chain.ends
        if self.released is not None and chain.begins <= self.released.at < until:
            until = self.released.at
        stays = self.body.stays(stage.asks)
        spans = covered_by(((s.at, s.until) for s in stays), chain.begins, until)
        because = (*self.why, sheet.because("duty.remain", f"{stage.key}.asks", chain.rests_on, asks=stage.asks))
        proofs = [s for s in stays if s.at < until and (s.until is None or s.until > chain.begins)]
        whole = now >= until and (not stage.placed or not gap_of(spans, chain.begins, until))
        ended = OPEN if not whole else None if proofs else PROVED
        values: dict[str, object] = {"placed": stage.placed}
        if now >= until and lapse.undecided(self.body, chain, until, now):
            values["undecided"] = True
        sheet.duty("remain", stage.name, begins=chain.begins, due=until, until=until, because=because,
                   proofs=proofs, covered=spans, ended=ended, values=values)  # fmt: skip
        sheet.wake(until)
        sheet.wake(until + (self.body.book.hours("release_late", 1.0) or HOUR) + _MOMENT)
        return until

    # ── tests and observation ─────────────────────────────────────────────────────────────────────────────────────

    def _tests(self, laid: Laid) -> None:
        stage, sheet, book = laid.stage, self.sheet, self.body.book
        known_day = book.day_of(laid.begins if laid.begins < self.known_at else self.known_at)
        last_day = book.day_of(self.released.at) if self.released is not None else None
        by_day = self.body.taken_on()
        start_of = book.start_of
        for n, day in test_days(laid, known_day, entry_day(self.body, stage.asks) if stage.by_entry else None):
            if last_day is not None and day > last_day:
                continue
            slot, why, double = stage.test_days[n]
            proofs, outcome = _fitting(by_day.get(day, ()), stage, double)
            sheet.duty("test", slot, begins=start_of(day), due=start_of(day + 1), because=(*self.why, why),
                       proofs=proofs, values=stage.test_values[n, outcome])  # fmt: skip

    def _observe(self, laid: Laid, ends: datetime | None) -> None:
        stage, sheet, book, now = laid.stage, self.sheet, self.body.book, self.sheet.now
        observed = self.body.observed()
        first = max(book.day_of(laid.begins), laid.zero if stage.begins_on is None else 0)
        last = laid.last
        if ends is not None and laid.ends is not None and ends < laid.ends:
            last = book.day_of(ends - _MOMENT)
        if last is None or last < first:
            return
        begins, until = max(laid.begins, book.start_of(first)), book.start_of(last + 1)
        shown = self.body.seen()
        seen = sorted(d for d in shown if first <= d <= last)
        because = (*self.why, stage.said["monitor"])
        today = min(book.day_of(now), last + 1)
        if first <= today <= last:
            sheet.wake(book.start_of(today + 1))
        whole = now >= until and len(seen) == last - first + 1
        proofs = [shown[d] for d in seen]
        values = {
            "days": last - first + 1,
            "seen": len(seen),
            "missed": max(today - first, 0) - bisect_left(seen, today),
            "temperature": stage.temperature,
        }
        sheet.duty("monitor", stage.name, begins=begins, due=until, until=until, because=because,
                   proofs=proofs, covered=days_covered(seen, book), ended=None if whole else OPEN,
                   values=values)  # fmt: skip
        if stage.visits:
            self._visits(laid, first, last, observed)
        if stage.lost_after:
            self._lost(stage, first, today, observed)

    def _visits(self, laid: Laid, first: int, last: int, observed: Mapping[int, list[Fact]]) -> None:
        """Write the box of each day of a sheet of visits: seen, not seen, ill, refused or moved."""
        stage, sheet, book = laid.stage, self.sheet, self.body.book
        why = (*self.why, sheet.because("duty.observe_day", f"{stage.key}.observe_by"))
        for day in range(first, last + 1):
            marks = observed.get(day, ())
            proofs = [f for f in marks if f.value["seen"] in ("seen", "ill")]
            refused = [f for f in marks if f.value["seen"] == "refused"]
            n = day - laid.zero
            values = {"day": n, "mark": marks[-1].value["seen"] if marks else ""}
            sheet.duty("observe", f"{stage.name}.d{n}", begins=book.start_of(day), due=book.start_of(day + 1),
                       because=why, proofs=proofs or refused, ended=REFUSED if refused and not proofs else None,
                       values=values)  # fmt: skip

    def _lost(self, stage: Stage, first: int, today: int, observed: Mapping[int, list[Fact]]) -> None:
        missed = 0
        for day in range(today - 1, first - 1, -1):
            if any(f.value["seen"] in ("seen", "ill", "refused") for f in observed.get(day, ())):
                break
            missed += 1
        if stage.lost_after is not None and missed >= stage.lost_after:
            why = self.sheet.because("proposal.lost", f"{stage.key}.lost_after", days=missed)
            self.sheet.propose("lost", stage.name, (why,), days=missed)

    def _environment(self, laid: Laid, ends: datetime) -> None:
        stage, sheet = laid.stage, self.sheet
        begins = ends - DAY
        proofs = [f for f in self.body.of("environment_sample") if f.at >= begins and f.value["outcome"] != "invalid"]
        why = (*self.why, sheet.because("duty.environment", f"{stage.key}.environment_sample"))
        sheet.duty("environment_sample", stage.name, begins=begins, due=ends, because=why, proofs=best(proofs))

    # ── release ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _release(self, laid: Laid, chain: Signed, ends: datetime) -> None:
        """Write the release: at the end of what was signed, or at once where the facts now free her sooner."""
        stage, sheet, book, now = laid.stage, self.sheet, self.body.book, self.sheet.now
        late = book.hours("release_late", 1.0) or HOUR
        theirs, ours = self._unmet(laid, min(ends, laid.ends or ends))
        begins, due = ends - DAY, ends + late
        because = [*self.why, sheet.because("duty.release", f"{stage.key}.days", chain.rests_on, ends=ends)]
        freed = laid.ends is not None and laid.ends < chain.ends
        if freed and laid.ends is not None:
            within = book.hours("free_within", 1.0) or HOUR
            free_at = max(laid.ends, self.changed_at)
            begins, due = max(laid.ends - DAY, self.changed_at), min(free_at + within, ends + late)
            because.append(sheet.because("duty.freed_sooner", f"{stage.key}.days", ends=laid.ends, signed=chain.ends))
        because += [*theirs, *ours]
        proofs = [self.released] if self.released is not None and self.released.at >= chain.begins else []
        values = {
            "theirs": [b.code for b in theirs],
            "ours": [b.code for b in ours],
            "ends": min(ends, laid.ends or ends),
        }
        sheet.duty("release", stage.name, begins=begins, due=due, because=tuple(because), proofs=proofs, values=values)
        if now >= ends:
            lapse.say(sheet, self.body, stage.name, chain, ends, why=self.why, patient=self.cls == "case",
                      advice=self.advice)  # fmt: skip
        if proofs:
            return
        lapse.warn(sheet, stage.name, chain.rests_on, ends)
        sheet.wake(ends - DAY)
        ordered = any(fact.value.get("new_order") for fact in chain.rests_on) or self._stepped_down(chain)
        against = (*theirs, *ours) if now < ends else tuple(theirs)
        if against and now >= ends - DAY and not ordered:
            sheet.propose("new_order", stage.name, against, before=ends, hours=24)
        if ours and now >= ends - DAY:
            sheet.propose("release_alarm" if now < ends else "appointment", stage.name, tuple(ours), ends=ends)
        if now >= ends:
            sheet.propose("lapsed", stage.name, (sheet.because("proposal.lapsed", facts=chain.rests_on),), ended=ends)

    def _unmet(self, laid: Laid, ends: datetime) -> tuple[list[Because], list[Because]]:
        """Return what stands against release: of hers (symptoms, positive), and of ours (tests, rooms, rulings)."""
        stage, sheet, body, key = laid.stage, self.sheet, self.body, f"{laid.stage.key}.release"
        theirs: list[Because] = []
        ours: list[Because] = []
        asked = stage.release
        if "no_symptoms" in asked and (ill := body.ill(since=ends - 2 * DAY)):
            theirs.append(sheet.because("release.symptoms", key, (ill,)))
        if (positive := body.positive()) is not None:
            theirs.append(sheet.because("release.positive", key, (positive.sample,)))
        if "own_tests" in asked:
            missing = [d.values["day"] for d in sheet.duties if d.kind == "test" and d.ended == OPEN
                       and d.key.split("/")[-1].startswith(f"{stage.name}.")]  # fmt: skip
            waiting = [t.sample for t in body.taken() if t.outcome == "waiting" and t.sample.at < ends]
            if missing:
                ours.append(sheet.because("release.tests_missing", key, days=", ".join(str(d) for d in missing)))
            if waiting:
                ours.append(sheet.because("release.results_waiting", key, waiting, count=len(waiting)))
        ours += self._unmet_around(stage, ends, key)
        return theirs, ours

    def _unmet_around(self, stage: Stage, ends: datetime, key: str) -> list[Because]:
        """Return what of ours does not lie in her: the contact she met, her room, a ruling that is awaited."""
        sheet, body, asked = self.sheet, self.body, stage.release
        found: list[Because] = []
        needed = 2 if "linked_first_two" in asked else None
        if self.linked and ("linked_tests" in asked or needed):
            outcomes = [[o for _, o in status.tests] for status in self.linked]
            short = [o for o in outcomes if not o or any(x != "negative" for x in (o[:needed] if needed else o))
                     or (needed and len(o) < needed)]  # fmt: skip
            if short:
                found.append(sheet.because("release.linked_tests", key))
        if "environment" in asked:
            samples = [f for f in body.of("environment_sample") if f.at >= ends - DAY]
            if not samples or samples[-1].value["outcome"] != "negative":
                found.append(sheet.because("release.environment", key, samples[-1:]))
        if self.frozen is not None and "no_cross_infection" in asked:
            found.append(sheet.because("release.ruling", key, (self.frozen,)))
        return found

    def _hand_over(self, stage: Stage, ends: datetime) -> None:
        sheet, book = self.sheet, self.body.book
        hours = book.hours("hand_over", 24.0) or DAY
        proofs = [f for f in self.body.of("hand_over") if f.at >= ends - DAY]
        why = (*self.why, sheet.because("duty.hand_over", f"{stage.key}.hand_over"))
        sheet.duty("hand_over", stage.name, begins=ends, due=ends + hours, because=why, proofs=best(proofs))


def _fitting(taken: Sequence[Taken], stage: Stage, double: bool) -> tuple[list[Fact], str]:
    """Return the facts that prove a test of a day: samples of the right kind that are not invalid, and the outcome."""
    fitting = [
        t for t in taken
        if t.outcome != "invalid"
        and (not stage.specimen or t.sample.kind == "result" or t.sample.value.get("specimen") == stage.specimen)
        and t.sample.value.get("pooled", 1) <= stage.pool
    ]  # fmt: skip
    if not fitting:
        return [], ""
    if len(fitting) == 1 and not double:
        outcome = fitting[0].outcome
        return [fitting[0].sample], outcome if outcome in OUTCOMES else "negative"
    if double:
        swabs = sum(t.sample.value.get("swabs", 1) for t in fitting)
        kits = max(len({_kit(t) for t in fitting} - {None}), *(t.sample.value.get("kits", 1) for t in fitting))
        if swabs < 2 or kits < 2:
            return [], ""
    outcomes = [t.outcome for t in fitting]
    outcome = next((o for o in OUTCOMES if o in outcomes), "negative")
    return [t.sample for t in fitting], outcome


def _kit(taken: Taken) -> str | None:
    return taken.result.value.get("kit") if taken.result is not None else None
