"""What the rules say: a page of a pack with the source of each number; and how values are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ringfence.rules.duties import Because
from ringfence.rules.packfile import key_rules
from ringfence.rules.pages import calendar, index, page, topic_of, value_said
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import Shelf, shipped_texts
from ringfence.rules.telling import Teller, timeline
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import table
from tests.rules.packs_for_tests import dated, small_pack

SITE = small_pack(
    {
        "discharge.ct": dated({date(2020, 1, 1): 40, date(2022, 3, 15): 35}),
        "course.site.stages": ["central", "home"],
        "course.site.count_from": "last_exposure",
        "course.site.central.asks": "quarantine_site",
        "course.site.central.days": 14,
        "course.site.central.tests": [1, 4, 14],
        "course.site.central.specimen": "np",
        "course.site.central.last_test": "double_swab",
        "course.site.central.release": ["own_tests"],
        "course.site.home.asks": "quarantine_home",
        "course.site.home.days": 7,
        "course.site.home.tests": [7],
        "authority.county.order": {"asks": ["quarantine_site"], "days": 14, "hearing_hours": 24},
    },
    ends=date(2022, 6, 30),
    names={"stage.central": {"en": "At the site", "zh": "集中"}, "body.county": {"en": "County", "zh": "县政府"}},
)


def test_each_number_stands_with_unit_day_clause_document_and_confidence():
    lines = page(SITE, "en").splitlines()
    assert any("| 40 cycles | 2020-01-01 | §1 | The plan, 2020-01-01 | official | small |" in line for line in lines)
    assert any("| 35 cycles | 2022-03-15 |" in line for line in lines)
    assert any("县政府 | 决定书 | 集中隔离医学观察 | 14 天 | 24 小时" in line for line in page(SITE, "zh").splitlines())


def test_a_pack_whose_period_ends_is_marked_in_both_languages():
    for language in ("en", "zh"):
        assert "HISTORICAL 历史规则" in page(SITE, language)
    assert "HISTORICAL" not in page(small_pack({"discharge.ct": 40}), "en")


def test_a_course_is_a_calendar_of_days_and_a_later_stage_counts_on_from_the_end_of_the_one_before():
    days = dict(calendar("site", Rulebook.of(SITE, date(2022, 3, 8)), Teller("en", SITE)))
    assert sorted(days) == [0, 1, 4, 14, 21]
    assert days[4] == ["test, day 4 of the stage (nasopharyngeal swab)"]
    assert days[14][0].startswith("test by two swabs with two kits")
    assert "At the site ends with this day, if: own tests negative" in days[14]
    assert days[14][-1] == "home begins: quarantine at home"
    assert days[21][0].startswith("test, day 7 of the stage")


def test_one_of_a_unit_is_said_as_one():
    teller = Teller("en", SITE)
    assert value_said("incubation.shortest", 1, teller) == "1 day"
    assert value_said("course.site.home.observe", 1, teller) == "1 time a day"
    assert value_said("discharge.tests", 2, teller) == "2 tests"


def test_every_key_of_the_schema_has_a_section_and_every_choice_a_word():
    topics = {topic_of(rule.pattern) for _, rule in key_rules()}
    assert {f"topic.{topic}" for topic in topics} <= set(table())
    lacking = [
        (rule.pattern, choice)
        for _, rule in key_rules()
        for choice in rule.form.choices
        if f"word.{choice}" not in table() and len(choice) > 1
    ]
    assert lacking == []
    assert [rule.unit for _, rule in key_rules() if rule.unit and f"unit.{rule.unit}" not in table()] == []


def test_values_follow_each_other_as_they_are_in_force():
    town = small_pack({"discharge.ct": dated({date(2022, 3, 1): 37})}, pack_id="town", over=SITE)
    assert [(since.isoformat(), entry.value) for since, entry in timeline(town.entries["discharge.ct"])] == [
        ("2020-01-01", 40),
        ("2022-03-01", 37),
    ]


@pytest.mark.parametrize(
    ("length", "en", "zh"),
    [
        (timedelta(hours=3, minutes=20), "3 h 20 min", "3 小时 20 分"),
        (timedelta(days=2), "2 d", "2 天"),
        (timedelta(hours=47, minutes=1), "47 h 1 min", "47 小时 1 分"),
        (timedelta(seconds=20), "0 min", "0 分"),
    ],
)
def test_lengths_are_told_in_days_hours_and_minutes(length, en, zh):
    assert (Teller("en", SITE).length(length), Teller("zh", SITE).length(length)) == (en, zh)


@pytest.mark.parametrize(
    ("hours", "en", "zh"),
    [
        (0.5, "0.5 h", "0.5 小时"),
        (24, "24 h", "24 小时"),
        (72, "72 h", "72 小时"),  # as every plan writes it
        (96, "4 d", "4 天"),
        (504.0, "21 d", "21 天"),
        (100, "100 h", "100 小时"),
    ],
)
def test_time_allowed_is_told_in_hours_and_beyond_three_days_in_whole_days(hours, en, zh):
    assert (Teller("en", SITE).value("hours", hours), Teller("zh", SITE).value("hours", hours)) == (en, zh)


def test_three_weeks_for_a_dose_are_not_told_in_hours():
    why = Because("dose.hours_from_first", values={"hours": 504})
    assert "21 d" in Teller("en", SITE).because(why)
    assert "21 天" in Teller("zh", SITE).because(why)


def test_moments_are_told_on_the_clocks_of_the_pack_and_deadlines_by_how_far_off_they_are():
    teller = Teller("en", SITE, datetime(2022, 3, 8, 1, tzinfo=UTC), {2: "Fang 芳"})
    assert teller.moment(datetime(2022, 3, 7, 16, tzinfo=UTC)) == "2022-03-08 00:00"
    assert teller.due(datetime(2022, 3, 8, 4, 20, tzinfo=UTC)) == "in 3 h 20 min"
    assert teller.due(datetime(2022, 3, 7, 1, tzinfo=UTC)) == "late by 24 h"
    assert teller.day(date(2022, 3, 21)) == "21 March"
    assert Teller("zh", SITE).day(date(2022, 3, 21)) == "3月21日"
    assert teller.subject(Subject("contact", 2)) == "Fang 芳 (contact 2)"
    assert teller.subject(Subject("place", 2)) == "place 2"


def test_midnight_is_told_as_the_end_of_the_day_that_ends_then():
    teller = Teller("en", SITE)
    assert teller.end(datetime(2022, 3, 21, 16, tzinfo=UTC)) == "2022-03-21 24:00"
    assert teller.end(datetime(2022, 3, 21, 17, tzinfo=UTC)) == "2022-03-22 01:00"
    last = datetime(2022, 3, 7, 0, tzinfo=UTC) - timedelta(microseconds=1)
    assert teller.value("last", last) == teller.end(last) == "2022-03-07 08:00"


def test_a_length_that_is_not_fixed_a_clause_that_is_none_and_a_rule_have_words():
    assert (Teller("en", SITE).value("days", None), Teller("zh", SITE).value("days", None)) == ("not fixed", "不定")
    assert Teller("en", SITE).clause(Because("x", "plan —")) == Teller("en", SITE).title("plan")
    assert Teller("zh", SITE).value("rule", "shared_air") == "共用空气"


def test_a_stage_that_counts_from_something_else_says_so_on_its_day():
    book = Rulebook.of(Shelf().pack("measles-us"), date(2026, 11, 1))
    days = dict(calendar("exclude", book, Teller("en", book.pack)))
    assert "(this day is counted from: first exposure)" in days[5][0]


def test_clocks_and_desks_and_rules_of_the_shipped_packs_have_names():
    for name in Shelf().ids():
        pack = Shelf().pack(name)
        words = {*table(), *pack.names}
        assert {f"desk.{desk}" for desk in pack.desks.values()} <= words
        for key in pack.entries:
            parts = key.split(".")
            if parts[0] == "clock":
                assert f"clock.{parts[1]}" in words
            if "when" in parts:
                assert {f"rule.{parts[-1]}", f"word.{parts[-1]}"} & words, (name, key)


def test_a_reason_without_a_sentence_is_shown_as_it_is():
    why = Because("no.such_code", values={"who": Subject("contact", 2), "stage": "central"})
    assert Teller("zh", SITE).because(why) == "no.such_code (who 接触者 2, stage 集中)"


@pytest.mark.parametrize("name", sorted(shipped_texts()))
def test_the_page_of_a_shipped_pack_can_be_made_in_both_languages(name):
    pack = Shelf().pack(name)
    for language in ("en", "zh"):
        text = page(pack, language)
        assert pack.said(language) in text
        assert (pack.ends is not None) == ("HISTORICAL 历史规则" in text)
    assert f"({name}.zh.md)" in index([pack])
