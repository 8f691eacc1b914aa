"""The duties about a contact: assess her, tell her, and what her course asks.

A contact leans on the infections and contacts that she met, and on herself as an infection. Her status rests on
infections and her own facts alone, so that contacts never lean on each other in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ringfence.rules.classify import Classified, classify, propose_changes
from ringfence.rules.derive import appeals
from ringfence.rules.derive.body import Body
from ringfence.rules.derive.courses import course_of
from ringfence.rules.derive.measures import Walk
from ringfence.rules.derive.services import letters, located, support, told
from ringfence.rules.derive.sheet import Dossier, Sheet, best, supersede
from ringfence.rules.duties import IMPOSSIBLE, OPEN, PROVED, Because, Derivation, Status
from ringfence.rules.facts import Fact
from ringfence.rules.immunity import doses_due, immunity_of
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.subjects import Subject

_MOMENT = timedelta(microseconds=1)
_ILL_FOR = timedelta(days=3)
"""How long an observation of illness counts when no later one says that she is well."""
_FREEZE = timedelta(hours=24)
"""A freeze of releases ends by itself after so long at the most, whatever a pack says."""
_AFTER_DEATH = ("assess", "assess_again", "notify", "letter", "confirm")  # her family is told
DROPPED = ("none", "dropped")
_OF_ALL_EPISODES = frozenset({"person", "immunity", "dose", "household", "need", "answer", "found"})
_INFECTED = ("presumptive", "probable", "confirmed", "asymptomatic")


class Met(NamedTuple):
    """One exposure as it counts: clipped to the time in which the other was infectious."""

    begins: datetime
    ends: datetime
    fact: Fact
    going_on: bool
    stops_at: datetime | None = None
    """When one that goes on is known to stop."""
    home: Fact | None = None
    """What says that they live together, where for that reason it ran on beyond what was told."""

    @property
    def last(self) -> datetime:
        """Return the last moment of it, which may fall on the day before its end."""
        return self.ends - _MOMENT if self.ends > self.begins and not self.going_on else self.ends


class Plan(NamedTuple):
    """What a pack says of contacts, compiled once."""

    classes: tuple[str, ...]
    longest: int
    immune: frozenset[str]
    doses: bool


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return what follows for a contact at a moment, episode by episode."""
    book = dossier.rulebook
    plan = book.made("contacts", _plan)
    body = Body(dossier.facts, book, now=now)
    counted = {fact.id: _counted(fact, dossier, body, now) for fact in body.of("exposure")}
    met, backward, withdrawn = _met(body, counted)
    sheet = Sheet(dossier, now)
    episodes = _episodes(met, plan.longest)
    for one in counted.values():
        if one is not None and one.going_on:
            sheet.wake(book.start_of(book.day_of(now) + 1))
            sheet.wake(one.stops_at)
    if len(episodes) == 1:
        _episode(sheet, body, episodes[0], plan, withdrawn)
    else:
        for number, found in enumerate(episodes):
            begins = found[0].begins
            ends = episodes[number + 1][0].begins if number + 1 < len(episodes) else None
            facts = [
                f for f in dossier.facts
                if f.kind in _OF_ALL_EPISODES or ((number == 0 or f.at >= begins) and (ends is None or f.at < ends))
            ]  # fmt: skip
            sheet.episode = number + 1
            _episode(sheet, Body(facts, book, now=now, whole=body), found, plan, [])
    if backward:
        _backward(sheet, body, backward)
    sheet.episode = 1
    appeals.write(sheet, body)
    _died(sheet, body)
    return sheet.derivation(_status(dossier, body, counted))


def status_of(dossier: Dossier, now: datetime) -> Status:
    """Return what others lean on in a contact."""
    body = Body(dossier.facts, dossier.rulebook)
    return _status(dossier, body, {fact.id: _counted(fact, dossier, body, now) for fact in body.of("exposure")})


