"""Rule packs as they are written: what is read, what stands over what, and what is refused, with file, key and mend."""

from __future__ import annotations

from datetime import date

import pytest

from ringfence.rules.packfile import key_rules, own_keys, read_pack, rule_of
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import Shelf
from ringfence.rules.typing import is_never
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import mend, sentence
from tests.rules.packs_for_tests import dated, small_pack

HEAD = """
schema = 1
id = "town"
version = "1"
name = {en = "The town", zh = "本镇"}
in_force = {from = 2022-03-01}
sources.plan = {title = {en = "The plan", zh = "方案"}, date = 2022-03-01}
"""
WHENCE = 'source = "plan", clause = "1", confidence = "official"'


def value(key, what, *, since="2022-03-01", whence=WHENCE, more=""):
    return f"{key} = {{values = [{{since = {since}, value = {what}, {whence}}}]{more}}}\n"


CLOSE = value("contact.classes", '["close"]')
STRICT = value("zone.levels", '["closed"]')
COURSE = value("course.home.stages", '["home"]')


def problems(text, find=None):
    with pytest.raises(ExceptionGroup) as refused:
        read_pack(text, file="town/pack.toml", find=find)
    return refused.value.exceptions


@pytest.mark.parametrize(
    ("lines", "code", "key"),
    [
        (value("clock.report.hard", '"soon"'), "pack.ill_formed", "clock.report.hard"),
        (value("clok.report.hard", "2"), "pack.unknown_key", "clok.report.hard"),
        (value("clock.report.hard", "2", more=', unit = "days"'), "pack.unit", "clock.report.hard"),
        (value("clock.report.hard", "2", more=', colour = "red"'), "pack.unknown_in_key", "clock.report.hard"),
        ("clock.report.hard = {unit = 'hours'}\n", "pack.no_values", "clock.report.hard"),
        ("clock.report.hard = {values = []}\n", "pack.no_values", "clock.report.hard"),
        ("clock.report.hard = 2\n", "pack.no_values", "clock.report.hard"),
        (value("clock.report.hard", "2", since='"2022-03-01"'), "pack.since", "clock.report.hard"),
        (
            value("clock.report.hard", "2", whence=WHENCE.replace("official", "sure")),
            "pack.confidence",
            "clock.report.hard",
        ),
        (
            value("clock.report.hard", "2", whence=WHENCE.replace('"1"', '""')),
            "pack.missing",
            "clock.report.hard.clause",
        ),
        (
            value("clock.report.hard", "2", whence=WHENCE.replace('"plan"', '"paln"')),
            "pack.unknown_source",
            "clock.report.hard",
        ),
        (value("clock.report.hard", "2", whence=WHENCE + ", page = 3"), "pack.unknown_in_key", "clock.report.hard"),
        (value("zone.nationality.asks", '"stay_in"'), "pack.never_an_input", "zone.nationality.asks"),
        (value("test_groups.registered_home", "2"), "pack.never_an_input", "test_groups.registered_home"),
        (value("arrival.recovered_status.course", '"home"'), "pack.never_an_input", "arrival.recovered_status.course"),
        (value("door.hospital", '["pass", "not_now"]'), "pack.door_closed", "door.hospital"),
        (value("door.last_food_shop", '["not_now"]'), "pack.door_closed", "door.last_food_shop"),
        (
            value("authority.headquarters.order", '{asks = ["isolate_home"], days = 7}'),
            "pack.desk_issues",
            "authority.headquarters.order",
        ),
        (
            value("authority.county.order", '{asks = ["isolate_home"]}'),
            "pack.in_table_missing_field",
            "authority.county.order",
        ),
        (
            value("authority.county.order", '{asks = ["isolate_home"], days = "long"}'),
            "pack.in_table_ill_formed",
            "authority.county.order",
        ),
        (
            value("authority.county.order", '{asks = ["isolate_home"], days = 7, religion = "any"}'),
            "pack.in_table_never_an_input",
            "authority.county.order",
        ),
        (
            CLOSE + value("contact.close.when.meal", '{setting = ["meal"], minuts = 15}'),
            "pack.in_table_unknown_field",
            "contact.close.when.meal",
        ),
        (CLOSE + value("contact.close.when.meal", "15"), "pack.ill_formed", "contact.close.when.meal"),
        (CLOSE + value("contact.close.course.any", '"hotel"'), "pack.no_course", "contact.close.course.any"),
        (CLOSE + COURSE + value("contact.near.course.any", '"home"'), "pack.no_class", "contact.near.course.any"),
        (COURSE + value("course.home.site.days", "14"), "pack.no_stage", "course.home.site.days"),
        (STRICT + value("zone.open.longest", "14"), "pack.no_level", "zone.open.longest"),
        ("time_zone = 'Mars'\n", "pack.zone", "time_zone"),
        ("confidential = 'very'\n", "pack.ill_formed", "confidential"),
        ("sources.note = {title = {en = 'A note', zh = '通知'}}\n", "pack.source_bare", "sources.note"),
        (value("door.county_hospital", '["not_now"]'), "pack.door_closed", "door.county_hospital"),
        (value("door.police", '["not_now"]'), "pack.door_closed", "door.police"),
        ("kinds.ethnicity = {about = ['person']}\n", "pack.never_an_input", "kinds.ethnicity"),
        (
            "kinds.census = {about = ['person'], fields = {group = 'local|nationality|other'}}\n",
            "pack.never_an_input",
            "kinds.census.group",
        ),
        ("kinds.exposure = {about = ['contact']}\n", "pack.kind_of_the_house", "kinds.exposure"),
        (
            "kinds.census = {about = ['person'], fields = {hukou = 'text'}}\n",
            "pack.never_an_input",
            "kinds.census.hukou",
        ),
    ],
)
def test_each_mistake_in_a_pack_is_told_with_file_key_and_mend(lines, code, key):
    found = problems(
        HEAD.replace("sources", lines + "sources") if lines.startswith(("time_zone", "conf")) else HEAD + lines
    )
    assert [(problem.code, problem.values["key"]) for problem in found] == [(code, key)]
    for problem in found:
        for language in ("en", "zh"):
            told = sentence(problem.code, problem.values, language)
            assert told.startswith("town/pack.toml")
            assert key in told
            assert mend(problem.code, problem.values, language)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("schema = 1", "schema = 9", "pack.other_schema"),
        ('id = "town"', 'id = "The Town"', "pack.bad_id"),
        ('version = "1"', "", "pack.missing"),
        ("from = 2022-03-01", "until = 2022-03-01", "pack.missing"),
        ("from = 2022-03-01", "from = 2022-03-01, until = 2022-02-01", "pack.period"),
        ("name = {", "name = [", "pack.not_toml"),
    ],
)
def test_a_head_that_will_not_do_is_told_before_anything_else(before, after, code):
    (problem,) = problems(HEAD.replace(before, after))
    assert problem.code == code
    assert sentence(code, problem.values, "zh").startswith("town/pack.toml")


