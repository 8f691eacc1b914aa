"""The rules of the suite itself: skips are named, or fail where everything is required."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

SUITE = """
import pytest

def test_wei_meets_fang():
    pass

@pytest.mark.xfail(strict=True)
def test_zhao_meets_wei():
    raise AssertionError

@pytest.mark.{marker}
def test_li_passes_by(tmp_path):
    pytest.skip("the bus is late")
"""


@pytest.fixture
def run(tmp_path):
    """Return a way to run pytest on a text, with the rules of this suite."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")

    def run(text, *words, **environment):
        (tmp_path / "test_town.py").write_text(text)
        plain = {key: value for key, value in os.environ.items() if key not in ("REQUIRE_ALL", "SOAK", "QUICK")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path), *words],
            cwd=tmp_path,
            env={**plain, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_skip_is_listed_by_name_and_reason(run):
    done = run(SUITE.format(marker="slow"))
    assert done.returncode == 0
    assert "Skipped here" in done.stdout
    assert "test_town.py::test_li_passes_by: the bus is late" in done.stdout


def test_a_skip_fails_where_everything_is_required_and_an_expected_failure_does_not(run):
    done = run(SUITE.format(marker="slow"), REQUIRE_ALL="1")
    assert done.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed" in done.stdout


def test_a_skipped_module_fails_where_everything_is_required(run):
    module = "import pytest\npytest.importorskip('no_such_module_anywhere')\n\ndef test_wei():\n    pass\n"
    assert run(module).returncode == 5
    assert run(module, REQUIRE_ALL="1").returncode not in (0, 5)


def test_a_test_with_files_is_marked_as_such(run):
    done = run(SUITE.format(marker="slow"), "-m", "not io", "--collect-only")
    assert "test_li_passes_by" not in done.stdout
    assert "test_wei_meets_fang" in done.stdout


def test_what_a_machine_lacks_is_skipped_by_name(run, tmp_path):
    done = run(SUITE.format(marker="spark"), PATH=str(tmp_path))
    assert "test_town.py::test_li_passes_by: Java is not installed" in done.stdout


def interpreter(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["sh", str(ROOT / "tools" / "python")],
        env={"HOME": str(tmp_path), "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interpreter_that_does_not_run_is_passed_over(tmp_path):
    for version in ("3.14", "3.13", "3.12"):
        broken = tmp_path / f"python{version}"
        broken.write_text("#!/bin/sh\nexit 127\n")
        broken.chmod(0o755)
    chosen = interpreter(tmp_path)
    assert chosen.returncode == 0
    assert Path(chosen.stdout.strip()).parent != tmp_path


def test_an_interpreter_that_is_named_is_taken_or_refused(tmp_path):
    assert interpreter(tmp_path, PYTHON=sys.executable).stdout.strip() == sys.executable
    refused = interpreter(tmp_path, PYTHON="/bin/false")
    assert refused.returncode == 1
    assert "3.11 to 3.14" in refused.stderr


# What a test claims stands in the test -------------------------------------------------------------------------------


def claims(function: ast.FunctionDef) -> bool:
    """Return whether a function asserts something itself, or says what must be raised or warned of."""
    return any(
        isinstance(node, ast.Assert)
        or (
            isinstance(node, ast.withitem)
            and ast.unparse(node.context_expr).startswith(("pytest.raises(", "pytest.warns("))
        )
        for node in ast.walk(function)
    )


def without_a_claim(text: str) -> list[str]:
    """Return the tests of a module that assert nothing in their own body. Rules of a state machine are no tests."""
    return [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and not claims(node)
    ]


@pytest.mark.parametrize("module", [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in TESTS])
def test_every_test_asserts_in_its_own_body(module):
    assert without_a_claim(module.read_text(encoding="utf-8")) == []


def test_a_test_that_leaves_its_claim_to_a_helper_is_found():
    text = """
def test_wei_met_fang(): check(wei, fang)
def test_zhao_met_nobody(): assert met_by(zhao) == []
def test_nobody_met_is_refused():
    with pytest.raises(Refused): trace(nobody)
class Town(RuleBasedStateMachine):
    @rule()
    def wei_comes(self): self.visit(wei)
"""
    assert without_a_claim(text) == ["test_wei_met_fang"]
