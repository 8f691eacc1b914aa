"""What a report is made of before it is a page or a print: a few kinds of blocks, plain values that both writers know.

Text in a block is never markup: each writer escapes it in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

Plan = Mapping[str, Any]


class Cell(TypedDict):
    """One cell of a table: its text, a smaller second line, a tone (late, soon, quiet) and the reasons behind it.

    A telephone number stands large; a language is named where it is not that of the report.
    """

    text: str
    strong: NotRequired[bool]
    sub: NotRequired[str]
    tone: NotRequired[str]
    why: NotRequired[list[str]]
    tel: NotRequired[str]
    lang: NotRequired[str]


class Act(TypedDict):
    """One numbered thing to do: its clock as two facts, what, about whom, how to reach them, by which desk, and why."""

    number: str
    remains: str
    deadline: str
    tone: str
    text: str
    who: str
    tel: str
    place: str
    desk: str
    why: list[str]


class Block(TypedDict):
    """A block; which further names it has depends on its kind."""

    kind: str
    text: NotRequired[str]
    anchor: NotRequired[str]
    level: NotRequired[int]
    part: NotRequired[str]
    tone: NotRequired[str]
    items: NotRequired[list[Any]]
    head: NotRequired[list[str]]
    rows: NotRequired[list[list[Cell]]]
    widths: NotRequired[list[float]]
    svg: NotRequired[str]
    summary: NotRequired[str]
    most: NotRequired[int]
    rest: NotRequired[str]
    rests: NotRequired[list[str]]
    only: NotRequired[str]


NOW, PROPOSED = "now", "if"


def heading(text: str, anchor: str = "", *, level: int = 2, part: str = "") -> Block:
    """Return a heading; a part gives it the mark of that part."""
    return {"kind": "heading", "text": text, "anchor": anchor, "level": level, "part": part}


def para(text: str, *, tone: str = "", part: str = "") -> Block:
    """Return a paragraph."""
    return {"kind": "para", "text": text, "tone": tone, "part": part}


def bullets(items: Sequence[str], *, part: str = "") -> Block:
    """Return a list."""
    return {"kind": "list", "items": list(items), "part": part}


def acts(head: Sequence[str], items: Sequence[Act]) -> Block:
    """Return numbered things to do."""
    return {"kind": "acts", "head": list(head), "items": list(items)}


def fitted(block: Block, rests: Sequence[str]) -> Block:
    """Return a block that a print cuts so that its page holds it; `rests[n]` says what follows after n rows."""
    return block | {"rests": list(rests)}


def card(items: Sequence[tuple[str, Sequence[str], str]]) -> Block:
    """Return the card of four fields: title, sentences, tone."""
    return {"kind": "card", "items": [{"title": t, "items": list(s), "tone": tone} for t, s, tone in items]}


def waits(title: str, items: Sequence[tuple[str, str]]) -> Block:
    """Return the box of what must not be done yet: each sentence with what it waits for."""
    return {"kind": "waits", "text": title, "items": [{"text": text, "until": until} for text, until in items]}


def figures(items: Sequence[tuple[str, str]], *, part: str = "") -> Block:
    """Return large numbers, each with its unit."""
    return {"kind": "figures", "items": [{"number": n, "label": label} for n, label in items], "part": part}


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    widths: Sequence[float],
    *,
    part: str = "",
    summary: str = "",
    most: int = 0,
    rest: str = "",
) -> Block:
    """Return a table; with a summary the page shows it folded up, a print holds `most` rows and then says `rest`."""
    full: list[list[Cell]] = [[cell(one) if isinstance(one, str) else one for one in row] for row in rows]
    return {
        "kind": "table",
        "head": list(head),
        "rows": full,
        "widths": list(widths),
        "part": part,
        "summary": summary,
        "most": most,
        "rest": rest,
    }


def cell(
    text: str,
    *,
    strong: bool = False,
    sub: str = "",
    tone: str = "",
    why: Sequence[str] = (),
    tel: str = "",
    lang: str = "",
) -> Cell:
    """Return a cell, with only what it has."""
    made: Cell = {"text": text}
    if strong:
        made["strong"] = True
    if sub:
        made["sub"] = sub
    if tone:
        made["tone"] = tone
    if why:
        made["why"] = list(why)
    if tel:
        made["tel"] = tel
    if lang:
        made["lang"] = lang
    return made


def only(blocks: Sequence[Block], where: str) -> list[Block]:
    """Return blocks that stand on the page alone (`screen`) or in the print alone (`print`)."""
    return [block | {"only": where} for block in blocks]


def drawing(svg: str, text: str, *, part: str = "") -> Block:
    """Return a drawing with the sentence that says the same."""
    return {"kind": "drawing", "svg": svg, "text": text, "part": part}
