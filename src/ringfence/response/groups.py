"""Evidence groups: people with the same case, place and rule stand together, so that a desk looks at one proof once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringfence.response.both import Tellers, say
from ringfence.response.evidence import NAMED, Candidate
from ringfence.response.places import Places

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its number, what is shared, and its people in order."""

    id: str
    key: Key
    begins: datetime
    ends: datetime
    people: tuple[Candidate, ...]


def groups_of(candidates: Sequence[Candidate]) -> list[Group]:
    """Return the groups of those with a class: fewest questions first, then the longest time together."""
    by: dict[Key, list[Candidate]] = defaultdict(list)
    for row in candidates:
        if row.decisive is not None and row.cls != "none" and row.classified is not None:
            told_where = row.decisive.value.get("evidence") if row.decisive.source != NAMED else None
            place = told_where[0] if told_where else ""
            by[row.case, place, row.decisive.value["setting"], row.classified.rule].append(row)
    made = []
    ordered = sorted(by.items(), key=lambda item: (_questions(item[1]), -max(c.minutes for c in item[1]), item[0]))
    for number, (key, people) in enumerate(ordered, 1):
        begins = min(c.decisive.at for c in people if c.decisive)
        ends = max(c.decisive.until or c.decisive.at for c in people if c.decisive)
        made.append(Group(f"g{number}", key, begins, ends, tuple(people)))
    return made


def _questions(people: Sequence[Candidate]) -> int:
    return min(len(c.classified.open) for c in people if c.classified is not None)


def told(group: Group, tellers: Tellers, where: Places) -> dict[str, Any]:
    """Return a group as the answer carries it: what is shared once, then what differs from person to person."""
    case, place, setting, rule = group.key
    first = group.people[0]
    assert first.classified is not None
    cls = tellers.both("named", "class", first.cls)
    place_said = where.said(place) if place else say("respond.no_place")
    head = say(
        "respond.group" if place else "respond.group_named", n=len(group.people), place=place_said, case=case,
        setting=tellers.both("word", "word", setting), cls=cls,
        begins={lang: getattr(tellers, lang).moment(group.begins) for lang in ("en", "zh")},
        ends={lang: getattr(tellers, lang).end(group.ends) for lang in ("en", "zh")},
    )  # fmt: skip
    shared = tellers.why(first.classified.because)
    questions = tellers.why(first.classified.unknowns)
    minutes = [c.minutes for c in group.people]
    return {
        "id": group.id, **head, "place": place or None, "place_said": place_said, "case": case,
        "from": tellers.moment(group.begins), "until": tellers.moment(group.ends), "rule": rule, "class": first.cls,
        "class_en": cls["en"], "class_zh": cls["zh"], "n": len(group.people), "shared": shared, "questions": questions,
        "differs": [say("respond.differs_minutes", least=min(minutes), most=max(minutes))],
        "people": [c.person for c in group.people],
    }  # fmt: skip
