"""A night with known truth, in a town small enough for a test."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ringfence.cli import demo, demo_night
from ringfence.cli.main import run
from ringfence.rules.shipped import shipped_pack
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.upkeep import pieces_of_day

TOWN = demo.Scene(6_000, 9, date(2022, 3, 2), 1, 4, 3, quiet_days=2, infected=1)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    from ringfence.cli.demo_night import rehearse

    return rehearse(TOWN, tmp_path_factory.mktemp("night"))


def test_two_answers_are_given_the_first_before_any_case_is_known(night):
    first, second = (answer.plan for answer, _ in night.answers)
    assert first["cases"] == []
    assert first["due_now"]
    assert second["cases"]
    assert second["now"] > first["now"]


def test_the_first_answer_is_given_from_what_was_known_then_and_not_from_the_scans_of_the_morning(night):
    _, first = night.answers[0]
    _, second = night.answers[1]
    until = int(first.now.timestamp()) // 60
    assert first.visits != second.visits
    last = open_store(first.visits).segments[-1]
    known = VisitBatch.of(*pieces_of_day(open_store(first.visits), last.day))
    assert until - 12 * 60 < known.end.max() <= until


def test_the_tube_was_passed_on_by_the_time_of_the_second_answer(night):
    first, second = (answer.plan["due_now"] for answer, _ in night.answers)
    assert any(duty["key"].endswith("/abnormal") for duty in first)
    assert not any(duty["key"].endswith("/abnormal") for duty in second)


def test_at_full_scanning_every_infected_person_who_shared_a_recorded_visit_with_a_case_is_a_candidate(night):
    full = night.reckonings[1.0]
    assert not night.broken
    assert full.broken == ()
    assert "found" in full.counts() or "later" in full.counts()


def test_everybody_infected_has_one_reason_at_every_rate(night):
    everybody = {len(one.reasons) for one in night.reckonings.values()}
    assert len(everybody) == 1
    assert all(sum(one.counts().values()) == len(one.reasons) for one in night.reckonings.values())


def test_without_scans_only_the_named_are_found(night):
    none = night.rates[-1]
    assert none["scanning"] == 0.0
    assert none["found"] == none["named_found"]
    assert night.reckonings[0.0].counts().get("found", 0) == len(night.reckonings[0.0].named)


def test_more_scanning_never_finds_fewer(night):
    found = [row["found"] for row in sorted(night.rates, key=lambda row: row["scanning"])]
    assert found == sorted(found)


def test_both_desks_are_scored_and_every_measure_has_a_value_or_a_reason(night):
    assert [one.desk for one in night.scores] == ["perfect", "field"]
    for one in night.scores:
        assert all(figure.value is not None or figure.why for figure in one.figures.values())


def test_the_report_stands_beside_the_plan_and_the_truth_apart_from_what_is_seen(night):
    folder = night.report.parent.parent
    assert {"report.html", "report.pdf", "plan.json", "duties.csv", "candidates.csv", "facts.json"} <= {
        file.name for file in night.report.parent.iterdir()
    }
    assert not list((folder / "seen-0500").glob("*infections*"))


def test_the_demo_answers_a_program_with_one_object(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(demo, "NIGHT", TOWN)
    assert run(["demo", "--out", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["answers"]) == len(told["scores"]) == 2
    assert [row["scanning"] for row in told["rates"]] == [1.0, 0.6, 0.3, 0.0]
    assert told["broken"] is False


@pytest.mark.parametrize(("lang", "says"), [("en", "is a candidate."), ("zh", "全部列为待判定人员")])
def test_the_demo_prints_what_became_of_the_infected_at_each_rate(night, monkeypatch, capsys, lang, says):
    monkeypatch.setattr("ringfence.cli.demo_night.rehearse", lambda scene, out: night)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["demo", "--lang", lang]) == 0
    printed = capsys.readouterr().out
    assert says in printed
    assert all(rate in printed for rate in ("100%", "60%", "30%", "0%"))


def test_the_demo_ends_with_an_exit_code_when_somebody_who_was_recorded_is_missed(night, monkeypatch, capsys):
    someone = next(iter(night.reckonings[1.0].reasons))
    missed = replace(night.reckonings[1.0], reasons=night.reckonings[1.0].reasons | {someone: "met_not_listed"})
    faulty = replace(night, reckonings=night.reckonings | {1.0: missed})
    monkeypatch.setattr("ringfence.cli.demo_night.rehearse", lambda scene, out: faulty)
    assert run(["demo", "--lang", "en"]) == 1
    assert f"({someone})" in capsys.readouterr().out


def scored(night, seen, capsys, plan="answer-0500"):
    folder = night.report.parent.parent
    words = ["drill", "score", "--city", folder / "city", "--truth", folder / "truth", "--seen", folder / seen,
             "--plan", folder / plan]  # fmt: skip
    code = run([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_score_from_the_folders_says_what_the_demo_said(night, capsys):
    code, told = scored(night, "seen-0500", capsys)
    assert code == 0
    assert told["infected"] == night.rates[1]["infected"]
    assert told["scores"] == [one.plain() for one in night.scores]


def test_a_score_fails_when_an_answer_at_full_scanning_leaves_out_whom_a_case_met(night, capsys):
    folder = night.report.parent.parent
    plan = json.loads((folder / "answer-0500" / "plan.json").read_text(encoding="utf-8"))
    (folder / "empty").mkdir(exist_ok=True)
    (folder / "empty" / "plan.json").write_text(json.dumps(plan | {"candidates": []}), encoding="utf-8")
    code, told = scored(night, "rates/100%", capsys, plan="empty")
    assert code == 1
    assert told["infected"]["broken"]
    code, told = scored(night, "seen-0500", capsys, plan="empty")
    assert code == 0, "at less than full scanning it is told, and nothing fails"


def test_a_folder_of_somebody_else_is_not_taken_away(tmp_path):
    from ringfence.cli.demo_night import rehearse
    from ringfence.vocabulary.refusals import Refused

    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "map.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused, match="which no rehearsal made"):
        rehearse(TOWN, tmp_path)
    assert (tmp_path / "city" / "map.txt").exists()


def test_the_night_of_the_demo_begins_while_its_pack_is_in_force():
    first_night = demo.NIGHT.first_day + timedelta(days=demo.NIGHT.quiet_days)
    assert shipped_pack(demo_night.PACK).in_force(first_night)
