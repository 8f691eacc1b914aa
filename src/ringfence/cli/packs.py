"""`ringfence packs`: which rules there are, what they say and since when, whether a pack holds, how two differ."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.output import say
from ringfence.cli.packs_checked import packs_to_check, problems_of
from ringfence.cli.packs_compared import for_whom, pack_and_day
from ringfence.cli.shelf import On, Packs, day_of, historical, period, shelf_with, today_in

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.rules.packfile import Entry, Pack
    from ringfence.rules.telling import Teller
    from ringfence.vocabulary.refusals import Refused

command = typer.Typer()
Name = Annotated[str, typer.Argument(help="cli.packs.pack", metavar="PACK")]
_LANGUAGES = ("en", "zh")


@command.command("list", help="cli.packs.list.help")
def list_(on: On = None, packs: Packs = None) -> None:
    """List the packs."""
    shelf = shelf_with(packs)
    rows, told = [], []
    for name in shelf.ids():
        pack = shelf.pack(name)
        day = day_of(on, today_in(pack))
        state = say("pack.is_in_force") if pack.in_force(day) else _mark()
        rows.append((pack.id, pack.said(_language()), pack.disease, period(pack), state, " > ".join(pack.over)))
        told.append(_head(pack, day))
    columns = [f"packs.column.{name}" for name in ("id", "name", "disease", "period", "state", "over")]
    output.answer({"packs": told}, people=lambda console: console.print(output.table(columns, rows)))


@command.command(help="cli.packs.show.help")
def show(
    pack: Name,
    on: On = None,
    page: Annotated[Path | None, typer.Option("--page", help="cli.packs.page", show_default=False)] = None,
    packs: Packs = None,
) -> None:
    """Show all values of a pack by section, or write them as a page."""
    from ringfence.rules.pages import TOPICS, key_said, topic_of, value_said
    from ringfence.rules.pages import page as page_of
    from ringfence.rules.rulebook import Rulebook

    read = shelf_with(packs).pack(pack)
    if page is not None:
        page.write_text(page_of(read, _language()), encoding="utf-8")
        output.answer({"page": str(page)}, people=lambda _console: output.line("packs.page_written", file=page))
        return
    day = day_of(on, today_in(read))
    book = Rulebook.of(read, day)
    teller = _teller(read)

    def people(console: Console) -> None:
        from rich.text import Text

        _print_head(console, read, day)
        for topic in (*TOPICS, "authority"):
            keys = [key for key in sorted(book.values) if topic_of(key) == topic]
            if keys:
                console.print(f"\n{teller.word('topic', topic)}", style="bold underline", markup=False)
            for key in keys:
                ruled = book.values[key]
                said = Text(f"{key_said(key, teller)}{teller.colon}")
                said.append(value_said(key, ruled.value, teller), style="bold")
                console.print(said, soft_wrap=True)
                since = say("packs.since", since=ruled.since)
                confidence = teller.word("confidence", ruled.confidence)
                whence = (key, since, ruled.clause, _document(ruled.source, read, teller), confidence, ruled.pack)
                console.print(Text(f"    {' · '.join(whence)}", style="dim"), soft_wrap=True)

    values = [
        {"key": key, "value": ruled.value, "since": ruled.since, "clause": ruled.clause, "source": ruled.source,
         "confidence": ruled.confidence, "pack": ruled.pack, "sentence": key_said(key, teller)}
        for key, ruled in sorted(book.values.items())
    ]  # fmt: skip
    output.answer(_head(read, day) | {"values": values, "sources": read.sources}, people=people)


@command.command(help="cli.packs.explain.help")
def explain(
    key: Annotated[str, typer.Argument(help="cli.packs.key", metavar="KEY")],
    pack: Annotated[str, typer.Option("--pack", help="cli.packs.pack")],
    on: On = None,
    packs: Packs = None,
) -> None:
    """Explain one value: what holds on a day, by which clause, what held before and what follows."""
    from ringfence.rules.pages import key_said
    from ringfence.rules.telling import timeline
    from ringfence.rules.typing import nearest
    from ringfence.vocabulary.refusals import Refused

    read = shelf_with(packs).pack(pack)
    if key not in read.entries:
        raise Refused(
            "pack.no_such_value", key=key, pack=f"{read.id}@{read.version}", nearest=nearest(key, read.entries)
        )
    day = day_of(on, today_in(read))
    teller = _teller(read)
    stretches = timeline(read.entries[key])
    at = max((index for index, (since, _) in enumerate(stretches) if since <= day), default=None)
    told = [_stretch(key, since, entry, read, teller) for since, entry in stretches]

    def people(console: Console) -> None:
        _print_head(console, read, day)
        console.print(f"{key_said(key, teller)}  ({key})", style="bold", markup=False, soft_wrap=True)
        if at is None:
            output.line("packs.not_yet", day=day)
        for index, row in enumerate(told):
            when = "now" if index == at else "before" if at is not None and index < at else "after"
            output.line(f"packs.value_{when}", day=day, **row)
            output.line("packs.whence", **row)

    now = None if at is None else told[at]
    output.answer(_head(read, day) | {"key": key, "meaning": key_said(key, teller), "in_force": now, "all": told},
                  people=people)  # fmt: skip


@command.command(help="cli.packs.check.help")
def check(
    what: Annotated[str | None, typer.Argument(help="cli.packs.what", metavar="[PACK|FILE|FOLDER]")] = None,
    packs: Packs = None,
) -> int:
    """Check packs and run their examples."""
    shelf, names = packs_to_check(what, packs)
    problems: list[Refused] = []
    checked = []
    for name in names:
        found, examples = problems_of(shelf, name)
        problems += found
        checked.append({"pack": name, "examples": examples, "problems": len(found)})

    def people(_console: Console) -> None:
        for row in checked:
            failed = bool(row["problems"])
            output.line("packs.check_failed" if failed else "packs.check_passed", **row)

    told: dict[str, Any] = {"checked": checked, "problems": output.told(problems)}
    output.answer(told, people=people)
    if problems and not output.manner().as_json:
        output.tell_refusals(problems)
    return 1 if problems else 0


@command.command(help="cli.packs.form.help")
def form(pack: Annotated[str, typer.Argument(help="cli.packs.pack", metavar="PACK")], packs: Packs = None) -> None:
    """Print the form of a pack."""
    from ringfence.rules.forms import paper, read_form
    from ringfence.vocabulary.refusals import Refused

    shelf = shelf_with(packs)
    read = shelf.pack(pack)
    of = next((name for name in (read.id, *read.over) if "forms" in shelf.texts(name)), None)
    if of is None:
        raise Refused("form.none", pack=read.id)
    made = read_form(shelf.texts(of)["forms"], file=f"{of}/forms.toml")
    questions = [
        {"id": q.id, "block": q.block, "text": q.said[_language()], "type": q.type, "options": list(q.options),
         "required": q.required, "confidential": q.confidential,
         "ask_if": None if q.depends_on is None else {"question": q.depends_on, "is": q.answer}}
        for q in made.questions
    ]  # fmt: skip

    def people(console: Console) -> None:
        for text in paper(made, _language()):
            console.print(text, markup=False, highlight=False, soft_wrap=True)

    told = {"pack": of, "form": made.id, "name": made.said[_language()], "hours": made.hours, "questions": questions}
    output.answer(told, people=people)


@command.command(help="cli.packs.diff.help")
def diff(
    first: Annotated[str, typer.Argument(help="cli.packs.first", metavar="A")],
    second: Annotated[str, typer.Argument(help="cli.packs.second", metavar="B")],
    facts: Annotated[
        Path | None, typer.Argument(help="cli.packs.facts", metavar="[FACTS]", exists=True, dir_okay=False)
    ] = None,
    now: Annotated[str | None, typer.Option("--now", help="cli.duties.now", show_default=False)] = None,
    packs: Packs = None,
) -> None:
    """Tell in words how two packs, or one pack on two days, differ, and on given facts for whom."""
    from ringfence.rules.pages import key_said, value_said
    from ringfence.rules.rulebook import Rulebook

    shelf = shelf_with(packs)
    one, other = (pack_and_day(shelf, text) for text in (first, second))
    books = [Rulebook.of(pack, day) for pack, day in (one, other)]
    tellers = [_teller(one[0]), _teller(other[0])]
    rows, told = [], []
    for key in sorted(books[0].values.keys() | books[1].values.keys()):
        values = [book.values[key].value if key in book.values else None for book in books]
        if values[0] != values[1]:
            said = [value_said(key, value, teller) for value, teller in zip(values, tellers, strict=True)]
            teller = tellers[1] if key in books[1].values else tellers[0]
            rows.append((f"{key_said(key, teller)}\n{key}", *said))
            sentence = say("packs.differs", what=key_said(key, teller), a=said[0], b=said[1])
            told.append({"key": key, "a": values[0], "b": values[1], "sentence": sentence})
    people_told = None if facts is None else for_whom(facts, one, other, packs, now)

    def people(console: Console) -> None:
        if not rows:
            output.line("packs.no_difference")
        else:
            table = output.table(["page.rules.what", "packs.column.a", "packs.column.b"], rows)
            table.columns[1].header, table.columns[2].header = first, second
            console.print(table)
        if people_told is None:
            return
        anybody = bool(people_told["people"])
        output.line("packs.for_whom" if anybody else "packs.for_nobody", alike=people_told["alike"])
        for row in people_told["people"]:
            console.print(row["name"], style="bold", markup=False)
            for line in row["sentences"]:
                console.print(f"  {line}", markup=False, soft_wrap=True)

    output.answer({"a": first, "b": second, "values": told} | (people_told or {}), people=people)


@command.command(help="cli.packs.new.help")
def new(
    name: Annotated[str, typer.Argument(help="cli.packs.new.id", metavar="ID")],
    over: Annotated[str, typer.Option("--over", help="cli.packs.new.over")],
    to: Annotated[Path, typer.Option("--to", help="cli.packs.new.to", file_okay=False)],
    packs: Packs = None,
) -> None:
    """Begin a pack of one's own over another one."""
    from ringfence.rules.packfile import is_id
    from ringfence.vocabulary.refusals import Refused

    shelf = shelf_with(packs)
    below = shelf.pack(over)
    if not is_id(name):
        raise Refused("pack.bad_id", file="pack.toml", key="id", value=name)
    folder = to / name
    if folder.exists():
        raise Refused("pack.exists", path=str(folder))
    if name in shelf.ids():
        raise Refused("pack.id_taken", id=name)
    folder.mkdir(parents=True)
    today = today_in(below)
    begins = today if below.in_force(today) else below.begins
    head = say("packs.new.pack", id=name, over=below.id, begins=begins)
    (folder / "pack.toml").write_text(head.strip() + "\n", encoding="utf-8")
    (folder / "examples.toml").write_text(say("packs.new.examples", id=name).strip() + "\n", encoding="utf-8")
    output.answer({"folder": str(folder)}, people=lambda _console: output.line("packs.begun", folder=folder, to=to))


