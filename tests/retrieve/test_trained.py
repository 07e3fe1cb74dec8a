"""A trained retriever in a shop: a channel that finds by pictures, new products at once, vectors made once."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from emptor.assembly import Assembler
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.page import Ask
from emptor.retrieve.dense import VectorIndex
from emptor.retrieve.listings import Texts, texts_in, texts_of
from emptor.retrieve.loading import load_retriever
from emptor.retrieve.recipe import train_retriever
from emptor.retrieve.stage import HybridRetrieval
from emptor.retrieve.store import VectorStore
from emptor.retrieve.train import RetrievalOptions
from emptor.serve.lab.asked import LabAsked
from emptor.serve.lab.channels import channels
from emptor.shop import schema
from emptor.shop.filters import parse_filters
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.shop import Shop
from tests.encoders.folders import PROCESSOR, saved, vision
from tests.retrieve.stalls import KINDS, stalls_shop
from tests.serve.conftest import running
from tests.serve.test_publish import until

CASCADE = """
[cascade.seeing]
deadline_ms = 20000
stages = [{ stage = "retrieve", method = "hybrid", depth = 30, options = { channels = { lexical = 1.0, smar = 3.0 } } }]
[cascade.blind]
stages = [{ stage = "retrieve", method = "hybrid", depth = 30, options = { channels = { lexical = 1.0 } } }]
"""
OPTIONS = RetrievalOptions(epochs=60, second=2, batch=36, lr=4e-3, patience=60, untold=0.0)
SMALL = {"width": 32, "vector": 32, "dropout": 0.0}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a retriever that was trained on its log; do not write to it."""
    torch.set_num_threads(1)
    path = stalls_shop(tmp_path_factory.mktemp("stalls"))
    with (path / "shop.toml").open("a") as file:
        file.write(CASCADE)
    with Engine.open(path) as engine:
        assert "no such model yet" in engine.off["seeing"]
        train_retriever(engine.shop, Assembler(engine.shop).lexical, network=SMALL, options=OPTIONS)
    return path


@pytest.fixture
def shop_path(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "shop"))


def write_events(shop_path: Path, acts: list[tuple[str, str, str]]) -> None:
    """(user, action, product) each, after all that the log has."""
    time = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
    rows = [
        {"event_id": f"w{at}", "user_id": user, "session_id": user, "action": action, "product_id": product}
        | {"time": time + dt.timedelta(seconds=at)}
        for at, (user, action, product) in enumerate(acts)
    ]
    with Shop.open(shop_path) as shop:
        arrays = [pa.array([own.get(field.name) for own in rows], field.type) for field in schema.EVENT]
        shop.events.append_columns(pa.Table.from_arrays(arrays, schema=schema.EVENT))


def found(engine: Engine, query: str, cascade: str, k: int = 9) -> list[str]:
    return [str(own) for own in list(engine.ranking([query], cascade=cascade)[0])[:k]]


def test_what_only_the_picture_shows_is_found_and_comes_first(trained: Path) -> None:
    with Engine.open(trained) as engine:
        hits = {"seeing": 0, "blind": 0}
        for kind, first in (("mug", 0), ("chair", 54), ("vase", 90)):
            for place, colour in enumerate(("blue", "yellow", "black"), 2):
                wanted = {f"S{first + 3 * place + copy:03}" for copy in range(3)}
                for cascade in hits:
                    hits[cascade] += len(wanted & set(found(engine, f"{colour} {kind}", cascade, 6)))
    assert hits["seeing"] > 20 and hits["blind"] == 0  # of 27; words alone put the 18 in the order of their ids


