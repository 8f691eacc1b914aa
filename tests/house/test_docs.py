"""The documentation runs: python and console blocks are executed in order, a page at a time, in an empty folder.

In a console block every line `$ ringfence …` runs and has to end well (`$ printf …` runs
too, to write small files); where the next line is `$ echo $?`, the number
under it is the expected exit code. Other commands in console blocks are not run. A word after the language
(```console spark) names a marker of the suite that the page needs.

A page that shows a command which this tree does not hold is skipped, and so fails where everything is required.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ringfence.cli.main import COMMANDS, build
from ringfence.cli.wording import commands_of

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(python|console)([^\n]*)\n(.*?)^```", re.M | re.S)
LAUNCH = "import sys; from ringfence.cli.main import main; sys.argv[0] = 'ringfence'; main()"


def blocks_of(page: Path) -> list[tuple[str, str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def pages_with_blocks():
    return list(_pages_with_blocks())


def _pages_with_blocks():
    for page in PAGES:
        blocks = blocks_of(page)
        if blocks:
            needs = {word for _, words, _ in blocks for word in words.split()}
            name = page.relative_to(ROOT).as_posix()
            yield pytest.param(page, id=name, marks=[getattr(pytest.mark, need) for need in sorted(needs)])


@pytest.mark.parametrize("page", pages_with_blocks())
def test_the_code_on_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if (ROOT / "examples").exists():
        (tmp_path / "examples").symlink_to(ROOT / "examples")
    launcher = tmp_path / ".bin" / "ringfence"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{LAUNCH}" "$@"\n')
    launcher.chmod(0o755)
    names: dict[str, object] = {"__name__": "__main__"}
    failed = []
    for language, _, text in blocks_of(page):
        if language == "python":
            exec(compile(text, str(page), "exec"), names)
        else:
            failed += run_console(text, launcher.parent)
        assert failed == []


def skip_without(command: str) -> None:
    """Skip where the module of a command is not there."""
    if command in COMMANDS and find_spec(COMMANDS[command]) is None:
        pytest.skip(f"`ringfence {command}` is not part of this tree")


def run_console(text: str, launchers: Path) -> list[str]:
    """Run the ringfence lines of a console block in a shell; return the first that ended with another exit code."""
    lines = text.replace("\\\n", " ").splitlines()
    environment = {**os.environ, "PATH": f"{launchers}:{os.environ['PATH']}", "COLUMNS": "100"}
    for index, line in enumerate(lines):
        called = re.match(r"\$ (?:\w+=\S+ )*ringfence (\S+)", line)
        if not called and not line.startswith("$ printf "):
            continue
        if called:
            skip_without(called[1])
        following = lines[index + 1 :]
        asks = next((at for at, later in enumerate(following) if later.startswith("$ ")), None)
        expected = int(following[asks + 1]) if asks is not None and following[asks] == "$ echo $?" else 0
        done = subprocess.run(
            ["sh", "-c", line[2:]],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != expected:
            return [f"{line}\n{done.stdout}{done.stderr}"]
    return []


def test_every_command_is_in_the_documentation():
    written = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [
        " ".join(path)
        for path, command in commands_of(build(everything=True))
        if not getattr(command, "commands", None) and f"ringfence {' '.join(path)}" not in written
    ]
    assert missing == []


LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.io
@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_the_links_of_a_page_lead_somewhere(page):
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if not re.match(r"[a-z]+:", target)]
    lost = [target for target in targets if not (page.parent / target).exists()]
    if lost and all("docs/img/" in target for target in lost):
        skip_without("demo")  # which makes the pictures
    assert lost == []


@pytest.mark.io
def test_every_page_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        ahead += [(page.parent / target).resolve() for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert [page.relative_to(ROOT).as_posix() for page in PAGES if page not in reached] == []
