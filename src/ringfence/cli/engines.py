"""The same contact search by other means, over exported files: for data beyond one machine, and to check an answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    from ringfence.tracing.contacts import Contacts, ContactSearch
    from ringfence.tracing.engines import Engine
    from ringfence.tracing.reference import ContactQuestion
    from ringfence.tracing.visits.store import VisitStore

ENGINES = ("store", "duckdb", "spark", "reference")


def search_with(
    engine: str, store: VisitStore | None, asked: ContactSearch, *, master: str, exported: Path | None
) -> Contacts:
    """Return the contacts that another engine finds in a store's exported visits, told the same way."""
    if engine not in ENGINES:
        raise Refused("trace.unknown_engine", engine=engine)
    if store is None or asked.encounter_files or asked.named_files:
        raise Refused("trace.engine_visits_only", engine=engine)
    from ringfence.tracing.visits.upkeep import export_parquet

    with tempfile.TemporaryDirectory() as scratch:
        folder = exported or Path(scratch) / "visits"
        if exported is None:
            export_parquet(store, folder)
        with _engine(engine, folder, master, store.erased.tolist()) as opened:
            return _search(engine, opened, store, asked)


@contextmanager
def _engine(name: str, folder: Path, master: str, erased: list[int]) -> Iterator[Engine]:
    if name == "duckdb":
        from ringfence.tracing.engines.duck import DuckEngine

        yield DuckEngine.over_parquet(folder, erased=erased)
    elif name == "spark":
        from ringfence.tracing.engines.spark import SparkEngine

        with SparkEngine(str(folder), master=master, erased=erased) as cluster:
            yield cluster
    else:
        from ringfence.tracing.engines import ReferenceEngine
        from ringfence.tracing.engines.parquet import read_visits

        yield ReferenceEngine(read_visits(folder, erased=erased))


def _search(name: str, engine: Engine, store: VisitStore, asked: ContactSearch) -> Contacts:
    from ringfence.tracing.contacts import Contacts, met_contacts, reached_contacts

    seeds = store.numbers_of(asked.seeds).tolist()
    began = perf_counter()
    question: ContactQuestion = {
        "start": asked.start, "end": asked.end, "residual_minutes": asked.residual_minutes,
        "min_overlap_minutes": asked.min_overlap_minutes,
    }  # fmt: skip
    found = Contacts(met_contacts(store, engine.trace(seeds, **question), engine=name))
    if asked.hops == 2:
        hop = engine.second_hop(seeds, threshold_minutes=asked.threshold_minutes, **question)
        best = sorted(hop.rows, key=lambda r: (-r.score_minutes, r.person))[: asked.limit]
        found.at_or_above = dict(hop.at_or_above)
        found.rows += reached_contacts(store, best)
    found.elapsed_ms = (perf_counter() - began) * 1000
    return found
