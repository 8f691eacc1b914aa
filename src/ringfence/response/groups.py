"""Evidence groups: people with the same case, place and rule stand together, so that a desk looks at one proof once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringfence.response.both import Tellers, say
from ringfence.response.evidence import NAMED, Candidate
from ringfence.response.judging import could_be, questions_of
from ringfence.response.places import Places

MOST_DIFFERING, MOST_NAMED = 12, 8
"""Sentences shown of what differs in a group, and names shown with each; the list of candidates has all."""
Key = tuple[str, str, str, str, str]


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
            could = str(row.could_be.cls) if row.could_be is not None else ""
            by[row.case, place, row.decisive.value["setting"], row.classified.rule, could].append(row)
    made = []
    ordered = sorted(by.items(), key=lambda item: (_questions(item[1]), -max(c.minutes for c in item[1]), item[0]))
    for number, (key, people) in enumerate(ordered, 1):
        begins = min(c.decisive.at for c in people if c.decisive)
        ends = max(c.decisive.until or c.decisive.at for c in people if c.decisive)
        made.append(Group(f"g{number}", key, begins, ends, tuple(people)))
    return made


def _questions(people: Sequence[Candidate]) -> int:
    return min(len((c.could_be or c.classified).open) for c in people if c.classified is not None)


def told(group: Group, tellers: Tellers, where: Places) -> dict[str, Any]:
    """Return a group as the answer carries it: what is shared once, then what differs from person to person."""
    case, place, setting, rule, could = group.key
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
    why = {c.person: tellers.why(c.classified.because) for c in group.people if c.classified is not None}
    asks = {c.person: questions_of(c, tellers) for c in group.people}
    shared, questions = _shared(why), _shared(asks)
    if could:
        answered = say("respond.group_could_be", cls=tellers.both("named", "class", could))
        head = {lang: head[lang] + answered[lang] for lang in head}
    return {
        "id": group.id, **head, "place": place or None, "place_said": place_said, "case": case,
        "from": tellers.moment(group.begins), "until": tellers.moment(group.ends), "rule": rule, "class": first.cls,
        "class_en": cls["en"], "class_zh": cls["zh"], "could_be": could_be(first, tellers), "n": len(group.people),
        "shared": shared, "questions": questions,
        "differs": [_minutes(group), *_differing(why, shared), *_differing(asks, questions)],
        "people": [c.person for c in group.people],
    }  # fmt: skip


def _minutes(group: Group) -> dict[str, Any]:
    """Return how long people of a group were together with the case, least to most."""
    minutes = [c.minutes for c in group.people if c.minutes]
    if not minutes:
        return {**say("respond.differs_untold"), "people": []}
    if min(minutes) == max(minutes) and len(minutes) == len(group.people):
        return {**say("respond.differs_same", n=minutes[0]), "people": []}
    return {**say("respond.differs_minutes", least=min(minutes), most=max(minutes)), "people": []}


def _shared(by_person: Mapping[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    """Return the sentences that hold for everybody, in the order of the first."""
    told = [{one["en"] for one in rows} for rows in by_person.values()]
    first: list[dict[str, str]] = next(iter(by_person.values()), [])
    return [one for one in first if all(one["en"] in rows for rows in told)]


def _differing(
    by_person: Mapping[str, list[dict[str, str]]], shared: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return what holds for some only, with whom; of very many such sentences the ones that most share."""
    common = {one["en"] for one in shared}
    people: dict[str, list[str]] = defaultdict(list)
    said: dict[str, dict[str, str]] = {}
    for person, rows in by_person.items():
        for one in rows:
            if one["en"] not in common:
                people[one["en"]].append(person)
                said[one["en"]] = one
    most = sorted(people, key=lambda text: -len(people[text]))[:MOST_DIFFERING]
    return [
        {**say("respond.differs_for", what={lang: said[text][lang] for lang in ("en", "zh")},
               who=_names(people[text])), "people": people[text]}
        for text in most
    ]  # fmt: skip


def _names(people: Sequence[str]) -> dict[str, str]:
    """Return some people as a sentence names them: the first of them, and how many more."""
    few = {"en": ", ".join(people[:MOST_NAMED]), "zh": "、".join(people[:MOST_NAMED])}
    more = len(people) - MOST_NAMED
    return few if more <= 0 else {lang: few[lang] + said for lang, said in say("respond.and_more", n=more).items()}
