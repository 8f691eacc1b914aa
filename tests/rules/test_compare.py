"""What changed between two derivations, and whose work is to be stood down."""

from __future__ import annotations

from ringfence.rules.compare import compare
from tests.rules.city import duties_of, fact, local
from tests.rules.test_contact_duties import FANG, FANG_JUDGED, agreed, met, ordered


def of(facts, now):
    return list(duties_of(facts, now, "contact:2").values())


def test_comparing_a_derivation_with_itself_finds_nothing():
    duties = of(FANG_JUDGED, "2022-03-08T09:00")
    assert not compare(duties, duties)
    assert not compare(duties, of(list(reversed(FANG_JUDGED)), "2022-03-08T09:00"))


def test_an_assessment_opens_duties_and_its_retraction_withdraws_them():
    before, after = of(FANG, "2022-03-08T09:00"), of(FANG_JUDGED, "2022-03-08T09:00")
    assert "measure/contact:2/1/central" in {d.key for d in compare(before, after).opened}
    assert "measure/contact:2/1/central" in {d.key for d in compare(after, before).withdrawn}


def test_withdrawn_work_that_had_been_started_is_stood_down():
    before, after = of(FANG_JUDGED, "2022-03-08T09:00"), of(FANG, "2022-03-08T09:00")
    difference = compare(before, after, started=["transfer/contact:2/1/central"])
    assert [d.key for d in difference.stand_down] == ["transfer/contact:2/1/central"]


def test_a_correction_moves_a_duty_and_keeps_its_proof():
    sample = fact("sample", "contact:2", "2022-03-08T10:00", specimen="np")
    later = met(2, "2022-03-09T12:00", known="2022-03-09T20:00", setting="household")
    before = of([*FANG_JUDGED, sample], "2022-03-09T21:00")
    after = of([*FANG_JUDGED, sample, later], "2022-03-09T21:00")
    moved = {
        c.after.key: (local(c.before.begins), local(c.after.begins)) for c in compare(before, after).changed if c.moved
    }
    assert moved["test/contact:2/1/central.d4"] == ("03-11 00:00", "03-13 00:00")


def test_a_span_is_lengthened_only_by_an_instrument():
    signed = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00")]
    longer = [*signed, ordered(2, "2022-03-20T09:00", "2022-03-24T00:00")]
    now = "2022-03-21T09:00"
    assert [local(c.after.until) for c in compare(of(signed, now), of(longer, now)).lengthened] == ["03-24 00:00"]


def test_who_is_on_the_way_to_somebody_who_died_or_was_excused_is_stood_down():
    key = "transfer/contact:2/1/central"
    before = of(FANG_JUDGED, "2022-03-08T09:00")
    died = [*FANG_JUDGED, fact("death", "person:2", "2022-03-08T08:50")]
    excused = [*FANG_JUDGED, fact("waiver", "contact:2", "2022-03-08T08:50", duty="transfer", by="Dr Lin", why="home")]
    for facts in (died, excused):
        after = of(facts, "2022-03-08T09:00")
        assert [d.key for d in compare(before, after, started=[key]).stand_down] == [key]
