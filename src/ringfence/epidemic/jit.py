"""One way to compile a kernel of this room: cached on disk, free of the interpreter's lock and of reference counts.

Kernels here take tuples of many arrays and create none. Counting references to each array at each call was more than
half of what an outbreak cost, so it is switched off: a kernel that creates an array does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def kernel(function: F) -> F:
    """Compile a function of plain numbers and numpy arrays to machine code, keeping its declared types."""
    return cast(F, numba.njit(**_OPTIONS)(function))


def small(function: F) -> F:
    """Compile a function of a few lines into each of its callers."""
    return cast(F, numba.njit(inline="always", **_OPTIONS)(function))
