"""What a store is made of at one moment: the live segments, who was erased, which files were loaded.

A manifest is a numbered JSON file with its own checksum; `CURRENT` names the one in force. A change writes new
segments, then one new manifest, then moves `CURRENT` by rename: whatever stops the program in between, the store opens
as it was before or as it is after, never half.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from ringfence.tracing.visits import durable
from ringfence.vocabulary.refusals import Refused

KEPT = 3
"""How many manifests stay, so that a reader who has read one of them still finds its files."""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A live segment: its day, its file below the store, its header's checksum, its pieces and the visits it began."""

    day: int
    file: str
    checksum: str
    pieces: int
    rows: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """An erased person: keyed hash of the given id, the number she had, and the minute from which she may come back."""

    digest: str
    number: int
    at_minute: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is in force in a store at one moment.

    `ledger` has the digest and rows of each file loaded whole; `keys_mark` tells which key map the numbers are from.
    `zone` is the time zone in which people read the store, empty until a load or a person names one.
    """

    sequence: int = 0
    segments: tuple[SegmentEntry, ...] = ()
    tombstones: tuple[int, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    ledger: tuple[tuple[str, int], ...] = ()
    kinds_file: str = ""
    keys_mark: str = ""
    retained_from: int | None = None
    zone: str = ""

    def text(self) -> bytes:
        """Return the manifest as the bytes of its file, its own checksum in the first line."""
        body = json.dumps(
            {
                "sequence": self.sequence,
                "segments": [[s.day, s.file, s.checksum, s.pieces, s.rows] for s in self.segments],
                "tombstones": list(self.tombstones),
                "suppressions": [[s.digest, s.number, s.at_minute] for s in self.suppressions],
                "ledger": [list(entry) for entry in self.ledger],
                "kinds_file": self.kinds_file,
                "keys_mark": self.keys_mark,
                "retained_from": self.retained_from,
                "zone": self.zone,
            },
            indent=0,
        ).encode()
        return hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b"\n" + body

    def files(self) -> set[str]:
        """Return the files below the store that this manifest needs."""
        return {s.file for s in self.segments} | ({self.kinds_file} if self.kinds_file else set())

    def next(self, **changes: object) -> Manifest:
        """Return the manifest that follows this one with some fields changed."""
        return replace(self, sequence=self.sequence + 1, **changes)  # type: ignore[arg-type]


def parse(data: bytes, file: str) -> Manifest:
    """Return the manifest in the bytes of a file; refused when its checksum does not hold."""
    checksum, _, body = data.partition(b"\n")
    if hashlib.blake2b(body, digest_size=16).hexdigest().encode() != checksum:
        raise Refused("store.damaged", file=file, part="manifest")
    raw = json.loads(body)
    return Manifest(
        sequence=raw["sequence"],
        segments=tuple(SegmentEntry(*s) for s in raw["segments"]),
        tombstones=tuple(raw["tombstones"]),
        suppressions=tuple(Suppression(*s) for s in raw["suppressions"]),
        ledger=tuple((digest, rows) for digest, rows in raw["ledger"]),
        kinds_file=raw["kinds_file"],
        keys_mark=raw["keys_mark"],
        retained_from=raw["retained_from"],
        zone=raw.get("zone", ""),
    )


def file_name(sequence: int) -> str:
    """Return the name of a manifest's file."""
    return f"MANIFEST-{sequence:08d}"


def read_current(store: Path) -> Manifest:
    """Return the manifest that `CURRENT` names."""
    name = (store / "CURRENT").read_text(encoding="ascii", errors="replace").strip()
    if not name.startswith("MANIFEST-"):
        raise Refused("store.damaged", file="CURRENT", part="name")
    return parse((store / name).read_bytes(), name)


def publish(store: Path, manifest: Manifest) -> None:
    """Put a manifest in force: its file first, durably, then the pointer. The caller holds the writer lock."""
    path = store / file_name(manifest.sequence)
    path.unlink(missing_ok=True)
    durable.write_new(path, manifest.text())
    durable.flush_directory(store)
    durable.replace(store / "CURRENT", path.name.encode() + b"\n")


def sweep(store: Path, current: Manifest, *, keep: int = KEPT) -> None:
    """Delete manifests older than the last `keep` and every file that none of those names. Needs the writer lock."""
    kept = {file_name(n) for n in range(max(current.sequence - keep + 1, 0), current.sequence + 1)}
    needed = set(current.files())
    for path in store.glob("MANIFEST-*"):
        if path.name in kept:
            try:
                needed |= parse(path.read_bytes(), path.name).files()
            except Refused:
                path.unlink()
        else:
            path.unlink()
    for path in [*store.glob("days/*/*"), *store.glob("kinds/*")]:
        if path.relative_to(store).as_posix() not in needed:
            path.unlink(missing_ok=True)
    for path in store.glob("aside/*"):
        path.unlink(missing_ok=True)
    for path in store.glob("days/*"):
        if not any(path.iterdir()):
            path.rmdir()
