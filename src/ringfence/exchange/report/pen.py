"""How a plan's values are written for a reader: words, moments with what remains, persons and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringfence.exchange.report.blocks import Plan
from ringfence.exchange.report.sources import Sources, has_han
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
    sources: Sources
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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

    def named(self, item: Mapping[str, Any], code: str) -> str:
        """Return a value of an item in the language, from whichever of its keys gives it: said, en, zh, or plain."""
        for key in (f"{code}_said", f"{code}_{self.language}", code):
            if item.get(key):
                return self.text(item[key])
        return ""

    def desk(self, duty: Mapping[str, Any]) -> str:
        """Return the desk's word."""
        who = duty.get("desk") or duty.get("who") or ""
        if isinstance(who, Mapping):
            who = who.get("desk") or self.text(who)
        return self.term(who, "desk") if who else ""

    def contact_class(self, code: object) -> str:
        """Return the word of a class of contacts: as the plan's pack calls it, or the common one."""
        plain = str(code or "none")
        told = self.plan.get("if_assessed", {}).get("names", {}).get(plain)
        if told:
            return self.text(told)
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
        if start and not end:
            return self.word("since", time=self.when(start))
        return f"{self.when(start)} – {self.when(end)}" if start or end else ""

    def by(self, value: object) -> str:
        """Return a deadline: the time of day alone where it is today's, otherwise with its day."""
        found = self.at(value)
        if found is None:
            return ""
        time = f"{found:%H:%M}" if found.date() == self.now.date() else moment(found, self.language)
        return self.word("by", time=time)

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
        """Return the sentences of reasons, each with the number of its clause among the sources."""
        if not isinstance(reasons, Sequence) or isinstance(reasons, str):
            reasons = [reasons] if reasons else []
        told = []
        for one in reasons:
            text = self.text(one)
            number = self.sources.number(one) if isinstance(one, Mapping) and text else 0
            told.append(f"{text} [{number}]" if number else text)
        return list(dict.fromkeys(text for text in told if text))

    def cited(self, text: str) -> str:
        """Return a text whose Chinese end, a law by its own title, stands among the sources instead."""
        at = next((n for n, c in enumerate(text) if has_han(c)), len(text))
        if self.language == "zh" or at == len(text):
            return text
        head = text[:at].rstrip(' :("“')
        whole = f"{head} — {text[at:]}"
        return f"{head} [{self.sources.number({'clause': whole, 'clause_en': whole})}]"

    def listed(self, texts: Iterable[str], most: int = 0) -> str:
        """Return texts in a row; beyond the most, how many more."""
        every = [text for text in texts if text]
        joint = "、" if self.language == "zh" else ", "
        if most and len(every) > most:
            return joint.join(every[:most]) + self.word("and_more", n=number(len(every) - most))
        return joint.join(every)

    def joined(self, texts: Iterable[str]) -> str:
        """Return the parts of one statement with commas."""
        return ("，" if self.language == "zh" else ", ").join(text for text in texts if text)

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

    def called(self, value: object) -> str:
        """Return how a sentence calls a person: a name, or an id with the word for what it is the id of."""
        name = self.person(value)
        known = self.people.get(str(value), {})
        if known.get("name") not in (None, "", name):
            return str(known["name"])
        if not name.isdigit():
            return name
        return self.word(
            "case_id" if any(str(c.get("id")) == name for c in self.plan.get("cases", [])) else "person_id", id=name
        )

    def about(self, item: Mapping[str, Any]) -> str:
        """Return sex, age, relation and vulnerabilities of a person, as far as the plan tells them."""
        sex = self.term(f"sex.{item['sex']}", "report") if item.get("sex") else ""
        age = "" if item.get("age") is None else self.word("age", n=item["age"])
        marks = [self.term(one, "report.vulnerable", "stratum") for one in item.get("vulnerable") or []]
        return self.listed([sex, age, self.named(item, "relation"), *marks])

    def reach(self, *items: Mapping[str, Any]) -> tuple[str, str]:
        """Return telephone and place of a person from the first item that tells each."""
        phone = next((str(one["phone"]) for one in items if one.get("phone")), "")
        return phone, next((text for one in items if (text := self.named(one, "place"))), "")


def pen(plan: Plan, language: str) -> Pen:
    """Return the pen of a plan; an unknown zone is read as UTC."""
    zone: tzinfo
    try:
        zone = ZoneInfo(str(plan.get("pack", {}).get("zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    now = datetime.fromisoformat(str(plan["now"]))
    local = (now if now.tzinfo else now.replace(tzinfo=zone)).astimezone(zone)
    return Pen(plan, language, zone, local, Sources(language), _people(plan))


def _people(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what the plan tells of each person under the id, from its cases, candidates and calls."""
    people: dict[str, dict[str, Any]] = {}
    for code, name in (("cases", "id"), ("candidates", "person"), ("calls", "person")):
        for one in plan.get(code, []):
            kept = {key: value for key, value in one.items() if value not in (None, "", [])}
            people.setdefault(str(one.get(name)), {}).update(kept)
    return people


def is_open(duty: Mapping[str, Any]) -> bool:
    """Return whether a duty still asks for something."""
    return str(duty.get("state", "open")) not in _DONE


def state_of(pen: Pen, case: Mapping[str, Any]) -> str:
    """Return the word of a case's state."""
    return pen.named(case, "state") if case.get("state_said") else pen.term(case.get("state") or "", "word")
