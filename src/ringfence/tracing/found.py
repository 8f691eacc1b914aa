"""What a question about contacts is answered with: persons by the names given, and what was read on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.reasons import Reason


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
    of evidence, None where that kind tells none."""

    person: str
    hop: int
    minutes: int
    encounters: int
    band: str
    score: float
    reasons: tuple[Reason, ...]
    channels: Mapping[str, int | None]
    after_minutes: int = 0
    places: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    sittings: tuple[Sitting, ...] = ()


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
