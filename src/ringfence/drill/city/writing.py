"""A whole city onto the disk: who, where, when; the file that describes it comes last, so that half a city is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringfence.drill.city import people as who
from ringfence.drill.city.areas import Areas, as_json, huzhou, lived_in, resource
from ringfence.drill.city.days import Chunk, visits_of
from ringfence.drill.city.homes import CARE_HOME, Doors, Households, doors, settle
from ringfence.drill.city.outings import World
from ringfence.drill.city.patterns import patterns
from ringfence.drill.city.people import People, populate
from ringfence.drill.city.places import SORT_NAMES, Places
from ringfence.drill.city.transit import TRAIN_RIDE, Transit, lay_lines, seats
from ringfence.drill.city.work import Days, place_everybody
from ringfence.tracing.keys import KeyMap
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import VisitStore, create_store, open_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

VERSION = 1
ZONE = "Asia/Shanghai"
_OFFSET = 480
MOST_PEOPLE = 3_500_000
NAMED_UP_TO = 1_000_000
"""A larger city answers in numbers: it has no key map."""
_CHUNK = 1 << 15
_EPOCH = date(1970, 1, 1).toordinal()

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides every byte of a city's content."""

    people: int
    days: int
    first_day: date
    seed: int = 0

    def __post_init__(self) -> None:
        if not 100 <= self.people <= MOST_PEOPLE:
            raise Refused("city.people", people=self.people, most=MOST_PEOPLE)
        if not 1 <= self.days <= 366:
            raise Refused("city.days", days=self.days)
        if not 0 <= self.seed < 1 << 62:
            raise Refused("city.seed", seed=self.seed)

    @property
    def start(self) -> int:
        """The minute (UTC) of the first day's local midnight."""
        return (self.first_day.toordinal() - _EPOCH) * MINUTES_PER_DAY - _OFFSET


@dataclass(frozen=True, slots=True)
class Made:
    """A city in memory: everything but its visits."""

    plan: Plan
    areas: Areas
    households: Households
    doors: Doors
    people: People
    places: Places
    building_first: int
    days: Days
    transit: Transit
    street: NDArray[np.int64]
    village: NDArray[np.int64]

    @property
    def home(self) -> NDArray[np.uint32]:
        """The home of every person: homes are numbered like households."""
        return self.households.of_persons()


def make(plan: Plan) -> Made:
    """Return a city of a plan; the same plan gives the same city."""
    areas = huzhou()
    households = settle(areas, lived_in(areas, plan.people), plan.seed)
    people = populate(households, plan.seed)
    at = doors(areas, households)
    places = Places(areas, plan.seed)
    building_first = _add_homes(places, households, at)
    home = households.of_persons()
    village = households.village[home]
    days = place_everybody(areas, people, home=home, home_village=village, places=places, seed=plan.seed)
    street = areas.street_of_village[village]
    transit = lay_lines(
        areas,
        np.bincount(street, minlength=len(areas.street_codes)),
        ages=people.age,
        days=plan.days,
        places=places,
        seed=plan.seed,
    )
    return Made(plan, areas, households, at, people, places, building_first, days, transit, street, village)


def _add_homes(places: Places, households: Households, at: Doors) -> int:
    """Add homes, buildings, hamlets and compounds; return the number of the first building."""
    homes = len(households)
    building_first = homes
    compound_first = building_first + len(at.building_village)
    places.add("home", households.village, parent=building_first + at.building)
    parent = np.where(at.building_compound < 0, 0xFFFFFFFF, compound_first + at.building_compound)
    places.add("building", at.building_village, parent=parent)
    places.add("compound", at.compound_village)
    point = places.column("point")
    point[:homes] = point[building_first + at.building]
    hamlets = building_first + np.flatnonzero(at.building_compound < 0)
    places.set("sort", hamlets, SORT_NAMES.index("hamlet"))
    care = np.flatnonzero(households.kind == CARE_HOME)
    places.set("sort", care, SORT_NAMES.index("care_home"))
    places.set("kind", care, PlaceKind.CARE_HOME)
    return building_first


def world_of(made: Made) -> World:
    """Return what the days of a city need."""
    streets = len(made.areas.street_codes)
    street_of_home = made.areas.street_of_village[made.households.village]
    trains = np.arange(made.transit.trains)
    spread = 200 // made.transit.trains if made.transit.trains < 200 else 1
    return World(
        seed=made.plan.seed,
        days=made.plan.days,
        weekday=made.plan.first_day.weekday(),
        group=patterns(made.people.occupation),
        ill=(made.people.vulnerable & np.uint8(8 | 16 | 32)).astype(np.uint8),
        home=made.home,
        work=made.days.work,
        street=made.street.astype(np.uint16),
        work_street=made.days.work_street,
        lived=np.unique(made.street),
        home_at=np.searchsorted(street_of_home, np.arange(streets + 1)),
        venue_first=made.days.venue_first,
        venue_count=made.days.venue_count,
        market_first=made.days.market_first,
        stall_first=made.days.stall_first,
        line_first=made.transit.line_first,
        trip_first=made.transit.trip_first,
        station=made.transit.station,
        trains=made.transit.trains,
        carriage_first=made.transit.carriage_first,
        train_leaves=np.concatenate([400 + spread * trains, 990 + spread * trains]).astype(np.int64),
        travellers=made.transit.travellers,
        travellers_at=made.transit.travellers_at,
    )


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
