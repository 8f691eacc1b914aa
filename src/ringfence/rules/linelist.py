"""A line list with its links as facts: cases, onsets, exposures, stays, discharges and deaths, and what cannot be so.

Rows come as plain texts, as a table reader gives them. A date stands for its whole local day. What a row says counts as
known when its case was (reported, or else admitted, ill or infected), an exposure when the infector was known as a
case, and nothing before it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ringfence.rules.facts import Fact
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject

_DAY = timedelta(days=1)
_DATES = ("infected", "exposed_from", "exposed_to", "onset", "reported", "hospitalised", "ended", "died")
_IMPOSSIBLE = (
    ("exposed_from", "exposed_to", "exposed_from"),
    ("infected", "onset", "infected"),
    ("exposed_from", "onset", "exposed_from"),
    ("exposed_to", "onset", "exposed_to"),
    ("infected", "hospitalised", "hospitalised"),
    ("exposed_from", "hospitalised", "hospitalised"),
    ("onset", "ended", "ended"),
    ("onset", "died", "died"),
    ("hospitalised", "ended", "ended"),
    ("hospitalised", "died", "died"),
)
"""Pairs of dates of which the first cannot be after the second, and which of them is left out when it is."""


@dataclass(frozen=True, slots=True)
class LineListColumns:
    """Which column holds what; an empty name means that the list has no such column.

    `infected` is the day of infection where it is known, `exposed_from` to `exposed_to` the span in which it fell.
    `settings` turns the words of `setting` into those of exposure facts; another word becomes `other_setting`.
    `deaths`, `recoveries` and `undecided` are the words of `outcome`.
    """

    case: str
    onset: str = ""
    infected: str = ""
    exposed_from: str = ""
    exposed_to: str = ""
    reported: str = ""
    hospitalised: str = ""
    ended: str = ""
    died: str = ""
    outcome: str = ""
    sex: str = ""
    age: str = ""
    infector: str = ""
    infectee: str = ""
    setting: str = ""
    assessed_class: str = ""
    assessed_by: str = ""
    onset_of: str = "symptoms"
    state: str = "confirmed"
    settings: Mapping[str, str] = field(default_factory=dict)
    other_setting: str = "room"
    deaths: frozenset[str] = frozenset({"death", "dead", "died"})
    recoveries: frozenset[str] = frozenset({"recover", "recovered"})
    undecided: frozenset[str] = frozenset({"", "alive", "unknown"})
    sexes: Mapping[str, str] = field(default_factory=lambda: {"f": "female", "m": "male"})


def facts_of_line_list(
    cases: Iterable[Mapping[str, str]],
    links: Iterable[Mapping[str, str]],
    *,
    columns: LineListColumns,
    zone: ZoneInfo,
    drawn_up_at: datetime | None = None,
) -> tuple[list[Fact], list[Refused]]:
    """Return the facts of a line list and of its links, infector to infectee, and everything that is wrong in them.

    Given ids get numbers from 1 in order of appearance; the ids themselves stand in `person` facts alone. What is
    wrong is told with its row, counted from 1 without the heading, and its column; the good parts of a row are kept.
    Dates after `drawn_up_at` lie in the future.
    """
    reading = _Reading(columns, zone, drawn_up_at)
    for row, values in enumerate(cases, 1):
        reading.case(row, values)
    seen: set[tuple[str, str]] = set()
    for row, values in enumerate(links, 1):
        reading.link(row, values, seen)
    reading.persons()
    return reading.facts, reading.problems


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    columns: LineListColumns
    zone: ZoneInfo
    drawn_up_at: datetime | None
    facts: list[Fact] = field(default_factory=list)
    problems: list[Refused] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    dates: dict[str, dict[str, date]] = field(default_factory=dict)
    known: dict[str, date] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    assessed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def case(self, row: int, values: Mapping[str, str]) -> None:
        """Read one case."""
        given = self._text(values, self.columns.case)
        if not given:
            self._wrong("linelist.no_id", row, self.columns.case)
            return
        if given in self.dates:
            self._wrong("linelist.same_case", row, self.columns.case, id=given)
            return
        number = self._number(given)
        dates = self._dates(row, values)
        self.dates[given] = dates
        self.people[given].update(self._person(row, values))
        cls = self._text(values, self.columns.assessed_class)
        if cls:
            self.assessed[given] = (cls, self._text(values, self.columns.assessed_by) or "line list")
        infection = Subject("infection", number)
        known = next((dates[name] for name in ("reported", "hospitalised", "onset", "infected") if name in dates), None)
        if known is None:
            self._wrong("linelist.no_date", row, self.columns.onset or self.columns.case, id=given)
            return
        self.known[given] = known
        if "onset" in dates:
            self._fact("onset", infection, dates["onset"], {"of": self.columns.onset_of}, known=known)
        self._fact("case", infection, known, {"state": self.columns.state})
        self._outcome(row, infection, known, dates, self._text(values, self.columns.outcome).lower())

    def _outcome(self, row: int, infection: Subject, known: date, dates: Mapping[str, date], outcome: str) -> None:
        """Write the stay in hospital and how it ended; an outcome without a date is told."""
        names, ended = self.columns, dates.get("ended")
        died = dates.get("died") or (ended if outcome in names.deaths else None)
        left = ended if outcome in names.recoveries else None
        if "hospitalised" in dates:
            self._fact("stay", infection, dates["hospitalised"], {"kind": "hospital"}, until=died or ended,
                       known=known)  # fmt: skip
        if died is not None:
            self._fact("death", infection, died, known=known)
        elif left is not None:
            self._fact("discharge", infection, left, known=known)
        elif outcome in names.deaths or outcome in names.recoveries:
            self._wrong("linelist.undated_outcome", row, names.outcome, outcome=outcome)
        elif outcome not in names.undecided:
            self._wrong("linelist.unknown_word", row, names.outcome, text=outcome)

    def link(self, row: int, values: Mapping[str, str], seen: set[tuple[str, str]]) -> None:
        """Read one link; it becomes an exposure of the infectee on the days on which she was infected."""
        names = self.columns
        infector, infectee = self._text(values, names.infector), self._text(values, names.infectee)
        if not infector or not infectee:
            self._wrong("linelist.no_id", row, names.infectee if infector else names.infector)
            return
        if infector == infectee:
            self._wrong("linelist.own_infector", row, names.infector, id=infector)
            return
        if (infector, infectee) in seen:
            self._wrong("linelist.same_link", row, names.infectee, infector=infector, infectee=infectee)
            return
        seen.add((infector, infectee))
        for column, given in ((names.infector, infector), (names.infectee, infectee)):
            if given not in self.dates:
                self._wrong("linelist.dangling", row, column, id=given)
        source, number = self._number(infector), self._number(infectee)
        dates = self.dates.get(infectee, {})
        first = dates.get("infected") or dates.get("exposed_from") or dates.get("exposed_to")
        if first is None:
            self._wrong("linelist.undated_link", row, names.infectee, infector=infector, infectee=infectee)
            return
        last = first if "infected" in dates else dates.get("exposed_to", first)
        word = self._text(values, names.setting)
        contact = Subject("contact", number)
        setting = names.settings.get(word, names.other_setting)
        self._fact("exposure", contact, first, {"to": Subject("infection", source), "setting": setting},
                   until=last + _DAY, known=self.known.get(infector))  # fmt: skip
        if infectee in self.assessed:
            cls, by = self.assessed.pop(infectee)
            self._fact("assessment", contact, last, {"class": cls, "by": by})

    def persons(self) -> None:
        """Write who stands behind each number; one of whom no date is known is dated with the earliest of all."""
        first = min((fact.at for fact in self.facts), default=self.drawn_up_at)
        if first is None:
            return
        for given, number in self.numbers.items():
            value = {"name": given, **self.people[given]}
            subject = Subject("person", number)
            self.facts.append(Fact(f"person-{number}", "person", subject, first, first, None, "line list", Grade.B,
                                   value))  # fmt: skip

    def _number(self, given: str) -> int:
        if given not in self.numbers:
            self.numbers[given] = len(self.numbers) + 1
            self.people[given] = {}
        return self.numbers[given]

    def _person(self, row: int, values: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        sex, age = self._text(values, self.columns.sex), self._text(values, self.columns.age)
        if sex:
            word = self.columns.sexes.get(sex.lower(), sex.lower())
            if word in ("female", "male", "other"):
                found["sex"] = word
            else:
                self._wrong("linelist.unknown_word", row, self.columns.sex, text=sex)
        if age:
            try:
                found["age_years"] = float(age)
            except ValueError:
                self._wrong("linelist.unknown_word", row, self.columns.age, text=age)
        return found

    def _dates(self, row: int, values: Mapping[str, str]) -> dict[str, date]:
        """Return the dates of a row that can be read and can be so."""
        found: dict[str, date] = {}
        limit = self.drawn_up_at.astimezone(self.zone).date() if self.drawn_up_at is not None else None
        for name in _DATES:
            column = getattr(self.columns, name)
            text = self._text(values, column)
            if not text:
                continue
            try:
                day = date.fromisoformat(text)
            except ValueError:
                self._wrong("linelist.no_day", row, column, text=text)
                continue
            if limit is not None and day > limit:
                self._wrong("linelist.future", row, column, day=day.isoformat())
                continue
            found[name] = day
        for column, left_out in self._contradictions(row, found):
            self.problems.append(column)
            found.pop(left_out, None)
        return found

    def _contradictions(self, row: int, found: Mapping[str, date]) -> Iterator[tuple[Refused, str]]:
        for earlier, later, left_out in _IMPOSSIBLE:
            if earlier in found and later in found and found[earlier] > found[later]:
                names = {"earlier": getattr(self.columns, earlier), "later": getattr(self.columns, later)}
                days = {"first": found[earlier].isoformat(), "second": found[later].isoformat()}
                column = getattr(self.columns, left_out)
                yield Refused("linelist.impossible", row=row, field=column, **names, **days), left_out

    def _text(self, values: Mapping[str, str], column: str) -> str:
        text = (values.get(column) or "").strip() if column else ""
        return "" if text in ("NA", "N/A") else text

    def _wrong(self, code: str, row: int, column: str, /, **values: object) -> None:
        self.problems.append(Refused(code, row=row, field=column, **values))

    def _fact(
        self,
        kind: str,
        subject: Subject,
        day: date,
        value: Mapping[str, Any] | None = None,
        *,
        until: date | None = None,
        known: date | None = None,
    ) -> None:
        at, end = self._start(day), None if until is None else self._start(until)
        name = f"{kind}-{len(self.facts) + 1}"
        known_at = at if known is None else max(at, self._start(known))
        self.facts.append(Fact(name, kind, subject, at, known_at, end, "line list", Grade.B, value or {}))

    def _start(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
