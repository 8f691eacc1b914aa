"""A night with known truth, in a town small enough for a test."""

import json
from datetime import date

import pytest

from ringfence.cli import demo
from ringfence.cli.main import run

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


def test_at_full_scanning_nobody_is_missed_whose_shared_visit_was_to_a_place_with_a_code(night):
    full, *_, none = night.rates
    assert (full["scanning"], none["scanning"]) == (1.0, 0.0)
    assert full["found"] >= max(row["found"] for row in night.rates)
    assert none["found"] == none["named_found"]


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


def test_a_folder_of_somebody_else_is_not_taken_away(tmp_path):
    from ringfence.cli.demo_night import rehearse
    from ringfence.vocabulary.refusals import Refused

    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "map.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused, match="which no rehearsal made"):
        rehearse(TOWN, tmp_path)
    assert (tmp_path / "city" / "map.txt").exists()
