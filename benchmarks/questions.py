"""What is asked of every engine, and the answers as columns that can be compared to the last minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.city import FIRST_DAY, City

SCORE_STEPS = (1, 15, 60, 240, 1440)
SCORE_LISTED = 15


@dataclass(frozen=True, slots=True)
class Question:
    """Persons of the city in a window [start, end) of minutes since 1970; the air stays for `residual` more."""

    persons: tuple[int, ...]
    start: int
    end: int
    residual: int = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in order of their number (person or place), plus counts where the question asks for them."""

    columns: Mapping[str, NDArray[np.int64]]
    counts: tuple[int, ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, object], counts: tuple[int, ...] = ()) -> Answer:
        """Return the columns as integers in order of the first one."""
        whole = {name: np.asarray(column).astype(np.int64) for name, column in columns.items()}
        order = np.argsort(next(iter(whole.values())), kind="stable")
        return cls({name: column[order] for name, column in whole.items()}, tuple(int(c) for c in counts))

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def difference(one: Answer, other: Answer) -> str:
    """Return what first differs between two answers, or an empty text when nothing does."""
    if one.counts != other.counts:
        return f"counts {one.counts} and {other.counts}"
    if one.columns.keys() != other.columns.keys():
        return f"columns {sorted(one.columns)} and {sorted(other.columns)}"
    if len(one) != len(other):
        return f"{len(one)} rows and {len(other)} rows"
    for name, column in one.columns.items():
        wrong = np.flatnonzero(column != other.columns[name])
        if len(wrong):
            row = {n: (int(c[wrong[0]]), int(other.columns[n][wrong[0]])) for n, c in one.columns.items()}
            return f"{len(wrong)} rows differ in {name}, the first: {row}"
    return ""


def difference_listed(listed: Answer, whole: Answer) -> str:
    """Return what is wrong with a list of the highest scores, given the whole answer; empty when nothing is."""
    if listed.counts != whole.counts:
        return f"counts {listed.counts} and {whole.counts}"
    rows = np.searchsorted(whole.columns["person"], listed.columns["person"])
    if len(rows) and rows[-1] >= len(whole):
        return "somebody is listed who should not be"
    wrong = difference(listed, Answer({n: c[rows] for n, c in whole.columns.items()}, whole.counts))
    # Of equal scores any may be listed: the scores themselves must be the highest there are.
    best = np.sort(whole.columns["score"])[::-1][: len(listed)]
    return wrong or ("" if np.array_equal(np.sort(listed.columns["score"])[::-1], best) else "not the highest scores")


@dataclass(frozen=True, slots=True)
class Questions:
    """One case, six days (many of them); fifty cases; places common to the fifty; contacts of contacts of both."""

    one: tuple[Question, ...]
    fifty: Question
    common: Question
    hop2: Question
    hop2_one: Question


def questions_of(city: City, *, ones: int = 1000, seed: int = 11) -> Questions:
    """Draw cases from the city: nobody is chosen for being quick to search."""
    drawn = np.random.default_rng(seed).choice(city.people, min(city.people, ones + 50), replace=False)
    cases, fifty = drawn[50:], tuple(int(p) for p in drawn[:50])
    last = city.days - 2
    start, end = (FIRST_DAY + max(0, last - 6)) * 1440, (FIRST_DAY + last) * 1440
    ones_asked = tuple(Question((int(p),), start, end) for p in cases)
    return Questions(
        ones_asked,
        Question(fifty, start, end),
        Question(fifty, city.start, (FIRST_DAY + city.days) * 1440),
        Question(fifty, start, end),
        ones_asked[0],
    )
