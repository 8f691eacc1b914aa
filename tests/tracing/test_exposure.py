"""Wei 伟 is ill; Fang 芳 lives with him, Chen 陈 works with him, Li 李 passes by."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.tracing.exposure import (
    UNKNOWN_DAY,
    Band,
    Evidence,
    ExposureSettings,
    score_exposures,
)
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import table


def evidence(*rows):
    """Return evidence from (contact, kind, minutes, after, crowd, day, distance, protected)."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 8
    types = (np.int64, np.uint8, np.int64, np.int64, np.int64, np.int16, np.float32, np.int8)
    names = ("contact", "kind", "minutes", "after_minutes", "crowd", "day_from_onset", "distance_m", "protected")
    return Evidence(**{n: np.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


def one(kind=PlaceKind.OTHER, minutes=30, *, after=0, crowd=2, day=0, distance=np.nan, protected=0):
    return (0, kind, minutes, after, crowd, day, distance, protected)


def band(*rows):
    return Band(int(score_exposures(evidence(*rows), contacts=1).band[0]))


def codes(*rows):
    return {r.code for r in score_exposures(evidence(*rows), contacts=1).reasons_for(0)}


def test_a_wife_at_home_comes_before_a_colleague_and_a_passer_by_comes_last():
    fang = (0, PlaceKind.HOME, 600, 0, 1, 0, np.nan, -1)
    chen = (1, PlaceKind.WORKPLACE, 40, 0, 8, 0, np.nan, -1)
    li = (2, PlaceKind.MARKET, 10, 0, 900, 0, np.nan, -1)
    answer = score_exposures(evidence(fang, chen, li), contacts=4)
    assert answer.ranking().tolist() == [0, 1, 2, 3]
    assert answer.band.tolist() == [Band.VERY_STRONG, Band.STRONG, Band.SLIGHT, Band.SLIGHT]


def test_a_market_of_five_thousand_is_not_a_room():
    assert band(one(PlaceKind.MARKET, 120, crowd=10)) == Band.VERY_STRONG
    assert band(one(PlaceKind.MARKET, 120, crowd=5000)) == Band.SLIGHT
    assert "exposure.diluted" in codes(one(PlaceKind.MARKET, crowd=5000))


def test_a_full_bus_is_not_thinned():
    assert band(one(PlaceKind.VEHICLE, crowd=60)) == band(one(PlaceKind.VEHICLE, crowd=1))
    assert "exposure.undiluted" in codes(one(PlaceKind.VEHICLE, crowd=60))


def test_a_measured_distance_replaces_the_crowd():
    near = one(PlaceKind.MARKET, 60, crowd=5000, distance=1.0)
    far = one(PlaceKind.MARKET, 60, crowd=5000, distance=6.0)
    assert band(near) == Band.STRONG
    assert band(far) == Band.SOME


def test_what_is_unknown_is_neutral_and_is_said():
    known = one(day=0, crowd=1, protected=0)
    unknown = one(day=UNKNOWN_DAY, crowd=0, protected=-1)
    assert score_exposures(evidence(known), contacts=1).score == score_exposures(evidence(unknown), contacts=1).score
    assert {"exposure.day_unknown", "exposure.crowd_unknown", "exposure.protection_unknown"} <= codes(unknown)


def test_a_contact_without_evidence_is_slight():
    answer = score_exposures(evidence(), contacts=2)
    assert answer.band.tolist() == [0, 0]
    assert [r.code for r in answer.reasons_for(1)] == ["exposure.band.slight"]


def test_every_reason_has_its_sentence_in_both_languages():
    rows = [
        one(kind, day=day, protected=p, crowd=c, distance=d)
        for kind in PlaceKind
        for day, p, c, d in [(-2, -1, 9999, np.nan), (0, 0, 1, 1.0), (3, 1, 0, 9.0), (UNKNOWN_DAY, 0, 0, np.nan)]
    ]
    for reason in score_exposures(evidence(*rows), contacts=1).reasons_for(0):
        assert reason.said("en")
        assert reason.said("zh")
    assert all({"en", "zh"} <= set(entry) for entry in table().values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"after_weight": 1.5},
        {"infectiousness": ()},
        {"infectiousness": (2.0,)},
        {"setting": {PlaceKind.HOME: 1.0}},
        {"group": dict.fromkeys(PlaceKind, 0.0)},
        {"near_m": 0.0},
        {"bands": (5.0, 5.0, 60.0)},
        {"protected_factor": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(Refused):
        ExposureSettings(**wrong)


def test_evidence_out_of_order_is_refused():
    li, fang = (1, *one()[1:]), one()
    with pytest.raises(Refused, match="not sorted"):
        evidence(li, fang)


def test_columns_of_different_length_are_refused():
    with pytest.raises(Refused) as refusal:
        Evidence(**{**{n: getattr(evidence(one()), n) for n in Evidence.__dataclass_fields__}, "crowd": np.zeros(2)})
    assert refusal.value.code == "exposure.unequal_columns"


ROW = st.tuples(
    st.integers(0, 3),
    st.sampled_from(PlaceKind),
    st.integers(0, 100_000),
    st.integers(0, 10_000),
    st.integers(-1, 100_000),
    st.integers(-40, 40) | st.just(UNKNOWN_DAY),
    st.just(float("nan")) | st.floats(0, 50, width=32),
    st.integers(-1, 1),
)
ROWS = st.lists(ROW, min_size=1, max_size=8).map(lambda rows: sorted(rows, key=lambda r: r[0]))


@given(ROWS, st.data())
def test_more_minutes_never_lower_a_band_and_a_larger_crowd_never_raises_one(rows, data):
    before = score_exposures(evidence(*rows), contacts=4)
    chosen = data.draw(st.integers(0, len(rows) - 1))
    more = data.draw(st.integers(0, 5000))
    column = data.draw(st.sampled_from([2, 3]))
    longer = list(rows)
    longer[chosen] = tuple(v + more if i == column else v for i, v in enumerate(rows[chosen]))
    assert (score_exposures(evidence(*longer), contacts=4).band >= before.band).all()
    fuller = list(rows)
    fuller[chosen] = tuple(v + more if i == 4 else v for i, v in enumerate(rows[chosen]))
    assert (score_exposures(evidence(*fuller), contacts=4).band <= before.band).all()


@given(ROWS)
def test_the_values_of_the_reasons_give_the_score_again(rows):
    answer = score_exposures(evidence(*rows), contacts=4)
    for contact in range(4):
        product = {}
        for reason in answer.reasons_for(contact)[1:]:
            value = reason.values.get("factor", reason.values.get("counted"))
            product[reason.values["row"]] = product.get(reason.values["row"], 1.0) * value
        assert answer.score[contact] == pytest.approx(sum(product.values()))
        assert answer.band[contact] == np.searchsorted(ExposureSettings().bands, answer.score[contact], side="right")


def test_two_thousand_rows_take_less_than_a_screen_refresh():
    rng = np.random.default_rng(0)
    n = 2000
    many = Evidence(
        contact=np.sort(rng.integers(0, n, n)),
        kind=rng.integers(0, len(PlaceKind), n).astype(np.uint8),
        minutes=rng.integers(0, 600, n),
        after_minutes=rng.integers(0, 30, n),
        crowd=rng.integers(0, 500, n),
        day_from_onset=rng.integers(-5, 12, n).astype(np.int16),
        distance_m=np.full(n, np.nan, np.float32),
        protected=rng.integers(-1, 2, n).astype(np.int8),
    )
    score_exposures(many, contacts=n)
    fastest = min(_seconds(many, n) for _ in range(20))
    assert fastest < 0.003


def _seconds(many, n):
    started = time.perf_counter()
    score_exposures(many, contacts=n)
    return time.perf_counter() - started
