"""Revocations: a warrant withdrawn before it expires, for good.

A revocation is signed like a warrant, with a key that the store trusts. It stands in three places: among the store's
revocations, in the chained log of openings, and beside the day keys, which are kept apart from the store. Each of them
is enough, so that neither a file removed nor an older copy of the store brings a warrant back to life.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringfence.tracing.live.opened_log import BEGINNING
from ringfence.tracing.live.warrants import public_of, same_words, signed_by
from ringfence.tracing.visits import durable
from ringfence.vocabulary.moments import moment_of, zone_named
from ringfence.vocabulary.refusals import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ringfence.tracing.live.store import LiveStore

_SAYS_REVOKED = b"ringfence revocation 1\n"


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a warrant of a store holds no more, since when and why, by whose key. `at_minute` tells; it decides nothing.

    Minutes since 1970 UTC; key and signature in hex. Not checked yet.
    """

    warrant: str
    store: str
    at_minute: int
    reason: str
    key: str
    signature: str = ""

    def __post_init__(self) -> None:
        if not self.warrant.strip():
            raise Refused("live.revocation_lacks", part="warrant")
        if not self.reason.strip():
            raise Refused("live.revocation_lacks", part="reason")

    def text(self) -> bytes:
        """Return the canonical text that is signed."""
        told = asdict(self)
        del told["signature"]
        return _SAYS_REVOKED + same_words(told)

    def check(self, store: LiveStore, where: Path) -> None:
        """Refuse a revocation that no key trusted by the store has signed for this store."""
        genuine = self.store == store.identity.id and self.key in store.trusted()
        if not genuine or not signed_by(self.key, self.signature, self.text()):
            raise Refused("live.revocation_forged", file=str(where), warrant=self.warrant)


def revoke(store: LiveStore, warrant: str, by: Ed25519PrivateKey, *, at_minute: int, reason: str) -> Revocation:
    """Revoke a warrant by its id, for good, and return its revocation; twice is once. Holds from the first file on."""
    key = public_of(by)
    if key not in store.trusted():
        raise Refused("live.warrant_untrusted", key=key[:16])
    standing = Revocations(store)
    known = standing.of(warrant)
    if known is None:
        plain = Revocation(warrant, store.identity.id, at_minute, reason, key)
        known = Revocation(**{**asdict(plain), "signature": by.sign(plain.text()).hex()})
        room = _rooms(store)[0]
        try:
            _write(room, known)
        except OSError as error:
            raise Refused("live.not_revoked", file=str(room), reason=error.strerror or str(error)) from error
    standing.record()
    return known


class Revocations:
    """All revocations of a store, as far as they have been read; `check` reads what has come since."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._rooms = _rooms(store)
        self._found: dict[str, Revocation] = {}
        self._logged: set[str] = set()
        self._read_to = BEGINNING

    def of(self, warrant: str) -> Revocation | None:
        """Return the revocation of a warrant, or None; refused where one was forged or the log does not hold."""
        self._read()
        return self._found.get(warrant)

    def check(self, warrant: str) -> None:
        """Refuse a warrant that was revoked."""
        revocation = self.of(warrant)
        if revocation is not None:
            at = moment_of(revocation.at_minute, zone_named(self._store.zone)).isoformat(timespec="minutes")
            raise Refused("live.warrant_revoked", warrant=warrant, at=at, reason=revocation.reason)

    def check_soon(self, warrant: str) -> None:
        """Refuse like `check`; before every block: reads only where the log, which tells each revocation, grew."""
        if self._store.opened.size() != self._read_to.offset:
            self.check(warrant)

    def record(self) -> None:
        """Write every revocation into the log, if it is not there yet, and beside the day keys where these can be."""
        self._read()
        for warrant, revocation in sorted(self._found.items()):
            beside_keys = self._rooms[1]
            if beside_keys.parent.exists() and not (beside_keys / _name_of(warrant)).exists():
                # Keys may lie on a disk that is only read here; file and log hold the revocation all the same.
                with suppress(OSError):
                    _write(beside_keys, revocation)
            if warrant not in self._logged:
                self._store.opened.append_revocation(asdict(revocation))
        self._read()

    def _read(self) -> None:
        for room in self._rooms:
            for path in sorted(room.glob("*.json")):
                revocation = _revocation_in(path)
                if path.name != _name_of(revocation.warrant):
                    raise Refused("live.revocation_forged", file=str(path), warrant=revocation.warrant)
                self._take(revocation, path)
        lines, self._read_to = self._store.opened.since(self._read_to)
        for told in lines:
            if "revoked" in told:
                revocation = _typed(told["revoked"], self._store.opened.path)
                self._take(revocation, self._store.opened.path)
                self._logged.add(revocation.warrant)

    def _take(self, revocation: Revocation, where: Path) -> None:
        if self._found.get(revocation.warrant) != revocation:
            revocation.check(self._store, where)
            self._found.setdefault(revocation.warrant, revocation)


def _rooms(store: LiveStore) -> tuple[Path, Path]:
    return store.path / "revoked", store.day_keys.room / "revoked"


def _name_of(warrant: str) -> str:
    return f"{hashlib.sha256(warrant.encode()).hexdigest()[:32]}.json"


def _write(room: Path, revocation: Revocation) -> None:
    room.mkdir(mode=0o700, exist_ok=True)
    durable.flush_directory(room.parent)
    data = json.dumps(asdict(revocation), indent=1, ensure_ascii=False).encode() + b"\n"
    durable.replace(room / _name_of(revocation.warrant), data, mode=0o600)


def _revocation_in(path: Path) -> Revocation:
    try:
        return _typed(json.loads(path.read_bytes()), path)
    except ValueError as error:
        raise Refused("live.revocation_unreadable", file=str(path)) from error


def _typed(told: Any, path: Path) -> Revocation:
    """Return a revocation from JSON: every field there, none more, each of its type."""
    try:
        if type(told["at_minute"]) is not int or not all(isinstance(told[n], str) for n in told if n != "at_minute"):
            raise TypeError(path)
        return Revocation(**told)
    except (KeyError, TypeError, Refused) as error:
        raise Refused("live.revocation_unreadable", file=str(path)) from error
