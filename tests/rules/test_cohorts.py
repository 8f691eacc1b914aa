import pytest

from ringfence.rules.derive.cohort import derive
from ringfence.rules.duties import Status
from ringfence.vocabulary.subjects import Subject
from tests.rules.areas_for_tests import CHEN, FANG, LI, WEI, Notebook, at, codes, duty, proposals
from tests.rules.packs_for_tests import small_book


@pytest.fixture
def book():
    return small_book({"clock.round.hard": 24})


@pytest.fixture
def town():
    return Notebook("cohort:1")


def test_of_a_thousand_960_done_and_15_exempt_leave_25_missing(town, book):
    town.note("roster", "2022-03-08T09:00", count=1000, community="zhili")
    town.note("coverage", "2022-03-08T20:00", done=960, exempt=15, community="zhili")
    answer = derive(town.dossier(book), at("2022-03-08T21:00"))
    covered = duty(answer, "coverage/zhili")
    assert covered.values["missing"] == 25
    assert covered.due == at("2022-03-09T09:00")
    assert covered.ended == "open"


def test_a_tube_that_was_sealed_and_never_received_blocks_the_round(town, book):
    town.note("roster", "2022-03-08T09:00", count=1, community="zhili")
    town.note("coverage", "2022-03-08T20:00", done=1, community="zhili")
    tubes = {
        Subject("tube", n): Status(values=(("sealed", True), ("received", n < 95), ("resulted", n < 95)))
        for n in range(96)
    }
    answer = derive(town.dossier(book, tubes), at("2022-03-08T21:00"))
    (found,) = proposals(answer, "discrepancy")
    assert (found.values["sealed"], found.values["received"], found.values["blocking"]) == (96, 95, True)
    assert answer.status.state == "blocked"


def test_each_community_has_one_duty_proved_by_the_difference_of_lists(town, book):
    town.note("roster", "2022-03-08T09:00", count=2, community="north", who=(WEI, FANG))
    town.note("roster", "2022-03-08T09:00", count=2, community="south", who=(CHEN, LI))
    town.note("coverage", "2022-03-08T12:00", done=1, community="north", who=(WEI,))
    town.note("coverage", "2022-03-08T13:00", done=1, community="north", who=(FANG,))
    town.note("coverage", "2022-03-08T13:00", done=1, community="south", who=(CHEN,))
    answer = derive(town.dossier(book), at("2022-03-08T14:00"))
    assert len(answer.duties) == 2
    assert duty(answer, "coverage/north").ended == "proved"
    assert duty(answer, "coverage/south").values["who"] == ("person:4",)


def test_more_done_than_on_the_roster_is_a_discrepancy_and_no_proof(town, book):
    town.note("roster", "2022-03-08T09:00", count=10, community="north")
    town.note("coverage", "2022-03-08T12:00", done=12, community="north")
    answer = derive(town.dossier(book), at("2022-03-08T14:00"))
    assert duty(answer, "coverage/north").ended == "open"
    assert codes(proposals(answer, "discrepancy")[0]) == ["duty.cohort_too_many"]


def test_a_second_round_is_an_episode_of_its_own(town, book):
    town.note("roster", "2022-03-08T09:00", count=10, community="north", round=1)
    town.note("coverage", "2022-03-08T12:00", done=10, community="north")
    town.note("roster", "2022-03-09T09:00", count=10, community="north", round=2)
    (found,) = derive(town.dossier(book), at("2022-03-09T10:00")).duties
    assert found.key == "coverage/cohort:1/2/north"
    assert found.ended == "open"
