"""`ringfence visits`: load visits into a store, and look after it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.clock import now
from ringfence.cli.explaining import note_compiling
from ringfence.cli.options import Keys
from ringfence.cli.options import Searched as Store
from ringfence.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ringfence.tracing.intake.rejects import Reject
    from ringfence.tracing.visits.loading import Loaded

command = typer.Typer()
_COUNTED = (
    "loaded", "duplicates", "rejected", "imputed", "suppressed", "expired", "uncertain", "kind_conflicts",
)  # fmt: skip

_KINDS_TOLD = 5
_REASONS_TOLD = 3


@command.command(help="cli.visits.load.help")
def load(
    files: Annotated[list[Path], typer.Argument(help="cli.visits.load.files", exists=True, dir_okay=False)],
    store: Store,
    keys: Keys = None,
    kind: Annotated[str | None, typer.Option(help="cli.visits.load.kind", show_default=False)] = None,
    tz: Annotated[str | None, typer.Option("--tz", help="cli.visits.load.tz", show_default=False)] = None,
    column: Annotated[list[str] | None, typer.Option(help="cli.visits.load.column", show_default=False)] = None,
    time_format: Annotated[str | None, typer.Option(help="cli.visits.load.time_format", show_default=False)] = None,
    whole_days: Annotated[bool, typer.Option("--whole-days", help="cli.visits.load.whole_days")] = False,
    allow_future: Annotated[bool, typer.Option("--allow-future", help="cli.visits.load.allow_future")] = False,
    rejects: Annotated[Path | None, typer.Option(help="cli.visits.load.rejects", show_default=False)] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="cli.visits.load.trust", exists=True, dir_okay=False, show_default=False)
    ] = None,
) -> int:
    """Load files of visits."""
    from ringfence.tracing.intake import IntakeSettings
    from ringfence.tracing.intake.rejects import refuse_existing
    from ringfence.tracing.intake.scan import scan
    from ringfence.tracing.live.warrants import read_public_key
    from ringfence.tracing.visits.loading import load_files, open_or_create, refuse_unreadable
    from ringfence.vocabulary.moments import floor_minute, zone_named

    if tz is not None:
        zone_named(tz)
    if rejects is not None:
        refuse_existing(rejects)
    settings = IntakeSettings(
        columns=columns_of(column or []),
        zone=tz,
        time_format=time_format,
        whole_days=whole_days,
        latest_minute=None if allow_future else floor_minute(now()),
    )
    note_compiling(scan)
    trusted = [read_public_key(file) for file in trust or []]
    if not (store / "CURRENT").exists():
        refuse_unreadable(files, settings)
    opened = open_or_create(store, keys, kind=kind, trusted=trusted)
    if tz is None:
        settings = replace(settings, zone=opened.settled_zone)
    elif opened.settled_zone not in (None, tz):
        output.note("visits.zone_stays", store=store, zone=opened.zone, tz=tz)
    with output.progress("visits.loading", total=1.0) as advance:
        told = [0.0]

        def progress(done: int, total: int) -> None:
            share = done / total if total else 1.0
            advance(share - told[0])
            told[0] = share

        result = load_files(
            opened, files, settings, rejects_file=rejects, progress=progress,
            waiting=lambda: output.note("visits.waiting", store=store),
        )  # fmt: skip
    output.answer(
        _loaded_json(result) | {"zone": opened.settled_zone}, people=lambda console: _print_loaded(console, result)
    )
    if result.refused and not output.manner().as_json:
        output.tell_refusals(result.refused)
    return 1 if result.refused else 0


@command.command(help="cli.visits.info.help")
def info(store: Store, keys: Keys = None) -> None:
    """Tell what a store holds."""
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.upkeep import info as info_of

    told = info_of(open_store(store, keys))

    def people(console: Console) -> None:
        days = f"{told.days[0]} … {told.days[-1]}  ({len(told.days)})" if told.days else "—"
        rows: list[tuple[str, object]] = [
            (say("visits.info.kind"), told.kind),
            (say("visits.info.zone"), told.zone or say("visits.info.no_zone")), (say("visits.info.days"), days),
            (say("visits.info.visits"), f"{told.visits:,}"), (say("visits.info.imputed"), _count(told.imputed)),
            (say("visits.info.persons"), _count(told.persons)), (say("visits.info.places"), _count(told.places)),
            (say("visits.info.segments"), f"{told.segments:,}"),
            (say("visits.info.bytes"), f"{told.bytes / 1e6:,.1f} MB"),
            (say("visits.info.erased"), f"{told.erased:,}"),
            (say("visits.info.awaiting"), f"{told.awaiting_compaction:,}"),
            (say("visits.info.rejects_files"), f"{told.rejects_files:,}"),
        ]  # fmt: skip
        if told.opened is not None:
            rows += [
                (say("visits.info.warrants"), f"{told.opened.warrants:,}"),
                (say("visits.info.revoked"), f"{told.opened.revoked:,}"),
                (say("visits.info.opened_person_days"), f"{told.opened.person_days:,}"),
                (say("visits.info.opened_place_days"), f"{told.opened.place_days:,}"),
                (say("visits.info.opened_head"), told.opened.head),
            ]
        console.print(output.table(["visits.info.what", "visits.info.value"], rows))

    output.answer(asdict(told), people=people)


@command.command(help="cli.visits.zone.help")
def zone(
    store: Store,
    tz: Annotated[str, typer.Option("--tz", help="cli.visits.zone.tz")],
    keys: Keys = None,
) -> None:
    """Change the time zone in which a store is read."""
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.writing import writing
    from ringfence.vocabulary.moments import zone_named

    zone_named(tz)
    opened = open_store(store, keys)
    with writing(opened, lambda: output.note("visits.waiting", store=store)) as writer:
        writer.set_zone(tz)
    _say_done({"zone": opened.zone}, "visits.zone_set", store=store, zone=opened.zone)


@command.command(help="cli.visits.compact.help")
def compact(store: Store, keys: Keys = None) -> None:
    """Write each day as one segment, without the erased."""
    from ringfence.tracing.visits.loading import finish_erasures
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.writing import writing

    opened = open_store(store, keys)
    with writing(opened, lambda: output.note("visits.waiting", store=store)) as writer:
        finish_erasures(opened, writer)
        days = writer.compact()
    _say_done({"days_compacted": days}, "visits.compacted", days=days)


@command.command(help="cli.visits.retain.help")
def retain(
    store: Store,
    days: Annotated[int, typer.Option("--days", min=1, help="cli.visits.retain.days")],
    keys: Keys = None,
    today: Annotated[str | None, typer.Option(help="cli.visits.retain.today", show_default=False)] = None,
    preview: Annotated[bool, typer.Option("--preview", help="cli.visits.preview")] = False,
) -> None:
    """Forget what is older than some days."""
    from datetime import date, timedelta

    from ringfence.tracing.visits.loading import finish_erasures
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.upkeep import before
    from ringfence.tracing.visits.writing import writing
    from ringfence.vocabulary.moments import date_of, day_number
    from ringfence.vocabulary.refusals import Refused

    try:
        day = date.fromisoformat(today) if today else now().date()
    except ValueError as error:
        raise Refused("moment.unreadable", text=str(today)) from error
    if day > (now() + timedelta(hours=14)).date():  # The earliest clocks of the world are so much ahead of UTC.
        raise Refused("store.retain_future", today=day.isoformat())
    opened = open_store(store, keys)
    from_day = day_number(day) - days
    if preview:
        would = before(opened, from_day)
        told = {"days": would.days, "visits": would.visits, "retained_from": date_of(from_day).isoformat()}
        _say_done({"preview": True, **told}, "visits.retain_preview", **told)
        return
    with writing(opened, lambda: output.note("visits.waiting", store=store)) as writer:
        finish_erasures(opened, writer)
        gone = writer.retain(from_day)
    result = {"days_deleted": gone, "retained_from": date_of(from_day).isoformat()}
    _say_done(result, "visits.retained", days=gone, since=result["retained_from"])


@command.command(help="cli.visits.erase.help")
def erase(
    store: Store,
    person: Annotated[str, typer.Option("--person", help="cli.visits.erase.person")],
    keys: Keys = None,
    preview: Annotated[bool, typer.Option("--preview", help="cli.visits.preview")] = False,
) -> None:
    """Make a person unfindable for good."""
    from ringfence.tracing.visits.loading import erase_person
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.upkeep import left_by
    from ringfence.vocabulary.moments import floor_minute

    opened = open_store(store, keys)
    live = opened.identity.kind == "live"
    if preview:
        would = left_by(opened, person)
        told = {"days": would.days, "visits": would.visits}
        _say_done({"preview": True, **told}, "visits.erase_preview_live" if live else "visits.erase_preview", **told)
        return
    waiting = lambda: output.note("visits.waiting", store=store)  # noqa: E731 — a callback of one line
    erased = erase_person(opened, person, at_minute=floor_minute(now()), waiting=waiting)
    code = ("visits.erased_live" if live else "visits.erased") if erased else "visits.erased_before"
    counts = {"erased": int(erased), "awaiting_compaction": len(opened.manifest.tombstones)}
    _say_done(counts if erased else counts | {"note": say(code, store=store)}, code, store=store)


@command.command(help="cli.visits.export.help")
def export(
    store: Store,
    parquet: Annotated[Path, typer.Option("--parquet", help="cli.visits.export.parquet")],
    keys: Keys = None,
) -> None:
    """Write a store's visits as Parquet, in numbers."""
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.upkeep import export_parquet

    opened = open_store(store, keys)
    with output.progress("visits.exporting", total=1.0) as advance:
        pieces = export_parquet(opened, parquet, lambda _done, total: advance(1 / total))
    _say_done({"pieces": pieces, "folder": str(parquet)}, "visits.exported", pieces=f"{pieces:,}", folder=parquet)


