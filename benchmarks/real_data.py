"""What the command line makes of public data sets, as a table: python -m benchmarks.real_data --data ../shared/data

The sets are read in place and never copied; the names of their folders stand below. docs/guide/real-data.md holds the
table, and a test holds the table to these commands.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ringfence.cli.main import run


@dataclass(frozen=True)
class Load:
    """A load of visits: files below the data folder, and the options that the set needs."""

    name: str
    files: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    """A search over an encounter list, of which only the reading is told here."""

    name: str
    encounters: str
    options: tuple[str, ...]


CHECK_INS = ("checkins_nyc_2012/NYC_test.csv.gz", "checkins_nyc_2012/NYC_val.csv.gz")
CHECK_IN_COLUMNS = ("--column", "person=user_id", "--column", "place=POI_id", "--column", "start=UTC_time")
ROUTES = ("korea_ds4c_2020/PatientRoute.csv",)
ROUTE_COLUMNS = (
    "--column", "person=patient_id", "--column", "place=latitude+longitude", "--column", "start=date",
    "--column", "kind=type", "--time-format", "%m/%d/%Y", "--tz", "Asia/Seoul",
)  # fmt: skip
DATED = ("cn_visits_2020_2022/visits.csv",)

CASES = "korea_ds4c_2020/PatientInfo.csv"
WHOLE_DAYS = "Routes of patients, Korea, whole days"

LOADS = (
    Load("Check-ins, New York, as they are", CHECK_INS, CHECK_IN_COLUMNS),
    Load(
        "Check-ins, New York, with the pattern of their times",
        CHECK_INS,
        (*CHECK_IN_COLUMNS, "--column", "kind=POI_catname", "--time-format", "%a %b %d %H:%M:%S %z %Y",
         "--tz", "America/New_York"),
    ),
    Load("Routes of patients, Korea", ROUTES, ROUTE_COLUMNS),
    Load(WHOLE_DAYS, ROUTES, (*ROUTE_COLUMNS, "--whole-days")),
    Load("Dated visits, China", DATED, ("--tz", "Asia/Shanghai")),
    Load("Dated visits, China, whole days", DATED, ("--tz", "Asia/Shanghai", "--whole-days")),
)  # fmt: skip
SEARCHES = (
    Search(
        "Telephones, Haslemere",
        "proximity_haslemere_2017/encounters.csv.gz",
        ("--steps", "proximity_haslemere_2017/steps.csv", "--tz", "Europe/London", "--person", "1",
         "--from", "2017-10-12T00:00", "--to", "2017-10-15T00:00"),
    ),
    Search(
        "Telephones, Haslemere, within 2 m",
        "proximity_haslemere_2017/encounters.csv.gz",
        ("--steps", "proximity_haslemere_2017/steps.csv", "--tz", "Europe/London", "--person", "1",
         "--from", "2017-10-12T00:00", "--to", "2017-10-15T00:00", "--max-distance", "2"),
    ),
    Search(
        "Badges, an office in France",
        "contacts_workplace_2013/contacts.csv",
        ("--stamped", "end", "--met-at", "workplace", "--tz", "Europe/Paris", "--person", "113",
         "--from", "2013-06-25T00:00", "--to", "2013-06-29T00:00"),
    ),
)  # fmt: skip


def asked(words: Sequence[str]) -> dict[str, Any]:
    """Return the JSON answer of a command."""
    said = io.StringIO()
    with redirect_stdout(said):
        run([*words, "--json", "--lang", "en"])
    return json.loads(said.getvalue())


def loaded(load: Load, data: Path, folder: Path) -> dict[str, Any]:
    """Return what became of every row of a load, with the rows in the files counted apart from the program."""
    store = folder / f"store{len(list(folder.iterdir()))}"
    files = [str(data / file) for file in load.files]
    answer = asked(["visits", "load", *files, "--store", str(store), *load.options])
    rules: Counter[str] = Counter()
    if answer["rejects_file"]:
        with Path(answer["rejects_file"]).open(encoding="utf-8-sig", newline="") as file:
            rules.update(row["rule"] for row in csv.DictReader(file))
    rows = sum(rows_in(data / file) for file in load.files)
    return {**answer, "rows": rows, "rules": dict(rules), "store": store}


def searched(search: Search, data: Path) -> dict[str, Any]:
    """Return what a list held and how many persons were met."""
    options = [str(data / word) if word.endswith("steps.csv") else word for word in search.options]
    answer = asked(["trace", "--encounters", str(data / search.encounters), *options])
    return {**answer["files"][0], "rows": rows_in(data / search.encounters), "contacts": answer["contacts"]}


def sought(data: Path, store: Path) -> dict[str, Any]:
    """Return what became of the rows of a case list in a search for a common source."""
    answer = asked(["hypotheses", "--store", str(store), "--cases", str(data / CASES)])
    told = Counter(problem["code"] for problem in answer["rejected"])
    return {**answer, "rows": rows_in(data / CASES), "told": dict(told)}


def rows_in(path: Path) -> int:
    """Return the rows of a CSV file, counted by the standard library."""
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8", newline="") as file
    ):
        return sum(1 for row in csv.reader(file) if row) - 1


@dataclass(frozen=True)
class Measured:
    """What each command told."""

    loads: list[tuple[Load, dict[str, Any]]]
    searches: list[tuple[Search, dict[str, Any]]]
    cases: dict[str, Any]


def table(measured: Measured) -> str:
    """Return the tables as Markdown."""
    cases = measured.cases
    told = ", ".join(f"{count:,} `{code}`" for code, count in cases["told"].items())
    return "\n".join(
        [
            *_load_lines(measured.loads),
            "",
            "| case list | rows | used as cases | told |",
            "|---|--:|--:|---|",
            f"| Patients, Korea | {cases['rows']:,} | {cases['cases']:,} | {told} |",
            "",
            *_search_lines(measured.searches),
        ]
    )


def _load_lines(loads: Sequence[tuple[Load, dict[str, Any]]]) -> Iterator[str]:
    yield "| visits | rows | loaded | told twice | rejected | ends filled in | uncertain |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for load, told in loads:
        why = ", ".join(f"`{rule}`" for rule in told["rules"])
        counts = [f"{told[name]:,}" for name in ("rows", "loaded", "duplicates", "rejected", "imputed", "uncertain")]
        counts[3] += f" {why}" if why else ""
        yield f"| {load.name} | {' | '.join(counts)} |"


def _search_lines(searches: Sequence[tuple[Search, dict[str, Any]]]) -> Iterator[str]:
    yield "| encounters | rows | loaded | told twice | rejected | length of a record | met by the case |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for search, told in searches:
        counts = [f"{told[name]:,}" for name in ("rows", "loaded", "duplicates", "rejected")]
        step = f"{told['notes'][0]['values']['seconds']} s"
        yield f"| {search.name} | {' | '.join([*counts, step, str(len(told['contacts']))])} |"


def measure(data: Path, folder: Path) -> Measured:
    """Return what each command tells, stores lying in a folder."""
    loads = [(load, loaded(load, data, folder)) for load in LOADS]
    store = next(told["store"] for load, told in loads if load.name == WHOLE_DAYS)
    return Measured(loads, [(search, searched(search, data)) for search in SEARCHES], sought(data, store))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    with TemporaryDirectory() as folder:
        print(table(measure(parser.parse_args().data, Path(folder))))


if __name__ == "__main__":
    main()
