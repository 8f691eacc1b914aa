"""`ringfence visits load` and what it leaves behind, as a person at the command line meets it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ringfence.cli import main, output
from ringfence.cli.explaining import note_compiling

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


MIXED = """人员,场所,类型,到店,离店,体温,备注
wei,面馆,餐馆,2022-03-08T12:00+08:00,2022-03-08T12:40+08:00,36.5,
fang,面馆,餐馆,2022-03-08 12:10,2022-03-08 12:20,36.6,
chen,面馆,餐馆,2022-03-08 12:10,2022-03-08 12:20,36.6,
li,面馆,餐馆,noon,,36.6,
"""


def test_columns_that_were_not_used_are_told(command, tmp_path, capsys):
    (tmp_path / "shop.csv").write_text(MIXED, encoding="utf-8")
    told = command(*load("shop.csv"))
    assert (told["loaded"], told["imputed"]) == (1, 0)
    assert told["unused_columns"] == {"shop.csv": ["体温", "备注"]}
    assert command("visits", "info", "--store", "city")["kinds"] == {"restaurant": 1}
    assert main.run(load("shop.csv")) == 0
    assert "shop.csv: columns not used: 体温, 备注" in capsys.readouterr().out


def test_a_load_tells_why_rows_were_rejected_commonest_first(command, tmp_path, capsys):
    (tmp_path / "shop.csv").write_text(MIXED, encoding="utf-8")
    told = command(*load("shop.csv"))["reject_reasons"]
    assert [(reason["code"], reason["rows"]) for reason in told] == [("intake.no_zone", 2), ("intake.unreadable", 1)]
    assert "--tz" in told[0]["mend"]
    assert main.run([*load("shop.csv"), "--lang", "zh"]) == 0
    assert "2 行未导入，首例在第 3 行" in capsys.readouterr().out


def test_the_rejects_of_a_load_repeated_do_not_pile_up(command, tmp_path):
    (tmp_path / "shop.csv").write_text(MIXED, encoding="utf-8")
    first, again = command(*load("shop.csv")), command(*load("shop.csv"))
    assert first["rejects_file"] == again["rejects_file"]
    assert command("visits", "info", "--store", "city")["rejects_files"] == 1


def test_rows_and_columns_of_lists_that_were_not_taken_are_told(command, tmp_path, capsys):
    command(*load("naive.csv", "--tz", "Asia/Shanghai"))
    (tmp_path / "told.csv").write_text("case,contact,last_contact,height\nwei,li,soon,170\nwei,chen,2022-03-08,180\n")
    words = ["trace", "--store", "city", "--person", "wei", *EVENING, "--named", "told.csv"]
    told = command(*words)
    assert told["files"][0]["unused_columns"] == ["height"]
    assert [reject["line"] for reject in told["rejects"]] == [2]
    assert all(reject["reason"] and reject["mend"] for reject in told["rejects"])
    for language, rows in (("en", "rows not taken 1"), ("zh", "未采用 1 行")):
        assert main.run([*words, "--lang", language]) == 0
        shown = capsys.readouterr().out
        assert rows in shown
        assert "height" in shown
        assert told["rejects"][0]["mend"] in shown or language == "zh"


DAY = ("--from", "2022-03-08T00:00", "--to", "2022-03-09T00:00")


@pytest.fixture
def shop(command, tmp_path):
    (tmp_path / "shop.csv").write_text(MIXED.replace("noon", "2022-03-08 12:15"), encoding="utf-8")
    command(*load("shop.csv", "--tz", "Asia/Shanghai"))


def test_an_answer_says_which_times_rest_on_an_end_that_was_filled_in(shop, command, capsys):
    told = command("trace", "--store", "city", "--person", "wei", *DAY)["contacts"]
    assert {row["person"]: [time["imputed"] for time in row["evidence"]] for row in told} == {
        "fang": [False],
        "chen": [False],
        "li": [True],
    }
    met_by_li = command("trace", "--store", "city", "--person", "li", *DAY)["contacts"]
    assert all(time["imputed"] for row in met_by_li for time in row["evidence"])
    assert main.run(["trace", "--store", "city", "--person", "wei", *DAY]) == 0
    assert "12:15 – 12:40, 25 min (an end was filled in)" in capsys.readouterr().out


def test_the_text_answer_tells_reasons_and_times_of_the_first_contacts(shop, command, capsys):
    rows = command("trace", "--store", "city", "--person", "wei", *DAY)["contacts"]
    for language in ("en", "zh"):
        words = ["trace", "--store", "city", "--person", "wei", *DAY, "--lang", language, "--explain", "1"]
        assert main.run(words) == 0
        shown = capsys.readouterr().out
        told = command(*words[:-2])["contacts"][0]["reasons"]
        assert all(reason["sentence"] in shown for reason in told)
        assert f"1. {rows[0]['person']}" in shown
        assert f"2. {rows[1]['person']}" not in shown


def test_the_table_for_a_spreadsheet_has_the_reasons(shop, command, tmp_path):
    told = command("trace", "--store", "city", "--person", "wei", *DAY, "--csv", "contacts.csv")["contacts"]
    written = (tmp_path / "contacts.csv").read_text(encoding="utf-8-sig").splitlines()
    assert written[0].endswith(",places,reasons")
    assert told[0]["reasons"][0]["sentence"] in written[1]


def test_an_answer_echoes_the_question(shop, command):
    asked = command("trace", "--store", "city", "--person", "wei", *DAY, "--residual", "30")["asked"]
    assert len(asked.pop("store")) == 32
    assert asked == {
        "persons": ["wei"], "from": "2022-03-08T00:00+08:00", "to": "2022-03-09T00:00+08:00", "residual": 30,
        "min_overlap": 0, "hops": 1, "zone": "Asia/Shanghai",
    }  # fmt: skip


def test_the_first_use_on_a_machine_says_that_a_compiler_is_at_work(tmp_path, capsys):
    def walk():
        raise AssertionError

    output.speak(output.Manner())
    note_compiling(walk)
    assert capsys.readouterr().err == "", "not a compiled function"
    walk._cache = SimpleNamespace(cache_path=str(tmp_path))
    note_compiling(walk)
    assert "happens once" in capsys.readouterr().err
    (tmp_path / "street.walk-7.py311.nbi").touch()
    note_compiling(walk)
    assert capsys.readouterr().err == ""
