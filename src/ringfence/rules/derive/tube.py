"""A tube: an abnormal pool, the people in it one by one, and holds that end by themselves.

A hold is asked for, begins when its person is reached and never outlives its hours; nothing here restrains anybody.
The results of the members' own samples are read where the dossier brings them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from ringfence.rules.derive.clocked import clocked, in_hours, standing_instruments
from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import PROVED, REFUSED, SUPERSEDED, Derivation, Status
from ringfence.rules.facts import LET_GO, Fact
from ringfence.vocabulary.subjects import Subject

HOLD_HOURS, HOLD_MOST_HOURS = 6.0, 12.0
"""The longest hold, and the longest with its one renewal, where the pack says nothing: limits of the house."""

_ALARMS = ("abnormal", "positive", "indeterminate")


class Alarm(NamedTuple):
    """What is known of an abnormal tube: its first abnormal result, the last repeat, and when that disproved it."""

    result: Fact
    repeat: Fact | None
    once_disproved: Fact | None
    """The repeat that first showed the tube to be negative, whatever came later: it ended the holds of that time."""

    @property
    def disproved(self) -> Fact | None:
        """Return the repeat that showed the tube to be negative."""
        return self.repeat if self.repeat is not None and self.repeat.value["outcome"] == "negative" else None


class Member(NamedTuple):
    """One person of an abnormal tube: when reached, own results since, when freed, and the hold if there is one."""

    who: Subject
    reached: Fact | None
    results: list[Fact]
    freed: Fact | None
    """What frees her as things stand: what was asked of her in the tube is no longer asked."""
    hold: tuple[datetime, datetime] | None

    @property
    def positives(self) -> list[Fact]:
        """Return her own positive results."""
        return [fact for fact in self.results if fact.value["outcome"] == "positive"]

    @property
    def slot(self) -> str:
        """Return the slot of her duties."""
        return f"p{self.who.number}"


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties, hold requests and reconciliation of a tube."""
    sheet = Sheet(dossier, now)
    stages = {fact.value["stage"]: fact for fact in dossier.of("tube")}
    results = [fact for fact in dossier.of("result") if fact.subject == dossier.subject]
    if "voided" in stages:
        return sheet.derivation(_status("voided", stages, results))
    unreceived = _reconcile(sheet, stages, results)
    alarm = _alarm(results)
    if alarm is None:
        if results and results[-1].value["outcome"] == "invalid":
            _recollect(sheet, results[-1])
        state = results[-1].value["outcome"] if results else next(reversed(stages), "none")
        return sheet.derivation(_status(state, stages, results))
    _tube_duties(sheet, alarm)
    orders = standing_instruments(sheet)
    members = [_member(sheet, alarm, who, orders) for who in _members(dossier)]
    for member in members:
        _person_duties(sheet, alarm, member, unreceived=unreceived)
    state = "disproved" if alarm.disproved else "confirmed" if alarm.repeat else "abnormal"
    held = sum(1 for m in members if m.hold is not None and m.hold[0] <= now < m.hold[1])
    false_hours = round(sum(_false_hours(m, now) for m in members), 2)
    return sheet.derivation(_status(state, stages, results, ("held", held), ("false_hold_hours", false_hours)))


def _alarm(results: list[Fact]) -> Alarm | None:
    """Return the first abnormal result and the last conclusive repeat, which is by a second kit."""
    first = next((fact for fact in results if fact.value["outcome"] in _ALARMS), None)
    if first is None:
        return None
    kit = first.value.get("kit")
    later = [f for f in results if f.at >= first.at and f is not first and f.value["outcome"] not in ("invalid",)]
    repeats = [f for f in later if f.value.get("repeat") or (kit and f.value.get("kit") not in (None, kit))]
    negative = repeats[0] if repeats and repeats[0].value["outcome"] == "negative" else None
    return Alarm(first, repeats[-1] if repeats else None, negative)


def _members(dossier: Dossier) -> list[Subject]:
    """Return who is in the tube, by the last list of it."""
    lists = dossier.of("members")
    return sorted(set(lists[-1].value["who"]), key=lambda s: s.number) if lists else []