def _status(dossier: Dossier, body: Body, counted: Mapping[str, Met | None]) -> Status:
    direct = [f for f in body.of("exposure") if f.value["to"].kind == "infection"]
    met = [m for m in (counted[f.id] for f in direct) if m is not None]
    assessed = body.last("assessment")
    apart = body.separated(min((m.begins for m in met), default=None))
    taken = body.taken()
    positive = body.positive()
    infection = dossier.leans_on.get(Subject("infection", dossier.subject.number))
    infected = positive is not None or (infection is not None and infection.state in _INFECTED)
    state = "positive" if infected else assessed.value["class"] if assessed is not None else "candidate"
    known = [f.known_at for f in body.of("exposure")]
    known += [t.result.known_at for t in taken if t.result is not None]
    known += [assessed.known_at] if assessed is not None else []
    return Status(
        state=state,
        first_exposure=min((m.begins for m in met), default=None),
        last_exposure=max((m.last for m in met), default=None),
        separated_at=apart.at if apart is not None else None,
        since=assessed.known_at if assessed is not None else None,
        changed_at=max(known, default=None),
        tests=tuple((t.day, t.outcome) for t in taken),
        values=tuple(("strain", strain) for strain in sorted(_strains(direct, dossier))),
    )


def _strains(exposures: Sequence[Fact], dossier: Dossier) -> set[str]:
    """Return the strains or species of those whom she met, as far as they are known."""
    met = (dossier.leans_on.get(fact.value["to"]) for fact in exposures)
    return {value for status in met if status is not None for name, value in status.values if name == "strain"}


def _plan(book: Rulebook) -> Plan:
    classes = tuple(book.get("contact.classes", ()))
    longest = 0
    immune = set()
    for cls in classes:
        for state in ("any", "evidence", "none", "unknown", "waiting"):
            name = book.values.get(f"contact.{cls}.course.{state}")
            if name is not None:
                longest = max(longest, course_of(book, name.value).longest)
                if state != "any":
                    immune.add(cls)
    doses = any(key.startswith("dose.") for key in book.values)
    return Plan(classes, longest, frozenset(immune), doses)


def _died(sheet: Sheet, body: Body) -> None:
    """End what can no longer be done for someone who has died; whom she met and what she was still matters."""
    death = body.last("death")
    if death is None:
        return
    why = sheet.because("duty.died", facts=(death,))
    sheet.duties = [
        d if d.ended != OPEN or d.kind in _AFTER_DEATH else
        d._replace(ended=IMPOSSIBLE, proved_by=(death.id,), because=(*d.because, why))
        for d in sheet.duties
    ]  # fmt: skip
    sheet.proposals = [p for p in sheet.proposals if p.kind in ("class", "case")]


# ── exposures ────────────────────────────────────────────────────────────────────────────────────────────────────


def _met(body: Body, counted: Mapping[str, Met | None]) -> tuple[list[Met], list[Fact], list[Fact]]:
    """Return exposures that count, those to a possible source, and those that no longer count."""
    met: list[Met] = []
    backward: list[Fact] = []
    withdrawn: list[Fact] = []
    for fact in body.of("exposure"):
        if fact.value.get("backward"):
            backward.append(fact)
            continue
        one = counted[fact.id]
        if one is None:
            withdrawn.append(fact)
        else:
            met.append(one)
    met.sort(key=lambda m: (m.begins, m.fact.id))
    return met, backward, withdrawn


def _counted(fact: Fact, dossier: Dossier, body: Body, now: datetime) -> Met | None:
    """Return an exposure clipped to the infectious time of whom she met, None where it falls outside.

    An exposure to somebody of whom nothing is known counts as it was told. One that goes on runs until she is apart,
    the other is isolated or no longer infectious, and until then through today. So does one in the household in which
    both live, whatever end was told, unless it is said that it does not go on.
    """
    to = fact.value["to"]
    status = dossier.leans_on.get(to)
    begins, ends = fact.at, fact.until
    opens = closes = apart = stops_at = None
    if status is not None:
        if to.kind == "infection":
            if status.state == "discarded":
                return None
            opens, closes, apart = status.infectious_from, status.infectious_until, status.isolated_at
        else:
            opens, closes, apart = status.first_exposure, status.separated_at, status.separated_at
            if opens is None:
                return None
    home = _lives_with(fact, status, dossier, body)
    going_on = (bool(fact.value.get("going_on")) and ends is None) or home is not None
    if going_on:
        own = body.separated(begins)
        stops = [m for m in (apart, closes, own.at if own is not None else None) if m is not None and m >= begins]
        stops_at = min(stops, default=None)
        going_on = stops_at is None or stops_at > now
        book = dossier.rulebook
        runs_to = max(begins, book.start_of(book.day_of(now))) if going_on or stops_at is None else stops_at
        home = home if going_on or ends is None or runs_to > ends else None  # else she was apart by the end told
        ends = runs_to if ends is None else max(ends, runs_to)
    if ends is None:
        ends = begins
    if opens is not None and begins < opens:
        if ends < opens:
            return None
        begins = opens
    if closes is not None and ends >= closes:
        residual = fact.value.get("after_minutes")
        if begins >= closes:
            # She came after the case had left, into air that still counts: it was told so, and the pack says how long.
            longest = dossier.rulebook.get("exposure.residual", 0)
            if residual is None or residual > longest:
                return None
            return Met(begins, ends, fact, False)
        ends = closes
    return Met(begins, ends, fact, going_on, stops_at, home)


