"""A rulebook tells local days apart quickly and keeps what is the same for many, and never too much of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules import rulebook
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import shipped_pack

BOOK = Rulebook.of(shipped_pack("cn-covid-8"), date(2022, 3, 8))
FROM = datetime(1985, 1, 1, tzinfo=UTC)
MINUTES = 45 * 366 * 24 * 60
ZONES = (
    "Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "America/Havana", "Asia/Kathmandu", "UTC",
)  # fmt: skip


def in_zone(name: str) -> Rulebook:
    return Rulebook(BOOK.pack, BOOK.on, BOOK.values, BOOK.signable, ZoneInfo(name))


BOOKS = {name: in_zone(name) for name in ZONES}


@given(st.sampled_from(ZONES), st.integers(0, MINUTES))
def test_the_local_day_of_a_moment_is_that_of_the_clocks_of_the_zone(zone: str, minutes: int) -> None:
    moment = FROM + timedelta(minutes=minutes)
    assert BOOKS[zone].day_of(moment) == moment.astimezone(ZoneInfo(zone)).toordinal()


@pytest.mark.parametrize("zone", ZONES)
def test_the_local_day_holds_on_every_half_hour_of_days_on_which_clocks_change(zone: str) -> None:
    changes = (date(1987, 4, 5), date(1987, 10, 25), date(2011, 12, 30), date(2022, 3, 27), date(2022, 10, 30))
    for day in changes:
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
        for step in range(4 * 48):
            moment = begins + step * timedelta(minutes=30) + timedelta(seconds=30)
            assert BOOKS[zone].day_of(moment) == moment.astimezone(ZoneInfo(zone)).toordinal(), moment


def test_the_first_and_last_days_that_there_are_have_a_local_day() -> None:
    book = in_zone("UTC")
    assert book.day_of(datetime.min.replace(tzinfo=UTC)) == 1
    assert book.day_of(datetime.max.replace(tzinfo=UTC)) == date.max.toordinal()


def test_what_is_kept_is_made_once_and_thrown_away_when_there_is_too_much_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rulebook, "_MOST_KEPT", 3)
    book, made = in_zone("UTC"), []
    for key in (1, 2, 3, 3, 2, 4, 4, 1):
        assert book.kept(key, lambda key=key: made.append(key) or key * 10) == key * 10
    assert made == [1, 2, 3, 4, 1]
    assert len(book.templates) <= 3
