"""A zone: ordered with an end, reviewed, tested, supplied, and lifted when three conditions hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.derive.clocked import clocked, deeds, in_hours, standing_instruments
from ringfence.rules.derive.sheet import Dossier, Sheet, best
from ringfence.rules.duties import Because, Derivation, Status
from ringfence.rules.facts import Fact

_OVER = ("none", "lifted", "lapsed", "proposed")
_ACTED = ("acting", "done", "confirmed")


class Zone(NamedTuple):
    """A zone as it stands: its level, the fact by which that level began, all its facts, and how many live in it."""

    level: str
    begun: Fact
    facts: list[Fact]
    persons: int | None

    def key(self, name: str) -> str:
        """Return the key of the pack for something of this level."""
        return f"zone.{self.level}.{name}"


class Condition(NamedTuple):
    """One condition of lifting: when it holds at the earliest (None: cannot be said), whether it holds, and why."""

    holds: bool
    earliest: datetime | None
    because: Because


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties of a zone and the proposals to order, change or lift it."""
    sheet = Sheet(dossier, now)
    facts = dossier.of("zone")
    orders = standing_instruments(sheet)
    if not facts:
        return sheet.derivation()
    last = facts[-1]
    if last.value["stage"] == "proposed":
        _order_needed(sheet, Zone(last.value["level"], last, facts, _persons(facts)))
        return sheet.derivation(Status("proposed"))
    zone = _zone(facts)
    lifted = last if last.value["stage"] == "lifted" else None
    until = _until(sheet, zone, orders)
    conditions = list(_conditions(sheet, zone))
    earliest = _earliest(conditions)
    if lifted is None:
        _begin(sheet, zone)
        _reviews(sheet, zone, until)
        _coverage(sheet, zone)
        _needs(sheet)
        if until is None:
            _order_needed(sheet, zone)
        _changes(sheet, zone)
    lapsed = until is not None and until <= now and lifted is None
    _lift(sheet, zone, conditions, lapsed_at=until if lapsed else None, lifted=lifted)
    state = "lifted" if lifted else "lapsed" if lapsed else "unordered" if until is None else zone.level
    values: list[tuple[str, Any]] = [("level", zone.level), ("until", until), ("earliest_lift", earliest)]
    if dossier.rulebook.get(zone.key("lifts_with")) is not None:
        values.append(("lifts_with", "all_others"))
    if lifted or lapsed:
        values.append(("over_at", lifted.at if lifted else until))
    return sheet.derivation(Status(state, values=tuple(values)))


def _zone(facts: list[Fact]) -> Zone:
    """Return the zone by its last facts; a level begins with the first fact in a row that names it."""
    standing = [f for f in facts if f.value["stage"] in ("active", "changed")] or facts[-1:]
    level, begun = standing[-1].value["level"], standing[-1]
    for fact in reversed(standing):
        if fact.value["level"] != level:
            break
        begun = fact
    return Zone(level, begun, facts, _persons(facts))


def _persons(facts: list[Fact]) -> int | None:
    return next((f.value["persons"] for f in reversed(facts) if "persons" in f.value), None)


def _until(sheet: Sheet, zone: Zone, orders: list[tuple[Fact, datetime]]) -> datetime | None:
    """Return when what was ordered ends, None where nothing stands: by its own end or the longest the pack allows."""
    book = sheet.dossier.rulebook
    longest = book.get(zone.key("longest"))
    ends = []
    for fact, end in orders:
        if _orders(fact, zone, book.get(zone.key("asks"))):
            served = fact.value.get("served_at") or fact.at
            sheet.wake(served)
            if served > sheet.now:
                continue
            most = None if longest is None else book.start_of(book.day_of(fact.at) + longest + 1)
            ends.append(end if most is None else min(end, most))
    if not ends:
        return None
    sheet.wake(max(ends))
    return max(ends)


def _orders(fact: Fact, zone: Zone, asks: str | None) -> bool:
    """Return whether an instrument is for the level of the zone: by its name, else by what it asks.

    An order for the milder level restrains nobody at the stricter one.
    """
    if "level" in fact.value:
        return bool(fact.value["level"] == zone.level)
    return asks is None or fact.value["asks"] == asks


