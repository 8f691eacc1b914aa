"""What each contact search means, in sets of minutes. Slow, short and surely right: every engine must agree with it.

A visit is (person, place, start, end): numbers, and minutes since 1970 UTC with the end excluded. Visits of erased
persons are not among them. Because presence is a set of minutes, visits of one person at one place that overlap or
touch are one stay, whether they were written twice, cut at midnight or both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict, Unpack

Visit = tuple[int, int, int, int]
Minutes = set[int]
Presence = Mapping[int, Mapping[int, Minutes]]  # person -> place -> minutes

SCORES_COUNTED = (1, 15, 60, 240, 1440)


class ContactQuestion(TypedDict):
    """What a search for contacts is asked besides the seeds: the window [start, end), and minutes that are else 0."""

    start: int
    end: int
    residual_minutes: NotRequired[int]
    min_overlap_minutes: NotRequired[int]


@dataclass(frozen=True, slots=True)
class Met:
    """A person who shared a place with a seed, or breathed its air soon after. `last` is excluded, as all ends are."""

    person: int
    minutes: int
    after_minutes: int
    encounters: int
    places: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Reached:
    """A person who shared places with people met, after these were first exposed."""

    person: int
    score_minutes: int
    encounters: int
    places: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SecondHop:
    """The people reached at or above the threshold, and how many there are at or above each usual score."""

    rows: tuple[Reached, ...]
    at_or_above: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Common:
    """A place that several of the persons asked about visited, and their minutes there together."""

    place: int
    persons: int
    minutes: int
    first: int
    last: int


def presence(visits: Iterable[Visit]) -> Presence:
    """Return the minutes of each person at each place."""
    at: dict[int, dict[int, Minutes]] = defaultdict(lambda: defaultdict(set))
    for person, place, start, end in visits:
        at[person][place].update(range(start, end))
    return {person: dict(places) for person, places in at.items()}


def runs(minutes: Minutes) -> list[range]:
    """Return the maximal runs of consecutive minutes, in order."""
    starts = sorted(m for m in minutes if m - 1 not in minutes)
    ends = sorted(m + 1 for m in minutes if m + 1 not in minutes)
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]


def trace(
    visits: Iterable[Visit],
    seeds: Iterable[int],
    *,
    start: int,
    end: int,
    residual_minutes: int = 0,
    min_overlap_minutes: int = 0,
) -> tuple[Met, ...]:
    """Return everybody who met a seed inside [start, end), by person.

    A minute is *direct* when a seed is at the place; it is *after* when none is, but one was at most
    `residual_minutes` ago; the air after a seed reaches beyond the window. Seeds are not listed.
    """
    at, seeds = presence(visits), set(seeds)
    direct: dict[int, Minutes] = defaultdict(set)
    for seed in seeds:
        for place, minutes in at.get(seed, {}).items():
            direct[place] |= minutes & set(range(start, end))
    after = {
        place: {m for run in runs(minutes) for m in range(run.stop, run.stop + residual_minutes)} - minutes
        for place, minutes in direct.items()
    }
    met = []
    for person in sorted(at.keys() - seeds):
        shared = {
            place: at[person][place] & (direct[place] | after[place]) for place in at[person].keys() & after.keys()
        }
        shared = {place: minutes for place, minutes in sorted(shared.items()) if minutes}
        together = sum(len(minutes & direct[place]) for place, minutes in shared.items())
        if shared and together >= min_overlap_minutes:
            met.append(
                Met(
                    person=person,
                    minutes=together,
                    after_minutes=sum(len(minutes & after[place]) for place, minutes in shared.items()),
                    encounters=sum(len(runs(minutes)) for minutes in shared.values()),
                    places=tuple(shared),
                    first=min(min(minutes) for minutes in shared.values()),
                    last=max(max(minutes) for minutes in shared.values()) + 1,
                )
            )
    return tuple(met)


def second_hop(
    visits: Iterable[Visit], seeds: Iterable[int], *, threshold_minutes: int = 15, **asked: Unpack[ContactQuestion]
) -> SecondHop:
    """Return who shared places with the people met, from the first exposure of each of these until `end`, by person.

    The score counts person-minutes: an hour beside two people met is 120. Neither seeds nor people met are listed.
    """
    visits, seeds = list(visits), set(seeds)
    at = presence(visits)
    met = trace(visits, seeds, **asked)
    probes: dict[int, list[Minutes]] = defaultdict(list)
    for contact in met:
        for place, minutes in at[contact.person].items():
            probes[place].append(minutes & set(range(contact.first, asked["end"])))
    everyone = []
    for person in sorted(at.keys() - seeds - {contact.person for contact in met}):
        shared = [(place, probe, at[person][place] & probe) for place in at[person] for probe in probes[place]]
        shared = [(place, probe, minutes) for place, probe, minutes in shared if minutes]
        if shared:
            everyone.append(
                Reached(
                    person=person,
                    score_minutes=sum(len(minutes) for _, _, minutes in shared),
                    encounters=sum(_overlaps(runs(probe), runs(at[person][place])) for place, probe, _ in shared),
                    places=tuple(sorted({place for place, _, _ in shared})),
                    first=min(min(minutes) for _, _, minutes in shared),
                    last=max(max(minutes) for _, _, minutes in shared) + 1,
                )
            )
    return SecondHop(
        rows=tuple(r for r in everyone if r.score_minutes >= threshold_minutes),
        at_or_above={score: sum(r.score_minutes >= score for r in everyone) for score in SCORES_COUNTED},
    )


def common_places(
    visits: Iterable[Visit], persons: Iterable[int], *, start: int, end: int, at_least: int = 2
) -> tuple[Common, ...]:
    """Return the places that `at_least` different ones of the persons visited inside [start, end), by place."""
    at = presence(visits)
    found: dict[int, list[Minutes]] = defaultdict(list)
    for person in set(persons):
        for place, minutes in at.get(person, {}).items():
            if inside := minutes & set(range(start, end)):
                found[place].append(inside)
    return tuple(
        Common(
            place=place,
            persons=len(stays),
            minutes=sum(len(minutes) for minutes in stays),
            first=min(min(minutes) for minutes in stays),
            last=max(max(minutes) for minutes in stays) + 1,
        )
        for place, stays in sorted(found.items())
        if len(stays) >= at_least
    )


def _overlaps(some: list[range], others: list[range]) -> int:
    return sum(max(a.start, b.start) < min(a.stop, b.stop) for a in some for b in others)
