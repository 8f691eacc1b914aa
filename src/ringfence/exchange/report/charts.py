"""Charts of a report: what falls due hour by hour, and what each day would need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ringfence.exchange.report.pen import Pen
from ringfence.exchange.report.svg import WIDE, box, line, svg, text
from ringfence.exchange.writing import day, number

_HOURS = 24
_SQUARE, _STEP = 9, 11
_MOST_SQUARES = 60


def hours_svg(pen: Pen, duties: Iterable[Mapping[str, Any]]) -> str:
    """Return what is late and what falls due in each of the next 24 hours, a square a duty up to 60."""
    late, later, by_hour = 0, 0, Counter[int]()
    for duty in duties:
        due = pen.at(duty.get("due"))
        minutes = (due - pen.now).total_seconds() / 60 if due else float("inf")
        if minutes < 0:
            late += 1
        elif minutes >= _HOURS * 60:
            later += 1
        else:
            by_hour[int(minutes // 60)] += 1
    columns = [late, *(by_hour[hour] for hour in range(_HOURS)), later]
    most, total = max(columns), sum(columns)
    wide = WIDE / len(columns)
    tall = min(12, max(3, -(-most // 2))) * _STEP if total <= _MOST_SQUARES else 100
    body = [line(0, tall + 18, WIDE, tall + 18)]
    for at, count in enumerate(columns):
        x, css = at * wide, "late" if at == 0 else "now"
        if total <= _MOST_SQUARES:
            body += [
                box(x + 2 + n % 2 * _STEP, tall + 16 - _SQUARE - n // 2 * _STEP, _SQUARE, _SQUARE, css)
                for n in range(min(count, 24))
            ]
        elif count:
            body.append(box(x + 3, tall + 18 - 100 * count / most, wide - 8, 100 * count / most, css))
            body.append(text(x + 3, tall + 13 - 100 * count / most, number(count), "small"))
        if at == 0:
            body.append(text(x + 2, tall + 34, pen.word("late_short"), "small"))
        elif at == len(columns) - 1:
            body.append(text(x + wide, tall + 34, pen.word("later_short"), "small", anchor="end"))
        elif at % 2 == 1:
            hour = (pen.now.hour + at - 1) % 24
            body.append(text(x + 2, tall + 34, f"{hour:02d}:{pen.now.minute:02d}", "small"))
    return svg("".join(body), tall + 40, pen.word("hours_told"))


def daily_svg(pen: Pen, code: str, days: Sequence[Mapping[str, Any]]) -> str:
    """Return a bar a day, in dashed outline because nobody has decided it."""
    wide, tall, left = WIDE, 84, 130
    counts = [max(0, int(one.get("n") or 0)) for one in days]
    most = max([*counts, 1])
    step = (wide - left) / max(len(counts), 7)
    every = max(1, -(-44 // int(max(1, step))))
    body = [text(0, 34, pen.word(code), "strong"), line(left, tall + 16, wide, tall + 16)]
    body.append(text(0, 54, pen.word("most_on_a_day", n=number(most if any(counts) else 0)), "small"))
    for at, count in enumerate(counts):
        x, high = left + at * step, (tall - 12) * count / most
        if count:
            body.append(box(x + 2, tall + 16 - high, min(step - 4, 40), high, "if"))
        if count and (step >= 26 or count == most):
            body.append(text(x + 2, tall + 12 - high, number(count), "small"))
        if at % every == 0:
            body.append(text(x + 2, tall + 32, _day(pen, days[at].get("day")), "small"))
    return svg("".join(body), tall + 38, pen.word(f"{code}_told"))


def _day(pen: Pen, value: object) -> str:
    try:
        return day(date.fromisoformat(str(value)[:10]), pen.language)
    except ValueError:
        return str(value or "")
