"""`ringfence trace`: whom did they meet, and whom did those meet."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import typer

from ringfence.cli import options as asks
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


# Longer than a function should be: it is the list of what a search can be asked for, an option a line.
def command(
    *,
    store: asks.Store = None,
    person: asks.Person = None,
    start: asks.From,
    end: asks.To,
    persons: asks.Persons = None,
    keys: asks.Keys = None,
    residual: asks.Residual = 0,
    min_overlap: asks.MinOverlap = 0,
    hops: asks.Hops = 1,
    threshold: asks.Threshold = 15,
    limit: asks.Limit = 1000,
    onset: asks.Onset = None,
    encounters: asks.Encounters = None,
    step: asks.Step = None,
    steps: asks.Steps = None,
    stamped: asks.Stamped = asks.Stamp.START,
    max_distance: asks.MaxDistance = None,
    met_at: asks.MetAt = "other",
    named: asks.Named = None,
    column: asks.Column = None,
    rejects: asks.Rejects = None,
    engine: asks.EngineName = "store",
    master: asks.Master = "local[2]",
    exported: asks.Exported = None,
    tz: asks.Zone = None,
    csv: asks.Csv = None,
    page: asks.Page = None,
    explain: asks.Explain = 5,
    warrant: asks.WarrantFile = None,
) -> None:
    """Search contacts."""
    from ringfence.tracing.contacts import ContactSearch

    opened = _store_of(store, keys, lists=[*(encounters or ()), *(named or ())], rejects=rejects)
    zone, shown_in = _zones(tz, opened, start)
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
    found = _found(opened, asked, engine=engine, master=master, exported=exported, warrant=warrant)
    rows = mark_imputed(list(found), asked, opened)
    rejected = _write_rejects(rejects, found)
    if csv is not None:
        write_csv(csv, rows, shown_in)
    pages = _write_pages(page, found, asked, opened, shown_in)
    told = _found_json(found, asked, rows, shown_in) | {"rejects_file": rejected, "pages": pages}
    output.answer(
        told | {"asked": _asked_json(asked, opened, shown_in)},
        people=lambda console: print_found(console, asked, found, rows, shown_in, [*pages], explain=explain),
    )


def _store_of(store: Path | None, keys: Path | None, *, lists: list[Path], rejects: Path | None) -> VisitStore | None:
    """Return the store that is searched, if any. Refused before anything is read: no store and no list, a file kept."""
    from ringfence.tracing.intake.rejects import refuse_existing
    from ringfence.tracing.visits.store import open_store
    from ringfence.vocabulary.refusals import Refused

    if store is None and not lists:
        raise Refused("trace.nothing_to_search")
    if rejects is not None:
        refuse_existing(rejects)
    return None if store is None else open_store(store, keys)


def _zones(tz: str | None, store: VisitStore | None, start: str) -> tuple[ZoneInfo | None, tzinfo]:
    """Return the zone in which times without an offset are meant, and the one in which the answer is told."""
    from ringfence.vocabulary.moments import zone_named

    known = tz or (None if store is None else store.settled_zone)
    zone = None if known is None else zone_named(known)
    return zone, zone or offset_of(start) or zone_named("UTC")


def _found(
    store: VisitStore | None,
    asked: ContactSearch,
    *,
    engine: str,
    master: str,
    exported: Path | None,
    warrant: Path | None,
) -> Contacts:
    """Return whom the search finds, by the store's own means or another engine's."""
    if engine == "store":
        return _search_store(store, asked, warrant)
    from ringfence.cli.engines import search_with

    return search_with(engine, store, asked, master=master, exported=exported)


def _search_store(store: VisitStore | None, asked: ContactSearch, warrant: Path | None) -> Contacts:
    """Return whom the fast search finds, a live store opened by a warrant."""
    from ringfence.tracing.contacts import search_contacts
    from ringfence.tracing.live.opening import admit
    from ringfence.tracing.live.warrants import read_warrant
    from ringfence.tracing.scanning import gather_stays
    from ringfence.vocabulary.moments import floor_minute

    note_compiling(gather_stays)
    began, present = perf_counter(), floor_minute(now())
    opening = None
    if warrant is not None and store is not None:
        opening = admit(store, read_warrant(warrant), now=present)
    with output.progress("trace.searching", total=1.0) as advance:
        found = search_contacts(
            store, asked, progress=lambda _done, total: advance(1 / total), opening=opening, now=present
        )
    found.elapsed_ms = (perf_counter() - began) * 1000
    return found


def _write_pages(
    page: Path | None, found: Contacts, asked: ContactSearch, store: VisitStore | None, zone: tzinfo
) -> list[Path]:
    """Write the answer as pages, where they are wished for, and return which."""
    if page is None:
        return []
    from ringfence.cli.trace_pages import view_of, write_pages

    return write_pages(view_of(found, asked, store, zone), page)


def _found_json(found: Contacts, asked: ContactSearch, rows: Sequence[Contact], zone: tzinfo) -> dict[str, Any]:
    """Return what was found as the JSON answer holds it."""
    return {
        "contacts": [contact_json(row, zone) for row in rows],
        "elapsed_ms": round(found.elapsed_ms, 3),
        "second_hop": None if found.at_or_above is None else {
            "at_or_above": {str(t): n for t, n in found.at_or_above.items()},
            "threshold_minutes": asked.threshold_minutes, "limit": asked.limit,
            "by_channel": {kind: {str(t): n for t, n in steps.items()} for kind, steps in found.reached.items()},
        },
        "files": [_file_json(file) for file in found.files],
        "rejects": [reject_json(file, reject) for file, reject in found.rejects],
        "notes": [_reason_json(note) for note in found.notes],
    }  # fmt: skip


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
    stamped: asks.Stamp,
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
