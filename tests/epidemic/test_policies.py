"""Measures from a file, and what they make of an outbreak."""

from __future__ import annotations

from dataclasses import fields

import pytest

from ringfence.epidemic.contacts import HashedCity
from ringfence.epidemic.outbreak import Scene
from ringfence.epidemic.paired import compare
from ringfence.epidemic.policies import KEYS, policy_of, read_policy, shares_of, told
from ringfence.epidemic.settings import NOTHING, Delay, Disease, Policy
from ringfence.vocabulary.refusals import Refused

FLU_LIKE = Disease(r0=2.0, dispersion=0.5, incubation=Delay(3.0, 1.0), generation=Delay(4.0, 1.5), asymptomatic=0.2)


def test_every_setting_of_a_policy_can_be_said_in_a_file():
    assert set(KEYS) == {field.name for field in fields(Policy)}


def test_what_is_told_of_a_policy_reads_back_as_the_same_policy():
    policy = Policy(reported=0.8, traced=(1.0, 0.7, 0.4), quarantine_tests=(1.0, 4.0), tracing_delay=Delay(2.0, 0.5))
    assert policy_of(told(policy), file="told") == policy


def test_an_empty_file_does_nothing(tmp_path):
    (tmp_path / "nothing.toml").write_text("", encoding="utf-8")
    assert read_policy(tmp_path / "nothing.toml") == NOTHING


def test_shares_are_one_for_all_or_one_for_each_setting_and_what_is_not_said_is_nothing():
    read = policy_of({"traced": 0.5, "reduction": {"work": 0.3}, "onset_to_isolation": 2}, file="p.toml")
    assert read.traced == (0.5, 0.5, 0.5)
    assert read.reduction == (0.0, 0.3, 0.0)
    assert read.onset_to_isolation == Delay(2.0, family="fixed")
    assert shares_of("1,0.7,0.4", option="--traced") == (1.0, 0.7, 0.4)


def test_all_mistakes_of_a_file_are_told_at_once_with_the_nearest_key():
    wrong = {
        "tracd": 0.7, "adherence": 2, "reduction": {"home": 0.3}, "look_back": 1.5, "quarantine_tests": 3,
        "onset_to_isolation": {"mean": 1, "family": "normal"}, "turnaround": -1, "reported": True,
    }  # fmt: skip
    with pytest.raises(ExceptionGroup) as refused:
        policy_of(wrong, file="p.toml")
    found = {error.values["key"]: error for error in refused.value.exceptions}
    assert found.keys() == wrong.keys()
    assert found["tracd"].values["nearest"].split(", ")[0] == "traced"
    codes = {key: error.code.removeprefix("outbreak.policy_") for key, error in found.items() if key != "tracd"}
    assert codes == {
        "adherence": "share", "reduction": "shares", "look_back": "whole", "quarantine_tests": "list",
        "onset_to_isolation": "delay", "turnaround": "days", "reported": "share",
    }  # fmt: skip
    assert all("p.toml" in str(error) for error in found.values())


@pytest.mark.parametrize("text", ["much", "1,2,3", "0.5,0.5", "-0.1", ""])
def test_shares_that_are_none_are_refused(text):
    with pytest.raises(Refused, match="--traced"):
        shares_of(text, option="--traced")


def test_a_file_that_is_no_toml_or_no_text_is_refused_by_name(tmp_path):
    (tmp_path / "p.toml").write_text("traced is 0.7", encoding="utf-8")
    with pytest.raises(Refused, match=r"p\.toml is not TOML"):
        read_policy(tmp_path / "p.toml")
    (tmp_path / "q.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match=r"q\.toml cannot be read"):
        read_policy(tmp_path / "q.toml")


def test_doing_nothing_twice_averts_nothing_and_doing_much_averts_most():
    scene = Scene(HashedCity(20_000), FLU_LIKE, days=30, seed=4, seeds=4)
    nothing = compare(scene, NOTHING, replicates=20, threads=1)
    assert (nothing.averted, nothing.fewer, nothing.days_each) == (0.0, 0.0, None)
    much = compare(scene, Policy(reduction=(0.0, 0.8, 0.8)), replicates=20, threads=1)
    low, high = much.interval
    assert 0 < low < much.averted < high
    assert much.fewer > 0.8
    assert much.days_each == 0.0


def test_whole_numbers_become_floats_lest_the_engine_be_compiled_anew_for_them():
    assert Delay(2).quantiles().dtype == "float64"
    assert isinstance(Policy(reported=1).reported, float)
    assert isinstance(Disease(r0=2, dispersion=1, incubation=Delay(2), generation=Delay(3, 1)).r0, float)