def _reconcile(sheet: Sheet, stages: dict[str, Fact], results: list[Fact]) -> bool:
    """Propose what blocks: a result without receipt, and members that are not as many as the tube holds."""
    dossier = sheet.dossier
    unreceived = bool(results) and not {"received", "loaded"} & set(stages)
    if unreceived:
        why = sheet.because("duty.tube_no_receipt", facts=results[:1], tube=str(dossier.subject))
        sheet.propose("discrepancy", "receipt", (why,), blocking=True)
    size = next((f.value["size"] for f in reversed(dossier.of("tube")) if "size" in f.value), None)
    lists, people = dossier.of("members"), len(_members(dossier))
    if size is not None and lists and size != people:
        why = sheet.because("duty.tube_size", facts=lists[-1:], size=size, members=people)
        sheet.propose("discrepancy", "size", (why,), blocking=True)
    return unreceived


def _recollect(sheet: Sheet, invalid: Fact) -> None:
    clocked(sheet, "test", "recollect", "pool_confirm", since=invalid.known_at, code="duty.tube_invalid",
            facts=(invalid,))  # fmt: skip


def _tube_duties(sheet: Sheet, alarm: Alarm) -> None:
    result, since = alarm.result, alarm.result.known_at
    clocked(sheet, "report", "abnormal", "pool_report", since=since, code="duty.tube_report", facts=(result,))
    clocked(sheet, "test", "repeat", "pool_confirm", since=since, code="duty.tube_repeat", facts=(result,),
            proofs=[alarm.repeat] if alarm.repeat else [])  # fmt: skip


def _member(sheet: Sheet, alarm: Alarm, who: Subject, orders: list[tuple[Fact, datetime]]) -> Member:
    """Return what is known of one member of an abnormal tube."""
    dossier, since = sheet.dossier, alarm.result.at
    met = [f for f in dossier.of("reached") if f.value["who"].number == who.number and f.at >= since]
    reached = met[0] if met else None
    taken = {f.id: f.at for f in dossier.of("sample")}
    own = [f for f in dossier.of("result") if f.subject != dossier.subject and f.subject.number == who.number]
    own = [f for f in own if taken.get(f.value.get("sample", ""), f.at) >= since]
    worrying = any(f.value["outcome"] in _ALARMS for f in own)
    negative = next((f for f in own if f.value["outcome"] == "negative" and not worrying), None)
    ended = _ended(dossier, met)
    frees = [f for f in (negative, alarm.disproved, ended) if f is not None]
    freed = min(frees, key=lambda f: f.at) if frees else None
    once = [f for f in (_first_good(own), alarm.once_disproved, ended) if f is not None]
    free_at = min((f.at for f in once), default=None)
    return Member(who, reached, own, freed, _hold(sheet, reached, free_at, orders))


def _first_good(results: list[Fact]) -> Fact | None:
    """Return a first result that is negative: whoever it freed is not held again by what comes after."""
    told = [f for f in results if f.value["outcome"] != "invalid"]
    return told[0] if told and told[0].value["outcome"] == "negative" else None


def _ended(dossier: Dossier, met: list[Fact]) -> Fact | None:
    """Return the fact by which a hold was ended early, naming the moment at which its person was reached."""
    ids = {fact.id for fact in met}
    return next((fact for fact in dossier.of("ended", LET_GO) if fact.value.get("which") in ids), None)


def _hold(
    sheet: Sheet, reached: Fact | None, free_at: datetime | None, orders: list[tuple[Fact, datetime]]
) -> tuple[datetime, datetime] | None:
    """Return from when to when a person is held: never past its hours, and over the minute she is free.

    Who said no is held only under an instrument that stands, and no longer than that.
    """
    if reached is None:
        return None
    book, begins = sheet.dossier.rulebook, reached.at
    ends = begins + (book.hours("hold", HOLD_HOURS) or timedelta(0))
    most = begins + (book.hours("hold_most", HOLD_MOST_HOURS) or timedelta(0))
    who = reached.value["who"].number
    renewals = [f for f in sheet.dossier.of("renewal") if f.value["who"].number == who and begins <= f.at < ends]
    if renewals:
        ends = max(ends, most)
    if reached.value.get("agreed") is False:
        powers = [(fact, end) for fact, end in orders if fact.value["rung"] != "agreement"]
        until = [end for fact, end in powers if fact.value["asks"] == "hold" and end > begins]
        if not until:
            return None
        ends = min(ends, max(until))
    if free_at is not None:
        ends = min(ends, free_at)
    return (begins, ends) if ends > begins else None


