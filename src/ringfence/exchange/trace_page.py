"""One self-contained page about a search: who was met, how long, how surely, and what nobody knows.

The file holds no script and loads nothing; it reads in light and dark, on a telephone, and on paper.
"""

from __future__ import annotations

from importlib import resources

from ringfence.exchange.timeline import MOST_ROWS, timeline_html, trace_svg, window
from ringfence.exchange.trace_view import HIGH, LOW, MEDIUM, ContactLine, Said, TraceView
from ringfence.exchange.writing import day, duration, listed, moment, number, safe, shortened, word
from ringfence.vocabulary.moments import moment_of

__all__ = ["ContactLine", "Said", "TraceView", "trace_page", "trace_svg"]

MOST_LINES = 500
_SQUARES = 60
_BANDS = ((HIGH, "high"), (MEDIUM, "medium"), (LOW, "low"))
_NAMES = {"en": "English", "zh": "中文"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MARK = (
    '<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">'
    '<path d="M16 4.6A8.4 8.4 0 1 0 20.4 12" fill="none" stroke="currentColor" stroke-width="3.2"/>'
    '<circle class="dot" cx="12" cy="12" r="2.6"/></svg>'
)


def trace_page(view: TraceView, language: str, *, other_page: str | None = None) -> str:
    """Return the page in a language ("zh" or "en"); `other_page` is a link to the same page in the other one.

    Given ids may hold anything: they are escaped, and shortened only where the whole stands elsewhere on the page.
    """
    other = "en" if language == "zh" else "zh"
    link = f'<a href="{safe(other_page)}" hreflang="{other}" lang="{other}">{_NAMES[other]}</a>' if other_page else ""
    title = word("title", language, who=_who(view, language))
    style = "".join((resources.files(__package__) / "pages" / name).read_text("utf-8") for name in _STYLES)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title} · Ringfence</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<header class="bar">{_MARK}<b>{word("search", language)}</b><span class="right">{link}</span></header>\n'
        f"{_head(view, title, language)}\n<main>\n{_figures(view, language)}\n{_knowledge(view, language)}\n"
        f"{_timeline(view, language)}\n{_table(view, language)}\n{_reading(language)}\n</main>\n"
        f"{_foot(view, language)}\n</body>\n</html>\n"
    )


_STYLES = ("trace.css", "timeline.css")


def _head(view: TraceView, title: str, language: str) -> str:
    known = moment(moment_of(view.as_of, view.zone), language, year=True)
    facts = (
        ("window", safe(window(view, language))),
        ("zone", safe(str(view.zone))),
        ("as_of", safe(known)),
        ("source", safe(view.source.text(language, view.zone))),
    )
    rows = "".join(f"<div><dt>{word(code, language)}</dt><dd>{text}</dd></div>" for code, text in facts)
    remark = f'<p class="remark">{safe(view.remark.text(language, view.zone))}</p>' if view.remark else ""
    return f'<section class="head"><h1>{title}</h1>{remark}<dl>{rows}</dl></section>'


def _figures(view: TraceView, language: str) -> str:
    cells = []
    for band, css in _BANDS:
        count = view.in_band(band)
        noun = word("person" if count == 1 else "people", language)
        cells.append(
            f"<div><h2>{band_mark(band)}{word(f'exposure_{css}', language)}</h2>"
            f'<p><b class="big">{number(count)}</b> {noun}</p>{_squares(count, css)}</div>'
        )
    if view.second_hop is not None:
        steps = sorted(view.second_hop.items())
        first = steps[0][1] if steps else 0
        nobody = next((at for at, (_, people) in enumerate(steps) if not people), len(steps))
        rest = "".join(
            f"<li>{word('hop_step', language, minutes=duration(step, language), people=number(people))}</li>"
            for step, people in steps[1 : nobody + 1]  # the first step that nobody reaches is worth telling too
        )
        cells.append(
            f'<div><h2>{word("second_hop", language)}</h2><p><b class="big">{number(first)}</b> '
            f'{word("hop_after", language)}</p><ul class="steps">{rest}</ul></div>'
        )
    return f'<section class="figures" aria-label="{word("counts", language)}">{"".join(cells)}</section>'


