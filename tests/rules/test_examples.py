"""Examples beside packs: they run, they tell what is wrong, and no value of a shipped pack goes without one."""

from __future__ import annotations

from datetime import date

import pytest

from ringfence.rules import strata
from ringfence.rules.examples import run_examples, running, tried, untouched, untouched_by
from ringfence.rules.shipped import Shelf, shipped_texts
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import mend, sentence, table
from tests.rules.packs_for_tests import dated, small_pack

PACK = small_pack(
    {
        "discharge.ct": dated({date(2020, 1, 1): 40, date(2022, 3, 15): 35, date(2022, 6, 1): None}),
        "contact.classes": ["close"],
        "contact.close.of": "infection",
        "contact.close.when.meal": {"setting": ["meal"], "minutes": 15},
        "contact.close.course.any": "site",
        "course.site.stages": ["central"],
        "course.site.count_from": "last_exposure",
        "course.site.central.asks": "quarantine_site",
        "course.site.central.days": 14,
        "course.site.central.tests": [1, 4],
        "infectious.anchor": "symptoms",
        "infectious.from": -2,
    }
)
NAMED = 'name = {en = "Fang eats with Wei", zh = "芳与伟聚餐"}\n'
MET = """
now = "2022-03-08T09:00"
facts = [
  {kind = "case", subject = "infection:1", at = "2022-03-07T20:00", value = {state = "confirmed"}},
  {kind = "onset", subject = "infection:1", at = "2022-03-06", value = {of = "symptoms"}},
  {kind = "exposure", subject = "contact:2", at = "2022-03-06T18:00", until = "2022-03-06T19:00", \
   value = {to = "infection:1", setting = "meal", minutes = 60}},
  {id = "told", kind = "assessment", subject = "contact:2", at = "2022-03-07T23:00", \
   value = {class = "close", by = "Dr Sun"}},
]
"""


def example(text):
    return "[[example]]\n" + NAMED + text


def failures(text, pack=PACK):
    (outcome,) = run_examples(example(text), pack)
    assert outcome.passed == (not outcome.failures)
    for failure in outcome.failures:
        for language in ("en", "zh"):
            assert sentence(failure.code, failure.values, language)
            assert mend(failure.code, failure.values, language)
    return [(failure.code, failure.values) for failure in outcome.failures]


def test_an_example_of_duties_passes_where_they_follow():
    assert failures(MET + """
    duties = [
      {key = "test/contact:2/1/central.d4", on = 2022-03-10, ended = "open", state = "waiting"},
      {key = "test/contact:2/1/central.d1", begins = 2022-03-07, due = "2022-03-08T00:00", state = "late"},
    ]
    absent = ["dose/contact:2/*", "test/contact:2/1/central.d7"]
    """) == []  # fmt: skip


def test_a_duty_on_another_day_is_told_with_what_was_expected_and_found():
    ((code, told),) = failures(MET + 'duties = [{key = "test/contact:2/1/central.d4", on = 2022-03-11}]')
    assert code == "example.other"
    assert (told["key"], told["field"]) == ("test/contact:2/1/central.d4", "on")
    assert (told["expected"], told["found"]) == ("2022-03-11", "2022-03-10")


def test_a_duty_that_does_not_arise_is_told_with_the_nearest_that_does():
    ((code, told),) = failures(MET + 'duties = [{key = "test/contact:2/1/central.d5"}]')
    assert code == "example.no_duty"
    assert told["nearest"].startswith("test/contact:2/1/central.d")


