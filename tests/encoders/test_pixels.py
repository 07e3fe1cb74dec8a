"""Pictures of any kind as arrays of one size."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from emptor.encoders import pixels
from emptor.encoders.pixels import picture, pictures
from emptor.errors import EmptorError


def content(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def halves(wide: int, high: int) -> Image.Image:
    """Left red, right blue."""
    image = Image.new("RGB", (wide, high), (220, 20, 20))
    image.paste((20, 20, 220), (wide // 2, 0, wide, high))
    return image


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.sampled_from(["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK"]),
    st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]),
    st.integers(1, 70),
)
def test_every_picture_fills_the_square(wide: int, high: int, mode: str, kind: str, side: int) -> None:
    image = Image.new(mode, (wide, high))
    try:
        data = content(image, kind)
    except (OSError, ValueError):  # a format that cannot hold this
        return
    found = picture(data, side)
    assert found is not None
    assert found.shape == (3, side, side)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_rubbish_is_no_picture(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF"):
        assert picture(start + data, 8) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_ends_early_is_none(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8))
    data = content(noise, kind)
    assert picture(data, 32) is not None
    assert picture(data[: len(data) // 2], 32) is None


@pytest.mark.parametrize(("wide", "high"), [(200, 100), (100, 200), (64, 64), (7, 3), (500, 2)])
def test_the_aspect_is_kept_and_the_border_goes_on(wide: int, high: int) -> None:
    image = Image.new("RGB", (wide, high), (250, 240, 10))
    found = picture(content(image), 64)
    assert found is not None
    assert np.abs(found.reshape(3, -1).T.astype(int) - (250, 240, 10)).max() <= 2

    framed = halves(wide, high)
    both = picture(content(framed), 64)
    assert both is not None
    rows = max(1, round(64 * high / max(wide, high)))
    columns = max(1, round(64 * wide / max(wide, high)))
    red = both[0].astype(int) - both[2]
    middle = red[(64 - rows) // 2 + rows // 2]
    left = (64 - columns) // 2
    assert middle[left] > 100
    if columns > 1:
        assert middle[left + columns - 1] < -100


def test_padding_has_the_median_colour_of_the_border() -> None:
    image = Image.new("RGB", (80, 40), (200, 210, 220))
    image.paste((0, 0, 0), (20, 10, 60, 40))  # a product that touches the foot
    found = picture(content(image), 64)
    assert found is not None
    assert (found[:, :16] == np.array([200, 210, 220])[:, None, None]).all()
    assert (found[:, 48:] == np.array([200, 210, 220])[:, None, None]).all()


def test_pictures_are_made_smaller_smoothly() -> None:
    checks = (np.indices((512, 512)).sum(0) % 2 * 255).astype(np.uint8)
    for kind in ("PNG", "JPEG"):
        found = picture(content(Image.fromarray(checks), kind, **({"quality": 95} if kind == "JPEG" else {})), 32)
        assert found is not None
        assert np.abs(found.astype(int) - 127).max() < 8


def test_transparent_parts_are_white_and_do_not_bleed() -> None:
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))  # green, but not to be seen
    image.paste((200, 0, 0, 255), (16, 16, 48, 48))
    found = picture(content(image), 16)
    assert found is not None
    assert (found[:, 0, 0] == 255).all()
    assert found[:, 8, 8].tolist() == [200, 0, 0]
    _, green, blue = found.astype(int)
    assert np.abs(green - blue).max() <= 2


def test_a_camera_that_was_turned_is_turned_back() -> None:
    notes = Image.Exif()
    notes[0x0112] = 6  # to be turned to the right: what is left goes up
    for kind in ("JPEG", "WEBP", "PNG"):
        found = picture(content(halves(64, 64), kind, exif=notes), 32)
        assert found is not None
        assert found[0, 4, 16] > 150 > found[0, 28, 16]


def test_sixteen_bits_keep_the_upper_eight() -> None:
    found = picture(content(Image.fromarray(np.full((8, 8), 0x8012, np.uint16))), 8)
    assert found is not None
    assert (found == 0x80).all()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_not_decoded() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for side in (10_000, 60_000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
        assert picture(data, 8) is None


def test_files_bytes_and_pictures_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = halves(90, 50)
    (tmp_path / "a.png").write_bytes(content(image))
    found = [picture(source, 32) for source in (tmp_path / "a.png", content(image), image)]
    assert found[0] is not None
    assert all((own == found[0]).all() for own in found)
    assert picture(None, 32) is None
    assert picture(Image.new("RGB", (0, 8)), 32) is None
    assert picture(tmp_path / "b.png", 32) is None
    monkeypatch.setattr(pixels, "MAX_BYTES", 50)
    assert picture(tmp_path / "a.png", 32) is None


def test_the_bound_on_pixels_holds_for_whole_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MAX_PIXELS", 90 * 50)
    assert picture(content(halves(90, 50)), 32) is not None
    for source in (content(halves(90, 51)), halves(90, 51)):
        assert picture(source, 32) is None


def test_many_pictures_lie_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "_AT_ONCE", 4)
    sources = [content(Image.new("RGB", (9, 9), (20 * at, 0, 0))) for at in range(10)]
    holes = [None if at in (2, 7) else b"broken" if at == 5 else own for at, own in enumerate(sources)]
    array, there = pictures(holes, 8, file=tmp_path / "all.npy")
    assert isinstance(array, np.memmap)
    assert array.dtype == np.uint8
    assert array.shape == (10, 3, 8, 8)
    assert np.flatnonzero(~there).tolist() == [2, 5, 7]
    assert array[:, 0, 4, 4].tolist() == [0 if at in (2, 5, 7) else 20 * at for at in range(10)]
    memory, same = pictures(holes, 8)
    assert (memory == array).all() and (same == there).all()
    assert (np.load(tmp_path / "all.npy", mmap_mode="r", allow_pickle=False) == memory).all()
    assert [path.name for path in tmp_path.iterdir()] == ["all.npy"]


def test_no_pictures_are_an_empty_array(tmp_path: Path) -> None:
    for file in (None, tmp_path / "none.npy"):
        array, there = pictures([], 8, file=file)
        assert array.shape == (0, 3, 8, 8)
        assert there.shape == (0,)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="cannot be written"):
        pictures([None], 8, file=tmp_path / "no folder" / "all.npy")
    with pytest.raises(EmptorError, match="side 0"):
        pictures([None], 0)
    with pytest.raises(EmptorError, match="side 0"):
        picture(None, 0)
