"""`ringfence city`: make a synthetic city, with people, places and their visits."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output

if TYPE_CHECKING:
    from rich.console import Console


def command(
    store: Annotated[Path, typer.Option("--store", help="cli.city.store", metavar="DIR")],
    people: Annotated[int, typer.Option("--people", help="cli.city.people", metavar="N")] = 100_000,
    days: Annotated[int, typer.Option("--days", help="cli.city.days", metavar="D")] = 14,
    seed: Annotated[int, typer.Option("--seed", help="cli.city.seed", metavar="S")] = 0,
    first_day: Annotated[
        datetime, typer.Option("--first-day", help="cli.city.first_day", formats=["%Y-%m-%d"], metavar="DATE")
    ] = "2022-03-01",  # type: ignore[assignment]
    threads: Annotated[int, typer.Option("--threads", help="cli.city.threads", metavar="N", min=0)] = 0,
) -> None:
    """Make a city in a new directory and tell what is in it."""
    from time import perf_counter

    from ringfence.drill.city import open_city
    from ringfence.drill.city.days import visits_of_chunk
    from ringfence.drill.city.making import Plan
    from ringfence.drill.city.writing import write_city
    from ringfence.tracing.jit import compiled_before

    plan = Plan(people, days, first_day.date(), seed)
    if not compiled_before(visits_of_chunk):
        output.note("city.compiling")
    begun = perf_counter()
    with output.progress("city.making", total=1.0) as advance:
        write_city(plan, store, threads=threads or os.cpu_count() or 1, progress=advance)
    seconds = round(perf_counter() - begun, 1)
    city = open_city(store)
    _tell(city.about, store, seconds)


def _tell(about: dict[str, Any], store: Path, seconds: float) -> None:
    counts = about["counts"]
    shown = ("households", "garment_workshop", "factory", "office", "class", "market", "stall", "noodle_shop",
             "hospital", "bus_trip", "carriage")  # fmt: skip
    by_sort = counts["by_sort"] | {"households": counts["households"]}

    def people(console: Console) -> None:
        output.line("city.made", people=about["people"], days=about["days"], visits=counts["visits"],
                    places=counts["places"], seconds=seconds)  # fmt: skip
        rows = [(output.say(f"city.sort.{name}"), by_sort[name]) for name in shown]
        console.print(output.table(("city.column.what", "city.column.number"), rows))
        output.line("city.synthetic", store=store)

    output.answer({"store": store, "seconds": seconds, **{k: v for k, v in about.items() if k != "visits"}},
                  people=people)  # fmt: skip
