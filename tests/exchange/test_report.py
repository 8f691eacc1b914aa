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
        "card", "next", "calls", "now", "not-yet", "if", "known", "map", "cases", "groups", "duties", "calendar",
        "hypotheses", "earlier", "annex", "wrong", "files", "sources",
    ]  # fmt: skip


def test_the_acts_stand_in_order_of_deadline_the_late_one_first_with_how_late_it_is():
    acts = next(b["items"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "acts")
    assert (acts[0]["remains"], acts[0]["deadline"], acts[0]["tone"]) == ("7 min late", "by 00:45", "late")
    assert [act["deadline"] for act in acts] == [
        f"by {at}" for at in ("00:45", "01:30", "02:30", "03:00", "03:30", "04:30")
    ]
    assert [act["number"] for act in acts] == [str(n) for n in range(1, 7)]
    assert acts[0]["why"] == ["The pool of ten was abnormal at 00:30; Wei is one of the ten. [1]"]


def test_what_is_asked_of_four_people_by_the_same_hour_is_one_act():
    acts = next(b["items"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "acts")
    assert acts[1]["who"] == "4 in all: Fang 芳, Chen 陈, Bo 波, Hua 华"


def test_ten_who_are_told_apart_by_a_number_in_the_sentence_are_one_act():
    plan = night_plan()
    plan["due_now"] = [
        {**plan["due_now"][0], "who": None, "subject": "tube:1", "en": f"Find: person {n}", "zh": f"查找：人员 {n}"}
        for n in (14, 15, 16)
    ]
    acts = next(b["items"] for b in all_blocks(pen(plan, "en")) if b["kind"] == "acts")
    assert [(act["text"], act["who"]) for act in acts] == [("Find", "3 in all: person 14, person 15, person 16")]


def test_the_groups_to_assess_by_one_hour_are_one_act_that_names_them():
    plan = night_plan()
    base = plan["due_now"][0]
    plan["due_now"] = [
        {**base, "kind": "assess", "subject": g, "en": f"Assess {g}", "zh": f"判定 {g}", "who": None}
        for g in ("g1", "g2")
    ]
    acts = next(b["items"] for b in all_blocks(pen(plan, "en")) if b["kind"] == "acts")
    assert [(act["text"], act["who"]) for act in acts] == [
        ("Assess the candidates: 8, in evidence groups: 2", "G1 2, G2 6")
    ]


def test_the_pregnant_wife_is_called_first_with_number_address_deadline_and_what_to_ask():
    calls = next(b["rows"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "table")
    assert calls[0][1] == {"text": "Fang 芳", "strong": True, "sub": "pregnant"}
    assert calls[0][2] == {"text": "", "tel": "0572 555 0107", "sub": "Building 3, 502"}
    assert (calls[0][3]["text"], calls[0][3]["sub"]) == ("by 01:30", "38 min left")
    assert calls[0][4]["text"].endswith("Met: Home, 6 Mar 08:00 – 7 Mar 17:30")


def test_what_everybody_is_asked_stands_once_above_the_calls_and_the_rest_beside_the_person():
    plan = night_plan()
    plan["calls"][1]["ask"] = [*plan["calls"][1]["ask"], {"en": "Who brings the insulin?", "zh": "谁送胰岛素？"}]
    blocks = all_blocks(pen(plan, "en"))
    at = next(n for n, b in enumerate(blocks) if b["kind"] == "table")
    assert blocks[at - 1]["text"] == "Ask each: Masked? Any fever, cough, sore throat?"
    assert [row[4].get("sub") for row in blocks[at]["rows"][:3]] == [None, "Ask: Who brings the insulin?", None]


def test_the_card_does_not_tell_again_what_stands_among_the_acts():
    plan = night_plan()
    plan["card"]["en"]["next"] += ["By 02:30, Alerts: Report the abnormal pool to the city centre for disease control."]
    fields = next(b["items"] for b in all_blocks(pen(plan, "en")) if b["kind"] == "card")
    assert fields[3]["items"] == [
        "Before 05:30: does workshop 2 open for the early shift?",
        "The acts of the next four hours stand below, by deadline.",
    ]


def test_a_call_says_first_how_the_two_were_together():
    plan = night_plan()
    plan["candidates"][0]["why"].append({"en": "They live together.", "zh": "共同居住。"})
    calls = next(b["rows"] for b in all_blocks(pen(plan, "en")) if b["kind"] == "table")
    assert calls[0][4]["text"].startswith("They live together. Pregnant, same household")


def test_the_card_says_who_the_case_is():
    fields = next(b["items"] for b in all_blocks(pen(night_plan(), "en")) if b["kind"] == "card")
    assert fields[0]["items"][-1] == "Wei 伟, male, age 34, presumptive."


def test_where_nobody_is_ranked_the_calls_are_those_whom_the_duties_ask_to_find():
    plan = night_plan()
    plan["calls"] = []
    plan["due_now"][0] |= {"kind": "locate"}
    rows = next(b["rows"] for b in all_blocks(pen(plan, "en")) if b["kind"] == "table")
    assert [row[1]["text"] for row in rows] == ["Wei 伟"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_must_wait_stands_on_the_first_page_with_what_it_waits_for_and_its_reason_further_on(language):
    blocks = all_blocks(pen(night_plan(), language))
    box = next(b for b in blocks if b["kind"] == "waits")
    row = night_plan()["not_yet"][0]
    assert box["items"][0]["text"] == row[language]
    assert row["waits_for"][language] in box["items"][0]["until"]
    table = next(after for at, after in enumerate(blocks) if at and blocks[at - 1].get("anchor") == "not-yet")
    assert row["why"][0][language] in table["rows"][0][1]["text"]


def test_without_any_word_of_what_must_wait_nobody_is_restricted_before_a_human_has_assessed():
    plan = night_plan()
    del plan["not_yet"]
    box = next(b for b in all_blocks(pen(plan, "en")) if b["kind"] == "waits")
    assert [one["text"] for one in box["items"]] == [
        "Restrict nobody of the candidates (12) before a human has assessed that evidence group: until then all of it "
        "is a proposal."
    ]


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
    assert all(re.match("#|tel:[+0-9]+$", value) for name, value in reader.attributes if name == "href")
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


def test_a_number_can_be_tapped_and_what_is_no_number_stays_text():
    page = report_page(night_plan())
    assert '<a class="tel" href="tel:05725550107">0572 555 0107</a>' in page
    assert '<span class="tel">by the neighbour</span>' in page


def test_a_place_told_twice_is_one_place_on_the_map():
    plan = night_plan()
    plan["map"]["points"] += [{**plan["map"]["points"][2], "kind": "case", "n": 1}]
    tables = [b for b in all_blocks(pen(plan, "en")) if b["kind"] == "table"]
    rows = next(b["rows"] for b in tables if b["head"][1] == "Place")
    assert [(row[1]["text"], row[2]["text"], row[3]["text"]) for row in rows] == [
        ("North market", "4", "market, case was here"),
        ("Home of Wei", "2", "home"),
        ("Workshop 2", "—", "case was here"),
    ]


def test_the_small_outline_stands_beside_the_map_and_covers_no_place():
    plan = night_plan()
    drawn = next(b["svg"] for b in all_blocks(pen(plan, "en")) if b["kind"] == "drawing" and "rf-map" in b["svg"])
    frame = re.search(r'<rect class="frame" x="([0-9.]+)"', drawn)
    spots = re.findall(r'<circle class="spot" cx="([0-9.]+)"', drawn)
    assert frame
    assert float(frame[1]) > 744 > max(float(x) for x in spots if float(x) < 750)


def test_places_that_are_invented_are_called_so():
    plan = night_plan()
    assert "Synthetic areas" not in report_page(plan)
    plan["map"]["synthetic"] = True
    assert "Synthetic areas" in report_page(plan)


@pytest.mark.io
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_holds_what_a_tired_officer_needs_and_nothing_else(language, tmp_path):
    write_pdf(night_plan(), tmp_path / "report.pdf", languages=[language])
    first, second = text_of(tmp_path / "report.pdf").split("\f")[:2]
    words = {"en": ("Begin here", "Not yet", "The next four hours", "Call in this order", "0572 555 0107"),
             "zh": ("从这里开始", "先不要做", "未来四小时", "按此顺序打电话", "0572 555 0107")}[language]  # fmt: skip
    assert [word for word in words if word not in first] == []
    begins = {"en": "DUE NOW Due now", "zh": "现在应办 现在应办"}[language]
    assert begins in re.sub(r"\s+", " ", second)


@pytest.mark.io
def test_a_print_of_two_thousand_candidates_stays_short_and_says_which_file_holds_the_rest(tmp_path):
    write_pdf(large_plan(), tmp_path / "report.pdf", languages=["en"])
    text = text_of(tmp_path / "report.pdf")
    assert text.count("\f") <= 10
    assert "Further people, in candidates.csv: 1,970" in text


@pytest.mark.io
def test_the_print_is_accessible_tagged_and_has_a_title(tmp_path):
    write_pdf(night_plan(), tmp_path / "report.pdf")
    made = (tmp_path / "report.pdf").read_bytes()
    assert b"pdfuaid:part>1<" in made
    if shutil.which("pdfinfo"):
        told = subprocess.run(["pdfinfo", tmp_path / "report.pdf"], capture_output=True, text=True, check=True).stdout
        assert re.search(r"Tagged:\s+yes", told)
        assert "T-0412 混管异常处置 · Abnormal pool T-0412" in told


@pytest.mark.slow
def test_two_thousand_candidates_take_seconds_and_the_groups_come_first(tmp_path):
    plan, begun = large_plan(), time.process_time()
    write_html(plan, tmp_path / "report.html")
    write_pdf(plan, tmp_path / "report.pdf")
    assert time.process_time() - begun < 9, "3 s where the machine is quiet"
    tables = [b for b in all_blocks(pen(plan, "en")) if b["kind"] == "table"]
    assert all(b["summary"] or b.get("rests") for b in tables if len(b["rows"]) > 25)
