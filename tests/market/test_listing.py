"""Listings: the same again, what is claimed and no more, and nothing of what users must find out for themselves."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import Ridge

from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.brands import BRANDS
from emptor.market.knowledge.encyclopaedia import articles
from emptor.market.knowledge.needs import NEEDS
from emptor.market.world.listing import captions, listings, write_catalogue
from emptor.market.world.products import COLOR, PATTERN, STYLE, Products, make_products
from emptor.market.world.wording import WORDS
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = WorldConfig.of("demo", products=6_000)


@pytest.fixture(scope="module")
def products() -> Products:
    return make_products(CONFIG, until=CONFIG.days)


@pytest.fixture(scope="module")
def rows(products: Products) -> list[dict]:
    return listings(products, np.arange(len(products)), seed=CONFIG.seed, epoch=EPOCH)


def test_a_listing_does_not_depend_on_the_others(products: Products, rows: list[dict]) -> None:
    some = np.array([17, 4, 2_000, 17])
    assert listings(products, some, seed=CONFIG.seed, epoch=EPOCH) == [rows[at] for at in some]
    other = listings(products, some, seed=CONFIG.seed + 1, epoch=EPOCH)
    assert [row["title"] for row in other] != [rows[at]["title"] for at in some]


def test_the_file_is_the_same_whatever_the_workers(
    products: Products, rows: list[dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emptor.market.world.listing._CHUNK", 700)
    some = np.arange(2_000)
    for workers in (1, 2):
        write_catalogue(products, some, tmp_path / f"{workers}.gz", seed=CONFIG.seed, epoch=EPOCH, workers=workers)
    content = (tmp_path / "1.gz").read_bytes()
    assert content == (tmp_path / "2.gz").read_bytes()
    assert [json.loads(line) for line in gzip.decompress(content).splitlines()] == rows[:2_000]


def test_fields_are_as_the_shop_names_them(products: Products, rows: list[dict]) -> None:
    for at, row in enumerate(rows):
        category = CATEGORIES[products.category[at]]
        assert row["product_id"] == products.product_id[at]
        assert row["category"] == list(category.path)
        assert row.get("brand", BRANDS[products.brand[at]].name) == BRANDS[products.brand[at]].name
        assert ("image" in row) == bool(products.pictured[at])
        assert row["price"] == products.price[at]
        since = datetime.fromisoformat(row["listed_at"]) - EPOCH
        assert since // timedelta(days=1) == products.listed[at]
        claims = products.attributes(at, products.claimed)
        assert row["attributes"].items() <= claims.items()
    claimed = int((products.claimed >= 0).sum())
    assert sum(len(row["attributes"]) for row in rows) == pytest.approx(0.8 * claimed, rel=0.02)
    assert sum("brand" not in row for row in rows) == pytest.approx(0.05 * len(rows), rel=0.25)


def test_the_shop_imports_them(products: Products, tmp_path: Path) -> None:
    write_catalogue(products, np.arange(1_000), tmp_path / "catalogue.jsonl.gz", seed=CONFIG.seed, epoch=EPOCH)
    result = import_catalogue(Shop.create(tmp_path / "shop"), tmp_path / "catalogue.jsonl.gz")
    assert (result.products, result.quarantined) == (1_000, 0)


def said(words: tuple[str, ...] | list[str], text: str) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(word.lower())}(?![\w-])", text) for word in words)


def plain_titles(products: Products, rows: list[dict]) -> list[str]:
    """Titles in lower case without brands, whose names are words too."""
    titles = []
    for at, row in enumerate(rows):
        title = str(row["title"]).lower()
        titles.append(title.replace(BRANDS[products.brand[at]].name.lower(), ""))
    return titles


@pytest.mark.parametrize("slot", [COLOR, PATTERN, STYLE])
def test_a_title_says_what_is_claimed(products: Products, rows: list[dict], slot: int) -> None:
    right: Counter[bool] = Counter()
    titles = plain_titles(products, rows)
    for at, title in enumerate(titles):
        words, claim = WORDS[products.category[at]], products.claimed[at]
        if words.book or claim[slot] < 0 or len(words.values[slot]) < 2:
            continue
        if slot == COLOR:
            ways: tuple[str, ...] = (*words.colors[claim[slot]], words.short[claim[slot]])
        elif slot == PATTERN:
            ways = words.patterns[claim[slot]]
            if words.values[slot][claim[slot]] == "plain":
                continue
        else:
            # the noun within may be another one, or in the wrong house's words
            ways = tuple(words.things[claim[slot]].removesuffix(f" {words.noun}").split(" ")[:1])
        right[said(ways, title)] += 1
    assert right[True] > 300
    assert right[False] / right.total() < 0.05, right  # slips of the keyboard


def test_a_title_says_no_colour_or_pattern_that_is_not_claimed(products: Products, rows: list[dict]) -> None:
    wrong, titles = Counter[str](), plain_titles(products, rows)
    count = Counter[str]()
    for at, title in enumerate(titles):
        words, claim, true = WORDS[products.category[at]], products.claimed[at], products.values[at]
        if claim[COLOR] < 0:
            count["color"] += 1
            wrong["color"] += said(words.colors[true[COLOR]], title)
        if claim[PATTERN] < 0 and words.values[PATTERN][true[PATTERN]] != "plain":
            count["pattern"] += 1
            wrong["pattern"] += said(words.patterns[true[PATTERN]], title)
    # walnut is a wood too, and a scent may be floral
    assert all(wrong[name] < 0.02 * count[name] for name in count), (wrong, count)


def test_what_misleads_hides_the_truth(products: Products, rows: list[dict]) -> None:
    misled = (products.claimed >= 0) & (products.claimed != products.values)
    assert misled.any(1).mean() > 0.03
    for at in np.flatnonzero(misled[:, STYLE]).tolist():
        words = WORDS[products.category[at]]
        true = words.things[products.values[at, STYLE]]
        text = f"{rows[at]['title']} {rows[at]['description']}".lower()
        assert not said([true], text) or true in words.things[products.claimed[at, STYLE]]
        assert rows[at]["attributes"].get("style") != words.values[STYLE][products.values[at, STYLE]]


def explained(texts: list[str], target: np.ndarray, group: np.ndarray) -> float:
    """R² of a ridge regression on words, out of sample; groups are never split."""
    matrix = CountVectorizer(min_df=3, binary=True).fit_transform(texts)
    fitted = group % 10 < 7
    model = Ridge(alpha=20.0).fit(matrix[fitted], target[fitted])
    rest = target[~fitted] - model.predict(matrix[~fitted])
    return float(1 - (rest**2).sum() / ((target[~fitted] - target[fitted].mean(0)) ** 2).sum())


def test_no_text_states_the_look_or_the_quality(products: Products, rows: list[dict]) -> None:
    texts = [f"{row['title']} {row['description']} {row['seller_id']}" for row in rows]
    assert explained(texts, products.look, products.design) < 0.05
    assert explained(texts, products.quality[:, None], products.design) < 0.05
    # the same regression finds what is there to be found
    color = np.eye(64)[products.claimed[:, COLOR] + 1]
    assert explained(texts, color, products.design) > 0.5


def test_ids_and_order_say_nothing(products: Products, rows: list[dict]) -> None:
    place = np.arange(len(products))
    first = np.array([ord(key[0]) for key in products.product_id.tolist()])
    for name in ("quality", "price", "listed", "design", "seller", "tag", "entity"):
        for order in (place, first):
            assert spearmanr(order, getattr(products, name)).pvalue > 1e-3, name
    beside = np.mean(products.design[1:] == products.design[:-1])
    assert beside < 0.002


def test_variants_of_a_design_share_its_name(products: Products) -> None:
    told = captions(products, np.arange(len(products)), seed=CONFIG.seed)
    named: dict[int, set[str]] = {}
    for design, own, category in zip(products.design.tolist(), told, products.category.tolist(), strict=True):
        assert bool(own) == WORDS[category].book
        named.setdefault(design, set()).add(own)
    assert all(len(own) == 1 for own in named.values())


def test_titles_look_like_titles(rows: list[dict]) -> None:
    titles = [str(row["title"]) for row in rows]
    assert all(title == " ".join(title.split()) for title in titles)
    assert all(title[-1] not in ",-|(" and title[0] not in ",-|)" for title in titles)
    assert all(mark not in title for title in titles for mark in (" ,", ",,", "()", "( ", "{", "- -", "| |"))
    assert max(map(len, titles)) < 200
    assert len(set(titles)) > 0.9 * len(titles)
    words = Counter(word for title in titles for word in title.lower().split())
    assert words["for"] > 20 and len(words) > 1_000


def test_no_text_says_what_a_need_takes(rows: list[dict]) -> None:
    phrases = [phrase for need in NEEDS for phrase in need.phrases if len(phrase.split()) > 1]
    texts = "\n".join(f"{row['title']}\n{row['description']}" for row in rows).lower()
    assert not [phrase for phrase in phrases if phrase in texts]
    sentences = [sentence for _, text in list(articles())[: len(NEEDS)] for sentence in text.split(". ")]
    assert not [sentence for sentence in sentences if len(sentence) > 30 and sentence.lower() in texts]
