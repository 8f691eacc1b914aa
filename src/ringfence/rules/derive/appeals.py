"""Appeals against what was signed: acknowledged and decided in time, or the measure steps down by itself.

What counts is how things stood when the deadline passed: neither a decision that became known later, nor one or an
appeal that was taken back later, changes what has ended. An infected person is not let go by silence; her appeal goes
to the outside reviewer and to the next court day instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ringfence.rules.derive.sheet import TICK, Sheet, best
from ringfence.rules.facts import TAKEN_BACK, Fact
from ringfence.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from ringfence.rules.derive.body import Body

ACKNOWLEDGE_HOURS = 1.0
DECIDE_HOURS = 24.0
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
MILDER = {
    "quarantine_site": "quarantine_home", "isolate_hospital": "isolate_home", "isolate_site": "isolate_home",
    "quarantine_home": "monitor", "isolate_home": "monitor", "stay_apart": "monitor", "stay_off_work": "watch_self",
}  # fmt: skip
"""What is the next milder thing to ask, by agreement; nothing below it restrains."""
FREEING = ("stepped_down", "ended")


class Appeal(NamedTuple):
    """One appeal with what was decided on it. `decision` stands and is not void; `undecided` is how it stood when the
    deadline passed; `ends_at` is from when what it is against no longer restrains at its old strength.
    """

    fact: Fact
    deadline: datetime
    withdrawn: bool
    decision: Fact | None
    void: tuple[Fact, ...]
    undecided: bool
    infected: bool
    ends_at: datetime | None


def appeals_of(body: Body, acts: Mapping[str, Fact], now: datetime) -> list[Appeal]:
    """Return the appeals of a person, oldest first."""
    decisions: dict[str, list[Fact]] = {}
    for fact in body.every():
        if fact.kind in ("appeal_decided", TAKEN_BACK) and "outcome" in fact.value:
            decisions.setdefault(fact.value["of"], []).append(fact)
    found = [f for f in body.every() if f.kind == "appeal" or (f.kind == TAKEN_BACK and "outcome" not in f.value)]
    return [_appeal(fact, decisions.get(fact.id, ()), body, acts, now) for fact in found]


def _appeal(fact: Fact, decisions: Sequence[Fact], body: Body, acts: Mapping[str, Fact], now: datetime) -> Appeal:
    deadline = fact.known_at + decide_within(body.book.at(fact.known_at))
    act = acts.get(fact.value["of"])
    void = tuple(f for f in decisions if _own_act(f, act))
    valid = [f for f in decisions if f not in void]
    standing = [f for f in valid if f.kind != TAKEN_BACK]
    in_time = any(f.known_at <= deadline and not _taken_back_by(f, deadline) for f in valid)
    undecided = now > deadline and not in_time and not _taken_back_by(fact, deadline)
    infected = fact.subject.kind == "infection" or any(
        f.value["outcome"] == "positive" and f.value.get("test") != "igg" and f.known_at <= deadline
        for f in body.of("result")
    )
    ends = [f.at for f in valid if f.value["outcome"] in FREEING]
    if undecided and not infected:
        ends.append(deadline)
    said_void = tuple(f for f in void if f.kind != TAKEN_BACK)
    return Appeal(fact, deadline, fact.kind == TAKEN_BACK, standing[-1] if standing else None, said_void, undecided,
                  infected, min(ends, default=None))  # fmt: skip


def decide_within(book: Rulebook) -> timedelta:
    """Return how long the decision on an appeal may take; a day where the pack says nothing."""
    return book.hours("appeal_decide", DECIDE_HOURS) or timedelta(hours=DECIDE_HOURS)


def _taken_back_by(fact: Fact, moment: datetime) -> bool:
    """Return whether it was known by a moment that a fact was wrong."""
    back: datetime | None = fact.value.get("taken_back_at")
    return back is not None and back <= moment


def _own_act(decision: Fact, act: Fact | None) -> bool:
    """Return whether somebody decided on an appeal against her own act, or that of her own body."""
    if act is None:
        return False
    one, other = decision.value, act.value
    signed = {_plain(other.get(name)) for name in ("issuer", "by")} - {""}
    body = _plain(one.get("body"))
    return _plain(one["by"]) in signed or (body != "" and body == _plain(other.get("body")))


def _plain(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def stepped_down(appeals: Iterable[Appeal], acts: Mapping[str, Fact]) -> dict[str, datetime]:
    """Return when acts ended by appeals, by their id; what had renewed one by then ends with it."""
    early: dict[str, datetime] = {}
    for appeal in appeals:
        ends = appeal.ends_at
        if ends is None:
            continue
        waiting = [appeal.fact.value["of"]]
        seen: set[str] = set()
        while waiting:
            which = waiting.pop()
            if which in seen:
                continue
            seen.add(which)
            early[which] = min(ends, early.get(which, ends))
            waiting += [f.id for f in acts.values() if f.value.get("renews") == which and f.at <= ends]
    return early


def write(sheet: Sheet, body: Body) -> None:
    """Write the duties of every appeal: acknowledge, decide, and, for an infected person, hand on what stays open."""
    for number, appeal in enumerate(body.appeals(), 1):
        sheet.wake(appeal.deadline + TICK)
        if not appeal.withdrawn:
            _one(sheet, body, appeal, f"a{number}")


def _one(sheet: Sheet, body: Body, appeal: Appeal, slot: str) -> None:
    fact, book = appeal.fact, body.book
    decided = [appeal.decision] if appeal.decision is not None else []
    known = [f for f in body.of("appeal_acknowledged") if f.value["of"] == fact.id]
    within = book.at(fact.known_at).hours("appeal_acknowledge", ACKNOWLEDGE_HOURS) or _HOUR
    why = sheet.because("appeal.acknowledge", book.clock_key("appeal_acknowledge"), (fact,), of=fact.value["of"])
    sheet.duty("appeal", f"{slot}.acknowledge", begins=fact.known_at, due=fact.known_at + within, because=(why,),
               proofs=best([*known, *decided]))  # fmt: skip
    because = [sheet.because("appeal.decide", book.clock_key("appeal_decide"), (fact,), by=appeal.deadline)]
    because += [sheet.because("appeal.void_decision", facts=(f,), by=f.value["by"]) for f in appeal.void]
    if appeal.undecided:
        code = "appeal.undecided_infected" if appeal.infected else "appeal.undecided"
        because.append(sheet.because(code, book.clock_key("appeal_decide"), (fact,), deadline=appeal.deadline))
    values = {"of": fact.value["of"], "stepped_down": appeal.undecided and not appeal.infected}
    sheet.duty("appeal", f"{slot}.decide", begins=fact.known_at, due=appeal.deadline, because=tuple(because),
               proofs=decided, values=values)  # fmt: skip
    if appeal.undecided and appeal.infected:
        _outside(sheet, body, appeal, slot, decided)


def _outside(sheet: Sheet, body: Body, appeal: Appeal, slot: str, decided: Sequence[Fact]) -> None:
    """Owe that the appeal of an infected person goes to the outside reviewer at once, and to the next court day."""
    book, since = body.book, appeal.deadline
    handed = [f for f in body.of("hand_over") if f.at >= since]
    why = sheet.because("appeal.reviewer", book.clock_key("appeal_acknowledge"), (appeal.fact,))
    sheet.duty("appeal", f"{slot}.reviewer", begins=since, due=since + (book.hours("appeal_acknowledge", 1.0) or _HOUR),
               because=(why,), proofs=best([*handed, *decided]))  # fmt: skip
    heard = [f for f in body.of("done") if f.value["duty"] == f"appeal/{slot}.court"]
    court = sheet.because("appeal.court", facts=(appeal.fact,))
    sheet.duty("appeal", f"{slot}.court", begins=since, due=book.start_of(book.day_of(since) + 2), because=(court,),
               proofs=best([*heard, *decided]))  # fmt: skip