def _person_duties(sheet: Sheet, alarm: Alarm, member: Member, *, unreceived: bool) -> None:
    result, reached, freed, slot = alarm.result, member.reached, member.freed, member.slot
    gone = SUPERSEDED if freed is not None else None
    clocked(sheet, "locate", slot, "pool_locate", since=result.known_at, code="duty.tube_locate", facts=(result,),
            proofs=[reached] if reached else [], ended=gone)  # fmt: skip
    conclusive = [f for f in member.results if f.value["outcome"] in ("negative", "positive")]
    clocked(sheet, "test", slot, "pool_confirm", since=result.known_at, code="duty.tube_single", facts=(result,),
            proofs=conclusive, ended=gone, values={"pool": 1, "swabs": 2, "kits": 2})  # fmt: skip
    if freed is None and member.hold is None:
        hours = in_hours(sheet.dossier.rulebook.hours("hold", HOLD_HOURS) or timedelta(0))
        why = sheet.because("duty.tube_hold_request", sheet.dossier.rulebook.clock_key("hold"), (result,), hours=hours)
        sheet.propose("hold", slot, (why,), who=str(member.who), hours=hours, blocked=unreceived)
    if reached is not None and reached.value.get("agreed") is False and member.hold is None:
        sheet.duty("hold", slot, begins=reached.at, ended=REFUSED, proofs=(reached,),
                   because=(sheet.because("duty.tube_hold_refused", facts=(reached,)),))  # fmt: skip
    if member.hold is not None and reached is not None:
        _held(sheet, member, reached, member.hold)
    if len(member.positives) >= 2:
        why = sheet.because("duty.tube_case", facts=member.positives, who=str(member.who))
        sheet.propose("case", slot, (why,), who=str(member.who))


def _held(sheet: Sheet, member: Member, reached: Fact, hold: tuple[datetime, datetime]) -> None:
    """Write the hold of a person and the duty to let her go when it ends."""
    book, now = sheet.dossier.rulebook, sheet.now
    begins, ends = hold
    over = ends <= now
    key = book.clock_key("hold")
    why = sheet.because("duty.tube_hold", key, (reached,), until=ends)
    so_far = ((begins, min(ends, now)),) if now > begins else ()
    sheet.duty("hold", member.slot, begins=begins, until=ends, because=(why,), covered=so_far,
               ended=PROVED if over else None, proofs=(reached,) if over else (),
               values={"hours": in_hours(min(ends, now) - begins) if now > begins else 0.0,
                       "false_hold_hours": _false_hours(member, now)})  # fmt: skip
    freed = member.freed if member.freed is not None and member.freed.at <= ends else None
    if freed is not None:
        since, code, facts = max(freed.known_at, ends), "duty.tube_freed", (freed,)
    else:
        since, facts = ends, (reached,)
        code = "duty.tube_hold_over_positive" if member.positives else "duty.tube_hold_over"
    within = book.hours("free_within") or timedelta(0)
    done = [f for f in sheet.dossier.of("done") if f.value["duty"] == f"release/{member.slot}"]
    told = sheet.because(code, book.clock_key("free_within"), facts, until=ends)
    sheet.duty("release", member.slot, begins=since, due=since + within, because=(told,), proofs=done)


def _false_hours(member: Member, now: datetime) -> float:
    """Return how long someone was held who turned out not to be infected."""
    if member.hold is None or member.freed is None or member.positives:
        return 0.0
    begins, ends = member.hold
    return in_hours(max(min(ends, now) - begins, timedelta(0)))


def _status(state: str, stages: dict[str, Fact], results: list[Fact], *more: tuple[str, object]) -> Status:
    """Return what cohorts lean on: sealed = received = resulted is told by the first three values."""
    return Status(
        state,
        values=(
            ("sealed", "sealed" in stages),
            ("received", bool({"received", "loaded"} & set(stages))),
            ("resulted", bool(results)),
            ("voided", "voided" in stages),
            *more,
        ),
    )
