"""What is told of a picture follows from the picture, and from little else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emptor.errors import EmptorError
from emptor.shop.features.picture_basis import PictureBasis, beside_category
from emptor.shop.features.pictures import PALETTE, SIDE, WIDTH, WIDTHS, describe, palette
from emptor.shop.features.spec import PICTURE
from emptor.shop.images import ImageStore
from tests.shop.features.drawn import encoded, picture


def put(store: ImageStore, image: Image.Image, kind: str = "JPEG", **options: int) -> np.ndarray:
    pixels = store.pixels(store.put(encoded(image, kind, **options)), SIDE)
    assert pixels is not None and pixels.shape == (SIDE, SIDE, 3) and pixels.dtype == np.uint8
    return pixels


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    store = ImageStore(tmp_path_factory.mktemp("described"))
    return describe(np.stack([put(store, picture(number), quality=88) for number in range(240)]))


def group(described: np.ndarray, name: str) -> np.ndarray:
    start = sum(list(WIDTHS.values())[: list(WIDTHS).index(name)])
    return described[:, start : start + WIDTHS[name]]


def test_a_picture_is_described_the_same_in_any_batch(described: np.ndarray, store: ImageStore) -> None:
    assert described.shape == (240, WIDTH) and described.dtype == np.float32 and np.isfinite(described).all()
    some = np.stack([put(store, picture(number), quality=88) for number in (7, 200, 3)])
    np.testing.assert_allclose(describe(some), described[[7, 200, 3]], atol=1e-5)
    np.testing.assert_array_equal(describe(some), describe(some))


def test_another_encoding_or_size_of_a_picture_moves_it_little(described: np.ndarray, store: ImageStore) -> None:
    basis = PictureBasis.fit(described, np.arange(240) % 3)
    before = basis(described[:40])
    apart = np.linalg.norm(before[:, None] - before[None], axis=-1)[np.triu_indices(40, 1)]
    ways: list[tuple[str, int, dict[str, int]]] = [("JPEG", 64, {"quality": 70}), ("PNG", 64, {}), ("JPEG", 200, {})]
    for kind, size, options in ways:
        again = describe(np.stack([put(store, picture(n, size=size), kind, **options) for n in range(40)]))
        moved = np.linalg.norm(basis(again) - before, axis=-1)
        assert np.median(moved) < 0.45 * np.median(apart), (kind, size)
        nearest = np.linalg.norm(basis(again)[:, None] - before[None], axis=-1).argmin(1)
        assert (nearest == np.arange(40)).mean() > 0.8, (kind, size)


def test_where_a_thing_stands_does_not_matter_and_its_form_does(store: ImageStore) -> None:
    def thing(left: int, wide: int, high: int) -> Image.Image:
        image = Image.new("RGB", (64, 64), (240, 240, 240))
        image.paste((40, 60, 160), (left, 20, left + wide, 20 + high))
        return image

    here, there, wide = describe(
        np.stack([put(store, thing(*own), "PNG") for own in ((8, 16, 32), (36, 16, 32), (8, 32, 16))])
    )
    np.testing.assert_allclose(here, there, atol=2e-2)
    stretch = [group(own[None], "form")[0, 0] for own in (here, wide)]
    assert stretch == pytest.approx([-np.log(2), np.log(2)], abs=0.15)


def test_colours_and_the_fall_of_light_are_told(store: ImageStore) -> None:
    def shaded(low: int, high: int) -> Image.Image:
        image = np.full((64, 64, 3), 245, np.uint8)
        image[12:52, 12:52] = np.linspace(low, high, 40, dtype=np.uint8)[:, None, None]
        return Image.fromarray(image)

    flat, down, up = describe(np.stack([put(store, shaded(*own), "PNG") for own in ((100, 100), (60, 160), (160, 60))]))
    to_foot = [group(own[None], "fall")[0, 1] for own in (flat, down, up)]
    assert to_foot[2] < -0.2 < abs(to_foot[0]) + 0.1 < 0.2 < to_foot[1]
    red, blue = (Image.new("RGB", (64, 64), (240, 240, 240)) for _ in range(2))
    red.paste((200, 30, 30), (16, 16, 48, 48))
    blue.paste((30, 30, 200), (16, 16, 48, 48))
    hues = group(describe(np.stack([put(store, red, "PNG"), put(store, blue, "PNG")])), "hue")
    assert hues.argmax(1).tolist() == [0, 8]


def test_odd_pictures_are_described(store: ImageStore) -> None:
    see_through = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    see_through.paste((10, 120, 10, 255), (10, 10, 40, 40))
    odd = [
        put(store, Image.new("RGB", (64, 64), (255, 255, 255)), "PNG"),
        put(store, Image.new("RGB", (64, 64)), "PNG"),
        put(store, Image.new("L", (1, 1), 9), "PNG"),
        put(store, Image.new("RGB", (300, 4), (9, 90, 9)), "PNG"),
        put(store, see_through, "PNG"),
    ]
    assert np.isfinite(describe(np.stack(odd))).all()
    assert odd[4][0, 0].tolist() == [255, 255, 255]  # transparent is white


def test_a_damaged_or_missing_picture_has_no_pixels(store: ImageStore) -> None:
    name = store.put(encoded(picture(1)))
    store.path(name).write_bytes(store.path(name).read_bytes()[:200])
    assert store.pixels(name, SIDE) is None
    store.path(name).unlink()
    assert store.pixels(name, SIDE) is None
    assert store.pixels("../shop.toml", SIDE) is None


def test_a_basis_is_white_within_categories_and_read_back(described: np.ndarray, tmp_path: Path) -> None:
    category = np.arange(240) % 3
    basis = PictureBasis.fit(described, category)
    apart = beside_category(basis(described), category)
    np.testing.assert_allclose(np.cov(apart, rowvar=False), np.eye(PICTURE), atol=0.1)
    basis.save(tmp_path / "basis.npy")
    again = PictureBasis.load(tmp_path / "basis.npy", hash=basis.hash)
    np.testing.assert_array_equal(again(described), basis(described))
    assert again.hash == basis.hash != PictureBasis.fit(described[:220], category[:220]).hash
    table = np.load(tmp_path / "basis.npy")
    table[5, 7] += 1
    np.save(tmp_path / "basis.npy", table)
    with pytest.raises(EmptorError, match=r"basis\.npy is damaged: expected the basis"):
        PictureBasis.load(tmp_path / "basis.npy", hash=basis.hash)
    np.save(tmp_path / "basis.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(EmptorError, match="cannot be read"):
        PictureBasis.load(tmp_path / "basis.npy", hash=basis.hash)


def test_pictures_that_do_not_differ_give_no_noise(described: np.ndarray) -> None:
    same = np.repeat(described[:1], 220, 0)
    assert np.abs(PictureBasis.fit(same, np.zeros(220, np.int64))(same)).max() < 1e-3


def test_the_mean_of_a_few_counts_for_less() -> None:
    values = np.array([[3.0], [1.0], [3.0], [5.0]])
    beside = beside_category(values, np.array([0, 1, 1, 1]))
    assert beside[:, 0].tolist() == pytest.approx([2.0, 1 - 9 / 5, 3 - 9 / 5, 5 - 9 / 5])


def test_a_palette_tells_colours_apart_and_leaves_the_backdrop_out() -> None:
    def one(colour: tuple[int, int, int], backdrop: int = 235) -> np.ndarray:
        pixels = np.full((SIDE, SIDE, 3), backdrop, np.uint8)
        pixels[8:24, 8:24] = colour
        return pixels

    pictures = np.stack([one((200, 30, 30)), one((200, 30, 30), 250), one((190, 36, 40)), one((30, 60, 200))])
    found = palette(pictures)
    assert found.shape == (4, PALETTE) and np.isfinite(found).all()
    assert np.allclose((found**2).sum(1), 1, atol=0.02), "shares of the product's own pixels"
    near = found @ found.T
    assert near[0, 1] > 0.98 and near[0, 2] > 0.9 and near[0, 3] < 0.4
    empty = palette(np.full((1, SIDE, SIDE, 3), 240, np.uint8))
    assert (empty == 0).all(), "no product, no colour"
