"""Line lists as departments and papers publish them: other headers, day-first dates, spans of infection, hundreds."""

from time import perf_counter

import pytest

from ringfence.response.answer import respond
from ringfence.response.cases import read_cases
from ringfence.response.ledger import Ledger
from ringfence.response.noting import note_cases
from ringfence.vocabulary.refusals import Refused
from tests.response.town import SHANGHAI, asked, at, written


def cases_of(folder, text, now="2022-03-08T05:00"):
    return read_cases(written(folder, "cases.csv", text), SHANGHAI, at(now))


def codes(read):
    return {(reject.line, reject.code) for reject in read.rejects}


def test_the_headers_of_published_lists_are_known(tmp_path):
    text = "id,dt_onset,dt_report,dt_start_exp,dt_end_exp,dt_death\nwei,2022-03-04,2022-03-06,2022-03-01,2022-03-02,\n"
    (wei,), read = cases_of(tmp_path, text)
    assert (wei.onset, wei.reported) == (at("2022-03-04"), at("2022-03-06"))
    assert wei.exposed == (at("2022-03-01"), at("2022-03-03"))
    assert not read.rejects


def test_the_day_of_infection_is_a_span_of_one_day(tmp_path):
    (wei,), _ = cases_of(tmp_path, "case_id,date_of_infection,date_of_onset\nwei,2022-03-01,2022-03-04\n")
    assert wei.exposed == (at("2022-03-01"), at("2022-03-02"))


def test_dates_with_the_year_last_are_read_as_the_list_itself_shows_and_that_is_told(tmp_path):
    (wei, fang), read = cases_of(tmp_path, "id,onset\nwei,24/02/2022\nfang,05/03/2022\n")
    assert (wei.onset, fang.onset) == (at("2022-02-24"), at("2022-03-05"))
    assert codes(read) == {(1, "respond.day_first")}


def test_a_date_that_can_mean_two_days_is_asked_about_instead_of_guessed(tmp_path):
    (wei,), read = cases_of(tmp_path, "id,onset\nwei,05/03/2022\n")
    assert wei.onset is None
    assert codes(read) == {(2, "respond.day_or_month")}


def test_an_infection_after_the_illness_is_left_out_and_the_onset_stays(tmp_path):
    (wei,), read = cases_of(tmp_path, "id,onset,exposed_from,exposed_to\nwei,2022-03-04,2022-03-01,2022-03-06\n")
    assert (wei.onset, wei.exposed) == (at("2022-03-04"), None)
    assert codes(read) == {(2, "respond.contradiction_after")}


def test_who_died_or_went_home_is_not_to_be_brought_to_hospital(tmp_path):
    text = "id,date_of_onset,first_positive,hospitalised,date_of_outcome,outcome\n"
    text += "wei,2022-02-01,2022-02-02,,2022-02-20,Death\nfang,2022-02-01,2022-02-02,2022-02-03,2022-02-20,Recover\n"
    plan = respond(asked(line_list=written(tmp_path, "cases.csv", text))).plan
    assert not plan["wrong"]
    assert "transfer" not in {duty["kind"] for duty in plan["due_now"]}


def test_a_day_on_which_a_pack_has_no_rules_yet_is_refused_instead_of_answered_with_nobody(tmp_path):
    with pytest.raises(Refused) as caught:
        respond(asked("2020-03-08T05:00", line_list=written(tmp_path, "cases.csv", "id,onset\nwei,2020-03-06\n")))
    assert caught.value.code == "respond.no_rules"


def test_the_span_of_infection_stands_in_the_timeline_of_the_case(tmp_path):
    text = "id,onset,first_positive,exposed_from,exposed_to\nwei,2022-03-06,2022-03-07,2022-03-01,2022-03-02\n"
    plan = respond(asked(line_list=written(tmp_path, "cases.csv", text))).plan
    spans = [row for row in plan["cases"][0]["timeline"] if row["kind"] == "exposed"]
    assert [(row["at"][:10], row["until"][:10]) for row in spans] == [("2022-03-01", "2022-03-03")]


