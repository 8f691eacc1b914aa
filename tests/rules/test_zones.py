from datetime import date

import pytest

from ringfence.rules.derive.zone import derive
from ringfence.rules.duties import Status
from ringfence.rules.instruments import void_reasons
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import sentence
from tests.rules.areas_for_tests import Notebook, at, codes, duty, has, proposals
from tests.rules.packs_for_tests import small_book

PACK = {
    "zone.levels": ["closed", "controlled", "precaution"],
    "zone.closed.asks": "stay_in",
    "zone.closed.days_without_infection": 14,
    "zone.closed.days_since_last_contact": 14,
    "zone.closed.round_within": 2,
    "zone.closed.tests": [1, 4, 7],
    "zone.closed.review": 24,
    "zone.closed.longest": 21,
    "zone.closed.delivery": 24,
    "zone.controlled.asks": "stay_inside_area",
    "zone.precaution.asks": "no_gathering",
    "zone.precaution.lifts_with": "all_others",
    "clock.zone_notice.hard": 4,
    "clock.free_within.hard": 1,
    "authority.county.order": {"asks": ["stay_in"], "days": 21, "renewals": 1},
}
CONTACTS = {Subject("contact", 3): Status("close", last_exposure=at("2022-03-11T12:00"))}
ORDER = {
    "rung": "order", "asks": "stay_in", "ends": at("2022-04-01T00:00"), "issuer": "Mayor Shen", "body": "county",
    "number": "2022-5", "legal_basis": ("Law, art. 42",), "reason": "a case lives here", "person_days": 6000,
    "served_at": at("2022-03-11T13:00"), "support_tested_at": at("2022-03-11T12:00"),
}  # fmt: skip


@pytest.fixture
def book():
    return small_book(PACK)


@pytest.fixture
def zone():
    """Four blocks around Wei's home are closed on 11 March, the day of the last infection and the last exposure."""
    zone = Notebook("zone:1")
    zone.note("zone", "2022-03-11T13:00", stage="active", level="closed", persons=300,
              infections=(Subject("infection", 1),), contacts=(Subject("contact", 3),))  # fmt: skip
    zone.note("instrument", "2022-03-11T13:00", **ORDER)
    return zone


def test_clean_days_from_12_to_25_march_and_a_round_on_the_24th_lift_at_midnight_of_the_26th(zone, book):
    zone.note("round", "2022-03-24T10:00", persons=295, exempt=5, outcome="negative")
    day_before = derive(zone.dossier(book, CONTACTS), at("2022-03-25T23:59"))
    assert not has(day_before, "lift/lift")
    assert dict(day_before.status.values)["earliest_lift"] == at("2022-03-26T00:00")
    assert day_before.wake_at == at("2022-03-26T00:00")
    answer = derive(zone.dossier(book, CONTACTS), at("2022-03-26T00:00"))
    assert duty(answer, "lift/lift").begins == at("2022-03-26T00:00")
    assert duty(answer, "lift/lift").due == at("2022-03-26T01:00")
    assert len(proposals(answer, "lift")) == 1


def test_each_of_the_three_conditions_is_printed_with_its_earliest_date(zone, book):
    (later,) = proposals(derive(zone.dossier(book, CONTACTS), at("2022-03-20T08:00")), "lift_later")
    assert codes(later) == ["duty.zone_no_infection", "duty.zone_last_contact", "duty.zone_round_needed"]
    infection, contact, everyone = (b.values for b in later.because)
    assert infection["earliest"] == contact["earliest"] == at("2022-03-26T00:00")
    assert (everyone["first"], everyone["last"]) == (date(2022, 3, 24), date(2022, 3, 25))


def test_a_round_three_days_before_is_too_old_and_one_that_missed_people_does_not_count(zone, book):
    zone.note("round", "2022-03-23T10:00", persons=300, outcome="negative")
    zone.note("round", "2022-03-25T10:00", persons=290, outcome="negative")
    answer = derive(zone.dossier(book, CONTACTS), at("2022-03-26T08:00"))
    assert not has(answer, "lift/lift")


