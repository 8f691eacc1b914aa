"""What is seen of the tiny town at different rates of scanning, by the laboratory and by asking."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ringfence.drill.chance import mixed, uniform
from ringfence.drill.city import chance as city
from ringfence.drill.eyes import Eyes
from ringfence.drill.laboratory import Laboratory, abnormal_tubes
from ringfence.drill.observe import Observed, Seen, facts_of, known_by, named_contacts, write_observed, write_scans
from ringfence.drill.seeing import phone_holders, recorded
from ringfence.rules.facts import read_facts
from ringfence.tracing.visits.batch import IMPUTED, VisitBatch
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.upkeep import pieces_of_day
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.refusals import Refused
from tests.drill import town as tiny
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


def known_at(until):
    return Observed(until, until, (), ())


def test_one_hash_serves_columns_and_the_kernels_of_a_city_and_draws_what_it_always_drew():
    words = np.array([1, 2, 77], np.uint64)
    assert [int(city.mix(word)) for word in words] == mixed(words).tolist()
    assert uniform(3, "swab", [1, 2, 77]).tolist() == [0.18438738196132642, 0.18062671908208183, 0.722867823574725]
    assert city.unit(city.key_of(7, city.PERSON, np.int64(5)), np.int64(3)) == 0.4365836570347162


def test_who_has_not_left_by_the_moment_has_no_check_out_yet(town, tmp_path):
    until = at("2022-03-07T10:00")
    write_scans(town, [Seen(ALL_SEEN, known_at(until), tmp_path)])
    seen = VisitBatch.of(*pieces_of_day(open_store(tmp_path / "visits"), until // 1440))
    assert seen.end.max() == until
    assert np.all(seen.flags[seen.end == until] & IMPUTED)


def test_two_departments_that_are_written_at_once_see_what_each_sees_alone(town, tmp_path):
    night, morning = at("2022-03-07T01:05"), at("2022-03-07T10:00")
    half = replace(ALL_SEEN, scanning=0.5)
    both = [Seen(half, known_at(night), tmp_path / "night"), Seen(ALL_SEEN, known_at(morning), tmp_path / "morning")]
    assert write_scans(town, both) == [
        write_scans(town, [replace(one, out=tmp_path / f"{one.out.name}-alone")])[0] for one in both
    ]
    last = [max(entry.day for entry in open_store(one.out / "visits").manifest.segments) for one in both]
    assert last == [night // 1440, morning // 1440]
    known = VisitBatch.of(*pieces_of_day(open_store(tmp_path / "night" / "visits"), night // 1440))
    assert known.end.max() <= night


def across_eight(path, *, since="07:30", until="09:00"):
    """Return the town with one stay of Wei in the workshop each morning, over 08:00, where the day in UTC changes."""
    days = range(2, 60)
    rows = [
        (WEI, WORKSHOP, at(f"2022-03-01T{since}") + 1440 * day, at(f"2022-03-01T{until}") + 1440 * day) for day in days
    ]
    return tiny.with_visits(path, rows)


def test_a_stay_across_midnight_utc_is_recorded_whole_or_not_at_all(tmp_path):
    seen = scans(across_eight(tmp_path / "visits"), replace(ALL_SEEN, scanning=0.5))
    assert 15 < len(seen) < 50, "about half of 58 stays"
    assert {end - start for _, _, start, end in seen} == {90}


def test_a_stay_across_midnight_utc_without_a_check_out_ends_once(tmp_path):
    seen = scans(across_eight(tmp_path / "visits"), replace(ALL_SEEN, missing_check_out=1.0))
    assert len(seen) == 58
    assert {end - start for _, _, start, end in seen} == {240}


def test_who_is_still_there_after_the_last_day_that_is_read_is_not_lost(tmp_path):
    town = across_eight(tmp_path / "visits")
    until = at("2022-03-05T07:45")
    stays = [one for day in recorded(town, ALL_SEEN, until) for one in day.start.tolist()]
    assert at("2022-03-05T07:30") in stays


def test_the_days_of_a_city_begin_with_its_first_local_day(town):
    days = [day.date().isoformat() for day in town.local_days()]
    assert (days[0], days[-1], len(days)) == ("2022-03-01", "2022-03-09", 9)
    described = replace(town, about={"first_day": "2022-03-01", "days": 9})
    assert described.local_days() == town.local_days()


def test_every_full_and_every_rest_pool_of_a_screened_workplace_can_read_abnormal_for_nothing(town):
    work = np.full(6, WORKSHOP, np.uint32)
    pools = Laboratory(replace(town, work=work), replace(ALL_SEEN, false_pools=1.0, pool=5)).false_pools
    assert {tube.members for tube in pools} == {(0, 1, 2, 3, 4), (5,)}
    assert len({tube.taken_at for tube in pools}) == len(pools) / 2 in (1, 2)


def test_the_desk_passes_an_abnormal_pool_on_and_says_so_from_then_on(town, truth):
    signal = known_by(town, truth, ALL_SEEN).signal_at
    told = {
        until: [fact for fact in facts_of(town, ALL_SEEN, known_by(town, truth, ALL_SEEN, signal + until))["facts"]
                if fact["kind"] in ("receipt", "done")]
        for until in (44, 45)
    }  # fmt: skip
    assert told[44] == []
    assert [fact["subject"] for fact in told[45]] == ["tube:1", "tube:1"]
    assert told[45][1]["value"] == {"duty": "report/abnormal", "receipt": told[45][0]["value"]["number"]}


def test_pupils_are_in_no_tube_of_their_teachers(town, truth):
    ages = town.age.copy()
    ages[CHEN] = 12
    tubes = abnormal_tubes(replace(town, age=ages), truth, ALL_SEEN)
    assert tubes
    assert all(CHEN not in tube.members for tube in tubes)
