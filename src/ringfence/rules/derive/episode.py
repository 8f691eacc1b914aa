"""One episode of a contact: she came, she is to be assessed, and, once she is, what her class asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ringfence.rules.derive.assessing import Proposed, assess, assess_again, assess_bare, classified, strictest
from ringfence.rules.derive.body import Body
from ringfence.rules.derive.courses import Course, course_of
from ringfence.rules.derive.exposures import Met, Reach, changes_of, known_as_case, strains_of
from ringfence.rules.derive.measures import Walk, pass_by
from ringfence.rules.derive.services import letters, located, support, told
from ringfence.rules.derive.sheet import Dossier, Sheet, best, supersede
from ringfence.rules.duties import IMPOSSIBLE, PROVED, Because, Status
from ringfence.rules.facts import Fact
from ringfence.rules.immunity import doses_due, immunity_of
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.subjects import Subject

_MOMENT = timedelta(microseconds=1)
_ILL_FOR = timedelta(days=3)
"""How long an observation of illness counts when no later one says that she is well."""
_FREEZE = timedelta(hours=24)
"""A freeze of releases ends by itself after so long at the most, whatever a pack says."""
DROPPED = ("none", "dropped")
INFECTED = ("presumptive", "probable", "confirmed", "asymptomatic")


class Plan(NamedTuple):
    """What a pack says of contacts, compiled once."""

    classes: tuple[str, ...]
    longest: int
    immune: frozenset[str]
    doses: bool

    @classmethod
    def of(cls, book: Rulebook) -> Plan:
        """Return what a pack says."""
        classes = tuple(book.get("contact.classes", ()))
        longest = 0
        immune = set()
        for name in classes:
            for state in ("any", "evidence", "none", "unknown", "waiting"):
                ruled = book.values.get(f"contact.{name}.course.{state}")
                if ruled is not None:
                    longest = max(longest, course_of(book, ruled.value).longest)
                    if state != "any":
                        immune.add(name)
        doses = any(key.startswith("dose.") for key in book.values)
        return cls(classes, longest, frozenset(immune), doses)


def write(sheet: Sheet, body: Body, met: list[Met], plan: Plan, withdrawn: Sequence[Fact]) -> None:
    """Write the duties of one episode: `met` are its exposures, `withdrawn` those that no longer count."""
    assessed = body.last("assessment")
    dropped = assessed is None or assessed.value["class"] in DROPPED
    if dropped:
        _arrived(sheet, body)
    if not met and assessed is None:
        support(sheet, body)
        return
    dossier = sheet.dossier
    strict: Proposed | None = None
    if met:
        found = classified(met, dossier, body.last("person"))
        strict = strictest(found, plan.classes)
        known_at = known_as_case(met[0], dossier)
        if len(met) > 1:
            known_at = min([known_as_case(m, dossier) for m in met])
        assess(sheet, found, strict, assessed, known_at)
    if assessed is not None and not dropped:
        _as_assessed(sheet, body, met, plan, withdrawn, assessed, strict)
        return
    if assessed is not None and not _restrained_as_arrival(body):
        _free(sheet, body, assessed.known_at, (sheet.because("duty.free_not_restrained", facts=(assessed,)),))
        _close_when_infected(sheet, body)
    support(sheet, body)


def _as_assessed(
    sheet: Sheet,
    body: Body,
    met: list[Met],
    plan: Plan,
    withdrawn: Sequence[Fact],
    assessed: Fact,
    strict: Proposed | None,
) -> None:
    """Write what follows from her class: told, found, her course, and that she is free where nothing restrains her."""
    dossier, cls = sheet.dossier, assessed[8]["class"]
    exposures = [m[2] for m in met]
    linked, told_at = _around(met, exposures, withdrawn, dossier)
    bare = not met and not withdrawn
    if bare:
        assess_bare(sheet, body, cls, assessed)
    else:
        assess_again(sheet, cls, met, strict, assessed, linked, told_at)
    reach = Reach.of(met, assessed[3])
    changed = max([assessed[4], *[f[4] for f in body.of("exposure")], *told_at])
    why: tuple[Because, ...] = (sheet.because("duty.class", f"contact.{cls}.of", (assessed, *exposures[:3]), cls=cls,
                                              first=reach[0], last=reach[2]), *_at_home(sheet, met))  # fmt: skip
    course = _course(sheet, body, plan, cls, reach, assessed[4], exposures)
    told(sheet, body, assessed, why, restrained=course is not None and course.restrains)
    located(sheet, body, assessed)
    letters(sheet, body, assessed)
    if course is not None and (met or not withdrawn):
        _along(sheet, body, course, reach, assessed, changed, why, linked)
        if bare:  # day 0 is not known: nothing longer can be asked for
            sheet.proposals = [p for p in sheet.proposals if p.kind != "extend"]
        if not course.restrains:
            _free(sheet, body, changed, why, unrestrained=assessed)
    elif withdrawn and not met:
        free = sheet.because("duty.free_at_once", "clock.free_within.target", withdrawn[:3])
        _free(sheet, body, changed, (*why, free))
    support(sheet, body)
    _unwell(sheet, body)
    _close_when_infected(sheet, body)


def _along(
    sheet: Sheet,
    body: Body,
    course: Course,
    reach: Reach,
    assessed: Fact,
    changed: datetime,
    why: tuple[Because, ...],
    linked: Sequence[Status],
) -> None:
    """Walk along the course of her class."""
    book, cls, known_at = body.book, assessed[8]["class"], assessed[4]
    linked = () if _capped(book, cls, linked) else linked
    frozen = _frozen(body, sheet)
    anchors = _anchors(reach[0], reach[1], body)
    if course.idle:
        pass_by(sheet, course, anchors, known_at)
        return
    walk = Walk(sheet=sheet, body=body, course=course, anchors=anchors, known_at=known_at, changed_at=changed, why=why,
                cls=cls, linked=linked, frozen=frozen)  # fmt: skip
    walk.along()


def _around(
    met: Sequence[Met], exposures: Sequence[Fact], withdrawn: Sequence[Fact], dossier: Dossier
) -> tuple[list[Status], list[datetime]]:
    """Return the statuses of the contacts whom she met, and when what is known of her exposures was told or changed."""
    linked: list[Status] = []
    told_at: list[datetime] = []
    for fact in exposures:
        to = fact[8]["to"]
        told_at.append(fact[4])
        status = dossier.leans_on.get(to)
        if status is not None:
            if to[0] == "contact":
                linked.append(status)
            if status.changed_at is not None:
                told_at.append(status.changed_at)
    if withdrawn:
        told_at += [f.known_at for f in withdrawn] + changes_of(withdrawn, dossier)
    told_at += [m[5].known_at for m in met if m[5] is not None]
    return linked, told_at


def _at_home(sheet: Sheet, met: Sequence[Met]) -> tuple[Because, ...]:
    """Return that she lives with a case, where an exposure ran on for that reason."""
    for fact, home in [(m[2], m[5]) for m in met]:
        if home is not None:
            to = str(fact.value["to"])
            return (sheet.because("duty.lives_with_case", "infectious.ends_by", (fact, home), to=to),)
    return ()


def _restrained_as_arrival(body: Body) -> bool:
    """Return whether the course of someone who arrived restrains her, whatever she is as a contact."""
    arrival = body.last("arrival")
    name = body.book.get(f"arrival.{arrival.value.get('risk', 'none')}.course") if arrival is not None else None
    return name is not None and course_of(body.book, name).restrains


def _arrived(sheet: Sheet, body: Body) -> None:
    """Write the course of someone who came from an affected place, unless she is assessed as a contact besides."""
    book, arrival = body.book, body.last("arrival")
    name = book.get(f"arrival.{arrival.value.get('risk', 'none')}.course") if arrival is not None else None
    if arrival is None or name is None:
        return
    risk, origin = arrival.value.get("risk", "none"), arrival.value["origin"]
    why = (sheet.because("duty.arrival", f"arrival.{risk}.course", (arrival,), origin=origin, risk=risk),)
    course = course_of(book, name)
    left = arrival.value.get("left_at") or arrival.at
    anchors = _anchors(left, left, body)
    told(sheet, body, arrival, why, restrained=course.restrains)
    walk = Walk(sheet=sheet, body=body, course=course, anchors={"entry": arrival.at, **anchors}, cls="arrival",
                known_at=arrival.known_at, changed_at=arrival.known_at, why=why,
                frozen=_frozen(body, sheet))  # fmt: skip
    walk.along()


def _course(
    sheet: Sheet,
    body: Body,
    plan: Plan,
    cls: str,
    reach: Reach,
    known_at: datetime,
    exposures: Sequence[Fact],
) -> Course | None:
    """Return the course to follow, by class, immunity and doses in time; write the doses that are due."""
    book, now = body.book, sheet.now
    if cls not in plan.immune and not plan.doses:
        course: Course | None = book.templates.get(("course", cls))
        return course or book.kept(("course", cls), lambda: _of_class(book, cls))
    name: str | None = book.get(f"contact.{cls}.course.any")
    strains = strains_of(exposures, sheet.dossier)
    immunity = immunity_of(body.every(), book, now, reach.first)
    by_state = book.get(f"contact.{cls}.course.{immunity.state}")
    name = by_state if by_state is not None else name
    for due in doses_due(body.every(), book, reach.first, reach.last, immunity, now):
        if due.given is None and _not_owed(sheet, body, due.dose, strains):
            continue
        proofs = [due.given] if due.given is not None else []
        late = due.given is not None and not due.in_time
        over = due.given is None and now > due.due
        why = (*due.because, sheet.because("duty.dose_too_late", f"dose.{due.dose}.within")) if over else due.because
        sheet.duty("dose", due.dose, begins=max(due.begins, known_at), due=due.due, because=why, proofs=proofs,
                   ended=IMPOSSIBLE if over else None, values={"product": due.product, "late": late})  # fmt: skip
        if due.in_time and due.course is not None:
            name = due.course
    return None if name is None else course_of(book, name)


def _of_class(book: Rulebook, cls: str) -> Course | None:
    """Return the course of a class, whatever her immunity."""
    name = book.get(f"contact.{cls}.course.any")
    return None if name is None else course_of(book, name)


def _not_owed(sheet: Sheet, body: Body, dose: str, strains: set[str]) -> bool:
    """Return whether a dose is not owed: made for other strains, or only for the well; ask for a strain not known."""
    book = body.book
    made_for = book.get(f"dose.{dose}.strains")
    if made_for is not None and not strains:
        why = sheet.because("duty.dose_ask_strain", f"dose.{dose}.strains", strains=", ".join(made_for))
        sheet.propose("ask_strain", dose, (why,))
        return True
    if made_for is not None and not strains.intersection(made_for):
        return True
    if book.get(f"dose.{dose}.while_well") and (ill := _ill_now(sheet, body)) is not None:
        why = sheet.because("duty.dose_only_well", f"dose.{dose}.while_well", (ill,))
        sheet.propose("dose_waits", dose, (why,))
        return True
    return False


def _ill_now(sheet: Sheet, body: Body) -> Fact | None:
    """Return the observation by which she is ill now."""
    if "observation" not in body.by:
        return None
    ill = body.ill(since=sheet.now - _ILL_FOR)
    if ill is not None:
        sheet.wake(ill.at + _ILL_FOR + _MOMENT)
    return ill


def _unwell(sheet: Sheet, body: Body) -> None:
    """Owe a look at a contact who has fallen ill, and propose the pack's course for it; a human says what it is.

    A case record of hers, or a sample taken since, shows that somebody has looked.
    """
    ill = _ill_now(sheet, body)
    if ill is None or body.positive() is not None:
        return
    hours = body.book.hours("assess") or timedelta(hours=24)
    infection = sheet.dossier.leans_on.get(Subject("infection", sheet.dossier.subject.number))
    looked = [t.sample for t in body.taken() if t.sample.at >= ill.at]
    known = infection is not None and infection.state != "signal"
    why = sheet.because("duty.ill_contact", body.book.clock_key("assess"), (ill,))
    sheet.duty("assess_again", "ill", begins=ill.known_at, due=ill.known_at + hours, because=(why,),
               proofs=looked[:1], ended=PROVED if known and not looked else None)  # fmt: skip
    sheet.propose("suspect", "ill", (why,))
    course = body.book.get("unwell.course")
    if course is not None:
        sheet.propose("unwell", "ill", (sheet.because("proposal.unwell", "unwell.course", (ill,)),), course=course)


def _anchors(first: datetime, last: datetime, body: Body) -> Mapping[str, datetime]:
    anchors = {"first_exposure": first, "last_exposure": last}
    stays = body.of("stay")
    if stays:
        anchors["entry"] = stays[0].at
    return anchors


def _capped(book: Rulebook, cls: str, linked: Sequence[Status]) -> bool:
    """Return whether her days end by her own count, because the contact that she met is lost."""
    capped = book.made(f"capped.{cls}", lambda b: bool(b.get(f"contact.{cls}.capped_by_own_days")))
    return capped and any(not s.tests for s in linked)


def _frozen(body: Body, sheet: Sheet) -> Fact | None:
    """Return a cross-infection whose ruling is awaited; the freeze ends by itself after its hours."""
    if "cross_infection" not in body.by:
        return None
    book = body.book
    hours = min(book.hours("cross_infection_ruling") or _FREEZE, _FREEZE)
    ruled = {f.value["on"] for f in body.of("ruling")}
    for fact in body.of("cross_infection"):
        if fact.id not in ruled and sheet.now < fact.at + hours:
            sheet.wake(fact.at + hours)
            return fact
    return None


def _free(
    sheet: Sheet, body: Body, changed: datetime, why: tuple[Because, ...], *, unrestrained: Fact | None = None
) -> None:
    """Write the release, due within the hour, of someone whom nothing is to restrain any more but what was signed.

    `unrestrained` is the assessment by whose class nothing restrains her, where that is why.
    """
    hours = body.book.hours("free_within", 1.0) or timedelta(hours=1)
    signed = body.restrained_by(changed, sheet.now)
    if not signed:
        return
    if unrestrained is not None:
        why = (*why, sheet.because("duty.free_not_restrained", facts=(unrestrained,)))
    for ends, _ in signed:
        sheet.wake(ends)
    released = [f for f in body.of("release") if f.at >= changed]
    sheet.duty("release", "withdrawn", begins=changed, due=changed + hours, because=why, proofs=best(released))


def _close_when_infected(sheet: Sheet, body: Body) -> None:
    """Supersede what was asked of her as a contact once she is a case; propose the case while she is only positive."""
    infection = sheet.dossier.leans_on.get(Subject("infection", sheet.dossier.subject.number))
    positive = body.positive()
    if infection is not None and infection.state in INFECTED:
        why = sheet.because("duty.now_a_case", facts=() if positive is None else (positive.sample,))
        keep = ("assess", "support", "notify")
        sheet.duties = [d if d.kind in keep else supersede(d, why) for d in sheet.duties]
    elif positive is not None:
        why = sheet.because("proposal.case", facts=(positive.sample,))
        sheet.propose("case", "positive", (why,))
