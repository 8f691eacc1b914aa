"""How well a thing is proved, and what ends with a death."""

from __future__ import annotations

import pytest

from ringfence.rules.duties import ATTESTED, IMPOSSIBLE, OPEN, PROVED
from tests.rules.city import duties_of, eighth, fact, ill, judged, met, proposals_of

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")
FANG = [*WEI, met(2, "2022-03-07T08:00", setting="household"), judged(2, "close", "2022-03-08T08:00")]
PHONED = fact("notice", "contact:2", "2022-03-08T09:00", of="measure", how="phone", grade="C")
PAPER = fact("notice", "contact:2", "2022-03-08T15:00", of="measure", how="paper", grade="B", id="paper")


def test_what_was_told_by_phone_gives_way_to_the_paper_of_the_morning():
    night = duties_of([*FANG, PHONED], "2022-03-08T16:00", "contact:2")
    assert night["notify/told"].ended == ATTESTED
    assert "confirm/notify.told" in night
    morning = duties_of([*FANG, PHONED, PAPER], "2022-03-08T16:00", "contact:2")
    assert (morning["notify/told"].ended, morning["notify/told"].proved_by) == (PROVED, ("paper",))
    assert "confirm/notify.told" not in morning


@pytest.mark.parametrize(("grade", "ended"), [("A", PROVED), ("B", ATTESTED), ("C", ATTESTED)])
def test_where_the_pack_wants_a_device_a_document_closes_for_the_time_being(grade, ended):
    book = eighth(**{"proof.report": "A"})
    receipt = fact("receipt", "infection:1", "2022-03-08T06:00", **{"for": "report"}, number="7", grade=grade)
    duties = duties_of([*WEI, receipt], "2022-03-08T09:00", "infection:1", book)
    assert duties["report/report"].ended == ended
    assert ("confirm/report.report" in duties) == (ended == ATTESTED)


def test_a_day_on_which_she_was_seen_is_proved_by_the_look_that_saw_her():
    looks = [fact("observation", "contact:2", "2022-03-09T08:00", seen="seen", id="seen"),
             fact("observation", "contact:2", "2022-03-09T18:00", seen="not_seen", grade="C")]  # fmt: skip
    monitor = duties_of([*FANG, *looks], "2022-03-29T09:00", "contact:2")["monitor/central"]
    assert monitor.values["seen"] == 1


def test_nothing_is_asked_of_a_contact_who_has_died():
    signed = fact("agreement", "contact:2", "2022-03-08T09:00", asks="quarantine_site", ends="2022-03-22T00:00")
    facts = [*FANG, signed, fact("death", "person:2", "2022-03-12T09:00", id="dead")]
    duties = duties_of(facts, "2022-03-21T12:00", "contact:2")
    assert {d.ended for n, d in duties.items() if n.startswith(("test/", "remain/", "release/", "place/"))} == {
        IMPOSSIBLE
    }
    assert duties["test/central.d14"].proved_by == ("dead",)
    assert duties["notify/told"].ended == OPEN
    assert proposals_of(facts, "2022-03-21T12:00", "contact:2") == {}
