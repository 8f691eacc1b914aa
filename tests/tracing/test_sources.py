"""Who counts, who is compared with whom, and what is said of a place: the noodle shop, the market and the bus."""

import json

import numpy as np
import pytest

from ringfence.tracing.sources import (
    IncubationSettings,
    SourceCase,
    SourceControl,
    SourceSettings,
    draw_resident_controls,
    exposure_span,
    match_persons,
    search_sources,
    to_json,
)
from ringfence.tracing.sources.search import INTERVIEW
from ringfence.tracing.visits.batch import SOURCE_SHIFT, VisitBatch
from ringfence.vocabulary.refusals import Refused

DAY = 1440
ONSET = 100 * DAY
LUNCH = ONSET - 5 * DAY + 720
HOME, WORKSHOP, NOODLES, MARKET, BUS = range(5)
WEI, FANG, CHEN, LI, ZHAO = range(5)


def case(person, **known):
    return SourceCase(
        **{"person": person, "onset_start": ONSET, "onset_end": ONSET + DAY, "community": "east", **known}
    )


def control(person, **known):
    return SourceControl(**{"person": person, "community": "east", **known})


def visits(*rows, flags=None):
    """Return visits of (person, place) at lunch, or (person, place, start, end)."""
    full = [row if len(row) == 4 else (*row, LUNCH, LUNCH + 40) for row in rows]
    return VisitBatch.of(*zip(*full, strict=True), flags)


def noodle_guests(cases=10, exposed=6, controls=40, exposed_controls=2, **known):
    """Return cases, controls and visits: the first ones of each ate noodles, everybody was at the market."""
    ill = [case(person, **known) for person in range(cases)]
    well = [control(100 + person) for person in range(controls)]
    ate = [*range(exposed), *range(100, 100 + exposed_controls)]
    everybody = [c.person for c in (*ill, *well)]
    return ill, well, visits(*((p, NOODLES) for p in ate), *((p, MARKET) for p in everybody))


def search(ill, well, seen, **wanted):
    found = search_sources(cases=ill, controls=well, exposures=seen, settings=SourceSettings(**wanted))
    return {h.place: h for h in found}


def codes(hypothesis):
    return {reason.code for reason in hypothesis.reasons}


def test_a_shop_where_six_of_ten_cases_and_two_of_forty_controls_ate_is_a_hypothesis_to_inspect():
    shop = search(*noodle_guests())[NOODLES]
    assert (shop.cases, shop.cases_asked, shop.controls, shop.controls_asked) == (6, 10, 2, 40)
    assert shop.judgeable
    assert shop.significant
    assert shop.note.code == "hypothesis.inspect"
    assert 1 < shop.low <= shop.alone_low < shop.odds_ratio < shop.alone_high <= shop.high
    assert shop.leave_one_out_low < shop.odds_ratio < shop.leave_one_out_high


def test_a_hypothesis_is_never_called_a_source():
    found = search(*noodle_guests())
    for hypothesis in found.values():
        assert "source" not in hypothesis.note.said("en").lower()
        assert "源头" not in hypothesis.note.said("zh")
    assert found[NOODLES].note.said("en").startswith("Hypothesis to inspect")


def test_a_market_where_everybody_was_says_nothing():
    market = search(*noodle_guests())[MARKET]
    assert not market.judgeable
    assert market.odds_ratio is None
    assert "hypothesis.no_contrast" in codes(market)


def test_below_five_independent_cases_a_place_cannot_be_judged():
    shop = search(*noodle_guests(exposed=4, exposed_controls=0))[NOODLES]
    assert not shop.judgeable
    assert not shop.significant
    assert shop.p_adjusted is None
    assert "hypothesis.too_few" in codes(shop)


def test_without_controls_nothing_is_judged_but_the_places_are_told():
    ill, _, seen = noodle_guests()
    shop = search(ill, [], seen)[NOODLES]
    assert shop.cases == 6
    assert codes(shop) == {"hypothesis.no_controls"}


def test_without_any_community_nothing_is_judged_unless_asked_for():
    ill, well, seen = noodle_guests(community=None)
    well = [SourceControl(person=c.person) for c in well]
    assert "hypothesis.no_community" in codes(search(ill, well, seen)[NOODLES])
    assert search(ill, well, seen, judge_without_community=True)[NOODLES].significant


