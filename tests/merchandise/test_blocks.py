"""Blocks act before the cut: a list is refilled, whatever makes it, and what was kept out is told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emptor.cascade import Requests
from emptor.engine import Engine
from emptor.merchandise import Blocks, Draft, Rule, Rules, add_rule, end_rule
from emptor.retrieve.channel import Excluded
from emptor.retrieve.dense import DenseChannel, VectorIndex
from emptor.retrieve.popular import PopularChannel
from emptor.shop.filters import parse_filters
from tests.retrieve.test_channels import Hashing, vectors_of

SHORT = """
[cascade.short]
stages = [{ stage = "retrieve", method = "hybrid", depth = 4 }]
[cascade.popular]
stages = [{ stage = "retrieve", method = "popular", depth = 4 }]
"""


@pytest.fixture
def short(shop_path: Path) -> Any:
    """An engine with cascades that keep four products."""
    with (shop_path / "shop.toml").open("a") as file:
        file.write(SHORT)
    with Engine.open(shop_path) as engine:
        yield engine


def add(engine: Engine, **draft: Any) -> Rule:
    rule = add_rule(engine.shop.path, {"kind": "block", **draft}, author="tester", check=lambda rule: None)
    assert engine.refresh()
    return rule


def ids(engine: Engine, query: str, **more: Any) -> list[str]:
    return [hit.product["product_id"] for hit in engine.search(query, k=100, **more).results]


@pytest.mark.parametrize(("query", "cascade"), [("mug", "short"), ("", "short"), ("mug", "popular")])
def test_a_list_that_blocks_would_shorten_is_refilled(short: Engine, query: str, cascade: str) -> None:
    before = ids(short, query, cascade=cascade)
    whole = ids(short, query)
    add(short, product_id=before[0])
    add(short, filter=f"price:{short.view.price[short.view.row(before[1])]}")
    after = ids(short, query, cascade=cascade)
    assert len(after) == len(before) == 4 and not set(after) & set(before[:2])
    if cascade == "short":
        assert after == [own for own in whole if own in after], "those that follow move up"
    page = short.search(query, cascade=cascade)
    assert page.total_is_capped
    story = short.explain(page.request_id)
    assert story is not None
    kept_out = {own["rule"]["text"].split()[0]: own["products"] for own in story["stages"][0]["blocked"]}
    assert set(kept_out) == {"block"}
    told = [product for own in story["stages"][0]["blocked"] for product in own["products"]]
    assert told[0] == before[0] and set(before[:2]) <= set(told)
    steps = short.follow(page.request_id, before[0])
    assert steps is not None and "Blocked by the rule: block" in steps[0].words


def test_similar_products_are_refilled_too(short: Engine) -> None:
    before = [hit.product["product_id"] for hit in short.recommend(product_id="P30", cascade="short").results]
    add(short, product_id=before[0])
    after = [hit.product["product_id"] for hit in short.recommend(product_id="P30", cascade="short").results]
    assert len(after) == 4 and after[:3] == before[1:]


def test_a_block_for_one_query_leaves_the_others_alone(short: Engine) -> None:
    rule = add(short, query="mug", filter="brand:Kilnhaus")
    assert not set(ids(short, "mug")) & {f"P3{at}" for at in range(8)}
    assert "P30" in ids(short, "striped mug") and "P30" in ids(short, "")
    story = short.explain(short.search("striped mug").request_id)
    assert story is not None and story["stages"][0]["blocked"] == []
    end_rule(short.shop.path, rule.id, author="tester")
    assert short.refresh() and "P30" in ids(short, "mug")


def test_scores_stay_what_they_were(engine: Engine) -> None:
    scores = {hit.product["product_id"]: hit.score for hit in engine.search("striped mug", k=60).results}
    add(engine, filter="attr.color:red")
    add(engine, product_id="P35")
    after = engine.search("striped mug", k=60).results
    assert after and all(hit.score == scores[hit.product["product_id"]] for hit in after)


@pytest.mark.parametrize("exact_below", [0, 1000])
def test_the_dense_channel_leaves_out_what_is_blocked(golden: Engine, exact_below: int) -> None:
    index = VectorIndex(vectors_of(golden), exact_below=exact_below)
    channel = DenseChannel(golden.view, encoder=Hashing(), index=index)
    requests = Requests.of(["red mug"])
    [whole] = channel(requests, depth=50)
    excluded = Excluded((int(whole.products[0]),), parse_filters(["brand:Aurelle"]))
    [found] = channel(requests, depth=40, excluded=[excluded])
    mask = excluded.mask(golden.view)
    assert np.array_equal(found.products, whole.products[~mask[whole.products]][: len(found.products)])
    assert len(found.products) >= 38


def test_the_popular_channel_leaves_out_what_is_blocked(golden: Engine) -> None:
    excluded = Excluded((), parse_filters(["category:Home"]))
    [found] = PopularChannel(golden.view)(Requests.of([None]), depth=60, excluded=[excluded])
    assert len(found.products) and not golden.view.mask(excluded.clauses)[found.products].any()


def test_nothing_that_is_blocked_is_suggested(engine: Engine) -> None:
    texts = lambda prefix: {own.text for own in engine.suggest(prefix, k=50)}  # noqa: E731
    assert "Gift card" in texts("gift") and {"Strider", "Sneakers"} <= texts("s")
    rule = add(engine, product_id="odd-4")
    assert "Gift card" not in texts("gift")
    add(engine, product_id="dup-1")
    assert "identical twin mug" in texts("identical"), "two others have that title"
    add(engine, filter="brand:Strider")
    assert not {"Strider", "Sneakers"} & texts("s") and not any("Strider" in own for own in texts("s"))
    add(engine, query="mug", filter="brand:Kilnhaus")
    assert "Kilnhaus" in texts("k"), "for one query only"
    end_rule(engine.shop.path, rule.id, author="tester")
    assert engine.refresh() and "Gift card" in texts("gift")


def test_blocked_products_that_an_update_added_stay_out(engine: Engine) -> None:
    add(engine, filter="brand:Newcomer")
    engine.shop.update([{"product_id": "new", "title": "newcomer mug", "brand": "Newcomer"}])
    assert engine.refresh() and "new" not in ids(engine, "mug") and "new" not in ids(engine, "newcomer mug")
    assert engine.suggest("kiln")


def test_thousands_of_blocks_cost_a_search_next_to_nothing(golden: Engine) -> None:
    drafts = [Draft(kind="block", product_id=f"P{at // 8}{at % 8}" if at < 48 else f"none-{at}") for at in range(5_000)]
    drafts.append(Draft(kind="block", query="lamp", filter="brand:Kilnhaus"))
    rules = Rules(tuple(Rule(**own.model_dump(), id=str(at), at="2026-01-01") for at, own in enumerate(drafts)))
    blocks = Blocks(golden.view, rules)
    start = time.perf_counter()
    for _ in range(1_000):
        rows, clauses = blocks.of("mug", ())
    assert time.perf_counter() - start < 0.5
    assert len(rows) == 48 and clauses == ()
    assert blocks.of("Lamp ", ()) == (rows, parse_filters(["brand:Kilnhaus"]))
