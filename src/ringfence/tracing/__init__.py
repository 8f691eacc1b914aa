"""The visit store and the contact searches over it. Useful alone: no Django, no database, no clock.

from ringfence.tracing import open_store, trace
store = open_store("visits")
answer = trace(store, store.numbers_of(["p7"]), start, end)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.tracing.answer import CommonPlaces, Evidence, SecondHopAnswer, TraceAnswer
    from ringfence.tracing.batch import VisitBatch
    from ringfence.tracing.loading import erase_person, load_files
    from ringfence.tracing.opening import admit
    from ringfence.tracing.search import SecondHopSettings, TraceSettings, common_places, second_hop, trace
    from ringfence.tracing.store import VisitStore, create_store, open_store
    from ringfence.tracing.upkeep import export_parquet, info, verify
    from ringfence.tracing.warrants import read_warrant
    from ringfence.tracing.writing import writing

_HOMES = {
    "CommonPlaces": "answer",
    "Evidence": "answer",
    "SecondHopAnswer": "answer",
    "SecondHopSettings": "search",
    "TraceAnswer": "answer",
    "TraceSettings": "search",
    "VisitBatch": "batch",
    "VisitStore": "store",
    "admit": "opening",
    "common_places": "search",
    "create_store": "store",
    "erase_person": "loading",
    "export_parquet": "upkeep",
    "info": "upkeep",
    "load_files": "loading",
    "open_store": "store",
    "read_warrant": "warrants",
    "second_hop": "search",
    "trace": "search",
    "verify": "upkeep",
    "writing": "writing",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 — the names stand in the table above


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the compiler behind the kernels takes a second that not every user needs.
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
