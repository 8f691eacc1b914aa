"""The clocks of an answer: those of the pack, or those that the caller names."""

from __future__ import annotations

import json

import pytest

LIST = "id,onset,first_positive_sample\nwei,2022-03-06,2022-03-07 15:00\n"
ASKED = ("respond", "--pack", "cn-covid-8", "--now", "2022-03-08T05:00", "--linelist", "cases.csv", "--no-report")


@pytest.fixture
def listed(here):
    (here / "cases.csv").write_text(LIST, encoding="utf-8")
    return here


def test_the_clocks_that_are_named_are_used_and_told(listed, told):
    printed, _ = told(*ASKED, "--out", "out", "--tz", "Europe/London")
    plan = json.loads((listed / "out" / "plan.json").read_text(encoding="utf-8"))
    assert plan["now"] == "2022-03-08T05:00+00:00"
    assert (plan["clocks"]["zone"], plan["clocks"]["by"]) == ("Europe/London", "option")
    assert "Europe/London" in printed


def test_without_a_name_the_clocks_are_those_of_the_pack(listed, asked):
    assert asked(*ASKED, "--out", "out")["clocks"]["zone"] == "Asia/Shanghai"


@pytest.mark.usefixtures("listed")
def test_a_zone_that_is_none_is_refused_with_the_nearest(told):
    _, said = told(*ASKED, "--out", "out", "--tz", "Europe/Lonon", code=1)
    assert "Europe/London" in said
