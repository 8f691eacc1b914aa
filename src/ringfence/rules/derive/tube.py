"""A tube: an abnormal pool, the people in it one by one, and holds that end by themselves.

A hold is asked for, begins when its person is reached and never outlives its hours; nothing here restrains anybody.
The results of the members' own samples are read where the dossier brings them.

A negative repeat frees everyone. If the tube is abnormal again later, or that negative is taken back, nobody's hold
goes on: a new *round* begins, in which each is asked anew, and held from when she is reached again (`p2.h2`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from ringfence.rules.derive.clocked import clocked, in_hours, standing_instruments
from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import PROVED, REFUSED, SUPERSEDED, Because, Derivation, Status
from ringfence.rules.facts import LET_GO, REACHED_BACK, RESULT_BACK, Fact
from ringfence.vocabulary.subjects import Subject

HOLD_HOURS, HOLD_MOST_HOURS = 6.0, 12.0
"""The longest hold, and the longest with its one renewal, where the pack says nothing: limits of the house."""

_ALARMS = ("abnormal", "positive", "indeterminate")


class Round(NamedTuple):
    """A time in which a tube counts as abnormal: from its alarm to the repeat that disproved it."""

    number: int
    begins: datetime
    known_at: datetime
    because_of: Fact
    """The abnormal result, or the negative repeat that was taken back."""
    ends: datetime | None
    """When the next round begins; who is reached from then on is held in that one."""
    disproved: Fact | None
    """The repeat that was first known and negative, though it may have been taken back: it ended the holds."""


class Alarm(NamedTuple):
    """What is known of an abnormal tube: its first abnormal result, the last repeat, and its rounds."""

    result: Fact
    repeat: Fact | None
    rounds: list[Round]

    @property
    def disproved(self) -> Fact | None:
        """Return the repeat that showed the tube to be negative."""
        return self.repeat if self.repeat is not None and self.repeat.value["outcome"] == "negative" else None


class Held(NamedTuple):
    """One person in one round: when reached, and from when to when held, by which fact it ended early."""

    round: Round
    slot: str
    reached: Fact | None
    hold: tuple[datetime, datetime] | None
    freed: Fact | None


class Member(NamedTuple):
    """One person of an abnormal tube: own results since, what frees her as things stand, and her holds by round."""

    who: Subject
    results: list[Fact]
    freed: Fact | None
    """What frees her as things stand: what was asked of her in the tube is no longer asked."""
    rounds: list[Held]

    @property
    def positives(self) -> list[Fact]:
        """Return her own positive results."""
        return [fact for fact in self.results if fact.value["outcome"] == "positive"]


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties, hold requests and reconciliation of a tube."""
    sheet = Sheet(dossier, now)
    stages = {fact.value["stage"]: fact for fact in dossier.of("tube")}
    results = [fact for fact in dossier.of("result") if fact.subject == dossier.subject]
    if "voided" in stages:
        return sheet.derivation(_status("voided", stages, results))
    unreceived = _reconcile(sheet, stages, results)
    alarm = _alarm(results, [f for f in dossier.of(RESULT_BACK) if f.subject == dossier.subject])
    if alarm is None:
        if results and results[-1].value["outcome"] == "invalid":
            _recollect(sheet, results[-1])
        state = results[-1].value["outcome"] if results else next(reversed(stages), "none")
        return sheet.derivation(_status(state, stages, results))
    _tube_duties(sheet, alarm)
    orders = standing_instruments(sheet)
    members = [_member(sheet, alarm, who, orders) for who in _members(dossier)]
    for member in members:
        _person_duties(sheet, member, unreceived=unreceived)
    state = "disproved" if alarm.disproved else "confirmed" if alarm.repeat else "abnormal"
    held = sum(any(h.hold is not None and h.hold[0] <= now < h.hold[1] for h in m.rounds) for m in members)
    false_hours = round(sum(_false_hours(m, h, now) for m in members for h in m.rounds), 2)
    return sheet.derivation(_status(state, stages, results, ("held", held), ("false_hold_hours", false_hours)))


def _alarm(results: list[Fact], taken_back: list[Fact]) -> Alarm | None:
    """Return the first abnormal result, the last conclusive repeat, which is by a second kit, and the rounds."""
    first = next((fact for fact in results if fact.value["outcome"] in _ALARMS), None)
    if first is None:
        return None
    kit = first.value.get("kit")
    repeats = [f for f in results if f is not first and f.at >= first.at and _repeats(f, kit)]
    gone = [f for f in taken_back if _repeats(f, kit) and f.value["outcome"] == "negative"]
    alarms = [f for f in results if f.value["outcome"] in _ALARMS]
    alarms_gone = [f for f in taken_back if f.value["outcome"] in _ALARMS]
    rounds: list[Round] = []
    begins, known_at, why = min([first, *alarms_gone], key=lambda f: f.at).at, first.known_at, first
    while True:
        told = [f for f in repeats if f.at >= begins] + [f for f in gone if f.at >= begins]
        known_first = min(told, key=lambda f: (f.known_at, f.at, f.id), default=None)
        over = known_first if known_first is not None and known_first.value["outcome"] == "negative" else None
        again = _again(over, alarms, alarms_gone, told) if over is not None else None
        rounds.append(Round(len(rounds) + 1, begins, known_at, why, again[0] if again else None, over))
        if again is None:
            break
        begins, known_at, why = again
    last = [*repeats, *(r.because_of for r in rounds[1:] if r.because_of.kind == "result")]
    return Alarm(first, max(last, key=lambda f: (f.at, f.known_at, f.id), default=None), rounds)