def test_a_list_that_counts_steps_is_read_with_its_table_and_far_records_can_be_left_out(tmp_path):
    steps = written(tmp_path, "steps.csv", "step,time_bst\n1,Sun 06 Mar 2022 08:00:00\n2,Sun 06 Mar 2022 08:05:00\n")
    near = "step,user_a,user_b,distance_m\n1,wei,chen,1\n2,wei,chen,1\n1,wei,li,40\n"
    files = {
        "line_list": written(tmp_path, "cases.csv", "id,onset,first_positive\nwei,2022-03-06,2022-03-07\n"),
        "encounters": (written(tmp_path, "met.csv", near),),
    }
    plan = respond(asked(**files, steps=steps, max_distance_m=2.0)).plan
    assert {row["person"] for row in plan["candidates"]} == {"chen"}
    with pytest.raises(Refused):
        respond(asked(line_list=files["line_list"], steps=steps))


def test_two_thousand_cases_are_told_without_a_pass_over_all_facts_for_each(tmp_path):
    text = "id,onset,reported\n" + "".join(f"wei{n},2022-02-01,2022-02-03\n" for n in range(2000))
    cases, _ = cases_of(tmp_path, text)
    ledger = Ledger(at("2022-03-08T05:00"))
    begun = perf_counter()
    note_cases(ledger, cases)
    assert perf_counter() - begun < 1.0
    assert len(ledger.facts) == 6000


def test_who_is_told_to_have_died_without_a_day_is_not_brought_to_hospital_and_the_day_is_asked_for(tmp_path):
    text = "id,date_of_onset,first_positive,outcome\nwei,2022-02-01,2022-02-02,Dead\n"
    text += "fang,2022-02-01,2022-02-02,Recover\n"
    plan = respond(asked(line_list=written(tmp_path, "cases.csv", text))).plan
    assert "transfer" not in {duty["kind"] for duty in plan["due_now"]}
    assert {(row["row"], row["field"]) for row in plan["wrong"]} == {(2, "outcome"), (3, "outcome")}
    assert not [row for row in plan["unknowns"] if row["id"].startswith("apart-")]


def test_a_column_that_tells_a_death_by_its_day_or_by_yes_is_read(tmp_path):
    text = "id,onset,death\nwei,2022-02-01,2022-02-20\nfang,2022-02-01,yes\nchen,,no\n"
    (wei, fang, chen), _ = cases_of(tmp_path, text)
    assert wei.died == at("2022-02-20")
    assert (fang.gone, chen.gone) == ("died", "")


def test_links_with_the_headers_of_published_lists_are_read_and_those_of_nobody_are_told_by_line(tmp_path):
    list_ = written(tmp_path, "cases.csv", "id,onset,first_positive\nwei,2022-03-06,2022-03-07\n")
    links = written(tmp_path, "links.csv", "from,to,exposure\nwei,chen,household\nma,li,funeral\n")
    plan = respond(asked(line_list=list_, contacts=(links,))).plan
    assert [row["person"] for row in plan["candidates"]] == ["chen"]
    (wrong,) = [row for row in plan["wrong"] if row["file"] == "links.csv"]
    assert (wrong["row"], wrong["field"]) == (3, "case")
    assert "ma" in wrong["en"]


def test_infector_and_case_id_are_case_and_contact(tmp_path):
    list_ = written(tmp_path, "cases.csv", "id,onset,first_positive\nwei,2022-03-06,2022-03-07\n")
    links = written(tmp_path, "links.csv", "infector,case_id,odd\nwei,chen,x\n")
    plan = respond(asked(line_list=list_, contacts=(links,))).plan
    assert [row["person"] for row in plan["candidates"]] == ["chen"]
    assert {(row["file"], row["field"]) for row in plan["wrong"]} == {("links.csv", "odd")}
