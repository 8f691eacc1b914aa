"""`ringfence duties`: what must happen, in words and for programs; what changed; what could not be read."""

from __future__ import annotations

import json
import stat

import pytest

from tests.cli import county

NOW = ("--now", "2022-03-11T09:00")
KEYS = {"key", "kind", "subject", "desk", "from", "due", "until", "state", "proved_by", "because"}
BAD = {"id": "s1", "kind": "sample", "subject": "contact:2", "at": "2022-03-08T07:00", "value": {"specimn": "np"}}


def write(here, text, name="facts.json"):
    (here / name).write_text(text, encoding="utf-8")


def test_duties_are_given_for_programs_as_agreed(asked):
    answer = asked("duties", "facts.json", *NOW)
    assert {"duties", "proposals", "wake_at"} <= set(answer)
    assert answer["pack"] == "town@1"
    assert answer["historical"]  # its period is over: a replay
    by_key = {duty["key"]: duty for duty in answer["duties"]}
    test = by_key["test/contact:2/1/central.d4"]
    assert set(test) >= KEYS
    assert (test["kind"], test["subject"], test["desk"], test["state"]) == ("test", "contact:2", "testing", "open")
    assert (test["from"], test["due"]) == ("2022-03-11T00:00:00+08:00", "2022-03-12T00:00:00+08:00")
    for why in test["because"]:
        assert set(why) >= {"code", "clause", "pack", "facts", "values"}
    assert answer["wake_at"] > "2022-03-11T09:00:00+08:00"
    assert "." not in answer["wake_at"]
    assert answer["wake_when"] in ("reached", "passed")


def test_duties_are_told_with_name_deadline_state_and_clause(told):
    printed, _ = told("duties", "facts.json", *NOW)
    assert "2022-03-11 24:00 Test: at the site, day 4 · Fang 芳 (contact 2) · Testing · open · in 15 h" in printed
    assert "[The plan §1]" in printed
    assert "late by" in printed
    printed, _ = told("duties", "facts.json", *NOW, "--lang", "zh")
    assert "检测：集中，第 4 天 · Fang 芳 (接触者 2) · 检测组 · 办理中 · 15 小时后" in printed


def test_under_a_pack_whose_period_is_over_the_banner_stands_above_all(told, asked):
    printed, _ = told("duties", "facts.json", "--now", "2022-04-02T09:00")
    assert printed.startswith("HISTORICAL 历史规则")
    assert asked("duties", "facts.json", "--now", "2022-04-02T09:00")["historical"]
    replayed = asked("duties", "facts.json", "--now", "2022-03-11T09:00")
    assert replayed["historical"]
    assert not any(proposal["signable"] for proposal in replayed["proposals"] if proposal["kind"] == "measure")


def test_duties_are_picked_by_subject_and_state(asked):
    late = asked("duties", "facts.json", *NOW, "--state", "late")["duties"]
    assert {duty["state"] for duty in late} == {"late"}
    opened = asked("duties", "facts.json", *NOW, "--state", "open")["duties"]
    assert {duty["state"] for duty in opened} == {"open", "late"}
    wei = asked("duties", "facts.json", *NOW, "--subject", "infection:1")["duties"]
    assert {duty["subject"] for duty in wei} == {"infection:1"}
    answer = asked("duties", "facts.json", *NOW, "--subject", "infection:1")
    assert {proposal["subject"] for proposal in answer["proposals"]} <= {"infection:1"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--state", "opn"), 2),
        (("--subject", "person seven"), 1),
        (("--pack", "twon"), 1),
        (("--now", "soon"), 1),
        (("--on", "soon"), 1),
        (("--before", "nothing.json"), 1),
    ],
)
def test_what_cannot_be_meant_is_refused(asked, words, code):
    assert set(asked("duties", "facts.json", *words, code=code)) & {"refused", "error"}


def test_without_a_pack_it_is_asked_for(asked, here):
    write(here, county.facts().replace('"pack": "town", ', ""))
    assert asked("duties", "facts.json", code=1)["refused"][0]["code"] == "pack.none_named"


