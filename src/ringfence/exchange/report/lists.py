"""The long lists of a report: duties by desk, the calendar, everybody to be assessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.exchange.report.acts import deadline, gathered, told
from ringfence.exchange.report.blocks import NOW, PROPOSED, Block, Cell, cell, heading, para, table
from ringfence.exchange.report.pen import Pen, is_open
from ringfence.exchange.writing import brief_duration, number

MOST_DUTIES_PRINTED = 25
MOST_DAYS_PRINTED = 31
MOST_PEOPLE_PRINTED = 30
Item = Mapping[str, Any]


def duty_blocks(pen: Pen) -> list[Block]:
    """Return the open duties of both parts by desk, the earliest first."""
    blocks = [heading(pen.word("duties"), "duties")]
    proposed = pen.plan.get("if_assessed", {}).get("duties", [])
    for part, title, duties in ((NOW, "part_now", pen.plan.get("due_now", [])), (PROPOSED, "part_if", proposed)):
        blocks.append(heading(pen.word(title), level=3, part=part))
        by_desk: dict[str, list[Item]] = defaultdict(list)
        for duty in duties:
            if is_open(duty):
                by_desk[pen.desk(duty)].append(duty)
        if not by_desk:
            blocks.append(para(pen.word("nothing_due"), tone="quiet", part=part))
        for desk, own in sorted(by_desk.items(), key=lambda pair: -len(pair[1])):
            blocks.append(heading(pen.word("desk_has", desk=desk, n=number(len(own))), level=4, part=part))
            rows = [_duty(pen, group) for group in gathered(pen, own)]
            head = [pen.word(code) for code in ("deadline", "what", "about_whom")]
            rest = pen.word("rest_duties", n=number(len(rows) - MOST_DUTIES_PRINTED))
            blocks.append(table(head, rows, (1.1, 4, 2), part=part, most=MOST_DUTIES_PRINTED, rest=rest))
    return blocks


def _duty(pen: Pen, group: list[Item]) -> list[Cell | str]:
    duty = group[0]
    remains, tone = pen.remains(deadline(duty))
    text, who = told(pen, group)
    state = str(duty.get("state") or "open")
    note = "" if state in ("open", "late", "proposed") else pen.term(state, "duty_state")
    clock = cell(pen.by(deadline(duty)) or remains, sub=remains if deadline(duty) else "", tone=tone)
    why = pen.why(duty.get("why"))
    if why and int(duty.get("n") or 1) > 1:  # the reasons are those of the first of many
        why = [pen.word("why_of_one"), *why]
    return [clock, cell(text, sub=note, why=why), who]


def calendar_blocks(pen: Pen) -> list[Block]:
    """Return what each day would need, if assessed as proposed."""
    blocks = [
        heading(pen.word("calendar"), "calendar", part=PROPOSED),
        para(pen.word("calendar_means"), tone="note", part=PROPOSED),
    ]
    columns = ("tests", "releases", "rooms", "seats", "reports")
    rows: list[list[Cell | str]] = [
        [cell(pen.when(one.get("day")), strong=True), *(_count(one.get(code)) for code in columns)]
        for one in pen.plan.get("calendar", [])
    ]
    if not rows:
        return [*blocks, para(pen.word("calendar_empty"), tone="quiet")]
    head = [pen.word("day"), *(pen.word(code) for code in columns)]
    rest = pen.word("rest_html", n=number(len(rows) - MOST_DAYS_PRINTED))
    widths = (1.2, 1, 1, 1, 1, 1)
    return [*blocks, table(head, rows, widths, part=PROPOSED, most=MOST_DAYS_PRINTED, rest=rest)]


def _count(value: object) -> str:
    """Return a number of a day; a dash for none, so that the days on which something happens stand out."""
    n = int(value) if isinstance(value, int | float) else 0
    return number(n) if n else "–"


def annex_blocks(pen: Pen) -> list[Block]:
    """Return everybody to be assessed, in the order of calling."""
    people = _ranked(pen.plan.get("candidates", []))
    blocks = [heading(pen.word("annex", n=number(len(people))), "annex", part=PROPOSED)]
    if not people:
        return [*blocks, para(pen.word("nobody"), tone="quiet")]
    rows: list[list[Cell | str]] = [
        [
            cell(str(at), tone="quiet"),
            cell(pen.person(one), strong=True, sub=pen.about(one)),
            str(one.get("group") or "").upper() or "—",
            pen.contact_class(one.get("class")),
            _together(pen, one),
            pen.span(one.get("first"), one.get("last")),
        ]
        for at, one in enumerate(people, start=1)
    ]
    head = [pen.word(code) for code in ("no", "who", "group", "class", "together", "when")]
    summary = pen.word("annex_open", n=number(len(rows)))
    rest = pen.word("rest_people", n=number(len(rows) - MOST_PEOPLE_PRINTED))
    widths = (0.4, 1.6, 0.6, 1.3, 1.5, 2.2)
    return [
        *blocks,
        table(head, rows, widths, part=PROPOSED, summary=summary, most=MOST_PEOPLE_PRINTED, rest=rest),
    ]


def people_table(pen: Pen, members: Iterable[Item], shared: set[str], most: int) -> Block:
    """Return the people of a group, in the order of calling, each with what differs from the shared facts."""
    ranked = _ranked(members)
    own = [[text for text in pen.why(one.get("why")) if text not in shared] for one in ranked]
    asked = [[text for text in pen.why(one.get("questions")) if text not in shared] for one in ranked]
    rows: list[list[Cell | str]] = []
    for one, why, ask in zip(ranked, own, asked, strict=True):
        row: list[Cell | str] = [
            cell(pen.person(one), strong=True, sub=pen.about(one)),
            _together(pen, one),
            pen.span(one.get("first"), one.get("last")),
        ]
        if any(own) or any(asked):
            sub = pen.word("ask_colon") + " ".join(ask) if ask else ""
            row.append(cell(" ".join(why) or pen.word("same_as_group"), sub=sub, tone="" if why else "quiet"))
        rows.append(row)
    codes = ("who", "together", "when", "differs") if any(own) or any(asked) else ("who", "together", "when")
    widths = (1.3, 1.4, 1.8, 3) if len(codes) == 4 else (1.6, 1.4, 2)
    rest = pen.word("rest_people", n=number(len(rows) - most))
    summary = pen.word("people_open", n=number(len(rows))) if len(rows) > 12 else ""
    return table([pen.word(code) for code in codes], rows, widths, summary=summary, most=most, rest=rest)


def _together(pen: Pen, one: Item) -> str:
    """Return how long a person was with the case, and how strong the evidence is, on one line."""
    band = one.get("band")
    slug = band if isinstance(band, str) or band is None else ("slight", "some", "strong", "very_strong")[int(band)]
    minutes = one.get("minutes")
    length = "—" if minutes is None else brief_duration(int(minutes), pen.language)
    return pen.joined([length, pen.term(slug or "", "band")])


def _ranked(people: Iterable[Item]) -> list[Item]:
    return sorted(people, key=lambda c: (c.get("call_rank") or 10**9, str(c.get("person"))))
