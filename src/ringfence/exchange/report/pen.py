"""How a plan's values are written for a reader: words, moments with what remains, persons and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringfence.exchange.report.blocks import Plan
from ringfence.exchange.writing import brief_duration, day, moment, number
from ringfence.vocabulary.words import sentence, table

HORIZON = timedelta(hours=4)
_DONE = frozenset({"closed", "done", "proved", "attested", "excused", "superseded", "withdrawn"})
_CLASSES = {"contact": "close", "contact_of_contact": "secondary", "second": "secondary"}


@dataclass(frozen=True, slots=True)
class Pen:
    """A plan in one language."""

    plan: Plan
    language: str
    zone: tzinfo
    now: datetime

    def word(self, code: str, **values: object) -> str:
        """Return a sentence of the report."""
        return sentence(f"report.{code}", values, self.language)

    def term(self, code: object, *families: str) -> str:
        """Return the word of a code out of the first family that knows it, or the code itself without its joints."""
        if isinstance(code, Mapping):
            return self.text(code)
        known = table()
        plain = str(code)
        for family in (*families, "word"):
            if f"{family}.{plain}" in known:
                return sentence(f"{family}.{plain}", {}, self.language)
        return plain.replace("_", " ")

    def text(self, value: object) -> str:
        """Return a text that the plan gives in both languages; where one is missing, the other is better than none."""
        if isinstance(value, Mapping):
            other = "en" if self.language == "zh" else "zh"
            return str(value.get(self.language) or value.get(other) or "")
        return "" if value is None else str(value)

    def desk(self, duty: Mapping[str, Any]) -> str:
        """Return the desk's word."""
        who = duty.get("desk") or duty.get("who") or ""
        if isinstance(who, Mapping):
            who = who.get("desk") or self.text(who)
        return self.term(who, "desk") if who else ""

    def contact_class(self, code: object) -> str:
        """Return the word of a class of contacts."""
        plain = str(code or "none")
        word = f"report.class_{_CLASSES.get(plain, plain)}"
        return sentence(word, {}, self.language) if word in table() else self.term(plain, "class")

    def at(self, value: object) -> datetime | None:
        """Return a moment of the plan on the wall clock of its zone; what is no moment is none."""
        if not isinstance(value, str) or not value:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(self.zone)

    def when(self, value: object) -> str:
        """Return a moment; a whole date stays a date, and a text that is no moment stays as it was written."""
        if isinstance(value, str) and len(value) == 10:
            try:
                return day(date.fromisoformat(value), self.language)
            except ValueError:
                return value
        found = self.at(value)
        return moment(found, self.language) if found else ("" if value is None else str(value))

    def span(self, start: object, end: object) -> str:
        """Return two moments with a dash; the second one loses a date that is the same."""
        first, last = self.at(start), self.at(end)
        if first and last and first.date() == last.date() and len(str(end)) > 10:
            return f"{self.when(start)}–{last:%H:%M}"
        return f"{self.when(start)} – {self.when(end)}" if start or end else ""

    def remains(self, value: object) -> tuple[str, str]:
        """Return what remains until a moment, and its tone: late, soon or none."""
        found = self.at(value)
        if found is None:
            return self.word("no_deadline"), ""
        minutes = int((found - self.now).total_seconds() // 60)
        if minutes < 0:
            return self.word("late", time=self.length(-minutes)), "late"
        return self.word("left", time=self.length(minutes)), "soon" if minutes <= 60 else ""

    def length(self, minutes: int) -> str:
        """Return a length of time; from two days on, in days."""
        if minutes >= 2880:
            return self.word("days", n=minutes // 1440)
        return brief_duration(minutes, self.language)

    def why(self, reasons: object) -> list[str]:
        """Return the sentences of reasons, each with its clause."""
        if not isinstance(reasons, Sequence) or isinstance(reasons, str):
            return [self.text(reasons)] if reasons else []
        told = []
        for one in reasons:
            clause = one.get("clause") if isinstance(one, Mapping) else None
            text = self.text(one)
            told.append(f"{text} [{self.text(clause)}]" if clause else text)
        return [text for text in told if text]

    def listed(self, texts: Iterable[str], most: int = 0) -> str:
        """Return texts in a row; beyond the most, how many more."""
        every = [text for text in texts if text]
        joint = "、" if self.language == "zh" else ", "
        if most and len(every) > most:
            return joint.join(every[:most]) + self.word("and_more", n=number(len(every) - most))
        return joint.join(every)

    @property
    def colon(self) -> str:
        """Return the colon of the language."""
        return "：" if self.language == "zh" else ": "

    def in_brackets(self, text: str) -> str:
        """Return a text in the brackets of the language, to be set after a sentence."""
        return f"（{text}）" if self.language == "zh" else f" ({text})"

    def subject(self, value: str) -> str:
        """Return the word of a subject that is no person (the incident, a tube), or the id as it was given."""
        kind, _, name = value.partition(":")
        if f"subject_kind.{kind}" not in table():
            return value
        word = sentence(f"subject_kind.{kind}", {}, self.language)
        return f"{word} {name}" if name else word

    def person(self, value: object) -> str:
        """Return how a person is named: a name where the plan gives one."""
        if isinstance(value, Mapping):
            return str(value.get("name") or value.get("subject") or value.get("person") or value.get("id") or "")
        return "" if value is None else self.subject(str(value))


def pen(plan: Plan, language: str) -> Pen:
    """Return the pen of a plan; an unknown zone is read as UTC."""
    zone: tzinfo
    try:
        zone = ZoneInfo(str(plan.get("pack", {}).get("zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    now = datetime.fromisoformat(str(plan["now"]))
    return Pen(plan, language, zone, (now if now.tzinfo else now.replace(tzinfo=zone)).astimezone(zone))


def is_open(duty: Mapping[str, Any]) -> bool:
    """Return whether a duty still asks for something."""
    return str(duty.get("state", "open")) not in _DONE
