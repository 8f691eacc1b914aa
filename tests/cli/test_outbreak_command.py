"""`ringfence outbreak`: by pack or disease, without and with measures, in both languages, and what it refuses."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from ringfence.rules.shipped import Shelf

SMALL = ("--people", "300", "--days", "10", "--seeds", "3")
POLICY = """
reported = 0.9
traced = {household = 1.0, work = 0.8, community = 0.4}
onset_to_isolation = {mean = 1, sd = 0.5}
quarantine_tests = [1, 4]
"""


@pytest.mark.parametrize("pack", Shelf().ids())
def test_every_shipped_pack_spreads_its_disease(pack, asked):
    answer = asked("outbreak", "--pack", pack, *SMALL, "--out", "truth")
    assert answer["counts"]["infections"] >= 3
    assert answer["sources"]["r0"]["study"]
    assert answer["parameters"]["r0"] > 0


def test_a_pack_of_a_county_spreads_the_disease_that_it_is_about(asked, here):
    text = (here / "packs" / "town" / "pack.toml").read_text(encoding="utf-8")
    about = next(line for line in text.splitlines() if line.startswith("disease"))
    (here / "packs" / "town" / "pack.toml").write_text(text.replace(about, 'disease = "mers"'), encoding="utf-8")
    assert asked("outbreak", "--pack", "village", *SMALL, "--out", "truth")["disease"] == "mers"


def test_a_pack_about_a_disease_that_is_not_known_here_is_refused(asked, here):
    text = (here / "packs" / "town" / "pack.toml").read_text(encoding="utf-8")
    about = next(line for line in text.splitlines() if line.startswith("disease"))
    (here / "packs" / "town" / "pack.toml").write_text(text.replace(about, 'disease = "cholera"'), encoding="utf-8")
    (refusal,) = asked("outbreak", "--pack", "town", *SMALL, "--out", "truth", code=1)["refused"]
    assert (refusal["code"], refusal["values"]["disease"]) == ("outbreak.pack_of_other", "cholera")


def test_without_measures_nothing_is_compared(asked, here):
    answer = asked("outbreak", "--pack", "measles", *SMALL, "--out", "truth", "--replicates", "4")
    assert len(answer["replicates"]["infections"]) == 4
    assert "paired" not in answer
    assert not (here / "truth" / "with-measures").exists()


def test_measures_from_a_file_are_compared_on_the_same_chances_and_both_outbreaks_are_written(asked, here):
    (here / "policy.toml").write_text(POLICY, encoding="utf-8")
    words = ("outbreak", "--pack", "covid-wild", "--people", "3000", "--days", "25", "--seeds", "3")
    answer = asked(*words, "--policy", "policy.toml", "--replicates", "10", "--out", "truth")
    pairs = answer["paired"]
    assert pairs["averted_mean"] == pytest.approx(pairs["without_mean"] - pairs["with_mean"])
    assert pairs["averted_low"] < pairs["averted_mean"] < pairs["averted_high"]
    assert pairs["infections_without"][0] == answer["counts"]["infections"], "the first pair is the one written"
    assert pairs["infections_with"][0] == answer["with_measures"]["infections"]
    assert answer["policy"]["traced"] == {"household": 1.0, "work": 0.8, "community": 0.4}
    for folder, counts in (("truth", answer["counts"]), ("truth/with-measures", answer["with_measures"])):
        assert pq.read_table(here / folder / "infections.parquet").num_rows == counts["infections"]
        assert json.loads((here / folder / "truth.json").read_text(encoding="utf-8"))["counts"] == counts


def test_options_stand_over_the_file_and_a_tracing_nobody_reports_to_is_given_reports(asked, here):
    (here / "policy.toml").write_text(POLICY, encoding="utf-8")
    words = ("outbreak", "--pack", "covid-wild", *SMALL, "--replicates", "2")
    over = asked(*words, "--policy", "policy.toml", "--traced", "0.5", "--testing-every", "3", "--out", "a")["policy"]
    assert over["traced"] == {"household": 0.5, "work": 0.5, "community": 0.5}
    assert (over["screening_every"], over["reported"]) == (3, 0.9)
    alone = asked(*words, "--traced", "1,0.7,0.4", "--delay", "2", "--reduction", "0,0.3,0.3", "--out", "b")["policy"]
    assert (alone["reported"], alone["onset_to_isolation"]["mean"]) == (0.8, 2.0)
    assert alone["reduction"] == {"household": 0.0, "work": 0.3, "community": 0.3}


def test_people_read_what_the_measures_averted_and_what_they_cost_in_both_languages(told):
    words = (
        "outbreak",
        "--pack",
        "covid-wild",
        "--people",
        "2000",
        "--days",
        "20",
        "--seeds",
        "3",
        "--replicates",
        "8",
    )
    printed, beside = told(*words, "--traced", "0.7", "--out", "a")
    assert "Compared on the same chances: 8" in printed
    assert "Person-days in quarantine on average" in printed
    assert "Preparing the city" in beside
    printed, _ = told(*words, "--traced", "0.7", "--out", "b", "--lang", "zh")
    assert "以相同随机数配对比较 8 次" in printed
    assert "人日" in printed


def test_that_mers_dies_out_by_itself_is_said(told):
    printed, _ = told("outbreak", "--pack", "mers", *SMALL, "--out", "a")
    assert "R0 is 0.9, below 1" in printed


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--pack", "measels", *SMALL), "outbreak.no_disease"),
        (("--pack", "mers", "--people", "5", "--seeds", "6"), "outbreak.more_seeds"),
        (("--pack", "mers"), "outbreak.one_city"),
        (("--pack", "mers", *SMALL, "--traced", "3"), "outbreak.bad_shares"),
        (("--pack", "mers", *SMALL, "--reduction", "0.1,0.2"), "outbreak.bad_shares"),
        (("--pack", "mers", *SMALL, "--traced", "0.5", "--reported", "0"), "outbreak.nobody_found"),
        (("--pack", "mers", *SMALL, "--policy", "not-there.toml"), "cli.file_missing"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_nothing_is_written(words, code, asked, here):
    (refusal,) = asked("outbreak", *words, "--out", "truth", code=1)["refused"]
    assert refusal["code"] == code
    assert refusal["mend"]
    assert not (here / "truth").exists()


def test_each_mistake_of_a_policy_file_is_told_with_its_mend_in_the_language_of_the_reader(told, here):
    (here / "policy.toml").write_text("tracd = 0.7\nadherence = 2\n", encoding="utf-8")
    words = ("outbreak", "--pack", "mers", *SMALL, "--policy", "policy.toml", "--out", "truth")
    _, said = told(*words, code=1)
    assert "policy.toml: there is no measure called tracd." in said
    assert "Nearest: traced" in said
    assert "adherence = 0.8" in said
    _, said = told(*words, "--lang", "zh", code=1)
    assert "没有名为 tracd 的措施项" in said


@pytest.mark.parametrize(
    "words",
    [("--delay", "-1"), ("--testing-every", "0"), ("--reported", "1.5"), ("--replicates", "-1"),
     ("--days", "many")],
)  # fmt: skip
def test_a_wrong_use_of_an_option_leaves_with_two(words, asked, here):
    assert "error" in asked("outbreak", "--pack", "mers", *SMALL, *words, "--out", "truth", code=2)
    assert not (here / "truth").exists()


def test_an_outbreak_that_is_there_is_not_overwritten(asked, here):
    (here / "truth").mkdir()
    (refusal,) = asked("outbreak", "--pack", "mers", *SMALL, "--out", "truth", code=1)["refused"]
    assert refusal["code"] == "outbreak.out_exists"
