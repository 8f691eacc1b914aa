"""The first page of a report: the card, what to do in the next four hours, the two parts, known and unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ringfence.exchange.report.blocks import (
    NOW,
    PROPOSED,
    Act,
    Block,
    Cell,
    acts,
    bullets,
    card,
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

MOST_CALLS = 10
MOST_ACTS = 20
_MOST_NAMES = 6
_FAR = datetime.max.replace(tzinfo=UTC)
Duty = Mapping[str, Any]


def first_blocks(pen: Pen) -> list[Block]:
    """Return the blocks of the first page and of the two parts, in reading order."""
    return [*_card(pen), *_next_hours(pen), *_due_now(pen), *_if_assessed(pen), *_knowledge(pen)]


def _card(pen: Pen) -> list[Block]:
    whole = pen.plan.get("card", {})
    one = whole.get(pen.language, {})
    fields = [
        (pen.word("known"), one.get("known", []), ""),
        (pen.word("not_known"), one.get("not_known", []), "sunken"),
        (pen.word("done"), one.get("done", []), ""),
        (pen.word("decide"), one.get("next", []), ""),
    ]
    blocks = [heading(pen.word("card"), "card")]
    if short := pen.text(whole.get("short")):
        blocks.append(para(short, tone="lead"))
    return [*blocks, card([(title, said or [pen.word("nothing_told")], tone) for title, said, tone in fields])]


def _next_hours(pen: Pen) -> list[Block]:
    limit = pen.now + HORIZON
    due = [d for d in pen.plan.get("due_now", []) if is_open(d) and (pen.at(d.get("due")) or _FAR) <= limit]
    grouped = gathered(pen, due)
    blocks = [heading(pen.word("next_hours", until=f"{limit:%H:%M}"), "next", part=NOW)]
    calls = sorted(pen.plan.get("calls", []), key=lambda c: c.get("rank") or 0)
    items = [_act(pen, at, group) for at, group in enumerate(grouped[:MOST_ACTS], start=1)]
    late = [item for item in items if item["tone"] == "late"]
    if late:
        blocks += [heading(pen.word("late_first"), level=3), acts(late)]
    blocks += _calls(pen, calls, due)
    blocks.append(heading(pen.word("by_deadline"), level=3))
    items = items[len(late) :]
    blocks.append(acts(items) if items else para(pen.word("nothing_further" if late else "nothing_due"), tone="quiet"))
    if len(grouped) > MOST_ACTS:
        blocks.append(para(pen.word("further_acts", n=number(len(grouped) - MOST_ACTS)), tone="quiet"))
    asked = [u for u in pen.plan.get("unknowns", []) if (pen.at(u.get("by")) or _FAR) <= limit]
    if asked:
        names = "; ".join(f"{pen.text(u)} ({pen.when(u.get('by'))})" for u in asked[:5])
        blocks.append(para(pen.word("unknowns_due", what=names), tone="note"))
    soon = [
        d
        for d in pen.plan.get("if_assessed", {}).get("duties", [])
        if is_open(d) and (pen.at(d.get("due")) or _FAR) <= limit
    ]
    if soon:
        blocks.append(para(pen.word("would_be_due", n=number(len(soon))), part=PROPOSED))
    return blocks


def _calls(pen: Pen, calls: list[Mapping[str, Any]], due: list[Duty]) -> list[Block]:
    blocks = [heading(pen.word("call_first"), level=3)]
    if not calls:
        return [*blocks, para(pen.word("no_calls"), tone="quiet")]
    known = {str(c.get("person")): c for c in pen.plan.get("candidates", [])}
    duty_of: dict[str, Duty] = {}
    for one in sorted(due, key=lambda d: _due(pen, d)):
        for key in {str(one.get("subject")), str(one.get("who"))}:
            duty_of.setdefault(key, one)
    rows: list[list[Cell | str]] = []
    for rank, call in enumerate(calls[:MOST_CALLS], start=1):
        name = str(call.get("person", ""))
        about = known.get(name, {})
        duty = duty_of.get(name)
        remains, tone = pen.remains(duty.get("due")) if duty else ("", "")
        rows.append(
            [
                cell(str(rank), strong=True),
                cell(pen.person(about or call), strong=True, sub=vulnerable(pen, about)),
                cell(pen.text(call), sub=pen.listed([pen.text(q) for q in about.get("questions", ())], 2)),
                cell(pen.desk(duty) if duty else pen.word("desk_calls")),
                cell(remains, sub=pen.word("by", time=pen.when(duty.get("due"))) if duty else "", tone=tone),
            ]
        )
    head = [pen.word(code) for code in ("no", "person", "why_first", "desk", "deadline")]
    blocks.append(table(head, rows, (0.3, 1.2, 3.2, 1, 1.1), part=NOW))
    if len(calls) > MOST_CALLS:
        blocks.append(para(pen.word("further_calls", n=number(len(calls) - MOST_CALLS)), tone="quiet"))
    return blocks


def vulnerable(pen: Pen, about: Mapping[str, Any]) -> str:
    """Return in words what makes a person vulnerable."""
    return pen.listed([pen.term(one, "report.vulnerable", "stratum") for one in about.get("vulnerable") or []])


def _due(pen: Pen, duty: Duty) -> datetime:
    return pen.at(duty.get("due")) or _FAR


def gathered(pen: Pen, duties: Iterable[Duty]) -> list[list[Duty]]:
    """Return duties of the same kind, desk, hour and sentence together, the earliest first: one act for all of them."""
    groups: dict[tuple[str, ...], list[Duty]] = defaultdict(list)
    for duty in duties:
        due = pen.at(duty.get("due"))
        when = due.isoformat(timespec="minutes") if due else ""
        groups[(str(duty.get("kind")), str(duty.get("desk")), when, pen.text(duty))].append(duty)
    return sorted(groups.values(), key=lambda g: _due(pen, g[0]))


def names_of(pen: Pen, group: list[Duty]) -> str:
    """Return whom a gathered act is about."""
    if len(group) == 1:
        return pen.person(group[0].get("who") or group[0].get("subject"))
    every = [pen.person(duty.get("who") or duty.get("subject")) for duty in group]
    return pen.word("people_named", n=number(len(group)), names=pen.listed(every, _MOST_NAMES))


def _act(pen: Pen, at: int, group: list[Duty]) -> Act:
    duty = group[0]
    remains, tone = pen.remains(duty.get("due"))
    text = pen.text(duty) or pen.term(duty.get("kind"), "duty_kind")
    who = names_of(pen, group)
    return {
        "number": str(at),
        "remains": remains,
        "deadline": pen.word("by", time=pen.when(duty.get("due"))),
        "tone": tone,
        "text": text if len(group) == 1 and who in text else text + pen.in_brackets(who),
        "desk": pen.desk(duty),
        "why": pen.why(duty.get("why")),
    }


def _due_now(pen: Pen) -> list[Block]:
    still = [d for d in pen.plan.get("due_now", []) if is_open(d)]
    late = sum(1 for d in still if _due(pen, d) < pen.now)
    soon = sum(1 for d in still if pen.now <= _due(pen, d) <= pen.now + HORIZON)
    waiting = len(still) - late - soon
    blocks = [heading(pen.word("part_now"), "now", part=NOW), para(pen.word("part_now_means"), tone="note", part=NOW)]
    if not still:
        return [*blocks, para(pen.word("nothing_due"), tone="quiet", part=NOW)]
    counts = [(late, "late_duties"), (soon, "soon_duties"), (waiting, "later_duties")]
    blocks.append(figures([(number(n), pen.word(code)) for n, code in counts], part=NOW))
    return [*blocks, drawing(hours_svg(pen, still), pen.word("hours_told"), part=NOW)]


def _if_assessed(pen: Pen) -> list[Block]:
    part = pen.plan.get("if_assessed", {})
    blocks = [heading(pen.word("part_if"), "if", part=PROPOSED)]
    blocks.append(para(pen.word("part_if_means"), tone="note", part=PROPOSED))
    classes = [(number(n), pen.contact_class(code)) for code, n in part.get("by_class", {}).items()]
    classes.append((number(part.get("person_days") or 0), pen.word("person_days")))
    blocks.append(figures(classes, part=PROPOSED))
    rows: list[list[Cell | str]] = [
        [
            cell(pen.contact_class(m.get("class")), strong=True),
            cell(pen.term(m.get("course"), "course"), sub=pen.term(m.get("stage") or "", "stage")),
            pen.term(m.get("rung"), "rung"),
            number(m.get("n") or 0),
            number(m.get("person_days") or 0),
        ]
        for m in part.get("measures", [])
    ]
    if rows:
        head = [pen.word(code) for code in ("class", "course", "instrument", "people", "person_days")]
        blocks.append(table(head, rows, (1.4, 1.8, 1.2, 0.8, 1), part=PROPOSED))
        blocks.append(para(pen.word("cost"), tone="quiet", part=PROPOSED))
    for code, days in (("tests", "tests_by_day"), ("rooms", "rooms_by_day"), ("seats", "seats_by_day")):
        if part.get(days):
            blocks.append(drawing(daily_svg(pen, code, part[days]), pen.word(f"{code}_told"), part=PROPOSED))
    return blocks


def _knowledge(pen: Pen) -> list[Block]:
    blocks = [heading(pen.word("knowledge"), "known"), heading(pen.word("known"), level=3)]
    known = [pen.text(one) for one in pen.plan.get("knowns", [])]
    blocks.append(bullets(known) if known else para(pen.word("nothing_told"), tone="quiet"))
    blocks.append(heading(pen.word("not_known"), level=3))
    rows: list[list[Cell | str]] = []
    for one in pen.plan.get("unknowns", []):
        remains, tone = pen.remains(one.get("by"))
        rows.append(
            [
                cell(pen.text(one), strong=True),
                pen.desk(one),
                cell(remains, sub=pen.word("by", time=pen.when(one.get("by"))) if one.get("by") else "", tone=tone),
                pen.text(one.get("trigger")),
            ]
        )
    if rows:
        head = [pen.word(code) for code in ("not_known", "who_finds", "deadline", "trigger")]
        blocks.append(table(head, rows, (2, 1, 1.1, 2)))
    return blocks if rows else [*blocks, para(pen.word("nothing_told"), tone="quiet")]
