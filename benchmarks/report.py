"""What was measured, written as Markdown for people; the JSON beside it holds every run in full.

`python -m benchmarks.report` writes RESULTS.md anew from RESULTS.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.targets import summary

Run = Mapping[str, Any]
QUESTIONS = ("Q1", "Q50", "Q3", "2-hop of one", "2-hop of fifty")
HEADER = """# Results

Written by `python -m benchmarks`; do not edit. Before anything is timed, the engines' answers are compared to the
minute: persons, minutes, minutes in the air left behind, encounters, first, last. All engines are asked in turn in one
run on one machine; times are medians with the least and the greatest in brackets. Machines are noisy: trust ratios.

* **Q1** one case, six days: everybody at the same place at the same time or within 30 minutes after. *Kernel* is the
  bare search with totals for each contact; otherwise ringfence also lists every single time together.
* **Q50** fifty cases at once. **Q3** places where at least two of the fifty were, in 14 days.
* **2-hop** contacts of the contacts after each first exposure, all persons scored; ringfence lists the 1,000 highest
  with evidence, the others every score from 15 person-minutes. DuckDB is given a statement without pairs (step
  functions and ASOF joins) written for it here; PostgreSQL forms pairs.
* Visits of one person never touch each other in this city, so the others join without merging, which spares them work.
  They hold numbers only, cut out of the ids; ringfence numbers ids with its key map and checks every row.
