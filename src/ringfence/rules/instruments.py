"""Instruments: whether a signed measure restrains anybody. One that lacks anything restrains nobody."""

from __future__ import annotations

from collections.abc import Iterator
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


def void_reasons(instrument: Fact, book: Rulebook) -> tuple[str, ...]:
    """Return why an instrument is void, as codes whose sentences are `duty.void_<code>`; empty where it stands.

    Advice asks for nothing but goodwill and cannot be void; an agreement must have an end. Whatever rests on a power
    must have an end, issuer, body, number, legal basis, reason and expected person-days, be served before its end, come
    with a support line tried in the 24 hours before, and lie within what `authority.<body>.<rung>` gives that body.
    """
    book = book.at(instrument.at)  # a later pack makes nothing valid that was void when it was signed
    rung = instrument.value["rung"]
    if rung == "advice":
        return ()
    ends: datetime | None = instrument.value.get("ends") or instrument.until
    missing = () if ends is not None and ends > instrument.at else ("ends",)
    if rung == "agreement":
        return missing
    return (*missing, *_unfounded(instrument, ends), *_beyond_power(instrument, ends, book))


def stands(instrument: Fact, book: Rulebook) -> bool:
    """Return whether an instrument restrains anybody."""
    return not void_reasons(instrument, book)


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
