"""The frame of the command line: which commands there are, in which language, and what an exit code means.

A command is a module of this folder with one `command`: a function, or a `typer.Typer` with several. Only the module
of the command that was asked for is imported, and it imports libraries inside its functions; so `--help` stays quick.
Help texts are codes of sentences in `vocabulary/words/`; the frame puts the sentences in their place.

Exit codes: 0 done, 1 refused with reasons, 2 wrong usage, 70 a fault of ours, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
import typer.main

from ringfence import __version__
from ringfence.cli import output
from ringfence.cli.wording import file_refused, put_into_words, tell_usage
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import LANGUAGES

DONE, REFUSED, USAGE, FAULT, INTERRUPTED = 0, 1, 2, 70, 130

# Adding a command: its module in this folder, its name here, its help under cli.<name>.help in vocabulary/words.
COMMANDS = {
    "demo": "ringfence.cli.demo",
    "visits": "ringfence.cli.visits",
    "trace": "ringfence.cli.trace",
    "hypotheses": "ringfence.cli.hypotheses",
    "itinerary": "ringfence.cli.itinerary",
    "warrant": "ringfence.cli.warrant",
    "packs": "ringfence.cli.packs",
    "duties": "ringfence.cli.duties",
    "gap": "ringfence.cli.gap",
    "city": "ringfence.cli.city",
    "outbreak": "ringfence.cli.outbreak",
    "drill": "ringfence.cli.drill",
    "respond": "ringfence.cli.respond",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    raise SystemExit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; answers and errors have been printed."""
    asked = Asked.of(argv, os.environ)
    output.speak(asked.manner)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that is not UTF-8 shows a mark for what it lacks
            stream.reconfigure(errors="replace", **({"encoding": "utf-8"} if asked.manner.as_json else {}))
    if asked.wrong_language is not None:
        output.tell_problem("cli.unknown_language", output.say("cli.unknown_language", language=asked.wrong_language))
        return USAGE
    try:
        left_with = _perform(asked.words)
        sys.stdout.flush()  # here, where a reader who has left is no fault
        return left_with
    except (BrokenPipeError, SystemExit):  # so typer and rich leave, too, when the reader of a pipe has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (KeyboardInterrupt, typer.Abort):
        output.tell_problem("cli.interrupted", output.say("cli.interrupted"))
        return INTERRUPTED
    except Exception as error:
        refusals = _refusals_in(error)
        if refusals:
            output.tell_refusals(refusals)
            return REFUSED
        if asked.manner.traceback:
            traceback.print_exc()
        told = output.say("cli.fault", kind=type(error).__name__, text=str(error) or "-")
        output.tell_problem("cli.fault", told)
        return FAULT


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line asks for: the manner of answering, and the words that are left."""

    manner: output.Manner
    words: tuple[str, ...]
    wrong_language: str | None = None

    @classmethod
    def of(cls, argv: Sequence[str], environment: os._Environ[str] | dict[str, str]) -> Asked:
        """Return what is asked; --json, --lang and --traceback may stand anywhere before a lone `--`."""
        ours, rest = list(argv), []
        if "--" in ours:
            ours, rest = ours[: ours.index("--")], ours[ours.index("--") :]
        words: list[str] = []
        as_json, language = False, None
        trace = environment.get("RINGFENCE_TRACEBACK", "") not in ("", "0")
        remaining = iter(ours)
        for word in remaining:
            if word == "--json":
                as_json = True
            elif word == "--traceback":
                trace = True
            elif word == "--lang":
                language = next(remaining, "")
            elif word.startswith("--lang="):
                language = word.removeprefix("--lang=")
            else:
                words.append(word)
        wrong = None if language is None or language in LANGUAGES else language
        spoken = language if language in LANGUAGES else language_of(environment)
        return cls(output.Manner(spoken or "en", as_json, trace), (*words, *rest), wrong)


def language_of(environment: os._Environ[str] | dict[str, str]) -> str:
    """Return zh or en: RINGFENCE_LANG decides, else the locale; whatever is not Chinese is English."""
    for name in ("RINGFENCE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def build(wanted: str | None = None, *, everything: bool = False) -> Any:
    """Return the command tree in the present language, with the module of the wanted command or of all imported."""
    helps = not output.manner().as_json  # a program gets one object, not a page
    app = typer.Typer(name="ringfence", no_args_is_help=helps, add_completion=False, rich_markup_mode="rich")
    app.callback(help="cli.help", epilog="cli.epilog")(_root)
    for name, where in COMMANDS.items():
        if find_spec(where) is None:
            continue
        if not everything and name != wanted:
            app.command(name, help=f"cli.{name}.help")(_elsewhere)
            continue
        command = import_module(where).command
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=f"cli.{name}.help", no_args_is_help=helps)
        else:
            app.command(name, help=f"cli.{name}.help", no_args_is_help=False)(command)
    tree = typer.main.get_command(app)
    put_into_words(tree)
    return tree


def _perform(words: tuple[str, ...]) -> int:
    """Parse and run the words; typer's own complaints about usage are told here."""
    tree = build(next((word for word in words if not word.startswith("-")), None))
    try:
        left_with = tree.main(args=list(words), prog_name="ringfence", standalone_mode=False)
        if left_with == INTERRUPTED:  # typer has made an exit code of the interrupt
            raise KeyboardInterrupt
        return left_with if isinstance(left_with, int) else DONE
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer keeps the class of its usage errors to itself
            raise
        refusal = file_refused(error)
        if refusal is not None:
            raise refusal from error
        tell_usage(error)
        return USAGE


def _refusals_in(error: BaseException) -> list[Refused]:
    """Return the refusals that an exception stands for: itself, a group of them, or a file that cannot be used."""
    if isinstance(error, Refused):
        return [error]
    if isinstance(error, ExceptionGroup):
        found = [_refusals_in(inner) for inner in error.exceptions]
        return [refusal for inner in found for refusal in inner] if all(found) else []
    if isinstance(error, OSError):
        return _refused_by_system(error)
    return []


def _refused_by_system(error: OSError) -> list[Refused]:
    """Return what the file system refused, for the reasons a person can mend; other system errors are faults."""
    path = str(error.filename or "-")
    if error.errno == errno.ENOENT:
        refusal = Refused("cli.file_missing", path=path)
    elif error.errno in (errno.EACCES, errno.EPERM):
        refusal = Refused("cli.file_denied", path=path)
    elif error.errno == errno.EISDIR:
        refusal = Refused("cli.file_is_directory", path=path)
    elif error.errno == errno.ENOTDIR:
        refusal = Refused("cli.file_not_directory", path=path)
    elif error.errno == errno.EROFS:
        refusal = Refused("cli.disk_read_only", path=path)
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        refusal = Refused("cli.disk_full", path=path)
    else:
        return []
    return [refusal]


def _show_version(asked: bool) -> None:
    """Answer with the version and leave, if it was asked for."""
    if asked:
        output.answer({"version": __version__}, people=lambda console: console.print(f"ringfence {__version__}"))
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="cli.version", is_eager=True, callback=_show_version)
    ] = False,
    lang: Annotated[str, typer.Option("--lang", metavar="zh|en", help="cli.lang", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="cli.json")] = False,
    show_traceback: Annotated[bool, typer.Option("--traceback", help="cli.traceback")] = False,
) -> None:
    """Show the options of the whole in the help; they were read before, since they may stand anywhere."""


def _elsewhere() -> None:
    """Stand in a help text for a command whose module is not imported."""
