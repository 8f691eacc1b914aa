"""`ringfence gap`: due = proved + attested + excused or impossible + unknown + open, by kind, with names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.output import say
from ringfence.cli.shelf import Facts, Now, On, PackName, Packs, Rejects, given, historical

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.rules.gap import Equation, Missing
    from ringfence.rules.telling import Teller

_COLUMNS = (
    "duties.column.subject",
    "duties.column.what",
    "duties.column.desk",
    "duties.column.due",
    "gap.column.misses",
)


def command(
    facts: Facts,
    pack: PackName = None,
    now: Now = None,
    on: On = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="cli.gap.kind", metavar="KIND", show_default=False)
    ] = None,
    rejects: Rejects = None,
    packs: Packs = None,
) -> int:
    """Print the equation of the gap with names."""
    from ringfence.rules.derive.lapse import undecided_lapses
    from ringfence.rules.duties import KINDS
    from ringfence.rules.gap import equations, total
    from ringfence.rules.strata import derive_all

    for name in kind or ():
        if name not in KINDS:
            said = say("cli.none_of", given=name, choices=", ".join(KINDS))
            raise typer.BadParameter(said, param_hint="--kind")
    read = given(facts, pack=pack, packs=packs, now=now, on=on, rejects=rejects)
    derived = derive_all(read.facts, read.books(read.facts), read.now)
    duties = [duty for one in derived.values() for duty in one.duties if not kind or duty.kind in kind]
    found = equations(duties, read.now)
    teller = read.teller()

    def people(console: Console) -> None:
        banner = historical(read.pack, read.book.on)
        if banner:
            console.print(banner, style="bold red", markup=False, soft_wrap=True)
        if not found:
            output.line("duties.none")
        for one in found:
            if not one.due and not one.superseded:
                continue
            console.print(_equation(one, teller), style="bold", markup=False, soft_wrap=True)
            _print_names(console, one, teller)
        if len(found) > 1:
            console.print(_equation(total(found), teller), style="bold", markup=False, soft_wrap=True)

    told = {"kinds": [_json(one, teller) for one in found], "total": _json(total(found), teller, names=False),
            "undecided_lapses": len(undecided_lapses(duties))}  # fmt: skip
    output.answer(told | read.told(), people=people)
    read.tell_rejects()
    return read.code


def _equation(one: Equation, teller: Teller) -> str:
    kind = teller.word("gap_kind" if f"gap_kind.{one.kind}" in _words() else "duty_kind", one.kind)
    said = say("gap.equation", kind=kind, due=one.due, proved=one.proved, attested=one.attested, excused=one.excused,
               unknown=one.unknown, open=one.open)  # fmt: skip
    more = [say("gap.late", late=one.late)] if one.late else []
    more += [say("gap.running", running=one.running)] if one.running else []
    more += [say("gap.waiting", waiting=one.waiting)] if one.waiting else []
    more += [say("gap.superseded", superseded=one.superseded)] if one.superseded else []
    return said + "".join(more)


def _words() -> Any:
    from ringfence.vocabulary.words import table

    return table()


def _print_names(console: Console, one: Equation, teller: Teller) -> None:
    """Print who is missing and what, then who ended without it being done."""
    rows = [
        (teller.subject(m.duty.subject), teller.what(m.duty), teller.word("desk", m.duty.desk),
         teller.end(m.duty.due or m.duty.until) if m.duty.due or m.duty.until else "", misses(m, teller))
        for m in one.missing if not m.running
    ]  # fmt: skip
    if rows:
        console.print(output.table(_COLUMNS, rows))
    for duty in one.not_done:
        why = teller.semicolon.join(teller.why(duty.because[-1:]))
        output.line("gap.not_done", subject=teller.subject(duty.subject), what=teller.what(duty),
                    state=teller.word("duty_state", duty.ended), why=why)  # fmt: skip


def misses(one: Missing, teller: Teller) -> str:
    """Return what an open duty misses: a proof, hours of cover, and how late it is."""
    said = []
    if one.uncovered:
        said.append(say("gap.uncovered", length=teller.length(one.uncovered)))
    elif one.uncovered is None:
        said.append(say("gap.no_proof"))
    if one.late_by is not None:
        said.append(say("due.late", length=teller.length(one.late_by)))
    elif one.duty.due is not None:
        said.append(teller.due(one.duty.due))
    return teller.comma.join(said)


def _json(one: Equation, teller: Teller, *, names: bool = True) -> dict[str, Any]:
    counts = {
        name: getattr(one, name)
        for name in ("due", "proved", "attested", "unknown", "open", "late", "running", "waiting")
    }
    told: dict[str, Any] = {"kind": one.kind, **counts, "excused_or_impossible": one.excused,
                            "superseded": one.superseded, "sentence": _equation(one, teller)}  # fmt: skip
    if names:
        told["missing"] = [
            {
                "key": m.duty.key,
                "subject": str(m.duty.subject),
                "name": teller.subject(m.duty.subject),
                "desk": m.duty.desk,
                "due": None if m.duty.due is None else m.duty.due.astimezone(teller.zone).isoformat(),
                "late_hours": None if m.late_by is None else round(m.late_by.total_seconds() / 3600, 2),
                "uncovered_hours": None if m.uncovered is None else round(m.uncovered.total_seconds() / 3600, 2),
                "misses": misses(m, teller),
            }
            for m in one.missing
        ]
        told["not_done"] = [
            {"key": duty.key, "subject": str(duty.subject), "ended": duty.ended, "proved_by": list(duty.proved_by)}
            for duty in one.not_done
        ]
    return told
