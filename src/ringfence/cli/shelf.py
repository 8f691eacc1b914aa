"""What the commands about rules share: packs of the house and of a county's folder, and files of facts."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import clock, output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ringfence.rules.facts import Fact
    from ringfence.rules.packfile import Pack
    from ringfence.rules.rulebook import Rulebook
    from ringfence.rules.shipped import Shelf
    from ringfence.rules.telling import Teller
    from ringfence.vocabulary.refusals import Refused
    from ringfence.vocabulary.subjects import Subject

Packs = Annotated[
    Path | None, typer.Option("--packs", help="cli.packs.folder", exists=True, file_okay=False, show_default=False)
]
Facts = Annotated[Path, typer.Argument(help="cli.duties.facts", metavar="FACTS", exists=True, dir_okay=False)]
PackName = Annotated[str | None, typer.Option("--pack", help="cli.duties.pack", metavar="ID", show_default=False)]
Now = Annotated[str | None, typer.Option("--now", help="cli.duties.now", metavar="MOMENT", show_default=False)]
On = Annotated[str | None, typer.Option("--on", help="cli.packs.on", metavar="DAY", show_default=False)]
Rejects = Annotated[
    Path | None, typer.Option("--rejects", help="cli.duties.rejects", metavar="FILE", show_default=False)
]

_TOLD = 10


def shelf_with(folder: Path | None, more: dict[str, dict[str, str]] | None = None) -> Shelf:
    """Return the packs of the house with those of a folder, by default the one that RINGFENCE_PACKS names."""
    from ringfence.rules.shipped import Shelf
    from ringfence.vocabulary.refusals import Refused

    named = folder or (Path(os.environ["RINGFENCE_PACKS"]) if os.environ.get("RINGFENCE_PACKS") else None)
    if folder is not None and not texts_below(folder):
        raise Refused("pack.no_pack_below", path=str(folder))
    return Shelf({**(texts_below(named) if named else {}), **(more or {})})


def texts_below(folder: Path) -> dict[str, dict[str, str]]:
    """Return the texts of the packs in a folder: by the names of its folders that hold a pack.toml."""
    return {path.parent.name: texts_of(path.parent) for path in sorted(folder.glob("*/pack.toml"))}


def texts_of(folder: Path) -> dict[str, str]:
    """Return the texts of one pack by file: pack, examples, forms."""
    return {path.stem: text_of(path) for path in sorted(folder.glob("*.toml"))}


def text_of(path: Path) -> str:
    """Return the text of a file; refused where it is no UTF-8."""
    from ringfence.vocabulary.refusals import Refused

    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("pack.not_text", path=str(path)) from error


def day_of(text: str | None, otherwise: date) -> date:
    """Return the day that an option names, or another."""
    from ringfence.vocabulary.refusals import Refused

    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise Refused("moment.no_day", text=str(text)) from error


def today_in(pack: Pack) -> date:
    """Return the present day where a pack applies."""
    from ringfence.vocabulary.moments import zone_named

    return clock.now().astimezone(zone_named(pack.zone)).date()


@dataclass(slots=True)
class Given:
    """What a command about duties was given: facts under a pack, at a moment, and what could not be read."""

    pack: Pack
    book: Rulebook
    now: datetime
    facts: list[Fact]
    problems: list[Refused] = field(default_factory=list)
    rejects_file: Path | None = None
    find: Callable[[str], Pack] | None = None

    def books(self, facts: list[Fact]) -> Callable[[Subject], Rulebook]:
        """Return the rulebook of each subject: the pack asked for, or the one that a fact pins it to."""
        from ringfence.rules.facts import current
        from ringfence.rules.pins import pinned_books

        find = self.find or (lambda _name: self.pack)
        today = clock.now().astimezone(self.book.zone).date()
        return pinned_books(current(facts, now=self.now), self.book, find, today=today)

    def teller(self) -> Teller:
        """Return who words it for the reader."""
        from ringfence.rules.facts import current
        from ringfence.rules.telling import Teller, names_in

        names = names_in(current(self.facts, now=self.now))
        return Teller(output.manner().language, self.pack, self.now, names)

    def told(self) -> dict[str, Any]:
        """Return what an answer for programs says besides."""
        return {
            "pack": self.book.name,
            "on": self.book.on.isoformat(),
            "now": self.now.astimezone(self.book.zone).isoformat(),
            "historical": not self.book.signable,
            "facts_read": len(self.facts),
            "facts_rejected": len({refusal.values.get("number") for refusal in self.problems}),
            "rejects_file": None if self.rejects_file is None else str(self.rejects_file),
            "reject_reasons": output.told(self.problems),
        }

    def tell_rejects(self) -> None:
        """Tell a person which facts were not taken, why, and where they are kept."""
        if self.problems and not output.manner().as_json:
            output.note("facts.some_rejected", rows=self.told()["facts_rejected"], file=self.rejects_file)
            output.tell_refusals(self.problems[:_TOLD])

    @property
    def code(self) -> int:
        """Return the exit code: refused only where nothing could be read."""
        return 1 if self.problems and not self.facts else 0


def given(
    file: Path,
    *,
    pack: str | None,
    packs: Path | None,
    now: str | None,
    on: str | None,
    rejects: Path | None,
) -> Given:
    """Return the facts of a file under a pack at a moment; bad ones go to a file of rejects, each with its reasons."""
    from ringfence.rules.rulebook import Rulebook
    from ringfence.tracing.intake.rejects import refuse_existing
    from ringfence.vocabulary.moments import parse_moment, zone_named
    from ringfence.vocabulary.refusals import Refused

    if rejects is not None:
        refuse_existing(rejects)
    text = text_of(file)
    named = pack or _pack_named_in(text)
    if named is None:
        raise Refused("pack.none_named")
    shelf = shelf_with(packs)
    read = _on_clocks_of(text, shelf.pack(named))
    zone = zone_named(read.zone)
    moment = parse_moment(now, zone).astimezone(UTC) if now else clock.now()
    today = clock.now().astimezone(zone).date()
    book = Rulebook.of(read, day_of(on, moment.astimezone(zone).date()), today=today)
    facts, problems = facts_in(text, read)
    made = Given(read, book, moment, facts, problems, find=lambda name: _on_clocks_of(text, shelf.pack(name)))
    if problems:
        made.rejects_file = rejects or file.with_suffix(".rejects.json")
        _write_rejects(made.rejects_file, text, problems)
    return made


def facts_in(text: str, pack: Pack) -> tuple[list[Fact], list[Refused]]:
    """Return the facts of a text, read with the clocks and the kinds of a pack, and what is wrong with the others."""
    from ringfence.rules.facts import read_facts

    facts, problems = read_facts(text, zone=pack.zone, more_kinds=pack.kinds)
    written = json.loads(text)
    numbers = {row.get("id"): number for number, row in enumerate(_rows_of(written), 1) if isinstance(row, dict)}
    unheeded = list(_unheeded(facts, pack, numbers))
    left_out = {refusal.values["id"] for refusal in unheeded}
    return [fact for fact in facts if fact.id not in left_out], [*problems, *unheeded]


def _unheeded(facts: Sequence[Fact], pack: Pack, numbers: Mapping[str, int]) -> Iterator[Refused]:
    """Yield what no rule would heed, though it is well formed: a class, a measure, a fact that is not there."""
    from ringfence.rules.typing import nearest
    from ringfence.vocabulary.refusals import Refused

    classes = sorted({cls for entry in pack.entries.get("contact.classes", ()) for cls in entry.value or ()})
    asks = sorted(_asks(pack))
    for fact in facts:
        where = {"number": numbers.get(fact.id, 0), "id": fact.id}
        cls, asked = fact.value.get("class"), fact.value.get("asks")
        if fact.kind == "assessment" and classes and cls not in classes:
            yield Refused("facts.unknown_class", cls=cls, pack=pack.id, classes=", ".join(classes), **where)
        restrains = fact.kind in ("instrument", "agreement") and fact.subject.kind in ("contact", "infection")
        if restrains and asked not in asks:
            yield Refused("facts.unknown_measure", asks=asked, nearest=nearest(str(asked), asks), **where)
        if fact.retracts is not None and fact.retracts not in numbers:
            yield Refused("facts.retracts_nothing", retracts=fact.retracts, **where)


def _asks(pack: Pack) -> set[str]:
    """Return what a measure on a person can ask for, as the schema and the powers in a pack write it."""
    from ringfence.rules.packfile import key_rules

    powers = (entry.value for key, found in pack.entries.items() if key.startswith("authority.") for entry in found)
    asks = {one for power in powers if isinstance(power, dict) for one in power.get("asks", ())}
    return asks.union(*(rule.form.choices for _, rule in key_rules() if rule.pattern.endswith((".asks", ".asks_mild"))))


def _rows_of(written: Any) -> list[Any]:
    return list(written if isinstance(written, list) else written["facts"])


def _written_in(text: str) -> dict[str, Any]:
    """Return what a file of facts says at its top; refused where it is no JSON."""
    from ringfence.vocabulary.refusals import Refused

    try:
        written = json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused("facts.not_json", line=error.lineno, column=error.colno) from error
    return written if isinstance(written, dict) else {}


def _pack_named_in(text: str) -> str | None:
    named = _written_in(text).get("pack")
    return str(named) if named else None


def _on_clocks_of(text: str, pack: Pack) -> Pack:
    """Return a pack on the clocks of a file of facts, where it names some: its days are those of the people in it."""
    from ringfence.vocabulary.moments import zone_named

    zone = _written_in(text).get("zone")
    return replace(pack, zone=zone_named(str(zone)).key) if zone else pack


def _write_rejects(path: Path, text: str, problems: Sequence[Refused]) -> None:
    """Write the facts that were not taken, each with its reasons in both languages; only the owner may read them."""
    from ringfence.vocabulary.words import mend, sentence

    written = json.loads(text)
    rows = _rows_of(written)
    by_number: dict[int, list[dict[str, str]]] = {}
    for problem in problems:
        said = {
            f"{name}_{language}": word(problem.code, problem.values, language)
            for name, word in (("reason", sentence), ("mend", mend))
            for language in ("en", "zh")
        }
        number = problem.values["number"]
        by_number.setdefault(number if isinstance(number, int) else 0, []).append({"code": problem.code, **said})
    kept = [{"number": number, "fact": rows[number - 1], "reasons": reasons} for number, reasons in by_number.items()]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"rejected": kept}, file, ensure_ascii=False, indent=1)
        file.write("\n")


def historical(pack: Pack, on: date) -> str:
    """Return the banner of a pack that is not in force on a day or today, in both languages, or an empty text."""
    from ringfence.vocabulary.moments import zone_named
    from ringfence.vocabulary.words import sentence

    today = clock.now().astimezone(zone_named(pack.zone)).date()
    if pack.in_force(on) and pack.in_force(today):
        return ""
    on = on if not pack.in_force(on) else today
    mark = " ".join(sentence("pack.historical", {}, language) for language in ("en", "zh"))
    return f"{mark} · {output.say('pack.signs_nothing', period=period(pack), on=on)}"


def period(pack: Pack) -> str:
    """Return the period of a pack."""
    return f"{pack.begins} – {pack.ends or ''}".rstrip()
