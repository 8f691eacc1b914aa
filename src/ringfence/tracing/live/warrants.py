"""Warrants: signed leave to open a named part of a live store, for a named purpose, by two people, for a while.

A warrant is a JSON file with an Ed25519 signature over its canonical text. It holds numbers of a store, not given ids.
Which signatures count is decided by the store: keys it was founded with, and keys that one of these has vouched for.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ringfence.tracing.visits import durable
from ringfence.vocabulary.moments import MINUTES_PER_DAY, moment_of
from ringfence.vocabulary.refusals import Refused

SCHEMA = 1
CONFIRMED_BY = ("laboratory", "clinician", "second_desk")
"""Who may have said that a seed is a case. A suspicion alone opens nothing."""
MOST_RESIDUAL = 2 * MINUTES_PER_DAY
_SAYS_WARRANT = b"ringfence warrant 1\n"
_SAYS_TRUST = b"ringfence trust 1\n"


@dataclass(frozen=True, slots=True)
class WarrantLimits:
    """How much time one warrant may open, and for how long it may be used, in days."""

    span_days: int = 90
    valid_days: int = 90

    def check(self, warrant: Warrant) -> None:
        """Refuse a warrant that asks for more."""
        span, valid = warrant.end - warrant.start, warrant.expires - warrant.issued
        if span > self.span_days * MINUTES_PER_DAY or valid > self.valid_days * MINUTES_PER_DAY:
            raise Refused("live.warrant_too_long", span_days=self.span_days, valid_days=self.valid_days)


@dataclass(frozen=True, slots=True)
class Seed:
    """A case to start from: the person's number, who confirmed it, and under which reference that can be looked up."""

    person: int
    confirmed_by: str
    reference: str


@dataclass(frozen=True, slots=True)
class PlaceWindow:
    """A place and the minutes [start, end) in which everybody there may be named, and why."""

    place: int
    start: int
    end: int
    reference: str


@dataclass(frozen=True, slots=True)
class Warrant:
    """What may be opened: seeds and place-windows within [start, end), over so many hops. Minutes since 1970 UTC."""

    id: str
    store: str
    incident: str
    purpose: str
    names: tuple[str, ...]
    start: int
    end: int
    issued: int
    expires: int
    seeds: tuple[Seed, ...] = ()
    windows: tuple[PlaceWindow, ...] = ()
    hops: int = 1
    residual: int = 0
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        for name in ("id", "store", "incident", "purpose"):
            if not getattr(self, name).strip():
                raise Refused("live.warrant_lacks", part=name)
        if len({_alike(name) for name in self.names} - {""}) != 2 or len(self.names) != 2:
            raise Refused("live.two_names", names=", ".join(self.names))
        if not self.seeds and not self.windows:
            raise Refused("live.warrant_lacks", part="seeds")
        for seed in self.seeds:
            if seed.confirmed_by not in CONFIRMED_BY or not seed.reference.strip():
                raise Refused("live.seed_unconfirmed", person=seed.person, confirmed_by=seed.confirmed_by or "-")
        if self.issued >= self.expires:
            told = {"expires": moment_of(self.expires).isoformat(), "issued": moment_of(self.issued).isoformat()}
            raise Refused("live.warrant_past_expiry", **told)
        if self.start >= self.end:
            raise Refused("live.warrant_empty_span")
        for window in self.windows:
            if not window.reference.strip():
                raise Refused("live.warrant_lacks", part="reference")
            if not self.start <= window.start < window.end <= self.end:
                raise Refused("live.warrant_empty_span")
        if self.hops not in (1, 2) or not 0 <= self.residual <= MOST_RESIDUAL:
            raise Refused("live.warrant_reach", hops=self.hops, residual=self.residual)

    def text(self) -> bytes:
        """Return the canonical text that is signed."""
        return same_words(asdict(self))


LIMITS = WarrantLimits()


@dataclass(frozen=True, slots=True)
class SignedWarrant:
    """A warrant, the public key (hex) it is said to be signed with, and the signature (hex). Not checked yet."""

    warrant: Warrant
    key: str
    signature: str

    def text(self) -> bytes:
        """Return the bytes of a warrant file."""
        told = {"warrant": asdict(self.warrant), "key": self.key, "signature": self.signature}
        return json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"

    def check_signature(self) -> None:
        """Refuse a warrant that is not as it was when it was signed."""
        if not signed_by(self.key, self.signature, _SAYS_WARRANT + self.warrant.text()):
            raise Refused("live.warrant_altered", warrant=self.warrant.id)


def sign(warrant: Warrant, private: Ed25519PrivateKey, *, limits: WarrantLimits = LIMITS) -> SignedWarrant:
    """Return a warrant signed with a private key; refused where it goes beyond the limits."""
    limits.check(warrant)
    return SignedWarrant(warrant, public_of(private), private.sign(_SAYS_WARRANT + warrant.text()).hex())


