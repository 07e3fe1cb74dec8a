"""Popularity, vectors and fusion: each alone against a plain calculation, then together."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptor.assembly import Assembler
from emptor.cascade import Candidates, Requests
from emptor.encoders import LocalTextEncoder
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.retrieve.channel import Found
from emptor.retrieve.dense import DenseChannel, VectorIndex, steps
from emptor.retrieve.fusion import fuse
from emptor.retrieve.popular import PopularChannel
from emptor.retrieve.stage import HybridRetrieval, RetrieveOptions
from emptor.shop.filters import parse_filters
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.shop import Shop


class Hashing:
    """An encoder of four lines: a random direction for each word."""

    width = 16
    fingerprint = "hashing-16"

    def encode(self, texts: list[str]) -> np.ndarray:
        rows = [sum((_direction(word) for word in text.lower().split()), np.zeros(16)) for text in texts]
        return np.array(rows, np.float32)


def _direction(word: str) -> np.ndarray:
    return np.random.default_rng(list(word.encode())).normal(size=16)


def found(*pairs: tuple[int, float]) -> Found:
    return Found(np.array([p for p, _ in pairs]), np.array([s for _, s in pairs], np.float32))


def join(parts: dict[str, Found], method: str = "rrf", covers: dict | None = None, rows: int = 10) -> list[int]:
    weights = dict.fromkeys(parts, 1.0)
    covers = {name: (covers or {}).get(name) for name in parts}
    joined, _ = fuse(parts, weights=weights, covers=covers, order=np.arange(rows), method=method, depth=100)
    return joined.products.tolist()


def test_rrf_sums_reciprocal_ranks() -> None:
    parts = {"a": found((1, 9.0), (2, 8.0)), "b": found((2, 0.5), (3, 0.4))}
    joined, columns = fuse(
        parts,
        weights={"a": 1.0, "b": 1.0},
        covers={"a": None, "b": None},
        order=np.arange(5),
        method="rrf",
        depth=9,
    )
    assert joined.products.tolist() == [2, 1, 3]
    assert joined.scores[0] == pytest.approx((1 / 62 + 1 / 61) / 2)
    assert columns["a"].tolist()[:2] == [8.0, 9.0]
    assert np.isnan(columns["a"][2])


def test_weighted_fusion_uses_how_good_a_find_is() -> None:
    parts = {"a": found((1, 10.0), (2, 9.9)), "b": found((2, 1.0), (1, 0.1))}
    assert join(parts, "weighted") == [2, 1]


@pytest.mark.parametrize("method", ["rrf", "weighted"])
def test_a_product_without_a_vector_does_not_lose_for_it(method: str) -> None:
    lexical = found((1, 3.0), (2, 2.0), (3, 1.0))
    dense = found((2, 1.0), (3, 0.9))
    has_vector = np.array([True, False, True, True] + [True] * 6)
    assert join({"lexical": lexical, "dense": dense}, method, {"dense": has_vector})[0] == 1
    # product 1 had a vector after all and was not near: now it does lose
    assert join({"lexical": lexical, "dense": dense}, method)[0] == 2


def test_one_channel_alone_keeps_its_scores() -> None:
    joined, columns = fuse(
        {"a": found((4, 7.5))},
        weights={"a": 1.0},
        covers={"a": None},
        order=np.arange(5),
        method="rrf",
        depth=9,
    )
    assert joined.scores.tolist() == [7.5]
    assert list(columns) == ["a"]


LISTS = st.lists(st.integers(0, 9), unique=True, max_size=10)


@given(LISTS, LISTS, st.sampled_from(["rrf", "weighted"]))
def test_fusion_keeps_every_product_once_and_sorts(first: list[int], second: list[int], method: str) -> None:
    parts = {
        name: found(*((row, float(20 - at)) for at, row in enumerate(rows)))
        for name, rows in (("a", first), ("b", second))
        if rows
    }
    assert sorted(join(parts, method)) == sorted(set(first) | set(second))
    assert join(parts, method) == join(dict(reversed(parts.items())), method)


def test_popular_is_by_weight_then_newest_within_filters(golden: Engine) -> None:
    channel = PopularChannel(golden.view)
    [own] = channel(Requests.of([None], filters=[parse_filters(["category:Home"])]), depth=1000)
    stock, listed = golden.view.in_stock[own.products], golden.view.listed_at[own.products]
    assert (np.diff(stock.astype(int)) <= 0).all()  # what can be bought stands first
    for own_stock in (True, False):
        assert (np.diff(listed[stock == own_stock]) <= 0).all()  # the golden shop has no log: newest first
    assert set(own.products.tolist()) == set(
        np.flatnonzero(golden.view.mask(parse_filters(["category:Home"]))).tolist()
    )


def test_clicks_make_popular(shop: Shop) -> None:
    events = [{"user_id": "u", "action": "click", "product_id": "P33"}] * 2
    shop.events.append([*events, {"user_id": "u", "action": "purchase", "product_id": "P21"}])
    republish(shop)
    with Engine.open(shop.path) as engine:
        assert [hit.product["product_id"] for hit in engine.recommend(k=2).results] == ["P21", "P33"]


def vectors_of(engine: Engine) -> np.ndarray:
    titles = [engine.view.product(row)["title"] or "" for row in range(engine.view.rows)]
    vectors = Hashing().encode(titles)
    vectors[5] = np.nan
    return vectors


def test_dense_search_is_the_exact_cosine_order(golden: Engine) -> None:
    vectors = vectors_of(golden)
    channel = DenseChannel(golden.view, encoder=Hashing(), index=VectorIndex(vectors))
    [own] = channel(Requests.of(["red striped mug"]), depth=10)
    query = Hashing().encode(["red striped mug"])[0]
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    expected = np.nan_to_num(vectors @ query / np.where(norms > 0, norms, 1), nan=-9)
    assert own.scores == pytest.approx(np.sort(expected)[::-1][:10], abs=1e-5)
    assert 5 not in own.products
    assert channel(Requests.of([None]), depth=10) == [None]


def test_dense_search_filters_before_the_cut(golden: Engine) -> None:
    channel = DenseChannel(golden.view, encoder=Hashing(), index=VectorIndex(vectors_of(golden)))
    filters = parse_filters(["brand:Strider"])
    [own] = channel(Requests.of(["red striped mug"], filters=[filters]), depth=3)
    assert len(own.products) == 3
    assert golden.view.mask(filters)[own.products].all()


def test_the_approximate_index_finds_nearly_what_the_exact_one_does() -> None:
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(4000, 24)).astype(np.float32)
    index = VectorIndex(vectors, exact_below=100)
    queries = draw.normal(size=(20, 24)).astype(np.float32)
    _, places = index.near(queries, 50)
    exact = np.argsort(-(queries @ index.vectors.T), axis=1)[:, :50]
    recall = np.mean([len(set(a) & set(b)) / 50 for a, b in zip(places.tolist(), exact.tolist(), strict=True)])
    assert recall > 0.95


def test_the_approximate_index_holds_its_vectors_once() -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 24)).astype(np.float32)
    vectors[7] = np.nan
    index = VectorIndex(vectors, exact_below=100)
    before = index.vectors.copy()
    index.build()
    assert (index.vectors == before).all() and np.allclose(np.linalg.norm(before, axis=1), 1, atol=1e-6)
    assert index.rows.tolist() == [*range(7), *range(8, 300)]
    assert not index.vectors.flags.owndata and not index.vectors.flags.writeable
    few = VectorIndex(vectors)
    few.build()
    assert few.exact and few.vectors.flags.owndata  # searched as they are


def test_deep_searches_keep_fewer_candidates_for_each() -> None:
    assert [steps(depth) for depth in (10, 100, 200, 1_000)] == [128, 300, 600, 1_400]


def test_vectors_of_another_width_are_refused(golden: Engine) -> None:
    with pytest.raises(EmptorError, match="width 8"):
        DenseChannel(golden.view, encoder=Hashing(), index=VectorIndex(np.zeros((3, 8), np.float32)))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Hugging Face text model with random weights, saved as any real one is."""
    transformers = pytest.importorskip("transformers")
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("model")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "red",
        "blue",
        "green",
        "black",
        "striped",
        "plain",
        "mug",
        "lamp",
        "dress",
        "shirt",
        "copper",
        "pipe",
    ]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    transformers.BertModel(config).save_pretrained(folder, safe_serialization=True)
    return folder


