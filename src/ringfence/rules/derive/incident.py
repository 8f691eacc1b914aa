"""An incident: its level reported, its pack reviewed, and the count towards its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ringfence.rules.derive.clocked import clocked, deeds
from ringfence.rules.derive.sheet import Dossier, Sheet, best
from ringfence.rules.duties import Derivation, Status
from ringfence.rules.facts import Fact
from ringfence.vocabulary.subjects import Subject

_UNDECIDED = ("signal", "suspected", "presumptive", "probable")
_OPEN = (*_UNDECIDED, "confirmed", "asymptomatic")


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties of an incident; under a pack that is not in force it says so before anything else."""
    sheet = Sheet(dossier, now)
    book = dossier.rulebook
    sheet.wake(book.over_at)
    if not book.signable_at(now):
        why = sheet.because("duty.incident_historical", pack=book.name)
        sheet.propose("historical", "pack", (why,), pack=book.name)
    stages = dossier.of("incident")
    state = stages[-1].value["stage"] if stages else "none"
    _level(sheet, stages)
    if stages and state not in ("closed", "ended"):
        _review(sheet, stages[0])
    blocked = _end(sheet, stages)
    values = (("blocked_by", tuple(str(subject) for subject in blocked)),) if blocked else ()
    return sheet.derivation(Status(state, values=values))


def _level(sheet: Sheet, stages: list[Fact]) -> None:
    """Owe the report of the last change of level."""
    changes = [f for f in stages if f.value["stage"] in ("activated", "stepped_down")]
    if not changes:
        return
    last = changes[-1]
    receipts = [f for f in sheet.dossier.of("receipt") if f.value["for"] == "report" and f.at >= last.at]
    clocked(sheet, "report", "level", "report", since=last.known_at, code="duty.incident_level", facts=(last,),
            proofs=best(receipts), values={"level": last.value.get("level", "-")})  # fmt: skip


def _review(sheet: Sheet, opened: Fact) -> None:
    """Owe the next review of the pack, so many days after the last one."""
    book = sheet.dossier.rulebook
    every = book.get("review.every")
    if every is None:
        return
    last = [opened, *deeds(sheet.dossier, "review", "pack")][-1]
    day = book.day_of(last.at) + every
    why = sheet.because("duty.incident_review", "review.every", (last,), days=every)
    sheet.duty("review", "pack", begins=book.start_of(day), due=book.start_of(day + 1), because=(why,))


def _end(sheet: Sheet, stages: list[Fact]) -> list[Subject]:
    """Owe the declaration that the outbreak is over, and return the cases that stand against it.

    Day 1 is the day after the anchor; the declaration is due on the day after the last of the days.
    """
    dossier, book = sheet.dossier, sheet.dossier.rulebook
    days, since = book.get("outbreak_end.days"), book.get("outbreak_end.from")
    if days is None or since is None:
        return []
    anchors = [f for f in dossier.of("last_case") if f.value["of"] in (since, "burial")]
    blocked = sorted(s for s, status in dossier.leans_on.items()
                     if s.kind == "infection" and _blocks(status, since, anchors[-1] if anchors else None))  # fmt: skip
    if blocked:
        why = sheet.because("duty.outbreak_open_cases", "outbreak_end.days", cases=", ".join(map(str, blocked)))
        sheet.propose("outbreak_not_over", "declare", (why,), cases=tuple(map(str, blocked)))
        return blocked
    if not anchors:
        return []
    anchor = anchors[-1]
    day = book.day_of(anchor.at) + days + 1
    begins = book.start_of(day)
    said = [f for f in dossier.of("receipt") if f.value["for"] == "declaration"]
    said += [f for f in stages if f.value["stage"] == "ended"] + deeds(dossier, "outbreak_end", "declare")
    why = sheet.because("duty.outbreak_over", "outbreak_end.days", (anchor,), days=days,
                        day_0=date.fromordinal(day - days - 1), last_day=date.fromordinal(day - 1))  # fmt: skip
    how = sheet.because("duty.outbreak_counts_from", "outbreak_end.from", (anchor,), of=anchor.value["of"])
    sheet.duty("outbreak_end", "declare", begins=begins, due=book.start_of(day + 1), because=(why, how),
               proofs=best([f for f in said if f.at >= begins]))  # fmt: skip
    watch = book.get("outbreak_end.watch")
    if watch is not None:
        until = book.start_of(day + watch)
        why = sheet.because("duty.outbreak_watch", "outbreak_end.watch", (anchor,), days=watch)
        kept = [f for f in dossier.of("done") if f.value["duty"] == "outbreak_end/watch" and f.at >= until]
        sheet.duty("outbreak_end", "watch", begins=begins, until=until, because=(why,), proofs=kept)
    return []


def _blocks(status: Status, since: str, anchor: Fact | None) -> bool:
    """Return whether a case stands against the count: undecided, not at its own anchor yet, or newer than the last."""
    closed = status.separated_at is not None  # discharged, or dead
    if status.state in _UNDECIDED and not closed:
        return True
    if closed and anchor is not None:
        day = (anchor.at + timedelta(days=1)).toordinal()
        return any(outcome == "positive" and tested > day for tested, outcome in status.tests)
    if since == "second_negative" and status.state in _OPEN:
        return True
    if status.state not in _OPEN:
        return False
    if since == "isolated" and status.isolated_at is None:
        return True
    begun = status.isolated_at if since == "isolated" else status.infectious_from
    return anchor is None or (begun is not None and begun > anchor.at + timedelta(days=1))