@command.command(help="cli.visits.verify.help")
def verify(store: Store, keys: Keys = None) -> int:
    """Read every byte of a store and its keys, and tell what does not hold."""
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.upkeep import verify as faults_of
    from ringfence.vocabulary.refusals import Refused

    opened = open_store(store, keys)
    with output.progress("visits.verifying", total=1.0) as advance:
        faults = faults_of(opened, lambda _done, total: advance(1 / total))
    if opened.keys is not None:
        try:
            opened.keys.verify()
        except Refused as refusal:
            faults.append(refusal)
    if faults:
        output.tell_refusals(faults)
        return 1
    _say_done({"holds": True, "segments": len(opened.manifest.segments)}, "visits.holds")
    return 0


def _count(number: int | None) -> str:
    return say("visits.info.sealed") if number is None else f"{number:,}"


def _say_done(result: dict[str, Any], code: str, **values: object) -> None:
    output.answer(result, people=lambda _console: output.line(code, **values))


def columns_of(pairs: list[str]) -> dict[str, str]:
    """Return which column holds which field, from FIELD=COLUMN as given."""
    bad = [pair for pair in pairs if "=" not in pair]
    if bad:
        raise typer.BadParameter(say("cli.visits.load.bad_column", given=bad[0]), param_hint="--column")
    return dict(pair.split("=", 1) for pair in pairs)


