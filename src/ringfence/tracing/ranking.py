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
from ringfence.tracing.visits.batch import VisitBatch
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
    seed_visits: VisitBatch | None = None,
    residual_minutes: int = 0,
) -> RankedAnswer:
    """Return an answer's contacts by exposure band, then score, then minutes, then number.

    `onsets` are the minutes at which the days begin, where the seeds live, on which they fell ill, where known:
    infectiousness counts by the day from it. `seed_visits` are these seeds' visits, needed where `onsets` are.
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
        day_from_onset=_days_from_onset(
            answer, onsets or {}, seed_visits or VisitBatch.of([], [], [], []), residual_minutes
        ),
        distance_m=np.full(len(e), np.nan, np.float32),
        protected=np.full(len(e), -1, np.int8),
    )
    exposures = score_exposures(columns, contacts=len(answer), settings=settings)
    order = np.lexsort((answer.person, -answer.minutes, -exposures.score, -exposures.band.astype(np.int8)))
    return RankedAnswer(answer.reordered(order), exposures.band[order], exposures.score[order], exposures, order)


def _days_from_onset(
    answer: TraceAnswer, onsets: Mapping[int, int], visits: VisitBatch, residual_minutes: int
) -> NDArray[np.int16]:
    """Return the day of each piece of evidence from the onset of the seed who was there: of several, the nearest."""
    e = answer.evidence
    days = np.full(len(e), UNKNOWN_DAY, np.int16)
    if not onsets or not len(e):
        return days
    by_place = np.argsort(e.place, kind="stable")
    places = e.place[by_place]
    for seed, onset in onsets.items():
        mine = visits.person == seed
        stays = zip(*(column[mine].tolist() for column in (visits.place, visits.start, visits.end)), strict=True)
        for place, start, end in stays:
            rows = by_place[np.searchsorted(places, place) : np.searchsorted(places, place, side="right")]
            rows = rows[(e.start[rows] < end + residual_minutes) & (e.end[rows] > start)]
            day = np.clip((e.start[rows] - onset) // MINUTES_PER_DAY, -1000, 1000).astype(np.int16)
            nearer = (days[rows] == UNKNOWN_DAY) | (np.abs(day) < np.abs(days[rows].astype(np.int32)))
            days[rows[nearer]] = day[nearer]
    return days
