"""`ringfence visits load` and what it leaves behind, as a person at the command line meets it."""

from __future__ import annotations

import json

import pytest

from ringfence.cli import main

NAIVE = (
    "person,place,start,end\nwei,home,2022-03-08 18:00,2022-03-08 20:00\nfang,home,2022-03-08 19:00,2022-03-08 21:00\n"
)
ZONED = "person,place,start,end\nli,bus,2022-03-07T08:00+08:00,2022-03-07T08:20+08:00\n"
EVENING = ("--from", "2022-03-08T18:00", "--to", "2022-03-08T22:00")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Return a way to run a command line in an empty folder; the answer is the JSON object."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("RINGFENCE_LANG", raising=False)
    (tmp_path / "naive.csv").write_text(NAIVE)
    (tmp_path / "zoned.csv").write_text(ZONED)

    def run(*words, code=0):
        assert main.run([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


def load(*words):
    return ["visits", "load", *words, "--store", "city"]


def test_the_first_load_that_names_a_zone_settles_the_stores(command):
    assert command(*load("naive.csv"))["rejected"] == 2
    assert command(*load("zoned.csv"))["zone"] is None
    assert command(*load("naive.csv", "--tz", "Asia/Shanghai"))["zone"] == "Asia/Shanghai"
    assert command("visits", "info", "--store", "city")["zone"] == "Asia/Shanghai"
    (fang,) = command("trace", "--store", "city", "--person", "wei", *EVENING)["contacts"]
    assert (fang["minutes"], fang["first"]) == (60, "2022-03-08T19:00+08:00")


def test_times_without_a_zone_are_taken_in_the_stores(command, tmp_path):
    command(*load("naive.csv", "--tz", "Asia/Shanghai"))
    (tmp_path / "later.csv").write_text("person,place,start,end\nchen,home,2022-03-08 19:30,2022-03-08 20:30\n")
    assert command(*load("later.csv"))["loaded"] == 1
    met = command("trace", "--store", "city", "--person", "wei", *EVENING)["contacts"]
    assert {contact["person"]: contact["minutes"] for contact in met} == {"fang": 60, "chen": 30}


def test_a_question_without_a_zone_is_refused_while_none_is_settled(command):
    command(*load("zoned.csv"))
    (refusal,) = command("trace", "--store", "city", "--person", "li", *EVENING, code=1)["refused"]
    assert refusal["code"] == "moment.no_zone"


def test_another_zone_of_a_later_load_is_told_and_only_a_command_changes_the_stores(command, capsys):
    command(*load("naive.csv", "--tz", "Asia/Shanghai"))
    assert main.run(load("zoned.csv", "--tz", "Asia/Tokyo")) == 0
    assert "visits zone --store city --tz Asia/Tokyo" in capsys.readouterr().err
    assert command("visits", "info", "--store", "city")["zone"] == "Asia/Shanghai"
    assert command("visits", "zone", "--store", "city", "--tz", "Asia/Tokyo") == {"zone": "Asia/Tokyo"}
    assert command("visits", "info", "--store", "city")["zone"] == "Asia/Tokyo"
    (refusal,) = command("visits", "zone", "--store", "city", "--tz", "Mars", code=1)["refused"]
    assert refusal["code"] == "moment.unknown_zone"


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("intake.empty", "", []),
        ("intake.missing_column", "a,b\n1,2\n", []),
        ("intake.no_such_column", NAIVE, ["--column", "person=wer"]),
    ],
)
def test_a_first_load_that_is_refused_leaves_no_store_behind(command, tmp_path, code, text, words):
    (tmp_path / "file.csv").write_text(text)
    (refusal,) = command(*load("file.csv", *words), code=1)["refused"]
    assert refusal["code"] == code
    assert "wer" in refusal["sentence"] or not words
    assert not (tmp_path / "city").exists()
    assert not (tmp_path / "city.keys").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["visits", "load", "zoned.csv", "--store", "naive.csv"],
        ["visits", "info", "--store", "naive.csv"],
        ["trace", "--store", "naive.csv", "--person", "wei", *EVENING],
    ],
)
def test_a_file_is_not_a_store(command, words):
    (refusal,) = command(*words, code=1)["refused"]
    assert refusal["code"] == "store.is_a_file"
