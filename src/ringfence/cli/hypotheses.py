"""`ringfence hypotheses`: which places the cases have in common more than chance would have it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ringfence.cli import options as asks
from ringfence.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ringfence.tracing.intake.rejects import Reject
    from ringfence.tracing.sources.files import CaseRecord, ControlRecord
    from ringfence.tracing.sources.records import SourceCase, SourceControl
    from ringfence.tracing.sources.search import PlaceHypothesis
    from ringfence.tracing.visits.store import VisitStore

_SHOWN = 15
_INFECTIOUS_BEFORE_ONSET_DAYS = 2
_FORBIDDING = {f"hypothesis.{name}" for name in ("no_controls", "no_community", "too_few", "no_contrast")}


def command(
    store: asks.Searched,
    cases: asks.Cases,
    controls: asks.Controls = None,
    keys: asks.Keys = None,
    shortest: asks.Shortest = 1.0,
    longest: asks.Longest = 12.0,
    min_minutes: asks.MinMinutes = 1,
    per_case: asks.PerCase = 4,
    seed: asks.Seed = 0,
    tz: asks.Zone = None,
) -> None:
    """Search common places by case and control."""
    from ringfence.tracing.sources.files import number_cases, number_controls, read_cases, read_controls
    from ringfence.tracing.sources.records import IncubationSettings, SourceSettings
    from ringfence.tracing.sources.report import to_json
    from ringfence.tracing.sources.search import exposure_span, search_sources
    from ringfence.tracing.visits.store import open_store
    from ringfence.vocabulary.moments import zone_named
    from ringfence.vocabulary.refusals import Refused

    opened = open_store(store, keys)
    if opened.identity.kind == "live":
        raise Refused("live.no_source_search", store=str(store))
    settings = SourceSettings(
        incubation=IncubationSettings(shortest_days=shortest, longest_days=longest), min_minutes=min_minutes
    )
    case_rows = read_cases(cases, zone=zone_named(tz or opened.zone))
    control_rows = read_controls(controls) if controls is not None else None
    records = [*case_rows.records, *(control_rows.records if control_rows else ())]
    persons, places = _numbers(opened, records)
    found_cases, problems = number_cases(case_rows.records, persons=persons, places=places)
    told = [(cases, [*case_rows.problems, *problems])]
    span = exposure_span(found_cases, settings)
    if span is None:
        output.tell_refusals([*_refusals(told), Refused("hypothesis.no_window", file=cases.name)])
        raise typer.Exit(1)
    if control_rows is not None and controls is not None:
        found_controls, problems = number_controls(control_rows.records, persons=persons, places=places)
        told.append((controls, [*control_rows.problems, *problems]))
    else:
        found_controls = _residents(opened, found_cases, per_case, seed)
    everybody = sorted({c.person for c in [*found_cases, *found_controls]})
    visits = opened.visits_of(everybody, *span)
    hypotheses = search_sources(
        cases=found_cases, controls=found_controls, exposures=visits, settings=settings, seed=seed
    )
    names = opened.names_of("place", _place_numbers(hypotheses))
    language = output.manner().language
    output.answer(
        {
            "places": [to_json(h, place=name, language=language) for h, name in zip(hypotheses, names, strict=True)],
            "cases": len(found_cases),
            "controls": len(found_controls),
            "controls_drawn": controls is None,
            "rejected": [_problem_json(file, problem) for file, problems in told for problem in problems],
        },
        people=lambda console: _print(console, hypotheses, names, told, drawn=controls is None),
    )


def _numbers(store: VisitStore, records: Sequence[CaseRecord | ControlRecord]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the numbers of all persons and places that the files name and the store knows."""
    persons = sorted({r.person for r in records})
    places = sorted({r.screened_place for r in records if r.screened_place is not None})
    if store.keys is None:
        used = store.numbers_used()
        return tuple(  # type: ignore[return-value]
            {name: int(name) for name in names if name.isdecimal() and int(name) < most}
            for names, most in zip((persons, places), used, strict=True)
        )
    found = (store.keys.find("person", persons), store.keys.find("place", places))
    return tuple(  # type: ignore[return-value]
        {name: int(n) for name, n in zip(names, numbers, strict=True) if n >= 0}
        for names, numbers in zip((persons, places), found, strict=True)
    )


