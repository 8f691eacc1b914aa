from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.derive import Dossier
from ringfence.rules.derive.tube import derive
from ringfence.rules.facts import Fact, current, dossiers
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject
from tests.rules.areas_for_tests import FANG, WEI, Notebook, at, codes, duty, has, proposals
from tests.rules.packs_for_tests import small_book

CLOCKS = {
    "clock.pool_report.hard": 0.5,
    "clock.pool_locate.hard": 2,
    "clock.pool_confirm.hard": 6,
    "clock.hold.hard": 6,
    "clock.hold_most.hard": 12,
    "clock.free_within.hard": 1,
}


@pytest.fixture
def book():
    return small_book(CLOCKS)


@pytest.fixture
def tube():
    """Wei and Fang gave swabs into one tube, which reads abnormal half an hour after midnight."""
    tube = Notebook("tube:7")
    tube.note("members", "2022-03-07T17:00", who=(WEI, FANG))
    tube.note("tube", "2022-03-07T18:00", stage="sealed", size=2)
    tube.note("tube", "2022-03-07T20:00", stage="received")
    tube.note("result", "2022-03-08T00:30", outcome="abnormal", kit="A")
    return tube


def test_an_abnormal_tube_is_reported_repeated_and_its_people_found_and_swabbed_one_by_one(tube, book):
    answer = derive(tube.dossier(book), at("2022-03-08T00:40"))
    assert duty(answer, "report/abnormal").due == at("2022-03-08T01:00")
    assert duty(answer, "test/repeat").due == at("2022-03-08T06:30")
    assert duty(answer, "locate/p2").due == at("2022-03-08T02:30")
    assert duty(answer, "test/p2").values == {"pool": 1, "swabs": 2, "kits": 2}


def test_a_hold_is_only_asked_for_until_its_person_is_reached(tube, book):
    answer = derive(tube.dossier(book), at("2022-03-08T00:40"))
    assert [p.values["who"] for p in proposals(answer, "hold")] == ["person:1", "person:2"]
    assert not has(answer, "hold/p1")


