"""What `ringfence respond` makes of public data sets: python -m benchmarks.respond_real --data ../shared/data

The sets are read where they lie and never copied. docs/guide/respond-real-data.md tells what came out.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.real_data import CHECK_IN_COLUMNS, CHECK_INS, asked

Run = Callable[[Path, Path], list[dict[str, Any]]]
TODAY, PLAN_8 = "2026-11-24", "2022-04-10"
PACKS = (("sars-cov-2-who", TODAY), ("cn-covid-8", PLAN_8))
"""Rules of days on which they were in force, since none of them was when the data were gathered."""
CASES = ("id", "onset", "reported")
NYC = tuple((user, "2013-01-03", "2013-01-04") for user in ("702", "19", "921", "34", "95"))
"""Users near whom others checked in during the first week of 2013, said to be cases; the dates are made."""


def written(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write a table and return its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def answered(name: str, folder: Path, pack: str, now: str, *options: str | Path) -> dict[str, Any]:
    """Return the figures of one answer, without its report."""
    out = folder / f"answer{len(list(folder.iterdir()))}"
    begun = perf_counter()
    told = asked(["respond", "--pack", pack, "--now", now, "--out", str(out), "--no-report", *map(str, options)])
    took = perf_counter() - begun
    plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    return {
        "name": name, "seconds": round(took, 1),
        "inputs": [f"{i['file']} {i['used']:,}/{i['rows']:,}, {i['rejected']:,} with something wrong"
                   for i in told["inputs"]],
        "cases": len(plan["cases"]), "states": dict(Counter(c["state"] for c in plan["cases"])),
        "windows": sum(c["infectious"][0] is not None for c in plan["cases"]),
        "exposure_spans": sum(any(e["kind"] == "exposed" for e in c["timeline"]) for c in plan["cases"]),
        "candidates": len(plan["candidates"]), "by_class": dict(Counter(c["class"] for c in plan["candidates"])),
        "open_questions": sum(bool(c["questions"]) for c in plan["candidates"]), "groups": len(plan["groups"]),
        "due_now": len(plan["due_now"]), "due_kinds": dict(Counter(d["kind"] for d in plan["due_now"])),
        "person_days": plan["if_assessed"]["person_days"], "unknowns": len(plan["unknowns"]),
        "unsearched": dict(Counter(u["en"].replace(u["id"].removeprefix("search-"), "…") for u in plan["unknowns"]
                                   if u["id"].startswith("search-"))),
        "hypotheses": [h["en"] for h in plan["hypotheses"]],
        "wrong": len(plan["wrong"]), "wrong_by_field": dict(Counter(w["field"] for w in plan["wrong"])),
    }  # fmt: skip


def check_ins(data: Path, folder: Path) -> list[dict[str, Any]]:
    """New York: five users said to be cases, in the visits of all."""
    store = folder / "nyc"
    asked(["visits", "load", *(str(data / file) for file in CHECK_INS), "--store", str(store), *CHECK_IN_COLUMNS,
           "--column", "kind=POI_catname", "--time-format", "%a %b %d %H:%M:%S %z %Y", "--tz",
           "America/New_York"])  # fmt: skip
    cases = written(folder / "nyc.csv", CASES, NYC)
    return [answered("New York", folder, "sars-cov-2-who", "2013-01-08T08:00", "--on", TODAY, "--linelist", cases,
                     "--visits", store)]  # fmt: skip


def telephones(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Haslemere: one person said to be a case, in the records of all telephones, at any distance and within 2 m."""
    source = data / "proximity_haslemere_2017"
    cases = written(folder / "haslemere.csv", CASES, [("1", "2017-10-14", "2017-10-14")])
    options = ("--linelist", cases, "--encounters", source / "encounters.csv.gz", "--steps", source / "steps.csv")
    moment = "2017-10-15T08:00"
    return [
        answered(f"Haslemere, {pack}{said}", folder, pack, moment, "--on", day, *options, *more)
        for pack, day in PACKS
        for said, more in (("", ()), (", within 2 m", ("--max-distance", "2")))
    ]


