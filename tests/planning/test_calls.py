"""Whom to call first."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning.calls import Call, Spread, averted, order, remaining_share, value_of

SPREAD = Spread(reproduction=2.5, generation_days=5.0)
calls = st.builds(
    Call, person=st.text("abcdef", min_size=1, max_size=4), probability=st.floats(0.001, 0.9),
    days_since_exposure=st.floats(0, 14), waiting_hours=st.floats(0, 72),
)  # fmt: skip


def test_fang_who_lives_with_the_case_is_called_before_li_who_ate_at_the_next_table():
    fang = Call(person="Fang", probability=0.2, days_since_exposure=0.5)
    li = Call(person="Li", probability=0.02, days_since_exposure=0.5)
    assert [r.call.person for r in order([li, fang])] == ["Fang", "Li"]


def test_whose_generation_interval_is_nearly_over_is_called_later():
    fresh, old = (Call(person=str(d), probability=0.1, days_since_exposure=d) for d in (1, 12))
    assert order([old, fresh], SPREAD)[0].call is fresh
    assert remaining_share(0, SPREAD) == 1
    assert remaining_share(30, SPREAD) < 0.001


def test_a_dose_that_still_helps_an_infant_and_a_nurse_come_first_and_say_why():
    plain = Call(person="plain", probability=0.1, days_since_exposure=1)
    infant = Call(person="infant", probability=0.1, days_since_exposure=1, vulnerable=("infant",))
    nurse = Call(person="nurse", probability=0.1, days_since_exposure=1, care=True)
    dose = Call(person="dose", probability=0.1, days_since_exposure=1, dose_hours_left=6)
    ranked = order([plain, infant, nurse, dose])
    assert ranked[-1].call.person == "plain"
    assert {r.call.person: r.why for r in ranked} == {
        "dose": ("dose",), "nurse": ("care",), "infant": ("vulnerable",), "plain": (),
    }  # fmt: skip


@given(st.lists(calls, max_size=20, unique_by=lambda c: c.person))
def test_everybody_has_one_rank_and_the_order_does_not_depend_on_the_order_given(some):
    ranked = order(some, SPREAD)
    assert [r.rank for r in ranked] == list(range(1, len(some) + 1))
    assert [r.call for r in order(some[::-1], SPREAD)] == [r.call for r in ranked]


@given(calls, st.floats(1, 100))
def test_waiting_only_ever_raises_the_worth(call, hours):
    from dataclasses import replace

    longer = replace(call, waiting_hours=call.waiting_hours + hours)
    assert value_of(longer, SPREAD)[0] > value_of(call, SPREAD)[0]


def test_with_half_wrong_scores_the_order_averts_97_percent_of_what_a_seer_would():
    chance = random.Random(7)
    true = [Call(person=str(n), probability=chance.betavariate(0.5, 8), days_since_exposure=chance.uniform(0, 6))
            for n in range(600)]  # fmt: skip
    best = averted([r.call for r in order(true, SPREAD)], 30, SPREAD)
    by_name = {c.person: c for c in true}
    noisy = [
        Call(person=c.person, probability=c.probability * chance.uniform(0.5, 1.5),
             days_since_exposure=c.days_since_exposure)
        for c in true
    ]  # fmt: skip
    ours = averted([by_name[r.call.person] for r in order(noisy, SPREAD)], 30, SPREAD)
    first_come = averted(true, 30, SPREAD)
    assert ours >= 0.97 * best
    assert first_come < ours
