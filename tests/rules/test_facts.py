"""Files of facts: what is read, what is refused and how it is said, and what stands after retractions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ringfence.rules.facts import Fact, current, dossiers, kinds, read_fact, read_facts, read_kinds
from ringfence.rules.typing import NEVER
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import mend, sentence

FANG_MET_WEI = {
    "id": "f1",
    "kind": "exposure",
    "subject": "contact:2",
    "at": "2022-03-05T18:00",
    "until": "2022-03-07T08:00",
    "value": {"to": "infection:1", "setting": "household"},
}
FANG = {"id": "f2", "kind": "person", "subject": "person:2", "at": "2022-03-05", "value": {"name": "Fang 芳"}}


def file_of(*rows, **top):
    return json.dumps({"schema": 1, "zone": "Asia/Shanghai", "facts": list(rows)} | top)


def one_problem(row):
    facts, problems = read_facts(file_of(FANG, row))
    assert [fact.id for fact in facts] == ["f2"], "a good fact is kept beside a bad one"
    (problem,) = problems
    assert problem.values["number"] == 2
    return problem


def test_a_moment_without_an_offset_is_read_on_the_clocks_of_the_file():
    (met,), problems = read_facts(file_of(FANG_MET_WEI))
    assert problems == []
    assert met.at == datetime(2022, 3, 5, 10, tzinfo=UTC)
    assert met.known_at == met.at, "what is not said otherwise was known when it happened"
    assert met.value["to"] == Subject("infection", 1)
    assert met.grade is Grade.B


def test_a_plain_list_is_taken_as_the_facts_of_the_schema():
    facts, problems = read_facts(json.dumps([FANG_MET_WEI]), zone="Asia/Shanghai")
    assert (len(facts), problems) == (1, [])


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"value": {"to": "infection:1", "seting": "meal"}}, "rules.unknown_field", {"nearest": "setting"}),
        ({"sorce": "call"}, "rules.unknown_field", {"nearest": "source"}),
        ({"kind": "exposed"}, "facts.unknown_kind", {"nearest": "exposure"}),
        ({"at": "yesterday"}, "rules.ill_formed", {"field": "at", "form": "2022-03-08T10:30 | 2022-03-08"}),
        ({"at": "2022-03-08 25:00"}, "rules.ill_formed", {"field": "at"}),
        ({"subject": "contact:two"}, "rules.ill_formed", {"field": "subject"}),
        ({"subject": "place:2"}, "facts.wrong_subject", {"about": "contact"}),
        ({"until": "2022-03-04T00:00"}, "facts.ends_before", {}),
        ({"grade": "E"}, "rules.ill_formed", {"field": "grade", "form": "A | B | C | D"}),
        ({"id": "f2"}, "facts.same_id", {"id": "f2"}),
        (
            {"value": {"to": "infection:1", "setting": "meal", "minutes": "long"}},
            "rules.ill_formed",
            {"form": "number"},
        ),
    ],
)
def test_what_is_wrong_with_a_fact_is_told_with_number_id_field_and_mend(change, code, told):
    wrong = FANG_MET_WEI | change
    if change.get("value", {}).get("seting"):
        wrong = wrong | {"value": {"to": "infection:1", "setting": "meal", "seting": "meal"}}
    problem = one_problem(wrong)
    assert problem.code == code
    assert told.items() <= problem.values.items()
    for language in ("en", "zh"):
        assert "2" in sentence(problem.code, problem.values, language)
        assert mend(problem.code, problem.values, language)


@pytest.mark.parametrize("name", ["id", "kind", "subject", "at"])
def test_a_fact_without_what_every_fact_has_is_refused(name):
    row = {key: value for key, value in FANG_MET_WEI.items() if key != name}
    problem = one_problem(row)
    assert (problem.code, problem.values["field"]) == ("rules.missing_field", name)


def test_a_row_that_is_no_object_is_refused_with_its_number():
    assert one_problem("Fang met Wei").code == "facts.not_an_object"


@pytest.mark.parametrize("name", [*sorted(NEVER), "Nationality", "ethnic-group", "person_religion", "recovered status",
                                  "registeredHome", "home_registration", "nationalities", "ethnicOrigin", "户籍",
                                  "民族", "hukou_place", "place_of_birth", "skin_color"])  # fmt: skip
def test_what_no_rule_may_read_is_refused_by_name(name):
    problem = one_problem(FANG | {"id": "f1", "value": {"name": "Fang 芳", name: "x"}})
    assert (problem.code, problem.values["field"]) == ("rules.never_an_input", name)
    assert name in sentence(problem.code, problem.values, "en")


def test_no_kind_of_fact_has_a_field_that_no_rule_may_read():
    assert [(kind, name) for kind, (_, fields) in kinds().items() for name in fields if name in NEVER] == []


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ('{"schema": 1,\n "facts": [,]}', "facts.not_json", {"line": 2, "column": 12}),
        ('{"schema": 1}', "facts.no_list", {}),
        ("7", "facts.no_list", {}),
        ('{"schema": 2, "facts": []}', "facts.other_schema", {"schema": 2, "ours": 1}),
        ('{"schema": 1, "fact": 1, "facts": []}', "facts.unknown_at_top", {"field": "fact", "nearest": "facts"}),
        ('{"schema": 1, "zone": "Mars", "facts": []}', "moment.unknown_zone", {"zone": "Mars"}),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(text, code, told):
    with pytest.raises(Refused) as refused:
        read_facts(text)
    assert refused.value.code == code
    assert told.items() <= refused.value.values.items()
    for language in ("en", "zh"):
        assert sentence(code, refused.value.values, language)
        assert mend(code, refused.value.values, language)


# ── what stands ──────────────────────────────────────────────────────────────────────────────────────────────────


def at_hour(hour):
    return datetime(2022, 3, 8, hour, tzinfo=UTC)


def fact(name, hour, kind="observation", retracts=None):
    value = {"seen": "seen"} if retracts is None else {"why": "wrong person"}
    return Fact(name, "retraction" if retracts else kind, Subject("contact", 2), at_hour(hour), at_hour(hour),
                value=value, retracts=retracts)  # fmt: skip


def test_a_retracted_fact_does_not_stand_and_a_retraction_can_be_retracted():
    seen, wrong, right = fact("seen", 1), fact("wrong", 2, retracts="seen"), fact("right", 3, retracts="wrong")
    assert current([seen, wrong]) == []
    assert current([seen, wrong, right]) == [seen]
    assert current([seen, wrong, right], now=at_hour(2)) == [], "what was not known yet does not count"


def test_a_fact_that_becomes_known_later_counts_from_then():
    late = fact("late", 1)._replace(known_at=at_hour(5))
    assert current([late], now=at_hour(4)) == []
    assert current([late], now=at_hour(5)) == [late]


@given(some.permutations([fact("seen", 1), fact("wrong", 2, retracts="seen"), fact("right", 3, retracts="wrong"),
                          fact("other", 1), fact("a", 4, retracts="b"), fact("b", 4, retracts="a")]))  # fmt: skip
def test_the_order_in_which_facts_come_changes_nothing(facts):
    assert [one.id for one in current(facts)] == ["other", "seen"]


def test_what_happened_to_the_body_is_a_fact_of_her_as_contact_and_as_infection():
    facts, _ = read_facts(file_of(
        FANG, FANG_MET_WEI,
        {"id": "s", "kind": "sample", "subject": "person:2", "at": "2022-03-08", "value": {"specimen": "np"}},
        {"id": "c", "kind": "case", "subject": "infection:2", "at": "2022-03-09", "value": {"state": "presumptive"}},
    ))  # fmt: skip
    by = dossiers(current(facts))
    assert [one.id for one in by[Subject("contact", 2)]] == ["f2", "f1", "s"]
    assert [one.id for one in by[Subject("infection", 2)]] == ["f2", "s", "c"]


def test_what_no_rule_may_read_does_not_hide_in_a_nested_value():
    kind = read_kinds({"visit": {"about": ["person"], "fields": {"note": "table"}}})
    row = {"id": "f1", "kind": "visit", "subject": "person:2", "at": "2022-03-08T09:00",
           "value": {"note": {"家": [{"nationality": "x"}]}}}  # fmt: skip
    fact, (problem,) = read_fact(row, ZoneInfo("Asia/Shanghai"), kind, 1)
    assert (fact, problem.code, problem.values["field"]) == (None, "rules.never_an_input", "nationality")
