"""What must not be done yet: what needs a person's assessment, a signature by a body with power, or a repeat first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from ringfence.response.asked import Asked
from ringfence.response.both import Said, Tellers, listed, say
from ringfence.response.evidence import Candidate
from ringfence.response.ledger import Ledger
from ringfence.rules.derive.courses import course_of
from ringfence.rules.duties import Because, Derivation, Status
from ringfence.rules.facts import current
from ringfence.vocabulary.subjects import Subject

_CLOSES = frozenset({"stay_in", "stay_inside_area"})
"""What a measure on an area asks of everybody in it."""
_ABNORMAL = ("abnormal", "positive", "indeterminate")


def not_yet(
    named: Sequence[Candidate], statuses: Mapping[Subject, Status],
    derived: Mapping[Subject, Derivation], cases: Mapping[str, Subject], ledger: Ledger, asked: Asked, tellers: Tellers,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what may not be done as things stand, why not, and what it waits for."""
    rows = [*_of_the_pack(asked, tellers), *_of_tubes(derived, tellers)]
    rows += _of_cases(cases, statuses, asked, tellers)
    rows += _of_candidates(named, asked, tellers)
    rows += _of_everybody(ledger, asked, tellers)
    return rows


def _row(
    id_: str, tellers: Tellers, why: Sequence[Because] = (), said: Sequence[Said] = (), **values: object
) -> dict[str, Any]:
    """Return one row: the words for its id, its reasons from the pack, or others as said."""
    code = f"respond.not_yet_{id_.partition('-')[0]}"
    plain = [{"clause": "", "clause_en": "", **one} for one in said]
    return {"id": id_, **say(code, **values), "why": [*tellers.why(why), *plain] or [_plain(f"{code}_why", values)],
            "waits_for": say(f"{code}_until", **values)}  # fmt: skip


def _plain(code: str, values: Mapping[str, object]) -> dict[str, str]:
    return {**say(code, **values), "clause": "", "clause_en": ""}


def _of_the_pack(asked: Asked, tellers: Tellers) -> Iterator[dict[str, Any]]:
    """Yield that nothing is signed under a pack that is not in force."""
    if asked.historical or not asked.book.signable:
        yield _row("pack", tellers, pack={lang: asked.pack.said(lang) for lang in ("en", "zh")})


def _of_tubes(derived: Mapping[Subject, Derivation], tellers: Tellers) -> Iterator[dict[str, Any]]:
    """Yield that nobody of an abnormal tube is called a case before the repeat and the single swabs."""
    for subject, one in derived.items():
        if subject.kind == "tube" and one.status.state in _ABNORMAL:
            why = next((d.because for d in one.duties if d.kind == "test"), ())
            yield _row(f"tube-{subject.number}", tellers, why[:2], tube=subject.number)


def _of_cases(
    cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], asked: Asked, tellers: Tellers
) -> Iterator[dict[str, Any]]:
    """Yield for each case not yet confirmed what her pack asks for only from a later state on."""
    waits: dict[tuple[str, str], list[str]] = {}
    ranks = {"suspected": 0, "presumptive": 1, "probable": 1, "confirmed": 2, "asymptomatic": 2}
    for case, subject in cases.items():
        state = statuses[subject].state if subject in statuses else "suspected"
        for act in ("assess", "measure"):
            needed = asked.book.get(f"act_on.{act}", "confirmed")
            if state in ranks and ranks[state] < ranks[needed]:
                waits.setdefault((act, state), []).append(case)
    for (act, state), several in waits.items():
        key = f"act_on.{act}"
        why = asked.book.because("duty.case_state", key, state=state)
        yield _row(f"{act}-{state}", tellers, (why,), cases=_names(several), needed=_state(asked, key, tellers))


def _state(asked: Asked, key: str, tellers: Tellers) -> Said:
    return tellers.both("word", "word", asked.book.get(key, "confirmed"))


def _names(ids: Sequence[str]) -> Said:
    return {"en": ", ".join(ids), "zh": "、".join(ids)}


def _of_candidates(named: Sequence[Candidate], asked: Asked, tellers: Tellers) -> Iterator[dict[str, Any]]:
    """Yield that nobody is restricted before a named person assessed her and a body with power signed."""
    if not named:
        return
    why = asked.book.because("respond.not_yet_assessment_why", "contact.classes")
    yield _row("assessment", tellers, (why,), n=len(named))
    for cls in dict.fromkeys(c.cls for c in named):
        name = asked.book.get(f"contact.{cls}.course.any")
        stage = next((s for s in course_of(asked.book, name).stages if s.restrains), None) if name else None
        if stage is None:
            continue
        yield _row("signature", tellers, said=_laws(asked, stage.rung, {stage.asks}, tellers),
                   cls=tellers.both("named", "class", cls), asks=tellers.both("word", "word", stage.asks),
                   rung=tellers.both("word", "word", stage.rung),
                   bodies=_bodies(asked, stage.rung, {stage.asks}, tellers))  # fmt: skip
        return  # the lowest rung of the strictest class is told once; the next needs a fact whoever she is


def _may(asked: Asked, rung: str, asks: Set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the bodies that may use a rung for what is asked, each with what the pack says of its power."""
    for key, ruled in asked.book.values.items():
        parts = key.split(".")
        mine = parts[0] == "authority" and parts[2] == rung and ruled.value["days"] > 0
        if mine and asks & set(ruled.value["asks"]):
            yield parts[1], ruled.value


def _bodies(asked: Asked, rung: str, asks: Set[str], tellers: Tellers) -> Said:
    """Return the bodies that may use a rung for what is asked, as a sentence names them."""
    bodies = [tellers.both("named", "body", body) for body, _ in _may(asked, rung, asks)]
    return listed(bodies) if bodies else say("respond.no_body")


def _laws(asked: Asked, rung: str, asks: Set[str], tellers: Tellers) -> list[Said]:
    """Return the law under each of these bodies."""
    return [
        say("respond.by_law", body=tellers.both("named", "body", body), law=power["law"])
        for body, power in _may(asked, rung, asks) if power.get("law")
    ]  # fmt: skip


def _of_everybody(ledger: Ledger, asked: Asked, tellers: Tellers) -> Iterator[dict[str, Any]]:
    """Yield that no name is published, and that no area is closed without an act of a body with power."""
    yield _row("names", tellers)
    zones = [f for f in current(ledger.facts, now=asked.now) if f.kind == "zone" and f.value["stage"] == "active"]
    if not zones:
        yield _row("zone", tellers, said=_laws(asked, "order", _CLOSES, tellers),
                   bodies=_bodies(asked, "order", _CLOSES, tellers))  # fmt: skip
