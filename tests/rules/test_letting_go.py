"""What frees is owed within the hour: whoever is no longer to be restrained has a release, until she is free."""

from __future__ import annotations

import pytest

from ringfence.rules.duties import OPEN, PROVED
from ringfence.rules.strata import Incident, derive_all
from tests.rules.city import at, duties_of, eighth, fact, ill, judged, local, met, proposals_of

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")
FANG = [*WEI, met(2, "2022-03-07T08:00", setting="household"), judged(2, "close", "2022-03-08T08:00"),
        fact("agreement", "contact:2", "2022-03-08T09:00", asks="quarantine_site",
             ends="2022-03-22T00:00", id="yes")]  # fmt: skip
DISPROVED = fact("case", "infection:1", "2022-03-10T10:00", state="discarded")


def free(facts, now):
    return duties_of(facts, now, "contact:2").get("release/withdrawn")


@pytest.mark.parametrize("cls", ["none", "general"])
def test_who_is_no_longer_judged_to_be_restrained_is_released_within_the_hour(cls):
    duty = free([*FANG, judged(2, cls, "2022-03-10T10:00")], "2022-03-10T10:30")
    assert (duty.ended, local(duty.due)) == (OPEN, "03-10 11:00")


def test_who_was_never_restrained_has_no_release():
    assert free([*FANG[:-1], judged(2, "none", "2022-03-10T10:00")], "2022-03-10T10:30") is None


def test_a_release_from_before_does_not_free_her_from_what_was_signed_since():
    facts = [*FANG, fact("release", "contact:2", "2022-03-09T08:00"),
             fact("agreement", "contact:2", "2022-03-09T12:00", asks="quarantine_site", ends="2022-03-22T00:00"),
             DISPROVED]  # fmt: skip
    assert free(facts, "2022-03-10T10:30").ended == OPEN
    out = fact("release", "contact:2", "2022-03-10T10:40")
    assert free([*facts, out], "2022-03-10T11:30").ended == PROVED


@pytest.mark.parametrize("why", [DISPROVED, judged(2, "none", "2022-03-10T10:00")])
def test_the_release_is_no_longer_owed_once_what_was_signed_has_ended_by_itself(why):
    incident = Incident([*FANG, why], eighth(), at("2022-03-10T10:30"))
    incident.add([], now=at("2022-03-23T08:00"))
    assert incident.derivations == derive_all([*FANG, why], eighth(), at("2022-03-23T08:00"))
    assert free([*FANG, why], "2022-03-23T08:00") is None


def test_what_was_ended_early_needs_no_release():
    ended = fact("ended", "contact:2", "2022-03-10T10:10", which="yes", by="Dr Lin")
    assert free([*FANG, DISPROVED, ended], "2022-03-10T10:30") is None


def test_advice_and_what_is_void_needs_no_release():
    void = fact(
        "instrument", "contact:2", "2022-03-08T09:00", rung="order", asks="quarantine_site", ends="2022-03-22T00:00"
    )
    advice = fact("instrument", "contact:2", "2022-03-08T09:00", rung="advice", asks="quarantine_home")
    assert free([*FANG[:-1], void, advice, DISPROVED], "2022-03-10T10:30") is None


def test_an_assessment_whose_every_exposure_was_taken_back_is_asked_for_again_and_nothing_longer_is_proposed():
    wrong = fact("retraction", "contact:2", "2022-03-12T09:00", retracts="met", why="another Fang")
    facts = [*WEI, met(2, "2022-03-05T08:00", setting="household", id="met"), judged(2, "close", "2022-03-08T08:00"),
             fact("agreement", "contact:2", "2022-03-08T09:00", asks="quarantine_site", ends="2022-03-20T00:00"),
             wrong]  # fmt: skip
    duties = duties_of(facts, "2022-03-12T10:00", "contact:2")
    assert any(name.startswith("assess_again/") for name in duties)
    assert local(duties["remain/central"].until) == "03-20 00:00"
    assert "extend" not in proposals_of(facts, "2022-03-12T10:00", "contact:2")