def test_a_duty_that_should_not_arise_is_told():
    codes = [code for code, _ in failures(MET + 'absent = ["test/contact:2/1/*"]')]
    assert codes == ["example.duty_there"] * 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("values = [{key = 'discharge.ct', on = 2022-03-14, is = 35}]", "example.other_value"),
        ("values = [{key = 'discharge.tc', is = 35}]", "example.unknown_key"),
        ("values = [{key = 'discharge.ct', on = '2022-03-14', is = 35}]", "example.ill_formed"),
        ("values = [{key = 'discharge.ct', iss = 35}]", "example.unknown_field"),
        ("values = [{key = 'discharge.ct'}]", "example.missing_field"),
        ("value = [{key = 'discharge.ct', is = 35}]", "example.unknown_field"),
        ("now = '2022-03-08T09:00'", "example.expects_nothing"),
        ("duties = [{key = 'test/contact:2/1/central.d4'}]", "example.no_now"),
        ("duties = 3", "example.ill_formed"),
        ("now = 'soon'\nabsent = ['x']", "moment.unreadable"),
        ("now = 2022-03-08\nfacts = [{kind = 'exposed', subject = 'contact:2'}]\nabsent = ['x']", "facts.unknown_kind"),
        ("now = 2022-03-08\nclassify = [{exposure = {setting = 'meal', minutes = 40}, class = 'none'}]",
         "example.other_class"),
        ("now = 2022-03-08\nproposals = [{kind = 'upgrade', subject = 'contact:2'}]", "example.no_proposal"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_example_is_told(text, code):
    assert code in {found for found, _ in failures(text)}


def test_an_example_without_names_in_both_languages_is_refused():
    (outcome,) = run_examples('[[example]]\nname = "Fang"\nvalues = [{key = "discharge.ct", is = 40}]', PACK)
    assert [failure.code for failure in outcome.failures] == ["example.no_name"]


def test_text_that_is_no_toml_is_refused():
    with pytest.raises(Refused) as refused:
        run_examples("[[example", PACK)
    assert refused.value.code == "example.not_toml"


def test_values_are_looked_up_by_day_and_none_is_a_value_that_is_not_there():
    text = """
    values = [
      {key = "discharge.ct", on = 2022-03-14, is = 40}, {key = "discharge.ct", on = 2022-03-15, is = 35},
      {key = "discharge.ct", on = 2022-06-01, is = "none"}, {key = "discharge.gap", is = "none"},
      {key = "contact.close.when.meal", is = {minutes = 15}}, {key = "contact.classes", is = ["close"]},
    ]
    """
    assert failures(text) == []


def test_a_class_is_proposed_for_an_exposure():
    text = """
    now = 2022-03-08
    classify = [
      {exposure = {setting = "meal", minutes = 40}, class = "close"},
      {exposure = {setting = "outdoors", minutes = 40}, class = "none"},
    ]
    """
    assert failures(text) == []


def test_a_value_is_touched_by_what_reads_it_and_each_of_its_dates_counts():
    looked = example('values = [{key = "discharge.ct", on = 2022-03-15, is = 35}]')
    left = untouched(PACK, [looked])
    assert ("discharge.ct", date(2022, 3, 15)) not in left
    assert ("discharge.ct", date(2020, 1, 1)) in left
    derived = example(MET + 'duties = [{key = "test/contact:2/1/central.d4"}]')
    left = untouched(PACK, [looked, derived])
    assert {"course.site.central.tests", "course.site.central.days", "infectious.from"} & {
        key for key, _ in left
    } == set()


def test_only_values_that_stand_in_the_pack_itself_need_an_example():
    town = small_pack({"discharge.gap": 24}, pack_id="town", over=PACK)
    assert untouched(town, []) == [("discharge.gap", date(2020, 1, 1))]


@pytest.mark.parametrize("name", sorted(shipped_texts()))
def test_a_shipped_pack_reads_its_examples_pass_and_every_value_is_touched(name):
    shelf = Shelf()
    pack = shelf.pack(name)
    assert pack.id == name
    text = shelf.texts(name)["examples"]
    outcomes, touched = tried(text, pack)
    failed = [str(failure) for outcome in outcomes for failure in outcome.failures]
    assert failed == []
    assert untouched_by(pack, touched) == []


@pytest.mark.parametrize("name", sorted(shipped_texts()))
def test_every_duty_reason_and_proposal_of_the_examples_can_be_told_in_both_languages(name, monkeypatch):
    pack, text = Shelf().pack(name), shipped_texts()[name]["examples"]
    lacking: set[tuple[str, str]] = set()

    def derived(facts, book, now):
        found = strata.derive_all(facts, book, now)
        for answer in found.values():
            for asked in (*answer.duties, *answer.proposals):
                if f"duty_kind.{asked.kind}" not in table():
                    lacking.add((asked.key, "kind"))
                lacking.update((why.code, "sentence") for why in asked.because if not can_be_told(why))
        return found

    monkeypatch.setattr(running, "derive_all", derived)
    tried(text, pack)
    assert lacking == set()


def can_be_told(why):
    try:
        return all(sentence(why.code, why.values, language) for language in ("en", "zh"))
    except (KeyError, ValueError, TypeError):
        return False
