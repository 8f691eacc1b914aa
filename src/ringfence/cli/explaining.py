"""Why the contacts of an answer are listed: reasons, the times that show it, and what of it was filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING

from ringfence.cli import output
from ringfence.cli.output import say

if TYPE_CHECKING:
    from ringfence.tracing.contacts import Contact, ContactSearch
    from ringfence.tracing.visits.store import VisitStore

_TIMES_SHOWN = 6


def mark_imputed(rows: Sequence[Contact], asked: ContactSearch, store: VisitStore | None) -> list[Contact]:
    """Return contacts whose times say whether they rest on an end that was filled in.

    Where nobody can tell, for a live store or a list, they say nothing.
    """
    from ringfence.tracing.visits.imputed import imputed_stays
    from ringfence.vocabulary.refusals import Refused

    if store is None or store.identity.kind == "live" or not any(row.sittings for row in rows):
        return list(rows)
    numbers: dict[str, int] = {}
    for name in {*asked.seeds, *(row.person for row in rows if row.sittings)}:
        try:
            (numbers[name],) = store.numbers_of([name]).tolist()
        except Refused:  # only a list knows her
            continue
    until = asked.end + asked.residual_minutes
    stays = imputed_stays(store, set(numbers.values()), asked.start, until)
    if not stays:
        return [_told(row, {}, asked.seeds) for row in rows]
    import numpy as np

    places = sorted({place for _, place in stays})
    named = dict(zip(places, store.names_of("place", np.array(places, np.int64)), strict=True))
    person = {number: name for name, number in numbers.items()}
    spans = {(person[who], named[place]): found for (who, place), found in stays.items()}
    return [_told(row, spans, asked.seeds) for row in rows]


def _told(row: Contact, spans: dict[tuple[str, str], list[tuple[int, int]]], seeds: Sequence[str]) -> Contact:
    def rests(place: str | None, start: int, end: int) -> bool | None:
        if place is None:
            return None
        return any(s < end and start < e for who in (row.person, *seeds) for s, e in spans.get((who, place), ()))

    return replace(row, sittings=tuple(replace(s, imputed=rests(s.place, s.start, s.end)) for s in row.sittings))


def print_explained(rows: Sequence[Contact], zone: tzinfo, count: int) -> None:
    """Print the reasons and the times of the first contacts of an answer."""
    from ringfence.vocabulary.moments import moment_of

    for rank, row in enumerate(rows[:count], 1):
        reasons = " ".join(say(reason.code, **reason.values) for reason in row.reasons)
        output.line("trace.because", rank=rank, person=row.person, reasons=reasons)
        for time in row.sittings[:_TIMES_SHOWN]:
            start, end = moment_of(time.start, zone), moment_of(time.end, zone)
            output.line(
                "trace.time_together",
                place=time.place or say("trace.place_unknown"),
                start=f"{start:%m-%d %H:%M}",
                end=f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}",
                minutes=time.minutes,
                after=say("trace.after_minutes", minutes=time.after_minutes) if time.after_minutes else "",
                imputed=say("trace.end_filled_in") if time.imputed else "",
            )
        if len(row.sittings) > _TIMES_SHOWN:
            output.line("trace.more_times", count=len(row.sittings) - _TIMES_SHOWN)
    if len(rows) > count:
        output.line("trace.explain_more", count=count)


def note_compiling(kernel: object) -> None:
    """Tell a person, once on a machine, that the silence to come is a compiler at work."""
    from ringfence.tracing.jit import compiled_before

    if not compiled_before(kernel):
        output.note("cli.compiling")
