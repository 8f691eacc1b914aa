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


def test_duties_are_told_with_name_deadline_state_and_clause(told):
    printed, _ = told("duties", "facts.json", *NOW)
    assert "2022-03-12 00:00 Test: at the site, day 4 · Fang 芳 (contact 2) · Testing · open · in 15 h" in printed
    assert "[The plan §1]" in printed
    assert "late by" in printed
    printed, _ = told("duties", "facts.json", *NOW, "--lang", "zh")
    assert "检测：集中, 第 4 天 · Fang 芳 (接触者 2) · 检测组 · 办理中 · 15 小时后" in printed


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
