"""`ringfence duties`: what must happen, to whom, by when and why, from a file of facts under a rule pack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.shelf import (
    Facts,
    Given,
    Now,
    On,
    PackName,
    Packs,
    Rejects,
    facts_in,
    given,
    historical,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from ringfence.rules.duties import Derivation, Duty, Proposal
    from ringfence.rules.facts import Fact
    from ringfence.rules.telling import Teller
    from ringfence.vocabulary.subjects import Subject

_STATES = ("open", "waiting", "late", "proved", "attested", "unknown", "impossible", "excused", "superseded", "refused")


Before = Annotated[Path | None, typer.Option(help="cli.duties.before", exists=True, dir_okay=False, show_default=False)]
Subjects = Annotated[
    list[str] | None, typer.Option("--subject", help="cli.duties.subject", metavar="SUBJECT", show_default=False)
]
States = Annotated[
    list[str] | None, typer.Option("--state", help="cli.duties.state", metavar="STATE", show_default=False)
]


def command(
    facts: Facts,
    pack: PackName = None,
    now: Now = None,
    on: On = None,
    before: Before = None,
    subject: Subjects = None,
    state: States = None,
    rejects: Rejects = None,
    packs: Packs = None,
) -> int:
    """Print duties with state, deadline and reasons."""
    from ringfence.rules.strata import derive_all
    from ringfence.rules.telling import derived_json, next_wake
    from ringfence.vocabulary.subjects import Subject

    wanted = _wanted(subject or [], state or [])
    read = given(facts, pack=pack, packs=packs, now=now, on=on, rejects=rejects)
    derived = derive_all(read.facts, read.books(read.facts), read.now)
    teller = read.teller()
    duties = [duty for one in derived.values() for duty in one.duties]
    shown = [duty for duty in duties if wanted(duty, read.now)]
    keys = {duty.key for duty in shown}
    about = {Subject.read(text) for text in subject or []} or set(derived)
    proposed = sorted((p for s, one in derived.items() if s in about for p in one.proposals), key=lambda p: p.key)
    told = derived_json(derived, teller)
    told["duties"] = [row for row in told["duties"] if row["key"] in keys]
    told["proposals"] = [row for row in told["proposals"] if Subject.read(row["subject"]) in about]
    changes = None if before is None else _changes(before, derived, read, teller)
    void = [(fact, reasons) for fact, reasons in _void(read) if fact.subject in about]
    told["void_instruments"] = [
        {"fact": fact.id, "subject": str(fact.subject), "because": reasons} for fact, reasons in void
    ]
    if changes is not None:
        told["difference"] = [{"subject": str(s), "sentences": lines} for s, lines in changes.items()]

    def people(console: Console) -> None:
        banner = historical(read.pack, read.book.on)
        if banner:
            console.print(banner, style="bold red", markup=False, soft_wrap=True)
        output.line("duties.stand", **_stand(shown, read, teller))
        if changes is not None:
            _print_changes(console, changes, teller)
        print_duties(console, shown, teller)
        _print_proposals(proposed, teller)
        for fact, reasons in void:
            why = " ".join(teller.say(code) for code in reasons)
            output.line("duties.void", subject=teller.subject(fact.subject), fact=fact.id, why=why)
        wake = next_wake(derived.values())
        if wake is not None:
            moment = teller.end(wake.at) if wake.passed else teller.moment(wake.at)
            output.line("duties.wakes", moment=moment, length=teller.length(wake.at - read.now))

    output.answer(told | read.told(), people=people)
    read.tell_rejects()
    return read.code


def _print_proposals(proposals: Iterable[Proposal], teller: Teller) -> None:
    for proposal in proposals:
        why = teller.semicolon.join(teller.why(proposal.because))
        code = "duties.proposed" if proposal.signable else "duties.proposed_only"
        output.line(code, subject=teller.subject(proposal.subject), what=teller.what(proposal), why=why)


def _stand(duties: list[Duty], read: Given, teller: Teller) -> dict[str, object]:
    """Return the moment, the clocks, the pack and how many duties stand how, for the line above them."""
    states = [duty.state(read.now) for duty in duties]
    counts = {name: states.count(name) for name in ("late", "open", "waiting")}
    return {
        "moment": teller.moment(read.now),
        "zone": read.pack.zone,
        "pack": read.pack.id,
        **counts,
        "ended": len(states) - sum(counts.values()),
    }


def _void(read: Given) -> list[tuple[Fact, list[str]]]:
    """Return the signed measures on people that restrain nobody, with the codes that say why; areas have proposals."""
    from ringfence.rules.facts import current
    from ringfence.rules.instruments import void_reasons

    acts = {
        fact.id: fact
        for fact in current(read.facts, now=read.now)
        if fact.kind in ("agreement", "instrument") and fact.subject.kind in ("contact", "infection")
    }
    found = [
        (fact, [f"duty.void_{reason}" for reason in void_reasons(fact, read.book, acts)])
        for fact in acts.values()
        if fact.kind == "instrument"
    ]
    return [(fact, reasons) for fact, reasons in found if reasons]


def _wanted(subjects: list[str], states: list[str]) -> Any:
    """Return whether a duty is asked for; `open` means the late ones too."""
    from ringfence.vocabulary.subjects import Subject

    about = {Subject.read(text) for text in subjects}
    for text in states:
        if text not in _STATES:
            said = output.say("cli.none_of", given=text, choices=", ".join(_STATES))
            raise typer.BadParameter(said, param_hint="--state")
    within = set(states) | ({"late"} if "open" in states else set())
    return lambda duty, now: (not about or duty.subject in about) and (not within or duty.state(now) in within)


def print_duties(console: Console, duties: Iterable[Duty], teller: Teller) -> None:
    """Print duties, the next deadline first and what has ended last: what, whom, desk, state, and the reasons below."""
    from rich.text import Text

    from ringfence.rules.duties import OPEN
    from ringfence.rules.telling import in_order

    listed = sorted(in_order(duties), key=lambda duty: duty.ended != OPEN)
    if not listed:
        output.line("duties.none")
    for duty in listed:
        due = duty.due or duty.until
        when = "—" if due is None else teller.end(due)
        far = teller.due(due) if duty.ended == OPEN else ""
        head = Text(f"{when}  ", style="bold red" if duty.state(teller.now or duty.begins) == "late" else "bold")
        head.append(teller.what(duty), style="bold")
        said = [teller.subject(duty.subject), teller.word("desk", duty.desk), teller.state(duty), far]
        head.append(" · " + " · ".join(filter(None, said)), style="not bold")
        console.print(head, soft_wrap=True)
        for why in teller.why(duty.because):
            console.print(Text(f"    {why}", style="dim"), soft_wrap=True)


def _changes(before: Path, derived: Mapping[Subject, Derivation], read: Given, teller: Teller) -> dict[Any, list[str]]:
    """Return in words what changed since an earlier file of facts, or since an earlier answer with --json."""
    import json

    from ringfence.rules.compare import compare
    from ringfence.rules.facts import current
    from ringfence.rules.strata import derive_all
    from ringfence.rules.telling import read_duties, read_proposals
    from ringfence.rules.telling_changes import corrections, difference_said
    from ringfence.vocabulary.refusals import Refused

    text = text_of(before)
    try:
        written = json.loads(text)
    except json.JSONDecodeError:
        written = None
    duties = [duty for one in derived.values() for duty in one.duties]
    proposals = [proposal for one in derived.values() for proposal in one.proposals]
    if isinstance(written, dict) and "duties" in written:
        proposed = (read_proposals(text), proposals)
        return difference_said(compare(read_duties(text), duties), teller, proposed=proposed)
    if not isinstance(written, dict | list) or (isinstance(written, dict) and "facts" not in written):
        raise Refused("duties.no_answer")
    old, _ = facts_in(text, read.pack)
    stood = derive_all(old, read.books(old), read.now)
    why = corrections(current(old, now=read.now), current(read.facts, now=read.now), teller)
    difference = compare((duty for one in stood.values() for duty in one.duties), duties)
    proposed = ([proposal for one in stood.values() for proposal in one.proposals], proposals)
    return difference_said(difference, teller, why, proposed=proposed)


def _print_changes(console: Console, changes: dict[Any, list[str]], teller: Teller) -> None:
    output.line("duties.changes" if changes else "duties.no_changes")
    for subject, lines in changes.items():
        console.print(teller.subject(subject), style="bold", markup=False)
        for line in lines:
            console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print()