def _repeats(fact: Fact, kit: str | None) -> bool:
    """Return whether a result is a conclusive repeat: said to be one, or by another kit than the first."""
    if fact.value["outcome"] == "invalid":
        return False
    return bool(fact.value.get("repeat")) or bool(kit and fact.value.get("kit") not in (None, kit))


def _again(
    over: Fact, alarms: list[Fact], alarms_gone: list[Fact], told: list[Fact]
) -> tuple[datetime, datetime, Fact] | None:
    """Return when a tube that a negative repeat had cleared counts as abnormal again, when that was known, and why.

    It is abnormal again, or the negative was taken back and no other negative repeat stood at that moment. An alarm
    that was taken back opens nothing, but if another follows, hours count from the first of them.
    """
    later = [f for f in alarms if f.at > over.at]
    moment = over.until if over.kind == RESULT_BACK and over.until is not None and over.until > over.at else None
    if moment is not None and any(
        f.kind == "result" and f.value["outcome"] == "negative" and f.at <= moment for f in told
    ):
        moment = None
    found = [(f.at, f.known_at, f) for f in later] + ([(moment, moment, over)] if moment is not None else [])
    if not found:
        return None
    begins, known_at, why = min(found, key=lambda each: (each[0], each[1], each[2].id))
    return min([begins, *(f.at for f in alarms_gone if f.at > over.at)]), known_at, why


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
    own = _own(dossier, who, since, "result")
    worrying = any(f.value["outcome"] in _ALARMS for f in own)
    negative = next((f for f in own if f.value["outcome"] == "negative" and not worrying), None)
    gone = [f for f in _own(dossier, who, since, RESULT_BACK) if f.value["outcome"] == "negative"]
    reached = [f for f in dossier.of("reached", REACHED_BACK) if f.value["who"].number == who.number]
    rounds = []
    ended = None
    for one in alarm.rounds:
        met = [f for f in reached if f.at >= one.begins and (one.ends is None or f.at < one.ends)]
        ended = _ended(dossier, met)
        good = _first_good([*own, *(f for f in gone if f.at >= one.begins)])
        frees = [f for f in (good, one.disproved, ended) if f is not None]
        freed = min(frees, key=lambda f: f.at, default=None)
        stands = next((f for f in met if f.kind == "reached"), None)
        slot = f"p{who.number}" if one.number == 1 else f"p{who.number}.h{one.number}"
        hold = _hold(sheet, stands, met[0].at, freed and freed.at, orders) if stands is not None else None
        rounds.append(Held(one, slot, stands, hold, freed))
    frees = [f for f in (negative, alarm.disproved, ended) if f is not None]
    return Member(who, own, min(frees, key=lambda f: f.at, default=None), rounds)


def _own(dossier: Dossier, who: Subject, since: datetime, kind: str) -> list[Fact]:
    """Return her own results of samples taken since a moment."""
    taken = {f.id: f.at for f in dossier.of("sample")}
    own = [f for f in dossier.of(kind) if f.subject != dossier.subject and f.subject.number == who.number]
    return [f for f in own if taken.get(f.value.get("sample", ""), f.at) >= since]


def _first_good(results: list[Fact]) -> Fact | None:
    """Return the result that was known first if it is negative: whoever it freed is not held again by what follows."""
    told = [f for f in results if f.value["outcome"] != "invalid"]
    first = min(told, key=lambda f: (f.known_at, f.at, f.id), default=None)
    return first if first is not None and first.value["outcome"] == "negative" else None


def _ended(dossier: Dossier, met: list[Fact]) -> Fact | None:
    """Return the fact by which a hold was ended early, naming the moment at which its person was reached."""
    ids = {fact.id for fact in met}
    return next((fact for fact in dossier.of("ended", LET_GO) if fact.value.get("which") in ids), None)


