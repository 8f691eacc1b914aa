"""Rule packs as they are written: dated TOML, read and checked against `schema.toml`.

A pack is a table of keys; each key has values with the day from which each holds, its source, clause and confidence.
A pack may stand over another: it then has what the other has, and its own values from the day they begin.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from ringfence.rules.duties import DESKS, KINDS
from ringfence.rules.facts import kinds, read_kinds
from ringfence.rules.typing import Field, is_never, nearest, problems_of
from ringfence.rules.typing import field as described
from ringfence.vocabulary.moments import zone_named
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import table as words

SCHEMA = 1
CONFIDENCES = ("official", "practice", "uncertain")
_AT_THE_TOP = ("schema", "id", "version", "name", "disease", "over", "in_force", "time_zone", "confidential",
               "sources", "names", "desks", "kinds", "note")  # fmt: skip
_OF_AN_ENTRY = {"since": "day!", "value": "any", "withdrawn": "yes", "source": "text!", "clause": "text!",
                "confidence": "official|practice|uncertain!"}  # fmt: skip
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PROTECTED_DOORS = ("hospital", "clinic", "pharmacy", "shelter", "police_station", "last_food_shop")
"""Places whose door never says no to anybody."""
_PROTECTED_STEMS = ("hospital", "clinic", "pharmac", "chemist", "drugstore", "shelter", "refuge", "police", "emergency",
                    "last_food", "only_food", "health_cent")  # fmt: skip
DESKS_NEVER_ISSUE = ("desk", "headquarters", "command_post", "leading_group", "ringfence")
_NEVER_BODIES = frozenset((*DESKS_NEVER_ISSUE, *DESKS.values()))


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a key: from which day, by which clause of which source. `value` is None where it is withdrawn."""

    since: date
    value: Any
    source: str
    clause: str
    confidence: str
    pack: str


@dataclass(frozen=True, slots=True)
class KeyRule:
    """What the schema says of a key."""

    pattern: str
    form: Field
    unit: str
    en: str
    zh: str

    def meaning(self, language: str) -> str:
        """Return what the key means, in zh or en."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Pack:
    """A rule pack with all that it has from the packs below it."""

    id: str
    version: str
    name: Mapping[str, str]
    disease: str
    zone: str
    begins: date
    ends: date | None
    over: tuple[str, ...]
    confidential: str
    entries: Mapping[str, tuple[Entry, ...]]
    sources: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, Mapping[str, str]]
    desks: Mapping[str, str]
    kinds: Mapping[str, tuple[frozenset[str], Mapping[str, Field]]]
    note: Mapping[str, str] = field(default_factory=dict)

    def in_force(self, on: date) -> bool:
        """Return whether measures may be signed under this pack on a day."""
        return self.begins <= on and (self.ends is None or on <= self.ends)

    def said(self, language: str) -> str:
        """Return the pack's name."""
        return self.name.get(language) or self.name["en"]


@cache
def key_rules() -> tuple[tuple[re.Pattern[str], KeyRule], ...]:
    """Return the schema: patterns of keys, the most exact first."""
    written = tomllib.loads((resources.files(__package__) / "schema.toml").read_text(encoding="utf-8"))
    found = []
    for pattern, entry in written.items():
        if not pattern.startswith("table:"):
            shape = re.sub(r"<[a-z]+>", "[a-z0-9_]+", re.escape(pattern).replace(r"\<", "<").replace(r"\>", ">"))
            rule = KeyRule(pattern, described(entry["type"]), entry.get("unit", ""), entry["en"], entry["zh"])
            found.append((re.compile(shape), rule))
    return tuple(sorted(found, key=lambda pair: pair[1].pattern.count("<")))


@cache
def table_forms() -> Mapping[str, Mapping[str, Field]]:
    """Return the forms of values that are tables, such as `table:exposure`."""
    written = tomllib.loads((resources.files(__package__) / "schema.toml").read_text(encoding="utf-8"))
    return {
        name: {key: described(form) for key, form in entry["fields"].items()}
        for name, entry in written.items()
        if name.startswith("table:")
    }


def rule_of(key: str) -> KeyRule | None:
    """Return what the schema says of a key, None for a key that it does not know."""
    return next((rule for shape, rule in key_rules() if shape.fullmatch(key)), None)


