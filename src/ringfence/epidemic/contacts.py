"""Whom a person meets on a day: computed from a hash (`hashed`), or read from the visits of a city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.hashed import HashedCity, colleague_at, guest_at, hashed_meetings
from ringfence.epidemic.jit import kernel
from ringfence.epidemic.meetings import DAY, NO_PLACE, Meetings, Source, Visited, room_for

__all__ = ["DAY", "NO_PLACE", "HashedCity", "Meetings", "Source", "VisitedCity", "meetings_of", "other_of", "room_for"]


@kernel
def other_of(source: Source, code: int, day: int) -> int:
    """Return the other person of a meeting, or -1 if she was not there after all."""
    what, position = code >> 40, code & ((1 << 40) - 1)
    if what == 0:
        return code
    if what == 1:
        return colleague_at(source.hashed, position)
    return guest_at(source.hashed, position, day, what - 2)


@kernel
def meetings_of(source: Source, person: int, day: int, room: Meetings) -> int:
    """Write the meetings of a person on a day, moments in minutes of that day, and return how many."""
    if source.days == 0:
        return hashed_meetings(source.hashed, person, day, room)
    return _visited(source.visited, source.days, person, day % source.days, room)


@kernel
def _visited(source: Visited, days: int, person: int, day: int, room: Meetings) -> int:
    """Write whom a person met by the visits of a day, and return how many meetings that were."""
    n, most = 0, room.code.shape[0]
    row = person * days + day
    for index in range(source.first[row], source.first[row + 1]):
        mine = source.order[index]
        place, start, end = source.place[mine], source.start[mine], source.end[mine]
        begin, crowd = n, 1
        low = mine
        while low > 0 and source.place[low - 1] == place and source.start[low - 1] + source.longest[mine] > start:
            low -= 1
        while low < source.place.shape[0] and source.place[low] == place and source.start[low] < end:
            since, until = max(start, source.start[low]), min(end, source.end[low])
            if until > since and source.person[low] != person and n < most:
                room.code[n] = source.person[low]
                room.at[n] = since - day * 1440 + (until - since) // 2
                room.minutes[n] = until - since
                room.kind[n], room.place[n] = source.kind[mine], place
                crowd += 1
                n += 1
            low += 1
        for met in range(begin, n):
            room.crowd[met] = crowd
    return n


@dataclass(frozen=True)
class VisitedCity:
    """A city whose visits are given: minutes from the beginning of its first local day, in any order.

    The days repeat when an outbreak lasts longer than they do. Memory is about 37 bytes a visit.
    """

    people: int
    days: int
    place: NDArray[np.uint32]
    person: NDArray[np.uint32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    """By place number, as in `PlaceKind`."""

    def source(self) -> Source:
        """Return the visits cut at midnight, by day, place and start, with an index by person."""
        place, person, start, end = _cut_by_day(self.place, self.person, self.start, self.end, self.days)
        day = start // DAY
        # One key for day and place: rows of one place on one day stand together, and never mix with another day's.
        order = np.lexsort((start, place, day))
        place, person, start, end, day = place[order], person[order], start[order], end[order], day[order]
        row = person.astype(np.int64) * self.days + day
        by_person = np.argsort(row, kind="stable").astype(np.int64)
        first = np.zeros(self.people * self.days + 1, np.int64)
        np.cumsum(np.bincount(row, minlength=self.people * self.days), out=first[1:])
        visited = Visited(
            place, person, start, end, self.kinds[place], by_person, first, _longest(place, day, end - start)
        )
        return Source(self.people, self.days, HashedCity(2).source().hashed, visited)


def _cut_by_day(
    place: NDArray[np.uint32], person: NDArray[np.uint32], start: NDArray[np.int32], end: NDArray[np.int32], days: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32], NDArray[np.int32]]:
    """Return visits cut at each midnight; what lies outside the days is left out."""
    pieces = []
    spans = int((end - 1).max(initial=0) // DAY - start.min(initial=0) // DAY + 1)
    for later in range(max(1, spans)):
        midnight = (start // DAY + later) * DAY
        since = np.maximum(start, midnight).astype(np.int32)
        until = np.minimum(end, midnight + DAY).astype(np.int32)
        here = (until > since) & (since >= 0) & (until <= days * DAY)
        if later and not here.any():
            break
        pieces.append((place[here], person[here], since[here], until[here]))
    columns = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]


def _longest(place: NDArray[np.uint32], day: NDArray[np.int32], minutes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return for each visit the length of the longest one at its place on its day: how far back to look."""
    if len(place) == 0:
        return np.zeros(0, np.int32)
    begins = np.flatnonzero(np.r_[True, (place[1:] != place[:-1]) | (day[1:] != day[:-1])])
    return np.repeat(np.maximum.reduceat(minutes, begins), np.diff(np.r_[begins, len(place)])).astype(np.int32)