def test_bad_facts_are_told_and_kept_with_their_reasons_and_good_ones_go_on(asked, told, here):
    write(here, county.facts(BAD))
    answer = asked("duties", "facts.json", *NOW)
    assert (answer["facts_read"], answer["facts_rejected"]) == (7, 1)
    kept = here / "facts.rejects.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (reject,) = json.loads(kept.read_text(encoding="utf-8"))["rejected"]
    assert (reject["number"], reject["fact"]) == (8, BAD)
    assert "specimen" in reject["reasons"][0]["mend_zh"]
    printed, beside = told("duties", "facts.json", *NOW)
    assert "Fang 芳" in printed
    assert "Fact s1 (no. 8): there is no field specimn." in beside
    assert "facts.rejects.json" in beside


def test_rejects_go_where_they_are_wanted_and_never_over_a_file(asked, here):
    write(here, county.facts(BAD))
    asked("duties", "facts.json", *NOW, "--rejects", "bad.json")
    assert (here / "bad.json").exists()
    refused = asked("duties", "facts.json", *NOW, "--rejects", "facts.json", code=1)["refused"]
    assert refused[0]["code"] == "intake.rejects_exist"


def test_only_where_nothing_could_be_read_the_exit_code_is_one(asked, here):
    write(here, json.dumps({"schema": 1, "facts": [BAD]}))
    assert asked("duties", "facts.json", "--pack", "town", *NOW, code=1)["facts_rejected"] == 1


def test_a_file_that_is_no_json_names_line_and_column(asked, here):
    write(here, '{"schema": 1,\n "facts": [,]}')
    (refusal,) = asked("duties", "facts.json", "--pack", "town", code=1)["refused"]
    assert refusal["code"] == "facts.not_json"
    assert "line 2, column 12" in refusal["sentence"]


def test_a_corrected_exposure_is_told_in_words_and_extends_nothing(told, here):
    write(here, county.facts(), "old.json")
    write(here, county.facts(last="2022-03-09T08:00"))
    printed, _ = told("duties", "facts.json", *NOW, "--before", "old.json")
    assert (
        "Earliest release moves from 22 March to 24 March because the last exposure was corrected; "
        "a new instrument would be needed; nothing is extended."
    ) in printed
    printed, _ = told("duties", "facts.json", *NOW, "--before", "old.json", "--lang", "zh")
    assert "因末次暴露已更正，最早解除时间由 3月22日 变为 3月24日；须另行签发文书；现有期限一律不延长。" in printed


def test_an_earlier_answer_serves_as_well_as_earlier_facts(asked, here):
    asked("duties", "facts.json", *NOW)
    write(here, json.dumps(asked("duties", "facts.json", *NOW)), "old.json")
    assert asked("duties", "facts.json", *NOW, "--before", "old.json")["difference"] == []
    write(here, county.facts(last="2022-03-09T08:00"))
    (changed,) = asked("duties", "facts.json", *NOW, "--before", "old.json")["difference"]
    assert any("nothing is extended" in line for line in changed["sentences"])


def test_a_class_that_the_pack_has_not_is_told_and_does_not_count_as_assessed(asked, here):
    wrong = {"id": "a1", "kind": "assessment", "subject": "contact:2", "at": "2022-03-07T23:00",
             "value": {"class": "clsoe", "by": "Dr Sun"}}  # fmt: skip
    facts = [wrong if row["id"] == "a1" else row for row in json.loads(county.facts())["facts"]]
    write(here, json.dumps({"schema": 1, "zone": "Asia/Shanghai", "pack": "town", "facts": facts}))
    answer = asked("duties", "facts.json", *NOW)
    (reason,) = answer["reject_reasons"]
    assert (reason["code"], reason["mend"]) == ("facts.unknown_class", "Classes of this pack: close.")
    assert {duty["state"] for duty in answer["duties"] if duty["kind"] == "assess"} == {"open"}


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({"kind": "agreement", "value": {"asks": "quarantine_sight", "ends": "2022-03-22"}}, "facts.unknown_measure"),
        ({"kind": "retraction", "retracts": "e9", "value": {"why": "wrong"}}, "facts.retracts_nothing"),
    ],
)
def test_what_no_rule_would_heed_is_told(asked, here, fact, code):
    write(here, county.facts({"id": "z1", "subject": "contact:2", "at": "2022-03-08T08:00", **fact}))
    (reason,) = asked("duties", "facts.json", *NOW)["reject_reasons"]
    assert (reason["code"], reason["values"]["number"]) == (code, 8)


