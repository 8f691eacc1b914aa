"""One ranked list of contacts from visits, encounters and the case's own word, through the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from ringfence.cli.main import run

VISITS = """person,place,start,end
wei,home,2022-03-08T00:00+08:00,2022-03-08T07:00+08:00
fang,home,2022-03-08T00:00+08:00,2022-03-08T07:00+08:00
wei,workshop,2022-03-08T08:00+08:00,2022-03-08T12:00+08:00
chen,workshop,2022-03-08T11:30+08:00,2022-03-08T12:00+08:00
zhao,market,2022-03-08T08:00+08:00,2022-03-08T12:00+08:00
fang,market,2022-03-08T09:00+08:00,2022-03-08T10:00+08:00
ma,market,2022-03-08T09:00+08:00,2022-03-08T09:30+08:00
"""
BADGES = """甲,乙,开始时间,结束时间,距离
wei,chen,2022-03-08 08:10,2022-03-08 08:50,1.0
wei,li,2022-03-08 12:10,2022-03-08 12:30,1.5
li,bo,2022-03-08 13:00,2022-03-08 13:40,1.0
wei,wei,2022-03-08 12:10,2022-03-08 12:30,1.5
"""
NAMED = """病例,接触者,最后接触时间,关系
wei,sister,2022-03-08,姐姐
wei,chen,2022-03-08 09:00,同事
wei,old friend,2022-02-01,朋友
"""
WINDOW = ["--from", "2022-03-08T00:00+08:00", "--to", "2022-03-09T00:00+08:00"]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    for name, text in (("visits", VISITS), ("badges", BADGES), ("named", NAMED)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    loaded = ["visits", "load", f"{tmp_path / 'visits.csv'}", "--store", f"{tmp_path / 'store'}"]
    assert run([*loaded, "--tz", "Asia/Shanghai", "--json"]) == 0
    return tmp_path


@pytest.fixture
def trace(town: Path, capsys: pytest.CaptureFixture[str]):
    """Return a way to ask about Wei and read the answer as a program does."""
    capsys.readouterr()

    def ask(*words: str, store: bool = True, person: str = "wei", code: int = 0):
        where = ["--store", f"{town / 'store'}"] if store else ["--tz", "Asia/Shanghai"]
        assert run(["trace", *where, "--person", person, *WINDOW, *words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return ask


def by_name(answer):
    return {contact["person"]: contact for contact in answer["contacts"]}


def test_what_each_kind_of_evidence_tells_of_one_person_stands_side_by_side_and_is_never_added(town, trace):
    answer = trace("--encounters", f"{town / 'badges.csv'}", "--named", f"{town / 'named.csv'}")
    chen = by_name(answer)["chen"]
    assert chen["channels"] == {"visit": 30, "encounter": 40, "named": None}
    assert (chen["minutes"], chen["places"]) == (40, ["workshop"])
    assert (chen["first"], chen["last"]) == ("2022-03-08T08:10+08:00", "2022-03-08T12:00+08:00")
    assert [sitting["place"] for sitting in chen["evidence"]] == [None, "workshop"]


def test_the_wife_comes_first_and_a_name_told_by_the_case_is_looked_at_early(town, trace):
    answer = trace("--encounters", f"{town / 'badges.csv'}", "--named", f"{town / 'named.csv'}")
    assert [(c["person"], c["band"]) for c in answer["contacts"]] == [
        ("fang", "very_strong"), ("chen", "strong"), ("li", "strong"), ("sister", "strong"),
    ]  # fmt: skip


def test_what_the_lists_held_is_told_and_every_row_not_taken_has_its_line_and_mend(town, trace):
    answer = trace("--encounters", f"{town / 'badges.csv'}", "--named", f"{town / 'named.csv'}")
    assert [(f["file"], f["loaded"], f["rejected"], f["before_window"]) for f in answer["files"]] == [
        ("badges.csv", 3, 1, 0), ("named.csv", 3, 0, 1),
    ]  # fmt: skip
    (reject,) = answer["rejects"]
    assert (reject["file"], reject["line"], reject["code"]) == ("badges.csv", 5, "told.self_pair")
    assert reject["mend"]


@pytest.mark.parametrize(
    ("lang", "reason"), [("en", "The row pairs a person with the same person."), ("zh", "两列为同一人。")]
)
def test_rows_not_taken_are_told_in_the_language_of_the_reader_and_written_in_both(town, capsys, lang, reason):
    words = ["--encounters", f"{town / 'badges.csv'}", "--rejects", f"{town / lang}.csv", "--lang", lang]
    assert run(["trace", "--store", f"{town / 'store'}", "--person", "wei", *WINDOW, *words]) == 0
    assert reason in capsys.readouterr().out
    (row,) = csv.DictReader((town / f"{lang}.csv").read_text(encoding="utf-8-sig").splitlines())
    assert row["reason_en"] == "The row pairs a person with the same person."
    assert row["reason_zh"] == "两列为同一人。"


def test_an_input_named_as_the_file_of_rejected_rows_is_refused_and_kept(town, trace):
    before = (town / "named.csv").read_bytes()
    answer = trace("--named", f"{town / 'named.csv'}", "--rejects", f"{town / 'named.csv'}", code=1)
    assert [told["code"] for told in answer["refused"]] == ["intake.rejects_exist"]
    assert (town / "named.csv").read_bytes() == before


def test_lists_are_searched_without_any_store(town, trace):
    answer = trace("--encounters", f"{town / 'badges.csv'}", store=False)
    assert {p: c["minutes"] for p, c in by_name(answer).items()} == {"chen": 40, "li": 20}


def test_a_case_whom_only_a_list_knows_is_searched_there_and_that_is_said(town, trace):
    answer = trace("--encounters", f"{town / 'badges.csv'}", person="bo")
    assert list(by_name(answer)) == ["li"]
    assert [note["code"] for note in answer["notes"]] == ["trace.not_in_store"]


def test_a_case_whom_nobody_knows_is_refused(town, trace):
    refused = trace("--encounters", f"{town / 'badges.csv'}", person="nobody", code=1)["refused"]
    assert [entry["code"] for entry in refused] == ["store.unknown_person"]
    refused = trace("--encounters", f"{town / 'badges.csv'}", person="nobody", store=False, code=1)["refused"]
    assert [entry["code"] for entry in refused] == ["trace.unknown_to_all"]


def test_nothing_to_search_is_refused_with_a_mend(capsys):
    assert run(["trace", "--person", "wei", *WINDOW, "--lang", "en"]) == 1
    assert "--encounters" in capsys.readouterr().err


def test_the_second_hop_follows_contacts_of_each_kind_through_each_kind(town, trace):
    answer = trace("--encounters", f"{town / 'badges.csv'}", "--hops", "2")
    second = {c["person"]: (c["minutes"], c["channels"]) for c in answer["contacts"] if c["hop"] == 2}
    assert second == {
        "zhao": (60, {"visit": 60}),  # with Fang at the market
        "bo": (40, {"encounter": 40}),  # with Li, whom no visit knows
        "ma": (30, {"visit": 30}),
    }
    assert answer["second_hop"]["by_channel"]["encounter"]["15"] == 1


def test_whom_a_list_tells_of_is_followed_through_the_visits_from_when_the_list_met_her(town, trace):
    (town / "more.csv").write_text(
        "a,b,start,end\nwei,zhao,2022-03-08T09:10+08:00,2022-03-08T09:20+08:00\n", encoding="utf-8"
    )
    answer = trace("--encounters", f"{town / 'more.csv'}", "--hops", "2", "--threshold", "1")
    assert by_name(answer)["zhao"]["hop"] == 1
    assert by_name(answer)["ma"]["minutes"] == 50  # 30 with Fang, and 20 with Zhao from 09:10


def test_records_from_farther_away_weigh_less_or_do_not_count(town, trace):
    (town / "far.csv").write_text(
        "a,b,start,end,distance_m\nwei,li,2022-03-08T09:00+08:00,2022-03-08T09:20+08:00,8\n"
        "wei,bo,2022-03-08T09:00+08:00,2022-03-08T09:20+08:00,1\n",
        encoding="utf-8",
    )
    near_and_far = by_name(trace("--encounters", f"{town / 'far.csv'}"))
    assert (near_and_far["bo"]["band"], near_and_far["li"]["band"]) == ("strong", "some")
    assert near_and_far["li"]["score"] == pytest.approx(6.0)  # 20 min × 0.3
    assert "li" not in by_name(trace("--encounters", f"{town / 'far.csv'}", "--max-distance", "2"))


def test_the_day_of_onset_weighs_encounters_as_it_weighs_visits(town, trace):
    words = ["--encounters", f"{town / 'badges.csv'}", "--onset", "wei=2022-03-18"]
    assert by_name(trace(*words, store=False))["chen"]["score"] == pytest.approx(40 * 0.05)


def test_columns_of_lists_may_be_named(town, trace):
    (town / "odd.csv").write_text(
        "badge,other badge,start,end\nwei,li,2022-03-08T09:00+08:00,2022-03-08T09:20+08:00\n", encoding="utf-8"
    )
    words = ["--encounters", f"{town / 'odd.csv'}", "--column", "person_a=badge", "--column", "person_b=other badge"]
    assert list(by_name(trace(*words, store=False))) == ["li"]
    assert trace(*words, "--column", "dog=x", code=1)["refused"][0]["code"] == "intake.unknown_field"


@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
def test_a_page_is_written_in_both_languages_and_names_places_where_keys_are_at_hand(town, trace, keys):
    person = "wei"
    if not keys:
        (town / "store.keys").rename(town / "elsewhere")
        person = "0"
    answer = trace("--page", f"{town / 'out' / 'wei.html'}", person=person)
    assert [Path(page).name for page in answer["pages"]] == ["wei.html", "wei.zh.html"]
    english, chinese = (Path(page).read_text(encoding="utf-8") for page in answer["pages"])
    assert 'href="wei.zh.html"' in english
    assert 'href="wei.html"' in chinese
    assert ("at home" in english, "场所：home" in chinese) == (keys, keys)
    assert "8 Mar 00:00" in english
    assert "<title>8 Mar 00:00–07:00</title>" in english  # the stay in the timeline


def test_a_page_that_cannot_be_written_is_refused(town, trace):
    (town / "file").write_text("")
    refused = trace("--page", f"{town / 'file' / 'x.html'}", code=1)["refused"]
    assert refused[0]["code"] == "demo.cannot_write"


def test_the_day_of_onset_is_a_day_where_the_case_lives(town, trace):
    fang = by_name(trace("--onset", "wei=2022-03-08"))["fang"]  # before eight in the morning it is the 7th in UTC
    assert {"exposure.day_of_onset"} == {r["code"] for r in fang["reasons"] if r["code"].startswith("exposure.day")}
    words = ["--encounters", f"{town / 'early.csv'}", "--onset", "wei=2022-03-08"]
    (town / "early.csv").write_text(
        "甲,乙,开始时间,结束时间\nwei,li,2022-03-08 06:00,2022-03-08 06:40\n", encoding="utf-8"
    )
    assert by_name(trace(*words, store=False))["li"]["score"] == pytest.approx(40)


def test_the_minute_in_which_a_span_ends_belongs_to_it(trace):
    fang = by_name(trace("--to", "2022-03-08T06:59:59+08:00"))["fang"]
    assert fang["minutes"] == 7 * 60


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--engine", "duckdb", "--onset", "wei=2022-03-08"], "trace.engine_without"),
        (["--engine", "duckdb", "--warrant", "named.csv"], "trace.engine_without"),
        (["--onset", "zhao=2022-03-08"], "trace.onset_of_nobody"),
    ],
    ids=["onset of another engine", "warrant of another engine", "onset of somebody else"],
)
def test_an_option_that_would_not_be_used_is_refused(town, trace, monkeypatch, words, code):
    monkeypatch.chdir(town)
    assert trace(*words, code=1)["refused"][0]["code"] == code


def test_a_warrant_without_a_store_is_refused(town, trace):
    words = ["--named", f"{town / 'named.csv'}", "--warrant", f"{town / 'named.csv'}"]
    assert trace(*words, store=False, code=1)["refused"][0]["code"] == "trace.warrant_without_store"


def test_brackets_in_names_of_persons_and_files_are_told_as_they_are(town, capsys, monkeypatch):
    monkeypatch.chdir(town)
    (town / "[b]badges.csv").write_text("甲,乙,开始时间,结束时间\n[/a17],:ok:,2022-03-08 08:10,2022-03-08 08:50\n,,,\n")
    capsys.readouterr()
    words = ["--tz", "Asia/Shanghai", "--person", "[/a17]", "--encounters", "[b]badges.csv", "--lang", "en"]
    assert run(["trace", *words, *WINDOW]) == 0
    told = capsys.readouterr().out
    assert "met [/a17]" in told
    assert "[b]badges.csv: records 1," in told


@pytest.mark.parametrize("person", ["777", "5", "99999999999", "9" * 30])
def test_a_number_that_the_store_never_gave_is_refused_without_keys(town, trace, person):
    (town / "store.keys").rename(town / "elsewhere")
    assert trace(person=person, code=1)["refused"][0]["code"] == "store.unknown_person"


def test_persons_are_read_from_a_file_in_gb18030_and_refused_from_one_that_is_no_text(town, trace):
    (town / "persons.txt").write_bytes("wei\r\n 王芳 \r\n".encode("gb18030"))
    refused = trace("--persons", f"{town / 'persons.txt'}", code=1)["refused"]
    assert (refused[0]["code"], refused[0]["values"]) == ("store.unknown_person", {"person": "王芳"})
    (town / "persons.txt").write_bytes(b"wei\n\xff\xff\xff\n")
    assert trace("--persons", f"{town / 'persons.txt'}", code=1)["refused"][0]["code"] == "intake.not_text"


def test_an_export_in_a_folder_named_with_brackets_is_read(town, trace, capsys):
    out = town / "ex[n]*?"
    assert run(["visits", "export", "--store", f"{town / 'store'}", "--parquet", f"{out}"]) == 0
    capsys.readouterr()
    assert {"fang", "chen"} == set(by_name(trace("--engine", "duckdb", "--exported", f"{out}")))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("hops", ["1", "2"])
def test_a_row_of_the_table_stands_on_one_line_of_eighty_columns(town, capsys, monkeypatch, language, hops):
    monkeypatch.setenv("COLUMNS", "80")
    capsys.readouterr()
    words = ["--store", f"{town / 'store'}", "--person", "wei", "--hops", hops, "--lang", language, "--explain", "0"]
    assert run(["trace", *words, *WINDOW]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "fang" in line]
    assert row.split()[-3:] == ["03-08", "00:00", "home"]
    assert "420" in row
    assert cell_len(row) <= 80
