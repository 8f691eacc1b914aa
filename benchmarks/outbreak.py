"""What 1,000 replicates of an outbreak in a city of 3.4 million cost, beside Covasim, in one run.

python -m benchmarks.outbreak [--replicates 1000] [--rounds 5] [--covasim PYTHON] [--write]

`make bench-outbreak` installs Covasim from its own lock, `requirements-covasim.txt`, and runs this with --write. The
lock is made under the constraint of the development lock, so both engines use the same numpy and numba; it is a file
apart because fifty packages come with Covasim that nothing else needs. Without Covasim the engine is measured alone.

Answers are checked first: the tests that hold the engine to the slow reference, in distribution on a small city and
for the chance of each single meeting, must pass, or nothing is timed.

The outbreak: covid-wild from people infected on the first day, under testing, tracing, quarantine, weekly screening and
fewer meetings, for 60 days. Their number is set so that the mean outbreak has 500 infections: 2,000 other replicates
from 30 people are run before, and 30 is scaled by what they came to, for outbreaks this small hardly meet each other.

Covasim runs one outbreak a round, from as many people, in its hybrid population of 100,000, 60 days, with its own
testing, tracing and reduction set to like values; its model is another one, so sizes differ and are told. Making its
population is not counted. In each round both engines are asked in turn; medians of the rounds, the clock's and the
processor's time, and the load of the machine before (above 1 others were at work, and the clock says little). Ours
runs on two threads; Covasim on one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pytest

from benchmarks import report
from benchmarks.measure import commit, machine
from ringfence.epidemic.contacts import HashedCity
from ringfence.epidemic.outbreak import Scene, replicate
from ringfence.epidemic.presets import preset
from ringfence.epidemic.settings import Delay, Policy

HERE = Path(__file__).parent
PEOPLE, DAYS, WANTED, FIRST_SEEDS, TRIED = 3_400_000, 60, 500, 30, 2000
CHECKS = "agrees_with_the_reference or as_its_dose_says or from_both_sides"
POLICY = Policy(
    reported=0.8, onset_to_isolation=Delay(1.5, 1.0), traced=(1.0, 0.7, 0.4), quarantine_tests=(1.0, 4.0, 7.0),
    screening_every=7, screening_share=0.5, reduction=(0.0, 0.3, 0.3),
)  # fmt: skip
COVASIM = """
import json, sys, time, covasim as cv
seeds, seed = int(sys.argv[1]), int(sys.argv[2])
about = dict(pop_size=100_000, pop_type="hybrid", pop_infected=seeds, n_days=60, rand_seed=seed, verbose=0)
sim = cv.Sim(**about, interventions=[
    cv.test_prob(symp_prob=0.4, asymp_prob=0.064, test_delay=1),
    cv.contact_tracing(trace_probs={"h": 1.0, "s": 0.7, "w": 0.7, "c": 0.4}, trace_time=1),
    cv.change_beta(days=0, changes=0.7, layers=["s", "w", "c"]),
])
sim.initialize()
begun, worked = time.perf_counter(), time.process_time()
sim.run()
seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "version": cv.__version__,
                  "infections": float(sim.results["cum_infections"][-1])}))
"""


def main() -> None:
    """Check, measure, print, and write into the results when told to."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.outbreak")
    options.add_argument("--replicates", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--covasim", default=sys.executable if find_spec("covasim") else None,
                         help="a Python that has Covasim; by default this one, if it has")  # fmt: skip
    options.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md and the JSON beside it")
    asked = options.parse_args()
    tests = HERE.parent / "tests" / "epidemic"
    if pytest.main(["-q", "-p", "no:cacheprovider", str(tests), "-k", CHECKS]) != 0:
        raise SystemExit("The answers are wrong; nothing was timed.")
    measured = {**commit(HERE.parent), **machine(), "sizes": [], "outbreak": measure(asked)}
    if asked.write:
        report.write(HERE / "RESULTS.md", measured)
    print(json.dumps(measured["outbreak"], indent=1))


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what both engines needed, round by round in turn."""
    tried = Scene(HashedCity(PEOPLE), preset("covid-wild"), days=DAYS, seed=1, seeds=FIRST_SEEDS)
    mean = replicate(tried, POLICY, replicates=TRIED, first=10**6).infections.mean()
    seeds = round(FIRST_SEEDS * WANTED / mean)
    scene = Scene(tried.city, tried.disease, days=DAYS, seed=1, seeds=seeds)
    replicate(scene, POLICY, replicates=20)
    load = os.getloadavg()[0]
    ours: list[tuple[float, float]] = []
    theirs: list[dict[str, Any]] = []
    for number in range(asked.rounds):
        begun, worked = perf_counter(), process_time()
        found = replicate(scene, POLICY, replicates=asked.replicates, threads=2)
        ours.append((perf_counter() - begun, process_time() - worked))
        if asked.covasim:
            command = [asked.covasim, "-c", COVASIM, str(seeds), str(number)]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            theirs.append(json.loads(ran.stdout.strip().splitlines()[-1]))
    wall, cpu = (float(np.median(times)) for times in zip(*ours, strict=True))
    low, high = np.quantile(found.infections, (0.05, 0.95))
    told: dict[str, Any] = {
        "people": PEOPLE, "days": DAYS, "replicates": asked.replicates, "rounds": asked.rounds, "seeds": seeds,
        "load": load,
        "infections": float(found.infections.mean()), "infections_90": [float(low), float(high)],
        "found": float(found.found.mean()), "quarantined": float(found.quarantined.mean()),
        "seconds": wall, "cpu_seconds": cpu, "all_seconds": [one for one, _ in ours],
        "all_cpu_seconds": [one for _, one in ours], "cpu_us_an_infection": 1e6 * cpu / float(found.infections.sum()),
    }  # fmt: skip
    if theirs:
        told["covasim"] = {
            "version": theirs[0]["version"], "people": 100_000, "rounds": len(theirs),
            "infections": float(np.mean([one["infections"] for one in theirs])),
            "seconds": float(np.median([one["seconds"] for one in theirs])),
            "cpu_seconds": float(np.median([one["cpu_seconds"] for one in theirs])),
            "all_seconds": [one["seconds"] for one in theirs],
        }  # fmt: skip
    return told


if __name__ == "__main__":
    main()
