"""Visits from files (CSV, packed CSV, Parquet) into numbered batches, with every bad row told in a file of rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.tracing.intake.rejects import RejectsFile
    from ringfence.tracing.intake.settings import DwellSettings, IntakeSettings
    from ringfence.tracing.intake.sources import content_hash
    from ringfence.tracing.intake.visits import IntakeCounts, VisitReader, read_visits

__all__ = [
    "DwellSettings",
    "IntakeCounts",
    "IntakeSettings",
    "RejectsFile",
    "VisitReader",
    "content_hash",
    "read_visits",
]

_HOMES = {
    "DwellSettings": "settings",
    "IntakeCounts": "visits",
    "IntakeSettings": "settings",
    "RejectsFile": "rejects",
    "VisitReader": "visits",
    "content_hash": "sources",
    "read_visits": "visits",
}


def __getattr__(name: str) -> Any:
    # The key map's erasure needs the file of rejects only; compiled code is loaded by who reads visits.
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
