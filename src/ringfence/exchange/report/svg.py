"""Small pieces that the drawings of a report are made of; colours are names, so that a page can be light or dark."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from ringfence.exchange.writing import safe

WIDE = 960


def svg(body: str, tall: float, told: str, *, wide: float = WIDE) -> str:
    """Return a drawing with the sentence that says what it shows."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rf" viewBox="0 0 {wide:g} {tall:g}" width="{wide:g}" '
        f'height="{tall:g}" role="img" aria-label="{safe(told)}">{body}</svg>'
    )


def text(x: float, y: float, said: str, css: str = "", *, anchor: str = "") -> str:
    """Return a text; an anchor is middle or end."""
    placed = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="t {css}" x="{x:.1f}" y="{y:.1f}"{placed}>{safe(said)}</text>'


def box(x: float, y: float, wide: float, tall: float, css: str) -> str:
    """Return a rectangle."""
    return f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{max(0.0, wide):.1f}" height="{max(0.0, tall):.1f}"/>'


def line(x1: float, y1: float, x2: float, y2: float, css: str = "hair") -> str:
    """Return a line."""
    return f'<path class="{css}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


@cache
def sheet(name: str) -> str:
    """Return a style sheet of the report."""
    return (resources.files(__package__) / "sheets" / name).read_text(encoding="utf-8")


@cache
def _printed_style() -> str:
    light = dict(re.findall(r"--([\w-]+): *(#[0-9A-Fa-f]+);", sheet("page.css").split("}", 1)[0]))
    drawn = sheet("drawing.css").replace("font-family: inherit", 'font-family: "Ringfence Sans SC"')
    return re.sub(r"var\(--([\w-]+)\)", lambda found: light[found[1]], drawn)


def alone(drawn: str) -> str:
    """Return a drawing that carries its own style in light colours, for paper."""
    head, _, rest = drawn.partition(">")
    return f"{head}><style>{_printed_style()}</style>{rest}"
