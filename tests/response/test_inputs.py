"""What an answer is made from: workbooks, columns in any order, and everybody who shared a recorded visit."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.response.answer import respond
from ringfence.response.cases import read_cases
from ringfence.response.places import read_places
from ringfence.vocabulary.refusals import Refused
from tests.response.town import SHANGHAI, WEI, answer, asked, at, store_of, written

NOW = at("2022-03-08T05:00")


def test_a_list_in_chinese_with_its_columns_in_any_order_is_read(tmp_path):
    text = "隔离时间,性别,病例编号,发病日期,首次阳性采样时间,年龄\n,男,wei,2022/3/6,2022年3月7日 15时,34岁\n"
    file = written(tmp_path, "名单.csv", text)
    (case,), read = read_cases(file, SHANGHAI, NOW)
    assert (case.id, case.sex, case.age) == ("wei", "male", 34)
    assert case.onset == at("2022-03-06T00:00")
    assert case.first_positive == at("2022-03-07T15:00")
    assert (read.rows, read.used, read.rejects) == (1, 1, [])


def test_a_header_that_is_not_known_is_asked_about_with_the_nearest(tmp_path):
    file = written(tmp_path, "odd.csv", "id,onset,first_positve\nwei,2022-03-06,2022-03-07\n")
    _, read = read_cases(file, SHANGHAI, NOW)
    (asked_about,) = read.rejects
    assert asked_about.code == "respond.header_near"
    assert asked_about.values["nearest"] == "first_positive"


def test_a_workbook_is_read_like_a_text():
    cases, read = read_cases(Path(__file__).with_name("cases.xlsx"), SHANGHAI, NOW)
    assert [(case.id, case.onset, case.age) for case in cases] == [("wei", at("2022-03-06T00:00"), 34)]
    assert read.rejects == []


def test_a_case_without_a_time_of_report_starts_no_clock_before_now(tmp_path):
    plan = answer(tmp_path, visits=False).plan
    late = [duty["key"] for duty in plan["due_now"] if duty["state"] == "late"]
    assert late == []


visits = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 70), st.integers(1, 6)), min_size=1, max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(visits)
def test_everybody_who_shared_a_recorded_visit_in_the_window_is_a_candidate(tmp_path_factory, given_visits):
    """The window opens on 4 March; hours count from 5 March, 00:00, so that every visit lies inside it."""
    folder = tmp_path_factory.mktemp("shared")
    start = at("2022-03-05T00:00")
    rows, when = [], {}
    for person, place, hour, length in given_visits:
        span = (start + timedelta(hours=hour), start + timedelta(hours=hour + length))
        local = [m.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") for m in span]
        rows.append((person, place, *local))
        when.setdefault((person, place), []).append(span)
    store_of(folder / "visits", rows, kinds=(2, 4, 5, 6, 13))
    text = "id,onset,first_positive_sample,reported\n0,2022-03-06,2022-03-07,2022-03-08\n"
    list_ = written(folder, "cases.csv", text)
    plan = respond(asked(now="2022-03-08T05:00", line_list=list_, visits=folder / "visits")).plan
    shared = {
        str(person)
        for (person, place), spans in when.items()
        for begins, ends in spans
        for b, e in when.get((0, place), ())
        if person and begins < e and b < ends
    }
    assert {row["person"] for row in plan["candidates"]} == shared
    assert WEI not in shared


def fact(id_, kind, subject, value, known_at="2022-03-08T01:00:00+08:00"):
    return {"id": id_, "kind": kind, "subject": subject, "at": "2022-03-07T12:00:00+08:00", "known_at": known_at,
            "source": "interview", "grade": "B", "value": value}  # fmt: skip


def test_a_contact_whom_only_a_given_fact_names_is_due_for_assessment(tmp_path):
    rows = [
        fact("a", "case", "infection:1", {"state": "confirmed"}),
        fact("b", "onset", "infection:1", {"of": "symptoms"}),
        fact("c", "exposure", "contact:9", {"to": "infection:1", "setting": "household"}),
    ]
    file = written(tmp_path, "facts.json", json.dumps({"schema": 1, "facts": rows}))
    plan = respond(asked(facts=file)).plan
    assert ("assess", "contact:9") in {(duty["kind"], duty["subject"]) for duty in plan["due_now"]}


def test_a_fact_that_is_known_only_later_is_told_and_not_used(tmp_path):
    later = fact("late", "case", "infection:1", {"state": "confirmed"}, "2022-03-09T01:00:00+08:00")
    file = written(tmp_path, "facts.json", json.dumps({"schema": 1, "facts": [later]}))
    plan = respond(asked(facts=file)).plan
    assert plan["cases"] == []
    (wrong,) = plan["wrong"]
    assert (wrong["field"], "2022-03-09 01:00" in wrong["en"]) == ("known_at", True)


def test_an_outline_or_facts_that_are_no_text_are_refused_and_a_place_at_nan_is_not_on_the_map(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_bytes("病例".encode("gb18030"))
    with pytest.raises(Refused, match="UTF-8"):
        respond(asked(facts=broken))
    with pytest.raises(Refused, match="UTF-8"):
        read_places(None, broken)
    table = written(tmp_path, "places.csv", "place,name,lon,lat\n0,工坊,nan,30.1\n1,面馆,120.1,30.2\n")
    assert read_places(table).at == {"1": (120.1, 30.2)}


def test_a_place_counts_as_a_source_only_in_the_days_in_which_each_case_was_infected(tmp_path):
    """Chen falls ill a month after Wei, and comes to Wei's market long after Wei was infected: no common source."""
    rows = ((0, 0, "2022-02-01T10:00", "2022-02-01T11:00"), (2, 0, "2022-02-01T10:00", "2022-02-01T11:00"),
            (0, 1, "2022-02-02T10:00", "2022-02-02T11:00"), (2, 1, "2022-03-05T10:00", "2022-03-05T11:00"))  # fmt: skip
    store_of(tmp_path / "visits", rows, kinds=(2, 4))
    text = "id,onset,first_positive_sample\n0,2022-02-05,2022-02-06\n2,2022-03-07,2022-03-07\n"
    list_ = written(tmp_path, "cases.csv", text)
    plan = respond(asked(line_list=list_, visits=tmp_path / "visits")).plan
    assert "0" not in {row["place"] for row in plan["hypotheses"]}


def test_with_enough_cases_and_no_visits_it_is_not_said_that_cases_are_too_few(tmp_path):
    rows = "".join(f"{name},2022-03-06,2022-03-07\n" for name in "abcdef")
    list_ = written(tmp_path, "cases.csv", f"id,onset,first_positive_sample\n{rows}")
    (row,) = respond(asked(line_list=list_)).plan["hypotheses"]
    assert "visits" in row["en"]
    assert "needed five" not in row["en"]
