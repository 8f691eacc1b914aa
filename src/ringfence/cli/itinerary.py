"""`ringfence itinerary`: proposed visits from case bulletins, with the words they came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.output import say
from ringfence.cli.visits import columns_of

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.tracing.intake.rejects import Reject, RejectsFile
    from ringfence.tracing.itineraries.files import Bulletins, Told
    from ringfence.tracing.itineraries.records import Bulletin, ProposedVisit
    from ringfence.tracing.itineraries.rows import Question, VisitRow

_SHOWN = 12
_SHOWN_PROBLEMS = 10
_ADDED = ".ask.csv"


@dataclass(slots=True)
class _Read:
    """All that is told of one file."""

    file: str
    source: Bulletins
    bulletins: list[Bulletin] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    rows: list[VisitRow] = field(default_factory=list)
    asked: list[tuple[Told, Question]] = field(default_factory=list)

    @property
    def visits(self) -> int:
        return sum(len(bulletin.visits) for bulletin in self.bulletins)

    @property
    def silent(self) -> list[Told]:
        """Return the bulletins that gave neither a visit nor anything to ask about."""
        return [t for t, b in zip(self.source.told, self.bulletins, strict=True) if not b.visits and not b.unread]


def command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="cli.itinerary.file")],
    column: Annotated[
        list[str] | None, typer.Option("--column", help="cli.itinerary.column", show_default=False)
    ] = None,
    published: Annotated[
        str | None, typer.Option("--published", help="cli.itinerary.published", show_default=False)
    ] = None,
    visits: Annotated[Path | None, typer.Option("--visits", help="cli.itinerary.visits", show_default=False)] = None,
    asks: Annotated[Path | None, typer.Option("--asks", help="cli.itinerary.asks", show_default=False)] = None,
) -> None:
    """Read visits from bulletins."""
    from datetime import date

    from ringfence.tracing.intake.rejects import RejectsFile, refuse_existing
    from ringfence.tracing.itineraries.files import read_bulletins
    from ringfence.vocabulary.refusals import Refused

    try:
        day = date.fromisoformat(published) if published else None
    except ValueError as error:
        raise Refused("itinerary.bad_published", text=str(published)) from error
    asks = asks or (visits.with_name(visits.stem + _ADDED) if visits else None)
    for path in filter(None, (visits, asks)):
        refuse_existing(path)
    if visits is not None and visits == asks:
        raise Refused("itinerary.one_file_twice", file=str(visits))
    found = _Read(file.name, read_bulletins(file, columns=columns_of(column or []), published=day))
    with output.progress("itinerary.reading", total=float(len(found.source.told) or 1)) as advance:
        _read(found, advance)
    if asks is not None:
        with RejectsFile(asks) as questions:
            _write_questions(found, questions)
    if visits is not None:
        _write_visits(visits, found.rows)
    output.answer(_json(found, visits, asks), people=lambda console: _print(console, found, visits, asks))


def _read(found: _Read, advance: output.Advance) -> None:
    from ringfence.tracing.itineraries.reading import read_bulletin
    from ringfence.tracing.itineraries.rows import apart, persons_of, rows_of

    for told in found.source.told:
        found.bulletins.append(read_bulletin(told.text, published=told.published))
        advance(1.0)
    labels = [(b.attribute("id").value if b.attribute("id") else "") for b in found.bulletins]  # type: ignore[union-attr]
    found.persons = persons_of([t.key for t in found.source.told], labels, own_ids=found.source.own_ids)
    for told, bulletin, person in zip(found.source.told, found.bulletins, found.persons, strict=True):
        rows, questions = apart(list(rows_of(person, bulletin)))
        found.rows += rows
        found.asked += [(told, question) for question in questions]


def _write_visits(path: Path, rows: list[VisitRow]) -> None:
    """Write the rows as `visits load` takes them; only their owner may read the file."""
    import csv
    import os

    from ringfence.tracing.intake.rejects import safe_cell
    from ringfence.tracing.itineraries.rows import COLUMNS

    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        writer.writerows([safe_cell(cell) for cell in row.cells()] for row in rows)


def _write_questions(found: _Read, file: RejectsFile) -> None:
    """Write whatever became no row: rows without a bulletin, words that are no visit, visits that are not exact."""
    file.add_all(found.source.problems, file=found.file)
    for told, question in found.asked:
        file.add(
            file=found.file, line=told.line, field=question.field, value=question.words, rule=question.code,
            row=question.line_words, values={"words": question.words},
        )  # fmt: skip
    for told in found.silent:
        file.add(
            file=found.file, line=told.line, field="text", value="", rule="itinerary.silent", row=_covered(told),
            values={"words": ""},
        )  # fmt: skip


def _covered(told: Told) -> str:
    from ringfence.tracing.itineraries.naming import without_names

    return without_names(told.text)


def _counts(found: _Read) -> dict[str, int]:
    return {
        "bulletins": len(found.bulletins),
        "visits": found.visits,
        "exact_enough": len(found.rows),
        "to_be_asked": len(found.asked),
        "silent": len(found.silent),
        "rejected": len(found.source.problems),
    }


def _json(found: _Read, visits: Path | None, asks: Path | None) -> dict[str, Any]:
    from ringfence.tracing.itineraries.report import fields_told, to_json

    several = zip(found.source.told, found.bulletins, found.persons, strict=True)
    return {
        **_counts(found),
        "asked_by_reason": dict(Counter(question.code for _, question in found.asked).most_common()),
        "fields": fields_told(),
        "found": [to_json(told, bulletin, person) for told, bulletin, person in several],
        "rows_rejected": [_problem(found.file, problem) for problem in found.source.problems],
        "unused_columns": list(found.source.unused),
        "visits_file": None if visits is None else str(visits),
        "asks_file": None if asks is None or not asks.exists() else str(asks),
    }


def _problem(file: str, problem: Reject) -> dict[str, Any]:
    language = output.manner().language
    return {
        "file": file, "line": problem.line, "field": problem.field, "code": problem.code,
        "reason": problem.reason(language), "mend": problem.mend(language),
    }  # fmt: skip


def _print(console: Console, found: _Read, visits: Path | None, asks: Path | None) -> None:
    from ringfence.tracing.itineraries.lexicon import measured
    from ringfence.tracing.itineraries.report import fields_told

    for problem in found.source.problems[:_SHOWN_PROBLEMS]:
        output.line("itinerary.rejected", **_problem(found.file, problem))
    if len(found.source.problems) > _SHOWN_PROBLEMS:
        output.line("itinerary.more_rejected", count=len(found.source.problems) - _SHOWN_PROBLEMS)
    several = list(zip(found.source.told, found.bulletins, found.persons, strict=True))
    for told, bulletin, person in several[:_SHOWN]:
        _print_bulletin(console, told, bulletin, person)
    if len(several) > _SHOWN:
        output.line("itinerary.more", count=len(several) - _SHOWN)
    output.line("itinerary.counts", **_counts(found))
    reasons = Counter(question.code for _, question in found.asked).most_common()
    if reasons:
        rows = [(say(code, words="…"), count) for code, count in reasons]
        console.print(output.table(["itinerary.column.reason", "itinerary.column.count"], rows))
    marked = [say(f"itinerary.field.{name}") for name, entry in fields_told().items() if not entry["proposed"]]
    if marked:
        output.line("itinerary.marked", fields=", ".join(marked), least=f"{measured()['proposed_from']:.0%}")
    if visits is not None:
        output.line("itinerary.written", file=visits, rows=len(found.rows))
    if asks is not None and asks.exists():
        output.line("itinerary.asks_written", file=asks)
    output.line("itinerary.for_a_human")


def _print_bulletin(console: Console, told: Told, bulletin: Bulletin, person: str) -> None:
    from ringfence.tracing.itineraries.report import is_proposed, said_in_order

    said = []
    for entry in said_in_order(bulletin):
        value = say(f"itinerary.sex.{entry.value}") if entry.field == "sex" else entry.value
        value = say("itinerary.now") if value == "now" else value
        if entry.field != "id":
            shown = value if is_proposed(entry.field) else f"〔{value}〕"
            said.append(f"{say(f'itinerary.field.{entry.field}')} {shown}")
    output.line("itinerary.bulletin", line=told.line, person=person, said=" · ".join(said) or "—")
    if bulletin.visits:
        columns = ("when", "where", "how", "what", "certainty", "words")
        rows = [_row(visit) for visit in bulletin.visits]
        console.print(output.table([f"itinerary.column.{name}" for name in columns], rows))
    for left in bulletin.unread:
        output.line("itinerary.left", words=left.words.text, reason=say(left.code, words=left.words.text))


def _row(visit: ProposedVisit) -> tuple[str, ...]:
    from ringfence.tracing.itineraries.report import is_proposed

    def shown(text: str, name: str) -> str:
        return text if not text or is_proposed(name) else f"〔{text}〕"

    where = " → ".join(words.text for words in (visit.origin, visit.place) if words is not None)
    how = " ".join(
        shown(
            " ".join(filter(None, (v.number or v.words.text, v.carriage, v.seat))), "vehicle" if v.number else "carrier"
        )
        for v in visit.vehicles
    )
    company = shown(" ".join(words.text for words in visit.companions), "companions")
    what = shown(visit.activity.text if visit.activity else "", "activity")
    sure = say(f"itinerary.certainty.{visit.certainty}")
    if visit.conflicts:
        sure = say("itinerary.conflicting", certainty=sure)
    return (_when(visit), shown(where, "place"), how, " ".join(filter(None, (what, company))), sure, visit.words.text)


def _when(visit: ProposedVisit) -> str:
    """Return the time as people write it: days alone where no time of the day was told."""
    if visit.start is None:
        day = visit.day
        return say("itinerary.no_day") if day is None else f"{day.month:02d}-{day.day:02d}"
    start = f"{visit.start:%Y-%m-%d %H:%M}"
    if visit.end is None:
        return start
    if visit.end.date() == visit.start.date():
        return f"{start}–{visit.end:%H:%M}"
    if not visit.clock_exact and visit.start.minute == visit.start.hour == visit.end.hour == visit.end.minute == 0:
        days = (visit.end - visit.start).days
        return (
            f"{visit.start:%Y-%m-%d}"
            if days == 1
            else say("itinerary.days", first=f"{visit.start:%Y-%m-%d}", days=days)
        )
    return f"{start} – {visit.end:%m-%d %H:%M}"
