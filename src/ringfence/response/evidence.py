"""From contacts found to exposures as facts: setting, place, length; and the class that the pack proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ringfence.response.ledger import Ledger
from ringfence.rules.classify import Classified
from ringfence.rules.facts import Fact
from ringfence.tracing.found import Contact, Sitting
from ringfence.vocabulary.moments import moment_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject

NAMED = "interview"
"""The source of exposures that a case told."""
MOST_SITTINGS = 12
"""Longest times together that are written down for one contact and case; the contact's totals count all."""
SETTINGS: Mapping[PlaceKind, str] = {
    PlaceKind.HOME: "household",
    PlaceKind.WORKPLACE: "work",
    PlaceKind.SCHOOL: "class",
    PlaceKind.MARKET: "shop",
    PlaceKind.SHOP: "shop",
    PlaceKind.HOSPITAL: "health_care",
    PlaceKind.CARE_HOME: "care",
    PlaceKind.VEHICLE: "vehicle",
    PlaceKind.ENTERTAINMENT: "entertainment",
    PlaceKind.GYM: "entertainment",
    PlaceKind.OUTDOORS: "outdoors",
}
_NAMED = {
    "household": "household", "home": "household", "lives with her": "household", "family": "household",
    "家庭": "household", "同住": "household", "家人": "household", "共同生活": "household", "meal": "meal",
    "聚餐": "meal", "同餐": "meal", "work": "work", "workplace": "work", "同事": "work", "工作": "work",
    "class": "class", "school": "class", "同学": "class", "vehicle": "vehicle", "同乘": "vehicle",
    "health care": "health_care", "hospital": "health_care", "医院": "health_care", "care": "care",
    "funeral": "funeral", "葬礼": "funeral", "shop": "shop", "outdoors": "outdoors", "room": "room",
}  # fmt: skip
BANDS = ("slight", "some", "strong", "very_strong")


@dataclass(slots=True)
class Candidate:
    """Somebody whom people should assess: every contact with every case, the exposures noted, the class proposed."""

    person: str
    number: int
    met: list[tuple[str, Contact]] = field(default_factory=list)
    exposures: list[Fact] = field(default_factory=list)
    classified: Classified | None = None
    decisive: Fact | None = None
    case: str = ""
    could_be: Classified | None = None
    """The stricter class that an answer to an open question would make of her, None where none would."""
    asked_of: Fact | None = None
    """The exposure that the question is about."""
    assessed: str = ""
    """The class that somebody has assessed her as, empty while nobody has."""
    guessed: set[str] = field(default_factory=set)
    """Exposures whose length rests on an end that was filled in, since nobody checked out."""
    cases_met: dict[Subject, str] = field(default_factory=dict)
    """The strongest band with each case."""

    @property
    def band(self) -> str:
        """The strongest band of all."""
        return max((c.band for _, c in self.met), key=BANDS.index)

    @property
    def minutes(self) -> int:
        """The most minutes with one case."""
        return max(c.minutes for _, c in self.met)

    @property
    def channels(self) -> list[str]:
        """The kinds of evidence that tell of her."""
        return sorted({name for _, c in self.met for name in c.channels})

    @property
    def setting(self) -> str:
        """The setting of the exposure that decides the class."""
        return str(self.decisive.value["setting"]) if self.decisive is not None else ""

    @property
    def open(self) -> bool:
        """Whether a question is open that could change her class."""
        return self.could_be is not None or (self.classified is not None and bool(self.classified.open))

    def band_with(self, case: Subject) -> str:
        """The strongest band with one case."""
        return self.cases_met.get(case, "slight")

    @property
    def cls(self) -> str:
        """The class that the pack proposes, none where it proposes none."""
        return (self.classified.cls if self.classified is not None else None) or "none"


def note_exposures(
    ledger: Ledger, candidate: Candidate, case: str, infection: Subject, contact: Contact, kinds: Mapping[str, int],
    window: tuple[datetime, datetime], said: tuple[str, str] = ("", ""),
) -> None:  # fmt: skip
    """Note as facts how somebody met a case: the longest times together, or what was named (relation, setting)."""
    subject = Subject("contact", candidate.number)
    candidate.met.append((case, contact))
    candidate.cases_met[infection] = max(candidate.band_with(infection), contact.band, key=BANDS.index)
    sittings = sorted(contact.sittings, key=lambda s: (-s.minutes, s.start))[:MOST_SITTINGS]
    for sitting in sorted(sittings, key=lambda s: s.start):
        if sitting.minutes or sitting.after_minutes:
            fact = _of_sitting(ledger, subject, infection, contact, sitting, kinds)
            if sitting.imputed:
                candidate.guessed.add(fact.id)
            candidate.exposures.append(fact)
    if not sittings:
        candidate.exposures.append(_named(ledger, subject, infection, contact, window, said))


def _of_sitting(
    ledger: Ledger, subject: Subject, infection: Subject, contact: Contact, sitting: Sitting, kinds: Mapping[str, int]
) -> Fact:
    kind = PlaceKind(kinds.get(sitting.place or "", 0))
    value: dict[str, Any] = {"to": infection, "setting": SETTINGS.get(kind, "room")}
    if sitting.place is not None:
        value["evidence"] = [sitting.place]
    if sitting.crowd > 1:
        value["crowd"] = sitting.crowd
    if sitting.minutes:
        value["minutes"] = sitting.minutes
    else:
        value |= {"minutes": sitting.after_minutes, "after_minutes": 1}
    source = "visits" if "visit" in contact.channels else "encounters"
    return ledger.enter("exposure", subject, moment_of(sitting.start), value, until=moment_of(sitting.end),
                       source=source)  # fmt: skip


def _named(
    ledger: Ledger, subject: Subject, infection: Subject, contact: Contact, window: tuple[datetime, datetime],
    said: tuple[str, str],
) -> Fact:  # fmt: skip
    """Note a contact of whom only a name, and perhaps a day, is known: that day, or the whole window."""
    setting = next((_NAMED[word.lower()] for word in (said[1], said[0]) if word.lower() in _NAMED), "room")
    value: dict[str, Any] = {"to": infection, "setting": setting}
    minutes = max((m for m in contact.channels.values() if m), default=0)
    if minutes:
        value["minutes"] = minutes
    at = moment_of(contact.first) if contact.first is not None else window[0]
    until = moment_of(contact.last) if contact.last is not None else window[1]
    at, until = max(at, window[0]), min(max(until, window[0]), window[1])
    if until <= at:
        at = window[0]
    if any(said):
        value["evidence"] = [text for text in said if text]
    return ledger.enter("exposure", subject, at, value, until=until, source=NAMED, grade=Grade.C)


def by_person(found: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates in the order in which a desk reads them: by class, then band, then minutes."""
    return sorted(found, key=lambda c: (c.cls == "none", -BANDS.index(c.band), -c.minutes, c.person))
