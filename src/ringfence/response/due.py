"""What is due by the facts alone, told so that a desk can act: one line for what is one act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ringfence.response import groups
from ringfence.response.asked import Asked
from ringfence.response.both import LANGUAGES, Said, Tellers, say
from ringfence.response.evidence import Candidate
from ringfence.response.ledger import Ledger
from ringfence.response.places import Places
from ringfence.rules.duties import OPEN, Derivation, Duty
from ringfence.vocabulary.subjects import Subject

_WORTH = ("transfer", "report", "interview", "measure", "hold", "place", "notify", "locate", "test", "assess", "letter")
"""What the card names first: what does most harm when it waits. Everything else follows by its deadline."""
_REASONS = 6
Row = tuple[datetime, dict[str, Any]]


def due_now(
    derived: Mapping[Subject, Derivation], grouped: Sequence[groups.Group], cases: Mapping[str, Subject], asked: Asked,
    ledger: Ledger, tellers: Tellers, where: Places, candidates: Mapping[int, Candidate],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return open duties, the next deadline first.

    Assessing stands once for each evidence group, and once for those for whom the pack proposes no class; ending the
    holds of the negatives of a tube stands once; the hold of somebody found positive is never called a release.
    """
    infected = {subject.number for subject in cases.values()}
    assess: dict[int, Duty] = {}
    freed: dict[tuple[Subject, datetime], list[Duty]] = defaultdict(list)
    rows: list[Row] = []
    for duty in (d for one in derived.values() for d in one.duties if d.ended == OPEN):
        due = duty.due or duty.until or duty.begins
        held = _held(duty)
        if duty.kind == "assess" and duty.subject.number in candidates:  # whom a fact alone names stands by herself
            assess[duty.subject.number] = duty
        elif held is None or duty.kind not in ("release", "hold"):
            rows.append((due, tellers.duty(duty, asked.now, ledger.given)))
        elif held in infected:
            told = tellers.duty(duty, asked.now, ledger.given)
            who = ledger.given.get(held, str(held))
            rows.append((due, told | {"kind": "hold", "who": who, **say("respond.hold_lapses", who=who)}))
        elif duty.kind == "release":
            freed[duty.subject, due].append(duty)
        else:
            rows.append((due, tellers.duty(duty, asked.now, ledger.given)))
    rows += [_freed(duties, due, asked, ledger, tellers) for (_, due), duties in freed.items()]
    rows += _assessing(assess, grouped, asked, ledger, tellers, where)
    grouped_already = {c.number for group in grouped for c in group.people}
    rows += _classless([candidates[n] for n in assess if n not in grouped_already], assess, asked, ledger, tellers)
    rows.sort(key=lambda row: (row[0], row[1]["kind"] != "report", row[1]["key"]))
    return [told for _, told in rows]


