"""The first page of a report: what is known, what to do and whom to call in the next four hours, what must wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.exchange.report.acts import act, due_of, gathered, soon, told
from ringfence.exchange.report.blocks import NOW, Act, Block, Cell, acts, card, cell, heading, only, para, table
from ringfence.exchange.report.pen import HORIZON, Pen
from ringfence.exchange.writing import number

MOST_CALLS = 20
MOST_CALLS_PRINTED = 6
MOST_ACTS = 20
MOST_ACTS_PRINTED = 12
_REACHING = ("locate", "call", "reach")
Item = Mapping[str, Any]


def first_blocks(pen: Pen) -> list[Block]:
    """Return the blocks of the first page, in reading order."""
    due = gathered(pen, soon(pen, pen.plan.get("due_now", [])))
    items = [act(pen, at, group) for at, group in enumerate(due[:MOST_ACTS], start=1)]
    calls = _calls_of(pen)
    return [*_card(pen), *_begin(pen, items, calls), *_next_hours(pen, items, len(due)), *_calls(pen, calls)]


def _card(pen: Pen) -> list[Block]:
    one = pen.plan.get("card", {}).get(pen.language, {})
    fields = [
        (pen.word("known"), one.get("known", []), ""),
        (pen.word("not_known"), one.get("not_known", []), "sunken"),
        (pen.word("done"), one.get("done", []), ""),
        (pen.word("decide"), one.get("next", []), ""),
    ]
    told_fields = [(title, said or [pen.word("nothing_told")], tone) for title, said, tone in fields]
    blocks = [heading(pen.word("card"), "card"), card(told_fields)]
    if short := pen.text(pen.plan.get("card", {}).get("short")):
        blocks += only([para(pen.word("short", text=short), tone="quiet")], "screen")
    return blocks


def _begin(pen: Pen, items: list[Act], calls: list[Item]) -> list[Block]:
    """Return the box with the first act and the first call, beside what must not be done yet."""
    lines = []
    if items:
        one = items[0]
        what = one["text"] + (pen.in_brackets(one["who"]) if one["who"] else "")
        lines.append(pen.word("do_first", what=what, desk=one["desk"], remains=one["remains"], by=one["deadline"]))
    if calls:
        first = calls[0]
        who = pen.listed([first["who"], first["about"], first["tel"]])
        why = pen.listed([*first["why"][:1]])
        lines.append(pen.word("call_first_of_all", who=who, why=why))
    fields = [(pen.word("begin"), lines or [pen.word("nothing_due")], "")]
    if waiting := _not_yet(pen):
        fields.append((pen.word("not_yet"), waiting, "wait"))
    return [card(fields)]


def _not_yet(pen: Pen) -> list[str]:
    """Return what must not be done yet, each with its reason."""
    given = pen.plan.get("not_yet") or []
    lines = []
    for one in given:
        why = pen.listed(pen.why(one.get("why"))) if isinstance(one, Mapping) else ""
        lines.append(pen.text(one) + (pen.in_brackets(why.rstrip(".。")) if why else ""))
    if not lines and pen.plan.get("candidates"):
        lines.append(pen.word("not_yet_assessed", n=number(len(pen.plan["candidates"]))))
    return lines


def _next_hours(pen: Pen, items: list[Act], many: int) -> list[Block]:
    limit = pen.now + HORIZON
    blocks = [heading(pen.word("next_hours", until=f"{limit:%H:%M}"), "next", part=NOW)]
    blocks.append(acts([pen.word(code) for code in ("no", "deadline", "what", "desk")], items, most=MOST_ACTS_PRINTED) if items else para(pen.word("nothing_due"), tone="quiet"))
    if many > MOST_ACTS_PRINTED:
        further = para(pen.word("further_acts", n=number(many - MOST_ACTS_PRINTED)), tone="quiet")
        blocks.append(further | {"only": "print"})
    if many > MOST_ACTS:
        blocks.append(para(pen.word("further_acts", n=number(many - MOST_ACTS)), tone="quiet") | {"only": "screen"})
    return blocks


def _calls_of(pen: Pen) -> list[Item]:
    """Return whom to call in order: as the plan ranks them, or whoever the duties of these hours ask to reach."""
    due = soon(pen, pen.plan.get("due_now", []))
    ranked = sorted(pen.plan.get("calls", []), key=lambda c: c.get("rank") or 0)
    if not ranked:
        rows = []
        for duty in sorted((d for d in due if d.get("kind") in _REACHING), key=lambda d: due_of(pen, d)):
            text, who = told(pen, [duty])
            name = pen.person(duty.get("who")) or text.replace("：", ": ").rpartition(": ")[2]
            known = pen.people.get(str(duty.get("who")), {})
            phone, place = pen.reach(duty, known)
            row = {"who": name, "about": pen.about(known), "tel": phone, "place": place, "by": duty.get("due")}
            rows.append({**row, "desk": pen.desk(duty), "why": pen.why(duty.get("why")), "ask": [text if who else ""]})
        return rows
    return [_call(pen, call, due) for call in ranked]


def _call(pen: Pen, call: Item, due: list[Item]) -> Item:
    name = str(call.get("person", ""))
    known = pen.people.get(name, {})
    phone, place = pen.reach(call, known)
    own = sorted((d for d in due if name in (str(d.get("who")), str(d.get("subject")))), key=lambda d: due_of(pen, d))
    ask = call.get("ask") or known.get("questions") or ()
    return {
        "who": pen.person(known or call),
        "about": pen.about(known),
        "tel": phone,
        "place": place or pen.named(known, "group_place"),
        "by": call.get("by") or (own[0].get("due") if own else None),
        "desk": pen.desk(call) or (pen.desk(own[0]) if own else ""),
        "why": [pen.text(call)],
        "ask": pen.why(ask if isinstance(ask, list | tuple) else [ask]),
    }


def _calls(pen: Pen, calls: list[Item]) -> list[Block]:
    blocks = [heading(pen.word("call_first"), "calls", part=NOW)]
    if not calls:
        return [*blocks, para(pen.word("no_calls"), tone="quiet")]
    if not any(one["tel"] for one in calls):
        blocks.append(para(pen.word("no_numbers"), tone="note"))
    dated = any(one["by"] for one in calls)
    rows: list[list[Cell | str]] = []
    before = ""
    for rank, one in enumerate(calls[:MOST_CALLS], start=1):
        asked = pen.word("ask_colon") + " ".join(one["ask"][:2]) if any(one["ask"]) else ""
        asked, before = pen.word("ask_as_above") if asked and asked == before else asked, asked
        remains, tone = pen.remains(one["by"])
        row: list[Cell | str] = [
            cell(str(rank), strong=True),
            cell(one["who"], strong=True, sub=one["about"]),
            cell("", tel=one["tel"], sub=one["place"]) if one["tel"] or one["place"] else cell("—", tone="quiet"),
            cell(" ".join(one["why"]), sub=asked),
        ]
        if dated:
            row.insert(3, cell(pen.by(one["by"]), sub=remains, tone=tone) if one["by"] else cell("—", tone="quiet"))
        rows.append(row)
    codes = ("no", "who", "phone_place", "deadline", "why_first") if dated else ("no", "who", "phone_place", "why_first")
    widths = (0.3, 1.1, 1.5, 0.9, 3.2) if dated else (0.3, 1.1, 1.5, 3.6)
    head = [pen.word(code) for code in codes]
    rest = pen.word("further_calls", n=number(len(calls) - MOST_CALLS_PRINTED))
    blocks.append(table(head, rows, widths, part=NOW, most=MOST_CALLS_PRINTED, rest=rest))
    if len(calls) > MOST_CALLS:
        further = para(pen.word("further_calls", n=number(len(calls) - MOST_CALLS)), tone="quiet")
        blocks.append(further | {"only": "screen"})
    return blocks