def test_a_local_model_folder_gives_a_shop_a_dense_channel(shop_path: Path, model_folder: Path) -> None:
    toml = (shop_path / "shop.toml").read_text()
    toml = toml.replace("[search.analyser]", f'[search]\nencoder = "{model_folder}"\n[search.analyser]')
    (shop_path / "shop.toml").write_text(toml)
    with pytest.raises(EmptorError, match="emptor publish"):
        Engine.open(shop_path)
    with Shop.open(shop_path) as shop:
        republish(shop)
    with Engine.open(shop_path) as engine:
        page = engine.search("red mug", k=5)
        [stage] = engine.explain(page.request_id)["stages"]
        assert {"lexical", "dense"} <= set(stage["columns"])
        engine.shop.update([{"product_id": "new", "title": "red mug red mug"}])
        engine.refresh()
        assert "new" in [hit.product["product_id"] for hit in engine.search("red mug").results]


def test_encoding_is_the_same_in_any_batch(model_folder: Path) -> None:
    encoder = LocalTextEncoder(model_folder)
    texts = ["red mug", "blue striped dress with a long title of words", ""]
    together = encoder.encode(texts)
    assert np.isnan(together[2]).all()
    for at in (0, 1):
        assert np.allclose(encoder.encode([texts[at]])[0], together[at], atol=1e-6)
    assert np.allclose(np.linalg.norm(together[:2], axis=1), 1.0, atol=1e-5)


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match=r"has no config\.json"):
        LocalTextEncoder(tmp_path)


