"""The end of a restraint: the warnings before it, what is said when it lapses, and lapses that nobody decided.

Whatever was signed ends at its end. What is said then differs: an exposed person is free and reads so; an infected one
reads that no order is in force, until when doctors think that others can catch it from her, and by when she is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from ringfence.rules.derive.body import Body, Signed
from ringfence.rules.derive.sheet import Sheet, best
from ringfence.rules.duties import Because, Duty
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.subjects import Subject

WARNINGS_HOURS = (72, 24, 8, 2)
"""How long before an end its people are warned, where the pack says nothing."""
WARNED = ("owner", "deputy", "manager", "oversight")
INFECTED = ("presumptive", "probable", "confirmed", "asymptomatic")
_CALL_BACK_HOURS = 2.0
_HOUR = timedelta(hours=1)

Advice = Callable[[], datetime | None]
"""Returns until when doctors think that others can catch it from a patient, None where no day is known."""


def undecided(body: Body, chain: Signed, ends: datetime, now: datetime) -> bool:
    """Return whether a restraint has lapsed and nobody had decided about it, by a release or a ruling on what was
    signed, when the time allowed for a release had passed. What is written down later changes nothing about that.
    """
    decided_by = ends + (body.book.hours("release_late", 1.0) or _HOUR)
    if ends < chain.ends or now <= decided_by or body.of("death"):
        return False
    signed = {fact.id for fact in chain.rests_on}
    rulings = [f for f in body.of("ruling") if f.value["on"] in signed]
    return not any(f.known_at <= decided_by for f in (*body.of("release"), *rulings) if f.at >= chain.begins)


def undecided_lapses(duties: Iterable[Duty]) -> list[Duty]:
    """Return the restraints that lapsed without a decision: they are counted in public."""
    return [duty for duty in duties if duty.values.get("undecided")]


def warn(sheet: Sheet, slot: str, rests_on: Sequence[Fact], ends: datetime) -> None:
    """Propose the last of the warnings that is due before an end, which names whom to warn."""
    book, now = sheet.dossier.rulebook, sheet.now
    if now >= ends:
        return
    due = None
    for hours, before in book.made("lapse.warnings", _warnings):
        moment = ends - before
        if moment > now:
            sheet.wake(moment)
            break
        due = hours
    if due is not None:
        why = sheet.because("lapse.warning", "lapse.warnings", rests_on, ends=ends, hours=due)
        sheet.propose("warn", f"{slot}.w{due}", (why,), ends=ends, hours=due, to=WARNED)


def _warnings(book: Rulebook) -> tuple[tuple[float, timedelta], ...]:
    """Return how long before an end its people are warned, the longest first, in hours and as a stretch of time."""
    asked = sorted(book.get("lapse.warnings", WARNINGS_HOURS), reverse=True)
    return tuple((hours, timedelta(hours=hours)) for hours in asked)


def say(
    sheet: Sheet,
    body: Body,
    slot: str,
    chain: Signed,
    ends: datetime,
    *,
    why: tuple[Because, ...] = (),
    patient: bool = False,
    advice: Advice | None = None,
) -> None:
    """Owe what is said to someone whose restraint has lapsed; an infected one is called back as well.

    Whoever was let go by then has been told by her release. A contact who has become a case is told as the case.
    """
    book, dossier, now = body.book, sheet.dossier, sheet.now
    releases = [f for f in body.of("release") if f.at >= chain.begins]
    if now < ends or body.of("death") or any(f.at <= ends and f.known_at <= ends for f in releases):
        return
    if not patient:
        case = dossier.leans_on.get(Subject("infection", dossier.subject.number))
        if case is not None and case.state in INFECTED:
            return
    within = book.hours("free_within", 1.0) or _HOUR
    call_within = book.hours("call_back", _CALL_BACK_HOURS) or _HOUR
    told = best([f for f in (*body.of("notice"), *releases) if f.at >= ends])
    if patient or body.positive() is not None:
        until = advice() if advice is not None else None
        call = sheet.because("lapse.call", book.clock_key("call_back"), chain.rests_on)
        if until is not None and until > ends:
            said = sheet.because("lapse.infected", facts=chain.rests_on, advised_until=until, by=ends + call_within)
        else:
            said = sheet.because("lapse.infected_open", facts=chain.rests_on, by=ends + call_within)
        called = [f for f in body.of("attempt") if f.value["outcome"] == "reached" and f.at >= ends]
        sheet.duty("notify", f"{slot}.call", begins=ends, due=ends + call_within, because=(*why, call),
                   proofs=best([*called, *releases]))  # fmt: skip
    else:
        said = sheet.because("lapse.contact", facts=chain.rests_on)
    sheet.duty("notify", f"{slot}.lapsed", begins=ends, due=ends + within, because=(*why, said), proofs=told)
