"""Whole incidents of every kind of subject and fact, under shipped packs: the quick way equals the complete one."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.compare import compare
from ringfence.rules.facts import Fact, current
from ringfence.rules.pins import pinned_books
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import shipped_pack
from ringfence.rules.strata import Incident, derive_all
from tests.rules.any_fact import facts_of, pins
from tests.rules.city import at, eighth, ill
from tests.rules.packs_for_tests import small_pack

HOURS = 24 * 40
BEGIN = at("2022-03-08T00:00")
BOOKS = {name: Rulebook.of(shipped_pack(name), date(2022, 3, 20)) for name in ("huzhou-2022", "measles-us", "ebola")}
SMALL = small_pack({key: ruled.value for key, ruled in eighth(**{"course.close.central.days": 7}).values.items()})
ASKED_BY_HER = ("agreement", "instrument", "renewal", "reached")


@st.composite
def incidents(draw: st.DrawFn, most: int = 22):
    """Draw a pack and an incident around Wei under it, with corrections of some facts."""
    name = draw(st.sampled_from(sorted(BOOKS)))
    book = BOOKS[name]
    facts = [f._replace(id=f"wei{i}") for i, f in enumerate(ill(1, "2022-03-08", "2022-03-09T05:00"))]
    some = facts_of(book, BEGIN, HOURS)
    facts += [draw(some)._replace(id=f"x{n}") for n in range(draw(st.integers(1, most)))]
    for n in range(draw(st.integers(0, 3))):
        wrong = draw(st.sampled_from(facts))
        new = draw(some)
        facts.append(new._replace(id=f"y{n}", retracts=wrong.id, known_at=max(new.known_at, wrong.known_at)))
    return name, facts


NOW = st.integers(0, HOURS + 24 * 20).map(lambda n: BEGIN + timedelta(hours=n))


def told(answer):
    return {str(subject): derivation for subject, derivation in sorted(answer.items())}


@given(incidents(), st.lists(NOW, min_size=2, max_size=4).map(sorted))
def test_waking_when_told_to_equals_deriving_from_nothing_for_all_kinds(given_, moments):
    name, facts = given_
    book = BOOKS[name]
    incident = Incident(facts, book, moments[0])
    for now in moments[1:]:
        incident.add([], now=now)
        assert told(incident.derivations) == told(derive_all(facts, book, now))


@given(incidents(), NOW, st.data())
def test_adding_facts_one_by_one_equals_deriving_from_nothing_for_all_kinds(given_, now, data):
    name, facts = given_
    book = BOOKS[name]
    cut = data.draw(st.integers(0, len(facts)))
    incident = Incident(facts[:cut], book, now)
    for one in facts[cut:]:
        incident.add([one])
    assert told(incident.derivations) == told(derive_all(facts, book, now))


@given(incidents(), NOW, st.randoms(use_true_random=False))
def test_the_order_of_facts_of_all_kinds_does_not_matter(given_, now, random):
    name, facts = given_
    book = BOOKS[name]
    shuffled = list(facts)
    random.shuffle(shuffled)
    assert told(derive_all(facts, book, now)) == told(derive_all(shuffled, book, now))


@given(incidents(), NOW)
def test_each_duty_of_all_kinds_has_a_key_of_its_own(given_, now):
    name, facts = given_
    book = BOOKS[name]
    for derivation in derive_all(facts, book, now).values():
        keys = [duty.key for duty in derivation.duties]
        assert sorted(set(keys)) == sorted(keys)


@given(incidents(), st.data(), NOW)
def test_nothing_but_what_is_signed_writes_a_later_end_for_all_kinds(given_, data, now):
    name, facts = given_
    book = BOOKS[name]
    extra = data.draw(facts_of(book, BEGIN, HOURS))._replace(id="z")
    known = [
        f for f in facts if f.known_at < now and f.kind not in ASKED_BY_HER and f.kind not in ("result", "members")
    ]
    if known and data.draw(st.booleans()):
        wrong = data.draw(st.sampled_from(known))
        extra = Fact("z", "retraction", wrong.subject, now, now, retracts=wrong.id, value={"why": "wrong"})
    if extra.kind in ASKED_BY_HER:
        return
    before, after = derive_all(facts, book, now), derive_all([*facts, extra], book, now)
    longer = [
        (change.before.key, change.before.until, change.after.until)
        for subject in before.keys() & after.keys()
        for change in compare(before[subject].duties, after[subject].duties).lengthened
    ]
    assert longer == []


@st.composite
def pinned(draw: st.DrawFn):
    """Draw an incident in which some subjects are pinned to another pack, and some pins taken back."""
    name, facts = draw(incidents(most=14))
    for n in range(draw(st.integers(1, 4))):
        facts.insert(draw(st.integers(0, len(facts))), draw(pins(BEGIN, HOURS, "small"))._replace(id=f"p{n}"))
    if draw(st.booleans()):
        wrong = draw(st.sampled_from([f for f in facts if f.kind == "pinned"]))
        moment = wrong.known_at + timedelta(hours=draw(st.integers(0, 50)))
        facts.append(Fact("b", "retraction", wrong.subject, moment, moment, retracts=wrong.id, value={"why": "wrong"}))
    return name, facts


def books_of(name, facts, now):
    return pinned_books(current(facts, now=now), BOOKS[name], {"small": SMALL}.__getitem__)


@given(pinned(), st.lists(NOW, min_size=1, max_size=3).map(sorted), st.data())
def test_pins_added_one_by_one_equal_deriving_from_nothing(given_, moments, data):
    name, facts = given_
    now = moments[0]
    cut = data.draw(st.integers(0, len(facts)))
    incident = Incident(facts[:cut], books_of(name, facts[:cut], now), now)
    for n in range(cut + 1, len(facts) + 1):
        incident.add(facts[n - 1 : n], book=books_of(name, facts[:n], now))
    assert told(incident.derivations) == told(derive_all(facts, books_of(name, facts, now), now))
    for now in moments[1:]:
        incident.add([], now=now, book=books_of(name, facts, now))
        assert told(incident.derivations) == told(derive_all(facts, books_of(name, facts, now), now))
