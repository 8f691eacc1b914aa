"""`ringfence packs`: list, show, check, explain, diff, new and pages."""

from __future__ import annotations

import pytest

from ringfence.rules.pages import page
from ringfence.rules.shipped import Shelf
from tests.cli import county


def codes(answer):
    return [problem["code"] for problem in answer["problems"]]


def test_the_list_says_which_packs_are_in_force_on_a_day(asked, told):
    listed = {pack["pack"]: pack for pack in asked("packs", "list", "--on", "2022-04-01")["packs"]}
    assert listed["town"]["historical"]
    assert listed["village"]["in_force"]
    assert listed["village"]["over"] == ["town"]
    printed, _ = told("packs", "list", "--on", "2022-03-20")
    assert "IN FORCE" in printed
    assert "HISTORICAL 历史规则" in printed or len(listed) == 2


def test_a_pack_is_shown_with_the_source_of_each_value(asked, told):
    values = {row["key"]: row for row in asked("packs", "show", "village", "--on", "2022-03-15")["values"]}
    assert (values["discharge.ct"]["value"], values["discharge.ct"]["pack"]) == (35, "village")
    assert (values["infectious.from"]["clause"], values["infectious.from"]["pack"]) == ("§1", "town")
    printed, _ = told("packs", "show", "town", "--on", "2022-04-01")
    assert "HISTORICAL 历史规则" in printed
    assert "14 days" in printed


def test_a_page_is_written(asked, here):
    asked("packs", "show", "town", "--page", "town.md", "--lang", "zh")
    assert (here / "town.md").read_text(encoding="utf-8").startswith("# 规则说明：本镇")


@pytest.mark.parametrize(
    ("day", "now", "pack"),
    [("2022-03-09", "40 cycles", "town"), ("2022-03-14", "40 cycles", "town"), ("2022-03-15", "35 cycles", "village")],
)
def test_a_value_is_explained_on_a_day(asked, day, now, pack):
    answer = asked("packs", "explain", "discharge.ct", "--pack", "village", "--on", day)
    assert (answer["in_force"]["value"], answer["in_force"]["pack"]) == (now, pack)
    assert [row["value"] for row in answer["all"]] == ["40 cycles", "35 cycles"]


def test_an_explanation_says_what_was_before_and_what_comes_after(told):
    printed, _ = told("packs", "explain", "discharge.ct", "--pack", "village", "--on", "2022-03-14")
    assert "On 2022-03-14: 40 cycles (since 2022-03-01). The plan, 2022-03-01, §1; official; stands in town." in printed
    assert "Later: 35 cycles (from 2022-03-15). A letter, 2022-03-09, 4; uncertain; stands in village." in printed
    printed, _ = told("packs", "explain", "discharge.ct", "--pack", "village", "--on", "2022-02-01", "--lang", "zh")
    assert "2022-02-01 尚无此值。" in printed


def test_a_key_that_is_not_there_is_refused_with_the_nearest(asked):
    (refusal,) = asked("packs", "explain", "discharge.tc", "--pack", "town", code=1)["refused"]
    assert (refusal["code"], refusal["values"]["nearest"]) == ("pack.no_such_value", "discharge.ct")


@pytest.mark.parametrize("what", ["town", "packs/town", "packs/town/pack.toml"])
def test_a_pack_that_holds_passes_by_name_folder_or_file(asked, what):
    assert asked("packs", "check", what) == {
        "checked": [{"pack": "town", "examples": 1, "problems": 0}],
        "problems": [],
    }


def test_a_check_tells_file_key_problem_and_mend(asked, told, here):
    (here / "packs" / "town" / "pack.toml").write_text(
        county.pack_text() + county.value("door.hospital", '["not_now"]') + county.value("discharge.gapp", "24"),
        encoding="utf-8",
    )
    assert codes(asked("packs", "check", "packs/town", code=1)) == ["pack.unknown_key", "pack.door_closed"]
    _, beside = told("packs", "check", "packs/town", code=1)
    assert "town/pack.toml, discharge.gapp: a pack has no such key." in beside
    assert "  The nearest known one: discharge.gap." in beside


def test_a_value_without_an_example_fails_the_check(asked):
    answer = asked("packs", "check", "packs", code=1)
    assert codes(answer) == ["example.untouched"] * 2
    assert {problem["values"]["key"] for problem in answer["problems"]} == {"course.site.central.days", "discharge.ct"}


def test_an_example_that_fails_fails_the_check(asked, here):
    wrong = county.EXAMPLES.replace("is = 40", "is = 41")
    (here / "packs" / "town" / "examples.toml").write_text(wrong, encoding="utf-8")
    assert codes(asked("packs", "check", "town", code=1)) == ["example.other_value"]


