"""Whole incidents of every kind of subject and fact, under shipped packs: the quick way equals the complete one."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.compare import compare
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import shipped_pack
from ringfence.rules.strata import Incident, derive_all
from tests.rules.any_fact import facts_of
from tests.rules.city import at, ill

HOURS = 24 * 40
BEGIN = at("2022-03-08T00:00")
BOOKS = {name: Rulebook.of(shipped_pack(name), date(2022, 3, 20)) for name in ("huzhou-2022", "measles-us", "ebola")}
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
