"""What `ringfence trace` tells people: the lists it read, whom it found, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringfence.cli import output
from ringfence.cli.explaining import print_explained
from ringfence.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from pathlib import Path

    from rich.console import Console

    from ringfence.tracing.contacts import Contact, Contacts, ContactSearch
    from ringfence.tracing.intake.rejects import Reject

_SHOWN = 40
_WIDE = 100
_REJECTS_SHOWN = 10


def print_found(
    console: Console,
    asked: ContactSearch,
    found: Contacts,
    rows: Sequence[Contact],
    zone: tzinfo,
    pages: list[Path],
    *,
    explain: int,
) -> None:
    """Print an answer for people."""
    from ringfence.vocabulary.moments import moment_of

    def said(minute: int | None) -> str:
        return "" if minute is None else f"{moment_of(minute, zone):%m-%d %H:%M}"

    first = sum(row.hop == 1 for row in rows)
    output.line("trace.found", count=first, seeds=" ".join(asked.seeds), zone=str(zone))
    _print_lists(found)
    if not rows:
        output.line("trace.nobody_met")
        return
    shown = [
        {"rank": rank, "person": row.person, "hop": row.hop, "band": say(f"band.{row.band}"), "minutes": row.minutes,
         "encounters": row.encounters, "places": len(row.places), "first": said(row.first), "last": said(row.last),
         "where": _weightiest(row)}
        for rank, row in enumerate(rows[:_SHOWN], 1)
    ]  # fmt: skip
    unused = set() if asked.hops == 2 else {"hop"}
    if console.width < _WIDE:  # 80 columns hold no more; --json and --csv tell all
        unused |= {"places", "last"}
    columns = [name for name in shown[0] if name not in unused]
    console.print(output.table([f"trace.column.{c}" for c in columns], [[row[c] for c in columns] for row in shown]))
    if len(rows) > _SHOWN:
        output.line("trace.more_rows", count=len(rows) - _SHOWN)
    print_explained(rows, zone, explain)
    for kind, steps in (found.reached or {"visit": found.at_or_above or {}}).items():
        if steps:
            told = "  ".join(f"≥{t}: {n:,}" for t, n in steps.items())
            output.line(f"trace.second_hop_{kind}", told=told)
    for path in pages:
        output.line("trace.see_page", file=path)
    output.line("trace.for_a_human")


def _print_lists(found: Contacts) -> None:
    """Tell what the lists held and which rows were not taken, before anything is read out of them."""
    from ringfence.cli.visits import tell_unused

    for note in found.notes:
        output.line(note.code, **note.values)
    for file in found.files:
        counts = {"loaded": file.loaded, "duplicates": file.duplicates, "rejected": file.rejected}
        told = {name: f"{count:,}" for name, count in counts.items()}
        output.line("trace.list_read", file=file.file, **told)
        if file.unused:
            tell_unused(file.file, file.unused)
        for note in file.notes:
            output.line(note.code, **note.values)
        if file.undated or file.before_window:
            output.line("trace.list_times", undated=file.undated, before=file.before_window)
    for file_name, reject in found.rejects[:_REJECTS_SHOWN]:
        entry = reject_json(file_name, reject)
        output.line("hypotheses.rejected", **entry)
    if len(found.rejects) > _REJECTS_SHOWN:
        output.line("trace.more_rejects", count=len(found.rejects) - _REJECTS_SHOWN)


def reject_json(file: str, reject: Reject) -> dict[str, Any]:
    """Return a row that was not taken as the JSON answer holds it."""
    language = output.manner().language
    return {
        "file": file, "line": reject.line, "field": reject.field, "code": reject.code,
        "reason": reject.reason(language), "mend": reject.mend(language), "values": dict(reject.values),
    }  # fmt: skip


def _weightiest(contact: Contact) -> str:
    """Return the place of the longest time together."""
    if not contact.sittings:
        return ""
    return max(contact.sittings, key=lambda s: (s.minutes, s.after_minutes)).place or ""
