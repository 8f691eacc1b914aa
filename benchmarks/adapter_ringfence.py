"""Ringfence as one of the engines: the only file here that knows its functions.

Questions name persons of the city; the store has numbers of its own, given in the order in which ids were met. They
are turned into the store's numbers before the clock starts, answers back into the city's after it has stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.city import PERSON_DIGITS
from benchmarks.duck import Ask
from benchmarks.measure import Watched, disk_bytes, watch
from benchmarks.questions import SCORE_LISTED, SCORE_STEPS, Answer, Question
from ringfence.tracing.ranking import rank
from ringfence.tracing.search import (
    SecondHopSettings,
    TraceSettings,
    common_places,
    second_hop,
    trace,
)
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import create_store, default_keys, open_store
from ringfence.tracing.visits.writing import writing

LISTED_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which person and place of the city each number of the store is, and the other way round."""

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    of_person: NDArray[np.int64]
    of_place: NDArray[np.int64]

    @classmethod
    def of(cls, person: NDArray[np.int64], place: NDArray[np.int64]) -> Numbers:
        return cls(person, place, _inverse(person), _inverse(place))

    def with_late(self, persons: NDArray[np.int64]) -> Numbers:
        """Return the same with further persons of the city numbered behind the highest number."""
        new = np.setdiff1d(persons, self.person)
        return Numbers.of(np.concatenate([self.person, new]), self.place)


