"""The map in ARCHITECTURE.md, the READMEs, the Makefile and the locks say what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = {"demo", "test", "quick", "check", "bench", "bench-city", "bench-outbreak", "soak", "lock"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets_in(text: str) -> set[str]:
    return set(re.findall(r"\bmake ([a-z][a-z-]*)\b", " ".join(re.findall(r"`[^`]+`|^    .*$|^\$ .*$", text, re.M))))


def test_make_alone_lists_every_target_with_a_line():
    listed = dict(re.findall(r"^([a-z-]+):.*## (.+)$", read("Makefile"), re.M))
    del listed["help"]
    assert set(listed) == TARGETS


def test_both_readmes_name_the_same_targets():
    english, chinese = targets_in(read("README.md")), targets_in(read("README.zh.md"))
    assert english == chinese
    assert {"demo", "test"} <= english <= TARGETS


@pytest.mark.io
def test_every_top_level_folder_and_every_room_is_on_the_map():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    folders = {path.split("/")[0] for path in tracked if "/" in path}
    rooms = {path.split("/")[2] for path in tracked if path.startswith("src/ringfence/") and path.count("/") > 2}
    text = read("ARCHITECTURE.md")
    missing = sorted(name for name in folders | rooms if f"`{name}/`" not in text)
    assert missing == [], "say in ARCHITECTURE.md what these folders are for"


@pytest.mark.parametrize(
    "lock", ["requirements.txt", "requirements-dev.txt", "requirements-spark.txt", "requirements-covasim.txt"]
)
def test_a_lock_has_hashes_and_no_addresses(lock):
    text = read(lock)
    assert not re.search(r"https?:|file:|--index|--find-links|@ ", text)
    pinned = re.findall(r"^[a-zA-Z0-9_.\[\]-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", text, re.M)
    assert len(pinned) == len(re.findall(r"^[a-zA-Z0-9].*$", text, re.M)) > 0


def test_the_development_lock_holds_the_product_as_locked():
    product = set(re.findall(r"^[a-z0-9-]+==[^ ]+", read("requirements.txt"), re.M))
    development = set(re.findall(r"^[a-z0-9-]+==[^ ]+", read("requirements-dev.txt"), re.M))
    assert product <= development


@pytest.mark.io
@pytest.mark.slow
@pytest.mark.reviewer
@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check"],
        ["-m", "ruff", "format", "--check"],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    ],
    ids=["ruff", "format", "mypy", "imports"],
)
def test_what_a_reviewer_runs_passes(command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