def test_a_pack_with_zones_names_its_clocks_too():
    text = HEAD.replace("sources", 'time_zone = "Asia/Tokyo"\nsources', 1) + STRICT
    assert read_pack(text, file="town/pack.toml", find=None).zone == "Asia/Tokyo"


def test_all_mistakes_are_told_at_once():
    text = (
        HEAD + value("clock.report.hard", '"soon"') + value("clok.report.hard", "2") + value("incubation.typical", "[]")
    )
    assert [problem.code for problem in problems(text)] == ["pack.ill_formed", "pack.unknown_key", "pack.ill_formed"]


def test_the_nearest_known_name_is_named():
    (problem,) = problems(HEAD + CLOSE + value("contact.close.when.meal", '{setting = ["meal"], minuts = 15}'))
    assert problem.values["nearest"] == "minutes"
    (problem,) = problems(HEAD + value("clock.report.hard", "2", whence=WHENCE.replace('"plan"', '"paln"')))
    assert problem.values["nearest"] == "plan"


def test_no_key_of_the_schema_is_of_what_no_rule_may_read():
    assert [rule.pattern for _, rule in key_rules() if any(is_never(part) for part in rule.pattern.split("."))] == []


def test_every_key_of_the_schema_says_what_it_means_in_both_languages():
    assert [rule.pattern for _, rule in key_rules() if not (rule.meaning("en") and rule.meaning("zh"))] == []
    assert rule_of("course.central.home.days").unit == "days"