def mers(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Korea: the line list with its spans of infection and its links, as they are."""
    source = data / "linelist_mers_korea_2015"
    links = source / "contacts.csv"
    early = rows_of(source / "linelist.csv")
    known = [r for r in early if r["dt_report"] and r["dt_report"] <= "2015-05-31"]
    first = written(folder / "mers-first.csv", list(early[0]), [list(r.values()) for r in known])
    return [
        answered("MERS, the whole list", folder, "mers", "2015-07-10T08:00", "--on", TODAY,
            "--linelist", source / "linelist.csv",
                 "--contacts", links),
        answered("MERS, reported by 31 May", folder, "mers", "2015-06-01T08:00", "--on", TODAY, "--linelist", first,
                 "--contacts", links),
    ]  # fmt: skip


def tianjin(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Tianjin: the line list with its spans of infection, as it is, under two packs."""
    cases = data / "linelist_tianjin_2020" / "tianjin_linelist.csv"
    return [answered(f"Tianjin, {pack}", folder, pack, "2020-02-28T08:00", "--on", day, "--linelist", cases)
            for pack, day in PACKS]  # fmt: skip


def ebola(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Simulated Ebola: the line list as it is, alone and with its links as they are."""
    source = data / "linelist_ebola_sim_clean"
    return [
        answered("Ebola, as it is", folder, "ebola", "2015-05-10T08:00", "--on", TODAY,
            "--linelist", source / "linelist.csv"),
        answered("Ebola, with its links", folder, "ebola", "2015-05-10T08:00", "--on", TODAY,
            "--linelist", source / "linelist.csv", "--contacts", source / "contacts.csv"),
    ]  # fmt: skip


def bulletins(data: Path, folder: Path) -> list[dict[str, Any]]:
    """Chinese bulletins: visits proposed by `itinerary`, loaded, and everybody with a visit said to be a case."""
    visits, store = folder / "bulletins.csv", folder / "bulletins"
    read = asked(["itinerary", str(data / "cn_case_reports_2020/case_reports.csv"), "--published", "2020-04-24",
                  "--visits", str(visits)])  # fmt: skip
    loaded = asked(["visits", "load", str(visits), "--store", str(store), "--tz", "Asia/Shanghai"])
    last: dict[str, str] = {}
    for row in rows_of(visits):
        last[row["person"]] = max(last.get(row["person"], ""), row["start"][:10])
    cases = written(folder / "named.csv", CASES, [(person, day, day) for person, day in last.items()])
    told = answered(
        "Bulletins", folder, "cn-covid-8", "2020-04-25T08:00", "--on", PLAN_8, "--linelist", cases, "--visits", store
    )
    dated = folder / "dated"
    asked(["visits", "load", str(data / "cn_visits_2020_2022/visits.csv"), "--store", str(dated), "--tz",
           "Asia/Shanghai", "--whole-days"])  # fmt: skip
    known: dict[str, str] = {}
    for row in rows_of(data / "cn_visits_2020_2022/visits.csv"):
        known[row["case_ref"]] = max(known.get(row["case_ref"], ""), row["date"][:10])
    few = written(folder / "few.csv", CASES, [(person, day, day) for person, day in known.items()])
    counts = {name: read[name] for name in ("bulletins", "visits", "exact_enough", "to_be_asked")}
    counts |= {"loaded": loaded["loaded"], "load_rejected": loaded["rejected"]}
    return [
        {**told, "itinerary": counts},
        answered(
            "Dated visits",
            folder,
            "cn-covid-8",
            "2022-04-10T08:00",
            "--on",
            PLAN_8,
            "--linelist",
            few,
            "--visits",
            dated,
        ),
    ]


SETS: dict[str, Run] = {
    "check-ins": check_ins, "telephones": telephones, "mers": mers, "tianjin": tianjin, "ebola": ebola,
    "bulletins": bulletins,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    given = parser.parse_args()
    for name in given.sets or SETS:
        with TemporaryDirectory() as folder:
            for told in SETS[name](given.data, Path(folder)):
                print(json.dumps(told, ensure_ascii=False, indent=1), flush=True)


if __name__ == "__main__":
    main()