def test_the_deadline_of_the_lift_does_not_move_while_nobody_lifts(zone, book):
    zone.note("round", "2022-03-25T10:00", persons=300, outcome="negative")
    first = duty(derive(zone.dossier(book, CONTACTS), at("2022-03-26T00:30")), "lift/lift")
    later = duty(derive(zone.dossier(book, CONTACTS), at("2022-03-27T00:30")), "lift/lift")
    assert first.due == later.due
    assert later.state(at("2022-03-27T00:30")) == "late"


def test_a_contact_whose_exposure_is_not_known_leaves_the_date_unsaid(zone, book):
    answer = derive(zone.dossier(book), at("2022-03-20T08:00"))
    assert dict(answer.status.values)["earliest_lift"] is None
    assert "duty.zone_contact_unknown" in codes(proposals(answer, "lift_later")[0])


def test_residents_are_tested_on_their_days_and_the_missing_are_counted(zone, book):
    zone.note("round", "2022-03-15T10:00", persons=280, exempt=5, outcome="negative")
    answer = derive(zone.dossier(book, CONTACTS), at("2022-03-15T20:00"))
    fourth = duty(answer, "coverage/d4")
    assert (fourth.begins, fourth.due) == (at("2022-03-15T00:00"), at("2022-03-16T00:00"))
    assert fourth.values["missing"] == 15
    assert fourth.ended == "open"


def test_a_zone_is_told_to_the_public_supplied_and_reviewed_every_day(zone, book):
    zone.note("done", "2022-03-12T09:00", duty="zone_review")
    answer = derive(zone.dossier(book, CONTACTS), at("2022-03-12T14:00"))
    assert duty(answer, "notify/public").due == at("2022-03-11T17:00")
    assert duty(answer, "support/delivery").due == at("2022-03-12T13:00")
    assert duty(answer, "zone_review/1").ended == "proved"
    assert duty(answer, "zone_review/2").due == at("2022-03-13T13:00")


def test_an_order_ends_at_its_end_whatever_the_conditions_say(zone, book):
    answer = derive(zone.dossier(book, CONTACTS), at("2022-04-01T00:00"))
    assert answer.status.state == "lapsed"
    assert codes(duty(answer, "lift/lift"))[0] == "duty.zone_lapsed"


@pytest.mark.parametrize("missing", ["ends", "issuer", "body", "legal_basis", "reason", "number", "person_days"])
def test_an_order_that_lacks_anything_restrains_nobody(zone, book, missing):
    zone.facts.pop()
    zone.note("instrument", "2022-03-11T13:00", **{k: v for k, v in ORDER.items() if k != missing})
    answer = derive(zone.dossier(book, CONTACTS), at("2022-03-12T08:00"))
    (void,) = proposals(answer, "void_instrument")
    assert missing in void.values["missing"]
    assert answer.status.state == "unordered"
    assert len(proposals(answer, "order")) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"body": "headquarters"}, "desk"),
        ({"body": "zones"}, "desk"),
        ({"body": "police"}, "no_power"),
        ({"asks": "quarantine_site"}, "asks"),
        ({"ends": at("2022-04-02T00:01")}, "too_long"),
        ({"served_at": None}, "not_served"),
        ({"served_at": at("2022-04-01T00:00")}, "served_late"),
        ({"support_tested_at": at("2022-03-10T12:59")}, "support"),
        ({"support_tested_at": None}, "support"),
    ],
)
def test_an_order_beyond_its_power_is_void_and_says_why(zone, book, change, reason):
    order = zone.facts[-1]
    assert void_reasons(order, book) == ()
    void = void_reasons(order._replace(value={**order.value, **change}), book)
    assert void == (reason,)
    for language in ("en", "zh"):
        assert sentence(f"duty.void_{reason}", {}, language)


