"""The rules of a pack on exposures: compiled once, asked of one exposure, and told as reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ringfence.rules.rulebook import Rulebook, Ruled
from ringfence.rules.seats import near
from ringfence.rules.windows import Span

_NOTHING: Mapping[str, Any] = {}


class Rule(NamedTuple):
    """One table `contact.<class>.when.<rule>` of a pack, ready to be asked."""

    rank: int
    cls: str
    name: str
    ruled: Ruled
    minutes: float | None
    hours: float | None
    distance: float | None
    protection: frozenset[str]
    contact: frozenset[str]
    vehicle: frozenset[str]
    seats: str | None
    rows: int
    crew: bool | None
    after: bool
    only_if: frozenset[str]
    human_only: bool
    touched: tuple[str, ...]
    plain: bool
    opening: tuple[str, Mapping[str, Any]]
    """The reason that says which class and rule it is."""


class Rules(NamedTuple):
    """The classes of a pack, the strictest first, and its rules by whom one met and by setting."""

    classes: tuple[str, ...]
    of: Mapping[tuple[bool, str], tuple[Rule, ...]]
    met: frozenset[bool]
    residual: float
    pack: str


class Seen(NamedTuple):
    """One exposure as it counts: its stretch, minutes together (`at_least` while it goes on), air left behind."""

    value: Mapping[str, Any]
    person: Mapping[str, Any] | None
    counts: Span
    minutes: float | None
    at_least: float
    lingering: bool
    residual: float


def rules_of(book: Rulebook) -> Rules:
    """Return the rules of a pack on contacts, compiled. What an exposure does not use is not marked as asked."""
    named = book.values.get("contact.classes")
    classes = tuple(named.value) if named is not None else ()
    by: dict[tuple[bool, str], list[Rule]] = {}
    for key, ruled in book.values.items():
        parts = key.split(".")
        if len(parts) == 4 and parts[0] == "contact" and parts[2] == "when" and parts[1] in classes:
            of = book.values.get(f"contact.{parts[1]}.of")
            rule = _rule(classes.index(parts[1]), parts[1], parts[3], ruled)
            for setting in ruled.value["setting"]:
                by.setdefault((of is not None and of.value == "contact", setting), []).append(rule)
    residual = book.values.get("exposure.residual")
    return Rules(
        classes,
        {key: tuple(sorted(found, key=lambda r: r.rank)) for key, found in by.items()},
        frozenset(key[0] for key in by),
        residual.value if residual is not None else 0,
        book.name,
    )


def _rule(rank: int, cls: str, name: str, ruled: Ruled) -> Rule:
    table = ruled.value
    touched = (ruled.key, "contact.classes", f"contact.{cls}.of")
    plain = set(table) <= {"setting", "human_only", "after_case_left"}
    return Rule(
        rank, cls, name, ruled,
        table.get("minutes"), table.get("cumulative_hours"), table.get("distance_m"),
        frozenset(table.get("protection", ())), frozenset(table.get("contact", ())),
        frozenset(table.get("vehicle", ())), table.get("seats"), table.get("rows", 0), table.get("crew"),
        bool(table.get("after_case_left")), frozenset(table.get("only_if", ())), bool(table.get("human_only")),
        touched, plain, ("classify.class", {"cls": cls, "rule": name}),
    )  # fmt: skip


def judged(  # noqa: PLR0911, PLR0912 — one condition after the other, the cheap ones first
    rule: Rule, seen: Seen, residual: float
) -> tuple[str, ...] | None:
    """Return what is not known of the conditions of a rule, nothing where all hold, None where one fails."""
    value = seen.value
    if seen.lingering and (not rule.after or value.get("after_minutes", 0) > residual):
        return None
    if rule.plain:
        return ()
    unknowns: list[str] = []
    if rule.vehicle and not _among(rule.vehicle, value.get("vehicle"), "vehicle", unknowns):
        return None
    if rule.crew is not None and rule.seats is None and rule.crew is not bool(value.get("crew")):
        return None
    if rule.minutes is not None:
        if seen.minutes is None:
            if seen.at_least < rule.minutes:
                unknowns.append("minutes")
        elif seen.minutes < rule.minutes:
            return None
    if rule.protection and not _among(rule.protection, value.get("protection"), "protection", unknowns):
        return None
    if rule.contact and not _among(rule.contact, value.get("contact"), "contact", unknowns):
        return None
    if rule.distance is not None:
        distance = value.get("distance_m")
        if distance is None:
            unknowns.append("distance")
        elif distance > rule.distance:
            return None
    if rule.hours is not None:
        hours = value.get("cumulative_hours")
        if hours is None:
            unknowns.append("hours")
        elif hours < rule.hours:
            return None
    if rule.seats is not None and not (rule.crew and value.get("crew")):
        beside = near(value.get("seat"), value.get("case_seat"), value.get("vehicle"), rule.seats, rule.rows)
        if beside is False:
            return None
        if beside is None:
            unknowns.append("seat")
    if rule.only_if:
        flag = _only_if(rule.only_if, seen.person)
        if flag is False:
            return None
        if flag is not True:
            unknowns += flag
    return tuple(unknowns)


def _among(allowed: frozenset[str], given: str | None, name: str, unknowns: list[str]) -> bool:
    """Return whether what is given is among what a rule allows; what is not known may be, and is written down."""
    if given is None:
        unknowns.append(name)
        return True
    return given in allowed


def _only_if(flags: frozenset[str], person: Mapping[str, Any] | None) -> bool | Sequence[str]:
    """Return whether one of these holds for a person, or what is not known of her."""
    unknowns = []
    for flag in sorted(flags):
        if flag == "health_worker":
            work = None if person is None else person.get("work")
            held = None if work is None else work == "health_worker"
        else:
            held = None if person is None else person.get(flag)
        if held:
            return True
        if held is None:
            unknowns.append(flag)
    return unknowns or False


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────────────────────


def reasons_of(rule: Rule, seen: Seen, unknowns: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return codes with values: the class, and each condition of the rule that is known to hold."""
    value = seen[0]
    said: list[tuple[str, Mapping[str, Any]]] = [rule.opening, (f"classify.setting_{value['setting']}", _NOTHING)]
    if not rule.plain:
        _add_conditions(said, rule, seen, unknowns)
    if seen.lingering:
        said.append(("classify.after_case_left", {"residual": seen.residual}))
    if rule.only_if and not rule.only_if & set(unknowns):
        said += [
            (f"classify.{flag}", _NOTHING)
            for flag in sorted(rule.only_if)
            if _only_if(frozenset({flag}), seen.person) is True
        ]
    if rule.human_only:
        said.append(("classify.human_only", _NOTHING))
    return said


