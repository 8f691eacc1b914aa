"""What 1,000 replicates of an outbreak in a city of 3.4 million cost, beside Covasim where it is installed.

python -m benchmarks.outbreak [--replicates 1000] [--covasim PYTHON]

Answers are checked first: the tests of `tests/epidemic` hold the engine to the slow reference. `--covasim` names a
Python that has Covasim (a package of its own environment, never a dependency); it runs 100,000 agents for 60 days.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from time import perf_counter, process_time

import pytest

from ringfence.epidemic.contacts import HashedCity
from ringfence.epidemic.outbreak import Scene, replicate
from ringfence.epidemic.presets import preset
from ringfence.epidemic.settings import Delay, Policy

PEOPLE, DAYS = 3_400_000, 60
POLICY = Policy(
    reported=0.8, onset_to_isolation=Delay(1.5, 1.0), traced=(1.0, 0.7, 0.4), quarantine_tests=(1.0, 4.0, 7.0),
    screening_every=7, screening_share=0.5, reduction=(0.0, 0.3, 0.3),
)  # fmt: skip
COVASIM = """
import json, time, covasim as cv
sim = cv.Sim(pop_size=100_000, pop_infected=20, n_days=60, verbose=0)
sim.initialize()
begun = time.process_time()
sim.run()
print(json.dumps({"cpu_seconds": time.process_time() - begun, "agents": 100_000, "days": 60}))
"""


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--replicates", type=int, default=1000)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--covasim")
    given = asked.parse_args()
    tests = Path(__file__).parents[1] / "tests" / "epidemic"
    if pytest.main(["-q", str(tests), "-k", "agrees_with_the_reference"]) != 0:
        raise SystemExit("The answers are wrong; nothing was timed.")
    scene = Scene(HashedCity(PEOPLE), preset("covid-wild"), days=DAYS, seed=1, seeds=given.seeds)
    replicate(scene, POLICY, replicates=20)
    begun, worked = perf_counter(), process_time()
    found = replicate(scene, POLICY, replicates=given.replicates, threads=2)
    seconds, cpu = perf_counter() - begun, process_time() - worked
    told = {
        "replicates": given.replicates, "infections_mean": float(found.infections.mean()), "seconds": seconds,
        "cpu_seconds": cpu, "agent_days_per_cpu_second": PEOPLE * DAYS * given.replicates / cpu,
        "infected_per_cpu_second": float(found.infections.sum()) / cpu,
    }  # fmt: skip
    if given.covasim:
        ran = subprocess.run([given.covasim, "-c", COVASIM], capture_output=True, text=True, check=True)
        other = json.loads(ran.stdout.strip().splitlines()[-1])
        told["covasim"] = other | {"agent_days_per_cpu_second": 6e6 / other["cpu_seconds"]}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
