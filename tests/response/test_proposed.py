"""What is proposed, for whom it is priced, and who is told why nothing is."""

import json
from dataclasses import replace
from time import process_time

from ringfence.response import search as searching
from ringfence.response.answer import respond
from ringfence.response.both import Tellers
from ringfence.response.cases import CaseRow
from ringfence.response.earlier import if_earlier
from ringfence.response.ledger import Ledger
from ringfence.response.noting import note_cases
from ringfence.response.search import statuses_of
from ringfence.rules.shipped import Shelf
from ringfence.rules.telling import Teller
from ringfence.tracing.encounters.lists import read_lists
from ringfence.tracing.visits.batch import IMPUTED
from ringfence.vocabulary.places import PlaceKind
from tests.response.town import CHEN, FANG, LI, WEI, ZHAO, answer, asked, at, store_of, written

LIST = "id,onset,first_positive_sample\n0,2022-03-06,2022-03-07 15:00\n"


def night(folder, *facts, people=None, **files):
    store_of(folder / "visits")
    known = [
        {"id": f"f{n}", "kind": kind, "subject": subject, "at": "2022-03-08T03:00:00+08:00",
         "known_at": "2022-03-08T03:00:00+08:00", "grade": "B", "value": value}
        for n, (kind, subject, value) in enumerate(facts)
    ]  # fmt: skip
    if known:
        files["facts"] = written(folder, "facts.json", json.dumps({"schema": 1, "facts": known}))
    if people is not None:
        files["people"] = written(folder, "people.csv", people)
    list_ = written(folder, "cases.csv", files.pop("line_list", LIST))
    return respond(asked(line_list=list_, visits=folder / "visits", **files)).plan


def row_of(plan, person):
    return next(row for row in plan["candidates"] if row["person"] == person)


def test_li_whom_only_a_scan_puts_in_the_noodle_shop_is_proposed_milder_and_told_what_she_could_be(tmp_path):
    plan = night(tmp_path)
    li, chen = row_of(plan, LI), row_of(plan, CHEN)
    assert (li["class"], li["could_be"]["class"]) == ("general", "close")
    assert "table" in li["questions"][0]["en"]
    assert (chen["class"], chen["could_be"]) == ("close", None)


def test_two_hours_in_a_noodle_shop_speak_for_themselves_unless_nobody_checked_out(tmp_path):
    rows = ((0, 0, "2022-03-06T10:00", "2022-03-06T12:00"), (3, 0, "2022-03-06T10:00", "2022-03-06T12:00"))
    list_ = written(tmp_path, "cases.csv", LIST)
    classes = []
    for name, flags in (("ended", 0), ("filled", IMPUTED)):
        store_of(tmp_path / name, rows, kinds=(PlaceKind.RESTAURANT,), flags=flags)
        classes.append(row_of(respond(asked(line_list=list_, visits=tmp_path / name)).plan, LI)["class"])
    assert classes == ["close", "general"]


def test_the_cost_is_told_for_both_answers_to_the_open_question(tmp_path):
    part = night(tmp_path)["if_assessed"]
    assert part["by_class"] == {"close": 1, "general": 1}
    assert part["if_yes"]["by_class"] == {"close": 2}
    assert part["if_yes"]["person_days"] > part["person_days"]


def test_who_was_assessed_or_dropped_is_not_priced_again_and_what_she_owes_is_due(tmp_path):
    plan = night(tmp_path, ("assessment", "contact:3", {"class": "close", "by": "Wang"}),
                 ("assessment", "contact:2", {"class": "none", "by": "Wang"}))  # fmt: skip
    assert plan["if_assessed"]["by_class"] == {}
    assert plan["if_assessed"]["already"] == {"close": 1, "none": 1}
    assert {"contact:3"} == {duty["subject"] for duty in plan["due_now"] if duty["subject"].startswith("contact")}
    assert plan["calls"] == []


def test_somebody_for_whom_the_pack_proposes_no_class_is_to_be_assessed_all_the_same(tmp_path):
    rows = ((0, 0, "2022-03-06T10:00", "2022-03-06T12:00"), (4, 0, "2022-03-06T10:00", "2022-03-06T12:00"))
    store_of(tmp_path / "visits", rows, kinds=(PlaceKind.OUTDOORS,))
    list_ = written(tmp_path, "cases.csv", LIST)
    plan = respond(asked(pack=Shelf({}).pack("mers"), line_list=list_, visits=tmp_path / "visits")).plan
    assert row_of(plan, ZHAO)["class"] == "none"
    (duty,) = [duty for duty in plan["due_now"] if duty["kind"] == "assess"]
    assert (duty["n"], duty["people"]) == (1, [ZHAO])


def test_every_candidate_is_to_be_assessed_or_told_why_not(tmp_path):
    plan = night(tmp_path, ("assessment", "contact:3", {"class": "close", "by": "Wang"}))
    due = {person for duty in plan["due_now"] if duty["kind"] == "assess" for person in duty["people"]}
    told = {person for row in plan["assess_not_due"] for person in row["people"]}
    assert (due, told) == ({CHEN}, {LI})


def test_a_group_shows_what_all_share_and_for_whom_the_rest_holds(tmp_path):
    named = "case,contact,last_contact,setting,minutes\n0,1,2022-03-07,meal,20\n0,2,2022-03-07,meal,45\n"
    list_ = written(tmp_path, "cases.csv", LIST)
    file = written(tmp_path, "named.csv", named)
    pack = Shelf({}).pack("sars-cov-2-who")
    plan = respond(asked(pack=pack, line_list=list_, contacts=(file,))).plan
    (group,) = plan["groups"]
    assert not [why for why in group["shared"] if "20" in why["en"] or "45" in why["en"]]
    people = {tuple(row["people"]) for row in group["differs"] if "45" in row["en"] and "20" not in row["en"]}
    assert people == {(CHEN,)}


