"""What the searches over encounters mean, in plain sets of seconds: short, slow, surely right.

Times are seconds since 1970 here; a record is (person, person, start, end, distance or None), half-open.
"""

from __future__ import annotations

from collections.abc import Iterable

Record = tuple[int, int, int, int, float | None]


def counts(record: Record, max_distance_m: float | None, unknown_counts: bool) -> bool:
    """Return whether a record is near enough."""
    distance = record[4]
    return unknown_counts if distance is None else max_distance_m is None or distance <= max_distance_m


def together(records: Iterable[Record]) -> dict[tuple[int, int], set[int]]:
    """Return the seconds of each ordered pair of persons, both ways."""
    seconds: dict[tuple[int, int], set[int]] = {}
    for one, two, start, end, _ in records:
        for pair in ((one, two), (two, one)):
            seconds.setdefault(pair, set()).update(range(start, end))
    return seconds


def runs(seconds: set[int], gap: int) -> int:
    """Return the number of runs, where up to `gap` empty seconds do not end a run."""
    ordered = sorted(seconds)
    return sum(1 for i, s in enumerate(ordered) if i == 0 or s - ordered[i - 1] - 1 > gap)


def met(
    records: Iterable[Record], seeds: set[int], start: int, end: int, *, gap: int = 60, min_seconds: int = 0
) -> dict[int, tuple[int, int, int, int]]:
    """Return by person met: seconds, encounters, first second, end of the last."""
    by_person: dict[int, set[int]] = {}
    for (one, two), seconds in together(records).items():
        if one in seeds and two not in seeds:
            by_person.setdefault(two, set()).update(s for s in seconds if start <= s < end)
    return {
        person: (len(s), runs(s, gap), min(s), max(s) + 1)
        for person, s in by_person.items()
        if s and len(s) >= min_seconds
    }


def second_hop(
    records: Iterable[Record], seeds: set[int], first_met: dict[int, int], end: int, *, gap: int = 60
) -> dict[int, tuple[int, int, int, int, int]]:
    """Return by contact of a contact: person-seconds, encounters, contacts, first second, end of the last."""
    found: dict[int, list[set[int]]] = {}
    for (via, other), seconds in together(records).items():
        if via in first_met and other not in seeds and other not in first_met:
            exposed = {s for s in seconds if first_met[via] <= s < end}
            if exposed:
                found.setdefault(other, []).append(exposed)
    return {
        person: (sum(map(len, s)), sum(runs(x, gap) for x in s), len(s), min(map(min, s)), max(map(max, s)) + 1)
        for person, s in found.items()
    }
