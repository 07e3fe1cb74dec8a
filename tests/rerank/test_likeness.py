"""How alike two products are: by the words they share, and by what sets their pictures apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emptor.reproduce.reranking.public import words_of
from emptor.rerank.likeness import ALIKE, SIGNS, likeness, likeness_of, signatures

UNITS = st.floats(-3, 3, width=32).map(lambda own: 0.0 if abs(own) < 0.1 else own)


@given(arrays(np.float32, (5, 3), elements=UNITS), arrays(np.float32, (5, 4), elements=UNITS))
def test_likeness_is_the_mean_of_what_both_sides_say(text: np.ndarray, image: np.ndarray) -> None:
    found = likeness(text, image)
    both = found @ found.T

    def cosine(vectors: np.ndarray, one: int, other: int) -> float:
        length = np.linalg.norm(vectors[one]) * np.linalg.norm(vectors[other])
        return float(vectors[one] @ vectors[other] / length) if length else 0.0

    for one in range(5):
        for other in range(5):
            sides = [vectors[[one, other]].any(1) for vectors in (text, image)]
            told = [cosine(text, one, other), cosine(image, one, other)]
            if all(own.all() for own in sides):
                assert both[one, other] == pytest.approx(sum(told) / 2, abs=1e-5)
            elif any((own == [True, True]).all() for own in sides) and sum(own.any() for own in sides) == 1:
                assert both[one, other] == pytest.approx(sum(told), abs=1e-5), "of one side alone it is the cosine"
            elif not (sides[0] & sides[0][::-1]).any() and not (sides[1] & sides[1][::-1]).any():
                assert both[one, other] == 0, "they have no side in common"


def test_signatures_stand_for_shared_words() -> None:
    rng = np.random.default_rng(0)
    texts = [[f"word {own}" for own in rng.integers(0, 400, 12)] for _ in range(300)]
    texts[1] = texts[0]
    words = words_of(texts)
    found = signatures(words, len(texts))
    rarity = dict(zip(words.numbers.tolist(), words.rarity.tolist(), strict=True))
    column = {number: at for at, number in enumerate(rarity)}
    whole = np.zeros((len(texts), len(column)))
    for number, start, end in zip(words.numbers.tolist(), words.start, words.start[1:], strict=False):
        whole[words.row[start:end], column[number]] = rarity[number]
    unit, true = (own / np.linalg.norm(own, axis=1, keepdims=True) for own in (found, whole))
    error = (unit @ unit.T - true @ true.T)[np.triu_indices(len(texts), 1)]
    assert np.allclose(found[0], found[1])
    assert abs(error.mean()) < 0.02 and 0.5 < error.std() * SIGNS**0.5 < 1.2, "about one over the root of their number"


def test_a_word_means_the_same_in_every_catalogue() -> None:
    one, other = (
        signatures(words_of(texts), len(texts)) for texts in ([["mug"], ["cup"]], [["hat"], ["mug"], ["tie"]])
    )
    assert np.array_equal(np.sign(one[0]), np.sign(other[1])) and not np.array_equal(np.sign(one[0]), np.sign(one[1]))


def test_pictures_count_beside_others_of_their_category() -> None:
    words, category = words_of([[] for _ in range(800)]), np.repeat([0, 1], 400)
    rng = np.random.default_rng(1)
    image = rng.normal(0, 1, (800, ALIKE - SIGNS)).astype(np.float32) + 9 * category[:, None].astype(np.float32)
    seen = np.arange(800) != 5
    found = likeness_of(words, image, seen, category)
    like = found @ found.T
    assert abs(like[400:, 400:][np.triu_indices(400, 1)].mean()) < 0.2, (
        "that both are of a category makes them no copies"
    )
    assert not found[5].any() and np.allclose(np.linalg.norm(found[seen], axis=1), 1, atol=1e-5)
