"""The further pages of a report: map, cases, groups, duties by desk, calendar, hypotheses, errors, the annex."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ringfence.exchange.report.blocks import NOW, PROPOSED, Block, Cell, bullets, cell, drawing, heading, para, table
from ringfence.exchange.report.first import gathered, names_of, vulnerable
from ringfence.exchange.report.map import map_svg, numbered
from ringfence.exchange.report.pen import Pen, is_open
from ringfence.exchange.report.timeline import case_svg
from ringfence.exchange.writing import brief_duration, number, shortened

MOST_IN_GROUP = 10
MOST_WRONG = 50
Item = Mapping[str, Any]


def rest_blocks(pen: Pen) -> list[Block]:
    """Return the blocks after the first pages, in reading order; the long lists stand last."""
    return [
        *_map(pen),
        *_cases(pen),
        *_groups(pen),
        *_duties(pen),
        *_calendar(pen),
        *_hypotheses(pen),
        *_earlier(pen),
        *_wrong(pen),
        *_files(pen),
        *_annex(pen),
    ]


def _map(pen: Pen) -> list[Block]:
    blocks = [heading(pen.word("map"), "map")]
    points = numbered(pen.plan.get("map", {}).get("points", []))
    if not points:
        return [*blocks, para(pen.word("map_empty"), tone="quiet")]
    blocks.append(drawing(map_svg(pen, points), pen.word("map_told", n=number(len(points)))))
    rows: list[list[Cell | str]] = [
        [str(at), pen.text(p) or pen.word("no_name"), pen.term(p.get("kind") or "", "report.place"), number(p["n"])]
        for at, p in enumerate(points, start=1)
    ]
    head = [pen.word(code) for code in ("no", "place", "kind", "people")]
    summary = pen.word("map_table") if len(rows) > 12 else ""
    return [*blocks, table(head, rows, (0.4, 3, 1.5, 0.8), summary=summary)]


def _cases(pen: Pen) -> list[Block]:
    blocks = [heading(pen.word("cases"), "cases")]
    for case in pen.plan.get("cases", []):
        blocks.append(heading(_case_title(pen, case), level=3))
        facts = [
            (pen.word("onset"), pen.when(case.get("onset"))),
            (pen.word("first_positive"), pen.when(case.get("first_positive"))),
            (pen.word("isolated"), pen.when(case.get("isolated"))),
            (pen.word("infectious"), pen.span(*[*(case.get("infectious") or ()), None, None][:2])),
        ]
        unknown = pen.word("not_known")
        blocks.append(para(" · ".join(f"{name}: {value or unknown}" for name, value in facts)))
        events = sorted(case.get("timeline", []), key=lambda e: str(e.get("at")))
        if not events:
            continue
        if svg := case_svg(pen, case):
            blocks.append(drawing(svg, pen.word("timeline_told")))
        rows: list[list[Cell | str]] = [
            [
                cell(pen.span(e.get("at"), e.get("until")) if e.get("until") else pen.when(e.get("at"))),
                pen.term(e.get("kind") or "", "report.event", "fact_kind"),
                cell(pen.text(e), strong=e.get("kind") in ("onset", "sample", "positive", "isolated")),
                pen.text(e.get("place")),
            ]
            for e in events
        ]
        head = [pen.word(code) for code in ("when", "kind", "what", "place")]
        summary = pen.word("timeline_rows", n=number(len(rows))) if len(rows) > 15 else ""
        blocks.append(table(head, rows, (1.5, 1, 3, 1.3), summary=summary))
    return blocks if len(blocks) > 1 else [*blocks, para(pen.word("no_cases"), tone="quiet")]


def _case_title(pen: Pen, case: Item) -> str:
    sex = pen.term(case.get("sex") or "", "report.sex")
    age = pen.word("age", n=case["age"]) if case.get("age") is not None else ""
    who = str(case.get("name") or case.get("subject") or case.get("id") or "")
    return pen.listed([who, sex, age, pen.term(case.get("state") or "", "word")])


def _people(pen: Pen) -> dict[str, Item]:
    return {str(c.get("person")): c for c in pen.plan.get("candidates", [])}


def _groups(pen: Pen) -> list[Block]:
    blocks = [
        heading(pen.word("groups"), "groups", part=PROPOSED),
        para(pen.word("groups_mean"), tone="note", part=PROPOSED),
    ]
    people = _people(pen)
    seen: set[str] = set()
    for group in pen.plan.get("groups", []):
        blocks += _group(pen, group, people)
        seen |= {str(one) for one in group.get("people", [])}
    alone = [c for name, c in people.items() if name not in seen]
    if alone:
        blocks.append(heading(pen.word("no_group", n=number(len(alone))), level=3))
        blocks += _rows_of(pen, alone, set(), [])
    return blocks if len(blocks) > 2 else [*blocks, para(pen.word("nobody"), tone="quiet")]


def _group(pen: Pen, group: Item, people: Mapping[str, Item]) -> list[Block]:
    members = [people[str(one)] for one in group.get("people", []) if str(one) in people]
    size = group.get("n") or len(members)
    title = pen.word("group_of", n=number(size), cls=pen.contact_class(group.get("class")), what=pen.text(group))
    where = pen.listed([pen.text(group.get("place")), pen.span(group.get("from"), group.get("until"))])
    shared, questions = pen.why(group.get("shared")), pen.why(group.get("questions"))
    asked = [pen.word("ask") + pen.colon + pen.listed(questions)] if questions else []
    facts = [pen.word("shared_facts") + where, *shared, *asked]
    differs = [pen.text(one) for one in group.get("differs", [])]
    label = str(group.get("id") or "").upper()
    blocks = [heading(f"{label} · {title}" if label else title, level=3), bullets(facts)]
    return blocks + _rows_of(pen, members, {*shared, *questions}, differs)


def _rows_of(pen: Pen, members: list[Item], shared: set[str], differs: list[str]) -> list[Block]:
    ranked = sorted(members, key=lambda c: (c.get("call_rank") or 10**9, str(c.get("person"))))
    rows: list[list[Cell | str]] = [_person(pen, c, shared) for c in ranked[:MOST_IN_GROUP]]
    head = [pen.word(code) for code in ("person", "together", "when", "differs", "ask")]
    blocks = [para(pen.word("differs") + pen.colon + pen.listed(differs), tone="quiet")] if differs else []
    if rows:
        blocks.append(table(head, rows, (1.2, 1.1, 1.4, 2.6, 2)))
    if len(ranked) > MOST_IN_GROUP:
        blocks.append(para(pen.word("further_people", n=number(len(ranked) - MOST_IN_GROUP)), tone="quiet"))
    return blocks


def _person(pen: Pen, one: Item, shared: set[str], *, with_class: bool = False) -> list[Cell | str]:
    own = [text for text in pen.why(one.get("why")) if text not in shared]
    clause = pen.text(one.get("clause"))
    why = [*own[1:], *([pen.word("clause", clause=clause)] if clause and not shared else [])]
    group = str(one.get("group") or "").upper()
    if with_class and group:  # the reasons stand once, with the group
        own, why = [group], []
    band = one.get("band")
    slug = band if isinstance(band, str) or band is None else ("slight", "some", "strong", "very_strong")[int(band)]
    minutes = one.get("minutes")
    length = "—" if minutes is None else brief_duration(int(minutes), pen.language)
    together = cell(length, sub=pen.term(slug or "", "band"))
    about = vulnerable(pen, one)
    sub = pen.listed([pen.contact_class(one.get("class")), about]) if with_class else about
    return [
        cell(pen.person(one), strong=True, sub=sub),
        together,
        pen.span(one.get("first"), one.get("last")),
        cell(own[0] if own else pen.word("same_as_group"), why=why, tone="" if own else "quiet"),
        "" if with_class and group else pen.listed(q for q in pen.why(one.get("questions")) if q not in shared),
    ]


def _duties(pen: Pen) -> list[Block]:
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
            head = [pen.word(code) for code in ("deadline", "what", "person")]
            blocks.append(table(head, rows, (1.1, 3, 2), part=part))
    return blocks


def _duty(pen: Pen, group: list[Item]) -> list[Cell | str]:
    duty = group[0]
    remains, tone = pen.remains(duty.get("due"))
    return [
        cell(pen.when(duty.get("due")) or remains, sub=remains if duty.get("due") else "", tone=tone),
        cell(
            pen.text(duty) or pen.term(duty.get("kind"), "duty_kind"),
            sub=pen.term(duty.get("state") or "open", "duty_state"),
            why=pen.why(duty.get("why")),
        ),
        names_of(pen, group),
    ]


def _calendar(pen: Pen) -> list[Block]:
    blocks = [
        heading(pen.word("calendar"), "calendar", part=PROPOSED),
        para(pen.word("calendar_means"), tone="note", part=PROPOSED),
    ]
    columns = ("tests", "releases", "rooms", "seats", "reports")
    rows: list[list[Cell | str]] = [
        [cell(pen.when(one.get("day")), strong=True), *(number(int(one.get(code) or 0)) for code in columns)]
        for one in pen.plan.get("calendar", [])
    ]
    if not rows:
        return [*blocks, para(pen.word("calendar_empty"), tone="quiet")]
    head = [pen.word("day"), *(pen.word(code) for code in columns)]
    return [*blocks, table(head, rows, (1.2, 1, 1, 1, 1, 1), part=PROPOSED)]


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
    told = pen.plan.get("if_onset_earlier")
    blocks = [heading(pen.word("earlier"), "earlier", part=PROPOSED)]
    if not told:
        return [*blocks, para(pen.word("earlier_unknown"), tone="quiet")]
    case = pen.text(told.get("case")) or pen.listed([pen.person(c) for c in pen.plan.get("cases", [])[:1]])
    blocks.append(para(pen.word("earlier_means", case=case), tone="note", part=PROPOSED))
    for code in ("added", "dropped", "changed"):
        items = [f"{pen.person(one)}{pen.colon}{pen.text(one)}" for one in told.get(code, [])]
        title = pen.word(f"earlier_{code}", n=number(len(items)))
        blocks.append(heading(title, level=4, part=PROPOSED))
        more = [pen.word("and_more", n=number(len(items) - MOST_WRONG))] if len(items) > MOST_WRONG else []
        blocks.append(
            bullets(items[:MOST_WRONG] + more, part=PROPOSED)
            if items
            else para(pen.word("none"), tone="quiet", part=PROPOSED)
        )
    return blocks


def _wrong(pen: Pen) -> list[Block]:
    wrong = pen.plan.get("wrong", [])
    blocks = [heading(pen.word("wrong", n=number(len(wrong))), "wrong")]
    rows: list[list[Cell | str]] = [
        [
            cell(shortened(str(one.get("file", "")), 40), sub=pen.word("row", row=str(one.get("row") or ""))),
            str(one.get("field") or ""),
            pen.text(one),
            str(one.get(f"mend_{pen.language}") or ""),
        ]
        for one in wrong[:MOST_WRONG]
    ]
    if not rows:
        return [*blocks, para(pen.word("wrong_none"), tone="quiet")]
    head = [pen.word(code) for code in ("file", "field", "what_wrong", "mend")]
    blocks.append(table(head, rows, (1.3, 0.9, 2.4, 2.4)))
    if len(wrong) > MOST_WRONG:
        blocks.append(para(pen.word("wrong_more", n=number(len(wrong) - MOST_WRONG)), tone="quiet"))
    return blocks


def _files(pen: Pen) -> list[Block]:
    rows: list[list[Cell | str]] = [
        [
            cell(shortened(str(one.get("file", "")), 48), sub=str(one.get("sha256") or "")[:16]),
            pen.term(one.get("kind") or "", "report.input"),
            *(number(int(one.get(code) or 0)) for code in ("rows", "used", "rejected")),
        ]
        for one in pen.plan.get("inputs", [])
    ]
    head = [pen.word(code) for code in ("file", "kind", "rows", "used", "rejected")]
    seconds = pen.plan.get("seconds", {})
    told = pen.listed([f"{pen.term(step, 'report.step')} {float(s):.2f} s" for step, s in seconds.items()])
    blocks = [heading(pen.word("files"), "files"), table(head, rows, (3, 1.2, 0.8, 0.8, 0.8))]
    return [*blocks, para(pen.word("seconds") + told, tone="quiet")] if told else blocks


def _annex(pen: Pen) -> list[Block]:
    people = sorted(pen.plan.get("candidates", []), key=lambda c: (c.get("call_rank") or 10**9, str(c.get("person"))))
    rows: list[list[Cell | str]] = [_person(pen, one, set(), with_class=True) for one in people]
    head = [pen.word(code) for code in ("person", "together", "when", "why", "ask")]
    blocks = [heading(pen.word("annex", n=number(len(people))), "annex", part=PROPOSED)]
    if not rows:
        return [*blocks, para(pen.word("nobody"), tone="quiet")]
    summary = pen.word("annex_open", n=number(len(rows)))
    return [*blocks, table(head, rows, (1.2, 1.1, 1.4, 2.6, 2), part=PROPOSED, summary=summary)]
