"""Duties that every person under a measure has alike: told, found, asked about her needs, written to where she went."""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter

from ringfence.rules.derive.body import SEEN, Body
from ringfence.rules.derive.sheet import Sheet, best
from ringfence.rules.duties import Because
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.proofs import Grade

_DAY = timedelta(days=1)
_AT = itemgetter(3)
_WITH_HER = ("agreement", "separated", "stay", "interview")
_AWAY = ("not_here", "moved")


def told(sheet: Sheet, body: Body, since: Fact, why: tuple[Because, ...], *, restrained: bool) -> None:
    """Write the duty to tell her, and, where she is to be restrained, to give it in writing."""
    book = body.book
    hours = book.hours("notify")
    begun, known_at = since[3], since[4]
    notices = [f for f in body.by.get("notice", ()) if f[3] >= begun]
    if hours is not None:
        because = why + _because(book, "duty.notify", "notify")
        sheet.duty("notify", "told", begins=known_at, due=known_at + hours, because=because,
                   proofs=best(notices))  # fmt: skip
    written_hours = book.hours("notice_written")
    if restrained and written_hours is not None:
        written = [f for f in notices if f[8]["how"] in ("paper", "message")]
        because = why + _because(book, "duty.notify_written", "notice_written")
        sheet.duty("notify", "written", begins=known_at, due=known_at + written_hours, because=because,
                   proofs=best(written))  # fmt: skip


def _because(book: Rulebook, code: str, clock: str) -> tuple[Because]:
    """Return a reason that rests on a clock alone."""
    found: tuple[Because] | None = book.templates.get((code, clock))
    return found or book.kept((code, clock), lambda: (book.plain(code, book.clock_key(clock)),))


def located(sheet: Sheet, body: Body, since: Fact) -> None:
    """Write the duty to find her; whatever shows that somebody has been with her proves it."""
    book = body.book
    hours = book.hours("locate")
    if hours is None:
        return
    by = body.by
    attempts = by.get("attempt", ())
    reached = [f for f in attempts if f[8]["outcome"] == "reached"]
    tries = len(attempts) - len(reached)
    shown = best(reached)
    if "found" in by:
        shown += best([f for f in by["found"] if f.value["outcome"] == "here"])
    for fact in by.get("observation", ()):
        if fact[8]["seen"] in SEEN:
            shown.append(fact)
            if fact[7] <= Grade.B:  # what was seen later shows nothing more
                break
    for kind in _WITH_HER:
        if kind in by:
            shown += best(by[kind])
    if len(shown) > 1:
        shown.sort(key=_AT)
    because, values = book.templates.get(("locate", tries)) or book.kept(("locate", tries), lambda: _tried(book, tries))
    sheet.duty("locate", "found", begins=since.known_at, due=since.known_at + hours, because=because,
               proofs=best(shown), values=values)  # fmt: skip


def _tried(book: Rulebook, tries: int) -> tuple[tuple[Because], dict[str, int]]:
    """Return why somebody is to be found, and how often it was tried without avail: the same for many."""
    return (book.because("duty.locate", book.clock_key("locate"), tries=tries),), {"tries": tries}


def letters(sheet: Sheet, body: Body, since: Fact) -> None:
    """Write the duty to send a tracing request when she has been found to be elsewhere; its receipt proves it."""
    book = body.book
    hours = book.hours("letter_out")
    if "found" not in body.by:
        return
    away = [f for f in body.of("found") if f.value["outcome"] in _AWAY]
    if not away or hours is None:
        return
    begins = max(away[-1].known_at, since.known_at)
    receipts = [f for f in body.of("receipt") if f.value["for"] == "letter"]
    why = (
        sheet.because(
            "duty.letter_out", book.clock_key("letter_out"), away[-1:], where=away[-1].value.get("where") or "-"
        ),
    )
    sheet.duty("letter", "out", begins=begins, due=begins + hours, because=why, proofs=best(receipts))


def support(sheet: Sheet, body: Body) -> None:
    """Write a duty for each need: the first act by the clock of its priority, and that it is met."""
    if "need" not in body.by:
        return
    book = body.book
    needs = {need.value["number"]: need for need in body.of("need")}  # one that is told again is told anew
    for need in needs.values():
        number, priority = need.value["number"], need.value["priority"]
        answers = [f for f in body.of("answer") if f.value["number"] == number and f.at >= need.at]
        stages = [f.value["stage"] for f in answers]
        if "reopened" in stages:
            again = len(stages) - 1 - stages[::-1].index("reopened")
            answers_now = answers[again + 1 :]
        else:
            answers_now = answers
        acted = [f for f in answers if f.value["stage"] != "reopened"]
        met = [f for f in answers_now if f.value["stage"] in ("done", "confirmed")]
        hours = book.hours(f"support_{priority}")
        why = (sheet.because("duty.support", book.clock_key(f"support_{priority}"), (need,), what=need.value["what"],
                             priority=priority),)  # fmt: skip
        if hours is not None:
            sheet.duty("support", f"n{number}.act", begins=need.known_at, due=need.known_at + hours, because=why,
                       proofs=best(acted))  # fmt: skip
        within = book.hours(f"support_done_{priority}")
        sheet.duty("support", f"n{number}", begins=need.known_at, due=need.known_at + (within or _DAY), because=why,
                   proofs=met[-1:], values={"what": need.value["what"], "priority": priority})  # fmt: skip