def _order_needed(sheet: Sheet, zone: Zone) -> None:
    """Propose the order that a zone needs, with its latest end and what it costs."""
    book = sheet.dossier.rulebook
    longest = book.get(zone.key("longest"))
    asks = book.get(zone.key("asks"), "-")
    ends = None if longest is None else book.start_of(book.day_of(sheet.now) + longest + 1)
    if longest is not None:
        sheet.wake(book.start_of(book.day_of(sheet.now) + 1))
    cost = None if longest is None or zone.persons is None else longest * zone.persons
    why = sheet.because("duty.zone_order", zone.key("longest" if longest is not None else "asks"), (zone.begun,),
                        level=zone.level, asks=asks)  # fmt: skip
    sheet.propose("order", "order", (why,), level=zone.level, asks=asks, ends_at_most=ends,
                  person_days=cost)  # fmt: skip


def _begin(sheet: Sheet, zone: Zone) -> None:
    """Owe the public notice and the first delivery."""
    dossier, book, begun = sheet.dossier, sheet.dossier.rulebook, zone.begun
    told = [f for f in dossier.of("notice") if f.at >= begun.at]
    clocked(sheet, "notify", "public", "zone_notice", since=begun.known_at, code="duty.zone_notice", facts=(begun,),
            proofs=best(told))  # fmt: skip
    hours = book.get(zone.key("delivery"))
    if hours is not None:
        why = sheet.because("duty.zone_delivery", zone.key("delivery"), (begun,), hours=hours)
        done = [f for f in deeds(dossier, "support", "delivery") if f.at >= begun.at]
        sheet.duty("support", "delivery", begins=begun.known_at, due=begun.known_at + timedelta(hours=hours),
                   because=(why,), proofs=best(done))  # fmt: skip


def _reviews(sheet: Sheet, zone: Zone, until: datetime | None) -> None:
    """Owe each review whose time has begun; a review in its time proves it."""
    hours = sheet.dossier.rulebook.get(zone.key("review"))
    if not hours:
        return
    step, begun = timedelta(hours=hours), zone.begun
    why = sheet.because("duty.zone_review", zone.key("review"), (begun,), hours=hours)
    done = sheet.dossier.of("done")
    stop = sheet.now if until is None else min(sheet.now, until)
    for number in range(1, max(int((stop - begun.at) / step) + 1, 1) + 1):
        begins, due = begun.at + (number - 1) * step, begun.at + number * step
        if number > 1 and until is not None and begins >= until:
            break
        proofs = [f for f in done if f.value["duty"] == f"zone_review/{number}"
                  or (f.value["duty"] == "zone_review" and begins < f.at <= due)]  # fmt: skip
        sheet.duty("zone_review", str(number), begins=begins, due=due, because=(why,), proofs=best(proofs))


def _coverage(sheet: Sheet, zone: Zone) -> None:
    """Owe a test of all residents on each of the days of the level."""
    book = sheet.dossier.rulebook
    first = book.day_of(zone.begun.at)
    for day in book.get(zone.key("tests"), ()):
        begins, due = book.start_of(first + day), book.start_of(first + day + 1)
        rounds = [f for f in sheet.dossier.of("round") if begins <= f.at < due and f.value["outcome"] != "running"]
        done = rounds[-1].value["persons"] if rounds else 0
        exempt = rounds[-1].value.get("exempt", 0) if rounds else 0
        missing = None if zone.persons is None else zone.persons - done - exempt
        proofs = rounds[-1:] if missing is None or missing <= 0 else []
        why = sheet.because("duty.zone_test", zone.key("tests"), (zone.begun,), day=day,
                            date=date.fromordinal(first + day))  # fmt: skip
        sheet.duty("coverage", f"d{day}", begins=begins, due=due, because=(why,), proofs=proofs,
                   values={"persons": zone.persons, "done": done, "exempt": exempt, "missing": missing})  # fmt: skip


