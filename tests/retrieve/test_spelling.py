"""Corrections and suggestions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptor.engine import Engine
from emptor.retrieve.spelling import Spelling, did_you_mean
from emptor.retrieve.suggest import Suggester

WORDS = {
    "ladder": 40,
    "lantern": 9,
    "deck": 60,
    "over": 80,
    "drill": 3000,
    "drille": 2,
    "faucet": 50,
    "facet": 30,
    "mp3": 40,
    "player": 60,
}
SPELLING = Spelling(WORDS)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lader", ("ladder",)),
        ("laddre", ("ladder",)),
        ("lanterm", ("lantern",)),
        ("deckover", ("deck", "over")),
        ("drille", ("drill",)),  # known, but drill is a thousand times as common
        ("faucit", ("faucet",)),
        ("ladder", None),
        ("facet", None),
        ("zzzzzz", None),
        ("abc", None),
        ("lad3er", None),
        ("mp3player", ("mp3", "player")),
        ("dw735x", None),
    ],
)
def test_corrections(word: str, meant: tuple[str, ...] | None) -> None:
    suggestion = SPELLING.correct(word)
    assert (suggestion.words if suggestion else None) == meant


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("wooden lader", "wooden ladder"),
        ("Lader 12 oz, 1/2 in", "ladder 12 oz, 1/2 in"),
        ("3m lader #7", "3m ladder #7"),
        ("deckover 5 gal.", "deck over 5 gal."),
        ("ladder", None),
        ("ladder dw735x", None),
        ("无线鼠标 ladder", None),
        ("", None),
    ],
)
def test_did_you_mean_changes_only_what_is_wrong(query: str, meant: str | None) -> None:
    words = {**WORDS, "wooden": 9, "无线鼠标垫": 50}
    assert did_you_mean(query, Spelling(words)) == meant


@given(st.text(max_size=40))
def test_any_word_is_answered(word: str) -> None:
    suggestion = SPELLING.correct(word)
    assert suggestion is None or all(SPELLING.knows(part) for part in suggestion.words)


def test_neighbours_share_two_letters() -> None:
    assert [word for word, _ in SPELLING.neighbours("drill")] == ["drille"]


def test_suggestions_complete_any_word_and_say_their_kind(golden: Engine) -> None:
    found = {(own.text, own.kind) for own in golden.suggest("sn")}
    assert ("Sneakers", "category") in found
    assert ("Kilnhaus", "brand") in {(own.text, own.kind) for own in golden.suggest("kiln")}
    assert any(own.kind == "product" for own in golden.suggest("copper"))
    assert golden.suggest("") == []
    assert golden.suggest("qqqq") == []


def test_past_queries_come_first(golden: Engine) -> None:
    suggester = Suggester(golden.view, queries={"red mug": 5, "red dress": 9})
    assert [own.text for own in suggester("red", k=2)] == ["red dress", "red mug"]


@given(st.text(max_size=20))
def test_any_prefix_is_answered(golden: Engine, prefix: str) -> None:
    assert len(golden.suggest(prefix)) <= 8
