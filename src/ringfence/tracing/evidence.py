"""Evidence of several kinds about the same persons, one row a person, each kind kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ringfence.tracing.encounters import Met
from ringfence.tracing.named import UNKNOWN, Named

Kind = Literal["visit", "encounter", "named"]
VISIT, ENCOUNTER, NAMED = 1, 2, 4


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """What one kind of evidence says: columns sorted by person, in minutes.

    `minutes` is -1 and `first`, `last` are `UNKNOWN` where that kind cannot say. `nearest_m` is NaN if not measured.
    """

    kind: Kind
    person: NDArray[np.uint32]
    minutes: NDArray[np.int64]
    encounters: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    nearest_m: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.person)

    @classmethod
    def of(
        cls,
        kind: Kind,
        *,
        person: ArrayLike,
        minutes: ArrayLike,
        encounters: ArrayLike,
        first: ArrayLike,
        last: ArrayLike,
        nearest_m: ArrayLike | None = None,
    ) -> PersonEvidence:
        """Return evidence from columns in any order; each person once."""
        persons = np.asarray(person, np.uint32)
        order = np.argsort(persons, kind="stable")
        if len(np.unique(persons)) != len(persons):
            raise ValueError("PersonEvidence holds one row for each person.")
        nearest = np.full(len(persons), np.nan) if nearest_m is None else nearest_m
        return cls(
            kind,
            persons[order],
            np.asarray(minutes, np.int64)[order],
            np.asarray(encounters, np.int64)[order],
            np.asarray(first, np.int64)[order],
            np.asarray(last, np.int64)[order],
            np.asarray(nearest, np.float32)[order],
        )

    @classmethod
    def of_encounters(cls, met: Met) -> PersonEvidence:
        """Return the evidence of a search over encounters."""
        return cls.of(
            "encounter",
            person=met.person,
            minutes=met.minutes,
            encounters=met.encounters,
            first=met.first,
            last=met.last,
            nearest_m=met.nearest_m,
        )

    @classmethod
    def of_named(cls, named: Named) -> PersonEvidence:
        """Return the evidence of a search over named contacts; each row that names the person is one encounter."""
        rows = [len(rows) for rows in named.rows]
        return cls.of(
            "named",
            person=named.person,
            minutes=named.minutes,
            encounters=rows,
            first=named.first,
            last=named.last,
        )


@dataclass(frozen=True, slots=True)
class MergedContacts:
    """One row a person, sorted by person, with what each kind of evidence says beside the whole.

    `minutes` and `encounters` are the largest of any kind, never a sum: a badge and a register may tell of the same
    hour. Where no kind tells minutes they are 0. `first` and `last` are the widest bounds told, or `UNKNOWN`.
    `kinds` has a bit for each kind that knows the person (1 visit, 2 encounter, 4 named).
    """

    person: NDArray[np.uint32]
    minutes: NDArray[np.int64]
    visit_minutes: NDArray[np.int64]
    encounter_minutes: NDArray[np.int64]
    named_minutes: NDArray[np.int64]
    encounters: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    nearest_m: NDArray[np.float32]
    kinds: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.person)


def merge_contacts(
    by_visit: PersonEvidence | None = None,
    by_encounter: PersonEvidence | None = None,
    by_named: PersonEvidence | None = None,
) -> MergedContacts:
    """Return one row for each person that any kind of evidence knows."""
    given = [(bit, e) for bit, e in ((VISIT, by_visit), (ENCOUNTER, by_encounter), (NAMED, by_named)) if e is not None]
    persons = np.unique(np.concatenate([np.empty(0, np.uint32), *(e.person for _, e in given)]))
    size = len(persons)
    minutes = {bit: np.full(size, -1, np.int64) for bit in (VISIT, ENCOUNTER, NAMED)}
    encounters = np.zeros(size, np.int64)
    far = np.iinfo(np.int64).max
    first, last = np.full(size, far, np.int64), np.full(size, UNKNOWN, np.int64)
    nearest, kinds = np.full(size, np.nan, np.float32), np.zeros(size, np.uint8)
    for bit, evidence in given:
        at = np.searchsorted(persons, evidence.person)
        kinds[at] |= bit
        minutes[bit][at] = evidence.minutes
        encounters[at] = np.maximum(encounters[at], evidence.encounters)
        first[at] = np.minimum(first[at], np.where(evidence.first == UNKNOWN, far, evidence.first))
        last[at] = np.maximum(last[at], evidence.last)
        nearest[at] = np.fmin(nearest[at], evidence.nearest_m)
    return MergedContacts(
        persons,
        np.maximum(0, np.max(list(minutes.values()), axis=0)),
        minutes[VISIT],
        minutes[ENCOUNTER],
        minutes[NAMED],
        encounters,
        np.where(first == far, UNKNOWN, first),
        last,
        nearest,
        kinds,
    )
