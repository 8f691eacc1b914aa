"""A picture of who was together when: days side by side, one row a person, drawn as SVG without a script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from ringfence.exchange.trace_view import HIGH, LOW, MEDIUM, ContactLine, Span, TraceView
from ringfence.exchange.writing import brief_duration, day, moment, safe, shortened, width, word
from ringfence.vocabulary.moments import moment_of

MOST_ROWS = 30
_LABELS = 180
_CHART = 964
_HEAD = 44
_ROW = 26
_BAR = 12
_GAP = 14
_QUIET = 44
_DAY = 1440
_LEGEND = ("case", "high", "medium", "low", "present")
_CLASS = {HIGH: "high", MEDIUM: "medium", LOW: "low"}


@dataclass(frozen=True, slots=True)
class _Panel:
    """One local day on the axis: where it stands and which hours it shows; a quiet day shows none."""

    when: date
    x: float
    width: float
    quiet: bool


@dataclass(frozen=True, slots=True)
class _Axis:
    panels: tuple[_Panel, ...]
    first_hour: int
    last_hour: int
    zone: ZoneInfo

    def x(self, panel: _Panel, minute: float) -> float:
        """Return where a minute of a local day stands."""
        shown = (self.last_hour - self.first_hour) * 60
        return panel.x + panel.width * min(1.0, max(0.0, (minute - self.first_hour * 60) / shown))


@dataclass(frozen=True, slots=True)
class Timeline:
    """The two halves of the picture, so that a narrow page can hold the names still and let the days scroll."""

    labels: str
    chart: str
    height: int


def trace_svg(view: TraceView, language: str) -> str:
    """Return the timeline as one SVG file that stands alone, in light or dark as the reader's machine asks."""
    drawn = timeline(view, language)
    wide, top = _LABELS + _CHART + 48, 58
    title = word("svg_title", language, who=_who(view, language))
    style = (resources.files(__package__) / "pages" / "timeline.css").read_text(encoding="utf-8")
    tall = top + drawn.height + 52
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rf-alone" viewBox="0 0 {wide} {tall}" '
        f'width="{wide}" height="{tall}" lang="{language}" role="img" aria-labelledby="t d">'
        f'<title id="t">{title}</title><desc id="d">{_description(view, language)}</desc><style>{style}</style>'
        f'<rect class="ground" width="{wide}" height="{tall}"/>'
        f'<text class="h" x="24" y="36">{title}</text>'
        f'<text class="q" x="{wide - 24}" y="36" text-anchor="end">{safe(window(view, language))}</text>'
        f'<g transform="translate(24 {top})">{drawn.labels}</g>'
        f'<g transform="translate({24 + _LABELS} {top})">{drawn.chart}</g>'
        f'<g transform="translate(24 {top + drawn.height + 28})">{legend(language)}</g></svg>\n'
    )


def timeline_html(view: TraceView, language: str) -> str:
    """Return the timeline for a page: the names stand still, the days scroll where the page is narrow."""
    drawn = timeline(view, language)
    title, told = word("timeline", language), _description(view, language)
    return (
        '<div class="timeline">'
        f'<svg class="names" viewBox="0 0 {_LABELS} {drawn.height}" width="{_LABELS}" height="{drawn.height}" '
        f'aria-hidden="true">{drawn.labels}</svg>'
        f'<div class="days" tabindex="0" role="group" aria-label="{title}">'
        f'<svg viewBox="0 0 {_CHART} {drawn.height}" width="{_CHART}" height="{drawn.height}" role="img" '
        f'aria-labelledby="tl-t tl-d"><title id="tl-t">{title}</title><desc id="tl-d">{told}</desc>'
        f"{drawn.chart}</svg></div></div>"
        f"{_legend_list(view, language)}"
    )


def timeline(view: TraceView, language: str) -> Timeline:
    """Return the picture of the first contacts, the case on top, in two halves of the same height."""
    rows = view.contacts[:MOST_ROWS]
    axis = _axis(view, rows)
    height = _HEAD + (len(rows) + 1) * _ROW + 8
    labels = [_case_label(view, language)]
    chart = [_ground(axis, view, height, language), _case_row(axis, view, language)]
    for at, line in enumerate(rows, start=1):
        y = _HEAD + at * _ROW
        labels.append(_label(at, line, y, language))
        chart.append(f'<path class="row" d="M0 {y}H{_CHART}"/>')
        chart.append(_bars(axis, line.spans, y, _CLASS.get(line.band, "low"), language))
    return Timeline("".join(labels), "".join(chart), height)


