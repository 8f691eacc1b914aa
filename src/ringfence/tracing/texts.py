"""Columns of short texts as spans of one buffer of UTF-8 bytes, for kernels to read without Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

BLANKS = " \t\r\n\u3000"  # what is cut off on both sides of a given id; U+3000 is the blank of Chinese keyboards
Rows = NDArray[np.intp] | NDArray[np.int64] | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as spans [start, stop) of `data`; a missing text is an empty span."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, row: int) -> str:
        """Return one text, without blanks around it."""
        return bytes(self.data[self.starts[row] : self.stops[row]]).decode("utf-8", "replace").strip(BLANKS)

    def take(self, rows: Rows) -> Texts:
        """Return the texts of an index or mask, over the same bytes."""
        return Texts(self.data, self.starts[rows], self.stops[rows])

    @classmethod
    def of(cls, values: Sequence[str] | pa.Array[Any] | pa.ChunkedArray[Any]) -> Texts:
        """Return the spans of a list of texts or of an Arrow column of texts or whole numbers (as decimal text)."""
        if isinstance(values, (list, tuple)):
            return cls._of_list([value.encode("utf-8", "surrogatepass") for value in values])
        return cls._of_arrow(values)

    @classmethod
    def _of_list(cls, parts: list[bytes]) -> Texts:
        ends = np.cumsum(np.fromiter((len(part) for part in parts), np.int64, len(parts)), dtype=np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
        return cls(np.frombuffer(b"".join(parts) or b"\0", np.uint8), starts, ends)

    @classmethod
    def _of_arrow(cls, column: Any) -> Texts:
        import pyarrow as pa

        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
            if isinstance(column, pa.ChunkedArray):
                column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            column = column.cast(pa.string())
        width: type[np.signedinteger[Any]] = np.int64 if pa.types.is_large_string(column.type) else np.int32
        _, offset_buffer, data_buffer = column.buffers()
        if len(column) == 0 or offset_buffer is None:
            nothing = np.zeros(0, np.int64)
            return cls(np.zeros(1, np.uint8), nothing, nothing)
        offsets = np.frombuffer(offset_buffer, width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
        starts, stops = offsets[:-1], offsets[1:]
        if column.null_count:
            missing = np.asarray(column.is_null())
            stops = np.where(missing, starts, stops)
        empty = data_buffer is None or data_buffer.size == 0
        return cls(np.zeros(1, np.uint8) if empty else np.frombuffer(data_buffer, np.uint8), starts, stops)
