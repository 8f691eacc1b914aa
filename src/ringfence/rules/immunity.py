"""Whether a person is immune as far as anybody knows, and which doses are due to her after an exposure.

Both follow from facts and from the keys `immunity.*` and `dose.*` of a pack; a pack without them asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.duties import Because
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook

EVIDENCE, NONE, UNKNOWN, WAITING = "evidence", "none", "unknown", "waiting"
STATES = (EVIDENCE, NONE, UNKNOWN, WAITING)
_INFANT_UNTIL_MONTHS = 12
_DAYS_A_YEAR = 365.25


class Immunity(NamedTuple):
    """What is known of somebody's immunity: evidence of it, none, unknown, or waiting for a laboratory."""

    state: str
    because: tuple[Because, ...] = ()


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


def immunity_of(facts: Sequence[Fact], book: Rulebook, at: datetime, first_exposure: datetime | None) -> Immunity:
    """Return what is known at a moment of the immunity of the person whom `facts` are about, oldest first.

    A human's word stands over all that was known when it was given. A dose on or after the day of the first exposure
    is no evidence, and neither is IgG in a sample taken after such a dose.
    """
    made = book.made("immunity.evidence", _evidence)
    if not made:
        return _NOT_ASKED
    evidence = made[0]
    word: Fact | None = None
    for fact in facts:
        if fact.kind == "immunity" and fact.at <= at and _of_this_disease(fact, book):
            word = fact if word is None or (fact.known_at, fact.at) >= (word.known_at, word.at) else word
    if word is None:
        return _found(facts, facts, book, evidence, at, first_exposure)
    said = str(word.value["state"])
    if said != EVIDENCE:
        since = [fact for fact in facts if fact.known_at > word.known_at]
        found = _found(since, facts, book, evidence, at, first_exposure) if since else _NOT_ASKED
        if found.state in _OVERTAKES[said]:
            return found
    by = word.value.get("by") or word.source or "-"
    return Immunity(said, (book.because(f"immunity.said_{said}", "", (word.id,), by=by),))


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
    exposed = _Exposed(_Person.of(facts, at), immunity, book, at, rules, windows)
    owed = (_due(rule, exposed) for rule in rules.values())
    return tuple(due for due in owed if due is not None)


_NOT_ASKED = Immunity(UNKNOWN)
_OVERTAKES: Mapping[str, tuple[str, ...]] = {
    UNKNOWN: (EVIDENCE, NONE, WAITING), WAITING: (EVIDENCE, NONE), NONE: (EVIDENCE,),
}  # fmt: skip
"""What, when it becomes known after a human's word, takes its place. It frees, or answers what the word left open."""
_OWED_IN_ANY_STATE = frozenset({"any", "immunosuppressed"})


# ── the person ───────────────────────────────────────────────────────────────────────────────────────────────────


class _Person(NamedTuple):
    """What matters here of a person. `born` is the latest day on which she can have been born."""

    born: date | None
    pregnant: bool
    immunosuppressed: bool
    health_worker: bool
    facts: tuple[str, ...]

    @classmethod
    def of(cls, facts: Iterable[Fact], at: datetime) -> _Person:
        """Return what facts known of a person say by a moment; of two that differ the later counts."""
        said: dict[str, object] = {}
        ids: tuple[str, ...] = ()
        by_age: date | None = None
        for fact in facts:
            if fact.kind == "person" and fact.known_at <= at:
                said.update(fact.value)
                ids = (*ids, fact.id)
                if "age_years" in fact.value:
                    by_age = fact.at.date() - timedelta(days=float(fact.value["age_years"]) * _DAYS_A_YEAR)
        return cls(
            born=_birth(said.get("birth_date")) or by_age,
            pregnant=said.get("pregnant") is True,
            immunosuppressed=said.get("immunosuppressed") is True,
            health_worker=said.get("work") == "health_worker",
            facts=ids,
        )

    def months(self, on: date) -> int | None:
        """Return her age in whole months on a day, None where it is not known."""
        if self.born is None:
            return None
        return (on.year - self.born.year) * 12 + on.month - self.born.month - (on.day < self.born.day)

    def is_(self, group: str) -> bool:
        """Return whether she is of a group that a fact names."""
        return bool(getattr(self, group))


