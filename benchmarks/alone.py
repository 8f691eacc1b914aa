"""A process of its own that opens a store and answers: time to the first answer, and memory with nothing else in it.

    python -m benchmarks.alone STORE CASES.json

CASES holds persons as the store knows them (given ids, or numbers where it has no keys):
{"ones": [[ID], …], "fifty": [ID, …], "start": MINUTE, "end": MINUTE, "residual": 30}. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ringfence.tracing import SecondHopSettings, TraceSettings, open_store, second_hop, trace


def since_start_ms() -> float:
    """Return milliseconds since the operating system started this process (in steps of a clock tick, 10 ms)."""
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return (time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1000


def memory_mb() -> dict[str, float]:
    """Return this process's resident memory: of its own, and mapped files (the system's cache)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[key].split()[0]) / 1024 for name, key in (("own", "RssAnon"), ("files", "RssFile"))}


def main(arguments: Sequence[str]) -> None:
    """Answer the first case, look at the clock, answer the rest, look at the memory."""
    cases = json.loads(Path(arguments[1]).read_text())
    window = cases["start"], cases["end"], TraceSettings(residual_minutes=cases["residual"])
    store = open_store(arguments[0])
    trace(store, store.numbers_of(cases["ones"][0]), *window)
    found = {"first_answer_ms": since_start_ms(), "after_first": memory_mb()}
    for one in cases["ones"]:
        trace(store, store.numbers_of(one), *window)
    found["after_ones"] = memory_mb()
    fifty = store.numbers_of(cases["fifty"])
    met = trace(store, fifty, *window)
    found["after_fifty"] = memory_mb()
    second_hop(store, fifty, *window[:2], met, SecondHopSettings())
    found["after_hop2"] = memory_mb()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
