"""Clocks, memory, cold caches and the machine: everything that is measured rather than computed."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

LIBRARIES = ("numpy", "numba", "pyarrow", "duckdb", "psycopg")
POLL_S = 0.05


@dataclass(slots=True)
class Series:
    """Times of one question at one engine, in milliseconds; the clock counts nanoseconds."""

    ms: list[float] = field(default_factory=list)
    clock: Callable[[], int] = time.perf_counter_ns

    def time(self, ask: Callable[[], object]) -> object:
        begun = self.clock()
        answer = ask()
        self.ms.append((self.clock() - begun) / 1e6)
        return answer

    def summary(self) -> dict[str, float]:
        low, median, p99, high = np.quantile(self.ms, [0, 0.5, 0.99, 1])
        return {"n": len(self.ms), "median": median, "min": low, "p99": p99, "max": high}


@dataclass(frozen=True, slots=True)
class Watched:
    """A process that has ended: wall and processor seconds, what it printed, and its memory at the highest, in MB.

    `own_mb` is memory of its own (anonymous); `resident_mb` also counts mapped files, which are the system's cache.
    """

    seconds: float
    cpu_seconds: float
    output: str
    own_mb: float
    resident_mb: float


def memory_mb(pid: int | str = "self") -> dict[str, float]:
    """Return a process's memory now: resident, of its own, of mapped files."""
    wanted = {"VmHWM": "highest", "VmRSS": "resident", "RssAnon": "own", "RssFile": "files"}
    status = Path(f"/proc/{pid}/status")
    found = {}
    for line in status.read_text().splitlines() if status.exists() else ():
        name, _, value = line.partition(":")
        if name in wanted:
            found[wanted[name]] = int(value.split()[0]) / 1024
    return found


def watch(command: Sequence[str]) -> Watched:
    """Run a command to its end and look at its memory twenty times a second."""
    begun, before = time.perf_counter(), os.times()
    own = resident = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while True:
            try:
                output, problems = process.communicate(timeout=POLL_S)
                break
            except subprocess.TimeoutExpired:
                now = memory_mb(process.pid)
                own = max(own, now.get("own", 0.0))
                resident = max(resident, now.get("highest", 0.0))
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} … ended with {process.returncode}:\n{problems}{output}")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Watched(time.perf_counter() - begun, used, output, own, resident)


def forget_files(directories: Iterable[Path]) -> str:
    """Take files out of the system's cache, as far as one may. Return how: dropped (all) or advised (these files)."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
        return "dropped"
    except OSError:
        for directory in directories:
            for path in directory.rglob("*"):
                if path.is_file():
                    with path.open("rb") as file:
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return "advised"


def give_memory_back() -> None:
    """Ask the allocator to return what is free, so that one engine does not starve the next."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def disk_bytes(directory: Path) -> int:
    """Return what the files under a directory take."""
    return sum(p.stat().st_size for p in directory.rglob("*") if p.is_file())


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def commit(repository: Path) -> dict[str, str]:
    """Return the commit that is measured and its date; a + says that the sources differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = "+" if git("status", "--porcelain", "--", "src", "benchmarks/*.py") else ""
    return {
        "commit": (git("rev-parse", "--short", "HEAD") or "no commit") + changed,
        "date": git("show", "-s", "--format=%cs"),
    }