def _commonest(result: Loaded) -> list[tuple[str, int, Reject]]:
    """Return why rows were rejected, the commonest reason first, each with its first row."""
    return sorted(((code, rows, first) for code, (rows, first) in result.reasons.items()), key=lambda r: (-r[1], r[0]))


def tell_unused(file: str, columns: Sequence[str]) -> None:
    """Tell a person which columns of a file were not used, and how to name one."""
    output.line("visits.unused_columns", file=file, columns=", ".join(columns))


def _loaded_json(result: Loaded) -> dict[str, Any]:
    language = output.manner().language
    told = {
        "loaded": result.loaded,
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "imputed": result.imputed,
        "rejects_file": None if result.rejects_file is None else str(result.rejects_file),
        "suppressed": result.suppressed,
        "expired": result.expired,
        "uncertain": result.uncertain,
        "kind_conflicts": result.kind_conflicts,
        "unknown_kinds": dict(result.unknown_kinds.most_common()),
        "known_files": result.known_files,
        "unused_columns": result.unused_columns,
        "reject_reasons": [
            {"code": code, "rows": rows, "reason": first.reason(language), "mend": first.mend(language)}
            for code, rows, first in _commonest(result)
        ],
    }
    return told | ({"refused": output.told(result.refused)} if result.refused else {})


def _print_loaded(console: Console, result: Loaded) -> None:
    counts = {name: getattr(result, name) for name in _COUNTED}
    rows = [(say(f"visits.loaded.{name}"), f"{count:,}") for name, count in counts.items() if count or name == "loaded"]
    console.print(output.table(["visits.info.what", "visits.info.value"], rows))
    if result.imputed:
        console.print(say("visits.imputed_by_kind"), soft_wrap=True)
    for name in result.known_files:
        output.line("visits.known_file", file=name)
    if result.unknown_kinds:
        listed = result.unknown_kinds.most_common(_KINDS_TOLD)
        output.line(
            "visits.unknown_kinds", rows=f"{result.unknown_kinds.total():,}", kinds=len(result.unknown_kinds),
            listed=", ".join(f"{word} ({rows:,})" for word, rows in listed),
        )  # fmt: skip
    for file, columns in result.unused_columns.items():
        tell_unused(file, columns)
    language = output.manner().language
    for _, count, first in _commonest(result)[:_REASONS_TOLD]:
        told = {"line": first.line, "reason": first.reason(language), "mend": first.mend(language)}
        output.line("visits.rejected_because", rows=f"{count:,}", **told)
    if result.rejects_file is not None:
        output.line("visits.see_rejects", file=result.rejects_file)
