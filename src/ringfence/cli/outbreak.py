"""`ringfence outbreak`: who infects whom in a city, with the truth written apart from anything observed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.epidemic.contacts import VisitedCity
    from ringfence.epidemic.outbreak import Truth

_COLUMNS = ("person", "infector", "place", "infected_at", "infectious_from", "onset_at", "infectious_until",
            "generation", "asymptomatic", "peak", "kind", "found_at", "found_by")  # fmt: skip


def command(
    *,
    pack: Annotated[str, typer.Option("--pack", help="cli.outbreak.pack")],
    out: Annotated[Path, typer.Option("--out", help="cli.outbreak.out")],
    city: Annotated[
        Path | None, typer.Option("--city", help="cli.outbreak.city", exists=True, file_okay=False, show_default=False)
    ] = None,
    people: Annotated[
        int | None, typer.Option("--people", min=2, help="cli.outbreak.people", show_default=False)
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="cli.outbreak.seeds")] = 1,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="cli.outbreak.days")] = 60,
    seed: Annotated[int, typer.Option("--seed", min=0, help="cli.outbreak.seed")] = 1,
    replicates: Annotated[int, typer.Option("--replicates", min=0, help="cli.outbreak.replicates")] = 0,
) -> None:
    """Spread an outbreak."""
    from ringfence.epidemic.contacts import HashedCity
    from ringfence.epidemic.outbreak import Scene, replicate, simulate
    from ringfence.epidemic.presets import preset, source_of
    from ringfence.vocabulary.refusals import Refused

    if (city is None) == (people is None):
        raise Refused("outbreak.one_city")
    if out.exists():
        raise Refused("outbreak.out_exists", path=out)
    disease = preset(pack)
    origin = 0
    if city is not None:
        where, origin = _visited(city)
    else:
        where = HashedCity(people or 2, seed=seed)  # type: ignore[assignment]
    scene = Scene(where, disease, days=days, seed=seed, seeds=seeds)
    output.note("outbreak.preparing")
    truth = simulate(scene)
    out.mkdir(parents=True)
    _write(out / "infections.parquet", truth, origin)
    told: dict[str, Any] = {
        "seed": seed, "pack": pack, "city": None if city is None else str(city.name), "people": where.people,
        "days": days, "seeds": seeds, "parameters": asdict(disease), **source_of(pack),
        "counts": {"infections": len(truth.person), "with_symptoms": int((~truth.asymptomatic).sum()),
                   "generations": int(truth.generation.max())},
    }  # fmt: skip
    if replicates:
        with output.progress("outbreak.repeating", total=1.0) as advance:
            found = replicate(scene, replicates=replicates, progress=lambda done, total: advance(done / total))
        told["replicates"] = {"number": replicates, "infections_mean": float(found.infections.mean()),
                              "infections": found.infections.tolist()}  # fmt: skip
    (out / "truth.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def people_read(_console: Console) -> None:
        output.line("outbreak.done", infections=len(truth.person), days=days, symptoms=told["counts"]["with_symptoms"],
                    generations=told["counts"]["generations"], path=out)  # fmt: skip
        if replicates:
            output.line("outbreak.repeated", number=replicates, mean=f"{told['replicates']['infections_mean']:.1f}")

    output.answer(told | {"out": out}, people=people_read)


def _visited(folder: Path) -> tuple[VisitedCity, int]:
    """Return the city whose visits a folder holds, and the minute at which its first local day begins."""
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    import numpy as np

    from ringfence.epidemic.contacts import DAY, VisitedCity
    from ringfence.tracing.visits.store import open_store

    about = json.loads((folder / "city" / "city.json").read_text(encoding="utf-8"))
    first = date.fromisoformat(about["first_day"])
    midnight = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(about.get("zone", "Asia/Shanghai")))
    origin, days, people = int(midnight.timestamp()) // 60, int(about["days"]), int(about["people"])
    store = open_store(folder / "visits")
    visits = store.visits_of(np.arange(people, dtype=np.uint32), origin, origin + days * DAY)
    return VisitedCity(
        people, days, visits.place, visits.person, (visits.start - origin).astype(np.int32),
        (visits.end - origin).astype(np.int32), store.place_kinds(),
    ), origin  # fmt: skip


def _write(path: Path, truth: Truth, origin: int) -> None:
    """Write the truth, moments in minutes as the store counts them; in a hashed city from the first day."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: getattr(truth, name) for name in _COLUMNS}
    for name in ("infected_at", "infectious_from", "onset_at", "infectious_until", "found_at"):
        columns[name] = np.where(columns[name] < 0, -1, columns[name] + origin)
    pq.write_table(pa.table(columns), path)
