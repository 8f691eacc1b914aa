"""The answer of a contact search as pages for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.cli import output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from ringfence.exchange.trace_view import ContactLine, TraceView
    from ringfence.tracing.contacts import Contact, Contacts, ContactSearch
    from ringfence.tracing.visits.store import VisitStore
    from ringfence.vocabulary.reasons import Reason

_PLACES_NAMED = 3


def view_of(found: Contacts, asked: ContactSearch, store: VisitStore | None, zone: tzinfo) -> TraceView:
    """Return an answer as a page shows it; places are named only where the keys of the store are at hand."""
    from ringfence.exchange.trace_view import TraceView
    from ringfence.vocabulary.reasons import Reason

    first = [contact for contact in found.rows if contact.hop == 1]
    named = store is not None and store.keys is not None
    lines = tuple(_line(contact, named=named, searched=store is not None) for contact in first)
    together = sum(contact.minutes for contact in first)
    limits = ["page.unseen", "page.ill"] if first else ["page.unseen"]
    lists = [Reason("page.lists_told", {"rejected": len(found.rejects)})] if found.rejects else []
    presence = _presence(asked, store)
    return TraceView(
        seeds=asked.seeds,
        start=asked.start,
        end=asked.end,
        as_of=_known_until(found, store) or asked.end,
        zone=zone,
        source=_source(found, store),
        contacts=lines,
        presence=presence,
        presence_note=Reason("page.presence_note") if presence else None,
        known=(Reason("page.known_met", {"met": len(first), "minutes": together}), *found.notes),
        unknown=(*(Reason(code) for code in limits), *lists),
        second_hop=found.at_or_above,
    )


def write_pages(view: TraceView, path: Path) -> list[Path]:
    """Write a page in the reader's language, and beside it the same in the other one; refused where that cannot be."""
    from ringfence.exchange.trace_page import trace_page
    from ringfence.vocabulary.refusals import Refused
    from ringfence.vocabulary.words import LANGUAGES

    own = output.manner().language
    paths: Mapping[str, Path] = {
        language: path if language == own else path.with_name(f"{path.stem}.{language}{path.suffix}")
        for language in LANGUAGES
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for language, file in paths.items():
            (other,) = (name.name for code, name in paths.items() if code != language)
            file.write_text(trace_page(view, language, other_page=other), encoding="utf-8")
    except OSError as error:
        raise Refused("demo.cannot_write", folder=str(path.parent), why=error.strerror or str(error)) from error
    return [paths[own], *(file for language, file in paths.items() if language != own)]


def weighing(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the reasons that a page has room for: what in all, plain facts, and each factor that is not 1."""
    kept = [
        reason
        for reason in reasons
        if reason.code != "exposure.time" and float(str(reason.values.get("factor", 0.0))) != 1.0
    ]
    return tuple({(reason.code, str(reason.values.get("factor"))): reason for reason in kept}.values())


def _line(contact: Contact, *, named: bool, searched: bool) -> ContactLine:
    from ringfence.exchange.trace_view import ContactLine
    from ringfence.vocabulary.bands import Band
    from ringfence.vocabulary.reasons import Reason

    where = []
    if named and contact.places:
        left = len(contact.places) - _PLACES_NAMED
        told = ", ".join(contact.places[:_PLACES_NAMED])
        where = [Reason("page.at", {"places": told} if left <= 0 else {"places": f"{told} +{left}"})]
    return ContactLine(
        person=contact.person,
        minutes=contact.minutes,
        encounters=contact.encounters,
        first=contact.first,
        last=contact.last,
        band=Band[contact.band.upper()],
        reasons=(*where, *weighing(contact.reasons)),
        spans=tuple((sitting.start, sitting.end) for sitting in contact.sittings),
        places=len(contact.places) if searched else None,
    )


def _known_until(found: Contacts, store: VisitStore | None) -> int | None:
    """Return the minute up to which the sources tell anything."""
    from datetime import date

    from ringfence.tracing.visits.upkeep import info
    from ringfence.vocabulary.moments import MINUTES_PER_DAY, day_number

    days = [] if store is None else list(info(store).days)
    ends = [found.lists_until, (day_number(date.fromisoformat(days[-1])) + 1) * MINUTES_PER_DAY if days else None]
    return max((end for end in ends if end is not None), default=None)


def _presence(asked: ContactSearch, store: VisitStore | None) -> tuple[tuple[int, int], ...]:
    """Return when the cases were at places; a live store opens no more than its answer needs: there it is not told."""
    from ringfence.vocabulary.refusals import Refused

    if store is None or store.identity.kind == "live":
        return ()
    numbers: list[int] = []
    for person in asked.seeds:
        try:
            numbers += store.numbers_of([person]).tolist()
        except Refused:  # only a list knows her, which the answer's notes tell
            continue
    visits = store.visits_of(numbers, asked.start, asked.end)
    return tuple(sorted(zip(visits.start.tolist(), visits.end.tolist(), strict=True)))


def _source(found: Contacts, store: VisitStore | None) -> Reason:
    from ringfence.vocabulary.reasons import Reason

    files = ", ".join(file.file for file in found.files)
    if store is None:
        return Reason("page.source_lists", {"files": files})
    if files:
        return Reason("page.source_both", {"store": store.path.name, "files": files})
    return Reason("page.source_store", {"store": store.path.name})
