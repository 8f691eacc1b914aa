"""`ringfence drill`: what a department would see of an outbreak with known truth, and a score of its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.drill.reckoning import Reckoning
    from ringfence.drill.score import Figure, Score

    Rows = Sequence[tuple[str, Sequence[object]]]

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
    """Score an answer with both desks; what must hold and does not makes exit code 1."""
    from ringfence.drill.scoring import score_plan

    with output.progress("drill.scoring"):
        scored = score_plan(city, truth, seen, plan)

    def people(console: Console) -> None:
        print_reckonings(console, {scored.scanning: scored.reckoning})
        print_scores(console, scored.scores)

    output.answer(scored.plain(), people=people)
    return 1 if scored.broken else 0


def print_reckonings(console: Console, reckonings: Mapping[float, Reckoning], above: Rows = ()) -> None:
    """Print what became of the infected at each rate of scanning, below rows of the caller's; say whether all stands.

    `above` are codes of sentences with one cell for each rate.
    """
    from ringfence.drill.reckoning import REASONS

    counts = [one.counts() for one in reckonings.values()]
    rows: list[list[object]] = [[output.say(code), *cells] for code, cells in above]
    rows += [[output.say("drill.infected"), *(len(one.reasons) for one in reckonings.values())]]
    rows += [[f"  {output.say(f'drill.became.{reason}')}", *(count.get(reason, 0) for count in counts)]
             for reason in REASONS if any(reason in count for count in counts)]  # fmt: skip
    rows += [[output.say("drill.named_alone"), *(len(one.named) for one in reckonings.values())]]
    _print_table(console, [output.say("drill.column.became"), *(f"{rate:.0%}" for rate in reckonings)], rows)
    for rate, one in reckonings.items():
        if one.broken:
            output.line("drill.broken", rate=f"{rate:.0%}", n=len(one.broken),
                        who=", ".join(str(person) for person in one.broken[:5]))  # fmt: skip
        elif rate >= 1:
            output.line("drill.unbroken")
    console.print()


def print_scores(console: Console, scores: Sequence[Score]) -> None:
    """Print the measures with a column for each desk."""
    headings = [output.say("drill.column.what"), *(output.say(f"drill.desk.{one.desk}") for one in scores)]
    rows = [[output.say(f"drill.measure.{name}"), *(figure_said(one.figures[name]) for one in scores)]
            for name in scores[0].figures]  # fmt: skip
    _print_table(console, headings, rows)
    output.line("drill.averted_means")
    console.print()


def _print_table(console: Console, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
    for nth, heading in enumerate(headings):
        table.add_column(Text(heading), justify="right" if nth else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)


def figure_said(figure: Figure) -> str:
    """Return a measure with what it counts, or why it cannot be judged."""
    if figure.value is None:
        return output.say("drill.not_judged", why=output.say(f"drill.why.{figure.why or 'nobody'}"))
    said = f"{figure.value:.0%}" if figure.unit == "share" else f"{figure.value:,.1f}"
    if figure.unit == "hours":
        said = output.say("drill.unit.hours", value=said)
    few = f", {output.say('drill.why.too few')}" if figure.why == "too few" else ""
    return f"{said} ({figure.numerator:,.0f}/{figure.denominator:,.0f}{few})"
