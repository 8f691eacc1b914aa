"""The definition of the searches, against answers worked out by hand."""

from __future__ import annotations

import pytest
from cities import CITIES, City, Question, to_tuples

from ringfence.tracing import reference

ASKED = [
    pytest.param(city, question, id=f"{city.name} ({number})")
    for city in CITIES
    for number, question in enumerate(city.questions, 1)
]


def names(numbered: dict[str, int]) -> dict[int, str]:
    return {number: name for name, number in numbered.items()}


@pytest.mark.parametrize(("city", "question"), ASKED)
def test_the_reference_answers_as_worked_out_by_hand(city: City, question: Question) -> None:
    visits, person, place = to_tuples(city), names(city.persons), names(city.places)
    seeds = [city.persons[seed] for seed in question.seeds]
    window = {"start": city.minute(question.start), "end": city.minute(question.end)}
    exposure = {
        "residual_minutes": question.residual_minutes,
        "min_overlap_minutes": question.min_overlap_minutes,
    }
    if question.met is not None:
        met = reference.trace(visits, seeds, **window, **exposure)
        assert {person[m.person]: (m.minutes, m.after_minutes, m.encounters) for m in met} == question.met
    if question.reached is not None:
        hop = reference.second_hop(visits, seeds, **window, **exposure, threshold_minutes=question.threshold_minutes)
        assert {person[r.person]: (r.score_minutes, r.encounters) for r in hop.rows} == question.reached
    if question.common is not None:
        common = reference.common_places(visits, seeds, **window, at_least=question.at_least)
        assert {place[c.place]: (c.persons, c.minutes) for c in common} == question.common
