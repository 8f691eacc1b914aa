"""A city as the drill reads it: its people and places as columns, its true visits, and, apart from them, the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore, open_store
from ringfence.tracing.visits.upkeep import pieces_of_day
from ringfence.vocabulary.moments import MINUTES_PER_DAY, moment_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

NOBODY = 0xFFFFFFFF
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class World:
    """A city with its true visits. Row n of a column is person n, or place n."""

    store: VisitStore
    age: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    household: NDArray[np.uint32]
    work: NDArray[np.uint32]
    vulnerable: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    zone: ZoneInfo
    about: dict[str, Any]
    places: dict[str, NDArray[Any]] = field(default_factory=dict)
    """Names and coordinates of places, as columns; empty where nothing is known."""

    def named_places(self) -> Iterator[tuple[object, ...]]:
        """Yield (number, name, English name, degrees east, north) of places with a name; no home has one."""
        if not self.places:
            return
        named = np.flatnonzero(self.kind != PlaceKind.HOME)
        columns = [self.places[c][named].tolist() for c in ("name", "name_en", "lon", "lat")]
        for number, name, english, lon, lat in zip(named.tolist(), *columns, strict=True):
            if name:
                yield (number, name, english, round(lon, 5), round(lat, 5))

    def __len__(self) -> int:
        return len(self.age)

    def days(self) -> list[int]:
        """Return the UTC days that have visits."""
        return sorted({entry.day for entry in self.store.manifest.segments})

    def local_days(self) -> list[datetime]:
        """Return the midnights on the city's own clock with which its days begin."""
        if "first_day" in self.about:
            first = date.fromisoformat(str(self.about["first_day"])[:10])
            number = int(self.about["days"])
        else:  # a town without a description: the days that its visits touch
            days = self.days()
            begins = int(pieces_of_day(self.store, days[0])[2].min())
            ends = int(pieces_of_day(self.store, days[-1])[3].max())
            first = moment_of(begins, self.zone).date()
            number = (moment_of(ends - 1, self.zone).date() - first).days + 1
        return [datetime.combine(first + timedelta(days=n), time(), self.zone) for n in range(number)]

    def visits(self, until: int | None = None) -> Iterator[VisitBatch]:
        """Yield the true visits day by day, cut at UTC midnight, up to the day in which a minute lies."""
        for day in self.days():
            if until is not None and day * MINUTES_PER_DAY > until:
                return
            yield VisitBatch.of(*pieces_of_day(self.store, day))

    def households(self) -> dict[int, list[int]]:
        """Return the members of each household."""
        order = np.argsort(self.household, kind="stable")
        keys, first = np.unique(self.household[order], return_index=True)
        groups = np.split(order, first[1:])
        return {int(k): g.tolist() for k, g in zip(keys, groups, strict=True)}


@dataclass(frozen=True, slots=True)
class Truth:
    """Who infected whom, where and when. Columns of equal length; minutes since 1970; -1: never."""

    person: Ints
    infector: Ints
    place: Ints
    infected_at: Ints
    infectious_from: Ints
    onset_at: Ints
    infectious_until: Ints

    def __len__(self) -> int:
        return len(self.person)


def open_world(path: Path) -> World:
    """Open a city made by `ringfence city`. Refused for a folder that is none."""
    about = path / "city" / "city.json"
    if not about.is_file():
        raise Refused("drill.no_city", folder=str(path))
    told = json.loads(about.read_text(encoding="utf-8"))
    persons = pq.read_table(path / "city" / "persons.parquet")
    places = pq.read_table(path / "city" / "places.parquet")
    column = {name: persons[name].to_numpy() for name in ("age", "sex", "household", "work", "vulnerable")}
    return World(
        open_store(path / "visits"),
        **column,
        kind=places["kind"].to_numpy(),
        zone=ZoneInfo(told["zone"]),
        about=told,
        places={name: places[name].to_numpy() for name in ("name", "name_en", "lon", "lat")},
    )


def read_truth(folder: Path) -> Truth:
    """Read who infected whom, as `ringfence outbreak` wrote it. Refused for a folder without it."""
    file = folder / "infections.parquet"
    if not file.is_file():
        raise Refused("drill.no_truth", folder=str(folder))
    table = pq.read_table(file)
    names = ("person", "infector", "place", "infected_at", "infectious_from", "onset_at", "infectious_until")
    return Truth(*(table[name].to_numpy().astype(np.int64) for name in names))