def test_a_hold_begins_when_fang_is_reached_and_ends_six_hours_later_by_itself(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    held = derive(tube.dossier(book), at("2022-03-08T03:00"))
    assert duty(held, "hold/p2").until == at("2022-03-08T08:00")
    assert duty(held, "hold/p2").ended == "open"
    after = derive(tube.dossier(book), at("2022-03-08T08:00"))
    assert duty(after, "hold/p2").ended == "proved"
    assert duty(after, "release/p2").begins == at("2022-03-08T08:00")
    assert dict(after.status.values)["held"] == 0


def test_a_hold_is_renewed_once_to_twelve_hours_and_never_beyond(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("renewal", "2022-03-08T07:00", who=FANG, by="Officer Zhou")
    tube.note("renewal", "2022-03-08T13:00", who=FANG, by="Officer Zhou")
    answer = derive(tube.dossier(book), at("2022-03-08T13:30"))
    assert duty(answer, "hold/p2").until == at("2022-03-08T14:00")


def test_a_renewal_that_comes_after_the_end_renews_nothing(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("renewal", "2022-03-08T08:00", who=FANG, by="Officer Zhou")
    assert duty(derive(tube.dossier(book), at("2022-03-08T09:00")), "hold/p2").until == at("2022-03-08T08:00")


def test_fang_is_free_the_minute_her_own_sample_is_negative_and_her_false_hours_are_counted(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    own = tube.note("sample", "2022-03-08T02:10", about=FANG, specimen="np")
    tube.note("result", "2022-03-08T04:30", known="2022-03-08T04:35", about=FANG, outcome="negative", sample=own)
    answer = derive(tube.dossier(book), at("2022-03-08T05:00"))
    assert duty(answer, "hold/p2").until == at("2022-03-08T04:30")
    assert duty(answer, "hold/p2").values["false_hold_hours"] == 2.5
    assert duty(answer, "release/p2").due == at("2022-03-08T05:35")
    assert dict(answer.status.values)["false_hold_hours"] == 2.5


def test_a_negative_of_a_sample_taken_before_the_alarm_frees_nobody(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    old = tube.note("sample", "2022-03-07T09:00", about=FANG, specimen="np")
    tube.note("result", "2022-03-08T03:00", about=FANG, outcome="negative", sample=old)
    assert duty(derive(tube.dossier(book), at("2022-03-08T04:00")), "hold/p2").until == at("2022-03-08T08:00")


def test_a_tube_that_the_second_kit_disproves_frees_everyone_and_asks_nothing_more(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("result", "2022-03-08T03:00", outcome="negative", kit="B")
    answer = derive(tube.dossier(book), at("2022-03-08T03:10"))
    assert answer.status.state == "disproved"
    assert duty(answer, "hold/p2").until == at("2022-03-08T03:00")
    assert codes(duty(answer, "release/p2")) == ["duty.tube_freed"]
    assert duty(answer, "locate/p1").ended == "superseded"
    assert proposals(answer, "hold") == []


def test_wei_positive_twice_is_proposed_as_a_case_and_his_hold_still_ends_in_its_hours(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=WEI, agreed=True)
    for kit in ("A", "B"):
        tube.note("result", "2022-03-08T05:00", about=WEI, outcome="positive", kit=kit)
    answer = derive(tube.dossier(book), at("2022-03-08T09:00"))
    assert [p.values["who"] for p in proposals(answer, "case")] == ["person:1"]
    assert duty(answer, "hold/p1").until == at("2022-03-08T08:00")
    assert codes(duty(answer, "release/p1")) == ["duty.tube_hold_over_positive"]


def test_who_says_no_is_not_held_without_an_instrument(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=False)
    answer = derive(tube.dossier(book), at("2022-03-08T02:30"))
    assert duty(answer, "hold/p2").ended == "refused"
    assert not has(answer, "release/p2")


def test_an_invalid_result_is_not_negative_but_asks_for_new_swabs(book):
    tube = Notebook("tube:8")
    tube.note("tube", "2022-03-07T20:00", stage="received")
    tube.note("result", "2022-03-08T00:30", outcome="invalid")
    answer = derive(tube.dossier(book), at("2022-03-08T00:40"))
    assert codes(duty(answer, "test/recollect")) == ["duty.tube_invalid"]
    assert answer.status.state == "invalid"


def test_a_result_for_a_tube_that_was_never_received_blocks(book):
    tube = Notebook("tube:9")
    tube.note("tube", "2022-03-07T18:00", stage="sealed")
    tube.note("result", "2022-03-08T00:30", outcome="negative")
    (found,) = proposals(derive(tube.dossier(book), at("2022-03-08T01:00")), "discrepancy")
    assert found.values["blocking"]
    assert codes(found) == ["duty.tube_no_receipt"]


def test_a_pack_without_clocks_owes_no_report_and_yet_a_hold_has_its_end(tube):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    answer = derive(tube.dossier(small_book()), at("2022-03-08T03:00"))
    assert not has(answer, "report/abnormal")
    assert duty(answer, "hold/p2").until == at("2022-03-08T08:00")


def test_the_tube_is_given_the_results_of_its_own_people_and_of_nobody_else():
    tube = Subject("tube", 7)
    moment = at("2022-03-08T05:00")
    facts = [
        Fact("m", "members", tube, moment, moment, value={"who": (FANG,)}),
        Fact("hers", "result", FANG, moment, moment, value={"outcome": "negative"}),
        Fact("his", "result", WEI, moment, moment, value={"outcome": "negative"}),
    ]
    assert [fact.id for fact in dossiers(facts)[tube]] == ["hers", "m"]


happenings = st.lists(
    st.tuples(
        st.sampled_from(["reached", "renewal", "negative", "positive", "repeat_positive", "repeat_negative"]),
        st.integers(0, 2000),
    ),
    max_size=8,
)


@given(happenings)
def test_no_hold_outlives_twelve_hours_whatever_happens(events):
    book, tube = small_book(CLOCKS), Subject("tube", 7)
    start = at("2022-03-08T00:30")
    facts = [
        Fact("m", "members", tube, start, start, value={"who": (FANG,)}),
        Fact("a", "result", tube, start, start, value={"outcome": "abnormal", "kit": "A"}),
    ]
    for number, (kind, minutes) in enumerate(events):
        moment = start + timedelta(minutes=minutes)
        name, about, value = kind, tube, {"who": FANG, "by": "Zhou"}
        if kind in ("negative", "positive"):
            name, about, value = "result", FANG, {"outcome": kind}
        elif kind.startswith("repeat_"):
            name, value = "result", {"outcome": kind.removeprefix("repeat_"), "repeat": True}
        facts.append(Fact(f"e{number}", name, about, moment, moment, None, "", Grade.B, value))
    notebook = Notebook("tube:7")
    notebook.facts = facts
    answer = derive(notebook.dossier(book), start + timedelta(days=2))
    for held in (d for d in answer.duties if d.kind == "hold"):
        assert held.until is not None
        assert held.until - held.begins <= timedelta(hours=12)
        assert held.ended == "proved"


def test_who_was_freed_is_not_held_again_by_what_the_laboratory_finds_later(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("result", "2022-03-08T04:00", about=FANG, outcome="negative")
    tube.note("result", "2022-03-08T05:00", about=FANG, outcome="positive")
    assert duty(derive(tube.dossier(book), at("2022-03-08T05:30")), "hold/p2").until == at("2022-03-08T04:00")


def test_a_second_repeat_does_not_take_up_again_a_hold_that_the_first_ended(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("result", "2022-03-08T04:00", outcome="negative", repeat=True)
    tube.note("result", "2022-03-08T05:00", outcome="abnormal", repeat=True)
    answer = derive(tube.dossier(book), at("2022-03-08T05:30"))
    assert duty(answer, "hold/p2").until == at("2022-03-08T04:00")
    assert duty(answer, "test/p2").ended == "open"


def test_taking_back_an_early_end_takes_no_hold_up_again(tube, book):
    reached = tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("ended", "2022-03-08T03:00", which=reached, by="Dr Lin")
    gone = Fact("gone", "retraction", Subject("tube", 7), at("2022-03-08T03:30"), at("2022-03-08T03:30"),
                value={"why": "wrong person"}, retracts=tube.facts[-1].id)  # fmt: skip
    found = current([*tube.facts, gone])
    answer = derive(Dossier(Subject("tube", 7), book, found), at("2022-03-08T04:00"))
    assert duty(answer, "hold/p2").until == at("2022-03-08T03:00")


@pytest.mark.parametrize("rung", ["advice", "agreement"])
def test_who_said_no_is_not_held_by_advice_or_by_an_agreement(tube, book, rung):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=False)
    tube.note("instrument", "2022-03-08T01:30", rung=rung, asks="hold", ends=at("2022-03-08T08:00"))
    assert duty(derive(tube.dossier(book), at("2022-03-08T03:00")), "hold/p2").ended == "refused"


def taken_back(tube, which, when):
    """Write that a fact was wrong; return the dossier of all that stands since."""
    about = next(f.subject for f in tube.facts if f.id == which)
    back = Fact(f"back{which}", "retraction", about, at(when), at(when), value={"why": "wrong"}, retracts=which)
    tube.facts.append(back)


def stands(tube, book, now):
    """Return the answer at a moment from what stands then."""
    return derive(Dossier(tube.subject, book, current(tube.facts, now=at(now))), at(now))


@pytest.fixture
def cleared(tube):
    """Fang was reached at two; a negative repeat freed everyone at four."""
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    tube.note("result", "2022-03-08T04:00", outcome="negative", repeat=True)
    return tube


def test_a_tube_that_is_abnormal_again_asks_anew_and_holds_from_when_fang_is_reached_again(cleared, book):
    cleared.note("result", "2022-03-08T05:00", outcome="abnormal")
    asked = stands(cleared, book, "2022-03-08T05:10")
    assert [p.key.rsplit("/", 1)[1] for p in proposals(asked, "hold")] == ["p1.h2", "p2.h2"]
    assert codes(proposals(asked, "hold")[0]) == ["duty.tube_again", "duty.tube_hold_request"]
    assert duty(asked, "locate/p2.h2").due == at("2022-03-08T07:00")
    assert not has(asked, "hold/p2.h2")
    cleared.note("reached", "2022-03-08T06:00", who=FANG, agreed=True)
    answer = stands(cleared, book, "2022-03-08T06:10")
    assert duty(answer, "hold/p2").until == at("2022-03-08T04:00")
    assert duty(answer, "hold/p2.h2").begins == at("2022-03-08T06:00")
    assert duty(answer, "hold/p2.h2").until == at("2022-03-08T12:00")
    assert duty(answer, "release/p2").ended == "superseded"
    assert dict(answer.status.values)["held"] == 1


def test_taking_the_negative_back_opens_a_new_hold_and_never_the_old_one(cleared, book):
    taken_back(cleared, cleared.facts[-1].id, "2022-03-08T04:30")
    cleared.note("reached", "2022-03-08T04:10", who=FANG, agreed=True)
    asked = stands(cleared, book, "2022-03-08T04:40")
    assert duty(asked, "hold/p2").until == at("2022-03-08T04:00")
    assert not has(asked, "hold/p2.h2")
    assert codes(proposals(asked, "hold")[1]) == ["duty.tube_negative_taken_back", "duty.tube_hold_request"]
    cleared.note("reached", "2022-03-08T05:00", who=FANG, agreed=True)
    assert duty(stands(cleared, book, "2022-03-08T05:10"), "hold/p2.h2").until == at("2022-03-08T11:00")


def test_a_negative_corrected_by_another_negative_opens_no_new_hold(cleared, book):
    taken_back(cleared, cleared.facts[-1].id, "2022-03-08T04:30")
    cleared.note("result", "2022-03-08T04:05", known="2022-03-08T04:30", outcome="negative", repeat=True)
    answer = stands(cleared, book, "2022-03-08T04:40")
    assert answer.status.state == "disproved"
    assert proposals(answer, "hold") == []


def test_whose_own_sample_was_negative_is_not_held_when_the_tube_is_abnormal_again(cleared, book):
    cleared.note("result", "2022-03-08T03:30", about=FANG, outcome="negative")
    cleared.note("result", "2022-03-08T05:00", outcome="abnormal")
    cleared.note("reached", "2022-03-08T06:00", who=FANG, agreed=True)
    answer = stands(cleared, book, "2022-03-08T06:10")
    assert not has(answer, "hold/p2.h2")
    assert [p.values["who"] for p in proposals(answer, "hold")] == ["person:1"]


def test_the_hours_of_a_hold_count_from_when_she_was_first_said_to_be_reached(tube, book):
    first = tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    taken_back(tube, first, "2022-03-08T03:00")
    tube.note("reached", "2022-03-08T02:45", known="2022-03-08T03:00", who=FANG, agreed=True)
    held = duty(stands(tube, book, "2022-03-08T03:10"), "hold/p2")
    assert (held.begins, held.until) == (at("2022-03-08T02:45"), at("2022-03-08T08:00"))


def test_taking_back_her_own_negative_takes_no_hold_up_again(tube, book):
    tube.note("reached", "2022-03-08T02:00", who=FANG, agreed=True)
    own = tube.note("result", "2022-03-08T03:30", about=FANG, outcome="negative")
    taken_back(tube, own, "2022-03-08T04:00")
    answer = stands(tube, book, "2022-03-08T04:10")
    assert duty(answer, "hold/p2").until == at("2022-03-08T03:30")
    assert duty(answer, "test/p2").ended == "open"


@given(happenings, st.lists(st.tuples(st.integers(0, 7), st.integers(0, 600)), max_size=3), st.integers(0, 8))
def test_nothing_that_is_found_or_taken_back_later_makes_a_hold_end_later(events, corrections, cut):
    book, tube = small_book(CLOCKS), Subject("tube", 7)
    start = at("2022-03-08T00:30")
    facts = [
        Fact("m", "members", tube, start, start, value={"who": (FANG,)}),
        Fact("a", "result", tube, start, start, value={"outcome": "abnormal", "kit": "A"}),
    ]
    for number, (kind, minutes) in enumerate(sorted(events, key=lambda e: e[1])):
        moment = start + timedelta(minutes=minutes)
        name, about, value = kind, tube, {"who": FANG, "by": "Zhou"}
        if kind in ("negative", "positive"):
            name, about, value = "result", FANG, {"outcome": kind}
        elif kind.startswith("repeat_"):
            name, value = "result", {"outcome": kind.removeprefix("repeat_"), "repeat": True}
        facts.append(Fact(f"e{number}", name, about, moment, moment, None, "", Grade.B, value))
    wrong = [f for f in facts[2:] if f.kind in ("result", "reached") and f.value.get("outcome") != "positive"]
    for number, (which, minutes) in enumerate(corrections):
        if wrong:
            target = wrong.pop(which % len(wrong))
            moment = target.known_at + timedelta(minutes=minutes + 1)
            facts.append(Fact(f"c{number}", "retraction", target.subject, moment, moment, value={"why": "wrong"},
                              retracts=target.id))  # fmt: skip
    facts.sort(key=lambda f: f.known_at)
    ends: dict[str, object] = {}
    renewed = False
    for fact in facts:
        renewed = renewed or fact.kind == "renewal"
        found = dossiers(current(facts, now=fact.known_at))[tube]
        answer = derive(Dossier(tube, book, found), fact.known_at)
        for held in (d for d in answer.duties if d.kind == "hold" and d.until is not None):
            key = held.key.rsplit("/", 1)[1]
            assert renewed or held.until <= ends.get(key, held.until)
            ends[key] = held.until
