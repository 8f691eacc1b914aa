"""The documentation runs: python and console blocks are executed in order, a page at a time, in an empty folder.

In a console block every line `$ ringfence …` runs and has to end well; where the next line is `$ echo $?`, the number
under it is the expected exit code. Other commands in console blocks are not run. A word after the language
(```console spark) names a marker of the suite that the page needs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.cli.main import build, commands_of

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(python|console)([^\n]*)\n(.*?)^```", re.M | re.S)
LAUNCH = "import sys; from ringfence.cli.main import main; sys.argv[0] = 'ringfence'; main()"


def blocks_of(page: Path) -> list[tuple[str, str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def pages_with_blocks():
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
    for language, _, text in blocks_of(page):
        if language == "python":
            exec(compile(text, str(page), "exec"), names)  # noqa: S102
        else:
            run_console(text, launcher.parent)


def run_console(text: str, launchers: Path) -> None:
    """Run the ringfence lines of a console block in a shell, and compare their exit codes."""
    lines = text.replace("\\\n", " ").splitlines()
    environment = {**os.environ, "PATH": f"{launchers}:{os.environ['PATH']}", "COLUMNS": "100"}
    for index, line in enumerate(lines):
        if not re.match(r"\$ (\w+=\S+ )*ringfence\b", line):
            continue
        following = lines[index + 1 :]
        asks = next((at for at, later in enumerate(following) if later.startswith("$ ")), None)
        expected = int(following[asks + 1]) if asks is not None and following[asks] == "$ echo $?" else 0
        done = subprocess.run(
            ["sh", "-c", line[2:]], env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"


def test_every_command_is_in_the_documentation():
    written = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [
        " ".join(path)
        for path, command in commands_of(build(everything=True))
        if not getattr(command, "commands", None) and f"ringfence {' '.join(path)}" not in written
    ]
    assert missing == []


@pytest.mark.io
def test_links_between_pages_lead_somewhere():
    lost = [
        f"{page.relative_to(ROOT)} → {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert lost == []
