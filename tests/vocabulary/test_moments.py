"""One rule for what a text says about when, wherever it stands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.tracing.intake.times import Reading, read_moments
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.moments import EPOCH, parse_moment
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


@given(st.integers(10**8, 2**63 - 2))
def test_a_number_is_the_same_moment_in_a_question_and_in_a_file_of_visits(number):
    texts = Texts.of([str(number)])
    seconds, _, reading = read_moments(texts.data, texts.starts, texts.stops)
    assert reading[0] == Reading.MOMENT
    assert (parse_moment(str(number)) - EPOCH) // timedelta(seconds=1) == seconds[0]
