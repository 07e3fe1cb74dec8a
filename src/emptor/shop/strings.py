"""Single strings out of Arrow columns: a result page reads a hundred of them."""

from __future__ import annotations

import pyarrow as pa


class Strings:
    """A string array read value by value from its buffers; an Arrow scalar for each would cost ten times as much.

    Example:
        >>> Strings(pa.array(["mug", None]))[0]
        'mug'
    """

    def __init__(self, array: pa.StringArray) -> None:
        if array.type != pa.string():
            raise TypeError(f"found an array of {array.type}, expected strings")
        valid, offsets, data = array.buffers()
        self._first = array.offset
        self._valid = None if valid is None or array.null_count == 0 else memoryview(valid)
        self._offsets = memoryview(offsets).cast("i")
        self._data = memoryview(b"" if data is None else data)

    def __getitem__(self, at: int) -> str | None:
        at += self._first
        if self._valid is not None and not self._valid[at >> 3] >> (at & 7) & 1:
            return None
        return str(self._data[self._offsets[at] : self._offsets[at + 1]], "utf-8")
