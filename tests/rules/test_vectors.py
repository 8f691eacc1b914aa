"""The computed cases that the whole platform is held to, each through a shipped pack; their numbers are the names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ringfence.rules.classify import classify
from ringfence.rules.derive.room import derive as derive_room
from ringfence.rules.duties import Status
from ringfence.rules.instruments import stands, void_reasons
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import shipped_pack
from ringfence.rules.strata import derive_all
from ringfence.rules.windows import infectious_window
from ringfence.rules.zero import community_zero
from ringfence.vocabulary.subjects import Subject
from tests.rules.areas_for_tests import Notebook, proposals
from tests.rules.areas_for_tests import at as shanghai
from tests.rules.city import at, duties_of, fact, follows, ill, judged, local, met, proposals_of


def book(name: str, on: str = "2022-03-08") -> Rulebook:
    return Rulebook.of(shipped_pack(name), date.fromisoformat(on))


def days_of(duties, stage):
    return [local(d.begins)[:5] for n, d in duties.items() if n.startswith(f"test/{stage}.")]


FANG = [*ill(1, "2022-03-06", "2022-03-07T22:00"),
        met(2, "2022-03-05T18:00", "2022-03-07T18:00", setting="household"),
        judged(2, "close", "2022-03-07T23:00")]  # fmt: skip


def test_vector_1_last_exposure_on_7_march_under_the_eighth_plan():
    duties = duties_of(FANG, "2022-03-08T09:00", "contact:2", book("cn-covid-8"))
    assert days_of(duties, "central") == ["03-08", "03-11", "03-14", "03-21"]
    assert local(duties["measure/central"].values["ends"]) == "03-22 00:00"
    assert days_of(duties, "home") == ["03-23", "03-28"]
    assert local(duties["monitor/home"].until) == "03-29 00:00"


def test_vector_1_last_exposure_on_7_march_under_the_ninth_plan():
    duties = duties_of(FANG, "2022-03-08T09:00", "contact:2", book("cn-covid-9", "2022-06-28"))
    assert days_of(duties, "central") == ["03-08", "03-09", "03-10", "03-12", "03-14"]
    assert days_of(duties, "home") == ["03-17"]


@pytest.mark.parametrize(
    ("pack", "change", "inside"),
    [
        ("cn-covid-8", {}, True),
        ("cn-covid-8", {"infectious.granularity": "hour"}, False),
        ("cn-covid-8", {"infectious.from": -4}, True),
    ],
)
def test_vector_2_a_contact_on_5_march_of_a_case_without_symptoms_sampled_on_the_7th(pack, change, inside):
    rules = book(pack)
    values = {key: ruled._replace(value=change.get(key, ruled.value)) for key, ruled in rules.values.items()}
    rules = Rulebook(rules.pack, rules.on, values, rules.signable, rules.zone)
    window = infectious_window(rules, anchor=at("2022-03-07T16:00"), without_symptoms=True)
    assert (window.begins <= at("2022-03-05T08:00")) == inside


def test_vector_2_four_days_are_those_of_huzhou_too():
    window = infectious_window(book("huzhou-2022"), anchor=at("2022-03-07T16:00"), without_symptoms=True)
    assert window.begins <= at("2022-03-05T08:00")


def test_vector_3_fourteen_clean_days_and_a_round_lift_on_26_march():
    zone = fact("zone", "zone:1", "2022-03-11T13:00", stage="active", level="closed", persons=300,
                infections=["infection:1"], contacts=["contact:2"])  # fmt: skip
    facts = [*ill(1, "2022-03-10", "2022-03-11T05:00"), zone,
             fact("stay", "infection:1", "2022-03-11T07:00", kind="hospital"),
             met(2, "2022-03-10T12:00", "2022-03-11T06:00"), judged(2, "close", "2022-03-11T12:00")]  # fmt: skip
    earliest = dict(follows(facts, "2022-03-20T08:00", book("cn-covid-8"))[Subject("zone", 1)].status.values)
    assert local(earliest["earliest_lift"]) == "03-26 00:00"
    for day, lifts in (("23", False), ("24", True), ("25", True)):
        negative = fact("round", "zone:1", f"2022-03-{day}T10:00", persons=300, outcome="negative")
        duties = duties_of([*facts, negative], "2022-03-26T00:00", "zone:1", book("cn-covid-8"))
        assert ("lift/lift" in duties) == lifts


def test_vector_4_a_linked_contact_turns_positive_on_day_5_and_nothing_is_extended():
    facts = [*FANG, met(6, "2022-03-06T19:00", "2022-03-06T20:00", "contact:2"),
             judged(6, "secondary", "2022-03-08T08:00"),
             fact("agreement", "contact:6", "2022-03-08T09:00", asks="quarantine_site", ends="2022-03-14T00:00"),
             fact("result", "contact:2", "2022-03-12T09:00", outcome="positive")]  # fmt: skip
    now, rules = "2022-03-12T10:00", book("cn-covid-8")
    (upgrade,) = [p for k, p in proposals_of(facts, now, "contact:6", rules).items() if k == "upgrade"]
    assert (upgrade.values["cls"], local(upgrade.values["ends"])) == ("close", "03-21 00:00")
    duties = duties_of(facts, now, "contact:6", rules)
    assert local(duties["remain/central"].until) == "03-14 00:00"
    assert any(name.startswith("assess_again/") for name in duties)


@pytest.mark.parametrize(("minutes", "hours", "cls"), [(9, 41, "none"), (15, 12, "none"), (10, 30, "spacetime")])
def test_vector_6_the_800_metre_grid(minutes, hours, cls):
    exposure = met(4, "2022-03-06T12:00", "2022-03-06T12:15", setting="grid", minutes=minutes, cumulative_hours=hours)
    rules = book("cn-covid-8")
    assert (classify(exposure, rules, index=Status("confirmed")).cls or "none") == cls
    facts = [*ill(1, "2022-03-06", "2022-03-07T22:00"), exposure, judged(4, "spacetime", "2022-03-08T08:00")]
    assert {d.kind for d in follows(facts, "2022-03-08T09:00", rules)[Subject("contact", 4)].duties}.isdisjoint(
        {"measure", "remain", "place", "transfer", "hold"}
    )


def exposed_to_measles(*more, **person):
    return [fact("person", "person:2", "2026-03-01T08:00", **person),
            fact("immunity", "person:2", "2026-03-03T08:00", state="none"),
            met(2, "2026-03-01T10:00", "2026-03-03T18:00", setting="household"),
            judged(2, "contact", "2026-03-03T20:00"), *more]  # fmt: skip


@pytest.mark.parametrize("pack", ["measles-who", "measles-us"])
def test_vector_7_doses_and_exclusion_after_measles(pack):
    rules = book(pack, "2026-03-04")
    infant = duties_of(exposed_to_measles(birth_date="2025-08-01"), "2026-03-03T21:00", "contact:2", rules)
    assert infant["dose/mmr"].due == at("2026-03-04T10:00")
    late = duties_of(exposed_to_measles(birth_date="2025-08-01"), "2026-03-04T11:00", "contact:2", rules)
    assert late["dose/ig"].due == at("2026-03-07T10:00")
    ends = infant["measure/apart"].values["ends"] - timedelta(microseconds=1)
    assert ends.astimezone(rules.zone).date() == date(2026, 3, 24)
    assert infant["monitor/apart"].until.astimezone(rules.zone).date() == date(2026, 3, 25)
    course = rules.get("contact.contact.course.none")
    assert rules.get(f"course.{course}.apart.from") == 5
    given = fact("dose", "person:2", "2026-03-05T08:00", product=rules.get("dose.ig.product"), purpose="post_exposure")
    with_ig = duties_of(exposed_to_measles(given, birth_date="2025-08-01"), "2026-03-05T21:00", "contact:2", rules)
    ends = with_ig["measure/apart"].values["ends"] - timedelta(microseconds=1)
    assert ends.astimezone(rules.zone).date() == date(2026, 3, 31)


def test_vector_7_a_rash_on_10_march_is_infectious_from_the_6th_to_the_14th():
    rules = book("measles-who", "2026-03-10")
    rash = at("2026-03-10T12:00")
    window = infectious_window(rules, anchor=rash)
    assert window.begins.astimezone(rules.zone).date() == date(2026, 3, 6)
    assert (window.ends - timedelta(microseconds=1)).astimezone(rules.zone).date() == date(2026, 3, 14)


@pytest.mark.parametrize(("minutes", "exposed"), [(119, True), (121, False)])
def test_vector_7_the_air_of_a_room_counts_for_two_hours(minutes, exposed):
    came = met(2, "2026-03-08T15:00", "2026-03-08T15:30", setting="room", after_minutes=minutes)
    assert (classify(came, book("measles-us", "2026-03-10"), index=Status("confirmed")).cls is not None) == exposed


def test_vector_8_ebola_ends_42_days_after_the_second_negative_and_is_watched_for_90_more():
    facts = [fact("incident", "incident:1", "2025-12-01T06:00", stage="opened"),
             fact("last_case", "incident:1", "2026-01-10T12:00", of="second_negative")]  # fmt: skip
    rules = book("ebola", "2026-01-11")
    duties = duties_of(facts, "2026-01-12T08:00", "incident:1", rules)
    declare, watch = duties["outbreak_end/declare"], duties["outbreak_end/watch"]
    (why, _) = declare.because
    assert (why.values["day_0"], why.values["last_day"]) == (date(2026, 1, 10), date(2026, 2, 21))
    assert declare.begins.astimezone(rules.zone).date() == date(2026, 2, 22)
    assert watch.until - watch.begins == timedelta(days=90)


def test_vector_9_community_zero_after_the_fourth_day():
    days = [(2, 1), (3, 0), (1, 0), (2, 0)]
    assert [community_zero(days[:n], None, 3) for n in (2, 3, 4)] == ["not_zero", "not_zero", "zero"]
    assert book("cn-covid-8").get("community_zero.days", 3) == 3


def test_vector_10_a_room_and_a_trip_at_once_are_refused():
    room = Notebook("room:1")
    room.note("occupied", "2022-03-08T12:00", who=Subject("person", 2))
    trip = room.note("trip", "2022-03-08T13:00", about=Subject("contact", 2), stage="boarded")
    answer = derive_room(room.dossier(book("cn-covid-8")), shanghai("2022-03-08T13:30"))
    assert [p.values["refuse"] for p in proposals(answer, "double_custody")] == [trip]


def test_vector_10_a_room_and_a_trip_at_once_are_refused_in_an_incident_too():
    facts = [*FANG, fact("occupied", "room:1", "2022-03-08T12:00", who="person:2"),
             fact("trip", "contact:2", "2022-03-08T13:00", stage="boarded")]  # fmt: skip
    answer = derive_all(facts, book("cn-covid-8"), at("2022-03-08T13:30"))
    assert [p.kind for p in answer[Subject("room", 1)].proposals] == ["double_custody"]


ORDER = {"rung": "notice", "asks": "quarantine_site", "ends": "2022-03-22T00:00", "issuer": "Dr Lin", "number": "7",
         "legal_basis": ["Law"], "reason": "met Wei", "person_days": 14, "served_at": "2022-03-08T09:00",
         "support_tested_at": "2022-03-08T08:00"}  # fmt: skip


def order(**change):
    rules = book("cn-covid-8")
    body = next(key.split(".")[1] for key in rules.values if key.startswith("authority.") and key.endswith(".notice"))
    value = {k: v for k, v in {**ORDER, "body": body, **change}.items() if v is not None}
    return fact("instrument", "contact:2", "2022-03-08T09:00", id="order", **value)


@pytest.mark.parametrize(("lacks", "reason"), [("ends", "ends"), ("legal_basis", "legal_basis")])
def test_vector_11_an_order_without_end_or_basis_restrains_nobody(lacks, reason):
    rules = book("cn-covid-8")
    assert stands(order(), rules)
    assert void_reasons(order(**{lacks: None}), rules) == (reason,)
    duties = duties_of([*FANG, order(**{lacks: None})], "2022-03-08T12:00", "contact:2", rules)
    assert "remain/central" not in duties


def test_vector_11_who_is_under_a_lapsed_order_is_free_and_its_owner_hears_of_it():
    rules = book("cn-covid-8")
    stays = fact("stay", "contact:2", "2022-03-08T09:00", kind="quarantine_site")
    facts = [*FANG, order(), stays]
    duties = duties_of(facts, "2022-03-22T00:30", "contact:2", rules)
    assert duties["remain/central"].ended != "open"
    assert duties["remain/central"].until == at("2022-03-22T00:00")
    assert "lapsed" in proposals_of(facts, "2022-03-22T00:30", "contact:2", rules)


def test_vector_13_a_round_of_a_thousand_and_a_tube_that_was_not_received():
    facts = [fact("roster", "cohort:1", "2022-03-11T06:00", count=1000),
             fact("coverage", "cohort:1", "2022-03-11T18:00", done=960, exempt=15,
                  tubes=[f"tube:{n}" for n in range(1, 97)])]  # fmt: skip
    for n in range(1, 97):
        facts.append(fact("tube", f"tube:{n}", "2022-03-11T17:00", stage="sealed"))
        if n < 96:
            facts.append(fact("tube", f"tube:{n}", "2022-03-11T18:00", stage="received"))
    answer = derive_all(facts, book("cn-covid-8"), at("2022-03-11T20:00"))[Subject("cohort", 1)]
    assert dict(answer.status.values)["missing"] == 25
    (tubes,) = answer.proposals
    assert (tubes.values["sealed"], tubes.values["received"], tubes.values["blocking"]) == (96, 95, True)
