"""Files of a key map: immutable segments of ids, one pointer that names those that count, one lock for writers.

A commit writes new, uniquely named segments (flushed), then a new pointer beside `CURRENT`, then renames it over
`CURRENT` and flushes the directory. Whatever `CURRENT` does not name does not exist, and goes at the next commit.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.visits import durable
from ringfence.vocabulary.refusals import Refused

Kind = Literal["person", "place"]
KINDS: tuple[Kind, ...] = ("person", "place")
_MAGIC = b"RFKEYS01"
_HEADER_WORDS = 8  # of 8 bytes: magic, first number, ids, bytes of ids, ids in the index, three spare
_MASK = (1 << 64) - 1


def hash_of(text: bytes) -> int:
    """Return the 64-bit hash of an id, equal to the one of `idtable.hash_spans`, without compiled code."""
    h = len(text)
    for at in range(0, len(text), 8):
        h ^= int.from_bytes(text[at : at + 8], "little")
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB & _MASK
        h ^= h >> 31
    return h


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """What the pointer knows of a segment: enough to notice a torn or changed file."""

    name: str
    kind: Kind
    first: int
    count: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """One erased person: keyed digest of her id (hex), the number she had, the minute before which nothing returns."""

    digest: str
    number: int
    at_minute: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """The committed state of a key map: what `CURRENT` says."""

    sequence: int = 0
    segments: tuple[SegmentEntry, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    returned: dict[int, int] = field(default_factory=dict)  # number of one who came back: nothing before this minute

    def of(self, kind: Kind) -> list[SegmentEntry]:
        """Return the segments of a kind, by first number."""
        return sorted((entry for entry in self.segments if entry.kind == kind), key=lambda entry: entry.first)


def read_pointer(directory: Path) -> Pointer:
    """Return the committed state; refused where the directory holds no key map or a changed one."""
    try:
        content = (directory / "CURRENT").read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Refused("keys.none", path=str(directory)) from error
    digest, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise Refused("keys.damaged", file=str(directory / "CURRENT"))
    told = json.loads(body)
    return Pointer(
        told["sequence"],
        tuple(SegmentEntry(**entry) for entry in told["segments"]),
        tuple(Suppression(**entry) for entry in told["suppressions"]),
        {int(number): minute for number, minute in told["returned"].items()},
    )


def write_pointer(directory: Path, pointer: Pointer) -> None:
    """Make a state the committed one, durably and at once; then drop the files that it does not name."""
    body = json.dumps(asdict(pointer), separators=(",", ":")).encode()
    waiting = directory / f"CURRENT.{uuid.uuid4().hex}"
    durable.write_new(waiting, hashlib.sha256(body).hexdigest().encode() + b"\n" + body, mode=0o600)
    durable.flush_directory(directory)  # The segments' names must not be younger than the pointer to them.
    waiting.rename(directory / "CURRENT")
    durable.flush_directory(directory)
    drop_unnamed(directory, pointer)


def drop_unnamed(directory: Path, pointer: Pointer) -> None:
    """Remove segments and pointers that a crash or a later state has left behind. Only for who holds the lock."""
    named = {entry.name for entry in pointer.segments}
    left = [p for p in directory.iterdir() if p.name.startswith("CURRENT.") or p.suffix in (".ids", ".new")]
    stale = [path for path in left if path.name not in named]
    for path in stale:
        path.unlink()
    if stale:
        durable.flush_directory(directory)


class Segment:
    """Ids with consecutive numbers, and the sorted hashes that find them. Read by mapping the file into memory."""

    def __init__(self, directory: Path, entry: SegmentEntry) -> None:
        self.entry = entry
        self.path = directory / entry.name
        if self.path.stat().st_size != entry.size:
            raise Refused("keys.damaged", file=str(self.path))
        self._raw: NDArray[np.uint8] = np.memmap(self.path, np.uint8, "r")
        header = self._raw[: 8 * _HEADER_WORDS].view(np.uint64)
        count, size, indexed = (int(header[word]) for word in (2, 3, 4))
        expected = _length(count, size, indexed)
        if bytes(self._raw[:8]) != _MAGIC or count != entry.count or expected != entry.size:
            raise Refused("keys.damaged", file=str(self.path))
        at = 8 * _HEADER_WORDS
        self.offsets = self._raw[at : at + 8 * (count + 1)].view(np.int64)
        at += 8 * (count + 1)
        self.hashes = self._raw[at : at + 8 * indexed].view(np.uint64)
        at += 8 * indexed
        self.order = self._raw[at : at + 4 * indexed].view(np.uint32)
        at += 4 * indexed
        self.ids = self._raw[at : at + size]

    def verify(self) -> None:
        """Compare the whole file with its checksum; refused where it differs."""
        if hashlib.sha256(self._raw.data).hexdigest() != self.entry.sha256:
            raise Refused("keys.damaged", file=str(self.path))

    def find(self, text: bytes) -> int:
        """Return the number of an id, −1 where it is not here."""
        wanted = np.uint64(hash_of(text))
        at = int(np.searchsorted(self.hashes, wanted))
        while at < len(self.hashes) and self.hashes[at] == wanted:
            local = int(self.order[at])
            if self.text(local) == text:
                return self.entry.first + local
            at += 1
        return -1

    def text(self, local: int) -> bytes:
        """Return the id at a place counted from the segment's first; no bytes where it was forgotten."""
        return bytes(self.ids[self.offsets[local] : self.offsets[local + 1]])

    def without(
        self, local: int
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint32]]:
        """Return offsets, bytes, hashes and order of a segment that has forgotten one id."""
        begin, end = int(self.offsets[local]), int(self.offsets[local + 1])
        offsets = np.array(self.offsets)
        offsets[local + 1 :] -= end - begin
        keep = self.order != local
        return offsets, np.concatenate([self.ids[:begin], self.ids[end:]]), self.hashes[keep], self.order[keep]


def _length(count: int, size: int, indexed: int) -> int:
    return 8 * _HEADER_WORDS + 8 * (count + 1) + 12 * indexed + size


def write_segment(
    directory: Path,
    kind: Kind,
    first: int,
    offsets: NDArray[np.int64],
    ids: NDArray[np.uint8],
    hashes: NDArray[np.uint64],
    order: NDArray[np.uint32],
) -> SegmentEntry:
    """Write one segment, flushed; it counts once a pointer names it."""
    header = np.zeros(_HEADER_WORDS, np.uint64)
    header.view(np.uint8)[:8] = np.frombuffer(_MAGIC, np.uint8)
    header[1:5] = first, len(offsets) - 1, len(ids), len(hashes)
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in (header, offsets, hashes, order, ids))
    name = f"{kind}-{first:010d}-{uuid.uuid4().hex}.ids"
    durable.write_new(directory / name, content, mode=0o600)
    return SegmentEntry(name, kind, first, len(offsets) - 1, len(content), hashlib.sha256(content).hexdigest())
