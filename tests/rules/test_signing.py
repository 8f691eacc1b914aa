"""Under a pack that is not in force nothing is signed: not one proposal, also when the pack ends while we look on."""

from __future__ import annotations

from datetime import date

import pytest

from ringfence.rules.rulebook import Rulebook
from ringfence.rules.strata import Incident, derive_all
from ringfence.vocabulary.subjects import Subject
from tests.rules.city import at, eighth, fact, ill, judged, met
from tests.rules.packs_for_tests import small_pack

FACTS = [
    *ill(1, "2022-03-06", "2022-03-08T05:00"),
    fact("agreement", "infection:1", "2022-03-08T06:00", asks="isolate_hospital", ends="2022-03-09T00:00"),
    met(2, "2022-03-07T08:00", setting="household"),
    met(3, "2022-03-07T12:00"),
    judged(3, "close", "2022-03-08T08:00"),
    fact("result", "contact:3", "2022-03-08T09:00", outcome="positive"),
    fact("incident", "incident:1", "2022-03-08T06:00", stage="opened"),
    fact("cross_infection", "place:9", "2022-03-08T07:00", affected=["contact:3"]),
    fact("members", "tube:7", "2022-03-08T07:00", who=["person:2"]),
    fact("result", "tube:7", "2022-03-08T08:00", outcome="abnormal"),
    fact("instrument", "zone:1", "2022-03-08T08:00", rung="order", asks="stay", level="closed"),
    fact("zone", "zone:1", "2022-03-08T08:00", stage="active", level="closed"),
]  # fmt: skip


def book(ends: date) -> Rulebook:
    values = {key: ruled.value for key, ruled in eighth(**{"zone.levels": ["closed"]}).values.items()}
    return Rulebook.of(small_pack(values, ends=ends), date(2022, 3, 8))


def signable(answer):
    return sorted({p.kind for d in answer.values() for p in d.proposals if p.signable})


def test_not_one_proposal_can_be_signed_under_a_pack_that_is_over():
    answer = derive_all(FACTS, book(date(2022, 3, 7)), at("2022-03-08T10:00"))
    assert {p.kind for d in answer.values() for p in d.proposals} >= {"class", "measure", "hold", "order", "case",
                                                                      "freeze_releases", "void_instrument"}  # fmt: skip
    assert signable(answer) == []


@pytest.mark.parametrize("moment", ["2022-03-09T00:00", "2022-03-20T00:00"])
def test_what_was_signable_yesterday_is_not_once_the_pack_is_over(moment):
    incident = Incident(FACTS, book(date(2022, 3, 8)), at("2022-03-08T10:00"))
    assert "measure" in signable(incident.derivations)
    incident.add([], now=at(moment))
    assert signable(incident.derivations) == []
    assert incident.derivations == derive_all(FACTS, book(date(2022, 3, 8)), at(moment))
    kinds = [p.kind for p in incident.derivations[Subject("incident", 1)].proposals]
    assert "historical" in kinds
