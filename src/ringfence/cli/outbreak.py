"""`ringfence outbreak`: who infects whom in a city, with the truth written apart from anything observed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output

if TYPE_CHECKING:
    from rich.console import Console


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
    from ringfence.drill.outbreak import begins, city_of, write_truth
    from ringfence.drill.world import open_world
    from ringfence.epidemic.contacts import HashedCity, VisitedCity
    from ringfence.epidemic.outbreak import Scene, replicate, simulate
    from ringfence.epidemic.presets import preset, source_of
    from ringfence.vocabulary.refusals import Refused

    if (city is None) == (people is None):
        raise Refused("outbreak.one_city")
    if out.exists():
        raise Refused("outbreak.out_exists", path=out)
    disease = preset(pack)
    origin = 0
    where: HashedCity | VisitedCity = HashedCity(people or 2, seed=seed)
    if city is not None:
        world = open_world(city)
        where, origin = city_of(world), begins(world)
    scene = Scene(where, disease, days=days, seed=seed, seeds=seeds)
    output.note("outbreak.preparing")
    truth = simulate(scene)
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
    write_truth(truth, origin, out, told)

    def people_read(_console: Console) -> None:
        output.line("outbreak.done", infections=len(truth.person), days=days, symptoms=told["counts"]["with_symptoms"],
                    generations=told["counts"]["generations"], path=out)  # fmt: skip
        if replicates:
            output.line("outbreak.repeated", number=replicates, mean=f"{told['replicates']['infections_mean']:.1f}")

    output.answer(told | {"out": out}, people=people_read)
