"""What the case-control search means, by going through every relabeling: short, slow, for small sets only."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

Person = tuple[int, bool, frozenset[int]]
"""Stratum, case or control, places where she was."""


def relabeled(persons: list[Person]) -> list[frozenset[int]]:
    """Return every way to choose as many cases as there are in each stratum, as sets of rows."""
    choices = []
    for stratum in sorted({s for s, _, _ in persons}):
        rows = [i for i, p in enumerate(persons) if p[0] == stratum]
        choices.append(list(combinations(rows, sum(persons[i][1] for i in rows))))
    return [frozenset(i for part in parts for i in part) for parts in product(*choices)]


def exposed_cases(persons: list[Person], chosen: frozenset[int], place: int) -> int:
    """Return how many of the chosen were at the place."""
    return sum(place in persons[i][2] for i in chosen)


def distribution(persons: list[Person], place: int) -> dict[int, Fraction]:
    """Return the chance of each number of exposed cases when labels are exchanged inside strata."""
    everything = relabeled(persons)
    counts = [exposed_cases(persons, chosen, place) for chosen in everything]
    return {k: Fraction(counts.count(k), len(counts)) for k in sorted(set(counts))}


def p_value(persons: list[Person], place: int, seen: int) -> Fraction:
    """Return the chance of so many exposed cases or more."""
    return sum((c for k, c in distribution(persons, place).items() if k >= seen), Fraction(0))


def adjusted(persons: list[Person], places: list[int], least: int) -> dict[int, Fraction]:
    """Return Westfall and Young's step-down p of each place; fewer than `least` exposed cases count as p = 1."""
    everything = relabeled(persons)

    def p(chosen: frozenset[int], place: int) -> Fraction:
        seen = exposed_cases(persons, chosen, place)
        return p_value(persons, place, seen) if seen >= least else Fraction(1)

    truth = frozenset(i for i, person in enumerate(persons) if person[1])
    rarest_first = sorted(places, key=lambda place: p(truth, place))
    answer: dict[int, Fraction] = {}
    so_far = Fraction(0)
    for rank, place in enumerate(rarest_first):
        rest = rarest_first[rank:]
        as_rare = sum(min(p(chosen, q) for q in rest) <= p(truth, place) for chosen in everything)
        so_far = max(so_far, Fraction(as_rare, len(everything)))
        answer[place] = so_far
    return answer
