"""Every disease has its numbers, every number its source, and a name that is not known its nearest."""

from __future__ import annotations

from dataclasses import fields

import pytest

from ringfence.epidemic.presets import diseases, meant_by, names, preset, source_of
from ringfence.epidemic.settings import Delay, Disease
from ringfence.rules.shipped import Shelf
from ringfence.vocabulary.refusals import Refused


def value_of(made, key):
    value = getattr(made, key)
    return value.mean if isinstance(value, Delay) else value


@pytest.mark.parametrize("name", diseases())
def test_every_value_of_a_disease_has_a_source_and_lies_in_the_range_of_its_studies(name):
    made, told = preset(name), source_of(name)
    usual = {field.name: field.default for field in fields(Disease)}
    changed = {key for key in usual if getattr(made, key) != usual[key]}
    assert changed <= told["sources"].keys()
    for key, source in told["sources"].items():
        assert source["study"]
        assert source["taken"] in {"read", "recalled", "judgement"}
        if "range" in source:
            low, high = source["range"]
            assert low <= value_of(made, key) <= high, key


def test_the_interval_of_onsets_of_ebola_and_mers_adds_up_to_the_published_one():
    ebola, mers = preset("ebola"), preset("mers")
    assert ebola.incubation.mean + ebola.generation.mean == pytest.approx(15.3, abs=0.3)
    assert mers.incubation.mean + mers.generation.mean == pytest.approx(12.6, abs=0.1)
    assert mers.incubation.law.ppf(0.95) == pytest.approx(12.7, abs=0.3)


@pytest.mark.parametrize("pack", Shelf().ids())
def test_every_shipped_pack_means_the_disease_that_its_own_disease_means(pack):
    about = Shelf().pack(pack).disease
    assert source_of(pack)["disease"] == meant_by(about)
    assert preset(pack) == preset(meant_by(about))


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("measels", "measles"), ("MERS", "mers"), ("covid", "covid-omicron"), ("plague", "–")]
)
def test_a_disease_that_is_not_known_is_refused_with_the_nearest_names_and_all_that_are(wrong, nearest):
    with pytest.raises(Refused, match=wrong) as refused:
        preset(wrong)
    assert refused.value.values["nearest"].split(", ")[0] == nearest
    assert refused.value.values["choices"] == ", ".join(names())


def test_neither_of_the_tables_of_packs_is_taken_for_a_disease():
    for table in ("packs", "means"):
        with pytest.raises(Refused):
            preset(table)
