"""The report as one page: both languages in one file, changed without a script; it loads nothing and runs nothing."""

from __future__ import annotations

import re
from pathlib import Path

from ringfence.exchange.report.blocks import NOW, PROPOSED, Act, Block, Cell, Plan
from ringfence.exchange.report.first import first_blocks
from ringfence.exchange.report.parts import part_blocks
from ringfence.exchange.report.pen import Pen, pen
from ringfence.exchange.report.rest import rest_blocks
from ringfence.exchange.report.svg import sheet
from ringfence.exchange.writing import moment, safe

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_HTML_LANG = {"zh": "zh-CN", "en": "en"}
_NAMES = {"zh": "中文", "en": "English"}


def write_html(plan: Plan, path: Path) -> None:
    """Write the report of a plan as one HTML file; the language stands in it twice, Chinese first."""
    path.write_text(report_page(plan), encoding="utf-8", errors="replace")


def report_page(plan: Plan) -> str:
    """Return the page."""
    pens = [pen(plan, language) for language in ("zh", "en")]
    title = safe(" · ".join(dict.fromkeys(title_of(one) for one in pens)))
    picks = "".join(
        f'<input class="pick" type="radio" name="language" id="pick-{one.language}" aria-label="'
        f'{_NAMES[one.language]}"{" checked" if one.language == "zh" else ""}>'
        for one in pens
    )
    labels = "".join(
        f'<label for="pick-{one.language}" lang="{_HTML_LANG[one.language]}">{_NAMES[one.language]}</label>'
        for one in pens
    )
    margins = "".join(_margins(one) for one in pens)
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>\n{sheet('page.css')}{sheet('drawing.css')}{margins}</style>\n</head>\n<body>\n"
        f'{picks}\n<div class="bar"><b>Ringfence</b><span>{labels}</span></div>\n'
        f"{''.join(_half(one) for one in pens)}</body>\n</html>\n"
    )


def title_of(one: Pen) -> str:
    """Return the title of a report."""
    return one.text(one.plan.get("title")) or one.word("title")


def pack_of(one: Pen) -> str:
    """Return the pack with its version, as the foot of every page names it."""
    pack = one.plan.get("pack", {})
    return f"{pack.get('id', '')}@{pack.get('version', '')}"


def is_historical(one: Pen) -> bool:
    """Return whether the rules of the report are not in force."""
    return bool(one.plan.get("pack", {}).get("historical"))


def facts_line(one: Pen) -> str:
    """Return up to when the facts were known, and the pack by name."""
    name = one.text(one.plan.get("pack", {}).get("name"))
    zone = one.word("beijing_time") if str(one.zone) == "Asia/Shanghai" else str(one.zone)
    return one.word("facts_as_of", now=moment(one.now, one.language, year=True), zone=zone, pack=name)


def all_blocks(one: Pen) -> list[Block]:
    """Return everything a report says, in reading order."""
    return [*first_blocks(one), *part_blocks(one), *rest_blocks(one)]


def _half(one: Pen) -> str:
    blocks = [block for block in all_blocks(one) if block.get("only") != "print"]
    links = "".join(
        f'<li><a href="#{_anchor(one, b)}">{safe(b.get("text", ""))}</a></li>' for b in blocks if b.get("anchor")
    )
    banner = f'<p class="banner">{safe(one.word("historical"))}</p>' if is_historical(one) else ""
    foot = f"{safe(pack_of(one))} · {safe(one.word('reference'))} {safe(one.word('two_parts'))}"
    return (
        f'<div class="half {one.language}" id="{one.language}" lang="{_HTML_LANG[one.language]}">'
        f'{banner}<main class="sheet">\n'
        f'<h1>{safe(title_of(one))}</h1><p class="meta">{safe(facts_line(one))} · {safe(pack_of(one))}</p>\n'
        f"{''.join(_block(one, b) for b in blocks[: _after_acts(blocks)])}"
        f'<nav aria-label="{safe(one.word("contents"))}"><ul class="toc">{links}</ul></nav>\n'
        f"{''.join(_block(one, b) for b in blocks[_after_acts(blocks) :])}"
        f"<footer>{banner}<p>{foot}</p></footer>\n</main></div>\n"
    )


def _after_acts(blocks: list[Block]) -> int:
    return next(at for at, b in enumerate(blocks) if b.get("anchor") == "now")


def _anchor(one: Pen, block: Block) -> str:
    return f"{one.language}-{block.get('anchor')}"


def _block(one: Pen, block: Block) -> str:
    part = block.get("part", "")
    if block["kind"] == "heading":
        return _heading(one, block)
    inner = _INNER[block["kind"]](one, block)
    return f'<div class="part-{part}">{inner}</div>\n' if part else f"{inner}\n"


def tag_of(one: Pen, part: str) -> str:
    """Return the word that marks a part."""
    return one.word("tag_now") if part == NOW else one.word("tag_if") if part == PROPOSED else ""


def _heading(one: Pen, block: Block) -> str:
    part, level = block.get("part", ""), block.get("level", 2)
    tag = f'<span class="tag {part}">{safe(tag_of(one, part))}</span>' if part and level < 4 else ""
    name = f' id="{_anchor(one, block)}"' if block.get("anchor") else ""
    return f"<h{level}{name}>{tag}{safe(block.get('text', ''))}</h{level}>\n"


def _para(_: Pen, block: Block) -> str:
    tone = f' class="{block.get("tone")}"' if block.get("tone") else ""
    return f"<p{tone}>{safe(block.get('text', ''))}</p>"