def _birth(written: object) -> date | None:
    """Return the last day that a birth date, a month or a year of birth can mean; None where it cannot be read."""
    parts = str(written or "").strip().split("-")
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 3:
            return date(*numbers)
        if len(numbers) == 2:
            year, month = numbers
            return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return date(numbers[0], 12, 31)
    except ValueError:
        return None


def _of_this_disease(fact: Fact, book: Rulebook) -> bool:
    disease = fact.value.get("disease")
    return not disease or not book.pack.disease or _plain(disease) == _plain(book.pack.disease)


def _plain(name: object) -> str:
    return str(name).strip().lower().replace("-", "_").replace(" ", "_")


# ── immunity ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a pack accepts as evidence."""

    accepts: frozenset[str]
    vaccines: frozenset[str]
    doses: int
    doses_young: int | None
    young_below: float | None
    doses_adult: int | None
    adult_from: float | None
    youngest: int | None
    born_before: int | None


def _evidence(book: Rulebook) -> tuple[_Evidence, ...]:
    """Return what a pack accepts, nothing where it has no keys of immunity. Values count as asked when they decide."""
    values = {key[9:]: ruled.value for key, ruled in book.values.items() if key.startswith("immunity.")}
    if not values:
        return ()
    accepts = values.get("accepts", ("doses", "igg", "laboratory", "birth_year"))
    vaccines = frozenset(map(_plain, values.get("vaccines", ())))
    return (
        _Evidence(
            accepts=frozenset(accepts),
            vaccines=vaccines,
            doses=values.get("doses", 1),
            doses_young=values.get("doses_young"),
            young_below=values.get("young_below"),
            doses_adult=values.get("doses_adult"),
            adult_from=values.get("adult_from"),
            youngest=values.get("youngest"),
            born_before=values.get("born_before"),
        ),
    )


def _found(
    facts: Sequence[Fact],
    all_facts: Sequence[Fact],
    book: Rulebook,
    evidence: _Evidence,
    at: datetime,
    first_exposure: datetime | None,
) -> Immunity:
    """Return what `facts` show; who the person is may stand in any of `all_facts`."""
    book.asked.add("immunity.accepts")
    person = _Person.of(all_facts, at)
    exposed_on = None if first_exposure is None else book.day_of(first_exposure)
    counted, discarded, after = _doses(facts, book, evidence, person, at, exposed_on)
    needed, key = _needed(book, evidence, person, first_exposure or at)
    days = {book.day_of(fact.at) for fact in counted}
    highest = max((int(fact.value.get("number") or 0) for fact in counted), default=0)
    count = len(days) if discarded else max(len(days), highest)
    ids = tuple(fact.id for fact in counted)
    if "doses" in evidence.accepts and count >= needed:
        return Immunity(EVIDENCE, (book.because("immunity.doses", key, ids, count=count, needed=needed),))
    before = evidence.born_before if "birth_year" in evidence.accepts else None
    told_now = any(fact.kind == "person" for fact in facts)
    if before is not None and told_now and person.born is not None and person.born.year < before:
        why = book.because("immunity.born", "immunity.born_before", person.facts, year=before)
        return Immunity(EVIDENCE, (why,))
    answer, sample = _igg(facts, at, after) if "igg" in evidence.accepts else (None, None)
    if answer is not None:
        state = EVIDENCE if answer.value["outcome"] == "positive" else NONE
        return Immunity(state, (book.because(f"immunity.igg_{answer.value['outcome']}", "immunity.accepts",
                                             (answer.id,)),))  # fmt: skip
    if sample is not None:
        return Immunity(WAITING, (book.because("immunity.serum_waiting", "immunity.accepts", (sample.id,)),))
    return _not_found(book, evidence, person, first_exposure or at, counted, needed, key)


def _not_found(
    book: Rulebook,
    evidence: _Evidence,
    person: _Person,
    moment: datetime,
    counted: Sequence[Fact],
    needed: int,
    key: str,
) -> Immunity:
    """Return none where she was too young for any dose that counts, and unknown otherwise."""
    months = person.months(moment.astimezone(book.zone).date())
    if months is not None and evidence.youngest is not None and months < evidence.youngest:
        why = book.because("immunity.too_young", "immunity.youngest", person.facts, months=evidence.youngest)
        return Immunity(NONE, (why,))
    if counted:
        ids = tuple(fact.id for fact in counted)
        count = len({book.day_of(fact.at) for fact in counted})
        return Immunity(UNKNOWN, (book.because("immunity.too_few", key, ids, count=count, needed=needed),))
    return Immunity(UNKNOWN, (book.because("immunity.nothing_known", "immunity.accepts"),))