def _add_conditions(said: list[tuple[str, Mapping[str, Any]]], rule: Rule, seen: Seen, unknowns: Sequence[str]) -> None:
    """Add the conditions of a rule on where and how long they met, and how."""
    value = seen.value
    if rule.vehicle and "vehicle" in value:
        said.append((f"classify.vehicle_{value['vehicle']}", _NOTHING))
    if rule.crew and value.get("crew"):
        said.append(("classify.crew", _NOTHING))
    elif rule.seats is not None and "seat" not in unknowns:
        seats = {"seat": value.get("seat", "-"), "case_seat": value.get("case_seat", "-"), "rows": rule.rows}
        said.append((f"seat.{rule.seats}", seats))
    if rule.minutes is not None and "minutes" not in unknowns:
        minutes = seen.at_least if seen.minutes is None else seen.minutes
        said.append(("classify.minutes", {"minutes": round(minutes), "needed": rule.minutes}))
    if rule.hours is not None and "hours" not in unknowns:
        said.append(("classify.hours", {"hours": value["cumulative_hours"], "needed": rule.hours}))
    if rule.distance is not None and "distance" not in unknowns:
        said.append(("classify.distance", {"distance": value["distance_m"], "most": rule.distance}))
    if rule.protection and "protection" not in unknowns:
        said.append((f"classify.protection_{value['protection']}", _NOTHING))
    if rule.contact and "contact" not in unknowns:
        said.append((f"classify.contact_{value['contact']}", _NOTHING))
