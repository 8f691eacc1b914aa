"""What follows from facts, subject by subject. Nothing here reads a clock, a table or a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib import import_module

from ringfence.rules.derive.sheet import Dossier, Sheet
from ringfence.rules.duties import Derivation

__all__ = ["Dossier", "Sheet", "derive"]


def derive(dossier: Dossier, now: datetime) -> Derivation:
    """Return the duties, proposals and status that follow from a dossier at a moment."""
    return _of_kind(dossier.subject.kind)(dossier, now)


@cache
def _of_kind(kind: str) -> Callable[[Dossier, datetime], Derivation]:
    """Return the derivation of a kind of subject: the `derive` of the module of its name."""
    found: Callable[[Dossier, datetime], Derivation] = import_module(f"{__name__}.{kind}").derive
    return found