def _legend_list(view: TraceView, language: str) -> str:
    items = "".join(
        f'<li><svg viewBox="0 0 18 12" width="18" height="12" aria-hidden="true"><rect class="{css}" x=".5" y=".5" '
        f'width="17" height="11"/></svg>{word(f"legend_{css}", language)}</li>'
        for css in _LEGEND
    )
    note = f"<li>{safe(view.presence_note.text(language, view.zone))}</li>" if view.presence_note else ""
    return f'<ul class="legend" aria-label="{word("legend", language)}">{items}{note}</ul>'


def legend(language: str) -> str:
    """Return the marks of the picture with their words, on one line from (0, 0)."""
    out, x = [], 0.0
    for css in _LEGEND:
        text = word(f"legend_{css}", language)
        out.append(f'<rect class="{css}" x="{x:g}" y="-10" width="18" height="{_BAR - 1}"/>')
        out.append(f'<text class="q" x="{x + 24:g}" y="0">{text}</text>')
        x += 24 + 6.6 * width(text) + 20
    return "".join(out)


def window(view: TraceView, language: str) -> str:
    """Return the window of the search in words; the last moment is told as 24:00 where a day ends with it."""
    first, last = moment_of(view.start, view.zone), moment_of(view.end, view.zone)
    if (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0) and last > first:
        final = (last - timedelta(days=1)).date()
        if final == first.date():
            return day(final, language, year=True)
        two_years = first.year != final.year  # Chinese names the year first, English last
        begin = day(first, language, year=two_years or language == "zh")
        return f"{begin} – {day(final, language, year=two_years or language == 'en')}"
    return f"{moment(first, language, year=True)} – {moment(last, language, year=first.year != last.year)}"


def _who(view: TraceView, language: str) -> str:
    joint = "、" if language == "zh" else ", "
    return joint.join(shortened(seed, 18) for seed in view.seeds[:3]) + (" …" if len(view.seeds) > 3 else "")


def _description(view: TraceView, language: str) -> str:
    shown = min(len(view.contacts), MOST_ROWS)
    return word("svg_desc", language, shown=shown, total=len(view.contacts), window=window(view, language))


