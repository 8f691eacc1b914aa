"""Which kind of day a person has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city import people as who

OFFICE_WEEK, SIX_DAY_WEEK, SHIFTS, YOUNG, LEARNS, SENIOR, AT_HOME_ALL_DAY, SMALL, IN_CARE = range(9)
"""From `YOUNG` to `SENIOR` they learn; from `AT_HOME_ALL_DAY` on they neither learn nor work."""

_BY_OCCUPATION = {
    who.SMALL_CHILD: SMALL,
    who.KINDERGARTEN_CHILD: YOUNG,
    who.PUPIL: LEARNS,
    who.STUDENT: SENIOR,
    who.GARMENT_WORKER: SIX_DAY_WEEK,
    who.FACTORY_WORKER: SIX_DAY_WEEK,
    who.OFFICE_WORKER: OFFICE_WEEK,
    who.FARMER: SIX_DAY_WEEK,
    who.SELLER: SHIFTS,
    who.RESTAURANT_WORKER: SHIFTS,
    who.TEACHER: OFFICE_WEEK,
    who.HEALTH_WORKER: SHIFTS,
    who.CARE_WORKER: SHIFTS,
    who.RETIRED: AT_HOME_ALL_DAY,
    who.AT_HOME: AT_HOME_ALL_DAY,
    who.CARE_HOME_RESIDENT: IN_CARE,
}


def patterns(occupation: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pattern of each person's days."""
    table = np.array([_BY_OCCUPATION[o] for o in range(len(who.OCCUPATIONS))], np.uint8)
    found: NDArray[np.uint8] = table[occupation]
    return found
