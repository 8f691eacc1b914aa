"""Immutable segments: the visits of one UTC day that came in one load, flush or compaction, in one file.

A segment holds the words by place and by person (see `layout`), each behind sorted keys and offsets; the longest dwell
of each place; the pairs of place and person whose pieces overlap or touch (`conflicts`: a search must merge those);
and the visits that began this day and went on past midnight (`long_rows`), so that a row is known again when it comes
back. Each section has a checksum. A file is written under its final, unique name, flushed, and never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.visits.batch import CUT_BEFORE
from ringfence.tracing.visits.layout import (
    Words,
    find_conflicts,
    group_by_key,
    index_groups,
    mark_repeats,
    swap_sides,
)
from ringfence.vocabulary.refusals import Refused

MAGIC = b"RFSEG\x00\x01\n"
LONG_ROW = np.dtype([("person", "<u4"), ("place", "<u4"), ("start", "<i4"), ("end", "<i4"), ("flags", "<u2")])
SECTIONS: Mapping[str, np.dtype] = {
    "place_keys": np.dtype("<u4"),
    "place_offsets": np.dtype("<u4"),
    "place_longest": np.dtype("<u2"),
    "place_words": np.dtype("<u8"),
    "person_keys": np.dtype("<u4"),
    "person_offsets": np.dtype("<u4"),
    "person_words": np.dtype("<u8"),
    "conflicts": np.dtype("<u8"),
    "long_rows": LONG_ROW,
}
_ALIGN = 64


@dataclass(frozen=True, slots=True)
class Segment:
    """The sections of one segment, in memory or mapped from its file. Numbers only."""

    day: int
    sections: Mapping[str, NDArray[Any]]

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.sections[name]

    @property
    def pieces(self) -> int:
        """How many pieces of visits the segment holds."""
        return len(self.sections["place_words"])

    def place_of_words(self) -> NDArray[np.uint32]:
        """Return the place of each by-place word."""
        offsets: NDArray[np.int64] = self.sections["place_offsets"].astype(np.int64)
        return np.repeat(self.sections["place_keys"], offsets[1:] - offsets[:-1])

    def rows_begun(self) -> int:
        """Return how many visits began in this segment: uncut pieces and first pieces."""
        words = self.sections["place_words"]
        return int(len(words) - np.count_nonzero(words & np.uint64(CUT_BEFORE)))


def build_segment(
    day: int,
    places: NDArray[np.uint32],
    words: Words,
    *,
    conflicts: NDArray[np.uint64] | None = None,
    long_rows: NDArray[Any] | None = None,
) -> Segment:
    """Return the segment of a day's pieces: place numbers and by-place words in any order; repeats fall away."""
    by_place, keys = _grouped(places, words)
    repeats = mark_repeats(by_place, keys)
    if repeats.any():
        by_place, keys = by_place[~repeats], keys[~repeats]
    place_keys, place_offsets, longest = index_groups(by_place, keys)
    loose, owners = swap_sides(by_place, keys)
    by_person, owners = _grouped(owners, loose)
    person_keys, person_offsets, _ = index_groups(by_person, owners)
    own = find_conflicts(by_person, person_keys, person_offsets)
    if conflicts is not None and len(conflicts):
        own = np.union1d(own, conflicts)
    return Segment(
        day,
        {
            "place_keys": place_keys,
            "place_offsets": place_offsets,
            "place_longest": longest,
            "place_words": by_place,
            "person_keys": person_keys,
            "person_offsets": person_offsets,
            "person_words": by_person,
            "conflicts": own,
            "long_rows": np.empty(0, LONG_ROW) if long_rows is None else long_rows,
        },
    )


def _grouped(keys: NDArray[np.uint32], words: Words) -> tuple[Words, NDArray[np.uint32]]:
    size = int(keys.max()) + 1 if len(keys) else 0
    if size > 4 * len(keys):  # Few rows with high numbers: counting up to the highest would cost more than sorting.
        order = np.lexsort((words, keys))
        return words[order], keys[order]
    return group_by_key(keys, words, size)


def write_segment(segment: Segment, path: Path) -> str:
    """Write a segment under its final name, flushed to the disk, and return the checksum of its header."""
    return write_sections(segment.day, segment.sections, path, layout=SECTIONS, magic=MAGIC)


def open_segment(path: Path, checksum: str, *, verify: bool = False) -> Segment:
    """Map a segment's file; refused when its header is not the one the manifest names, or, verifying, any section."""
    return Segment(*open_sections(path, checksum, layout=SECTIONS, magic=MAGIC, verify=verify))


def write_sections(
    day: int, sections: Mapping[str, NDArray[Any]], path: Path, *, layout: Mapping[str, np.dtype], magic: bytes
) -> str:
    """Write named sections of a day as one file, flushed to the disk, and return the checksum of its header."""
    table: dict[str, list[object]] = {}
    offset = 0
    for name, dtype in layout.items():
        values = np.ascontiguousarray(sections[name], dtype)
        table[name] = [offset, len(values), hashlib.blake2b(values.data, digest_size=16).hexdigest()]
        offset += -(-values.nbytes // _ALIGN) * _ALIGN
    header = json.dumps({"day": day, "sections": table}, separators=(",", ":")).encode()
    body_at = -(-(len(magic) + 4 + len(header)) // _ALIGN) * _ALIGN
    with path.open("xb") as file:
        file.write(magic + len(header).to_bytes(4, "little") + header)
        for name, dtype in layout.items():
            file.seek(body_at + int(str(table[name][0])))
            file.write(np.ascontiguousarray(sections[name], dtype).data)
        file.truncate(body_at + offset)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.blake2b(header, digest_size=16).hexdigest()


def open_sections(
    path: Path, checksum: str, *, layout: Mapping[str, np.dtype], magic: bytes, verify: bool
) -> tuple[int, dict[str, NDArray[Any]]]:
    """Map a file of named sections; return its day and them. Refused when its header or, verifying, one is damaged."""
    try:
        with path.open("rb") as file:
            lead = file.read(len(magic) + 4)
            header = file.read(int.from_bytes(lead[len(magic) :], "little"))
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Refused("store.unreadable", file=str(path), reason=str(error)) from error
    if lead[: len(magic)] != magic or hashlib.blake2b(header, digest_size=16).hexdigest() != checksum:
        raise Refused("store.damaged", file=str(path), part="header")
    meta = json.loads(header)
    body_at = -(-(len(magic) + 4 + len(header)) // _ALIGN) * _ALIGN
    raw = np.memmap(path, np.uint8, "r") if size else np.empty(0, np.uint8)
    found: dict[str, NDArray[Any]] = {}
    for name, dtype in layout.items():
        offset, count, digest = meta["sections"][name]
        begin = body_at + offset
        if begin + count * dtype.itemsize > size:
            raise Refused("store.damaged", file=str(path), part=name)
        values = np.asarray(raw[begin : begin + count * dtype.itemsize]).view(dtype)
        if verify and hashlib.blake2b(values.data, digest_size=16).hexdigest() != digest:
            raise Refused("store.damaged", file=str(path), part=name)
        found[name] = values
    return meta["day"], found
