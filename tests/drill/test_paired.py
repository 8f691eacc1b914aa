"""The outbreak of the tiny town run again on the same chances, with somebody apart and with cases isolated."""

from dataclasses import asdict, replace

import pytest

from ringfence.drill.eyes import Eyes
from ringfence.drill.laboratory import abnormal_tubes
from ringfence.drill.observe import confirmed
from ringfence.drill.outbreak import city_of, scene_in, truth_of, write_truth
from ringfence.drill.paired import Twin, twin_of
from ringfence.drill.world import NOBODY, read_truth
from ringfence.epidemic.outbreak import Scene, simulate
from ringfence.epidemic.settings import Delay, Disease
from tests.drill.town import CHEN, LI, WEI, at

BLIND = Eyes(screened_places=0.0, clinic=0.0, false_pools=0.0)
FLU = Disease(r0=6.0, dispersion=5.0, incubation=Delay(1.0, 0.5), generation=Delay(1.5, 0.7))
FIRST = at("2022-03-01T00:00")


@pytest.fixture(scope="module")
def place(town):
    return replace(town, about={"first_day": "2022-03-01", "days": 9})


@pytest.fixture(scope="module")
def scene(place):
    """Return the town with Wei infected on the first day."""
    return Scene(city_of(place), FLU, 9, seed=3, seeds=0, given=(WEI,))


@pytest.fixture(scope="module")
def number(scene):
    """Return an outbreak in which Wei infects Chen and Chen's side goes on: at least four are ill in the end."""
    return next(n for n in range(300) if len(simulate(scene, replicate=n).person) >= 4
                and CHEN in simulate(scene, replicate=n).person)  # fmt: skip


def twin(place, scene, number, eyes=BLIND):
    return Twin(scene, number, place, eyes)


def test_with_nobody_apart_the_same_people_are_infected_at_the_same_minutes(place, scene, number):
    again = twin(place, scene, number).run({})
    true = truth_of(simulate(scene, replicate=number), FIRST)
    assert again.person.tolist() == true.person.tolist()
    assert again.infected_at.tolist() == true.infected_at.tolist()


def test_with_wei_apart_from_the_beginning_nobody_else_is_infected(place, scene, number):
    again = twin(place, scene, number)
    assert again.infections({WEI: (FIRST, FIRST + 20 * 1440)}) == 1
    assert again.infections({}) >= 4


def test_what_happened_before_somebody_is_apart_is_not_changed_by_it(place, scene, number):
    again = twin(place, scene, number)
    true = again.run({})
    middle = int(true.infected_at[2]) + 1
    changed = again.run({WEI: (middle, middle + 20 * 1440), LI: (middle, middle + 20 * 1440)})
    assert changed.person[:3].tolist() == true.person[:3].tolist()
    after = changed.infected_at > middle
    assert not {WEI, LI} & set(changed.infector[after].tolist())


def test_who_comes_back_can_be_infected_again(place, scene, number):
    away = twin(place, scene, number).run({CHEN: (FIRST, FIRST + 1440)})
    assert all(at_ >= FIRST + 1440 for p, at_ in zip(away.person, away.infected_at, strict=True) if p == CHEN)


def test_a_case_that_the_laboratory_confirms_infects_nobody_afterwards_in_either_world(place, scene, number):
    sharp = replace(BLIND, clinic=1.0, clinic_delay_hours=0.0, sensitivity=1.0)
    alone, seen = twin(place, scene, number), twin(place, scene, number, sharp)
    assert seen.infections({}) <= alone.infections({})
    settled = seen._settled({})
    tubes = confirmed(abnormal_tubes(place, settled, sharp), sharp, seen.end)
    assert tubes
    for by, when in zip(settled.infector.tolist(), settled.infected_at.tolist(), strict=True):
        assert by == NOBODY or by not in tubes or when < tubes[by]


def test_an_outbreak_comes_again_from_its_folder_and_one_that_does_not_is_none(place, scene, tmp_path):
    given = scene_in(place, FLU, days=9, seed=3, seeds=1)
    told = simulate(given, replicate=2)
    about = {"seed": 3, "seeds": 1, "days": 9, "replicate": 2, "parameters": asdict(FLU)}
    write_truth(told, FIRST, tmp_path / "truth", about)
    true = read_truth(tmp_path / "truth")
    again = twin_of(tmp_path / "truth", true, place, BLIND)
    assert again is not None
    assert again.run({}).person.tolist() == true.person.tolist()
    write_truth(told, FIRST, tmp_path / "other", about | {"seed": 4})
    assert twin_of(tmp_path / "other", true, place, BLIND) is None or len(true) == 1
