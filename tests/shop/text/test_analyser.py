"""The analyser: what becomes one term, and that queries and products agree on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.shop.text import Analyser, AnalyserOptions
from emptor.shop.text.analyser import MAX_TERM, fold

ENGLISH = Analyser(AnalyserOptions())


@pytest.mark.parametrize(
    ("spellings", "term"),
    [
        (["1/2 in", '0.5"', "1/2-in.", ".5 inch", "½ inches"], "0.5in"),
        (["1-1/2 in.", "1 1/2 inch", "1.5 in"], "1.5in"),
        (["12 oz", "12oz", "12-ounce", "12 ounces"], "12oz"),
        (["500 ml", "0.5 l", "50 cl", "0.5 Liter"], "500ml"),
        (["8.5 sq. ft.", "8.5 sq ft"], "8.5sqft"),
        (["6'", "6 ft.", "6 feet"], "6ft"),
        (["2x4", "2 x 4", "2 in. x 4 in."], "2x4"),
        (["1,000 BTU", "1000btu"], "1000btu"),
    ],
)
def test_spellings_of_a_quantity_share_a_term(spellings: list[str], term: str) -> None:
    for spelling in spellings:
        assert term in ENGLISH.terms(spelling), spelling
        assert term in [t for word in ENGLISH.query_words(spelling) for t, _ in word.terms], spelling


def test_a_slash_that_is_no_fraction_stays_two_numbers() -> None:
    assert ENGLISH.terms("24/7 service") == ["24", "7", "servic"]
    assert ENGLISH.terms("winter 2019/20") == ["winter", "2019", "20"]


def test_a_number_inside_a_word_is_no_quantity() -> None:
    assert ENGLISH.terms("iPhone6 dw735") == ["iphone6", "dw735"]


def test_joined_words_match_both_ways() -> None:
    assert {"shirt", "tshirt"} <= set(ENGLISH.terms("T-shirt"))
    assert "tshirt" in [t for word in ENGLISH.query_words("t-shirt") for t, _ in word.terms]


def test_cjk_runs_become_pairs() -> None:
    assert {"東京", "京タ", "東"} <= set(ENGLISH.terms("東京タワー"))
    assert [word.terms[0][0] for word in ENGLISH.query_words("東京")] == ["東京"]
    assert [word.terms[0][0] for word in ENGLISH.query_words("東")] == ["東"]


def test_accents_case_and_full_width_forms_fold() -> None:
    assert fold("ＣＡＦÉ") == "cafe"
    assert ENGLISH.terms("Décor") == ENGLISH.terms("decor")


def test_stop_words_are_optional() -> None:
    optional = {word.surface: word.optional for word in ENGLISH.query_words("lamp for the desk")}
    assert optional == {"lamp": False, "for": True, "the": True, "desk": False}


def test_plain_reading_knows_no_units() -> None:
    plain = Analyser(AnalyserOptions(units=False))
    assert plain.terms("1/2 in. T-shirt") == ["1", "2", "in", "t", "shirt"]


def test_another_language_stems_its_own_way() -> None:
    german = Analyser(AnalyserOptions(language="german"))
    assert german.terms("Lampen") == german.terms("Lampe")


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(EmptorError, match=r"search\.language: found 'klingon'"):
        Analyser(AnalyserOptions(language="klingon"))


@given(st.text(max_size=300))
def test_any_text_gives_bounded_terms(text: str) -> None:
    for term in ENGLISH.terms(text):
        assert 0 < len(term) <= MAX_TERM + 16
        assert " " not in term
    for word in ENGLISH.query_words(text):
        assert word.terms


@given(st.text(alphabet="abcdefghij 0123456789/.-x\"'", min_size=1, max_size=60))
def test_a_product_contains_what_its_own_title_asks_for(text: str) -> None:
    terms = set(ENGLISH.terms(text))
    for word in ENGLISH.query_words(text):
        assert any(term in terms for term, _ in word.terms), (text, word)


def test_marks_of_ownership_are_no_letters() -> None:
    analyser = Analyser(AnalyserOptions())
    for marked, plain in (("Core™ i5", "core i5"), ("PureSource2™", "puresource2"), ("Bose® 161™", "bose 161")):
        assert analyser.index_text(marked) == analyser.index_text(plain), marked
