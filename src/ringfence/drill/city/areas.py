"""Counties, streets and villages: true names and codes, and invented areas.

The outline of the five counties is real. Where inside a county a street or a village lies is not in any source that
may be shipped, so each gets a point at random and the cell of that point; all of it is labelled synthetic.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.chance import AREA, units
from ringfence.drill.city.shape import Ring, cells, centroid, scattered

ZHILI = "330502100"
"""The town of the garment workshops."""
PEOPLE_A_VILLAGE = 2600
"""Huzhou has 3.4 million people in 1,301 villages and communities."""
_CANDIDATES = 3000
_ZHILI_WEIGHT = 2.4
_SPARSE = 2.5


@dataclass(frozen=True, slots=True)
class Areas:
    """All counties, streets and villages, in the order of their codes; a street or village is known by its row."""

    county_codes: tuple[str, ...]
    county_names: tuple[str, ...]
    county_names_en: tuple[str, ...]
    street_codes: tuple[str, ...]
    street_names: tuple[str, ...]
    street_names_en: tuple[str, ...]
    village_codes: tuple[str, ...]
    village_names: tuple[str, ...]
    county_of_street: NDArray[np.int64]
    street_of_village: NDArray[np.int64]
    urban: NDArray[np.bool_]
    street_points: NDArray[np.float64]
    village_points: NDArray[np.float64]
    street_cells: tuple[Ring, ...]
    village_cells: tuple[Ring, ...]

    @property
    def zhili(self) -> int:
        """The row of the town of the garment workshops."""
        return self.street_codes.index(ZHILI)


def resource(name: str) -> str:
    """Return the text of a file that comes with this room."""
    return files("ringfence.drill").joinpath("data", name).read_text(encoding="utf-8")


@cache
def huzhou() -> Areas:
    """Return the areas of Huzhou; they are the same for every seed."""
    outline = json.loads(resource("outline.geojson"))["features"]
    counties = {f["properties"]["code"]: np.array(f["geometry"]["coordinates"][0][:-1]) for f in outline}
    streets = list(csv.DictReader(resource("streets.csv").splitlines()))
    villages = list(csv.DictReader(resource("villages.csv").splitlines()))
    pinyin = {row["code"]: row["pinyin"] for row in csv.DictReader(resource("pinyin.csv").splitlines())}
    codes = tuple(counties)
    county_of_street = np.array([codes.index(s["code"][:6]) for s in streets])
    street_rows = {s["code"]: row for row, s in enumerate(streets)}
    street_of_village = np.array([street_rows[v["code"][:9]] for v in villages])
    street_points, street_cells = _within(list(counties.values()), county_of_street, first=0, central=True)
    village_points, village_cells = _within(street_cells, street_of_village, first=1000, central=False)
    return Areas(
        county_codes=codes,
        county_names=tuple(f["properties"]["name"] for f in outline),
        county_names_en=tuple(f["properties"]["name_en"] for f in outline),
        street_codes=tuple(s["code"] for s in streets),
        street_names=tuple(s["name"] for s in streets),
        street_names_en=tuple(pinyin[s["code"]] for s in streets),
        village_codes=tuple(v["code"] for v in villages),
        village_names=tuple(v["name"] for v in villages),
        county_of_street=county_of_street,
        street_of_village=street_of_village,
        urban=np.array([v["name"].endswith(("社区居委会", "居委会", "社区")) for v in villages]),
        street_points=street_points,
        village_points=village_points,
        street_cells=tuple(street_cells),
        village_cells=tuple(village_cells),
    )


def _within(
    outer: list[Ring], member_of: NDArray[np.int64], *, first: int, central: bool
) -> tuple[NDArray[np.float64], list[Ring]]:
    """Return a point and a cell for every member of outer areas; the first members come nearest the middle."""
    points = np.empty((len(member_of), 2))
    found: list[Ring] = [np.empty((0, 2))] * len(member_of)
    for row, ring in enumerate(outer):
        members = np.flatnonzero(member_of == row)
        draws = np.column_stack([units(0, int(AREA), (first + row) << 20, _CANDIDATES, slot) for slot in (0, 1)])
        chosen = scattered(ring, len(members), draws)
        if central:
            middle = np.array(centroid(ring))
            chosen = chosen[np.argsort(((chosen - middle) ** 2).sum(axis=1), kind="stable")]
        points[members] = chosen
        for member, cell in zip(members.tolist(), cells(ring, chosen), strict=True):
            found[member] = cell
    return points, found


def lived_in(areas: Areas, people: int) -> NDArray[np.float64]:
    """Return how many of the people live in each village; a small city fills the streets around Zhili only."""
    weight = PEOPLE_A_VILLAGE * (0.4 + 1.2 * units(0, int(AREA), 1 << 40, len(areas.village_codes), 0))
    weight *= np.where(areas.urban, 1.5, 0.8)
    weight[areas.street_of_village == areas.zhili] *= _ZHILI_WEIGHT
    by_street = np.bincount(areas.street_of_village, weight, minlength=len(areas.street_codes))
    away = ((areas.street_points - areas.street_points[areas.zhili]) ** 2).sum(axis=1)
    order = np.argsort(away, kind="stable")
    held = np.cumsum(by_street[order])
    enough = max(3, int(np.searchsorted(held, _SPARSE * people)) + 1)
    kept = np.isin(areas.street_of_village, order[:enough])
    weight = np.where(kept, weight, 0.0)
    share: NDArray[np.float64] = weight / weight.sum() * people
    return share


def as_json(areas: Areas, people_by_village: NDArray[np.int64]) -> dict[str, Any]:
    """Return the areas as the object that `areas.json` holds; every area of a street or village is invented."""
    people_by_street = np.bincount(areas.street_of_village, people_by_village, minlength=len(areas.street_codes))
    return {
        "note": "Names and codes are real. Areas of streets and villages are synthetic cells, not boundaries.",
        "counties": [
            {"code": code, "name": name, "name_en": english, "synthetic": False}
            for code, name, english in zip(areas.county_codes, areas.county_names, areas.county_names_en, strict=True)
        ],
        "streets": [
            {
                "code": areas.street_codes[i],
                "name": areas.street_names[i],
                "name_en": areas.street_names_en[i],
                "county": int(areas.county_of_street[i]),
                "people": int(people_by_street[i]),
                "centre": _rounded(areas.street_points[i]),
                "cell": [_rounded(corner) for corner in areas.street_cells[i]],
                "synthetic": True,
            }
            for i in range(len(areas.street_codes))
        ],
        "villages": [
            {
                "code": areas.village_codes[i],
                "name": areas.village_names[i],
                "name_en": areas.village_codes[i],
                "street": int(areas.street_of_village[i]),
                "urban": bool(areas.urban[i]),
                "people": int(people_by_village[i]),
                "centre": _rounded(areas.village_points[i]),
                "cell": [_rounded(corner) for corner in areas.village_cells[i]],
                "synthetic": True,
            }
            for i in range(len(areas.village_codes))
        ],
    }


def _rounded(point: NDArray[np.float64]) -> list[float]:
    return [round(float(point[0]), 5), round(float(point[1]), 5)]
