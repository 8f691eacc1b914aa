"""What is read from a bulletin: words with their places in it, days, times, visits, what is said of the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Certainty(StrEnum):
    """How sure the time of a visit is; a later one outweighs an earlier one."""

    EXACT = "exact"
    VAGUE = "vague"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Words:
    """Characters of a bulletin: text[start:end]."""

    start: int
    end: int
    text: str

    def to_json(self) -> dict[str, object]:
        """Return the words as a program takes them."""
        return {"from_character": self.start, "to_character": self.end, "words": self.text}


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is told: its month and day, and its year where the text or the day of publication gives one."""

    month: int
    day: int
    year: int | None
    words: Words
    inferred: bool = False
    year_told: bool = False

    @property
    def date(self) -> date | None:
        """Return the date, or None without a year or where there is no such day."""
        if self.year is None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of the day in minutes: exact if first == last and not about; may be 1440, the end of the day."""

    first: int
    last: int
    about: bool
    words: Words
    moved: bool = False
    """Whether twelve hours were added for a part of the day: of 晚7点至8点 the second is of the evening, too."""

    @property
    def exact(self) -> bool:
        """Tell whether one minute was named, and not about."""
        return self.first == self.last and not self.about


@dataclass(frozen=True, slots=True)
class Moment:
    """A mention of a moment: a day, a time of the day, or both; `now` stands for the day of the bulletin."""

    words: Words
    day: Day | None
    clock: Clock | None
    now: bool = False


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle as told: its number where it has one, the carriage and the seats.

    The kind says what the number is of: train, flight, bus, metro, plate; a line has many buses on a day.
    """

    words: Words
    number: str = ""
    kind: str = ""
    carriage: str = ""
    seat: str = ""
    seat_words: tuple[Words, ...] = ()

    @property
    def service(self) -> str:
        """Return number and carriage as `visits load` takes them; empty unless one vehicle of a day is meant."""
        if self.kind not in ("train", "flight"):
            return ""
        return f"{self.number} {self.carriage.zfill(2)}车" if self.number and self.carriage else self.number


@dataclass(frozen=True, slots=True)
class ProposedVisit:
    """One visit that the words tell of; moments are those of the clocks there, without a zone."""

    words: Words
    moments: tuple[Words, ...]
    day: Day | None
    start: datetime | None
    end: datetime | None
    clock_exact: bool
    end_told: bool
    certainty: Certainty
    place: Words | None
    origin: Words | None
    vehicles: tuple[Vehicle, ...]
    companions: tuple[Words, ...]
    activity: Words | None
    going: Words | None
    repeated: bool
    conflicts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something said of the case: which field, the value as a program takes it, the words, and a day where told."""

    field: str
    value: str
    words: Words
    day: Day | None = None
    moment: Words | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that were not turned into a visit, and why, as a code."""

    words: Words
    code: str


@dataclass(frozen=True, slots=True)
class Bulletin:
    """All that was understood of one text, and all that was not."""

    text: str
    visits: tuple[ProposedVisit, ...]
    attributes: tuple[Attribute, ...]
    moments: tuple[Moment, ...]
    unread: tuple[Unread, ...]
    published: date | None = None

    def attribute(self, field: str) -> Attribute | None:
        """Return the first thing said of the case in a field."""
        return next((entry for entry in self.attributes if entry.field == field), None)
