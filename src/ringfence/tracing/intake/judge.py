"""Whether a row is a visit: every rule that a row can break, in one pass of machine code over a block."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.intake.blocks import Block
from ringfence.tracing.jit import kernel
from ringfence.tracing.keys.idtable import signed, trim
from ringfence.tracing.texts import Texts
from ringfence.tracing.visits.batch import IMPUTED, UNCERTAIN


class Rule(IntEnum):
    """What can be wrong with a row; the first that is found is told. The sentence stands under `code`."""

    GOOD = 0
    TOO_FEW = 1  # 1 to 3: as in scan.Shape
    TOO_MANY = 2
    BAD_QUOTE = 3
    BAD_TEXT = 4
    PERSON_EMPTY = 5
    PLACE_EMPTY = 6
    TIME_EMPTY = 11  # 10 + times.Reading
    NO_ZONE = 12
    DATE_ONLY = 13
    UNREADABLE = 14
    NO_SUCH_DAY = 15
    NO_SUCH_CLOCK = 16
    SKIPPED = 17
    BEFORE_1970 = 20
    TOO_LATE = 21
    END_BEFORE_START = 22
    TOO_LONG = 23

    @property
    def code(self) -> str:
        """Return the code under which the sentence is found."""
        return f"intake.{self.name.lower()}"


FIELDS_AT_FAULT = ("", "person", "place", "start", "end")
_PERSON, _PLACE, _START, _END = 1, 2, 3, 4
_MOMENT, _EMPTY = 0, 1
_NEVER = 2**62


@kernel
def _ceil_minute(seconds: int, fraction: bool) -> int:
    return -((-seconds) // 60) if not fraction else seconds // 60 + 1


@kernel
def _judge_row(  # noqa: PLR0911
    start_seconds: int,
    start_reading: int,
    start_until: int,
    end_seconds: int,
    end_fraction: bool,
    end_reading: int,
    end_until: int,
    longest: int,
    latest: int,
) -> tuple[int, int, int, int, int]:
    """Return (start, end or −1 where dwell must fill it, flags, rule, field at fault)."""
    if start_reading != _MOMENT:
        return -1, -1, 0, 10 + start_reading, 3
    start = start_seconds // 60
    if start < 0:
        return start, -1, 0, 20, 3
    if start > latest:
        return start, -1, 0, 21, 3
    if end_reading == _EMPTY:
        if start_until < 0:
            return start, -1, IMPUTED, 0, 0
        return start, max(start + 1, _ceil_minute(start_until, False)), IMPUTED, 0, 0
    if end_reading != _MOMENT:
        return start, -1, 0, 10 + end_reading, 4
    last = end_until if end_until >= 0 else end_seconds
    if last < start_seconds:
        return start, -1, 0, 22, 4
    end = max(start + 1, _ceil_minute(last, end_fraction))
    if end - start > longest:
        return start, -1, 0, 23, 4
    return start, end, 0, 0, 0


@kernel
def _judge(
    person_data: NDArray[np.uint8],
    person_starts: NDArray[np.int64],
    person_stops: NDArray[np.int64],
    place_data: NDArray[np.uint8],
    place_starts: NDArray[np.int64],
    place_stops: NDArray[np.int64],
    shapes: NDArray[np.uint8],
    damaged: NDArray[np.bool_],
    start_seconds: NDArray[np.int64],
    start_readings: NDArray[np.uint8],
    start_uncertain: NDArray[np.bool_],
    start_until: NDArray[np.int64],
    end_seconds: NDArray[np.int64],
    end_fractions: NDArray[np.bool_],
    end_readings: NDArray[np.uint8],
    end_uncertain: NDArray[np.bool_],
    end_until: NDArray[np.int64],
    longest: int,
    latest: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint8]]:
    rows = len(shapes)
    start = np.empty(rows, np.int64)
    end = np.empty(rows, np.int64)
    flags = np.zeros(rows, np.uint16)
    rule = np.zeros(rows, np.uint8)
    fault = np.zeros(rows, np.uint8)
    for row in range(rows):
        start[row], end[row], flag, broken, field = _judge_row(
            int(start_seconds[row]),
            signed(start_readings[row]),
            int(start_until[row]),
            int(end_seconds[row]),
            end_fractions[row],
            signed(end_readings[row]),
            int(end_until[row]),
            longest,
            latest,
        )
        if start_uncertain[row] or end_uncertain[row]:
            flag |= UNCERTAIN
        person_start, person_stop = trim(person_data, person_starts[row], person_stops[row])
        place_start, place_stop = trim(place_data, place_starts[row], place_stops[row])
        if shapes[row] != 0:
            broken, field = signed(shapes[row]), 0
        elif damaged[row]:
            broken, field = 4, 0
        elif person_start == person_stop:
            broken, field = 5, _PERSON
        elif place_start == place_stop:
            broken, field = 6, _PLACE
        flags[row] = flag
        rule[row] = broken
        fault[row] = field
    return start, end, flags, rule, fault


def judge(
    person: Texts, place: Texts, block: Block, longest_minutes: int, latest_minute: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return start and end in minutes (end −1 where it is missing), flags, the rule broken, the field at fault."""
    return _judge(
        person.data,
        person.starts,
        person.stops,
        place.data,
        place.starts,
        place.stops,
        block.shapes,
        block.damaged,
        block.start.seconds,
        block.start.readings,
        block.start.uncertain,
        block.start.until,
        block.end.seconds,
        block.end.fractions,
        block.end.readings,
        block.end.uncertain,
        block.end.until,
        longest_minutes,
        _NEVER if latest_minute is None else latest_minute,
    )
