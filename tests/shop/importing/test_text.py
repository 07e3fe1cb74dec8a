"""Cleaning of text: what goes, what stays, and that cleaning twice is cleaning once."""

import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emptor.shop.importing.text import NULLS, clean_line, clean_text, escaped

PIECES = [
    *"<>/!-&;#a b\n\t\r\0\x85p\u0338",
    "br",
    "&lt;",
    "&amp;",
    "&amp",
    "script",
    "<b>",
    "<!--",
    "-->",
    "</style>",
]
MARKUP = st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Tom &amp; Jerry&#xAE;", "Tom & Jerry®"),
        ("<p>Soft<br/>and <b class='x'>warm</b></p>", "Soft and warm"),
        ("&lt;p&gt;encoded&lt;/p&gt;", "encoded"),
        ("a < b and c > d", "a < b and c > d"),
        ("I <3 you, List<int> x<y", "I <3 you, List<int> x<y"),
        ("a<script>alert(1)</script >b<!-- no -->c<style>p{}</style>", "a b c"),
        ("bell\x07 del\x7f c1\x9f lone\ud800.", "bell del c1 lone ."),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
        ("cafe\u0301", "café"),
        ("👩‍🚀 宇宙飛行士", "👩‍🚀 宇宙飛行士"),
        ("\xa0 x \u3000", "x"),
    ],
)
def test_clean_text(text, clean):
    assert " ".join(clean_text(text).split(" ")).replace("  ", " ") == clean


def test_a_line_has_no_line_ends_and_keeps_its_angle_brackets():
    assert clean_line("Tom\r\n&amp;\tJerry <b>\u2028") == "Tom & Jerry <b>"


@settings(deadline=None)
@given(st.one_of(st.text(), MARKUP))
@example("<b\0>")
@example("<<b>b>")
@example("&lt\u037e")
def test_cleaning_is_done_once(text):
    for clean in (clean_text, clean_line):
        once = clean(text)
        assert clean(escaped(once)) == once
        assert clean(once, decode=False) == once
        assert unicodedata.is_normalized("NFC", once)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in once)


@pytest.mark.parametrize(
    "piece", ["<b ", "<!--", "<script>", "<a<a>", "<b>", "&lt;", "</style", "<b <!-- --> >", "\0<"]
)
def test_cleaning_is_linear(piece):
    text = piece * (1_000_000 // len(piece))
    start = time.perf_counter()
    clean_text(text)
    assert time.perf_counter() - start < 5


def test_nulls():
    assert {"", "NaN", "null", "NONE", "N/A", "n/a"} <= NULLS
    assert "0" not in NULLS


@pytest.mark.parametrize("text", ["AT&T", "a & b", "R&B; soul"])
def test_an_ampersand_that_decodes_to_itself_is_not_escaped(text):
    assert escaped(text) == text
