"""The exposures of a contact as they count: clipped to the time in which the other was infectious, told by episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ringfence.rules.derive.body import Body
from ringfence.rules.derive.sheet import Dossier
from ringfence.rules.duties import Status
from ringfence.rules.facts import Fact

_MOMENT = timedelta(microseconds=1)
Counted = Mapping[str, "Met | None"]
"""Exposures by their id as they count, None for one that does not."""


class Met(NamedTuple):
    """One exposure as it counts: clipped to the time in which the other was infectious."""

    begins: datetime
    ends: datetime
    fact: Fact
    going_on: bool
    stops_at: datetime | None = None
    """When one that goes on is known to stop."""
    home: Fact | None = None
    """What says that they live together, where for that reason it ran on beyond what was told."""

    @property
    def last(self) -> datetime:
        """Return the last moment of it, which may fall on the day before its end."""
        return self.ends - _MOMENT if self.ends > self.begins and not self.going_on else self.ends


def counted_of(dossier: Dossier, body: Body, now: datetime) -> Counted:
    """Return all exposures as they count at a moment."""
    return {fact[0]: _counted(fact, dossier, body, now) for fact in body.by.get("exposure", ())}


def told_apart(body: Body, counted: Counted) -> tuple[list[Met], list[Fact], list[Fact]]:
    """Return exposures that count, those to a possible source, and those that no longer count."""
    met: list[Met] = []
    backward: list[Fact] = []
    withdrawn: list[Fact] = []
    for fact in body.by.get("exposure", ()):
        if fact[8].get("backward"):
            backward.append(fact)
            continue
        one = counted[fact[0]]
        if one is None:
            withdrawn.append(fact)
        else:
            met.append(one)
    if len(met) > 1:
        met.sort(key=lambda m: (m.begins, m.fact.id))
    return met, backward, withdrawn


def _counted(fact: Fact, dossier: Dossier, body: Body, now: datetime) -> Met | None:
    """Return an exposure clipped to the infectious time of whom she met, None where it falls outside.

    An exposure to somebody of whom nothing is known counts as it was told. One that goes on runs until she is apart,
    the other is isolated or no longer infectious, and until then through today. So does one in the household in which
    both live, whatever end was told, unless it is said that it does not go on.
    """
    value, begins, ends = fact[8], fact[3], fact[5]
    to = value["to"]
    status = dossier[3].get(to)
    opens = closes = apart = stops_at = None
    if status is not None:
        if to[0] == "infection":
            if status.state == "discarded":
                return None
            opens, closes, apart = status.infectious_from, status.infectious_until, status.isolated_at
        else:
            opens, closes, apart = status.first_exposure, status.separated_at, status.separated_at
            if opens is None:
                return None
    home = _lives_with(fact, status, dossier, body) if status is not None and status.values else None
    going_on = home is not None or (ends is None and bool(value.get("going_on")))
    if going_on:
        own = body.separated(begins)
        stops = [m for m in (apart, closes, own.at if own is not None else None) if m is not None and m >= begins]
        stops_at = min(stops, default=None)
        going_on = stops_at is None or stops_at > now
        book = dossier.rulebook
        runs_to = max(begins, book.start_of(book.day_of(now))) if going_on or stops_at is None else stops_at
        home = home if going_on or ends is None or runs_to > ends else None  # else she was apart by the end told
        ends = runs_to if ends is None else max(ends, runs_to)
    if ends is None:
        ends = begins
    if opens is not None and begins < opens:
        if ends < opens:
            return None
        begins = opens
    if closes is not None and ends >= closes:
        residual = value.get("after_minutes")
        if begins >= closes:
            # She came after the case had left, into air that still counts: it was told so, and the pack says how long.
            longest = dossier.rulebook.get("exposure.residual", 0)
            if residual is None or residual > longest:
                return None
            return Met(begins, ends, fact, False)
        ends = closes
    return tuple.__new__(Met, (begins, ends, fact, going_on, stops_at, home))


def _lives_with(fact: Fact, status: Status, dossier: Dossier, body: Body) -> Fact | None:
    """Return what says that she lives with the case whom she met at home, None where it is said to be over or nothing
    says so.
    """
    value = fact.value
    if value["setting"] != "household" or value["to"].kind != "infection" or value.get("going_on") is False:
        return None
    theirs = {value for name, value in status.values if name == "household"}
    if not theirs:
        return None
    return next((told for home, told in body.homes(dossier.subject.number) if home in theirs), None)


def episodes_of(met: list[Met], longest: int) -> list[list[Met]]:
    """Return exposures by episode: one that begins after a whole course has passed begins a new one."""
    if len(met) < 2:
        return [met]
    episodes: list[list[Met]] = [[]]
    end: datetime | None = None
    for one in met:
        if end is not None and one.begins > end + timedelta(days=longest):
            episodes.append([])
        episodes[-1].append(one)
        end = one.ends if end is None else max(end, one.ends)
    return episodes


class Reach(NamedTuple):
    """From when until when somebody was exposed; `last` is the last moment, which may fall on the day before `ends`."""

    first: datetime
    last: datetime
    ends: datetime

    @classmethod
    def of(cls, met: Sequence[Met], otherwise: datetime) -> Reach:
        """Return the reach of exposures; without any all is one moment."""
        if len(met) == 1:
            return cls(met[0][0], met[0].last, met[0][1])
        last = max((m.last for m in met), default=otherwise)
        return cls(min((m.begins for m in met), default=otherwise), last, max((m.ends for m in met), default=last))


def known_as_case(met: Met, dossier: Dossier) -> datetime:
    """Return when an exposure became one: when it was told, and whom she met was known to be a case."""
    status = dossier.leans_on.get(met.fact.value["to"])
    since = status.since if status is not None else None
    return met.fact.known_at if since is None else max(met.fact.known_at, since)


def changes_of(exposures: Sequence[Fact], dossier: Dossier) -> list[datetime]:
    """Return when those whom she met last changed."""
    statuses = (dossier.leans_on.get(fact.value["to"]) for fact in exposures)
    return [s.changed_at for s in statuses if s is not None and s.changed_at is not None]


def strains_of(exposures: Sequence[Fact], dossier: Dossier) -> set[str]:
    """Return the strains or species of those whom she met, as far as they are known."""
    met = (dossier.leans_on.get(fact.value["to"]) for fact in exposures)
    return {value for status in met if status is not None for name, value in status.values if name == "strain"}
