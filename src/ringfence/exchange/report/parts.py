"""The two parts of an answer, never mixed: what is due now, and what would follow; then the known and the unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.exchange.report.acts import due_of, soon
from ringfence.exchange.report.blocks import (
    NOW,
    PROPOSED,
    Block,
    Cell,
    bullets,
    cell,
    drawing,
    figures,
    heading,
    para,
    table,
)
from ringfence.exchange.report.charts import daily_svg, hours_svg
from ringfence.exchange.report.pen import HORIZON, Pen, is_open
from ringfence.exchange.writing import number

Item = Mapping[str, Any]


def part_blocks(pen: Pen) -> list[Block]:
    """Return the blocks of both parts and of what is known, in reading order."""
    return [*_due_now(pen), *_not_yet(pen), *_if_assessed(pen), *_knowledge(pen)]


def _due_now(pen: Pen) -> list[Block]:
    still = [d for d in pen.plan.get("due_now", []) if is_open(d)]
    late = sum(1 for d in still if due_of(pen, d) < pen.now)
    within = sum(1 for d in still if pen.now <= due_of(pen, d) <= pen.now + HORIZON)
    blocks = [heading(pen.word("part_now"), "now", part=NOW), para(pen.word("part_now_means"), tone="note", part=NOW)]
    if not still:
        return [*blocks, para(pen.word("nothing_due"), tone="quiet", part=NOW)]
    counts = [(late, "late_duties"), (within, "soon_duties"), (len(still) - late - within, "later_duties")]
    blocks.append(figures([(number(n), pen.word(code)) for n, code in counts], part=NOW))
    return [*blocks, drawing(hours_svg(pen, still), pen.word("hours_told"), part=NOW)]


def _not_yet(pen: Pen) -> list[Block]:
    """Return what must not be done yet, with the reason and what it waits for."""
    rows: list[list[Cell | str]] = [
        [
            cell(pen.text(one), strong=True),
            cell(" ".join(map(pen.cited, pen.why(one.get("why"))))),
            pen.named(one, "waits_for"),
        ]
        for one in pen.plan.get("not_yet") or []
    ]
    if not rows:
        return []
    head = [pen.word(code) for code in ("not_to_do", "why_not", "waits_for")]
    return [heading(pen.word("not_yet"), "not-yet", part=NOW), table(head, rows, (2, 2, 2), part=NOW)]


def _if_assessed(pen: Pen) -> list[Block]:
    part = pen.plan.get("if_assessed", {})
    blocks = [heading(pen.word("part_if"), "if", part=PROPOSED)]
    blocks.append(para(pen.word("part_if_means"), tone="note", part=PROPOSED))
    if not any(part.get("by_class", {}).values()):
        return [*blocks, para(pen.word("nobody"), tone="quiet", part=PROPOSED)]
    classes = [(number(n), pen.contact_class(code)) for code, n in part.get("by_class", {}).items()]
    classes.append((number(round(part.get("person_days") or 0)), pen.word("person_days")))
    blocks.append(figures(classes, part=PROPOSED))
    blocks += _measures(pen, part.get("measures", []))
    if near := soon(pen, part.get("duties", [])):
        blocks.append(para(pen.word("would_be_due", n=number(len(near))), tone="note", part=PROPOSED))
    for code, days in (("tests", "tests_by_day"), ("rooms", "rooms_by_day"), ("seats", "seats_by_day")):
        if part.get(days):
            blocks.append(drawing(daily_svg(pen, code, part[days]), pen.word(f"{code}_told"), part=PROPOSED))
    return blocks


def _measures(pen: Pen, measures: list[Item]) -> list[Block]:
    rows: list[list[Cell | str]] = [
        [
            cell(pen.contact_class(m.get("class")), strong=True),
            _asked(pen, m),
            pen.named(m, "rung") if m.get("rung_said") else pen.term(m.get("rung"), "report.rung"),
            number(m.get("n") or 0),
            number(round(m.get("person_days") or 0)),
        ]
        for m in measures
    ]
    if not rows:
        return []
    head = [pen.word(code) for code in ("class", "course", "instrument", "people", "person_days")]
    cost = para(pen.word("cost"), tone="quiet", part=PROPOSED)
    return [table(head, rows, (1.4, 1.8, 1.2, 0.8, 1), part=PROPOSED), cost]


def _asked(pen: Pen, measure: Item) -> str:
    """Return what a measure asks in words: as the plan tells it, else by the words of what it asks."""
    for code in ("stage", "course"):
        if measure.get(f"{code}_said") or measure.get(f"{code}_{pen.language}"):
            return pen.named(measure, code)
    if measure.get("asks"):
        return pen.term(measure["asks"], "word")
    return pen.listed([pen.term(measure.get("course") or "", "word"), pen.term(measure.get("stage") or "", "word")])


def _knowledge(pen: Pen) -> list[Block]:
    blocks = [heading(pen.word("knowledge"), "known"), heading(pen.word("known"), level=3)]
    known = [pen.text(one) for one in pen.plan.get("knowns", [])]
    blocks.append(bullets(known) if known else para(pen.word("nothing_told"), tone="quiet"))
    blocks.append(heading(pen.word("not_known"), level=3))
    rows: list[list[Cell | str]] = []
    for one in pen.plan.get("unknowns", []):
        remains, tone = pen.remains(one.get("by"))
        by = cell(pen.by(one.get("by")) or remains, sub=remains if one.get("by") else "", tone=tone)
        rows.append([cell(pen.text(one), strong=True), pen.desk(one), by, pen.text(one.get("trigger"))])
    if rows:
        head = [pen.word(code) for code in ("not_known", "who_finds", "deadline", "trigger")]
        blocks.append(table(head, rows, (2, 1, 1.1, 2)))
    return blocks if rows else [*blocks, para(pen.word("nothing_told"), tone="quiet")]
