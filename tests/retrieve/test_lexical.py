"""The lexical channel: what matches, in which order, and that nothing a user types is a query language."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.importer import import_catalogue
from emptor.shop.memo import Memo
from emptor.shop.shop import Shop
from emptor.shop.view import View


def ids(engine: Engine, query: str, **more: object) -> list[str]:
    return [hit.product["product_id"] for hit in engine.search(query, k=100, **more).results]


def make(folder: Path, rows: list[dict], toml: str = "") -> Engine:
    shop = Shop.create(folder)
    (folder / "shop.toml").write_text(f"format = 1\n{toml}")
    file = folder.parent / "rows.jsonl"
    file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    with shop:
        import_catalogue(Shop.open(folder), file)
    return Engine.open(folder)


def test_every_word_counts(golden: Engine) -> None:
    assert ids(golden, "red striped mug")[0] == "P34"


def test_a_quantity_matches_however_it_is_spelt(golden: Engine) -> None:
    for query in ("1/2 inch pipe", '0.5" pipe', "½ in. pipe"):
        assert set(ids(golden, query)[:8]) == {f"P5{i}" for i in range(8)}, query
    assert ids(golden, "500 ml bowl")[0] == "odd-7"
    assert ids(golden, "12-ounce mugs")[0].startswith("P3")


def test_typos_are_forgiven_and_named(golden: Engine) -> None:
    page = golden.search("sneekers")
    assert page.did_you_mean == "sneakers"
    assert page.results[0].product["category"] == ["Shoes", "Sneakers"]
    assert golden.search("sneakers").did_you_mean is None


def test_cjk_accents_and_emoji(golden: Engine) -> None:
    assert ids(golden, "東京")[0] == "odd-2"
    assert ids(golden, "cafe")[0] == "odd-7"
    assert ids(golden, "🦊 fox")[0] == "odd-5"
    assert ids(golden, "tshirt")[0] == "odd-5"


def test_a_filter_acts_before_the_cut(tmp_path: Path) -> None:
    rows = [{"product_id": f"a{i:04}", "title": "mug", "brand": "Common"} for i in range(1500)]
    rows.append({"product_id": "z", "title": "a long title about one mug among very many other mugs", "brand": "Rare"})
    with make(tmp_path / "shop", rows) as engine:
        assert ids(engine, "mug", filters=["brand:Rare"]) == ["z"]


def test_ties_at_the_cut_go_by_product_id(tmp_path: Path) -> None:
    rows = [{"product_id": f"p{(i * 7919) % 3000:04}", "title": "mug"} for i in range(3000)]
    with make(tmp_path / "shop", rows) as engine:
        page = engine.search("mug", k=1000)
        assert [hit.product["product_id"] for hit in page.results] == [f"p{i:04}" for i in range(1000)]
        assert page.total_is_capped


def test_synonyms_both_ways_one_way_and_phrases(engine: Engine) -> None:
    assert "P20" not in ids(engine, "trainers")
    (engine.shop.path / "synonyms.txt").write_text("# ours\ntrainer => sneakers\nwriting table light, desk lamp\n")
    assert engine.refresh()
    assert ids(engine, "trainers")[0].startswith("P2")
    assert ids(engine, "writing table light")[0].startswith("P4")
    engine.shop.update([{"product_id": "T", "title": "a trainer of dogs"}])
    engine.refresh()
    assert "T" not in ids(engine, "sneakers")  # the arrow goes one way


def test_synonyms_are_read_as_queries_are(engine: Engine) -> None:
    (engine.shop.path / "synonyms.txt").write_text("t-shirt, tee\n置物, figurine\n1/2 in, half inch\n")
    engine.refresh()
    assert "odd-5" in ids(engine, "tee")
    assert ids(engine, "figurine")[0] == "odd-2"
    assert ids(engine, "half inch")[0].startswith("P5")


def test_a_synonyms_line_that_cannot_be_read_is_named(engine: Engine) -> None:
    (engine.shop.path / "synonyms.txt").write_text("tv, television\nlonely\n")
    with pytest.raises(EmptorError, match=r"synonyms\.txt, line 2: found 'lonely'"):
        Engine.open(engine.shop.path)


def test_bad_synonyms_do_not_keep_updates_from_a_running_shop(engine: Engine) -> None:
    (engine.shop.path / "synonyms.txt").write_text("trainer, sneakers\n")
    engine.refresh()
    (engine.shop.path / "synonyms.txt").write_text("lonely\n")
    engine.shop.update([{"product_id": "P20", "price": 1.25}])
    assert engine.refresh()
    assert engine.search("trainer", filters=["price:..2"]).results[0].product["product_id"] == "P20"


def test_every_word_is_wanted_even_of_a_short_list(tmp_path: Path) -> None:
    rows = [{"product_id": f"both{i:03}", "title": f"oak table number {i}"} for i in range(150)]
    rows += [{"product_id": f"a-one{i:03}", "title": "oak oak oak"} for i in range(50)]
    toml = '[cascade.default]\nstages = [{ stage = "retrieve", method = "hybrid", depth = 50 }]\n'
    with make(tmp_path / "shop", rows, toml) as engine:
        assert all(i.startswith("both") for i in ids(engine, "oak table"))


def test_weights_of_shop_toml_decide(tmp_path: Path) -> None:
    rows = [
        {"product_id": "in-title", "title": "walnut box with much else to say about it", "brand": "Oak"},
        {"product_id": "in-brand", "title": "box", "brand": "Walnut"},
        *({"product_id": f"x{i}", "title": "pine box", "brand": "Pine"} for i in range(20)),
    ]
    light = "[search.weights]\ntitle = 1.0\nbrand = 0.01\n"
    heavy = "[search.weights]\ntitle = 0.01\nbrand = 1.0\n"
    with make(tmp_path / "a", rows, light) as engine:
        assert ids(engine, "walnut")[0] == "in-title"
    with make(tmp_path / "b", rows, heavy) as engine:
        assert ids(engine, "walnut")[0] == "in-brand"


@pytest.mark.parametrize(
    "query",
    ["title:mug", "mug AND -red", '"red mug"', "mu*", "(mug", "mug^9 ~2", "brand_is:x", "\\", "+-!{}[]"],
)
def test_what_looks_like_a_query_language_is_text(golden: Engine, query: str) -> None:
    golden.search(query)


def test_ten_megabytes_of_query_are_cut_and_quick(golden: Engine) -> None:
    start = time.monotonic()
    golden.search("mug " * 2_500_000)
    golden.search("x" * 10_000_000)
    assert time.monotonic() - start < 2.0


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_answered(golden: Engine, query: str) -> None:
    page = golden.search(query, k=5)
    scores = [hit.score for hit in page.results]
    assert scores == sorted(scores, reverse=True)
    assert np.isfinite(scores).all()


def test_plain_bm25_ranks_as_bm25s_does(tmp_path: Path) -> None:
    """Parity with another implementation: same stemmer, k1 and b, field lengths as the engine rounds them."""
    bm25s = pytest.importorskip("bm25s")
    stemmer = pytest.importorskip("Stemmer").Stemmer("english")
    draw = np.random.default_rng(3)
    words = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ako", "emi", "ulo", "ira")]
    titles = [" ".join(draw.choice(words, draw.integers(2, 9))) for _ in range(400)]
    rows = [{"product_id": f"{i:03}", "title": title} for i, title in enumerate(titles)]
    peer = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    peer.index([stemmer.stemWords(title.split()) for title in titles], show_progress=False)
    toml = "[search]\ntypos = false\nrelax_below = 10000\n[search.analyser]\nunits = false\n"
    with make(tmp_path / "shop", rows, toml) as engine:
        for _ in range(50):
            query = list(dict.fromkeys(draw.choice(words, 3)))
            theirs = peer.get_scores(stemmer.stemWords(query))
            ours = {h.product["product_id"]: h.score for h in engine.search(" ".join(query), k=1000).results}
            assert set(ours) == {f"{i:03}" for i in np.flatnonzero(theirs > 0)}
            # lengths up to 40 words are kept exactly, so scores agree to float precision (up to a constant factor)
            pairs = np.array([(ours[i], theirs[int(i)]) for i in ours])
            assert np.allclose(pairs[:, 0] / pairs[:, 1], pairs[0, 0] / pairs[0, 1], rtol=1e-4)


@pytest.mark.parametrize("depth", [1, 7, 40, 300])
def test_an_index_in_order_cuts_ties_as_a_second_look_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    draw = np.random.default_rng(3)
    rows = [
        {"product_id": f"p{i * 7919 % 401:03}", "title": " ".join(["mug"] * int(draw.integers(1, 3)) + ["red"])}
        for i in range(400)
    ]
    with make(tmp_path / "shop", rows) as engine:
        assert engine.view.in_order
        quick = engine._assembled.lexical.search("red mug", (), depth=depth)
        monkeypatch.setattr(View, "in_order", False)
        engine._assembled.lexical._results = Memo(1)
        slow = engine._assembled.lexical.search("red mug", (), depth=depth)
        assert np.array_equal(quick.products, slow.products) and np.array_equal(quick.scores, slow.scores)


def test_an_updated_index_is_not_in_order(engine: Engine) -> None:
    assert engine.view.in_order
    engine.shop.update([{"product_id": "P34", "price": 1.0}])
    assert engine.refresh() and not engine.view.in_order
