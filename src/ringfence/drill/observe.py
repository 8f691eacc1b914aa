"""What a department would have on its desks at a moment: a line list, tubes, scans, named contacts, facts.

Nothing here holds the truth; who infected whom stays in the folder of the outbreak. All of it comes again, to the byte,
from the same city, outbreak, seed and moment, and what is known at one rate of scanning is known at every higher one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ringfence.drill.chance import uniform
from ringfence.drill.eyes import Eyes
from ringfence.drill.laboratory import Laboratory, Tube, abnormal_tubes
from ringfence.drill.seeing import as_of, as_recorded, drawn_stays, phone_holders
from ringfence.drill.world import Truth, World
from ringfence.tracing.search import TraceSettings, trace
from ringfence.tracing.visits.store import create_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY, moment_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

LINE_LIST = ("id", "sex", "age", "onset", "first_positive_sample", "reported", "isolation", "found_by")
NAMED = ("case", "contact", "last_contact", "relation", "setting", "minutes")
PLACES = ("place", "name", "name_en", "lon", "lat")
TUBES = ("tube", "member", "size", "taken", "reported", "result", "ct")
_SETTINGS = {PlaceKind.HOME: "household", PlaceKind.WORKPLACE: "work", PlaceKind.SCHOOL: "class",
             PlaceKind.VEHICLE: "vehicle"}  # fmt: skip
_SINGLE_TAKEN_AFTER = 120
_TO_THE_LABORATORY = 180
_LOOKS_BACK = 4 * MINUTES_PER_DAY
_WORTH_NAMING = 15


@dataclass(frozen=True, slots=True)
class Case:
    """An infection that the laboratory has confirmed: who, by which tube, when sampled and known (minutes), onset told.

    `onset_day` is what she says, some days off; None without symptoms by then.
    """

    person: int
    tube: Tube
    sampled_at: int
    known_at: int
    onset_day: str | None


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known at a moment (minutes): the signal, abnormal tubes, and cases in the order of becoming known."""

    signal_at: int
    until: int
    tubes: tuple[Tube, ...]
    cases: tuple[Case, ...]


def first_signal(tubes: Sequence[Tube]) -> int:
    """Return the minute of the first abnormal report. Refused when nobody is ever found."""
    if not tubes:
        raise Refused("drill.no_signal")
    return tubes[0].reported_at


def known_by(
    world: World, truth: Truth, eyes: Eyes, until: int | None = None, laboratory: Laboratory | None = None
) -> Observed:
    """Return what is known at a minute, by default 35 minutes after the first abnormal tube."""
    tubes = abnormal_tubes(world, truth, eyes, laboratory)
    signal = first_signal(tubes)
    until = signal + 35 if until is None else until
    seen = tuple(tube for tube in tubes if tube.reported_at <= until)
    cases: dict[int, Case] = {}
    for person, known, tube in _confirmed(seen, eyes, until):
        if person not in cases:
            sampled = tube.reported_at + _SINGLE_TAKEN_AFTER if tube.pooled else tube.taken_at
            cases[person] = Case(person, tube, sampled, known, _onset_told(world, truth, eyes, person, until))
    return Observed(signal, until, seen, tuple(sorted(cases.values(), key=lambda c: (c.known_at, c.person))))


def _confirmed(tubes: Sequence[Tube], eyes: Eyes, until: int) -> Iterator[tuple[int, int, Tube]]:
    """Yield who is known to be a case by a minute, since when, and by which tube; somebody may come twice."""
    for tube in tubes:
        known = tube.reported_at + (int(eyes.singles_after_hours * 60) if tube.pooled else 0)
        if known <= until:
            for person in tube.positive:
                yield person, known, tube


def confirmed(tubes: Sequence[Tube], eyes: Eyes, until: int) -> dict[int, int]:
    """Return who is known to be a case by a minute, and since when."""
    known: dict[int, int] = {}
    for person, at, _ in _confirmed(tubes, eyes, until):
        known[person] = min(at, known.get(person, at))
    return known


def _onset_told(world: World, truth: Truth, eyes: Eyes, person: int, until: int) -> str | None:
    """Return the day that the case gives for her onset: within some days of the true one, never after it is asked."""
    row = int(np.flatnonzero(truth.person == person)[0])
    onset = int(truth.onset_at[row])
    if onset < 0 or onset > until:
        return None
    off = int(uniform(eyes.seed, "onset", person) * (2 * eyes.onset_off_days + 1)) - eyes.onset_off_days
    told = moment_of(onset, world.zone).date() + timedelta(days=off)
    return min(told, moment_of(until, world.zone).date()).isoformat()


