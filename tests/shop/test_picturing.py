"""Numbers of pictures in generations: made once, carried along, and refused to models that learnt others."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest

from emptor.errors import EmptorError
from emptor.rank.scale import input_spec
from emptor.shop import picturing
from emptor.shop.backup import back_up
from emptor.shop.checking import check
from emptor.shop.features import OWN, Features, FeatureSpec
from emptor.shop.features.picture_basis import LEAST, PictureBasis
from emptor.shop.features.products import product_columns
from emptor.shop.features.spec import PICTURE
from emptor.shop.images import ImageStore
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.shop import Shop
from emptor.shop.view import View
from tests.shop.features.drawn import write_catalogue


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 210 products with pictures and three without; do not write to it."""
    base = tmp_path_factory.mktemp("pictured")
    catalogue, images = write_catalogue(base / "source", range(210))
    with Shop.create(base / "shop") as shop:
        import_catalogue(shop, catalogue, images=images)
    return base / "shop"


@pytest.fixture
def own(pictured: Path, tmp_path: Path) -> Iterator[Shop]:
    with Shop.open(Path(shutil.copytree(pictured, tmp_path / "shop"))) as shop:
        yield shop


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the pictures that are read from now on."""
    names: list[str] = []
    plain = ImageStore.pixels

    def pixels(store: ImageStore, name: str, side: int) -> np.ndarray | None:
        names.append(name)
        return plain(store, name, side)

    monkeypatch.setattr(ImageStore, "pixels", pixels)
    return names


def numbers(shop: Shop) -> tuple[np.ndarray, str]:
    found = shop.view().generation.pictures
    assert found is not None
    return found


def test_products_with_pictures_have_numbers_and_others_none(pictured: Path) -> None:
    with Shop.open(pictured) as shop:
        view = shop.view()
        vectors, basis = numbers(shop)
        assert vectors.shape == (213, PICTURE) and vectors.dtype == np.float16
        assert np.isnan(vectors[210:]).all() and np.isfinite(vectors[:210]).all()
        assert PictureBasis.load(view.generation.folder / "vectors" / "pictures-basis.npy", hash=basis).hash == basis
        assert ("pictures described", f"210, on basis {basis}") in check(shop).facts
        spec = FeatureSpec.of(view)
        plain = product_columns(view, FeatureSpec.of(view, pictures=""))
        columns = product_columns(view, spec)
    assert spec.pictures == basis and spec.own_width == len(OWN) + PICTURE + 1
    assert input_spec(spec).own == columns.own.shape[1] == spec.own_width
    assert input_spec(spec.model_copy(update={"pictures": ""})).own == plain.own.shape[1] == len(OWN)
    np.testing.assert_array_equal(columns.own[:, : len(OWN)], plain.own)  # the price is still the first
    assert columns.own[:, -1].tolist() == [1.0] * 210 + [0.0] * 4
    assert not columns.own[210:].any() and np.isfinite(columns.own).all()
    mine = columns.own[:210, len(OWN) : -1]
    assert np.abs(mine).max() <= 4 and 0.5 < mine.std() < 1.5
    category = np.arange(210) % 3
    assert max(np.abs(mine[category == own].mean(0)).max() for own in range(3)) < 0.15


def test_a_publish_describes_only_new_pictures_on_the_old_basis(
    own: Shop, tmp_path: Path, looked_at: list[str]
) -> None:
    before, basis = numbers(own)
    before = np.array(before)
    republish(own)
    after, same = numbers(own)
    assert same == basis and not looked_at
    np.testing.assert_array_equal(after, before)
    catalogue, images = write_catalogue(tmp_path / "more", range(195, 225))
    import_catalogue(own, catalogue, images=images)
    assert len(looked_at) == 15
    view, (after, same) = own.view(), numbers(own)
    assert same == basis and view.rows == 228
    np.testing.assert_array_equal(after[:210], before[:210])
    fresh = after[[view.row(f"p{number:04}") for number in range(210, 225)]]
    assert np.isfinite(fresh).all() and 0.3 < np.abs(fresh).mean() < 3


def test_what_an_older_version_published_gets_numbers_at_the_next_publish(own: Shop, looked_at: list[str]) -> None:
    before, basis = numbers(own)
    shutil.rmtree(own.view().generation.folder / "vectors")
    own.close()
    assert own.view().generation.pictures is None
    assert FeatureSpec.of(own.view()).pictures == ""
    republish(own)
    after, again = numbers(own)
    assert again == basis  # the same pictures give the same basis
    np.testing.assert_array_equal(after, before)
    assert sorted(set(looked_at)) == sorted(looked_at) and len(looked_at) == 210


def test_a_few_pictures_make_no_basis_and_a_basis_needs_none(tmp_path: Path) -> None:
    few, images = write_catalogue(tmp_path / "few", range(LEAST - 10))
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, few, images=images)
        assert shop.view().generation.pictures is None
        more, images = write_catalogue(tmp_path / "more", range(LEAST + 10))
        import_catalogue(shop, more, images=images)
        basis = numbers(shop)[1]
        bare, _ = write_catalogue(tmp_path / "bare", range(0))
        import_catalogue(shop, bare, mode="sync")
        vectors, same = numbers(shop)
        assert same == basis and len(vectors) == 3 and np.isnan(vectors).all()
        assert not product_columns(shop.view(), FeatureSpec.of(shop.view())).own[:, len(OWN) :].any()


def test_a_damaged_picture_leaves_its_product_without(
    own: Shop, looked_at: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = own.view().generation.folder
    names = [own.view().product(row)["image_file"] for row in (4, 9)]
    (folder / "vectors" / "pictures.npy").unlink()  # all are described again
    own.images.path(names[0]).write_bytes(b"\xff\xd8\xff no picture")
    own.images.path(names[1]).unlink()
    with caplog.at_level(logging.WARNING):
        republish(own)
    assert "2 pictures are missing or damaged" in caplog.text
    vectors, _ = numbers(own)
    assert np.flatnonzero(np.isnan(vectors[:, 0])).tolist() == [4, 9, 210, 211, 212]
    columns = product_columns(own.view(), FeatureSpec.of(own.view()))
    assert not columns.own[[4, 9], len(OWN) :].any()
    looked_at.clear()
    republish(own)
    assert sorted(looked_at) == sorted(names)  # they may have come back


def test_going_back_to_a_generation_without_numbers_keeps_the_basis(own: Shop) -> None:
    basis = numbers(own)[1]
    shutil.rmtree(own.view().generation.folder / "vectors")
    vectors = own.generations / "7" / "vectors"  # of a later generation, since rolled back
    with Shop.open(own.path) as other:
        republish(other)
        shutil.move(other.view().generation.folder, vectors.parent)
    table = np.load(vectors / "pictures-basis.npy")
    table[2:] *= -1  # another basis than these pictures would give
    np.save(vectors / "pictures-basis.npy", table)
    kept = PictureBasis(table[0], table[1], table[2:]).hash
    (vectors / "pictures.json").write_bytes(orjson.dumps({"basis": kept, "version": picturing.VERSION}))
    manifest = orjson.loads((own.path / "manifest.json").read_bytes())
    (own.path / "manifest.json").write_bytes(orjson.dumps({**manifest, "generation": 1}))
    own.close()
    republish(own)
    assert numbers(own)[1] == kept != basis


def test_features_on_another_basis_are_refused(own: Shop) -> None:
    view = View(own.view().generation)
    spec = FeatureSpec.of(view)
    other = spec.model_copy(update={"pictures": "0123456789abcdef"})
    told = f"generation 1 describes in another way .pictures 0123456789abcdef against {spec.pictures}."
    with pytest.raises(EmptorError, match=told):
        Features(view, other, own.events.read())
    assert spec.differences(spec.model_copy(update={"pictures": ""})) == [f"pictures {spec.pictures} against none"]
    shutil.rmtree(view.generation.folder / "vectors")
    with pytest.raises(EmptorError, match=f"pictures {spec.pictures} against none.; train the model again"):
        product_columns(View(Shop(own.path).view().generation), spec)


def test_a_model_of_before_there_were_pictures_keeps_its_hash() -> None:
    spec = FeatureSpec.read({"fields": {"product": 16}, "text": {"stem": True}})
    assert spec.hash == "2b38874ddca3790b"
    assert spec.model_copy(update={"pictures": "ab"}).hash != spec.hash


@pytest.mark.parametrize("file", ["pictures-basis.npy", "pictures.json"])
def test_a_damaged_basis_is_not_replaced_by_another(own: Shop, file: str) -> None:
    path = own.view().generation.folder / "vectors" / file
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EmptorError, match=rf"{file}.*restore it from a backup"):
        republish(own)
    assert own.numbers() == [1]


def test_damaged_numbers_are_told_and_made_again(own: Shop) -> None:
    before = np.array(numbers(own)[0])
    path = own.view().generation.folder / "vectors" / "pictures.npy"
    path.write_bytes(path.read_bytes()[:500])
    own.close()
    assert any("pictures.npy is damaged" in finding.what for finding in check(own).findings)
    republish(own)
    assert not any("pictures.npy" in finding.what for finding in check(own).findings)
    np.testing.assert_array_equal(numbers(own)[0], before)


def test_a_backup_holds_them(own: Shop, tmp_path: Path) -> None:
    back_up(own, tmp_path / "shop.tar")
    shutil.unpack_archive(tmp_path / "shop.tar", tmp_path / "restored", filter="data")
    with Shop.open(tmp_path / "restored" / own.path.name) as shop:
        vectors, basis = numbers(shop)
        assert basis == numbers(own)[1]
        np.testing.assert_array_equal(vectors, numbers(own)[0])