def parse_warrant(data: bytes) -> SignedWarrant:
    """Return the signed warrant in the bytes of a file; refused when it is not one, or says more than is known here."""
    try:
        raw = json.loads(data)
        told = dict(raw["warrant"])
        if told["schema"] != SCHEMA or set(raw) != {"warrant", "key", "signature"}:
            raise Refused("live.warrant_unreadable", reason=f"schema {told['schema']}")
        told["seeds"] = tuple(_typed(Seed, seed) for seed in told["seeds"])
        told["windows"] = tuple(_typed(PlaceWindow, window) for window in told["windows"])
        told["names"] = tuple(told["names"])
        if not all(isinstance(name, str) for name in (*told["names"], raw["key"], raw["signature"])):
            raise TypeError("names")
        return SignedWarrant(_typed(Warrant, told), raw["key"], raw["signature"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("live.warrant_unreadable", reason=str(error) or type(error).__name__) from error


def read_warrant(path: Path | str) -> SignedWarrant:
    """Return the signed warrant in a file."""
    return parse_warrant(Path(path).read_bytes())


def new_private_key() -> Ed25519PrivateKey:
    """Return a new key to sign warrants with."""
    return Ed25519PrivateKey.generate()


def private_text(private: Ed25519PrivateKey) -> bytes:
    """Return a private key as PEM (PKCS8, not encrypted: keep the file where only the signer reads)."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_private_key(path: Path | str) -> Ed25519PrivateKey:
    """Return the private key in a PEM file."""
    try:
        key = serialization.load_pem_private_key(Path(path).read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Refused("live.not_a_key", file=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused("live.not_a_key", file=str(path))
    return key


def public_of(private: Ed25519PrivateKey) -> str:
    """Return the public key (hex) of a private one."""
    return private.public_key().public_bytes_raw().hex()


def public_text(public: str) -> bytes:
    """Return a public key (hex) as PEM."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public_key(path: Path | str) -> str:
    """Return the public key (hex) in a PEM file."""
    try:
        key = serialization.load_pem_public_key(Path(path).read_bytes())
    except ValueError as error:
        raise Refused("live.not_a_key", file=str(path)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise Refused("live.not_a_key", file=str(path))
    return key.public_bytes_raw().hex()


def public_key(text: str) -> str:
    """Return a public key in the one way it is written here (hex, small letters); refused when it is none."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)).public_bytes_raw().hex()
    except ValueError as error:
        raise Refused("live.not_a_key", file=text) from error


def _alike(name: str) -> str:
    """Return a name in the form in which two are compared: writing it wider, or with other blanks, makes no second."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def trust(store: Path, store_id: str, public: str, by: Ed25519PrivateKey, *, already: frozenset[str]) -> None:
    """Let a store obey one more key, vouched for by one that it obeys already. Twice is once."""
    public = public_key(public)
    if public_of(by) not in already:
        raise Refused("live.warrant_untrusted", key=public_of(by)[:16])
    if public in already:
        return
    told = {"key": public, "by": public_of(by), "signature": by.sign(_trust_text(store_id, public)).hex()}
    room = store / "trusted"
    with durable.only_writer(store):
        room.mkdir(exist_ok=True)
        durable.replace(room / f"{public[:16]}.json", json.dumps(told).encode() + b"\n")


def trusted_by(store: Path, store_id: str, founding: tuple[str, ...]) -> frozenset[str]:
    """Return the keys a store obeys; refused when one was put there that nobody trusted has vouched for."""
    trusted = set(founding)
    waiting = [_vouching(path) for path in sorted((store / "trusted").glob("*.json"))]
    while waiting:
        vouched = [entry for entry in waiting if entry["by"] in trusted]
        for entry in vouched:
            if not signed_by(entry["by"], entry["signature"], _trust_text(store_id, entry["key"])):
                raise Refused("live.trust_forged", key=str(entry["key"])[:16])
            trusted.add(entry["key"])
        if not vouched:
            raise Refused("live.trust_forged", key=str(waiting[0]["key"])[:16])
        waiting = [entry for entry in waiting if entry not in vouched]
    return frozenset(trusted)


def _vouching(path: Path) -> dict[str, str]:
    """Return what a file among the trusted keys says; refused when it says nothing that can be read."""
    try:
        told = json.loads(path.read_bytes())
        if not all(isinstance(told[name], str) for name in ("key", "by", "signature")):
            raise TypeError(path)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("live.trust_unreadable", file=str(path)) from error
    return dict(told)


def _trust_text(store_id: str, public: str) -> bytes:
    return _SAYS_TRUST + same_words({"store": store_id, "key": public})


def signed_by(key: str, signature: str, text: bytes) -> bool:
    """Return whether a text was signed with the private half of a public key (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def same_words(told: Mapping[str, object]) -> bytes:
    """Return the one text that is signed for some values: JSON, keys in order, no blanks, UTF-8."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _typed(kind: Any, told: Mapping[str, Any]) -> Any:
    """Return a value of a dataclass from JSON: every field there, none more, each of its type."""
    wanted = {field.name: str(field.type) for field in fields(kind)}
    if set(told) != set(wanted):
        raise ValueError(f"fields {sorted(set(told) ^ set(wanted))}")
    for name, value in told.items():
        whole = wanted[name] == "int"
        if whole != (type(value) is int) or (wanted[name] == "str" and not isinstance(value, str)):
            raise TypeError(f"field {name}")
    return kind(**told)
