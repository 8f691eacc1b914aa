"""What it costs to keep visits sealed: loading, disk, and searching inside a warrant, beside a research store.

python -m benchmarks.live_cost [--visits 2000000] [--cases 100] [--folder DIR]

Both stores hold the same visits; answers are compared first. Each timed search in the live store is a warrant of its
own: checked, counted durably in the log, its place-days opened, and the search itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np

from ringfence.tracing.live.opening import admit
from ringfence.tracing.live.store import LiveStore
from ringfence.tracing.live.warrants import Seed, SignedWarrant, Warrant, new_private_key, public_of, sign
from ringfence.tracing.search import TraceSettings, second_hop, trace
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore, create_store
from ringfence.tracing.visits.writing import writing

FIRST_DAY, DAYS, A_DAY = 19060, 6, 5
SETTINGS = TraceSettings(30)
NOW = (FIRST_DAY + 30) * 1440
SIGNER = new_private_key()


@dataclass
class Cost:
    """What was measured; times in milliseconds, rates in visits a second, sizes in bytes a visit."""

    machine: str
    visits: int
    load_research_per_s: int
    load_live_per_s: int
    load_research_per_cpu_s: int
    load_live_per_cpu_s: int
    disk_research: float
    disk_live: float
    compact_live_s: float
    place_days_a_search: float
    person_days_a_search: float
    search_research_ms: float
    search_live_ms: float
    search_live_p99_ms: float
    of_this_the_log_ms: float
    again_in_the_same_opening_ms: float
    hop2_research_ms: float
    hop2_live_ms: float
    hop2_place_days: int


def city(visits: int, seed: int = 7) -> list[VisitBatch]:
    """Return the visits of a synthetic city by day: five a person, a home, a few places of habit, places by Zipf."""
    rng = np.random.default_rng(seed)
    persons = visits // (DAYS * A_DAY)
    places = max(persons // 12, 50)
    weight = 1 / np.arange(1, places + 1) ** 0.8
    haunts = rng.choice(places, (persons, 4), p=weight / weight.sum()) + persons // 3
    batches = []
    for day in range(FIRST_DAY, FIRST_DAY + DAYS):
        who = np.repeat(np.arange(persons), A_DAY)
        slot = np.tile(np.arange(A_DAY), persons)
        start = day * 1440 + slot * 270 + rng.integers(0, 120, len(who))
        length = np.minimum(1 + rng.exponential(90, len(who)).astype(np.int64), 240)
        where = np.where(slot == A_DAY - 1, who // 3, haunts[who, rng.integers(0, 4, len(who))])
        batches.append(VisitBatch.of(who, where, start, start + length))
    return batches


def load(store: VisitStore, batches: list[VisitBatch]) -> tuple[float, float]:
    """Load a store and return the seconds it took, and the seconds of all processors."""
    began, worked = perf_counter(), process_time()
    with writing(store) as writer:
        for batch in batches:
            writer.add(batch)
        writer.commit()
    return perf_counter() - began, process_time() - worked


def warrant(store: LiveStore, person: int) -> SignedWarrant:
    """Return a warrant for one case."""
    return sign(
        Warrant(
            id=f"case-{person}", store=store.identity.id, incident="benchmark", purpose="measure", names=("A", "B"),
            start=FIRST_DAY * 1440, end=(FIRST_DAY + DAYS) * 1440, issued=NOW - 1, expires=NOW + 1,
            seeds=(Seed(person, "laboratory", "benchmark"),), hops=2, residual=30,
        ),
        SIGNER,
    )  # fmt: skip


def check(live: LiveStore, research: VisitStore, persons: list[int], span: tuple[int, int]) -> None:
    """Stop when an answer of the live store differs from the research store's."""
    for person in persons:
        opening = admit(live, warrant(live, person), now=NOW)
        plain, opened = trace(research, [person], *span, SETTINGS), opening.trace([person], *span, SETTINGS, now=NOW)
        ordered = [answer.reordered(np.argsort(answer.person)) for answer in (plain, opened)]
        same = all(
            np.array_equal(getattr(ordered[0], name), getattr(ordered[1], name))
            for name in ("person", "minutes", "after_minutes", "encounters", "first", "last")
        )
        if person == persons[0]:
            far, near = second_hop(research, [person], *span, plain), None
            near = opening.second_hop([person], *span, opened, now=NOW)
            same &= far.at_or_above == near.at_or_above and np.array_equal(far.listed.person, near.listed.person)
        if not same:
            raise SystemExit(f"The answers for case {person} differ.")


