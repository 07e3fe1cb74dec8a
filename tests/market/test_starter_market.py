"""The starter market's files: the same again, nothing given away, grades that follow from the truth."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emptor.errors import EmptorError
from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.brands import BRANDS, TIERS, brands_of
from emptor.market.knowledge.language import misspelt, number_of
from emptor.market.knowledge.palette import ALIKE, COLORS, companions
from emptor.market.starter import UNTIL, StarterFiles, write_starter
from emptor.market.starter.behaviour import make_events
from emptor.market.starter.listing import listing
from emptor.market.starter.products import Product, make_products
from emptor.market.starter.queries import MOST_JUDGED, Query, grade, judge, make_queries
from emptor.market.streams import stream

COUNT = 1500


@pytest.fixture(scope="module")
def products() -> list[Product]:
    return make_products(COUNT, seed=0, until=UNTIL)


@pytest.fixture(scope="module")
def queries(products: list[Product]) -> list[Query]:
    return make_queries(products, seed=0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> StarterFiles:
    return write_starter(tmp_path_factory.mktemp("starter"), products=120, picture_size=32, progress=False, workers=1)


def read_rows(files: StarterFiles) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(files.catalogue.read_bytes()).splitlines()]


def all_bytes(files: StarterFiles) -> dict[str, bytes]:
    root = files.catalogue.parent
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_whoever_draws(small: StarterFiles, tmp_path: Path) -> None:
    again = write_starter(tmp_path / "again", products=120, picture_size=32, progress=False, workers=2)
    assert all_bytes(again) == all_bytes(small)


def test_another_seed_gives_another_market(small: StarterFiles, tmp_path: Path) -> None:
    other = write_starter(tmp_path, products=120, seed=1, picture_size=32, progress=False, workers=1)
    for file in ("catalogue", "judgements", "events"):
        assert getattr(other, file).read_bytes() != getattr(small, file).read_bytes()
    assert {path.name for path in other.images.iterdir()}.isdisjoint(path.name for path in small.images.iterdir())


def test_pictures_are_where_the_catalogue_says(small: StarterFiles) -> None:
    rows = read_rows(small)
    named = {row["image"] for row in rows if "image" in row}
    assert named == {path.name for path in small.images.iterdir()}
    for name in sorted(named)[:5]:
        with Image.open(small.images / name) as picture:
            assert (picture.format, picture.size) == ("JPEG", (32, 32))


def test_a_larger_catalogue_keeps_the_products_of_a_smaller_one(products: list[Product]) -> None:
    fewer = make_products(100, seed=0, until=UNTIL)
    by_id = {product.product_id: product for product in products}
    assert all(by_id[product.product_id] == product for product in fewer)


def test_counts(products: list[Product]) -> None:
    assert len({product.product_id for product in products}) == COUNT
    assert len({product.category.department for product in products}) >= 6
    assert {product.category.key for product in products} == {category.key for category in CATEGORIES}
    assert len(CATEGORIES) >= 24
    assert 0.25 < np.mean([product.variant > 0 for product in products]) < 0.42
    assert 0.92 < np.mean([product.in_stock for product in products]) < 0.98
    assert 0.02 < np.mean([not product.pictured for product in products]) < 0.06
    ages = [(UNTIL - product.listed_at) / timedelta(days=1) for product in products]
    assert 0 < min(ages) < 20
    assert 340 < max(ages) <= 365


def test_variants_differ_in_color_and_share_the_design(products: list[Product]) -> None:
    designs: dict[int, list[Product]] = defaultdict(list)
    for product in products:
        designs[product.design].append(product)
    families = [family for family in designs.values() if len(family) > 1]
    assert len(families) > 100
    for family in families:
        assert len({product.attributes["color"] for product in family}) == len(family)
        assert len({(product.category.key, product.brand, product.attributes["style"]) for product in family}) == 1


def test_ids_and_the_order_of_rows_give_nothing_away(products: list[Product]) -> None:
    ids = [product.product_id for product in products]
    assert ids == sorted(ids)
    assert {len(name) for name in ids} == {10}
    order = np.arange(COUNT)
    for truth in (
        [product.design for product in products],
        [product.price for product in products],
        [product.appeal for product in products],
        [product.listed_at.timestamp() for product in products],
        [CATEGORIES.index(product.category) for product in products],
    ):
        ranks = np.argsort(np.argsort(truth, kind="stable"))
        assert abs(np.corrcoef(order, ranks)[0, 1]) < 0.1  # four standard errors of independence
    neighbours = [a.design == b.design for a, b in pairwise(products)]
    assert np.mean(neighbours) < 0.01


def test_listings_hold_no_truth_but_what_a_seller_tells(products: list[Product]) -> None:
    fields = set("product_id title description category brand attributes price currency seller_id".split())
    fields |= {"listed_at", "in_stock", "image"}
    rows = [listing(product, seed=0) for product in products]
    for row, product in zip(rows, products, strict=True):
        assert set(row) <= fields
        assert ("image" in row) == product.pictured
        assert len(str(row["title"])) >= 8
        assert 2 <= len(re.findall(r"[.?!](?: |$)", str(row["description"]))) <= 3
        assert {name: product.attributes[name] for name in row["attributes"]} == row["attributes"]  # type: ignore[attr-defined]
        assert "  " not in str(row["title"])
        assert row["price"] > 0  # type: ignore[operator]


def test_titles_omit_reword_and_misspell(products: list[Product]) -> None:
    patterned = [product for product in products if product.attributes["pattern"] == "striped"]
    told = [
        any(word in str(listing(product, seed=0)["title"]).lower() for word in ("strip", "srip", "stipe"))
        for product in patterned
    ]
    assert 0.35 < np.mean(told) < 0.85
    titles = " ".join(str(listing(product, seed=0)["title"]).lower() for product in products)
    for category in CATEGORIES:
        if category.department != "Books":
            assert category.noun in titles
    assert sum(titles.count(synonym) for category in CATEGORIES for synonym in category.synonyms) > 100
    assert sum(color in titles for color in (" blk ", " wht ", " nvy ")) >= 2


def test_prices_follow_category_and_tier(products: list[Product]) -> None:
    by_tier: dict[str, list[float]] = defaultdict(list)
    for product in products:
        by_tier[product.brand.tier].append(np.log(product.price / product.category.price))
    medians = [np.median(by_tier[tier]) for tier in TIERS]
    assert medians == sorted(medians)
    assert abs(np.exp(np.median(by_tier["middle"])) - 1) < 0.15
    cents = Counter(f"{product.price:.2f}"[-2:] for product in products)
    assert cents["99"] > 0.4 * COUNT


def test_queries_are_many_and_of_every_kind(queries: list[Query]) -> None:
    assert len(queries) >= 150
    assert len({query.text for query in queries}) == len(queries)
    kinds = Counter(query.kind for query in queries)
    assert set(kinds) == {
        "category", "category+attribute", "brand+category", "misspelt", "synonym", "visual", "units",
    }  # fmt: skip
    assert min(kinds.values()) >= 15


def test_grades_follow_from_the_truth(products: list[Product], queries: list[Query]) -> None:
    by_id = {product.product_id: product for product in products}
    for query in queries[::4]:
        lines = judge(query, products, seed=0)
        judged = {line.product_id: line.grade for line in lines}
        assert len(judged) == len(lines)
        assert 3 in judged.values(), query
        of_category = [product for product in products if product.category.key == query.category.key]
        assert sum(value > 0 for value in judged.values()) == min(MOST_JUDGED, len(of_category))
        for product_id, value in judged.items():
            product = by_id[product_id]
            right_category = product.category.key == query.category.key
            met = [
                (product.brand.name if name == "brand" else product.attributes[name]) == wanted
                for name, wanted in query.asked.items()
                if right_category
            ]
            assert (value > 0) == right_category
            assert (value == 3) == (right_category and all(met))
            if value == 1:
                assert sum(met) < max(1, len(met) / 2)


def test_near_misses_count_half() -> None:
    made = make_products(1500, seed=0, until=UNTIL)
    navy = next(product for product in made if product.attributes["color"] == "navy" and product.category.measure)
    category = navy.category
    assert grade(Query("blue thing", "visual", category, {"color": "blue"}), navy) == 2
    assert grade(Query("red thing", "visual", category, {"color": "red"}), navy) == 1
    assert grade(Query("x", "visual", category, {"color": "red", "pattern": "?", "material": "?"}), navy) == 1
    right = {"color": "navy", "brand": "nobody"}
    assert grade(Query("x", "visual", category, right), navy) == 2
    other = next(c for c in CATEGORIES if c.key != category.key)
    assert grade(Query("x", "visual", other, {"color": "navy"}), navy) == 0
    bottles = [product for product in made if product.category.name == "Bottles"]
    asked = Query("500 ml bottle", "units", bottles[0].category, {"capacity": "500 ml"})
    for bottle in bottles:
        size = number_of(bottle.attributes["capacity"])
        assert grade(asked, bottle) == (3 if size == 500 else 2 if size == 600 else 1)


def test_the_judgement_file_is_what_the_judge_says(small: StarterFiles) -> None:
    made = make_products(120, seed=0, until=UNTIL)
    with small.judgements.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [line for query in make_queries(made, seed=0) for line in judge(query, made, seed=0)]
    assert [(row["query"], row["product_id"], int(row["grade"]), row["kind"]) for row in rows] == [
        (line.query, line.product_id, line.grade, line.kind) for line in expected
    ]


def test_too_many_relevant_products_keep_the_best(products: list[Product]) -> None:
    mugs = next(category for category in CATEGORIES if category.name == "Mugs")
    pool = [product for product in make_products(12_000, seed=3, until=UNTIL) if product.category is mugs]
    assert len(pool) > MOST_JUDGED
    color = Counter(product.attributes["color"] for product in pool).most_common(1)[0][0]
    query = Query(f"{color} mug", "visual", mugs, {"color": color})
    lines = [line for line in judge(query, pool, seed=0) if line.grade]
    assert len(lines) == MOST_JUDGED
    assert sum(line.grade == 3 for line in lines) == sum(grade(query, product) == 3 for product in pool)


def test_events_are_possible_and_follow_appeal(products: list[Product], queries: list[Query]) -> None:
    until = datetime(2026, 6, 1, tzinfo=UTC)
    products = make_products(COUNT, seed=0, until=until)
    events = make_events(products, queries, seed=0, until=until)
    by_id = {product.product_id: product for product in products}
    assert len({event["event_id"] for event in events}) == len(events)
    times = [datetime.fromisoformat(str(event["time"])) for event in events]
    assert times == sorted(times)
    assert until - timedelta(days=31) < times[0] < times[-1] <= until
    counts = Counter(event["action"] for event in events)
    assert counts["impression"] > 4000
    assert counts["impression"] > counts["click"] > counts["add_to_cart"] > counts["purchase"] > 20
    shown = {(event["request_id"], event["product_id"]) for event in events if event["action"] == "impression"}
    clicks: Counter[str] = Counter()
    for event, moment in zip(events, times, strict=True):
        product = by_id[str(event["product_id"])]
        assert product.listed_at <= moment
        assert event["price"] == product.price
        assert ("query" in event) == (event["scenario"] == "search")
        assert ("quantity" in event) == (event["action"] == "purchase")
        if event["action"] == "click":
            assert (event["request_id"], event["product_id"]) in shown
            clicks[product.product_id] += 1
    appeal = np.array([product.appeal for product in products])
    clicked = np.array([clicks[product.product_id] for product in products])
    top = appeal >= np.quantile(appeal, 0.9)
    assert clicked[top].mean() > 3 * clicked[~top].mean()


def test_knowledge_is_sound() -> None:
    assert 50 <= len(BRANDS) <= 80
    assert len({brand.name for brand in BRANDS}) == len(BRANDS)
    for category in CATEGORIES:
        makers = brands_of(category.department)
        assert makers, category.key
        assert len(category.features) >= 2
        assert len(set(category.styles)) == len(category.styles) >= 2
        assert category.patterns[0] == "plain"
    for color in COLORS:
        assert set(companions(color)) <= set(COLORS) - {color}
    assert {color for pair in ALIKE for color in pair} <= set(COLORS)


def test_misspelling_changes_one_long_word() -> None:
    for number in range(200):
        rng = stream(0, "slips", number)
        slip = misspelt("red headphones on sale", rng)
        assert slip != "red headphones on sale"
        assert slip.split()[0] == "red"
        assert slip.split()[2:] == ["on", "sale"]
    assert misspelt("red cap", stream(0, "slips")) == "red cap"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"products": 3}, "products is 3; expected 50 to 200,000"),
        ({"picture_size": 4096}, "picture_size is 4,096; expected 16 to 1,024"),
        ({"workers": 0}, "workers is 0; expected 1 to 64"),
        ({"until": datetime(2026, 1, 1)}, "no time zone"),
    ],
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: dict, complaint: str) -> None:
    with pytest.raises(EmptorError, match=complaint):
        write_starter(tmp_path, **arguments)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmptorError, match=r"cannot write the starter market to .*file"):
        write_starter(tmp_path / "file", products=60, picture_size=16, progress=False)
