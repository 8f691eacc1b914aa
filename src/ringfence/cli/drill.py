"""`ringfence drill`: what a department would see of an outbreak with known truth, and a score of its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.drill.score import Figure

command = typer.Typer(no_args_is_help=True)
City = Annotated[Path, typer.Option("--city", metavar="DIR", help="cli.drill.city", show_default=False)]
TruthDir = Annotated[Path, typer.Option("--truth", metavar="DIR", help="cli.drill.truth", show_default=False)]


@command.command("observe", help="cli.drill.observe.help")
def observe(
    city: City,
    truth: TruthDir,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="cli.drill.out", show_default=False)],
    until: Annotated[
        str | None, typer.Option("--until", metavar="MOMENT", help="cli.drill.until", show_default=False)
    ] = None,
    scanning: Annotated[float, typer.Option("--scanning", metavar="SHARE", help="cli.drill.scanning")] = 0.6,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="cli.drill.seed")] = 1,
) -> int:
    """Write what is known at a moment."""
    from ringfence.drill.eyes import Eyes
    from ringfence.drill.observe import known_by, write_observed
    from ringfence.drill.world import open_world, read_truth
    from ringfence.vocabulary.moments import floor_minute, parse_moment

    eyes = Eyes(scanning=scanning, seed=seed)
    world = open_world(city)
    moment = None if until is None else floor_minute(parse_moment(until, world.zone))
    with output.progress("drill.observing"):
        told = write_observed(world, eyes, known_by(world, read_truth(truth), eyes, moment), out)

    def people(console: Console) -> None:  # noqa: ARG001 — the form of all
        output.line("drill.observed", until=told["until"], tubes=told["tubes"], cases=len(told["cases"]),
                    named=told["named"], visits=told["visits"], signal=told["signal_at"], out=str(out))  # fmt: skip

    output.answer(told | {"out": str(out)}, people=people)
    return 0


@command.command("score", help="cli.drill.score.help")
def score(
    city: City,
    truth: TruthDir,
    seen: Annotated[Path, typer.Option("--seen", metavar="DIR", help="cli.drill.seen", show_default=False)],
    plan: Annotated[Path, typer.Option("--plan", metavar="DIR", help="cli.drill.plan", show_default=False)],
) -> int:
    """Score an answer with both desks."""
    from ringfence.drill.scoring import score_plan

    with output.progress("drill.scoring"):
        scores = score_plan(city, truth, seen, plan)

    def people(console: Console) -> None:
        for one in scores:
            print_score(console, one)

    output.answer({"scores": [one.plain() for one in scores]}, people=people)
    return 0


def print_score(console: Console, scored: Any) -> None:
    """Print the measures of one desk as a table, and whom it missed."""
    from rich.table import Table

    output.line("drill.scored", desk=output.say(f"drill.desk.{scored.desk}"))
    table = Table(*(output.say(f"drill.column.{name}") for name in ("what", "value", "of")), box=None)
    for name, figure in scored.figures.items():
        table.add_row(output.say(f"drill.measure.{name}"), figure_said(figure), _of(figure))
    console.print(table)
    if scored.missed:
        told = ", ".join(f"{output.say(f'drill.why_missed.{why}')} {n}" for why, n in scored.missed.items())
        output.line("drill.missed", told=told)
    elif scored.figures["recall"].value is not None:
        output.line("drill.missed_none")
    console.print()


def figure_said(figure: Figure) -> str:
    """Return a measure in words, or why it cannot be judged; what it counts stands in the measure's name."""
    if figure.value is None:
        return output.say("drill.not_judged", why=output.say(f"drill.why.{figure.why or 'nobody'}"))
    said = f"{figure.value:.0%}" if figure.unit == "share" else f"{figure.value:,.1f}"
    if figure.unit == "hours":
        said = output.say("drill.unit.hours", value=said)
    return f"{said} ({output.say('drill.why.too few')})" if figure.why == "too few" else said


def _of(figure: Figure) -> str:
    return f"{figure.numerator:,.0f} / {figure.denominator:,.0f}"
