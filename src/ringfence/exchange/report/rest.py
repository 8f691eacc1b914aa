"""The further pages of a report: map, cases, evidence groups, hypotheses, and what an earlier onset would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.exchange.report.blocks import (
    PROPOSED,
    Block,
    Cell,
    bullets,
    cell,
    drawing,
    heading,
    only,
    para,
    table,
)
from ringfence.exchange.report.lists import annex_blocks, calendar_blocks, duty_blocks, people_table
from ringfence.exchange.report.map import map_svg, merged
from ringfence.exchange.report.notes import note_blocks
from ringfence.exchange.report.pen import Pen, state_of
from ringfence.exchange.report.timeline import case_svg
from ringfence.exchange.writing import number

MOST_CASES_PRINTED = 6
MOST_EVENTS_PRINTED = 16
MOST_PLACES_PRINTED = 14
MOST_IN_GROUP = 6
MOST_GROUPS_PRINTED = 12
MOST_CHANGED_PRINTED = 12
Item = Mapping[str, Any]


def rest_blocks(pen: Pen) -> list[Block]:
    """Return the blocks after the first pages, in reading order; the long lists stand last, the sources at the end."""
    return [
        *_map(pen),
        *_cases(pen),
        *_groups(pen),
        *duty_blocks(pen),
        *calendar_blocks(pen),
        *_hypotheses(pen),
        *_earlier(pen),
        *annex_blocks(pen),
        *note_blocks(pen),
    ]


def _map(pen: Pen) -> list[Block]:
    blocks = [heading(pen.word("map"), "map")]
    points = merged(pen, pen.plan.get("map", {}).get("points", []))
    if not points:
        return [*blocks, para(pen.word("map_empty"), tone="quiet")]
    blocks.append(drawing(map_svg(pen, points), pen.word("map_told", n=number(len(points)))))
    rows: list[list[Cell | str]] = [
        [
            cell(str(at), strong=True),
            p.name or pen.word("no_name"),
            number(p.people) if p.people else "—",
            pen.listed([pen.term(kind, "report.place") for kind in p.kinds]),
        ]
        for at, p in enumerate(points, start=1)
    ]
    head = [pen.word(code) for code in ("no", "place", "to_assess", "note")]
    summary = pen.word("map_table") if len(rows) > MOST_PLACES_PRINTED else ""
    rest = pen.word("rest_html", n=number(len(rows) - MOST_PLACES_PRINTED))
    return [*blocks, table(head, rows, (0.4, 3, 1.2, 1.6), summary=summary, most=MOST_PLACES_PRINTED, rest=rest)]


def _cases(pen: Pen) -> list[Block]:
    cases = pen.plan.get("cases", [])
    blocks = [heading(pen.word("cases"), "cases")]
    if not cases:
        return [*blocks, para(pen.word("no_cases"), tone="quiet")]
    codes = ("onset", "first_positive", "isolated")
    if len(cases) > 1:
        rows: list[list[Cell | str]] = [
            [
                cell(pen.person(case), strong=True, sub=state_of(pen, case)),
                *(pen.when(case.get(code)) or pen.word("not_known") for code in codes),
                pen.span(*[*(case.get("infectious") or ()), None, None][:2]) or pen.word("not_known"),
            ]
            for case in cases
        ]
        head = [pen.word(code) for code in ("case", *codes, "infectious")]
        blocks.append(table(head, rows, (1.4, 1.2, 1.2, 1.2, 1.8)))
    for at, case in enumerate(cases):
        own = _case(pen, case)
        blocks += only(own, "screen") if at >= MOST_CASES_PRINTED else own
    if len(cases) > MOST_CASES_PRINTED:
        rest = pen.word("rest_html", n=number(len(cases) - MOST_CASES_PRINTED))
        blocks += only([para(rest, tone="quiet")], "print")
    return blocks


def _case(pen: Pen, case: Item) -> list[Block]:
    title = pen.joined([pen.person(case), pen.about(case), state_of(pen, case)])
    span = pen.span(*[*(case.get("infectious") or ()), None, None][:2])
    facts = [(pen.word(code), pen.when(case.get(code))) for code in ("onset", "first_positive", "isolated")]
    facts.append((pen.word("infectious"), span))
    line = "；" if pen.language == "zh" else "; "
    said = line.join(f"{name}{pen.colon}{value or pen.word('not_known')}" for name, value in facts)
    blocks = [heading(title, level=3), para(said)]
    rows = _events(pen, case)
    if not rows:
        return blocks
    if svg := case_svg(pen, case):
        blocks.append(drawing(svg, pen.word("timeline_told")))
    head = [pen.word(code) for code in ("when", "kind", "what", "place")]
    widths: tuple[float, ...] = (1.6, 0.9, 3, 1.6)
    if not any(isinstance(row[3], str) and row[3] for row in rows):
        head, rows, widths = head[:3], [row[:3] for row in rows], widths[:3]
    summary = pen.word("timeline_rows", n=number(len(rows))) if len(rows) > MOST_EVENTS_PRINTED else ""
    rest = pen.word("rest_html", n=number(len(rows) - MOST_EVENTS_PRINTED))
    blocks.append(table(head, rows, widths, summary=summary, most=MOST_EVENTS_PRINTED, rest=rest))
    return blocks


def _events(pen: Pen, case: Item) -> list[list[Cell | str]]:
    """Return the rows of a case's time; what stands there twice is told once, a place only where it is not yet said."""
    rows: dict[tuple[str, ...], list[Cell | str]] = {}
    for e in sorted(case.get("timeline", []), key=lambda e: str(e.get("at"))):
        when = pen.span(e.get("at"), e.get("until")) if e.get("until") else pen.when(e.get("at"))
        text, place = pen.text(e), pen.named(e, "place")
        kind = pen.term(e.get("kind") or "", "report.event", "fact_kind")
        mark = e.get("kind") in ("onset", "sample", "positive", "isolated", "result", "case")
        rows.setdefault(
            (when, kind, text),
            [when, kind, cell(text, strong=mark), "" if place in text else place],
        )
    return list(rows.values())


