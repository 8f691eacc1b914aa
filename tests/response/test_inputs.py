"""What an answer is made from: workbooks, columns in any order, and everybody who shared a recorded visit."""

from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.response.answer import respond
from ringfence.response.cases import read_cases
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
