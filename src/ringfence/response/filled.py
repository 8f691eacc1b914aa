"""Which times together rest on an end that was filled in, since somebody did not check out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ringfence.tracing.found import Contact, Sitting
from ringfence.tracing.visits.imputed import imputed_stays
from ringfence.tracing.visits.store import VisitStore

Spans = dict[tuple[str, str], list[tuple[int, int]]]


def mark_filled(store: VisitStore, seed: str, contacts: Sequence[Contact], start: int, end: int) -> list[Contact]:
    """Return contacts of a case found in a store, their sittings saying whether they rest on an end filled in."""
    names = [seed, *(c.person for c in contacts)]
    numbers = dict(zip(store.numbers_of(names).tolist(), names, strict=True))
    stays = imputed_stays(store, numbers.keys(), start, end)
    if not stays:
        return list(contacts)
    places = sorted({place for _, place in stays})
    named = dict(zip(places, store.names_of("place", np.array(places, np.int64)), strict=True))
    spans = {(numbers[who], named[place]): found for (who, place), found in stays.items()}
    return [replace(c, sittings=tuple(_marked(s, (seed, c.person), spans) for s in c.sittings)) for c in contacts]


def _marked(sitting: Sitting, people: Sequence[str], spans: Spans) -> Sitting:
    rests = sitting.place is not None and any(
        begins < sitting.end and sitting.start < ends
        for who in people for begins, ends in spans.get((who, sitting.place), ())
    )  # fmt: skip
    return replace(sitting, imputed=rests)
