"""Plane geometry on small polygons: inside or not, areas, and the cells of points inside a polygon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]
"""Corners (longitude, latitude) in order; the last one is not the first again."""


def inside(ring: Ring, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie inside a ring, by the parity of crossings."""
    x, y = points[:, 0:1], points[:, 1:2]
    a, b = ring, np.roll(ring, -1, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    crosses = ((a[:, 1] > y) != (b[:, 1] > y)) & (x < at)
    odd: NDArray[np.bool_] = crosses.sum(axis=1) % 2 == 1
    return odd


def centroid(ring: Ring) -> tuple[float, float]:
    """Return the centre of mass of a ring's area, or the mean of its corners when it has no area."""
    a, b = ring, np.roll(ring, -1, axis=0)
    cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
    area = cross.sum() / 2
    if abs(area) < 1e-12:
        return float(ring[:, 0].mean()), float(ring[:, 1].mean())
    x, y = (((a + b) * cross[:, None]).sum(axis=0) / (6 * area)).tolist()
    return x, y


def nearer(ring: Ring, point: NDArray[np.float64], other: NDArray[np.float64]) -> Ring:
    """Return the part of a ring that is nearer to a point than to another (Sutherland and Hodgman, 1974)."""
    direction = other - point
    limit = float(((other**2).sum() - (point**2).sum()) / 2)
    side = ring @ direction - limit  # negative on the point's side
    if (side <= 0).all():
        return ring
    out: list[NDArray[np.float64]] = []
    for i in range(len(ring)):
        j = (i + 1) % len(ring)
        if side[i] <= 0:
            out.append(ring[i])
        if (side[i] < 0 < side[j]) or (side[j] < 0 < side[i]):
            out.append(ring[i] + (ring[j] - ring[i]) * (side[i] / (side[i] - side[j])))
    return np.array(out).reshape(-1, 2)


def cells(ring: Ring, points: NDArray[np.float64]) -> list[Ring]:
    """Return for each point the part of a ring that is nearest to it (its Voronoi cell)."""
    found = []
    for i, point in enumerate(points):
        cell = ring
        order = np.argsort(((points - point) ** 2).sum(axis=1), kind="stable")
        for j in order[order != i]:
            reach = ((cell - point) ** 2).sum(axis=1).max()
            if ((points[j] - point) ** 2).sum() > 4 * reach:  # no farther point can cut this cell any more
                break
            cell = nearer(cell, point, points[j])
            if len(cell) < 3:
                break
        found.append(cell if len(cell) >= 3 else point + np.array([[-1e-4, -1e-4], [1e-4, -1e-4], [0, 1e-4]]))
    return found


def scattered(ring: Ring, count: int, draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points spread evenly inside a ring: of the drawn candidates, each time the one farthest from the others.

    `draws` are pairs of numbers in (0, 1), many more than points (best-candidate sampling, Mitchell, 1991).
    """
    low, high = ring.min(axis=0), ring.max(axis=0)
    candidates = low + draws * (high - low)
    candidates = candidates[inside(ring, candidates)]
    chosen = np.empty((count, 2))
    distance = np.full(len(candidates), np.inf)
    distance *= 0.5 + draws[: len(candidates), 0]
    at = 0
    for i in range(count):
        chosen[i] = candidates[at]
        away = ((candidates - chosen[i]) ** 2).sum(axis=1) * (0.4 + 0.6 * draws[: len(candidates), 1])
        distance = np.minimum(distance, away)
        at = int(np.argmax(distance))
    return chosen
