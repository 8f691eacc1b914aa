"""Moments from text: the quick reading agrees with the standard library wherever that has an opinion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.tracing.intake.resolve import Times, resolve
from ringfence.tracing.intake.settings import IntakeSettings
from ringfence.tracing.intake.times import Reading, read_moments, read_numbers
from ringfence.tracing.intake.zones import to_utc
from ringfence.tracing.texts import Texts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(text: str) -> tuple[int, bool, Reading]:
    spans = Texts.of([text])
    seconds, fractions, readings = read_moments(spans.data, spans.starts, spans.stops)
    return int(seconds[0]), bool(fractions[0]), Reading(int(readings[0]))


def resolved(text: str, **told: object) -> Times:
    spans = Texts.of([text])
    return resolve(read_moments(spans.data, spans.starts, spans.stops), spans.text, IntakeSettings(**told))


@given(
    st.datetimes(timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))),
    st.sampled_from(["auto", "minutes", "seconds", "milliseconds", "microseconds"]),
    st.sampled_from("T "),
    st.sampled_from([":", ""]),
)
def test_it_reads_what_the_standard_library_writes(moment: datetime, spec: str, mark: str, colon: str) -> None:
    text = moment.isoformat(mark, spec)
    expected = datetime.fromisoformat(text)
    since = expected - EPOCH
    if not colon:
        text = text[:-3] + text[-2:]
    assert read(text) == (since // timedelta(seconds=1), since.microseconds > 0, Reading.MOMENT)


@given(
    st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32), st.integers(0, 25), st.integers(0, 61),
    st.integers(0, 61), st.sampled_from(["Z", "+08:00", "-0330", "+08", "", "+8", "z"]),
)  # fmt: skip
def test_it_refuses_what_no_calendar_has(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone: str
) -> None:
    text = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{zone}"
    _, _, reading = read(text)
    try:
        expected = datetime.fromisoformat(text.replace("z", "Z"))
    except ValueError:
        assert reading in (Reading.UNREADABLE, Reading.NO_SUCH_DAY, Reading.NO_SUCH_CLOCK)
    else:
        # the last versions of the library take 24:00 as midnight; a file of visits may mean either end of the day
        if hour == 24:
            assert reading == Reading.NO_SUCH_CLOCK
        else:
            assert reading == (Reading.LOCAL if expected.tzinfo is None else Reading.MOMENT)


@given(st.text("0123456789-:.TZ+ /年月", max_size=30))
def test_it_never_reads_a_moment_out_of_noise_that_the_library_reads_differently(text: str) -> None:
    seconds, _, reading = read(text)
    if reading == Reading.MOMENT and "-" in text[1:5]:
        try:
            expected = datetime.fromisoformat(text.strip())
        except ValueError:
            return
        assert seconds == (expected - EPOCH) // timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2022-03-08 10:30 +0800", "2022-03-08T02:30Z"),
        ("2022-03-08T10:30+08", "2022-03-08T02:30Z"),
        ("20220308T103000Z", "2022-03-08T10:30Z"),
        ("2022/3/8 9:05+08:00", "2022-03-08T01:05Z"),
        ("2022-03-08t10:30z", "2022-03-08T10:30Z"),
        ("1646735400", "2022-03-08T10:30Z"),
        ("1646735400000", "2022-03-08T10:30Z"),
        ("1646735400000000", "2022-03-08T10:30Z"),
        ("1646735400.000", "2022-03-08T10:30Z"),
        ("2024-02-29T12:00Z", "2024-02-29T12:00+00:00"),
    ],
)
def test_usual_spellings_are_one_moment(text: str, same_as: str) -> None:
    assert read(text) == read(same_as)
    assert read(text)[2] == Reading.MOMENT


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("", Reading.EMPTY),
        ("  ", Reading.EMPTY),
        ("2022-03-08T10:30", Reading.LOCAL),
        ("2022/3/8 10:30", Reading.LOCAL),
        ("2022-03-08", Reading.DAY),
        ("20220308", Reading.DAY),
        ("202203081030", Reading.LOCAL),
        ("20220308103000", Reading.LOCAL),
        ("20220308103000.5", Reading.LOCAL),
        ("202203082530", Reading.NO_SUCH_CLOCK),
        ("202213081030", Reading.MOMENT),
        ("2022-02-29T10:00Z", Reading.NO_SUCH_DAY),
        ("2100-02-29T10:00Z", Reading.NO_SUCH_DAY),
        ("2022-03-08T24:00Z", Reading.NO_SUCH_CLOCK),
        ("2022-03-08T10:60Z", Reading.NO_SUCH_CLOCK),
        ("2022-03-08T10:30:60Z", Reading.NO_SUCH_CLOCK),
        ("yesterday", Reading.UNREADABLE),
        ("12345", Reading.UNREADABLE),
        ("99999999", Reading.UNREADABLE),
        ("2022-03-08T10:30+08:60", Reading.UNREADABLE),
        ("2022-03-08T10:30+08:00x", Reading.UNREADABLE),
        ("2022-03-08T10:30:00.Z", Reading.UNREADABLE),
        ("1/22/2020", Reading.UNREADABLE),
        ("+", Reading.UNREADABLE),
        ("-", Reading.UNREADABLE),
        (".", Reading.UNREADABLE),
        ("2022", Reading.UNREADABLE),
        ("2022-", Reading.UNREADABLE),
        ("2022-03", Reading.UNREADABLE),
    ],
)
def test_everything_else_has_a_reason(text: str, reading: Reading) -> None:
    assert read(text)[2] == reading


def test_a_fraction_is_told_even_when_it_is_below_the_second() -> None:
    assert read("2022-03-08T10:30:00.0001Z")[1]
    assert not read("2022-03-08T10:30:00.000Z")[1]
    assert read("1646735400001") == (1646735400, True, Reading.MOMENT)


@given(st.integers(10**8, 10**11 - 1), st.sampled_from([1, 10**3, 10**6]))
def test_an_epoch_number_means_the_same_as_its_text(seconds: int, scale: int) -> None:
    if seconds * scale < 10**8 or len(str(seconds * scale)) > 17 or (scale > 1 and seconds < 10**8):
        return
    from_number = read_numbers(np.array([seconds * scale]), np.array([False]))
    from_text = read(str(seconds * scale))
    assert (int(from_number[0][0]), bool(from_number[1][0]), int(from_number[2][0])) == from_text


@given(
    st.integers(10**7, 10**15)
    | st.datetimes(datetime(1965, 1, 1), datetime(2105, 1, 1)).flatmap(
        lambda moment: st.sampled_from(["%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d4761"]).map(
            lambda pattern: int(moment.strftime(pattern))
        )
    )
)
def test_a_number_that_is_a_date_or_a_clock_means_the_same_as_its_text(number: int) -> None:
    seconds, fraction, reading = (int(column[0]) for column in read_numbers(np.array([number]), np.array([False])))
    assert (seconds, bool(fraction), reading) == read(str(number))
    assert number < 10**8 or read(f"{number}.0")[2] == reading
    floating = read_numbers(np.array([float(number), np.nan]), np.array([False, False]))
    assert floating[2].tolist() == [reading, Reading.EMPTY]


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 30)),
    st.sampled_from(
        ["America/New_York", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "Europe/London", "UTC"]
    ),
)
def test_wall_clocks_agree_with_the_standard_library(wall: datetime, zone: str) -> None:
    wall = wall.replace(microsecond=0)
    utc, _, never = to_utc(np.array([int((wall.replace(tzinfo=UTC) - EPOCH).total_seconds())]), zone)
    aware = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    exists = aware.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
    assert bool(never[0]) == (not exists)
    if exists:
        assert int(utc[0]) == int(aware.timestamp())


def test_a_time_that_happened_twice_is_the_first_and_uncertain() -> None:
    times = resolved("2022-11-06T01:30", zone="America/New_York")
    assert times.seconds[0] == int(datetime(2022, 11, 6, 5, 30, tzinfo=UTC).timestamp())
    assert times.uncertain[0]
    assert times.readings[0] == Reading.MOMENT


def test_a_time_that_the_clocks_skipped_is_told() -> None:
    assert resolved("2022-03-13T02:30", zone="America/New_York").readings[0] == Reading.SKIPPED
    assert resolved("2022-03-13T03:00", zone="America/New_York").readings[0] == Reading.MOMENT


def test_foreign_patterns_are_read_when_told() -> None:
    times = resolved("Sat Jul 07 02:12:49 +0000 2012", time_format="%a %b %d %H:%M:%S %z %Y")
    assert times.seconds[0] == int(datetime(2012, 7, 7, 2, 12, 49, tzinfo=UTC).timestamp())
    assert times.readings[0] == Reading.MOMENT


def test_a_pattern_without_a_clock_gives_days() -> None:
    assert resolved("1/22/2020", time_format="%m/%d/%Y", zone="Asia/Seoul").readings[0] == Reading.DAY
    whole = resolved("1/22/2020", time_format="%m/%d/%Y", zone="Asia/Seoul", whole_days=True)
    assert (whole.until[0] - whole.seconds[0], whole.uncertain[0]) == (86400, True)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2022-03-08 上午", (6, 12)), ("2022年3月8日 下午", (12, 18)), ("2022-03-08 Evening", (18, 24))],
)
def test_a_part_of_a_day_is_a_wide_and_uncertain_span(text: str, hours: tuple[int, int]) -> None:
    times = resolved(text, zone="Asia/Shanghai")
    midnight = int(datetime(2022, 3, 7, 16, tzinfo=UTC).timestamp())
    assert (times.seconds[0] - midnight, times.until[0] - midnight) == (hours[0] * 3600, hours[1] * 3600)
    assert times.uncertain[0]


@pytest.mark.parametrize(
    "text", ["2022年3月8日10时30分", "2022年3月8日 10:30", "2022年3月8日 10：30", "2022年3月8日10点30分"]
)
def test_chinese_dates_are_read(text: str) -> None:
    times = resolved(text, zone="Asia/Shanghai")
    assert times.readings[0] == Reading.MOMENT
    assert times.seconds[0] == int(datetime(2022, 3, 8, 2, 30, tzinfo=UTC).timestamp())