def test_matched_sets_given_in_the_file_count_as_a_match():
    ill, _, _ = noodle_guests(community=None)
    ill = [case(c.person, community=None, matched_set=c.person) for c in ill]
    well = [SourceControl(person=100 + k, matched_set=k % 10) for k in range(40)]
    seen = visits(*((p, NOODLES) for p in (*range(8), 100, 101)))
    assert search(ill, well, seen)[NOODLES].significant


def test_cases_found_by_screening_a_place_do_not_count_for_it():
    ill, well, seen = noodle_guests()
    ill = [case(c.person, found_by="screening", screened_place=NOODLES) if c.person < 3 else c for c in ill]
    shop = search(ill, well, seen)[NOODLES]
    assert (shop.cases, shop.cases_asked) == (3, 7)
    assert not shop.judgeable
    assert "hypothesis.screened_not_counted" in codes(shop)


def test_a_case_whose_infector_is_known_and_a_second_case_of_a_household_are_left_out():
    wei, fang = case(WEI, household="3-502"), case(FANG, household="3-502", onset_end=ONSET + 2 * DAY)
    chen, li = case(CHEN, infector_known=True), case(LI, onset_start=None, onset_end=None)
    matched = match_persons([fang, wei, chen, li], [control(ZHAO)], SourceSettings())
    assert matched.person[matched.is_case].tolist() == [WEI]
    assert {person: reason.code.rsplit(".", 1)[1] for person, reason in matched.left_out} == {
        FANG: "same_household",
        CHEN: "infector_known",
        LI: "no_date",
    }


def test_a_control_who_is_a_case_or_lives_with_one_is_left_out():
    asked = [control(WEI), control(FANG, household="3-502"), control(ZHAO)]
    matched = match_persons([case(WEI, household="3-502")], asked, SourceSettings())
    assert matched.person[~matched.is_case].tolist() == [ZHAO]


def test_nobody_is_compared_with_another_community():
    matched = match_persons([case(WEI), case(CHEN, community="west")], [control(ZHAO)], SourceSettings())
    assert matched.person[matched.is_case].tolist() == [WEI]
    assert (CHEN, "hypothesis.left_out.no_match") in [(p, r.code) for p, r in matched.left_out]


def test_a_case_of_unknown_community_is_left_out_where_others_are_known():
    matched = match_persons([case(WEI), case(CHEN, community=None)], [control(ZHAO)], SourceSettings())
    assert matched.person[matched.is_case].tolist() == [WEI]
    assert [(p, r.code) for p, r in matched.left_out] == [(CHEN, "hypothesis.left_out.no_community")]


def test_how_found_is_given_up_before_the_age_band():
    matched = match_persons(
        [case(WEI, age=30, found_by="symptoms")],
        [control(CHEN, age=35, found_by="contact"), control(ZHAO, age=80, found_by="symptoms")],
        SourceSettings(),
    )
    assert set(matched.person.tolist()) == {WEI, CHEN}
    assert matched.relaxed_cases == 1


def test_a_control_is_asked_about_the_window_of_a_case():
    late = case(CHEN, onset_start=ONSET + 9 * DAY, onset_end=ONSET + 10 * DAY)
    matched = match_persons([case(WEI), late], [control(LI), control(ZHAO)], SourceSettings())
    windows = dict(zip(matched.person.tolist(), matched.window_start.tolist(), strict=True))
    assert windows[LI] == windows[WEI]
    assert windows[ZHAO] == windows[CHEN]


def test_the_window_is_the_incubation_before_the_onset_half_open():
    known = IncubationSettings(shortest_days=2, longest_days=5)
    assert known.window(case(WEI)) == (ONSET - 5 * DAY, ONSET - DAY)
    first = ONSET - 5 * DAY
    before, inside = (WEI, NOODLES, first - 30, first), (WEI, MARKET, first - 30, first + 1)
    found = search_sources(cases=[case(WEI)], controls=[control(ZHAO)], exposures=visits(before, inside),
                           settings=SourceSettings(incubation=known))  # fmt: skip
    assert [h.place for h in found] == [MARKET]


