"""Itineraries from text: what a bulletin about the tiny city tells, with the words it came from, and nothing else."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.cli import main
from ringfence.tracing.itineraries.files import read_bulletins
from ringfence.tracing.itineraries.lexicon import measured, proposed
from ringfence.tracing.itineraries.naming import without_names
from ringfence.tracing.itineraries.reading import read_bulletin
from ringfence.tracing.itineraries.rows import Question, VisitRow, rows_of
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import table

PUBLISHED = date(2022, 3, 21)
WEI = (
    "病例1，男，36岁，现住小城东门小区。3月15日8:30-11:50在小城制衣厂上班，12:05-12:40在老街面馆吃面，"
    "18时许乘坐5路公交车返回家中。次日上午与妻子到河边菜市场买菜，当晚出现发热，3月17日到小城人民医院就诊，18日确诊。"
)


def read(text, published=PUBLISHED):
    return read_bulletin(text, published=published)


def only(text, published=PUBLISHED):
    (visit,) = read(text, published).visits
    return visit


def at(day, hour=0, minute=0, month=3):
    return datetime(2022, month, day, hour, minute)


def told(visit):
    return None if visit.place is None else visit.place.text


def test_a_bulletin_about_wei_gives_his_visits_in_order_and_what_is_said_of_him():
    bulletin = read(WEI)
    assert [told(visit) for visit in bulletin.visits] == [
        "小城制衣厂", "老街面馆", "家中", "河边菜市场", "小城人民医院",
    ]  # fmt: skip
    assert [str(visit.certainty) for visit in bulletin.visits] == ["exact", "exact", "vague", "inferred", "vague"]
    said = {entry.field: entry.value for entry in bulletin.attributes}
    assert said == {
        "id": "病例1", "sex": "male", "age": "36", "residence": "小城东门小区",
        "onset": "2022-03-16", "hospital": "2022-03-17", "confirmed": "2022-03-18",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("3月15日14:20-15:00在老街面馆就餐", at(15, 14, 20), at(15, 15)),
        ("3月15日8时30分至9时在老街面馆就餐", at(15, 8, 30), at(15, 9)),
        ("3月15日下午2点到4点在老街面馆就餐", at(15, 14), at(15, 16)),
        ("3月15日晚7点至8点半在老街面馆就餐", at(15, 19), at(15, 20, 30)),
        ("3月15日中午1点在老街面馆就餐", at(15, 13), None),
        ("3月15日晚上十点在老街面馆就餐", at(15, 22), None),
        ("3月15日22:30-次日0:20在老街面馆就餐", at(15, 22, 30), at(16, 0, 20)),
        ("3月15日23时至2时在老街面馆就餐", at(15, 23), at(16, 2)),
        ("3月15日20:00-3月16日6:00在老街面馆就餐", at(15, 20), at(16, 6)),
        ("3月15日上午在老街面馆就餐", at(15, 8), at(15, 12)),
        ("3月15日凌晨在老街面馆就餐", at(15, 0), at(15, 6)),
        ("3月15日在老街面馆就餐", at(15), at(16)),
        ("3月15日至17日在老街面馆就餐", at(15), at(18)),
        ("2022-03-15 14:20在老街面馆就餐", at(15, 14, 20), None),
        ("3月15日24时在老街面馆就餐", at(16), None),
    ],
)
def test_times_and_ranges_are_read_as_spans(words, start, end):
    visit = only(words)
    assert (visit.start, visit.end) == (start, end)


@pytest.mark.parametrize("about", ["约14时", "14时许", "14时左右"])
def test_about_two_is_two_and_vague(about):
    visit = only(f"3月15日{about}在老街面馆就餐")
    assert (visit.start, str(visit.certainty)) == (at(15, 14), "vague")


def test_a_day_without_a_month_lies_near_the_day_told_before():
    visits = read("1月30日在老街面馆就餐。2日在河边菜市场买菜。", date(2022, 2, 10)).visits
    assert [visit.start for visit in visits] == [at(30, month=1), at(2, month=2)]
    assert str(visits[1].certainty) == "inferred"


def test_a_day_without_a_year_is_the_latest_before_publication_and_without_one_there_is_no_date():
    assert only("12月28日在老街面馆就餐", date(2022, 1, 5)).start == datetime(2021, 12, 28)
    assert only("2021年12月28日在老街面馆就餐", None).start == datetime(2021, 12, 28)
    unknown = only("12月28日在老街面馆就餐", None)
    assert (unknown.start, unknown.day.year) == (None, None)


def test_the_year_turns_between_december_and_january():
    visits = read("2021年12月30日在老街面馆就餐，1月2日在河边菜市场买菜", None).visits
    assert [visit.start for visit in visits] == [datetime(2021, 12, 30), datetime(2022, 1, 2)]


def test_there_is_no_thirtieth_of_february():
    assert read("2月30日在老街面馆就餐").visits[0].start is None


@pytest.mark.parametrize(
    ("words", "number", "carriage", "seat"),
    [
        ("乘坐G7349次列车6车厢12F从宁波站至湖州站", "G7349", "6", "12F"),
        ("乘坐高铁G365次（5车12B）到湖州站", "G365", "5", "12B"),
        ("乘坐K1510次火车（5车厢10号）到湖州站", "K1510", "5", "10号"),
        ("乘坐航班CA1509（座位32A）抵达杭州机场", "CA1509", "", "32A"),
        ("乘坐地铁2号线到湖州站", "地铁2号线", "", ""),
        ("乘坐5路公交车到湖州站", "5路", "", ""),
    ],
)
def test_vehicles_come_with_number_carriage_and_seat(words, number, carriage, seat):
    (vehicle,) = only(f"3月15日{words}").vehicles
    assert (vehicle.number, vehicle.carriage, vehicle.seat) == (number, carriage, seat)


def test_a_carriage_number_is_no_day_and_a_label_with_an_age_no_clock():
    assert [m.words.text for m in read("病例8：55岁。3月15日乘G365次列车12号车厢到湖州站").moments] == ["3月15日"]


def test_a_motorway_is_no_train():
    assert only("3月15日14:00在G50高速服务区停留").vehicles == ()


def test_with_a_clock_time_all_between_being_and_doing_is_the_place():
    assert told(only("3月15日14:00-15:00在老街面馆(东门小区对面)就餐")) == "老街面馆(东门小区对面)"
    assert told(only("3月15日14:00-15:00与妻子在老街面馆就餐")) == "老街面馆"


def test_where_she_came_from_and_with_whom_is_told():
    visit = only("3月15日与妻子自驾从宁波返回湖州")
    assert (visit.origin.text, told(visit)) == ("宁波", "湖州")
    assert [words.text for words in visit.companions] == ["妻子"]
    assert [vehicle.words.text for vehicle in visit.vehicles] == ["自驾"]


def test_what_is_denied_or_usual_is_no_visit_and_is_told_as_left_over():
    bulletin = read("无武汉旅居史，否认到过河边菜市场，在宁波工作。3月15日在老街面馆就餐。")
    assert [told(visit) for visit in bulletin.visits] == ["老街面馆"]
    assert {left.code for left in bulletin.unread} == {"itinerary.not_a_visit"}


def test_a_shop_named_after_what_is_done_there_stays_whole_and_so_does_a_county():
    assert told(only("3月15日在老街早餐店就餐")) == "老街早餐店"
    assert told(only("3月15日到开化县旅游")) == "开化县"


def test_one_cannot_be_at_two_places_at_once():
    visits = read("3月15日8:00-12:00在制衣厂值班，9:00-10:00在河边菜市场买菜，13:00-14:00在老街面馆就餐").visits
    assert [visit.conflicts for visit in visits] == [(1,), (0,), ()]


def test_names_are_covered_and_offsets_stay():
    text = "患者张某某，男，40岁，电话13800000000。3月15日与李某在老街面馆就餐。"
    covered = without_names(text)
    assert len(covered) == len(text)
    assert "张" not in covered
    assert "李" not in covered
    assert "138" not in covered
    assert told(only(text)) == "老街面馆"
    assert "某公司" in without_names("在湖州某公司上班")


PIECES = st.sampled_from(
    [
        "3月15日",
        "15日",
        "次日",
        "当晚",
        "2022年3月1日",
        "31日",
        "2月29日",
        "上午",
        "下午",
        "8时30分许",
        "14:20",
        "-15:00",
        "至",
        "约18时",
        "24时",
        "凌晨2点",
        "在",
        "到",
        "从",
        "返回",
        "乘坐",
        "自驾",
        "G7349次列车",
        "6车厢12F",
        "老街面馆",
        "湖州",
        "家中",
        "人民医院",
        "就诊",
        "就餐",
        "与妻子",
        "出现发热",
        "确诊",
        "多次",
        "，",
        "。",
        "；",
        "（",
        "）",
        "、",
        "→",
        "病例2",
        "李某某",
        "男",
        "36岁",
        "现住",
        "无",
        "目前",
        "25:70",
        "13月",
        "0日",
        "\n",
        "99999",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from([None, PUBLISHED, date(2020, 1, 3)]))
def test_words_are_reproduced_by_their_offsets_and_ends_come_after_starts(text, published):
    bulletin = read_bulletin(text, published=published)
    assert len(bulletin.text) == len(text)
    words = [
        w for v in bulletin.visits for w in (v.words, v.place, v.origin, v.activity, *v.moments, *v.companions) if w
    ]
    words += [w for v in bulletin.visits for x in v.vehicles for w in (x.words, *x.seat_words)]
    words += [entry.words for entry in bulletin.attributes] + [left.words for left in bulletin.unread]
    for one in words:
        assert bulletin.text[one.start : one.end] == one.text
    for visit in bulletin.visits:
        if visit.start is not None and visit.end is not None:
            assert visit.end > visit.start


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from([None, PUBLISHED]))
def test_no_date_is_invented(text, published):
    bulletin = read_bulletin(text, published=published)
    days = {m.day.words.text for m in bulletin.moments if m.day}
    for visit in bulletin.visits:
        assert (visit.start is None) or visit.day.words.text in days
        assert published is not None or visit.start is None or "2022" in text
    assert bool(days) or all(visit.start is None for visit in bulletin.visits)


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_fault(text):
    assert len(read_bulletin(text, published=PUBLISHED).text) == len(text)


def rows(text, published=PUBLISHED):
    entries = list(rows_of("wei", read(text, published)))
    return [e for e in entries if isinstance(e, VisitRow)], [e for e in entries if isinstance(e, Question)]


def test_exact_visits_become_rows_and_a_ride_is_one_in_its_carriage():
    taken, asked = rows("3月15日14:20-15:00在老街面馆就餐。3月16日8:05乘坐G7349次列车6车厢12F到湖州站。")
    assert [row.cells()[:6] for row in taken] == [
        ("wei", "老街面馆", "2022-03-15 14:20", "2022-03-15 15:00", "", "interview"),
        ("wei", "G7349", "2022-03-16 08:05", "", "G7349 06车", "interview"),
    ]
    assert [question.code for question in asked] == ["itinerary.ask_arrival"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3月15日上午在老街面馆就餐", "itinerary.ask_clock"),
        ("目前在人民医院隔离治疗", "itinerary.ask_day"),
        ("3月25日14:00-15:00在老街面馆就餐", "itinerary.ask_future"),
        ("3月15日14:00前往河边菜市场", "itinerary.ask_departed"),
        ("3月15日14:00自驾到河边菜市场", "itinerary.ask_departed"),
        ("3月15日14:00离开河边菜市场", "itinerary.ask_departed"),
        ("3月15日14:00-15:00多次到河边菜市场买菜", "itinerary.ask_repeated"),
        ("3月15日14:00就餐", "itinerary.ask_place"),
        ("3月15日8:00至3月17日9:00在制衣厂值班", "itinerary.ask_long"),
        ("否认到过河边菜市场", "itinerary.not_a_visit"),
    ],
)
def test_what_is_not_exact_enough_is_asked_about(text, code):
    taken, asked = rows(text)
    assert taken == []
    assert code in {question.code for question in asked}


def test_without_a_year_the_mend_names_the_day_of_publication():
    taken, (question,) = rows("3月15日14:20-15:00在老街面馆就餐", None)
    assert (taken, question.code) == ([], "itinerary.ask_year")
    assert "--published" in table()[question.code]["mend_en"]


def test_every_visit_and_everything_left_over_is_a_row_or_a_question():
    bulletin = read(WEI)
    entries = list(rows_of("wei", bulletin))
    assert len(entries) >= len(bulletin.visits) + len(bulletin.unread)


def test_only_what_was_measured_well_is_proposed():
    fields = measured()["fields"]
    assert all(proposed(name) == (entry["precision"] >= 0.8) for name, entry in fields.items())
    assert not proposed("companions")
    assert {"date", "time", "place", "vehicle", "visit", "onset", "hospital", "confirmed"} <= set(fields)


@pytest.fixture
def town(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


def test_blocks_and_numbered_cases_are_bulletins_of_their_own(town):
    Path("b.txt").write_text(
        "病例1，男。3月15日在家。\n病例2，女。3月15日在家。\n\n3月16日在老街面馆就餐。", encoding="utf-8"
    )
    found = read_bulletins(Path("b.txt"), columns={}, published=None)
    assert [(one.key, one.line) for one in found.told] == [("1", 1), ("2", 2), ("3", 4)]


def test_a_second_case_told_in_one_text_is_a_bulletin_of_her_own(town):
    Path("b.txt").write_text(
        "病例1，男，36岁。3月15日在老街面馆就餐。病例2，女，34岁。3月15日到河边菜市场。", encoding="utf-8"
    )
    found = read_bulletins(Path("b.txt"), columns={}, published=None)
    assert [one.text[:3] for one in found.told] == ["病例1", "病例2"]


def test_tables_are_read_by_known_or_named_columns_in_both_encodings(town):
    Path("t.csv").write_bytes("编号,内容,发布日期\nw,3月15日在家,2022-03-20\nf,,2022-03-20\n".encode("gb18030"))
    found = read_bulletins(Path("t.csv"), columns={}, published=None)
    assert [(one.key, one.line, one.published) for one in found.told] == [("w", 2, date(2022, 3, 20))]
    assert [(problem.line, problem.code) for problem in found.problems] == [(3, "itinerary.no_bulletin")]
    Path("j.jsonl").write_text('{"a": "3月15日", "b": "在家"}\nnothing\n', encoding="utf-8")
    found = read_bulletins(Path("j.jsonl"), columns={"text": "a+b"}, published=None)
    assert [one.text for one in found.told] == ["3月15日，在家"]
    assert [problem.code for problem in found.problems] == ["itinerary.no_object"]


@pytest.mark.parametrize(
    ("name", "content", "columns", "code"),
    [
        ("e.txt", b"\n\n", {}, "itinerary.empty"),
        ("p.txt", b"%PDF\x00\x01", {}, "itinerary.no_text"),
        ("t.csv", "人,事\n1,2\n".encode(), {}, "itinerary.no_text_column"),
        ("t.csv", b"text\n1\n", {"text": "txt"}, "itinerary.no_such_column"),
        ("t.csv", b"text\n1\n", {"place": "text"}, "itinerary.unknown_field"),
    ],
)
def test_files_that_hold_no_bulletins_are_refused_with_a_reason(town, name, content, columns, code):
    Path(name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        read_bulletins(Path(name), columns=columns, published=None)
    assert refused.value.code == code


def run(*words, code=0):
    assert main.run(["itinerary", *words]) == code


def test_rows_load_into_a_store_and_everything_else_is_in_the_file_of_questions(town, capsys):
    Path("b.txt").write_text(WEI, encoding="utf-8")
    run("b.txt", "--published", "2022-03-21", "--visits", "v.csv", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["visits"], answer["exact_enough"]) == (5, 2)
    with Path("v.ask.csv").open(encoding="utf-8-sig", newline="") as opened:
        asked = list(csv.DictReader(opened))
    assert len(asked) == answer["to_be_asked"] == 3
    assert all(row["reason_en"] and row["reason_zh"] and row["mend_zh"] for row in asked)
    assert main.run(["visits", "load", "v.csv", "--store", "s", "--tz", "Asia/Shanghai", "--json"]) == 0
    loaded = json.loads(capsys.readouterr().out)
    assert (loaded["loaded"], loaded["rejected"]) == (2, 0)
    for entry in answer["found"][0]["visits"]:
        place = entry["place"]
        assert answer["found"][0]["text"][place["from_character"] : place["to_character"]] == place["words"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_people_see_what_was_understood_the_words_and_what_was_not(town, capsys, language):
    Path("b.txt").write_text(WEI + "否认到过河边菜市场。", encoding="utf-8")
    run("b.txt", "--published", "2022-03-21", "--lang", language)
    out = capsys.readouterr().out
    assert "老街面馆" in out
    assert "否认到过河边菜市场" in out
    assert "〔妻子〕" in out


def test_nothing_that_stands_is_overwritten_and_a_bad_day_is_refused(town, capsys):
    Path("b.txt").write_text(WEI, encoding="utf-8")
    Path("v.csv").write_text("mine")
    run("b.txt", "--visits", "v.csv", code=1)
    run("b.txt", "--published", "yesterday", code=1)
    assert Path("v.csv").read_text() == "mine"
    assert "yesterday" in capsys.readouterr().err