def read_pack(text: str, *, file: str, find: Callable[[str], Pack]) -> Pack:
    """Return the pack that a TOML text writes; `find` returns the pack that it stands over.

    Raises ExceptionGroup of Refused, one for each thing that is wrong, with file, key and mend.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExceptionGroup("pack", [Refused("pack.not_toml", file=file, text=str(error))]) from error
    problems = list(_problems_at_top(written, file))
    if problems:
        raise ExceptionGroup("pack", problems)
    below = find(written["over"]) if "over" in written else None
    own, problems = _entries(written, file)
    problems += _problems_together(written, own, below, file)
    if problems:
        raise ExceptionGroup("pack", problems)
    entries = dict(below.entries) if below else {}
    for key, values in own.items():
        entries[key] = tuple(sorted((*entries.get(key, ()), *values), key=_order(written["id"])))
    period = written["in_force"]
    return Pack(
        id=written["id"],
        version=str(written["version"]),
        name=written["name"],
        disease=written.get("disease") or (below.disease if below else ""),
        zone=_time_zone(written) or (below.zone if below else "UTC"),
        begins=period["from"],
        ends=period.get("until"),
        over=(below.id, *below.over) if below else (),
        confidential=written.get("confidential") or (below.confidential if below else "normal"),
        entries=entries,
        sources={**(below.sources if below else {}), **written.get("sources", {})},
        names={**(below.names if below else {}), **written.get("names", {})},
        desks={**(below.desks if below else {}), **written.get("desks", {})},
        kinds={**(below.kinds if below else {}), **read_kinds(written.get("kinds", {}))},
        note=written.get("note", {}),
    )


def is_protected(door: str) -> bool:
    """Return whether a door is of a place that never says no, under whatever name a pack gives it."""
    return door in PROTECTED_DOORS or any(stem in door for stem in _PROTECTED_STEMS)


def problems_of_forms(text: str, file: str) -> list[Refused]:
    """Return what a pack's forms ask that no rule may read: under any name, however deep."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [Refused("pack.not_toml", file=file, text=str(error))]
    return [Refused("pack.never_an_input", file=file, key=name) for name in _names_in(written) if is_never(name)]


def _names_in(table: object) -> Iterator[str]:
    """Yield the keys of nested tables and the names that stand under `id` and `options`."""
    if isinstance(table, Mapping):
        for key, entry in table.items():
            yield str(key)
            if key in ("id", "options"):
                yield from entry if isinstance(entry, list) else [str(entry)]
            yield from _names_in(entry)
    elif isinstance(table, list):
        for entry in table:
            yield from _names_in(entry)


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a pack."""
    return _ID.fullmatch(text) is not None


def own_keys(pack: Pack) -> dict[str, tuple[Entry, ...]]:
    """Return the values that stand in the pack itself, not in those below it."""
    own = {key: tuple(e for e in entries if e.pack == pack.id) for key, entries in pack.entries.items()}
    return {key: entries for key, entries in own.items() if entries}


def _order(pack: str) -> Callable[[Entry], tuple[bool, date]]:
    """Order entries so that the last one that has begun is the one in force: one's own win over those below."""
    return lambda entry: (entry.pack == pack, entry.since)


def _problems_at_top(written: Mapping[str, Any], file: str) -> Iterator[Refused]:  # noqa: PLR0912 — one line each
    if written.get("schema") != SCHEMA:
        yield Refused("pack.other_schema", file=file, schema=written.get("schema"), ours=SCHEMA)
    for name in ("id", "version", "name", "in_force"):
        if name not in written:
            yield Refused("pack.missing", file=file, key=name)
    given = str(written.get("id", "x"))
    if not _ID.fullmatch(given):
        yield Refused("pack.bad_id", file=file, key="id", value=given)
    name = written.get("name", {"en": "-"})
    if not isinstance(name, dict) or not name.get("en"):
        yield Refused("pack.missing", file=file, key="name.en")
    period = written.get("in_force", {"from": date(2000, 1, 1)})
    if not isinstance(period, dict) or type(period.get("from")) is not date:
        yield Refused("pack.missing", file=file, key="in_force.from")
    elif type(period.get("until")) not in (date, type(None)) or (period.get("until") or date.max) < period["from"]:
        yield Refused("pack.period", file=file, key="in_force.until")
    try:
        zone_named(_time_zone(written) or "UTC")
    except Refused:
        yield Refused("pack.zone", file=file, key="time_zone", value=_time_zone(written))
    if written.get("confidential", "normal") not in ("normal", "strict"):
        yield Refused("pack.ill_formed", file=file, key="confidential", value=written["confidential"],
                      form="normal | strict", unit="")  # fmt: skip
    for name in written.get("kinds", {}):
        if name in kinds():
            yield Refused("pack.kind_of_the_house", file=file, key=f"kinds.{name}")
        if is_never(name):
            yield Refused("pack.never_an_input", file=file, key=f"kinds.{name}")
        for key, form in written["kinds"][name].get("fields", {}).items():
            if is_never(key) or any(is_never(choice) for choice in re.split(r"[|*!]", str(form))):
                yield Refused("pack.never_an_input", file=file, key=f"kinds.{name}.{key}")


