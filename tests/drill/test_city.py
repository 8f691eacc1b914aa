"""A small synthetic city: who lives where, who is where, and that chance does not depend on threads."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import numpy as np
import pytest

from ringfence.cli import main
from ringfence.drill.city import open_city
from ringfence.drill.city.areas import huzhou
from ringfence.drill.city.making import Plan
from ringfence.drill.city.shape import inside
from ringfence.drill.city.writing import write_city
from ringfence.vocabulary.refusals import Refused

NONE = 0xFFFFFFFF
DAYS = 8
START = Plan(people=3000, days=DAYS, first_day=date(2022, 3, 4)).start


def made(directory, *, seed=7, threads=2, people=3000, days=DAYS):
    write_city(Plan(people, days, date(2022, 3, 4), seed), directory, threads=threads)
    return open_city(directory)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Return a city of 3,000 people from a Friday to the Friday after."""
    return made(tmp_path_factory.mktemp("cities") / "city")


@pytest.fixture(scope="module")
def visits(city):
    """Return all visits as person, place, start, end, in the order of persons and time, pieces cut at UTC midnight."""
    return pieces_of(city)


def pieces_of(city):
    parts = []
    for segment in city.store.segments:
        words = segment.sections["place_words"]
        start = (words >> np.uint64(53)).astype(np.int64)
        dwell = ((words >> np.uint64(42)) & np.uint64(0x7FF)).astype(np.int64)
        person = ((words >> np.uint64(10)) & np.uint64(0xFFFFFFFF)).astype(np.int64)
        day = segment.day * 1440
        parts.append(np.stack([person, segment.place_of_words().astype(np.int64), day + start, day + start + dwell]))
    rows = np.concatenate(parts, axis=1)
    return rows[:, np.lexsort((rows[2], rows[0]))]


