"""A hash table from given ids to consecutive numbers, in a few flat arrays and machine code.

Open addressing with linear probing. A slot is half a cache line of four words: number + 1 and length of the id, place
of its bytes, and the id itself where it has at most 16 bytes, else its hash. So the usual look-up is one visit to
memory, and it is exact in every case: two ids of one hash stay two ids.
The hash takes eight bytes at a time through the finaliser of splitmix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.texts import Texts
from ringfence.vocabulary.refusals import Refused

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_ZERO = np.uint64(0)
_NUMBER = np.uint64(0xFFFFFFFF)
_INLINE = 16  # ids of at most so many bytes stand in the slot itself
_WORDS = 4  # words of a slot
_TOGETHER = 48  # lookups whose memory is fetched at once
_NEVER = np.uint64(0x9E3779B97F4A7C15)
_MANY = 500_000  # below, room is cheap and growing again is not


@kernel
def signed(word: np.unsignedinteger[Any]) -> int:
    """Return an unsigned number as a signed one: compiled code makes a fraction of the sum of the two kinds."""
    return np.int64(word)  # type: ignore[return-value]


@kernel
def trim(data: NDArray[np.uint8], start: int, stop: int) -> tuple[int, int]:
    """Return a span without the blanks (of `texts.BLANKS`) on its two sides."""
    while start < stop:
        byte = data[start]
        if byte == 32 or 9 <= byte <= 10 or byte == 13:
            start += 1
        elif byte == 0xE3 and stop - start >= 3 and data[start + 1] == 0x80 and data[start + 2] == 0x80:
            start += 3
        else:
            break
    while start < stop:
        byte = data[stop - 1]
        if byte == 32 or 9 <= byte <= 10 or byte == 13:
            stop -= 1
        elif byte == 0x80 and stop - start >= 3 and data[stop - 2] == 0x80 and data[stop - 3] == 0xE3:
            stop -= 3
        else:
            break
    return start, stop


@kernel
def _word(data: NDArray[np.uint8], start: int, stop: int) -> np.uint64:
    word = _ZERO
    for at in range(min(stop, start + 8) - 1, start - 1, -1):
        word = (word << np.uint64(8)) | np.uint64(data[at])
    return word


@kernel
def _mix(h: np.uint64) -> np.uint64:
    h = (h ^ (h >> _S30)) * _MIX_1
    h = (h ^ (h >> _S27)) * _MIX_2
    return h ^ (h >> _S31)


@kernel
def hash_spans(
    data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the hashes of trimmed spans, and the trimmed spans."""
    hashes = np.empty(len(starts), np.uint64)
    first = np.empty(len(starts), np.int64)
    last = np.empty(len(starts), np.int64)
    for row in range(len(starts)):
        a, b = trim(data, starts[row], stops[row])
        h = np.uint64(b - a)
        for at in range(a, b, 8):
            h = _mix(h ^ _word(data, at, b))
        hashes[row] = h
        first[row] = a
        last[row] = b
    return hashes, first, last


@kernel
def _same(left: NDArray[np.uint8], left_start: int, right: NDArray[np.uint8], right_start: int, length: int) -> bool:
    for at in range(length):  # noqa: SIM110 (compiled code has no generators)
        if left[left_start + at] != right[right_start + at]:
            return False
    return True


@kernel
def _probe(
    slots: NDArray[np.uint64],
    ids: NDArray[np.uint8],
    data: NDArray[np.uint8],
    h: np.uint64,
    start: int,
    stop: int,
) -> tuple[int, int, np.uint64, np.uint64]:
    """Return (number or −1, slot where it is or would be, third word, fourth word)."""
    capacity = len(slots) // _WORDS
    length = stop - start
    inline = length <= _INLINE
    low = _word(data, start, stop) if inline else h
    high = _word(data, start + 8, stop) if inline and length > 8 else _ZERO
    slot = signed(((h >> _S32) * np.uint64(capacity)) >> _S32)
    while True:
        at = _WORDS * slot
        head = slots[at]
        if head == _ZERO:
            return -1, slot, low, high
        if (
            signed(head >> _S32) == length
            and slots[at + 2] == low
            and slots[at + 3] == high
            and (inline or _same(ids, signed(slots[at + 1]), data, start, length))
        ):
            return signed(head & _NUMBER) - 1, slot, low, high
        slot += 1
        if slot == capacity:
            slot = 0


