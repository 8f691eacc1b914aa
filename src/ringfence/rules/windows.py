"""Windows of time: when a case can have infected others, and when it can have been infected itself.

Both count local days of the pack's zone from the day of an anchor, and answer with moments in UTC. A window that
`infectious.to` ends runs through the end of that local day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import Any, NamedTuple

from ringfence.rules.duties import Because
from ringfence.rules.rulebook import Rulebook


class Window(NamedTuple):
    """When a case is infectious: [begins, ends). Both None: no window; `ends` alone None: it still runs."""

    begins: datetime | None
    ends: datetime | None
    because: tuple[Because, ...] = ()


class Span(NamedTuple):
    """A stretch of time, [begins, ends); `ends` is None while it still runs."""

    begins: datetime
    ends: datetime | None


def infectious_window(
    book: Rulebook,
    *,
    anchor: datetime | None,
    facts: tuple[str, ...] = (),
    without_symptoms: bool = False,
    isolated_at: datetime | None = None,
    healed_at: datetime | None = None,
    symptom_free_at: datetime | None = None,
    buried_at: datetime | None = None,
    discharged_at: datetime | None = None,
) -> Window:
    """Return when a case is infectious, and why; without an anchor there is no window yet.

    `anchor` is the onset that `infectious.anchor` names, or for a case `without_symptoms` the first positive sample.
    `symptom_free_at` lies on the first day without symptoms. Isolation and discharge always end the window, the rest as
    `infectious.ends_by` says, whichever is first. Days without symptoms are needed besides the days where a pack asks
    for both. An end before the beginning leaves an empty window: she was isolated before she could infect.
    """
    if without_symptoms and book.get("infectious.anchor_without_symptoms") == "none":
        key = "infectious.anchor_without_symptoms"
        return Window(None, None, (book.because("window.never_without_symptoms", key, facts),))
    if anchor is None:
        return Window(None, None, (book.because(_awaited(book, without_symptoms), "infectious.anchor"),))
    begins, why = _begins(book, anchor, facts, without_symptoms)
    ends: datetime | None = None
    because: Because | None = None
    for moment, reason in _ends(
        book, anchor, without_symptoms, isolated_at, healed_at, symptom_free_at, buried_at, discharged_at
    ):
        if ends is None or moment < ends:
            ends, because = moment, reason
    if because is None:
        because = book.because("window.runs_on", "infectious.ends_by")
    elif ends is not None and ends <= begins:
        ends = begins
        return Window(begins, ends, (why, because, book.because("window.empty")))
    return Window(begins, ends, (why, because))


def inside(window: Window, start: datetime, end: datetime | None, residual_minutes: float = 0) -> Span | None:
    """Return the part of an exposure that lies in a window, None where no part does.

    `end` None goes on, and ends with the window. Shared air counts for `residual_minutes` after the window has ended,
    up to and including that minute.
    """
    begins, ends = window.begins, window.ends
    if begins is None or (end is not None and end < begins):
        return None
    if ends is not None:
        if ends <= begins:
            return None
        if residual_minutes:
            ends += timedelta(minutes=residual_minutes)
            if start > ends:
                return None
        elif start >= ends:
            return None
        if end is None or end > ends:
            end = ends
    if start < begins:
        if end == begins:
            return None
        start = begins
    return Span(start, end)


def incubation_window(book: Rulebook, onset: datetime) -> Span | None:
    """Return the local days on which a case that fell ill on a day was infected; None where the pack does not say.

    Backward contacts are those of this stretch. Parts of a day make it longer, never shorter.
    """
    longest = book.get("incubation.longest")
    if longest is None:
        return None
    day = book.day_of(onset)
    shortest = book.get("incubation.shortest", 0)
    return Span(book.start_of(day - ceil(longest)), book.start_of(day - floor(shortest) + 1))


def said(book: Rulebook, moment: datetime) -> str:
    """Return a moment as reasons write it: on the clocks of the pack's zone."""
    return f"{moment.astimezone(book.zone):%Y-%m-%d %H:%M}"


def _awaited(book: Rulebook, without_symptoms: bool) -> str:
    return f"window.no_anchor_{'sample' if without_symptoms else book.get('infectious.anchor', 'symptoms')}"


def _begins(
    book: Rulebook, anchor: datetime, facts: tuple[str, ...], without_symptoms: bool
) -> tuple[datetime, Because]:
    days = book.get("infectious.from", 0)
    if book.get("infectious.granularity", "day") == "hour":
        begins = (anchor.astimezone(book.zone) + timedelta(days=days)).astimezone(UTC)
    else:
        begins = book.start_of(book.day_of(anchor) + days)
    of = "sample" if without_symptoms else book.get("infectious.anchor", "symptoms")
    way = "before" if days < 0 else "from"
    why = book.because(
        f"window.{way}_{of}", "infectious.from", facts, days=abs(days), anchor=said(book, anchor),
        begins=said(book, begins),
    )  # fmt: skip
    return begins, why


def _ends(
    book: Rulebook,
    anchor: datetime,
    without_symptoms: bool,
    isolated_at: datetime | None,
    healed_at: datetime | None,
    symptom_free_at: datetime | None,
    buried_at: datetime | None,
    discharged_at: datetime | None,
) -> Iterator[tuple[datetime, Because]]:
    """Yield the moments that may end the window, each with its reason."""

    def reason(code: str, moment: datetime, key: str = "infectious.ends_by", **values: Any) -> Because:
        return book.because(f"window.{code}", key, ends=said(book, moment), **values)

    by = book.get("infectious.ends_by", ("days",))
    if isolated_at is not None:
        yield isolated_at, reason("ends_isolated", isolated_at)
    if discharged_at is not None:
        yield discharged_at, reason("ends_discharged", discharged_at)
    if buried_at is not None and "buried" in by:
        yield buried_at, reason("ends_buried", buried_at)
    if healed_at is not None and "healed" in by:
        yield healed_at, reason("ends_healed", healed_at)
    free_days = book.get("infectious.symptom_free", 0)
    free_from = None
    if symptom_free_at is not None:
        free_from = book.start_of(book.day_of(symptom_free_at) + free_days)
    to = book.get("infectious.to") if "days" in by else None
    if to is not None:
        last = book.start_of(book.day_of(anchor) + to + 1)
        if not free_days or without_symptoms:
            yield last, reason("ends_days", last, "infectious.to", days=to)
        elif free_from is not None:
            both = max(last, free_from)
            yield both, reason("ends_days_and_symptom_free", both, "infectious.symptom_free", days=to, free=free_days)
    if free_from is not None and "symptom_free" in by and (to is None or not free_days):
        yield free_from, reason("ends_symptom_free", free_from, free=free_days)