def _residents(store: VisitStore, cases: Sequence[SourceCase], per_case: int, seed: int) -> list[SourceControl]:
    """Return residents drawn from the store who met no case while she was infectious.

    Who met a case earlier, while she was being infected, stays: leaving her out would leave out exactly the controls
    who were at the place that is looked for.
    """
    from ringfence.tracing.search import trace
    from ringfence.tracing.sources.matching import draw_resident_controls
    from ringfence.vocabulary.moments import MINUTES_PER_DAY

    last = (max((entry.day for entry in store.manifest.segments), default=0) + 1) * MINUTES_PER_DAY
    met: set[int] = set()
    for case in cases:
        since = None if case.onset_start is None else case.onset_start - _INFECTIOUS_BEFORE_ONSET_DAYS * MINUTES_PER_DAY
        if since is not None and since < last:
            met.update(trace(store, [case.person], since, last, evidence=False).person.tolist())
    return draw_resident_controls(cases=cases, persons=store.persons_seen(), excluded=met, per_case=per_case, seed=seed)


def _place_numbers(hypotheses: Sequence[PlaceHypothesis]) -> Any:
    import numpy as np

    return np.array([h.place for h in hypotheses], np.int64)


def _refusals(told: Sequence[tuple[Path, Sequence[Reject]]]) -> list[Any]:
    from ringfence.vocabulary.refusals import Refused

    return [Refused(problem.code, **problem.values) for _, problems in told for problem in problems]


def _problem_json(file: Path, problem: Reject) -> dict[str, Any]:
    language = output.manner().language
    return {
        "file": file.name,
        "line": problem.line,
        "field": problem.field,
        "code": problem.code,
        "reason": problem.reason(language),
        "mend": problem.mend(language),
    }


def _print(
    console: Console,
    hypotheses: Sequence[PlaceHypothesis],
    names: Sequence[str],
    told: Sequence[tuple[Path, Sequence[Reject]]],
    *,
    drawn: bool,
) -> None:
    for file, problems in told:
        for problem in problems:
            entry = _problem_json(file, problem)
            output.line("hypotheses.rejected", **entry)
    if drawn:
        output.line("hypotheses.drawn")
    if not hypotheses:
        output.line("hypotheses.none")
        return

    def number(value: float | None) -> str:
        return "—" if value is None else "∞" if value == float("inf") else f"{value:.2f}"

    shown = list(zip(hypotheses[:_SHOWN], names, strict=False))
    rows = [
        (rank, name, f"{h.cases}/{h.cases_asked}", f"{h.controls}/{h.controls_asked}", number(h.odds_ratio),
         f"{number(h.low)} – {number(h.high)}", number(h.p_adjusted))
        for rank, (h, name) in enumerate(shown, 1)
    ]  # fmt: skip
    columns = ("rank", "place", "cases", "controls", "odds_ratio", "interval", "p")
    console.print(output.table([f"hypotheses.column.{c}" for c in columns], rows))
    _print_notes([h for h, _ in shown])
    if len(hypotheses) > _SHOWN:
        output.line("trace.more_rows", count=len(hypotheses) - _SHOWN)
    output.line("hypotheses.for_a_human")


def _print_notes(shown: Sequence[PlaceHypothesis]) -> None:
    """Tell under the table what each row amounts to; rows of which the same is to be said stand together."""
    ranks: dict[str, list[str]] = {}
    for rank, h in enumerate(shown, 1):
        kept = [h.note] if h.judgeable else [r for r in h.reasons if r.code in _FORBIDDING] or [h.note]
        ranks.setdefault(" ".join(r.said(output.manner().language) for r in kept), []).append(str(rank))
    for note, rows in ranks.items():
        output.line("hypotheses.note", rows=", ".join(rows), note=note)
