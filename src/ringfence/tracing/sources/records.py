"""Who is asked where she was: cases and controls as plain values, and the settings of the search."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.vocabulary.moments import MINUTES_PER_DAY
from ringfence.vocabulary.refusals import Refused

SCREENING = "screening"
RESIDENT = "resident"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCase:
    """An infected person. Onset and first positive sample are half-open spans of minutes that hold the moment.

    `onset_start` .. `onset_end` already holds the doubt about the onset (a day known as 8 March ± 1 is three days).
    `screened_place` is the place whose screening found her. `matched_set` overrides all other matching.
    """

    person: int
    onset_start: int | None = None
    onset_end: int | None = None
    sample_start: int | None = None
    sample_end: int | None = None
    household: str | int | None = None
    community: str | int | None = None
    age: int | None = None
    found_by: str | None = None
    screened_place: int | None = None
    infector_known: bool = False
    matched_set: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceControl:
    """Somebody who tested negative, or a resident who is neither case nor contact."""

    person: int
    household: str | int | None = None
    community: str | int | None = None
    age: int | None = None
    found_by: str | None = RESIDENT
    screened_place: int | None = None
    matched_set: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncubationSettings:
    """How long before the onset, or before a first positive sample, an infection can lie. All in days.

    The defaults hold nearly all of the incubation of COVID-19 of 2020 (Lauer et al. 2020, doi:10.7326/M20-0504:
    95 % between 2.2 and 11.5 days) and the shorter one of later variants. Give your disease's own.
    """

    shortest_days: float = 1.0
    longest_days: float = 12.0
    earliest_positive_days: float = 1.0
    """From infection to the first day on which a sample can be positive; used when no onset is known."""
    longest_until_sample_days: float = 7.0
    """Added to the longest incubation when only a first positive sample is known: it may come late."""

    def __post_init__(self) -> None:
        if not 0 <= self.shortest_days < self.longest_days <= 400:
            raise Refused("hypothesis.bad_incubation", shortest=self.shortest_days, longest=self.longest_days)
        for name in ("earliest_positive_days", "longest_until_sample_days"):
            if not 0 <= getattr(self, name) <= 400:
                raise Refused("hypothesis.bad_setting", name=name, value=getattr(self, name))

    def window(self, case: SourceCase) -> tuple[int, int] | None:
        """Return the half-open minutes in which a case was infected, or None when no date is known.

        From the onset when there is one; else from the first positive sample, wider.
        """
        if case.onset_start is not None and case.onset_end is not None:
            start = case.onset_start - _minutes(self.longest_days)
            end = case.onset_end - _minutes(self.shortest_days)
            if case.sample_end is not None:  # nobody is infected after her positive sample
                end = min(end, case.sample_end)
            return (start, end) if start < end else None
        if case.sample_start is not None and case.sample_end is not None:
            start = case.sample_start - _minutes(self.longest_days + self.longest_until_sample_days)
            end = case.sample_end - _minutes(self.earliest_positive_days)
            return (start, end) if start < end else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """How the case-control search judges."""

    incubation: IncubationSettings = field(default_factory=IncubationSettings)
    age_bands: tuple[int, ...] = (7, 18, 40, 60, 75)
    """First years of the age bands after the youngest; cases and controls match within a band."""
    min_minutes: int = 1
    """Minutes at a place inside the window that count as having been there."""
    min_exposed_cases: int = 5
    """Below so many independent cases who were there, a place cannot be judged."""
    alpha: float = 0.02
    """Accepted chance that any place at all is called significant when there is no common one.

    It stands below the 5 % that may not be passed, because cases on unseen chains are less independent than the
    exchange of labels takes them to be."""
    confidence: float = 0.95
    """Coverage of the interval of a place named beforehand; the interval over all places is never narrower."""
    relabelings: int = 9_999
    """Random exchanges of case and control; all of them are gone through when there are no more than this."""
    leave_one_out_places: int = 50
    """How many of the judgeable places, the rarest first, get a leave-one-out range."""
    judge_without_community: bool = False
    """Judge although nobody's community is known; then neighbours look like guests of one place."""

    def __post_init__(self) -> None:
        if list(self.age_bands) != sorted(set(self.age_bands)):
            raise Refused("hypothesis.bad_setting", name="age_bands", value=self.age_bands)
        checks = {
            "min_minutes": self.min_minutes >= 1,
            "min_exposed_cases": self.min_exposed_cases >= 2,
            "alpha": 0 < self.alpha < 1,
            "leave_one_out_places": self.leave_one_out_places >= 0,
            "confidence": 0 < self.confidence < 1,
            "relabelings": 99 <= self.relabelings <= 1_000_000,
        }
        for name, good in checks.items():
            if not good:
                raise Refused("hypothesis.bad_setting", name=name, value=getattr(self, name))


def _minutes(days: float) -> int:
    return round(days * MINUTES_PER_DAY)
