"""What was aimed at, beside what the newest runs measured: the table at the top of the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Run = Mapping[str, Any]
WHOLE = 200_000_000
"""Visits from which on a city is a whole one: the targets of the search are set for it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to stay within (`most`) or to reach (not `most`), in a unit, and where a run has it."""

    what: str
    bound: float
    unit: str
    of: Callable[[Run], float]
    most: bool = True

    def row(self, found: Run) -> list[str]:
        """Return the cells: what, target, measured, whether it is met; a run from before the target has no figure."""
        target = f"{'≤' if self.most else '≥'} {self.bound:g} {self.unit}"
        try:
            measured = self.of(found)
        except KeyError:
            return [self.what, target, "–", "–"]
        met = measured <= self.bound if self.most else measured >= self.bound
        return [self.what, target, f"{measured:.3g} {self.unit}", "yes" if met else "**no**"]


def _ratio(question: str, of: str) -> Callable[[Run], float]:
    return lambda s: float(s["warm"]["DuckDB native"][question]["median"] / s["warm"]["ringfence"][of]["median"])


def _changed(question: str, scale: float = 1.0) -> Callable[[Run], float]:
    return lambda s: float(s["changed"]["times"]["with runs and tombstones"][question]["median"] / scale)


CITY = (
    Target("Q1, totals only, median of 1,000 cases", 1, "ms", lambda s: s["kernel"]["kernel, second pass"]["median"]),
    Target("the same, 99 of 100 cases", 10, "ms", lambda s: s["kernel"]["kernel, second pass"]["p99"]),
    Target("Q1, merged and listed, median of 1,000 cases", 5, "ms",
           lambda s: s["kernel"]["full answer, second pass"]["median"]),
    Target("Q50, totals only", 30, "ms", lambda s: s["warm"]["ringfence"]["Q50 kernel"]["median"]),
    Target("Q50, totals only, with runs and tombstones", 30, "ms", _changed("Q50 kernel")),
    Target("Q3, with runs and tombstones", 15, "ms", _changed("Q3")),
    Target("2-hop of fifty, with runs and tombstones", 2.6, "s", _changed("2-hop of fifty", 1000)),
    Target("first answer from the start of a process, warm", 2.5, "s",
           lambda s: s["alone"]["first answer, warm"]["median"] / 1000),
    Target("first answer from the start of a process, cold", 2.5, "s",
           lambda s: s["alone"]["first answer, cold"]["median"] / 1000),
    Target("memory of its own, while loading", 4, "GB", lambda s: s["load"]["ringfence, Parquet"]["own_mb"] / 1000),
    Target("load from Parquet, rows checked and numbered", 2, "M visits/s",
           lambda s: s["load"]["ringfence, Parquet"]["rows_a_second"] / 1e6, most=False),
    Target("load from CSV, rows checked and numbered", 0.7, "M visits/s",
           lambda s: s["load"]["ringfence, CSV"]["rows_a_second"] / 1e6, most=False),
    Target("Q1, totals only, ahead of DuckDB native", 20, "×", _ratio("Q1", "Q1 kernel"), most=False),
    Target("Q1, listed, ahead of DuckDB native", 20, "×", _ratio("Q1", "Q1"), most=False),
    Target("Q50, listed, ahead of DuckDB native", 5, "×", _ratio("Q50", "Q50"), most=False),
    Target("Q3, ahead of DuckDB native", 5, "×", _ratio("Q3", "Q3"), most=False),
)  # fmt: skip
RULES = (
    Target("duties of 10,000 contacts, everything, processor time", 1, "s",
           lambda r: r["ms"]["everything"]["median"] / 1000),
    Target("duties of one contact, median", 0.2, "ms", lambda r: r["ms"]["one contact"]["median"]),
    Target("an onset corrected, 10,000 contacts derived again", 10, "s",
           lambda r: max(t["median"] for name, t in r["ms"].items() if name.startswith("onset corrected")) / 1000),
)  # fmt: skip
OUTBREAKS = (
    Target("1,000 outbreaks of 500 infections (scaled to it), 60 days, 3.4 M people, by the clock", 2, "s",
           lambda r: r["seconds"] * 1000 / r["replicates"] * 500 / r["infections"]),
)  # fmt: skip


def summary(runs: Sequence[Run]) -> list[str]:
    """Return, as Markdown, the targets beside the newest runs that measured them, and a list of all runs."""
    lines = ["## Targets, and what was measured", ""]
    city = next(((run, size) for run in runs for size in run["sizes"] if size["facts"]["visits"] >= WHOLE), None)
    if city is not None:
        run, size = city
        about = f"a city of {size['facts']['visits'] / 1e6:.0f} M visits, {run['cores']} cores, warm unless said"
        lines += _table(
            f"the newest run of the whole city, commit {run['commit']} of {run['date']}: {about}", CITY, size
        )
    rules = next((run for run in runs if "rules" in run), None)
    if rules is not None:
        about = f"the newest run of the rules, commit {rules['commit']} of {rules['date']}"
        lines += _table(about, RULES, rules["rules"])
    outbreaks = next((run for run in runs if "outbreak" in run), None)
    if outbreaks is not None:
        about = f"the newest run of outbreaks, commit {outbreaks['commit']} of {outbreaks['date']}"
        lines += _table(about, OUTBREAKS, outbreaks["outbreak"])
    lines += ["The runs below, the newest first; earlier ones are kept to compare with:", ""]
    return [*lines, *(f"* {run['date']}, commit {run['commit']}: {_held(run)}" for run in runs), ""]


def _table(title: str, targets: Sequence[Target], found: Run) -> list[str]:
    rows = ["| " + " | ".join(target.row(found)) + " |" for target in targets]
    return [f"From {title}.", "", "| | target | measured | met |", "|---|---|---|---|", *rows, ""]


def _held(run: Run) -> str:
    sizes = [f"{size['facts']['visits'] / 1e6:.0f} M" for size in run["sizes"]]
    parts = [f"searches over {', '.join(sizes)} visits"] if sizes else []
    return ", ".join(
        [*parts, *(said for name, said in (("rules", "the rules"), ("outbreak", "outbreaks")) if name in run)]
    )
