"""What is seen of the tiny town at different rates of scanning, by the laboratory and by asking."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ringfence.drill.chance import uniform
from ringfence.drill.eyes import Eyes
from ringfence.drill.observe import facts_of, known_by, named_contacts, write_observed, write_scans
from ringfence.drill.seeing import abnormal_tubes, phone_holders, recorded
from ringfence.rules.facts import read_facts
from ringfence.tracing.visits.batch import IMPUTED, VisitBatch
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.upkeep import pieces_of_day
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.refusals import Refused
from tests.drill.town import CHEN, FANG, GRANDMA, MARKET, NOODLES, WEI, WORKSHOP, ZHAO, at

ALL_SEEN = Eyes(scanning=1.0, missing_check_out=0.0, shared_phone=0.0, shared_phone_old=0.0, screened_places=1.0,
                sensitivity=1.0, false_pools=0.0, clinic=0.0, onset_off_days=0)  # fmt: skip


def scans(town, eyes):
    return {(p, q, s, e) for day in recorded(town, eyes)
            for p, q, s, e in zip(day.person.tolist(), day.place.tolist(), day.start.tolist(), day.end.tolist(),
                                  strict=True)}  # fmt: skip


def test_at_100_percent_every_visit_to_a_place_with_a_code_is_recorded_and_no_home_is(town):
    seen = scans(town, ALL_SEEN)
    true = {(p, q, s, e) for day in town.visits()
            for p, q, s, e in zip(day.person.tolist(), day.place.tolist(), day.start.tolist(), day.end.tolist(),
                                  strict=True)}  # fmt: skip
    assert seen == {row for row in true if row[1] in (WORKSHOP, NOODLES, MARKET)}


def test_at_0_percent_nothing_is_recorded(town):
    assert scans(town, replace(ALL_SEEN, scanning=0.0)) == set()


def test_what_is_recorded_at_30_percent_is_recorded_at_60_and_that_at_100(town):
    low, middle, high = (scans(town, replace(ALL_SEEN, scanning=rate)) for rate in (0.3, 0.6, 1.0))
    assert low < middle < high


def test_the_same_seed_sees_the_same_and_another_seed_something_else(town):
    half = replace(ALL_SEEN, scanning=0.5)
    assert scans(town, half) == scans(town, half) != scans(town, replace(half, seed=2))


def test_a_stay_without_a_check_out_ends_after_the_usual_time_of_its_place_and_says_so(town):
    days = list(recorded(town, replace(ALL_SEEN, missing_check_out=1.0)))
    assert all(np.all(day.flags & IMPUTED) for day in days)
    lengths = {
        int(e - s) for day in days for q, s, e in zip(day.place, day.start, day.end, strict=True) if q == NOODLES
    }
    assert lengths == {60}


def test_grandma_scans_on_the_phone_of_her_household_and_zhao_on_his_own(town):
    holder = phone_holders(town, replace(ALL_SEEN, shared_phone_old=1.0))
    assert holder[GRANDMA] in (WEI, FANG)
    assert holder[ZHAO] == ZHAO


def test_the_workshop_is_swabbed_into_one_tube_and_the_first_abnormal_report_comes_at_half_past_midnight(town, truth):
    tube = abnormal_tubes(town, truth, ALL_SEEN)[0]
    assert set(tube.members) == {WEI, CHEN}
    assert WEI in tube.positive
    assert (tube.reported_at - at("2022-03-01T00:30")) % 1440 == 0


def test_a_false_pool_has_nobody_infected_in_it(town, truth):
    tubes = abnormal_tubes(town, truth, replace(ALL_SEEN, false_pools=1.0, sensitivity=0.0))
    assert tubes
    assert all(not tube.positive for tube in tubes)


def test_at_five_past_one_there_is_a_tube_and_no_case_and_at_five_the_case_is_known(town, truth):
    night = known_by(town, truth, ALL_SEEN)
    assert night.until - night.signal_at == 35
    assert night.cases == ()
    morning = known_by(town, truth, ALL_SEEN, night.signal_at + 270)
    assert WEI in [case.person for case in morning.cases]


def test_nothing_that_is_known_later_is_on_the_desk(town, truth):
    night = known_by(town, truth, ALL_SEEN)
    read, rejects = read_facts(json.dumps(facts_of(town, ALL_SEEN, night)))
    assert not rejects
    assert max(floor_minute(fact.known_at) for fact in read) <= night.until
    assert {fact.kind for fact in read} == {"members", "tube", "result", "person"}


def test_wei_names_who_lives_with_him_at_once_and_chen_only_when_he_is_asked(town, truth):
    sure = replace(ALL_SEEN, recall={"work": 1.0, "household": 1.0, "room": 0.0})
    signal = known_by(town, truth, sure).signal_at
    before = {row[1] for row in named_contacts(town, sure, known_by(town, truth, sure, signal + 270)) if row[0] == WEI}
    after = {row[1] for row in named_contacts(town, sure, known_by(town, truth, sure, signal + 400)) if row[0] == WEI}
    assert before == {FANG, GRANDMA}
    assert after == {FANG, GRANDMA, CHEN}


def test_the_files_come_again_to_the_byte_and_a_full_folder_is_refused(town, truth, tmp_path):
    observed = known_by(town, truth, ALL_SEEN)
    for folder in ("one", "two"):
        write_observed(town, ALL_SEEN, observed, tmp_path / folder)
    for name in ("linelist.csv", "tubes.csv", "contacts.csv", "facts.json", "observed.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with pytest.raises(Refused, match="is not empty"):
        write_observed(town, ALL_SEEN, observed, tmp_path / "one")


def test_a_share_beyond_one_is_refused():
    with pytest.raises(Refused, match="between 0 and 1"):
        Eyes(scanning=1.2)


def test_chance_is_even_and_does_not_depend_on_what_else_is_drawn():
    drawn = uniform(3, "swab", np.arange(100_000))
    assert abs(drawn.mean() - 0.5) < 0.005
    assert abs(np.quantile(drawn, 0.1) - 0.1) < 0.005
    assert uniform(3, "swab", 77) == drawn[77]


def test_who_has_not_left_by_the_moment_has_no_check_out_yet(town, tmp_path):
    until = at("2022-03-07T10:00")
    write_scans(town, ALL_SEEN, tmp_path / "visits", until=until)
    seen = VisitBatch.of(*pieces_of_day(open_store(tmp_path / "visits"), until // 1440))
    assert seen.end.max() == until
    assert np.all(seen.flags[seen.end == until] & IMPUTED)


def test_pupils_are_in_no_tube_of_their_teachers(town, truth):
    ages = town.age.copy()
    ages[CHEN] = 12
    tubes = abnormal_tubes(replace(town, age=ages), truth, ALL_SEEN)
    assert tubes
    assert all(CHEN not in tube.members for tube in tubes)
