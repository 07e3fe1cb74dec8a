"""Texts as vectors: what stands together is alike, and a second fit is the same to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from emptor.errors import EmptorError
from emptor.learn.tensors import packed
from emptor.rerank.texts import WIDTH, TextBasis
from emptor.shop.features.words import ProductWords


def words_of(products: Sequence[set[int]]) -> ProductWords:
    """Products by the numbers of their words."""
    numbers = sorted(set().union(*products))
    rows = [[at for at, own in enumerate(products) if word in own] for word in numbers]
    have = np.array([len(own) for own in rows])
    rarity = np.log((len(products) + 1) / have) / np.log(len(products) + 1) if numbers else np.zeros(0)
    start = np.concatenate([[0], np.cumsum(have)]).astype(np.int64)
    row = np.array([at for own in rows for at in own], np.int64)
    return ProductWords(np.array(numbers, np.int64), rarity, start, row, np.ones(len(row), np.int8))


DRAWN = [set(own.tolist()) for own in np.random.default_rng(0).integers(0, 90, (200, 6))]
CATALOGUES = {
    "drawn": DRAWN,
    "copies of one": [{1, 2, 3}] * 40,
    "three kinds": [set(range(15 * (at % 3), 15 * (at % 3) + 15)) for at in range(90)],
    "pairs": [{at // 2} for at in range(100)],
    "three": [{1, 2}, {1, 3}, {2, 3}],
    "one": [{1}],
    "no words": [set(), set()],
}


@pytest.mark.parametrize("products", CATALOGUES.values(), ids=CATALOGUES)
def test_a_second_fit_is_the_same_and_vectors_are_of_length_one_or_nothing(products: list[set[int]]) -> None:
    words = words_of(products)
    basis, again = (TextBasis.of(words, len(products)) for _ in range(2))
    assert basis.packed() == again.packed()
    length = np.linalg.norm(basis.vectors(words, len(products)), axis=1)
    assert np.all(np.isclose(length, 1, atol=1e-5) | (length == 0))


def test_it_is_the_truncated_decomposition_of_words_by_their_rarity() -> None:
    """Against the dense one: what it says of two texts, not the vectors, whose signs are free."""
    themes = [set(range(8 * at, 8 * at + 8)) for at in range(12)]
    chance = np.random.default_rng(1)
    products = [
        {*chance.choice(sorted(themes[at % 12]), 5, replace=False).tolist(), int(chance.integers(0, 96))}
        for at in range(240)
    ]
    words = words_of(products)
    dense = np.zeros((len(products), len(words.numbers)))
    for at, own in enumerate(products):
        dense[at, np.searchsorted(words.numbers, sorted(own))] = 1
    weighed = dense * words.rarity
    directions = np.linalg.svd(weighed, full_matrices=False)[2][:WIDTH]
    plain = weighed @ directions.T
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    found = TextBasis.of(words, len(products)).vectors(words, len(products))
    assert np.abs(found @ found.T - plain @ plain.T).mean() < 0.02
    same = np.arange(240)[:, None] % 12 == np.arange(240) % 12
    like = found @ found.T
    assert like[same].mean() > 0.5 > 0.1 > like[~same].mean()


def test_words_that_came_later_and_products_without_one_say_nothing() -> None:
    basis = TextBasis.of(words_of(DRAWN), len(DRAWN))
    later = words_of([DRAWN[0], {1_000, 1_001}, set()])
    found = basis.vectors(later, 3)
    assert np.isclose(np.linalg.norm(found[0]), 1, atol=1e-5) and not found[1:].any()
    nothing = TextBasis.of(words_of([set(), set()]), 2)
    assert not nothing.vectors(later, 3).any()


def test_what_is_written_is_read_again_and_damage_is_one_sentence(tmp_path: Path) -> None:
    basis, file = TextBasis.of(words_of(DRAWN), len(DRAWN)), tmp_path / "texts.safetensors"
    file.write_bytes(basis.packed())
    read = TextBasis.read(file)
    assert np.array_equal(read.numbers, basis.numbers) and np.array_equal(read.words, basis.words)
    file.write_bytes(basis.packed()[:-9])
    with pytest.raises(EmptorError, match=r"texts\.safetensors: not a whole safetensors file"):
        TextBasis.read(file)
    file.unlink()
    with pytest.raises(EmptorError, match=r"texts\.safetensors: the file is missing"):
        TextBasis.read(file)
    numbers = torch.tensor([1, 2])
    for tensors, sentence in (
        ({"numbers": numbers}, "has no 'words'; train the model again"),
        ({"numbers": numbers, "words": torch.zeros(2, 5)}, r"words \(2, 5\), expected \[V\] and \[V, 32\]"),
        ({"numbers": numbers.flip(0), "words": torch.zeros(2, WIDTH)}, "numbers of words do not rise"),
        ({"numbers": numbers, "words": torch.full((2, WIDTH), torch.nan)}, "not finite"),
        ({"numbers": numbers.double(), "words": torch.zeros(2, WIDTH)}, "are no whole numbers"),
    ):
        file.write_bytes(packed(tensors))
        with pytest.raises(EmptorError, match=sentence) as told:
            TextBasis.read(file)
        assert str(told.value).startswith(str(file))