def _lives_with(fact: Fact, status: Status | None, dossier: Dossier, body: Body) -> Fact | None:
    """Return what says that she lives with the case whom she met at home, None where it is said to be over or nothing
    says so.
    """
    if status is None or fact.value["setting"] != "household" or fact.value["to"].kind != "infection":
        return None
    if fact.value.get("going_on") is False:
        return None
    theirs = {value for name, value in status.values if name == "household"}
    if not theirs:
        return None
    return next((told for home, told in body.homes(dossier.subject.number) if home in theirs), None)


def _episodes(met: list[Met], longest: int) -> list[list[Met]]:
    """Return exposures by episode: one that begins after a whole course has passed begins a new one."""
    episodes: list[list[Met]] = [[]]
    end: datetime | None = None
    for one in met:
        if end is not None and one.begins > end + timedelta(days=longest):
            episodes.append([])
        episodes[-1].append(one)
        end = one.ends if end is None else max(end, one.ends)
    return episodes


# ── one episode ──────────────────────────────────────────────────────────────────────────────────────────────────


def _episode(sheet: Sheet, body: Body, met: list[Met], plan: Plan, withdrawn: Sequence[Fact]) -> None:
    book, dossier = body.book, sheet.dossier
    assessed = body.last("assessment")
    if assessed is None or assessed.value["class"] in DROPPED:
        _arrived(sheet, body)
    if not met and assessed is None:
        support(sheet, body)
        return
    person = body.last("person")
    found = _classified(met, dossier, person)
    known_at = min((_known(m, dossier) for m in met), default=assessed.known_at if assessed else sheet.now)
    strict = strictest(found, book.get("contact.classes", ()))
    if met:
        _assess(sheet, found, strict, assessed, known_at)
    if assessed is None or assessed.value["class"] in DROPPED:
        if assessed is not None and not _restrained_as_arrival(body):
            _free(sheet, body, assessed.known_at, (sheet.because("duty.free_not_restrained", facts=(assessed,)),))
            _close_when_infected(sheet, body)
        support(sheet, body)
        return
    cls = assessed.value["class"]
    linked = [
        s for s in (dossier.leans_on.get(m.fact.value["to"]) for m in met if m.fact.value["to"].kind == "contact")
        if s is not None
    ]  # fmt: skip
    exposures = [m.fact for m in met]
    told_at = [f.known_at for f in (*exposures, *withdrawn)] + _changes((*exposures, *withdrawn), dossier)
    told_at += [m.home.known_at for m in met if m.home is not None]
    bare = not met and not withdrawn
    if bare:
        _assess_bare(sheet, body, cls, assessed)
    else:
        _assess_again(sheet, cls, met, strict, assessed, linked, told_at)
    first = min((m.begins for m in met), default=assessed.at)
    last = max((m.last for m in met), default=assessed.at)
    changed = max([assessed.known_at, *[f.known_at for f in body.of("exposure")], *told_at])
    ended = max((m.ends for m in met), default=last)
    why: tuple[Because, ...] = (
        sheet.because("duty.class", f"contact.{cls}.of", (assessed, *exposures[:3]), cls=cls, first=first, last=ended),
        *_at_home(sheet, met),
    )
    name = _course(sheet, body, plan, cls, first, last, assessed.known_at, _strains(exposures, dossier))
    course = course_of(book, name) if name is not None else None
    told(sheet, body, assessed, why, restrained=course is not None and course.restrains)
    located(sheet, body, assessed)
    letters(sheet, body, assessed)
    if course is not None and (met or not withdrawn):
        walk = Walk(
            sheet=sheet, body=body, course=course,
            anchors=_anchors(first, last, body), known_at=assessed.known_at, changed_at=changed, why=why, cls=cls,
            linked=() if _capped(book, cls, linked) else linked, frozen=_frozen(body, sheet),
        )  # fmt: skip
        walk.along()
        if bare:  # day 0 is not known: nothing longer can be asked for
            sheet.proposals = [p for p in sheet.proposals if p.kind != "extend"]
        if not course.restrains:
            _free(sheet, body, changed, (*why, sheet.because("duty.free_not_restrained", facts=(assessed,))))
    elif withdrawn and not met:
        free = sheet.because("duty.free_at_once", "clock.free_within.target", withdrawn[:3])
        _free(sheet, body, changed, (*why, free))
    support(sheet, body)
    _unwell(sheet, body)
    _close_when_infected(sheet, body)


