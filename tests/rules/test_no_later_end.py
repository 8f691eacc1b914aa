"""No route writes a later end: whoever was let go stays free until somebody signs anew."""

from __future__ import annotations

import pytest

from ringfence.rules.compare import compare
from ringfence.rules.strata import derive_all
from ringfence.vocabulary.subjects import Subject
from tests.rules.city import at, duties_of, eighth, fact, ill, judged, local, met

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")
FANG = [*WEI, met(2, "2022-03-07T08:00", setting="household"), judged(2, "close", "2022-03-08T08:00"),
        fact("agreement", "contact:2", "2022-03-08T09:00", asks="quarantine_site", ends="2022-03-22T00:00", id="yes"),
        fact("stay", "contact:2", "2022-03-08T12:00", kind="quarantine_site", place="place:9")]  # fmt: skip
NOW = "2022-03-15T09:00"


def until(facts, now=NOW):
    return local(duties_of(facts, now, "contact:2")["remain/central"].until)


def lengthened(before, after, now=NOW):
    old, new = (derive_all(facts, eighth(), at(now)) for facts in (before, after))
    return [c.before.key for s, d in old.items() if s in new for c in compare(d.duties, new[s].duties).lengthened]


def test_a_new_assessment_does_not_bring_back_a_quarantine_from_which_she_was_released():
    released = [*FANG, fact("release", "contact:2", "2022-03-11T12:00")]
    again = [*released, judged(2, "close", "2022-03-13T08:00")]
    assert until(released) == until(again) == "03-11 12:00"
    assert lengthened(released, again) == []


def test_an_instrument_signed_after_a_release_holds():
    again = [*FANG, fact("release", "contact:2", "2022-03-11T12:00"), judged(2, "close", "2022-03-13T08:00"),
             fact("agreement", "contact:2", "2022-03-13T09:00", asks="quarantine_site",
                  ends="2022-03-20T00:00")]  # fmt: skip
    assert until(again) == "03-20 00:00"


def test_a_release_at_the_end_of_one_stage_does_not_end_what_was_signed_for_the_next():
    book = eighth(**{"course.close.home.asks": "quarantine_home", "course.close.home.release": ["own_tests"]})
    facts = [*FANG, fact("agreement", "contact:2", "2022-03-20T09:00", asks="quarantine_home", ends="2022-03-29T00:00"),
             fact("release", "contact:2", "2022-03-22T00:00")]  # fmt: skip
    duties = duties_of(facts, "2022-03-24T09:00", "contact:2", book)
    assert local(duties["remain/home"].until) == "03-29 00:00"
    assert local(duties["remain/central"].until) == "03-22 00:00"


def test_a_new_assessment_does_not_bring_back_a_later_stage_either():
    book = eighth(**{"course.close.home.asks": "quarantine_home", "course.close.home.release": ["own_tests"]})
    facts = [*FANG, fact("agreement", "contact:2", "2022-03-21T09:00", asks="quarantine_home", ends="2022-03-29T00:00"),
             fact("release", "contact:2", "2022-03-22T00:00"), fact("release", "contact:2", "2022-03-24T10:00"),
             judged(2, "close", "2022-03-25T08:00")]  # fmt: skip
    duties = duties_of(facts, "2022-03-26T09:00", "contact:2", book)
    assert local(duties["remain/home"].until) == "03-24 10:00"


@pytest.mark.parametrize(
    "freed",
    [
        fact("release", "contact:2", "2022-03-11T12:00", id="out"),
        fact("ended", "contact:2", "2022-03-11T12:00", id="out", which="yes", by="Dr Lin"),
    ],
)
def test_taking_back_a_release_takes_nobody_back_into_quarantine(freed):
    back = fact("retraction", "contact:2", "2022-03-12T09:00", retracts="out", why="wrong person")
    assert until([*FANG, freed]) == until([*FANG, freed, back]) == "03-11 12:00"
    assert lengthened([*FANG, freed], [*FANG, freed, back]) == []


def test_a_release_taken_back_before_it_was_known_leaves_no_trace():
    out = fact("release", "contact:2", "2022-03-11T12:00", id="out", known="2022-03-12T10:00")
    back = fact("retraction", "contact:2", "2022-03-12T09:00", retracts="out", why="wrong person")
    assert until([*FANG, out, back]) == "03-22 00:00"


def test_taking_back_a_discharge_takes_no_patient_back():
    isolated = [*WEI, fact("agreement", "infection:1", "2022-03-08T06:00", asks="isolate_hospital",
                ends="2022-03-28T00:00"),
                fact("stay", "infection:1", "2022-03-08T06:30", kind="hospital", place="place:8"),
                fact("discharge", "infection:1", "2022-03-14T10:00", id="home")]  # fmt: skip
    back = fact("retraction", "infection:1", "2022-03-14T12:00", retracts="home", why="another Wei")
    remain = duties_of([*isolated, back], NOW, "infection:1")["remain/isolation"]
    assert local(remain.until) == "03-14 10:00"
    assert "discharge/discharge" not in duties_of([*isolated, back], NOW, "infection:1")
    assert derive_all([*isolated, back], eighth(), at(NOW))[Subject("infection", 1)].status.separated_at is None


def test_an_instrument_may_tell_its_end_as_the_end_of_the_fact():
    signed = fact("instrument", "contact:2", "2022-03-08T09:00", until="2022-03-20T00:00", rung="agreement",
                  asks="quarantine_site")  # fmt: skip
    assert until([f for f in FANG if f.kind != "agreement"] + [signed]) == "03-20 00:00"
