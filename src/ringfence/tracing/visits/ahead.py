"""Asking early for what is read soon, so that many waits become one: memory for the processor, pages for the system."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _prefetch_of(typingctx: Any, address: Any) -> Any:  # noqa: ARG001 — the compiler's form
    """Ask the processor for the memory at an integer address; any address may be asked for (machine code only)."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001 — the compiler's form
        number = ir.IntType(32)
        pointer = builder.inttoptr(args[0], cgutils.voidptr_t)
        declared = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, declared, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
        to_read, nearest, data = number(0), number(3), number(1)
        builder.call(function, [pointer, to_read, nearest, data])
        return context.get_dummy_value()

    return types.void(types.int64), code


prefetch: Any = intrinsic(_prefetch_of)
