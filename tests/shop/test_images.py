"""The picture store and the pictures that come with a catalogue."""

from __future__ import annotations

import random
import struct
import threading
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from emptor.errors import EmptorError
from emptor.shop.images import MAX_BYTES, SIZES, ImageFault, ImageSource, ImageStore


def picture(
    kind: str = "JPEG", *, size: tuple[int, int] = (300, 200), mode: str = "RGB", color=None, **options
) -> bytes:
    out = BytesIO()
    noise = Image.effect_noise(size, 60).convert(mode) if color is None else Image.new(mode, size, color)
    noise.save(out, kind, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is large and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
def test_put_keeps_the_content_under_its_hash_once(store, kind, suffix):
    content = picture(kind)
    name = store.put(content)
    assert name.endswith("." + suffix) and store.put(content) == name
    store.sync()
    assert store.path(name).read_bytes() == content
    assert [p for p in store.folder.rglob("*") if p.is_file()] == [store.path(name)]


def test_sync_flushes_every_folder_that_changed(store, monkeypatch):
    flushed: list[Path] = []
    monkeypatch.setattr("emptor.shop.images.fsync_folder", flushed.append)
    content = picture()
    name = store.put(content)
    store.sync()
    assert set(flushed) == {store.path(name).parent, store.folder, store.folder.parent}
    store.sync()
    assert len(flushed) == 3
    store.put(content)  # known, but perhaps from an import that was stopped before it flushed
    store.sync()
    assert len(flushed) == 6


def test_an_animation_counts_by_its_first_frame(store):
    frames = [Image.new("RGB", (40, 20), color) for color in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    small = Image.open(store.sized(store.put(out.getvalue()), 64)).convert("RGB")
    red, _, blue = small.getpixel((20, 10))
    assert red > 200 and blue < 60


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no such picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no such picture"),
        (picture("BMP"), "no such picture"),
        (picture("TIFF"), "no such picture"),
        (picture()[:-2000], "damaged"),
        (picture("PNG")[:-2000], "damaged"),
        (picture("WEBP")[:-2000], ""),
        (picture("GIF")[: 2000], "damaged"),
        (png_header(100, 100), "damaged"),
        (png_header(8000, 8000), "8,000 x 8,000 pixels"),
        (png_header(100_000, 100_000), "too many pixels"),
        (png_header(11_000, 9_000), "pixels"),
        (b"\xff" * (MAX_BYTES + 1), f"{MAX_BYTES + 1:,} bytes"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else f"{len(value)}-bytes",
)  # fmt: skip
def test_what_is_no_usable_picture(store, content, says):
    with warnings.catch_warnings(), pytest.raises(ImageFault) as fault:
        warnings.simplefilter("error")
        store.put(content)
    assert says in fault.value.found and fault.value.expected
    assert not store.folder.exists()


@settings(deadline=None)
@given(
    st.binary(max_size=60),
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]),
    st.integers(0, 2**16),
    st.booleans(),
)
def test_any_damage_is_a_fault_or_a_picture(tmp_path_factory, noise, kind, at, cut):
    content = CONTENTS[kind]
    at %= len(content)
    damaged = content[:at] + noise + (b"" if cut else content[at + len(noise) :])
    store = ImageStore(tmp_path_factory.mktemp("images"))
    try:
        name = store.put(damaged)
    except ImageFault:
        return
    assert Image.open(store.sized(name, 64)).format == "JPEG"


random.seed(5)
CONTENTS = {kind: picture(kind, size=(60, 40)) for kind in ("JPEG", "PNG", "WEBP", "GIF")}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", [(1000, 500), (500, 1000), (30, 20)])
def test_sized_keeps_the_shape_and_never_enlarges(store, size, shape):
    name = store.put(picture(size=shape))
    small = Image.open(store.sized(name, size))
    longest = max(small.size)
    assert small.format == "JPEG" and longest == min(size, max(shape))
    assert small.width / small.height == pytest.approx(shape[0] / shape[1], rel=0.05)


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("WEBP", "RGBA"), ("PNG", "LA")])
def test_transparency_becomes_white(store, kind, mode):
    name = store.put(picture(kind, mode=mode, color=(0, 0, 0, 0) if mode == "RGBA" else (0, 0)))
    assert min(Image.open(store.sized(name, 64)).convert("RGB").getpixel((5, 5))) > 250


@pytest.mark.parametrize("mode", ["L", "P", "1", "I;16", "CMYK"])
def test_every_mode_can_be_shown(store, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("L", (100, 100), 128).convert("I;16").point(lambda v: v * 256) if mode == "I;16" else None
    if image is None:
        content = picture(kind, mode=mode)
    else:
        out = BytesIO()
        image.save(out, kind)
        content = out.getvalue()
    small = Image.open(store.sized(store.put(content), 64)).convert("L")
    if mode == "I;16":
        assert abs(small.getpixel((32, 32)) - 128) < 4


def test_pictures_are_turned_upright(store):
    exif = Image.Exif()
    exif[0x0112] = 6
    name = store.put(picture(size=(400, 200), exif=exif.tobytes()))
    assert Image.open(store.sized(name, 64)).size == (32, 64)


def test_sized_is_made_once_and_whole_under_concurrent_callers(store):
    names = [store.put(picture(size=(600, 400))) for _ in range(3)]
    barrier = threading.Barrier(8)

    def look(number: int) -> bytes:
        barrier.wait()
        return store.sized(names[number % 3], 256).read_bytes()

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(look, range(8)))
    assert all(Image.open(BytesIO(content)).size == (256, 171) for content in seen)
    files = [p for p in (store.folder / "sized").rglob("*") if p.is_file()]
    assert len(files) == 3
    before = files[0].stat().st_mtime_ns
    for name in names:
        store.sized(name, 256)
    assert files[0].stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "a" * 40,
        "a" * 40 + ".svg",
        "a" * 40 + ".jpg\n",
        "A" * 40 + ".jpg",
        "/" + "a" * 39 + ".jpg",
        "a" * 39 + "\0.jpg",
    ],
)
def test_names_from_outside_reach_no_file(store, name):
    for look in (store.path, lambda name: store.sized(name, 64)):
        with pytest.raises(EmptorError, match="not the name of a picture"):
            look(name)


