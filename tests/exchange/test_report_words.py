"""A report speaks its reader's language: no codes, no Chinese in the English half, no English in the Chinese one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from ringfence.exchange.report import write_pdf
from ringfence.exchange.report.page import all_blocks
from ringfence.exchange.report.pen import pen
from ringfence.exchange.report.sources import Sources
from ringfence.rules.shipped import Shelf
from ringfence.vocabulary.words import table
from tests.exchange.night_plan import night_plan

HAN = re.compile("[\u3400-\u9fff]")
CLAUSE = "新型冠状病毒肺炎防控方案（第八版） — 密切接触者判定：共同居住生活"
CLAUSE_EN = "COVID-19 prevention and control plan, eighth edition — 密切接触者判定：共同居住生活"


def answered() -> dict[str, Any]:
    """Return the night as an answer writes it: ids instead of names, codes beside their words, clauses as found."""
    plan = night_plan()
    text = json.dumps(plan, ensure_ascii=False)
    for name, number in {
        "Wei 伟": "48778",
        "Fang 芳": "48775",
        "Grandfather 爷爷": "48776",
        "Chen 陈": "53335",
    }.items():
        text = text.replace(name, number)
    plan = json.loads(re.sub(r"([A-Z][a-z]+) [\u3400-\u9fff]", r"\1", text))
    reason = {"en": "They live together.", "zh": "共同居住。", "clause": CLAUSE, "clause_en": CLAUSE_EN}
    for duty in (*plan["due_now"], *plan["if_assessed"]["duties"]):
        duty["why"] = [reason]
    for one in plan["candidates"]:
        one |= {"why": [reason], "questions": [], "clause": "plan8 — 密切接触者判定", "places": ["2 号车间"]}
    for group in plan["groups"]:
        group |= {"place": "39746", "place_said": {"en": "Workshop 2", "zh": "2 号车间"}, "shared": [reason]}
    plan["if_assessed"]["measures"] = [
        {"class": "close", "course": "close", "stage": "central", "asks": "quarantine_site", "rung": "agreement",
         "n": 8, "person_days": 112.0},
        {"class": "close", "course": "close", "stage": "home", "asks": "monitor", "rung": "order", "n": 8,
         "person_days": 0.0},
    ]  # fmt: skip
    plan["if_assessed"]["names"] = {"close": {"en": "close contact", "zh": "密切接触者"}}
    plan["inputs"] = [{"file": "contacts.csv", "kind": "named", "rows": 3, "used": 3, "rejected": 0, "sha256": "ab12"}]
    plan["seconds"] = dict.fromkeys(("read", "search", "derive", "assume", "earlier", "tell"), 0.1)
    plan["hypotheses"][0] |= {"status": "cannot_be_judged", "who": {"en": "Investigation", "zh": "流调溯源组"}}
    plan["cases"][0] |= {"id": "48778", "infectious": ["2022-03-05T00:00:00+08:00", None]}
    return plan


def printed(plan: dict[str, Any], language: str, folder: Any) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    write_pdf(plan, folder / "report.pdf", languages=[language])
    told = ["pdftotext", "-layout", folder / "report.pdf", "-"]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout


@pytest.mark.io
def test_the_english_print_holds_chinese_only_as_the_original_wording_of_its_sources(tmp_path):
    lines = printed(answered(), "en", tmp_path).splitlines()
    chinese = [line for line in lines if HAN.search(line)]
    assert len(chinese) == 1
    assert re.match(r"\s*\[1\]\s+COVID-19 prevention and control plan, eighth.*密切接触者判定", chinese[0])
    assert any("Original wording" in line for line in lines)


@pytest.mark.io
def test_the_chinese_print_holds_no_english_but_names_of_files_and_of_the_pack(tmp_path):
    text = printed(answered(), "zh", tmp_path)
    names = ("contacts.csv", "candidates.csv", "duties.csv", "visits.csv", "report.html", "cn-covid-8", "ab12", "end")
    people = (
        "Bo",
        "Hua",
        "Jun",
        "Ling",
        "Tao",
        "Li",
        "Mei",
        "Qiang",
        "Xia",
        "Zhao",
        "by the neighbour",
        "contact",
        "daily",
        "tube",
        "workshop",
    )
    for known in (*names, *people):
        text = text.replace(known, "")
    assert sorted(set(re.findall(r"[A-Za-z]{3,}", text))) == []


@pytest.mark.io
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_code_and_no_placeholder_is_printed(language, tmp_path):
    text = printed(answered(), language, tmp_path)
    assert re.findall(r"\b[a-z]+_[a-z_]+\b|[{}]|\bNone\b(?!\.)|39746|plan8", text) == []
    assert not re.search(r"\b(central|assume|named:|infection:|tube:)\b", text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_number_in_square_brackets_stands_among_the_sources(language):
    blocks = all_blocks(pen(answered(), language))
    last = [b["rows"] for b in blocks if b["kind"] == "table"][-1]
    cited = set(re.findall(r"\[\d+\]", str([b for b in blocks if b.get("rows") is not last])))
    assert cited == {row[0]["text"] for row in last}


def test_a_clause_is_its_source_in_english_and_its_words_as_they_were_written():
    sources = Sources("en")
    assert sources.number({"clause": CLAUSE, "clause_en": CLAUSE_EN}) == 1
    assert (
        sources.number({"clause": "传染病办法 第十七条：2小时内", "clause_en": "Rules on reporting 第十七条：2小时内"})
        == 2
    )
    assert sources.number({"clause": CLAUSE, "clause_en": CLAUSE_EN}) == 1
    assert [(one.source, one.wording) for one in sources.clauses.values()] == [
        ("COVID-19 prevention and control plan, eighth edition", "密切接触者判定：共同居住生活"),
        ("Rules on reporting", "第十七条：2小时内"),
    ]


def test_a_law_that_has_no_english_title_is_cited_by_number_and_keeps_its_own_title_among_the_sources():
    one = pen(night_plan(), "en")
    assert one.cited("city government: 传染病防治法第四十一条") == "city government [1]"
    assert [(c.source, c.wording) for c in one.sources.clauses.values()] == [
        ("city government", "传染病防治法第四十一条")
    ]
    assert pen(night_plan(), "zh").cited("市政府：传染病防治法") == "市政府：传染病防治法"


def test_the_english_words_speak_of_nobody_as_she():
    said = [text for entry in table().values() for language, text in entry.items() if language.endswith("en")]
    shelf = Shelf()
    said += [name["en"] for pack in map(shelf.pack, shelf.ids()) for name in pack.names.values()]
    assert [text for text in said if re.search(r"\b(she|her|hers|herself)\b", text, re.IGNORECASE)] == []