@dataclass(frozen=True, slots=True)
class Seen:
    """What one department sees, and the new folder that it is written to."""

    eyes: Eyes
    observed: Observed
    out: Path


def write_observed(world: World, eyes: Eyes, observed: Observed, out: Path) -> dict[str, Any]:
    """Write what is known to a new folder and return a summary. Refused for a folder with something in it."""
    return write_all_seen(world, [Seen(eyes, observed, out)])[0]


def write_all_seen(world: World, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Write what several departments see, reading the true visits once; return their summaries.

    Refused for a folder with something in it, before anything is written.
    """
    for one in seen:
        if one.out.exists() and any(one.out.iterdir()):
            raise Refused("drill.not_empty", folder=str(one.out))
    for one in seen:
        one.out.mkdir(parents=True, exist_ok=True)
    return [_write_desk(world, one, visits) for one, visits in zip(seen, write_scans(world, seen), strict=True)]


def _write_desk(world: World, seen: Seen, visits: int) -> dict[str, Any]:
    """Write all but the scans."""
    eyes, observed, out = seen.eyes, seen.observed, seen.out
    _write(out / "linelist.csv", LINE_LIST, _line_list(world, observed))
    _write(out / "tubes.csv", TUBES, _tubes(world, observed))
    named = list(named_contacts(world, eyes, observed))
    _write(out / "contacts.csv", NAMED, named)
    (out / "facts.json").write_text(
        json.dumps(facts_of(world, eyes, observed), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    _write(out / "places.csv", PLACES, world.named_places())
    told = {
        "schema": 1, "signal_at": _said(world, observed.signal_at), "until": _said(world, observed.until),
        "tubes": len(observed.tubes), "cases": [str(case.person) for case in observed.cases], "named": len(named),
        "visits": visits, "eyes": asdict(eyes),
    }  # fmt: skip
    (out / "observed.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return told


def write_scans(world: World, seen: Sequence[Seen]) -> list[int]:
    """Write what the venue codes recorded as a visit store in each folder, and return how many stays each holds.

    Nothing is in a store that was not known at its department's moment. All must draw by one seed.
    """
    seeds = {one.eyes.seed for one in seen}
    if len(seeds) != 1:
        raise ValueError(f"one seed is drawn by, not {len(seeds)}")
    kinds = {place: int(kind) for place, kind in enumerate(world.kind.tolist())}
    totals = [0] * len(seen)
    holders = [phone_holders(world, one.eyes) for one in seen]
    with ExitStack() as stack:
        stores = [create_store(one.out / "visits", kind="synthetic", zone=str(world.zone)) for one in seen]
        writers = [stack.enter_context(writing(store)) for store in stores]
        for drawn in drawn_stays(world, seeds.pop(), max(one.observed.until for one in seen)):
            for number, (one, writer) in enumerate(zip(seen, writers, strict=True)):
                known = as_of(as_recorded(drawn, world, one.eyes, holders[number]), one.observed.until)
                writer.add(known)
                totals[number] += len(known)
        for writer in writers:
            writer.set_kinds(kinds)
            writer.commit()
    return totals


def named_contacts(world: World, eyes: Eyes, observed: Observed) -> Iterable[tuple[object, ...]]:
    """Yield whom the cases named: those who live with her at once, others as she remembers them when interviewed."""
    groups = world.households()
    for case in observed.cases:
        at_home = [p for p in groups[int(world.household[case.person])] if p != case.person]
        last = moment_of(observed.until, world.zone).date().isoformat()
        for person in at_home:
            yield (case.person, person, last, "lives with her", "household", "")
        if case.known_at + eyes.interview_after_hours * 60 <= observed.until:
            yield from _remembered(world, eyes, case, set(at_home))


def _remembered(world: World, eyes: Eyes, case: Case, known: set[int]) -> Iterable[tuple[object, ...]]:
    """Yield whom she remembers of those she really met since four days before the swab, with day and setting."""
    since = case.tube.taken_at - _LOOKS_BACK
    met = trace(world.store, [case.person], since, case.known_at, TraceSettings())
    best: dict[int, tuple[int, int, int]] = {}
    evidence = met.evidence
    for row, place, minutes, last in zip(evidence.contact.tolist(), evidence.place.tolist(),
                                         evidence.minutes.tolist(), evidence.end.tolist(), strict=True):  # fmt: skip
        person = int(met.person[row])
        if minutes >= _WORTH_NAMING and minutes > best.get(person, (0, 0, 0))[0]:
            best[person] = (minutes, place, last)
    for person, (minutes, place, last) in best.items():
        setting = _SETTINGS.get(PlaceKind(int(world.kind[place])), "room")
        if person not in known and uniform(eyes.seed, "recall", case.person, person) < eyes.recall.get(setting, 0.1):
            told = moment_of(last - 1, world.zone).date().isoformat()
            yield (case.person, person, told, "", setting, minutes // 15 * 15)


def facts_of(world: World, eyes: Eyes, observed: Observed) -> dict[str, Any]:
    """Return the facts of tubes and laboratory reports, as `ringfence duties` reads them, numbered as in the city."""
    facts: list[dict[str, Any]] = []

    def fact(kind: str, subject: str, at: int, value: dict[str, Any], known: int | None = None) -> str:
        told = {"id": f"drill-{len(facts) + 1}", "kind": kind, "subject": subject, "at": _said(world, at),
                "known_at": _said(world, at if known is None else known), "source": "laboratory", "grade": "A",
                "value": value}  # fmt: skip
        facts.append(told)
        return str(told["id"])

    people: dict[int, int] = {}
    value: dict[str, Any]
    for tube in observed.tubes:
        for person in tube.members:
            people.setdefault(person, tube.reported_at)
        if tube.pooled:
            _pool_facts(fact, tube, eyes, observed.until)
            if tube.reported_at + int(eyes.singles_after_hours * 60) <= observed.until:
                _single_facts(fact, tube, eyes)
    for case in observed.cases:
        if not case.tube.pooled:
            own = fact("sample", f"infection:{case.person}", case.sampled_at, {"specimen": "np"})
            value = {"outcome": "positive", "sample": own, "test": "pcr"}
            fact("result", f"infection:{case.person}", case.known_at, value)
        route = {"screening": "key_group", "clinic": "clinic"}[case.tube.by]
        fact("case", f"infection:{case.person}", case.known_at, {"state": "confirmed", "route": route})
    for person, known in people.items():
        value = {"name": str(person), "sex": _SEXES[int(world.sex[person])], "age_years": int(world.age[person])}
        fact("person", f"person:{person}", known, value)
    return {"schema": 1, "zone": str(world.zone), "facts": facts}


_SEXES = ("female", "male")


def _pool_facts(fact: Any, tube: Tube, eyes: Eyes, until: int) -> None:
    """Note an abnormal pool, and that the desk has passed it on once it has."""
    members = [f"person:{person}" for person in tube.members]
    of = f"tube:{tube.number}"
    fact("members", of, tube.taken_at, {"who": members})
    fact("tube", of, tube.taken_at, {"stage": "sealed", "size": len(members)})
    fact("tube", of, tube.taken_at + _TO_THE_LABORATORY, {"stage": "received"})
    fact("result", of, tube.reported_at, {"outcome": "abnormal", "kit": "A"})
    passed_on = tube.reported_at + eyes.reports_after_minutes
    if passed_on <= until:
        receipt = f"R{tube.number:04d}"
        fact("receipt", of, passed_on, {"for": "report", "number": receipt})
        fact("done", of, passed_on, {"duty": "report/abnormal", "receipt": receipt})


def _single_facts(fact: Any, tube: Tube, eyes: Eyes) -> None:
    """Note the single swabs of those in an abnormal pool, and how they read."""
    taken, known = tube.reported_at + _SINGLE_TAKEN_AFTER, tube.reported_at + int(eyes.singles_after_hours * 60)
    for person in tube.members:
        fact("reached", f"tube:{tube.number}", tube.reported_at + 30, {"who": f"person:{person}", "agreed": True})
        own = fact("sample", f"person:{person}", taken, {"specimen": "np", "swabs": 2})
        outcome = "positive" if person in tube.positive else "negative"
        fact("result", f"person:{person}", known, {"outcome": outcome, "sample": own, "test": "pcr"})


def _line_list(world: World, observed: Observed) -> Iterable[tuple[object, ...]]:
    for case in observed.cases:
        sampled, known = (moment_of(m, world.zone).strftime("%Y-%m-%d %H:%M") for m in (case.sampled_at, case.known_at))
        person = case.person
        yield (person, _SEXES[int(world.sex[person])], int(world.age[person]), case.onset_day or "", sampled, known, "",
               case.tube.by)  # fmt: skip


def _tubes(world: World, observed: Observed) -> Iterable[tuple[object, ...]]:
    for tube in observed.tubes:
        taken, reported = _said(world, tube.taken_at), _said(world, tube.reported_at)
        ct = round(22 + 12 * float(uniform(7, "ct", tube.number, tube.taken_at)), 1)
        for person in tube.members:
            yield (tube.number, person, len(tube.members), taken, reported, "abnormal", ct)


def _said(world: World, minute: int) -> str:
    return moment_of(minute, world.zone).isoformat(timespec="minutes")


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows(rows)
