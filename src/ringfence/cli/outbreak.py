"""`ringfence outbreak`: who infects whom in a city, with the truth written apart from anything observed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.outbreak_measures import Asked

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.epidemic.outbreak import Scene, Truth
    from ringfence.epidemic.settings import Policy

_REPEATED = 100
"""How many outbreaks are compared with and without measures when nobody says."""


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
    replicates: Annotated[
        int | None, typer.Option("--replicates", min=0, help="cli.outbreak.replicates", show_default=False)
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="cli.outbreak.policy", exists=True, dir_okay=False, show_default=False),
    ] = None,
    traced: Annotated[str | None, typer.Option("--traced", help="cli.outbreak.traced", show_default=False)] = None,
    reported: Annotated[
        float | None, typer.Option("--reported", min=0, max=1, help="cli.outbreak.reported", show_default=False)
    ] = None,
    delay: Annotated[
        float | None, typer.Option("--delay", min=0, max=365, help="cli.outbreak.delay", show_default=False)
    ] = None,
    testing_every: Annotated[
        int | None, typer.Option("--testing-every", min=1, max=365, help="cli.outbreak.testing_every",
                                 show_default=False)
    ] = None,
    reduction: Annotated[
        str | None, typer.Option("--reduction", help="cli.outbreak.reduction", show_default=False)
    ] = None,
    packs: Annotated[
        Path | None, typer.Option("--packs", help="cli.packs.folder", exists=True, file_okay=False, show_default=False)
    ] = None,
) -> None:  # fmt: skip
    """Spread an outbreak."""
    from ringfence.cli.outbreak_measures import disease_meant, policy_asked
    from ringfence.drill.outbreak import begins, city_of, write_truth
    from ringfence.drill.world import open_world
    from ringfence.epidemic.contacts import HashedCity, VisitedCity
    from ringfence.epidemic.outbreak import Scene, simulate
    from ringfence.epidemic.presets import preset, source_of
    from ringfence.vocabulary.refusals import Refused

    if (city is None) == (people is None):
        raise Refused("outbreak.one_city")
    if out.exists():
        raise Refused("outbreak.out_exists", path=out)
    means = disease_meant(pack, packs)
    disease = preset(means)
    measures = policy_asked(Asked(policy, traced, reported, delay, testing_every, reduction))
    if people is not None and seeds > people:
        raise Refused("outbreak.more_seeds", seeds=seeds, people=people)
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
        "days": days, "seeds": seeds, "parameters": asdict(disease), **source_of(means), "counts": _counted(truth),
    }  # fmt: skip
    number = replicates if replicates is not None else (_REPEATED if measures else 0)
    under: Truth | None = None
    if measures is not None:
        under = simulate(scene, measures)
        told |= _with_measures(scene, measures, under, number)
    elif number:
        told["replicates"] = _repeated(scene, number)
    write_truth(truth, origin, out, told)
    if under is not None:
        write_truth(under, origin, out / "with-measures", told | {"counts": told["with_measures"]})
    output.answer(told | {"out": out}, people=lambda console: _tell(console, told, out))


def _counted(truth: Truth) -> dict[str, int]:
    """Return how many were infected in one outbreak, had symptoms, and were found; and how many generations."""
    return {"infections": len(truth.person), "with_symptoms": int((~truth.asymptomatic).sum()),
            "generations": int(truth.generation.max()), "found": int((truth.found_at >= 0).sum())}  # fmt: skip


def _repeated(scene: Scene, number: int) -> dict[str, Any]:
    """Repeat the outbreak and return what the repetitions came to."""
    from ringfence.epidemic.outbreak import replicate

    with output.progress("outbreak.repeating", total=1.0) as advance:
        found = replicate(scene, replicates=number, progress=lambda done, total: advance(done / total))
    return {"number": number, "infections_mean": float(found.infections.mean()),
            "infections": found.infections.tolist()}  # fmt: skip


def _with_measures(scene: Scene, measures: Policy, under: Truth, number: int) -> dict[str, Any]:
    """Return what the measures made of the outbreak that is written, and of as many others on the same chances."""
    from ringfence.epidemic.paired import compare
    from ringfence.epidemic.policies import told

    found: dict[str, Any] = {"policy": told(measures), "with_measures": _counted(under)}
    if number:
        with output.progress("outbreak.comparing", total=2.0) as advance:
            pairs = compare(scene, measures, replicates=number,
                            progress=lambda done, total: advance(done / total))  # fmt: skip
        low, high = pairs.interval if number > 1 else (None, None)
        found["paired"] = {
            "number": number, "infections_without": pairs.without.tolist(), "infections_with": pairs.under.tolist(),
            "without_mean": float(pairs.without.mean()), "with_mean": float(pairs.under.mean()),
            "averted_mean": pairs.averted, "averted_low": low, "averted_high": high, "share_fewer": pairs.fewer,
            "quarantine_days_mean": float(pairs.person_days.mean()), "quarantine_days_per_averted": pairs.days_each,
        }  # fmt: skip
    return found


def _tell(_console: Console, told: dict[str, Any], out: Path) -> None:
    """Print what came out for people."""
    counts = told["counts"]
    output.line("outbreak.done", infections=counts["infections"], days=told["days"], symptoms=counts["with_symptoms"],
                generations=counts["generations"], path=out)  # fmt: skip
    if told["parameters"]["r0"] < 1:
        output.line("outbreak.dies_out", r0=told["parameters"]["r0"])
    if "replicates" in told:
        repeated = told["replicates"]
        output.line("outbreak.repeated", number=repeated["number"], mean=f"{repeated['infections_mean']:.1f}")
    if "with_measures" in told:
        output.line("outbreak.with_measures", infections=told["with_measures"]["infections"],
                    found=told["with_measures"]["found"], path=out / "with-measures")  # fmt: skip
    if "paired" in told:
        pairs = told["paired"]
        output.line("outbreak.paired", number=pairs["number"], without=f"{pairs['without_mean']:.1f}",
                    under=f"{pairs['with_mean']:.1f}", averted=f"{pairs['averted_mean']:.1f}")  # fmt: skip
        if pairs["averted_low"] is not None:
            output.line("outbreak.paired_sure", low=f"{pairs['averted_low']:.1f}", high=f"{pairs['averted_high']:.1f}",
                        share=f"{100 * pairs['share_fewer']:.0f} %")  # fmt: skip
        each = pairs["quarantine_days_per_averted"]
        days = f"{pairs['quarantine_days_mean']:.0f}"
        if each is None:
            output.line("outbreak.cost_for_nothing", days=days)
        else:
            output.line("outbreak.cost", days=days, each=f"{each:.1f}")