def _list(_: Pen, block: Block) -> str:
    return "<ul>" + "".join(f"<li>{safe(item)}</li>" for item in block.get("items", [])) + "</ul>"


def _card(_: Pen, block: Block) -> str:
    fields = "".join(
        f'<div class="{safe(field["tone"])}"><h3>{safe(field["title"])}</h3><ul>'
        + "".join(f"<li>{safe(str(item))}</li>" for item in field["items"])
        + "</ul></div>"
        for field in block.get("items", [])
    )
    return f'<div class="card">{fields}</div>'


def _waits(_: Pen, block: Block) -> str:
    items = "".join(
        f'<li><b>{safe(one["text"])}</b><span class="sub">{safe(one["until"])}</span></li>'
        for one in block.get("items", [])
    )
    return f'<div class="card"><div class="wait"><h3>{safe(block.get("text", ""))}</h3><ul>{items}</ul></div></div>'


def _figures(_: Pen, block: Block) -> str:
    items = "".join(
        f"<div><dt>{safe(one['label'])}</dt><dd>{safe(one['number'])}</dd></div>" for one in block.get("items", [])
    )
    return f'<dl class="figures">{items}</dl>'


def _acts(one: Pen, block: Block) -> str:
    return f'<ol class="acts">{"".join(_act(one, act) for act in block.get("items", []))}</ol>'


def _act(one: Pen, act: Act) -> str:
    about = "".join(f'<span class="sub">{safe(act[code])}</span>' for code in ("who", "place") if act[code])
    why = "".join(f'<span class="sub why">{safe(one.word("why_colon") + reason)}</span>' for reason in act["why"])
    return (
        f'<li class="tone-{act["tone"] or "none"}"><span class="no">{safe(act["number"])}</span>'
        f'<span class="clock"><b>{safe(act["deadline"])}</b><span>{safe(act["remains"])}</span></span>'
        f'<div class="what"><b>{safe(act["text"])}</b>{_tel(act["tel"])}{about}{why}</div>'
        f'<span class="desk">{safe(act["desk"])}</span></li>'
    )


def _tel(number: str) -> str:
    """Return a telephone number, large and to be tapped; what is no number stays text."""
    if not number:
        return ""
    plain = re.sub(r"[\s()-]", "", number)
    if not re.fullmatch(r"\+?[0-9]{3,20}", plain):
        return f'<span class="tel">{safe(number)}</span>'
    return f'<a class="tel" href="tel:{plain}">{safe(number)}</a>'


def _why(one: Pen, reasons: list[str]) -> str:
    if not reasons:
        return ""
    items = "".join(f"<li>{safe(reason)}</li>" for reason in reasons)
    return f"<details><summary>{safe(one.word('why'))}</summary><ul>{items}</ul></details>"


def _table(one: Pen, block: Block) -> str:
    names = [safe(name) for name in block.get("head", [])]
    head = "".join(f'<th scope="col" role="columnheader">{name}</th>' for name in names)
    rows = "".join(
        '<tr role="row">'
        + "".join(_cell(one, c, name, first=at == 0) for at, (name, c) in enumerate(zip(names, row, strict=True)))
        + "</tr>"
        for row in block.get("rows", [])
    )
    table = (
        f'<div class="roll"><table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table></div>'
    )
    if summary := block.get("summary"):
        return f'<details class="long"><summary>{safe(summary)}</summary>{table}</details>'
    return table


def _cell(one: Pen, cell: Cell, label: str, *, first: bool) -> str:
    text = safe(cell["text"])
    if cell.get("lang"):
        text = f'<span lang="{_HTML_LANG[cell["lang"]]}">{text}</span>'
    main = f"<b>{text}</b>" if cell.get("strong") else text
    if cell.get("tone") in ("late", "soon"):
        main = f'<span class="main">{main}</span>'
    main = _tel(cell.get("tel", "")) + main
    sub = f'<span class="sub">{safe(cell["sub"])}</span>' if cell.get("sub") else ""
    tone = f"tone-{cell['tone']}" if cell.get("tone") else ""
    css = f"{'' if main or sub else 'empty'} {tone}".strip()
    name = "th" if first else "td"
    role = ' scope="row" role="rowheader"' if first else ' role="cell"'
    mark = f' class="{css}"' if css else ""
    return f'<{name}{role}{mark} data-label="{label}"><div>{main}{sub}{_why(one, cell.get("why", []))}</div></{name}>'


def _drawing(_: Pen, block: Block) -> str:
    told = safe(block.get("text", ""))
    rolled = f'<div class="roll" tabindex="0" role="group" aria-label="{told}">{block.get("svg", "")}</div>'
    return f'<div class="drawing">{rolled}<p>{told}</p></div>'


_INNER = {
    "para": _para,
    "list": _list,
    "card": _card,
    "waits": _waits,
    "figures": _figures,
    "acts": _acts,
    "table": _table,
    "drawing": _drawing,
}


def _margins(one: Pen) -> str:
    """Return what stands in the margins of every printed page of a language."""
    top = one.word("historical_short") if is_historical(one) else one.word("two_parts")
    foot = f"{pack_of(one)} · {one.word('reference')}"
    return (
        f".{one.language}{{page:{one.language}}}@page {one.language}{{size:A4;margin:18mm 15mm;"
        f"@top-left{{content:{_css(top)};font-size:8pt;width:100%}}"
        f"@bottom-left{{content:{_css(foot)};font-size:8pt;width:85%}}"
        "@bottom-right{content:counter(page);font-size:8pt}}\n"
    )


def _css(text: str) -> str:
    """Return a text as a string of a style sheet; everything but plain letters and digits is written as a number."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text) + '"'
