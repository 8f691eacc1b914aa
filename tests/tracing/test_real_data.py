"""Public data sets as they are: what they say is loaded, what they lack is told, and every row is accounted for."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from benchmarks.real_data import CHECK_INS, ROUTES, WHOLE_DAYS, Measured, measure, table
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore, open_store
from ringfence.vocabulary.moments import moment_of, zone_named
from ringfence.vocabulary.places import PlaceKind

pytestmark = pytest.mark.io
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def measured(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return measure(data, tmp_path_factory.mktemp("stores"))


@pytest.fixture
def told(measured: Measured):
    by_name = {load.name: answer for load, answer in measured.loads}
    return by_name.__getitem__


def stays(store: VisitStore) -> list[tuple[str, str, str, str]]:
    """Return all stays as (person, place, from, to) in the zone of the store."""
    zone = zone_named(store.zone)
    visits: VisitBatch = store.visits_of(store.persons_seen(), 0, 10**9)
    persons, places = store.names_of("person", visits.person), store.names_of("place", visits.place)
    times = [[f"{moment_of(minute, zone):%m-%d %H:%M}" for minute in column] for column in (visits.start, visits.end)]
    return list(zip(persons, places, *times, strict=True))


def kind_of(store: VisitStore, place: str) -> PlaceKind:
    assert store.keys is not None
    return PlaceKind(int(store.place_kinds()[int(store.keys.find("place", [place])[0])]))


def test_no_row_of_any_set_is_lost(measured):
    for load, answer in measured.loads:
        assert answer["rows"] == answer["loaded"] + answer["duplicates"] + answer["rejected"], load.name
        assert sum(answer["rules"].values()) == answer["rejected"], load.name
    for search, answer in measured.searches:
        assert answer["rows"] == answer["loaded"] + answer["duplicates"] + answer["rejected"], search.name


def test_the_tables_of_the_documentation_are_what_the_commands_tell(measured):
    page = (ROOT / "docs" / "guide" / "real-data.md").read_text(encoding="utf-8")
    assert "\n".join(re.findall(r"^\|.*\|$", page, re.M)) == re.sub(r"\n+", "\n", table(measured))


def test_check_ins_in_an_unknown_spelling_of_times_are_told_row_by_row(told):
    answer = told("Check-ins, New York, as they are")
    assert (answer["loaded"], answer["rules"]) == (0, {"intake.unreadable": 21406})


def test_check_ins_are_all_loaded_with_assumed_ends_and_their_repeats_are_counted(told, data):
    answer = told("Check-ins, New York, with the pattern of their times")
    assert (answer["loaded"], answer["duplicates"], answer["rejected"], answer["imputed"]) == (21345, 61, 0, 21406)
    minutes = set()
    for file in CHECK_INS:
        with gzip.open(data / file, "rt", encoding="utf-8", newline="") as opened:
            minutes |= {(row["user_id"], row["POI_id"], row["UTC_time"][:16] + row["UTC_time"][-4:])
                        for row in csv.DictReader(opened)}  # fmt: skip
    assert len(minutes) == 21345  # a person at one place in one minute counts once


def test_categories_of_check_ins_become_kinds_of_place_and_unknown_ones_are_named(told):
    answer = told("Check-ins, New York, with the pattern of their times")
    assert sum(answer["unknown_kinds"].values()) == 1846
    assert list(answer["unknown_kinds"].items())[:2] == [("Neighborhood", 666), ("Building", 356)]
    assert answer["kind_conflicts"] == 10
    assert kind_of(open_store(answer["store"]), "3fd66200f964a520c7f11ee3") == PlaceKind.RESTAURANT  # Pizza Place


def test_routes_with_dates_only_are_rejected_unless_whole_days_are_asked_for(told, data):
    assert told("Routes of patients, Korea")["rules"] == {"intake.date_only": 6714}
    answer = told(WHOLE_DAYS)
    assert (answer["loaded"], answer["duplicates"], answer["uncertain"]) == (6124, 590, 6714)
    assert (answer["kind_conflicts"], answer["unknown_kinds"]) == (154, {})
    with (data / ROUTES[0]).open(encoding="utf-8", newline="") as opened:
        routes = {(r["patient_id"], r["date"], r["latitude"], r["longitude"]) for r in csv.DictReader(opened)}
    assert len(routes) == 6124


def test_a_place_may_be_made_of_two_columns_and_a_day_is_a_day_of_its_zone(told):
    first = next(stay for stay in stays(open_store(told(WHOLE_DAYS)["store"])) if stay[0] == "1000000001")
    assert first == ("1000000001", "37.6152464 126.7156325", "01-22 00:00", "01-23 00:00")


def test_dated_visits_with_words_for_times_are_read_as_spans_and_those_without_a_time_are_told(told):
    answer = told("Dated visits, China")
    assert (answer["loaded"], answer["imputed"], answer["uncertain"]) == (43, 26, 13)
    assert answer["rules"] == {"intake.date_only": 13}
    seen = stays(open_store(answer["store"]))
    for stay in (
        ("鄞州-0408", "集中隔离点", "04-07 06:00", "04-07 12:00"),  # 上午
        ("吉林市-0302-1", "世纪广场地下", "02-19 11:00", "02-19 14:00"),  # 中午
        ("长兴-0414(货车2人)", "G50高速长兴段", "04-13 18:00", "04-14 00:00"),  # 晚
        ("长兴-0414(货车2人)", "G50高速林城段", "04-14 00:00", "04-14 06:00"),  # 凌晨
        ("上虞-56(慈溪轨迹)", "慈溪市城北水厂", "12-04 20:00", "12-05 08:00"),  # an end that holds a date
        ("花垣-1", "花垣县隔离点", "03-28 21:00", "03-28 22:00"),  # no end: an hour, flagged
    ):
        assert stay in seen


def test_a_row_without_a_time_is_told_with_its_line_its_date_and_its_mend(told):
    with Path(told("Dated visits, China")["rejects_file"]).open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["line"], first["field"], first["value"]) == ("6", "start", "2022-03-29")
    assert "--whole-days" in first["mend_zh"]
    assert "花垣县隔离点" in first["row"]


def test_a_carriage_on_its_day_is_the_place_and_the_seat_is_left_out(told):
    store = open_store(told("Dated visits, China, whole days")["store"])
    seen = stays(store)
    assert ("花垣-1", "G2193 2022-03-28 08", "03-28 10:48", "03-28 17:58") in seen
    assert ("德清-境外输入(2人同行)", "CZ3803 2020-02-29", "02-29 00:00", "03-01 00:00") in seen
    assert kind_of(store, "G2193 2022-03-28 08") == PlaceKind.VEHICLE
    assert not [place for _, place, _, _ in seen if "03B" in place or "53C" in place]


def test_stays_told_day_by_day_without_times_join_into_one(told):
    seen = stays(open_store(told("Dated visits, China, whole days")["store"]))
    assert ("花垣-1", "花垣县隔离点", "03-29 00:00", "03-31 00:00") in seen


def test_cases_without_an_onset_strangers_and_odd_infectors_are_each_told(measured):
    cases = measured.cases
    assert cases["told"] == {
        "hypothesis.row.no_date": 2908,
        "hypothesis.row.unknown_infector": 5,
        "hypothesis.row.unknown_person": 232,
    }
    assert cases["rows"] == cases["cases"] + 2908 + 232


def test_telephones_and_badges_are_read_whole_and_the_length_of_a_record_is_found(measured):
    found = {search.name: answer for search, answer in measured.searches}
    assert [(a["loaded"], a["rejected"], len(a["contacts"])) for a in found.values()] == [
        (102831, 0, 51), (102831, 0, 2), (9827, 0, 9),
    ]  # fmt: skip
    assert [a["notes"][0]["values"] for a in found.values()] == [
        {"seconds": 300, "percent": 83}, {"seconds": 300, "percent": 83}, {"seconds": 20, "percent": 58},
    ]  # fmt: skip
