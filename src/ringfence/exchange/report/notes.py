"""The end of a report: what was wrong in the data, the files, the time taken, and the sources with their wording."""

from __future__ import annotations

from ringfence.exchange.report.blocks import Block, Cell, cell, heading, para, table
from ringfence.exchange.report.pen import Pen
from ringfence.exchange.report.sources import has_han
from ringfence.exchange.writing import number, shortened

MOST_WRONG = 50
MOST_WRONG_PRINTED = 12
_FINGERPRINT = 16


def note_blocks(pen: Pen) -> list[Block]:
    """Return the blocks of the end; the sources are numbered by what was cited before, so this comes last."""
    return [*_wrong(pen), *_files(pen), *_sources(pen)]


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
    rest = pen.word("wrong_more", n=number(len(wrong) - MOST_WRONG_PRINTED))
    blocks.append(table(head, rows, (1.3, 0.9, 2.4, 2.4), most=MOST_WRONG_PRINTED, rest=rest))
    if len(wrong) > MOST_WRONG:
        further = para(pen.word("wrong_more", n=number(len(wrong) - MOST_WRONG)), tone="quiet")
        blocks.append(further | {"only": "screen"})
    return blocks


def _files(pen: Pen) -> list[Block]:
    rows: list[list[Cell | str]] = [
        [
            cell(shortened(str(one.get("file", "")), 48), sub=_fingerprint(pen, one.get("sha256"))),
            pen.term(one.get("kind") or "", "report.input"),
            *(number(int(one.get(code) or 0)) for code in ("rows", "used", "rejected")),
        ]
        for one in pen.plan.get("inputs", [])
    ]
    head = [pen.word(code) for code in ("file", "kind", "rows", "used", "rejected")]
    seconds = pen.plan.get("seconds", {})
    told = pen.listed(
        [f"{pen.term(step, 'report.step')} {float(s):.2f} {pen.word('second')}" for step, s in seconds.items()]
    )
    blocks = [heading(pen.word("files"), "files"), table(head, rows, (3, 1.4, 0.8, 0.8, 0.8))]
    return [*blocks, para(pen.word("seconds") + told, tone="quiet")] if told else blocks


def _fingerprint(pen: Pen, value: object) -> str:
    return pen.word("fingerprint", digits=str(value)[:_FINGERPRINT]) if value else ""


def _sources(pen: Pen) -> list[Block]:
    """Return the clauses; their wording stays as its source wrote it, and says so where the reader's differs."""
    blocks = [heading(pen.word("sources"), "sources"), para(pen.word("sources_mean"), tone="note")]
    rows: list[list[Cell | str]] = [
        [
            cell(f"[{clause.number}]", strong=True),
            clause.source,
            cell(clause.wording or "—", lang="zh" if pen.language != "zh" and has_han(clause.wording) else ""),
        ]
        for clause in pen.sources.clauses.values()
    ]
    if not rows:
        return [*blocks, para(pen.word("none"), tone="quiet")]
    head = [pen.word(code) for code in ("no", "source", "wording")]
    return [*blocks, table(head, rows, (0.4, 3, 3))]
