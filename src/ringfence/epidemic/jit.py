"""One way to compile a kernel of this room: cached on disk and free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function of plain numbers and numpy arrays to machine code, keeping its declared types."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def small(function: F) -> F:
    """Compile a function of a few lines into each of its callers."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))
