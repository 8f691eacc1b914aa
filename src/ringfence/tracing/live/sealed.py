"""Sealed day-segments: the words of each place-day and person-day as blocks of AES-256-GCM under keys of their own.

A block is a nonce of 12 bytes, the sealed words, and a tag of 16; what it is of (store, side, day, number) is
authenticated with it. Blocks stand in the order of a keyed mark of 8 bytes in place of the number: without the key of
the day nobody can tell whose block one is, nor which blocks of two days are of one person. A place-day may have several
blocks, so that compaction moves blocks without opening them. Rows are known again by keyed marks of 12 bytes.

This module seals. It cannot open: see `opening`.

Keys and marks come from AES-256 as a pseudorandom function over distinct single blocks (a counter-mode derivation in
the manner of NIST SP 800-108r1), under subkeys that come from the day's key by HMAC-SHA256.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from ringfence.tracing.jit import kernel
from ringfence.tracing.visits.segments import Segment, open_sections, write_sections

Side = Literal["place", "person"]
SIDES: tuple[Side, Side] = ("place", "person")
NONCE_BYTES = 12
MAGIC = b"RFSEALE\n"
SECTIONS: Mapping[str, np.dtype[Any]] = {
    "used": np.dtype("<u4"),
    "key_check": np.dtype("<u8"),
    "place_marks": np.dtype("<u8"),
    "place_offsets": np.dtype("<u8"),
    "place_blocks": np.dtype("<u1"),
    "person_marks": np.dtype("<u8"),
    "person_offsets": np.dtype("<u8"),
    "person_blocks": np.dtype("<u1"),
    "row_marks": np.dtype("<u8"),
    "row_checks": np.dtype("<u4"),
}


@dataclass(frozen=True, slots=True)
class RowMarks:
    """Keyed marks of rows (person, place, start, end), sorted: 96 bits each, no way back without guessing the row."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint32]

    def among(self, high: NDArray[np.uint64], low: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Return which of some rows stand here."""
        if not len(self.high):
            return np.zeros(len(high), np.bool_)
        at = np.minimum(np.searchsorted(self.high, high), len(self.high) - 1)
        here: NDArray[np.bool_] = (self.high[at] == high) & (self.low[at] == low)
        return here


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """The sections of one sealed segment. `used` is one more than the highest person and the highest place number.

    `key_check` tells another key of the day from the right one, which would find no block and so answer with nobody.
    """

    day: int
    sections: Mapping[str, NDArray[Any]]

    @property
    def row_marks(self) -> RowMarks:
        """Return the marks of the visits that began in this segment."""
        return RowMarks(self.sections["row_marks"], self.sections["row_checks"])

    def sealed_with(self, day_key: bytes) -> bool:
        """Return whether this is the key of the day that the segment was sealed with."""
        return bool(self.sections["key_check"][0] == _key_check(day_key))

    def blocks(self, side: Side, mark: int) -> list[bytes]:
        """Return the sealed blocks that stand under a mark."""
        marks, offsets = self.sections[f"{side}_marks"], self.sections[f"{side}_offsets"]
        low, high = np.searchsorted(marks, np.uint64(mark)), np.searchsorted(marks, np.uint64(mark), "right")
        raw = self.sections[f"{side}_blocks"]
        return [raw[int(offsets[i]) : int(offsets[i + 1])].tobytes() for i in range(int(low), int(high))]


def marks_and_keys(day_key: bytes, side: Side, numbers: NDArray[np.integer]) -> tuple[NDArray[np.uint64], list[bytes]]:
    """Return the mark and the key of each place-day or person-day of a day."""
    blocks = np.zeros((len(numbers), 3, 4), np.uint32)
    blocks[:, :, 0] = np.asarray(numbers, np.uint32)[:, None]
    blocks[:, :, 1] = np.arange(3, dtype=np.uint32)
    out = _scrambled(_subkey(day_key, side), blocks).reshape(len(numbers), 48)
    marks = np.ascontiguousarray(out[:, :8]).view("<u8").reshape(-1)
    raw = np.ascontiguousarray(out[:, 16:]).tobytes()
    return marks, [raw[32 * i : 32 * i + 32] for i in range(len(numbers))]


def marks_of_rows(
    day_key: bytes,
    person: NDArray[np.integer],
    place: NDArray[np.integer],
    start: NDArray[np.integer],
    end: NDArray[np.integer],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Return the marks of rows (minutes since 1970 UTC), in their order, under the key of the day they begin on."""
    rows = np.empty((len(person), 4), np.uint32)
    rows[:, 0], rows[:, 1] = person, place
    rows[:, 2], rows[:, 3] = start, end
    out = _scrambled(_subkey(day_key, "row"), rows).reshape(len(person), 16)
    return (
        np.ascontiguousarray(out[:, :8]).view("<u8").reshape(-1),
        np.ascontiguousarray(out[:, 8:12]).view("<u4").reshape(-1),
    )


def what_it_is(store_id: str, side: Side, day: int) -> bytes:
    """Return what is authenticated with every block of a side of a day; the number follows in 4 bytes."""
    return f"ringfence {store_id} {side} {day} ".encode()


def seal(
    segment: Segment, day_key: bytes, store_id: str, rows: tuple[NDArray[np.uint64], NDArray[np.uint32]]
) -> SealedSegment:
    """Return a segment sealed block by block, with the marks of the rows that began in it."""
    order = np.lexsort((rows[1], rows[0]))
    used = [max(segment.sections[f"{side}_keys"].tolist()[-1:], default=-1) + 1 for side in ("person", "place")]
    sections: dict[str, NDArray[Any]] = {
        "used": np.array(used, np.uint32),
        "key_check": np.array([_key_check(day_key)]),
        "row_marks": rows[0][order],
        "row_checks": rows[1][order],
    }
    for side in SIDES:
        keys, offsets = segment.sections[f"{side}_keys"], segment.sections[f"{side}_offsets"].tolist()
        words = np.ascontiguousarray(segment.sections[f"{side}_words"], "<u8").tobytes()
        marks, secret = marks_and_keys(day_key, side, keys)
        about = what_it_is(store_id, side, segment.day)
        by_mark = np.argsort(marks, kind="stable")
        nonces = secrets.token_bytes(NONCE_BYTES * len(keys))
        blocks: list[bytes] = []
        for i, number in zip(by_mark.tolist(), keys[by_mark].tolist(), strict=True):
            nonce = nonces[NONCE_BYTES * i : NONCE_BYTES * (i + 1)]
            stretch = words[8 * offsets[i] : 8 * offsets[i + 1]]
            blocks.append(nonce + AESGCM(secret[i]).encrypt(nonce, stretch, about + number.to_bytes(4, "little")))
        sections[f"{side}_marks"] = marks[by_mark]
        sections[f"{side}_offsets"] = _offsets([len(block) for block in blocks])
        sections[f"{side}_blocks"] = np.frombuffer(b"".join(blocks), np.uint8)
    return SealedSegment(segment.day, sections)


def joined(day: int, segments: Sequence[SealedSegment], without_persons: NDArray[np.uint64]) -> SealedSegment:
    """Return one segment with the blocks of several, unopened, but without the person-days of some marks."""
    sections: dict[str, NDArray[Any]] = {
        "used": np.max([s.sections["used"] for s in segments], axis=0),
        "key_check": segments[0].sections["key_check"],
    }
    high = np.concatenate([s.sections["row_marks"] for s in segments])
    low = np.concatenate([s.sections["row_checks"] for s in segments])
    order = np.lexsort((low, high))
    sections["row_marks"], sections["row_checks"] = high[order], low[order]
    for side in SIDES:
        marks = np.concatenate([s.sections[f"{side}_marks"] for s in segments])
        sizes = np.concatenate([np.diff(s.sections[f"{side}_offsets"].astype(np.int64)) for s in segments])
        begins = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if len(sizes) else sizes
        raw = np.concatenate([s.sections[f"{side}_blocks"] for s in segments])
        order = np.argsort(marks, kind="stable")
        if side == "person":
            order = order[~np.isin(marks[order], without_persons)]
        sections[f"{side}_marks"] = marks[order]
        sections[f"{side}_offsets"] = _offsets(sizes[order])
        sections[f"{side}_blocks"] = _gathered(raw, begins[order], sizes[order])
    return SealedSegment(day, sections)


def write_sealed(segment: SealedSegment, path: Path) -> str:
    """Write a sealed segment under its final name, flushed to the disk, and return the checksum of its header."""
    return write_sections(segment.day, segment.sections, path, layout=SECTIONS, magic=MAGIC)


def map_sealed(path: Path, checksum: str, *, verify: bool = False) -> SealedSegment:
    """Map a sealed segment's file, its blocks closed as they are; refused when it is damaged (see `open_sections`)."""
    return SealedSegment(*open_sections(path, checksum, layout=SECTIONS, magic=MAGIC, verify=verify))


def _subkey(day_key: bytes, use: str) -> bytes:
    return hmac.digest(day_key, b"ringfence live store 1 " + use.encode(), "sha256")


def _key_check(day_key: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(_subkey(day_key, "check")[:8], "little"))


def _scrambled(key: bytes, blocks: NDArray[np.uint32]) -> NDArray[np.uint8]:
    # One AES call over distinct inputs is the pseudorandom function itself; nothing that is a message passes here.
    raw = np.ascontiguousarray(blocks, "<u4").tobytes()
    return np.frombuffer(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(raw), np.uint8)


def _offsets(sizes: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.uint64)


@kernel
def _gathered(raw: NDArray[np.uint8], begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.uint8]:
    out = np.empty(sizes.sum(), np.uint8)
    at = 0
    for i in range(len(begins)):
        out[at : at + sizes[i]] = raw[begins[i] : begins[i] + sizes[i]]
        at += sizes[i]
    return out
