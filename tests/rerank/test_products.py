"""Products as re-ranking sees them: text, picture, and how alike two of them are."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from emptor.rerank.likeness import SIGNS
from emptor.rerank.products import ListProducts
from emptor.rerank.texts import WIDTH, TextBasis
from emptor.shop.features import Features
from emptor.shop.shop import Shop
from tests.golden import products


def test_a_catalogue_with_all_kinds_of_products(reranked_path: Path) -> None:
    with Shop.open(reranked_path) as shop:
        features = Features.of(shop)
        found = ListProducts.of(features)
    row = {own["product_id"]: features.view.row(own["product_id"]) for own in products()}
    assert len(found.text) == features.count + 1 == found.nobody + 1
    pictured = {own["product_id"] for own in products() if own.get("image")}
    assert {own for own, at in row.items() if found.has_image[at]} == pictured
    assert found.has_text[row["P07"]] and not found.image[row["P07"]].any()
    assert not found.has_text[row["odd-4"]], "no picture, and no word that another product has"
    length = np.linalg.norm(found.alike, axis=1)
    assert np.allclose(length[:-1], 1, atol=1e-5)
    for side in (found.text, found.image, found.alike):
        assert not side[found.nobody].any() and np.isfinite(side).all()
    assert not found.has_text[found.nobody] and not found.has_image[found.nobody]
    like = found.alike @ found.alike.T
    twins = [row[f"dup-{at}"] for at in range(3)]
    assert np.allclose(like[np.ix_(twins, twins)], 1, atol=1e-5), "the same title and no picture"
    assert like[row["P30"], row["P31"]] > like[row["P30"], row["P51"]], "two mugs against a mug and a pipe"


def test_what_no_basis_changes_is_held_once(reranked_path: Path) -> None:
    with Shop.open(reranked_path) as shop:
        features = Features.of(shop)
        own = ListProducts.of(features)
        basis = TextBasis(features.words.numbers[:3], np.eye(3, WIDTH, dtype=np.float32))
        other = ListProducts.of_view(features.view, features.words, basis, beside=own)
        alone = ListProducts.of_view(features.view, features.words, basis)
    assert other.alike is own.alike and other.image is own.image
    for field in fields(ListProducts):
        assert np.array_equal(getattr(other, field.name), getattr(alone, field.name)), field.name
    assert not np.array_equal(other.text, own.text)


def test_rules_hold_no_texts(reranked_path: Path) -> None:
    with Shop.open(reranked_path) as shop:
        features = Features.of(shop)
        own, rules = ListProducts.of(features), ListProducts.of_view(features.view, features.words)
    assert not rules.has_text.any() and rules.text.shape == own.text.shape and rules.text.base is not None
    assert np.array_equal(rules.alike, own.alike) and rules.nobody == own.nobody


def test_without_pictures_it_goes_by_words(shop: Shop) -> None:
    found = ListProducts.of(Features.of(shop))
    assert not found.has_image.any() and found.has_text.any()
    assert not found.alike[:, SIGNS:].any() and found.alike[:-1, :SIGNS].any(1).all()