def _needed(book: Rulebook, evidence: _Evidence, person: _Person, moment: datetime) -> tuple[int, str]:
    """Return how many doses are evidence for a person of her age, and the key that says so."""
    months = person.months(moment.astimezone(book.zone).date())
    if months is not None and not person.health_worker:
        years = months / 12
        if evidence.doses_young is not None and evidence.young_below is not None and years < evidence.young_below:
            book.asked.add("immunity.young_below")
            return evidence.doses_young, "immunity.doses_young"
        if evidence.doses_adult is not None and evidence.adult_from is not None and years >= evidence.adult_from:
            book.asked.add("immunity.adult_from")
            return evidence.doses_adult, "immunity.doses_adult"
    return evidence.doses, "immunity.doses"


def _doses(
    facts: Sequence[Fact],
    book: Rulebook,
    evidence: _Evidence,
    person: _Person,
    at: datetime,
    exposed_on: int | None,
) -> tuple[list[Fact], list[Fact], datetime | None]:
    """Return the doses that count, those that do not, and when the first dose after the exposure was given."""
    counted: list[Fact] = []
    discarded: list[Fact] = []
    after: datetime | None = None
    for fact in facts:
        if fact.kind != "dose" or fact.at > at:
            continue
        if exposed_on is not None and book.day_of(fact.at) >= exposed_on:
            after = fact.at if after is None else min(after, fact.at)
            continue
        if evidence.vaccines and _plain(fact.value["product"]) not in evidence.vaccines:
            continue
        book.asked.add("immunity.vaccines")
        months = person.months(fact.at.astimezone(book.zone).date())
        if evidence.youngest is not None and months is not None and months < evidence.youngest:
            book.asked.add("immunity.youngest")
            discarded.append(fact)
        else:
            counted.append(fact)
    return counted, discarded, after


def _igg(facts: Sequence[Fact], at: datetime, after: datetime | None) -> tuple[Fact | None, Fact | None]:
    """Return the last IgG result that says yes or no, and the last serum sample that has no result yet.

    A yes from a sample that was taken after a dose given upon the exposure says nothing of the time before.
    """
    samples = {fact.id: fact for fact in facts if fact.kind == "sample" and fact.at <= at}
    last: Fact | None = None
    answered: set[str] = set()
    unnamed: datetime | None = None
    for fact in facts:
        if fact.kind != "result" or fact.at > at:
            continue
        of = samples.get(fact.value.get("sample", ""))
        if of is not None:
            answered.add(of.id)
        elif fact.value.get("test") in ("igg", "igm"):
            unnamed = fact.at
        if fact.value.get("test") == "igg" and fact.value["outcome"] in ("positive", "negative"):
            taken = fact.at if of is None else of.at
            if fact.value["outcome"] == "negative" or after is None or taken < after:
                last = fact
    waiting = [f for f in samples.values() if f.value["specimen"] == "serum" and f.id not in answered]
    open_ones = [fact for fact in waiting if unnamed is None or fact.at > unnamed]
    return last, (open_ones[-1] if open_ones else None)


# ── doses ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    vaccines = frozenset(map(_plain, book.values["immunity.vaccines"].value if book.has("immunity.vaccines") else ()))
    aged = next((name for name, of in by.items() if "youngest" in of), None)
    return {name: _dose_rule(name, of, vaccines, aged or name) for name, of in by.items() if "within" in of}


def _dose_rule(name: str, of: Mapping[str, Any], vaccines: frozenset[str], aged: str) -> _DoseRule:
    product = _plain(of.get("product", name))
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
        had = (f for f in doses if _plain(f.value["product"]) in rule.products and book.day_of(f.at) >= day)
        given = next(had, None)
    return _Window(begins, due, day, given, given is not None and given.at <= due)


class _Exposed(NamedTuple):
    """An exposed person, with the windows of all doses of the pack."""

    person: _Person
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