def test_the_card_counts_confirmed_suspected_and_discarded_apart(tmp_path):
    text = "id,onset,first_positive_sample,state\n0,2022-03-06,2022-03-07,\nlu,2022-03-06,,疑似\nma,2022-03-06,,排除\n"
    plan = answer(tmp_path, line_list=text, visits=False).plan
    (first, *_) = plan["card"]["en"]["known"]
    assert "confirmed 1" in first
    assert "suspected 1" in first
    assert plan["counts"] == {"confirmed": 1, "suspected": 1, "discarded": 1}


def test_a_call_has_telephone_place_deadline_and_what_to_ask_first(tmp_path):
    text = "case,contact,last_contact,relation,phone,address\n0,1,2022-03-07,household,13800004471,3-502\n"
    plan = night(tmp_path, contacts=(written(tmp_path, "named.csv", text),))
    calls = {row["person"]: row for row in plan["calls"]}
    assert calls[FANG]["phone"] == "13800004471"
    assert calls[FANG]["address"]["zh"] == "3-502"
    assert calls[LI]["place"]["en"].startswith("1")
    assert calls[LI]["by"].startswith("2022-03-08T09:00")
    assert "table" in calls[LI]["ask"][0]["en"]
    assert calls[LI]["phone"] is None


def test_what_must_not_be_done_yet_is_told_with_why_and_what_it_waits_for(tmp_path):
    tube = (("members", "tube:1", {"who": ["person:0", "person:3"]}),
            ("result", "tube:1", {"outcome": "abnormal", "kit": "A"}))  # fmt: skip
    rows = {row["id"]: row for row in night(tmp_path, *tube)["not_yet"]}
    assert {"assessment", "signature", "names", "zone", "tube-1"} <= rows.keys()
    assert all(row["why"] and row["waits_for"]["zh"] for row in rows.values())
    assert "repeat" in rows["tube-1"]["waits_for"]["en"]


def test_under_a_pack_whose_period_is_over_nothing_is_signed(tmp_path):
    list_ = written(tmp_path, "cases.csv", LIST)
    plan = respond(replace(asked(line_list=list_), historical=True)).plan
    assert "pack" in {row["id"] for row in plan["not_yet"]}


def test_of_a_case_not_confirmed_it_is_told_what_waits_for_the_laboratory(tmp_path):
    text = "id,onset,state\n0,2022-03-06,疑似\n"
    rows = {row["id"]: row for row in answer(tmp_path, line_list=text, visits=False).plan["not_yet"]}
    assert rows.keys() >= {"assess-suspected", "measure-suspected"}
    assert "0" in rows["measure-suspected"]["en"]


def test_a_case_without_an_onset_is_counted_from_her_first_positive_sample_and_told_so(tmp_path):
    text = "id,onset,first_positive_sample,reported\n0,,2022-03-07 15:00,\nlu,,,2022-03-07 20:00\n"
    cases = {case["id"]: case for case in answer(tmp_path, line_list=text, visits=False).plan["cases"]}
    assert cases[WEI]["window_rests_on"]["code"] == "first_positive"
    assert cases["lu"]["window_rests_on"]["code"] == "assumed"
    assert "2022-03-07" in cases["lu"]["window_rests_on"]["en"]


def test_a_pack_that_knows_no_infection_without_symptoms_tells_that_there_is_no_window(tmp_path):
    list_ = written(tmp_path, "cases.csv", "id,onset,first_positive_sample\n0,,2022-03-07 15:00\n")
    plan = respond(asked(pack=Shelf({}).pack("ebola"), line_list=list_)).plan
    assert plan["cases"][0]["window_rests_on"]["code"] == "none_by_pack"


def test_for_everybody_on_a_list_it_is_told_why_she_is_no_candidate(tmp_path):
    told = night(tmp_path, people="person\n0\n2\n4\n9\n")["not_candidates"]
    assert {row["person"]: row["why"] for row in told["people"]} == {
        WEI: "known_case", ZHAO: "outside_window", "9": "no_record",
    }  # fmt: skip
    assert told["counts"] == {"known_case": 1, "outside_window": 1, "no_record": 1}
    assert told["candidates"] == 1
    assert told["codes"].keys() >= {"no_visit_in_window", "not_together", "case_not_searched", "unexplained"}


def test_the_lists_are_read_once_however_often_they_are_asked(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(searching, "read_lists", lambda *given: read.append(given) or read_lists(*given))
    answer(tmp_path, visits=False)
    assert len(read) == 1


def test_five_thousand_candidates_are_asked_again_for_an_earlier_onset_in_a_second(tmp_path):
    rows = "".join(f"wei,c{n},2022-03-07,meal\n" for n in range(5000))
    named = written(tmp_path, "named.csv", f"case,contact,last_contact,setting\n{rows}")
    question = asked(contacts=(named,))
    ledger = Ledger(question.now)
    cases = note_cases(ledger, [CaseRow(id="wei", line=2, onset=at("2022-03-06"), first_positive=at("2022-03-07"))])
    statuses = statuses_of(ledger, question)
    found = searching.search(ledger, cases, statuses, question, None)
    tellers = Tellers.like(Teller("en", question.pack))
    begun = process_time()
    changed = if_earlier(ledger, cases, statuses, found, question, None, tellers)
    assert process_time() - begun < 1.0
    assert (len(found.candidates), changed["added"], changed["dropped"]) == (5000, [], [])