def measure(visits: int, cases: int, folder: Path) -> Cost:
    """Return what both stores cost."""
    batches = city(visits)
    total = sum(len(batch) for batch in batches)
    warm = [VisitBatch.of([0, 1], [0, 0], [0, 5], [9, 1500])]  # compiles the kernels before anything is timed
    stores: dict[str, VisitStore] = {}
    seconds = {}
    for kind, trusted in (("research", ()), ("live", (public_of(SIGNER),))):
        load(create_store(folder / f"warm-{kind}", kind=kind, trusted=trusted), warm)
        stores[kind] = create_store(folder / kind, kind=kind, trusted=trusted)
        seconds[kind] = load(stores[kind], batches)
    live, research = stores["live"], stores["research"]
    assert isinstance(live, LiveStore)
    persons = np.random.default_rng(1).choice(total // (DAYS * A_DAY), cases, replace=False).tolist()
    span = (FIRST_DAY * 1440, (FIRST_DAY + DAYS) * 1440)
    check(live, research, persons[:10], span)
    before = live.opened.totals()
    plain, first, again, log = [], [], [], []
    for person in persons:
        began = perf_counter()
        trace(research, [person], *span, SETTINGS)
        plain.append(perf_counter() - began)
        signed = warrant(live, person)
        began = perf_counter()
        opening = admit(live, signed, now=NOW)
        opening.trace([person], *span, SETTINGS, now=NOW)
        first.append(perf_counter() - began)
        began = perf_counter()
        opening.trace([person], *span, SETTINGS, now=NOW)
        again.append(perf_counter() - began)
        began = perf_counter()
        live.opened.append(warrant="measure", at_minute=NOW)
        log.append(perf_counter() - began)
    after = live.opened.totals()
    hops = _second_hops(live, research, persons[0], span)
    began = perf_counter()
    with writing(live) as writer:
        writer.add(VisitBatch.of([0], [0], [FIRST_DAY * 1440], [FIRST_DAY * 1440 + 1]))
        writer.commit()
        changed = writer.compact()
    compacting = (perf_counter() - began) / changed
    return Cost(
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        visits=total,
        load_research_per_s=round(total / seconds["research"][0]),
        load_live_per_s=round(total / seconds["live"][0]),
        load_research_per_cpu_s=round(total / seconds["research"][1]),
        load_live_per_cpu_s=round(total / seconds["live"][1]),
        disk_research=round(research.manifest_bytes() / total, 1),
        disk_live=round(live.manifest_bytes() / total, 1),
        compact_live_s=round(compacting, 2),
        place_days_a_search=round((after.place_days - before.place_days) / cases, 1),
        person_days_a_search=round((after.person_days - before.person_days) / cases, 1),
        search_research_ms=round(1000 * median(plain), 2),
        search_live_ms=round(1000 * median(first), 2),
        search_live_p99_ms=round(1000 * float(np.quantile(first, 0.99)), 2),
        of_this_the_log_ms=round(2000 * median(log), 2),
        again_in_the_same_opening_ms=round(1000 * median(again), 2),
        hop2_research_ms=round(1000 * hops[0], 1),
        hop2_live_ms=round(1000 * hops[1], 1),
        hop2_place_days=int(hops[2]),
    )


def _second_hops(live: LiveStore, research: VisitStore, person: int, span: tuple[int, int]) -> tuple[float, float, int]:
    plain = trace(research, [person], *span, SETTINGS)
    began = perf_counter()
    second_hop(research, [person], *span, plain)
    far = perf_counter() - began
    opening = admit(live, warrant(live, person), now=NOW)
    met = opening.trace([person], *span, SETTINGS, now=NOW)
    before = live.opened.totals().place_days
    began = perf_counter()
    opening.second_hop([person], *span, met, now=NOW)
    return far, perf_counter() - began, live.opened.totals().place_days - before


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--visits", type=int, default=2_000_000)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with TemporaryDirectory(dir=asked.folder) as folder:
        print(json.dumps(asdict(measure(asked.visits, asked.cases, Path(folder))), indent=1))


if __name__ == "__main__":
    main()
