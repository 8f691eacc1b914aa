"""Which doses are due to a person after an exposure, until when they help, and what follows from one in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.duties import Because
from ringfence.rules.facts import Fact
from ringfence.rules.immunity.evidence import EVIDENCE, Immunity
from ringfence.rules.immunity.person import Person, plain
from ringfence.rules.rulebook import Rulebook

_INFANT_UNTIL_MONTHS = 12
_OWED_IN_ANY_STATE = frozenset({"any", "immunosuppressed"})


class DoseDue(NamedTuple):
    """A dose that is due to an exposed person; it helps from `begins` to `due`.

    `given` is the dose that she had, if any, and `in_time` whether it was in time; `course` is what she then follows.
    """

    dose: str
    product: str
    begins: datetime
    due: datetime
    given: Fact | None
    in_time: bool
    because: tuple[Because, ...]
    course: str | None = None


def doses_due(
    facts: Sequence[Fact],
    book: Rulebook,
    first_exposure: datetime | None,
    last_exposure: datetime | None,
    immunity: Immunity,
    at: datetime,
) -> Sequence[DoseDue]:
    """Return the doses that are due to an exposed person at a moment, or that she was given, in the pack's order.

    Hours left are `due` minus now, for the reader. Her age is that on the day from which the hours count.
    """
    rules = book.made("immunity.doses_due", _dose_rules)
    if not rules or first_exposure is None:
        return ()
    if immunity.state == EVIDENCE and not any(_OWED_IN_ANY_STATE.intersection(rule.groups) for rule in rules.values()):
        return ()
    doses = [fact for fact in facts if fact.kind == "dose" and fact.at <= at]
    first = book.day_of(first_exposure)
    last = first if last_exposure is None else book.day_of(last_exposure)
    windows = {
        name: _window(rule, last_exposure or first_exposure, last, doses, book)
        if rule.from_last
        else _window(rule, first_exposure, first, doses, book)
        for name, rule in rules.items()
    }
    exposed = _Exposed(Person.of(facts, at), immunity, book, at, rules, windows)
    owed = (_due(rule, exposed) for rule in rules.values())
    return tuple(due for due in owed if due is not None)


@dataclass(frozen=True, slots=True)
class _DoseRule:
    """One `dose.<dose>` of a pack. `reference` is the vaccine by whose youngest age infants are told apart."""

    name: str
    product: str
    products: frozenset[str]
    within: timedelta
    from_last: bool
    groups: tuple[str, ...]
    barred: tuple[str, ...]
    youngest: int | None
    course: str | None
    not_when: str | None
    reference: str

    @property
    def key(self) -> str:
        """Return where the keys of this dose begin."""
        return f"dose.{self.name}"


class _Window(NamedTuple):
    begins: datetime
    due: datetime
    day: int
    given: Fact | None
    in_time: bool


def _dose_rules(book: Rulebook) -> dict[str, _DoseRule]:
    """Return the doses of a pack by name, in the order in which it names them."""
    by: dict[str, dict[str, Any]] = {}
    for key, ruled in book.values.items():
        if key.startswith("dose."):
            _, name, what = key.split(".")
            by.setdefault(name, {})[what] = ruled.value
    vaccines = frozenset(map(plain, book.values["immunity.vaccines"].value if book.has("immunity.vaccines") else ()))
    aged = next((name for name, of in by.items() if "youngest" in of), None)
    return {name: _dose_rule(name, of, vaccines, aged or name) for name, of in by.items() if "within" in of}


def _dose_rule(name: str, of: Mapping[str, Any], vaccines: frozenset[str], aged: str) -> _DoseRule:
    product = plain(of.get("product", name))
    return _DoseRule(
        name=name,
        product=of.get("product", name),
        products=vaccines if product in vaccines else frozenset({product}),
        within=timedelta(hours=of["within"]),
        from_last=of.get("from") == "last_exposure",
        groups=tuple(of.get("for", ("no_evidence",))),
        barred=tuple(of.get("not_for", ())),
        youngest=of.get("youngest"),
        course=of.get("course"),
        not_when=of.get("not_when"),
        reference=of.get("not_when") or (name if "youngest" in of else aged),
    )


def _window(rule: _DoseRule, begins: datetime, day: int, doses: Sequence[Fact], book: Rulebook) -> _Window:
    """Return when a dose helps and the one that was given; a dose known by its day alone counts on that day."""
    due = begins + rule.within
    given: Fact | None = None
    if doses:
        had = (f for f in doses if plain(f.value["product"]) in rule.products and book.day_of(f.at) >= day)
        given = next(had, None)
    return _Window(begins, due, day, given, given is not None and given.at <= due)


class _Exposed(NamedTuple):
    """An exposed person, with the windows of all doses of the pack."""

    person: Person
    immunity: Immunity
    book: Rulebook
    at: datetime
    rules: Mapping[str, _DoseRule]
    windows: Mapping[str, _Window]


def _due(rule: _DoseRule, exposed: _Exposed) -> DoseDue | None:
    """Return a dose that is due, None where she is not of those who are offered it."""
    book, window = exposed.book, exposed.windows[rule.name]
    months = exposed.person.months(date.fromordinal(window.day))
    reference = exposed.rules.get(rule.reference)
    youngest = reference.youngest if reference is not None else None
    too_young = months is not None and youngest is not None and months < youngest
    if _is_barred(rule, exposed, months, too_young=too_young):
        return None
    other = exposed.windows.get(rule.not_when or "")
    if window.given is None and other is not None and other.in_time:
        book.asked.add(f"{rule.key}.not_when")
        return None
    beyond = window.given is not None or (reference is not None and exposed.at > exposed.windows[reference.name].due)
    late = beyond and months is not None and not too_young and months < _INFANT_UNTIL_MONTHS
    group = next((g for g in rule.groups if _is_in(g, exposed, infant=too_young, infant_late=late)), None)
    return None if group is None else _written(rule, window, group, exposed)


def _is_barred(rule: _DoseRule, exposed: _Exposed, months: int | None, *, too_young: bool) -> bool:
    """Return whether a person is too young for a dose, or it is not for her."""
    if rule.youngest is not None and months is not None and months < rule.youngest:
        exposed.book.asked.add(f"{rule.key}.youngest")
        return True
    for group in rule.barred:
        if too_young if group == "infant" else exposed.person.is_(group):
            exposed.book.asked.add(f"{rule.key}.not_for")
            return True
    return False


def _is_in(group: str, exposed: _Exposed, *, infant: bool, infant_late: bool) -> bool:
    """Return whether a person is of a group that is offered a dose."""
    if group == "any":
        return True
    if group == "immunosuppressed":
        # Severe immunosuppression makes evidence of immunity worthless, so it is not asked for.
        return exposed.person.immunosuppressed
    if exposed.immunity.state == EVIDENCE:
        return False
    known = {"no_evidence": True, "infant": infant, "infant_late": infant_late}
    return known[group] if group in known else exposed.person.is_(group)


def _written(rule: _DoseRule, window: _Window, group: str, exposed: _Exposed) -> DoseDue:
    book, key, given = exposed.book, rule.key, window.given
    book.asked.update((f"{key}.product", f"{key}.from"))
    hours = int(rule.within / timedelta(hours=1))
    whose = () if group in ("any", "no_evidence") else exposed.person.facts
    why = [
        book.because(f"dose.for_{group}", f"{key}.for", whose),
        book.because(f"dose.hours_from_{'last' if rule.from_last else 'first'}", f"{key}.within", hours=hours),
    ]
    if given is not None:
        code = "dose.in_time" if window.in_time else "dose.too_late"
        why.append(book.because(code, f"{key}.course" if window.in_time else "", (given.id,)))
    course = rule.course if window.in_time else None
    return DoseDue(rule.name, rule.product, window.begins, window.due, given, window.in_time, tuple(why), course)
