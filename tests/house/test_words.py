"""Every sentence exists in both languages, and every code that is used has a sentence."""

from __future__ import annotations

import ast
import re
from string import Formatter

import pytest

from ringfence.vocabulary.words import mend, sentence, table

SPEAKERS = ("Refused", "sentence", "mend", "say", "line", "note", "progress", "tell_problem")


def placeholders(text: str) -> set[str]:
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in Formatter().parse(text) if name}


def codes_in(call: ast.Call) -> list[str]:
    """Return the codes that stand as text in the first argument of a call: one, or the branches of a choice."""
    if not call.args or not isinstance(call.args[0], ast.Constant | ast.IfExp):
        return []
    return [
        node.value for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("code", sorted(table()))
def test_a_sentence_says_the_same_in_both_languages(code):
    entry = table()[code]
    assert {"en", "zh"} <= set(entry)
    for key in entry:
        base, _, language = key.rpartition("_")
        assert language in ("en", "zh"), f"{code}.{key} is of no language"
        twin = f"{base}_{'zh' if language == 'en' else 'en'}".lstrip("_")
        assert twin in entry, f"{code} has {key} and no {twin}"
        assert placeholders(entry[key]) == placeholders(entry[twin])
        assert entry[key].strip(), f"{code}.{key} is empty"


@pytest.mark.parametrize("code", sorted(table()))
def test_chinese_is_chinese_and_english_is_not(code):
    def has_chinese(text: str) -> bool:
        return any("\u4e00" <= letter <= "\u9fff" for letter in text)

    for key, text in table()[code].items():
        if key.endswith("en"):
            assert not has_chinese(text)
        elif placeholders(text) == set() or text.strip("{}") not in placeholders(text):
            assert has_chinese(text)


def test_every_code_in_use_has_a_sentence(library):
    unknown = [
        f"{module.where(call)} {code}"
        for module in library
        for name, call in module.calls()
        if name.split(".")[-1] in SPEAKERS
        for code in codes_in(call)
        if code not in table()
    ]
    assert unknown == []


def test_every_refusal_says_what_would_mend_it_and_gives_the_values_it_speaks_of(library):
    wrong = []
    for module in library:
        for name, call in module.calls():
            if name.split(".")[-1] != "Refused":
                continue
            given = {keyword.arg for keyword in call.keywords}
            for code in codes_in(call):
                entry = table().get(code, {})
                if "mend_en" not in entry:
                    wrong.append(f"{module.where(call)} {code} has no mend")
                spoken = set().union(*(placeholders(text) for text in entry.values()))
                if None not in given and spoken - given:
                    wrong.append(f"{module.where(call)} {code} lacks {sorted(spoken - given)}")
    assert wrong == []


def test_a_sentence_is_filled_with_its_values():
    assert sentence("moment.no_zone", {"text": "noon"}, "en") == "noon has no time zone."
    assert "Asia/Shanghai" in mend("moment.unknown_zone", {"zone": "Mars"}, "zh")


COUNTED = re.compile(
    r"\{\w+(?::[^}]*)?\} (?:more |other |independent |named )?"
    r"(?:persons?|people|others|records?|rows?|cases?|controls?|contacts?|minutes?|person-minutes?|seconds?|hours?|days?"
    r"|times?|visits?|pieces?|keys?|hops?|words?|places?)\b"
)
FIXED = {
    "demo.source": "the data set of the demonstration is always the same",
    "told.on_days": "one day has a sentence of its own",
}


@pytest.mark.parametrize("code", sorted(set(table()) - set(FIXED)))
def test_no_english_sentence_needs_a_plural_that_depends_on_a_number(code):
    for key, text in table()[code].items():
        if key.endswith("en"):
            assert COUNTED.search(text) is None, f"{code}: say “Rows: 1” rather than “1 rows”"