def _axis(view: TraceView, rows: Iterable[ContactLine]) -> _Axis:
    """Return the days of the window; hours in which nothing happens on any day are left out, quiet days are thin."""
    pieces = [p for span in (*view.presence, *(s for r in rows for s in r.spans)) for p in _by_day(span, view.zone)]
    first = min((start // 60 for _, start, _ in pieces), default=0)
    last = max((-(-end // 60) for _, _, end in pieces), default=24)
    begin = moment_of(view.start, view.zone).date()
    days = (moment_of(max(view.start, view.end - 1), view.zone).date() - begin).days + 1
    busy = {when for when, _, _ in pieces}
    when = [begin + timedelta(days=n) for n in range(days)]
    thin = min(_QUIET, _CHART / 2 / days)
    gap = min(_GAP, _CHART / 4 / days)
    quiet = sum(1 for d in when if d not in busy)
    shown = max(1, days - quiet)
    wide = (_CHART - gap * (days - 1) - thin * quiet) / shown if busy else (_CHART - gap * (days - 1)) / days
    panels, x = [], 0.0
    for d in when:
        is_quiet = bool(busy) and d not in busy
        panels.append(_Panel(d, x, thin if is_quiet else wide, is_quiet))
        x += panels[-1].width + gap
    return _Axis(tuple(panels), first, max(last, first + 1), view.zone)


def _by_day(span: Span, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """Return a span as pieces of local days, in minutes of the wall clock."""
    start, end = moment_of(span[0], zone), moment_of(span[1], zone)
    pieces = []
    when = start.date()
    while when <= end.date():
        begin = start.hour * 60 + start.minute if when == start.date() else 0
        finish = end.hour * 60 + end.minute if when == end.date() else _DAY
        if finish > begin:
            pieces.append((when, begin, finish))
        when += timedelta(days=1)
    return pieces


def _ground(axis: _Axis, view: TraceView, height: int, language: str) -> str:
    hours = axis.last_hour - axis.first_hour
    wide = max((p.width for p in axis.panels if not p.quiet), default=0.0)
    step = next((s for s in (1, 2, 3, 4, 6, 12) if wide / hours * s >= 36), 0)
    busy = [p for p in axis.panels if not p.quiet]
    every = max(1, -(-int(62 * len(busy)) // int(_CHART)))
    out = []
    for panel in axis.panels:
        if panel.quiet:
            out.append(_quiet_day(panel, height, language))
            continue
        out.append(f'<path class="rule" d="M{panel.x:.1f} 24V{height}"/>')
        if busy.index(panel) % every == 0:
            text = day(panel.when, language, weekday=wide >= 96)
            out.append(f'<text class="day" x="{panel.x:.1f}" y="14">{safe(text)}</text>')
        first = -(-axis.first_hour // step) * step if step else 0
        for hour in range(first, axis.last_hour, step) if step else ():
            x = axis.x(panel, hour * 60)
            out.append(f'<path class="tick" d="M{x:.1f} 38V{height}"/>')
            out.append(f'<text class="hour" x="{x + 3:.1f}" y="35">{hour:02d}</text>')
    for span in view.presence:
        for panel, left, right in _placed(axis, span, view.zone):
            out.append(
                f'<rect class="present" x="{left:.1f}" y="{_HEAD}" width="{right - left:.1f}" '
                f'height="{height - _HEAD}"/>'
            ) if panel else None
    return "".join(out)  # fmt: skip


def _quiet_day(panel: _Panel, height: int, language: str) -> str:
    """Return a thin strip for a day on which nothing was seen, named where there is room."""
    told = f"{safe(day(panel.when, language, weekday=True))}: {word('quiet', language)}"
    name = day(panel.when, language)
    text = f'<text class="q" x="{panel.x:.1f}" y="14">{safe(name)}</text>' if 6.2 * width(name) <= panel.width else ""
    return (
        f'<rect class="quiet" x="{panel.x:.1f}" y="{_HEAD}" width="{panel.width:.1f}" height="{height - _HEAD}">'
        f"<title>{told}</title></rect>{text}"
    )


def _placed(axis: _Axis, span: Span, zone: ZoneInfo) -> list[tuple[_Panel, float, float]]:
    by_date = {panel.when: panel for panel in axis.panels if not panel.quiet}
    return [
        (by_date[when], axis.x(by_date[when], start), axis.x(by_date[when], end))
        for when, start, end in _by_day(span, zone)
        if when in by_date
    ]


def _case_label(view: TraceView, language: str) -> str:
    y = _HEAD + 18
    return (
        f'<path class="row strong" d="M0 {_HEAD + _ROW}H{_LABELS}"/><circle class="case" cx="8" cy="{y - 4}" r="6"/>'
        f'<text class="who" x="26" y="{y}">{safe(shortened(_who(view, language), 14))}</text>'
        f'<text class="q" x="{_LABELS - 14}" y="{y}" text-anchor="end">{word("the_case", language)}</text>'
    )


def _case_row(axis: _Axis, view: TraceView, language: str) -> str:
    spans = sorted({span for line in view.contacts for span in line.spans}) or sorted(view.presence)
    bars = _bars(axis, _joined(spans), _HEAD, "case", language)
    return f'<path class="row strong" d="M0 {_HEAD + _ROW}H{_CHART}"/>{bars}'


def _label(rank: int, line: ContactLine, y: int, language: str) -> str:
    name = shortened(line.person, 11)
    time = brief_duration(line.minutes, language)
    full = f"<title>{safe(line.person)}</title>" if name != line.person else ""
    return (
        f'<path class="row" d="M0 {y}H{_LABELS}"/>'
        * (rank > 1)
        + f'<text class="q" x="14" y="{y + 18}" text-anchor="end">{rank}</text>'
        f'<text class="who" x="26" y="{y + 18}">{safe(name)}{full}</text>'
        f'<text class="n" x="{_LABELS - 14}" y="{y + 18}" text-anchor="end">{time}</text>'
    )


def _bars(axis: _Axis, spans: Iterable[Span], y: int, css: str, language: str) -> str:
    out, zone = [], axis.zone
    for span in spans:
        first, last = moment_of(span[0], zone), moment_of(span[1], zone)
        told = f"{moment(first, language)}–{_end(first, last, language)}"
        for _, left, right in _placed(axis, span, zone):
            out.append(
                f'<rect class="{css}" x="{left:.1f}" y="{y + (_ROW - _BAR) // 2}" '
                f'width="{max(3.0, right - left):.1f}" height="{_BAR}"><title>{safe(told)}</title></rect>'
            )
    return "".join(out)  # fmt: skip


def _end(first: datetime, last: datetime, language: str) -> str:
    return f"{last:%H:%M}" if first.date() == last.date() else moment(last, language)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
