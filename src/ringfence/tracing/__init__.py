"""The visit store and the contact searches over it. Useful alone: no Django, no database, no clock.

from ringfence.tracing import open_store, trace
store = open_store("visits")
answer = trace(store, store.numbers_of(["p7"]), start, end)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.tracing.answer import CommonPlaces, Evidence, SecondHopAnswer, TraceAnswer
    from ringfence.tracing.live.opening import admit
    from ringfence.tracing.live.warrants import read_warrant
    from ringfence.tracing.search import SecondHopSettings, TraceSettings, common_places, second_hop, trace
    from ringfence.tracing.visits.batch import VisitBatch
    from ringfence.tracing.visits.loading import erase_person, load_files
    from ringfence.tracing.visits.store import VisitStore, create_store, open_store
    from ringfence.tracing.visits.upkeep import export_parquet, info, verify
    from ringfence.tracing.visits.writing import writing

_HOMES = {
    "CommonPlaces": "answer",
    "Evidence": "answer",
    "SecondHopAnswer": "answer",
    "SecondHopSettings": "search",
    "TraceAnswer": "answer",
    "TraceSettings": "search",
    "VisitBatch": "visits.batch",
    "VisitStore": "visits.store",
    "admit": "live.opening",
    "common_places": "search",
    "create_store": "visits.store",
    "erase_person": "visits.loading",
    "export_parquet": "visits.upkeep",
    "info": "visits.upkeep",
    "load_files": "visits.loading",
    "open_store": "visits.store",
    "read_warrant": "live.warrants",
    "second_hop": "search",
    "trace": "search",
    "verify": "visits.upkeep",
    "writing": "visits.writing",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 — the names stand in the table above


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the compiler behind the kernels takes a second that not every user needs.
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
