"""The benchmark: make a city, load it everywhere, prove the answers equal, only then time, and write down what came.

python -m benchmarks                 5 M visits, about two minutes; results under --work
python -m benchmarks --city          10 M, 50 M, 238 M; results into benchmarks/RESULTS.md
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks import adapter_ringfence as ours
from benchmarks import postgres, report
from benchmarks.city import City, CityFiles, generate
from benchmarks.duck import Duck, DuckParquet
from benchmarks.measure import Series, commit, forget_files, give_memory_back, machine, watch
from benchmarks.questions import Answer, Questions, difference, difference_listed, questions_of

SMALL, WHOLE = (5_000_000,), (10_000_000, 50_000_000, 238_000_000)
ONES_A_ROUND = 20
LEAST_PERSONS = 2
LISTED_WHOLE_UP_TO = 200_000
ERASED = 500
HERE = Path(__file__).parent


class WrongAnswerError(Exception):
    """Two engines disagree: nothing may be timed."""


class Contest:
    """All engines over one city."""

    def __init__(self, visits: int, options: argparse.Namespace) -> None:
        self.options = options
        self.city = City.of_visits(visits, exponent=options.exponent, seed=options.seed)
        self.questions: Questions = questions_of(self.city)
        self.room = options.work / f"run-{self.city.people}"
        self.result: dict[str, object] = {"city": asdict(self.city)}

    def run(self) -> dict[str, object]:
        """Go through all steps and return what was measured."""
        with self._step("generate"):
            self.files: CityFiles = generate(
                self.city, self.options.work, csv_rows=min(10_000_000, self.city.visits // 2)
            )
        self.result["facts"] = self.files.facts
        shutil.rmtree(self.room, ignore_errors=True)
        self.room.mkdir(parents=True)
        self.postgres: postgres.Postgres | None = None
        try:
            with self._step("load"):
                self.result["load"] = self._load()
            with self._step("check"):
                self.result["checked"] = self._check()
            with self._step("kernel"):
                self.result["kernel"] = self._kernel()
            with self._step("warm"):
                self.result["warm"] = self._warm()
            with self._step("cold"):
                self.result["cold"] = self._cold()
            with self._step("alone"):
                self.result["alone"] = self._alone()
            with self._step("changed"):
                self.result["changed"] = self._changed()
        finally:
            if self.postgres is not None:
                self.postgres.remove()
            if not self.options.keep:
                shutil.rmtree(self.room)
        return self.result

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        self.result.setdefault("steps", {})[name] = round(seconds, 1)
        print(f"{self.city.visits / 1e6:6.1f} M  {name:9s} {seconds:7.1f} s", flush=True)

    # Loading ----------------------------------------------------------------------------------------------------

    def _load(self) -> dict[str, dict[str, float]]:
        days, loads = self.files.days, {}
        csv = self.room / "csv"
        loads["ringfence, CSV"] = self._watched(ours.load_files(self.files.csv, csv), csv)
        ours.remove_store(csv)
        bare = self.room / "bare"
        loads["ringfence, numbers only"] = self._watched(ours.load_numbers(days, bare), bare)
        ours.remove_store(bare)
        store = self.room / "store"
        loads["ringfence, Parquet"] = self._watched(ours.load_files(days, store), store)
        self.ringfence = ours.Ringfence(store)
        limits = {"threads": len(os.sched_getaffinity(0)), "memory_gb": self.options.memory_gb}
        self.native = Duck(self.room / "native", name="DuckDB native", **limits)
        self.parquet = DuckParquet(self.room / "parquet", **limits)
        loads[self.native.name] = self._timed(lambda: self.native.load(days), self.native)
        loads[self.parquet.name] = self._timed(lambda: self.parquet.load_from(self.native), self.parquet)
        self.parquet.close()
        self.parquet.open()
        self.engines = [self.ringfence, self.native, self.parquet]
        why_not = self._why_no_postgres()
        self.result["left_out"] = why_not
        if not why_not:
            self.postgres = postgres.Postgres(self.room.absolute())
            loads["PostgreSQL"] = self._timed(lambda: self.postgres.load_from(self.native), self.postgres)
            self.engines.append(self.postgres)
        return loads

    def _why_no_postgres(self) -> str:
        if self.city.visits > self.options.postgres_up_to:
            return f"PostgreSQL is measured up to {self.options.postgres_up_to / 1e6:g} M visits"
        return postgres.unavailable()

    def _watched(self, done: object, store: Path) -> dict[str, float]:
        loaded = json.loads(done.output)["loaded"]
        return {
            "rows": loaded,
            "seconds": done.seconds,
            "cpu_seconds": done.cpu_seconds,
            "rows_a_second": loaded / done.seconds,
            "own_mb": done.own_mb,
            "resident_mb": done.resident_mb,
            "disk_mb": ours.disk_bytes(store) / 1e6,
        }

    def _timed(self, load: Callable[[], int], engine: object) -> dict[str, float]:
        begun = time.perf_counter()
        rows = load()
        seconds = time.perf_counter() - begun
        if rows != self.city.visits:
            raise WrongAnswerError(f"{engine.name} holds {rows} rows of {self.city.visits}")
        return {"rows": rows, "seconds": seconds, "rows_a_second": rows / seconds, "disk_mb": engine.disk_bytes() / 1e6}

    # Checking ---------------------------------------------------------------------------------------------------

    def _check(self) -> dict[str, object]:
        """Compare every engine with native DuckDB; fill caches and compile on the way."""
        asked, truth = self.questions, self.native
        wanted = {f"Q1 {k}": truth.answer_trace(truth.trace(q)()) for k, q in enumerate(asked.one[:10])}
        wanted["Q50"] = truth.answer_trace(truth.trace(asked.fifty)())
        wanted["Q3"] = truth.answer_common(truth.common(asked.common, LEAST_PERSONS)())
        for engine in self.engines:
            for k, question in enumerate(asked.one[:10]):
                self._same(engine, f"Q1 {k}", engine.answer_trace(engine.trace(question)()), wanted)
            self._same(engine, "Q50", engine.answer_trace(engine.trace(asked.fifty)()), wanted)
            self._same(engine, "Q3", engine.answer_common(engine.common(asked.common, LEAST_PERSONS)()), wanted)
        found = {
            "contacts of one case": [len(wanted[f"Q1 {k}"]) for k in range(10)],
            "contacts of fifty": len(wanted["Q50"]),
            "common places": len(wanted["Q3"]),
        }
        for name, question in (("2-hop of one", asked.hop2_one), ("2-hop of fifty", asked.hop2)):
            found[name] = self._check_hop2(self.ringfence, name, question)
        return found

    def _check_hop2(self, engine: ours.Ringfence, name: str, question: object) -> str:
        raw = self.native.hop2(question, limit_s=self.options.hop2_check_limit_s)()
        if raw is None:
            return "not checked: DuckDB did not end in time"
        whole = self.native.answer_hop2(raw)
        limit = len(whole) if self.city.people <= LISTED_WHOLE_UP_TO else ours.LISTED_AT_MOST
        listed = engine.answer_hop2(engine.hop2(question, limit=limit)())
        wrong = difference_listed(listed, whole)
        if wrong:
            raise WrongAnswerError(f"{name}: {engine.name} and {self.native.name}: {wrong}")
        return f"{whole.counts[0]:,} persons, {len(listed):,} rows compared"

    def _same(self, engine: object, name: str, answer: Answer, wanted: dict[str, Answer]) -> None:
        wrong = difference(answer, wanted[name])
        if wrong:
            raise WrongAnswerError(f"{name}: {engine.name} and {self.native.name}: {wrong}")

    # Timing -----------------------------------------------------------------------------------------------------

    def _kernel(self) -> dict[str, dict[str, float]]:
        """Search for 1,000 cases one after the other, twice; the first time most of the pages are not yet mapped."""
        passes = {}
        self.ringfence.close()
        self.ringfence.open()
        for name in ("first pass", "second pass"):
            bare, full = Series(), Series()
            for question in self.questions.one:
                bare.time(self.ringfence.kernel(question))
            for question in self.questions.one:
                full.time(self.ringfence.ranked(question))
            passes[f"kernel, {name}"], passes[f"full answer, {name}"] = bare.summary(), full.summary()
        # On a shared machine the wall clock also counts what others do; the search itself is one thread.
        processor = Series(clock=time.thread_time_ns)
        for question in self.questions.one:
            processor.time(self.ringfence.kernel(question))
        return {**passes, "kernel, processor time": processor.summary()}

    def _warm(self) -> dict[str, dict[str, dict[str, float]]]:
        """Ask every engine the same in turn, in an order that rotates from round to round.

        Fifty cases and common places are asked twice in a turn. The second time counts as warm; the first, after the
        others have had minutes of the memory and the system may have taken pages away, is told beside it.
        """
        series: dict[str, dict[str, Series]] = defaultdict(lambda: defaultdict(Series))
        too_long: set[tuple[str, str]] = set()
        for turn in range(self.options.rounds):
            at = turn % len(self.engines)
            for engine in self.engines[at:] + self.engines[:at]:
                self._ask_all(engine, turn, series[engine.name], too_long)
        summaries = {name: {q: s.summary() for q, s in asked.items()} for name, asked in series.items()}
        for name, question in too_long:
            summaries[name][question] = {"over": self.options.hop2_limit_s * 1000}
        return summaries

    def _ask_all(self, engine: object, turn: int, series: dict[str, Series], too_long: set[tuple[str, str]]) -> None:
        asked = self.questions
        first = turn * ONES_A_ROUND % len(asked.one)
        for question in asked.one[first : first + ONES_A_ROUND]:
            series["Q1"].time(engine.trace(question))
            if engine is self.ringfence:
                series["Q1 kernel"].time(engine.kernel(question))
        for name in ("Q50 first", "Q50"):
            series[name].time(engine.trace(asked.fifty))
        if engine is self.ringfence:
            series["Q50 kernel"].time(engine.kernel(asked.fifty))
        for name in ("Q3 first", "Q3"):
            series[name].time(engine.common(asked.common, LEAST_PERSONS))
        limit = {} if engine is self.ringfence else {"limit_s": self.options.hop2_limit_s}
        for name, question in (("2-hop of one", asked.hop2_one), ("2-hop of fifty", asked.hop2)):
            # Whoever takes a quarter of the limit is asked once.
            slow = series[name].ms and max(series[name].ms) > self.options.hop2_limit_s * 250
            if not slow and series[name].time(engine.hop2(question, **limit)) is None:
                too_long.add((engine.name, name))

    def _cold(self) -> dict[str, object]:
        """Ask after the files have left the caches of system and engine; opening is not counted."""
        series: dict[str, dict[str, Series]] = defaultdict(lambda: defaultdict(Series))
        how = ""
        for turn in range(self.options.cold_rounds):
            asks = {
                "Q1": lambda e, t=turn: e.trace(self.questions.one[-1 - t]),
                "Q50": lambda e: e.trace(self.questions.fifty),
                "Q3": lambda e: e.common(self.questions.common, LEAST_PERSONS),
            }
            for engine in self.engines:
                for name, ask in asks.items():
                    engine.close()
                    give_memory_back()
                    how = forget_files([self.room])
                    engine.open()
                    series[engine.name][name].time(ask(engine))
        return {"how": how, "times": {n: {q: s.summary() for q, s in a.items()} for n, a in series.items()}}

    def _alone(self) -> dict[str, object]:
        """Ask in a process of its own: first answer from its start, warm and cold, and its memory."""
        cases, ones = self.room / "cases.json", self.questions.one
        asked = {
            "ones": [self.ringfence.names_of(q.persons) for q in ones],
            "fifty": self.ringfence.names_of(self.questions.fifty.persons),
            "start": ones[0].start,
            "end": ones[0].end,
            "residual": ones[0].residual,
        }
        cases.write_text(json.dumps(asked))
        command = [sys.executable, "-m", "benchmarks.alone", str(self.room / "store"), str(cases)]
        warm, cold, memory = Series(), Series(), {}
        watch(command)
        for _ in range(self.options.cold_rounds):
            told = json.loads(watch(command).output)
            warm.ms.append(told.pop("first_answer_ms"))
            memory = told
        for _ in range(self.options.cold_rounds):
            forget_files([self.room])
            cold.ms.append(json.loads(watch(command).output)["first_answer_ms"])
        return {"first answer, warm": warm.summary(), "first answer, cold": cold.summary(), "memory": memory}

    def _changed(self) -> dict[str, object]:
        """Put late runs and tombstones on a copy, check again, and see what they cost before and after compaction."""
        met = self.native.answer_trace(self.native.trace(self.questions.fifty)()).columns["person"]
        draw = np.random.default_rng(5)
        erased = np.unique(
            [*draw.choice(met, min(len(met), ERASED // 5), replace=False), *draw.choice(self.city.people, ERASED)]
        )
        erased = np.setdiff1d(erased, [p for q in (*self.questions.one, self.questions.fifty) for p in q.persons])
        late = np.arange(self.city.people, self.city.people + self.city.late)
        copy = self.room / "changed"
        ours.copy_store(self.room / "store", copy)
        engine = ours.Ringfence(copy, self.ringfence.numbers.with_late(late))
        times = {"as loaded": self._times_of(self.ringfence)}
        batches = ours.read_batches(self.files.late, engine.numbers)
        ours.change_store(engine, batches, [int(p) for p in erased])
        self.native.change(self.files.late, [int(p) for p in erased])
        checked = self._check_changed(engine)
        times["with runs and tombstones"] = self._times_of(engine)
        begun = time.perf_counter()
        ours.compact_store(engine)
        seconds = time.perf_counter() - begun
        self._check_changed(engine)
        times["compacted"] = self._times_of(engine)
        return {
            "runs": len(batches),
            "late_visits": sum(len(b) for b in batches),
            "erased": len(erased),
            "compact_seconds": seconds,
            "compact_rows_a_second": self.city.visits / seconds,
            "checked": checked,
            "times": times,
        }

    def _check_changed(self, engine: ours.Ringfence) -> str:
        wanted = {}
        for k, question in enumerate(self.questions.one[:5]):
            wanted[f"changed Q1 {k}"] = self.native.answer_trace(self.native.trace(question)())
            self._same(engine, f"changed Q1 {k}", engine.answer_trace(engine.trace(question)()), wanted)
        wanted["changed Q50"] = self.native.answer_trace(self.native.trace(self.questions.fifty)())
        self._same(engine, "changed Q50", engine.answer_trace(engine.trace(self.questions.fifty)()), wanted)
        return self._check_hop2(engine, "changed 2-hop", self.questions.hop2)

    def _times_of(self, engine: ours.Ringfence) -> dict[str, dict[str, float]]:
        series: dict[str, Series] = defaultdict(Series)
        for turn in range(self.options.rounds + 1):
            here = series if turn else defaultdict(Series)  # the first round maps the files
            for question in self.questions.one[:200]:
                here["Q1 kernel"].time(engine.kernel(question))
                here["Q1"].time(engine.trace(question))
            here["Q50 kernel"].time(engine.kernel(self.questions.fifty))
            here["Q50"].time(engine.trace(self.questions.fifty))
            here["Q3"].time(engine.common(self.questions.common, LEAST_PERSONS))
            here["2-hop of fifty"].time(engine.hop2(self.questions.hop2))
        return {name: s.summary() for name, s in series.items()}


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the settings of a run."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Prove the answers of all engines equal, then time them side by side.",
        epilog="RESULTS.md has the targets beside what the newest runs measured, then every run, the newest first;"
        " `python -m benchmarks.report` writes it anew from RESULTS.json.",
    )
    options.add_argument("--city", action="store_true", help="10 M, 50 M and 238 M visits; hours, 40 GB of disk")
    options.add_argument("--visits", type=float, nargs="+", help="other sizes, such as 2e6")
    options.add_argument("--work", type=Path, default=Path("out/bench"), help="where the cities and stores lie")
    options.add_argument("--results", type=Path, help="Markdown to write, with a JSON beside it")
    options.add_argument("--date", help="date of the run, default that of the commit")
    options.add_argument("--rounds", type=int, help="warm rounds (default 3, city 5)")
    options.add_argument("--cold-rounds", type=int, help="cold rounds (default 2, city 3)")
    options.add_argument("--hop2-limit-s", type=float, help="patience with other engines' second hop")
    options.add_argument(
        "--hop2-check-limit-s", type=float, default=600, help="patience with it when answers are compared"
    )
    options.add_argument("--postgres-up-to", type=float, default=50e6, help="visits PostgreSQL gets (default 50e6)")
    options.add_argument("--memory-gb", type=int, default=max(1, int(memory_gb / 3)), help="DuckDB's memory limit")
    options.add_argument("--exponent", type=float, default=0.7, help="of the places' popularity (default 0.7)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--keep", action="store_true", help="keep stores and databases afterwards")
    given = options.parse_args(arguments)
    given.sizes = [int(v) for v in given.visits or (WHOLE if given.city else SMALL)]
    given.results = given.results or (HERE / "RESULTS.md" if given.city else given.work / "RESULTS.md")
    given.hop2_limit_s = given.hop2_limit_s or (60 if given.city else 8)
    given.rounds = given.rounds or (5 if given.city else 3)
    given.cold_rounds = given.cold_rounds or (3 if given.city else 2)
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when engines disagree."""
    options = options_of(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    about = {**commit(HERE.parent), **machine()}
    if options.date:
        about["date"] = options.date
    sizes = []
    for visits in options.sizes:
        try:
            sizes.append(Contest(visits, options).run())
        except WrongAnswerError as error:
            print(f"The answers differ, so nothing was timed. {error}", file=sys.stderr)
            return 1
        ascending = sorted(sizes, key=lambda one: one["city"]["people"])
        report.write(options.results, {**about, "sizes": ascending})
    print(f"Written: {options.results}")
    return 0
