"""Random numbers without a state: each is a hash of what it is drawn for, so that two policies share their chance.

The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195). The
permutation of persons is a Feistel network over the next power of two that walks on until it is back among them
(Black and Rogaway 2002, doi:10.1007/3-540-45760-7_9): who stands where is computed, in both directions, never stored.
"""

from __future__ import annotations

import numpy as np

from ringfence.epidemic.jit import kernel, small

_C1, _C2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_K0, _K1, _K2, _K3 = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xD1B54A32D192ED03),
    np.uint64(0xAEF17502108EF2D9),
    np.uint64(0xF1357AEA2E62A9C5),
)
_S27, _S30, _S31, _S32, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32), np.uint64(11)
_UNIT, _HALF_UNIT = 1.0 / 9007199254740992.0, 1.0 / 4294967296.0
_LOW = np.uint64(0xFFFFFFFF)

# What a draw is for. A number of the same purpose, persons and day is the same under every policy.
IMMUNE, INCUBATION, INFECTIOUSNESS, SYMPTOMS, REPORT, DELAY, TRANSMIT, TRACED, TRACING_DELAY, ADHERE = range(10)
REDUCED, LEAK, SCREENED, TUBE, SEED, HOME, WORK, WORKS, MEETS, MOMENT, SOCIAL, JOINS, GATHER = range(10, 23)


@small
def mixed(x: int) -> int:
    """Return a word in which every bit depends on every bit of the given one."""
    z = np.uint64(x)
    z = (z ^ (z >> _S30)) * _C1
    z = (z ^ (z >> _S27)) * _C2
    return z ^ (z >> _S31)


@small
def word(key: int, purpose: int, a: int, b: int, c: int) -> int:
    """Return the 64 random bits of a purpose for up to three numbers."""
    return mixed(
        np.uint64(key) + np.uint64(purpose + 1) * _K0 + np.uint64(a) * _K1 + np.uint64(b) * _K2 + np.uint64(c) * _K3
    )


@small
def uniform(key: int, purpose: int, a: int, b: int, c: int) -> float:
    """Return a number in [0, 1) for a purpose and up to three numbers."""
    return np.float64(word(key, purpose, a, b, c) >> _S11) * _UNIT


@kernel
def key_of(seed: int, stream: int) -> int:
    """Return the key of one stream of draws under a seed."""
    return mixed(mixed(np.uint64(seed) + _K0) + np.uint64(stream) * _K1)


@small
def high_below(bits: int, n: int) -> int:
    """Return a number in [0, n) from the upper half of 64 random bits; n below 2³²."""
    return np.int64(((bits >> _S32) * np.uint64(n)) >> _S32)


@small
def low_below(bits: int, n: int) -> int:
    """Return a number in [0, n) from the lower half of 64 random bits; n below 2³²."""
    return np.int64(((bits & _LOW) * np.uint64(n)) >> _S32)


@small
def high_share(bits: int) -> float:
    """Return the upper half of 64 random bits as a number in [0, 1)."""
    return np.float64(bits >> _S32) * _HALF_UNIT


@small
def low_share(bits: int) -> float:
    """Return the lower half of 64 random bits as a number in [0, 1)."""
    return np.float64(bits & _LOW) * _HALF_UNIT


@small
def _turned(half: int, key: int) -> int:
    """Return the round function of the shuffle."""
    f = (half + key) * _C1
    return ((f ^ (f >> _S32)) * _C2) >> _S32


@kernel
def position_of(person: int, people: int, bits: int, key: int) -> int:
    """Return where a person stands in the secret order of a key."""
    low_bits, k = np.uint64(bits // 2), np.uint64(key)
    low = (np.uint64(1) << low_bits) - np.uint64(1)
    high = (np.uint64(1) << np.uint64(bits - bits // 2)) - np.uint64(1)
    x = np.uint64(person)
    while True:
        right, left = x & low, x >> low_bits
        left = (left ^ _turned(right, k)) & high
        right = (right ^ _turned(left, k + _K1)) & low
        left = (left ^ _turned(right, k + _K2)) & high
        right = (right ^ _turned(left, k + _K3)) & low
        x = (left << low_bits) | right
        if x < np.uint64(people):
            return np.int64(x)


@kernel
def person_at(position: int, people: int, bits: int, key: int) -> int:
    """Return who stands at a position of the secret order of a key."""
    low_bits, k = np.uint64(bits // 2), np.uint64(key)
    low = (np.uint64(1) << low_bits) - np.uint64(1)
    high = (np.uint64(1) << np.uint64(bits - bits // 2)) - np.uint64(1)
    x = np.uint64(position)
    while True:
        right, left = x & low, x >> low_bits
        right = (right ^ _turned(left, k + _K3)) & low
        left = (left ^ _turned(right, k + _K2)) & high
        right = (right ^ _turned(left, k + _K1)) & low
        left = (left ^ _turned(right, k)) & high
        x = (left << low_bits) | right
        if x < np.uint64(people):
            return np.int64(x)


def bits_for(people: int) -> int:
    """Return how many bits number all persons, at least two."""
    return max(2, int(people - 1).bit_length())
