"""Make a synthetic city and measure it: time, peak memory, and whether what must hold of a city holds.

Checked: nobody is in two places at once, on any day; everybody is at home at three in the morning; every seat of a
train is taken once; every child learns in her street. Told: visits a person and day, ages, sizes of households, how
crowded the places are. A check that fails ends with exit code 1.

    python -m benchmarks.make_city --people 3400000 --days 14 --work out/city
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from ringfence.drill.city import City, open_city
from ringfence.drill.city.making import Plan
from ringfence.drill.city.writing import write_city
from ringfence.tracing.visits.segments import Segment

NIGHT = 19 * 60  # 03:00 in Shanghai, as a minute of the UTC day before


def present(segment: Segment) -> tuple[int, np.ndarray, np.ndarray]:
    """Return how many pieces of a day begin before the same person's last one ended, and who is where at 03:00."""
    words = segment.sections["person_words"]
    offsets = segment.sections["person_offsets"].astype(np.int64)
    start = (words >> np.uint64(53)).astype(np.int32)
    end = start + ((words >> np.uint64(42)) & np.uint64(0x7FF)).astype(np.int32)
    first_of_person = np.zeros(len(words) + 1, np.bool_)
    first_of_person[offsets] = True
    clash = (start[1:] < end[:-1]) & ~first_of_person[1:-1]
    asleep = np.flatnonzero((start <= NIGHT) & (end > NIGHT))
    person = segment.sections["person_keys"][np.searchsorted(offsets, asleep, "right") - 1]
    place = ((words[asleep] >> np.uint64(10)) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return int(clash.sum()), person, place


def check(city: City) -> dict[str, object]:
    """Return what must hold and does not (counts that must be 0), and what the city is like."""
    persons, places, sorts = city.persons, city.places, city.about["sorts"]
    people, days = len(persons), city.about["days"]
    crowd = np.zeros(len(places), np.int64)
    clashes = away_at_night = nights = 0
    last = max(entry.day for entry in city.store.manifest.segments)
    for segment in city.store.segments:
        if not segment.pieces:
            continue
        found, person, place = present(segment)
        clashes += found
        crowd[segment.sections["place_keys"]] += np.diff(segment.sections["place_offsets"].astype(np.int64))
        if segment.day < last:
            nights += 1
            away_at_night += people - int((persons.home[person] == place).sum())
    seats = city.seats
    taken = np.unique(np.stack([seats.day, seats.trip, seats.carriage, seats.row, seats.seat]), axis=1).shape[1]
    learning = np.isin(persons.occupation, (1, 2, 3))
    abroad = places.street[persons.work[learning]] != persons.street[learning]
    per_day = {}
    for name in ("noodle_shop", "supermarket", "stall", "hospital", "class", "factory", "garment_workshop", "bus_trip"):
        those = np.sort(crowd[places.sort == sorts.index(name)])[::-1] / days
        top = those[: max(1, len(those) // 100)].sum() / max(those.sum(), 1)
        per_day[name] = {"places": len(those), "median": float(np.median(those)), "largest": round(float(those[0])),
                         "share_of_busiest_1_percent": round(float(top), 3)}  # fmt: skip
    age = persons.age
    return {
        "must_be_zero": {"in_two_places": clashes, "away_at_night": away_at_night,
                         "seats_taken_twice": len(seats) - taken, "learn_elsewhere": int(abroad.sum())},
        "nights": nights,
        "visits_a_person_and_day": round(city.about["counts"]["visits"] / people / days, 2),
        "people_a_household": round(people / city.about["counts"]["households"], 2),
        "share_under_15": round(float((age < 15).mean()), 3),
        "share_60_and_over": round(float((age >= 60).mean()), 3),
        "share_65_and_over": round(float((age >= 65).mean()), 3),
        "share_working": round(float(np.isin(persons.occupation, range(4, 13)).mean()), 3),
        "pieces_a_place_and_day": per_day,
    }  # fmt: skip


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--people", type=int, default=200_000)
    asked.add_argument("--days", type=int, default=14)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--work", type=Path, required=True, help="a folder for the city; it is removed afterwards")
    asked.add_argument("--keep", action="store_true", help="keep the city")
    given = asked.parse_args()
    where = given.work / f"city-{given.people}-{given.days}-{given.seed}"
    warm = given.work / "warm"
    for folder in (where, warm):
        shutil.rmtree(folder, ignore_errors=True)
    first_day = date(2022, 3, 1)
    write_city(Plan(500, 1, first_day, 0), warm, threads=1)  # compiles
    shutil.rmtree(warm)
    begun, cpu = time.perf_counter(), time.process_time()
    write_city(Plan(given.people, given.days, first_day, given.seed), where, threads=given.threads)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    city = open_city(where)
    told = {
        "people": given.people,
        "days": given.days,
        "threads": given.threads,
        "visits": city.about["counts"]["visits"],
        "places": len(city.places),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_memory_gb": round(peak, 2),
        "disk_gb": round(sum(f.stat().st_size for f in where.rglob("*") if f.is_file()) / 1e9, 2),
        **check(city),
    }
    print(json.dumps(told, indent=1))
    if not given.keep:
        shutil.rmtree(where)
    return 1 if any(told["must_be_zero"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
