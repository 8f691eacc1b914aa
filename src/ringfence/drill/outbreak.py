"""An outbreak in a synthetic city: contacts are its visits, and the truth is written apart from what is seen."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.drill.world import Truth, World
from ringfence.epidemic.contacts import VisitedCity
from ringfence.epidemic.outbreak import Scene, simulate
from ringfence.epidemic.outbreak import Truth as Spread
from ringfence.epidemic.settings import NOTHING, Disease, Policy
from ringfence.tracing.visits.batch import concatenate
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.refusals import Refused


def begins(world: World) -> int:
    """Return the minute (since 1970, UTC) at which the first local day of a city begins."""
    from datetime import datetime

    first = date.fromisoformat(str(world.about["first_day"])[:10])
    return floor_minute(datetime(first.year, first.month, first.day, tzinfo=world.zone))


def city_of(world: World) -> VisitedCity:
    """Return the visits of a city as the engine takes them."""
    visits = concatenate(list(world.visits()))
    start = begins(world)
    return VisitedCity(
        len(world), int(world.about["days"]), visits.place, visits.person, (visits.start - start).astype(np.int32),
        (visits.end - start).astype(np.int32), world.kind,
    )  # fmt: skip


def spread_in(
    world: World, disease: Disease, *, days: int, seed: int, seeds: int = 1, given: tuple[int, ...] = (),
    policy: Policy = NOTHING,
) -> tuple[Truth, Spread]:  # fmt: skip
    """Spread a disease in a city; return the truth in minutes since 1970, and what else the engine tells of it."""
    scene = Scene(city_of(world), disease, days, seed=seed, seeds=seeds, given=given)
    told = simulate(scene, policy)
    start = begins(world)

    def at(minutes: Any) -> Any:
        return np.where(minutes < 0, -1, minutes + start).astype(np.int64)

    truth = Truth(
        told.person.astype(np.int64), told.infector.astype(np.int64), told.place.astype(np.int64),
        at(told.infected_at), at(told.infectious_from), at(told.onset_at), at(told.infectious_until),
    )  # fmt: skip
    return truth, told


def write_truth(truth: Truth, told: Spread, out: Path, about: dict[str, Any], disease: Disease) -> None:
    """Write who infected whom to a new folder. Refused for a folder with something in it."""
    if out.exists() and any(out.iterdir()):
        raise Refused("drill.not_empty", folder=str(out))
    out.mkdir(parents=True, exist_ok=True)
    table = pa.table({
        "person": truth.person.astype(np.uint32), "infector": truth.infector.astype(np.uint32),
        "place": truth.place.astype(np.uint32), "infected_at": truth.infected_at,
        "infectious_from": truth.infectious_from, "onset_at": truth.onset_at,
        "infectious_until": truth.infectious_until, "generation": told.generation, "asymptomatic": told.asymptomatic,
        "peak": told.peak,
    })  # fmt: skip
    pq.write_table(table, out / "infections.parquet")
    text = {"schema": 1, "infections": len(truth), "disease": _plain(asdict(disease)), **about}
    (out / "truth.json").write_text(json.dumps(text, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value.item() if isinstance(value, np.generic) else value
