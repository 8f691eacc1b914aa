"""What shows how a person on a course is: her tests by day, the sheet on which she is seen, the visits to her."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ringfence.rules.derive.body import Taken, days_covered
from ringfence.rules.derive.courses import OUTCOMES, Laid, Stage, entry_day, tests_asked
from ringfence.rules.duties import OPEN, REFUSED
from ringfence.rules.facts import Fact

if TYPE_CHECKING:
    from ringfence.rules.derive.measures import Walk

_MOMENT = timedelta(microseconds=1)
_NONE_FIT: tuple[list[Fact], str] = ([], "")


def tests(walk: Walk, laid: Laid) -> None:
    """Write the tests of a stage, each with the samples of its day; none is owed after the day of a release."""
    stage, body, book, why = laid.stage, walk.body, walk.body.book, walk.why
    known_day = book.day_of(laid.begins if laid.begins < walk.known_at else walk.known_at)
    asked = tests_asked(laid, known_day, entry_day(body, stage.asks) if stage.by_entry else None, book)
    last_day = book.day_of(walk.released.at) if walk.released is not None else None
    by_day = body.taken_on()
    duty = walk.sheet.duty
    for day, slot, begins, due, because, double, values in asked:
        if last_day is not None and day > last_day:
            continue
        taken = by_day.get(day)
        proofs, outcome = _NONE_FIT if taken is None else _fitting(taken, stage, double)
        duty("test", slot, begins=begins, due=due, because=why + because, proofs=proofs, values=values[outcome])


def observe(walk: Walk, laid: Laid, ends: datetime | None) -> None:
    """Write the span over which she is observed, covered by the days on which she was seen."""
    stage, sheet, body = laid.stage, walk.sheet, walk.body
    book, now = body.book, sheet.now
    first = max(book.day_of(laid.begins), laid.zero if stage.begins_on is None else 0)
    last = laid.last
    if ends is not None and laid.ends is not None and ends < laid.ends:
        last = book.day_of(ends - _MOMENT)
    if last is None or last < first:
        return
    begins, until = max(laid.begins, book.start_of(first)), book.start_of(last + 1)
    today = book.day_of(now)
    if today > last:
        today = last + 1
    if first <= today <= last:
        sheet.wake(book.start_of(today + 1))
    length = last - first + 1
    shown, days = body.seen(), body.seen_on()
    seen = days[bisect_left(days, first):bisect_right(days, last)] if days and days[-1] >= first else []  # fmt: skip
    values = {
        "days": length,
        "seen": len(seen),
        "missed": max(today - first, 0) - bisect_left(seen, today),
        "temperature": stage.temperature,
    }
    whole = len(seen) == length and now >= until
    sheet.duty("monitor", stage.name, begins=begins, due=until, until=until, because=(*walk.why, stage.said["monitor"]),
               proofs=[shown[day] for day in seen], covered=days_covered(seen, book), ended=None if whole else OPEN,
               values=values)  # fmt: skip
    if stage.visits:
        _visits(walk, laid, first, last, body.observed())
    if stage.lost_after:
        _lost(walk, stage, first, today, body.observed())


def _visits(walk: Walk, laid: Laid, first: int, last: int, observed: Mapping[int, list[Fact]]) -> None:
    """Write the box of each day of a sheet of visits: seen, not seen, ill, refused or moved."""
    stage, sheet, book = laid.stage, walk.sheet, walk.body.book
    why = (*walk.why, sheet.because("duty.observe_day", f"{stage.key}.observe_by"))
    for day in range(first, last + 1):
        marks = observed.get(day, ())
        proofs = [f for f in marks if f.value["seen"] in ("seen", "ill")]
        refused = [f for f in marks if f.value["seen"] == "refused"]
        n = day - laid.zero
        values = {"day": n, "mark": marks[-1].value["seen"] if marks else ""}
        sheet.duty("observe", f"{stage.name}.d{n}", begins=book.start_of(day), due=book.start_of(day + 1),
                   because=why, proofs=proofs or refused, ended=REFUSED if refused and not proofs else None,
                   values=values)  # fmt: skip


def _lost(walk: Walk, stage: Stage, first: int, today: int, observed: Mapping[int, list[Fact]]) -> None:
    missed = 0
    for day in range(today - 1, first - 1, -1):
        if any(f.value["seen"] in ("seen", "ill", "refused") for f in observed.get(day, ())):
            break
        missed += 1
    if stage.lost_after is not None and missed >= stage.lost_after:
        why = walk.sheet.because("proposal.lost", f"{stage.key}.lost_after", days=missed)
        walk.sheet.propose("lost", stage.name, (why,), days=missed)


def _fitting(taken: Sequence[Taken], stage: Stage, double: bool) -> tuple[list[Fact], str]:
    """Return the facts that prove a test of a day: samples of the right kind that are not invalid, and the outcome."""
    if len(taken) == 1 and not double:
        only = taken[0]
        return ([only[1]], only[3] if only[3] in OUTCOMES else "negative") if _fits(only, stage) else _NONE_FIT
    fitting = [t for t in taken if _fits(t, stage)]
    if not fitting:
        return _NONE_FIT
    if len(fitting) == 1 and not double:
        outcome = fitting[0].outcome
        return [fitting[0].sample], outcome if outcome in OUTCOMES else "negative"
    if double:
        swabs = sum(t.sample.value.get("swabs", 1) for t in fitting)
        kits = max(len({_kit(t) for t in fitting} - {None}), *(t.sample.value.get("kits", 1) for t in fitting))
        if swabs < 2 or kits < 2:
            return _NONE_FIT
    outcomes = [t.outcome for t in fitting]
    outcome = next((o for o in OUTCOMES if o in outcomes), "negative")
    return [t.sample for t in fitting], outcome


def _fits(taken: Taken, stage: Stage) -> bool:
    """Return whether a sample is of the kind that a stage asks for, and not invalid."""
    sample = taken[1]
    value = sample[8]
    return (
        taken[3] != "invalid"
        and (not stage.specimen or value.get("specimen") == stage.specimen or sample[1] == "result")
        and value.get("pooled", 1) <= stage.pool
    )


def _kit(taken: Taken) -> str | None:
    return taken.result.value.get("kit") if taken.result is not None else None
