"""The report as a print: both languages in one file, set by a fixed template that takes the plan as data only.

No text of a plan is ever read as the template's language: it arrives as JSON strings. The font is part of the package.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ringfence.exchange.report.blocks import Block, Plan, para
from ringfence.exchange.report.page import all_blocks, facts_line, is_historical, pack_of, tag_of, title_of
from ringfence.exchange.report.pen import Pen, pen
from ringfence.exchange.report.svg import alone, sheet

FONT = "RingfenceSansSC-Regular.otf"
MISSING = "□"
_TURNING = dict.fromkeys(
    (0xAD, 0xFEFF, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)  # unseen signs, and those that turn the reading order
_NARROW = {ord("“"): '"', ord("”"): '"', ord("‘"): "'", ord("’"): "'", ord("·"): "|"}  # wide signs of a Chinese font


def write_pdf(plan: Plan, path: Path, *, languages: Sequence[str] = ("zh", "en")) -> None:
    """Write the report of a plan as one tagged PDF (PDF/UA-1), a half for each language; same plan, same bytes."""
    import typst  # a compiled library of 30 MB: only a print needs it

    first = pen(plan, languages[0])
    printed = [_half(pen(plan, language)) for language in languages]
    with resources.as_file(resources.files("ringfence.exchange") / "fonts") as fonts:
        fonts_found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts])
        compiler = typst.Compiler(
            sheet("report.typ").encode(), font_paths=fonts_found, sys_inputs={"halves": json.dumps(printed)}
        )
        made = compiler.compile(format="pdf", timestamp=int(first.now.timestamp()), pdf_standards="ua-1")
    if not isinstance(made, bytes):
        raise TypeError("the setter of prints gave no single file")
    path.write_bytes(made)


def _half(one: Pen) -> dict[str, Any]:
    blocks = [printed for block in all_blocks(one) for printed in _printed(block)]
    half = {
        "language": one.language,
        "title": title_of(one),
        "facts": facts_line(one),
        "foot": f"{pack_of(one)} · {one.word('reference')}",
        "parts": one.word("two_parts"),
        "historical": one.word("historical") if is_historical(one) else "",
        "tags": {part: tag_of(one, part) for part in ("now", "if")},
        "why": one.word("why_colon"),
        "joint": "，" if one.language == "zh" else ", ",
        "page": one.word("page"),
        "of": one.word("page_of"),
        "missing": "",
        "blocks": blocks,
    }
    lost: set[str] = set()
    shown = _shown(half, lost, {} if one.language == "zh" else _NARROW)
    if lost:
        codes = " ".join(f"U+{ord(c):04X}" for c in sorted(lost)[:20])
        shown["missing"] = one.word("missing_signs", n=len(lost), codes=codes)
    return shown  # type: ignore[no-any-return]


def _printed(block: Block) -> list[dict[str, Any]]:
    """Return a block as it is printed: long tables end after their first rows and say where the rest is."""
    made: dict[str, Any] = dict(block)
    if made.get("only") == "screen":
        return []
    most = made.get("most") or 0
    if made["kind"] == "drawing":
        made["svg"] = alone(made["svg"])
    elif most and len(made.get("rows", ())) > most:
        made["rows"] = made["rows"][:most]
        return [made, dict(para(made["rest"], tone="quiet", part=made.get("part", "")))]
    return [made]


def _shown(value: Any, lost: set[str], narrow: Mapping[int, str]) -> Any:
    """Return a value in which every character that the font lacks is a visible square, and note which were lost."""
    if isinstance(value, str):
        return _text(value.translate(narrow), lost)
    if isinstance(value, Mapping):
        own = {} if value.get("lang") else narrow
        return {name: _shown(one, lost, own) for name, one in value.items()}
    return [_shown(one, lost, narrow) for one in value] if isinstance(value, list | tuple) else value


def _text(value: str, lost: set[str]) -> str:
    covered = _covered()
    plain = value.translate(_TURNING).replace("\t", " ")
    missing = {c for c in set(plain) if c != "\n" and ord(c) not in covered}
    if not missing:
        return plain
    lost |= missing
    return "".join(MISSING if c in missing else c for c in plain)


@cache
def _covered() -> frozenset[int]:
    """Return the characters of the font, read from its own table (OpenType cmap, format 4)."""
    data = (resources.files("ringfence.exchange") / "fonts" / FONT).read_bytes()
    tables = struct.unpack(">H", data[4:6])[0]
    entries = (struct.unpack(">4sIII", data[12 + 16 * at : 28 + 16 * at]) for at in range(tables))
    start = next(offset for tag, _, offset, _ in entries if tag == b"cmap")
    count = struct.unpack(">H", data[start + 2 : start + 4])[0]
    found: set[int] = set()
    for at in range(count):
        offset = start + struct.unpack(">I", data[start + 8 + 8 * at : start + 12 + 8 * at])[0]
        form, _, _, twice = struct.unpack(">4H", data[offset : offset + 8])
        if form == 4:
            ends = struct.unpack(f">{twice // 2}H", data[offset + 14 : offset + 14 + twice])
            begins = struct.unpack(f">{twice // 2}H", data[offset + 16 + twice : offset + 16 + 2 * twice])
            for begin, end in zip(begins, ends, strict=True):
                found.update(range(begin, end + 1))
    return frozenset(found - {0xFFFF})
