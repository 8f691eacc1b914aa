"""Chance that does not depend on order: a number from a seed, a purpose and what it is about.

The same person, visit or tube draws the same number whatever else is drawn, so that two runs that differ in one rate
differ only where the rate matters (common random numbers). One hash serves the whole drill: `uniform` for columns,
and `city.chance`, which compiles `mixed` into the kernels that make a city.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


def mixed(state: Any) -> Any:
    """Return SplitMix64's output function (Steele, Lea, Flood 2014) of a 64-bit word or of a column of them."""
    state = (state ^ (state >> _S30)) * _FIRST
    state = (state ^ (state >> _S27)) * _SECOND
    return state ^ (state >> _S31)


def uniform(seed: int, purpose: str, *about: ArrayLike) -> NDArray[np.float64]:
    """Return one number in [0, 1) for each row of the columns, which broadcast against each other."""
    state: Any = np.full(np.broadcast_shapes(*(np.shape(c) for c in about)), np.uint64(seed & (2**64 - 1)))
    with np.errstate(over="ignore"):
        for column in (zlib.crc32(purpose.encode()), *about):
            state = mixed(state + GAMMA + np.asarray(column).astype(np.int64).view(np.uint64))
    return np.asarray((state >> np.uint64(11)).astype(np.float64) * 2.0**-53)