def _squares(count: int, css: str) -> str:
    """Return a square a person up to 60: a number that the eye can check."""
    if not 0 < count <= _SQUARES:
        return ""
    wide, per_row = 12, 20
    rows = -(-count // per_row)
    drawn = "".join(
        f'<rect class="{css}" x="{at % per_row * wide + 0.5:g}" y="{at // per_row * wide + 0.5:g}" width="9" height="9"'
        "/>"
        for at in range(count)
    )
    return (
        f'<svg class="squares" viewBox="0 0 {per_row * wide} {rows * wide}" width="{per_row * wide}" '
        f'height="{rows * wide}" aria-hidden="true">{drawn}</svg>'
    )


def band_mark(band: int) -> str:
    """Return the mark of a band: one to three steps, so that the band reads without colour."""
    steps = "".join(
        f'<rect class="{"on" if at < band else "off"}" x="{at * 6 + 0.5}" y="{8 - at * 3.5}" width="4" '
        f'height="{4 + at * 3.5 - 0.5}"/>'
        for at in range(HIGH)
    )
    return f'<svg class="level" viewBox="0 0 18 12" width="18" height="12" aria-hidden="true">{steps}</svg>'


def _knowledge(view: TraceView, language: str) -> str:
    halves = []
    for css, sentences in (("known", view.known), ("unknown", view.unknown)):
        items = "".join(f"<li>{safe(said.text(language, view.zone))}</li>" for said in sentences)
        halves.append(f'<div class="{css}"><h2>{word(css, language)}</h2><ul>{items}</ul></div>')
    return f'<section class="sixty">{"".join(halves)}</section>' if view.known or view.unknown else ""


def _timeline(view: TraceView, language: str) -> str:
    if not view.contacts:
        return ""
    shown, total = min(len(view.contacts), MOST_ROWS), len(view.contacts)
    note = word("timeline_all" if shown == total else "timeline_some", language, shown=shown, total=number(total))
    return (
        f"<section><h2>{word('timeline', language)} <small>{note}</small></h2>{timeline_html(view, language)}</section>"
    )


def _table(view: TraceView, language: str) -> str:
    if not view.contacts:
        return f"<section><h2>{word('list', language)}</h2><p>{word('nobody', language)}</p></section>"
    with_places = any(line.places is not None for line in view.contacts)
    names = ["rank", "contact", "exposure", "together", "times", *(["places"] * with_places), "first", "last", "why"]
    head = "".join(f'<th scope="col" role="columnheader" class="{n}">{word(n, language)}</th>' for n in names)
    lines = view.contacts[:MOST_LINES]
    rows = "".join(_line(at, line, view, language, with_places) for at, line in enumerate(lines, start=1))
    left = len(view.contacts) - len(lines)
    more = f"<p>{word('more', language, left=number(left))}</p>" if left else ""
    return (
        f"<section><h2>{word('list', language)} <small>{word('list_order', language)}</small></h2>"
        f'<p class="assess">{word("read_human", language)}</p>'
        f'<table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>{more}</section>'
    )


def _line(rank: int, line: ContactLine, view: TraceView, language: str, with_places: bool) -> str:
    def cell(name: str, text: str) -> str:
        label = f' data-label="{word(name, language)}"' if name in {"times", "places", "first", "last"} else ""
        return f'<td role="cell" class="{name}"{label}>{text}</td>'

    first, last = (safe(moment(moment_of(m, view.zone), language)) for m in (line.first, line.last))
    band = dict(_BANDS).get(line.band, "low")
    reasons = listed([r.text(language, view.zone) for r in line.reasons], language)
    return (
        '<tr role="row">'
        + cell("rank", str(rank))
        + f'<th scope="row" role="rowheader" class="contact">{safe(line.person)}</th>'
        + cell("exposure", f"{band_mark(line.band)}{word(band, language)}")
        + cell("together", duration(line.minutes, language))
        + cell("times", number(line.encounters))
        + (cell("places", number(line.places or 0)) if with_places else "")
        + cell("first", first)
        + cell("last", last)
        + cell("why", safe(reasons))
        + "</tr>"
    )


def _reading(language: str) -> str:
    items = "".join(f"<li>{word(f'read_{name}', language)}</li>" for name in ("band", "minutes", "empty"))
    return f'<section class="reading"><h2>{word("reading", language)}</h2><ul>{items}</ul></section>'


def _foot(view: TraceView, language: str) -> str:
    known = day(moment_of(view.as_of, view.zone), language, year=True)
    return f"<footer><p>{word('foot', language, date=known)}</p></footer>"


def _who(view: TraceView, language: str) -> str:
    joint = "、" if language == "zh" else ", "
    named = joint.join(shortened(seed, 40) for seed in view.seeds[:5])
    return named if len(view.seeds) <= 5 else f"{named} +{len(view.seeds) - 5}"
