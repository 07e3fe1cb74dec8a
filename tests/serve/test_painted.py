"""Pictures drawn larger than the shop has them: once, right by their tag, and never instead of an answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from emptor.cli.serving import LazyPainter, painter_of
from emptor.market.config import WorldConfig
from emptor.market.store import save_config
from emptor.serve import create_app
from emptor.serve.images import REFINED
from tests.golden import picture

URL = "/v1/images/P00"


class Painter:
    """Draws squares of one colour; counts them. answer: what it gives instead."""

    def __init__(self, answer: Any = "drawn") -> None:
        self.calls: list[tuple[str, int]] = []
        self.answer = answer

    def __call__(self, product_id: str, size: int) -> bytes | None:
        self.calls.append((product_id, size))
        if isinstance(self.answer, Exception):
            raise self.answer
        return picture((9, 9, 9), size=(size, size), kind="JPEG") if self.answer == "drawn" else self.answer


def serving(shop: Path, painter: Any) -> TestClient:
    client = TestClient(create_app(shop, painter=painter), raise_server_exceptions=False)
    client.__enter__()
    while client.get("/readyz").status_code != 200:
        time.sleep(0.02)
    return client


def sides(content: bytes, tmp_path: Path) -> tuple[int, int]:
    (tmp_path / "got").write_bytes(content)
    with Image.open(tmp_path / "got") as image:
        return image.size


def test_a_larger_size_is_drawn_once(shop_path: Path, tmp_path: Path) -> None:
    painter = Painter()
    client = serving(shop_path, painter)
    # the golden pictures are 120 x 160
    small = client.get(f"{URL}?size=64")
    assert painter.calls == [] and sides(small.content, tmp_path) == (48, 64)
    large = client.get(f"{URL}?size=256")
    assert sides(large.content, tmp_path) == (256, 256) and large.headers["content-type"] == "image/jpeg"
    assert client.get(f"{URL}?size=256").content == large.content
    assert painter.calls == [("P00", 256)]
    kept = list((shop_path / "images" / "sized" / "painted" / "256").rglob("*"))
    assert [own.suffix for own in kept if own.is_file()] == [".jpg"]
    tag = large.headers["etag"]
    assert client.get(f"{URL}?size=256", headers={"if-none-match": tag}).status_code == 304
    assert client.get(f"{URL}?size=512", headers={"if-none-match": tag}).status_code == 200
    assert len({tag, small.headers["etag"], client.get("/v1/images/P01?size=256").headers["etag"]}) == 3
    # P06 has no picture, and gets none
    assert client.get("/v1/images/P06?size=256").status_code == 404
    assert client.get(f"{URL}?size=300").status_code == 400
    client.__exit__()
    again = serving(shop_path, Painter(RuntimeError("not asked")))
    assert again.get(f"{URL}?size=256").content == large.content
    again.__exit__()


@pytest.mark.parametrize("answer", [None, RuntimeError("no paint"), b"GIF89a", b""])
def test_where_nothing_can_be_drawn_the_stored_picture_is_shown(shop_path: Path, tmp_path: Path, answer: Any) -> None:
    painter = Painter(answer)
    client = serving(shop_path, painter)
    shown = client.get(f"{URL}?size=256")
    assert shown.status_code == 200 and sides(shown.content, tmp_path) == (120, 160)
    assert shown.headers["cache-control"] == REFINED
    known = {"if-none-match": shown.headers["etag"]}
    assert client.get(f"{URL}?size=256", headers=known).status_code == 304
    # later it can: whoever has the stored one gets the drawn one
    painter.answer = "drawn"
    later = client.get(f"{URL}?size=256", headers=known)
    if answer is None:
        assert later.status_code == 200 and sides(later.content, tmp_path) == (256, 256)
        assert later.headers["etag"] != shown.headers["etag"]
    else:  # what failed is not tried again and again
        assert later.status_code == 304 and len(painter.calls) == 1
    assert not list((shop_path / "images").rglob("*.tmp"))
    client.__exit__()


def test_the_world_is_made_at_first_use_in_a_thread() -> None:
    made: list[str] = []

    def slow() -> Any:
        time.sleep(0.2)
        made.append("world")
        return lambda product_id, size: b"picture"

    painter = LazyPainter(slow)
    painter.PATIENCE_S = 0.01
    assert not made and painter("P", 256) is None and painter("P", 256) is None
    end = time.monotonic() + 5
    while painter("P", 256) is None and time.monotonic() < end:
        time.sleep(0.01)
    assert painter("P", 256) == b"picture" and made == ["world"]


def test_once_begun_the_first_page_waits_for_the_world_and_is_sharp() -> None:
    """All its pictures, not only the first of them."""

    def slow() -> Any:
        time.sleep(0.3)
        return lambda product_id, size: b"picture"

    painter = LazyPainter(slow)
    painter.begin()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda at: painter(f"P{at}", 256), range(4))) == [b"picture"] * 4


def test_a_world_that_cannot_be_made_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Any:
        raise ValueError("another version")

    painter = LazyPainter(broken)
    assert painter("P", 256) is None and painter("P", 256) is None
    assert [own.message for own in caplog.records] == ["larger pictures cannot be drawn: another version"]


def test_only_a_market_is_painted(shop_path: Path) -> None:
    assert painter_of(shop_path) is None
    world = shop_path.with_name("shop.world")
    world.mkdir()
    (world / "world.json").write_text("{}")
    assert isinstance(painter_of(shop_path), LazyPainter)
    for pictures, kind in ((True, LazyPainter), (False, type(None))):  # there are none that a world could draw larger
        save_config(shop_path, WorldConfig.of("tiny", catalogue={"pictures": pictures}))
        assert isinstance(painter_of(shop_path), kind)
