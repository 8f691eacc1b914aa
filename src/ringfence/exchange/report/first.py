"""The first page of a report: what is known, what to do and whom to call in the next four hours, what must wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ringfence.exchange.report.acts import act, due_of, gathered, soon, told
from ringfence.exchange.report.blocks import (
    NOW,
    Act,
    Block,
    Cell,
    acts,
    card,
    cell,
    fitted,
    heading,
    only,
    para,
    table,
    waits,
)
from ringfence.exchange.report.pen import HORIZON, Pen, state_of
from ringfence.exchange.writing import number

MOST_CALLS = 20
MOST_ACTS = 20
_MOST_ON_CARD = 3
_REACHING = ("locate", "call", "reach")
_SAME_DAY = re.compile(r"((\d{4}-\d\d-\d\d) \d\d:\d\d) – \2 (\d\d:\d\d)")
Item = Mapping[str, Any]


def first_blocks(pen: Pen) -> list[Block]:
    """Return the blocks of the first page, in reading order."""
    due = gathered(pen, soon(pen, pen.plan.get("due_now", [])))
    items = [act(pen, at, group) for at, group in enumerate(due[:MOST_ACTS], start=1)]
    calls = _calls_of(pen)
    return [*_card(pen, items), *_begin(pen, items, calls), *_next_hours(pen, items, len(due)), *_calls(pen, calls)]


def _card(pen: Pen, items: list[Act]) -> list[Block]:
    """Return the mayor's card; what to decide is not told again where it is an act of the list below."""
    one = pen.plan.get("card", {}).get(pen.language, {})
    decide = [line for line in one.get("next", []) if not any(act["text"] in line for act in items)]
    if len(decide) < len(one.get("next", [])):
        decide = [*decide, pen.word("acts_below")]
    fields = [
        (pen.word("known"), [*one.get("known", []), *_who(pen)], ""),
        (pen.word("not_known"), one.get("not_known", []), "sunken"),
        (pen.word("done"), one.get("done", []), ""),
        (pen.word("decide"), decide, ""),
    ]
    told_fields = [(title, said or [pen.word("nothing_told")], tone) for title, said, tone in fields]
    blocks = [heading(pen.word("card"), "card"), card(told_fields)]
    if short := pen.text(pen.plan.get("card", {}).get("short")):
        blocks += only([para(pen.word("short", text=short), tone="quiet")], "screen")
    return blocks


def _who(pen: Pen) -> list[str]:
    """Return who the cases are, where they are few enough for a card."""
    cases = pen.plan.get("cases", [])
    if len(cases) > _MOST_ON_CARD:
        return []
    stop = "。" if pen.language == "zh" else "."
    told = [pen.joined([pen.called(c.get("id")), pen.about(c), state_of(pen, c)]) for c in cases]
    return [line[:1].upper() + line[1:] + stop for line in told]


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
        why = " ".join(first["why"])
        lines.append(pen.word("call_first_of_all", who=who, why=why))
    blocks = [card([(pen.word("begin"), lines or [pen.word("nothing_due")], "")])]
    waiting = _not_yet(pen)
    return [*blocks, waits(pen.word("not_yet"), waiting)] if waiting else blocks


def _not_yet(pen: Pen) -> list[tuple[str, str]]:
    """Return what must not be done yet, each with what it waits for."""
    rows = [
        (pen.text(one), pen.word("until_first", until=until) if (until := pen.named(one, "waits_for")) else "")
        for one in pen.plan.get("not_yet") or []
    ]
    if not rows and pen.plan.get("candidates"):
        rows.append((pen.word("not_yet_assessed", n=number(len(pen.plan["candidates"]))), ""))
    return rows


def _next_hours(pen: Pen, items: list[Act], many: int) -> list[Block]:
    limit = pen.now + HORIZON
    blocks = [heading(pen.word("next_hours", until=f"{limit:%H:%M}"), "next", part=NOW)]
    if not items:
        return [*blocks, para(pen.word("nothing_due"), tone="quiet")]
    head = [pen.word(code) for code in ("no", "deadline", "what", "desk")]
    blocks.append(fitted(acts(head, items), _rests(pen, "further_acts", len(items), many)))
    if many > MOST_ACTS:
        blocks += only([para(pen.word("further_acts", n=number(many - MOST_ACTS)), tone="quiet")], "screen")
    return blocks


