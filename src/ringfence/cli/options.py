"""What the searches can be asked for on the command line: each option once, so that their functions stay short."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Stamp(StrEnum):
    """Which end of a record its time marks."""

    START = "start"
    END = "end"


Keys = Annotated[Path | None, typer.Option("--keys", help="cli.visits.keys", show_default=False)]
Zone = Annotated[str | None, typer.Option("--tz", help="cli.trace.tz", show_default=False)]

# ── trace ────────────────────────────────────────────────────────────────────────────────────────────────────────

Store = Annotated[Path | None, typer.Option("--store", help="cli.trace.store", show_default=False)]
Person = Annotated[list[str] | None, typer.Option("--person", help="cli.trace.person", show_default=False)]
From = Annotated[str, typer.Option("--from", help="cli.trace.from")]
To = Annotated[str, typer.Option("--to", help="cli.trace.to")]
Persons = Annotated[
    Path | None, typer.Option("--persons", help="cli.trace.persons", exists=True, dir_okay=False, show_default=False)
]
Residual = Annotated[int, typer.Option("--residual", min=0, help="cli.trace.residual")]
MinOverlap = Annotated[int, typer.Option("--min-overlap", min=0, help="cli.trace.min_overlap")]
Hops = Annotated[int, typer.Option("--hops", min=1, max=2, help="cli.trace.hops")]
Threshold = Annotated[int, typer.Option("--threshold", min=1, help="cli.trace.threshold")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="cli.trace.limit")]
Onset = Annotated[list[str] | None, typer.Option("--onset", help="cli.trace.onset", show_default=False)]
Encounters = Annotated[
    list[Path] | None, typer.Option("--encounters", help="cli.trace.encounters", exists=True, show_default=False)
]
Step = Annotated[int | None, typer.Option("--step", min=1, help="cli.trace.step", show_default=False)]
Steps = Annotated[
    Path | None, typer.Option("--steps", help="cli.trace.steps", exists=True, dir_okay=False, show_default=False)
]
Stamped = Annotated[Stamp, typer.Option("--stamped", help="cli.trace.stamped")]
MaxDistance = Annotated[
    float | None, typer.Option("--max-distance", min=0, help="cli.trace.max_distance", show_default=False)
]
MetAt = Annotated[str, typer.Option("--met-at", help="cli.trace.met_at")]
Named = Annotated[list[Path] | None, typer.Option("--named", help="cli.trace.named", exists=True, show_default=False)]
Column = Annotated[list[str] | None, typer.Option("--column", help="cli.trace.column", show_default=False)]
Rejects = Annotated[Path | None, typer.Option("--rejects", help="cli.trace.rejects", show_default=False)]
EngineName = Annotated[str, typer.Option("--engine", help="cli.trace.engine")]
Master = Annotated[str, typer.Option("--master", help="cli.trace.master")]
Exported = Annotated[Path | None, typer.Option("--exported", help="cli.trace.exported", show_default=False)]
Csv = Annotated[Path | None, typer.Option("--csv", help="cli.trace.csv", show_default=False)]
Page = Annotated[Path | None, typer.Option("--page", help="cli.trace.page", show_default=False)]
Explain = Annotated[int, typer.Option("--explain", min=0, help="cli.trace.explain")]
WarrantFile = Annotated[
    Path | None, typer.Option("--warrant", help="cli.trace.warrant", exists=True, dir_okay=False, show_default=False)
]

# ── hypotheses ───────────────────────────────────────────────────────────────────────────────────────────────────

Searched = Annotated[Path, typer.Option("--store", help="cli.visits.store")]
Cases = Annotated[Path, typer.Option("--cases", exists=True, dir_okay=False, help="cli.hypotheses.cases")]
Controls = Annotated[
    Path | None,
    typer.Option("--controls", exists=True, dir_okay=False, help="cli.hypotheses.controls", show_default=False),
]
Shortest = Annotated[float, typer.Option("--shortest-days", help="cli.hypotheses.shortest")]
Longest = Annotated[float, typer.Option("--longest-days", help="cli.hypotheses.longest")]
MinMinutes = Annotated[int, typer.Option("--min-minutes", min=1, help="cli.hypotheses.min_minutes")]
PerCase = Annotated[int, typer.Option("--per-case", min=1, help="cli.hypotheses.per_case")]
Seed = Annotated[int, typer.Option("--seed", help="cli.hypotheses.seed")]