def test_a_folder_that_is_called_otherwise_than_its_pack_is_told(asked, here):
    (here / "packs" / "town").rename(here / "packs" / "city")
    (here / "packs" / "village" / "pack.toml").unlink()
    assert codes(asked("packs", "check", "packs/city", code=1)) == ["pack.other_folder"]


def test_a_pack_over_one_that_is_not_there_is_told(asked, here):
    (here / "packs" / "town" / "pack.toml").unlink()
    assert codes(asked("packs", "check", "packs/village", code=1)) == ["pack.unknown"]


def test_a_folder_without_packs_is_refused(asked, here):
    (here / "empty").mkdir()
    assert asked("packs", "check", "empty", code=1)["refused"][0]["code"] == "pack.no_pack_here"


def test_two_packs_are_compared_in_words(asked, told):
    rows = {row["key"]: row for row in asked("packs", "diff", "town", "village")["values"]}
    assert set(rows) == {"course.site.central.days", "discharge.ct"}
    assert (rows["discharge.ct"]["a"], rows["discharge.ct"]["b"]) == (40, 35)
    assert rows["discharge.ct"]["sentence"].endswith("40 cycles in the first, 35 cycles in the second.")
    assert "No value differs." in told("packs", "diff", "village@2022-03-10", "village@2022-03-14")[0]


def test_on_facts_a_comparison_says_by_name_who_is_treated_differently(asked, told):
    words = ("packs", "diff", "town", "village", "facts.json", "--now", "2022-03-12T09:00")
    answer = asked(*words)
    assert [person["name"] for person in answer["people"]] == ["Fang 芳 (contact 2)"]
    printed, _ = told(*words)
    assert "Fang 芳 (contact 2)" in printed
    assert "18 March" in printed


def test_a_pack_is_begun_over_another_and_holds(asked, here):
    asked("packs", "new", "hamlet", "--over", "town", "--to", "packs")
    assert asked("packs", "check", "packs/hamlet")["problems"] == []
    assert (
        asked("packs", "new", "hamlet", "--over", "town", "--to", "packs", code=1)["refused"][0]["code"]
        == "pack.exists"
    )
    assert (
        asked("packs", "new", "The Hamlet", "--over", "town", "--to", "packs", code=1)["refused"][0]["code"]
        == "pack.bad_id"
    )


def test_the_pages_of_all_packs_are_written(asked, here):
    asked("packs", "pages", "--to", "pages")
    names = {path.name for path in (here / "pages").iterdir()}
    assert {"README.md", "town.en.md", "town.zh.md", "village.en.md", "village.zh.md"} <= names
    texts = {"pack": county.pack_text()}
    assert (here / "pages" / "town.en.md").read_text(encoding="utf-8") == page(
        Shelf({"town": texts}).pack("town"), "en"
    )


def test_a_pack_that_is_not_there_is_refused_with_the_nearest(asked):
    (refusal,) = asked("packs", "show", "twon", code=1)["refused"]
    assert (refusal["code"], refusal["values"]["nearest"]) == ("pack.unknown", "town")


@pytest.mark.parametrize(
    ("key", "what", "code"),
    [
        ("clock.interview_cor.hard", "3", "pack.unknown_key"),
        ("authority.testing.order", '{asks = ["quarantine_site"], days = 3}', "pack.desk_issues"),
        ("door.hospital", '["not_now"]', "pack.door_closed"),
        ("door.hospitals", '["not_now"]', "pack.door_closed"),
        ("act_on.interviw", '"confirmed"', "pack.unknown_key"),
        ("authority.town_council.orders", '{asks = ["quarantine_site"], days = 3}', "pack.unknown_key"),
        ("course.siet.central.days", "10", "pack.no_course"),
    ],
)
def test_a_rule_that_could_never_hold_is_refused(asked, here, key, what, code):
    (here / "packs" / "town" / "pack.toml").write_text(county.pack_text() + county.value(key, what), encoding="utf-8")
    problems = asked("packs", "check", "packs/town", code=1)["problems"]
    assert code in {problem["code"] for problem in problems}


def test_a_new_pack_never_hides_one_that_is_there(asked):
    refused = asked("packs", "new", "cn-covid-8", "--over", "cn-covid-8", "--to", "mine", code=1)["refused"]
    assert refused[0]["code"] == "pack.id_taken"


def test_a_folder_that_holds_no_pack_is_told_rather_than_passed_over(asked, here):
    (here / "bare").mkdir()
    assert asked("packs", "list", "--packs", "bare", code=1)["refused"][0]["code"] == "pack.no_pack_below"
    assert asked("packs", "list", "--packs", "packs/town", code=1)["refused"][0]["code"] == "pack.no_pack_below"