def _rests(pen: Pen, code: str, shown: int, many: int) -> list[str]:
    """Return the sentence that says how many rows are not there, for each number of rows that may stand there."""
    return [pen.word(code, n=number(many - n)) if n < many else "" for n in range(shown + 1)]


def _calls_of(pen: Pen) -> list[Item]:
    """Return whom to call in order: as the plan ranks them, or whoever the duties of these hours ask to reach."""
    due = soon(pen, pen.plan.get("due_now", []))
    ranked = sorted(pen.plan.get("calls", []), key=lambda c: c.get("rank") or 0)
    if not ranked:
        rows: list[Item] = []
        for duty in sorted((d for d in due if d.get("kind") in _REACHING), key=lambda d: due_of(pen, d)):
            name = pen.called(duty.get("who")) or told(pen, [duty])[0].replace("：", ": ").rpartition(": ")[2]
            known = pen.people.get(str(duty.get("who")), {})
            phone, place = pen.reach(duty, known)
            row = {"who": name, "about": pen.about(known), "tel": phone, "place": "", "met": place}
            rows.append({**row, "by": duty.get("due"), "why": pen.why(duty.get("why"))[:1], "ask": []})
        return rows
    return [_call(pen, call, due) for call in ranked]


def _call(pen: Pen, call: Item, due: list[Item]) -> Item:
    name = str(call.get("person", ""))
    known = pen.people.get(name, {})
    tie = pen.why(known.get("why"))[1:2]  # the first reason is the class, the second how they were together
    own = sorted((d for d in due if name in (str(d.get("who")), str(d.get("subject")))), key=lambda d: due_of(pen, d))
    ask = call.get("ask") or known.get("questions") or ()
    return {
        "who": pen.person(known or call),
        "about": pen.about(known),
        "tel": str(known.get("phone") or ""),
        "place": pen.named(call, "address"),
        "met": pen.joined([pen.named(call, "place"), _SAME_DAY.sub(r"\1–\3", pen.named(call, "when"))]),
        "by": call.get("by") or (own[0].get("due") if own else None),
        "why": [*tie, pen.text(call)],
        "ask": pen.why(ask if isinstance(ask, list | tuple) else [ask]),
    }


def _calls(pen: Pen, calls: list[Item]) -> list[Block]:
    blocks = [heading(pen.word("call_first"), "calls", part=NOW)]
    if not calls:
        return [*blocks, para(pen.word("no_calls"), tone="quiet")]
    if not pen.plan.get("calls"):
        blocks.append(para(pen.word("not_ranked"), tone="note"))
    reached, dated = any(one["tel"] or one["place"] for one in calls), any(one["by"] for one in calls)
    if not any(one["tel"] for one in calls):
        blocks.append(para(pen.word("no_numbers"), tone="note"))
    common = [ask for ask in calls[0]["ask"] if len(calls) > 1 and all(ask in one["ask"] for one in calls)]
    if common:
        blocks.append(para(pen.word("ask_each", ask=" ".join(common)), part=NOW))
    rows, before = [], ""
    for rank, one in enumerate(calls[:MOST_CALLS], start=1):
        own = [ask for ask in one["ask"] if ask not in common]
        asked = pen.word("ask_colon") + " ".join(own[:2]) if any(own) else ""
        asked, before = pen.word("ask_as_above") if asked and asked == before else asked, asked
        met = pen.word("met", place=one["met"]) if one["met"] else ""
        remains, tone = pen.remains(one["by"])
        row: list[Cell | str] = [
            cell(str(rank), strong=True),
            cell(one["who"], strong=True, sub=one["about"]),
            cell("" if one["tel"] or one["place"] else "—", tel=one["tel"], sub=one["place"]),
            cell(pen.by(one["by"]) or "—", sub=remains if one["by"] else "", tone=tone),
            cell(" ".join([*one["why"], met]).strip(), sub=asked),
        ]
        rows.append([c for c, kept in zip(row, (True, True, reached, dated, True), strict=True) if kept])
    codes = ["no", "who", *["phone_place"] * reached, *["deadline"] * dated, "why_first"]
    widths = [0.3, 1.2, *[1.6] * reached, *[0.9] * dated, 3.4]
    listed = table([pen.word(code) for code in codes], rows, widths, part=NOW)
    blocks.append(fitted(listed, _rests(pen, "further_calls", len(rows), len(calls))))
    if len(calls) > MOST_CALLS:
        further = para(pen.word("further_calls", n=number(len(calls) - MOST_CALLS)), tone="quiet")
        blocks += only([further], "screen")
    return blocks
