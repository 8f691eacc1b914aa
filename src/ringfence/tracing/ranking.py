"""Contacts in the order in which a human should look at them: by exposure band, with the reasons for it.

The order is all that this decides. Who is a contact, a person assesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing import exposure
from ringfence.tracing.answer import TraceAnswer
from ringfence.tracing.exposure import UNKNOWN_DAY, Exposures, ExposureSettings, score_exposures
from ringfence.tracing.scanning import gather_stays
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.bands import Band
from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.reasons import Reason

_REASONS_A_ROW = 5


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """An answer with its contacts strongest exposure first; `band` and `score` stand beside `answer`'s columns."""

    answer: TraceAnswer
    band: NDArray[np.uint8]
    score: NDArray[np.float64]
    exposures: Exposures
    order: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.answer)

    def band_of(self, row: int) -> Band:
        """Return the band of the contact in a row."""
        return Band(int(self.band[row]))

    def reasons_of(self, row: int) -> list[Reason]:
        """Return why the contact in a row has its band: in all, then what her weightiest exposure was made of."""
        reasons = self.exposures.reasons_for(int(self.order[row]))
        rest = (len(reasons) - 1) // _REASONS_A_ROW - 1
        more = [Reason("trace.more_exposures", {"count": rest})] if rest > 0 else []
        return [*reasons[: 1 + _REASONS_A_ROW], *more]


def rank(
    store: VisitStore,
    answer: TraceAnswer,
    settings: ExposureSettings | None = None,
    *,
    onsets: Mapping[int, int] | None = None,
    residual_minutes: int = 0,
) -> RankedAnswer:
    """Return an answer's contacts by exposure band, then score, then minutes, then number.

    `onsets` are the UTC day numbers on which seeds fell ill, where known: infectiousness counts by the day from it.
    """
    e = answer.evidence
    kinds = store.place_kinds()
    kind = np.full(len(e), PlaceKind.OTHER, np.uint8)
    known = e.place < len(kinds)
    kind[known] = kinds[e.place[known]]
    columns = exposure.Evidence(
        contact=e.contact,
        kind=kind,
        minutes=e.minutes,
        after_minutes=e.after_minutes,
        crowd=e.crowd,
        day_from_onset=_days_from_onset(store, answer, onsets or {}, residual_minutes),
        distance_m=np.full(len(e), np.nan, np.float32),
        protected=np.full(len(e), -1, np.int8),
    )
    exposures = score_exposures(columns, contacts=len(answer), settings=settings)
    order = np.lexsort((answer.person, -answer.minutes, -exposures.score, -exposures.band.astype(np.int8)))
    return RankedAnswer(answer.reordered(order), exposures.band[order], exposures.score[order], exposures, order)


def _days_from_onset(
    store: VisitStore, answer: TraceAnswer, onsets: Mapping[int, int], residual_minutes: int
) -> NDArray[np.int16]:
    """Return the day of each piece of evidence from the onset of the seed who was there: of several, the nearest."""
    e = answer.evidence
    days = np.full(len(e), UNKNOWN_DAY, np.int16)
    if not onsets or not len(e):
        return days
    by_place = np.argsort(e.place, kind="stable")
    places = e.place[by_place]
    for seed, onset in onsets.items():
        earliest = int(e.start.min()) - MINUTES_PER_DAY * 3
        table = store.table
        stays = gather_stays(table.rows, table.first_day, table.first, np.array([seed]), earliest, int(e.end.max()))
        for place, start, end, _ in stays:
            rows = by_place[np.searchsorted(places, place) : np.searchsorted(places, place, side="right")]
            rows = rows[(e.start[rows] < end + residual_minutes) & (e.end[rows] > start)]
            day = np.clip(e.start[rows] // MINUTES_PER_DAY - onset, -1000, 1000).astype(np.int16)
            nearer = (days[rows] == UNKNOWN_DAY) | (np.abs(day) < np.abs(days[rows].astype(np.int32)))
            days[rows[nearer]] = day[nearer]
    return days
