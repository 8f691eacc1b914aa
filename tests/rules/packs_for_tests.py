"""Small rule packs for tests, written as TOML and read as any pack is read.

small_pack({"infectious.from": -2, "infectious.anchor": "symptoms"})
small_pack(infectious={"from": -2, "anchor": "symptoms"}, contact={"classes": ["close"]})
small_pack({"discharge.ct": dated({date(2022, 1, 1): None, date(2022, 3, 15): 35})})
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ringfence.rules.packfile import Pack, read_pack, rule_of
from ringfence.rules.rulebook import Rulebook

SINCE = date(2020, 1, 1)


class Dated(dict):
    """Values of one key by the day from which each holds; None withdraws it."""


def dated(values: Mapping[date, Any]) -> Dated:
    """Return values of one key by the day from which each holds; None withdraws it."""
    return Dated(values)


def small_pack(
    values: Mapping[str, Any] | None = None,
    /,
    *,
    pack_id: str = "small",
    zone: str = "Asia/Shanghai",
    begins: date = SINCE,
    ends: date | None = None,
    clause: str = "§1",
    over: Pack | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    desks: Mapping[str, str] | None = None,
    confidential: str = "normal",
    **tables: Any,
) -> Pack:
    """Return a pack with these values: by dotted key, or as nested tables, or both; each holds from `SINCE` on.

    Its one source is `plan`, and every clause is `clause`. Raises what `read_pack` raises.
    """
    lines = [
        "schema = 1",
        f"id = {_toml(pack_id)}",
        'version = "1"',
        f"name = {_toml({'en': 'A small pack', 'zh': '小规则包'})}",
        f"time_zone = {_toml(zone)}",
        f"confidential = {_toml(confidential)}",
        f"in_force = {_toml({'from': begins, **({'until': ends} if ends else {})})}",
        *([f"over = {_toml(over.id)}"] if over else []),
        *([f"names = {_toml(names)}"] if names else []),
        *([f"desks = {_toml(desks)}"] if desks else []),
        f"sources.plan = {_toml({'title': {'en': 'The plan', 'zh': '方案'}, 'date': SINCE})}",
    ]
    for key, value in {**(values or {}), **dict(_leaves(tables, ""))}.items():
        entries = value if isinstance(value, Dated) else {SINCE: value}
        said = ", ".join(_entry(since, what, clause) for since, what in entries.items())
        lines.append(f"{key}.values = [{said}]")
    return read_pack("\n".join(lines), file=f"{pack_id}/pack.toml", find=lambda _: over)  # type: ignore[arg-type,return-value]


def small_book(values: Mapping[str, Any] | None = None, /, *, on: date = date(2022, 3, 8), **tables: Any) -> Rulebook:
    """Return the rulebook of a small pack on a day, Tuesday 8 March 2022 unless said otherwise."""
    return Rulebook.of(small_pack(values, **tables), on)


def _entry(since: date, value: Any, clause: str) -> str:
    what = {"withdrawn": True} if value is None else {"value": value}
    return _toml({"since": since, **what, "source": "plan", "clause": clause, "confidence": "official"})


def _leaves(tables: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, entry in tables.items():
        key = f"{path}.{name}" if path else name
        if isinstance(entry, Mapping) and not isinstance(entry, Dated) and rule_of(key) is None:
            yield from _leaves(entry, key)
        else:
            yield key, entry


def _toml(value: Any) -> str:
    """Return a plain value as TOML writes it on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {_toml(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(_toml(v) for v in value) + "]"
