from datetime import timedelta

import pytest

from ringfence.rules.derive.letter import derive
from ringfence.rules.telling import Teller, derived_json
from ringfence.vocabulary.moments import parse_moment
from tests.rules.areas_for_tests import Notebook, at, codes, duty
from tests.rules.packs_for_tests import small_book

CLOCKS = {
    "clock.letter_acknowledge.hard": 1,
    "clock.letter_locate.hard": 2,
    "clock.letter_control.hard": 8,
    "clock.letter_list.hard": 24,
    "clock.letter_receipt.hard": 2,
}


@pytest.fixture
def book():
    return small_book(CLOCKS)


@pytest.fixture
def letter():
    """Jiaxing asks at eight for two people who were with a case."""
    letter = Notebook("letter:1")
    letter.note("letter", "2022-03-10T08:00", way="in", persons=2)
    return letter


def test_a_letter_that_came_in_is_acknowledged_and_its_people_found_and_safe_in_eight_hours(letter, book):
    answer = derive(letter.dossier(book), at("2022-03-10T08:30"))
    assert duty(answer, "letter/acknowledge").due == at("2022-03-10T09:00")
    assert duty(answer, "letter/locate").due == at("2022-03-10T10:00")
    assert duty(answer, "letter/control").due == at("2022-03-10T16:00")
    assert duty(answer, "letter/answer").due == at("2022-03-11T08:00")


def test_the_answer_for_programs_wakes_at_the_deadline_itself_and_says_that_it_must_have_passed(letter, book):
    def told(now):
        answer = derive(letter.dossier(book), now)
        teller = Teller("en", book.pack, now)
        wake = derived_json({answer.duties[0].subject: answer}, teller)
        return parse_moment(wake["wake_at"]), wake["wake_when"], duty(answer, "letter/acknowledge").state(now)

    deadline = at("2022-03-10T09:00")
    assert told(at("2022-03-10T08:30")) == (deadline, "passed", "open")
    assert told(deadline) == (deadline, "passed", "open")  # done on the very moment it is in time
    wakes, _, state = told(deadline + timedelta(microseconds=1))
    assert (wakes, state) == (at("2022-03-10T10:00"), "late")


def test_a_list_has_a_day(book):
    letter = Notebook("letter:1")
    letter.note("letter", "2022-03-10T08:00", way="in", persons=300, list=True)
    answer = derive(letter.dossier(book), at("2022-03-10T08:30"))
    assert duty(answer, "letter/control").due == at("2022-03-11T08:00")


def test_one_of_two_located_is_not_yet_all(letter, book):
    letter.note("letter_step", "2022-03-10T09:00", stage="located", persons=1)
    assert duty(derive(letter.dossier(book), at("2022-03-10T09:30")), "letter/locate").ended == "open"
    letter.note("found", "2022-03-10T09:40", outcome="not_found")
    answer = derive(letter.dossier(book), at("2022-03-10T09:50"))
    assert duty(answer, "letter/locate").ended == "proved"
    assert "duty.letter_not_found" in codes(duty(answer, "letter/locate"))


def test_a_letter_passed_on_keeps_its_clock_and_needs_a_receipt(letter, book):
    letter.note("letter_step", "2022-03-10T09:00", stage="forwarded")
    without = derive(letter.dossier(book), at("2022-03-10T09:30"))
    assert duty(without, "letter/locate").ended == "open"
    letter.note("letter_step", "2022-03-10T09:40", stage="forwarded", receipt="JX-17")
    after = derive(letter.dossier(book), at("2022-03-10T09:50"))
    assert duty(after, "letter/locate").ended == "proved"
    assert duty(after, "letter/answer").due == at("2022-03-11T08:00")


def test_someone_who_has_moved_counts_only_with_a_receipt(letter, book):
    letter.note("letter_step", "2022-03-10T09:00", stage="located", persons=1)
    letter.note("found", "2022-03-10T09:20", outcome="moved")
    assert duty(derive(letter.dossier(book), at("2022-03-10T09:30")), "letter/locate").ended == "open"


def test_a_letter_sent_out_waits_for_a_receipt(book):
    letter = Notebook("letter:2")
    letter.note("letter", "2022-03-08T01:00", way="out", persons=1)
    assert duty(derive(letter.dossier(book), at("2022-03-08T02:00")), "letter/receipt").due == at("2022-03-08T03:00")
    letter.note("receipt", "2022-03-08T02:10", **{"for": "letter", "number": "X-1"})
    assert derive(letter.dossier(book), at("2022-03-08T02:20")).status.state == "received_there"
