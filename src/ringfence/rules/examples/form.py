"""One example while it runs, and whether it is well formed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from ringfence.rules.duties import Status
from ringfence.rules.packfile import Pack
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.typing import nearest
from ringfence.vocabulary.moments import parse_moment, zone_named
from ringfence.vocabulary.refusals import Refused

Touched = set[tuple[str, date, str]]
"""Values that were read: key, the day since which each holds, and the pack that it stands in."""

_FIELDS = {
    "example": ("name", "now", "on", "facts", "duties", "absent", "proposals", "no_proposals", "statuses", "classify",
                "values", "immunity", "note"),
    "duties": ("key", "on", "begins", "due", "until", "state", "ended", "desk", "grade"),
    "proposals": ("kind", "subject", "values", "signable", "key"),
    "statuses": ("subject", *Status._fields),
    "classify": ("exposure", "class", "person", "at"),
    "values": ("key", "on", "is"),
    "immunity": ("person", "facts", "state", "first_exposure"),
}  # fmt: skip
EXPECTATIONS = ("duties", "absent", "proposals", "no_proposals", "statuses", "classify", "values", "immunity")


@dataclass(slots=True)
class Run:
    """One example while it runs."""

    written: Mapping[str, Any]
    pack: Pack
    name: Mapping[str, str]
    failures: list[Refused] = field(default_factory=list)
    touched: Touched = field(default_factory=set)
    books: dict[date, Rulebook] = field(default_factory=dict)

    def fail(self, code: str, /, **values: object) -> None:
        """Write down what went otherwise than the example says."""
        self.failures.append(
            Refused(code, example=self.name.get("en") or next(iter(self.name.values()), "-"), **values)
        )

    def book(self, on: date) -> Rulebook:
        """Return the rulebook of a day; all that is asked of it counts as touched."""
        if on not in self.books:
            self.books[on] = Rulebook.of(self.pack, on)
        return self.books[on]

    def moment(self, value: object) -> datetime:
        """Return the moment that an example writes: a date is the start of that local day."""
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return parse_moment(
            value.isoformat() if isinstance(value, datetime) else str(value), zone_named(self.pack.zone)
        )


def check_form(run: Run) -> None:
    """Tell of unknown fields, lists that are none, and examples that expect nothing."""
    given = run.written.get("name")
    if not isinstance(given, dict) or not {"en", "zh"} <= set(given):
        run.fail("example.no_name")
    _check_fields(run, run.written, "example")
    for name in (*EXPECTATIONS, "facts"):
        rows = run.written.get(name, [])
        if not isinstance(rows, list) or any(
            not isinstance(row, str if name in ("absent", "no_proposals") else dict) for row in rows
        ):
            run.fail("example.ill_formed", field=name, value=rows)
        elif name in _FIELDS:
            for row in rows:
                _check_fields(run, row, name)
    if not any(run.written.get(name) for name in EXPECTATIONS):
        run.fail("example.expects_nothing")
    if type(run.written.get("on")) not in (date, type(None)):
        run.fail("example.ill_formed", field="on", value=run.written["on"])


def _check_fields(run: Run, row: Mapping[str, Any], form: str) -> None:
    for name in row:
        if name not in _FIELDS[form]:
            run.fail("example.unknown_field", field=name, where=form, nearest=nearest(name, _FIELDS[form]))
    required = {"duties": ("key",), "proposals": ("kind", "subject"), "statuses": ("subject",),
                "classify": ("exposure", "class"), "values": ("key", "is"), "immunity": ("facts", "state")}  # fmt: skip
    for name in required.get(form, ()):
        if name not in row:
            run.fail("example.missing_field", field=name, where=form)
