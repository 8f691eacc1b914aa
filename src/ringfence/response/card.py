"""The mayor's card: one minute of what is known, not known, done and decided next; and 300 characters to copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.response.both import LANGUAGES, Said, Tellers, listed, say

SHORT = 300
_FEW = 4


def card(
    *, cases: Said, candidates: int, groups: int, by_class: Mapping[str, int],
    class_names: Mapping[str, Said], tubes: int, unknowns: Sequence[Mapping[str, Any]],
    due: Sequence[Mapping[str, Any]], done: int, person_days: float, if_yes: float | None, as_of_day: str,
) -> dict[str, Any]:  # fmt: skip
    """Return the card in both languages."""
    known = [cases]
    if tubes:
        known.append(say("respond.card_tubes", n=tubes))
    if candidates:
        classes = {lang: _listed(by_class, class_names, lang) for lang in LANGUAGES}
        known.append(say("respond.card_candidates", n=candidates, groups=groups, classes=classes))
    unknown = [{lang: row[lang] for lang in LANGUAGES} for row in unknowns[:_FEW]]
    acted = [say("respond.card_done", n=done)] if done else [say("respond.card_nothing_done")]
    following = [
        say("respond.card_next", what={lang: row[lang] for lang in LANGUAGES}, by=_by(row, as_of_day),
            who=row["who"] or {lang: row.get(f"subject_{lang}", row["subject"]) for lang in LANGUAGES},
            desk={lang: row[f"desk_{lang}"] for lang in LANGUAGES})
        for row in due[:_FEW]
    ]  # fmt: skip
    if person_days:
        following.append(say("respond.card_cost", days=round(person_days)))
    if if_yes is not None and round(if_yes) != round(person_days):
        following.append(say("respond.card_cost_if_yes", days=round(if_yes)))
    told: dict[str, Any] = {}
    for lang in LANGUAGES:
        told[lang] = {
            "known": [s[lang] for s in known], "not_known": [s[lang] for s in unknown],
            "done": [s[lang] for s in acted], "next": [s[lang] for s in following],
        }  # fmt: skip
    told["short"] = {lang: _short(told[lang], lang) for lang in LANGUAGES}
    return told


ORDER = ("confirmed", "asymptomatic", "probable", "presumptive", "suspected", "signal", "discarded")


def counted(counts: Mapping[str, int], as_of: str, tellers: Tellers) -> Said:
    """Return how many cases there are in each state, the surest first."""
    states = sorted(counts, key=lambda s: ORDER.index(s) if s in ORDER else len(ORDER))
    parts = [say("respond.card_state", state=tellers.both("word", "word", s), n=counts[s]) for s in states]
    return say("respond.card_cases", as_of=as_of, states=listed(parts) if parts else say("respond.card_no_case"))


def _by(row: Mapping[str, Any], day: str) -> str:
    """Return the deadline as a clock time, with month and day where it is not of this day."""
    by = str(row["due"] or row["until"] or row["begins"])
    return by[11:16] if by[:10] == day else by[5:16].replace("T", " ")


def _listed(by_class: Mapping[str, int], names: Mapping[str, Said], lang: str) -> str:
    parts = [f"{names[cls][lang]} {n}" for cls, n in by_class.items()]
    return ("、" if lang == "zh" else ", ").join(parts) or say("respond.no_class")[lang]


def _short(card_: Mapping[str, list[str]], lang: str) -> str:
    """Return the card as one text of at most 300 characters, whole sentences only."""
    parts = [*card_["known"], *card_["not_known"][:1], *card_["next"][:2], *card_["done"]]
    text = ""
    for part in parts:
        longer = f"{text}{'' if lang == 'zh' or not text else ' '}{part}"
        if len(longer) > SHORT:
            break
        text = longer
    return text