def _hold(
    sheet: Sheet, reached: Fact, since: datetime, free_at: datetime | None, orders: list[tuple[Fact, datetime]]
) -> tuple[datetime, datetime] | None:
    """Return from when to when a person is held: never past its hours, and over the minute she is free.

    The hours count from `since`, when she was first said to be reached, also where that was corrected later. Who said
    no is held only under an instrument that stands, and no longer than that.
    """
    book, begins = sheet.dossier.rulebook, reached.at
    ends = since + (book.hours("hold", HOLD_HOURS) or timedelta(0))
    most = since + (book.hours("hold_most", HOLD_MOST_HOURS) or timedelta(0))
    who = reached.value["who"].number
    renewals = [f for f in sheet.dossier.of("renewal") if f.value["who"].number == who and since <= f.at < ends]
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


def _person_duties(sheet: Sheet, member: Member, *, unreceived: bool) -> None:
    freed, last = member.freed, member.rounds[-1]
    gone = SUPERSEDED if freed is not None else None
    for held in member.rounds:
        over = SUPERSEDED if held is not last else gone
        clocked(sheet, "locate", held.slot, "pool_locate", since=held.round.known_at, facts=(held.round.because_of,),
                code="duty.tube_locate" if held.round.number == 1 else "duty.tube_locate_again",
                proofs=[held.reached] if held.reached else [], ended=over)  # fmt: skip
    conclusive = [f for f in member.results if f.value["outcome"] in ("negative", "positive")]
    clocked(sheet, "test", f"p{member.who.number}", "pool_confirm", since=last.round.known_at, code="duty.tube_single",
            facts=(last.round.because_of,), proofs=conclusive, ended=gone,
            values={"pool": 1, "swabs": 2, "kits": 2})  # fmt: skip
    if freed is None and last.hold is None:
        _request(sheet, member, last, unreceived=unreceived)
    for number, held in enumerate(member.rounds):
        reached = held.reached
        if reached is not None and reached.value.get("agreed") is False and held.hold is None:
            sheet.duty("hold", held.slot, begins=reached.at, ended=REFUSED, proofs=(reached,),
                       because=(sheet.because("duty.tube_hold_refused", facts=(reached,)),))  # fmt: skip
        if held.hold is not None and reached is not None:
            again = any(other.hold is not None for other in member.rounds[number + 1 :])
            _held(sheet, member, held, reached, held.hold, again=again)
    if len(member.positives) >= 2:
        slot = f"p{member.who.number}"
        why = sheet.because("duty.tube_case", facts=member.positives, who=str(member.who))
        sheet.propose("case", slot, (why,), who=str(member.who))


def _request(sheet: Sheet, member: Member, last: Held, *, unreceived: bool) -> None:
    """Propose to ask her to stay; in a later round with the reason that brings it up again."""
    book, facts = sheet.dossier.rulebook, (last.round.because_of,)
    hours = in_hours(book.hours("hold", HOLD_HOURS) or timedelta(0))
    why: tuple[Because, ...] = (sheet.because("duty.tube_hold_request", book.clock_key("hold"), facts, hours=hours),)
    if last.round.number > 1:
        code = "duty.tube_again" if last.round.because_of.kind == "result" else "duty.tube_negative_taken_back"
        why = (sheet.because(code, facts=facts), *why)
    sheet.propose("hold", last.slot, why, who=str(member.who), hours=hours, blocked=unreceived)


def _held(
    sheet: Sheet, member: Member, held: Held, reached: Fact, hold: tuple[datetime, datetime], *, again: bool
) -> None:
    """Write the hold of a person in a round and the duty to let her go when it ends, unless she is held again."""
    book, now = sheet.dossier.rulebook, sheet.now
    begins, ends = hold
    over = ends <= now
    why = sheet.because("duty.tube_hold", book.clock_key("hold"), (reached,), until=ends)
    so_far = ((begins, min(ends, now)),) if now > begins else ()
    sheet.duty("hold", held.slot, begins=begins, until=ends, because=(why,), covered=so_far,
               ended=PROVED if over else None, proofs=(reached,) if over else (),
               values={"hours": in_hours(min(ends, now) - begins) if now > begins else 0.0,
                       "false_hold_hours": _false_hours(member, held, now)})  # fmt: skip
    frees = [f for f in (held.freed, member.freed) if f is not None and f.at <= ends]
    if frees:
        since, code, facts = max(frees[0].known_at, ends), "duty.tube_freed", (frees[0],)
    else:
        since, facts = ends, (reached,)
        code = "duty.tube_hold_over_positive" if member.positives else "duty.tube_hold_over"
    within = book.hours("free_within") or timedelta(0)
    done = [f for f in sheet.dossier.of("done") if f.value["duty"] == f"release/{held.slot}"]
    told = sheet.because(code, book.clock_key("free_within"), facts, until=ends)
    sheet.duty("release", held.slot, begins=since, due=since + within, because=(told,), proofs=done,
               ended=SUPERSEDED if again and not done else None)  # fmt: skip


def _false_hours(member: Member, held: Held, now: datetime) -> float:
    """Return how long someone was held who turned out not to be infected."""
    if held.hold is None or member.freed is None or member.positives:
        return 0.0
    begins, ends = held.hold
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
