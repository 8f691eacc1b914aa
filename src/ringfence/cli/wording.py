"""The words of the command line in the reader's language: help texts, headings, and complaints about usage.

typer speaks English only. Help texts are given as codes of sentences; here the sentences take their place, and what
typer itself says is said again in our words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from ringfence.cli.output import manner, say, tell_problem
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import table


def commands_of(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command below a tree with the words that call it."""
    for name, command in getattr(tree, "commands", {}).items():
        yield (*path, name), command
        yield from commands_of(command, (*path, name))


def put_into_words(tree: Any) -> None:
    """Replace the codes in a tree of commands by sentences, and let its help speak the reader's language."""
    for command in (tree, *(command for _, command in commands_of(tree))):
        command.help = _worded(command.help)
        command.short_help = _worded(command.short_help)
        command.epilog = _worded(command.epilog or "cli.everywhere")
        _translate_frame(command)
        for parameter in command.params:
            parameter.help = _worded(getattr(parameter, "help", None))
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""  # a switch takes no value
    _wrap_wide_text()
    if manner().language != "en":
        _translate_headings()


class MissingParameter(typer.BadParameter):
    """Something that is needed, perhaps in one of several ways, and was not given; `param_hint` names it."""


def file_refused(error: Any) -> Refused | None:
    """Return the refusal that a file named on the command line deserves, or None where the usage is wrong."""
    text = getattr(error, "message", "")
    told = re.fullmatch(r"\w+ '(.*)' (does not exist|is a directory|is a file|is not readable)\.", text)
    if told is None:
        return None
    codes = {
        "does not exist": "cli.file_missing",
        "is a directory": "cli.file_is_directory",
        "is a file": "cli.file_not_directory",
        "is not readable": "cli.file_denied",
    }
    return Refused(codes[told[2]], path=told[1])


def tell_usage(error: Any) -> None:
    """Tell what is wrong with the usage, for an error that typer raised while it read the words."""
    shown_already = type(error).__name__ == "NoArgsIsHelpError" and not manner().as_json
    if not shown_already:  # typer answers a bare command with its whole help
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "ringfence"
        tell_problem("cli.usage", _usage_sentence(error), more=say("cli.try_help", command=command))


def _usage_sentence(error: Any) -> str:
    kind = type(error).__name__
    names = getattr(getattr(error, "param", None), "opts", None) or [str(getattr(error, "param_hint", ""))]
    hint = " / ".join(name if name.startswith("-") else name.upper() for name in names)
    text = error.format_message()
    unknown = re.match(r"No such command '(.*?)'", text)
    if unknown:
        return say("cli.no_such_command", name=unknown[1])
    if kind == "NoArgsIsHelpError" or text == "Missing command.":
        return say("cli.no_command")
    if kind == "NoSuchOption":
        near = ", ".join(sorted(error.possibilities or ()))
        code = "cli.no_such_option_but" if near else "cli.no_such_option"
        return say(code, name=error.option_name, near=near)
    if kind == "MissingParameter":
        return say("cli.missing_parameter", name=hint)
    if kind == "BadParameter":
        return say("cli.bad_value", name=hint, text=_in_our_words(error.message))
    return say("cli.usage", text=_in_our_words(text))


_TOLD_BY_TYPER = {
    r"Input should be greater than or equal to (?P<limit>\S+)": "cli.least",
    r"Input should be less than or equal to (?P<limit>\S+)": "cli.most",
    r"\S+ is not in the range x>=(?P<limit>\S+)\.": "cli.least",
    r"\S+ is not in the range x<=(?P<limit>\S+)\.": "cli.most",
    r"\S+ is not in the range (?P<least>\S+)<=x<=(?P<most>\S+)\.": "cli.between",
    r"'.*' is not a valid int(?:eger)?(?: range)?\.": "cli.whole_number",
    r"'.*' is not a valid float(?: range)?\.": "cli.number",
    r"Input should be a valid integer.*": "cli.whole_number",
    r"Input should be a valid number.*": "cli.number",
    r"(?:Value error, )?'(?P<given>.*)' is not one of (?P<choices>.*)\.": "cli.none_of",
    r"Option '(?P<name>.*)' requires an argument\.": "cli.lacks_value",
    r"Option '(?P<name>.*)' requires \d+ arguments\.": "cli.lacks_value",
    r"Option '(?P<name>.*)' does not take a value\.": "cli.takes_no_value",
    r"Got unexpected extra arguments?(?:\(s\))? \((?P<given>.*)\)": "cli.too_many_words",
}


def _in_our_words(text: str) -> str:
    """Return what typer says about a value in our words, or as it is where it was not foreseen."""
    for pattern, code in _TOLD_BY_TYPER.items():
        told = re.fullmatch(pattern, text, re.S)
        if told:
            return say(code, **told.groupdict())
    return text


def _worded(text: str | None) -> str | None:
    """Return the sentence of a code, or the text as it is if it is none."""
    return say(text) if text in table() else text


def _translate_frame(command: Any) -> None:
    """Let one command word its usage line and its --help option itself."""
    usage, help_option = command.get_usage, command.get_help_option

    def get_usage(context: Any) -> str:
        return usage(context).replace("Usage:", say("cli.heading_usage"), 1)

    def get_help_option(context: Any) -> Any:
        option = help_option(context)
        if option is not None:
            option.help, option.metavar = say("cli.help_option"), ""
        return option

    command.get_usage, command.get_help_option = get_usage, get_help_option


def _wrap_wide_text() -> None:
    """Let typer's help pages break Chinese, which has no blanks, at the margin: they would cut it with a mark.

    typer has no public way to this; where its own function is gone, pages stay as typer makes them.
    """
    from typer import rich_utils

    plain: Any = getattr(rich_utils, "_make_rich_text", None)
    if plain is None or getattr(plain, "wraps", False):
        return

    def wrapping(**told: Any) -> Any:
        made = plain(**told)
        if hasattr(made, "overflow"):
            made.overflow = "fold"
        return made

    wrapping.wraps = True  # type: ignore[attr-defined]
    rich_utils._make_rich_text = wrapping


def _translate_headings() -> None:
    """Set the headings and marks of typer's help pages for this process."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = say("cli.heading_arguments")
    rich_utils.OPTIONS_PANEL_TITLE = say("cli.heading_options")
    rich_utils.COMMANDS_PANEL_TITLE = say("cli.heading_commands")
    rich_utils.DEFAULT_STRING = say("cli.mark_default")
    rich_utils.REQUIRED_LONG_STRING = say("cli.mark_required")