def by_worth(due: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is due in the order in which a card names it."""
    return sorted(due, key=lambda d: (_WORTH.index(d["kind"]) if d["kind"] in _WORTH else len(_WORTH), str(d["due"])))


def _held(duty: Duty) -> int | None:
    """Return whom a duty about one member of a tube is about, None where it is about no member."""
    slot = duty.key.rsplit("/", 1)[-1].split(".")[0]
    return int(slot[1:]) if duty.subject.kind == "tube" and slot[:1] == "p" and slot[1:].isdigit() else None


def _freed(duties: Sequence[Duty], due: datetime, asked: Asked, ledger: Ledger, tellers: Tellers) -> Row:
    """Return the one act that ends the holds of everybody whose own swab is negative."""
    told = tellers.duty(duties[0], asked.now, ledger.given)
    people = [ledger.given.get(number, str(number)) for d in duties if (number := _held(d)) is not None]
    names = {"en": ", ".join(people), "zh": "、".join(people)}
    said = say("respond.holds_end", n=len(people), names=names)
    return due, told | {"key": f"release/{duties[0].subject}/negatives", "who": None, "n": len(people), **said}


def _assessing(
    assess: Mapping[int, Duty], grouped: Sequence[groups.Group], asked: Asked, ledger: Ledger, tellers: Tellers,
    where: Places,
) -> Iterable[Row]:  # fmt: skip
    for group in grouped:
        people = [c for c in group.people if c.number in assess]
        duties = [assess[c.number] for c in people]
        if not duties:
            continue
        first = min(duties, key=lambda d: d.due or d.begins)
        head = groups.told(group, tellers, where)
        n = len(duties)
        said = say("respond.assess_group", n=n, group={lang: head[lang] for lang in LANGUAGES})
        told = tellers.duty(first, asked.now, ledger.given)
        yield (
            first.due or first.begins,
            told | {"key": f"assess/{group.id}", "subject": group.id, "who": None, "group": group.id, "n": n,
                    "people": [c.person for c in people], "why": head["shared"], **said},
        )  # fmt: skip


def _classless(
    people: Sequence[Candidate], assess: Mapping[int, Duty], asked: Asked, ledger: Ledger, tellers: Tellers
) -> Iterable[Row]:
    """Yield the one duty to look at those for whom the pack proposes no class, with why it proposes none."""
    if not people:
        return
    first = min((assess[c.number] for c in people), key=lambda d: d.due or d.begins)
    why = {text["en"]: text for c in people if c.classified is not None for text in tellers.why(c.classified.because)}
    told = tellers.duty(first, asked.now, ledger.given)
    yield (
        first.due or first.begins,
        told | {"key": "assess/none", "subject": "none", "who": None, "group": "none", "n": len(people),
                "people": [c.person for c in people], "why": list(why.values())[:_REASONS],
                **say("respond.assess_none", n=len(people))},
    )  # fmt: skip


def not_due(
    candidates: Iterable[Candidate], derived: Mapping[Subject, Derivation], tellers: Tellers
) -> list[dict[str, Any]]:
    """Return whose assessment is not due and why: it is done, or nothing of what was found counts."""
    people: dict[tuple[str, str], list[str]] = defaultdict(list)
    said: dict[tuple[str, str], Said] = {}
    for c in candidates:
        one = derived.get(Subject("contact", c.number))
        if one is not None and any(d.kind == "assess" and d.ended == OPEN for d in one.duties):
            continue
        if c.assessed:
            key, text = ("assessed", c.assessed), say("respond.not_due_assessed", cls=_class(c.assessed, tellers))
        else:
            because = tellers.why(c.classified.because[:1]) if c.classified is not None else []
            text = {lang: because[0][lang] for lang in LANGUAGES} if because else say("respond.not_due_nothing")
            key = ("nothing_counts", text["en"])
        said[key] = text
        people[key].append(c.person)
    return [{"code": key[0], **said[key], "n": len(people[key]), "people": people[key]} for key in people]


def _class(cls: str, tellers: Tellers) -> Said:
    return tellers.both("word", "word", cls) if cls in ("none", "dropped") else tellers.both("named", "class", cls)


def folded(duties: Iterable[Duty], asked: Asked, ledger: Ledger, tellers: Tellers) -> list[dict[str, Any]]:
    """Return duties that many would owe alike as one row each, with how many people and the first of their names."""
    alike: dict[tuple[str, str, datetime | None], list[Duty]] = defaultdict(list)
    for duty in duties:
        alike[duty.kind, duty.key.rsplit("/", 1)[-1], duty.due].append(duty)
    rows = []
    for same in alike.values():
        told = tellers.duty(same[0], asked.now, ledger.given)
        if len(same) > 1:
            said = {lang: told[lang] for lang in LANGUAGES}
            told |= {"who": None, "n": len(same), "key": f"{same[0].kind}/{same[0].key.rsplit('/', 1)[-1]}",
                     **say("respond.for_many", what=said, n=len(same))}  # fmt: skip
        rows.append(told | {"state": "proposed"})
    return rows