def _time_zone(written: Mapping[str, Any]) -> str | None:
    """Return the time zone of a pack; where it has no zones of its own, it may write `zone` for `time_zone`."""
    named = written.get("time_zone", written.get("zone"))
    return named if isinstance(named, str) else None


def _is_clock(name: str, table: object) -> bool:
    return name == "zone" and isinstance(table, str)


def _entries(written: Mapping[str, Any], file: str) -> tuple[dict[str, list[Entry]], list[Refused]]:
    """Return the dated values of a pack by key, and what is wrong with them."""
    found: dict[str, list[Entry]] = {}
    problems: list[Refused] = []
    keys = {rule.pattern for _, rule in key_rules()}
    tables = {name: table for name, table in written.items() if name not in _AT_THE_TOP and not _is_clock(name, table)}
    for key, table in _leaves(tables, ""):
        rule = rule_of(key)
        never = next((part for part in key.split(".") if is_never(part)), None)
        if never is not None:
            problems.append(Refused("pack.never_an_input", file=file, key=key))
        elif rule is None:
            problems.append(Refused("pack.unknown_key", file=file, key=key, nearest=nearest(key, keys)))
        elif not isinstance(table, dict) or "values" not in table:
            problems.append(Refused("pack.no_values", file=file, key=key))
        else:
            problems += _problems_of_leaf(table, rule, key, file)
            found[key] = [
                Entry(e["since"], None if e.get("withdrawn") else e.get("value"), e.get("source", ""),
                      e.get("clause", ""), e.get("confidence", ""), written["id"])
                for e in table["values"] if isinstance(e, dict) and type(e.get("since")) is date
            ]  # fmt: skip
    return found, problems


