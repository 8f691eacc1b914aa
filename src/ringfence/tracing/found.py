"""What a question about contacts is answered with: persons by the names given, and what was read on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.reasons import Reason

Item_co = TypeVar("Item_co", covariant=True)


class Later(Sequence[Item_co]):
    """A sequence that is made when somebody first looks at it: most of a long answer is never read."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], tuple[Item_co, ...]]) -> None:
        self._make: Callable[[], tuple[Item_co, ...]] | None = make
        self._made: tuple[Item_co, ...] = ()

    def _all(self) -> tuple[Item_co, ...]:
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, at: int) -> Item_co: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Item_co, ...]: ...

    def __getitem__(self, at: int | slice) -> Item_co | tuple[Item_co, ...]:
        return self._all()[at]

    def __iter__(self) -> Iterator[Item_co]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (tuple, Later)) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


@dataclass(frozen=True, slots=True)
class Sitting:
    """One time together: where (None: no source says), from when to when, minutes together, minutes in the air left
    behind, how many shared it (0: unknown), whether it rests on an end that was filled in (None: not looked up)."""

    place: str | None
    start: int
    end: int
    minutes: int
    after_minutes: int
    crowd: int
    imputed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person met, by the names given. `band` is slight, some, strong or very_strong; `channels` are minutes by kind
    of evidence, None where that kind tells none. Reasons and sittings may be made when they are first looked at."""

    person: str
    hop: int
    minutes: int
    encounters: int
    band: str
    score: float
    reasons: Sequence[Reason]
    channels: Mapping[str, int | None]
    after_minutes: int = 0
    places: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    sittings: Sequence[Sitting] = ()


@dataclass(slots=True)
class FileReport:
    """What a list held: loaded + duplicates + rejected are its rows; `at` is its place among lists of its kind.

    `unused` are columns that nothing was taken from.
    `undated` named contacts tell no time and count in every window; `before_window` were last met before it and do not.
    """

    file: str
    kind: str
    at: int
    loaded: int
    duplicates: int
    rejected: int
    undated: int = 0
    before_window: int = 0
    notes: tuple[Reason, ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(slots=True)
class Contacts:
    """The answer: contacts in order, how many reach each score of the second hop by kind of evidence, what was read.

    `notes` say what a reader should know about the answer. `lists_until` is the end of the last encounter of the lists,
    in minutes. `at_or_above` is that of visits where they were searched.
    """

    rows: list[Contact]
    at_or_above: Mapping[int, int] | None = None
    reached: dict[str, Mapping[int, int]] = field(default_factory=dict)
    files: list[FileReport] = field(default_factory=list)
    rejects: list[tuple[str, Reject]] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)
    lists_until: int | None = None
    elapsed_ms: float = 0.0

    def __iter__(self) -> Iterator[Contact]:
        return iter(self.rows)
