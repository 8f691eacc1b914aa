"""What an answer is asked from: files, a pack, a moment. And what was read of each file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ringfence.rules.packfile import Pack
from ringfence.rules.rulebook import Rulebook
from ringfence.tracing.intake.rejects import Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The files of a question, any of them, under a pack at a moment (aware)."""

    pack: Pack
    book: Rulebook
    now: datetime
    line_list: Path | None = None
    visits: Path | None = None
    keys: Path | None = None
    encounters: tuple[Path, ...] = ()
    contacts: tuple[Path, ...] = ()
    facts: Path | None = None
    places: Path | None = None
    outline: Path | None = None
    historical: bool = False
    people: Path | None = None
    """A list of people of whom it is to be told why each is no candidate."""
    zone_named: bool = False
    """Whether the caller named the clocks, so that they need not be those of the pack as it is written."""
    steps: Path | None = None
    max_distance_m: float | None = None


@dataclass(slots=True)
class Read:
    """One file as it was read: rows, how many were used, what was not, with the line, the reason and the mend."""

    file: str
    kind: str
    rows: int = 0
    used: int = 0
    rejects: list[Reject] = field(default_factory=list)
    sha256: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as the answer tells it."""
        rejected = len({reject.line for reject in self.rejects if reject.row})
        return {"file": self.file, "kind": self.kind, "rows": self.rows, "used": self.used, "rejected": rejected,
                "sha256": self.sha256}  # fmt: skip


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, an empty text for a folder."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
