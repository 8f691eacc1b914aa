"""The line of one case: days side by side, when infectious, when seen, and the marks of its course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ringfence.exchange.report.pen import Pen
from ringfence.exchange.report.svg import WIDE, box, line, svg, text
from ringfence.exchange.writing import day, moment, width

_MARKS = ("onset", "first_positive", "isolated")
_LEFT = 110
_MOST_DAYS = 60


def case_svg(pen: Pen, case: Mapping[str, Any]) -> str:
    """Return the drawing of a case, or nothing where no moment is known."""
    spans = [(pen.at(e.get("at")), pen.at(e.get("until"))) for e in case.get("timeline", [])]
    visits = [(start, end) for start, end in spans if start and end and end > start]
    first, last = ([*map(pen.at, case.get("infectious") or ()), None, None])[:2]
    last = last or (pen.now if first else None)  # not apart yet: the window runs on
    marks = [(code, found) for code in _MARKS if (found := pen.at(case.get(code)))]
    known = [at for pair in spans for at in pair if at] + [at for _, at in marks] + [at for at in (first, last) if at]
    if not known:
        return ""
    begin = min(known).replace(hour=0, minute=0, second=0, microsecond=0)
    days = min(_MOST_DAYS, (min(max(known), begin + timedelta(days=_MOST_DAYS)) - begin).days + 1)
    wide = WIDE - _LEFT

    def x(at: datetime) -> float:
        return _LEFT + wide * min(1.0, max(0.0, (at - begin) / timedelta(days=days)))

    body = [_days(pen, begin, days, wide / days)]
    if first and last and last > first:
        body.append(box(x(first), 30, x(last) - x(first), 20, "infectious"))
    body.append(text(0, 45, pen.word("infectious"), "small"))
    body.append(text(0, 75, pen.word("seen"), "small"))
    body += [box(x(start), 62, max(2.0, x(end) - x(start)), 16, "ink") for start, end in visits]
    latest_first = sorted(marks, key=lambda pair: pair[1], reverse=True)  # so that no line crosses a text
    for row, (code, at) in enumerate(latest_first):
        at_x, told = x(at), f"{pen.word(code)} {moment(at, pen.language)}"
        beside = at_x + 4 + width(told) * 6.6 <= WIDE
        body.append(line(at_x, 26, at_x, 92 + row * 16, "mark"))
        body.append(
            text(at_x + (4 if beside else -4), 98 + row * 16, told, "small strong", anchor="" if beside else "end")
        )
    return svg("".join(body), 94 + 16 * max(1, len(marks)), pen.word("timeline_told"))


def _days(pen: Pen, begin: datetime, days: int, wide: float) -> str:
    every = max(1, -(-52 // int(max(1, wide))))
    out = []
    for at in range(days):
        x = _LEFT + at * wide
        out.append(line(x, 20, x, 84))
        if at % every == 0:
            out.append(text(x + 3, 16, day(begin.date() + timedelta(days=at), pen.language), "small"))
    return "".join(out)
