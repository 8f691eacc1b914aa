"""`ringfence hypotheses` on the command line: what is said without a controls file, and of live stores."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from ringfence.cli import main

CASES = [f"case-{name}" for name in ("wei", "fang", "chen", "li", "ma", "sun", "zhou")]
RESIDENTS = [f"resident-{name}" for name in ("zhao", "qian", "wu", "zheng", "wang", "feng")]
MET_LATE = RESIDENTS[-1]


@pytest.fixture
def town(tmp_path, monkeypatch):
    """Write a town: six cases and a resident ate noodles, one resident met Wei on the day she fell ill."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    ate = [*CASES[:6], RESIDENTS[0]]
    rows = [f"{person},noodle shop,2022-03-03T12:00+08:00,2022-03-03T12:40+08:00" for person in ate]
    rows += [f"{person},home of {person},2022-03-03T19:00+08:00,2022-03-03T23:00+08:00" for person in RESIDENTS]
    rows += [f"{person},bus,2022-03-08T08:00+08:00,2022-03-08T08:30+08:00" for person in (CASES[0], MET_LATE)]
    (tmp_path / "visits.csv").write_text("\n".join(["person,place,start,end", *rows]) + "\n")
    cases = [f"{person},2022-03-08,east,40" for person in CASES]
    (tmp_path / "cases.csv").write_text("\n".join(["person,onset,community,age", *cases]) + "\n")
    assert main.run(["visits", "load", "visits.csv", "--store", "town", "--tz", "Asia/Shanghai", "--json"]) == 0
    return tmp_path


@pytest.fixture
def ask(town, capsys):
    capsys.readouterr()

    def run(*words, code=0):
        assert main.run(["hypotheses", "--store", "town", "--cases", "cases.csv", *words]) == code
        return capsys.readouterr().out

    return run


def test_without_a_controls_file_places_are_ranked_and_the_answer_says_that_one_is_needed(ask):
    answer = json.loads(ask("--json"))
    shop = answer["places"][0]
    assert (shop["place"], shop["cases"], shop["judgeable"]) == ("noodle shop", 6, False)
    assert shop["note_code"] == "hypothesis.needs_controls"
    assert "controls file is needed" in ask()
    assert "需要对照文件" in ask("--lang", "zh")


def test_a_resident_met_in_the_incubation_window_stays_a_control_and_one_met_on_the_day_of_onset_does_not(ask):
    shop = json.loads(ask("--json"))["places"][0]
    assert (shop["controls"], shop["controls_asked"]) == (1, len(RESIDENTS) - 1)


def test_residents_of_known_community_in_a_controls_file_are_compared(town, ask):
    rows = [f"{person},east,resident,40" for person in RESIDENTS]
    (town / "residents.csv").write_text("\n".join(["person,community,found_by,age", *rows]) + "\n")
    shop = json.loads(ask("--controls", "residents.csv", "--json"))["places"][0]
    assert (shop["controls"], shop["controls_asked"], shop["judgeable"]) == (1, len(RESIDENTS), True)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_places_fits_eighty_columns_with_its_notes_beneath(ask, monkeypatch, language):
    monkeypatch.setenv("COLUMNS", "80")
    lines = ask("--lang", language).splitlines()
    (row,) = [line for line in lines if "noodle shop" in line]
    assert "6/6" in row
    assert "1/5" in row
    assert cell_len(row) <= 80
    (note,) = [line for line in lines if line.startswith(("1: ", "第 1 行："))]
    assert lines.index(note) > lines.index(row)
