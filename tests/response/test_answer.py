"""The answer to the night's signal in the tiny town."""

import json

import pytest

from ringfence.response.answer import respond
from ringfence.response.writing import write_answer
from ringfence.rules.facts import read_facts
from ringfence.vocabulary.refusals import Refused
from tests.response.town import CHEN, FANG, LI, WEI, ZHAO, answer, asked


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return answer(tmp_path_factory.mktemp("night")).plan


def candidates(plan):
    return {row["person"]: row for row in plan["candidates"]}


def test_chen_li_and_fang_are_to_be_assessed_and_zhao_whom_wei_met_before_his_window_is_not(plan):
    found = {person for person, row in candidates(plan).items() if row["class"] != "none"}
    assert found == {FANG, CHEN, LI}
    assert ZHAO not in found


def test_fang_who_lives_with_wei_is_proposed_as_close_without_a_question(plan):
    fang = candidates(plan)[FANG]
    assert (fang["class"], fang["questions"], fang["channels"]) == ("close", [], ["named"])


def test_li_who_ate_at_the_next_table_is_asked_about_before_anybody_signs(plan):
    li = candidates(plan)[LI]
    assert li["questions"]
    assert li["minutes"] == 20


def test_what_is_due_now_follows_from_facts_and_holds_no_measure_on_a_contact(plan):
    kinds = {(duty["kind"], duty["subject"].split(":")[0]) for duty in plan["due_now"]}
    assert {"report", "interview", "assess"} <= {kind for kind, _ in kinds}
    assert not {kind for kind, subject in kinds if subject == "contact"}


def test_what_would_follow_if_assessed_has_its_price_and_stands_apart(plan):
    part = plan["if_assessed"]
    assert part["by_class"] == {"close": 2, "general": 1}
    assert part["person_days"] > part["person_days_without_questions"] > 0
    assert {row["stage"] for row in part["measures"]} == {"central", "home"}
    due = {duty["key"] for duty in plan["due_now"]}
    assert not due & {duty["key"] for duty in part["duties"]}


def test_assessing_stands_once_for_each_group_and_names_everybody_in_it(plan):
    rows = [duty for duty in plan["due_now"] if duty["kind"] == "assess"]
    assert len(rows) == len(plan["groups"]) == 3
    assert sorted(p for group in plan["groups"] for p in group["people"]) == [FANG, CHEN, LI]


def test_had_wei_fallen_ill_a_day_earlier_nobody_but_zhao_could_be_added(plan):
    changed = plan["if_onset_earlier"]
    assert changed["case"]["en"] == WEI
    assert changed["dropped"] == []
    assert {row["person"] for row in changed["added"]} <= {ZHAO}


def test_each_unknown_names_who_finds_out_by_when_and_what_happens_then(plan):
    assert {row["id"] for row in plan["unknowns"]} >= {f"source-{WEI}", f"interview-{WEI}", "questions", "unseen"}
    assert all(row["by"] and row["who"]["zh"] and row["trigger"]["en"] for row in plan["unknowns"])


def test_the_card_can_be_copied_as_300_characters_in_both_languages(plan):
    assert all(0 < len(text) <= 300 for text in plan["card"]["short"].values())


def test_the_files_can_be_read_again_and_no_cell_is_a_formula(tmp_path):
    made = answer(tmp_path, line_list="id,onset,first_positive_sample\n=cmd,2022-03-06,2022-03-07\n")
    names = write_answer(made, tmp_path / "out")
    assert {"plan.json", "candidates.csv", "duties.csv", "facts.json"} <= set(names)
    facts, problems = read_facts((tmp_path / "out" / "facts.json").read_text(encoding="utf-8"))
    assert not problems
    assert {f.kind for f in facts} >= {"onset", "case", "result", "sample", "person"}
    assert "\n=cmd" not in (tmp_path / "out" / "duties.csv").read_text(encoding="utf-8-sig").replace(",=cmd", "\n=cmd")
    assert json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))["schema"] == 1


def test_a_full_folder_is_refused_unless_it_is_to_be_replaced(tmp_path):
    made = answer(tmp_path)
    write_answer(made, tmp_path / "out")
    with pytest.raises(Refused):
        write_answer(made, tmp_path / "out")
    assert write_answer(made, tmp_path / "out", replace=True)


def test_nothing_given_is_refused():
    with pytest.raises(Refused):
        respond(asked())


def test_a_suspicion_alone_is_no_seed_of_a_search(tmp_path):
    plan = answer(tmp_path, line_list="id,onset,状态\n0,2022-03-06,疑似\n").plan
    assert plan["candidates"] == []
    assert "search-0" in {row["id"] for row in plan["unknowns"]}


def test_every_wrong_cell_is_told_with_row_field_and_mend_and_the_good_ones_count(tmp_path):
    text = "病例编号,发病日期,首次阳性采样时间,隔离时间,年龄,体温\n"
    text += "0,2022年3月6日,2022/3/7 15:00,2022-03-01,abc,38\n,2022-03-06,,,,\n0,,,,,\n"
    plan = answer(tmp_path, line_list=text).plan
    told = {(row["row"], row["field"]) for row in plan["wrong"]}
    assert {(2, "isolation"), (2, "age"), (3, "id"), (4, "id"), (1, "体温")} <= told
    assert all(row["mend_en"] and row["mend_zh"] for row in plan["wrong"])
    assert plan["cases"][0]["onset"].startswith("2022-03-06")


def test_the_same_question_has_the_same_answer(tmp_path):
    one = answer(tmp_path).plan
    (tmp_path / "again").mkdir()
    other = answer(tmp_path / "again").plan
    for told in (one, other):
        told.pop("seconds")
    assert one == other


def test_a_folder_with_other_things_in_it_is_not_taken_away(tmp_path):
    made = answer(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(Refused, match=r"thesis\.txt"):
        write_answer(made, tmp_path / "mine", replace=True)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_chen_who_is_only_suspected_remains_a_contact_of_wei(tmp_path):
    text = "id,onset,first_positive_sample,状态\n0,2022-03-06,2022-03-07 15:00,确诊\n2,2022-03-07,,疑似\n"
    plan = answer(tmp_path, line_list=text).plan
    assert CHEN in candidates(plan)
    assert CHEN not in {row["person"] for row in plan["if_onset_earlier"]["dropped"]}


def test_a_case_whom_no_evidence_knows_is_not_said_to_have_been_searched(tmp_path):
    text = "id,onset,first_positive_sample\nlu,2022-03-06,2022-03-07 15:00\n"
    plan = answer(tmp_path, line_list=text, visits=False, named=None).plan
    assert "search-lu" in {row["id"] for row in plan["unknowns"]}
    assert not [row for row in plan["knowns"] if "lu" in row["en"]]


def test_every_deadline_on_the_card_has_a_time(plan):
    assert not [row for lang in ("en", "zh") for row in plan["card"][lang]["next"] if "By ," in row or row[0] == " "]


def test_the_case_who_named_somebody_is_told(plan):
    assert candidates(plan)[FANG]["named_by"] == [WEI]
    assert candidates(plan)[CHEN]["named_by"] == []