def test_the_precaution_area_is_lifted_with_the_others(book):
    zone = Notebook("zone:2")
    zone.note("zone", "2022-03-11T13:00", stage="active", level="precaution")
    standing = {Subject("zone", 1): Status("closed")}
    assert not has(derive(zone.dossier(book, standing), at("2022-03-12T08:00")), "lift/lift")
    lifted = {Subject("zone", 1): Status("lifted", values=(("over_at", at("2022-03-29T06:00")),))}
    answer = derive(zone.dossier(book, lifted), at("2022-03-29T06:30"))
    assert duty(answer, "lift/lift").due == at("2022-03-29T07:00")


def test_an_infection_in_a_controlled_area_is_proposed_as_an_upgrade(book):
    zone = Notebook("zone:3")
    zone.note("zone", "2022-03-11T13:00", stage="active", level="controlled")
    zone.note("round", "2022-03-13T13:00", persons=10, outcome="positive")
    (found,) = proposals(derive(zone.dossier(book), at("2022-03-13T14:00")), "upgrade")
    assert found.values["level"] == "closed"


def test_a_zone_that_is_only_proposed_asks_for_an_order_with_its_cost(book):
    zone = Notebook("zone:4")
    zone.note("zone", "2022-03-11T13:00", stage="proposed", level="closed", persons=300)
    answer = derive(zone.dossier(book), at("2022-03-11T14:00"))
    assert answer.duties == ()
    assert proposals(answer, "order")[0].values["person_days"] == 6300


def test_an_order_for_the_milder_level_does_not_restrain_at_the_stricter_one(zone, book):
    milder = Notebook("zone:2")
    milder.note("zone", "2022-03-11T13:00", stage="active", level="controlled", persons=300)
    strict = small_book({**PACK, "authority.county.order": {"asks": ["stay_in", "stay_inside_area"], "days": 21}})
    milder.note("instrument", "2022-03-11T13:00", **{**ORDER, "asks": "stay_inside_area"})
    assert dict(derive(milder.dossier(strict), at("2022-03-12T08:00")).status.values)["until"] == ORDER["ends"]
    milder.note("zone", "2022-03-12T13:00", stage="changed", level="closed")
    answer = derive(milder.dossier(strict), at("2022-03-12T14:00"))
    assert dict(answer.status.values)["until"] is None
    assert len(proposals(answer, "order")) == 1


def test_a_zone_wakes_when_its_order_is_served(book):
    zone = Notebook("zone:3")
    zone.note("zone", "2022-03-11T08:00", stage="active", level="closed", persons=300)
    zone.note("instrument", "2022-03-11T09:00",
              **{**ORDER, "served_at": at("2022-03-11T11:00"),
                  "support_tested_at": at("2022-03-11T08:00")})  # fmt: skip
    assert derive(zone.dossier(book), at("2022-03-11T10:00")).wake_at == at("2022-03-11T11:00")


def test_the_latest_end_of_an_order_that_is_asked_for_moves_with_the_days(book):
    zone = Notebook("zone:4")
    zone.note("zone", "2022-03-11T08:00", stage="proposed", level="closed", persons=300)
    assert derive(zone.dossier(book), at("2022-03-11T10:00")).wake_at == at("2022-03-12T00:00")


@pytest.mark.parametrize(("rung", "until"), [("advice", None), ("agreement", ORDER["ends"])])
def test_advice_closes_no_zone_and_an_agreement_needs_no_serving(book, rung, until):
    zone = Notebook("zone:5")
    zone.note("zone", "2022-03-11T08:00", stage="active", level="closed", persons=300)
    zone.note("instrument", "2022-03-11T09:00", rung=rung, asks="stay_in", ends=ORDER["ends"])
    assert dict(derive(zone.dossier(book), at("2022-03-11T10:00")).status.values)["until"] == until
