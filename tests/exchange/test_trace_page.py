"""The page about a search: whole, safe, readable without colour, and the same in both languages."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from ringfence.exchange import writing
from ringfence.exchange.trace_page import MOST_LINES, ContactLine, TraceView, trace_page, trace_svg
from ringfence.vocabulary.bands import Band
from ringfence.vocabulary.reasons import Reason
from ringfence.vocabulary.words import LANGUAGES, table

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = int(datetime(2022, 3, 7, 16, tzinfo=UTC).timestamp()) // 60  # 8 March 2022, 00:00 in Shanghai
NOON = MIDNIGHT + 720
DAY = 1440
HOSTILE = "</title><script>alert('x')</script>\"&\x00\u202e<svg onload=1>"


def met(person, minutes, band, begin=NOON, **more):
    spans = ((begin, begin + minutes),)
    return ContactLine(
        person=person, minutes=minutes, encounters=1, first=begin, last=begin + minutes, band=band, spans=spans, **more
    )


FANG = met("芳", 600, Band.VERY_STRONG, MIDNIGHT, reasons=(Reason("told.on_days", {"days": 2}),))
CHEN = met("Chen", 9, Band.SOME)
LI = met("Li", 2, Band.SLIGHT)


def search(*contacts, **more):
    plain = {
        "seeds": ("伟",),
        "start": MIDNIGHT,
        "end": MIDNIGHT + 2 * DAY,
        "as_of": NOON,
        "zone": SHANGHAI,
        "source": Reason("demo.remark"),
        "contacts": contacts,
        "presence": ((MIDNIGHT, NOON),),
        "known": (Reason("demo.known_met", {"met": 1200, "minutes": 3}),),
        "unknown": (Reason("demo.unknown_ill"),),
        "second_hop": {1: 22, 15: 4, 60: 0, 240: 0},
    }
    return TraceView(**{**plain, **more})


class Tags(HTMLParser):
    """Collects the tags and attributes of a page, and the text outside of style."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.open.append(tag)

    def handle_endtag(self, tag):
        self.open = self.open[: len(self.open) - 1 - self.open[::-1].index(tag)]

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_who_how_long_and_in_which_band_in_words(language):
    text = " ".join(Tags(trace_page(search(FANG, CHEN, LI), language)).text)
    bands = {"en": ("very strong", "some", "slight"), "zh": ("很强", "一般", "轻微")}[language]
    for expected in ("伟", "芳", "Chen", "Li", *bands, writing.duration(600, language), "1,200"):
        assert expected in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_that_a_human_assesses_and_that_nobody_is_restricted(language):
    said = {"en": "Nobody is restricted by it.", "zh": "任何人不因列入名单而受限制"}[language]
    assert said in trace_page(search(FANG), language)