def _inverse(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    inverse = np.full(int(numbers.max()) + 1, -1, np.int64)
    inverse[numbers] = np.arange(len(numbers))
    return inverse


def load_files(files: Sequence[Path], store: Path) -> Watched:
    """Load raw files with all checks and numbering, in a process of its own, watched."""
    return watch([sys.executable, "-m", "benchmarks.adapter_ringfence", "files", str(store), *map(str, files)])


def load_numbers(files: Sequence[Path], store: Path) -> Watched:
    """Load raw files with the city's own numbers, no ids and no checks: what the store alone takes."""
    return watch([sys.executable, "-m", "benchmarks.adapter_ringfence", "numbers", str(store), *map(str, files)])


def remove_store(store: Path) -> None:
    """Take a store and its keys away."""
    for directory in (store, default_keys(store)):
        shutil.rmtree(directory, ignore_errors=True)


def _batch(table: pa.Table, numbers: Numbers | None = None) -> VisitBatch:
    """Return rows of a raw file as numbers: the city's own, or the store's."""
    number = {
        name: pc.utf8_slice_codeunits(table[name], 1).cast(pa.uint32()).to_numpy() for name in ("person", "place")
    }
    start, end = (table[name].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy() for name in ("start", "end"))
    person, place = number["person"], number["place"]
    if numbers is not None:
        person, place = numbers.of_person[person], numbers.of_place[place]
    return VisitBatch.of(person, place, start // 60, -(-end // 60))


def read_batches(files: Sequence[Path], numbers: Numbers | None = None) -> list[VisitBatch]:
    """Return small files as one batch each."""
    return [_batch(pq.read_table(file), numbers) for file in files]


class Ringfence:
    """A store opened for searching: `kernel` gives totals by contact, `trace` single times too, `ranked` bands."""

    name = "ringfence"

    def __init__(self, directory: Path, numbers: Numbers | None = None) -> None:
        self.directory = directory
        self.open()
        self.numbers = numbers or self._read_numbers()

    def open(self) -> None:
        self.store = open_store(self.directory)

    def close(self) -> None:
        del self.store

    def _read_numbers(self) -> Numbers:
        counts = {"person": self.store.table.persons, "place": self.store.table.places}
        if self.store.keys is None:  # loaded by `load_numbers`
            return Numbers.of(*(np.arange(n) for n in counts.values()))
        names = {side: self.store.names_of(side, np.arange(n)) for side, n in counts.items()}
        return Numbers.of(*(np.array([int(i[1:]) for i in of_side], np.int64) for of_side in names.values()))

    def names_of(self, persons: Sequence[int]) -> list[str]:
        """Return persons of the city as the store knows them from outside."""
        if self.store.keys is None:
            return [str(p) for p in persons]
        return [f"p{p:0{PERSON_DIGITS}d}" for p in persons]

    def disk_bytes(self) -> int:
        return disk_bytes(self.directory)

    def _seeds(self, question: Question) -> NDArray[np.int64]:
        return self.numbers.of_person[np.array(question.persons)]

    def kernel(self, question: Question) -> Ask:
        """Return a function that runs the search alone: totals of each contact, as the other engines answer."""
        settings = TraceSettings(residual_minutes=question.residual)
        return partial(trace, self.store, self._seeds(question), question.start, question.end, settings, evidence=False)

    def trace(self, question: Question) -> Ask:
        """Return a function that answers Q1 in full: all contacts and every single time together."""
        settings = TraceSettings(residual_minutes=question.residual)
        return partial(trace, self.store, self._seeds(question), question.start, question.end, settings)

    def ranked(self, question: Question) -> Ask:
        """Return a function that answers in full: merged, every single time listed, banded and ranked."""
        ask = self.trace(question)
        return lambda: rank(self.store, ask())

    def common(self, question: Question, least: int) -> Ask:
        """Return a function that answers Q3."""
        return partial(common_places, self.store, self._seeds(question), question.start, question.end, least=least)

    def hop2(self, question: Question, *, limit: int = LISTED_AT_MOST) -> Ask:
        """Return a function that answers both hops: all scores counted, the highest `limit` listed with evidence."""
        seeds, settings = self._seeds(question), SecondHopSettings(threshold_minutes=SCORE_LISTED, limit=limit)

        def both() -> object:
            first = self._hop_one(question, seeds)
            return second_hop(self.store, seeds, question.start, question.end, first, settings)

        return both

    def _hop_one(self, question: Question, seeds: NDArray[np.int64]) -> object:
        settings = TraceSettings(residual_minutes=question.residual)
        return trace(self.store, seeds, question.start, question.end, settings, evidence=False)

    def answer_trace(self, raw: object) -> Answer:
        columns = ("minutes", "after_minutes", "encounters", "first", "last")
        return Answer.of({"person": self.numbers.person[raw.person], **{c: getattr(raw, c) for c in columns}})

    def answer_common(self, raw: object) -> Answer:
        columns = ("persons", "minutes", "first", "last")
        return Answer.of({"place": self.numbers.place[raw.place], **{c: getattr(raw, c) for c in columns}})

    def answer_hop2(self, raw: object) -> Answer:
        listed = raw.listed
        columns = {"person": self.numbers.person[listed.person], "score": listed.minutes}
        columns |= {c: getattr(listed, c) for c in ("encounters", "first", "last")}
        return Answer.of(columns, tuple(raw.at_or_above[step] for step in SCORE_STEPS))


def copy_store(source: Path, target: Path) -> None:
    """Copy a store by links: its segments are never written again."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=os.link)


def change_store(engine: Ringfence, batches: Sequence[VisitBatch], erased: Sequence[int]) -> None:
    """Add one run a batch, as a live store gets them, and put tombstones on persons."""
    with writing(engine.store) as writer:
        for batch in batches:
            writer.add(batch)
            writer.commit()
        writer.erase(engine.numbers.of_person[np.array(erased)].tolist())
    engine.open()


def compact_store(engine: Ringfence) -> None:
    """Merge runs and take the erased out."""
    with writing(engine.store) as writer:
        writer.compact()
    engine.open()


def _load_numbers_here(store: Path, files: Sequence[Path]) -> int:
    with writing(create_store(store, kind="synthetic")) as writer:
        for file in files:
            reader = pq.ParquetFile(file)
            for group in range(reader.num_row_groups):
                writer.add(_batch(reader.read_row_group(group)))
        return writer.commit().loaded


def _load_files_here(store: Path, files: Sequence[Path]) -> int:
    from ringfence.tracing.intake import IntakeSettings
    from ringfence.tracing.visits.loading import load_files as load
    from ringfence.tracing.visits.loading import open_or_create

    opened = open_or_create(store, None, kind="synthetic")
    return load(opened, files, IntakeSettings(), rejects_file=store.with_name(store.name + ".rejects.csv")).loaded


if __name__ == "__main__":
    how = {"numbers": _load_numbers_here, "files": _load_files_here}[sys.argv[1]]
    print(json.dumps({"loaded": how(Path(sys.argv[2]), [Path(f) for f in sys.argv[3:]])}))
