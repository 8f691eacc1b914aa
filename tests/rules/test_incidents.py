from datetime import date

import pytest

from ringfence.rules.derive.incident import derive
from ringfence.rules.duties import Status
from ringfence.rules.zero import community_zero
from ringfence.vocabulary.subjects import Subject
from tests.rules.areas_for_tests import Notebook, at, codes, duty, has, proposals
from tests.rules.packs_for_tests import small_book

END = {"outbreak_end.days": 42, "outbreak_end.from": "second_negative", "outbreak_end.watch": 90}


@pytest.fixture
def book():
    return small_book(END, on=date(2026, 1, 20))


@pytest.fixture
def incident():
    """The last patient's second negative sample was on 10 January."""
    incident = Notebook("incident:1")
    incident.note("incident", "2025-12-01T08:00", stage="opened")
    incident.note("last_case", "2026-01-10T10:00", of="second_negative", who=Subject("infection", 1))
    return incident


def test_after_a_second_negative_on_10_january_the_end_is_declared_on_22_february(incident, book):
    answer = derive(incident.dossier(book), at("2026-01-20T08:00"))
    declare = duty(answer, "outbreak_end/declare")
    assert declare.begins == at("2026-02-22T00:00")
    assert declare.because[0].values["last_day"] == date(2026, 2, 21)
    assert duty(answer, "outbreak_end/watch").until == at("2026-05-23T00:00")
    assert answer.wake_at == at("2026-02-22T00:00")


def test_a_declaration_before_its_day_proves_nothing(incident, book):
    incident.note("receipt", "2026-02-20T08:00", **{"for": "declaration", "number": "D-1"})
    early = derive(incident.dossier(book), at("2026-02-22T08:00"))
    assert duty(early, "outbreak_end/declare").ended == "open"
    incident.note("receipt", "2026-02-22T07:00", **{"for": "declaration", "number": "D-2"})
    assert duty(derive(incident.dossier(book), at("2026-02-22T08:00")), "outbreak_end/declare").ended == "proved"


def test_a_newer_second_negative_starts_the_count_again_and_moves_the_same_duty(incident, book):
    before = duty(derive(incident.dossier(book), at("2026-01-20T08:00")), "outbreak_end/declare")
    incident.note("last_case", "2026-01-15T10:00", of="second_negative", who=Subject("infection", 3))
    after = duty(derive(incident.dossier(book), at("2026-01-20T08:00")), "outbreak_end/declare")
    assert after.key == before.key
    assert after.begins == at("2026-02-27T00:00")


def test_the_count_waits_while_a_case_is_open(incident, book):
    open_case = {Subject("infection", 3): Status("confirmed")}
    answer = derive(incident.dossier(book, open_case), at("2026-01-20T08:00"))
    assert not has(answer, "outbreak_end/declare")
    assert dict(answer.status.values)["blocked_by"] == ("infection:3",)
    closed = {Subject("infection", 3): Status("discharged")}
    assert has(derive(incident.dossier(book, closed), at("2026-01-20T08:00")), "outbreak_end/declare")


def test_the_pack_must_be_reviewed_every_seven_days():
    book = small_book({"review.every": 7})
    incident = Notebook("incident:1")
    incident.note("incident", "2022-03-08T05:00", stage="activated", level="II")
    review = duty(derive(incident.dossier(book), at("2022-03-09T08:00")), "review/pack")
    assert review.begins == at("2022-03-15T00:00")
    incident.note("done", "2022-03-15T10:00", duty="review/pack")
    again = duty(derive(incident.dossier(book), at("2022-03-16T08:00")), "review/pack")
    assert again.begins == at("2022-03-22T00:00")


def test_a_change_of_level_is_reported_and_its_receipt_proves_it():
    book = small_book({"clock.report.hard": 2})
    incident = Notebook("incident:1")
    incident.note("incident", "2022-03-08T05:00", stage="activated", level="II")
    assert duty(derive(incident.dossier(book), at("2022-03-08T06:00")), "report/level").due == at("2022-03-08T07:00")
    incident.note("receipt", "2022-03-08T06:30", **{"for": "report", "number": "R-1"})
    assert duty(derive(incident.dossier(book), at("2022-03-08T06:40")), "report/level").ended == "proved"


def test_under_a_pack_whose_time_is_over_an_incident_says_historical():
    book = small_book(ends=date(2022, 6, 27), on=date(2026, 1, 20))
    incident = Notebook("incident:1")
    incident.note("incident", "2026-01-20T05:00", stage="opened")
    (found,) = proposals(derive(incident.dossier(book), at("2026-01-20T08:00")), "historical")
    assert not found.signable
    assert codes(found) == ["duty.incident_historical"]


def test_three_days_without_a_case_in_the_community_are_zero_and_not_before():
    days = [(2, 1), (3, 0), (1, 0), (2, 0)]
    assert community_zero(days, None, 3) == "zero"
    assert community_zero(days[:3], None, 3) == "not_zero"


def test_days_on_which_too_few_were_tested_are_unknown_and_not_zero():
    days = [(3, 0), (1, 0), (2, 0)]
    assert community_zero(days, [True, False, True], 3) == "unknown"
    assert community_zero(days[:2], None, 3) == "unknown"
    assert community_zero([(1, 0), (0, 2)], [False, False], 3) == "not_zero"
