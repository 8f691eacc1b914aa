"""Appeals: decided elsewhere in time, or the measure steps down; renewals by the reviewer; one order past an end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.rules.compare import compare
from ringfence.rules.duties import OPEN, PROVED
from ringfence.rules.facts import kinds
from ringfence.rules.instruments import void_reasons
from ringfence.rules.strata import Incident, derive_all
from ringfence.vocabulary.subjects import Subject
from tests.rules.any_fact import facts_of
from tests.rules.city import at, duties_of, eighth, fact, follows, ill, judged, local, met, proposals_of

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")
SIGNED = {"rung": "order", "asks": "quarantine_site", "issuer": "Mayor Shen", "body": "county_government",
          "number": "1", "legal_basis": ["Law"], "reason": "met Wei", "person_days": 14}  # fmt: skip
COURT = {"authority.court.court": {"asks": ["quarantine_site"], "days": 14}, "renewal.reviewers": ["court"]}


def ordered(moment, ends, id="order", who="contact:2", **more):
    value = {**SIGNED, "ends": ends, "served_at": moment, "support_tested_at": moment, **more}
    return fact("instrument", who, moment, id=id, **value)


FANG = [*WEI, met(2, "2022-03-07T08:00", setting="household"), judged(2, "close", "2022-03-08T08:00"),
        ordered("2022-03-08T09:00", "2022-03-22T00:00")]  # fmt: skip
APPEAL = fact("appeal", "contact:2", "2022-03-10T09:00", id="appeal", of="order", how="phone", by="Fang")
IN_TIME, LATE = "2022-03-11T08:00", "2022-03-11T10:00"


def decided(outcome, moment, by="Judge Xu", id="decided", who="contact:2", **more):
    return fact("appeal_decided", who, moment, id=id, of="appeal", outcome=outcome, by=by, **more)


def taken_back(which, moment, id="back"):
    return fact("retraction", "contact:2", moment, id=id, retracts=which, why="wrong person")


def until(facts, now=LATE):
    return local(duties_of(facts, now, "contact:2")["remain/central"].until)


def test_an_appeal_is_acknowledged_within_the_hour_and_decided_within_a_day():
    duties = duties_of([*FANG, APPEAL], "2022-03-10T09:30", "contact:2")
    acknowledge, decide = duties["appeal/a1.acknowledge"], duties["appeal/a1.decide"]
    assert (local(acknowledge.due), local(decide.due)) == ("03-10 10:00", "03-11 09:00")
    assert {acknowledge.desk, decide.desk} == {"oversight"}
    said = fact("appeal_acknowledged", "contact:2", "2022-03-10T09:40", of="appeal", by="Dr Lin")
    duties = duties_of([*FANG, APPEAL, said, decided("upheld", IN_TIME)], LATE, "contact:2")
    assert duties["appeal/a1.acknowledge"].ended == duties["appeal/a1.decide"].ended == PROVED


@pytest.mark.parametrize("who", [{"by": "mayor  shen"}, {"by": "Clerk Hu", "body": "county_government"}])
def test_who_issued_the_order_cannot_decide_the_appeal_against_it(who):
    facts = [*FANG, APPEAL, decided("ended", IN_TIME, **who)]
    decide = duties_of(facts, "2022-03-11T08:30", "contact:2")["appeal/a1.decide"]
    assert decide.ended == OPEN
    assert "appeal.void_decision" in [why.code for why in decide.because]
    assert until(facts, "2022-03-11T08:30") == "03-22 00:00"
    assert until(facts) == "03-11 09:00"


def test_undecided_at_the_deadline_the_quarantine_steps_down_by_itself():
    assert until([*FANG, APPEAL], "2022-03-11T09:00") == "03-22 00:00"
    assert until([*FANG, APPEAL]) == "03-11 09:00"
    proposals = proposals_of([*FANG, APPEAL], LATE, "contact:2")
    assert proposals["step_down"].values["asks"] == "quarantine_home"
    assert proposals["step_down"].values["rung"] == "agreement"
    assert not {"extend", "new_order"} & set(proposals)


def test_a_step_down_comes_when_its_moment_passes_though_no_fact_does():
    incident = Incident([*FANG, APPEAL], eighth(), at("2022-03-11T08:59"))
    incident.add([], now=at(LATE))
    assert incident.derivations == derive_all([*FANG, APPEAL], eighth(), at(LATE))


def test_upheld_in_time_nothing_ends_early():
    assert until([*FANG, APPEAL, decided("upheld", IN_TIME)]) == "03-22 00:00"


@pytest.mark.parametrize("outcome", ["ended", "stepped_down"])
def test_a_decision_for_her_ends_the_order_when_it_is_made(outcome):
    facts = [*FANG, APPEAL, decided(outcome, IN_TIME)]
    assert until(facts) == "03-11 08:00"
    assert ("step_down" in proposals_of(facts, LATE, "contact:2")) == (outcome == "stepped_down")


def test_a_decision_known_only_after_the_deadline_changes_nothing_about_what_has_ended():
    late = fact("appeal_decided", "contact:2", IN_TIME, known=LATE, of="appeal", outcome="upheld", by="Judge Xu")
    assert until([*FANG, APPEAL, late], "2022-03-11T12:00") == "03-11 09:00"


@pytest.mark.parametrize("more", [[], [taken_back("back", "2022-03-11T13:00", "again")]])
def test_taking_back_an_appeal_after_the_step_down_brings_nothing_back(more):
    assert until([*FANG, APPEAL, taken_back("appeal", "2022-03-11T12:00"), *more], "2022-03-11T14:00") == "03-11 09:00"


def test_an_appeal_taken_back_in_time_leaves_no_trace():
    facts = [*FANG, APPEAL, taken_back("appeal", "2022-03-10T12:00")]
    assert until(facts) == "03-22 00:00"
    assert not [key for key in duties_of(facts, LATE, "contact:2") if key.startswith("appeal/")]


def test_taking_back_a_decision_for_her_brings_nothing_back():
    facts = [*FANG, APPEAL, decided("ended", IN_TIME), taken_back("decided", "2022-03-11T08:30")]
    assert until(facts, "2022-03-11T08:45") == "03-11 08:00"


def test_a_renewal_of_the_order_signed_by_then_steps_down_with_it_and_one_signed_later_holds():
    renewed = ordered("2022-03-09T09:00", "2022-03-23T00:00", "renewal", renews="order")
    assert until([*FANG, renewed, APPEAL]) == "03-11 09:00"
    later = ordered("2022-03-11T09:30", "2022-03-13T00:00", "anew")
    assert until([*FANG, APPEAL, later], "2022-03-11T12:00") == "03-13 00:00"


def test_nothing_ends_by_itself_for_an_infected_person_and_her_appeal_goes_to_the_reviewer_and_the_court():
    facts = [
        *WEI,
        ordered("2022-03-08T06:00", "2022-03-20T00:00", who="infection:1", asks="isolate_hospital"),
        fact("appeal", "infection:1", "2022-03-10T09:00", id="appeal", of="order", by="Fang", how="proxy"),
    ]
    duties = duties_of(facts, LATE, "infection:1")
    assert local(duties["remain/isolation"].until) == "03-20 00:00"
    assert (local(duties["appeal/a1.reviewer"].due), local(duties["appeal/a1.court"].due)) == (
        "03-11 10:00", "03-13 00:00")  # fmt: skip
    over = fact("hand_over", "infection:1", "2022-03-11T09:30", to="the reviewer", receipt="7")
    assert duties_of([*facts, over], LATE, "infection:1")["appeal/a1.reviewer"].ended == PROVED


def test_a_contact_found_positive_by_then_is_not_let_go_by_silence():
    positive = fact("result", "contact:2", "2022-03-10T20:00", outcome="positive")
    assert until([*FANG, APPEAL, positive]) == "03-22 00:00"


# ── renewals ─────────────────────────────────────────────────────────────────────────────────────────────────────


def renewals(count):
    acts = [ordered("2022-03-08T09:00", "2022-03-09T00:00", "a0")]
    acts += [ordered(f"2022-03-{8 + n:02}T09:00", f"2022-03-{9 + n:02}T12:00", f"a{n}", renews=f"a{n - 1}")
             for n in range(1, count + 1)]  # fmt: skip
    return {act.id: act for act in acts}


def test_the_third_renewal_is_void_unless_the_outside_reviewer_signs_it():
    acts = renewals(3)
    book = eighth(**COURT)
    assert [void_reasons(act, book, acts) for act in acts.values()] == [(), (), (), ("reviewer",)]
    third = ordered("2022-03-11T09:00", "2022-03-12T12:00", "third", renews="a2", rung="court", body="court")
    assert void_reasons(third, book, acts) == ()


def test_a_pack_may_say_from_which_renewal_on():
    acts = renewals(2)
    assert void_reasons(acts["a2"], eighth(**{"renewal.reviewer_from": 2}), acts) == ("reviewer",)


def test_a_link_that_is_missing_or_a_ring_counts_as_one_too_many():
    acts = renewals(3)
    del acts["a0"]
    assert void_reasons(acts["a1"], eighth(), acts) == ("reviewer",)
    ring = ordered("2022-03-08T09:00", "2022-03-09T00:00", "ring", renews="ring")
    assert void_reasons(ring, eighth(), {"ring": ring}) == ("reviewer",)


# ── one order past an end ────────────────────────────────────────────────────────────────────────────────────────


def past_end(moment, ends, id="past", renews="order", **more):
    return ordered(moment, ends, id, renews=renews, new_order=True, **more)


def void(*acts):
    return void_reasons(acts[-1], eighth(), {act.id: act for act in acts})


def test_one_order_signed_before_the_end_keeps_her_a_day_longer():
    past = past_end("2022-03-21T20:00", "2022-03-23T00:00")
    assert void(FANG[-1], past) == ()
    assert until([*FANG, past], "2022-03-22T08:00") == "03-23 00:00"
    assert "new_order" not in proposals_of([*FANG, past], "2022-03-22T08:00", "contact:2")


def test_where_our_own_tests_are_missing_the_order_is_proposed_before_the_end_and_not_after():
    assert "new_order" in proposals_of(FANG, "2022-03-21T12:00", "contact:2")
    assert "new_order" not in proposals_of(FANG, "2022-03-22T08:00", "contact:2")
    assert until(FANG, "2022-03-22T08:00") == "03-22 00:00"


def test_an_order_past_an_end_is_void_when_late_too_long_of_nothing_or_the_second():
    base, past = FANG[-1], past_end("2022-03-21T20:00", "2022-03-23T00:00")
    assert void(base, past_end("2022-03-22T00:00", "2022-03-23T00:00")) == ("order_late",)
    assert void(base, past_end("2022-03-21T20:00", "2022-03-23T00:01")) == ("order_long",)
    assert void(base, past_end("2022-03-21T20:00", "2022-03-23T00:00", renews="nothing")) == ("order_of_nothing",)
    assert void(base, past, past_end("2022-03-21T21:00", "2022-03-23T00:00", "twin")) == ("order_again",)
    assert void(base, past, past_end("2022-03-22T20:00", "2022-03-24T00:00", "next", "past")) == ("order_again",)


# ── no later end ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_random_facts_hold_the_new_kinds():
    assert {"appeal", "appeal_acknowledged", "appeal_decided"} <= set(kinds())


@st.composite
def moves(draw):
    """Return appeals against the order, decisions on them and retractions of either, in the order of being known."""
    found, ids = [], []
    for number in range(draw(st.integers(1, 7))):
        known = f"2022-03-{10 + number // 2:02}T{(number % 2) * 12 + draw(st.integers(0, 11)):02}:00"
        what = draw(st.sampled_from(["appeal", "decided", "back"]))
        id = f"m{number}"
        if what == "appeal" or not ids:
            made = fact("appeal", "contact:2", known, id=id, of="order")
        elif what == "decided":
            made = fact("appeal_decided", "contact:2", known, id=id, of=draw(st.sampled_from(ids)),
                        outcome=draw(st.sampled_from(["upheld", "stepped_down", "ended"])),
                        by=draw(st.sampled_from(["Judge Xu", "Mayor Shen"])))  # fmt: skip
        else:
            made = fact("retraction", "contact:2", known, id=id, retracts=draw(st.sampled_from(ids)), why="wrong")
        ids.append(id)
        found.append(made)
    return found


@settings(max_examples=60, deadline=None)
@given(moves())
def test_no_appeal_decision_or_retraction_in_whatever_order_writes_a_later_end(facts):
    book, fang = eighth(), Subject("contact", 2)
    incident = Incident(FANG, book, at("2022-03-10T00:00"))
    before = incident.derivations[fang].duties
    for n, one in enumerate(facts):
        for more, now in (([], one.known_at), ([one], one.known_at)):
            incident.add(more, now=now)
            after = incident.derivations[fang].duties
            assert [c for c in compare(before, after).lengthened if c.before.kind == "remain"] == []
            assert incident.derivations == derive_all([*FANG, *facts[: n + len(more)]], book, now)
            before = after


@settings(max_examples=40, deadline=None)
@given(st.lists(facts_of(eighth(), at("2022-03-09T00:00"), 72), max_size=8))
def test_an_appeal_among_facts_of_any_kind_never_writes_a_later_end(mixed):
    facts = [*FANG, *(f._replace(id=f"x{n}") for n, f in enumerate(mixed))]
    now = "2022-03-14T09:00"
    without, appealed = (follows(one, now)[Subject("contact", 2)].duties for one in (facts, [*facts, APPEAL]))
    assert [c for c in compare(without, appealed).lengthened if c.before.kind == "remain"] == []