def test_a_broken_file_that_names_its_own_pack_is_told_to_be_broken(asked, here):
    write(here, '{"schema": 1, "pack": "town", "facts": [')
    assert asked("duties", "facts.json", code=1)["refused"][0]["code"] == "facts.not_json"


def test_days_and_deadlines_are_those_of_the_clocks_that_the_file_names(asked, here):
    write(here, county.facts().replace("Asia/Shanghai", "Africa/Kinshasa"))
    by_key = {duty["key"]: duty for duty in asked("duties", "facts.json", *NOW)["duties"]}
    assert by_key["test/contact:2/1/central.d4"]["due"] == "2022-03-12T00:00:00+01:00"


def test_a_day_that_is_none_is_told_as_such(asked):
    assert asked("duties", "facts.json", "--on", "2022-13-40", code=1)["refused"][0]["code"] == "moment.no_day"


def test_how_it_stands_is_said_above_and_what_has_ended_stands_below(told):
    printed, _ = told("duties", "facts.json", *NOW)
    stands = "At 2022-03-11 09:00 (Asia/Shanghai) under town: late 2, open 2, not yet due 1, ended 2."
    assert printed.index(stands) < printed.index("Agree on or serve the measure")
    assert printed.index("Assess: first") > printed.index("day 4")


def test_a_signed_measure_that_restrains_nobody_is_told_with_what_it_lacks(told, asked, here):
    order = {"rung": "order", "asks": "quarantine_site", "ends": "2022-03-22T00:00", "served_at": "2022-03-08T08:00"}
    write(here, county.facts({"id": "i1", "kind": "instrument", "subject": "contact:2", "at": "2022-03-08T08:00",
                              "value": order}))  # fmt: skip
    printed, _ = told("duties", "facts.json", *NOW)
    assert (
        "Restrains nobody as it stands: instrument i1 for Fang 芳 (contact 2). It does not say who signed it."
        in printed
    )
    (void,) = asked("duties", "facts.json", *NOW)["void_instruments"]
    assert (void["fact"], void["subject"]) == ("i1", "contact:2")
    assert "duty.void_number" in void["because"]


def test_what_had_ended_before_and_has_ended_now_is_no_change(asked, here):
    write(here, county.facts(), "old.json")
    write(here, county.facts(last="2022-03-09T08:00"))
    (changed,) = asked("duties", "facts.json", *NOW, "--before", "old.json")["difference"]
    assert not [line for line in changed["sentences"] if line.startswith("Assess")]


def test_an_earlier_file_that_is_neither_facts_nor_an_answer_is_told_to_be_the_earlier_one(asked, here):
    for text in ("5", "{}", "no json"):
        write(here, text, "old.json")
        refused = asked("duties", "facts.json", *NOW, "--before", "old.json", code=1)["refused"]
        assert refused[0]["code"] == "duties.no_answer"


def test_a_release_that_comes_sooner_is_told_by_its_own_moment_from_facts_and_from_an_answer(asked, here):
    longer = county.facts(last="2022-03-09T08:00").replace("2022-03-22T00:00", "2022-03-25T00:00")
    write(here, longer, "old.json")
    write(here, longer.replace("2022-03-09T08:00", "2022-03-08T08:00"))
    sooner = "Earliest release moves from 24 March to 23 March"
    (changed,) = asked("duties", "facts.json", *NOW, "--before", "old.json")["difference"]
    assert any(line.startswith(sooner) for line in changed["sentences"])
    write(here, json.dumps(asked("duties", "old.json", *NOW)), "answer.json")
    (changed,) = asked("duties", "facts.json", *NOW, "--before", "answer.json")["difference"]
    assert any(line.startswith(sooner) for line in changed["sentences"])
