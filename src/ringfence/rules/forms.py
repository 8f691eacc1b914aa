"""Forms of a pack: what is asked, in which order, and which answer makes a question fall away; with its paper twin.

`forms.toml` beside a pack holds `[form]` (id, hours, en, zh, note_en, note_zh) and `[[question]]` tables, in the order
of the paper. A question may depend on the answer to one that stands before it (`ask_if`), never on one behind it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.rules.typing import Field, field, is_never, nearest, problems_of
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import table

TYPES = "text|number|yes|choice|moment|person|place|list"
_OF_A_FORM = {name: field(form) for name, form in {
    "id": "text!", "hours": "number", "en": "text!", "zh": "text!", "note_en": "text", "note_zh": "text",
}.items()}  # fmt: skip
_OF_A_QUESTION: Mapping[str, Field] = {
    **{name: field(form) for name, form in {
        "id": "text!", "block": "text!", "en": "text!", "zh": "text!", "type": f"{TYPES}!", "options": "texts",
        "required": "yes", "confidential": "yes"}.items()},
    "ask_if": Field("table"),
}  # fmt: skip
LINE = "_" * 40


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `depends_on` is an earlier one, and `answer` what it must have been answered with."""

    id: str
    block: str
    said: Mapping[str, str]
    type: str
    options: tuple[str, ...] = ()
    required: bool = False
    confidential: bool = False
    depends_on: str | None = None
    answer: Any = None

    def is_asked(self, answers: Mapping[str, Any]) -> bool:
        """Return whether the answers so far leave this question to be asked."""
        if self.depends_on is None:
            return True
        given = answers.get(self.depends_on)
        return self.answer in given if isinstance(given, list | tuple) else bool(given == self.answer)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its name and note in both languages, the hours within which it is done, its questions in order."""

    id: str
    hours: float | None
    said: Mapping[str, str]
    note: Mapping[str, str]
    questions: tuple[Question, ...]

    def asked(self, answers: Mapping[str, Any]) -> list[Question]:
        """Return the questions that these answers leave to be asked, in order, answered ones among them."""
        return [question for question in self.questions if question.is_asked(answers)]

    def missing(self, answers: Mapping[str, Any]) -> list[Question]:
        """Return the required questions without an answer."""
        return [q for q in self.asked(answers) if q.required and answers.get(q.id) in (None, "", [])]


def read_form(text: str, *, file: str) -> Form:
    """Return the form that a TOML text writes. Raises ExceptionGroup of Refused: file, question, mend of each fault."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExceptionGroup("form", [Refused("pack.not_toml", file=file, text=str(error))]) from error
    problems = list(_problems(written, file))
    if problems:
        raise ExceptionGroup("form", problems)
    form = written["form"]
    questions = tuple(
        Question(
            id=q["id"], block=q["block"], said={"en": q["en"], "zh": q["zh"]}, type=q["type"],
            options=tuple(q.get("options", ())), required=q.get("required", False),
            confidential=q.get("confidential", False),
            depends_on=q.get("ask_if", {}).get("question"), answer=q.get("ask_if", {}).get("is"),
        )
        for q in written["question"]
    )  # fmt: skip
    note = {"en": form.get("note_en", ""), "zh": form.get("note_zh", "")}
    return Form(form["id"], form.get("hours"), {"en": form["en"], "zh": form["zh"]}, note, questions)


def paper(form: Form, language: str) -> list[str]:
    """Return the paper twin of a form, line by line, as Markdown: blocks, boxes to tick, lines to write on."""
    lines = [f"# {form.said[language]}", ""]
    if form.note[language]:
        lines += [form.note[language], ""]
    numbers = {question.id: number for number, question in enumerate(form.questions, 1)}
    block = None
    for number, question in enumerate(form.questions, 1):
        if question.block != block:
            block = question.block
            lines += [f"## {_word('block', block, language)}", ""]
        lines += [f"{number}. {question.said[language]}{_marks(question, numbers, language)}", ""]
        lines += [f"   {_room(question, language)}", ""]
    return lines


def _marks(question: Question, numbers: Mapping[str, int], language: str) -> str:
    """Return what stands behind a question: required, confidential, and when it is asked."""
    marks = [_word("form", name, language) for name in ("required", "confidential") if getattr(question, name)]
    if question.depends_on is not None:
        answer = question.answer
        if isinstance(answer, bool):
            answer = "yes" if answer else "no"
        said = _word("option", str(answer), language)
        marks.append(table()["form.only_if"][language].format(number=numbers[question.depends_on], answer=said))
    if not marks:
        return ""
    return f" ({'; '.join(marks)})" if language == "en" else f"（{'；'.join(marks)}）"


def _room(question: Question, language: str) -> str:
    if question.type == "yes":
        return "   ".join(f"☐ {_word('option', name, language)}" for name in ("yes", "no"))
    if question.options:
        return "   ".join(f"☐ {_word('option', name, language)}" for name in question.options)
    return LINE if question.type != "list" else " / ".join([LINE] * 2)


def _word(kind: str, name: str, language: str) -> str:
    entry = table().get(f"{kind}.{name}")
    return name.replace("_", " ") if entry is None else entry[language]


def _problems(written: Mapping[str, Any], file: str) -> Iterator[Refused]:
    for name in written:
        if name not in ("form", "question"):
            yield Refused("form.unknown_at_top", file=file, key=name)
    form = written.get("form")
    if not isinstance(form, dict) or not isinstance(written.get("question"), list):
        yield Refused("form.nothing", file=file)
        return
    for problem in problems_of(form, _OF_A_FORM, file=file, key="form"):
        yield _renamed(problem)
    before: list[str] = []
    for number, question in enumerate(written["question"], 1):
        yield from _problems_of_question(question, number, before, file)
        before.append(str(question.get("id")))


def _problems_of_question(
    question: Mapping[str, Any], number: int, before: Sequence[str], file: str
) -> Iterator[Refused]:
    key = f"question {number} ({question.get('id', '-')})"
    for problem in problems_of(question, _OF_A_QUESTION, file=file, key=key):
        yield _renamed(problem)
    if question.get("id") in before:
        yield Refused("form.same_id", file=file, key=key)
    for name in (str(question.get("id", "")), *map(str, question.get("options", ()))):
        if is_never(name):
            yield Refused("form.never_asked", file=file, key=key, name=name)
    if (question.get("type") == "choice") != bool(question.get("options")) and question.get("type") != "list":
        yield Refused("form.options", file=file, key=key)
    condition = question.get("ask_if")
    if isinstance(condition, dict):
        if set(condition) != {"question", "is"}:
            yield Refused("form.condition", file=file, key=key)
        elif condition["question"] not in before:
            yield Refused("form.not_before", file=file, key=key, question=condition["question"],
                          nearest=nearest(str(condition["question"]), before))  # fmt: skip


def _renamed(problem: Refused) -> Refused:
    return Refused(problem.code.replace("rules.", "pack.in_table_"), **problem.values)
