"""What duties, proposals, reasons and values say, in the reader's language; and the plain form of them for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ringfence.rules.duties import Because, Derivation, Duty, Proposal
from ringfence.rules.facts import Fact
from ringfence.rules.packfile import Entry, Pack
from ringfence.rules.rulebook import in_force
from ringfence.vocabulary.moments import parse_moment, zone_named
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import sentence, table

_NAMED_BY_PACK = ("class", "course", "stage", "level", "dose", "body", "clock")
_NUMBERED = {"d": "slot.day", "t": "slot.number", "n": "slot.number", "p": "slot.person",
             "w": "slot.hours_before", "a": "slot.number", "h": "slot.number", "r": "slot.number"}  # fmt: skip
_SAID_BY_KIND = frozenset((("locate", "found"), ("ask_backward", "backward"), ("bury", "burial")))
"""Slots that say nothing beyond the kind of duty."""
_MINUTE = timedelta(minutes=1)
_INSTANT = timedelta(microseconds=1)
_LAST = 999_999
"""The microsecond of the last moment of a stretch, which people tell by the moment at which it ends."""
_HOURS_TOLD = 72
"""Up to so many hours a time allowed is told in hours, as plans write it; more is told in days where they are whole."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*[+Z].*")


@dataclass(frozen=True, slots=True)
class Teller:
    """One who words things for a reader: in a language, on the clocks of a pack, at a moment, with people's names."""

    language: str
    pack: Pack
    now: datetime | None = None
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which moments are told."""
        return zone_named(self.pack.zone)

    @property
    def colon(self) -> str:
        """Return the mark between a thing and what is said of it."""
        return "：" if self.language == "zh" else ": "

    @property
    def comma(self) -> str:
        """Return the mark between two things of one sentence."""
        return "，" if self.language == "zh" else ", "

    @property
    def semicolon(self) -> str:
        """Return the mark between two sentences on one line."""
        return "；" if self.language == "zh" else "; "

    def say(self, code: str, /, **values: object) -> str:
        """Return the sentence of a code."""
        return sentence(code, values, self.language)

    def word(self, prefix: str, name: str) -> str:
        """Return the word for a name of the house, such as a kind of duty; the name itself where there is none."""
        entry = table().get(f"{prefix}.{name}")
        return name.replace("_", " ") if entry is None else entry[self.language]

    def named(self, kind: str, name: str) -> str:
        """Return what the pack calls one of its classes, courses, stages, levels, doses, bodies or clocks."""
        given = self.pack.names.get(f"{kind}.{name}", {})
        return given.get(self.language) or given.get("en") or self.word(kind, name)

    def moment(self, moment: datetime) -> str:
        """Return a moment on the clocks of the pack, to the minute."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def end(self, moment: datetime) -> str:
        """Return a moment at which something ends; midnight is 24:00 of the day that ends then."""
        local = moment.astimezone(self.zone)
        if local.microsecond == _LAST:
            local += _INSTANT
        if (local.hour, local.minute) != (0, 0):
            return self.moment(local)
        return (local - _INSTANT).strftime("%Y-%m-%d 24:00")

    def day(self, day: date) -> str:
        """Return a day as a sentence says it: 21 March, or 3月21日."""
        return self.say("day.said", day=day.day, month=self.word("month", str(day.month)))

    def length(self, length: timedelta) -> str:
        """Return how long something takes: 3 h 20 min, or 2 d 4 h."""
        minutes = max(length // _MINUTE, 0)
        days, rest = divmod(minutes, 1440)
        hours, left = divmod(rest, 60)
        if days >= 2:
            parts = [("length.days", days), ("length.hours", hours)]
        else:
            parts = [("length.hours", hours + 24 * days), ("length.minutes", left)]
        said = [self.say(code, n=n) for code, n in parts if n]
        return " ".join(said) if said else self.say("length.minutes", n=0)

    def hours(self, hours: float) -> str:
        """Return how much time a rule allows: 0.5 h, 72 h, or 21 d."""
        days, rest = divmod(hours, 24)
        if hours > _HOURS_TOLD and not rest:
            return self.say("length.days", n=f"{days:g}")
        return self.say("length.hours", n=f"{hours:g}")

    def due(self, moment: datetime | None) -> str:
        """Return how far off a deadline is: in 3 h 20 min, or late by 2 d."""
        if moment is None or self.now is None:
            return ""
        code = "due.in" if moment >= self.now else "due.late"
        return self.say(code, length=self.length(abs(moment - self.now)))

    def subject(self, subject: Subject) -> str:
        """Return whom or what something is about, with the person's name where it is known."""
        kind = self.word("subject_kind", subject.kind)
        name = self.names.get(subject.number) if subject.kind in ("contact", "infection", "person") else None
        return f"{kind} {subject.number}" if name is None else f"{name} ({kind} {subject.number})"

    def value(self, name: str, value: Any) -> str:  # noqa: PLR0911 — one line for each form
        """Return a value of a reason, worded by what it is called there."""
        if value is None:
            return self.word("word", "not_fixed" if name == "days" else "none")
        if isinstance(value, bool):
            return self.word("word", "yes" if value else "no")
        if isinstance(value, Subject):
            return self.subject(value)
        if isinstance(value, datetime):
            return self.end(value) if value.microsecond == _LAST else self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, timedelta):
            return self.length(value)
        if isinstance(value, list | tuple | set | frozenset):
            return ", ".join(self.value(name, one) for one in value) or "—"
        if isinstance(value, Mapping):
            return ", ".join(f"{self.word('field', key)} {self.value(key, one)}" for key, one in value.items())
        if name == "hours" and isinstance(value, int | float):
            return self.hours(value)
        if isinstance(value, float):
            return f"{value:g}"
        return self._text(name, value) if isinstance(value, str) else str(value)

    def _text(self, name: str, value: str) -> str:
        for kind in _NAMED_BY_PACK:
            if name in (
                kind,
                "cls" if kind == "class" else kind,
                f"{kind}es",
                f"{kind}s",
                f"from_{kind}",
                f"to_{kind}",
            ) or name.endswith(f"_{kind}"):
                return self.named(kind, value)
        if name == "rule" and (f"rule.{value}" in self.pack.names or f"rule.{value}" in table()):
            return self.named("rule", value)
        if name in ("duty", "kind") and f"duty_kind.{value}" in table():
            return self.word("duty_kind", value)
        for prefix in ("word", "fact_kind", "desk"):
            if f"{prefix}.{value}" in table():
                return self.word(prefix, value)
        return value

    def because(self, why: Because) -> str:
        """Return the sentence of a reason; a code without one is shown as it is, so that nothing is hidden."""
        said = {name: self.value(name, value) for name, value in why.values.items()}
        try:
            return self.say(why.code, **said)
        except KeyError:
            return f"{why.code} ({', '.join(f'{name} {value}' for name, value in said.items())})"

    def why(self, reasons: Iterable[Because]) -> list[str]:
        """Return the sentences of reasons, each with the clause that it rests on."""
        return [f"{self.because(why)} [{self.clause(why)}]" if why.clause else self.because(why) for why in reasons]

    def clause(self, why: Because) -> str:
        """Return the clause of a reason with the title of its source."""
        source, _, clause = why.clause.partition(" ")
        return f"{self.title(source)} {clause}".removesuffix("—").strip()

    def title(self, source: str) -> str:
        """Return the title of a source of the pack."""
        title: Mapping[str, str] | str = self.pack.sources.get(source, {}).get("title", source)
        if isinstance(title, str):
            return title
        return str(title.get(self.language) or title.get("zh") or title.get("en") or source)

    def what(self, duty: Duty | Proposal) -> str:
        """Return what a duty or proposal asks for, in a few words: the kind, and which of several it is."""
        slots = [s for s in duty.key.rsplit("/", 1)[-1].split(".") if (duty.kind, s) not in _SAID_BY_KIND]
        parts = [said for slot in slots if (said := self._slot(slot))]
        kind = self.word("duty_kind", duty.kind)
        return f"{kind}{self.colon}{self.comma.join(parts)}" if parts else kind

    def _slot(self, part: str) -> str:
        numbered = re.fullmatch(r"([dtnpwahr])(\d+)", part)
        if numbered:
            n = self.names.get(int(numbered[2])) if numbered[1] == "p" else None
            return self.say(_NUMBERED[numbered[1]], n=n or numbered[2])
        for kind in ("stage", "dose", "class", "level"):
            if f"{kind}.{part}" in self.pack.names:
                return self.named(kind, part)
        if part.isdigit():
            return self.say("slot.number", n=part)
        return self.word("slot", part)

    def state(self, duty: Duty) -> str:
        """Return how a duty stands at the teller's moment."""
        return self.word("duty_state", duty.state(self.now) if self.now else duty.ended)


