"""What a page about a search is made of: plain values, no search and no store behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from ringfence.vocabulary.bands import Band
from ringfence.vocabulary.reasons import Reason

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    """One person met: minutes since 1970 UTC, half-open spans; a moment that no source tells is None."""

    person: str
    minutes: int
    encounters: int
    first: int | None
    last: int | None
    band: Band
    reasons: tuple[Reason, ...] = ()
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
    zone: tzinfo
    source: Reason
    contacts: tuple[ContactLine, ...]
    presence: tuple[Span, ...] = ()
    presence_note: Reason | None = None
    known: tuple[Reason, ...] = ()
    unknown: tuple[Reason, ...] = ()
    second_hop: Mapping[int, int] | None = None
    remark: Reason | None = None

    def in_band(self, band: Band) -> int:
        """Return how many contacts stand in a band."""
        return sum(1 for line in self.contacts if line.band == band)
