"""Instruments: whether a signed measure restrains anybody. One that lacks anything restrains nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ringfence.rules.duties import DESKS
from ringfence.rules.facts import Fact
from ringfence.rules.packfile import DESKS_NEVER_ISSUE
from ringfence.rules.rulebook import Rulebook

RUNGS = ("advice", "agreement", "notice", "order", "court")
"""The ladder, the mildest first. The first two rest on the person's own will, the others on a power."""

SUPPORT_TESTED_WITHIN = timedelta(hours=24)
"""How long before the signature the support line was tried at the most: a limit of the house, of which no pack rids."""

_MUST_STAND = ("issuer", "body", "number", "legal_basis", "reason", "person_days")
_NEVER_BODIES = frozenset((*DESKS_NEVER_ISSUE, *DESKS.values()))


REVIEWER_FROM = 3
"""The renewal from which on only the outside reviewer may renew, where a pack says nothing."""
ORDER_HOURS = timedelta(hours=24)
"""How long, once, an order may keep somebody whose release waits for what is ours to do."""


def void_reasons(instrument: Fact, book: Rulebook, acts: Mapping[str, Fact] | None = None) -> tuple[str, ...]:
    """Return why an instrument is void, as codes whose sentences are `duty.void_<code>`; empty where it stands.

    Advice asks for nothing but goodwill and cannot be void; an agreement must have an end. Whatever rests on a power
    must have an end, issuer, body, number, legal basis, reason and expected person-days, be served before its end, come
    with a support line tried in the 24 hours before, and lie within what `authority.<body>.<rung>` gives that body.
    `acts` are all agreements and instruments of its subject: a renewal whose links are not among them is one too many.
    """
    book = book.at(instrument.at)  # a later pack makes nothing valid that was void when it was signed
    rung = instrument.value["rung"]
    if rung == "advice":
        return ()
    ends: datetime | None = instrument.value.get("ends") or instrument.until
    missing = () if ends is not None and ends > instrument.at else ("ends",)
    if rung == "agreement":
        return missing
    acts = acts or {}
    links = _links(instrument, acts)
    again = _new_order(instrument, ends, acts, links) if instrument.value.get("new_order") else _renewed(
        instrument, book, links
    )  # fmt: skip
    return (*missing, *_unfounded(instrument, ends), *_beyond_power(instrument, ends, book), *again)


def stands(instrument: Fact, book: Rulebook, acts: Mapping[str, Fact] | None = None) -> bool:
    """Return whether an instrument restrains anybody."""
    return not void_reasons(instrument, book, acts)


def _links(instrument: Fact, acts: Mapping[str, Fact]) -> list[Fact] | None:
    """Return what an instrument renews, and what that renews, to the first; None where a link is missing or a ring."""
    found: list[Fact] = []
    seen = {instrument.id}
    at = instrument
    while (key := at.value.get("renews")) is not None:
        link = acts.get(key)
        if link is None or key in seen:
            return None
        seen.add(key)
        found.append(link)
        at = link
    return found


def _renewed(instrument: Fact, book: Rulebook, links: list[Fact] | None) -> Iterator[str]:
    """Yield where a renewal is one that only the outside reviewer may sign."""
    if links is None or len(links) >= book.get("renewal.reviewer_from", REVIEWER_FROM):
        reviewers = book.get("renewal.reviewers", ())
        if instrument.value.get("body") not in reviewers and instrument.value.get("issuer") not in reviewers:
            yield "reviewer"


def _new_order(
    instrument: Fact, ends: datetime | None, acts: Mapping[str, Fact], links: list[Fact] | None
) -> Iterator[str]:
    """Yield where an order that keeps her past an end was signed late, is for too long, or is the second."""
    if not links:
        yield "order_of_nothing"
        return
    before: datetime | None = links[0].value.get("ends") or links[0].until
    if before is None or max(instrument.at, instrument.value.get("served_at") or instrument.at) >= before:
        yield "order_late"
    elif ends is not None and ends > before + ORDER_HOURS:
        yield "order_long"
    first = links[-1].id
    earlier = [f for f in acts.values() if f.value.get("new_order") and (f.at, f.id) < (instrument.at, instrument.id)]
    if any((others := _links(f, acts)) and others[-1].id == first for f in earlier):
        yield "order_again"


def _unfounded(instrument: Fact, ends: datetime | None) -> Iterator[str]:
    """Yield what every instrument of power must say and this one does not."""
    value = instrument.value
    yield from (name for name in _MUST_STAND if value.get(name) in (None, "", [], ()))
    served = value.get("served_at")
    if served is None:
        yield "not_served"
    elif ends is not None and served >= ends:
        yield "served_late"
    tested = value.get("support_tested_at")
    if tested is None or not instrument.at - SUPPORT_TESTED_WITHIN <= tested <= instrument.at:
        yield "support"


def _beyond_power(instrument: Fact, ends: datetime | None, book: Rulebook) -> Iterator[str]:
    """Yield where an instrument goes beyond the power of the body that issues it."""
    value = instrument.value
    body = value.get("body")
    if not body:
        return
    if body in _NEVER_BODIES:
        yield "desk"
        return
    power = book.get(f"authority.{body}.{value['rung']}")
    if power is None:
        yield "no_power"
        return
    if value["asks"] not in power["asks"]:
        yield "asks"
    if ends is not None and ends > book.start_of(book.day_of(instrument.at) + power["days"] + 1):
        yield "too_long"
    if value.get("renews") and power.get("renewals") == 0:
        yield "renewed"
