"""Answers scored against the truth of the tiny town: Chen and Fang were infected by Wei, who is the case."""

from dataclasses import replace

import pytest

from ringfence.drill.desk import FIELD_LIKE, PERFECT, work_through
from ringfence.drill.eyes import Eyes
from ringfence.drill.laboratory import Tube
from ringfence.drill.observe import Case, known_by
from ringfence.drill.score import Known, Proposal, eventual_contacts, score
from ringfence.drill.scoring import proposal_of
from tests.drill.town import CHEN, FANG, GRANDMA, LI, MARKET, WEI, WORKSHOP, ZHAO, at

NOW = at("2022-03-07T05:00")
WINDOW = (at("2022-03-03T00:00"), NOW)
EYES = Eyes(screened_places=1.0, sensitivity=1.0, false_pools=0.0, clinic=0.0)


def proposal(*order, asked=(), **more):
    return Proposal(now=NOW, signal_at=at("2022-03-07T00:30"), order=order, asked_days=dict.fromkeys(asked, 14.0),
                    windows={WEI: WINDOW}, **more)  # fmt: skip


def scored(town, truth, given, desk=PERFECT, infections=None, **more):
    ever = known_by(town, truth, EYES, at("2022-03-10T08:00"))
    known = Known(**{"cases": ever.cases, "tubes": ever.tubes, "residents": 6, "singles_after_minutes": 270,
                     "infections": infections} | more)  # fmt: skip
    return score(given, truth, town.store, known=known, desk=desk)


def test_who_names_chen_and_fang_has_found_both_whom_wei_infected(town, truth):
    found = scored(town, truth, proposal(FANG, CHEN, LI, asked=(FANG, CHEN)))
    assert (found.figures["recall"].numerator, found.figures["recall"].denominator) == (2, 2)
    assert found.figures["restricted_per_infection"].value == 1.0


def test_chen_who_is_not_named_is_missed(town, truth):
    assert scored(town, truth, proposal(FANG, asked=(FANG,))).figures["recall"].value == 0.5


def test_people_restricted_for_an_infection_are_not_defined_when_none_of_them_is_infected(town, truth):
    figure = scored(town, truth, proposal(FANG, LI, asked=(LI,))).figures["restricted_per_infection"]
    assert (figure.value, figure.why, figure.denominator) == (None, "no infection was found", 0)


def test_negatives_wait_as_long_as_the_desk_made_them(town, truth):
    pool = Tube(1, (WEI, CHEN, LI), NOW - 600, NOW - 270, (WEI,), "screening")
    at_once = scored(town, truth, proposal(FANG), tubes=[pool]).figures["M8_hold_hours"]
    assert at_once.numerator == pytest.approx(2 * 4.5, abs=0.1)
    assert at_once.value == pytest.approx(1e5 * at_once.numerator / 6)
    one_caller = replace(
        FIELD_LIKE, callers=1, calls_an_hour=1.0, reach=1.0, refuse=0.0, wrong_person=0.0, apart_hours=0
    )
    slow = scored(town, truth, proposal(FANG), one_caller, tubes=[pool]).figures["M8_hold_hours"]
    assert slow.numerator == pytest.approx(2.5 + 1.5, abs=0.1), "reached after two and three hours, known after 4.5"


def test_a_pool_that_was_known_sooner_costs_fewer_hours(town, truth):
    pool = Tube(1, (WEI, CHEN), NOW - 600, NOW - 270, (WEI,), "screening")
    quick = scored(town, truth, proposal(FANG), tubes=[pool], singles_after_minutes=120).figures["M8_hold_hours"]
    assert quick.numerator == pytest.approx(2.0, abs=0.1)


def test_person_days_per_infection_averted_compare_two_runs_and_are_not_defined_where_nothing_is_gained(town, truth):
    asked = proposal(FANG, CHEN, asked=(FANG, CHEN))
    gains = scored(town, truth, asked, infections=lambda apart: 10 - 4 * bool(apart)).figures["M9_averted"]
    assert (gains.value, gains.numerator, gains.denominator) == (7.0, 28.0, 4)
    nothing = scored(town, truth, asked, infections=lambda apart: 10 + len(apart)).figures["M9_averted"]
    assert (nothing.value, nothing.why) == (None, "no further infection was averted")
    assert scored(town, truth, asked).figures["M9_averted"].why == "the truth cannot be run again"


def test_the_run_with_measures_keeps_each_apart_from_the_moment_of_the_desk_for_the_days_asked(town, truth):
    runs = []
    scored(town, truth, proposal(FANG, asked=(FANG,)), infections=lambda apart: runs.append(dict(apart)) or 1)
    assert runs == [{}, {FANG: (NOW, NOW + 14 * 1440)}]


def test_the_eventual_contacts_are_those_who_were_really_with_wei_for_a_quarter_of_an_hour(town):
    assert eventual_contacts(town.store, proposal()) == {FANG, GRANDMA, CHEN, LI}


