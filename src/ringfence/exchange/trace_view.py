"""What a page about a search is made of: plain values, no search and no store behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ringfence.exchange import writing
from ringfence.vocabulary.words import sentence

HIGH, MEDIUM, LOW = 3, 2, 1
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as a code with values, made when somebody reads it. Whole numbers and moments are written her way."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str, zone: ZoneInfo) -> str:
        """Return the sentence in a language, moments in a zone."""
        values = {name: _written(value, language, zone) for name, value in self.values.items()}
        return sentence(self.code, values, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    """One person met: minutes since 1970 UTC, half-open spans; the band is 3 high, 2 medium or 1 low."""

    person: str
    minutes: int
    encounters: int
    first: int
    last: int
    band: int
    reasons: tuple[Said, ...] = ()
    spans: tuple[Span, ...] = ()
    places: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """A search and its answer, as a page shows it. `contacts` stand in the order in which they should be read.

    `as_of` is the minute up to which the data was known. `presence` are the spans in which the data saw the case,
    `presence_note` says what that means in this data.
    `second_hop` says how many contacts of contacts have a score of at least so many person-minutes.
    """

    seeds: tuple[str, ...]
    start: int
    end: int
    as_of: int
    zone: ZoneInfo
    source: Said
    contacts: tuple[ContactLine, ...]
    presence: tuple[Span, ...] = ()
    presence_note: Said | None = None
    known: tuple[Said, ...] = ()
    unknown: tuple[Said, ...] = ()
    second_hop: Mapping[int, int] | None = None
    remark: Said | None = None

    def in_band(self, band: int) -> int:
        """Return how many contacts stand in a band."""
        return sum(1 for line in self.contacts if line.band == band)


def _written(value: object, language: str, zone: ZoneInfo) -> object:
    if isinstance(value, datetime):
        return writing.moment(value.astimezone(zone), language)
    if isinstance(value, date):
        return writing.day(value, language)
    if isinstance(value, int):
        return writing.number(value)
    return value
