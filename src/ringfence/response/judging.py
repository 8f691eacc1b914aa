"""Which class is proposed: by what is known of an exposure, never by what a question has not yet answered.

A pack's rules do not assume away what is not known: they keep the strictest class that is not ruled out, with its open
questions. That is right where somebody told of an exposure, where a distance was measured, or where two people were
long in one small room. A scan alone shows a door, not a table: a market of five thousand is not a room. There the
class is the strictest that holds by what is known, she *could be* the stricter one, and the question that decides it is
asked first. Where the pack has no milder class that holds, the strictest stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.response.both import Tellers, say
from ringfence.response.evidence import BANDS, Candidate
from ringfence.rules.classify import Basis, Classified, classify
from ringfence.rules.conditions import judged, rules_of
from ringfence.rules.duties import Status
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.subjects import Subject

SCANNED = "visits"
"""The source of exposures of which only recorded visits tell."""
_SPEAKS_FROM = {"room": "very_strong", "shop": "very_strong", "outdoors": "very_strong", "vehicle": "very_strong",
                "entertainment": "very_strong", "work": "strong", "class": "strong"}  # fmt: skip
"""From which band on shared scans alone speak for the stricter class, by setting; the bands thin the air by the kind of
place, the crowd and the minutes. In other settings (a home, a ward, a care home) they always do; in a venue never by a
length that was filled in."""
_ASKED = {"room": "table", "shop": "stall", "vehicle": "row"}
"""What decides it, by setting; elsewhere whether she was near."""


def judge(
    candidate: Candidate, book: Rulebook, statuses: Mapping[Subject, Status], person: Mapping[str, Any] | None
) -> None:
    """Take the strictest class proposed for any exposure, the one with the fewest questions first; and what she could
    be, where an open question alone stands between her and a stricter one.
    """
    classes = tuple(book.get("contact.classes", ()))
    best: tuple[int, int, int] | None = None
    could: tuple[int, int] | None = None
    candidate.classified = candidate.decisive = candidate.could_be = candidate.asked_of = None
    for fact in candidate.exposures:
        strict = classify(fact, book, index=statuses.get(fact.value["to"]), person=person)
        found = _by_what_is_known(strict, fact, candidate, book) or strict
        rank = _rank(found, classes)
        key = (rank, len(found.open), -int(fact.value.get("minutes", 0)))
        if best is None or key < best:
            best, candidate.classified, candidate.decisive = key, found, fact
        if found is not strict:
            strict_key = (_rank(strict, classes), len(strict.open))
            if could is None or strict_key < could:
                could, candidate.could_be, candidate.asked_of = strict_key, strict, fact
    if best is None or could is None or could[0] >= best[0]:
        candidate.could_be = candidate.asked_of = None


def _rank(found: Classified, classes: tuple[str, ...]) -> int:
    return classes.index(found.cls) if found.cls in classes else len(classes)


def _by_what_is_known(found: Classified, fact: Fact, candidate: Candidate, book: Rulebook) -> Classified | None:
    """Return the strictest class of which no condition is open, None where the one found is to be kept."""
    setting = fact.value["setting"]
    needed = _SPEAKS_FROM.get(setting)
    if needed is None or not found.open or found.basis is None or fact.source != SCANNED:
        return None
    long_enough = BANDS.index(candidate.band_with(fact.value["to"])) >= BANDS.index(needed)
    if long_enough and not (needed == BANDS[-1] and fact.id in candidate.guessed):
        return None
    rules = book.made("classify", rules_of)
    _, strict, seen, name = found.basis
    to_contact = fact.value["to"].kind == "contact"
    for rule in rules.of.get((to_contact, setting), ()):
        if rule.rank > strict.rank and judged(rule, seen, rules.residual) == ():
            book.asked.update(rule.touched)
            basis = Basis(fact.id, rule, seen, name)
            return Classified(rule.cls, rule.ruled.key, (), rule.human_only, found.counts, (), basis)
    return None


def questions_of(candidate: Candidate, tellers: Tellers) -> list[dict[str, str]]:
    """Return what is to be asked about somebody, what decides her class first."""
    if candidate.could_be is not None and candidate.asked_of is not None:
        setting = candidate.asked_of.value["setting"]
        cls = tellers.both("named", "class", str(candidate.could_be.cls))
        first = say(f"respond.ask_{_ASKED.get(setting, 'near')}", case=candidate.case, cls=cls)
        return [{**first, "clause": "", "clause_en": ""}, *tellers.why(candidate.could_be.unknowns)]
    return tellers.why(candidate.classified.unknowns) if candidate.classified is not None else []


def could_be(candidate: Candidate, tellers: Tellers) -> dict[str, Any] | None:
    """Return the stricter class that an answer would make of her, with the question; None where there is none."""
    if candidate.could_be is None:
        return None
    cls = str(candidate.could_be.cls)
    names = tellers.both("named", "class", cls)
    return {"class": cls, "class_en": names["en"], "class_zh": names["zh"], "if": questions_of(candidate, tellers)[0],
            "why": tellers.why(candidate.could_be.because)}  # fmt: skip
