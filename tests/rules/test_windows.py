"""When a case can infect others, and when it can have been infected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.windows import Span, Window, incubation_window, infectious_window, inside
from ringfence.vocabulary.words import sentence
from tests.rules.packs_for_tests import small_book

SHANGHAI = ZoneInfo("Asia/Shanghai")
COVID = {
    "infectious.anchor": "symptoms",
    "infectious.anchor_without_symptoms": "first_positive_sample",
    "infectious.from": -2,
    "infectious.granularity": "day",
    "infectious.ends_by": ["isolated"],
}
MEASLES = {
    "infectious.anchor": "rash",
    "infectious.from": -4,
    "infectious.to": 4,
    "infectious.ends_by": ["days"],
    "exposure.residual": 120,
}
WHO = {
    "infectious.anchor": "symptoms",
    "infectious.from": -2,
    "infectious.to": 10,
    "infectious.symptom_free": 3,
    "infectious.ends_by": ["isolated", "days", "symptom_free"],
}
EBOLA = {
    "infectious.anchor": "symptoms",
    "infectious.anchor_without_symptoms": "none",
    "infectious.from": 0,
    "infectious.ends_by": ["isolated", "buried"],
}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def codes(window: Window) -> list[str]:
    for because in window.because:
        for language in ("en", "zh"):
            assert sentence(because.code, because.values, language)
    return [because.code for because in window.because]


def test_measles_is_infectious_from_four_days_before_the_rash_to_the_end_of_the_fourth_day_after():
    window = infectious_window(small_book(MEASLES), anchor=local("2026-03-10T09:00"), facts=("f1",))
    assert window[:2] == (local("2026-03-06T00:00"), local("2026-03-15T00:00"))
    assert codes(window) == ["window.before_rash", "window.ends_days"]
    assert window.because[0].facts == ("f1",)
    assert window.because[0].clause == "plan §1"


@pytest.mark.parametrize(
    ("days", "granularity", "met"), [(-2, "day", True), (-2, "hour", False), (-4, "day", True), (-4, "hour", True)]
)
def test_fang_met_wei_at_eight_on_the_fifth_and_his_first_positive_sample_is_of_the_seventh(days, granularity, met):
    book = small_book({**COVID, "infectious.from": days, "infectious.granularity": granularity})
    window = infectious_window(book, anchor=local("2022-03-07T16:00"), without_symptoms=True)
    stretch = inside(window, local("2022-03-05T08:00"), local("2022-03-05T08:30"))
    assert (stretch is not None) is met
    assert codes(window) == ["window.before_sample", "window.runs_on"]


def test_the_same_hour_is_the_same_hour_on_the_wall_when_clocks_change():
    book = small_book({**COVID, "infectious.granularity": "hour"}, zone="Europe/Berlin")
    after = datetime(2022, 3, 28, 16, tzinfo=ZoneInfo("Europe/Berlin"))  # clocks went forward on the 27th
    assert infectious_window(book, anchor=after).begins == datetime(2022, 3, 26, 15, tzinfo=UTC)


def test_isolation_ends_a_window_whatever_the_pack_says():
    book = small_book(MEASLES)
    window = infectious_window(book, anchor=local("2026-03-10"), isolated_at=local("2026-03-11T12:00"))
    assert window.ends == local("2026-03-11T12:00")
    assert codes(window)[1] == "window.ends_isolated"


def test_isolation_before_the_window_leaves_it_empty_and_exposes_nobody():
    window = infectious_window(small_book(COVID), anchor=local("2022-03-20"), isolated_at=local("2022-03-10"))
    assert window.begins == window.ends
    assert codes(window)[-1] == "window.empty"
    assert inside(window, local("2022-03-18"), local("2022-03-19")) is None


def test_without_an_anchor_there_is_no_window_yet():
    window = infectious_window(small_book(MEASLES), anchor=None)
    assert window[:2] == (None, None)
    assert codes(window) == ["window.no_anchor_rash"]
    assert inside(window, local("2026-03-10"), None) is None


def test_who_has_no_symptoms_of_ebola_infects_nobody():
    window = infectious_window(small_book(EBOLA), anchor=local("2022-03-08"), without_symptoms=True)
    assert window[:2] == (None, None)
    assert codes(window) == ["window.never_without_symptoms"]


def test_who_died_of_ebola_is_infectious_until_buried_and_not_until_healed():
    window = infectious_window(
        small_book(EBOLA),
        anchor=local("2022-03-08"),
        buried_at=local("2022-03-14T10:00"),
        healed_at=local("2022-03-10"),
        symptom_free_at=local("2022-03-10"),
    )
    assert window[:2] == (local("2022-03-08"), local("2022-03-14T10:00"))
    assert codes(window) == ["window.from_symptoms", "window.ends_buried"]


@pytest.mark.parametrize(
    ("free", "ends"),
    [(None, None), ("2022-03-05T15:00", "2022-03-12"), ("2022-03-12T15:00", "2022-03-15")],
)
def test_ten_days_do_not_suffice_where_three_without_symptoms_are_needed_besides(free, ends):
    window = infectious_window(
        small_book(WHO), anchor=local("2022-03-01"), symptom_free_at=None if free is None else local(free)
    )
    assert window.ends == (None if ends is None else local(ends))


def test_ten_days_suffice_for_who_never_had_symptoms():
    window = infectious_window(small_book(WHO), anchor=local("2022-03-01"), without_symptoms=True)
    assert window.ends == local("2022-03-12")


def test_symptom_free_alone_ends_a_window_where_the_pack_names_it_alone():
    book = small_book({**WHO, "infectious.ends_by": ["isolated", "symptom_free"]})
    window = infectious_window(book, anchor=local("2022-03-01"), symptom_free_at=local("2022-03-05"))
    assert window.ends == local("2022-03-08")
    assert codes(window)[1] == "window.ends_symptom_free"


def test_healing_and_discharge_end_a_window_whichever_is_first():
    book = small_book({"infectious.anchor": "lesions", "infectious.from": -4, "infectious.ends_by": ["healed"]})
    healed, home = local("2022-03-20T09:00"), local("2022-03-19T09:00")
    assert infectious_window(book, anchor=local("2022-03-01"), healed_at=healed).ends == healed
    window = infectious_window(book, anchor=local("2022-03-01"), healed_at=healed, discharged_at=home)
    assert window.ends == home
    assert codes(window)[1] == "window.ends_discharged"


def test_an_exposure_is_cut_to_the_window_and_one_that_goes_on_ends_with_it():
    window = Window(local("2026-03-06"), local("2026-03-15"))
    assert inside(window, local("2026-03-05"), local("2026-03-07")) == (local("2026-03-06"), local("2026-03-07"))
    assert inside(window, local("2026-03-14"), None) == (local("2026-03-14"), local("2026-03-15"))
    assert inside(window, local("2026-03-15"), local("2026-03-16")) is None
    assert inside(window, local("2026-03-05"), local("2026-03-06")) is None
    assert inside(window._replace(ends=None), local("2026-03-14"), None) == (local("2026-03-14"), None)


def test_wei_is_isolated_at_two_and_his_air_counts_for_two_hours_more():
    book = small_book(MEASLES)
    window = infectious_window(book, anchor=local("2026-03-10"), isolated_at=local("2026-03-10T14:00"))
    residual = book.get("exposure.residual")
    late = local("2026-03-10T18:00")
    assert inside(window, local("2026-03-10T15:59"), late, residual) is not None
    assert inside(window, local("2026-03-10T16:01"), late, residual) is None
    assert inside(window, local("2026-03-10T15:59"), late) is None


def test_the_source_is_looked_for_in_the_incubation_window():
    book = small_book({"incubation.shortest": 1, "incubation.longest": 14})
    assert incubation_window(book, local("2022-03-20T08:00")) == (local("2022-03-06"), local("2022-03-20"))
    hours = small_book({"incubation.shortest": 0.2, "incubation.longest": 4.5})
    assert incubation_window(hours, local("2022-03-20T08:00")) == (local("2022-03-15"), local("2022-03-21"))
    assert incubation_window(small_book(COVID), local("2022-03-20")) is None


minutes = st.integers(0, 30 * 1440).map(lambda m: local("2022-03-01") + timedelta(minutes=m))


@given(minutes, minutes, minutes, minutes, st.integers(0, 240))
def test_what_is_inside_lies_in_the_exposure_and_in_the_window(begins, ends, start, end, residual):
    begins, ends = sorted((begins, ends))
    start, end = sorted((start, end))
    part = inside(Window(begins, ends), start, end, residual)
    if part is not None:
        assert isinstance(part, Span)
        assert max(begins, start) == part.begins <= part.ends == min(end, ends + timedelta(minutes=residual))
    elif ends > begins:
        assert end <= begins or start >= ends


@given(minutes, st.lists(st.none() | minutes, min_size=5, max_size=5))
def test_knowing_more_of_what_ends_a_window_never_makes_it_longer(anchor, known):
    names = ("isolated_at", "healed_at", "symptom_free_at", "buried_at", "discharged_at")
    book = small_book({**MEASLES, "infectious.ends_by": ["days", "healed", "symptom_free", "buried"]})
    less = infectious_window(book, anchor=anchor)
    more = infectious_window(book, anchor=anchor, **dict(zip(names, known, strict=True)))
    assert more.begins == less.begins
    assert less.ends is not None
    assert more.ends is not None
    assert more.begins <= more.ends <= less.ends
