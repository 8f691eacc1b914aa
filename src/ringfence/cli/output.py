"""How a command answers: one JSON object for programs; tables, notes and progress for people.

With --json exactly one object goes to standard output. Notes, progress and errors for people go to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import mend, sentence

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Manner:
    """How this run speaks: in which language, to a program or a person, and whether bugs show where they are."""

    language: str = "en"
    as_json: bool = False
    traceback: bool = False


_manner = Manner()


def speak(manner: Manner) -> None:
    """Let every later answer of this process be given in a manner."""
    global _manner  # noqa: PLW0603 — one process of the command line speaks in one manner
    _manner = manner


def manner() -> Manner:
    """Return how this run speaks."""
    return _manner


def say(code: str, /, **values: object) -> str:
    """Return the sentence of a code in the reader's language."""
    return sentence(code, values, _manner.language)


def answer(result: Mapping[str, Any], *, people: Callable[[Console], None]) -> None:
    """Give the result: as one JSON object with --json, else as `people` prints it on the console."""
    if _manner.as_json:
        write_json(result)
    else:
        people(console())


def write_json(result: Mapping[str, Any]) -> None:
    """Write one JSON object and a newline to standard output; numpy, moments, paths and dataclasses are known."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def console(*, errors: bool = False) -> Console:
    """Return the console for people: standard output, or standard error for what is not the answer."""
    from rich.console import Console

    return Console(stderr=errors, highlight=False, soft_wrap=False)


def line(code: str, /, **values: object) -> None:
    """Print the sentence of a code for people, its values as they are: brackets and colons in them mean nothing."""
    console().print(say(code, **values), soft_wrap=True, markup=False, highlight=False, emoji=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    """Return a table whose headings and title are codes of sentences; numbers stand on the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    listed = [[_cell(value) for value in row] for row in rows]
    heading = say(title) if title else None
    made = Table(title=heading, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0),
                 show_edge=False)  # fmt: skip
    for index, code in enumerate(columns):
        numbers = bool(listed) and all(_is_number(row[index]) for row in listed)
        made.add_column(say(code), justify="right" if numbers else "left", overflow="fold")
    for row in listed:
        made.add_row(*(Text(cell) for cell in row))
    return made


def note(code: str, /, **values: object) -> None:
    """Tell a person something beside the answer, on standard error; programs are not told."""
    if not _manner.as_json:
        print(say(code, **values), file=sys.stderr)


@contextmanager
def progress(code: str, *, total: float | None = None) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs, if a person is watching; yields `advance(amount)`."""
    if _manner.as_json or not sys.stderr.isatty():
        yield lambda _amount: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bars = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*bars, console=console(errors=True), transient=True) as shown:
        task = shown.add_task(say(code), total=total)
        yield lambda amount: shown.advance(task, amount)


def told(refusals: Sequence[Refused]) -> list[dict[str, Any]]:
    """Return refusals as a JSON answer holds them: code, sentence, mend and values."""
    return [
        {
            "code": refusal.code,
            "sentence": say(refusal.code, **refusal.values),
            "mend": mend(refusal.code, refusal.values, _manner.language),
            "values": refusal.values,
        }
        for refusal in refusals
    ]


def tell_refusals(refusals: Sequence[Refused]) -> None:
    """Tell why something was not done: an object with --json, else a sentence and its mend on standard error."""
    entries = told(refusals)
    if _manner.as_json:
        write_json({"refused": entries})
        return
    for entry in entries:
        print(entry["sentence"], file=sys.stderr)
        if entry["mend"]:
            print(f"  {entry['mend']}", file=sys.stderr)


def tell_problem(code: str, sentence: str, /, *, more: str = "") -> None:
    """Tell a wrong usage or a fault that is ours: an object with --json, else a sentence on standard error."""
    if _manner.as_json:
        write_json({"error": {"code": code, "sentence": sentence}})
    else:
        print("\n".join(filter(None, (sentence, more))), file=sys.stderr)


def _plain(value: Any) -> Any:
    """Return what JSON can hold for a value it does not know."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date):  # datetime is one too
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, known without importing numpy
        return value.tolist()
    return str(value)


def _cell(value: object) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return ""
    return value.isoformat(timespec="minutes") if hasattr(value, "tzinfo") else str(value)  # type: ignore[attr-defined]


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").lstrip("-").isdigit() or not cell
