"""The map of a report: the outline of the area and places as numbered circles; everything else stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.exchange.report.pen import Pen
from ringfence.exchange.report.svg import WIDE, box, line, svg, text
from ringfence.exchange.writing import number, shortened, width

_MAP = 744  # the map itself; the rest of the width holds the legend, the scale and the whole outline
_TALL = 400
_EDGE = 40
_MOST_POINTS = 200
_KM_OF_DEGREE = 111.32
_NAMED = 14
Ring = list[tuple[float, float]]


@dataclass(slots=True)
class Spot:
    """One place, however many rows tell of it: people to be assessed there, whether a case was there, further kinds."""

    lon: float
    lat: float
    name: str = ""
    people: int = 0
    case: bool = False
    kinds: list[str] = field(default_factory=list)


def merged(pen: Pen, points: Iterable[Mapping[str, Any]]) -> list[Spot]:
    """Return the places that have coordinates, the most people first; their number is their place in the list."""
    spots: dict[tuple[float, float], Spot] = {}
    for point in points:
        if not (_is_number(point.get("lon"), 180) and _is_number(point.get("lat"), 90)):
            continue
        lon, lat, kind = float(point["lon"]), float(point["lat"]), str(point.get("kind") or "")
        spot = spots.setdefault((round(lon, 5), round(lat, 5)), Spot(lon, lat))
        spot.name = spot.name or pen.named(point, "place") or pen.text(point).replace("：", ": ").partition(": ")[0]
        spot.case = spot.case or kind == "case"
        spot.people += int(point.get("n") or 0) if kind != "case" else 0
        if kind not in ("", "group", *spot.kinds):
            spot.kinds.append(kind)
    return sorted(spots.values(), key=lambda s: (-s.people, not s.case))[:_MOST_POINTS]


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most


def map_svg(pen: Pen, spots: list[Spot]) -> str:
    """Return the map; north is up, and a degree of longitude is as long as it is there."""
    shrink = math.cos(math.radians(sum(s.lat for s in spots) / len(spots)))
    xs, ys = [s.lon * shrink for s in spots], [s.lat for s in spots]
    side = max((max(xs) - min(xs)) / (_MAP - 2 * _EDGE), (max(ys) - min(ys)) / (_TALL - 2 * _EDGE), 0.02 / _MAP) * 1.15
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2

    def place(lon: float, lat: float) -> tuple[float, float]:
        return _MAP / 2 + (lon * shrink - middle_x) / side, _TALL / 2 - (lat - middle_y) / side

    rings = list(_rings(pen.plan.get("map", {}).get("outline")))
    land = "".join(_path([place(lon, lat) for lon, lat in ring]) for ring in rings)
    clip = f'<clipPath id="rf-map-{pen.language}"><path d="M0 0H{_MAP}V{_TALL}H0Z"/></clipPath>'
    body = [f'<defs>{clip}</defs><path class="{"sea" if rings else "land"}" d="M0 0H{_MAP}V{_TALL}H0Z"/>']
    if land:
        body.append(f'<g clip-path="url(#rf-map-{pen.language})"><path class="land" d="{land}"/></g>')
    most = max(1, *(s.people for s in spots))
    placed = [(at, s, *place(s.lon, s.lat)) for at, s in enumerate(spots, start=1)]
    body += [_circle(at, s, x, y, most) for at, s, x, y in reversed(placed)]  # the largest lies on top, with its number
    body += _names(placed, most)
    body.append(f'<path class="edge" d="M0 0H{_MAP}V{_TALL}H0Z"/>')
    body += _beside(pen, spots, side)
    body.append(_inset(rings, shrink, (middle_x, middle_y), side))
    return svg("".join(body), _TALL + 4, pen.word("map_told", n=number(len(spots))))


def _size(count: int, most: int) -> float:
    return 10 + 14 * math.sqrt(max(0, count) / most)


def _circle(at: int, spot: Spot, x: float, y: float, most: int) -> str:
    """Return a place: its size tells people, a second ring that a case was there."""
    r = _size(spot.people, most)
    ring = f'<circle class="spot-ring" cx="{x:.1f}" cy="{y:.1f}" r="{r + 3.5:.1f}"/>' if spot.case else ""
    middle = text(x, y + 4, str(at), "small spot-no", anchor="middle")
    return f'{ring}<circle class="spot" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"/>{middle}'


def _names(placed: list[tuple[int, Spot, float, float]], most: int) -> list[str]:
    """Name the largest places where there is room; the table names all."""
    taken = [(x - r, y - r, x + r, y + r) for _, s, x, y in placed for r in [_size(s.people, most) + 4]]
    out = []
    for _, spot, x, y in placed[:_NAMED]:
        told = shortened(spot.name, 26) + (f" · {number(spot.people)}" if spot.people else "")
        room, reach = width(told) * 6.6, _size(spot.people, most) + 7
        sides = ((x + reach, y), (x - reach - room, y), (x - room / 2, y + reach + 8), (x - room / 2, y - reach - 8))
        for left, middle in sides:
            corner = (left, middle - 9, left + room, middle + 9)
            inside = left >= 4 and left + room <= _MAP - 4 and middle >= 12 and middle <= _TALL - 8
            if inside and not any(_meet(corner, other) for other in taken):
                taken.append(corner)
                out.append(text(left, middle + 4, told, "small halo"))
                break
    return out


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _beside(pen: Pen, spots: list[Spot], side: float) -> list[str]:
    """Return what stands beside the map: what the marks mean, how long a kilometre is, what is synthetic."""
    x, y, out = _MAP + 18, 18, []
    out.append(f'<circle class="spot" cx="{x + 10}" cy="{y - 4}" r="9"/>')
    out += _wrapped(x + 28, y, pen.word("map_spot"))
    y += 20 + 16 * (len(out) - 1)
    if any(s.case for s in spots):
        out.append(f'<circle class="spot-ring" cx="{x + 10}" cy="{y - 4}" r="10"/>')
        out.append(f'<circle class="spot" cx="{x + 10}" cy="{y - 4}" r="6.5"/>')
        out += _wrapped(x + 28, y, pen.word("map_case"))
        y += 36
    km_of_pixel = side * _KM_OF_DEGREE
    km = next((k for k in (50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1) if k / km_of_pixel <= 150), 0.05)
    wide = km / km_of_pixel
    out.append(box(x, y - 2, wide, 4, "ink"))
    out += [line(x, y - 6, x, y + 6, "mark"), line(x + wide, y - 6, x + wide, y + 6, "mark")]
    out.append(text(x, y + 22, pen.word("km", km=f"{km:g}"), "small"))
    out += [
        line(_MAP + 178, y + 8, _MAP + 178, y - 12, "mark"),
        text(_MAP + 178, y + 24, pen.word("north"), "small", anchor="middle"),
    ]
    out.append(f'<path class="ink" d="M{_MAP + 173} {y - 8}l5 -9l5 9z"/>')
    if _synthetic(pen):
        out += _wrapped(x, y + 52, pen.word("map_synthetic"))
    return out


def _wrapped(x: float, y: float, said: str, most: int = 26) -> list[str]:
    """Return a text on as many lines as it takes; Chinese breaks anywhere, English between words."""
    lines, pieces = [""], said.split(" ") if said.isascii() else list(said)
    for piece in pieces:
        joint = " " if said.isascii() and lines[-1] else ""
        if lines[-1] and width(lines[-1] + joint + piece) > most:
            lines.append(piece)
        else:
            lines[-1] += joint + piece
    return [text(x, y + 16 * at, one, "small") for at, one in enumerate(lines)]


def _synthetic(pen: Pen) -> bool:
    told = pen.plan.get("map", {})
    shapes = (told.get("outline") or {}).get("features", []) if isinstance(told.get("outline"), Mapping) else []
    return bool(told.get("synthetic")) or any((one.get("properties") or {}).get("synthetic") for one in shapes)


def _inset(rings: list[Ring], shrink: float, middle: tuple[float, float], side: float) -> str:
    """Return the whole outline small beside the map with a frame where the map is, if the map shows only a part."""
    corners = [(lon * shrink, lat) for ring in rings for lon, lat in ring]
    if not corners:
        return ""
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    low, high = min(y for _, y in corners), max(y for _, y in corners)
    if right - left <= _MAP * side and high - low <= _TALL * side:
        return ""
    wide, tall = WIDE - _MAP - 26, 130
    small = max((right - left) / wide, (high - low) / tall)
    centre = (_MAP + 18 + wide / 2, _TALL - 8 - tall / 2)

    def place(x: float, y: float) -> tuple[float, float]:
        return centre[0] + (x - (left + right) / 2) / small, centre[1] - (y - (low + high) / 2) / small

    drawn = "".join(_path([place(lon * shrink, lat) for lon, lat in ring]) for ring in rings)
    x, y = place(*middle)
    framed = (max(5.0, _MAP * side / small), max(4.0, _TALL * side / small))
    frame = box(x - framed[0] / 2, y - framed[1] / 2, framed[0], framed[1], "frame")
    return f'<path class="land" d="{drawn}"/>{frame}'


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
