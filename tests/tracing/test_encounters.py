"""Encounters: Wei 伟 is the case, Fang 芳 his wife, Chen 陈 the colleague, Li 李 the passer-by, Zhao 赵 never near."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.tracing.encounters import reference
from ringfence.tracing.encounters.search import (
    EncounterList,
    EncounterSettings,
    episodes_with,
    met_by_encounter,
    second_hop_by_encounter,
)

WEI, FANG, CHEN, LI, ZHAO = range(5)
HOUR = 3600
ANY_TIME = (0, 10_000)


def seen(*records):
    """Return a list of records (person, person, start second, end second, distance or None)."""
    a, b, start, end, far = zip(*records, strict=True) if records else ((),) * 5
    return EncounterList.of(a, b, start, end, [np.nan if d is None else d for d in far])


def rows(met):
    return {
        int(p): (int(s), int(n), int(f), int(t))
        for p, s, n, f, t in zip(met.person, met.seconds, met.encounters, met.first_s, met.last_s, strict=True)
    }


def test_three_steps_in_a_row_are_one_encounter_of_a_minute():
    badges = seen((WEI, CHEN, 0, 20, None), (CHEN, WEI, 20, 40, None), (WEI, CHEN, 40, 60, None))
    met = met_by_encounter(badges, [WEI], *ANY_TIME)
    assert rows(met) == {CHEN: (60, 1, 0, 60)}
    assert met.minutes.tolist() == [1]


def test_a_begun_minute_counts_as_a_minute():
    met = met_by_encounter(seen((WEI, CHEN, 0, 20, None)), [WEI], *ANY_TIME)
    assert (met.seconds.tolist(), met.minutes.tolist()) == ([20], [1])


def test_the_gap_between_two_steps_is_bridged_but_is_not_time_together():
    badges = seen((WEI, CHEN, 0, 20, None), (WEI, CHEN, 80, 100, None))
    assert rows(met_by_encounter(badges, [WEI], *ANY_TIME, EncounterSettings(gap_seconds=60)))[CHEN] == (40, 1, 0, 100)
    assert rows(met_by_encounter(badges, [WEI], *ANY_TIME, EncounterSettings(gap_seconds=59)))[CHEN] == (40, 2, 0, 100)


def test_a_pair_and_step_told_in_both_orders_counts_once_and_the_nearer_distance_stays():
    phones = seen((WEI, LI, 0, 300, 9.0), (LI, WEI, 0, 300, 2.0))
    assert len(phones) == 1
    assert met_by_encounter(phones, [WEI], *ANY_TIME).nearest_m.tolist() == [2.0]


def test_farther_than_the_limit_does_not_count_and_an_unmeasured_distance_does():
    phones = seen((WEI, LI, 0, 300, 9.0), (WEI, CHEN, 0, 300, 2.0), (WEI, FANG, 0, 300, None))
    near = EncounterSettings(max_distance_m=2.0)
    assert set(rows(met_by_encounter(phones, [WEI], *ANY_TIME, near))) == {CHEN, FANG}
    strict = EncounterSettings(max_distance_m=2.0, unknown_distance_counts=False)
    assert set(rows(met_by_encounter(phones, [WEI], *ANY_TIME, strict))) == {CHEN}


def test_the_window_is_half_open_and_cuts_what_overhangs():
    badges = seen((WEI, CHEN, 50, 130, None), (WEI, LI, 0, 60, None), (WEI, FANG, 120, 180, None))
    assert rows(met_by_encounter(badges, [WEI], 1, 2)) == {CHEN: (60, 1, 60, 120)}


def test_two_seeds_near_the_same_person_at_once_count_that_time_once_and_not_each_other():
    badges = seen((WEI, FANG, 0, HOUR, None), (WEI, CHEN, 0, 600, None), (FANG, CHEN, 300, 900, None))
    assert rows(met_by_encounter(badges, [WEI, FANG], *ANY_TIME)) == {CHEN: (900, 1, 0, 900)}


def test_short_meetings_can_be_left_out():
    badges = seen((WEI, CHEN, 0, 600, None), (WEI, LI, 0, 20, None))
    assert set(rows(met_by_encounter(badges, [WEI], *ANY_TIME, EncounterSettings(min_seconds=60)))) == {CHEN}


def test_nobody_met_gives_empty_columns():
    met = met_by_encounter(seen((CHEN, LI, 0, 20, None)), [ZHAO], *ANY_TIME)
    assert (len(met), len(second_hop_by_encounter(seen(), [ZHAO], met, 10))) == (0, 0)


def test_a_contact_passes_it_on_only_after_she_was_exposed_herself():
    badges = seen((WEI, CHEN, 1000, 1060, None), (CHEN, LI, 0, 900, None), (CHEN, ZHAO, 1030, 1930, None))
    met = met_by_encounter(badges, [WEI], *ANY_TIME)
    hop = second_hop_by_encounter(badges, [WEI], met, ANY_TIME[1], threshold_minutes=15)
    assert (hop.person.tolist(), hop.seconds.tolist(), hop.through.tolist()) == ([ZHAO], [900], [1])


def test_people_below_the_threshold_are_counted_but_not_listed():
    badges = seen((WEI, CHEN, 0, 60, None), (CHEN, LI, 60, 120, None))
    met = met_by_encounter(badges, [WEI], *ANY_TIME)
    hop = second_hop_by_encounter(badges, [WEI], met, ANY_TIME[1])
    assert (len(hop), hop.at_least) == (0, {1: 1, 15: 0, 60: 0, 240: 0, 1440: 0})


def test_a_person_who_meets_herself_and_an_empty_span_are_errors_of_the_caller():
    for a, b, start, end in ((WEI, WEI, 0, 20), (WEI, LI, 20, 20)):
        with pytest.raises(ValueError, match="two different persons"):
            EncounterList.of([a], [b], [start], [end])


def test_settings_out_of_range_are_errors():
    with pytest.raises(ValueError, match="max_distance_m"):
        EncounterSettings(max_distance_m=-1)
    with pytest.raises(ValueError, match="gap_seconds"):
        EncounterSettings(gap_seconds=-1)


def test_episodes_carry_each_time_together_with_its_nearest_distance():
    phones = seen((WEI, LI, 0, 300, 9.0), (WEI, LI, 300, 600, 4.0), (WEI, LI, 6000, 6300, 1.0))
    found = episodes_with(phones, [WEI], *ANY_TIME)
    assert found.start_s.tolist() == [0, 6000]
    assert found.nearest_m.tolist() == [4.0, 1.0]


records = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(0, 5), st.integers(0, 400), st.integers(1, 90), st.sampled_from([None, 1.0, 5.0])
    )
    .filter(lambda r: r[0] != r[1])
    .map(lambda r: (r[0], r[1], r[2], r[2] + r[3], r[4])),
    max_size=25,
)


@given(
    records,
    st.sets(st.integers(0, 5), min_size=1, max_size=2),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.builds(
        EncounterSettings,
        max_distance_m=st.sampled_from([None, 2.0]),
        gap_seconds=st.sampled_from([0, 1, 30]),
        min_seconds=st.sampled_from([0, 40]),
        unknown_distance_counts=st.booleans(),
    ),
)
@settings(max_examples=150, deadline=None)
def test_the_fast_search_and_the_second_hop_agree_with_the_reference(told, seeds, window, knobs):
    start, end = window
    near = [r for r in told if reference.counts(r, knobs.max_distance_m, knobs.unknown_distance_counts)]
    gap, least = knobs.gap_seconds, knobs.min_seconds
    badges = seen(*told)
    met = met_by_encounter(badges, list(seeds), start, end, knobs)
    expected = reference.met(near, seeds, start * 60, end * 60, gap=gap, min_seconds=least)
    assert rows(met) == expected

    hop = second_hop_by_encounter(badges, list(seeds), met, end, threshold_minutes=2, settings=knobs)
    wider = reference.second_hop(near, seeds, {p: v[2] for p, v in expected.items()}, end * 60, gap=gap)
    got = {
        int(p): tuple(map(int, v))
        for p, *v in zip(hop.person, hop.seconds, hop.encounters, hop.through, hop.first_s, hop.last_s, strict=True)
    }
    assert got == {p: v for p, v in wider.items() if -(-v[0] // 60) >= 2}
    assert hop.at_least[1] == len(wider)