@command.command(help="cli.packs.pages.help")
def pages(
    to: Annotated[Path, typer.Option("--to", help="cli.packs.pages.to", file_okay=False)],
    packs: Packs = None,
) -> None:
    """Write the page of every pack in both languages."""
    from ringfence.rules.pages import index, page

    shelf = shelf_with(packs)
    to.mkdir(parents=True, exist_ok=True)
    written = []
    for name in shelf.ids():
        for language in _LANGUAGES:
            file = to / f"{name}.{language}.md"
            file.write_text(page(shelf.pack(name), language), encoding="utf-8")
            written.append(str(file))
    file = to / "README.md"
    file.write_text(index([shelf.pack(name) for name in shelf.ids()]), encoding="utf-8")
    said = {"folder": to, "pages": len(written)}
    output.answer({"pages": [*written, str(file)]}, people=lambda _: output.line("packs.pages_written", **said))


# ── what several of them need ────────────────────────────────────────────────────────────────────────────────────


def _language() -> str:
    return output.manner().language


def _teller(pack: Pack) -> Teller:
    from ringfence.rules.telling import Teller

    return Teller(_language(), pack)


def _mark() -> str:
    from ringfence.rules.pages import historical_mark

    return historical_mark()


def _document(source: str, pack: Pack, teller: Teller) -> str:
    return f"{teller.title(source)}, {pack.sources.get(source, {}).get('date', '—')}"


def _head(pack: Pack, day: date) -> dict[str, Any]:
    """Return what an answer for programs says of a pack."""
    return {"pack": pack.id, "version": pack.version, "name": pack.name, "disease": pack.disease, "begins": pack.begins,
            "ends": pack.ends, "over": pack.over, "on": day, "in_force": pack.in_force(day),
            "historical": not pack.in_force(day)}  # fmt: skip


def _print_head(console: Console, pack: Pack, day: date) -> None:
    """Print name and period of a pack, with the banner where it is not in force."""
    console.print(f"{pack.said(_language())} ({pack.id}@{pack.version}), {period(pack)}", style="bold", markup=False)
    if pack.over:
        output.line("packs.stands_over", packs=" > ".join(pack.over))
    banner = historical(pack, day)
    if banner:
        console.print(banner, style="bold red", markup=False, soft_wrap=True)


def _stretch(key: str, since: date, entry: Entry, pack: Pack, teller: Teller) -> dict[str, Any]:
    from ringfence.rules.pages import value_said

    return {"value": value_said(key, entry.value, teller), "since": since, "clause": entry.clause,
            "document": _document(entry.source, pack, teller), "pack": entry.pack,
            "confidence": teller.word("confidence", entry.confidence)}  # fmt: skip
