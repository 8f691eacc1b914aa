"""What it costs to derive duties: a whole incident of 10,000 contacts, one contact, a corrected onset, one new fact.

python -m benchmarks.rules [--contacts 10000] [--rounds 7] [--write]

The incident is made here and lies under the shipped pack cn-covid-8, on the evening of 16 March 2022. Wei (1) fell ill
on the 6th. Of every ten people found one is a close contact (met until the 7th), three are contacts of one of these,
six were in the same shop. Under this pack a close contact then has 19 duties, a contact of a contact 15, a general
contact 3: 8.2 a person, 82,000 in all. Their facts:

* close: exposure, assessment, call, notice, agreement, stay, 3 samples with results, 9 observations (21 facts);
* contact of a contact: the same with 7 observations, and the release (20 facts);
* general: exposure, assessment, call, notice, one sample with its result, 2 observations (8 facts).

Answers are checked before anything is timed. In each round everything is asked in turn; an answer is thrown away before
the next one is asked for. The collector of garbage runs as it does by default; the same with it off is told beside.
Times are those of the processor: all of this is one thread that waits for nothing, and machines are shared.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.measure import commit, machine
from ringfence.rules.derive import Dossier, derive
from ringfence.rules.duties import Derivation
from ringfence.rules.facts import Fact
from ringfence.rules.gathering import Gathered
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import shipped_pack
from ringfence.rules.strata import Incident, derive_all
from ringfence.vocabulary.subjects import Subject

HERE = Path(__file__).parent
WEI = Subject("infection", 1)
MARCH = datetime(2022, 2, 27, 16, tzinfo=UTC)
"""The day before 1 March begins, on the clocks of Shanghai."""
NOW = MARCH + timedelta(days=16, hours=20)
GENERAL = "general"
OF_TEN = (GENERAL, "secondary", "close", GENERAL, "secondary", GENERAL, GENERAL, "secondary", GENERAL, GENERAL)
"""The class of a contact by the last digit of her number."""


def march(day: int, hour: float = 0) -> datetime:
    """Return an hour of a day of March 2022 in Shanghai."""
    return MARCH + timedelta(days=day, hours=hour)


class Maker:
    """Makes facts with ids that count up."""

    def __init__(self) -> None:
        self._ids = count(1)

    def fact(self, kind: str, subject: Subject, at: datetime, until: datetime | None = None, /, **value: Any) -> Fact:
        """Return a fact that was known when it happened."""
        return Fact(f"f{next(self._ids):07}", kind, subject, at, at, until, "benchmark", value=value)

    def wei(self) -> list[Fact]:
        """Return the index case."""
        return [self.fact("onset", WEI, march(6), of="symptoms"),
                self.fact("case", WEI, march(8, 5), state="confirmed"),
                self.fact("stay", WEI, march(8, 6), place=Subject("place", 8), kind="hospital")]  # fmt: skip

    def contact(self, number: int, close: int) -> Iterator[Fact]:
        """Yield the facts of one contact; `close` is a close contact whom a contact of a contact met."""
        cls, who = OF_TEN[number % 10], Subject("contact", number)
        minute = (number % 50) / 60
        other = Subject("contact", close) if cls == "secondary" else WEI
        setting = {"close": "household", "secondary": "meal", "general": "shop"}[cls]
        met = {"protection": "both_masks", "contact": "none"} if cls == "general" else {}
        begins, ends = march(5, 18 + minute), march(6 if cls == "general" else 7, 8 + minute)
        yield self.fact("exposure", who, begins, ends, to=other, setting=setting, **met)
        yield self.fact("assessment", who, march(8, 8 + minute), **{"class": cls, "by": "benchmark"})
        yield self.fact("attempt", who, march(8, 8.5 + minute), outcome="reached")
        yield self.fact("notice", who, march(8, 8.7 + minute), of="measure", how="phone" if number % 3 else "paper")
        seen, tests = range(9, 11), (9,)
        if cls != "general":
            ends_on = 22 if cls == "close" else 15
            yield self.fact("agreement", who, march(8, 9 + minute), asks="quarantine_site", ends=march(ends_on))
            left = march(15, 0.5) if cls == "secondary" else None
            yield self.fact("stay", who, march(8, 15 + minute), left, place=Subject("place", 9), kind="quarantine_site")
            seen, tests = range(8, 17 if cls == "close" else 15), (8, 11, 14)
        for day in tests:
            sample = self.fact("sample", who, march(day, 16 + minute), specimen="np")
            yield sample
            yield self.fact("result", who, march(day, 23), sample=sample.id, outcome="negative")
        for day in seen:
            yield self.fact("observation", who, march(day, 18 + minute), seen="seen", temperature_c=36.5)
        if cls == "secondary":
            yield self.fact("release", who, march(15, 0.5), by="benchmark")


def incident_of(contacts: int) -> tuple[Maker, list[Fact]]:
    """Return the facts of an incident in the order in which they happened."""
    maker = Maker()
    facts = maker.wei()
    for number in range(2, contacts + 2):
        facts += maker.contact(number, (number - 2) // 10 * 10 + 2)
    facts.sort(key=lambda fact: fact.at)
    return maker, facts


def corrected(maker: Maker, facts: list[Fact], day: int) -> Fact:
    """Return an onset of Wei on another day in place of the one that was told last."""
    old = [fact for fact in facts if fact.kind == "onset"][-1]
    new = maker.fact("onset", WEI, march(day), of="symptoms")
    return new._replace(known_at=NOW, retracts=old.id)


# ── what must be true before anything is timed ───────────────────────────────────────────────────────────────────


DAYS = {
    "contact:2": {"test/central.d1": 8, "test/central.d4": 11, "test/central.d7": 14, "test/central.d14": 21,
                  "test/home.d2": 23, "test/home.d7": 28},
    "contact:4": {"test/central.d1": 8, "test/central.d4": 11, "test/central.d7": 14},
    "contact:3": {},
}  # fmt: skip
"""The days of March on which tests are due, by hand: day 0 is the last exposure, the 7th."""
ENDS = {
    "contact:2": {"remain/central": 22, "monitor/central": 22, "monitor/home": 29},
    "contact:4": {"remain/central": 15, "monitor/central": 15, "monitor/home": 22},
    "contact:3": {},
}
"""The days of March at whose first minute a stretch ends, by hand."""


def check(maker: Maker, facts: list[Fact], book: Rulebook) -> dict[str, int]:
    """Stop where an answer is wrong; return how much was derived."""
    complete = derive_all(facts, book, NOW)
    for name, days in DAYS.items():
        duties = {f"{d.kind}/{d.key.rsplit('/', 1)[1]}": d for d in complete[Subject.read(name)].duties}
        tests = {key: duty.begins for key, duty in duties.items() if duty.kind == "test"}
        ends = {key: duty.until for key, duty in duties.items() if duty.until is not None}
        _same(tests, {key: march(day) for key, day in days.items()}, f"the test days of {name}")
        _same(ends, {key: march(day) for key, day in ENDS[name].items()}, f"the ends of {name}")
    half = Incident(facts[: len(facts) // 2], book, NOW - timedelta(days=4))
    half.add(facts[len(facts) // 2 :], now=NOW)
    _same(half.derivations, complete, "what was added in halves")
    onset = corrected(maker, facts, 9)
    touched = half.add([onset])
    _same(half.derivations, derive_all([*facts, onset], book, NOW), "a corrected onset")
    more = seen_again(maker, 2)
    half.add([more])
    _same(half.derivations, derive_all([*facts, onset, more], book, NOW), "one more observation")
    again = sum(d.kind == "assess_again" for answer in half.derivations.values() for d in answer.duties)
    return {
        "facts": len(facts),
        "duties": sum(len(answer.duties) for answer in complete.values()),
        "derived again after the corrected onset": len(touched),
        "to be assessed again after it": again,
    }


def _same(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise SystemExit(f"Wrong: {what}.")


def seen_again(maker: Maker, number: int) -> Fact:
    """Return an observation of a contact now."""
    return maker.fact("observation", Subject("contact", number), NOW, seen="seen", temperature_c=36.6)


# ── what is timed ────────────────────────────────────────────────────────────────────────────────────────────────


def measure(contacts: int, rounds: int) -> dict[str, Any]:
    """Return what everything takes, in milliseconds."""
    book = Rulebook.of(shipped_pack("cn-covid-8"), date(2022, 3, 8))
    maker, facts = incident_of(contacts)
    found = check(maker, facts, book)
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        _whole(facts, book, times)
        _parts(facts, book, times)
        _added(facts, book, maker, times)
    return {"contacts": contacts, "rounds": rounds, **found, "ms": {name: _told(ms) for name, ms in times.items()}}


def _timed(times: dict[str, list[float]], name: str, ask: Callable[[], object]) -> None:
    begun = process_time()
    answer = ask()
    times.setdefault(name, []).append(1000 * (process_time() - begun))
    del answer


def _whole(facts: list[Fact], book: Rulebook, times: dict[str, list[float]]) -> None:
    """Derive everything from a list of facts, with the collector of garbage as it comes, and with it off."""
    gc.collect()
    _timed(times, "everything", lambda: derive_all(facts, book, NOW))
    gc.collect()
    gc.disable()
    _timed(times, "everything, no collector", lambda: derive_all(facts, book, NOW))
    gc.enable()


def _parts(facts: list[Fact], book: Rulebook, times: dict[str, list[float]]) -> None:
    """Gather facts by subject; derive all contacts, then one by one, from gathered facts."""
    gc.collect()
    _timed(times, "facts gathered by subject", lambda: Gathered(facts, NOW))
    by = Gathered(facts, NOW).by
    status = {s: a.status for s, a in derive_all(facts, book, NOW).items()}
    asked = [
        Dossier(s, book, own, {f.value["to"]: status[f.value["to"]] for f in own if f.kind == "exposure"})
        for s, own in by.items()
        if s.kind == "contact"
    ]
    gc.collect()
    _timed(times, "contacts, facts gathered before", lambda: [derive(dossier, NOW) for dossier in asked])
    for dossier in asked[:2000]:
        cls = OF_TEN[dossier.subject.number % 10]
        begun = process_time()
        answer: Derivation = derive(dossier, NOW)
        took = 1000 * (process_time() - begun)
        assert answer.duties
        times.setdefault("one contact", []).append(took)
        times.setdefault(f"one contact, {cls}", []).append(took)


def _added(facts: list[Fact], book: Rulebook, maker: Maker, times: dict[str, list[float]]) -> None:
    """Correct the onset of the case that everybody met, there and back; then add one observation after the other."""
    known = list(facts)
    incident = Incident(known, book, NOW)
    for day in (9, 6):
        onset = corrected(maker, known, day)
        known.append(onset)
        gc.collect()
        _timed(times, f"onset corrected to {day} March", lambda onset=onset: incident.add([onset]))
    gc.collect()
    for number in range(2, min(202, len(incident.derivations))):
        more = seen_again(maker, number)
        _timed(times, "one new fact", lambda more=more: incident.add([more]))


def _told(ms: list[float]) -> dict[str, float]:
    low, median, p99, high = (float(q) for q in np.quantile(ms, [0, 0.5, 0.99, 1]))
    return {"n": len(ms), "median": median, "min": low, "p99": p99, "max": high}


def main() -> None:
    """Measure, print, and write into the results when told to."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.rules")
    options.add_argument("--contacts", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md and the JSON beside it")
    asked = options.parse_args()
    run = {**commit(HERE.parent), **machine(), "sizes": [], "rules": measure(asked.contacts, asked.rounds)}
    if asked.write:
        report.write(HERE / "RESULTS.md", run)
    print(json.dumps(run["rules"], indent=1))


if __name__ == "__main__":
    main()