# ── values by day, packs over packs ──────────────────────────────────────────────────────────────────────────────

LAND = small_pack({"discharge.ct": dated({date(2020, 1, 1): 40, date(2022, 3, 14): 35})}, pack_id="land")


def test_the_value_in_force_is_the_last_that_has_begun():
    assert Rulebook.of(LAND, date(2022, 3, 13)).get("discharge.ct") == 40
    assert Rulebook.of(LAND, date(2022, 3, 14)).get("discharge.ct") == 35
    assert not Rulebook.of(LAND, date(2019, 12, 31)).has("discharge.ct")


def test_the_upper_pack_wins_from_the_day_its_value_begins_and_can_withdraw_one():
    town = small_pack(
        {"discharge.ct": dated({date(2022, 3, 15): 37, date(2022, 4, 1): None})}, pack_id="town", over=LAND
    )
    assert [Rulebook.of(town, date(2022, 3, day)).get("discharge.ct") for day in (13, 14, 15)] == [40, 35, 37]
    assert not Rulebook.of(town, date(2022, 4, 1)).has("discharge.ct")
    assert [entry.value for entry in own_keys(town)["discharge.ct"]] == [37, None]
    assert Rulebook.of(town, date(2022, 3, 15)).ruled("discharge.ct").pack == "town"
    assert town.over == ("land",)


def test_a_pack_can_be_read_on_any_day_and_signed_under_only_in_its_period():
    town = small_pack(begins=date(2022, 3, 1), ends=date(2022, 3, 31))
    signable = [Rulebook.of(town, date(2022, month, 1)).signable for month in (2, 3, 4)]
    assert signable == [False, True, False]


def test_a_value_that_is_not_there_is_refused_with_the_nearest_key():
    with pytest.raises(Refused) as refused:
        Rulebook.of(LAND, date(2022, 3, 8)).ruled("discharge.c")
    assert refused.value.values["nearest"] == "discharge.ct"


def test_packs_that_stand_over_each_other_in_a_ring_are_refused():
    def text(own, below):
        return HEAD.replace('"town"', f'"{own}"') + f'over = "{below}"\n'

    shelf = Shelf({"hill": {"pack": text("hill", "dale")}, "dale": {"pack": text("dale", "hill")}})
    with pytest.raises(Refused) as refused:
        shelf.pack("hill")
    assert (refused.value.code, refused.value.values["ring"]) == ("pack.ring", "hill > dale > hill")


def test_a_pack_that_is_not_there_is_refused_with_the_nearest():
    shelf = Shelf({"hill": {"pack": HEAD.replace('"town"', '"hill"')}})
    assert shelf.pack("hill").id == "hill"
    with pytest.raises(Refused) as refused:
        shelf.pack("hil")
    assert (refused.value.code, refused.value.values["nearest"]) == ("pack.unknown", "hill")


@pytest.mark.parametrize(
    "question", ['id = "nationality"', 'id = "x"\noptions = ["local", "户籍外"]', 'id = "x"\nreligion = 1']
)
def test_no_form_of_a_pack_asks_what_no_rule_may_read(question):
    shelf = Shelf({"town": {"pack": HEAD + CLOSE, "forms": f"[[question]]\n{question}\n"}})
    with pytest.raises(ExceptionGroup) as refused:
        shelf.pack("town")
    assert [p.code for p in refused.value.exceptions] == ["pack.never_an_input"]
