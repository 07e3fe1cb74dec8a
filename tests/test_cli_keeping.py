"""What commands say of rules, files and shops that are not as they should be."""

from __future__ import annotations

from pathlib import Path

import orjson
from typer.testing import CliRunner

from emptor.cli import app

AT = "2026-05-01T09:00:00+00:00"
PIN = {"id": "good", "kind": "pin", "query": "mug", "product_id": "P00", "position": 0, "at": AT}


def run(*words: object) -> tuple[int, str]:
    """(exit status, output) of a command that may fail."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.output + (f"error: {result.exception}" if result.exception else "")


def test_check_and_search_name_the_rules_that_are_left_out(shop_path: Path) -> None:
    rules = [PIN, {**PIN, "id": "bad", "position": 1, "colour": "red"}, {**PIN, "id": "far", "product_id": "gone"}]
    (shop_path / "rules.json").write_bytes(orjson.dumps({"format": 1, "rules": rules}))
    code, told = run("check", shop_path)
    assert code == 1 and "problem" in told and "rule 2 (id 'bad'): unknown key 'colour'" in told
    assert "sound" not in told and "the shop has no product 'gone'" in told
    code, told = run("search", shop_path, "mug", "-k", 1)
    assert code == 0 and "P00" in told
    (shop_path / "rules.json").write_bytes(orjson.dumps({"format": 1, "rules": [PIN, rules[2]]}))
    code, told = run("check", shop_path)
    assert code == 0 and "note" in told and "sound" in told, "a product that is gone breaks nothing"


def test_search_goes_on_without_rules_that_are_damaged(shop_path: Path) -> None:
    (shop_path / "rules.json").write_bytes(b"{")
    assert run("search", shop_path, "mug")[0] == 0
    code, told = run("check", shop_path)
    assert code == 1 and "rules.json is damaged" in told


def test_a_price_filter_in_a_shop_without_prices_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("product_id,title\na,iPad\n")
    assert run("import", tmp_path / "shop", "--catalogue", tmp_path / "a.csv")[0] == 0
    told = run("search", tmp_path / "shop", "ipad", "--filter", "price:..20")[1]
    assert "Nothing found" in told and "No product of the shop has a price" in told
    assert run("update", tmp_path / "shop", "--product", "a", "--price", 30)[0] == 0
    told = run("search", tmp_path / "shop", "ipad", "--filter", "price:..20")[1]
    assert "Nothing found" in told and "has a price" not in told


def test_a_folder_is_no_catalogue(tmp_path: Path) -> None:
    code, told = run("import", tmp_path / "shop", "--catalogue", tmp_path)
    assert code and "is a folder: give the file of products" in told and "--images" in told
