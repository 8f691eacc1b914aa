"""A new version of a pack changes nobody until a human pins her to it."""

from __future__ import annotations

from datetime import date

import pytest

from ringfence.rules.facts import current
from ringfence.rules.pins import pinned_books
from ringfence.rules.strata import derive_all
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject
from tests.rules.city import at, day, eighth, fact
from tests.rules.packs_for_tests import dated, small_pack
from tests.rules.test_contact_duties import FANG_JUDGED, ordered

VALUES = {key: ruled.value for key, ruled in eighth().values.items()}
SHORTER = small_pack({**VALUES, "course.close.central.days": dated({date(2020, 1, 1): 14, date(2022, 3, 10): 7})})
OLD = eighth()


def last_day(facts):
    book = pinned_books(current(facts), OLD, {"small": SHORTER}.__getitem__)
    duties = derive_all(facts, book, at("2022-03-12T09:00"))[Subject("contact", 2)].duties
    return day(next(d for d in duties if d.key.endswith("home.d2")))


def pin(subject: str, when: str, version: str = "1"):
    return fact("pinned", subject, when, pack="small", version=version, by="Dr Lin")


def test_a_new_value_changes_nobody_by_itself():
    assert last_day(FANG_JUDGED) == date(2022, 3, 23)


def test_a_pin_moves_the_one_who_is_pinned():
    assert last_day([*FANG_JUDGED, pin("contact:2", "2022-03-11T09:00")]) == date(2022, 3, 16)


def test_a_pin_from_before_the_new_value_keeps_the_old_one():
    assert last_day([*FANG_JUDGED, pin("contact:2", "2022-03-09T09:00")]) == date(2022, 3, 23)


def test_a_pin_of_the_incident_holds_for_all_without_one_of_their_own():
    assert last_day([*FANG_JUDGED, pin("incident:1", "2022-03-11T09:00")]) == date(2022, 3, 16)


def test_a_version_that_is_not_at_hand_is_refused():
    with pytest.raises(Refused, match="version 9"):
        last_day([*FANG_JUDGED, pin("contact:2", "2022-03-11T09:00", "9")])


def test_a_pin_makes_nothing_valid_that_was_void_when_it_was_signed():
    powers = small_pack({**VALUES, "authority.town_council.order": {"asks": ["quarantine_site"], "days": 14}})
    order = ordered(2, "2022-03-08T09:00", "2022-03-22T00:00", body="town_council")
    facts = [*FANG_JUDGED, order, pin("contact:2", "2022-03-09T09:00")]
    book = pinned_books(current(facts), OLD, {"small": powers}.__getitem__)
    duties = derive_all(facts, book, at("2022-03-12T09:00"))[Subject("contact", 2)].duties
    assert not [d for d in duties if d.kind == "remain"]
