"""The report of the night tells a tired officer what to do next, in both languages, on screen and on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from html.parser import HTMLParser

import pytest

from ringfence.exchange.report import write_html, write_pdf
from ringfence.exchange.report.page import all_blocks, report_page
from ringfence.exchange.report.pdf import MISSING, _half
from ringfence.exchange.report.pen import pen
from tests.exchange.night_plan import SCRIPT, TYPST, large_plan, night_plan

LANGUAGES = ("zh", "en")


class Reader(HTMLParser):
    """Collects tags, ids and the marks of every element of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def half(page: str, language: str) -> str:
    zh, _, en = page.partition('<div class="half en"')
    return zh if language == "zh" else en


def poisoned(value, text):
    """Return a plan in which every free sentence, name and place carries a text that means harm."""
    if isinstance(value, dict):
        free = {"en", "zh", "place", "name", "file", "field", "person", "who", "subject", "mend_en", "mend_zh", "rule"}
        return {
            key: text if key in free and isinstance(one, str) else poisoned(one, text) for key, one in value.items()
        }
    return [poisoned(one, text) for one in value] if isinstance(value, list) else value


def text_of(path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_to_do_stands_right_after_the_card(language):
    anchors = [b["anchor"] for b in all_blocks(pen(night_plan(), language)) if b.get("anchor")]
    assert anchors == [
        "card", "next", "now", "if", "known", "map", "cases", "groups", "duties", "calendar", "hypotheses", "earlier",
        "wrong", "files", "annex",
    ]  # fmt: skip


def test_the_late_act_comes_first_with_its_deadline_and_how_late_it_is():
    acts = next(b["items"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "acts")
    assert (acts[0]["remains"], acts[0]["deadline"], acts[0]["tone"]) == ("7 min late", "by 8 Mar 00:45", "late")
    later = [b["items"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "acts"][1]
    assert [act["number"] for act in (*acts, *later)] == [str(n) for n in range(1, 7)]
    assert "abnormal at 00:30" in acts[0]["why"][0]
    assert "plan 8" in acts[0]["why"][0]


def test_the_pregnant_wife_is_called_first():
    calls = next(b["rows"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "table")
    assert calls[0][1] == {"text": "Fang 芳", "strong": True, "sub": "pregnant"}
    assert calls[0][4]["text"] == "38 min left"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_has_assessed_never_stands_under_due_now(language):
    plan = night_plan()
    blocks = all_blocks(pen(plan, language))
    sentence = plan["if_assessed"]["duties"][0][language]
    holding = [b for b in blocks if sentence in str(b.get("rows", "")) or sentence in str(b.get("items", ""))]
    assert holding
    assert {b["part"] for b in holding} == {"if"}


def test_the_page_runs_nothing_loads_nothing_and_names_each_place_once():
    page = report_page(night_plan())
    reader = read(page)
    assert not {"script", "iframe", "img", "link", "object", "form"} & set(reader.tags)
    assert len(reader.ids) == len(set(reader.ids))
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert all(value.startswith("#") for name, value in reader.attributes if name == "href")
    assert "default-src 'none'" in page


def test_chinese_and_english_have_the_same_parts():
    page = report_page(night_plan())
    zh, en = (re.findall(r"<(?:h[1-4]|table|svg|details)\b", half(page, language)) for language in LANGUAGES)
    assert zh == en


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_out_of_force_say_so_and_rules_in_force_do_not(language):
    word = {"zh": "历史规则", "en": "HISTORICAL"}[language]
    assert word in half(report_page(night_plan()), language)
    assert word not in half(report_page(night_plan(historical=False)), language)


@pytest.mark.parametrize("harm", [SCRIPT, TYPST, '"><img src=x onerror=alert(1)>', "</style><script>", "\u202eevil"])
def test_a_name_that_means_harm_stays_text(harm, tmp_path):
    plan = poisoned(night_plan(), harm)
    plan["pack"]["id"] = harm
    reader = read(report_page(plan))
    assert not {"script", "img"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    write_pdf(plan, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.io
def test_the_print_shows_markup_of_its_setter_as_it_was_written(tmp_path):
    plan = night_plan()
    plan["title"] = {"en": '#panic("x") $y$', "zh": '#panic("x") $y$'}
    write_pdf(plan, tmp_path / "report.pdf")
    assert '#panic("x") $y$' in text_of(tmp_path / "report.pdf")


@pytest.mark.io
def test_every_printed_page_keeps_the_parts_apart_and_names_pack_and_page(tmp_path):
    write_pdf(night_plan(), tmp_path / "report.pdf")
    pages = [page for page in text_of(tmp_path / "report.pdf").split("\f") if page.strip()]
    assert len(pages) > 2
    for at, page in enumerate(pages, start=1):
        assert "cn-covid-8@1.4" in page
        assert "HISTORICAL" in page or "历史规则" in page
        assert "not medical or legal advice" in page or "不构成医疗或法律意见" in page
        assert re.search(rf"(?:Page|第)\s*{at}\s", page)


def test_the_same_plan_makes_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        write_pdf(night_plan(), tmp_path / f"{name}.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "other.pdf").read_bytes()


def test_a_rare_character_is_a_visible_square_with_a_note():
    plan = night_plan()
    plan["cases"][0]["name"] = "𠮷龘"
    printed = _half(pen(plan, "en"))
    assert MISSING * 2 in str(printed["blocks"])
    assert "U+20BB7" in printed["missing"]
    assert _half(pen(night_plan(), "en"))["missing"] == ""
    assert "𠮷龘" in report_page(plan)


def test_every_word_of_the_report_can_be_printed():
    from ringfence.exchange.report.pdf import _covered
    from ringfence.vocabulary.words import table

    words = "".join(text for entry in table().values() for text in entry.values())
    assert {c for c in words if c != "\n" and ord(c) not in _covered()} == set()


def test_without_coordinates_the_map_says_so():
    plan = night_plan()
    plan["map"] = {"points": []}
    assert "No coordinates in the data" in report_page(plan)


def test_an_empty_night_is_told_too(tmp_path):
    keep = ("schema", "pack", "now", "title", "card")
    plan = {name: value for name, value in night_plan().items() if name in keep}
    write_html(plan, tmp_path / "report.html")
    write_pdf(plan, tmp_path / "report.pdf")
    assert "Nothing is due." in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_two_thousand_candidates_take_seconds_and_the_groups_come_first(tmp_path):
    plan, begun = large_plan(), time.process_time()
    write_html(plan, tmp_path / "report.html")
    write_pdf(plan, tmp_path / "report.pdf")
    assert time.process_time() - begun < 9, "3 s where the machine is quiet"
    tables = [b for b in all_blocks(pen(plan, "en")) if b["kind"] == "table"]
    assert [len(b["rows"]) > 20 for b in tables] == [False] * (len(tables) - 1) + [True]
