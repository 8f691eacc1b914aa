"""Duties as acts: the same thing for many people is one act, the earliest deadline first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ringfence.exchange.report.blocks import Act
from ringfence.exchange.report.pen import HORIZON, Pen, is_open
from ringfence.exchange.writing import number

FAR = datetime.max.replace(tzinfo=UTC)
MOST_NAMES = 10
Duty = Mapping[str, Any]


def due_of(pen: Pen, duty: Duty) -> datetime:
    """Return by when a duty is due; a hold without a deadline counts by the moment at which it lapses."""
    return pen.at(duty.get("due")) or pen.at(duty.get("until")) or FAR


def deadline(duty: Duty) -> object:
    """Return the moment of a duty's deadline as the plan wrote it."""
    return duty.get("due") or duty.get("until")


def soon(pen: Pen, duties: Iterable[Duty]) -> list[Duty]:
    """Return the open duties that are late or fall due within the next four hours."""
    return [d for d in duties if is_open(d) and due_of(pen, d) <= pen.now + HORIZON]


def gathered(pen: Pen, duties: Iterable[Duty]) -> list[list[Duty]]:
    """Return duties of one kind, desk, hour and sentence together, the earliest first: one act for all of them."""
    same: dict[tuple[str, ...], list[Duty]] = defaultdict(list)
    for duty in sorted(duties, key=lambda d: due_of(pen, d)):
        same[(str(duty.get("kind")), pen.text(duty), str(duty.get("who") or duty.get("subject")))].append(duty)
    groups: dict[tuple[str, ...], list[Duty]] = defaultdict(list)
    for repeated in same.values():
        duty = repeated[0]
        desk = str([one.get("desk") for one in repeated])
        when = due_of(pen, duty).isoformat(timespec="minutes")
        groups[(str(duty.get("kind")), desk, when, _pattern(pen, duty))] += repeated
    return sorted(groups.values(), key=lambda g: due_of(pen, g[0]))


def _pattern(pen: Pen, duty: Duty) -> str:
    """Return the sentence of a duty without what tells one person or group from another."""
    if duty.get("kind") == "assess" and str(duty.get("subject")) in _groups(pen):
        return "assess"
    text = pen.text(duty)
    for name in {str(duty.get("who") or ""), pen.person(duty.get("who"))} - {""}:
        text = text.replace(name, "#")
    return re.sub(r"\d+", "#", text)


def _groups(pen: Pen) -> dict[str, Mapping[str, Any]]:
    return {str(one.get("id")): one for one in pen.plan.get("groups", [])}


def told(pen: Pen, group: list[Duty]) -> tuple[str, str]:
    """Return what an act asks, and about whom it is."""
    texts = list(dict.fromkeys(pen.text(d) or pen.term(d.get("kind"), "duty_kind") for d in group))
    known = _groups(pen)
    if group[0].get("kind") == "assess" and len(texts) > 1 and all(str(d.get("subject")) in known for d in group):
        named = [known[str(d.get("subject"))] for d in group]
        sizes = [int(one.get("n") or len(one.get("people", []))) for one in named]
        who = pen.listed(f"{str(one.get('id')).upper()} {number(n)}" for one, n in zip(named, sizes, strict=True))
        return pen.word("assess_groups", n=number(sum(sizes)), groups=len(named)), who
    if len(texts) == 1:
        if any(int(d.get("n") or 1) > 1 for d in group):  # its subject stands for many, who are counted in the text
            return texts[0], ""
        who = _names(pen, [_about(pen, d) for d in group])
        said = who in texts[0] or any(str(d.get("who")) in texts[0] for d in group)
        return texts[0], "" if said else who
    heads = [re.split(r"[:：]\s*", text, maxsplit=1) for text in texts]
    if len({head[0] for head in heads}) == 1 and all(len(head) == 2 for head in heads):
        tails = [head[1] for head in heads]
        counted = all(re.search(r"[:：]", str(d.get("subject"))) and int(d.get("n") or 1) == 1 for d in group)
        return heads[0][0], _names(pen, tails) if counted else pen.listed(tails, MOST_NAMES)
    return pen.listed(texts, MOST_NAMES), ""


def _about(pen: Pen, duty: Duty) -> str:
    return pen.called(duty.get("who")) or pen.named(duty, "subject") or pen.person(duty.get("subject"))


def _names(pen: Pen, names: Iterable[str]) -> str:
    every = list(dict.fromkeys(name for name in names if name))
    if len(every) < 2:
        return "".join(every)
    return pen.word("people_named", n=number(len(every)), names=pen.listed(every, MOST_NAMES))


def desk_of(pen: Pen, group: list[Duty]) -> str:
    """Return the desks of an act, each once."""
    return pen.listed(dict.fromkeys(pen.desk(d) for d in group))


def _shared(pen: Pen, group: list[Duty]) -> list[str]:
    """Return the reasons that every duty of an act has; groups to assess share that only a human assesses."""
    texts = {pen.text(d) for d in group}
    if group[0].get("kind") == "assess" and len(texts) > 1:
        return [pen.word("assess_why")]
    every = [pen.why(d.get("why")) for d in (group if len(texts) > 1 else group[:1])]
    return [why for why in every[0] if all(why in own for own in every)]


def act(pen: Pen, at: int, group: list[Duty]) -> Act:
    """Return an act with its number; one about a single person says how that person is reached."""
    duty = group[0]
    when = deadline(duty)
    remains, tone = pen.remains(when)
    text, who = told(pen, group)
    one = str(duty.get("who") or "") if len({str(d.get("who")) for d in group}) == 1 else ""
    phone, place = pen.reach(duty, pen.people.get(one, {}) if one else {})
    return {
        "number": str(at),
        "remains": remains,
        "deadline": pen.by(when),
        "tone": tone,
        "text": text,
        "who": who,
        "tel": phone,
        "place": place,
        "desk": desk_of(pen, group),
        "why": _shared(pen, group)[:1],
    }
