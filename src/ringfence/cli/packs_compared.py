"""What `ringfence packs diff` compares: packs on days, and the people whom two of them would treat differently."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringfence.cli.shelf import day_of, given

if TYPE_CHECKING:
    from ringfence.rules.packfile import Pack
    from ringfence.rules.shipped import Shelf


def pack_and_day(shelf: Shelf, text: str) -> tuple[Pack, date]:
    """Return the pack that PACK or PACK@DATE names, and the day: without one, the last day that its values know."""
    name, _, day = text.partition("@")
    pack = shelf.pack(name)
    last = max([pack.begins, *(entry.since for entries in pack.entries.values() for entry in entries)])
    return pack, day_of(day or None, last)


def for_whom(
    file: Path, one: tuple[Pack, date], other: tuple[Pack, date], packs: Path | None, now: str | None
) -> dict[str, Any]:
    """Return by name who would be treated differently under two packs on the facts of a file."""
    from ringfence.rules.compare import compare
    from ringfence.rules.strata import derive_all
    from ringfence.rules.telling_changes import difference_said

    reads = [given(file, pack=pack.id, packs=packs, now=now, on=day.isoformat(), rejects=None)
             for pack, day in (one, other)]  # fmt: skip
    derived = [derive_all(read.facts, read.book, read.now) for read in reads]
    duties = [[duty for found in answer.values() for duty in found.duties] for answer in derived]
    proposals = [[p for found in answer.values() for p in found.proposals] for answer in derived]
    teller = reads[1].teller()
    said = difference_said(compare(*duties), teller, proposed=(proposals[0], proposals[1]))
    reads[1].tell_rejects()
    subjects = {subject for answer in derived for subject, found in answer.items() if found.duties or found.proposals}
    return {
        "people": [
            {"subject": str(subject), "name": teller.subject(subject), "sentences": lines}
            for subject, lines in said.items()
        ],
        "alike": len(subjects - said.keys()),
    }
