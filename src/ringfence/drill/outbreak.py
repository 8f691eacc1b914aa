"""An outbreak in a synthetic city: contacts are its visits, and the truth is written apart from what is seen."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.drill.eyes import Eyes
from ringfence.drill.laboratory import Laboratory, abnormal_tubes
from ringfence.drill.world import Truth, World
from ringfence.epidemic.contacts import VisitedCity
from ringfence.epidemic.outbreak import Scene, simulate
from ringfence.epidemic.outbreak import Truth as Spread
from ringfence.epidemic.settings import Disease
from ringfence.tracing.visits.batch import concatenate
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.refusals import Refused

_MOMENTS = ("infected_at", "infectious_from", "onset_at", "infectious_until", "found_at")


def begins(world: World) -> int:
    """Return the minute (since 1970, UTC) at which the first local day of a city begins."""
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


def scene_in(world: World, disease: Disease, *, days: int, seed: int, seeds: int = 1) -> Scene:
    """Return a city, a disease and a seed as the engine takes them; its minutes count from `begins`."""
    return Scene(city_of(world), disease, days, seed=seed, seeds=seeds)


def first_with_a_pool(
    scene: Scene,
    world: World,
    eyes: Eyes,
    *,
    since: int,
    infected: int,
    alone: bool = False,
    first: int = 0,
    most: int = 400,
) -> tuple[int, Spread]:
    """Return the first outbreak of a scene, from a number on, that begins as a night in the field does.

    The first abnormal tube is a full pool with somebody infected in it, reported from the minute `since` on, and the
    cases in it have infected at least so many others by then; `alone` when no other reads abnormal in the same run of
    the laboratory. Refused when none of so many does.
    """
    origin, laboratory = begins(world), Laboratory(world, eyes)
    for number in range(first, first + most):
        told = simulate(scene, replicate=number)
        truth = truth_of(told, origin)
        tubes = abnormal_tubes(world, truth, eyes, laboratory)
        if not tubes or tubes[0].reported_at < since or not tubes[0].positive or len(tubes[0].members) < eyes.pool:
            continue
        if alone and len(tubes) > 1 and tubes[1].reported_at == tubes[0].reported_at:
            continue
        theirs = np.isin(truth.infector, tubes[0].positive) & (truth.infected_at < tubes[0].reported_at)
        if int(theirs.sum()) >= infected:
            return number, told
    raise Refused("drill.no_signal")


def columns_of(told: Spread, origin: int) -> dict[str, Any]:
    """Return the truth as columns; moments are minutes since 1970 when `origin` is where the first day begins."""
    columns = {field.name: getattr(told, field.name) for field in fields(told)}
    for name in _MOMENTS:
        columns[name] = np.where(columns[name] < 0, -1, columns[name] + origin).astype(np.int64)
    return columns


def truth_of(told: Spread, origin: int) -> Truth:
    """Return the truth as the score reads it."""
    columns = columns_of(told, origin)
    return Truth(*(columns[field.name].astype(np.int64) for field in fields(Truth)))


def write_truth(told: Spread, origin: int, out: Path, about: dict[str, Any]) -> None:
    """Write who infected whom, and what decided it, to a new folder. Refused for one with something in it."""
    if out.exists() and any(out.iterdir()):
        raise Refused("drill.not_empty", folder=str(out))
    out.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns_of(told, origin)), out / "infections.parquet")
    (out / "truth.json").write_text(json.dumps({"schema": 1, **about}, ensure_ascii=False, indent=1) + "\n",
                                    encoding="utf-8")  # fmt: skip