def _groups(pen: Pen) -> list[Block]:
    blocks = [
        heading(pen.word("groups"), "groups", part=PROPOSED),
        para(pen.word("groups_mean"), tone="note", part=PROPOSED),
    ]
    people = {str(c.get("person")): c for c in pen.plan.get("candidates", [])}
    seen: set[str] = set()
    groups = pen.plan.get("groups", [])
    for at, group in enumerate(groups):
        own = _group(pen, group, people)
        blocks += only(own, "screen") if at >= MOST_GROUPS_PRINTED else own
        seen |= {str(one) for one in group.get("people", [])}
    if len(groups) > MOST_GROUPS_PRINTED:
        rest = pen.word("rest_html", n=number(len(groups) - MOST_GROUPS_PRINTED))
        blocks += only([para(rest, tone="quiet")], "print")
    alone = [c for name, c in people.items() if name not in seen]
    if alone:
        blocks.append(heading(pen.word("no_group", n=number(len(alone))), level=3))
        blocks.append(people_table(pen, alone, set(), MOST_IN_GROUP))
    return blocks if len(blocks) > 2 else [*blocks, para(pen.word("nobody"), tone="quiet")]


def _group(pen: Pen, group: Item, people: Mapping[str, Item]) -> list[Block]:
    members = [people[str(one)] for one in group.get("people", []) if str(one) in people]
    size = group.get("n") or len(members)
    label = str(group.get("id") or "").upper()
    title = pen.text(group)
    place = pen.named(group, "place")
    cls = pen.contact_class(group.get("class"))
    facts = [pen.word("people_n", n=number(size)), "" if cls in title else pen.word("proposed", cls=cls)]
    facts += ["" if place in title else place, pen.span(group.get("from"), group.get("until"))]
    shared, questions = pen.why(group.get("shared")), pen.why(group.get("questions"))
    differs = pen.why(group.get("differs"))
    stop = "；" if pen.language == "zh" else "; "
    lines = [pen.word("shared_facts") + stop.join(fact for fact in facts if fact), *shared]
    if questions:
        lines.append(pen.word("ask_colon") + " ".join(questions))
    if differs:
        lines.append(pen.word("differs") + pen.colon + " ".join(differs))
    blocks = [heading(f"{label} · {title}" if label else title, level=3), bullets(lines)]
    return [*blocks, people_table(pen, members, {*shared, *questions}, MOST_IN_GROUP)] if members else blocks


def _hypotheses(pen: Pen) -> list[Block]:
    blocks = [heading(pen.word("hypotheses"), "hypotheses"), para(pen.word("hypotheses_mean"), tone="note")]
    rows: list[list[Cell | str]] = [
        [
            cell(pen.text(one), strong=True),
            pen.desk({"desk": one.get("who")}),
            pen.when(one.get("by")),
            pen.term(one.get("status") or "open", "report.status"),
        ]
        for one in pen.plan.get("hypotheses", [])
    ]
    head = [pen.word(code) for code in ("to_inspect", "who_inspects", "deadline", "status")]
    return [*blocks, table(head, rows, (3, 1.2, 1.2, 1)) if rows else para(pen.word("none"), tone="quiet")]


def _earlier(pen: Pen) -> list[Block]:
    told = pen.plan.get("if_onset_earlier") or {}
    blocks = [heading(pen.word("earlier"), "earlier", part=PROPOSED)]
    changes = [told.get(code) or [] for code in ("added", "dropped", "changed")]
    case = pen.text(told.get("case"))
    if not case and not any(changes):
        return [*blocks, para(pen.word("earlier_unknown"), tone="quiet")]
    case = case or pen.listed([pen.person(c) for c in pen.plan.get("cases", [])[:1]])
    blocks.append(para(pen.word("earlier_means", case=case), tone="note", part=PROPOSED))
    for code, changed in zip(("added", "dropped", "changed"), changes, strict=True):
        items = [f"{pen.person(one)}{pen.colon}{pen.text(one)}" for one in changed]
        blocks.append(heading(pen.word(f"earlier_{code}", n=number(len(items))), level=3, part=PROPOSED))
        if not items:
            blocks.append(para(pen.word("none"), tone="quiet", part=PROPOSED))
            continue
        if len(items) <= MOST_CHANGED_PRINTED:
            blocks.append(bullets(items, part=PROPOSED))
            continue
        rest = pen.word("rest_html", n=number(len(items) - MOST_CHANGED_PRINTED))
        blocks += only([bullets(items, part=PROPOSED)], "screen")
        blocks += only([bullets([*items[:MOST_CHANGED_PRINTED], rest], part=PROPOSED)], "print")
    return blocks
