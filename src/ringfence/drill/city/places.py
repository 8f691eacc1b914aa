"""The list of places while it grows: blocks of consecutive numbers, each with kind, sort, area, point, parent, name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.drill.city.areas import Areas
from ringfence.drill.city.chance import PLACE, units
from ringfence.vocabulary.places import PlaceKind

NONE = 0xFFFFFFFF
"""No place, no person."""

SORTS: dict[str, tuple[PlaceKind, str, str]] = {
    "home": (PlaceKind.HOME, "住户", "Home"),
    "building": (PlaceKind.OTHER, "号楼", "Building"),
    "hamlet": (PlaceKind.OTHER, "村民小组", "Hamlet"),
    "compound": (PlaceKind.OTHER, "小区", "Compound"),
    "care_home": (PlaceKind.CARE_HOME, "养老院", "Care home"),
    "noodle_shop": (PlaceKind.RESTAURANT, "面馆", "Noodle shop"),
    "restaurant": (PlaceKind.RESTAURANT, "饭店", "Restaurant"),
    "shop": (PlaceKind.SHOP, "商店", "Shop"),
    "supermarket": (PlaceKind.SHOP, "超市", "Supermarket"),
    "market": (PlaceKind.MARKET, "农贸市场", "Market"),
    "stall": (PlaceKind.MARKET, "摊位", "Stall"),
    "clinic": (PlaceKind.HOSPITAL, "卫生院", "Clinic"),
    "hospital": (PlaceKind.HOSPITAL, "医院", "Hospital"),
    "gym": (PlaceKind.GYM, "健身房", "Gym"),
    "temple": (PlaceKind.WORSHIP, "寺庙", "Temple"),
    "teahouse": (PlaceKind.ENTERTAINMENT, "茶馆", "Teahouse"),
    "park": (PlaceKind.OUTDOORS, "公园", "Park"),
    "station": (PlaceKind.STATION, "火车站", "Railway station"),
    "kindergarten": (PlaceKind.SCHOOL, "幼儿园", "Kindergarten"),
    "primary_school": (PlaceKind.SCHOOL, "小学", "Primary school"),
    "junior_school": (PlaceKind.SCHOOL, "初中", "Junior school"),
    "senior_school": (PlaceKind.SCHOOL, "高中", "Senior school"),
    "class": (PlaceKind.SCHOOL, "班", "Class"),
    "garment_workshop": (PlaceKind.WORKPLACE, "制衣工坊", "Garment workshop"),
    "factory": (PlaceKind.WORKPLACE, "工厂", "Factory"),
    "office": (PlaceKind.WORKPLACE, "公司", "Office"),
    "farm": (PlaceKind.OUTDOORS, "农场", "Farm"),
    "bus_line": (PlaceKind.OTHER, "路公交", "Bus line"),
    "bus_trip": (PlaceKind.VEHICLE, "班次", "Bus trip"),
    "train": (PlaceKind.OTHER, "次列车", "Train"),
    "carriage": (PlaceKind.VEHICLE, "号车厢", "Carriage"),
}
"""Finer than the kinds that everybody shares: kind, and what it is called in both languages."""
SORT_NAMES = tuple(SORTS)
UNNAMED = frozenset({"home", "building", "hamlet"})


@dataclass(slots=True)
class Places:
    """Places in the order of their numbers; `blocks` tells from where to where each sort that was added stands."""

    areas: Areas
    seed: int
    count: int = 0
    blocks: list[tuple[str, int, int]] = field(default_factory=list)
    _columns: dict[str, list[NDArray[Any]]] = field(default_factory=dict)

    def add(
        self,
        sort: str,
        village: NDArray[np.int64],
        *,
        parent: NDArray[np.int64] | None = None,
        at: NDArray[np.int64] | None = None,
        spread: float = 0.35,
        label: NDArray[np.int64] | None = None,
    ) -> int:
        """Add one place of a sort for each village given and return the number of the first.

        With `at`, a place stands where another stands. `label` is the number in its name, else its rank in its street.
        """
        first, n = self.count, len(village)
        street = self.areas.street_of_village[village]
        points = self._points(village, spread) if at is None else self._column("point")[at]
        self._put("kind", np.full(n, SORTS[sort][0], np.uint8))
        self._put("sort", np.full(n, SORT_NAMES.index(sort), np.uint8))
        self._put("street", street.astype(np.uint16))
        self._put("village", village.astype(np.uint16))
        self._put("point", points)
        self._put("parent", np.full(n, NONE, np.uint32) if parent is None else parent.astype(np.uint32))
        self._put("label", (_rank(street) if label is None else label).astype(np.uint32))
        self.blocks.append((sort, first, first + n))
        self.count += n
        return first

    def set(self, column: str, rows: NDArray[np.int64], value: int) -> None:
        """Change a column at some places."""
        self._column(column)[rows] = value

    def column(self, name: str) -> NDArray[Any]:
        """Return a column over all places."""
        return self._column(name)

    def _points(self, village: NDArray[np.int64], spread: float) -> NDArray[np.float32]:
        """Return a point for each place, near the middle of its village, about as far as the village reaches."""
        centre = self.areas.village_points[village]
        reach = np.array([np.sqrt(np.ptp(c[:, 0]) * np.ptp(c[:, 1])) for c in self.areas.village_cells])[village]
        draws = [units(self.seed, int(PLACE), self.count, len(village), slot) for slot in (0, 1)]
        return (centre + spread * reach[:, None] * (np.column_stack(draws) - 0.5)).astype(np.float32)

    def _put(self, name: str, values: NDArray[Any]) -> None:
        self._columns.setdefault(name, []).append(values)

    def _column(self, name: str) -> NDArray[Any]:
        parts = self._columns[name]
        if len(parts) > 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0]

    def names(self, *, english: bool) -> list[str | None]:
        """Return the name of every place, None where it has none."""
        label, street = self._column("label").tolist(), self._column("street").tolist()
        streets: Sequence[str] = self.areas.street_names_en if english else self.areas.street_names
        out: list[str | None] = []
        for sort, first, last in self.blocks:
            if sort in UNNAMED:
                out += [None] * (last - first)
                continue
            _, chinese, word = SORTS[sort]
            for i in range(first, last):
                out.append(_name(sort, streets[street[i]], word if english else chinese, label[i], english=english))
        return out


def _rank(street: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rank of each place among those of its street, from 1."""
    order = np.argsort(street, kind="stable")
    sorted_street = street[order]
    begins = np.searchsorted(sorted_street, sorted_street)
    out = np.empty(len(street), np.int64)
    out[order] = np.arange(len(street)) - begins + 1
    return out


def _name(sort: str, street: str, word: str, label: int, *, english: bool) -> str:
    if sort == "bus_trip":
        clock = f"{label % 10000 // 100:02d}:{label % 100:02d}"
        return f"{street} {label // 10000} {clock}" if not english else f"{street} line {label // 10000}, {clock}"
    if sort == "train":
        return f"G{label}" + ("" if english else word)
    if sort == "carriage":
        return f"G{label // 100}, carriage {label % 100}" if english else f"G{label // 100}次{label % 100:02d}{word}"
    if sort == "class":
        grade, nth = divmod(label, 100)
        return f"{street}, grade {grade}, class {nth}" if english else f"{street}{grade}年级{nth}{word}"
    return f"{word} {label}, {street}" if english else f"{street}{label}号{word}" if sort != "bus_line" else (
        f"{street}{label}{word}")  # fmt: skip
