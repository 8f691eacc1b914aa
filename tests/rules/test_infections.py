"""What is owed about an infected person, from the first word of it to discharge, what follows, and death."""

from __future__ import annotations

from datetime import date

from ringfence.vocabulary.subjects import Subject
from tests.rules.city import at, day, duties_of, eighth, fact, follows, ill, local, proposals_of

WEI = ill(1, "2022-03-06", "2022-03-08T05:00")


def swab(when: str, ct: float | None = None, outcome: str = "positive", who: int = 1):
    sample = fact("sample", f"infection:{who}", when, specimen="np")
    more = {} if ct is None else {"ct_n": ct, "ct_orf1ab": ct}
    return [sample, fact("result", f"infection:{who}", when, sample=sample.id, outcome=outcome, **more)]


def in_hospital(when: str = "2022-03-08T06:30", who: int = 1):
    return fact("stay", f"infection:{who}", when, place="place:8", kind="hospital")


def test_a_confirmed_case_is_reported_in_two_hours_and_interviewed_by_two_four_and_twenty_four():
    duties = duties_of(WEI, "2022-03-08T05:10", "infection:1")
    due = {
        key: local(duties[key].due) for key in ("report/report", "interview/scene", "interview/core", "interview/full")
    }
    assert due == {"report/report": "03-08 07:00", "interview/scene": "03-08 07:00", "interview/core": "03-08 09:00",
                   "interview/full": "03-09 05:00"}  # fmt: skip
    assert local(duties["ask_backward/backward"].due) == "03-09 05:00"


def test_the_number_of_the_national_system_proves_the_report():
    facts = [*WEI, fact("receipt", "infection:1", "2022-03-08T06:00", number="33-0502-1", **{"for": "report"})]
    assert duties_of(facts, "2022-03-08T08:00", "infection:1")["report/report"].ended == "proved"


def test_a_fuller_interview_proves_the_lesser_ones():
    facts = [*WEI, fact("interview", "infection:1", "2022-03-08T08:00", stage="core", forward=12)]
    duties = duties_of(facts, "2022-03-08T08:30", "infection:1")
    assert [duties[f"interview/{s}"].ended for s in ("scene", "core", "full")] == ["proved", "proved", "open"]
    assert duties["ask_backward/backward"].ended == "open"


def test_a_suspicion_owes_what_the_pack_acts_on_and_nothing_else():
    book = eighth(**{"act_on.report": "suspected"})
    facts = ill(1, "2022-03-06", "2022-03-08T05:00", state="suspected")
    assert set(duties_of(facts, "2022-03-08T05:10", "infection:1", book)) == {"report/report", "locate/found"}


def test_what_was_opened_on_suspicion_is_withdrawn_when_it_is_disproved():
    book = eighth(**{"act_on.report": "suspected"})
    facts = [*ill(1, "2022-03-06", "2022-03-08T05:00", state="suspected"),
             fact("case", "infection:1", "2022-03-08T09:00", state="discarded")]  # fmt: skip
    assert duties_of(facts, "2022-03-08T10:00", "infection:1", book) == {}


def test_two_days_before_onset_by_day_and_by_hour():
    by_day = follows(WEI, "2022-03-08T06:00")[Subject("infection", 1)].status
    assert local(by_day.infectious_from) == "03-04 00:00"
    wei = [fact("onset", "infection:1", "2022-03-07T16:00", of="symptoms"), WEI[1]]
    hourly = follows(wei, "2022-03-08T06:00", eighth(**{"infectious.granularity": "hour"}))
    assert local(hourly[Subject("infection", 1)].status.infectious_from) == "03-05 16:00"


def test_isolation_ends_the_infectious_window():
    status = follows([*WEI, in_hospital()], "2022-03-08T08:00")[Subject("infection", 1)].status
    assert local(status.infectious_until) == "03-08 06:30"


def test_discharge_needs_two_tests_at_35_or_above_a_day_apart():
    base = [*WEI, in_hospital(), *swab("2022-03-18T08:00", 33.0), *swab("2022-03-19T08:00", 35.2)]
    waiting = proposals_of(base, "2022-03-19T12:00", "infection:1")["discharge_waits"]
    assert waiting.because[0].values["have"] == 1
    soon = [*base, *swab("2022-03-20T07:00", 36.0)]
    assert "discharge/discharge" not in duties_of(soon, "2022-03-20T12:00", "infection:1")
    enough = [*base, *swab("2022-03-20T08:00", 36.0)]
    assert local(duties_of(enough, "2022-03-20T12:00", "infection:1")["discharge/discharge"].due) == "03-20 09:00"


