"""Measure how often the source search names a place where there is none, and how often it finds a planted one.

python benchmarks/sources.py [--cities 300] [--seed 1] [--per-case 4] [--ill 40] [--unmatched]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import source_cities as made

from ringfence.tracing.sources import SourceSettings, search_sources


def measure(
    *, cities: int, seed: int, per_case: int, ill: int, settings: SourceSettings, unmatched: bool = False
) -> dict[str, object]:
    """Return counts over cities without and with a source, each city from a seed of its own."""
    false, judged, naive, unlinked = 0, 0, 0, []
    first, significant, rank_if_not = 0, 0, []
    spent = 0.0
    for number in range(cities):
        rng = np.random.default_rng([seed, number])
        city = made.make_city(rng)
        quiet = made.without_source(rng, city, enough=ill, per_case=per_case)
        planted = made.with_source(rng, city, per_case=per_case)
        if unmatched:
            quiet, planted = (made.without_attributes(rng, city, o, per_case=per_case) for o in (quiet, planted))
        started = time.process_time()
        found = search_sources(
            cases=quiet.cases, controls=quiet.controls, exposures=city.visits, settings=settings, seed=number
        )
        spent += time.process_time() - started
        unlinked.append(max((h.cases_asked for h in found), default=0))
        judged += any(h.judgeable for h in found)
        false += any(h.significant for h in found)
        naive += sum(h.alone_low > 1 for h in found)
        found = search_sources(
            cases=planted.cases, controls=planted.controls, exposures=city.visits, settings=settings, seed=number
        )
        rank = next((i for i, h in enumerate(found) if h.place == planted.source), len(found))
        first += rank == 0
        significant += any(h.significant for h in found if h.place == planted.source)
        rank_if_not += [rank + 1] if rank else []
    return {
        "cities": cities,
        "unlinked independent cases (median)": float(np.median(unlinked)),
        "cities without a source in which any place was judgeable": judged,
        "cities without a source in which a place was called significant": false,
        "false-source rate": false / cities,
        "places a city whose own 95 % interval lies above 1 (what an unadjusted search would name)": naive / cities,
        "planted source (6 of 10 cases) first": first / cities,
        "planted source significant": significant / cities,
        "rank where not first": sorted(rank_if_not),
        "CPU seconds a search": spent / cities,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-case", type=int, default=4)
    parser.add_argument("--ill", type=int, default=40, help="cases known when the quiet cities are searched")
    parser.add_argument(
        "--unmatched", action="store_true", help="ignore communities and ages, to see what matching is for"
    )
    arguments = parser.parse_args()
    table = measure(
        cities=arguments.cities,
        seed=arguments.seed,
        per_case=arguments.per_case,
        ill=arguments.ill,
        settings=SourceSettings(judge_without_community=arguments.unmatched),
        unmatched=arguments.unmatched,
    )
    width = max(map(len, table))
    for name, value in table.items():
        print(f"{name:{width}}  {value:.3f}" if isinstance(value, float) else f"{name:{width}}  {value}")


if __name__ == "__main__":
    main()
