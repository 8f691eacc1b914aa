"""The exact conditional distribution and the exchange of labels, against going through every relabeling."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import contingency

from ringfence.tracing.sources import SourceCase, SourceControl, SourceSettings, chance, exact, search_sources
from ringfence.tracing.sources import reference as obvious
from ringfence.tracing.visits.batch import VisitBatch

DAY = 1440
NOON = 30 * DAY
LEAST = SourceSettings(min_exposed_cases=2)

PERSON = st.tuples(st.integers(0, 2), st.booleans(), st.frozensets(st.integers(0, 3)))


def usable(persons):
    """Keep strata that hold a case and a control."""
    both = {s for s, _, _ in persons if {c for t, c, _ in persons if t == s} == {True, False}}
    return [p for p in persons if p[0] in both]


SMALL_SETS = st.lists(PERSON, min_size=2, max_size=9).map(usable).filter(bool)


def searched(persons, wanted=LEAST):
    """Search over persons of the reference: everybody at her places in the window, community = stratum."""
    cases, controls, rows = [], [], []
    for number, (stratum, is_case, places) in enumerate(persons):
        if is_case:
            cases.append(SourceCase(person=number, onset_start=NOON, onset_end=NOON + DAY, community=stratum))
        else:
            controls.append(SourceControl(person=number, community=stratum))
        rows += [(number, place, NOON - 4 * DAY, NOON - 4 * DAY + 30) for place in sorted(places)]
    visits = VisitBatch.of(*zip(*rows, strict=True)) if rows else VisitBatch.of([], [], [], [])
    return search_sources(cases=cases, controls=controls, exposures=visits, settings=wanted)


@settings(max_examples=40, deadline=None)
@given(SMALL_SETS)
def test_the_fast_search_agrees_with_every_relabeling(persons):
    found = searched(persons)
    truth = frozenset(i for i, p in enumerate(persons) if p[1])
    places = sorted({q for _, is_case, where in persons if is_case for q in where})
    assert sorted(h.place for h in found) == places
    family = [q for q in places if sum(q in p[2] for p in persons) >= LEAST.min_exposed_cases]
    adjusted = obvious.adjusted(persons, family, LEAST.min_exposed_cases)
    for h in found:
        assert h.cases == obvious.exposed_cases(persons, truth, h.place)
        assert h.controls == sum(h.place in p[2] for p in persons if not p[1])
        assert h.p == pytest.approx(float(obvious.p_value(persons, h.place, h.cases)))
        if h.judgeable:
            assert h.p_adjusted == pytest.approx(float(adjusted[h.place]))


@settings(max_examples=15, deadline=None)
@given(SMALL_SETS)
def test_leaving_one_out_is_searching_without_each_case_in_turn(persons):
    everybody = searched(persons)
    for h in (h for h in everybody if h.judgeable):
        without = []
        for left_out in (i for i, p in enumerate(persons) if p[1]):
            rest = [p for i, p in enumerate(persons) if i != left_out]
            one_of = {x.place: x for x in searched(usable(rest))}
            # the place vanishes from the answer when its last case goes or no stratum is left that could speak
            without += [one_of[h.place].odds_ratio] if h.place in one_of else []
        values = [v for v in without if v is not None]
        if values and len(values) == sum(p[1] for p in persons):
            assert h.leave_one_out_low == pytest.approx(min(values), rel=1e-6)
            assert h.leave_one_out_high == pytest.approx(max(values), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(SMALL_SETS)
def test_an_interval_over_all_places_above_one_belongs_to_a_significant_place(persons):
    for h in searched(persons, SourceSettings(min_exposed_cases=2, alpha=0.3, confidence=0.5)):
        assert h.low <= h.alone_low
        assert h.high >= h.alone_high
        if h.judgeable and h.low > 1:
            assert h.significant
        assert not h.significant or h.p_adjusted <= 0.3


@settings(max_examples=40, deadline=None)
@given(SMALL_SETS)
def test_the_distribution_is_that_of_every_relabeling(persons):
    strata = sorted({s for s, _, _ in persons})
    exposed = [[sum(0 in p[2] for p in persons if p[0] == s)] for s in strata]
    cases = [[sum(p[1] for p in persons if p[0] == s)] for s in strata]
    totals = [[sum(p[0] == s for p in persons)] for s in strata]
    fast = exact.null_distribution(np.array(exposed), np.array(cases), np.array(totals))[0]
    slow = obvious.distribution(persons, 0)
    for k, chance_of_k in enumerate(fast):
        assert chance_of_k == pytest.approx(float(slow.get(k, Fraction(0))), abs=1e-12)


@pytest.mark.parametrize("table", [(6, 4, 3, 37), (5, 5, 1, 39), (7, 3, 10, 10), (2, 8, 20, 20), (10, 0, 20, 20)])
def test_one_stratum_agrees_with_another_implementation(table):
    a, b, c, d = table
    theirs = contingency.odds_ratio(np.array([[a, b], [c, d]]), kind="conditional")
    interval = theirs.confidence_interval(0.95)
    weights = exact.null_distribution(np.array([[a + c]]), np.array([[a + b]]), np.array([[a + b + c + d]]))
    seen = np.array([a])
    if b:
        assert exact.odds_ratio(weights, seen)[0] == pytest.approx(theirs.statistic, rel=1e-6)
    assert exact.lower_bound(weights, seen, 0.025)[0] == pytest.approx(interval.low, rel=1e-6)
    assert exact.upper_bound(weights, seen, 0.025)[0] == pytest.approx(interval.high, rel=1e-6)


def test_pairs_that_agree_say_nothing_and_discordant_pairs_give_mcnemars_odds_ratio():
    exposed = np.array([[1]] * 9 + [[2]] * 5)
    ones, pairs = np.ones_like(exposed), 2 * np.ones_like(exposed)
    weights = exact.null_distribution(exposed, ones, pairs)
    assert exact.odds_ratio(weights, np.array([5 + 6]))[0] == pytest.approx(6 / 3)


def test_an_estimate_that_would_be_infinite_is_median_unbiased_and_finite():
    weights = exact.null_distribution(np.array([[6]]), np.array([[6]]), np.array([[30]]))
    odds = exact.odds_ratio(weights, np.array([6]))[0]
    assert np.isfinite(odds)
    assert exact.lower_bound(weights, np.array([6]), 0.5)[0] == pytest.approx(odds)
    assert exact.upper_bound(weights, np.array([6]), 0.025)[0] == np.inf


def test_an_interval_covers_its_odds_ratio():
    rng = np.random.default_rng(3)
    weights = exact.null_distribution(*(rng.integers(1, 4, (5, 200)) + base for base in (0, 0, 6)))
    least, most = exact.support(weights)
    seen = (least + (most - least) * rng.random(200)).round().astype(np.int64)
    low, odds, high = (
        exact.lower_bound(weights, seen, 0.025),
        exact.odds_ratio(weights, seen),
        exact.upper_bound(weights, seen, 0.025),
    )
    assert (low <= odds).all()
    assert (odds <= high).all()


def test_a_contrast_too_large_for_a_number_is_understated_not_wrong():
    weights = exact.null_distribution(np.array([[690]]), np.array([[700]]), np.array([[7700]]))
    seen = np.array([690])
    assert weights[0, 690] == 0
    assert 10 < exact.lower_bound(weights, seen, 0.025)[0] <= exact.odds_ratio(weights, seen)[0] < np.inf


def test_random_exchanges_keep_the_number_of_cases_in_every_stratum():
    stratum = np.repeat([0, 1, 2], [30, 20, 5])
    is_case = np.zeros(55, bool)
    is_case[[0, 1, 2, 30, 50]] = True
    labels, complete = chance.relabelings(stratum, is_case, at_most=999, seed=7)
    assert not complete
    assert (labels[-1] == is_case).all()
    for s, wanted in enumerate([3, 1, 1]):
        assert (labels[:, stratum == s].sum(axis=1) == wanted).all()
    again, _ = chance.relabelings(stratum, is_case, at_most=999, seed=7)
    assert (labels == again).all()


def test_a_stratum_as_large_as_a_district_takes_little_memory():
    stratum, is_case = np.zeros(20_000, np.int64), np.zeros(20_000, bool)
    is_case[:8] = True
    exposed = np.zeros((20_000, 3), bool)
    exposed[:30, 0] = True
    tracemalloc.start()
    labels, _ = chance.relabelings(stratum, is_case, at_most=499, seed=7)
    chance.chance_of_any(labels, exposed, np.ones((3, 9)), np.array([8, 0, 0]))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (labels.sum(axis=1) == 8).all()
    assert most < 100e6, "beside the labels of 10 MB, some million cells at once"


def test_drawing_some_lines_at_a_time_draws_the_same(monkeypatch):
    stratum, is_case = np.repeat([0, 1], 40), np.arange(80) % 8 == 0
    whole, _ = chance.relabelings(stratum, is_case, at_most=99, seed=7)
    monkeypatch.setattr(chance, "_DRAWN_AT_ONCE", 120)
    parts, _ = chance.relabelings(stratum, is_case, at_most=99, seed=7)
    assert (whole == parts).all()
