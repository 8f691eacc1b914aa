"""The case-control search for common places: hypotheses to inspect, judged over all places that were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.sources import chance, exact
from ringfence.tracing.sources.matching import MatchedPersons, match_persons
from ringfence.tracing.sources.records import SourceCase, SourceControl, SourceSettings
from ringfence.tracing.visits.batch import SOURCE_MASK, SOURCE_SHIFT, SOURCES, VisitBatch
from ringfence.vocabulary.reasons import Reason

INTERVIEW = SOURCES.index("interview")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHypothesis:
    """One place where independent cases were. `low` and `high` hold for all places looked at together.

    `cases` of `cases_asked` and `controls` of `controls_asked` were there. The odds ratio is None where the strata say
    nothing; `high` may be infinite. `alone_low` .. `alone_high` is the usual interval of a place named beforehand.
    `p` is the exact chance of so many cases at this place, `p_adjusted` of any place being so rare. Leave-one-out is
    the range of the odds ratio when any one case is left out; None where it was not computed.
    """

    place: int
    cases: int
    cases_asked: int
    controls: int
    controls_asked: int
    odds_ratio: float | None
    low: float
    high: float
    alone_low: float
    alone_high: float
    p: float
    p_adjusted: float | None
    judgeable: bool
    significant: bool
    leave_one_out_low: float | None
    leave_one_out_high: float | None
    note: Reason
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Margins:
    """The 2×2 tables: strata × places, and who was where (persons × places)."""

    places: NDArray[np.int64]
    where: NDArray[np.bool_]
    exposed: NDArray[np.int64]
    cases: NDArray[np.int64]
    persons: NDArray[np.int64]
    exposed_cases: NDArray[np.int64]
    interviews_ignored: int


def search_sources(
    *,
    cases: Sequence[SourceCase],
    controls: Sequence[SourceControl],
    exposures: VisitBatch,
    settings: SourceSettings | None = None,
    seed: int = 0,
) -> list[PlaceHypothesis]:
    """Return every place where an independent case was, the most remarkable first.

    `exposures` are the visits of these persons in `exposure_span`. The same arguments give the same answer.
    """
    settings = settings or SourceSettings()
    matched = match_persons(cases, controls, settings)
    if not len(matched.person):
        return []
    margins = _margins(matched, exposures, settings)
    if not len(margins.places):
        return []
    return _Judgement(matched, margins, settings, seed).hypotheses()


def exposure_span(cases: Sequence[SourceCase], settings: SourceSettings | None = None) -> tuple[int, int] | None:
    """Return the half-open minutes from the first to the last window of the cases; None when none has a date."""
    settings = settings or SourceSettings()
    windows = [w for w in map(settings.incubation.window, cases) if w is not None]
    return (min(w[0] for w in windows), max(w[1] for w in windows)) if windows else None


def _margins(matched: MatchedPersons, visits: VisitBatch, settings: SourceSettings) -> _Margins:
    row, place, ignored = _exposed_pairs(matched, visits, settings)
    places = np.unique(place[matched.is_case[row]])
    kept = np.isin(place, places)
    row, place = row[kept], place[kept]
    where = np.zeros((len(matched.person), len(places)), np.bool_)
    where[row, np.searchsorted(places, place)] = True
    eligible = matched.screened_place[:, None] != places[None, :]
    where &= eligible
    strata = int(matched.stratum.max()) + 1
    member = (matched.stratum[None, :] == np.arange(strata)[:, None]).astype(np.float32)
    case = matched.is_case[:, None]

    def by_stratum(persons: NDArray[np.bool_]) -> NDArray[np.int64]:
        number: NDArray[np.int64] = np.rint(member @ persons.astype(np.float32)).astype(np.int64)
        return number

    return _Margins(
        places=places,
        where=where,
        exposed=by_stratum(where),
        cases=by_stratum(eligible & case),
        persons=by_stratum(eligible),
        exposed_cases=by_stratum(where & case),
        interviews_ignored=ignored,
    )


def _exposed_pairs(
    matched: MatchedPersons, visits: VisitBatch, settings: SourceSettings
) -> tuple[NDArray[np.intp], NDArray[np.int64], int]:
    """Return (row of a person, place) for everybody who was there long enough inside her window."""
    order = np.argsort(matched.person, kind="stable")
    sorted_persons = matched.person[order]
    person = visits.person.astype(np.int64)
    found = np.minimum(np.searchsorted(sorted_persons, person), len(order) - 1)
    known = sorted_persons[found] == person
    row = order[found]
    start = np.maximum(visits.start, matched.window_start[row])
    end = np.minimum(visits.end, matched.window_end[row])
    inside = known & (start < end)
    told = (visits.flags >> SOURCE_SHIFT) & SOURCE_MASK == INTERVIEW
    ignored = 0
    # cases are interviewed more closely than controls; what only cases were asked would make any place of theirs rare
    if not (inside & told & ~matched.is_case[row]).any():
        ignored = int((inside & told).sum())
        inside &= ~told
    row, place = row[inside], visits.place[inside].astype(np.int64)
    start, end = start[inside], end[inside]
    if settings.min_minutes > 1:
        row, place = _long_enough(row, place, start, end, settings.min_minutes)
    return row, place, ignored


def _long_enough(
    row: NDArray[np.intp], place: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], minutes: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the pairs whose visits together, counted once where they overlap, last at least so many minutes."""
    order = np.lexsort((start, place, row))
    row, place, start, end = row[order], place[order], start[order], end[order]
    if not len(row):
        return row, place
    first = np.ones(len(row), np.bool_)
    first[1:] = (row[1:] != row[:-1]) | (place[1:] != place[:-1])
    group = np.cumsum(first) - 1
    # a running maximum that begins anew in every group: lift each group above all ends before it
    lift = group * (int(end.max()) - int(start.min()) + 1)
    reached = np.maximum.accumulate(end + lift) - lift
    before = np.where(first, start, np.concatenate([start[:1], reached[:-1]]))
    total = np.bincount(group, np.maximum(end - np.maximum(start, before), 0))
    chosen = np.flatnonzero(first)[total >= minutes]
    return row[chosen], place[chosen]


