"""One way to compile a kernel: cached on disk and free of the interpreter's lock, so that threads run side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function of plain numbers and numpy arrays to machine code, keeping its declared types."""
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def compiled_before(function: object) -> bool:
    """Return whether this machine has compiled a kernel before, so that its first call takes no seconds."""
    cache = getattr(function, "_cache", None)
    where = getattr(cache, "cache_path", None)
    name = getattr(function, "__name__", "")
    return not where or any(Path(where).glob(f"*.{name}-*.nbi"))
