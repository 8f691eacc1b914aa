"""Facts gathered one by one are those gathered at once, whatever binds subjects and retracts facts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.facts import Fact, current, dossiers
from ringfence.rules.gathering import Gathered
from tests.rules.city import at, fact

BEGIN = at("2022-03-08T00:00")
WHO = st.sampled_from(["contact:2", "infection:2", "person:2", "contact:3", "contact:4"])
PEOPLE = st.lists(st.sampled_from(["contact:2", "contact:3", "contact:4"]), min_size=1, max_size=2)


@st.composite
def some_facts(draw: st.DrawFn) -> list[Fact]:
    """Draw facts known at some hour, of bodies, a tube, a room, a site with a cross-infection, and retractions."""
    ids = [f"x{n}" for n in range(draw(st.integers(1, 14)))]
    found = []
    for one in ids:
        hour = draw(st.integers(0, 9))
        when = (BEGIN + timedelta(hours=hour)).isoformat()
        make = draw(st.sampled_from(_MAKERS))
        made = make(draw, when, draw(st.sampled_from(ids)))
        retracts = draw(st.sampled_from([made.retracts, made.retracts, *ids]))
        known = made.at + timedelta(hours=draw(st.sampled_from([0, 0, 2, 5])))
        found.append(made._replace(id=one, known_at=known, retracts=retracts))
    return found


_MAKERS = [
    lambda draw, when, other: fact("sample", draw(WHO), when, specimen="np"),
    lambda draw, when, other: fact("result", "contact:3", when, sample=other, outcome="negative"),
    lambda draw, when, other: fact("separated", "contact:2", when),
    lambda draw, when, other: fact("members", "tube:1", when, who=draw(PEOPLE)),
    lambda draw, when, other: fact("result", "tube:1", when, outcome=draw(st.sampled_from(["negative", "abnormal"]))),
    lambda draw, when, other: fact("reached", "tube:1", when, who="person:3"),
    lambda draw, when, other: fact("household", draw(st.sampled_from(["household:1", "household:2"])), when,
                                   members=draw(PEOPLE)),
    lambda draw, when, other: fact("cross_infection", "place:9", when, affected=draw(PEOPLE)),
    lambda draw, when, other: fact("ruling", draw(st.sampled_from(["contact:3", "place:9"])), when, on=other,
                                   says="apart", by="Dr Lin"),
    lambda draw, when, other: fact("occupied", "room:5", when, who=draw(WHO)),
    lambda draw, when, other: fact("trip", draw(WHO), when, stage="arrived"),
    lambda draw, when, other: fact("release", draw(st.sampled_from(["contact:2", "infection:2", "contact:3"])), when),
    lambda draw, when, other: fact("ended", draw(st.sampled_from(["contact:2", "tube:1"])), when, which=other,
                                   by="Dr Lin"),
    lambda draw, when, other: fact("retraction", "contact:2", when, retracts=other, why="wrong"),
]  # fmt: skip


@given(some_facts(), st.data())
def test_facts_added_one_by_one_are_gathered_as_at_once(facts, data):
    cut = data.draw(st.integers(0, len(facts)))
    now = BEGIN + timedelta(hours=data.draw(st.integers(0, 15)))
    gathered = Gathered(facts[:cut], now)
    for one in range(cut, len(facts) + 1):
        now += timedelta(hours=data.draw(st.sampled_from([0, 0, 1, 4, -1])))
        before = {subject: list(found) for subject, found in gathered.by.items()}
        changed = gathered.add(facts[one : one + 1], now)
        wanted = dossiers(current(facts[: max(one + 1, cut)], now=now))
        assert gathered.by == wanted
        assert changed == {s for s in before.keys() | wanted.keys() if before.get(s) != wanted.get(s)}


def test_a_ring_of_retractions_strikes_all_of_it_in_any_order():
    ring = [fact("onset", "infection:1", "2022-03-06", id=one, retracts=other, of="symptoms")
            for one, other in (("a", "b"), ("b", "c"), ("c", "a"))]  # fmt: skip
    assert current(ring) == current(ring[::-1]) == []


def test_a_fact_told_again_under_its_id_takes_the_place_of_the_first():
    first = fact("stay", "contact:2", "2022-03-06", id="s", kind="home", place="place:1")
    again = first._replace(at=at("2022-03-07"))
    gathered = Gathered([first], BEGIN)
    assert gathered.add([again], BEGIN) == {first.subject, first.subject._replace(kind="person")}
    assert gathered.by[first.subject] == [again]
