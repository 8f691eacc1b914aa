"""The assessment of a contact: what the pack proposes, the duty to assess, and to assess again on new evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ringfence.rules.classify import Classified, classify, propose_changes
from ringfence.rules.derive.body import Body
from ringfence.rules.derive.courses import course_of
from ringfence.rules.derive.exposures import Met
from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import Status
from ringfence.rules.facts import Fact

Proposed = tuple[Met, Classified]


def classified(met: Sequence[Met], dossier: Dossier, person: Fact | None) -> list[Proposed]:
    """Return each exposure with what the pack proposes for it."""
    values = person.value if person is not None else None
    book, leans_on = dossier.rulebook, dossier.leans_on
    return [(m, classify(_as_it_ran(m), book, index=leans_on.get(m[2][8]["to"]), person=values)) for m in met]


def _as_it_ran(met: Met) -> Fact:
    """Return an exposure as told, or open to its end where it ran on because they live together."""
    if met.home is None:
        return met.fact
    return met.fact._replace(until=None, value={**met.fact.value, "going_on": True})


def strictest(found: Sequence[Proposed], classes: Sequence[str]) -> Proposed | None:
    """Return the exposure of the strictest class, None where none is of any."""
    if len(found) == 1:
        return found[0] if found[0][1][0] in classes else None
    ranked = [(classes.index(c.cls), n) for n, (_, c) in enumerate(found) if c.cls in classes]
    return found[min(ranked)[1]] if ranked else None


def assess(
    sheet: Sheet,
    found: Sequence[Proposed],
    strict: Proposed | None,
    assessed: Fact | None,
    known_at: datetime,
) -> None:
    """Write the duty to assess a candidate, with the class that the pack proposes and what is not known."""
    book = sheet.dossier.rulebook
    hours = book.hours("assess")
    cls = (strict[1].cls if strict else None) or "none"
    reasons = strict[1].because if strict is not None else tuple(b for _, c in found[:1] for b in c.because)
    sheet.duty("assess", "first", begins=known_at, due=None if hours is None else known_at + hours, because=reasons,
               proofs=[assessed] if assessed is not None else [],
               values={"class": cls})  # fmt: skip
    if assessed is None:
        unknowns = tuple(u for _, c in found for u in c.unknowns)
        sheet.propose("class", "first", reasons, cls=cls, ask=unknowns)


def assess_bare(sheet: Sheet, body: Body, cls: str, assessed: Fact) -> None:
    """Open `assess again` where an assessment rests on no exposure."""
    hours = body.book.hours("assess_again") or body.book.hours("assess") or timedelta(hours=24)
    nothing = sheet.because("duty.no_exposure", facts=(assessed,), cls=cls)
    sheet.duty("assess_again", str(sum(f.kind == "assessment" for f in body.every())), begins=assessed.known_at,
               due=assessed.known_at + hours, because=(nothing,), values={"from": cls, "to": "none"})  # fmt: skip


def assess_again(
    sheet: Sheet,
    cls: str,
    met: Sequence[Met],
    strict: Proposed | None,
    assessed: Fact,
    linked: Sequence[Status],
    told_at: Sequence[datetime],
) -> None:
    """Open `assess again` where evidence changed after the assessment and the pack would now say otherwise.

    The assessment stands meanwhile. `told_at` is when each exposure, and whom she met, last changed.
    """
    if not linked and strict is not None and strict[1][0] == cls:
        return
    book = sheet.dossier.rulebook
    newer = [moment for moment in told_at if moment > assessed.known_at]
    positive = next((s for s in linked if s.state == "positive"), None)
    changes = propose_changes(cls, strict[1] if strict else None, positive, book)
    if not changes or not (newer or positive is not None):
        return
    since = max(newer, default=sheet.now)
    hours = book.hours("assess_again") or book.hours("assess") or timedelta(hours=24)
    reasons = tuple(b for change in changes for b in change.because)
    count = sum(f.kind == "assessment" for f in sheet.dossier.facts)
    sheet.duty("assess_again", str(count), begins=since, due=since + hours, because=reasons,
               values={"from": cls, "to": changes[0].cls})  # fmt: skip
    last = max((m.last for m in met), default=None)
    for change in changes:
        ends = None
        name = book.get(f"contact.{change.cls}.course.any")
        if name is not None and last is not None:
            ends = book.start_of(book.day_of(last) + (course_of(book, name).stages[0].days or 0) + 1)
        sheet.propose(change.kind, str(count), change.because, cls=change.cls, ends=ends)
