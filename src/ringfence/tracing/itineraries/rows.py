"""Which proposed visits are exact enough for a store of visits, as rows; what is to be asked about each of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ringfence.tracing.itineraries.lexicon import proposed
from ringfence.tracing.itineraries.records import Bulletin, Certainty, ProposedVisit

COLUMNS = ("person", "place", "start", "end", "vehicle", "source", "certain", "words")
_NEEDED = ("date", "time", "place", "visit")
_THERE = ("到达", "抵达", "抵", "到", "入住", "住进", "进入", "来到", "回到", "送至", "送到", "送达", "收住", "飞抵", "去过", "到过")
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
    """Yield for every proposed visit a row or a question, a ride with an arrival both; for words not read a question."""
    for visit in bulletin.visits:
        yield from _of_visit(person, visit)
    for left in bulletin.unread:
        yield Question(left.code, "words", left.words.text, left.words.text)


def _of_visit(person: str, visit: ProposedVisit) -> Iterator[VisitRow | Question]:
    told = " ".join(dict.fromkeys(words.text for words in (*visit.moments, visit.words)))
    ride = next((v.service for v in visit.vehicles if v.service), "")
    lacking = _lacking(visit, ride)
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


def _lacking(visit: ProposedVisit, ride: str) -> tuple[str, str, str] | None:
    """Return the code, field and words of the first thing that a visit lacks for a row, or None."""
    when = " ".join(words.text for words in visit.moments) or "-"
    where = visit.place.text if visit.place is not None else "-"
    if visit.day is None:
        return "itinerary.ask_day", "date", when
    if visit.day.year is None:
        return "itinerary.ask_year", "date", when
    if visit.start is None:
        return "itinerary.no_such_day", "date", when
    if not visit.clock_exact:
        return "itinerary.ask_clock", "time", when
    if visit.conflicts:
        return "itinerary.ask_conflict", "time", when
    if visit.repeated:
        return "itinerary.ask_repeated", "time", when
    if ride:
        return None if proposed("vehicle") else ("itinerary.ask_marked", "vehicle", ride)
    return _lacking_there(visit, when, where)


def _lacking_there(visit: ProposedVisit, when: str, where: str) -> tuple[str, str, str] | None:
    """Return what a visit of a place lacks, whose time is told."""
    if visit.place is None:
        vehicle = visit.vehicles[0].words.text if visit.vehicles else "-"
        return "itinerary.ask_place", "place", vehicle
    if visit.end is None and visit.vehicles:
        return "itinerary.ask_departed", "time", when
    if visit.end is None and visit.going is not None and visit.going.text not in _THERE:
        return "itinerary.ask_departed", "time", when
    if visit.end is not None and visit.end - _LONGEST_STAY > visit.start:  # type: ignore[operator]
        return "itinerary.ask_long", "time", when
    for field in _NEEDED:
        if not proposed(field):
            return "itinerary.ask_marked", field, where if field in ("place", "visit") else when
    return None


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
