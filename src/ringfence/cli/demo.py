"""`ringfence demo`: one night with known truth, from the laboratory's call to the score; or the office of 2013."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ringfence.cli import output

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.cli.demo_night import Night


class Scene(NamedTuple):
    """What a scene is made of: people, days, the seeds that name its chance, and how its night begins.

    Of the outbreaks of a seed the first is taken in which a pool is the first signal, after some quiet days, `alone`
    or among others, and its case has by then infected at least so many.
    """

    people: int
    days: int
    first_day: date
    city_seed: int
    outbreak_seed: int
    seeds: int
    quiet_days: int = 6
    infected: int = 1
    alone: bool = False
    first: int = 0
    """The number of the outbreak from which on one is looked for."""


NIGHT = Scene(100_000, 14, date(2022, 3, 9), 1, 1, 1, quiet_days=5, infected=1, alone=True, first=686)
"""One case, four people on shift: a pool of ten reads abnormal at half past midnight."""
FULL = Scene(900_000, 14, date(2022, 3, 2), 1, 1, 6, quiet_days=2, infected=2, first=186)
"""A district of 900,000 with about a dozen infections when the laboratory calls, and a false alarm among the pools."""


def command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="demo.help_out")] = Path("out/demo"),
    full: Annotated[bool, typer.Option("--full", help="demo.help_full")] = False,
    office: Annotated[bool, typer.Option("--office", help="demo.help_office")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="demo.help_data", show_default=False)
    ] = None,
) -> int:
    """Rehearse a night in a synthetic city and score it; with --office, search published encounters of an office."""
    if office or data is not None:
        from ringfence.cli import demo_office

        demo_office.show(out, data)
        return 0
    from ringfence.cli.demo_night import rehearse, told

    night = rehearse(FULL if full else NIGHT, out)
    output.answer(told(night), people=lambda console: _print(console, night))
    return 1 if night.broken else 0


def _print(console: Console, night: Night) -> None:
    """Print the night as it went: the call, the answer, the morning, and then the truth."""
    from ringfence.cli.drill import print_reckonings, print_scores
    from ringfence.cli.respond import print_answer

    for number, (answer, asked) in enumerate(night.answers, 1):
        output.line(f"demo.answer_{number}", tubes=night.tubes)
        print_answer(console, answer, asked)
        console.print()
    output.line("demo.truth", infected=night.infected, by_case=night.by_case)
    console.print()
    print_reckonings(console, night.reckonings, _rates(night.rates))
    print_scores(console, night.scores)
    output.line("demo.took", seconds=round(night.seconds, 1))
    output.line("demo.open", file=str(night.report))


def _rates(rates: list[dict[str, Any]]) -> list[tuple[str, list[object]]]:
    """Return what each rate of scanning comes to: the list, its cost, and whom the cases had infected."""
    return [
        ("demo.column.candidates", [row["candidates"] for row in rates]),
        ("demo.column.restricted", [row["restricted"] for row in rates]),
        ("demo.column.found", [f"{row['found']}/{row['of']}" for row in rates]),
        ("demo.column.named", [f"{row['named_found']}/{row['of']}" for row in rates]),
    ]
