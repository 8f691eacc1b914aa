"""A rulebook: one version of a pack, resolved on one day into plain values with clause and source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from ringfence.rules.duties import DESKS, Because
from ringfence.rules.packfile import Entry, Pack
from ringfence.rules.typing import nearest
from ringfence.vocabulary.moments import zone_named
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.refusals import Refused

Made = TypeVar("Made")


class Ruled(NamedTuple):
    """A value in force, with where it comes from."""

    value: Any
    key: str
    clause: str
    source: str
    since: date
    confidence: str
    pack: str
    cited: str
    """Source and clause, as a reason names them."""


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """One pack on one day. `asked` remembers which values were read, so that an example can be seen to touch them."""

    pack: Pack
    on: date
    values: dict[str, Ruled]
    signable: bool
    zone: ZoneInfo
    asked: set[str] = field(default_factory=set)
    _made: dict[str, Any] = field(default_factory=dict)
    _days: dict[int, datetime] = field(default_factory=dict)
    _hours: dict[str, timedelta | None] = field(default_factory=dict)
    _clock_keys: dict[str, str] = field(default_factory=dict)
    _plain: dict[tuple[str, str], Because] = field(default_factory=dict)
    _needed: dict[str, Grade] = field(default_factory=dict)
    _name: str = ""
    earlier: tuple[datetime, Rulebook] | None = None
    """Until when a subject that was pinned to this followed another, and which: by that what was signed is judged."""

    @classmethod
    def of(cls, pack: Pack, on: date, *, today: date | None = None) -> Rulebook:
        """Return the pack as it stands on a day. Any day can be read; only one in force can be signed under.

        Whoever replays the past says what day it is `today`: under a pack that is over by then nothing is signed.
        """
        values = {}
        for key, entries in pack.entries.items():
            entry = in_force(entries, on)
            if entry is not None and entry.value is not None:
                values[key] = Ruled(entry.value, key, entry.clause, entry.source, entry.since, entry.confidence,
                                    entry.pack, f"{entry.source} {entry.clause}")  # fmt: skip
        name = f"{pack.id}@{pack.version}"
        return cls(
            pack, on, values, pack.in_force(on) and pack.in_force(today or on), zone_named(pack.zone), _name=name
        )

    @property
    def name(self) -> str:
        """Return pack@version, as reasons and pins name it."""
        return self._name

    def signable_at(self, moment: datetime) -> bool:
        """Return whether anything may be signed at a moment: the pack is in force on that local day as well."""
        return self.signable and self.pack.in_force(date.fromordinal(self.day_of(moment)))

    @property
    def over_at(self) -> datetime | None:
        """Return when the pack ceases to be in force, None where no end is set."""
        return None if self.pack.ends is None else self.start_of(self.pack.ends.toordinal() + 1)

    def at(self, moment: datetime) -> Rulebook:
        """Return the rulebook that the subject followed at a moment: this one, or an earlier one before a pin."""
        book = self
        while book.earlier is not None and moment < book.earlier[0]:
            book = book.earlier[1]
        return book

    def get(self, key: str, otherwise: Any = None) -> Any:
        """Return the value of a key, or another value where the pack has none."""
        ruled = self.values.get(key)
        if ruled is None:
            return otherwise
        self.asked.add(key)
        return ruled.value

    def has(self, key: str) -> bool:
        """Return whether the pack has a value for a key."""
        return key in self.values

    def ruled(self, key: str) -> Ruled:
        """Return a value with its clause and source; refused, naming the nearest key, where there is none."""
        ruled = self.values.get(key)
        if ruled is None:
            raise Refused("pack.no_such_value", key=key, pack=self.name, nearest=nearest(key, self.values))
        self.asked.add(key)
        return ruled

    def because(self, code: str, key: str = "", facts: tuple[str, ...] = (), **values: Any) -> Because:
        """Return a reason that rests on a key of the pack and on facts."""
        ruled = self.values.get(key)
        if ruled is None:
            return Because(code, "", self._name, facts, values)
        self.asked.add(key)
        return Because(code, ruled.cited, self._name, facts, values)

    def plain(self, code: str, key: str) -> Because:
        """Return a reason that rests on a key of the pack alone: one for everybody, for a city has millions of them."""
        found = self._plain.get((code, key))
        if found is None:
            found = self._plain[code, key] = self.because(code, key)
        return found

    def needed(self, kind: str) -> Grade:
        """Return the weakest grade of a proof that closes a kind of duty for good."""
        found = self._needed.get(kind)
        if found is None:
            found = self._needed[kind] = Grade[self.get(f"proof.{kind}", "B")]
        return found

    def desk(self, kind: str) -> str:
        """Return the desk that owns a kind of duty."""
        return self.pack.desks.get(kind) or DESKS[kind]

    def hours(self, clock: str, otherwise: float | None = None) -> timedelta | None:
        """Return the time by which a clock is due: its hard limit, or its target where it has none."""
        if clock not in self._hours:
            value = self.get(f"clock.{clock}.hard")
            if value is None:
                value = self.get(f"clock.{clock}.target")
            self._hours[clock] = None if value is None else timedelta(hours=value)
        found = self._hours[clock]
        return timedelta(hours=otherwise) if found is None and otherwise is not None else found

    def clock_key(self, clock: str) -> str:
        """Return the key from which `hours` takes the time of a clock."""
        key = self._clock_keys.get(clock)
        if key is None:
            key = f"clock.{clock}.hard" if self.has(f"clock.{clock}.hard") else f"clock.{clock}.target"
            self._clock_keys[clock] = key
        return key

    def day_of(self, moment: datetime) -> int:
        """Return the ordinal of the local day that holds a moment."""
        return moment.astimezone(self.zone).toordinal()

    def start_of(self, day: int) -> datetime:
        """Return the moment, in UTC, at which a local day begins."""
        start = self._days.get(day)
        if start is None:
            local = datetime.fromordinal(day).replace(tzinfo=self.zone)
            start = self._days[day] = local.astimezone(UTC)
        return start

    def made(self, name: str, make: Callable[[Rulebook], Made]) -> Made:
        """Return what `make` makes of this rulebook, made once."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = make(self)
        made: Made = found
        return made


def in_force(entries: tuple[Entry, ...], on: date) -> Entry | None:
    """Return the entry in force on a day: of those that have begun the last, those of the upper pack last of all."""
    found = None
    for entry in entries:
        if entry.since <= on:
            found = entry
    return found
