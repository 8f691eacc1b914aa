"""A whole city onto the disk: who, where, when; the file that describes it comes last, so that half a city is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.drill.city import people as who
from ringfence.drill.city.areas import as_json, resource
from ringfence.drill.city.days import Chunk, visits_of
from ringfence.drill.city.making import ZONE, Made, Plan, make, world_of
from ringfence.drill.city.places import SORT_NAMES
from ringfence.drill.city.transit import TRAIN_RIDE, seats
from ringfence.drill.city.ways import World
from ringfence.tracing.keys import KeyMap
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore, create_store, open_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.refusals import Refused

VERSION = 1
NAMED_UP_TO = 1_000_000
"""A larger city answers in numbers: it has no key map."""
_CHUNK = 1 << 15

Progress = Callable[[float], None]


def chunks(world: World, people: int, *, threads: int) -> Iterator[Chunk]:
    """Yield the visits of all days, in the same pieces and the same order with any number of threads."""
    tasks = ((day, a, min(a + _CHUNK, people)) for day in range(world.days) for a in range(0, people, _CHUNK))
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Future[Chunk]] = []
        for day, a, b in tasks:
            waiting.append(pool.submit(visits_of, world, day, a, b))
            if len(waiting) > threads + 1:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def write_city(plan: Plan, directory: Path, *, threads: int = 2, progress: Progress = lambda _share: None) -> Path:
    """Make a city and write it into a new or empty directory; `progress` is given shares of the work that add up to 1.

    Refused when something is there already.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused("city.exists", store=str(directory))
    (directory / "city").mkdir(parents=True, exist_ok=True)
    made = make(plan)
    _write_tables(made, directory / "city")
    progress(0.1)
    counts, store = _write_visits(made, directory / "visits", threads=threads, progress=progress)
    _write_about(made, directory / "city", counts, store)
    progress(0.02)
    return directory


def _write_visits(made: Made, path: Path, *, threads: int, progress: Progress) -> tuple[dict[str, int], VisitStore]:
    people, start = made.plan.people, made.plan.start
    create_store(path, kind="synthetic", zone=ZONE)
    mark = _write_keys(made, path.with_name("visits.keys")) if people <= NAMED_UP_TO else None
    store = open_store(path)
    steps = made.plan.days * -(-people // _CHUNK)
    with writing(store) as writer:
        for piece in chunks(world_of(made), people, threads=threads):
            flags = np.zeros(len(piece.person), np.uint16)
            writer.add(VisitBatch(piece.person, piece.place, piece.start + start, piece.end + start, flags))
            progress(0.55 / steps)
        kind = made.places.column("kind")
        writer.set_kinds(dict(enumerate(kind.tolist())))
        outcome = writer.commit(keys_mark=mark, zone=ZONE)
    progress(0.33)
    return {"visits": outcome.loaded, "persons": people, "places": made.places.count}, store


def _write_keys(made: Made, path: Path) -> str:
    """Give ids to persons and places in the order of their numbers."""
    keys = KeyMap.create(path)
    keys.numbers("person", [f"p{n:07d}" for n in range(made.plan.people)])
    sort = made.places.column("sort").tolist()
    keys.numbers("place", [f"{SORT_NAMES[s].replace('_', '-')}-{n:07d}" for n, s in enumerate(sort)])
    keys.commit()
    return keys.secret_mark


def _write_tables(made: Made, room: Path) -> None:
    home = made.home
    building = made.building_first + made.doors.building
    _write(
        room / "persons.parquet",
        {
            "age": made.people.age,
            "sex": made.people.sex,
            "household": home,
            "occupation": made.people.occupation,
            "vulnerable": made.people.vulnerable,
            "home": home,
            "work": made.days.work,
            "street": made.street.astype(np.uint16),
            "village": made.village.astype(np.uint16),
            "building": building[home].astype(np.uint32),
            "unit": made.doors.unit[home],
            "door": made.doors.door[home],
        },
    )
    places = made.places
    point = places.column("point")
    columns = {name: places.column(name) for name in ("kind", "sort", "street", "village")}
    columns |= {"lon": point[:, 0].copy(), "lat": point[:, 1].copy(), "parent": places.column("parent")}
    names = {"name": places.names(english=False), "name_en": places.names(english=True)}
    _write(room / "places.parquet", columns, names)
    _write(room / "seats.parquet", seats(made.transit, made.plan.seed, made.plan.days))
    village_people = np.bincount(made.village, minlength=len(made.areas.village_codes))
    _write_json(room / "areas.json", as_json(made.areas, village_people))
    (room / "outline.geojson").write_text(resource("outline.geojson"), encoding="utf-8")
    (room / "water.geojson").write_text(resource("water.geojson"), encoding="utf-8")


def _write(path: Path, columns: dict[str, Any], texts: dict[str, list[str | None]] | None = None) -> None:
    arrays = {name: pa.array(values) for name, values in columns.items()}
    arrays |= {name: pa.array(values, pa.string()) for name, values in (texts or {}).items()}
    pq.write_table(pa.table(arrays), path, compression="zstd", row_group_size=1 << 20)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _write_about(made: Made, room: Path, counts: dict[str, int], store: VisitStore) -> None:
    """Write what the city is. Checksums stand for the content of visits: names of files in a store are chance."""
    plan = made.plan
    segments = sorted((e.day, e.checksum, e.pieces, e.rows) for e in store.manifest.segments)
    about = {
        "version": VERSION,
        "synthetic": True,
        "people": plan.people,
        "days": plan.days,
        "first_day": plan.first_day.isoformat(),
        "zone": ZONE,
        "seed": plan.seed,
        "counts": {
            **counts,
            "households": len(made.households),
            "trains": 2 * made.transit.trains,
            "by_sort": {
                name: int(n)
                for name, n in zip(
                    SORT_NAMES, np.bincount(made.places.column("sort"), minlength=len(SORT_NAMES)), strict=True
                )
            },
        },
        "sorts": list(SORT_NAMES),
        "occupations": list(who.OCCUPATIONS),
        "vulnerabilities": list(who.VULNERABILITIES),
        "train_leaves": world_of(made).train_leaves.tolist(),
        "train_ride_minutes": TRAIN_RIDE,
        "files": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(room.iterdir())},
        "visits": [list(entry) for entry in segments],
    }
    aside = room / "city.json.part"
    aside.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.rename(room / "city.json")
