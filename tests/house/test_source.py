"""What no line of the source may do."""

from __future__ import annotations

import ast

CLOCK = "src/ringfence/cli/clock.py"
CLOCK_READINGS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "time.strftime",
    "time.ctime",
)


def test_only_one_file_reads_the_wall_clock(library, suite):
    readings = [
        module.where(call)
        for module in (*library, *suite)
        if module.name != CLOCK
        for name, call in module.calls()
        if any(name == reading or name.endswith("." + reading) for reading in CLOCK_READINGS)
    ]
    assert readings == [], "time is an argument; the command line takes it from ringfence.cli.clock"


def test_only_the_command_line_prints(library):
    prints = [
        module.where(call)
        for module in library
        if not module.name.startswith("src/ringfence/cli/")
        for name, call in module.calls()
        if name == "print"
    ]
    assert prints == []


def test_nobody_sleeps(library, suite):
    sleeps = [
        module.where(call)
        for module in (*library, *suite)
        for name, call in module.calls()
        if name == "sleep" or name.endswith(".sleep")
    ]
    assert sleeps == [], "wait for the thing itself: a line of output, a file, the end of a process"


def test_the_vocabulary_stays_small(library):
    lines = sum(
        len(module.path.read_text(encoding="utf-8").splitlines())
        for module in library
        if module.name.startswith("src/ringfence/vocabulary/")
    )
    assert lines <= 600


def test_an_option_that_names_its_value_names_itself(library):
    """Some versions of typer call an option by the name of its value where it has no other."""
    nameless = [
        module.where(call)
        for module in library
        for name, call in module.calls()
        if name.endswith("typer.Option") and any(k.arg == "metavar" for k in call.keywords)
        and not any(isinstance(a, ast.Constant) and str(a.value).startswith("-") for a in call.args)
    ]  # fmt: skip
    assert nameless == []
