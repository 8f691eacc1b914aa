"""The end of a restraint: four warnings before it, other words for the exposed than for the infected, and a count."""

from __future__ import annotations

import pytest

from ringfence.rules.derive.lapse import undecided_lapses
from ringfence.rules.strata import Incident
from ringfence.vocabulary.subjects import Subject
from tests.rules.city import at, duties_of, eighth, fact, follows, ill, judged, met, proposals_of

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")
FANG = [
    *WEI,
    met(2, "2022-03-07T08:00", setting="household"),
    judged(2, "close", "2022-03-08T08:00"),
    fact("agreement", "contact:2", "2022-03-08T09:00", asks="quarantine_site", ends="2022-03-22T00:00", id="yes"),
]
ISOLATED = [
    *WEI,
    fact("stay", "infection:1", "2022-03-08T06:00", kind="hospital", place="place:8"),
    fact("agreement", "infection:1", "2022-03-08T06:00", asks="isolate_hospital", ends="2022-03-20T00:00"),
]
TWO_IN = "2022-03-22T02:00"


def codes(duty):
    return [why.code for why in duty.because]


@pytest.mark.parametrize(("now", "hours"), [("2022-03-18T23:00", None), ("2022-03-19T00:00", 72),
                                            ("2022-03-21T01:00", 24), ("2022-03-21T16:00", 8),
                                            ("2022-03-21T23:59", 2)])  # fmt: skip
def test_owner_deputy_manager_and_oversight_are_warned_four_times_before_an_end(now, hours):
    warned = proposals_of(FANG, now, "contact:2").get("warn")
    assert (warned and warned.values["hours"]) == hours
    if warned:
        assert warned.key == f"warn/contact:2/1/central.w{hours}"
        assert warned.values["to"] == ("owner", "deputy", "manager", "oversight")


def test_the_pack_says_how_long_before_an_end_people_are_warned():
    book = eighth(**{"lapse.warnings": [48]})
    assert follows(FANG, "2022-03-20T01:00", book)[Subject("contact", 2)].proposals[-1].values["hours"] == 48


def test_a_warning_wakes_by_itself():
    incident = Incident(FANG, eighth(), at("2022-03-18T12:00"))
    incident.add([], now=at("2022-03-21T17:00"))
    assert "w8" in next(p.key for p in incident.derivations[Subject("contact", 2)].proposals if p.kind == "warn")


def test_an_exposed_person_reads_that_her_quarantine_has_ended():
    duties = duties_of(FANG, TWO_IN, "contact:2")
    assert codes(duties["notify/central.lapsed"])[-1] == "lapse.contact"
    assert "notify/central.call" not in duties


def test_an_infected_person_reads_that_no_order_is_in_force_and_is_called_back():
    duties = duties_of(ISOLATED, "2022-03-20T01:00", "infection:1")
    assert codes(duties["notify/isolation.lapsed"])[-1] == "lapse.infected_open"
    assert duties["notify/isolation.call"].due == at("2022-03-20T02:00")
    called = [*ISOLATED, fact("attempt", "infection:1", "2022-03-20T01:10", outcome="reached")]
    assert duties_of(called, "2022-03-20T03:00", "infection:1")["notify/isolation.call"].ended == "proved"


def test_where_isolation_ends_by_days_the_patient_reads_until_when_others_may_catch_it():
    book = eighth(**{"discharge.rule": "days", "discharge.days": 16})
    said = duties_of(ISOLATED, "2022-03-20T01:00", "infection:1", book)["notify/isolation.lapsed"].because[-1]
    assert said.code == "lapse.infected"
    assert said.values["advised_until"] == at("2022-03-23T00:00")
    assert said.values["by"] == at("2022-03-20T02:00")


def test_a_contact_who_has_become_a_case_is_told_as_the_case():
    facts = [*FANG, fact("case", "infection:2", "2022-03-12T09:00", state="confirmed")]
    assert "notify/central.lapsed" not in duties_of(facts, TWO_IN, "contact:2")


def test_whoever_was_released_in_time_is_told_by_her_release():
    facts = [*FANG, fact("release", "contact:2", "2022-03-22T00:00")]
    duties = duties_of(facts, TWO_IN, "contact:2")
    assert "notify/central.lapsed" not in duties
    assert undecided_lapses(duties.values()) == []


@pytest.mark.parametrize(
    "late", [[], [fact("release", "contact:2", "2022-03-22T01:30")],
             [fact("release", "contact:2", "2022-03-22T00:00", known="2022-03-22T01:30")]]
)  # fmt: skip
def test_a_lapse_that_nobody_decided_is_counted_and_stays_so(late):
    duties = duties_of([*FANG, *late], TWO_IN, "contact:2")
    assert [d.key for d in undecided_lapses(duties.values())] == ["remain/contact:2/1/central"]


def test_a_lapse_on_which_a_named_human_ruled_before_is_not_counted():
    ruled = fact("ruling", "contact:2", "2022-03-21T18:00", on="yes", says="let it lapse", by="Dr Lin")
    assert undecided_lapses(duties_of([*FANG, ruled], TWO_IN, "contact:2").values()) == []
