"""A whole incident: the quick way equals the complete one, and neither order nor detour leaves a trace."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.rules.compare import compare
from ringfence.rules.duties import Derivation
from ringfence.rules.facts import Fact
from ringfence.rules.strata import Incident, derive_all
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject
from tests.rules.city import at, eighth, fact, ill, judged, met

BOOK = eighth()
BEGIN = at("2022-03-08T00:00")
HOURS = st.integers(0, 24 * 20)
PEOPLE = st.sampled_from([1, 2, 3, 4])


def hour(n: int) -> str:
    return (BEGIN + timedelta(hours=n)).isoformat()


@st.composite
def a_fact(draw: st.DrawFn, number: int) -> Fact:
    """Draw a fact about one of four people, at some hour, known then or later."""
    who, n = draw(PEOPLE), draw(HOURS)
    made = draw(st.sampled_from(_MAKERS))(draw, who, n)
    known = made.at + timedelta(hours=draw(st.sampled_from([0, 0, 1, 30])))
    return made._replace(id=f"x{number}", known_at=known, grade=draw(st.sampled_from(list(Grade))))


def _exposure(draw, who, n):
    to = draw(st.sampled_from(["infection:1", "infection:2", "contact:2", "contact:3"]))
    until = draw(st.sampled_from([None, hour(n + 3), hour(n + 60)]))
    return met(who, hour(n), until, to, setting=draw(st.sampled_from(["meal", "shop", "household"])),
               going_on=draw(st.booleans()))  # fmt: skip


def _case(draw, who, n):
    state = draw(st.sampled_from(["suspected", "confirmed", "asymptomatic", "discarded"]))
    return fact("case", f"infection:{who}", hour(n), state=state)


def _assessment(draw, who, n):
    return judged(who, draw(st.sampled_from(["close", "secondary", "general", "none"])), hour(n))


def _agreement(draw, who, n):
    return fact(
        "agreement", f"contact:{who}", hour(n), asks="quarantine_site", ends=hour(n + draw(st.integers(1, 400)))
    )


def _result(draw, who, n):
    return fact("result", f"contact:{who}", hour(n), outcome=draw(st.sampled_from(["negative", "positive", "invalid"])))


_MAKERS = [
    _exposure, _exposure, _case, _assessment, _assessment, _agreement, _result,
    lambda draw, who, n: fact("onset", f"infection:{who}", hour(n), of="symptoms"),
    lambda draw, who, n: fact("separated", f"contact:{who}", hour(n)),
    lambda draw, who, n: fact("stay", f"contact:{who}", hour(n), kind="quarantine_site", place="place:9"),
    lambda draw, who, n: fact("sample", f"contact:{who}", hour(n), specimen="np"),
    lambda draw, who, n: fact("observation", f"contact:{who}", hour(n), seen="seen"),
    lambda draw, who, n: fact("notice", f"contact:{who}", hour(n), of="measure", how="phone"),
    lambda draw, who, n: fact("release", f"contact:{who}", hour(n)),
    lambda draw, who, n: fact("waiver", f"contact:{who}", hour(n), duty="test", by="Dr Lin", why="ill"),
    lambda draw, who, n: fact("stay", f"infection:{who}", hour(n), kind="hospital", place="place:8"),
    lambda draw, who, n: fact("household", "household:1", hour(n), members=["person:1", f"person:{who}"]),
    lambda draw, who, n: fact("household", "household:1", hour(n), members=["person:1", "person:2", "person:3"]),
    lambda draw, who, n: fact("person", f"person:{who}", hour(n), household="household:1"),
    lambda draw, who, n: fact("death", f"infection:{who}", hour(n)),
]  # fmt: skip


@st.composite
def incidents(draw: st.DrawFn, most: int = 24) -> list[Fact]:
    """Draw an incident around Wei, with corrections of some facts."""
    facts = [f._replace(id=f"wei{i}") for i, f in enumerate(ill(1, "2022-03-06", "2022-03-08T05:00"))]
    facts += [draw(a_fact(n)) for n in range(draw(st.integers(1, most)))]
    for n in range(draw(st.integers(0, 4))):
        wrong = draw(st.sampled_from(facts))
        new = draw(a_fact(100 + n))
        facts.append(new._replace(retracts=wrong.id, known_at=max(new.known_at, wrong.known_at)))
    return facts


NOW = HOURS.map(lambda n: BEGIN + timedelta(hours=n))


def told(answer: dict[Subject, Derivation]) -> dict[str, Derivation]:
    return {str(subject): derivation for subject, derivation in sorted(answer.items())}


@given(incidents(), NOW, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_facts(facts, now, random):
    shuffled = list(facts)
    random.shuffle(shuffled)
    assert told(derive_all(facts, BOOK, now)) == told(derive_all(shuffled, BOOK, now))


@given(incidents(), NOW, st.data())
def test_adding_facts_one_by_one_equals_deriving_from_nothing(facts, now, data):
    cut = data.draw(st.integers(0, len(facts)))
    incident = Incident(facts[:cut], BOOK, now)
    rest = facts[cut:]
    while rest:
        step = data.draw(st.integers(1, len(rest)))
        incident.add(rest[:step])
        rest = rest[step:]
    assert told(incident.derivations) == told(derive_all(facts, BOOK, now))


@given(incidents(), st.lists(NOW, min_size=2, max_size=4).map(sorted))
def test_waking_when_told_to_equals_deriving_from_nothing(facts, moments):
    incident = Incident(facts, BOOK, moments[0])
    for now in moments[1:]:
        incident.add([], now=now)
        assert told(incident.derivations) == told(derive_all(facts, BOOK, now))


@given(incidents(), NOW)
def test_comparing_is_idempotent(facts, now):
    for derivation in derive_all(facts, BOOK, now).values():
        assert not compare(derivation.duties, derivation.duties)
        assert len({duty.key for duty in derivation.duties}) == len(derivation.duties)


@given(incidents(), NOW, a_fact(500))
def test_adding_and_retracting_a_fact_leaves_no_trace(facts, now, extra):
    gone = fact("retraction", str(extra.subject), hour(0), id="gone", retracts=extra.id, why="wrong")
    gone = gone._replace(known_at=min(now, extra.known_at))
    assert told(derive_all([*facts, extra, gone], BOOK, now)) == told(derive_all(facts, BOOK, now))


@given(incidents(most=16), NOW)
def test_nobody_remains_beyond_what_was_signed(facts, now):
    for subject, derivation in derive_all(facts, BOOK, now).items():
        ends = [f.value["ends"] for f in facts if f.kind in ("agreement", "instrument") and f.subject == subject]
        for duty in derivation.duties:
            if duty.kind in ("remain", "hold"):
                assert duty.until is not None
                assert duty.until <= max(ends)


@given(incidents(most=16), a_fact(600), NOW)
def test_no_fact_or_correction_writes_a_later_end_without_an_instrument(facts, extra, now):
    if extra.kind in ("agreement", "instrument"):
        return
    before, after = derive_all(facts, BOOK, now), derive_all([*facts, extra], BOOK, now)
    longer = [
        (change.before.key, change.before.until, change.after.until)
        for subject in before.keys() & after.keys()
        for change in compare(before[subject].duties, after[subject].duties).lengthened
    ]
    assert longer == []


@settings(max_examples=20)
@given(incidents(), NOW)
def test_only_what_a_fact_touches_is_derived_again(facts, now):
    incident = Incident(facts, BOOK, now)
    again = incident.add([judged(4, "general", hour(0))._replace(known_at=now, at=now)])
    assert {s for s in again if s.kind == "infection"} <= set()


def zone(number: int, when: str, level: str, stage: str = "active") -> Fact:
    return fact("zone", f"zone:{number}", when, stage=stage, level=level, persons=100)


ZONES = eighth(**{"zone.levels": ["closed", "precaution"], "zone.closed.days_without_infection": 14,
                  "zone.precaution.lifts_with": "all_others"})  # fmt: skip


def lifts(incident: Incident, number: int) -> bool:
    return any(duty.kind == "lift" for duty in incident.derivations[Subject("zone", number)].duties)


def test_the_precaution_area_is_lifted_when_all_other_zones_are():
    facts = [zone(1, "2022-03-08T06:00", "closed"), zone(2, "2022-03-08T06:00", "precaution")]
    incident = Incident(facts, ZONES, at("2022-03-20T08:00"))
    assert not lifts(incident, 2)
    incident.add([zone(1, "2022-03-23T06:00", "closed", "lifted")], now=at("2022-03-23T08:00"))
    assert lifts(incident, 2)
    assert told(incident.derivations) == told(derive_all(incident.facts(), ZONES, incident.now))


def test_an_incident_is_not_over_while_a_case_that_it_does_not_name_is_open():
    book = eighth(**{"outbreak_end.days": 42, "outbreak_end.from": "second_negative"})
    facts = [fact("incident", "incident:1", "2022-03-08T06:00", stage="opened"),
             fact("last_case", "incident:1", "2022-03-20T06:00", of="second_negative"),
             *ill(1, "2022-03-06", "2022-03-08T05:00")]  # fmt: skip
    answer = derive_all(facts, book, at("2022-03-21T08:00"))[Subject("incident", 1)]
    assert [p.kind for p in answer.proposals] == ["outbreak_not_over"]
    over = [*facts, fact("discharge", "infection:1", "2022-03-20T12:00")]
    assert derive_all(over, book, at("2022-03-21T08:00"))[Subject("incident", 1)].proposals == ()


def test_an_exposure_to_a_possible_source_that_goes_on_wakes_each_midnight():
    facts = [*ill(1, "2022-03-06", "2022-03-08T08:00"),
             met(2, "2022-03-07", setting="household", going_on=True, backward=True)]  # fmt: skip
    incident = Incident(facts, eighth(), at("2022-03-09T10:00"))
    incident.add([], now=at("2022-03-10T10:00"))
    assert incident.derivations == derive_all(facts, eighth(), at("2022-03-10T10:00"))