def test_half_of_the_contacts_are_apart_at_once_at_a_perfect_desk_and_nine_in_ten_never_without_li(town, truth):
    found = scored(town, truth, proposal(FANG, CHEN, asked=(FANG, CHEN)))
    assert found.figures["M1_50"].value == pytest.approx(4.5)
    assert found.figures["M1_90"].value is None
    assert found.figures["M1_90"].why == "never"


def test_four_people_at_night_take_longer_than_a_perfect_desk(town, truth):
    everybody = proposal(FANG, GRANDMA, CHEN, LI, asked=(FANG, GRANDMA, CHEN, LI))
    field = replace(FIELD_LIKE, refuse=0.0, misjudge=0.0, wrong_person=0.0, tries=20)
    fast, slow = (scored(town, truth, everybody, desk).figures["M1_90"].value for desk in (PERFECT, field))
    assert fast < slow


def test_a_hypothesis_where_nobody_was_infected_counts_as_false(town, truth):
    figures = scored(town, truth, proposal(suspects=frozenset({MARKET, WORKSHOP}))).figures
    assert figures["M21"].value == 0.5
    assert scored(town, truth, proposal()).figures["M21"].value is None


def test_two_proposals_meet_the_same_people_on_the_same_terms():
    people = list(range(200))
    one = work_through(people, frozenset(people), 0, FIELD_LIKE)
    other = work_through(people[::-1], frozenset(people), 0, FIELD_LIKE)
    assert {p for p, w in one.items() if w.refused} == {p for p, w in other.items() if w.refused}


def test_a_field_desk_reaches_most_and_calls_nobody_faster_than_its_telephones_allow():
    people = list(range(300))
    worked = work_through(people, frozenset(people), 0, FIELD_LIKE)
    reached = sorted(w.located_at for w in worked.values() if w.located_at is not None)
    assert 0.9 < len(reached) / 300 < 1
    hours = reached[len(reached) // 2] / 60
    assert len(reached) / 2 <= hours * FIELD_LIKE.callers * FIELD_LIKE.calls_an_hour


def test_no_measure_is_a_number_out_of_nothing(town, truth):
    for figure in scored(town, truth, proposal()).figures.values():
        assert figure.value is None or figure.denominator
        assert figure.value is not None or figure.why


def test_who_is_asked_to_stay_apart_by_mistake_costs_days_too(town, truth):
    errs = replace(PERFECT, misjudge=1.0)
    found = scored(town, truth, proposal(FANG, CHEN, LI, asked=(FANG, CHEN)), errs)
    assert found.figures["M9_found"].numerator == 14.0


def test_a_case_who_named_nobody_counts_though_another_named_somebody(town, truth):
    both = replace(proposal(FANG, named=frozenset({WEI})), windows={WEI: WINDOW, ZHAO: WINDOW})
    figure = scored(town, truth, both).figures["M6"]
    assert (figure.numerator, figure.denominator) == (1, 2)


def test_a_later_case_is_on_the_list_before_only_if_she_was_assessed_by_then(town, truth):
    tube = Tube(1, (CHEN,), NOW, NOW + 480, (CHEN,), "clinic")
    chen = Case(CHEN, tube, NOW, NOW + 480, None)
    slow = replace(PERFECT, assessors=1, assessed_an_hour=0.1)
    given = proposal(FANG, CHEN, asked=(FANG, CHEN))
    soon, late = (scored(town, truth, given, desk, cases=[chen], tubes=[]).figures["M3"] for desk in (PERFECT, slow))
    assert (soon.numerator, late.numerator, late.denominator) == (1, 0, 1)


def test_a_plan_is_scored_by_its_own_days_cases_and_hypotheses(town):
    def row(person, cls, named_by=()):
        return {"person": str(person), "class": cls, "call_rank": None, "named_by": list(named_by)}

    window = ["2022-03-03T00:00+08:00", None]
    plan = {
        "now": "2022-03-07T05:00+08:00",
        "candidates": [row(FANG, "close", [str(WEI)]), row(CHEN, "close"), row(LI, "general"), row(ZHAO, "none")],
        "cases": [{"id": str(WEI), "state": "confirmed", "infectious": window},
                  {"id": str(GRANDMA), "state": "suspected", "infectious": window}],
        "if_assessed": {"by_class": {"close": 2, "general": 1},
                        "measures": [{"class": "close", "n": 2, "person_days": 28.0},
                                     {"class": "close", "n": 1, "person_days": 7.0}]},
        "hypotheses": [{"place": str(MARKET), "status": "cannot_be_judged"},
                       {"place": str(WORKSHOP), "status": "to_inspect"}],
    }  # fmt: skip
    found = proposal_of(plan, town, NOW)
    assert found.asked_days == {FANG: 17.5, CHEN: 17.5}
    assert found.windows == {WEI: WINDOW}
    assert (found.named, found.suspects) == ({WEI}, {WORKSHOP})