def _needs(sheet: Sheet) -> None:
    """Owe a first act for each need of the zone."""
    answers = sheet.dossier.of("answer")
    for fact in {f.value["number"]: f for f in sheet.dossier.of("need")}.values():
        number = fact.value["number"]
        acts = [f for f in answers if f.value["number"] == number and f.value["stage"] in _ACTED]
        clocked(sheet, "support", f"n{number}", f"support_{fact.value['priority']}", since=fact.known_at,
                code="duty.zone_need", facts=(fact,), proofs=best(acts))  # fmt: skip


def _infections(sheet: Sheet, zone: Zone) -> Iterator[tuple[datetime, Fact]]:
    """Yield when each infection of the zone was found, with the fact that says so."""
    seen = set()
    for fact in zone.facts:
        for subject in fact.value.get("infections", ()):
            status = sheet.dossier.leans_on.get(subject)
            if subject in seen or (status is not None and status.state == "discarded"):
                continue
            seen.add(subject)
            found = None if status is None else dict(status.values).get("found_at") or status.isolated_at
            yield found if isinstance(found, datetime) else fact.at, fact
    for fact in sheet.dossier.of("round"):
        if fact.value["outcome"] == "positive":
            yield fact.at, fact


def _conditions(sheet: Sheet, zone: Zone) -> Iterator[Condition]:
    """Yield the conditions that the pack puts on lifting, each with the earliest moment at which it can hold."""
    book, now = sheet.dossier.rulebook, sheet.now
    whole = []
    days = book.get(zone.key("days_without_infection"))
    if days is not None:
        at, fact = max(_infections(sheet, zone), key=lambda pair: pair[0], default=(zone.facts[0].at, zone.facts[0]))
        day = book.day_of(at)
        whole.append(book.start_of(day + days + 1))
        yield Condition(now >= whole[-1], whole[-1], sheet.because(
            "duty.zone_no_infection", zone.key("days_without_infection"), (fact,), days=days,
            last=date.fromordinal(day), earliest=whole[-1]))  # fmt: skip
    days = book.get(zone.key("days_since_last_contact"))
    if days is not None:
        condition = _contacts(sheet, zone, days)
        if condition.earliest is not None:
            whole.append(condition.earliest)
        yield condition
    days = book.get(zone.key("round_within"))
    if days is not None:
        yield _round(sheet, zone, days, max(whole, default=now))
    if book.get(zone.key("lifts_with")) is not None:
        yield _others(sheet, zone)


def _others(sheet: Sheet, zone: Zone) -> Condition:
    """Return the condition that all other zones are lifted; those that wait for the others themselves do not count."""
    key = zone.key("lifts_with")
    zones = {s: status for s, status in sheet.dossier.leans_on.items() if s.kind == "zone" and s != zone.begun.subject
             and ("lifts_with", "all_others") not in status.values}  # fmt: skip
    others = sorted(s for s, status in zones.items() if status.state not in _OVER)
    if others:
        said = ", ".join(map(str, others))
        return Condition(False, None, sheet.because("duty.zone_with_others", key, others=said))
    lifted = [dict(status.values).get("over_at") for status in zones.values()]
    at = max([zone.begun.known_at, *(moment for moment in lifted if isinstance(moment, datetime))])
    return Condition(True, at, sheet.because("duty.zone_others_lifted", key))


def _contacts(sheet: Sheet, zone: Zone, days: int) -> Condition:
    """Return the condition on the last contact of the zone; a contact whose exposure is not known leaves it open."""
    book, key = sheet.dossier.rulebook, zone.key("days_since_last_contact")
    people = sorted({subject for fact in zone.facts for subject in fact.value.get("contacts", ())})
    last: dict[Any, datetime | None] = {
        subject: None if (status := sheet.dossier.leans_on.get(subject)) is None else status.last_exposure
        for subject in people
    }
    if not people:
        return Condition(True, None, sheet.because("duty.zone_no_contacts", key))
    unknown = [str(subject) for subject, at in last.items() if at is None]
    if unknown:
        return Condition(False, None, sheet.because("duty.zone_contact_unknown", key, who=", ".join(unknown)))
    day = max(book.day_of(at) for at in last.values() if at is not None)
    earliest = book.start_of(day + days + 1)
    why = sheet.because("duty.zone_last_contact", key, days=days, last=date.fromordinal(day), earliest=earliest)
    return Condition(sheet.now >= earliest, earliest, why)


