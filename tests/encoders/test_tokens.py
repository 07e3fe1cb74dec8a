"""Sub-words: the same for all writings and at every run, within bounds, and nothing that a text can forge."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.encoders.tokens import CLS, SEP, UNK, Tokenizer
from emptor.errors import EmptorError

TITLES = [
    f"{colour} {kind} {size}oz, {brand}"
    for colour in ("red", "blue", "striped", "café")
    for kind in ("mug", "teapot", "water bottle", "ガラス コップ")
    for size in (8, 12)
    for brand in ("Northmark", "O'Neil & Sons")
]
TOKENIZER = Tokenizer.train(TITLES)
TEXT = st.text(st.characters(), max_size=60)


def pieces(text: str, length: int = 64) -> list[int]:
    [ids] = TOKENIZER.encode([text], length)
    return ids[ids > 0].tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [("RED Mug", "red mug"), ("cafe", "Café"), ("12oz", "12 oz"), ("red  mug ", "red\nmug"), ("ｍｕｇ", "mug")],
)
def test_the_same_word_is_the_same_however_written(one: str, other: str) -> None:
    assert pieces(one) == pieces(other)


def test_common_words_are_one_piece_and_new_ones_are_several() -> None:
    assert len(pieces("mug")) == 2  # with [CLS]
    assert len(pieces("gum")) > 2
    assert UNK not in pieces("gum tea bottle8")
    assert pieces("art") != pieces("c art")[1:]


def test_ids_mean_what_they_should() -> None:
    assert pieces("") == [CLS]
    assert pieces("☃☃") == [CLS, *pieces("red ☃☃")[2:]]
    assert pieces("☃☃")[-1] == UNK
    assert pieces("☃☃☃") == pieces("☃")  # what is unknown is one piece a word
    assert TOKENIZER.encode([], 8).shape == (0, 1)
    assert max(max(pieces(title)) for title in TITLES) < TOKENIZER.size <= 8_000


@settings(deadline=None, max_examples=50)
@given(st.lists(TEXT, max_size=6), st.integers(1, 24))
def test_rows_are_a_start_pieces_and_padding(texts: list[str], length: int) -> None:
    ids = TOKENIZER.encode(texts, length)
    assert ids.dtype == np.int64
    assert ids.shape[0] == len(texts)
    assert 1 <= ids.shape[1] <= length
    assert (ids[:, 0] == CLS).all()
    assert ((ids[:, 1:] == 0) | (ids[:, 1:] == UNK) | (ids[:, 1:] > SEP)).all()  # whatever a text says
    assert ids.max(initial=0) < TOKENIZER.size
    assert (np.diff((ids > 0).astype(int), axis=1) <= 0).all()  # padding is behind
    if texts:
        assert (ids[:, -1] > 0).any()  # no wider than the longest
    for text, row in zip(texts, ids, strict=True):  # and the same in any batch
        assert row[row > 0].tolist() == pieces(text, length)


def test_a_text_cannot_write_special_pieces() -> None:
    for special in ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[cls][sep]"):
        assert not {0, CLS, SEP} & set(pieces(f"mug {special} mug")[1:])


def test_a_long_text_is_read_no_further_than_needed() -> None:
    long = "red striped mug " * 40_000
    assert pieces(long, 12) == pieces(long[:200], 12)
    assert len(pieces("x" * 1_000_000, 12)) <= 12
    # a form that folding makes eighteen times as long
    assert len(pieces("\ufdfa" * 100_000, 12)) <= 12


def test_training_is_the_same_in_every_order_and_process() -> None:
    assert Tokenizer.train(reversed(TITLES)).to_json() == TOKENIZER.to_json()
    code = f"from emptor.encoders import Tokenizer; print(Tokenizer.train({TITLES!r}).hash)"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        own = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        assert own.stdout.strip() == TOKENIZER.hash


def test_size_bounds_the_ids_and_the_commonest_characters_stay() -> None:
    many = ["mug " * 9 + "".join(chr(0x4E00 + at) for at in range(500))]
    small = Tokenizer.train(many, size=40)
    assert small.size <= 40
    assert Tokenizer.train(TITLES, size=64).size == 64 < TOKENIZER.size
    [ids] = small.encode(["mug"], 9)
    assert UNK not in ids
    with pytest.raises(EmptorError, match="size 10, expected at least 32"):
        Tokenizer.train(TITLES, size=10)
    with pytest.raises(EmptorError, match="no text"):
        Tokenizer.train(["", " "])


@settings(deadline=None, max_examples=50)
@given(st.lists(TEXT.filter(lambda text: text.strip() != ""), min_size=1, max_size=5), st.lists(TEXT, max_size=5))
def test_what_is_read_is_what_was_written(learnt: list[str], texts: list[str]) -> None:
    try:
        tokenizer = Tokenizer.train(learnt, size=64)
    except EmptorError:  # characters without a width only
        return
    again = Tokenizer.read(tokenizer.to_json())
    assert again.hash == tokenizer.hash
    assert again.size == tokenizer.size
    assert (again.encode(texts, 16) == tokenizer.encode(texts, 16)).all()


def test_other_texts_give_another_hash() -> None:
    assert Tokenizer.train([*TITLES, "green green"]).hash != TOKENIZER.hash


def changed(**values: object) -> str:
    return json.dumps({**json.loads(TOKENIZER.to_json()), **values})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no json", "Expecting value"),
        ("[]", "indices"),
        ("{}", "no 'kind'"),
        (changed(version=2), "version 2"),
        (changed(kind="bert"), "'bert'"),
        (changed(alphabet=["a"]), "alphabet"),
        (changed(alphabet="▁aa"), "distinct"),
        (changed(alphabet="▁\ud800"), "surrogates"),
        (changed(merges=3), "not a list"),
        (changed(merges=[["▁"]]), "merge 0 that is not a pair"),
        (changed(merges=[["▁", "zzz"]]), "merge 0 of '▁' and 'zzz'"),
        (changed(merges=[["▁", "m"], ["▁", "m"]]), "merge 1"),
        ("[" * 100_000, "expected JSON"),
    ],
)
def test_what_is_no_tokenizer_is_told(text: str, told: str) -> None:
    with pytest.raises(EmptorError, match=r"expected JSON that Tokenizer\.to_json wrote") as error:
        Tokenizer.read(text)
    assert told in str(error.value)


def test_fields_stand_behind_each_other() -> None:
    ids, segments = TOKENIZER.encode_fields([["red mug", ""], ["", "teapot"], ["Northmark", "O'Neil"]], 32)
    red, mug = pieces("red mug")[1:]
    [north] = pieces("Northmark")[1:]
    assert ids[0][ids[0] > 0].tolist() == [CLS, red, mug, SEP, north]
    assert segments[0][ids[0] > 0].tolist() == [0, 0, 0, 0, 2]
    assert segments[1][:3].tolist() == [0, 1, 1]  # [CLS], teapot, its [SEP]
    nothing, _ = TOKENIZER.encode_fields([[""], [""]], 8)
    assert nothing.tolist() == [[CLS]]


FIELDS = st.lists(st.lists(st.sampled_from(["mug", "red", "gum", "☃", "teapot"]), max_size=12), min_size=3, max_size=3)


@settings(deadline=None)
@given(FIELDS, st.integers(6, 30))
def test_the_longest_field_gives_way(words: list[list[str]], length: int) -> None:
    texts = [" ".join(own) for own in words]
    whole = [pieces(text)[1:] for text in texts]
    ids, segments = TOKENIZER.encode_fields([[text] for text in texts], length)
    assert ids.shape == segments.shape
    assert ids.shape[1] <= length
    row, fields = ids[0][ids[0] > 0], segments[0][ids[0] > 0]
    kept = [row[(fields == at) & (row != SEP) & (row != CLS)].tolist() for at in range(3)]
    for own, all_of_it in zip(kept, whole, strict=True):
        assert own == all_of_it[: len(own)]
        assert bool(own) == bool(all_of_it)  # none is lost whole
    cut = [len(own) for own, all_of_it in zip(kept, whole, strict=True) if len(own) < len(all_of_it)]
    if cut:
        assert len(row) == length  # all the room is used
        assert max(map(len, kept)) - min(cut) <= 1  # only the longest were cut
    assert (row == SEP).sum() == max(sum(map(bool, kept)) - 1, 0)


def test_wrong_fields_and_lengths_are_told() -> None:
    with pytest.raises(EmptorError, match=r"fields of \[1, 2\] texts"):
        TOKENIZER.encode_fields([["a"], ["a", "b"]], 8)
    with pytest.raises(EmptorError, match="fields"):
        TOKENIZER.encode_fields([], 8)
    with pytest.raises(EmptorError, match="at least 4"):
        TOKENIZER.encode_fields([["a"], ["b"]], 3)
    with pytest.raises(EmptorError, match="length 0"):
        TOKENIZER.encode(["a"], 0)
