"""Spans of time of visits: two moments tied together, one with its part of the day, or what was told before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ringfence.tracing.itineraries.records import Certainty, Clock, Day, Moment, ProposedVisit, Words


@dataclass(frozen=True, slots=True)
class Span:
    """The time in force while a text is read: days, start and end, and the words that told of them."""

    first: Day | None = None
    start: datetime | None = None
    end: datetime | None = None
    clock_exact: bool = False
    end_told: bool = False
    certainty: Certainty = Certainty.INFERRED
    words: tuple[Words, ...] = ()
    told: bool = False
    last: Day | None = None
    fresh: bool = False

    @property
    def day_start(self) -> datetime | None:
        """Return the beginning of the first day."""
        return None if self.first is None or self.first.date is None else _midnight(self.first.date)

    @property
    def day_end(self) -> datetime | None:
        """Return the end of the last day."""
        day = self.last or self.first
        return None if day is None or day.date is None else _midnight(day.date) + timedelta(days=1)

    def inherited(self) -> Span:
        """Return what a sentence that names no moment may lean on: the last day, as inferred."""
        day = self.last or self.first
        return Span(day, words=self.words, last=day).whole_day()

    def used(self) -> Span:
        """Return what later clauses under the same moment may lean on: the day without its time of the day."""
        return replace(self, certainty=Certainty.INFERRED).whole_day()

    def whole_day(self) -> Span:
        """Return the span of whole days."""
        return replace(self, start=self.day_start, end=self.day_end, clock_exact=False, end_told=False)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # a clock on the wall there


def _at(day: Day | None, minutes: int) -> datetime | None:
    return None if day is None or day.date is None else _midnight(day.date) + timedelta(minutes=minutes)


def span_of(before: Span, group: Sequence[Moment]) -> Span:
    """Return the span that one moment, or two tied together, put in force; a day not told is the one before."""
    head, tail = group[0], group[-1]
    words = tuple(moment.words for moment in group)
    if head.now:
        return Span(words=words, told=True)
    carried = before.last or before.first
    first = head.day or carried
    last = tail.day or first
    inferred = head.day.inferred if head.day is not None else not before.fresh
    if head.day is None and carried is not None:
        words = (carried.words, *words)
    made = Span(first, words=words, told=True, last=last, fresh=True)
    if first is None:
        return made
    if len(group) == 1:
        return _one(made, head.clock, inferred)
    return _two(made, head.clock, tail, inferred)


def _one(made: Span, clock: Clock | None, inferred: bool) -> Span:
    if clock is None:
        return replace(made.whole_day(), certainty=Certainty.INFERRED if inferred else Certainty.VAGUE)
    start, end = _at(made.first, clock.first), _at(made.first, clock.last)
    one_minute = clock.first == clock.last
    sure = Certainty.VAGUE if clock.about or not one_minute else Certainty.EXACT
    return replace(
        made, start=start, end=None if one_minute else end, clock_exact=one_minute,
        certainty=Certainty.INFERRED if inferred else sure,
    )  # fmt: skip


def _two(made: Span, clock: Clock | None, tail: Moment, inferred: bool) -> Span:
    closing = tail.clock
    if clock is not None and closing is not None and clock.moved and not closing.moved and tail.day is None:
        later = closing.first + 720
        if closing.first < 720 and clock.first < later:
            closing = replace(closing, first=later, last=later)
    start = _at(made.first, clock.first if clock else 0)
    end = _at(made.last, closing.last if closing else 1440)
    if closing is not None and clock is not None and start is not None and end is not None and end <= start:
        if tail.day is None:  # over midnight
            end += timedelta(days=1)
            inferred = True
        else:
            end = None
    elif start is not None and end is not None and end <= start:
        end = None
    exact = clock is not None and closing is not None and clock.exact and closing.exact
    minutes = clock is not None and clock.first == clock.last
    return replace(
        made, start=start, end=end, clock_exact=minutes,
        end_told=end is not None and minutes and closing is not None and closing.first == closing.last,
        certainty=Certainty.INFERRED if inferred else Certainty.EXACT if exact else Certainty.VAGUE,
    )  # fmt: skip


def conflicts(visits: Sequence[ProposedVisit]) -> list[ProposedVisit]:
    """Return the visits with the numbers of those they cannot both be true with: exact times shared, other places."""
    exact = [
        (number, visit)
        for number, visit in enumerate(visits)
        if visit.end_told and visit.start is not None and visit.end is not None and visit.place is not None
    ]
    clash: dict[int, list[int]] = {}
    for at, (number, one) in enumerate(exact):
        for other_number, other in exact[at + 1 :]:
            shared = one.start < other.end and other.start < one.end  # type: ignore[operator]
            if shared and one.place and other.place and one.place.text != other.place.text:
                clash.setdefault(number, []).append(other_number)
                clash.setdefault(other_number, []).append(number)
    return [
        replace(visit, conflicts=tuple(clash[number])) if number in clash else visit
        for number, visit in enumerate(visits)
    ]
