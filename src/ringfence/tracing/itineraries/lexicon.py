"""The tables of words, and the cutting of a text into words of kinds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

REST, STOP = "rest", "stop"
_STOPS = frozenset("，,。；;：:、！!？?（）()【】[]“”\"'\n\r\t |/")
_BEGIN_NO_NAME = ("镇", "县", "区", "州", "村", "省")
_DOORS = (*"店馆厅铺城厂楼站场室部点院", "公司", "中心")
_CUT_BY_DOORS = frozenset(("activity", "usual", "vehicle", "symptom", "hospital", "admitted", "observed", "stay"))
_SENTENCE_ENDS = frozenset("。！!？?\n\r")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text of one kind: a word of the table, a moment, a vehicle, a stop, or the rest between them."""

    start: int
    end: int
    kind: str
    text: str
    value: Any = None


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / name).read_text(encoding="utf-8"))


@cache
def tables() -> dict[str, Any]:
    """Return the tables of words."""
    return _read("words.toml")


@cache
def measured() -> dict[str, Any]:
    """Return the measured precision and recall by field, and the precision from which a field is proposed."""
    return _read("measured.toml")


def proposed(field: str) -> bool:
    """Tell whether a field was found precise enough to be proposed; what was not measured is only marked."""
    table = measured()
    entry = table["fields"].get(field)
    return entry is not None and entry["precision"] >= table["proposed_from"]


@cache
def names() -> frozenset[str]:
    """Return the names of places that are told without a word such as city behind them."""
    table = _read("names.toml")
    return frozenset(name for key, listed in table.items() if key not in ("single", "guarded") for name in listed)


@cache
def single_names() -> frozenset[str]:
    """Return the characters that stand for a city behind a word of returning."""
    return frozenset(_read("names.toml")["single"])


@cache
def _by_first() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for kind, words in tables()["kinds"].items():
        for word in words:
            found.setdefault(word[0], {}).setdefault(word, REST if kind == "keep" else kind)
    for name in (*names(), *_read("names.toml")["guarded"]):
        found.setdefault(name[0], {}).setdefault(name, REST)
    return {first: sorted(words.items(), key=lambda entry: -len(entry[0])) for first, words in found.items()}


def cut(text: str, fixed: Sequence[Token]) -> list[Token]:
    """Cut a text into tokens without a gap; `fixed` ones (moments, vehicles; in order) stay as they are."""
    return list(_joined(_mended(list(_joined(_cut(text, fixed))))))


def _cut(text: str, fixed: Sequence[Token]) -> Iterator[Token]:
    table = _by_first()
    at, following = 0, iter(fixed)
    upcoming = next(following, None)
    while at < len(text):
        if upcoming is not None and at >= upcoming.start:
            yield upcoming
            at, upcoming = upcoming.end, next(following, None)
            continue
        limit = upcoming.start if upcoming is not None else len(text)
        letter = text[at]
        if letter in _STOPS:
            yield Token(at, at + 1, STOP, letter)
            at += 1
            continue
        for word, kind in table.get(letter, ()):
            if at + len(word) <= limit and text.startswith(word, at):
                yield Token(at, at + len(word), kind, word)
                at += len(word)
                break
        else:
            yield Token(at, at + 1, REST, letter)
            at += 1


def _mended(tokens: Sequence[Token]) -> Iterator[Token]:
    """Give words back to the name they were cut from: 陵前镇, 随州市, 于都县, and 早餐店, 理发店, 汽车城.

    What stands behind them begins with a word such as town or shop, which begins no name by itself.
    """
    for position, token in enumerate(tokens):
        after = tokens[position + 1] if position + 1 < len(tokens) else None
        lone = token.end - token.start == 1 and token.kind not in (
            STOP,
            REST,
            "moment",
            "vehicle",
            "seat",
            "from",
            "at",
        )
        named = lone and after is not None and after.kind == REST and after.text.startswith(_BEGIN_NO_NAME)
        door = token.kind in _CUT_BY_DOORS and after is not None and after.kind == REST
        if named or (door and token.value is None and after is not None and after.text.startswith(_DOORS)):
            yield Token(token.start, token.end, REST, token.text)
        else:
            yield token


def _joined(tokens: Iterable[Token]) -> Iterator[Token]:
    """Join neighbouring rests into one."""
    held: Token | None = None
    for token in tokens:
        if token.kind == REST:
            held = token if held is None else Token(held.start, token.end, REST, held.text + token.text)
            continue
        if held is not None:
            yield held
            held = None
        yield token
    if held is not None:
        yield held


def sentences(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Return the tokens sentence by sentence."""
    held: list[Token] = []
    for token in tokens:
        held.append(token)
        if token.kind == STOP and token.text in _SENTENCE_ENDS:
            yield held
            held = []
    if held:
        yield held
