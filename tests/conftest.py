"""Rules of the whole suite: what a skip means, how long the soak is, what counts as touching files."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REQUIRE_ALL = os.environ.get("REQUIRE_ALL", "") not in ("", "0")
SOAK = os.environ.get("SOAK", "") not in ("", "0")
FIXTURES_WITH_FILES = {"tmp_path", "tmp_path_factory", "testdir", "pytester"}

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "soak", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("soak" if SOAK else "ci" if os.environ.get("CI") or os.environ.get("REQUIRE_ALL") else "dev")


@pytest.fixture(scope="session")
def soak() -> bool:
    """Return whether this is the long run, where a test may repeat itself many more times."""
    return SOAK


@cache
def lacks(marker: str) -> str:
    """Return what this machine lacks for the tests of a marker, or an empty text."""
    if marker == "spark":
        java = shutil.which("java")
        if java is None or subprocess.run([java, "-version"], capture_output=True, check=False).returncode != 0:
            return "Java is not installed"
        return "" if importlib.util.find_spec("pyspark") else "pyspark is not installed"
    if marker == "postgres":
        found = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return "" if found else "PostgreSQL's server programs are not installed"
    return ""


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of public data sets, where it is at hand."""
    folder = Path(os.environ.get("RINGFENCE_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not at hand (RINGFENCE_SHARED_DATA, or ../shared/data)")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches files, and skip by name what the machine lacks the means for."""
    for item in items:
        if FIXTURES_WITH_FILES & set(getattr(item, "fixturenames", ())):
            item.add_marker("io")
        for marker in ("spark", "postgres"):
            if item.get_closest_marker(marker) and lacks(marker):
                item.add_marker(pytest.mark.skip(reason=lacks(marker)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Turn a skip into a failure where everything is required."""
    report = yield
    return _failed_if_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Turn a skipped module into a failure where everything is required."""
    report = yield
    return _failed_if_skipped(report)


def _failed_if_skipped(report):
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, and REQUIRE_ALL=1 allows no skip: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter) -> None:
    """List by name what was skipped on this machine."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("Skipped here")
        for report in sorted(skipped, key=lambda report: report.nodeid):
            terminalreporter.write_line(f"{report.nodeid}: {_reason(report)}")


def _reason(report) -> str:
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")
