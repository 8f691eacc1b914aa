"""What is owed about a contact: told, apart, tested, watched, released; and what never follows by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.proofs import Grade
from tests.rules.city import at, day, duties_of, eighth, fact, follows, ill, judged, local, met, proposals_of
from tests.rules.packs_for_tests import small_pack

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")
FANG = [*WEI, met(2, "2022-03-05T18:00", "2022-03-07T08:00", setting="household")]
FANG_JUDGED = [*FANG, judged(2, "close", "2022-03-08T08:00")]


def agreed(who: int, at: str, ends: str, asks: str = "quarantine_site"):
    return fact("agreement", f"contact:{who}", at, asks=asks, ends=ends)


def ordered(who: int, at: str, ends: str, **more: object):
    return fact("instrument", f"contact:{who}", at, **{
        "rung": "order", "asks": "quarantine_site", "ends": ends, "issuer": "County government",
        "body": "county_government", "number": "2022-5", "legal_basis": ["law"], "reason": "close contact",
        "person_days": 14, "served_at": at, "support_tested_at": at, **more})  # fmt: skip


def swabbed(who: int, at: str, outcome: str = "negative", **more: object):
    sample = fact("sample", f"contact:{who}", at, specimen="np", **more)
    return [sample, fact("result", f"contact:{who}", at, sample=sample.id, outcome=outcome)]


def test_a_candidate_is_assessed_by_a_human_and_nothing_else_is_asked_of_her():
    duties = duties_of(FANG, "2022-03-08T06:00", "contact:2")
    assert set(duties) == {"assess/first"}
    assert local(duties["assess/first"].due) == "03-08 09:00"
    assert proposals_of(FANG, "2022-03-08T06:00", "contact:2")["class"].values["cls"] == "close"


def test_a_close_contact_is_tested_on_days_1_4_7_14_and_at_home_on_days_2_and_7():
    duties = duties_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2")
    tests = {key: day(duty) for key, duty in duties.items() if duty.kind == "test"}
    assert tests == {
        "test/central.d1": date(2022, 3, 8), "test/central.d4": date(2022, 3, 11), "test/central.d7": date(2022, 3, 14),
        "test/central.d14": date(2022, 3, 21), "test/home.d2": date(2022, 3, 23), "test/home.d7": date(2022, 3, 28),
    }  # fmt: skip
    assert local(duties["monitor/home"].until) == "03-29 00:00"


def test_nobody_remains_without_something_signed():
    duties = duties_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2")
    assert not [duty for duty in duties.values() if duty.kind in ("remain", "release")]
    assert duties["measure/central"].values["rung"] == "agreement"


def test_what_was_signed_is_what_restrains():
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00")]
    duties = duties_of(facts, "2022-03-08T10:00", "contact:2")
    assert local(duties["remain/central"].until) == "03-22 00:00"
    assert local(duties["release/central"].due) == "03-22 01:00"


def test_a_later_exposure_extends_nothing_and_asks_for_a_new_instrument():
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00"),
             met(2, "2022-03-09T12:00", setting="household", id="later", known="2022-03-09T20:00")]  # fmt: skip
    duties = duties_of(facts, "2022-03-09T21:00", "contact:2")
    assert local(duties["remain/central"].until) == "03-22 00:00"
    extend = proposals_of(facts, "2022-03-09T21:00", "contact:2")["extend"]
    assert (local(extend.values["signed"]), local(extend.values["ends"])) == ("03-22 00:00", "03-24 00:00")
    assert extend.values["needs"] == "instrument"


def test_an_earlier_last_exposure_makes_her_release_due_within_the_hour():
    wrong = met(2, "2022-03-05T18:00", "2022-03-07T08:00", setting="household", id="wrong")
    right = met(
        2, "2022-02-20T18:00", "2022-03-05T08:00", setting="household", known="2022-03-20T10:00", retracts="wrong"
    )
    facts = [
        *WEI,
        wrong,
        judged(2, "close", "2022-03-08T08:00"),
        agreed(2, "2022-03-08T09:00", "2022-03-22T00:00"),
        right,
    ]
    release = duties_of(facts, "2022-03-20T10:05", "contact:2")["release/central"]
    assert local(release.due) == "03-20 11:00"
    assert duties_of(facts, "2022-03-20T10:05", "contact:2")["remain/central"].until == at("2022-03-22T00:00")


@pytest.mark.parametrize("lacking", ["ends", "issuer", "body", "legal_basis", "reason", "number", "support_tested_at"])
def test_an_order_that_lacks_anything_restrains_nobody(lacking):
    order = ordered(2, "2022-03-08T09:00", "2022-03-22T00:00")
    value = {k: v for k, v in order.value.items() if k != lacking}
    duties = duties_of([*FANG_JUDGED, order._replace(value=value)], "2022-03-08T10:00", "contact:2")
    assert "remain/central" not in duties
    assert duties["measure/central"].ended == "open"


def test_an_order_served_after_the_old_one_ended_begins_anew_and_bridges_nothing():
    facts = [*FANG_JUDGED, ordered(2, "2022-03-08T09:00", "2022-03-15T00:00"),
             ordered(2, "2022-03-16T09:00", "2022-03-22T00:00")]  # fmt: skip
    remain = duties_of(facts, "2022-03-16T10:00", "contact:2")["remain/central"]
    assert (local(remain.begins), local(remain.until)) == ("03-16 09:00", "03-22 00:00")


def test_a_test_counts_on_its_calendar_day_and_an_invalid_one_does_not():
    facts = [*FANG_JUDGED, *swabbed(2, "2022-03-08T23:50"), *swabbed(2, "2022-03-11T10:00", "invalid"),
             *swabbed(2, "2022-03-15T00:10")]  # fmt: skip
    duties = duties_of(facts, "2022-03-15T08:00", "contact:2")
    assert duties["test/central.d1"].ended == "proved"
    assert duties["test/central.d4"].state(at("2022-03-15T08:00")) == "late"
    assert duties["test/central.d7"].ended == "open"


def test_a_pooled_or_other_sample_proves_no_single_test():
    pooled = [fact("sample", "contact:2", "2022-03-08T10:00", specimen="np", pooled=10)]
    saliva = [fact("sample", "contact:2", "2022-03-08T11:00", specimen="saliva")]
    assert (
        duties_of([*FANG_JUDGED, *pooled, *saliva], "2022-03-08T12:00", "contact:2")["test/central.d1"].ended == "open"
    )


def test_the_last_test_needs_two_swabs_and_two_kits():
    once = duties_of([*FANG_JUDGED, *swabbed(2, "2022-03-21T10:00")], "2022-03-21T12:00", "contact:2")
    twice = duties_of([*FANG_JUDGED, *swabbed(2, "2022-03-21T10:00", swabs=2, kits=2)], "2022-03-21T12:00", "contact:2")
    assert (once["test/central.d14"].ended, twice["test/central.d14"].ended) == ("open", "proved")


def test_days_that_passed_before_she_was_known_are_not_owed_and_the_last_of_them_is_made_up():
    late = [*FANG, judged(2, "close", "2022-03-12T08:00")]
    duties = duties_of(late, "2022-03-12T09:00", "contact:2")
    tests = {key: day(duty).day for key, duty in duties.items() if key.startswith("test/central")}
    assert tests == {"test/central.d4": 12, "test/central.d7": 14, "test/central.d14": 21}


def test_a_stay_covers_the_span_and_the_gap_is_the_uncovered_hours():
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00"),
             fact("stay", "contact:2", "2022-03-08T15:00", until="2022-03-10T09:00", place="place:9",
                  kind="quarantine_site"),
             fact("stay", "contact:2", "2022-03-10T11:00", place="place:9", kind="quarantine_site")]  # fmt: skip
    during = duties_of(facts, "2022-03-11T11:00", "contact:2")["remain/central"]
    assert during.gap(at("2022-03-11T11:00")) == timedelta(hours=8)
    assert during.ended == "open"
    after = duties_of(facts, "2022-03-22T00:30", "contact:2")["remain/central"]
    assert after.state(at("2022-03-22T00:30")) == "late"


def test_told_by_phone_closes_for_the_time_being_and_opens_a_confirmation():
    facts = [*FANG_JUDGED, fact("notice", "contact:2", "2022-03-08T08:30", of="measure", how="phone", grade="C")]
    book = eighth(**{"proof.notify": "B"})
    duties = duties_of(facts, "2022-03-08T09:00", "contact:2", book)
    assert (duties["notify/told"].ended, duties["notify/told"].grade) == ("attested", Grade.C)
    assert local(duties["confirm/notify.told"].due) == "03-09 08:30"


def test_an_assumption_leaves_it_unknown():
    facts = [*FANG_JUDGED, fact("notice", "contact:2", "2022-03-08T08:30", of="measure", how="speaker", grade="D")]
    assert duties_of(facts, "2022-03-08T09:00", "contact:2")["notify/told"].ended == "unknown"


def test_a_waiver_an_impossibility_and_a_refusal_end_a_duty_each_in_its_own_way():
    facts = [*FANG_JUDGED,
             fact("waiver", "contact:2", "2022-03-08T09:00", duty="test/central.d1", by="Dr Lin", why="ill"),
             fact("impossible", "contact:2", "2022-03-08T09:00", duty="locate", why="moved"),
             fact("refusal", "contact:2", "2022-03-08T09:00", of="test/central.d4", why="no")]  # fmt: skip
    duties = duties_of(facts, "2022-03-08T10:00", "contact:2")
    assert [duties[k].ended for k in ("test/central.d1", "locate/found", "test/central.d4", "test/central.d7")] == [
        "excused", "impossible", "refused", "open"]  # fmt: skip


def test_a_refusal_of_the_measure_asks_for_the_next_rung():
    facts = [*FANG_JUDGED, fact("refusal", "contact:2", "2022-03-08T09:00", of="quarantine_site", why="no")]
    assert duties_of(facts, "2022-03-08T10:00", "contact:2")["measure/central"].values["rung"] == "notice"


def test_ours_is_told_apart_from_theirs_and_neither_moves_the_end():
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00"),
             fact("observation", "contact:2", "2022-03-21T08:00", seen="ill", symptoms=["fever"])]  # fmt: skip
    now = "2022-03-21T12:00"
    release = duties_of(facts, now, "contact:2")["release/central"]
    assert release.values["theirs"] == ["release.symptoms"]
    assert release.values["ours"] == ["release.tests_missing"]
    assert local(release.due) == "03-22 01:00"
    assert {"new_order", "release_alarm"} <= set(proposals_of(facts, now, "contact:2"))


def test_at_the_end_she_goes_home_with_an_appointment_for_what_was_ours():
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00")]
    proposals = proposals_of(facts, "2022-03-22T00:10", "contact:2")
    assert {"appointment", "lapsed"} <= set(proposals)


def test_an_assessment_stands_when_the_evidence_changes_and_is_asked_for_again():
    wrong = met(2, "2022-03-05T18:00", setting="meal", id="dinner")
    right = met(2, "2022-03-05T18:00", setting="shop", retracts="dinner", known="2022-03-09T10:00")
    facts = [*WEI, wrong, judged(2, "close", "2022-03-08T08:00"), right]
    duties = duties_of(facts, "2022-03-09T11:00", "contact:2")
    assert duties["assess_again/1"].values == {"from": "close", "to": "general"}
    assert duties["test/central.d4"].ended == "open"


def test_when_the_case_is_disproved_what_she_signed_is_released_within_the_hour():
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00"),
             fact("case", "infection:1", "2022-03-10T10:00", state="discarded")]  # fmt: skip
    duties = duties_of(facts, "2022-03-10T10:10", "contact:2")
    assert local(duties["release/withdrawn"].due) == "03-10 11:00"
    assert not [d for d in duties.values() if d.kind == "test"]
    assert "assess_again/1" in duties


def test_a_contact_of_a_contact_is_proposed_as_close_when_that_contact_turns_positive():
    chain = [*FANG_JUDGED, fact("separated", "contact:2", "2022-03-08T16:00"),
             met(3, "2022-03-07T12:00", to="contact:2"), judged(3, "secondary", "2022-03-08T20:00")]  # fmt: skip
    calm = duties_of(chain, "2022-03-09T08:00", "contact:3")
    assert day(calm["test/central.d7"]) == date(2022, 3, 14)
    positive = [*chain, *swabbed(2, "2022-03-12T08:00", "positive")]
    upgrade = proposals_of(positive, "2022-03-12T12:00", "contact:3")["upgrade"]
    assert upgrade.values["cls"] == "close"
    assert local(upgrade.values["ends"]) == "03-22 00:00"
    assert "assess_again/1" in duties_of(positive, "2022-03-12T12:00", "contact:3")


def test_contacts_that_name_each_other_do_not_go_round_in_a_ring():
    facts = [*WEI, met(2, "2022-03-05T18:00"), met(3, "2022-03-06T12:00", to="contact:2"),
             met(2, "2022-03-06T12:00", to="contact:3"), judged(2, "close", "2022-03-08T08:00"),
             judged(3, "secondary", "2022-03-08T08:00")]  # fmt: skip
    answer = follows(facts, "2022-03-09T08:00")
    assert len(answer) == 3


def test_what_was_asked_of_a_contact_is_superseded_once_she_is_a_case():
    facts = [*FANG_JUDGED, *swabbed(2, "2022-03-08T10:00", "positive"),
             fact("case", "infection:2", "2022-03-08T18:00", state="confirmed")]  # fmt: skip
    duties = duties_of(facts, "2022-03-08T19:00", "contact:2")
    assert duties["test/central.d4"].ended == "superseded"


def test_a_household_exposure_goes_on_until_she_is_apart():
    living = met(2, "2022-03-05T18:00", setting="household", going_on=True)
    facts = [*WEI, living, judged(2, "close", "2022-03-08T08:00")]
    assert day(duties_of(facts, "2022-03-09T09:00", "contact:2")["test/central.d14"]) == date(2022, 3, 23)
    apart = [*facts, fact("separated", "contact:2", "2022-03-08T12:00")]
    assert day(duties_of(apart, "2022-03-12T09:00", "contact:2")["test/central.d14"]) == date(2022, 3, 22)


def test_a_second_exposure_long_after_begins_a_second_episode():
    facts = [*FANG_JUDGED, *ill(7, "2022-05-01", "2022-05-02T05:00"), met(2, "2022-05-01T12:00", to="infection:7"),
             judged(2, "close", "2022-05-02T08:00")]  # fmt: skip
    keys = {d.key for d in follows(facts, "2022-05-02T09:00")[("contact", 2)].duties}
    assert {"test/contact:2/1/central.d4", "test/contact:2/2/central.d4"} <= keys


def test_backward_contacts_are_asked_and_offered_a_test_and_never_restricted():
    book = eighth(**{"backward.course": "close"})
    facts = [*WEI, met(5, "2022-03-01T12:00", backward=True)]
    duties = duties_of(facts, "2022-03-08T09:00", "contact:5", book)
    assert "ask_backward/asked" in duties
    assert not [d for d in duties.values() if d.kind in ("measure", "remain", "transfer", "place")]


def test_a_need_has_its_first_act_by_the_clock_of_its_priority():
    facts = [*FANG_JUDGED, fact("need", "contact:2", "2022-03-08T09:00", number=1, what="insulin", priority="p0")]
    duties = duties_of(facts, "2022-03-08T09:05", "contact:2")
    assert local(duties["support/n1.act"].due) == "03-08 09:15"
    met_it = [*facts, fact("answer", "contact:2", "2022-03-08T09:20", number=1, stage="done")]
    assert duties_of(met_it, "2022-03-08T09:30", "contact:2")["support/n1"].ended == "proved"


def test_found_elsewhere_a_letter_goes_out_and_its_receipt_proves_it():
    away = [*FANG_JUDGED, fact("found", "contact:2", "2022-03-08T09:00", outcome="moved", where="Suzhou")]
    assert local(duties_of(away, "2022-03-08T09:10", "contact:2")["letter/out"].due) == "03-08 11:00"


def test_nothing_is_signable_under_a_pack_that_is_not_in_force():
    pack = small_pack({key: ruled.value for key, ruled in eighth().values.items()}, ends=date(2022, 3, 31))
    then = Rulebook.of(pack, date(2022, 3, 8))
    assert proposals_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2", then)["measure"].signable
    over = Rulebook.of(pack, date(2022, 4, 8))
    assert not proposals_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2", over)["measure"].signable
    replayed = Rulebook.of(pack, date(2022, 3, 8), today=date(2026, 1, 1))
    assert not proposals_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2", replayed)["measure"].signable


def test_advice_without_an_end_restrains_nobody():
    advice = fact("instrument", "contact:2", "2022-03-08T09:00", rung="advice", asks="quarantine_site")
    assert "remain/central" not in duties_of([*FANG_JUDGED, advice], "2022-03-08T10:00", "contact:2")


def test_igg_in_her_serum_makes_nobody_a_case():
    serum = fact("sample", "contact:2", "2022-03-08T09:00", specimen="serum")
    igg = fact("result", "contact:2", "2022-03-08T12:00", sample=serum.id, outcome="positive", test="igg")
    assert "case" not in proposals_of([*FANG_JUDGED, serum, igg], "2022-03-08T13:00", "contact:2")


def test_a_cross_infection_freezes_a_release_for_a_day_at_the_most_and_moves_no_end():
    book = eighth(**{"course.close.central.release": ["no_cross_infection"]})
    facts = [*FANG_JUDGED, agreed(2, "2022-03-08T09:00", "2022-03-22T00:00"),
             fact("cross_infection", "place:9", "2022-03-21T10:00", affected=["contact:2"])]  # fmt: skip
    frozen = duties_of(facts, "2022-03-21T12:00", "contact:2", book)["release/central"]
    assert frozen.values["ours"] == ["release.ruling"]
    assert local(frozen.due) == "03-22 01:00"
    over = duties_of(facts, "2022-03-22T10:01", "contact:2", book)["release/central"]
    assert over.values["ours"] == []


def test_an_arrival_from_a_place_of_risk_follows_the_course_of_that_risk():
    book = eighth(**{"arrival.high.course": "secondary"})
    facts = [fact("arrival", "contact:5", "2022-03-08T10:00", origin="Yuhang", risk="high")]
    duties = duties_of(facts, "2022-03-08T11:00", "contact:5", book)
    assert day(duties["test/central.d7"]) == date(2022, 3, 15)
    assert "remain/central" not in duties


def test_a_vaccine_made_for_one_strain_is_not_owed_for_another_and_asked_about_when_it_is_not_known():
    book = eighth(**{"dose.ring.product": "rVSV-ZEBOV", "dose.ring.within": 240, "dose.ring.from": "first_exposure",
                     "dose.ring.for": ["any"], "dose.ring.strains": ["zaire"]})  # fmt: skip

    def owed(*strain: str) -> bool:
        known = [fact("case", "infection:1", "2022-03-08T06:00", state="confirmed", strain=s) for s in strain]
        return "dose/ring" in duties_of([*FANG_JUDGED, *known], "2022-03-08T09:00", "contact:2", book)

    assert owed("zaire")
    assert not owed("sudan")
    assert not owed()
    assert "ask_strain" in proposals_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2", book)


def test_a_dose_for_the_well_waits_while_she_is_ill():
    book = eighth(**{"dose.late.product": "MVA-BN", "dose.late.within": 336, "dose.late.from": "last_exposure",
                     "dose.late.for": ["any"], "dose.late.while_well": True})  # fmt: skip
    ill_now = fact("observation", "contact:2", "2022-03-08T08:30", seen="ill", symptoms=["fever"])
    assert "dose/late" in duties_of(FANG_JUDGED, "2022-03-08T09:00", "contact:2", book)
    assert "dose/late" not in duties_of([*FANG_JUDGED, ill_now], "2022-03-08T09:00", "contact:2", book)


def test_a_contact_who_falls_ill_is_looked_at_within_the_clock_and_suspected_by_nobody_but_a_human():
    fever = fact("observation", "contact:2", "2022-03-10T08:00", seen="ill", temperature_c=38.9)
    duties = duties_of([*FANG_JUDGED, fever], "2022-03-10T09:00", "contact:2")
    assert local(duties["assess_again/ill"].due) == "03-10 12:00"
    assert "suspect" in proposals_of([*FANG_JUDGED, fever], "2022-03-10T09:00", "contact:2")
    looked = [*FANG_JUDGED, fever, *swabbed(2, "2022-03-10T10:00")]
    assert duties_of(looked, "2022-03-10T11:00", "contact:2")["assess_again/ill"].ended == "proved"


def test_a_visit_that_saw_her_has_found_her():
    seen = fact("observation", "contact:2", "2022-03-08T09:00", seen="seen", by="visit")
    assert duties_of([*FANG_JUDGED, seen], "2022-03-08T12:00", "contact:2")["locate/found"].ended == "proved"


def test_a_child_is_placed_with_her_guardian():
    child = fact("person", "person:2", "2022-03-08T07:00", age_years=6, guardian="person:9")
    place = duties_of([*FANG_JUDGED, child], "2022-03-08T09:00", "contact:2")["place/central"]
    assert place.values == {"with": "person:9"}


TOLD_UNTIL = [*WEI, met(2, "2022-03-05T18:00", "2022-03-06T08:00", setting="household"),
              judged(2, "close", "2022-03-08T08:00"),
              agreed(2, "2022-03-08T09:00", "2022-03-20T00:00")]  # fmt: skip
AT_HOME = fact("household", "household:1", "2022-03-08T07:00", members=["person:1", "person:2"])


def last_test(facts, now="2022-03-10T09:00"):
    return day(duties_of(facts, now, "contact:2")["test/central.d14"])


@pytest.mark.parametrize("homes", [
    [AT_HOME],
    [fact("person", f"person:{who}", "2022-03-08T07:00", household="household:1") for who in (1, 2)],
])  # fmt: skip
def test_who_lives_with_the_case_is_exposed_until_she_is_apart_whatever_end_was_told(homes):
    assert last_test(TOLD_UNTIL) == date(2022, 3, 20)
    assert last_test([*TOLD_UNTIL, *homes]) == date(2022, 3, 24)
    apart = fact("separated", "contact:2", "2022-03-08T12:00")
    assert last_test([*TOLD_UNTIL, *homes, apart]) == date(2022, 3, 22)


def test_the_end_of_her_quarantine_follows_as_a_proposal_and_nothing_signed_moves():
    facts = [*TOLD_UNTIL, AT_HOME]
    duties = duties_of(facts, "2022-03-10T09:00", "contact:2")
    assert local(duties["remain/central"].until) == "03-20 00:00"
    assert "extend" in proposals_of(facts, "2022-03-10T09:00", "contact:2")
    assert "duty.lives_with_case" in {b.code for b in duties["test/central.d14"].because}


def test_a_told_end_stands_if_she_was_apart_by_then_or_it_is_said_to_be_over():
    early = fact("separated", "contact:2", "2022-03-06T07:00")
    assert last_test([*TOLD_UNTIL, AT_HOME, early]) == date(2022, 3, 20)
    over = met(2, "2022-03-05T18:00", "2022-03-06T08:00", setting="household", going_on=False)
    assert last_test([*WEI, over, *TOLD_UNTIL[-2:], AT_HOME]) == date(2022, 3, 20)


def test_who_has_moved_out_by_the_last_list_of_the_household_does_not_live_with_the_case():
    left = fact("household", "household:1", "2022-03-08T07:30", members=["person:1"])
    assert last_test([*TOLD_UNTIL, AT_HOME, left]) == date(2022, 3, 20)
