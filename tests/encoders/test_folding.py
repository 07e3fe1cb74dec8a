"""Texts as the tokenizer reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptor.encoders.folding import SPACE, clipped, folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Red MUG", "red mug"),
        ("Café Ångström", "cafe angstrom"),
        ("ＦＵＬＬ width", "full width"),
        ("3½ in", "3 1/2 in"),
        ("Core™ i5®", "core i5"),
        ("soft\u00adware zero\u200bwidth", "software zerowidth"),
        ("a\x00b\nc\ud800d▁e", "a b c d e"),
        ("ガラス", "ガラス"),
        ("İstanbul", "istanbul"),
    ],
)
def test_writing_makes_no_other_word(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text(st.characters(), max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert SPACE not in once
    once.encode()  # no halves of characters are left


@given(st.text("ab ", max_size=60), st.integers(1, 50))
def test_clipping_keeps_a_start_and_cuts_between_words(text: str, limit: int) -> None:
    kept = clipped(text, limit)
    assert text.startswith(kept)
    assert len(kept) <= limit
    if len(text) > limit and " " in text[1:limit]:
        assert text[len(kept)] == " "
