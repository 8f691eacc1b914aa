"""Whether a person is immune as far as anybody knows: doses, year of birth, antibodies, or a human's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ringfence.rules.duties import Because
from ringfence.rules.facts import Fact
from ringfence.rules.immunity.person import Person, plain
from ringfence.rules.rulebook import Rulebook

EVIDENCE, NONE, UNKNOWN, WAITING = "evidence", "none", "unknown", "waiting"
STATES = (EVIDENCE, NONE, UNKNOWN, WAITING)


class Immunity(NamedTuple):
    """What is known of somebody's immunity: evidence of it, none, unknown, or waiting for a laboratory."""

    state: str
    because: tuple[Because, ...] = ()


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


_NOT_ASKED = Immunity(UNKNOWN)
_OVERTAKES: Mapping[str, tuple[str, ...]] = {
    UNKNOWN: (EVIDENCE, NONE, WAITING), WAITING: (EVIDENCE, NONE), NONE: (EVIDENCE,),
}  # fmt: skip
"""What, when it becomes known after a human's word, takes its place. It frees, or answers what the word left open."""


def _of_this_disease(fact: Fact, book: Rulebook) -> bool:
    disease = fact.value.get("disease")
    return not disease or not book.pack.disease or plain(disease) == plain(book.pack.disease)


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
    vaccines = frozenset(map(plain, values.get("vaccines", ())))
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
    person = Person.of(all_facts, at)
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
    person: Person,
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


def _needed(book: Rulebook, evidence: _Evidence, person: Person, moment: datetime) -> tuple[int, str]:
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
    person: Person,
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
        if evidence.vaccines and plain(fact.value["product"]) not in evidence.vaccines:
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
