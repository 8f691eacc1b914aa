"""`ringfence gap`: the equation by kind, with the names of who is missing."""

from __future__ import annotations

NOW = ("--now", "2022-03-12T09:00")


def test_the_equation_is_given_by_kind_with_names(asked):
    answer = asked("gap", "facts.json", *NOW, "--kind", "test")
    (tests,) = answer["kinds"]
    assert (tests["due"], tests["open"], tests["late"]) == (2, 2, 2)
    assert tests["due"] == sum(tests[n] for n in ("proved", "attested", "excused_or_impossible", "unknown", "open"))
    assert [row["key"] for row in tests["missing"]] == ["test/contact:2/1/central.d1", "test/contact:2/1/central.d4"]
    assert {row["name"] for row in tests["missing"]} == {"Fang 芳 (contact 2)"}
    assert answer["total"]["due"] == 2


def test_the_gap_is_told_in_the_words_of_the_trade(told):
    printed, _ = told("gap", "facts.json", *NOW, "--kind", "test", "--lang", "zh")
    assert "应检尽检：应办 2 = 已办结 0 + 口头确认 0 + 豁免或无法办理 0 + 仅推定 0 + 未落实 2；其中逾期 2" in printed
    assert "Fang 芳" in printed
    printed, _ = told("gap", "facts.json", *NOW)
    assert "All kinds: due" in printed


def test_a_kind_that_is_not_there_is_wrong_usage(asked):
    assert "tests" in asked("gap", "facts.json", "--kind", "tests", code=2)["error"]["sentence"]


def test_communities_are_never_ranked(asked):
    assert "community" not in {key for kind in asked("gap", "facts.json", *NOW)["kinds"] for key in kind}