def _leaves(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, entry in table.items():
        key = f"{path}.{name}" if path else name
        if isinstance(entry, dict) and "values" not in entry and "unit" not in entry and entry:
            yield from _leaves(entry, key)
        else:
            yield key, entry


def _problems_of_leaf(table: Mapping[str, Any], rule: KeyRule, key: str, file: str) -> Iterator[Refused]:
    for name in table:
        if name not in ("values", "unit", "note"):
            yield Refused("pack.unknown_in_key", file=file, key=key, field=name)
    if table.get("unit", rule.unit) != rule.unit:
        yield Refused("pack.unit", file=file, key=key, unit=table["unit"], ours=rule.unit or "-")
    values = table["values"]
    if not isinstance(values, list) or not values or not all(isinstance(e, dict) for e in values):
        yield Refused("pack.no_values", file=file, key=key)
        return
    days = [e.get("since") for e in values]
    if len(set(map(str, days))) < len(days):
        yield Refused("pack.same_day", file=file, key=key)
    for entry in values:
        yield from _problems_of_entry(entry, rule, key, file)


def _problems_of_entry(  # noqa: PLR0912 — one line each
    entry: Mapping[str, Any], rule: KeyRule, key: str, file: str
) -> Iterator[Refused]:
    for name in entry:
        if name not in _OF_AN_ENTRY:
            yield Refused("pack.unknown_in_key", file=file, key=key, field=name)
    if type(entry.get("since")) is not date:
        yield Refused("pack.since", file=file, key=key)
    for name in ("source", "clause"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            yield Refused("pack.missing", file=file, key=f"{key}.{name}")
    if entry.get("confidence") not in CONFIDENCES:
        yield Refused("pack.confidence", file=file, key=key, value=entry.get("confidence"))
    if entry.get("withdrawn"):
        return
    if "value" not in entry:
        yield Refused("pack.missing", file=file, key=f"{key}.value")
    elif rule.form.form.startswith("table:"):
        if not isinstance(entry["value"], dict):
            yield Refused("pack.ill_formed", file=file, key=key, value=entry["value"], form=rule.form.form, unit="")
        else:
            for problem in problems_of(entry["value"], table_forms()[rule.form.form], file=file, key=key):
                yield Refused(problem.code.replace("rules.", "pack.in_table_"), **problem.values)
    elif not rule.form.fits(entry["value"]):
        yield Refused("pack.ill_formed", file=file, key=key, value=entry["value"], form=rule.form.said, unit=rule.unit)


def _problems_together(
    written: Mapping[str, Any], own: Mapping[str, list[Entry]], below: Pack | None, file: str
) -> list[Refused]:
    """Return what no single value shows: sources not declared, courses and classes that do not exist, doors, bodies."""
    problems: list[Refused] = []
    sources = {**(below.sources if below else {}), **written.get("sources", {})}
    for name, source in written.get("sources", {}).items():
        if not source.get("title") or type(source.get("date")) is not date:
            problems.append(Refused("pack.source_bare", file=file, key=f"sources.{name}"))
    below_names = below.names if below else {}
    clocks = {name for name in (*words(), *below_names, *written.get("names", {})) if name.startswith("clock.")}
    every: dict[str, list[Entry]] = {k: list(v) for k, v in (below.entries if below else {}).items()}
    for key, entries in own.items():
        every[key] = [*every.get(key, []), *entries]
        for entry in entries:
            if entry.source not in sources:
                problems.append(Refused("pack.unknown_source", file=file, key=key, source=entry.source,
                                        nearest=nearest(entry.source, sources)))  # fmt: skip
        parts = key.split(".")
        if parts[0] == "door" and is_protected(parts[1]) and any("not_now" in (e.value or ()) for e in entries):
            problems.append(Refused("pack.door_closed", file=file, key=key))
        if parts[0] == "authority" and parts[1] in _NEVER_BODIES:
            problems.append(Refused("pack.desk_issues", file=file, key=key))
        known = _known(parts, clocks)
        if known and ".".join(parts[:2]) not in known and key not in known:
            problems.append(Refused("pack.unknown_key", file=file, key=key, nearest=nearest(key, known)))
    problems += _dangling(own, every, file)
    return problems


def _known(parts: Sequence[str], clocks: set[str]) -> set[str]:
    """Return what a key may begin with or be, where its free part is a name of the house that rules ask for."""
    if parts[0] == "clock":
        return clocks
    if parts[0] in ("act_on", "proof"):
        return {f"{parts[0]}.{kind}" for kind in KINDS}
    if parts[0] == "authority":
        return {f"authority.{parts[1]}.{rung}" for rung in kinds()["instrument"][1]["rung"].choices}
    return set()


def _dangling(own: Mapping[str, list[Entry]], every: Mapping[str, list[Entry]], file: str) -> Iterator[Refused]:
    """Yield a refusal for each name in a pack that points at nothing."""

    def names(key: str) -> set[str]:
        return {name for e in every.get(key, ()) for name in (e.value or ())}

    courses = {key.split(".")[1] for key in every if key.startswith("course.")}
    classes = names("contact.classes")
    for key, entries in own.items():
        parts = key.split(".")
        values = [e.value for e in entries if e.value is not None]
        to_course = parts[0] in ("backward", "patient", "arrival", "dose") and parts[-1] == "course"
        if to_course or (parts[0] == "contact" and "course" in parts):
            for value in values:
                if value not in courses:
                    yield Refused("pack.no_course", file=file, key=key, value=value, nearest=nearest(value, courses))
        if parts[0] == "contact" and len(parts) > 2 and parts[1] not in classes:
            yield Refused("pack.no_class", file=file, key=key, value=parts[1], nearest=nearest(parts[1], classes))
        if parts[0] == "course" and len(parts) == 4 and f"course.{parts[1]}.stages" not in every:
            known = {key.split(".")[1] for key in every if key.startswith("course.") and key.endswith(".stages")}
            yield Refused("pack.no_course", file=file, key=key, value=parts[1], nearest=nearest(parts[1], known))
        elif parts[0] == "course" and len(parts) == 4 and parts[2] not in names(f"course.{parts[1]}.stages"):
            known = names(f"course.{parts[1]}.stages")
            yield Refused("pack.no_stage", file=file, key=key, value=parts[2], nearest=nearest(parts[2], known))
        if parts[0] == "zone" and len(parts) == 3 and parts[1] not in names("zone.levels"):
            known = names("zone.levels")
            yield Refused("pack.no_level", file=file, key=key, value=parts[1], nearest=nearest(parts[1], known))