def _at_home(sheet: Sheet, met: Sequence[Met]) -> tuple[Because, ...]:
    """Return that she lives with a case, where an exposure ran on for that reason."""
    return tuple(
        sheet.because("duty.lives_with_case", "infectious.ends_by", (m.fact, m.home), to=str(m.fact.value["to"]))
        for m in met
        if m.home is not None
    )[:1]


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


def _classified(met: Sequence[Met], dossier: Dossier, person: Fact | None) -> list[tuple[Met, Classified]]:
    values = person.value if person is not None else None
    return [(m, classify(_as_it_ran(m), dossier.rulebook, index=dossier.leans_on.get(m.fact.value["to"]),
                         person=values)) for m in met]  # fmt: skip


def _as_it_ran(met: Met) -> Fact:
    """Return an exposure as told, or open to its end where it ran on because they live together."""
    if met.home is None:
        return met.fact
    return met.fact._replace(until=None, value={**met.fact.value, "going_on": True})


def _known(met: Met, dossier: Dossier) -> datetime:
    """Return when an exposure became one: when it was told, and whom she met was known to be a case."""
    status = dossier.leans_on.get(met.fact.value["to"])
    since = status.since if status is not None else None
    return met.fact.known_at if since is None else max(met.fact.known_at, since)


def strictest(found: Sequence[tuple[Met, Classified]], classes: Sequence[str]) -> tuple[Met, Classified] | None:
    """Return the exposure of the strictest class, None where none is of any."""
    ranked = [(classes.index(c.cls), n) for n, (_, c) in enumerate(found) if c.cls in classes]
    return found[min(ranked)[1]] if ranked else None


def _assess(
    sheet: Sheet,
    found: Sequence[tuple[Met, Classified]],
    strict: tuple[Met, Classified] | None,
    assessed: Fact | None,
    known_at: datetime,
) -> None:
    """Write the duty to assess a candidate, with the class that the pack proposes and what is not known."""
    book = sheet.dossier.rulebook
    hours = book.hours("assess")
    reasons = strict[1].because if strict is not None else tuple(b for _, c in found[:1] for b in c.because)
    sheet.duty("assess", "first", begins=known_at, due=None if hours is None else known_at + hours, because=reasons,
               proofs=[assessed] if assessed is not None else [],
               values={"class": strict[1].cls if strict else "none"})  # fmt: skip
    if assessed is None:
        unknowns = tuple(u for _, c in found for u in c.unknowns)
        sheet.propose("class", "first", reasons, cls=strict[1].cls if strict else "none", ask=unknowns)


def _assess_bare(sheet: Sheet, body: Body, cls: str, assessed: Fact) -> None:
    """Open `assess again` where an assessment rests on no exposure."""
    hours = body.book.hours("assess_again") or body.book.hours("assess") or timedelta(hours=24)
    nothing = sheet.because("duty.no_exposure", facts=(assessed,), cls=cls)
    sheet.duty("assess_again", str(sum(f.kind == "assessment" for f in body.every())), begins=assessed.known_at,
               due=assessed.known_at + hours, because=(nothing,), values={"from": cls, "to": "none"})  # fmt: skip


def _assess_again(
    sheet: Sheet,
    cls: str,
    met: Sequence[Met],
    strict: tuple[Met, Classified] | None,
    assessed: Fact,
    linked: Sequence[Status],
    told_at: Sequence[datetime],
) -> None:
    """Open `assess again` where evidence changed after the assessment and the pack would now say otherwise.

    The assessment stands meanwhile. `told_at` is when each exposure, and whom she met, last changed.
    """
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


def _changes(exposures: Sequence[Fact], dossier: Dossier) -> list[datetime]:
    """Return when those whom she met last changed."""
    statuses = (dossier.leans_on.get(fact.value["to"]) for fact in exposures)
    return [s.changed_at for s in statuses if s is not None and s.changed_at is not None]


