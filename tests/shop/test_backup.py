"""A backup holds all that was acknowledged before it, whatever goes on meanwhile, and is a shop again when unpacked."""

from __future__ import annotations

import tarfile
import threading
from pathlib import Path

import orjson
import pytest

from emptor.engine import Engine
from emptor.errors import EmptorError, ShopBusy
from emptor.shop.backup import back_up
from emptor.shop.checking import check
from emptor.shop.events.rollup import only_one
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.test_cli_keeping import run


def restored(file: Path, folder: Path) -> Path:
    with tarfile.open(file) as tar:
        tar.extractall(folder, filter="data")
    return folder / "shop"


def click(number: int) -> dict[str, object]:
    return {"action": "click", "session_id": "s", "product_id": "P30", "event_id": f"e{number}"}


def test_a_backup_is_a_shop_again(shop: Shop, tmp_path: Path) -> None:
    for number in range(2):
        shop.events.append([click(number)])
    shop.events.rollup()
    republish(shop)
    republish(shop)
    republish(shop)
    shop.events.append([click(7)])
    shop.update([{"product_id": "P30", "price": 1.25}, {"product_id": "P31", "delete": True}])
    rule = {"id": "r", "kind": "pin", "query": "mug", "product_id": "P00", "position": 0, "at": "2026-01-01"}
    (shop.path / "rules.json").write_bytes(orjson.dumps({"format": 1, "rules": [rule]}))
    (shop.path / "judgements.csv").write_text("query,product_id,grade\nmug,P30,3\n")
    made = back_up(shop, tmp_path / "backup.tar.gz")
    assert made.events == 1 and made.size == (tmp_path / "backup.tar.gz").stat().st_size
    assert not [own for own in tmp_path.iterdir() if own.name.startswith(".")]
    folder = restored(tmp_path / "backup.tar.gz", tmp_path / "elsewhere")
    assert sorted(own.name for own in (folder / "generations").iterdir()) == ["3", "4"], "the live one and its previous"
    assert (folder / "judgements.csv").read_bytes() == (shop.path / "judgements.csv").read_bytes()
    assert not list(folder.glob("*.lock")) and not list(folder.glob("events.sqlite-*"))
    with Engine.open(folder) as engine:
        assert check(engine.shop).sound and engine.shop.events.count() == 3
        assert engine.shop.events.append([click(0)])[0].status == "duplicate"
        results = engine.search("mug", k=50).results
        assert results[0].product["product_id"] == "P00"
        prices = {hit.product["product_id"]: hit.product["price"] for hit in results}
        assert prices["P30"] == 1.25 and "P31" not in prices


def test_a_backup_of_a_busy_shop_has_what_was_acknowledged(shop: Shop, tmp_path: Path) -> None:
    stop, done = threading.Event(), [0, 0]

    def write() -> None:
        number = 0
        while not stop.is_set():
            shop.events.append([click(number)])
            shop.update([{"product_id": "P30", "price": float(number + 1)}])
            number += 1
            done[0] = number

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            before = done[0]
            back_up(shop, tmp_path / "backup.tar")
            with Shop.open(restored(tmp_path / "backup.tar", tmp_path / str(number))) as copy:
                assert copy.events.count() >= before
                row = copy.view().row("P30")
                assert row is not None and (copy.view().product(row)["price"] or 0) >= before
    finally:
        stop.set()
        writer.join()


def test_a_log_that_is_only_being_made_is_no_obstacle(shop: Shop, tmp_path: Path) -> None:
    (shop.path / "events.sqlite").write_bytes(b"")
    assert back_up(shop, tmp_path / "backup.tar").events == 0
    with Shop.open(restored(tmp_path / "backup.tar", tmp_path / "elsewhere")) as copy:
        assert copy.events.append([click(1)])[0].status == "stored"


def test_a_backup_waits_for_who_moves_things_about(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emptor.shop.backup.ROLLUP_WAIT_S", 0.2)
    with Shop.open(shop.path).writing(), pytest.raises(ShopBusy):
        back_up(shop, tmp_path / "backup.tar")
    with only_one(shop.path), pytest.raises(ShopBusy, match="rolling up"):
        back_up(shop, tmp_path / "backup.tar")
    assert not list(tmp_path.glob("*.tar*")) and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "told"), [("b.zip", "expected a name in .tar"), ("no/b.tar", "no folder"), ("shop/b.tar", "shop itself")]
)
def test_a_place_that_will_not_do_is_told(shop: Shop, tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(EmptorError, match=told):
        back_up(shop, tmp_path / name)


def test_the_command_says_what_it_wrote(shop_path: Path, tmp_path: Path) -> None:
    code, told = run("backup", shop_path, tmp_path / "b.tgz")
    assert code == 0 and "files in" in told and "KiB" in told and (tmp_path / "b.tgz").is_file()
    code, told = run("--version")
    assert code == 0 and told.startswith("emptor ") and "format 1" in told