class _Judgement:
    """All figures of one search; each attribute runs over places."""

    def __init__(self, matched: MatchedPersons, margins: _Margins, settings: SourceSettings, seed: int) -> None:
        self.matched, self.margins, self.settings = matched, margins, settings
        self.weights = exact.null_distribution(margins.exposed, margins.cases, margins.persons)
        self.seen = margins.exposed_cases.sum(axis=0)
        self.tails = exact.upper_tails(self.weights)
        self.p = self.tails[np.arange(len(self.seen)), self.seen]
        least, most = exact.support(self.weights)
        self.blocks = self._what_forbids_judging(least == most)
        self.judgeable = np.array([not b for b in self.blocks], np.bool_)
        self.tail = (1 - settings.confidence) / 2
        self.p_adjusted, self.level = self._adjust(seed)
        self.odds = exact.odds_ratio(self.weights, self.seen)
        self.low = exact.lower_bound(self.weights, self.seen, self.level)
        self.high = exact.upper_bound(self.weights, self.seen, self.level)
        self.alone_low = exact.lower_bound(self.weights, self.seen, self.tail)
        self.alone_high = exact.upper_bound(self.weights, self.seen, self.tail)
        self.range_low, self.range_high = self._leave_one_out()

    def _what_forbids_judging(self, silent: NDArray[np.bool_]) -> list[list[Reason]]:
        least = self.settings.min_exposed_cases
        alone = bool(self.matched.is_case.all())
        unmatched = not alone and not (self.matched.community_known or self.settings.judge_without_community)
        blocks: list[list[Reason]] = []
        for seen, nothing in zip(self.seen.tolist(), silent.tolist(), strict=True):
            found = [Reason("hypothesis.no_controls")] if alone else []
            if unmatched:
                found.append(Reason("hypothesis.no_community"))
            if seen < least:
                found.append(Reason("hypothesis.too_few", {"cases": seen, "needed": least}))
            if nothing and not alone:
                found.append(Reason("hypothesis.no_contrast"))
            blocks.append(found)
        return blocks

    def _adjust(self, seed: int) -> tuple[NDArray[np.float64], float]:
        """Adjust over every place that could be judged under some relabeling; too few cases there count as p = 1."""
        adjusted = np.ones(len(self.seen))
        family = self.margins.exposed.sum(axis=0) >= self.settings.min_exposed_cases
        if not family.any():
            return adjusted, self.tail
        labels, _ = chance.relabelings(
            self.matched.stratum, self.matched.is_case, at_most=self.settings.relabelings, seed=seed
        )
        # relabelings may give a place more eligible cases than it has: those counts are as rare as the largest
        p_by_count = np.zeros((int(family.sum()), int(self.matched.is_case.sum()) + 1))
        p_by_count[:, : self.tails.shape[1]] = self.tails[family]
        p_by_count[:, : self.settings.min_exposed_cases] = 1.0
        adjusted[family], smallest = chance.chance_of_any(
            labels, self.margins.where[:, family], p_by_count, self.seen[family]
        )
        return adjusted, min(self.tail, chance.level_for_all(smallest, self.settings.alpha))

    def _leave_one_out(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the range of the odds ratio over the omission of each eligible case, for the rarest places."""
        low, high = np.full(len(self.seen), np.nan), np.full(len(self.seen), np.nan)
        chosen = np.flatnonzero(self.judgeable)
        chosen = chosen[np.argsort(self.p[chosen], kind="stable")][: self.settings.leave_one_out_places]
        if not len(chosen):
            return low, high
        m = self.margins
        there, cases = m.exposed_cases[:, chosen], m.cases[:, chosen]
        # one row for each (stratum, was there or not, place) that has such a case: stratum and place by number
        stratum, place = np.nonzero(np.concatenate([there, cases - there]))
        was_there = (stratum < len(there)).astype(np.int64)
        stratum %= len(there)
        less = (np.arange(len(there))[:, None] == stratum).astype(np.int64)
        weights = exact.null_distribution(
            m.exposed[:, chosen][:, place] - less * was_there,
            cases[:, place] - less,
            m.persons[:, chosen][:, place] - less,
        )
        odds = exact.odds_ratio(weights, self.seen[chosen][place] - was_there)
        np.fmin.at(low, chosen[place], odds)
        np.fmax.at(high, chosen[place], odds)
        return low, high

    def hypotheses(self) -> list[PlaceHypothesis]:
        """Return the places in order: judgeable ones first, then the less likely by chance first."""
        order = sorted(
            range(len(self.seen)),
            key=lambda i: (
                not self.judgeable[i],
                self.seen[i] < self.settings.min_exposed_cases,
                self.p[i],
                -np.nan_to_num(self.odds[i]),
                -self.seen[i],
                self.margins.places[i],
            ),
        )
        return [self._place(i) for i in order]

    def _place(self, i: int) -> PlaceHypothesis:
        judgeable = bool(self.judgeable[i])
        significant = judgeable and bool(self.p_adjusted[i] <= self.settings.alpha)
        margins = self.margins
        cases, asked = int(self.seen[i]), int(margins.cases[:, i].sum())
        controls = int(margins.exposed[:, i].sum()) - cases
        controls_asked = int(margins.persons[:, i].sum()) - asked
        values = {"cases": cases, "cases_asked": asked, "controls": controls, "controls_asked": controls_asked}
        if not judgeable:
            unmatched = {"hypothesis.no_controls", "hypothesis.no_community"} & {r.code for r in self.blocks[i]}
            note = Reason("hypothesis.needs_controls" if unmatched else "hypothesis.not_judgeable", values)
        else:
            note = Reason("hypothesis.inspect" if significant else "hypothesis.not_beyond_chance", values)
        return PlaceHypothesis(
            place=int(margins.places[i]),
            **values,
            odds_ratio=_number(self.odds[i]),
            low=float(self.low[i]),
            high=float(self.high[i]),
            alone_low=float(self.alone_low[i]),
            alone_high=float(self.alone_high[i]),
            p=float(self.p[i]),
            p_adjusted=float(self.p_adjusted[i]) if judgeable else None,
            judgeable=judgeable,
            significant=significant,
            leave_one_out_low=_number(self.range_low[i]),
            leave_one_out_high=_number(self.range_high[i]),
            note=note,
            reasons=(*self.blocks[i], *self._remarks(i)),
        )

    def _remarks(self, i: int) -> list[Reason]:
        remarks = []
        screened = int((self.matched.screened_place[self.matched.is_case] == self.margins.places[i]).sum())
        if screened:
            remarks.append(Reason("hypothesis.screened_not_counted", {"cases": screened}))
        if self.matched.relaxed_cases:
            remarks.append(Reason("hypothesis.match_relaxed", {"cases": self.matched.relaxed_cases}))
        if self.margins.interviews_ignored:
            remarks.append(Reason("hypothesis.interviews_ignored", {"visits": self.margins.interviews_ignored}))
        return remarks


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
