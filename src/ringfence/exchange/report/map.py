"""The map of a report: the outline of the area, places as numbered circles, and how long a kilometre is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ringfence.exchange.report.pen import Pen
from ringfence.exchange.report.svg import WIDE, line, svg, text
from ringfence.exchange.writing import number, shortened, width

_TALL = 420
_EDGE = 36
_MOST_POINTS = 200
_KM_OF_DEGREE = 111.32
_NAMED = 14
Ring = list[tuple[float, float]]


def numbered(points: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the points that have coordinates, the largest count first; their number is their place in the list."""
    good = [
        {**p, "lon": float(p["lon"]), "lat": float(p["lat"]), "n": int(p.get("n") or 0)}
        for p in points
        if _is_number(p.get("lon"), 180) and _is_number(p.get("lat"), 90)
    ]
    return sorted(good, key=lambda p: -p["n"])[:_MOST_POINTS]


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most


def map_svg(pen: Pen, points: list[dict[str, Any]]) -> str:
    """Return the map; north is up, and a degree of longitude is as long as it is there."""
    shrink = math.cos(math.radians(sum(p["lat"] for p in points) / len(points)))
    xs, ys = [p["lon"] * shrink for p in points], [p["lat"] for p in points]
    side = max((max(xs) - min(xs)) / (WIDE - 2 * _EDGE), (max(ys) - min(ys)) / (_TALL - 2 * _EDGE), 0.02 / WIDE) * 1.15
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2

    def place(lon: float, lat: float) -> tuple[float, float]:
        return WIDE / 2 + (lon * shrink - middle_x) / side, _TALL / 2 - (lat - middle_y) / side

    rings = list(_rings(pen.plan.get("map", {}).get("outline")))
    land = "".join(_path([place(lon, lat) for lon, lat in ring]) for ring in rings)
    clip = f'<clipPath id="rf-map-{pen.language}"><path d="M0 0H{WIDE}V{_TALL}H0Z"/></clipPath>'
    body = [f'<defs>{clip}</defs><path class="{"sea" if rings else "land"}" d="M0 0H{WIDE}V{_TALL}H0Z"/>']
    if land:
        body.append(f'<g clip-path="url(#rf-map-{pen.language})"><path class="land" d="{land}"/></g>')
    most = max(1, points[0]["n"])
    placed = [(at, p, *place(p["lon"], p["lat"])) for at, p in enumerate(points, start=1)]
    body += [_circle(at, p, x, y, most) for at, p, x, y in placed]
    body += _names(pen, placed, most)
    body += [_scale(pen, side), *_legend(pen, points), _inset(rings, shrink, (middle_x, middle_y), side)]
    return svg("".join(body), _TALL + 34, pen.word("map_told", n=number(len(points))))


def _size(count: int, most: int) -> float:
    return 9 + 15 * math.sqrt(max(0, count) / most)


def _circle(at: int, point: Mapping[str, Any], x: float, y: float, most: int) -> str:
    css = "spot-case" if point.get("kind") == "case" else "spot"
    middle = text(x, y + 4, str(at), "small spot-no" + (" on-ink" if css == "spot-case" else ""), anchor="middle")
    return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{_size(point["n"], most):.1f}"/>{middle}'


def _names(pen: Pen, placed: list[tuple[int, dict[str, Any], float, float]], most: int) -> list[str]:
    """Name the largest places where there is room; the table names all."""
    taken = [(x - r, y - r, x + r, y + r) for _, p, x, y in placed for r in [_size(p["n"], most)]]
    out = []
    for _, point, x, y in placed[:_NAMED]:
        told = f"{shortened(pen.text(point), 24)} · {number(point['n'])}"
        room, reach = width(told) * 6.6, _size(point["n"], most) + 5
        for left in (x + reach, x - reach - room):
            corner = (left, y - 9, left + room, y + 9)
            if left >= 4 and left + room <= WIDE - 4 and not any(_meet(corner, other) for other in taken):
                taken.append(corner)
                out.append(text(left, y + 4, told, "small halo"))
                break
    return out


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inset(rings: list[Ring], shrink: float, middle: tuple[float, float], side: float) -> str:
    """Return the whole outline small in a corner with a frame where the map is, if the map shows only a part of it."""
    corners = [(lon * shrink, lat) for ring in rings for lon, lat in ring]
    if not corners:
        return ""
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    low, high = min(y for _, y in corners), max(y for _, y in corners)
    if right - left <= WIDE * side and high - low <= _TALL * side:
        return ""
    small = max((right - left) / 132, (high - low) / 92)

    def place(x: float, y: float) -> tuple[float, float]:
        return 82 + (x - (left + right) / 2) / small, 60 - (y - (low + high) / 2) / small

    drawn = "".join(_path([place(lon * shrink, lat) for lon, lat in ring]) for ring in rings)
    x, y = place(*middle)
    wide, tall = max(4.0, WIDE * side / small), max(3.0, _TALL * side / small)
    frame = (
        f'<rect class="frame" x="{x - wide / 2:.1f}" y="{y - tall / 2:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
    )
    return f'<path class="paper" d="M8 6H156V114H8Z"/><path class="land" d="{drawn}"/>{frame}'


def _scale(pen: Pen, side: float) -> str:
    km_of_pixel = side * _KM_OF_DEGREE
    km = next((k for k in (50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1) if k / km_of_pixel <= 160), 0.05)
    wide = km / km_of_pixel
    bar = line(WIDE - 16 - wide, _TALL - 14, WIDE - 16, _TALL - 14, "mark")
    return bar + text(WIDE - 16, _TALL - 20, pen.word("km", km=f"{km:g}"), "small halo", anchor="end")


def _legend(pen: Pen, points: list[dict[str, Any]]) -> list[str]:
    y, out = _TALL + 20, []
    out.append(f'<circle class="spot" cx="10" cy="{y - 4}" r="8"/>' + text(26, y, pen.word("map_spot"), "small"))
    if any(p.get("kind") == "case" for p in points):
        x = 60 + width(pen.word("map_spot")) * 6.6
        out.append(f'<circle class="spot-case" cx="{x:.0f}" cy="{y - 4}" r="8"/>')
        out.append(text(x + 16, y, pen.word("map_case"), "small"))
    return out


def _rings(outline: object) -> Iterator[Ring]:
    """Yield the rings of every polygon in a GeoJSON value; what is none is passed over."""
    if isinstance(outline, list):
        for one in outline:
            yield from _rings(one)
    elif isinstance(outline, Mapping):
        kind, corners = outline.get("type"), outline.get("coordinates") or []
        shapes = [corners] if kind == "Polygon" else corners if kind == "MultiPolygon" else []
        for shape in shapes:
            for ring in shape:
                yield [(float(c[0]), float(c[1])) for c in ring]
        for name in ("features", "geometries", "geometry"):
            if outline.get(name):
                yield from _rings(outline[name])


def _path(ring: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" if len(ring) > 2 else ""