def names_in(facts: Iterable[Fact]) -> dict[int, str]:
    """Return the names of people by number, as facts about them say; the one known last counts."""
    said = sorted(
        (fact for fact in facts if fact.kind == "person" and fact.value.get("name")), key=lambda f: f.known_at
    )
    return {fact.subject.number: str(fact.value["name"]) for fact in said}


# ── for programs ─────────────────────────────────────────────────────────────────────────────────────────────────


def duty_json(duty: Duty, teller: Teller) -> dict[str, Any]:
    """Return a duty for programs; moments on the clocks of the pack, with their offset."""

    def at(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(teller.zone).isoformat()

    return {
        "key": duty.key,
        "kind": duty.kind,
        "subject": str(duty.subject),
        "desk": duty.desk,
        "from": at(duty.begins),
        "due": at(duty.due),
        "until": at(duty.until),
        "state": duty.state(teller.now) if teller.now else duty.ended,
        "proved_by": list(duty.proved_by),
        "because": [because_json(why, teller) for why in duty.because],
        "ended": duty.ended,
        "grade": None if duty.grade is None else duty.grade.name,
        "covered": [[at(start), at(end)] for start, end in duty.covered],
        "values": plain(duty.values, teller.zone),
        "sentence": teller.what(duty),
    }


def proposal_json(proposal: Proposal, teller: Teller) -> dict[str, Any]:
    """Return a proposal for programs."""
    return {
        "key": proposal.key,
        "kind": proposal.kind,
        "subject": str(proposal.subject),
        "because": [because_json(why, teller) for why in proposal.because],
        "values": plain(proposal.values, teller.zone),
        "signable": proposal.signable,
        "sentence": teller.what(proposal),
    }


def because_json(why: Because, teller: Teller) -> dict[str, Any]:
    """Return a reason for programs."""
    return {
        "code": why.code,
        "clause": why.clause,
        "pack": why.pack,
        "facts": list(why.facts),
        "values": plain(why.values, teller.zone),
        "sentence": teller.because(why),
    }


def derived_json(derived: Mapping[Subject, Derivation], teller: Teller) -> dict[str, Any]:
    """Return all duties and proposals for programs, and the next moment at which the answer changes by itself."""
    wake = next_wake(derived.values())
    return {
        "duties": [duty_json(duty, teller) for duty in in_order(d for one in derived.values() for d in one.duties)],
        "proposals": [
            proposal_json(proposal, teller)
            for proposal in sorted((p for one in derived.values() for p in one.proposals), key=lambda p: p.key)
        ],
        "wake_at": None if wake is None else wake.at.astimezone(teller.zone).isoformat(),
        "wake_when": None if wake is None else "passed" if wake.passed else "reached",
    }


class Wake(NamedTuple):
    """When an answer changes though no fact does: once a moment is reached, or, a deadline, once it has passed."""

    at: datetime
    passed: bool


def next_wake(derivations: Iterable[Derivation]) -> Wake | None:
    """Return when derivations change next by themselves, told by the deadline itself where it is one that passes."""
    found = [one for one in derivations if one.wake_at is not None]
    first = min((one.wake_at for one in found if one.wake_at is not None), default=None)
    if first is None:
        return None
    deadline = first - _INSTANT
    passed = any(duty.due == deadline for one in found if one.wake_at == first for duty in one.duties)
    return Wake(deadline if passed else first, passed)


def in_order(duties: Iterable[Duty]) -> list[Duty]:
    """Return duties by deadline, then by the end of their span; those without either by their beginning."""
    return sorted(duties, key=lambda duty: (duty.due or duty.until or duty.begins, duty.begins, duty.key))


def plain(value: Any, zone: ZoneInfo) -> Any:  # noqa: PLR0911 — one line for each form
    """Return a value as JSON holds it."""
    if isinstance(value, Subject):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner, zone) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner, zone) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds() / 3600
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def read_duties(text: str) -> list[Duty]:
    """Return the duties that an earlier answer for programs holds. Refused where the text is no such answer."""
    try:
        return [_read_duty(row) for row in json.loads(text)["duties"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("duties.no_answer") from error


def read_proposals(text: str) -> list[Proposal]:
    """Return the proposals that an earlier answer for programs holds, with their moments read."""
    return [
        Proposal(row["key"], row["kind"], Subject.read(row["subject"]), (),
                 {name: _moment_in(value) for name, value in row["values"].items()}, row["signable"])
        for row in json.loads(text).get("proposals", ())
    ]  # fmt: skip


def _moment_in(value: Any) -> Any:
    """Return the moment that a text of an answer writes, or the value as it is."""
    return parse_moment(value).astimezone(UTC) if isinstance(value, str) and _MOMENT.fullmatch(value) else value


def timeline(entries: Iterable[Entry]) -> list[tuple[date, Entry]]:
    """Return the values of a key as they follow each other, each with the day from which it is in force."""
    listed = tuple(entries)
    found: list[tuple[date, Entry]] = []
    for day in sorted({entry.since for entry in listed}):
        entry = in_force(listed, day)
        if entry is not None and (not found or found[-1][1] is not entry):
            found.append((day, entry))
    return found


def _read_duty(row: Mapping[str, Any]) -> Duty:
    def at(name: str) -> datetime | None:
        return None if row[name] is None else parse_moment(row[name]).astimezone(UTC)

    because = tuple(Because(why["code"], why["clause"], why["pack"], tuple(why["facts"]), why["values"])
                    for why in row["because"])  # fmt: skip
    covered = tuple((parse_moment(start), parse_moment(end)) for start, end in row.get("covered", ()))
    begins = at("from")
    if begins is None:
        raise ValueError(row["key"])
    return Duty(row["key"], row["kind"], Subject.read(row["subject"]), row["desk"], begins, at("due"), at("until"),
                row["ended"], Grade[row["grade"]] if row.get("grade") else None, tuple(row["proved_by"]), because,
                covered, {name: _moment_in(value) for name, value in row.get("values", {}).items()})  # fmt: skip