def test_a_doubtful_onset_and_a_mere_sample_widen_the_window():
    known = IncubationSettings()
    certain, doubtful = case(WEI), case(WEI, onset_start=ONSET - 2 * DAY, onset_end=ONSET + 3 * DAY)
    sampled = case(WEI, onset_start=None, onset_end=None, sample_start=ONSET, sample_end=ONSET + DAY)
    lengths = [end - start for start, end in map(known.window, (certain, doubtful, sampled))]
    assert lengths[0] < lengths[1]
    assert lengths[0] < lengths[2]
    assert exposure_span([certain, doubtful]) == known.window(doubtful)
    assert exposure_span([]) is None


def test_overlapping_visits_count_once_towards_the_minutes_asked_for():
    twice = visits(
        (WEI, NOODLES, LUNCH, LUNCH + 10), (WEI, NOODLES, LUNCH + 5, LUNCH + 15), (WEI, MARKET, LUNCH, LUNCH + 20)
    )
    found = search([case(WEI)], [control(ZHAO)], twice, min_minutes=16)
    assert set(found) == {MARKET}
    assert set(search([case(WEI)], [control(ZHAO)], twice, min_minutes=15)) == {NOODLES, MARKET}


def test_what_only_cases_told_in_interviews_is_not_used():
    ill, well, seen = noodle_guests()
    told = np.where((seen.place == NOODLES) & (seen.person < 100), INTERVIEW << SOURCE_SHIFT, 0)
    found = search(ill, well, VisitBatch.of(seen.person, seen.place, seen.start, seen.end, told))
    assert NOODLES not in found
    assert "hypothesis.interviews_ignored" in codes(found[MARKET])


def test_the_same_seed_gives_the_same_answer_and_order_of_rows_does_not_matter():
    ill, well, seen = noodle_guests()
    rows = np.random.default_rng(1).permutation(len(seen))
    assert search(ill, well, seen) == search(ill[::-1], well[::-1], seen.take(rows))


def test_nobody_and_nothing_gives_no_place():
    empty = VisitBatch.of([], [], [], [])
    assert search_sources(cases=[], controls=[], exposures=empty) == []
    assert search_sources(cases=[case(WEI)], controls=[control(ZHAO)], exposures=empty) == []


def test_residents_are_drawn_from_the_community_and_age_of_each_case_once():
    persons = np.arange(200)
    community = np.where(persons % 2 == 0, "east", "west")
    age = np.where(persons < 100, 30, 70)
    ill = [case(WEI, age=30), case(FANG, age=72)]
    drawn = draw_resident_controls(cases=ill, persons=persons, excluded=[CHEN], community=community, age=age, seed=5)
    assert len(drawn) == len({c.person for c in drawn}) == 8
    assert all(c.community == "east" for c in drawn)
    assert sorted(c.age for c in drawn) == [30] * 4 + [70] * 4
    assert not {WEI, FANG, CHEN} & {c.person for c in drawn}
    assert drawn == draw_resident_controls(
        cases=ill, persons=persons, excluded=[CHEN], community=community, age=age, seed=5
    )


def test_one_resident_of_a_household_is_drawn_and_none_who_lives_with_a_case():
    persons = np.arange(40)
    drawn = draw_resident_controls(cases=[case(WEI, household=0)], persons=persons, household=persons // 4, per_case=20)
    households = [c.household for c in drawn]
    assert sorted(households) == list(range(1, 10))


def test_json_holds_no_infinity_and_no_nan():
    ill, well, seen = noodle_guests(exposed_controls=0)
    found = search(ill, well, seen)
    entries = [to_json(h, place=f"place {h.place}", language=lang) for h in found.values() for lang in ("zh", "en")]
    text = json.dumps({"places": entries}, allow_nan=False)
    shop = json.loads(text)["places"][0]
    assert {"place", "cases", "controls", "odds_ratio", "low", "high", "judgeable", "note"} <= set(shop)
    assert shop["high"] is None
    assert shop["high_unbounded"]
    assert shop["odds_ratio"] > 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": 0},
        {"confidence": 1},
        {"relabelings": 3},
        {"min_minutes": 0},
        {"min_exposed_cases": 1},
        {"age_bands": (7, 7)},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(Refused):
        SourceSettings(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"shortest_days": 5, "longest_days": 5}, {"shortest_days": -1}, {"earliest_positive_days": -1}]
)
def test_an_impossible_incubation_is_refused(wrong):
    with pytest.raises(Refused):
        IncubationSettings(**wrong)
