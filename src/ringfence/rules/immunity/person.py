"""What matters for immunity and doses of a person: her age on a day, and groups that a fact names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ringfence.rules.facts import Fact

_DAYS_A_YEAR = 365.25


class Person(NamedTuple):
    """What matters here of a person. `born` is the latest day on which she can have been born."""

    born: date | None
    pregnant: bool
    immunosuppressed: bool
    health_worker: bool
    facts: tuple[str, ...]

    @classmethod
    def of(cls, facts: Iterable[Fact], at: datetime) -> Person:
        """Return what facts known of a person say by a moment; of two that differ the later counts."""
        said: dict[str, object] = {}
        ids: tuple[str, ...] = ()
        by_age: date | None = None
        for fact in facts:
            if fact.kind == "person" and fact.known_at <= at:
                said.update(fact.value)
                ids = (*ids, fact.id)
                if "age_years" in fact.value:
                    by_age = fact.at.date() - timedelta(days=float(fact.value["age_years"]) * _DAYS_A_YEAR)
        return cls(
            born=_birth(said.get("birth_date")) or by_age,
            pregnant=said.get("pregnant") is True,
            immunosuppressed=said.get("immunosuppressed") is True,
            health_worker=said.get("work") == "health_worker",
            facts=ids,
        )

    def months(self, on: date) -> int | None:
        """Return her age in whole months on a day, None where it is not known."""
        if self.born is None:
            return None
        return (on.year - self.born.year) * 12 + on.month - self.born.month - (on.day < self.born.day)

    def is_(self, group: str) -> bool:
        """Return whether she is of a group that a fact names."""
        return bool(getattr(self, group))


def _birth(written: object) -> date | None:
    """Return the last day that a birth date, a month or a year of birth can mean; None where it cannot be read."""
    parts = str(written or "").strip().split("-")
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 3:
            return date(*numbers)
        if len(numbers) == 2:
            year, month = numbers
            return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return date(numbers[0], 12, 31)
    except ValueError:
        return None


def plain(name: object) -> str:
    """Return the name of a disease or vaccine as it is compared: however it was written."""
    return str(name).strip().lower().replace("-", "_").replace(" ", "_")
