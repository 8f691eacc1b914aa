"""The duties about an infected person: report, interview, hospital, isolation, discharge, what follows, burial."""

from __future__ import annotations

from datetime import datetime, timedelta

from ringfence.rules.derive import appeals
from ringfence.rules.derive.body import FEVER_C, PLACED_IN, Body, Taken, earliest
from ringfence.rules.derive.courses import DAY, HOUR, Course, Stage, course_of, spoken
from ringfence.rules.derive.measures import Walk
from ringfence.rules.derive.services import letters, located, support, told
from ringfence.rules.derive.sheet import Dossier, Sheet, best
from ringfence.rules.duties import IMPOSSIBLE, OPEN, Because, Derivation, Status
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.windows import Window, infectious_window

_RANK = {"discarded": -1, "suspected": 0, "presumptive": 1, "probable": 1, "confirmed": 2, "asymptomatic": 2}
_AFTER_DEATH = ("report", "interview", "bury", "disinfect", "ask_backward", "notify")  # her family is told
_STAGES = ("scene", "core", "full")


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return what follows for an infected person at a moment."""
    body = Body(dossier.facts, dossier.rulebook, now=now)
    sheet = Sheet(dossier, now)
    case = Case(sheet, body)
    status = case.status()
    appeals.write(sheet, body)
    if case.rank >= 0:
        case.told_and_asked()
        case.isolated()
        case.discharged()
        case.died()
    elif case.latest is not None:
        case.disproved()
    support(sheet, body)
    return sheet.derivation(status)


class Case:
    """One case record with what its facts say."""

    def __init__(self, sheet: Sheet, body: Body) -> None:
        self.sheet = sheet
        self.body = body
        self.book: Rulebook = body.book
        self.states = body.of("case")
        self.latest: Fact | None = self.states[-1] if self.states else None
        self.state: str = self.latest.value["state"] if self.latest else "suspected"
        self.rank = _RANK[self.state] if self.latest or body.taken() or body.of("onset") else -1
        self.window: Window = self._window()

    # ── what others lean on ───────────────────────────────────────────────────────────────────────────────────────

    def onset(self) -> Fact | None:
        """Return the onset that the pack's window counts from, or of any symptoms where that one is not told."""
        wanted = self.book.get("infectious.anchor", "symptoms")
        onsets = self.body.of("onset")
        return next((f for f in onsets if f.value["of"] == wanted), onsets[0] if onsets else None)

    def isolated_at(self) -> Fact | None:
        """Return what isolated the patient: a stay in hospital or an isolation site, or being set apart."""
        asks = self.asks()
        found = [f for f in self.body.of("stay") if f.value["kind"] in PLACED_IN[asks]] if asks in PLACED_IN else []
        if asks == "isolate_home":
            found = [f for f in found if f.value["kind"] != "home"]
        found += self.body.of("separated")
        onset = self.onset()
        if onset is not None:  # a stay that was over before she fell ill did not isolate this illness
            found = [f for f in found if f.until is None or f.until >= onset.at]
        return earliest(found)

    def asks(self) -> str:
        """Return where such a patient is cared for."""
        mild = self.state == "asymptomatic" or (self.latest is not None and self.latest.value.get("severity") == "mild")
        key = "patient.asks_mild" if mild and self.book.has("patient.asks_mild") else "patient.asks"
        asks: str = self.book.get(key, "isolate_hospital")
        return asks

    def _first_positive(self) -> datetime | None:
        positive = self.body.positive()
        if positive is not None:
            return positive.sample.at
        return self.states[0].at if self.states and self.state == "asymptomatic" else None

    def _window(self) -> Window:
        onset, isolated = self.onset(), self.isolated_at()
        buried = [f for f in self.body.of("burial") if f.value["safe"]]
        healed = self.body.last("healed")
        without = onset is None
        anchor = self._first_positive() if onset is None else onset.at
        if anchor is None and self.states:
            anchor = self.states[0].at
        rests_on = tuple(f.id for f in (onset, isolated) if f is not None)
        return infectious_window(
            self.book,
            anchor=anchor,
            facts=rests_on,
            without_symptoms=without,
            isolated_at=isolated.at if isolated else None,
            healed_at=healed.at if healed else None,
            symptom_free_at=self._symptom_free_at(),
            buried_at=buried[-1].at if buried else None,
        )

    def _symptom_free_at(self) -> datetime | None:
        """Return since when she has been seen without symptoms, None while the last observation finds some."""
        free = None
        for fact in reversed(self.body.of("observation")):
            value = fact.value
            if value["seen"] != "seen" or value.get("symptoms") or value.get("temperature_c", 0) >= FEVER_C:
                break
            free = fact.at
        return free

    def status(self) -> Status:
        """Return what contacts, places and zones lean on."""
        isolated = self.isolated_at()
        kinds = ("case", "onset", "result", "sample", "stay", "separated", "healed", "burial")
        known = [f.known_at for kind in kinds for f in self.body.of(kind)]
        homes = self.body.homes(self.sheet.dossier.subject.number)
        told = [*known, *(fact.known_at for _, fact in homes)]
        gone = self.body.last("discharge") or self.body.last("death")
        return Status(
            state=self.state if self.latest else "signal",
            infectious_from=self.window.begins,
            infectious_until=self.window.ends,
            isolated_at=isolated.at if isolated else None,
            separated_at=gone.at if gone else None,
            since=self.states[0].known_at if self.states else min(known, default=None),
            changed_at=max(told, default=None),
            tests=tuple((t.day, t.outcome) for t in self.body.taken()),
            values=(
                *tuple(("strain", f.value["strain"]) for f in self.states if "strain" in f.value)[-1:],
                *(("household", home) for home, _ in homes),
            ),
        )

    # ── duties ────────────────────────────────────────────────────────────────────────────────────────────────────

    def since(self, duty: str) -> datetime | None:
        """Return when the case reached the state from which the pack wants a duty, None before."""
        needed = _RANK[self.book.get(f"act_on.{duty}", "confirmed")]
        if self.rank < needed:
            return None
        if not self.states:
            known = [f.known_at for f in (*self.body.of("onset"), *self.body.of("sample"), *self.body.of("result"))]
            return min(known, default=None)
        reached = [f for f in self.states if _RANK[f.value["state"]] >= needed]
        return reached[0].known_at if reached else None

    def clocked(self, kind: str, slot: str, clock: str, proofs: list[Fact], code: str) -> None:
        """Write a duty that runs by a clock from the moment at which the case reached the state that it needs."""
        begins, hours = self.since(kind), self.book.hours(clock)
        if begins is None or hours is None:
            return
        why = (self.why(kind), self.sheet.because(code, self.book.clock_key(clock), hours=hours / HOUR))
        self.sheet.duty(kind, slot, begins=begins, due=begins + hours, because=why, proofs=proofs)

    def why(self, kind: str) -> Because:
        """Return that the case has reached the state at which this duty is owed."""
        facts = self.states[-1:] or self.body.of("onset")[:1]
        return self.sheet.because("duty.case_state", f"act_on.{kind}", facts, state=self.state)

    def told_and_asked(self) -> None:
        """Write report, interviews, backward contacts, and that the patient is told."""
        body = self.body
        self.clocked("report", "report", "report", best([f for f in body.of("receipt") if f.value["for"] == "report"]),
                     "duty.report")  # fmt: skip
        interviews = body.of("interview")
        for n, stage in enumerate(_STAGES):
            done = [f for f in interviews if _STAGES.index(f.value["stage"]) >= n]
            self.clocked("interview", stage, f"interview_{stage}", best(done), f"duty.interview_{stage}")
        asked = [f for f in interviews if f.value.get("backward") is not None]
        self.clocked("ask_backward", "backward", "interview_full", best(asked), "duty.ask_backward")
        begins = self.since("notify")
        if begins is not None and self.latest is not None:
            told(self.sheet, body, self.latest, (self.why("notify"),), restrained=False)
        if self.latest is not None and self.isolated_at() is None:
            located(self.sheet, body, self.latest)
        if self.latest is not None:
            letters(self.sheet, body, self.latest)

    def isolated(self) -> None:
        """Write transfer to care, the measure, and the span of isolation as it was signed."""
        begins, asks = self.since("transfer"), self.asks()
        if begins is None:
            return
        arrived = [
            f for f in self.body.of("trip") if f.value["stage"] == "arrived" and f.value.get("purpose") == "hospital"
        ]
        cared = [f for f in self.body.of("stay") if f.value["kind"] in PLACED_IN.get(asks, ())]
        if asks != "isolate_home":
            self.clocked("transfer", "hospital", "hospital", best(arrived or cared), "duty.hospital")
        self.clocked("place", "hospital", "house", best(cared), "duty.place_patient")
        self._span(asks, begins)

    def _span(self, asks: str, begins: datetime) -> None:
        """Write the isolation as a stage without an end of its own: what was signed ends it, or the discharge."""
        rung = self.book.get("patient.instrument", "agreement")
        stage = Stage(name="isolation", asks=asks, restrains=True, placed=True, rung=rung, key="patient")
        stage = spoken(stage, self.book)
        walk = Walk(sheet=self.sheet, body=_released_by_discharge(self.body),
                    course=Course("isolation", "isolation", (stage,), 0), anchors={}, known_at=begins,
                    changed_at=begins, why=(self.why("measure"),), cls="case", moves=False,
                    advice=self._may_infect_until)  # fmt: skip
        walk.along()

    def _may_infect_until(self) -> datetime | None:
        """Return until when others may catch it, by days; None where only a test or a doctor can say."""
        if self.book.get("discharge.rule") == "days":
            return self._eligible()[0]
        return self.window.ends if self.window.ends is not None and self.isolated_at() is None else None

    def discharged(self) -> None:
        """Write the discharge once its conditions hold, what is still missing before, and the course after it."""
        isolated = self.isolated_at()
        done = self.body.last("discharge")
        eligible, missing, reasons = self._eligible()
        if isolated is not None or done is not None:
            late = self.book.hours("release_late", 1.0) or HOUR
            if eligible is not None and not missing:
                why = (self.sheet.because("duty.discharge", "discharge.rule", (isolated and [isolated]) or [],
                                          rule=self.book.get("discharge.rule", "-")), *reasons)  # fmt: skip
                self.sheet.duty("discharge", "discharge", begins=eligible, due=eligible + late, because=why,
                                proofs=[done] if done else [])  # fmt: skip
            elif done is None and self.book.has("discharge.rule"):
                self.sheet.propose("discharge_waits", "discharge", tuple(missing), earliest=eligible)
                self.sheet.wake(eligible)
        name = self.book.get("patient.course")
        if done is not None and name is not None:
            hours = self.book.hours("hand_over", 24.0) or DAY
            over = [f for f in self.body.of("hand_over") if f.at >= done.at]
            why = (self.sheet.because("duty.hand_over_patient", "patient.course", (done,)),)
            self.sheet.duty("hand_over", "home", begins=done.at, due=done.at + hours, because=why, proofs=best(over))
            walk = Walk(sheet=self.sheet, body=self.body, course=course_of(self.book, name),
                        anchors={"discharge": done.at}, known_at=done.at, changed_at=done.known_at, why=why,
                        cls="discharged", let_go_after=done.at)  # fmt: skip
            walk.along()

    def _eligible(self) -> tuple[datetime | None, list[Because], list[Because]]:
        """Return from when discharge is due (or the earliest by days), what is missing, and what holds."""
        book, rule = self.book, self.book.get("discharge.rule")
        missing: list[Because] = []
        reasons: list[Because] = []
        at: datetime | None = None
        if rule in ("negatives", "ct"):
            at = self._by_tests(rule, missing, reasons)
        elif rule == "days":
            at = self._by_days(missing)
        elif rule == "healed":
            healed = self.body.last("healed")
            at = healed.at if healed else None
            if healed is None:
                missing.append(self.sheet.because("discharge.not_healed", "discharge.rule"))
        else:
            missing.append(self.sheet.because("discharge.no_rule"))
        fever_free = book.get("discharge.fever_free")
        if fever_free:
            at = self._fever_free(fever_free, at, missing)
        if book.get("discharge.improved"):
            improved = [f for f in self.body.of("observation") if f.value.get("improved")]
            if improved:
                at = max(at, improved[0].at) if at else None
            else:
                missing.append(self.sheet.because("discharge.not_improved", "discharge.improved"))
        return at, missing, reasons

    def _by_tests(self, rule: str, missing: list[Because], reasons: list[Because]) -> datetime | None:
        """Return when enough tests in a row, far enough apart, were good enough."""
        book = self.book
        needed, gap = book.get("discharge.tests", 2), timedelta(hours=book.get("discharge.gap", 24))
        threshold = book.get("discharge.ct") if rule == "ct" else None
        specimen = book.get("discharge.specimen")
        good: list[Taken] = []
        for taken in self.body.taken():
            other = specimen is not None and taken.sample.value.get("specimen", specimen) != specimen
            if other or taken.outcome in ("waiting", "invalid"):
                continue
            if not _good(taken, threshold):
                good = []
            elif not good or taken.sample.at - good[-1].sample.at >= gap:
                good.append(taken)
            if len(good) >= needed:
                facts = [t.sample for t in good[:needed]]
                reasons.append(self.sheet.because("discharge.tests_good", "discharge.tests", facts, count=needed))
                last = good[needed - 1]
                known_at: datetime = last.sample.at if last.result is None else last.result.known_at
                return known_at
        missing.append(self.sheet.because("discharge.tests_missing", "discharge.tests", [t.sample for t in good],
                                          have=len(good), needed=needed, hours=gap / HOUR))  # fmt: skip
        return None

    def _by_days(self, missing: list[Because]) -> datetime | None:
        book = self.book
        onset = self.onset()
        days = book.get("discharge.days")
        if onset is None and book.has("discharge.days_without_symptoms"):
            days = book.get("discharge.days_without_symptoms")
        anchor = onset.at if onset else self._first_positive() or (self.states[0].at if self.states else None)
        if anchor is None or days is None:
            missing.append(self.sheet.because("discharge.no_anchor", "discharge.days"))
            return None
        at = book.start_of(book.day_of(anchor) + days + 1)
        free = book.get("infectious.symptom_free")
        since = self._symptom_free_at()
        if free and onset is not None:
            if since is None:
                missing.append(self.sheet.because("discharge.symptoms", "infectious.symptom_free", days=free))
            else:
                at = max(at, book.start_of(book.day_of(since) + free))
        if at > self.sheet.now:
            missing.append(self.sheet.because("discharge.days_left", "discharge.days", until=at))
        return at

    def _fever_free(self, days: int, at: datetime | None, missing: list[Because]) -> datetime | None:
        """Return the later of a moment and that at which the temperature has been normal for days."""
        measured = [f for f in self.body.of("observation") if "temperature_c" in f.value]
        since = None
        for fact in reversed(measured):
            if fact.value["temperature_c"] >= FEVER_C:
                break
            since = fact.at
        if since is None:
            missing.append(self.sheet.because("discharge.fever", "discharge.fever_free", days=days))
            return at
        free_at = since + timedelta(days=days)
        if free_at > self.sheet.now:
            missing.append(self.sheet.because("discharge.fever", "discharge.fever_free", days=days))
            self.sheet.wake(free_at)
        return max(at, free_at) if at else None

    def died(self) -> None:
        """Write the burial, and end what can no longer be done."""
        death = self.body.last("death")
        if death is None:
            return
        why = self.sheet.because("duty.died", facts=(death,))
        self.sheet.duties = [
            d if d.ended != OPEN or d.kind in _AFTER_DEATH else
            d._replace(ended=IMPOSSIBLE, proved_by=(death.id,), because=(*d.because, why))
            for d in self.sheet.duties
        ]  # fmt: skip
        self.sheet.proposals = [
            p for p in self.sheet.proposals if p.kind not in ("measure", "extend", "discharge_waits")
        ]
        hours = self.book.hours("bury")
        if hours is not None:
            buried = [f for f in self.body.of("burial") if f.value["safe"]]
            because = (self.sheet.because("duty.bury", self.book.clock_key("bury"), (death,)),)
            self.sheet.duty("bury", "burial", begins=death.known_at, due=death.known_at + hours, because=because,
                            proofs=buried[-1:])  # fmt: skip

    def disproved(self) -> None:
        """Propose freeing a patient whose case was discarded; what was owed on suspicion is no longer derived."""
        signed = self.body.restrained_by(self.latest.at, self.sheet.now) if self.latest is not None else []
        if self.latest is not None and signed:
            for ends, _ in signed:
                self.sheet.wake(ends)
            hours = self.book.hours("free_within", 1.0) or HOUR
            why = (self.sheet.because("duty.disproved", "clock.free_within.target", (self.latest,)),)
            released = [f for f in self.body.of("release") if f.at >= self.latest.at]
            self.sheet.duty("release", "disproved", begins=self.latest.known_at, due=self.latest.known_at + hours,
                            because=why, proofs=best(released))  # fmt: skip


def _good(taken: Taken, threshold: float | None) -> bool:
    """Return whether a test counts towards discharge: negative, or every Ct that was told at or above the threshold."""
    if taken.outcome == "negative":
        return True
    if threshold is None or taken.result is None:
        return False
    told_of = [taken.result.value.get(name) for name in ("ct_n", "ct_orf1ab")]
    return all(ct is not None and ct >= threshold for ct in told_of)


def _released_by_discharge(body: Body) -> Body:
    """Return the body with its discharge as the release that ends isolation."""
    discharge = body.last("discharge")
    if discharge is not None and body.last("release") is None:
        body.by["release"] = [discharge]
    return body
