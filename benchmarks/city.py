"""A city of visits for timing: the same rows from the same seed with any number of threads.

Every number is a hash of (seed, person, day, slot), so nothing depends on the order of work. The city's clock is
UTC. A person makes five visits a day between 05:33 and 23:50, one at a time, at least three minutes apart; dwell
is lognormal (median 50 min, 10 to 240 min) and a share of the last visits of a day ends after UTC midnight, but
before the next day's first. Popularity of places is Zipf-like: weight of rank r is r ** -exponent. Some visits go to
one of the person's eight habitual places, which follow the same popularity.
Rows of a day stand in order of their start, as they would arrive, with given ids as text and times to the second.

    python -m benchmarks.city --visits 5e6 --work out/bench
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

VISITS_A_DAY = 5
PEOPLE_A_PLACE = 17
FIRST_DAY = 19052  # 2022-03-01, days since 1970
OPENS_S, CLOSES_S, GAP_S = 330 * 60, 1430 * 60, 180
ROW_GROUP = 1 << 20
PERSON_DIGITS, PLACE_DIGITS = 7, 6


@dataclass(frozen=True, slots=True)
class City:
    """What decides every row. `late` further people live beside `people`; their visits come in small files."""

    people: int
    places: int
    days: int = 14
    exponent: float = 0.7
    habit: float = 0.3
    overnight: float = 0.12
    late: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.people + self.late >= 10**PERSON_DIGITS or self.places >= 10**PLACE_DIGITS:
            raise ValueError("too many people or places for the ids.")
        if not (self.people > 0 and self.places > 0 and self.days > 0 and 0 <= self.habit <= 1):
            raise ValueError("people, places and days must be positive, habit between 0 and 1.")

    @classmethod
    def of_visits(cls, visits: int, **settings: float) -> City:
        """Return a city of about this many visits in 14 days, 17 people a place, 0.2 % of the people late."""
        people = round(visits / (VISITS_A_DAY * 14))
        return cls(people, max(1, people // PEOPLE_A_PLACE), late=max(20, people // 500), **settings)

    @property
    def visits(self) -> int:
        """Rows in the day files; the late people's rows are not counted."""
        return self.people * self.days * VISITS_A_DAY

    @property
    def start(self) -> int:
        """Minute since 1970 at which the first day begins."""
        return FIRST_DAY * 1440


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(x: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def _draw(key: np.uint64, slot: int) -> np.uint64:
    return _mix(key + np.uint64(slot + 1) * np.uint64(0x9E3779B97F4A7C15))


@numba.njit(cache=True, nogil=True, inline="always")
def _unit(bits: np.uint64) -> float:
    return (np.float64(bits >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@numba.njit(cache=True, nogil=True, inline="always")
def _place(bits: np.uint64, chance: NDArray[np.float64], other: NDArray[np.uint32], named: NDArray[np.uint32]) -> int:
    """One draw from the alias table: the high half picks the column, the low half its side."""
    column = ((bits >> np.uint64(32)) * np.uint64(len(chance))) >> np.uint64(32)
    side = np.float64(bits & np.uint64(0xFFFFFFFF)) * (1.0 / 4294967296.0)
    return named[column if side < chance[column] else other[column]]


@numba.njit(cache=True)
def _alias(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """Walker's alias table by Vose's method (1991): a draw from any discrete distribution in constant time."""
    n = len(weights)
    chance = weights * (n / weights.sum())
    other = np.arange(n).astype(np.uint32)
    small, large = np.empty(n, np.int64), np.empty(n, np.int64)
    smalls = larges = 0
    for i in range(n):
        if chance[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls and larges:
        smalls -= 1
        low, high = small[smalls], large[larges - 1]
        other[low] = high
        chance[high] -= 1.0 - chance[low]
        if chance[high] < 1.0:
            larges -= 1
            small[smalls] = high
            smalls += 1
    for i in range(smalls):
        chance[small[i]] = 1.0
    for i in range(larges):
        chance[large[i]] = 1.0
    return chance, other


@numba.njit(cache=True, nogil=True)
def _live_a_day(seed, first, last, day, habit, overnight, chance, other, named, place, start, end):
    """Fill five rows for each person of [first, last): place, start and end in seconds of the day."""
    dwell = np.empty(VISITS_A_DAY)
    gap = np.empty(VISITS_A_DAY + 1)
    for person in range(first, last):
        home = _mix(_mix(np.uint64(seed) + np.uint64(77)) + np.uint64(person))
        key = _mix(home + np.uint64(day + 1) * np.uint64(0xD1342543DE82EF95))
        row = (person - first) * VISITS_A_DAY
        stays = 0.0
        for k in range(VISITS_A_DAY):
            radius = np.sqrt(-2.0 * np.log(_unit(_draw(key, 8 * k))))
            normal = radius * np.cos(2.0 * np.pi * _unit(_draw(key, 8 * k + 1)))
            dwell[k] = 60.0 * min(240.0, max(10.0, 50.0 * np.exp(0.75 * normal)))
            stays += dwell[k]
            bits = _draw(key, 8 * k + 3)
            if _unit(_draw(key, 8 * k + 2)) < habit:
                bits = _draw(home, 1000 + int(bits >> np.uint64(61)))
            place[row + k] = _place(bits, chance, other, named)
        room = CLOSES_S - OPENS_S - (VISITS_A_DAY + 1) * GAP_S
        shrink = min(1.0, 0.9 * room / stays)
        gaps = 0.0
        for k in range(VISITS_A_DAY + 1):
            gap[k] = _unit(_draw(key, 8 * k + 4))
            gaps += gap[k]
        at = float(OPENS_S)
        for k in range(VISITS_A_DAY):
            at += GAP_S + (room - stays * shrink) * gap[k] / gaps
            start[row + k] = int(at)
            at += dwell[k] * shrink
            end[row + k] = int(at)
        if _unit(_draw(key, 900)) < overnight:
            start[row + VISITS_A_DAY - 1] = CLOSES_S - int(0.2 * (CLOSES_S - start[row + VISITS_A_DAY - 1]))
            end[row + VISITS_A_DAY - 1] = 86400 + int(60.0 + 17900.0 * _unit(_draw(key, 901)))


@numba.njit(cache=True, nogil=True)
def _by_start(start: NDArray[np.int32]) -> NDArray[np.int32]:
    """Row numbers in order of the start's minute: a stable counting sort."""
    at = np.zeros(1441, np.int64)
    for s in start:
        at[s // 60 + 1] += 1
    at = np.cumsum(at)
    order = np.empty(len(start), np.int32)
    for row in range(len(start)):
        minute = start[row] // 60
        order[at[minute]] = row
        at[minute] += 1
    return order


@numba.njit(cache=True, nogil=True)
def _digits(numbers: NDArray[np.uint32], letter: int, width: int, text: NDArray[np.uint8]) -> None:
    for i in range(len(numbers)):
        text[i, 0] = letter
        rest = numbers[i]
        for column in range(width, 0, -1):
            text[i, column] = 48 + rest % 10
            rest //= 10


def _ids(numbers: NDArray[np.uint32], letter: str, width: int) -> pa.Array:
    """Return ids such as p0000123 as an Arrow column of text."""
    text = np.empty((len(numbers), width + 1), np.uint8)
    _digits(numbers, ord(letter), width, text)
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * (width + 1)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def popularity(city: City) -> tuple[NDArray[np.float64], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the alias table and the place of each rank, shuffled so that a number says nothing of its size."""
    chance, other = _alias(np.arange(1, city.places + 1, dtype=np.float64) ** -city.exponent)
    return chance, other, np.random.default_rng(city.seed).permutation(city.places).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's visits as columns in order of start: numbers of the city, seconds since 1970."""

    person: NDArray[np.uint32]
    place: NDArray[np.uint32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def table(self, first: int, last: int) -> pa.Table:
        """Return rows [first, last) as raw input: given ids as text, moments in UTC."""
        moment = pa.timestamp("s", tz="UTC")
        return pa.table(
            {
                "person": _ids(self.person[first:last], "p", PERSON_DIGITS),
                "place": _ids(self.place[first:last], "x", PLACE_DIGITS),
                "start": pa.array(self.start[first:last]).cast(moment),
                "end": pa.array(self.end[first:last]).cast(moment),
            }
        )

    def tables(self) -> Iterator[pa.Table]:
        for first in range(0, len(self.person), ROW_GROUP):
            yield self.table(first, first + ROW_GROUP)


def day_of_visits(city: City, day: int, tables: tuple, *, late: bool = False) -> Day:
    """Return the visits that start on a day, of the city's people or of its late people."""
    first, last = (city.people, city.people + city.late) if late else (0, city.people)
    rows = (last - first) * VISITS_A_DAY
    place = np.empty(rows, np.uint32)
    start, end = np.empty(rows, np.int32), np.empty(rows, np.int32)
    _live_a_day(city.seed, first, last, day, city.habit, city.overnight, *tables, place, start, end)
    order = _by_start(start)
    midnight = np.int64((FIRST_DAY + day) * 86400)
    person = (order // VISITS_A_DAY + first).astype(np.uint32)
    return Day(person, place[order], midnight + start[order], midnight + end[order])


def _write_parquet(path: Path, visits: Day) -> None:
    """Write under another name first, so that a file that is there is whole."""
    aside = path.with_suffix(".part")
    with pq.ParquetWriter(
        aside, visits.table(0, 0).schema, compression="zstd", compression_level=1, use_dictionary=["place", "start"]
    ) as writer:
        for table in visits.tables():
            writer.write_table(table, row_group_size=ROW_GROUP)
    aside.rename(path)


def _write_csv(path: Path, visits: Day, rows: int) -> None:
    """Write the first rows with ISO 8601 moments."""
    with pacsv.CSVWriter(path, pa.schema([(c, pa.string()) for c in ("person", "place", "start", "end")])) as writer:
        for first in range(0, min(rows, len(visits.person)), ROW_GROUP):
            table = visits.table(first, min(first + ROW_GROUP, rows))
            moments = [pc.strftime(table[c], format="%Y-%m-%dT%H:%M:%SZ") for c in ("start", "end")]
            writer.write_table(table.set_column(2, "start", moments[0]).set_column(3, "end", moments[1]))


@dataclass(frozen=True, slots=True)
class CityFiles:
    """Where a generated city lies."""

    directory: Path

    @property
    def days(self) -> list[Path]:
        return sorted(self.directory.glob("visits-*.parquet"))

    @property
    def late(self) -> list[Path]:
        return sorted(self.directory.glob("late-*.parquet"))

    @property
    def csv(self) -> list[Path]:
        return sorted(self.directory.glob("part-*.csv"))

    @property
    def facts(self) -> dict[str, float]:
        return json.loads((self.directory / "city.json").read_text())["facts"]


def _measure(city: City, visits: Day) -> dict[str, float]:
    """Return how crowded the city is, from one day: what a search meets, not what an average place sees."""
    count = np.bincount(visits.place, minlength=city.places).astype(np.float64)
    by_start = np.sort(visits.place.astype(np.int64) << 32 | (visits.start - visits.start.min()))
    by_end = np.sort(visits.place.astype(np.int64) << 32 | (visits.end - visits.start.min()))
    rows = np.random.default_rng(1).integers(0, len(visits.place), 100_000)
    key = visits.place[rows].astype(np.int64) << 32
    started = np.searchsorted(by_start, key | (visits.end[rows] - visits.start.min()), "left")
    ended = np.searchsorted(by_end, key | (visits.start[rows] - visits.start.min()), "right")
    return {
        "largest_place_day": int(count.max()),
        "visits_in_the_place_day_of_a_visit": round(float((count**2).sum() / count.sum()), 1),
        "others_present_during_a_visit": round(float((started - ended).mean()) - 1, 1),
        "mean_stay_min": round(float((visits.end - visits.start).mean()) / 60, 1),
        "share_over_midnight": round(float((visits.end > visits.start.min() // 86400 * 86400 + 86400).mean()), 4),
    }


def _write_late(city: City, directory: Path, tables: tuple, runs: int) -> None:
    """Deal the late people's visits out to `runs` small files, each over all days: every day gets every run."""
    days = [day_of_visits(city, day, tables, late=True) for day in range(city.days)]
    columns = [np.concatenate([getattr(d, c) for d in days]) for c in ("person", "place", "start", "end")]
    for run in range(runs):
        _write_parquet(directory / f"late-{run:02d}.parquet", Day(*(c[run::runs] for c in columns)))


def generate(city: City, work: Path, *, csv_rows: int = 2_000_000, runs: int = 20, threads: int = 2) -> CityFiles:
    """Write a city under `work` and measure it; one that is there already is used again."""
    directory = work / f"city-{city.people}-{city.places}-{city.days}-{city.exponent:g}-{city.habit:g}-{city.seed}"
    files, note = CityFiles(directory), {"city": asdict(city), "csv_rows": csv_rows, "runs": runs}
    known = directory / "city.json"
    if known.exists() and {k: v for k, v in json.loads(known.read_text()).items() if k != "facts"} == note:
        return files
    directory.mkdir(parents=True, exist_ok=True)
    known.unlink(missing_ok=True)
    begun = time.perf_counter()
    tables = popularity(city)

    def write(day: int) -> dict[str, float]:
        visits = day_of_visits(city, day, tables)
        date = np.datetime64(FIRST_DAY + day, "D")
        _write_parquet(directory / f"visits-{date}.parquet", visits)
        rest = csv_rows - day * city.people * VISITS_A_DAY
        if rest > 0:
            _write_csv(directory / f"part-{date}.csv", visits, rest)
        return _measure(city, visits) if day == city.days // 2 else {}

    with ThreadPoolExecutor(threads) as pool:
        facts = {k: v for found in pool.map(write, range(city.days)) for k, v in found.items()}
    _write_late(city, directory, tables, runs)
    facts["visits"] = city.visits
    facts["parquet_mb"] = round(sum(f.stat().st_size for f in files.days) / 1e6)
    facts["seconds"] = round(time.perf_counter() - begun, 1)
    known.write_text(json.dumps({**note, "facts": facts}, indent=1))
    return files


def main() -> None:
    """Generate a city and print what it is like."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--visits", type=float, default=5e6, help="about this many in 14 days (default 5e6)")
    options.add_argument("--exponent", type=float, default=0.7, help="of the places' popularity (default 0.7)")
    options.add_argument("--habit", type=float, default=0.3, help="share of visits to habitual places (default 0.3)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--csv-rows", type=int, default=2_000_000)
    options.add_argument("--work", type=Path, default=Path("out/bench"))
    given = options.parse_args()
    city = City.of_visits(int(given.visits), exponent=given.exponent, habit=given.habit, seed=given.seed)
    files = generate(city, given.work, csv_rows=given.csv_rows, threads=given.threads)
    print(json.dumps({"directory": str(files.directory), **asdict(city), **files.facts}, indent=1))


if __name__ == "__main__":
    main()
