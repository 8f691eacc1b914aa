import pytest

from ringfence.rules.derive.room import derive
from tests.rules.areas_for_tests import CHEN, FANG, Notebook, at, codes, duty, proposals
from tests.rules.packs_for_tests import small_book


@pytest.fixture
def book():
    return small_book({"clock.disinfect.hard": 6, "clock.environment.hard": 4})


@pytest.fixture
def room():
    """Fang lives in room 5 of the site."""
    room = Notebook("room:5")
    room.note("occupied", "2022-03-08T12:00", who=FANG)
    return room


def test_a_room_turns_from_occupied_to_dirty_to_waiting_to_free(room, book):
    assert derive(room.dossier(book), at("2022-03-09T12:00")).status.state == "occupied"
    room.note("vacated", "2022-03-22T08:00", who=FANG)
    left = derive(room.dossier(book), at("2022-03-22T09:00"))
    assert left.status.state == "dirty"
    assert codes(duty(left, "disinfect/turn")) == ["duty.room_turn"]
    assert duty(left, "disinfect/turn").due == at("2022-03-22T14:00")
    room.note("disinfection", "2022-03-22T10:00", kind="terminal")
    assert derive(room.dossier(book), at("2022-03-22T11:00")).status.state == "sample_wait"
    room.note("environment_sample", "2022-03-22T12:00", outcome="negative")
    assert derive(room.dossier(book), at("2022-03-22T13:00")).status.state == "free"


def test_a_pack_that_wants_no_samples_frees_the_room_after_disinfection(room):
    room.note("vacated", "2022-03-22T08:00", who=FANG)
    room.note("disinfection", "2022-03-22T10:00", kind="terminal")
    assert derive(room.dossier(small_book({"clock.disinfect.hard": 6})), at("2022-03-22T11:00")).status.state == "free"


def test_a_room_is_refused_to_chen_while_fang_is_in_it(room, book):
    second = room.note("occupied", "2022-03-09T12:00", who=CHEN)
    (found,) = proposals(derive(room.dossier(book), at("2022-03-09T13:00")), "double_custody")
    assert found.values["refuse"] == second


def test_a_family_may_share_a_room(book):
    room = Notebook("room:5")
    for who in (FANG, CHEN):
        room.note("occupied", "2022-03-08T12:00", who=who, category="family")
    assert proposals(derive(room.dossier(book), at("2022-03-09T12:00")), "double_custody") == []


def test_fang_cannot_be_in_her_room_and_on_a_bus(room, book):
    room.note("trip", "2022-03-09T12:00", about=FANG, stage="boarded")
    (found,) = proposals(derive(room.dossier(book), at("2022-03-09T13:00")), "double_custody")
    assert codes(found) == ["duty.room_and_trip"]


def test_a_room_wakes_when_the_time_of_who_is_in_it_ends(room, book):
    room.facts[0] = room.facts[0]._replace(until=at("2022-03-10T12:00"))
    answer = derive(room.dossier(book), at("2022-03-09T12:00"))
    assert (answer.status.state, answer.wake_at) == ("occupied", at("2022-03-10T12:00"))
