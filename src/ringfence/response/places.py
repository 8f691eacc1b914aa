"""Where places are and what they are called, from a table that the caller gives; without one there is no map."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.response.both import Said, say
from ringfence.tracing.encounters.told import read_told
from ringfence.vocabulary.refusals import Refused

NAMES: Mapping[str, tuple[str, ...]] = {
    "place": ("place", "place_id", "id", "场所", "场所编号", "编号"),
    "name": ("name", "name_zh", "place_name", "名称", "场所名称"),
    "name_en": ("name_en", "english", "英文名称"),
    "lon": ("lon", "longitude", "lng", "x", "经度"),
    "lat": ("lat", "latitude", "y", "纬度"),
}


@dataclass(slots=True)
class Places:
    """Names and coordinates (degrees east and north) by the id of a place, and an outline as GeoJSON."""

    names: dict[str, Said] = field(default_factory=dict)
    at: dict[str, tuple[float, float]] = field(default_factory=dict)
    outline: dict[str, Any] | None = None

    def said(self, place: str) -> Said:
        """Return what a place is called in both languages, its id where no name is known."""
        return self.names.get(place) or {"en": place, "zh": place}


def read_places(path: Path | None, outline: Path | None = None) -> Places:
    """Read a table of places (place, name, lon, lat); rows without coordinates still name their place."""
    found = Places()
    if path is not None:
        told = read_told(path, NAMES, required=("place",))
        for place, name, english, lon, lat in zip(*(told.column(c) for c in NAMES), strict=True):
            if name or english:
                found.names[place] = {"en": english or name, "zh": name or english}
            try:
                east, north = float(lon), float(lat)
            except ValueError:
                continue
            if math.isfinite(east) and math.isfinite(north):
                found.at[place] = (east, north)
    if outline is not None:
        try:
            found.outline = json.loads(outline.read_text(encoding="utf-8-sig"))
        except ValueError as error:
            raise Refused("respond.not_json", file=outline.name) from error
    return found


def map_of(where: Places, cases: Sequence[Mapping[str, Any]], grouped: Sequence[Any]) -> dict[str, Any]:
    """Return the points of the map: where cases were in their window, and where groups of candidates met them."""
    points = []
    for group in grouped:
        place = group.key[1]
        if place in where.at:
            lon, lat = where.at[place]
            said = say("respond.map_group", n=len(group.people), place=where.said(place))
            points.append({"lon": lon, "lat": lat, **said, "n": len(group.people), "kind": "group"})
    for case in cases:
        seen = {row["place_id"] for row in case["timeline"] if row.get("place_id") in where.at}
        for place in sorted(seen):
            lon, lat = where.at[place]
            said = say("respond.map_case", case=case["id"], place=where.said(place))
            points.append({"lon": lon, "lat": lat, **said, "n": 1, "kind": "case"})
    return {"outline": where.outline, "points": points}