def test_channels_that_are_no_table_turn_their_cascade_off_and_no_other(golden_path: Path, tmp_path: Path) -> None:
    shop = Path(shutil.copytree(golden_path, tmp_path / "shop"))
    with (shop / "shop.toml").open("a") as file:
        file.write(
            '[cascade.odd]\nstages = [{ stage = "retrieve", method = "hybrid", depth = 3, '
            "options = { channels = [{ lexical = 1.0 }] } }]\n"
        )
    with Engine.open(shop) as engine:
        assert "channels" in engine.off["odd"] and engine.ranking(["mug"])[0]


def test_a_product_that_says_nothing_does_not_lose_for_it(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.jsonl"
    rows = [
        {"product_id": "said", "title": "red mug"},
        {"product_id": "silent", "title": "2041"},
        {"product_id": "other", "title": "12 - 30", "description": "Een rode mok."},
        {"product_id": "listed", "title": "7", "attributes": {"colour": "red"}},
    ]
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, file)
        view = shop.view()
        worded = {name: bool(view.worded[view.row(name)]) for name in ("said", "silent", "other", "listed")}
        assert worded == {"said": True, "silent": False, "other": True, "listed": True}
        covers = Assembler(shop).lexical(view).covers
        assert np.array_equal(covers, view.worded)
        shop.update([{"product_id": "silent", "title": "Ваза"}, {"product_id": "new", "title": "99"}])
        later = shop.view()
        assert later.worded[later.row("silent")] and not later.worded[later.row("new")]
        assert not view.worded[view.row("silent")], "an earlier view stays what it was"


class Seen:
    """A channel that knows products by their pictures, or says so: it finds all, in the order of their rows."""

    name = "seen"

    def __init__(self, rows: int, *, sees: bool) -> None:
        self.covers, self.sees = np.ones(rows, bool), sees
        self.asked: list[str | None] = []

    def __call__(self, requests: Requests, *, depth: int, excluded: object = None) -> list[Found]:
        self.asked += requests.query.tolist()
        return [Found(np.arange(len(self.covers)), np.ones(len(self.covers), np.float32))] * len(requests)


def test_words_do_not_count_against_who_says_nothing_beside_a_channel_that_sees(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.jsonl"
    rows = [{"product_id": f"p{at}", "title": "red mug" if at != 1 else "2041", "brand": "Bosch"} for at in range(4)]
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, file)
        view, assembler = shop.view(), Assembler(shop)

        def first(query: str, *, sees: bool, **channels: float) -> list[str]:
            stage = HybridRetrieval(
                view,
                depth=10,
                options=RetrieveOptions(channels={"lexical": 1.0, **channels}),
                lexical=assembler.lexical(view),
                popular=PopularChannel(view),
                others={"seen": Seen(view.rows, sees=sees)},
            )
            found = stage(Requests.of([query]), Candidates.empty(1))
            return view.product_ids(found.row(0)[0])

        assert first("red mug", sees=True, seen=1.0) == ["p0", "p1", "p2", "p3"], "at the place where it was seen"
        assert first("red mug", sees=False, seen=1.0)[-1] == "p1", "a channel that sees nothing is no reason"
        assert first("red mug", sees=True, popular=0.3)[-1] == "p1"
        # what words do find of it counts as of any other
        assert first("2041", sees=True, seen=1.0)[0] == "p1"
        assert first("bosch", sees=True, seen=1.0) == ["p0", "p1", "p2", "p3"]


def test_a_channel_that_has_not_learnt_a_misspelling_is_asked_what_was_meant(golden: Engine) -> None:
    seen = Seen(golden.view.rows, sees=False)
    stage = HybridRetrieval(
        golden.view,
        depth=10,
        options=RetrieveOptions(channels={"lexical": 1.0, "seen": 1.0}),
        lexical=Assembler(golden.shop).lexical(golden.view),
        popular=PopularChannel(golden.view),
        others={"seen": seen},
    )
    stage(Requests.of(["stripd mug", "red mug", None]), Candidates.empty(3))
    assert seen.asked == ["striped mug", "red mug", None]
