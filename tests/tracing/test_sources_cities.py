"""Cities whose truth is known: without a common place none is named, and a planted one comes first.

All 300 of the measurement in `benchmarks/sources.py` are gone through by `make soak`; otherwise fewer, fixed seeds.
"""

import sys
from pathlib import Path

import pytest

from ringfence.tracing.sources import SourceSettings


@pytest.fixture(scope="module")
def cities(soak) -> int:
    return 300 if soak else 60


@pytest.fixture(scope="module")
def measured(cities):
    benchmarks = str(Path(__file__).parents[2] / "benchmarks")
    sys.path.insert(0, benchmarks)
    try:
        import sources
    finally:
        sys.path.remove(benchmarks)
    return sources.measure(cities=cities, seed=11, per_case=4, ill=40, settings=SourceSettings(relabelings=1_999))


def test_without_a_common_place_hardly_any_city_has_one_called_significant(measured):
    assert measured["false-source rate"] <= 0.05


def test_the_cities_are_hard_enough_that_places_are_judged(measured, cities):
    assert measured["cities without a source in which any place was judgeable"] >= cities / 2


def test_a_planted_place_of_six_of_ten_cases_comes_first(measured):
    assert measured["planted source (6 of 10 cases) first"] >= 0.9