def content(city):
    """Return what is in a city's files, whatever the files of its store are called."""
    store = city.path / "visits"
    files = sorted((city.path / "city").iterdir()) + sorted(store.glob("days/*/*.seg"))
    digests = [(f.parent.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files]
    return sorted(digests), city.store.place_kinds().tobytes()


def test_nobody_is_in_two_places_at_once(visits):
    person, _, start, end = visits
    assert (end > start).all()
    same = person[1:] == person[:-1]
    assert (start[1:] >= end[:-1])[same].all()


def test_the_same_seed_makes_the_same_bytes_with_any_number_of_threads(city, tmp_path):
    assert content(made(tmp_path / "alone", threads=1)) == content(city)


def test_another_seed_makes_another_city(city, tmp_path):
    other = made(tmp_path / "other", seed=8)
    assert content(other) != content(city)
    assert len(other.persons) == len(city.persons)


def test_everybody_is_there_and_makes_about_five_visits_a_day(city, visits):
    assert (np.unique(visits[0]) == np.arange(3000)).all()
    assert 3.5 < city.about["counts"]["visits"] / 3000 / DAYS < 6


def test_a_household_is_together_at_night(city, visits):
    person, place, start, end = visits
    night = START + 4 * 1440 + 3 * 60
    asleep = (start <= night) & (night < end)
    assert (np.sort(person[asleep]) == np.arange(3000)).all()
    assert (place[asleep] == city.persons.home[person[asleep]]).all()
    household, home = city.persons.household, city.persons.home
    assert (np.diff(household.astype(int)) >= 0).all(), "those of a household follow each other"
    assert len(np.unique(np.stack([household, home]), axis=1).T) == city.about["counts"]["households"]


def test_a_child_goes_to_a_class_of_a_school_of_her_street(city, visits):
    age, work, street = city.persons.age, city.persons.work, city.persons.street
    pupils = np.flatnonzero((age >= 6) & (age < 15))
    places = city.places
    room = work[pupils]
    assert np.isin(room, city.sort_numbers("class")).all()
    assert (places.street[room] == street[pupils]).all()
    school = places.parent[room]
    assert np.isin(school, city.sort_numbers("primary_school", "junior_school")).all()
    assert (places.street[school] == street[pupils]).all()
    person, place, start, _ = visits
    monday = (start > START + 3 * 1440) & (start < START + 4 * 1440)
    went = np.isin(pupils, person[monday & (place == work[person])])
    assert went.mean() > 0.9
    weekend = (start > START + 1440 + 360) & (start < START + 3 * 1440)
    assert not np.isin(place[weekend], city.sort_numbers("class")).any()


def test_classes_are_of_one_year_and_not_crowded(city):
    age, work = city.persons.age, city.persons.work
    for room in city.sort_numbers("class"):
        ages = age[(work == room) & (age < 18)]
        assert 1 <= len(ages) <= 50
        assert len(set(ages.tolist())) == 1


def test_a_stall_stands_in_a_market_of_its_street(city):
    stalls = city.sort_numbers("stall")
    market = city.places.parent[stalls]
    assert len(stalls) > 0
    assert np.isin(market, city.sort_numbers("market")).all()
    assert (city.places.street[market] == city.places.street[stalls]).all()
    assert (city.places.lon[market] == city.places.lon[stalls]).all()


def test_a_seat_is_taken_once_and_agrees_with_the_visits(city, visits):
    seats = city.seats
    taken = np.stack([seats.day, seats.trip, seats.carriage, seats.row, seats.seat])
    assert 10 < taken.shape[1] == np.unique(taken, axis=1).shape[1]
    rides = np.isin(visits[1], city.sort_numbers("carriage"))
    day = (visits[2][rides] - START) // 1440
    seen = np.stack([day, visits[0][rides], visits[1][rides]])
    told = np.stack([seats.day.astype(np.int64), seats.person.astype(np.int64), seats.place.astype(np.int64)])
    assert (np.unique(seen, axis=1) == np.unique(told, axis=1)).all()
    assert (city.places.parent[seats.place] == seats.trip).all()


def test_few_places_are_crowded_and_most_are_not(city, visits):
    shops = city.sort_numbers("noodle_shop", "restaurant", "shop", "supermarket", "stall", "park")
    crowd = np.sort(np.bincount(visits[1], minlength=len(city.places))[shops])[::-1]
    tenth = max(1, len(crowd) // 10)
    assert crowd[:tenth].sum() > 0.25 * crowd.sum()
    assert crowd.max() > 5 * np.median(crowd)


def test_the_town_of_the_workshops_is_full_of_them(city):
    zhili = huzhou().zhili
    workshops = city.sort_numbers("garment_workshop")
    assert (city.places.street[workshops] == zhili).mean() > 0.7


def test_a_bus_is_a_place_for_each_departure(city, visits):
    trips = city.sort_numbers("bus_trip")
    assert np.isin(city.places.parent[trips], city.sort_numbers("bus_line")).all()
    ridden = np.isin(visits[1], trips)
    assert ridden.sum() > 100
    assert (visits[3][ridden] - visits[2][ridden] <= 35).all()


def test_streets_and_villages_are_called_synthetic_and_lie_in_their_county(city):
    areas = huzhou()
    assert all(entry["synthetic"] for entry in city.areas["streets"] + city.areas["villages"])
    assert not any(entry["synthetic"] for entry in city.areas["counties"])
    for county, feature in enumerate(city.outline["features"]):
        ring = np.array(feature["geometry"]["coordinates"][0][:-1])
        assert inside(ring, areas.street_points[areas.county_of_street == county]).all()


def test_the_vulnerable_are_marked(city):
    age, marks = city.persons.age, city.persons.vulnerable
    assert ((marks & 1 > 0) == (age >= 70)).all()
    assert (city.persons.sex[marks & 2 > 0] == 0).all()
    assert (age[marks & 4 > 0] == 0).all()


def test_a_city_is_never_written_over_another(city):
    with pytest.raises(Refused, match="not empty"):
        made(city.path)


def test_half_a_city_is_none(tmp_path):
    (tmp_path / "city").mkdir()
    with pytest.raises(Refused) as refused:
        open_city(tmp_path)
    assert refused.value.code == "city.incomplete"
    with pytest.raises(Refused) as refused:
        open_city(tmp_path / "nowhere")
    assert refused.value.code == "city.missing"


@pytest.mark.parametrize(("people", "days", "seed", "code"), [(5, 1, 0, "city.people"), (500, 0, 0, "city.days"),
                                                              (500, 1, -1, "city.seed")])  # fmt: skip
def test_an_impossible_city_is_refused(people, days, seed, code):
    with pytest.raises(Refused) as refused:
        Plan(people, days, date(2022, 3, 4), seed)
    assert refused.value.code == code


def test_the_command_makes_a_city_that_the_search_opens(tmp_path, capsys):
    store = tmp_path / "town"
    assert main.run(["city", "--people", "600", "--days", "2", "--store", str(store), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["people"] == 600
    when = ("--from", "2022-03-01T00:00+08:00", "--to", "2022-03-03T00:00+08:00")
    assert main.run(["trace", "--store", str(store / "visits"), "--person", "p0000123", *when, "--json"]) == 0
    capsys.readouterr()
    assert main.run(["city", "--people", "600", "--days", "2", "--store", str(store), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["refused"][0]["code"] == "city.exists"
