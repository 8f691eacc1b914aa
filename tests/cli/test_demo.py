"""The demonstration on the office of 2013: the same case, the same answer, checked against sets of seconds."""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ringfence.cli.demo_office import search_office
from ringfence.cli.main import run
from ringfence.exchange.trace_page import trace_svg
from ringfence.tracing.encounters import reference
from ringfence.tracing.encounters.told import read_told

DATA = Path(__file__).parents[2] / "examples" / "workplace-2013" / "contacts.csv.gz"
PARIS = ZoneInfo("Europe/Paris")
FROM, TO = (int(datetime(2013, 6, day, tzinfo=PARIS).timestamp()) for day in (25, 29))


@pytest.fixture(scope="module")
def answer():
    return search_office(DATA).plain


@pytest.fixture(scope="module")
def records():
    told = read_told(DATA, {"a": ("node_a",), "b": ("node_b",), "end": ("datetime",)}).columns
    ends = [int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()) for text in told["end"]]
    return [(int(a), int(b), e - 20, e, None) for a, b, e in zip(told["a"], told["b"], ends, strict=True)]


def test_the_case_is_a_typical_employee(answer, records):
    met = defaultdict(set)
    for a, b, start, end, _ in records:
        if start < TO and end > FROM:
            met[a].add(b)
            met[b].add(a)
    counts = sorted(len(others) for others in met.values())
    assert len(met[int(answer["case"])]) == counts[len(counts) // 2]


def test_who_was_met_and_the_second_hop_agree_with_the_reference(answer, records):
    case = int(answer["case"])
    first = reference.met(records, {case}, FROM, TO)
    told = {int(c["person"]): c for c in answer["contacts"] if c["hop"] == 1}
    assert {p: (c["minutes"], c["encounters"]) for p, c in told.items()} == {
        p: (-(-seconds // 60), times) for p, (seconds, times, *_) in first.items()
    }
    second = reference.second_hop(records, {case}, {p: v[2] for p, v in first.items()}, TO)
    wider = {int(c["person"]): c["minutes"] for c in answer["contacts"] if c["hop"] == 2}
    assert wider == {p: -(-v[0] // 60) for p, v in second.items()}
    assert answer["second_hop"]["1"] == len(second)


def test_it_writes_a_page_and_a_picture_in_each_language_and_names_them(tmp_path, capsys):
    assert run(["demo", "--office", "--out", str(tmp_path), "--json"]) == 0
    pages = json.loads(capsys.readouterr().out)["pages"]
    assert [Path(page).name for page in pages] == ["trace.en.html", "trace.en.svg", "trace.zh.html", "trace.zh.svg"]
    assert 'href="trace.zh.html"' in Path(pages[0]).read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in Path(pages[2]).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pictures_of_the_documentation_are_the_ones_it_makes(language):
    pinned = DATA.parents[2] / "docs" / "img" / f"trace-{language}.svg"
    assert trace_svg(search_office(DATA).view, language) == pinned.read_text(encoding="utf-8")


@pytest.mark.parametrize(("lang", "expected"), [("en", "Nobody is restricted by it."), ("zh", "本名单供人工判定")])
def test_it_prints_the_list_in_the_language_asked_for(tmp_path, capsys, lang, expected):
    assert run(["demo", "--office", "--out", str(tmp_path), "--lang", lang]) == 0
    assert expected in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_refused_with_a_mend(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["demo", "--office", "--lang", "en", "--out", str(tmp_path / "file")]) == 1
    assert "--out" in capsys.readouterr().err


def test_data_that_is_not_there_is_refused(tmp_path):
    assert run(["demo", "--office", "--data", str(tmp_path / "nowhere.csv"), "--out", str(tmp_path)]) == 1