def test_the_lab_tells_what_only_pictures_bring(trained: Path) -> None:
    with Engine.open(trained) as engine:
        own = channels(engine, LabAsked(q="red mug", cascade="seeing"))
        assert own is not None
        (told,) = own.pictured
        assert told.name == "smar" and 0 <= told.p <= 1
        assert told.count > 0 and len(told.first) == min(told.count, 12)
        for brought in told.first:
            assert brought.place < 50 and (brought.before is None or brought.before >= 50)
        stage = engine.cascade("seeing").first
        assert isinstance(stage, HybridRetrieval)
        sides = stage.by_side("red mug", parse_filters([]))["smar"]
        red = {row for row in range(216) if row // 3 % 6 == 0}
        seen, told_of = ([engine.view.product_ids(own.products[:6])] for own in (sides.with_picture, sides.by_text))
        assert sum(int(name[1:]) in red for name in seen[0]) == 3 > sum(int(name[1:]) in red for name in told_of[0])
        assert channels(engine, LabAsked(q="red mug", cascade="blind")).pictured == ()  # type: ignore[union-attr]


def test_a_home_page_is_like_what_its_user_chose_and_without_what_they_bought(shop_path: Path) -> None:
    names = [f"S{at:03}" for at in range(216)]  # twelve kinds, of each six colours, of each three
    blue = [name for at, name in enumerate(names) if at // 3 % 6 == 2]
    acts = [("click", name) for name in blue[:24]] + [("purchase", blue[24])]
    write_events(shop_path, [("fan", action, name) for action, name in acts])
    with Shop.open(shop_path) as shop:
        republish(shop)
    with Engine.open(shop_path) as engine:

        def first(user: str | None, **how: object) -> list[str]:
            page = engine.page(Ask(query=None, user_id=user, cascade="seeing", k=12, logged=False, **how))  # type: ignore[arg-type]
            return [hit.product["product_id"] for hit in page.results]

        found = first("fan")
        assert len(found) == 12 and blue[24] not in found
        assert first("nobody") == first(None) != found
        # who filters down to what they bought is shown it, and a page without anything of theirs is as for anybody
        one = (f"category:Home/{engine.view.product(engine.view.row(blue[24]) or 0)['category'][-1]}",)
        assert blue[24] in first("fan", filters=parse_filters(one))
        assert first("fan", filters=parse_filters(["brand:Nobody"])) == []
        kinds = {engine.view.product(engine.view.row(name) or 0)["title"].split()[1] for name in found}
        assert kinds <= set(KINDS[:9]), "of the nine kinds that they chose from, and of none of the other three"


def test_a_new_product_is_found_at_once_and_a_deleted_one_is_not(shop_path: Path) -> None:
    with Engine.open(shop_path) as engine:
        first = found(engine, "red mug", "seeing", 1)[0]
        engine.shop.update([{"product_id": "NEW", "title": "fine mug number 0", "category": ["Home", "mugs"]}])
        engine.refresh()
        assert "NEW" in found(engine, "mug", "seeing", 30)
        engine.shop.update([{"product_id": first, "delete": True}, {"product_id": "S010", "title": "red lamp"}])
        engine.refresh()
        assert first not in found(engine, "red mug", "seeing", 30)
        assert "S010" in found(engine, "red lamp", "seeing", 12)


def test_vectors_are_made_once_for_what_a_product_says(shop_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = VectorStore._add

    def add(self: VectorStore, key: np.ndarray, vector: np.ndarray) -> None:
        made.append(len(key))
        real(self, key, vector)

    monkeypatch.setattr(VectorStore, "_add", add)
    shutil.rmtree(shop_path / "vectors", ignore_errors=True)
    with Engine.open(shop_path) as engine:
        before = found(engine, "red mug", "seeing")
        assert made == [216]
        engine.shop.update(
            [{"product_id": "S000", "title": "fine mug of another kind"}, {"product_id": "S001", "price": 1}]
        )
        engine.refresh()
        assert made == [216, 1]  # a price is nothing that a network reads
        republish(engine.shop)
        engine.refresh()
        assert made == [216, 1]
    with Engine.open(shop_path) as engine:
        assert made == [216, 1]
        assert set(found(engine, "blue vase", "seeing"))
    parts = list((shop_path / "vectors").rglob("*.npz"))
    whole = parts[0].read_bytes()
    parts[0].write_bytes(whole[: len(whole) // 2])  # what a power cut leaves
    with Engine.open(shop_path) as engine:
        assert len(made) == 3 and len(set(before) & set(found(engine, "red mug", "seeing"))) >= 6


def test_texts_of_a_catalogue_are_those_of_its_products(golden_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "more.jsonl"
    rows = [
        {"product_id": "A", "title": "bare"},
        {
            "product_id": "B",
            "title": "two",
            "category": "Home/Mugs",
            "attributes": {"colour": ["red", "blue"], "for": "tea"},
        },
        {"product_id": "C", "title": "Straße ½", "brand": "Löwe", "attributes": {"size": "½ l"}},
    ]
    file.write_text("\n".join(json.dumps(own, ensure_ascii=False) for own in rows), encoding="utf-8")
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, file)
        with Shop.open(golden_path) as golden:
            for view in (shop.view(), golden.view()):
                products = texts_in(view.product(row) for row in range(view.rows))
                assert texts_of(view.generation) == products
                assert any(texts_of(view.generation).fields[3])
    assert products.picture.count(None) < len(products)


def test_many_parts_become_one(tmp_path: Path) -> None:
    def texts(number: int) -> Texts:
        return Texts(([f"product {number}"], [""], [""], [""]), [None])

    store = VectorStore(tmp_path, width=2)
    for number in range(40):
        store.vectors(texts(number), lambda places, own=number: np.full((len(places), 2), own, np.float32))
    assert len(list(tmp_path.glob("*.npz"))) <= 17
    again = VectorStore(tmp_path, width=2)

    def never(places: np.ndarray) -> np.ndarray:
        raise AssertionError("made again")

    assert [again.vectors(texts(number), never)[0, 0] for number in range(40)] == list(range(40))
    assert len(VectorStore(tmp_path, width=3)) == 0  # of another width: made again, not mixed in


def test_a_store_lets_go_of_what_is_on_the_disk_and_reads_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def texts(numbers: range) -> Texts:
        return Texts(
            ([f"product {own}" for own in numbers], *([""] * len(numbers) for _ in range(3))), [None] * len(numbers)
        )

    made: list[int] = []

    def make(places: np.ndarray) -> np.ndarray:
        made.append(len(places))
        return np.repeat(places[:, None], 2, axis=1).astype(np.float32)

    merged: list[int] = []
    merge = VectorStore._merge

    def counted(self: VectorStore, key: np.ndarray, vector: np.ndarray) -> None:
        merged.append(len(key))
        merge(self, key, vector)

    monkeypatch.setattr(VectorStore, "_merge", counted)
    store = VectorStore(tmp_path, width=2)
    many = store.vectors(texts(range(5_000)), make)
    assert made == [2_048, 2_048, 904] and merged == [0, 5_000]  # sorted in once, not part by part
    store.forget()
    assert len(store) == 0
    few = store.vectors(texts(range(5_000, 5_010)), make)  # what updates add: the rest is not read for it
    assert made[3:] == [10] and len(few) == 10 == len(store)
    assert (store.vectors(texts(range(5_000)), make) == many).all() and len(made) == 4
    assert len(store) == 5_010 == len(VectorStore(tmp_path, width=2))

    def full(self: VectorStore, key: np.ndarray, vector: np.ndarray) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(VectorStore, "_write", full)
    store.vectors(texts(range(6_000)), make)
    store.forget()
    assert len(store) == 6_000  # nowhere else


def test_a_server_builds_its_index_before_anybody_asks(shop_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    monkeypatch.setattr(VectorIndex, "build", lambda self: built.append(len(self.rows)))
    with Engine.open(shop_path):
        assert built == []
    with running(shop_path) as client:
        assert built == [216]
        republish(Shop.open(shop_path))
        until(lambda: len(built) == 2, seconds=10)
        assert client.get("/v1/search", params={"q": "red mug", "cascade": "seeing"}).json()["results"]


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        ("tokenizer", "tokenizer.json cannot be read"),
        ("reading", "reads products in another way"),
        ("side", "features.side"),
        ("weights", "model.safetensors"),
    ],
)
def test_a_model_that_cannot_be_used_turns_its_cascade_off_and_says_why(
    shop_path: Path, break_it: str, told: str
) -> None:
    folder = shop_path / "models" / "retrieve" / "smar" / "1"
    config = json.loads((folder / "config.json").read_text())
    if break_it == "tokenizer":
        (folder / "tokenizer.json").unlink()
    elif break_it == "reading":
        config["features"]["version"] = 9
    elif break_it == "side":
        config["features"]["side"] = -3
    else:
        (folder / "model.safetensors").write_bytes(b"no weights")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(EmptorError, match=told):
        load_retriever(folder)
    with Engine.open(shop_path) as engine:
        assert told in engine.off["seeing"] and found(engine, "red mug", "blind")


def test_training_again_is_another_version_and_the_first_stays_live(shop_path: Path) -> None:
    with Engine.open(shop_path) as engine:
        once = OPTIONS.model_copy(update={"epochs": 1, "second": 0})
        again = train_retriever(engine.shop, Assembler(engine.shop).lexical, network=SMALL, options=once)
        manifest = engine.shop.manifest()
        assert again.version == "2" and manifest is not None and manifest.models["retrieve/smar"] == "1"
    with Shop.open(shop_path) as shop:
        for own, told in (
            ({"model": "bert"}, "known are text_only"),
            ({"network": {"text_tokens": 4_096}}, "text_tokens: .* found 4096"),
            ({"network": {"depth": 3}}, "unknown 'depth'"),
        ):
            with pytest.raises(EmptorError, match=told):
                train_retriever(shop, None, **own)


def test_a_shop_that_cannot_be_served_without_the_model_can_train_it(tmp_path: Path) -> None:
    path = stalls_shop(tmp_path)
    settings = path / "shop.toml"
    seeing = CASCADE.partition("[cascade.blind]")[0].replace("cascade.seeing", "cascade.default")
    settings.write_text(settings.read_text().partition("[cascade.default]")[0] + seeing)
    with pytest.raises(EmptorError, match="train one: emptor train"):
        Engine.open(path)
    sets = [f"--set={name}={value}" for name, value in (("epochs", 1), ("second", 1), ("width", 32), ("vector", 32))]
    done = subprocess.run(
        [sys.executable, "-m", "emptor", "train", path, "--stage", "retrieve", *sets], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    made = list((path / "vectors").rglob("*.npz"))
    told = done.stdout[done.stdout.index("[cascade.seeing]") : done.stdout.index("then see")]
    settings.write_text(f"{settings.read_text()}\n{told}")
    with Engine.open(path) as engine:
        assert not engine.off and found(engine, "red mug", "seeing"), "what is printed can be pasted"
        assert found(engine, "red mug", "default") and list((path / "vectors").rglob("*.npz")) == made


def test_prices_do_not_make_products_fresh(shop_path: Path) -> None:
    with Engine.open(shop_path) as engine:
        engine.shop.update([{"product_id": f"S{at:03}", "price": 2.0} for at in range(90)])
        engine.refresh()
        retrievers = engine._assembler._retrieving
        assert retrievers is not None
        (known,) = retrievers._fresh.values()
        assert known == (engine.view.id, None)


@pytest.mark.parametrize("sight", ["pixels", "eyes"])
def test_pictures_may_be_read_in_another_way_and_it_has_to_be_the_same_later(sight: str, shop_path: Path) -> None:
    eyes = saved(shop_path / "eyes", vision("vit"), PROCESSOR)
    quick = OPTIONS.model_copy(update={"epochs": 1, "second": 0, "sight": sight})
    with Engine.open(shop_path) as engine:
        model = train_retriever(engine.shop, None, model="late_sum", network=SMALL, options=quick)
        loaded = load_retriever(model.path)
        assert loaded.sees and loaded.reading.sight == sight
        assert (loaded.reading.side is None) == (sight == "eyes")
        texts = texts_of(engine.view.generation).take(np.arange(4))
        assert np.isfinite(loaded.products(texts, engine.shop.images)).all()
        with pytest.raises(EmptorError, match="sight: 'eye' is neither"):
            train_retriever(engine.shop, None, network=SMALL, options=quick.model_copy(update={"sight": "eye"}))
        was = loaded.look.fingerprint
    moved = shop_path.rename(shop_path.with_name("moved"))
    there = moved / model.path.relative_to(shop_path)
    assert load_retriever(there).look.fingerprint == was
    if sight == "eyes":
        (moved / "eyes" / "preprocessor_config.json").write_text(json.dumps({**PROCESSOR, "image_mean": [0.5] * 3}))
        with pytest.raises(EmptorError, match=r"trained on pictures as .* restore what it was trained with"):
            load_retriever(there)
        shutil.rmtree(moved / eyes.name)
        with pytest.raises(EmptorError, match="no folder with a vision model"):
            load_retriever(there)
