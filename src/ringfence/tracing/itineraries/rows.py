"""Which proposed visits are exact enough for a store of visits, as rows; what is to be asked about the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ringfence.tracing.itineraries.lexicon import proposed
from ringfence.tracing.itineraries.records import Bulletin, Certainty, ProposedVisit

COLUMNS = ("person", "place", "start", "end", "vehicle", "source", "certain", "words")
_NEEDED = ("date", "time", "place", "visit")
_THERE = (
    "到达",
    "抵达",
    "抵",
    "到",
    "入住",
    "住进",
    "进入",
    "来到",
    "回到",
    "送至",
    "送到",
    "送达",
    "收住",
    "飞抵",
    "去过",
    "到过",
)
_NEEDED_OF_A_RIDE = ("date", "time", "vehicle")
_LONGEST_STAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit as `visits load` takes it; moments are of the clocks there, without a zone. No end: it was not told."""

    person: str
    place: str
    start: datetime
    end: datetime | None
    vehicle: str
    certain: bool
    words: str

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the row, in the order of COLUMNS."""
        end = "" if self.end is None else self.end.isoformat(sep=" ", timespec="minutes")
        start = self.start.isoformat(sep=" ", timespec="minutes")
        certain = "yes" if self.certain else "no"
        return (self.person, self.place, start, end, self.vehicle, "interview", certain, self.words)


@dataclass(frozen=True, slots=True)
class Question:
    """Why a visit is not exact enough, as a code, and about which words somebody is to be asked."""

    code: str
    field: str
    words: str
    line_words: str


def rows_of(person: str, bulletin: Bulletin) -> Iterator[VisitRow | Question]:
    """Yield for every proposed visit a row or a question, a ride with an arrival both; for words not read, too."""
    for visit in bulletin.visits:
        yield from _of_visit(person, visit, bulletin.published)
    for left in bulletin.unread:
        yield Question(left.code, "words", left.words.text, left.words.text)


def _of_visit(person: str, visit: ProposedVisit, published: date | None) -> Iterator[VisitRow | Question]:
    told = " ".join(dict.fromkeys(words.text for words in (*visit.moments, visit.words)))
    ride = next((v.service for v in visit.vehicles if v.service), "")
    lacking = _lacking(visit, ride, published)
    if lacking is not None:
        yield Question(*lacking, told)
        return
    assert visit.start is not None  # what lacks a start has been asked about
    sure = visit.certainty is Certainty.EXACT
    if ride:
        yield VisitRow(person, ride.split()[0], visit.start, visit.end, ride, sure, told)
        if visit.place is not None:
            yield Question("itinerary.ask_arrival", "place", visit.place.text, told)
        return
    assert visit.place is not None
    yield VisitRow(person, visit.place.text, visit.start, visit.end, "", sure, told)


def _lacking(visit: ProposedVisit, ride: str, published: date | None) -> tuple[str, str, str] | None:
    """Return the code, field and words of the first thing that a visit lacks for a row, or None."""
    when = " ".join(words.text for words in visit.moments) or "-"
    where = visit.place.text if visit.place is not None else next((v.words.text for v in visit.vehicles), "-")
    too_long = visit.start is not None and visit.end is not None and visit.end - visit.start > _LONGEST_STAY
    future = published is not None and visit.start is not None and visit.start.date() > published
    needed = _NEEDED_OF_A_RIDE if ride else _NEEDED
    marked = next((field for field in needed if not proposed(field)), "")
    lacks = (
        (visit.day is None, "itinerary.ask_day", "date", when),
        (visit.day is not None and visit.day.year is None, "itinerary.ask_year", "date", when),
        (visit.start is None, "itinerary.no_such_day", "date", when),
        (future, "itinerary.ask_future", "date", when),
        (not visit.clock_exact, "itinerary.ask_clock", "time", when),
        (bool(visit.conflicts), "itinerary.ask_conflict", "time", when),
        (visit.repeated, "itinerary.ask_repeated", "time", when),
        (not ride and visit.place is None, "itinerary.ask_place", "place", where),
        (not ride and _on_the_way(visit), "itinerary.ask_departed", "time", when),
        (too_long, "itinerary.ask_long", "time", when),
        (bool(marked), "itinerary.ask_marked", marked, where if marked in ("place", "visit") else when),
    )
    return next(((code, field, words) for lacking, code, field, words in lacks if lacking), None)


def _on_the_way(visit: ProposedVisit) -> bool:
    """Tell whether the time may be that of the way to the place, or of leaving it, and not of being there."""
    only_going = visit.going is not None and (visit.activity is None or visit.activity.start == visit.going.start)
    if visit.end is not None:
        return only_going and (visit.origin is not None or bool(visit.vehicles))
    arrived = visit.going is None or visit.going.text in _THERE
    return bool(visit.vehicles) or not arrived


def apart(entries: Sequence[VisitRow | Question]) -> tuple[list[VisitRow], list[Question]]:
    """Return rows and questions apart."""
    return [e for e in entries if isinstance(e, VisitRow)], [e for e in entries if isinstance(e, Question)]


def persons_of(keys: Sequence[str], labels: Sequence[str], *, own_ids: bool) -> list[str]:
    """Return what each bulletin's case is called in rows: the id its file gives, else her label where no other has it.

    Never a name: those are covered before anything is read.
    """
    if own_ids:
        return list(keys)
    seen = Counter(labels)
    return [
        label if label and seen[label] == 1 else f"{key} {label}".strip()
        for key, label in zip(keys, labels, strict=True)
    ]