def _course(
    sheet: Sheet,
    body: Body,
    plan: Plan,
    cls: str,
    first: datetime,
    last: datetime,
    known_at: datetime,
    strains: set[str],
) -> str | None:
    """Return the course to follow, by class, immunity and doses in time; write the doses that are due."""
    book, now = body.book, sheet.now
    name: str | None = book.get(f"contact.{cls}.course.any")
    if cls in plan.immune or plan.doses:
        immunity = immunity_of(body.every(), book, now, first)
        by_state = book.get(f"contact.{cls}.course.{immunity.state}")
        name = by_state if by_state is not None else name
        for due in doses_due(body.every(), book, first, last, immunity, now):
            if due.given is None and _not_owed(sheet, body, due.dose, strains):
                continue
            proofs = [due.given] if due.given is not None else []
            late = due.given is not None and not due.in_time
            over = due.given is None and now > due.due
            why = (
                (*due.because, sheet.because("duty.dose_too_late", f"dose.{due.dose}.within")) if over else due.because
            )
            sheet.duty("dose", due.dose, begins=max(due.begins, known_at), due=due.due, because=why, proofs=proofs,
                       ended=IMPOSSIBLE if over else None, values={"product": due.product, "late": late})  # fmt: skip
            if due.in_time and due.course is not None:
                name = due.course
    return name


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
    return bool(book.get(f"contact.{cls}.capped_by_own_days")) and any(not s.tests for s in linked)


def _frozen(body: Body, sheet: Sheet) -> Fact | None:
    """Return a cross-infection whose ruling is awaited; the freeze ends by itself after its hours."""
    book = body.book
    if not body.of("cross_infection"):
        return None
    hours = min(book.hours("cross_infection_ruling") or _FREEZE, _FREEZE)
    ruled = {f.value["on"] for f in body.of("ruling")}
    for fact in body.of("cross_infection"):
        if fact.id not in ruled and sheet.now < fact.at + hours:
            sheet.wake(fact.at + hours)
            return fact
    return None


def _free(sheet: Sheet, body: Body, changed: datetime, why: tuple[Because, ...]) -> None:
    """Write the release, due within the hour, of someone whom nothing is to restrain any more but what was signed."""
    hours = body.book.hours("free_within", 1.0) or timedelta(hours=1)
    signed = body.restrained_by(changed, sheet.now)
    if not signed:
        return
    for ends, _ in signed:
        sheet.wake(ends)
    released = [f for f in body.of("release") if f.at >= changed]
    sheet.duty("release", "withdrawn", begins=changed, due=changed + hours, because=why, proofs=best(released))


def _close_when_infected(sheet: Sheet, body: Body) -> None:
    """Supersede what was asked of her as a contact once she is a case; propose the case while she is only positive."""
    infection = sheet.dossier.leans_on.get(Subject("infection", sheet.dossier.subject.number))
    positive = body.positive()
    if infection is not None and infection.state in _INFECTED:
        why = sheet.because("duty.now_a_case", facts=() if positive is None else (positive.sample,))
        keep = ("assess", "support", "notify")
        sheet.duties = [d if d.kind in keep else supersede(d, why) for d in sheet.duties]
    elif positive is not None:
        why = sheet.because("proposal.case", facts=(positive.sample,))
        sheet.propose("case", "positive", (why,))


def _backward(sheet: Sheet, body: Body, exposures: Sequence[Fact]) -> None:
    """Write what is offered to someone who may have been the source: asked and tested, never restricted."""
    book = body.book
    name = book.get("backward.course")
    sheet.episode = 1
    first = exposures[0]
    hours = book.hours("interview_full")
    why = (sheet.because("duty.backward", "backward.course", exposures[:3]),)
    asked = [f for f in body.of("attempt") if f.value["outcome"] == "reached"]
    sheet.duty("ask_backward", "asked", begins=first.known_at, due=None if hours is None else first.known_at + hours,
               because=why, proofs=asked[-1:])  # fmt: skip
    if name is not None:
        course = course_of(book, name)
        free = course._replace(stages=tuple(s for s in course.stages if not s.restrains))
        walk = Walk(sheet=sheet, body=body, course=free, anchors={"last_exposure": first.known_at}, cls="backward",
                    known_at=first.known_at, changed_at=first.known_at, why=why)  # fmt: skip
        walk.along()
