"""Products as re-ranking sees them: text, picture, and how alike two of them are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emptor.rerank.products import ListProducts, likeness
from emptor.shop.features import Features
from emptor.shop.shop import Shop
from tests.golden import products

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


def test_a_catalogue_with_all_kinds_of_products(reranked_path: Path) -> None:
    with Shop.open(reranked_path) as shop:
        features = Features.of(shop)
        found = ListProducts.of(features)
    row = {own["product_id"]: features.view.row(own["product_id"]) for own in products()}
    assert len(found.text) == features.count + 1 == found.nobody + 1
    pictured = {own["product_id"] for own in products() if own.get("image")}
    assert {own for own, at in row.items() if found.has_image[at]} == pictured
    assert found.has_text[row["P07"]] and not found.image[row["P07"]].any()
    assert not found.alike[row["odd-4"]].any(), "no picture, and no word that another product has"
    length = np.linalg.norm(found.alike, axis=1)
    assert np.allclose(length[found.has_text | found.has_image], 1, atol=1e-5)
    for side in (found.text, found.image, found.alike):
        assert not side[found.nobody].any() and np.isfinite(side).all()
    assert not found.has_text[found.nobody] and not found.has_image[found.nobody]
    like = found.alike @ found.alike.T
    twins = [row[f"dup-{at}"] for at in range(3)]
    assert np.allclose(like[np.ix_(twins, twins)], 1, atol=1e-5), "the same title and no picture"
    assert like[row["P30"], row["P31"]] > like[row["P30"], row["P51"]], "two mugs against a mug and a pipe"


def test_without_pictures_it_goes_by_texts(shop: Shop) -> None:
    found = ListProducts.of(Features.of(shop))
    assert not found.has_image.any() and found.has_text.any()
    like = found.text @ found.text.T
    assert np.allclose(found.alike @ found.alike.T, like, atol=1e-5)
