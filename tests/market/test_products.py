"""Products: the same again, nothing given away by ids or order, families, churn and claims as the knobs say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES
from emptor.market.world.products import SEEN, SLOTS, digest, make_products
from tests.market.worlds import small_world

BIG = WorldConfig.of("demo")


def test_the_same_world_again() -> None:
    config = WorldConfig.of("tiny")
    assert digest(make_products(config, until=10)) == digest(make_products(config, until=10))
    assert digest(make_products(config, until=10)) != digest(make_products(config.changed(seed=1), until=10))


def test_order_and_ids_give_nothing_away() -> None:
    """20,000 products and more: what correlates with the order beyond chance would be a leak."""
    products = make_products(BIG, until=30)
    place = np.arange(len(products))
    assert (np.sort(products.product_id) == products.product_id).all()
    for name in ("quality", "price", "listed", "left", "design", "seller", "category", "tag", "entity"):
        rho = spearmanr(place, getattr(products, name)).statistic
        assert abs(rho) < 4 / np.sqrt(len(products)), (name, rho)
    together = np.diff(products.design) == 0
    assert together.mean() < 0.002


def test_half_of_the_products_are_near_duplicates() -> None:
    products = make_products(BIG, until=0)
    _, design, counts = np.unique(products.design, return_inverse=True, return_counts=True)
    assert abs((counts[design] > 1).mean() - 0.5) < 0.03
    alone = make_products(BIG.changed(catalogue={"families": 0}), until=0)
    assert len(np.unique(alone.design)) == len(alone)
    first = {int(own): row for row, own in enumerate(products.design)}
    pairs = [(row, first[int(own)]) for row, own in enumerate(products.design) if first[int(own)] != row]
    a, b = np.array(pairs).T
    assert (products.brand[a] == products.brand[b]).all() and (products.category[a] == products.category[b]).all()
    assert np.linalg.norm(products.look[a] - products.look[b], axis=1).mean() < 0.8
    assert (products.sight[a] * products.sight[b]).sum(1).mean() > 0.8


def test_as_many_come_as_leave() -> None:
    products = make_products(BIG, until=60)
    standing = [int(products.alive(day).sum()) for day in (0, 20, 40, 60)]
    assert max(abs(own / BIG.products - 1) for own in standing) < 0.06, standing
    still = make_products(BIG.changed(catalogue={"churn": 0}), until=60)
    assert len(still) == BIG.products and still.alive(60).all()


def test_values_belong_to_their_category() -> None:
    products = small_world().products
    for row in range(0, len(products), 37):
        attributes = products.attributes(row)
        category = CATEGORIES[products.category[row]]
        assert attributes["color"] in category.colors and attributes["pattern"] in category.patterns
        assert attributes["style"] in category.styles and attributes["material"] in category.materials
        for name, values in category.extras:
            assert attributes[name] in values


def test_listings_claim_what_the_knobs_let_them() -> None:
    products = make_products(BIG, until=0)
    has = products.values >= 0
    left_out = has & (products.claimed < 0)
    for slot in range(SLOTS):
        wanted = BIG.catalogue.omit_seen if slot in SEEN else BIG.catalogue.omit_other
        if has[:, slot].any():
            count = has[:, slot].sum()
            assert abs(left_out[:, slot].sum() / count - wanted) < 4 * np.sqrt(wanted / count)
    wrong = (products.claimed >= 0) & (products.claimed != products.values)
    assert not wrong[:, SEEN].any() and 0.03 < wrong.any(1).mean() < BIG.catalogue.misleading
    assert wrong[products.small].any(1).mean() > 1.5 * wrong[~products.small].any(1).mean()
    honest = make_products(BIG.changed(catalogue={"misleading": 0, "omit_seen": 0, "omit_other": 0}), until=0)
    assert (honest.claimed == honest.values).all()


@pytest.mark.parametrize("slot", [0, 3])
def test_looks_are_no_echo_of_attributes(slot: int) -> None:
    """What a text can state explains next to nothing of the look."""
    products = make_products(BIG, until=0)
    groups = products.category.astype(int) * 64 + products.values[:, slot]
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), products.look.shape[1]))
    np.add.at(means, inverse, products.look)
    means /= counts[:, None]
    between = (counts[:, None] * means**2).sum(0) / (products.look**2).sum(0)
    expected_by_chance = len(counts) / len(np.unique(products.design))
    assert (between < 1.6 * expected_by_chance + 0.01).all(), between