def test_before_the_ninth_plan_of_treatment_only_two_negatives_discharge():
    book = eighth(**{"discharge.rule": "negatives", "discharge.ct": 35})
    high = [*WEI, in_hospital(), *swab("2022-03-18T08:00", 36), *swab("2022-03-19T08:00", 37)]
    assert "discharge/discharge" not in duties_of(high, "2022-03-19T12:00", "infection:1", book)
    negative = [*WEI, in_hospital(), *swab("2022-03-18T08:00", outcome="negative"),
                *swab("2022-03-19T08:00", outcome="negative")]  # fmt: skip
    assert "discharge/discharge" in duties_of(negative, "2022-03-19T12:00", "infection:1", book)


def test_a_fever_in_between_waits_for_three_days_without():
    book = eighth(**{"discharge.fever_free": 3})
    facts = [*WEI, in_hospital(), *swab("2022-03-18T08:00", 36), *swab("2022-03-19T08:00", 37),
             fact("observation", "infection:1", "2022-03-17T08:00", seen="seen", temperature_c=38.2),
             fact("observation", "infection:1", "2022-03-18T08:00", seen="seen", temperature_c=36.6)]  # fmt: skip
    early = proposals_of(facts, "2022-03-20T08:00", "infection:1", book)["discharge_waits"]
    assert local(early.values["earliest"]) == "03-21 08:00"
    assert (
        local(duties_of(facts, "2022-03-21T08:30", "infection:1", book)["discharge/discharge"].begins) == "03-21 08:00"
    )


def test_after_discharge_she_is_handed_over_and_tested_on_days_2_and_7():
    facts = [*WEI, in_hospital(), *swab("2022-03-18T08:00", 36), *swab("2022-03-19T08:00", 37),
             fact("discharge", "infection:1", "2022-03-19T15:00", to="home")]  # fmt: skip
    duties = duties_of(facts, "2022-03-19T16:00", "infection:1")
    assert local(duties["hand_over/home"].due) == "03-20 15:00"
    assert (day(duties["test/home.d2"]), day(duties["test/home.d7"])) == (date(2022, 3, 21), date(2022, 3, 26))


def test_isolation_restrains_by_what_was_signed_and_ends_with_the_discharge():
    signed = fact("agreement", "infection:1", "2022-03-08T06:00", asks="isolate_hospital", ends="2022-03-22T06:00")
    facts = [*WEI, in_hospital(), signed, fact("discharge", "infection:1", "2022-03-19T15:00", to="home")]
    assert local(duties_of(facts, "2022-03-19T16:00", "infection:1")["remain/isolation"].until) == "03-19 15:00"


def test_death_ends_what_can_no_longer_be_done_and_asks_for_a_safe_burial():
    facts = [*WEI, fact("death", "infection:1", "2022-03-08T20:00")]
    duties = duties_of(facts, "2022-03-08T21:00", "infection:1")
    assert duties["transfer/hospital"].ended == "impossible"
    assert local(duties["bury/burial"].due) == "03-09 20:00"
    assert duties["report/report"].state(at("2022-03-08T21:00")) == "late"
    unsafe = [*facts, fact("burial", "infection:1", "2022-03-09T09:00", safe=False)]
    assert duties_of(unsafe, "2022-03-09T10:00", "infection:1")["bury/burial"].ended == "open"


def test_what_is_known_later_is_not_known_before():
    late = [*WEI, fact("death", "infection:1", "2022-03-08T20:00", known="2022-03-10T08:00")]
    assert "bury/burial" not in duties_of(late, "2022-03-09T08:00", "infection:1")


def test_a_stay_that_was_over_before_the_onset_did_not_isolate_this_illness():
    old = fact("stay", "infection:1", "2022-02-01T08:00", until="2022-02-10T08:00", place="place:8", kind="hospital")
    status = follows([*WEI, old], "2022-03-08T08:00")[Subject("infection", 1)].status
    assert (status.isolated_at, status.infectious_until) == (None, None)


def test_who_fell_ill_while_she_was_apart_was_never_infectious_to_others():
    facts = [*WEI, fact("separated", "infection:1", "2022-03-03T08:00")]
    status = follows(facts, "2022-03-08T08:00")[Subject("infection", 1)].status
    assert status.infectious_until == status.infectious_from
