"""Strings read from buffers are those that Arrow reads."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptor.shop.strings import Strings


@given(values=st.lists(st.none() | st.text(max_size=9), max_size=40), first=st.integers(0, 40))
def test_any_array_and_any_slice_of_it(values: list[str | None], first: int) -> None:
    array = pa.array(values, pa.string()).slice(first)
    strings = Strings(array)
    assert [strings[at] for at in range(len(array))] == array.to_pylist()


def test_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="large_string"):
        Strings(pa.array(["mug"], pa.large_string()))
