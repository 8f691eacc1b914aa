"""The forms beside packs: checked, asked in order, and the same on paper."""

from __future__ import annotations

import pytest

from ringfence.rules.forms import paper, read_form
from ringfence.rules.shipped import shipped_texts
from ringfence.vocabulary.words import table

HEAD = '[form]\nid = "core"\nen = "Core"\nzh = "核心"\n'
ASKED = (
    HEAD
    + """
[[question]]
id = "ill"
block = "illness"
en = "Is she ill?"
zh = "是否患病？"
type = "yes"
required = true
[[question]]
id = "signs"
block = "illness"
en = "Which signs?"
zh = "有何症状？"
type = "choice"
options = ["fever", "cough"]
required = true
ask_if = {question = "ill", is = true}
"""
)
WITH_FORMS = sorted(name for name, texts in shipped_texts().items() if "forms" in texts)


def faults(text: str) -> dict[str, dict[str, object]]:
    with pytest.raises(ExceptionGroup) as caught:
        read_form(text, file="town/forms.toml")
    return {problem.code: dict(problem.values) for problem in caught.value.exceptions}


@pytest.mark.parametrize("name", WITH_FORMS)
def test_a_shipped_form_is_in_order_and_its_words_are_in_both_languages(name):
    form = read_form(shipped_texts()[name]["forms"], file=name)
    words = {f"block.{q.block}" for q in form.questions} | {f"option.{o}" for q in form.questions for o in q.options}
    assert words <= set(table())
    assert len(paper(form, "zh")) == len(paper(form, "en"))


def test_a_question_falls_away_with_the_answer_that_it_depends_on():
    form = read_form(ASKED, file="town")
    assert [q.id for q in form.asked({"ill": False})] == ["ill"]
    assert [q.id for q in form.missing({"ill": True})] == ["signs"]
    assert form.missing({"ill": True, "signs": ["fever"]}) == []


def test_the_paper_twin_says_when_a_question_is_asked():
    lines = paper(read_form(ASKED, file="town"), "en")
    assert "2. Which signs? (required; only if 1 is: yes)" in lines
    assert "   ☐ fever   ☐ cough" in lines


def test_a_question_may_not_depend_on_one_behind_it():
    wrong = faults(ASKED.replace('question = "ill"', 'question = "signz"'))
    assert wrong["form.not_before"]["nearest"] == "ill"


def test_nationality_is_never_asked():
    assert "form.never_asked" in faults(
        ASKED.replace('id = "ill"', 'id = "nationality"').replace('"ill", is', '"nationality", is')
    )


def test_a_fault_names_file_question_and_the_nearest_field():
    wrong = faults(ASKED.replace("required = true\nask_if", "requird = true\nask_if"))
    assert wrong["pack.in_table_unknown_field"]["nearest"] == "required"
    assert wrong["pack.in_table_unknown_field"]["file"] == "town/forms.toml"
    assert "signs" in str(wrong["pack.in_table_unknown_field"]["key"])


def test_an_id_stands_once_and_a_choice_has_options():
    assert "form.same_id" in faults(ASKED.replace('id = "signs"', 'id = "ill"'))
    assert "form.options" in faults(ASKED.replace('options = ["fever", "cough"]\n', ""))