"""


def write(path: Path, run: Run) -> None:
    """Put a run into the JSON, in place of an earlier one of the same commit, machine and sizes, and render all."""
    stored = path.with_suffix(".json")
    runs = json.loads(stored.read_text()) if stored.exists() else []
    runs = [r for r in runs if _mark(r)[:-1] != _mark(run)[:-1] or not set(_mark(r)[-1]) <= set(_mark(run)[-1])]
    runs.insert(0, _rounded(run))
    path.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps(runs, indent=1) + "\n")
    render(path)


def render(path: Path) -> None:
    """Write the Markdown anew from the JSON beside it: targets first, then every run, the newest first."""
    runs = json.loads(path.with_suffix(".json").read_text())
    path.write_text("\n".join([HEADER, *summary(runs), *(line for r in runs for line in _section(r))]) + "\n")


def _mark(run: Run) -> tuple[Any, ...]:
    return (
        run["commit"],
        run["cpu"],
        run["cores"],
        (
            *(s["city"]["people"] for s in run["sizes"]),
            *(("rules", run["rules"]["contacts"]) if "rules" in run else ()),
            *(("outbreak", run["outbreak"]["replicates"]) if "outbreak" in run else ()),
        ),
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list | tuple) else value


def ms(value: float) -> str:
    """Return a duration with two or three digits that count."""
    if value >= 100_000:
        return f"{value / 1000:.0f} s"
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def _cell(summary: Mapping[str, float] | None) -> str:
    if summary is None:
        return "–"
    if "over" in summary:
        return f"over {ms(summary['over'])}"
    return f"{ms(summary['median'])} ({ms(summary['min'])} – {ms(summary['max'])})"


def _ratio(theirs: Mapping[str, float] | None, our: Mapping[str, float]) -> str:
    if theirs is None:
        return "–"
    if "over" in theirs:
        return f"over {theirs['over'] / our['median']:.0f} ×"
    return f"{theirs['median'] / our['median']:.1f} ×"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def _section(run: Run) -> list[str]:
    libraries = ", ".join(f"{name} {version}" for name, version in run["libraries"].items())
    lines = [
        f"## {run['date']} · commit {run['commit']} · {run['cpu']}",
        "",
        f"{run['cores']} cores, {run['memory_gb']} GB, {run['system']}, Python {run['python']}, {libraries}.",
        "",
    ]
    rules = _rules(run["rules"]) if "rules" in run else []
    outbreak = _outbreak(run["outbreak"]) if "outbreak" in run else []
    return [*lines, *(line for size in run["sizes"] for line in _size(size)), *rules, *outbreak]


def _size(size: Run) -> list[str]:
    city, facts = size["city"], size["facts"]
    lines = [
        f"### {facts['visits'] / 1e6:.1f} M visits",
        "",
        f"{city['people']:,} people, {city['places']:,} places, {city['days']} days, Zipf exponent {city['exponent']}:"
        f" largest place-day {facts['largest_place_day']:,} visits, a visit's place-day holds"
        f" {facts['visits_in_the_place_day_of_a_visit']:,} on average, {facts['others_present_during_a_visit']} others"
        " are there during a visit.",
        "",
        *_checked(size["checked"]),
        *_warm(size["warm"]),
    ]
    if size["left_out"]:
        lines += [f"Left out: {size['left_out']}.", ""]
    return [
        *lines,
        *_load(size["load"]),
        *_kernel(size["kernel"]),
        *_cold(size["cold"]),
        *_alone(size["alone"]),
        *_changed(size["changed"]),
    ]


def _checked(found: Run) -> list[str]:
    ones = found["contacts of one case"]
    return [
        f"Answers equal: one case {min(ones):,} – {max(ones):,} contacts (ten cases), fifty cases"
        f" {found['contacts of fifty']:,}, common places {found['common places']:,}, 2-hop of one"
        f" {found['2-hop of one']}, of fifty {found['2-hop of fifty']}.",
        "",
    ]


def _warm(warm: Run) -> list[str]:
    our = warm["ringfence"]
    rows = [["ringfence, totals only", _cell(our["Q1 kernel"]), _cell(our["Q50 kernel"]), *["" for _ in QUESTIONS[2:]]]]
    rows += [[name, *(_cell(times.get(q)) for q in QUESTIONS)] for name, times in warm.items()]
    rows += [[f"{name}, first after the others", "", _cell(times.get("Q50 first")), _cell(times.get("Q3 first"))]
             + ["" for _ in QUESTIONS[3:]] for name, times in warm.items() if "Q3 first" in times]  # fmt: skip
    others = {name: times for name, times in warm.items() if name != "ringfence"}
    kernel = [[f"{n} / ringfence totals only", _ratio(t["Q1"], our["Q1 kernel"]),
               _ratio(t["Q50"], our["Q50 kernel"]), *["" for _ in QUESTIONS[2:]]]
              for n, t in others.items()]  # fmt: skip
    ratios = [[f"{n} / ringfence", *(_ratio(t.get(q), our[q]) for q in QUESTIONS)] for n, t in others.items()]
    return _table(["warm", *QUESTIONS], rows + kernel + ratios)


def _load(loads: Run) -> list[str]:
    rows = [
        [name, f"{r['rows'] / 1e6:.1f} M", f"{r['seconds']:.1f} s", f"{r['rows_a_second'] / 1e6:.2f} M/s",
         f"{r['disk_mb'] / 1000:.2f} GB", f"{r['own_mb']:.0f} MB" if "own_mb" in r else "",
         f"{r['resident_mb']:.0f} MB" if "resident_mb" in r else ""]
        for name, r in loads.items()
    ]  # fmt: skip
    return _table(["load", "rows", "time", "rows", "disk", "own memory, peak", "with mapped files"], rows)


def _kernel(kernel: Run) -> list[str]:
    rows = [[name, ms(s["median"]), ms(s["p99"]), ms(s["max"])] for name, s in kernel.items()]
    return _table(["Q1, 1,000 cases", "median", "p99", "greatest"], rows)


def _cold(cold: Run) -> list[str]:
    rows = [[name, *(_cell(times[q]) for q in ("Q1", "Q50", "Q3"))] for name, times in cold["times"].items()]
    return _table([f"cold (system cache {cold['how']})", "Q1", "Q50", "Q3"], rows)


def _alone(alone: Run) -> list[str]:
    memory = alone["memory"]
    rows = [[name, _cell(alone[name])] for name in ("first answer, warm", "first answer, cold")]
    rows += [
        [name.replace("_", " "), f"{m['own']:.0f} MB of its own, {m['files']:.0f} MB of mapped files"]
        for name, m in memory.items()
    ]
    return _table(["a process of its own (from its start; kernels compiled before)", ""], rows)


def _changed(changed: Run) -> list[str]:
    names = ("Q1 kernel", "Q1", "Q50 kernel", "Q50", "Q3", "2-hop of fifty")
    rows = [[name, *(_cell(times.get(q)) for q in names)] for name, times in changed["times"].items()]
    return [
        *_table(["store", *names], rows),
        f"{changed['runs']} runs on every day ({changed['late_visits']:,} visits of new people), {changed['erased']}"
        f" persons erased; answers checked again before and after compaction, which took"
        f" {changed['compact_seconds']:.1f} s ({changed['compact_rows_a_second'] / 1e6:.1f} M rows/s).",
        "",
    ]


def _rules(found: Run) -> list[str]:
    """Return what `python -m benchmarks.rules` measured."""
    rows = [[name, f"{t['n']:,}", _cell(t), ms(t["p99"])] for name, t in found["ms"].items()]
    return [
        f"### Duties of {found['contacts']:,} contacts",
        "",
        f"{found['facts']:,} facts under cn-covid-8 give {found['duties']:,} duties, checked by hand, by halves and"
        f" after a correction: another onset of the case derives {found['derived again after the corrected onset']:,}"
        f" subjects again and asks for {found['to be assessed again after it']:,} to be assessed again.",
        "",
        *_table(["duties, processor time", "times", "median (least – greatest)", "p99"], rows),
    ]


def _outbreak(found: Run) -> list[str]:
    """Return what `python -m benchmarks.outbreak` measured."""
    low, high = found["infections_90"]
    rows = [
        [f"ringfence, {found['replicates']:,} outbreaks, {found['people']:,} people, two threads",
         f"{found['seconds']:.2f} s ({min(found['all_seconds']):.2f} – {max(found['all_seconds']):.2f} s)",
         f"{found['cpu_seconds']:.2f} s", f"{found['infections']:.0f}",
         ms(1000 * found["cpu_seconds"] / found["replicates"])]
    ]  # fmt: skip
    said = ["Covasim was not installed, so there is no comparison.", ""]
    if "covasim" in found:
        other = found["covasim"]
        times = other["all_seconds"]
        ratio = other["cpu_seconds"] * found["replicates"] / found["cpu_seconds"]
        rows.append(
            [f"Covasim {other['version']}, one outbreak, {other['people']:,} people",
             f"{other['seconds']:.2f} s ({min(times):.2f} – {max(times):.2f} s)", f"{other['cpu_seconds']:.2f} s",
             f"{other['infections']:.0f}", ms(1000 * other["cpu_seconds"])]
        )  # fmt: skip
        said = [f"One outbreak takes Covasim {ratio:,.0f} times the processor time, in a city of a"
                f" {found['people'] / other['people']:.0f}th of the people; its model is another one.", ""]  # fmt: skip
    return [
        "### Outbreaks",
        "",
        f"From {found['seeds']} people, {found['days']} days, with testing, tracing, quarantine and fewer meetings:"
        f" {found['infections']:.0f} infections on average (nine in ten outbreaks: {low:.0f} – {high:.0f}),"
        f" {found['found']:.0f} found, {found['quarantined']:.0f} people in quarantine;"
        f" {found['cpu_us_an_infection']:.1f} µs of the processor an infection. Agreement with the slow reference was"
        f" checked first. Medians of {found['rounds']} rounds, both engines asked in turn; load of the machine before:"
        f" {found['load']:.1f}.",
        "",
        *_table(["outbreaks", "clock", "processor", "infections", "processor an outbreak"], rows),
        *said,
    ]


if __name__ == "__main__":
    render(Path(__file__).with_name("RESULTS.md"))
