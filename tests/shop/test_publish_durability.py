"""Publishing: what is flushed before what, and a process killed at every flush and rename on the way."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest

from emptor.shop.manifest import read_manifest
from emptor.shop.shop import Shop
from tests.golden import products
from tests.shop.fsync import MARK, Call, run_traced

IMPORT = """
import sys
from pathlib import Path
from emptor.shop.shop import Shop
from emptor.shop.importer import import_catalogue
with Shop.open({shop!r}) as shop:
    result = import_catalogue(shop, Path({file!r}), mode="sync")
    mark("acknowledged")
"""
UPDATE = """
from emptor.shop.shop import Shop
with Shop.open({shop!r}) as shop:
    shop.update([{{"product_id": "P00", "price": 1.0}}])
    mark("acknowledged")
"""


@pytest.fixture
def second_file(tmp_path: Path) -> Path:
    file = tmp_path / "second.jsonl"
    rows = [{**row, "title": f"second {row.get('title', '')}"} for row in products()[:40]]
    file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return file


def place(calls: list[Call], name: str, suffix: str) -> int:
    """Where the last call of a kind with a path of this ending stands."""
    return max(at for at, (call, path) in enumerate(calls) if call == name and path.endswith(suffix))


def test_everything_is_flushed_before_the_manifest_says_so(shop_path: Path, second_file: Path) -> None:
    calls = run_traced(MARK + IMPORT.format(shop=str(shop_path), file=str(second_file)))
    published = place(calls, "rename", "/manifest.json")
    flushed = {path for call, path in calls[:published] if call in ("fsync", "fdatasync")}
    building = str(shop_path / "generations" / ".building-2")
    for file in (shop_path / "generations" / "2").rglob("*"):
        inside = file.relative_to(shop_path / "generations" / "2")
        if file.name == ".tantivy-writer.lock" or file.name == ".tantivy-meta.lock":
            continue
        assert f"{building}/{inside}" in flushed, inside
    moved = place(calls, "rename", "generations/2")
    assert moved < published
    after = [path for call, path in calls[moved:published] if call == "fsync"]
    assert str(shop_path / "generations") in after
    assert any("manifest.json" in path for path in after), "the manifest's own content"
    acknowledged = calls.index(("mark", "acknowledged"))
    assert str(shop_path) in [path for call, path in calls[published:acknowledged] if call == "fsync"]


def test_an_update_is_flushed_before_it_is_acknowledged(shop_path: Path) -> None:
    calls = run_traced(MARK + UPDATE.format(shop=str(shop_path)))
    flushed = [path for call, path in calls[: calls.index(("mark", "acknowledged"))] if call == "fsync"]
    assert any(path.endswith("deltas/1.jsonl") for path in flushed)
    assert str(shop_path / "deltas") in flushed  # the file is new: so is its name


@pytest.mark.slow
def test_killed_at_any_flush(golden_path: Path, tmp_path: Path, second_file: Path) -> None:
    """The shop opens with the old catalogue or the new one, whole."""
    copy = shutil.copytree(golden_path, tmp_path / "s0")
    calls = run_traced(MARK + IMPORT.format(shop=str(copy), file=str(second_file)))
    total = sum(call != "mark" for call, _ in calls)
    points = sorted({*range(1, total + 1, max(1, total // 8)), *range(total - 8, total + 1)})
    seen = set()
    for point in points:
        path = Path(shutil.copytree(golden_path, tmp_path / f"s{point}"))
        killed = run_traced(MARK + IMPORT.format(shop=str(path), file=str(second_file)), kill_at=point)
        assert ("mark", "acknowledged") not in killed
        with Shop.open(path) as shop:
            view = shop.view()
            seen.add(view.generation.number)
            first = view.product(view.row("P00"))["title"].startswith("second")
            assert first == (view.generation.number == 2)
            assert view.count == view.searcher.num_docs == (40 if first else len(products()))
            with shop.writing():  # the lock died with its process, and what was half-done is swept
                assert not list(shop.generations.glob(".building-*"))
        assert read_manifest(path) is not None
        shutil.rmtree(path)
    assert seen == {1, 2}
