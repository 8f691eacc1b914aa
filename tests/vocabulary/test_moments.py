"""One rule for what a text says about when, wherever it stands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.tracing.intake.resolve import resolve
from ringfence.tracing.intake.settings import IntakeSettings
from ringfence.tracing.intake.times import Reading, read_moments
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.moments import EPOCH, parse_moment, zone_named
from ringfence.vocabulary.refusals import Refused

NOON = datetime(2022, 3, 8, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2022-03-08T12:00+08:00",
        "2022-03-08 04:00Z",
        "1646712000",
        "1646712000.0",
        "1646712000000",
        "1646712000000000",
        "1646712000000000000",
    ],
)
def test_iso_and_numbers_since_1970_name_the_same_moment(text):
    assert parse_moment(text) == NOON


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-99999999999", "moment.unreadable"),
        ("9999999999999999999", "moment.unreadable"),
        ("12345678901234567890", "moment.unreadable"),
        ("0001-01-01T00:00+14:00", "moment.unreadable"),
        ("soon", "moment.unreadable"),
        ("2022-03-08T12:00", "moment.no_zone"),
    ],
)
def test_what_no_calendar_holds_is_refused_and_never_an_error(text, code):
    with pytest.raises(Refused) as refused:
        parse_moment(text)
    assert refused.value.code == code


CLOCKS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30)).flatmap(
    lambda moment: st.sampled_from([f"{moment:%Y%m%d%H%M}", f"{moment:%Y%m%d%H%M%S}", f"{moment:%Y%m%d%H%M}.0"])
)
DIGITS = st.integers(10**8, 2**63 - 2).map(str) | CLOCKS
NEAR_CLOCKS = st.builds(
    "{:04}{:02}{:02}{:02}{:02}{}{}".format,
    st.integers(1965, 2105), st.integers(0, 13), st.integers(0, 32), st.integers(0, 25), st.integers(0, 61),
    st.sampled_from(["", "00", "07", "59", "60"]), st.sampled_from(["", ".0", ".5", "."]),
)  # fmt: skip


@given(DIGITS | NEAR_CLOCKS, st.sampled_from([None, "UTC", "Asia/Shanghai"]))
def test_digits_are_the_same_moment_in_a_question_and_in_a_file_of_visits(digits, zone):
    texts = Texts.of([digits])
    read = read_moments(texts.data, texts.starts, texts.stops)
    times = resolve(read, None, IntakeSettings(zone=zone))
    try:
        asked = (parse_moment(digits, zone and zone_named(zone)) - EPOCH) // timedelta(seconds=1)
    except Refused:
        asked = None
    assert asked == (times.seconds[0] if times.readings[0] == Reading.MOMENT else None)


@given(CLOCKS)
def test_a_compact_clock_is_one_of_the_wall_and_needs_a_zone(digits):
    with pytest.raises(Refused) as refused:
        parse_moment(digits)
    assert refused.value.code == "moment.no_zone"
    shown = datetime.strptime(digits[:12], "%Y%m%d%H%M").replace(tzinfo=UTC)
    assert parse_moment(digits, zone_named("UTC")).replace(second=0) == shown


@pytest.mark.parametrize("digits", ["202203081030", "20220308103000", "202203081030.0"])
def test_exports_from_china_write_clocks_in_one_run_of_digits(digits):
    assert parse_moment(digits, zone_named("Asia/Shanghai")) == datetime(2022, 3, 8, 2, 30, tzinfo=UTC)
