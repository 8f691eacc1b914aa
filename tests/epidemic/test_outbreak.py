"""One outbreak among few: what the engine does, and that it agrees with the slow reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp

from ringfence.epidemic import outbreak, reference
from ringfence.epidemic.contacts import DAY, HashedCity, VisitedCity, meetings_of, other_of, room_for
from ringfence.epidemic.draws import key_of
from ringfence.epidemic.hashed import workplace_of
from ringfence.epidemic.onward import plan_hashed
from ringfence.epidemic.outbreak import Scene, replicate, simulate
from ringfence.epidemic.presets import preset
from ringfence.epidemic.settings import NOTHING, Delay, Disease, Mixing, Policy
from ringfence.epidemic.state import EVENT_KIND, N_EVENTS, SUBJECT, WHO, state_for
from ringfence.epidemic.terms import dose_of
from ringfence.vocabulary.places import PlaceKind

FLU_LIKE = Disease(r0=2.0, dispersion=0.5, incubation=Delay(3.0, 1.0), generation=Delay(4.0, 1.5), asymptomatic=0.2)
WATCHED = Policy(reported=0.8, onset_to_isolation=Delay(1.0, 0.5), traced=(1.0, 0.7, 0.4), quarantine_tests=(1.0, 4.0))


def met(source, person, day):
    room = room_for()
    found = meetings_of(source, person, day, room)
    rows = []
    for index in range(found):
        other = other_of(source, room.code[index], day)
        if other >= 0:
            rows.append(
                (
                    int(other),
                    int(room.at[index]),
                    int(room.minutes[index]),
                    int(room.crowd[index]),
                    int(room.kind[index]),
                )
            )
    return rows


def test_a_meeting_is_the_same_from_both_sides():
    source = HashedCity(500, seed=3).source()
    for person in range(0, 500, 50):
        for other, *what in met(source, person, 2):
            assert [person, *what] in [list(row) for row in met(source, other, 2)]


def test_people_meet_about_as_many_as_surveys_find():
    source = HashedCity(100_000, seed=1).source()
    counts = [len(met(source, person, 1)) for person in range(0, 100_000, 250)]
    assert 8 < np.mean(counts) < 25
    assert max(counts) > 3 * np.median(counts)


def test_wei_meets_fang_at_home_and_nobody_else():
    wei, fang, zhao = 0, 1, 2
    city = VisitedCity(
        people=3, days=2, place=np.array([0, 0, 1], np.uint32), person=np.array([wei, fang, zhao], np.uint32),
        start=np.array([1200, 1380, 0], np.int32), end=np.array([1500, 1560, 2880], np.int32),
        kinds=np.array([PlaceKind.HOME, PlaceKind.MARKET], np.uint8),
    )  # fmt: skip
    source = city.source()
    assert met(source, wei, 0) == [(fang, 1410, 60, 2, 1)]
    assert met(source, wei, 1) == [(fang, 30, 60, 2, 1)]
    assert met(source, zhao, 0) == []
    assert met(source, wei, 2) == met(source, wei, 0), "the days repeat"


LENIENT = replace(WATCHED, reduction=(0.3, 0.5, 0.5), household_leak=0.5, adherence=0.7, look_back=3, reduction_from=4)


@pytest.mark.parametrize(
    "policy", [NOTHING, WATCHED, LENIENT], ids=["nothing is done", "found, traced and tested", "with leaks"]
)
def test_the_engine_agrees_with_the_reference(policy):
    people, days, runs = 200, 20, 120
    scene = Scene(HashedCity(people, seed=5), FLU_LIKE, days=days, seed=5, seeds=3)
    quick = replicate(scene, policy, replicates=4 * runs, threads=1).infections
    known = {}

    def meetings(person, day):
        if (person, day) not in known:
            known[person, day] = met(scene.source, person, day)
        return known[person, day]

    slow = []
    for run in range(runs):
        found = reference.outbreak(
            meetings, people, FLU_LIKE, policy, scale=scene.course.scale, days=days, seeds=3, mixing=Mixing(),
            rng=np.random.default_rng(run),
        )  # fmt: skip
        slow.append(len(found))
    told = (np.mean(quick), np.mean(slow), np.std(quick), np.std(slow))
    assert abs(told[0] - told[1]) < 4 * np.hypot(told[2] / (4 * runs) ** 0.5, told[3] / runs**0.5), told
    assert ks_2samp(quick, slow).pvalue > 0.001, told


@pytest.mark.parametrize("strength", [0.3, 2.0, 40.0])
def test_each_meeting_infects_as_often_as_its_dose_says(strength):
    scene, draws = Scene(HashedCity(300, seed=5), FLU_LIKE, days=20, seed=5), 3000
    course, wei = scene.course, next(p for p in range(300) if workplace_of(scene.source.hashed, p)[2] > 8)
    expected, escapes = {}, {}
    for day in range(20):
        for other, minute, minutes, crowd, kind in met(scene.source, wei, day):
            at = day * DAY + minute
            hour = (at - course.profile_from) // 60
            if 0 <= hour < len(course.profile) and at > 0:
                dose = course.scale * strength * course.profile[hour] * dose_of(course, kind, minutes, crowd)
                before = escapes.get(other, 1.0) if kind == PlaceKind.HOME else 1.0  # of a household only the first
                expected[other, at, kind] = before * -np.expm1(-dose)
                if kind == PlaceKind.HOME:
                    escapes[other] = before * np.exp(-dose)
    drawn = dict.fromkeys(expected, 0)
    state = state_for(1, people=1, events=4000)
    state.cases[0, WHO], state.peak[0] = wei, strength
    for key in range(draws):
        plan_hashed(np.uint64(key_of(key, 9)), scene.source.hashed, course, scene.setup.bounds, state, 20 * DAY, 0)
        events = state.events[: state.count[N_EVENTS]]
        moments = np.empty(len(events), np.int64)
        moments[state.heap[: len(events)] & ((1 << 28) - 1)] = state.heap[: len(events)] >> 28
        met_at = zip(events[:, SUBJECT].tolist(), moments.tolist(), events[:, EVENT_KIND].tolist(), strict=True)
        for event in set(met_at):
            drawn[event] += 1
        state.count[:] = 0
    share, times = np.array(list(expected.values())), np.array(list(drawn.values()))
    often = draws * share * (1 - share) > 5
    z = (times - draws * share)[often] / np.sqrt(draws * share * (1 - share))[often]
    assert often.sum() > 20
    assert abs(times.sum() - draws * share.sum()) < 5 * np.sqrt((draws * share * (1 - share)).sum())
    assert np.abs(z).max() < 5
    assert 0.6 < np.mean(z**2) < 1.5


def test_the_same_seed_gives_the_same_outbreaks_with_any_number_of_threads():
    scene = Scene(HashedCity(20_000), FLU_LIKE, days=30, seed=7, seeds=3)
    alone, together = (replicate(scene, WATCHED, replicates=60, threads=n) for n in (1, 3))
    assert np.array_equal(alone.by_day, together.by_day)
    assert np.array_equal(alone.person_days, together.person_days)
    assert [len(simulate(scene, WATCHED, replicate=n).person) for n in range(5)] == alone.infections[:5].tolist()


def test_measures_share_their_chance_so_that_less_is_never_found_by_doing_more():
    scene = Scene(HashedCity(50_000), FLU_LIKE, days=30, seed=4, seeds=4)
    nothing, little, much = (
        replicate(scene, policy, replicates=60, threads=1).infections
        for policy in (NOTHING, Policy(reduction=(0, 0.3, 0.3)), Policy(reduction=(0, 0.7, 0.7)))
    )
    assert (little <= nothing).mean() > 0.95
    assert (much <= little).mean() > 0.95


def test_an_outbreak_that_outgrows_its_room_comes_to_the_same(monkeypatch):
    scene = Scene(HashedCity(5_000), FLU_LIKE, days=30, seed=7, seeds=3)
    wide = replicate(scene, WATCHED, replicates=20, threads=1)
    monkeypatch.setattr(outbreak, "_FIRST_ROOM", 4)
    narrow = replicate(scene, WATCHED, replicates=20, threads=1)
    assert np.array_equal(wide.by_day, narrow.by_day)
    assert np.array_equal(wide.person_days, narrow.person_days)


@pytest.mark.parametrize("seed", range(6))
def test_a_hashed_city_of_any_seed_can_be_run(seed):
    scene = Scene(HashedCity(300, seed=seed), preset("covid-wild"), days=5, seed=seed, seeds=2)
    assert len(simulate(scene).person) >= 2
