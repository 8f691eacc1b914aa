import pytest

from ringfence.rules.derive.place import derive
from tests.rules.areas_for_tests import FANG, WEI, Notebook, at, codes, duty, has, proposals
from tests.rules.packs_for_tests import small_book

CLOCKS = {"clock.disinfect.hard": 6, "clock.environment.hard": 4, "clock.cross_infection_ruling.hard": 24}


@pytest.fixture
def book():
    return small_book(CLOCKS)


@pytest.fixture
def workshop():
    """Wei left the workshop at nine."""
    workshop = Notebook("place:2")
    workshop.note("case_left", "2022-03-08T09:00", who=WEI)
    return workshop


def test_a_place_where_wei_was_is_disinfected_and_then_sampled(workshop, book):
    before = derive(workshop.dossier(book), at("2022-03-08T10:00"))
    assert duty(before, "disinfect/terminal").due == at("2022-03-08T15:00")
    assert before.status.state == "dirty"
    workshop.note("disinfection", "2022-03-08T12:00", kind="terminal")
    after = derive(workshop.dossier(book), at("2022-03-08T13:00"))
    assert duty(after, "environment_sample/after").due == at("2022-03-08T16:00")
    assert after.status.state == "sample_wait"
    workshop.note("environment_sample", "2022-03-08T14:00", outcome="negative")
    assert derive(workshop.dossier(book), at("2022-03-08T15:00")).status.state == "free"


def test_a_place_does_not_reopen_on_a_word_alone(workshop, book):
    workshop.note("disinfection", "2022-03-08T12:00", kind="terminal", grade="C")
    answer = derive(workshop.dossier(book), at("2022-03-08T13:00"))
    assert answer.status.state == "dirty"
    assert has(answer, "confirm/disinfect.terminal")


def test_a_disinfection_before_wei_left_proves_nothing(workshop, book):
    workshop.note("disinfection", "2022-03-08T08:00", kind="terminal")
    assert duty(derive(workshop.dossier(book), at("2022-03-08T10:00")), "disinfect/terminal").ended == "open"


def test_a_positive_corridor_is_put_before_a_human_and_disinfected_again(workshop, book):
    workshop.note("disinfection", "2022-03-08T12:00", kind="terminal")
    workshop.note("environment_sample", "2022-03-08T14:00", outcome="positive", points=("corridor",))
    answer = derive(workshop.dossier(book), at("2022-03-08T15:00"))
    assert proposals(answer, "environment_positive")[0].values["points"] == "corridor"
    assert codes(duty(answer, "disinfect/terminal")) == ["duty.place_positive"]
    assert duty(answer, "disinfect/terminal").ended == "open"


def test_a_positive_in_a_site_lets_releases_wait_for_a_ruling_and_no_longer_than_a_day(book):
    site = Notebook("place:9")
    found = site.note("cross_infection", "2022-03-10T08:00", affected=(FANG,), found=WEI)
    waiting = derive(site.dossier(book), at("2022-03-10T09:00"))
    assert duty(waiting, "release/cross_infection").due == at("2022-03-11T08:00")
    assert dict(waiting.status.values)["frozen"] == (("person:2",), at("2022-03-11T08:00"))
    assert proposals(waiting, "freeze_releases")[0].values["moves_an_end"] is False
    assert waiting.wake_at == at("2022-03-11T08:00")
    over = derive(site.dossier(book), at("2022-03-11T08:00"))
    assert dict(over.status.values) == {}
    assert proposals(over, "freeze_releases") == []
    site.note("ruling", "2022-03-10T20:00", on=found, says="not exposed", by="Dr Xu")
    ruled = derive(site.dossier(book), at("2022-03-10T21:00"))
    assert duty(ruled, "release/cross_infection").ended == "proved"
    assert dict(ruled.status.values) == {}


def test_a_pack_cannot_make_the_wait_longer_than_a_day():
    site = Notebook("place:9")
    site.note("cross_infection", "2022-03-10T08:00", affected=(FANG,))
    answer = derive(site.dossier(small_book({"clock.cross_infection_ruling.hard": 72})), at("2022-03-10T09:00"))
    assert dict(answer.status.values)["frozen"][1] == at("2022-03-11T08:00")


def test_a_pack_without_a_clock_owes_no_disinfection(workshop):
    assert derive(workshop.dossier(small_book()), at("2022-03-08T10:00")).duties == ()
