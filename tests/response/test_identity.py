"""Who is who: an id first, a name with something beside it next, and a name alone never."""

import json

from ringfence.response.answer import respond
from tests.response.town import FANG, answer, asked, written

HEADER = "id,name,phone,onset,first_positive_sample\n"


def fact(kind, subject, value):
    return {"id": f"{kind}-{subject}", "kind": kind, "subject": subject, "at": "2022-03-07T12:00:00+08:00",
            "known_at": "2022-03-08T01:00:00+08:00", "grade": "B", "value": value}  # fmt: skip


def facts_file(folder, *rows):
    return written(folder, "facts.json", json.dumps({"schema": 1, "facts": rows}, ensure_ascii=False))


def doubts(plan):
    return [row for row in plan["unknowns"] if row["id"].startswith("same-")]


def test_two_people_with_one_name_stay_two_and_are_asked_about(tmp_path):
    rows = [fact(kind, f"{subject}:{n}", value) for n in (1, 2)
            for kind, subject, value in (("person", "person", {"name": "王伟"}),
                                         ("case", "infection", {"state": "confirmed"}))]  # fmt: skip
    plan = respond(asked(facts=facts_file(tmp_path, *rows))).plan
    assert {case["subject"] for case in plan["cases"]} == {"infection:1", "infection:2"}
    assert len({case["id"] for case in plan["cases"]}) == 2
    (doubt,) = doubts(plan)
    assert "王伟" in doubt["zh"]


def test_an_id_of_the_line_list_and_a_number_of_the_facts_with_one_name_and_telephone_are_one_person(tmp_path):
    known = facts_file(tmp_path, fact("person", "person:7", {"name": "芳", "phone": "138-0000 4471"}))
    list_ = written(tmp_path, "cases.csv", f"{HEADER}c1,芳,13800004471,2022-03-06,2022-03-07\n")
    plan = respond(asked(facts=known, line_list=list_)).plan
    assert [case["subject"] for case in plan["cases"]] == ["infection:7"]
    assert doubts(plan) == []


def test_the_number_of_somebody_whom_the_facts_name_is_her_id_too(tmp_path):
    known = facts_file(tmp_path, fact("person", "person:7", {"name": "芳"}))
    list_ = written(tmp_path, "cases.csv", "id,onset,first_positive_sample\n7,2022-03-06,2022-03-07\n")
    plan = respond(asked(facts=known, line_list=list_)).plan
    assert [case["subject"] for case in plan["cases"]] == ["infection:7"]


def test_a_name_alone_makes_nobody_one_person(tmp_path):
    known = facts_file(tmp_path, fact("person", "person:7", {"name": "芳"}))
    list_ = written(tmp_path, "cases.csv", f"{HEADER}c1,芳,,2022-03-06,2022-03-07\n")
    plan = respond(asked(facts=known, line_list=list_)).plan
    assert plan["cases"][0]["subject"] != "infection:7"
    assert len(doubts(plan)) == 1


def test_a_contact_who_stands_in_the_line_list_is_the_case_by_whichever_id_she_is_named(tmp_path):
    known = facts_file(tmp_path, fact("person", "person:7", {"name": "芳", "phone": "13800004471"}))
    list_ = written(tmp_path, "cases.csv", f"{HEADER}wei,伟,,2022-03-06,2022-03-07\nc1,芳,13800004471,,2022-03-07\n")
    named = written(tmp_path, "named.csv", "case,contact,relation\nwei,7,household\nwei,c1,household\n")
    plan = respond(asked(facts=known, line_list=list_, contacts=(named,))).plan
    assert plan["candidates"] == []


def test_somebody_whom_visits_and_a_list_know_by_two_ids_is_one_candidate(tmp_path):
    known = facts_file(tmp_path, fact("person", "person:1", {"name": "芳", "phone": "13800004471"}))
    text = "case,contact,name,phone,relation\n0,1,,,household\n0,k9,芳,13800004471,household\n"
    list_ = written(tmp_path, "cases.csv", "id,onset,first_positive_sample\n0,2022-03-06,2022-03-07\n")
    plan = respond(asked(facts=known, line_list=list_, contacts=(written(tmp_path, "named.csv", text),))).plan
    assert [row["person"] for row in plan["candidates"]] == [FANG]


def test_a_row_with_a_name_and_no_id_is_a_person_of_her_own(tmp_path):
    text = "姓名,联系电话,发病日期,首次阳性采样时间\n伟,13800001111,2022-03-06,2022-03-07\n伟,,2022-03-06,2022-03-07\n"
    plan = answer(tmp_path, line_list=text, visits=False, named=None).plan
    assert len(plan["cases"]) == 2
    assert len(doubts(plan)) == 1
