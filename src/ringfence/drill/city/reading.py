"""A city from the disk: persons, places, areas and its store of visits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringfence.tracing.visits.store import VisitStore, open_store
from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    import pyarrow as pa


class Columns:
    """A table whose row is a number: `city.persons.age` and `city.persons["age"]` are numpy arrays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._table: pa.Table | None = None
        self._read: dict[str, NDArray[Any]] = {}

    @property
    def table(self) -> pa.Table:
        """The whole as an Arrow table."""
        if self._table is None:
            self._table = pq.read_table(self.path, memory_map=True)
        return self._table

    def __len__(self) -> int:
        return int(pq.read_metadata(self.path).num_rows)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._read:
            self._read[name] = pq.read_table(self.path, columns=[name])[name].to_numpy()
        return self._read[name]

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name.startswith("_") or name not in pq.read_schema(self.path).names:
            raise AttributeError(name)
        return self[name]


@dataclass(frozen=True)
class City:
    """A synthetic city. Persons, places and seats are read column by column when they are asked for."""

    path: Path
    about: dict[str, Any]

    @cached_property
    def persons(self) -> Columns:
        """Rows are the numbers of persons."""
        return Columns(self.path / "city" / "persons.parquet")

    @cached_property
    def places(self) -> Columns:
        """Rows are the numbers of places."""
        return Columns(self.path / "city" / "places.parquet")

    @cached_property
    def seats(self) -> Columns:
        """One row for each ride in a train."""
        return Columns(self.path / "city" / "seats.parquet")

    @cached_property
    def areas(self) -> dict[str, Any]:
        """Counties, streets, villages; the areas of streets and villages are synthetic."""
        return dict(json.loads((self.path / "city" / "areas.json").read_text(encoding="utf-8")))

    @cached_property
    def outline(self) -> dict[str, Any]:
        """The counties as GeoJSON."""
        return dict(json.loads((self.path / "city" / "outline.geojson").read_text(encoding="utf-8")))

    @cached_property
    def water(self) -> dict[str, Any]:
        """The lake as GeoJSON."""
        return dict(json.loads((self.path / "city" / "water.geojson").read_text(encoding="utf-8")))

    @cached_property
    def store(self) -> VisitStore:
        """The visits."""
        return open_store(self.path / "visits")

    def sort_numbers(self, *names: str) -> NDArray[np.intp]:
        """Return the places of some sorts (`stall`, `class` …)."""
        wanted = [self.about["sorts"].index(name) for name in names]
        return np.flatnonzero(np.isin(self.places["sort"], wanted))


def open_city(path: str | Path) -> City:
    """Open a city that was made by `write_city`; refused where there is none or only half of one."""
    path = Path(path)
    described = path / "city" / "city.json"
    if not described.exists():
        if (path / "city").exists():
            raise Refused("city.incomplete", store=str(path))
        raise Refused("city.missing", store=str(path))
    about = json.loads(described.read_text(encoding="utf-8"))
    if about["version"] > 1:
        raise Refused("city.newer", store=str(path), version=about["version"])
    return City(path, about)