def test_missing_pictures_and_sizes_are_told(store):
    with pytest.raises(EmptorError, match="cannot be read"):
        store.sized("a" * 40 + ".jpg", 64)
    with pytest.raises(EmptorError, match="64, 256, 512, not 100"):
        store.sized("a" * 40 + ".jpg", 100)


FILES = {
    "10.jpg": b"ten",
    "sub/Blue Sofa.PNG": b"blue",
    "a/same.jpg": b"a",
    "b/same.jpg": b"b",
    "notes.txt": b"no",
}


@pytest.fixture(params=["folder", "zip"])
def source(request, tmp_path: Path):
    if request.param == "folder":
        path = tmp_path / "pictures"
        for name, content in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    else:
        path = tmp_path / "pictures.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
    with ImageSource.open(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("image", "product_id", "found"),
    [
        (None, "10", b"ten"),
        ("96x128", "10", b"ten"),
        ("10.JPG", "x", b"ten"),
        ("sub/blue sofa.png", "x", b"blue"),
        ("./sub\\Blue Sofa.PNG", "x", b"blue"),
        ("https://shop.example/img/Blue%20Sofa.png?w=5", "x", b"blue"),
        ("/data/elsewhere/Blue Sofa.png", "x", b"blue"),
        ("b/same.jpg", "x", b"b"),
        ("c/same.jpg", "x", None),
        (None, "BLUE SOFA", b"blue"),
        ("notes.txt", "notes", None),
        ("../pictures/../../etc/passwd", "x", None),
        ("http://[bad", "x", None),
        ("\0", "\0", None),
        (None, "", None),
    ],
)
def test_find(source, image, product_id, found):
    assert source.find(image, product_id) == found
    assert len(source) == 4


def test_find_from_many_threads(tmp_path):
    contents = {f"{i}.png": bytes([i]) * 50_000 for i in range(40)}
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    with ImageSource.open(tmp_path / "p.zip") as source, ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda i: source.find(None, str(i % 40)), range(400))
        assert all(content == contents[f"{i % 40}.png"] for i, content in enumerate(found))


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "2.jpg").write_bytes(b"secret")
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "inside.jpg").write_bytes(b"in")
    (folder / "1.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "more").symlink_to(tmp_path / "outside")
    (folder / "3.jpg").symlink_to(folder / "inside.jpg")
    source = ImageSource.open(folder)
    assert [source.find(None, i) for i in ("1", "2", "3")] == [None, None, b"in"]


def test_what_is_no_source(tmp_path):
    with pytest.raises(EmptorError, match="no folder or ZIP"):
        ImageSource.open(tmp_path / "none")
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(EmptorError, match="neither a folder nor a ZIP"):
        ImageSource.open(tmp_path / "text.zip")


def test_encrypted_zip_is_refused(tmp_path):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.jpg", b"x")
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag in the file's header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    path.write_bytes(content)
    with pytest.raises(EmptorError, match="encrypted"):
        ImageSource.open(path)


def test_damaged_and_oversized_entries_are_faults(tmp_path):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"\0" * (MAX_BYTES + 5))
        archive.writestr("bad.png", b"BAD" + random.randbytes(500))
        archive.writestr("lzma.png", b"x" * 100, zipfile.ZIP_LZMA)
        archive.writestr("good.png", b"good")
    content = bytearray(path.read_bytes())
    start = content.index(b"bad.png") + 20
    content[start : start + 100] = b"\xaa" * 100
    path.write_bytes(content)
    with ImageSource.open(path) as source:
        assert source.find(None, "good") == b"good"
        for name in ("bomb", "bad", "lzma"):
            assert isinstance(source.find(None, name), ImageFault)


def test_a_size_that_lies_is_bounded(tmp_path):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", b"\0" * 5_000_000)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 10)  # "10 bytes when unpacked"
    path.write_bytes(content)
    with ImageSource.open(path) as source:
        found = source.find(None, "1")
    assert isinstance(found, ImageFault) or len(found) <= 10


def test_an_entry_without_a_name_is_no_picture(tmp_path):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"abc")
        archive.writestr("1.png", b"xyz")
    with ImageSource.open(path) as source:
        assert len(source) == 1 and source.find(None, "1") is not None


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_damage_to_a_zip(tmp_path_factory, noise, at):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", b"abc" * 50)
        archive.writestr("2.png", b"xyz" * 50)
    content = out.getvalue()
    path = tmp_path_factory.mktemp("zip") / "p.zip"
    path.write_bytes(content[:at] + noise + content[at + len(noise) :])
    try:
        source = ImageSource.open(path)
    except EmptorError:
        return
    with source:
        for product_id in ("1", "2"):
            assert isinstance(source.find(None, product_id), (bytes, ImageFault, type(None)))
