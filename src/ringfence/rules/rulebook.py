"""A rulebook: one version of a pack, resolved on one day into plain values with clause and source."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from ringfence.rules.duties import ATTESTED, DESKS, PROVED, UNKNOWN, Because
from ringfence.rules.packfile import Entry, Pack
from ringfence.rules.typing import nearest
from ringfence.vocabulary.moments import zone_named
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.refusals import Refused

Made = TypeVar("Made")

_MOST_KEPT = 20_000
"""How many things that follow from days, or from days and a class, a rulebook keeps at the most."""
_A_DAY = timedelta(days=1)


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
    _cuts: dict[int, tuple[datetime, int, int]] = field(default_factory=dict)
    templates: dict[Hashable, Any] = field(default_factory=dict)
    """What `kept` keeps."""
    plains: dict[tuple[str, str], Because] = field(default_factory=dict)
    """The reasons that `plain` has made, by code and key."""
    desks: dict[str, str] = field(default_factory=dict)
    """The desks that `desk` has found, by kind of duty."""
    closings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What `closing` has found, by kind of duty."""
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
        plain = self.plains.get((code, key)) or self.plain(code, key)
        return Because(code, plain.clause, self._name, facts, values) if facts or values else plain

    def plain(self, code: str, key: str) -> Because:
        """Return a reason that rests on a key of the pack alone: one for everybody, for a city has millions of them."""
        found = self.plains.get((code, key))
        if found is None:
            ruled = self.values.get(key)
            if ruled is not None:
                self.asked.add(key)
            found = Because(code, "" if ruled is None else ruled.cited, self._name)
            self.plains[code, key] = found
        return found

    def closing(self, kind: str) -> tuple[str, ...]:
        """Return how a duty of a kind ends, by the grade of the weakest of its proofs; a grade is a number from 1."""
        found = self.closings.get(kind)
        if found is None:
            needed = Grade[self.get(f"proof.{kind}", "B")]
            found = self.closings[kind] = (
                "", *(PROVED if g <= needed else ATTESTED if g <= Grade.C else UNKNOWN for g in Grade)
            )  # fmt: skip
        return found

    def desk(self, kind: str) -> str:
        """Return the desk that owns a kind of duty."""
        found = self.desks.get(kind)
        if found is None:
            found = self.desks[kind] = self.pack.desks.get(kind) or DESKS[kind]
        return found

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
        if moment.tzinfo is UTC:
            # To ask the zone takes several times as long as all else here, and a city asks a million times.
            day = moment.toordinal()
            cut = self._cuts.get(day) or self._cut(day)
            if cut is not None:
                return cut[1] if moment < cut[0] else cut[2]
        return moment.astimezone(self.zone).toordinal()

    def _cut(self, day: int) -> tuple[datetime, int, int] | None:
        """Return when a local day ends within a day of UTC, with that day and the next; None where clocks change."""
        if not 1 < day < date.max.toordinal():
            return None
        begins = datetime.fromordinal(day).replace(tzinfo=UTC)
        local = begins.astimezone(self.zone)
        if local.utcoffset() != (begins + _A_DAY).astimezone(self.zone).utcoffset():
            return None
        first = local.toordinal()
        passed = local.replace(tzinfo=None) - datetime.fromordinal(first)
        found = self._cuts[day] = (begins + _A_DAY - passed, first, first + 1)
        return found

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

    def kept(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what is the same for everybody on the same days: what `make` makes, kept until there is too much."""
        found = self.templates.get(key)
        if found is None:
            if len(self.templates) >= _MOST_KEPT:
                self.templates.clear()
            found = self.templates[key] = make()
        made: Made = found
        return made


def in_force(entries: tuple[Entry, ...], on: date) -> Entry | None:
    """Return the entry in force on a day: of those that have begun the last, those of the upper pack last of all."""
    found = None
    for entry in entries:
        if entry.since <= on:
            found = entry
    return found
