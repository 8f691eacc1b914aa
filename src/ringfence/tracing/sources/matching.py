"""Choose who counts and who is compared with whom: independent cases, their controls, strata and windows."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.sources.records import (
    RESIDENT,
    SourceCase,
    SourceControl,
    SourceSettings,
)
from ringfence.vocabulary.reasons import Reason

NO_PLACE = -1


@dataclass(frozen=True, slots=True)
class MatchedPersons:
    """Everybody who is compared, a row each; strata are numbered from 0.

    A control is asked about the window of a case of its stratum, so that both are asked about the same days.
    `left_out` tells for each person not used why not.
    """

    person: NDArray[np.int64]
    is_case: NDArray[np.bool_]
    stratum: NDArray[np.int64]
    window_start: NDArray[np.int64]
    window_end: NDArray[np.int64]
    screened_place: NDArray[np.int64]
    left_out: tuple[tuple[int, Reason], ...]
    relaxed_cases: int
    community_known: bool


@dataclass(slots=True, eq=False)
class _Group:
    cases: list[SourceCase]
    controls: list[SourceControl]
    relaxed: bool = False


def match_persons(
    cases: Sequence[SourceCase], controls: Sequence[SourceControl], settings: SourceSettings
) -> MatchedPersons:
    """Return the independent cases and their controls, in strata of community, age band and how found.

    Where a stratum of cases has no control, how found is given up first, then the age band; never the community.
    When no case can be compared with anybody, all cases stay, without controls. Where no control's community is
    known, all are compared across the whole city, which is told and not judged.
    """
    left_out: list[tuple[int, Reason]] = []
    kept_cases = independent_cases(cases, settings, left_out)
    kept_controls = _usable_controls(cases, controls, left_out)
    if kept_controls and all(c.community is None and c.matched_set is None for c in kept_controls):
        kept_cases = [replace(c, community=None, matched_set=None) for c in kept_cases]
    else:
        kept_cases = _of_known_community(kept_cases, settings, left_out)
    groups = _groups(kept_cases, kept_controls, settings)
    used = [g for g in groups if g.cases and g.controls] or [g for g in groups if g.cases]
    for group in groups:
        if group not in used:
            alone = [*(c.person for c in group.cases), *(c.person for c in group.controls)]
            left_out += [(person, Reason("hypothesis.left_out.no_match")) for person in alone]
    return _rows(used, settings, tuple(left_out))


def independent_cases(
    cases: Sequence[SourceCase], settings: SourceSettings, left_out: list[tuple[int, Reason]]
) -> list[SourceCase]:
    """Return dated cases without a known infector, one per household (the earliest); tell the others in `left_out`."""
    dated: list[tuple[int, int, SourceCase]] = []
    for case in {c.person: c for c in reversed(cases)}.values():
        window = settings.incubation.window(case)
        if case.infector_known:
            left_out.append((case.person, Reason("hypothesis.left_out.infector_known")))
        elif window is None:
            left_out.append((case.person, Reason("hypothesis.left_out.no_date")))
        else:
            dated.append((window[1], case.person, case))
    kept: list[SourceCase] = []
    households: set[Hashable] = set()
    for _, _, case in sorted(dated, key=lambda d: d[:2]):
        if case.household is not None and case.household in households:
            left_out.append((case.person, Reason("hypothesis.left_out.same_household")))
            continue
        households.add(case.household)
        kept.append(case)
    return kept


def _of_known_community(
    cases: list[SourceCase], settings: SourceSettings, left_out: list[tuple[int, Reason]]
) -> list[SourceCase]:
    """Return the cases that can be matched when some can: the others would be compared across the whole city."""
    known = [c for c in cases if c.community is not None or c.matched_set is not None]
    if not known or settings.judge_without_community:
        return cases
    strangers = {c.person for c in cases} - {c.person for c in known}
    left_out += [(person, Reason("hypothesis.left_out.no_community")) for person in sorted(strangers)]
    return known


def _usable_controls(
    cases: Sequence[SourceCase], controls: Sequence[SourceControl], left_out: list[tuple[int, Reason]]
) -> list[SourceControl]:
    infected = {c.person for c in cases}
    households: set[Hashable] = {c.household for c in cases if c.household is not None}
    kept = []
    for control in sorted({c.person: c for c in controls}.values(), key=lambda c: c.person):
        if control.person in infected:
            left_out.append((control.person, Reason("hypothesis.left_out.control_is_case")))
        elif control.household is not None and control.household in households:
            left_out.append((control.person, Reason("hypothesis.left_out.same_household")))
        else:
            kept.append(control)
            if control.household is not None:
                households.add(control.household)
    return kept


def match_key(person: SourceCase | SourceControl, settings: SourceSettings) -> tuple[Hashable, ...]:
    """Return what must be equal, the first to be kept longest: community, age band, how found; or the given set."""
    if person.matched_set is not None:
        return (("set", person.matched_set), None, None)
    band = None if person.age is None else bisect_right(settings.age_bands, person.age)
    return (("community", person.community), band, (person.found_by, person.screened_place))


def _groups(cases: Iterable[SourceCase], controls: Iterable[SourceControl], settings: SourceSettings) -> list[_Group]:
    groups: dict[tuple[Hashable, ...], _Group] = defaultdict(lambda: _Group([], []))
    for case in cases:
        groups[match_key(case, settings)].cases.append(case)
    for control in controls:
        groups[match_key(control, settings)].controls.append(control)
    for kept in (2, 1):
        lonely = {key[:kept] for key, group in groups.items() if group.cases and not group.controls}
        merged: dict[tuple[Hashable, ...], _Group] = {}
        for key, group in groups.items():
            into = merged.setdefault(key[:kept] if key[:kept] in lonely else key, _Group([], []))
            into.cases += group.cases
            into.controls += group.controls
            into.relaxed |= group.relaxed or key[:kept] in lonely
        groups = defaultdict(lambda: _Group([], []), merged)
    return list(groups.values())


def _rows(groups: list[_Group], settings: SourceSettings, left_out: tuple[tuple[int, Reason], ...]) -> MatchedPersons:
    rows: list[tuple[int, bool, int, int, int, int]] = []
    known = False
    for number, group in enumerate(groups):
        dated = sorted(
            ((settings.incubation.window(c) or (0, 0), c) for c in group.cases), key=lambda d: (d[0], d[1].person)
        )
        for (start, end), case in dated:
            rows.append((case.person, True, number, start, end, _place(case)))
            known |= case.community is not None or case.matched_set is not None
        for turn, control in enumerate(sorted(group.controls, key=lambda c: c.person)):
            start, end = dated[turn % len(dated)][0]
            rows.append((control.person, False, number, start, end, _place(control)))
    table = np.array(rows, np.int64).reshape(-1, 6)
    return MatchedPersons(
        person=table[:, 0],
        is_case=table[:, 1].astype(np.bool_),
        stratum=table[:, 2],
        window_start=table[:, 3],
        window_end=table[:, 4],
        screened_place=table[:, 5],
        left_out=left_out,
        relaxed_cases=sum(len(g.cases) for g in groups if g.relaxed and not _only_residents(g)),
        community_known=known,
    )


def _only_residents(group: _Group) -> bool:
    """Residents were not found by anything: giving up how found for them is the design, not a weakness."""
    return all(c.found_by in (RESIDENT, None) for c in group.controls)


def _place(person: SourceCase | SourceControl) -> int:
    return NO_PLACE if person.screened_place is None else person.screened_place


def draw_resident_controls(
    *,
    cases: Sequence[SourceCase],
    persons: NDArray[np.int64] | NDArray[np.uint32],
    excluded: Iterable[int] = (),
    community: NDArray[np.generic] | None = None,
    age: NDArray[np.int64] | None = None,
    household: NDArray[np.generic] | None = None,
    per_case: int = 4,
    seed: int = 0,
    settings: SourceSettings | None = None,
) -> list[SourceControl]:
    """Return up to `per_case` residents for each independent case, of her community and age band, nobody twice.

    The columns run beside `persons`; age is −1 where unknown. `excluded` are contacts and others who may be infected;
    cases are left out anyway. Without communities the draw is from everybody, and the search will not judge by it.
    """
    settings = settings or SourceSettings()
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(persons))
    free = ~np.isin(persons, [*excluded, *(c.person for c in cases)])
    if household is not None:
        free &= ~np.isin(household, [c.household for c in cases if c.household is not None])
    bands = None if age is None else np.where(age < 0, -1, np.searchsorted(settings.age_bands, age, side="right"))
    drawn: list[SourceControl] = []
    for case in independent_cases(cases, settings, []):
        fits = free if community is None else free & (community == case.community)
        if bands is not None and case.age is not None:
            fits = fits & (bands == bisect_right(settings.age_bands, case.age))
        taken = 0
        for row in order[fits[order]]:
            if taken == per_case:
                break
            if not free[row]:
                continue
            free[row] = False
            if household is not None:
                free[household == household[row]] = False
            taken += 1
            drawn.append(
                SourceControl(
                    person=int(persons[row]),
                    household=None if household is None else household[row].item(),
                    community=None if community is None else community[row].item(),
                    age=None if age is None or age[row] < 0 else int(age[row]),
                )
            )
    return sorted(drawn, key=lambda c: c.person)
