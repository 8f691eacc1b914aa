"""`ringfence trace`: whom did they meet, and whom did those meet."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.clock import now
from ringfence.cli.explaining import mark_imputed, note_compiling
from ringfence.cli.output import say
from ringfence.cli.trace_told import print_found, reject_json
from ringfence.cli.wording import MissingParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

    from ringfence.tracing.contacts import Contact, Contacts, ContactSearch
    from ringfence.tracing.encounters.lists import ListSettings
    from ringfence.tracing.found import FileReport
    from ringfence.tracing.visits.store import VisitStore
    from ringfence.vocabulary.reasons import Reason


class Stamp(StrEnum):
    """Which end of a record its time marks."""

    START = "start"
    END = "end"


def command(
    *,
    store: Annotated[Path | None, typer.Option("--store", help="cli.trace.store", show_default=False)] = None,
    person: Annotated[list[str] | None, typer.Option("--person", help="cli.trace.person", show_default=False)] = None,
    start: Annotated[str, typer.Option("--from", help="cli.trace.from")],
    end: Annotated[str, typer.Option("--to", help="cli.trace.to")],
    persons: Annotated[
        Path | None, typer.Option(help="cli.trace.persons", exists=True, dir_okay=False, show_default=False)
    ] = None,
    keys: Annotated[Path | None, typer.Option("--keys", help="cli.visits.keys", show_default=False)] = None,
    residual: Annotated[int, typer.Option("--residual", min=0, help="cli.trace.residual")] = 0,
    min_overlap: Annotated[int, typer.Option("--min-overlap", min=0, help="cli.trace.min_overlap")] = 0,
    hops: Annotated[int, typer.Option("--hops", min=1, max=2, help="cli.trace.hops")] = 1,
    threshold: Annotated[int, typer.Option("--threshold", min=1, help="cli.trace.threshold")] = 15,
    limit: Annotated[int, typer.Option("--limit", min=0, help="cli.trace.limit")] = 1000,
    onset: Annotated[list[str] | None, typer.Option("--onset", help="cli.trace.onset", show_default=False)] = None,
    encounters: Annotated[
        list[Path] | None, typer.Option("--encounters", help="cli.trace.encounters", exists=True, show_default=False)
    ] = None,
    step: Annotated[int | None, typer.Option("--step", min=1, help="cli.trace.step", show_default=False)] = None,
    steps: Annotated[
        Path | None, typer.Option("--steps", help="cli.trace.steps", exists=True, dir_okay=False, show_default=False)
    ] = None,
    stamped: Annotated[Stamp, typer.Option("--stamped", help="cli.trace.stamped")] = Stamp.START,
    max_distance: Annotated[
        float | None, typer.Option("--max-distance", min=0, help="cli.trace.max_distance", show_default=False)
    ] = None,
    met_at: Annotated[str, typer.Option("--met-at", help="cli.trace.met_at")] = "other",
    named: Annotated[
        list[Path] | None, typer.Option("--named", help="cli.trace.named", exists=True, show_default=False)
    ] = None,
    column: Annotated[list[str] | None, typer.Option("--column", help="cli.trace.column", show_default=False)] = None,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="cli.trace.rejects", show_default=False)] = None,
    engine: Annotated[str, typer.Option("--engine", help="cli.trace.engine")] = "store",
    master: Annotated[str, typer.Option("--master", help="cli.trace.master")] = "local[2]",
    exported: Annotated[Path | None, typer.Option("--exported", help="cli.trace.exported", show_default=False)] = None,
    tz: Annotated[str | None, typer.Option("--tz", help="cli.trace.tz", show_default=False)] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="cli.trace.csv", show_default=False)] = None,
    page: Annotated[Path | None, typer.Option("--page", help="cli.trace.page", show_default=False)] = None,
    explain: Annotated[int, typer.Option("--explain", min=0, help="cli.trace.explain")] = 5,
    warrant: Annotated[
        Path | None, typer.Option(help="cli.trace.warrant", exists=True, dir_okay=False, show_default=False)
    ] = None,
) -> None:
    """Search contacts."""
    from ringfence.tracing.contacts import ContactSearch, search_contacts
    from ringfence.tracing.intake.rejects import refuse_existing
    from ringfence.tracing.visits.store import open_store
    from ringfence.vocabulary.moments import zone_named
    from ringfence.vocabulary.refusals import Refused

    if store is None and not encounters and not named:
        raise Refused("trace.nothing_to_search")
    if rejects is not None:
        refuse_existing(rejects)
    opened = None if store is None else open_store(store, keys)
    known = tz or (None if opened is None else opened.settled_zone)
    zone = None if known is None else zone_named(known)
    shown_in: tzinfo = zone or offset_of(start) or zone_named("UTC")
    asked = ContactSearch(
        seeds=_seeds(person or [], persons),
        start=_moment(start, zone, "--from"),
        end=_moment(end, zone, "--to", ends=True),
        residual_minutes=residual,
        min_overlap_minutes=min_overlap,
        hops=hops,
        threshold_minutes=threshold,
        limit=limit,
        onsets=_onsets(onset or [], shown_in),
        encounter_files=tuple(encounters or ()),
        named_files=tuple(named or ()),
        lists=_list_settings(zone, step=step, stamped=stamped, steps=steps,
                             max_distance=max_distance, min_overlap=min_overlap, kind=met_at, columns=column or []),
    )  # fmt: skip
    _check_options(opened, asked, engine=engine, warrant=warrant)
    if engine != "store":
        from ringfence.cli.engines import search_with

        found = search_with(engine, opened, asked, master=master, exported=exported)
    else:
        from ringfence.tracing.live.opening import admit
        from ringfence.tracing.live.warrants import read_warrant
        from ringfence.tracing.scanning import gather_stays
        from ringfence.vocabulary.moments import floor_minute

        note_compiling(gather_stays)
        began, present = perf_counter(), floor_minute(now())
        opening = None
        if warrant is not None and opened is not None:
            opening = admit(opened, read_warrant(warrant), now=present)
        with output.progress("trace.searching", total=1.0) as advance:
            found = search_contacts(
                opened, asked, progress=lambda _done, total: advance(1 / total), opening=opening, now=present
            )
        found.elapsed_ms = (perf_counter() - began) * 1000
    rows = mark_imputed(list(found), asked, opened)
    written = {"csv": csv, "rejects": _write_rejects(rejects, found)}
    if csv is not None:
        write_csv(csv, rows, shown_in)
    pages: list[Path] = []
    if page is not None:
        from ringfence.cli.trace_pages import view_of, write_pages

        pages = write_pages(view_of(found, asked, opened, shown_in), page)
    output.answer(
        {
            "contacts": [contact_json(row, shown_in) for row in rows],
            "elapsed_ms": round(found.elapsed_ms, 3),
            "second_hop": None if found.at_or_above is None else {
                "at_or_above": {str(t): n for t, n in found.at_or_above.items()}, "threshold_minutes": threshold,
                "limit": limit,
                "by_channel": {kind: {str(t): n for t, n in steps.items()} for kind, steps in found.reached.items()},
            },
            "files": [_file_json(file) for file in found.files],
            "rejects": [reject_json(file, reject) for file, reject in found.rejects],
            "rejects_file": written["rejects"],
            "notes": [_reason_json(note) for note in found.notes],
            "pages": pages,
            "asked": _asked_json(asked, opened, shown_in),
        },
        people=lambda console: print_found(console, asked, found, rows, shown_in, [*pages], explain=explain),
    )  # fmt: skip


def _asked_json(asked: ContactSearch, store: VisitStore | None, zone: tzinfo) -> dict[str, Any]:
    """Return the question, so that an answer put aside still tells what it answers."""
    from ringfence.vocabulary.moments import moment_of

    start, end = (moment_of(minute, zone).isoformat(timespec="minutes") for minute in (asked.start, asked.end))
    return {
        "persons": list(asked.seeds), "from": start, "to": end, "residual": asked.residual_minutes,
        "min_overlap": asked.min_overlap_minutes, "hops": asked.hops, "zone": str(zone),
        "store": None if store is None else store.identity.id,
    }  # fmt: skip


def _check_options(store: VisitStore | None, asked: ContactSearch, *, engine: str, warrant: Path | None) -> None:
    """Refuse an option that the search would not use, and any way beside a warrant into a live store."""
    from ringfence.vocabulary.refusals import Refused

    if store is None and warrant is not None:
        raise Refused("trace.warrant_without_store")
    strangers = [person for person in asked.onsets if person not in asked.seeds]
    if strangers:
        raise Refused("trace.onset_of_nobody", person=strangers[0])
    if engine == "store":
        return
    if store is not None and store.identity.kind == "live":
        raise Refused("live.no_other_engine", store=str(store.path), engine=engine)
    for given, option in ((warrant, "--warrant"), (asked.onsets, "--onset")):
        if given:
            raise Refused("trace.engine_without", engine=engine, option=option)


def contact_json(contact: Contact, zone: tzinfo) -> dict[str, Any]:
    """Return a contact as the JSON answer holds her."""
    from ringfence.vocabulary.moments import moment_of

    def said(minute: int | None) -> str | None:
        return None if minute is None else moment_of(minute, zone).isoformat(timespec="minutes")

    return {
        "person": contact.person,
        "minutes": contact.minutes,
        "encounters": contact.encounters,
        "places": list(contact.places),
        "first": said(contact.first),
        "last": said(contact.last),
        "band": contact.band,
        "reasons": [_reason_json(reason) for reason in contact.reasons],
        "hop": contact.hop,
        "after_minutes": contact.after_minutes,
        "score": round(contact.score, 2),
        "channels": dict(contact.channels),
        "evidence": [
            {"place": s.place, "start": said(s.start), "end": said(s.end), "minutes": s.minutes,
             "after_minutes": s.after_minutes, "crowd": s.crowd, "imputed": s.imputed}
            for s in contact.sittings
        ],
    }  # fmt: skip


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "values": dict(reason.values), "sentence": say(reason.code, **reason.values)}


def _file_json(file: FileReport) -> dict[str, Any]:
    return {
        "file": file.file, "kind": file.kind, "loaded": file.loaded, "duplicates": file.duplicates,
        "rejected": file.rejected, "undated": file.undated, "before_window": file.before_window,
        "notes": [_reason_json(note) for note in file.notes], "unused_columns": list(file.unused),
    }  # fmt: skip


def _write_rejects(path: Path | None, found: Contacts) -> Path | None:
    """Write the rows of lists that were not taken, with reason and mend in both languages."""
    from ringfence.tracing.intake.rejects import RejectsFile

    if path is None:
        return None
    with RejectsFile(path) as file:
        for name, reject in found.rejects:
            file.add_all([reject], file=name)
        return file.close()


def _list_settings(
    zone: ZoneInfo | None,
    *,
    step: int | None,
    stamped: Stamp,
    steps: Path | None,
    max_distance: float | None,
    min_overlap: int,
    kind: str,
    columns: list[str],
) -> ListSettings:
    from ringfence.cli.visits import columns_of
    from ringfence.tracing.encounters.files import ENCOUNTER_NAMES, EncounterReading, read_steps
    from ringfence.tracing.encounters.lists import ListSettings
    from ringfence.tracing.encounters.search import EncounterSettings
    from ringfence.tracing.intake.kinds import known_kind

    named = columns_of(columns)
    met_at = known_kind(kind)
    if met_at is None:
        raise typer.BadParameter(say("cli.trace.bad_kind", given=kind), param_hint="--met-at")
    if steps is not None and zone is None:
        raise typer.BadParameter(say("cli.trace.steps_zone"), param_hint="--tz")
    reading = EncounterReading(
        zone=zone,
        step_seconds=step,
        stamped=stamped.value,
        steps=None if steps is None or zone is None else read_steps(steps, zone),
        columns={name: header for name, header in named.items() if name in ENCOUNTER_NAMES},
    )
    counting = EncounterSettings(max_distance_m=max_distance, min_seconds=60 * min_overlap)
    return ListSettings(zone=zone, reading=reading, counting=counting, kind=met_at, columns=named)


def write_csv(path: Path, rows: Sequence[Contact], zone: tzinfo) -> None:
    """Write contacts as CSV that a spreadsheet opens without running anything in it."""
    import csv

    from ringfence.tracing.intake.rejects import safe_cell

    columns = ("rank", "person", "hop", "band", "minutes", "after_minutes", "encounters", "first", "last", "places")
    columns += ("reasons",)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for rank, row in enumerate(rows, 1):
            told = contact_json(row, zone) | {"rank": rank, "places": " ".join(row.places)}
            told["reasons"] = " ".join(say(reason.code, **reason.values) for reason in row.reasons)
            writer.writerow([safe_cell("" if told[c] is None else str(told[c])) for c in columns])


def _seeds(given: list[str], file: Path | None) -> tuple[str, ...]:
    from ringfence.tracing.intake.sources import read_lines

    listed = read_lines(file) if file is not None else []
    seeds = tuple(dict.fromkeys(p.strip() for p in [*given, *listed] if p.strip()))
    if not seeds:
        raise MissingParameter(say("cli.trace.nobody"), param_hint="--person")
    return seeds


def _moment(text: str, zone: ZoneInfo | None, option: str, *, ends: bool = False) -> int:
    """Return the minute in which a span begins, or at which it ends: a minute begun belongs to it."""
    from ringfence.vocabulary.moments import ceil_minute, floor_minute, parse_moment

    if not text:
        raise typer.BadParameter(say("cli.trace.no_moment"), param_hint=option)
    moment = parse_moment(text, zone)
    return ceil_minute(moment) if ends else floor_minute(moment)


def offset_of(text: str) -> tzinfo | None:
    """Return the offset from UTC in which a question was asked: its answer is told in the same."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(text.strip()).tzinfo
    except ValueError:
        return None


def _onsets(pairs: list[str], zone: tzinfo) -> Mapping[str, int]:
    """Return by person the minute at which the day of onset begins in a zone."""
    from datetime import date, datetime, time

    from ringfence.vocabulary.moments import floor_minute
    from ringfence.vocabulary.refusals import Refused

    onsets = {}
    for pair in pairs:
        person, separator, text = pair.rpartition("=")
        if not separator:
            raise typer.BadParameter(say("cli.trace.bad_onset", given=pair), param_hint="--onset")
        try:
            onsets[person] = floor_minute(datetime.combine(date.fromisoformat(text), time(), zone))
        except (ValueError, OverflowError) as error:
            raise Refused("moment.unreadable", text=text) from error
    return onsets
