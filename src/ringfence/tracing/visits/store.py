"""The visit store: who was where and when, in numbers, on disk, searched in place.

One writer at a time; readers need no lock. A store opened is a snapshot: what is written later is seen by `refresh`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.keys import KeyMap
from ringfence.tracing.visits import durable, manifest
from ringfence.tracing.visits.gathering import Gathering
from ringfence.tracing.visits.manifest import Manifest
from ringfence.tracing.visits.searchable import Searchable
from ringfence.tracing.visits.segments import Segment, open_segment
from ringfence.tracing.visits.table import Table, table_of
from ringfence.vocabulary.refusals import Refused

LAYOUT = 1
KINDS = ("synthetic", "research", "live")
_READ_TRIES = 5


@dataclass(frozen=True, slots=True)
class Identity:
    """What a store is, written once: its id, its kind, a time zone that it was founded with (UTC: none was said).

    `trusted` are the public keys (hex) whose warrants a live store obeys from the beginning.
    """

    id: str
    kind: str
    zone: str
    trusted: tuple[str, ...] = ()


class VisitStore(Searchable):
    """A snapshot of a store: its manifest, its segments, and the table that searches run over."""

    def __init__(self, path: Path, identity: Identity, keys: KeyMap | None = None) -> None:
        self.path = path
        self.identity = identity
        self.keys = keys
        self._segments: dict[str, Segment] = {}
        self._gathering = Gathering()
        self.refresh()

    def refresh(self) -> None:
        """Look at what is in force now."""
        for attempt in range(_READ_TRIES):
            try:
                self.manifest = manifest.read_current(self.path)
                self._open_files()
                self._kinds = self._read_kinds()
                break
            except FileNotFoundError as error:  # A writer has swept what an older manifest named: read the newer one.
                if attempt + 1 == _READ_TRIES:
                    raise Refused("store.damaged", file=str(error.filename), part="file") from error
        if self.keys is not None:  # After the manifest: keys are durable before the visits that use them.
            self.keys.refresh()
        self._scratch = None

    def _open_files(self) -> None:
        self._segments = {
            entry.file: self._segments.get(entry.file) or open_segment(self.path / entry.file, entry.checksum)
            for entry in self.manifest.segments
        }
        # As they stand on disk, run by run: for the writer.
        self._standing = table_of(list(self._segments.values()))
        self._gathered: Table | None = None

    @property
    def table(self) -> Table:
        """Return the table that kernels run over, a day's small runs gathered into one when it is first asked for."""
        if self._gathered is None:
            found = self._gathering.of(self._segments)
            self._gathered = self._standing if len(found) == len(self._segments) else table_of(found)
        return self._gathered

    @property
    def settled_zone(self) -> str | None:
        """The time zone in which people read this store, or None while nobody has named one."""
        founded = self.identity.zone
        return self.manifest.zone or (founded if founded != "UTC" else None)

    @property
    def zone(self) -> str:
        """The time zone in which this store's times are shown: the settled one, else UTC."""
        return self.settled_zone or "UTC"

    @property
    def segments(self) -> list[Segment]:
        """The open segments, in the order of the manifest."""
        return [self._segments[entry.file] for entry in self.manifest.segments]

    @property
    def erased(self) -> NDArray[np.int64]:
        """Numbers of persons who are not to be found any more, though bytes of theirs may await compaction."""
        known = set(self.manifest.tombstones) | {s.number for s in self.manifest.suppressions}
        if self.keys is not None:  # The keys remember too: a store restored from an older copy does not know yet.
            known |= {number for _, number, _ in self.keys.suppressed()}
        return np.array(sorted(known), np.int64)

    def manifest_bytes(self) -> int:
        """Return how many bytes the segments in force take on disk; one that was swept meanwhile takes none."""
        total = 0
        for entry in self.manifest.segments:
            with suppress(FileNotFoundError):
                total += (self.path / entry.file).stat().st_size
        return total

    def numbers_used(self) -> tuple[int, int]:
        """Return how many numbers of persons and of places are in use: one more than the highest of each."""
        return self._standing.persons, self._standing.places

    def place_kinds(self) -> NDArray[np.uint8]:
        """Return the kind of each place by its number (`vocabulary.places.PlaceKind`)."""
        return self._kinds

    def _read_kinds(self) -> NDArray[np.uint8]:
        if not self.manifest.kinds_file:
            return np.empty(0, np.uint8)
        data = (self.path / self.manifest.kinds_file).read_bytes()
        _, _, checksum = self.manifest.kinds_file.partition(".")  # The manifest's own checksum covers this name.
        if checksum and checksum != kinds_checksum(data):
            raise Refused("store.damaged", file=self.manifest.kinds_file, part="kinds")
        return np.frombuffer(data, np.uint8)

    def check_kinds(self) -> list[Refused]:
        """Read the kinds of places again and return what does not hold."""
        try:
            self._read_kinds()
        except FileNotFoundError:
            if manifest.read_current(self.path).kinds_file == self.manifest.kinds_file:
                return [Refused("store.damaged", file=self.manifest.kinds_file, part="file")]
        except Refused as refusal:
            return [refusal]
        return []

    def numbers_of(self, persons: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of persons as they are named outside: given ids, or numbers where there is no key map."""
        if self.keys is None:
            unreadable = [p for p in persons if not p.strip().isdecimal()]
            if unreadable:
                raise Refused("store.no_keys", store=str(self.path), person=unreadable[0])
            used = self.numbers_used()[0]
            for person in persons:
                if int(person) >= used and int(person) not in self.erased:
                    raise Refused("store.unknown_person", person=person)
            return np.array([int(p) for p in persons], np.int64)
        numbers = self.keys.find("person", list(persons))
        unknown = (numbers < 0) | np.isin(numbers, self.erased)  # An older copy of the keys may still name the erased.
        if np.any(unknown):
            raise Refused("store.unknown_person", person=persons[int(np.argmax(unknown))])
        return numbers

    def names_of(self, side: Literal["person", "place"], numbers: NDArray[np.integer]) -> list[str]:
        """Return persons or places as they are named outside: given ids, or numbers where there is no key map.

        A number to which the key map has no id stands as #3, so that nobody takes it for a given id.
        """
        plain = np.asarray(numbers, np.int64).tolist()
        if self.keys is None:
            return [str(n) for n in plain]
        return [
            name if name is not None else f"#{n}" for name, n in zip(self.keys.ids_of(side, plain), plain, strict=True)
        ]

    def persons_seen(self) -> NDArray[np.uint32]:
        """Return the numbers of all persons with a visit, erased ones left out, sorted."""
        keys = [s.sections["person_keys"] for s in self.segments]
        seen = np.unique(np.concatenate(keys)) if keys else np.empty(0, np.uint32)
        return np.setdiff1d(seen, self.erased.astype(np.uint32))


def create_store(
    path: str | Path,
    *,
    kind: str = "research",
    zone: str = "UTC",
    trusted: Sequence[str] = (),
    keys: str | Path | None = None,
) -> VisitStore:
    """Make an empty store in a new or empty directory.

    A live store needs the public keys (hex) that it will trust to sign warrants; the keys of its days lie in `keys`.
    """
    path = Path(path)
    if kind not in KINDS:
        raise Refused("store.unknown_kind", kind=kind)
    if kind == "live":
        from ringfence.tracing.live.warrants import public_key

        if not trusted:
            raise Refused("live.nobody_trusted", store=str(path))
        trusted = [public_key(text) for text in trusted]
    _refuse_file(path)
    if (path / "CURRENT").exists():
        raise Refused("store.exists", store=str(path))
    with refused_writing(path, needed=0):
        durable.make_room(path)
        foreign = [p.name for p in path.iterdir() if p.name not in {"days", "kinds", "aside", "LOCK"}]
        if any(not name.startswith(("MANIFEST-", "CURRENT", "store.json")) for name in foreign):
            raise Refused("store.not_a_store", store=str(path))
        with durable.only_writer(path):
            if not (path / "CURRENT").exists():
                identity: dict[str, object] = {"layout": LAYOUT, "id": uuid.uuid4().hex, "kind": kind, "zone": zone}
                if kind == "live":
                    identity["trusted"] = list(dict.fromkeys(trusted))
                text = json.dumps(identity).encode() + b"\n"
                durable.replace(path / "store.json", text)
                if kind == "live":
                    from ringfence.tracing.live.day_keys import DayKeys

                    DayKeys.beside(default_keys(path) if keys is None else Path(keys)).found(text)
                for room in ("days", "kinds", "aside"):
                    (path / room).mkdir(exist_ok=True)
                manifest.publish(path, Manifest())
    return open_store(path, keys if kind == "live" else None)


def open_store(path: str | Path, keys: str | Path | None = None) -> VisitStore:
    """Open a store for searching; nothing is written.

    `keys` is the directory of its key map, by default `PATH.keys` beside it; without one the store knows numbers only.
    """
    path = Path(path)
    _refuse_file(path)
    if not (path / "CURRENT").exists():
        raise Refused("store.missing", store=str(path))
    raw = _read_identity(path / "store.json")
    if raw["layout"] > LAYOUT:
        raise Refused("store.newer", store=str(path), layout=raw["layout"])
    beside = default_keys(path) if keys is None else Path(keys)
    if keys is not None and not (beside / "CURRENT").exists() and not (raw["kind"] == "live" and beside.exists()):
        raise Refused("store.keys_missing", keys=str(beside))
    key_map = KeyMap.open(beside) if (beside / "CURRENT").exists() else None
    identity = Identity(raw["id"], raw["kind"], raw["zone"], tuple(raw.get("trusted", ())))
    if identity.kind == "live":
        from ringfence.tracing.live.day_keys import DayKeys
        from ringfence.tracing.live.store import LiveStore

        store: VisitStore = LiveStore(path, identity, key_map, day_keys=DayKeys.beside(beside))
    else:
        store = VisitStore(path, identity, key_map)
    mark = store.manifest.keys_mark
    if key_map is not None and mark and mark != key_map.secret_mark:
        raise Refused("store.keys_mismatch", keys=str(beside))
    return store


def _refuse_file(path: Path) -> None:
    if path.is_file():
        raise Refused("store.is_a_file", store=str(path))


def _read_identity(file: Path) -> dict[str, Any]:
    try:
        raw = json.loads(file.read_bytes())
        if not {"layout", "id", "kind", "zone"} <= raw.keys():
            raise ValueError(file)
    except (FileNotFoundError, ValueError, AttributeError) as error:
        raise Refused("store.damaged", file=str(file), part="identity") from error
    return dict(raw)


def kinds_checksum(data: bytes) -> str:
    """Return the checksum that stands in the name of a file of kinds."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def default_keys(path: Path) -> Path:
    """Return where the key map of a store lies when nothing else is said: beside it."""
    return path.with_name(path.name + ".keys")


@contextmanager
def refused_writing(path: Path, *, needed: int) -> Iterator[None]:
    """Turn a full or read-only disk into a refusal that says what is needed (bytes)."""
    import errno

    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Refused("store.disk_full", store=str(path), needed_mb=needed // 1_000_000 + 1) from error
        inside = not isinstance(error.filename, str) or Path(error.filename).is_relative_to(path)
        if inside and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise Refused("store.read_only", store=str(path), reason=error.strerror or "read-only") from error
        raise


Waiting = Callable[[], None]
