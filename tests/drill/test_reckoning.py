"""Everybody whom the outbreak infected has exactly one reason; sharing a recorded visit makes everybody a candidate."""

from dataclasses import replace

import numpy as np
import pytest

from ringfence.drill.eyes import Eyes
from ringfence.drill.observe import Observed, Seen, write_scans
from ringfence.drill.reckoning import REASONS, reckon
from ringfence.drill.score import Proposal
from ringfence.drill.world import NOBODY, Truth
from ringfence.tracing.visits.store import open_store
from tests.drill.town import CHEN, FANG, GRANDMA, HOME, LI, MARKET, NOODLES, WEI, ZHAO, at

NOW = at("2022-03-07T05:00")
EYES = Eyes(scanning=1.0, missing_check_out=0.0, shared_phone=0.0, shared_phone_old=0.0)
WEI_ONLY = Proposal(now=NOW, signal_at=NOW, order=(), asked_days={}, windows={WEI: (at("2022-03-03T00:00"), NOW)})


@pytest.fixture(scope="module")
def scans(town, tmp_path_factory):
    """Return the stores of scans at 100 % and at 0 %."""
    stores = {}
    for rate in (1.0, 0.0):
        out = tmp_path_factory.mktemp("seen")
        write_scans(town, [Seen(replace(EYES, scanning=rate), Observed(NOW, NOW, (), ()), out)])
        stores[rate] = open_store(out / "visits")
    return stores


def became(town, truth, scans, proposal, *, rate=1.0, named=(), eyes=EYES):
    return reckon(truth, town, eyes, proposal, scans[rate], named=frozenset(named))


def infected(*rows):
    """Return a truth of rows (person, infector, place, moment)."""
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    at_ = columns[3]
    return Truth(*columns, at_, np.full(len(at_), -1, np.int64), at_ + 14 * 1440)


def test_wei_is_the_case_chen_is_found_and_fang_was_infected_at_home(town, truth, scans):
    found = became(town, truth, scans, replace(WEI_ONLY, order=(CHEN,)))
    assert found.reasons == {WEI: "case", CHEN: "found", FANG: "home"}
    assert found.broken == ()


def test_chen_who_was_recorded_with_wei_and_is_not_listed_breaks_what_must_hold(town, truth, scans):
    found = became(town, truth, scans, WEI_ONLY)
    assert found.broken == (CHEN,)
    assert found.reasons[CHEN] == "met_not_listed"


def test_li_who_falls_ill_after_the_answer_must_be_listed_too_for_she_ate_beside_wei(town, truth, scans):
    later = infected((WEI, NOBODY, NOBODY, at("2022-03-01T08:00")), (LI, FANG, HOME, NOW + 600))
    assert became(town, later, scans, WEI_ONLY).broken == (LI,)
    assert became(town, later, scans, replace(WEI_ONLY, order=(LI,))).reasons[LI] == "later"


def test_without_scans_nothing_is_broken_and_chen_did_not_scan(town, truth, scans):
    found = became(town, truth, scans, WEI_ONLY, rate=0.0)
    assert found.reasons == {WEI: "case", CHEN: "not_scanned", FANG: "home"}
    assert reckon(truth, town, EYES, WEI_ONLY, None, named=frozenset()).reasons == found.reasons


def test_a_meeting_outside_the_window_is_told_by_its_side(town, truth, scans):
    early = replace(WEI_ONLY, windows={WEI: (at("2022-03-05T18:00"), at("2022-03-06T00:00"))})
    assert became(town, truth, scans, early).reasons == {WEI: "case", CHEN: "before_window", FANG: "after_window"}


def test_who_was_infected_by_zhao_whom_nobody_knows_is_counted_so_and_zhao_brought_it_in(town, scans):
    told = infected((ZHAO, NOBODY, NOBODY, at("2022-03-02T08:00")), (GRANDMA, ZHAO, MARKET, at("2022-03-04T07:10")))
    assert became(town, told, scans, WEI_ONLY).reasons == {ZHAO: "brought_in", GRANDMA: "infector_unknown"}


def test_a_case_without_a_window_explains_whom_it_infected(town, truth, scans):
    no_window = replace(WEI_ONLY, windows={}, cases=frozenset({WEI}))
    assert became(town, truth, scans, no_window).reasons == {WEI: "case", CHEN: "not_searched", FANG: "not_searched"}


def test_grandma_on_the_phone_of_another_and_a_stay_without_end_are_told_apart(town, scans):
    old = replace(EYES, shared_phone_old=1.0)
    at_noodles = infected((GRANDMA, WEI, NOODLES, at("2022-03-05T12:30")))
    assert became(town, at_noodles, scans, WEI_ONLY, eyes=old).reasons == {GRANDMA: "other_phone"}
    # Zhao is recorded at the market in the evening; had Wei been there in the morning, only a length could join them.
    wei_at_market = infected((ZHAO, GRANDMA, MARKET, at("2022-03-05T18:20")))
    of_grandma = replace(WEI_ONLY, windows={GRANDMA: (at("2022-03-03T00:00"), NOW)})
    assert became(town, wei_at_market, scans, of_grandma).reasons == {ZHAO: "end_missing"}


def test_the_baseline_counts_the_infected_whom_a_case_named(town, truth, scans):
    listed = replace(WEI_ONLY, order=(CHEN, FANG, LI))
    assert became(town, truth, scans, listed, named={FANG, LI}).named == {FANG}


@pytest.mark.parametrize("rate", [1.0, 0.0])
def test_reasons_add_up_to_everybody_whatever_happened(town, scans, rate):
    chance = np.random.default_rng(5)
    for _ in range(200):
        people = chance.permutation(6)[: chance.integers(1, 7)]
        rows = [(int(p), int(chance.choice([*people, NOBODY])), int(chance.integers(0, 7)),
                 at("2022-03-01T00:00") + int(chance.integers(0, 9 * 1440))) for p in people]  # fmt: skip
        order = tuple(int(p) for p in chance.permutation(6)[: chance.integers(0, 7)])
        cases = frozenset(int(p) for p in chance.permutation(6)[: chance.integers(0, 3)])
        windows = {p: (at("2022-03-03T00:00"), NOW) for p in list(cases)[:1]}
        found = became(
            town, infected(*rows), scans, replace(WEI_ONLY, order=order, cases=cases, windows=windows), rate=rate
        )
        assert sum(found.counts().values()) == len(people)
        assert found.counts().keys() <= set(REASONS)
