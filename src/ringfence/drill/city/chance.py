"""Chance without an order: every draw is a hash of (seed, purpose, who, slot), so threads cannot change it.

The hash is the drill's own (`drill.chance`), here compiled into kernels, for a city takes billions of draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.chance import GAMMA as _GOLDEN
from ringfence.drill.chance import mixed
from ringfence.tracing.jit import kernel

HOUSEHOLD, PERSON, WORKER, VENUE, FIRM, AREA, PLACE, TRAVEL, TRAIN, DAY, LEAVING = np.arange(1, 12)
"""Purposes: draws for different purposes have nothing to do with each other.

They are numbers of numpy, for the compiler would make a kernel anew for each plain number that is written out.
"""
Stream = NDArray[np.uint64]
"""One number: the state of a stream of draws, which begins with a key."""

_STEP = np.uint64(0xD1342543DE82EF95)


mix = kernel(mixed)
"""Returns a word whose every bit depends on every bit of the given one."""


@kernel
def key_of(seed: int, purpose: int, who: int) -> np.uint64:
    """Return the key of one person, household or place for one purpose."""
    return mix(mix(np.uint64(seed) + np.uint64(purpose) * _GOLDEN) + np.uint64(who) * _STEP)


@kernel
def key_of_day(seed: int, purpose: int, who: int, day: int) -> np.uint64:
    """Return the key of one person or train on a day for one purpose."""
    return mix(key_of(seed, purpose, who) + np.uint64(day + 1) * _STEP)


@kernel
def bits(key: np.uint64, slot: int) -> np.uint64:
    """Return 64 bits of a key's slot."""
    return mix(key + np.uint64(slot + 1) * _GOLDEN)


@kernel
def unit(key: np.uint64, slot: int) -> float:
    """Return a number in (0, 1) of a key's slot."""
    return (np.float64(bits(key, slot) >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@kernel
def draw(stream: Stream) -> float:
    """Return the next number in (0, 1) of a stream."""
    stream[0] += _GOLDEN
    return (np.float64(mix(stream[0]) >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@kernel
def units(seed: int, purpose: int, first: int, count: int, slot: int) -> NDArray[np.float64]:
    """Return one number in (0, 1) for each of `count` who follow each other."""
    out = np.empty(count)
    for i in range(count):
        out[i] = unit(key_of(seed, purpose, first + i), slot)
    return out