def _round(sheet: Sheet, zone: Zone, days: int, others: datetime) -> Condition:
    """Return the condition that an all-person round, all negative, lies within so many days before the lift."""
    book, key = sheet.dossier.rulebook, zone.key("round_within")
    lift = max(book.day_of(sheet.now), book.day_of(others))
    full = [f for f in sheet.dossier.of("round") if f.value["outcome"] == "negative"
            and (zone.persons is None or f.value["persons"] + f.value.get("exempt", 0) >= zone.persons)]  # fmt: skip
    good = [f for f in full if lift - days <= book.day_of(f.at) <= lift]
    first, final = date.fromordinal(lift - days), date.fromordinal(lift - 1)
    if good:
        why = sheet.because("duty.zone_round_done", key, good[-1:], date=date.fromordinal(book.day_of(good[-1].at)))
        sheet.wake(book.start_of(book.day_of(good[-1].at) + days + 1))
        return Condition(True, good[0].known_at, why)
    sheet.wake(book.start_of(lift - days))
    sheet.wake(book.start_of(book.day_of(sheet.now) + 1))
    why = sheet.because("duty.zone_round_needed", key, full[-1:], days=days, first=first, last=final)
    return Condition(False, book.start_of(lift), why)


def _earliest(conditions: list[Condition]) -> datetime | None:
    """Return when the zone can be lifted at the earliest; None where that cannot be said or nothing is asked."""
    if any(c.earliest is None and not c.holds for c in conditions):
        return None
    return max((c.earliest for c in conditions if c.earliest is not None), default=None)


def _lift(
    sheet: Sheet, zone: Zone, conditions: list[Condition], *, lapsed_at: datetime | None, lifted: Fact | None
) -> None:
    """Owe the lift when every condition holds or the order has ended; until then say what is still missing."""
    book = sheet.dossier.rulebook
    reasons = tuple(condition.because for condition in conditions)
    earliest = _earliest(conditions)
    holds = bool(conditions) and all(condition.holds for condition in conditions)
    within = book.hours("free_within") or timedelta(0)
    if lapsed_at is not None:
        why = sheet.because("duty.zone_lapsed", book.clock_key("free_within"), until=lapsed_at)
        sheet.duty("lift", "lift", begins=lapsed_at, due=lapsed_at + within, because=(why, *reasons))
        return
    if holds or lifted is not None:
        begins = earliest or sheet.now
        if lifted is not None:
            begins = min(begins, lifted.at)
        free = sheet.because("duty.zone_lift", book.clock_key("free_within"), hours=in_hours(within))
        sheet.duty("lift", "lift", begins=begins, due=begins + within, because=(free, *reasons),
                   proofs=(lifted,) if lifted else ())  # fmt: skip
    if lifted is not None:
        return
    then = book.get(zone.key("then"))
    if holds:
        sheet.propose("downgrade" if then else "lift", "lift", reasons, level=then)
    elif conditions:
        sheet.wake(earliest)
        sheet.propose("lift_later", "lift", reasons, earliest=earliest, then=then,
                      holds=tuple(condition.holds for condition in conditions))  # fmt: skip


def _changes(sheet: Sheet, zone: Zone) -> None:
    """Propose the next stricter level where an infection was found after this one began."""
    levels = sheet.dossier.rulebook.get("zone.levels", ())
    if zone.level not in levels or levels.index(zone.level) == 0:
        return
    new = [(at, fact) for at, fact in _infections(sheet, zone) if at > zone.begun.at]
    if new:
        stricter = levels[levels.index(zone.level) - 1]
        why = sheet.because("duty.zone_upgrade", "zone.levels", [max(new, key=lambda pair: pair[0])[1]],
                            level=zone.level, stricter=stricter)  # fmt: skip
        sheet.propose("upgrade", "level", (why,), level=stricter)