def test_the_page_runs_no_script_and_loads_nothing():
    page = Tags(trace_page(search(FANG, CHEN), "en", other_page="trace.zh.html"))
    assert "script" not in page.tags
    assert not {"link", "img", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not [a for a in page.attributes if a[1].startswith("on") or a[1] in {"src", "style"}]
    assert [a[2] for a in page.attributes if a[1] == "href"] == ["trace.zh.html"]
    assert (
        "meta",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ) in (page.attributes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_ids_and_sentences_stay_text(language):
    hostile = replace(
        search(met(HOSTILE, 20, Band.STRONG), met("<b>" * 40, 3, Band.SLIGHT)),
        seeds=(HOSTILE,),
        source=Reason("intake.damaged", {"file": HOSTILE, "why": "{who}<i>"}),
    )
    page = Tags(trace_page(hostile, language, other_page='"><script>'))
    assert not {"script", "i"} & set(page.tags)
    assert not [a for a in page.attributes if a[1].startswith("on")]
    assert "\u202e" not in trace_page(hostile, language)
    root = ElementTree.fromstring(trace_svg(hostile, language))
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "g", "path", "circle"
    }  # fmt: skip


def test_the_picture_has_a_title_and_a_description_and_a_row_for_each_contact_up_to_thirty():
    many = [met(f"neighbour {n}", 5, Band.SLIGHT) for n in range(40)]
    root = ElementTree.fromstring(trace_svg(search(*many), "en"))
    names = {node.tag.rpartition("}")[2]: node.text for node in root}
    assert names["title"] == "Whom 伟 met"
    assert "30 of 40" in names["desc"]
    assert sum(1 for node in root.iter() if node.get("class") == "slight" and node.get("height") == "12") == 30


def test_a_stay_over_midnight_is_drawn_on_both_days():
    night = met("芳", 600, Band.VERY_STRONG, MIDNIGHT + DAY - 300)
    # Two pieces, and the mark of the legend.
    assert trace_svg(search(night), "en").count('class="very-strong"') == 2 + 1


def test_a_day_on_which_nothing_was_seen_is_named_and_left_thin():
    svg = trace_svg(search(met("Chen", 9, Band.SOME, NOON)), "en")
    assert "Wed 9 Mar: nothing seen" in svg


def test_nobody_found_is_said_as_a_limit_of_the_data():
    page = trace_page(search(presence=()), "en")
    assert "That does not mean that nobody was met." in page
    assert "<table" not in page


def test_a_list_too_long_for_a_page_says_how_many_are_left_out():
    page = trace_page(search(*[met(f"n{n}", 5, Band.SLIGHT) for n in range(MOST_LINES + 7)]), "en")
    assert "Not shown here: 7" in page


def test_contacts_of_contacts_are_told_up_to_the_first_step_that_nobody_reaches():
    text = trace_page(search(FANG), "en")
    assert "15 min or longer: 4" in text
    assert "1 h or longer: 0" in text
    assert "4 h or longer" not in text


def test_a_window_of_whole_days_is_told_by_its_days_and_another_by_its_moments():
    assert "8 Mar – 9 Mar 2022" in trace_page(search(FANG), "en")
    assert "2022年3月8日 – 3月9日" in trace_page(search(FANG), "zh")
    assert "8 Mar 2022 00:00 – 8 Mar 12:00" in trace_page(search(FANG, end=NOON), "en")


def test_the_axis_spans_a_change_of_clocks_and_a_window_of_months():
    paris = ZoneInfo("Europe/Paris")
    change = int(datetime(2022, 3, 27, 0, 30, tzinfo=UTC).timestamp()) // 60
    chen = met("Chen", 90, Band.STRONG, change)
    view = search(chen, start=change - 60 * DAY, end=change + 60 * DAY, zone=paris, presence=())
    assert "27 Mar 01:30–04:00" in trace_svg(view, "en")


def test_a_long_id_is_cut_in_its_middle_and_stands_whole_in_the_table():
    long = "330501199001011234567890"
    page = trace_page(search(met(long, 5, Band.SLIGHT)), "en")
    assert f">{long}</th>" in page
    assert writing.shortened(long, 11) == "33050…67890"


def test_whole_numbers_are_set_apart_for_a_reader_unless_their_sentence_has_a_form_for_them():
    told = writing.told(Reason("exposure.band.strong", {"score": 1234}), "en", SHANGHAI)
    assert told == "Strong exposure: like 1234 min close together."
    assert "1,200" in writing.told(Reason("demo.known_met", {"met": 1200, "minutes": 3}), "en", SHANGHAI)


def test_somebody_named_without_a_time_stands_in_the_list_without_one():
    undated = replace(CHEN, first=None, last=None, spans=())
    assert '<td role="cell" class="first" data-label="First"></td>' in trace_page(search(undated), "en")


def test_the_same_answer_gives_the_same_bytes():
    assert trace_page(search(FANG, CHEN), "zh") == trace_page(search(FANG, CHEN), "zh")


def test_every_sentence_of_the_page_is_there_in_both_languages_with_the_same_values():
    for code, entry in table().items():
        if code.startswith(("page.", "demo.", "told.", "band.")):
            for one, two in (("en", "zh"), ("mend_en", "mend_zh")):
                assert (one in entry) == (two in entry), code
                if one in entry:
                    assert sorted(_names(entry[one])) == sorted(_names(entry[two])), code


def _names(text):
    return [piece.split("}")[0] for piece in text.split("{")[1:]]