@kernel
def _find(
    slots: NDArray[np.uint64],
    ids: NDArray[np.uint8],
    data: NDArray[np.uint8],
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    for row in range(len(hashes)):
        out[row], _, _, _ = _probe(slots, ids, data, hashes[row], starts[row], stops[row])


@kernel
def _put(
    slots: NDArray[np.uint64], slot: int, number: int, length: int, begin: int, low: np.uint64, high: np.uint64
) -> None:
    slots[_WORDS * slot] = np.uint64(number + 1) | (np.uint64(length) << _S32)
    slots[_WORDS * slot + 1] = np.uint64(begin)
    slots[_WORDS * slot + 2] = low
    slots[_WORDS * slot + 3] = high


@kernel
def _assign(
    slots: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    ids: NDArray[np.uint8],
    count: int,
    data: NDArray[np.uint8],
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    row: int,
    out: NDArray[np.int64],
) -> tuple[int, int]:
    """Number rows from `row` on; stop before the row for which the table must grow first. Return (row, count)."""
    capacity = len(slots) // _WORDS
    ready = row
    touched = _ZERO
    while row < len(hashes):
        if row == ready:
            # A lookup waits for memory. Loads that need no answer are waited for together: touch the next slots first.
            ready = min(row + _TOGETHER, len(hashes))
            for i in range(row, ready):
                touched ^= slots[_WORDS * signed(((hashes[i] >> _S32) * np.uint64(capacity)) >> _S32)]
        start, length = starts[row], stops[row] - starts[row]
        found, slot, low, high = _probe(slots, ids, data, hashes[row], start, stops[row])
        if found < 0:
            used = offsets[count]
            if 4 * (count + 1) > 3 * capacity or count + 1 >= len(offsets) or used + length > len(ids):
                break
            for at in range(length):
                ids[used + at] = data[start + at]
            _put(slots, slot, count, length, used, low, high)
            offsets[count + 1] = used + length
            found = count
            count += 1
        out[row] = found
        row += 1
    # Never true: it keeps the compiler from leaving out the loads that it sees no use for.
    return row if touched != _NEVER or count >= 0 else -1, count


@kernel
def _insert(
    slots: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    ids: NDArray[np.uint8],
    hashes: NDArray[np.uint64],
    numbers: NDArray[np.int64],
) -> None:
    for row in range(len(hashes)):
        number = numbers[row]
        begin, end = offsets[number], offsets[number + 1]
        _, slot, low, high = _probe(slots, ids, ids, hashes[row], begin, end)
        _put(slots, slot, number, end - begin, begin, low, high)


class IdTable:
    """Ids in memory with their numbers; an id of no bytes is one that was forgotten and is never found."""

    def __init__(self, *, offsets: NDArray[np.int64] | None = None, ids: NDArray[np.uint8] | None = None) -> None:
        self._offsets = np.zeros(1, np.int64) if offsets is None else offsets
        self._ids = np.zeros(0, np.uint8) if ids is None else ids
        self.count = len(self._offsets) - 1
        self._slots = np.zeros(0, np.uint64)
        self._rehash(2 * self.count)

    def find(self, texts: Texts) -> NDArray[np.int64]:
        """Return the numbers of ids, −1 for unknown ones."""
        hashes, starts, stops = hash_spans(texts.data, texts.starts, texts.stops)
        out = np.empty(len(texts), np.int64)
        _find(self._slots, self._ids, texts.data, hashes, starts, stops, out)
        return out

    def assign(self, texts: Texts) -> NDArray[np.int64]:
        """Return the numbers of ids; unknown ones get the next free numbers in order of their first row."""
        hashes, starts, stops = hash_spans(texts.data, texts.starts, texts.stops)
        if np.any(starts == stops):
            raise Refused("keys.empty_id")
        out = np.empty(len(texts), np.int64)
        row = 0
        while True:
            row, self.count = _assign(
                self._slots, self._offsets, self._ids, self.count, texts.data, hashes, starts, stops, row, out
            )
            if row == len(texts):
                return out
            self._grow(int(stops[row] - starts[row]))

    def skip_to(self, count: int) -> None:
        """Give the numbers below `count` away without ids."""
        extra = np.full(count - self.count, self._offsets[self.count], np.int64)
        self._offsets = np.concatenate([self._offsets[: self.count + 1], extra])
        self.count = count

    def span(self, first: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return offsets (from 0) and bytes of the ids numbered first to stop − 1."""
        offsets = self._offsets[first : stop + 1]
        return offsets - offsets[0], self._ids[offsets[0] : offsets[-1]]

    def text(self, number: int) -> str:
        """Return the id of a number."""
        return bytes(self._ids[self._offsets[number] : self._offsets[number + 1]]).decode("utf-8", "surrogatepass")

    def _grow(self, length: int) -> None:
        if self.count + 1 >= len(self._offsets):
            self._offsets = np.concatenate([self._offsets, np.zeros(max(1024, len(self._offsets)), np.int64)])
        if self._offsets[self.count] + length > len(self._ids):
            self._ids = np.concatenate([self._ids, np.zeros(max(16384, len(self._ids), length), np.uint8)])
        if 4 * (self.count + 1) > 3 * (len(self._slots) // _WORDS):
            self._rehash((4 if self.count < _MANY else 2) * self.count)

    def _rehash(self, wanted: int) -> None:
        self._slots = np.zeros(_WORDS * max(1024, wanted), np.uint64)
        offsets = self._offsets[: self.count + 1]
        numbers = np.flatnonzero(np.diff(offsets)).astype(np.int64)
        hashes, _, _ = hash_spans(self._ids, offsets[numbers], offsets[numbers + 1])
        _insert(self._slots, offsets, self._ids, hashes, numbers)
