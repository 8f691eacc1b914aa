"""What an infectious window counts from: the onset, the first positive sample, or an assumption that is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ringfence.response.both import Tellers, say
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook

RESTS_ON = ("onset", "first_positive", "assumed", "none_by_pack", "unknown")


def rests_on(own: Sequence[Fact], book: Rulebook) -> tuple[str, datetime | None]:
    """Return what the window of a case counts from, by her facts and the pack, and that moment.

    Without an onset it is the first positive sample, where the pack counts from one; where neither is known the moment
    at which the case record was made stands in, and is told as assumed.
    """
    onset = next((f.at for f in own if f.kind == "onset"), None)
    if onset is not None:
        return "onset", onset
    if book.get("infectious.anchor_without_symptoms") == "none":
        return "none_by_pack", None
    sample = first_positive(own)
    if sample is not None:
        return "first_positive", sample
    record = next((f.at for f in own if f.kind == "case"), None)
    return ("assumed", record) if record is not None else ("unknown", None)


def first_positive(own: Sequence[Fact]) -> datetime | None:
    """Return when the first sample that read positive was taken, None where no positive one is known."""
    positive = {f.value.get("sample") for f in own if f.kind == "result" and f.value.get("outcome") == "positive"}
    return min((f.at for f in own if f.kind == "sample" and f.id in positive), default=None)


def told(own: Sequence[Fact], book: Rulebook, tellers: Tellers) -> dict[str, Any]:
    """Return what the window counts from, in words."""
    code, at = rests_on(own, book)
    moment = {"en": "", "zh": ""} if at is None else tellers.both("moment", at)
    return {"code": code, "at": None if at is None else tellers.moment(at), **say(f"respond.window_{code}", at=moment)}
