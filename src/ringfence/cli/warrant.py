"""`ringfence warrant`: write, sign, show and revoke warrants for live stores, and say whose signature a store obeys."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output
from ringfence.cli.clock import now
from ringfence.cli.options import Keys, Zone
from ringfence.cli.options import Searched as Store
from ringfence.cli.output import say

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.console import Console

    from ringfence.tracing.live.revocations import Revocation
    from ringfence.tracing.live.store import LiveStore
    from ringfence.tracing.live.warrants import Seed, SignedWarrant

command = typer.Typer()

Signer = Annotated[Path, typer.Option("--key", exists=True, dir_okay=False, help="cli.warrant.key")]


@command.command(help="cli.warrant.keygen.help")
def keygen(out: Annotated[Path, typer.Option("--out", help="cli.warrant.keygen.out")]) -> None:
    """Make a pair of keys."""
    from ringfence.tracing.live.warrants import new_private_key, private_text, public_of, public_text
    from ringfence.tracing.visits import durable
    from ringfence.vocabulary.refusals import Refused

    private_file, public_file = out.with_name(f"{out.name}.pem"), out.with_name(f"{out.name}.pub.pem")
    for file in (private_file, public_file):
        if file.exists():
            raise Refused("live.file_exists", file=str(file))
    private = new_private_key()
    durable.write_new(private_file, private_text(private), mode=0o600)
    durable.write_new(public_file, public_text(public_of(private)))
    output.answer(
        {"private": str(private_file), "public": str(public_file), "key": public_of(private)},
        people=lambda _console: output.line("warrant.keys_made", private=private_file, public=public_file),
    )


@command.command(help="cli.warrant.new.help")
def new(
    store: Store,
    key: Signer,
    incident: Annotated[str, typer.Option("--incident", help="cli.warrant.new.incident")],
    person: Annotated[list[str], typer.Option("--person", help="cli.warrant.new.person")],
    confirmed_by: Annotated[list[str], typer.Option("--confirmed-by", help="cli.warrant.new.confirmed_by")],
    reference: Annotated[list[str], typer.Option("--reference", help="cli.warrant.new.reference")],
    start: Annotated[str, typer.Option("--from", help="cli.warrant.new.from")],
    end: Annotated[str, typer.Option("--to", help="cli.warrant.new.to")],
    purpose: Annotated[str, typer.Option("--purpose", help="cli.warrant.new.purpose")],
    name: Annotated[list[str], typer.Option("--name", help="cli.warrant.new.name")],
    expires: Annotated[str, typer.Option("--expires", help="cli.warrant.new.expires")],
    out: Annotated[Path, typer.Option("--out", help="cli.warrant.new.out")],
    keys: Keys = None,
    hops: Annotated[int, typer.Option("--hops", min=1, max=2, help="cli.warrant.new.hops")] = 1,
    residual: Annotated[int, typer.Option("--residual", min=0, help="cli.warrant.new.residual")] = 0,
    tz: Zone = None,
) -> None:
    """Write and sign a warrant."""
    import uuid

    from ringfence.cli.trace import offset_of
    from ringfence.tracing.live.warrants import Warrant, read_private_key, sign
    from ringfence.tracing.visits import durable
    from ringfence.vocabulary.moments import ceil_minute, floor_minute, moment_of, parse_moment, zone_named
    from ringfence.vocabulary.refusals import Refused

    live = _live(store, keys)
    zone = zone_named(tz or live.zone)
    known = zone if tz or live.settled_zone else None
    shown_in = known or offset_of(start) or zone
    expires_at, issued_at = ceil_minute(parse_moment(expires, known)), floor_minute(now())
    if expires_at <= issued_at:
        at, by = (moment_of(minute, shown_in).isoformat(timespec="minutes") for minute in (expires_at, issued_at))
        raise Refused("live.warrant_past_expiry", expires=at, issued=by)
    warrant = Warrant(
        id=uuid.uuid4().hex,
        store=live.identity.id,
        incident=incident,
        purpose=purpose,
        names=tuple(name),
        start=floor_minute(parse_moment(start, known)),
        end=ceil_minute(parse_moment(end, known)),
        issued=issued_at,
        expires=expires_at,
        seeds=_seeds(live, person, confirmed_by, reference),
        hops=hops,
        residual=residual,
    )
    signed = sign(warrant, read_private_key(key))
    if signed.key not in live.trusted():
        raise Refused("live.warrant_untrusted", key=signed.key[:16])
    if out.exists():
        raise Refused("live.file_exists", file=str(out))
    durable.write_new(out, signed.text(), mode=0o600)
    _tell(signed, shown_in, file=out, store=live)


@command.command(help="cli.warrant.show.help")
def show(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="cli.warrant.show.file")],
    tz: Zone = None,
    store: Annotated[Path | None, typer.Option("--store", help="cli.warrant.show.store", show_default=False)] = None,
    keys: Keys = None,
) -> None:
    """Tell what a warrant says, when its signature holds."""
    from ringfence.vocabulary.moments import zone_named

    live = None if store is None else _live(store, keys)
    signed = _read_for(live, file)
    _tell(signed, zone_named(tz or (live.zone if live is not None else "UTC")), file=file, store=live)


@command.command(help="cli.warrant.trust.help")
def trust(
    store: Store,
    key: Signer,
    add: Annotated[Path, typer.Option("--add", exists=True, dir_okay=False, help="cli.warrant.trust.add")],
    keys: Keys = None,
) -> None:
    """Let a store obey one more key."""
    from ringfence.tracing.live.warrants import read_private_key, read_public_key
    from ringfence.tracing.live.warrants import trust as vouch

    live = _live(store, keys)
    public = read_public_key(add)
    vouch(live.path, live.identity.id, public, read_private_key(key), already=live.trusted())
    trusted = sorted(live.trusted())
    output.answer(
        {"trusted": trusted},
        people=lambda _console: output.line("warrant.trusts", count=len(trusted), store=store),
    )


@command.command(help="cli.warrant.revoke.help")
def revoke(
    store: Store,
    key: Signer,
    reason: Annotated[str, typer.Option("--reason", help="cli.warrant.revoke.reason")],
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="cli.warrant.show.file", show_default=False)
    ] = None,
    warrant_id: Annotated[str | None, typer.Option("--id", help="cli.warrant.revoke.id", show_default=False)] = None,
    keys: Keys = None,
) -> None:
    """End a warrant before it expires, for good."""
    from ringfence.tracing.live.revocations import revoke as end
    from ringfence.tracing.live.warrants import read_private_key
    from ringfence.vocabulary.moments import floor_minute

    if (file is None) == (warrant_id is None):
        raise typer.BadParameter(say("cli.warrant.file_or_id"), param_hint="--id")
    live = _live(store, keys)
    named = warrant_id if file is None else _read_for(live, file).warrant.id
    known = end(live, named or "", read_private_key(key), at_minute=floor_minute(now()), reason=reason)
    head = live.opened.totals().head
    told = _revoked_json(live, known)
    output.answer(
        {"warrant": known.warrant, **told, "log_head": head},
        people=lambda _console: output.line("warrant.revoked", warrant=known.warrant, head=head, **told),
    )


def _read_for(store: LiveStore | None, file: Path) -> SignedWarrant:
    """Return the warrant in a file whose signature holds and that is for a store, if one is given."""
    from ringfence.tracing.live.warrants import read_warrant
    from ringfence.vocabulary.refusals import Refused

    signed = read_warrant(file)
    signed.check_signature()
    if store is not None and store.identity.id != signed.warrant.store:
        raise Refused("live.warrant_other_store", warrant=signed.warrant.id)
    return signed


def _revoked_json(store: LiveStore, revocation: Revocation) -> dict[str, str]:
    from ringfence.vocabulary.moments import moment_of, zone_named

    at = moment_of(revocation.at_minute, zone_named(store.zone)).isoformat(timespec="minutes")
    return {"at": at, "reason": revocation.reason, "key": revocation.key}


def _live(path: Path, keys: Path | None) -> LiveStore:
    from ringfence.tracing.live.store import LiveStore
    from ringfence.tracing.visits.store import open_store
    from ringfence.vocabulary.refusals import Refused

    store = open_store(path, keys)
    if not isinstance(store, LiveStore):
        raise Refused("live.not_live", store=str(path))
    return store


def _seeds(store: LiveStore, persons: list[str], confirmed_by: list[str], references: list[str]) -> tuple[Seed, ...]:
    """Return seeds by number; one confirmation and one reference may be said for all, or one for each."""
    from ringfence.tracing.live.warrants import CONFIRMED_BY, Seed
    from ringfence.vocabulary.refusals import Refused

    for said, option in ((confirmed_by, "--confirmed-by"), (references, "--reference")):
        if len(said) not in (1, len(persons)):
            raise typer.BadParameter(say("cli.warrant.one_for_each"), param_hint=option)
    by = confirmed_by * len(persons) if len(confirmed_by) == 1 else confirmed_by
    told = references * len(persons) if len(references) == 1 else references
    for person, said, reference in zip(persons, by, told, strict=True):
        if said.replace("-", "_") not in CONFIRMED_BY or not reference.strip():
            raise Refused("live.seed_unconfirmed", person=person, confirmed_by=said or "-")
    return tuple(
        Seed(int(number), said.replace("-", "_"), reference)
        for number, said, reference in zip(store.numbers_of(persons).tolist(), by, told, strict=True)
    )


def _tell(signed: SignedWarrant, zone: tzinfo, *, file: Path, store: LiveStore | None) -> None:
    import numpy as np

    from ringfence.tracing.live.revocations import Revocations
    from ringfence.vocabulary.moments import moment_of

    def said(minute: int) -> str:
        return moment_of(minute, zone).isoformat(timespec="minutes")

    warrant = signed.warrant
    numbers = [seed.person for seed in warrant.seeds]
    named = [str(n) for n in numbers] if store is None else store.names_of("person", np.array(numbers, np.int64))
    spans = {name: said(getattr(warrant, name)) for name in ("start", "end", "issued", "expires")}
    ended = None if store is None else Revocations(store).of(warrant.id)
    revoked = None if store is None or ended is None else _revoked_json(store, ended)

    def people(console: Console) -> None:
        rows: list[tuple[str, object]] = [
            (say("warrant.row.incident"), warrant.incident),
            (say("warrant.row.purpose"), warrant.purpose),
            (say("warrant.row.names"), ", ".join(warrant.names)),
            (say("warrant.row.seeds"), ", ".join(map(_seed_said, named, warrant.seeds))),
            (say("warrant.row.windows"), ", ".join(
                f"{w.place}: {said(w.start)} … {said(w.end)} ({w.reference})" for w in warrant.windows)),
            (say("warrant.row.span"), f"{spans['start']} … {spans['end']}"),
            (say("warrant.row.reach"), say("warrant.reach", hops=warrant.hops, residual=warrant.residual)),
            (say("warrant.row.issued"), spans["issued"]), (say("warrant.row.expires"), spans["expires"]),
            (say("warrant.row.revoked"), revoked and f"{revoked['at']} ({revoked['reason']})"),
            (say("warrant.row.store"), warrant.store), (say("warrant.row.key"), signed.key),
        ]  # fmt: skip
        kept = [row for row in rows if row[1]]
        console.print(output.table(["visits.info.what", "visits.info.value"], kept, title="warrant.title"))
        output.line("warrant.in_file", file=file)

    output.answer(
        {"warrant": asdict(warrant), "moments": spans, "key": signed.key, "signature": "holds", "file": str(file)}
        | ({} if store is None else {"revoked": revoked}),
        people=people,
    )


def _seed_said(name: str, seed: Seed) -> str:
    return f"{name} ({say(f'warrant.confirmed_by.{seed.confirmed_by}')}, {seed.reference})"
