"""The truth stays out of reach: nothing that learns or serves can import the market, and no shop holds its secrets."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import emptor
from emptor.market.store import folder_of, load_config
from emptor.market.world.world import World
from emptor.shop.schema import EVENT, PRODUCT
from emptor.shop.shop import Shop

PACKAGE = Path(emptor.__file__).parent
MAY = {"cli", "demo", "market", "evaluate", "reproduce", "__init__", "__main__"}
"""What may reach the market."""


def contract() -> dict[str, list[str]]:
    settings = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text())
    (own,) = (
        c for c in settings["tool"]["importlinter"]["contracts"] if c.get("forbidden_modules") == ["emptor.market"]
    )
    return own


@pytest.mark.skipif(not (PACKAGE.parents[1] / "pyproject.toml").exists(), reason="needs the source tree")
def test_the_contract_names_every_package() -> None:
    """A package that is added later must not be forgotten, or a recipe in it could look at the answers."""
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    named = {name.removeprefix("emptor.") for name in contract()["source_modules"]}
    assert there - MAY - named == set()


def test_a_way_to_the_market_would_be_found(tmp_path: Path) -> None:
    """The linter does forbid it: a copy of the package with one such import in it breaks the contract."""
    import shutil

    shutil.copytree(PACKAGE, tmp_path / "src" / "emptor", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE.parents[1] / "pyproject.toml", tmp_path)
    with (tmp_path / "src" / "emptor" / "shop" / "popularity.py").open("a") as file:
        file.write("\nfrom emptor.market.store import load_config\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    environment = {"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin:/bin"}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert found.returncode != 0 and "emptor.market" in found.stdout


def test_serving_and_training_never_load_the_market() -> None:
    code = (
        "import sys, emptor.engine, emptor.serve, emptor.evaluate;"
        "sys.exit(any(name.startswith('emptor.market') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_shop_holds_no_truth(tiny_market: Path) -> None:
    """Neither in its log, nor in its catalogue, nor in any file: no look, quality, taste, appetite or level."""
    world = World(load_config(tiny_market))
    with Shop.open(tiny_market) as shop:
        events = shop.events.read().collect()
        view = shop.view()
        products = [view.product(row) for row in range(view.rows)]
    assert set(events.columns) == {*EVENT.names, "seq"} and events["extra"].is_null().all()
    assert {name for own in products for name in own} <= {*PRODUCT.names}
    assert not (tiny_market / "world.json").exists() and folder_of(tiny_market).parent == tiny_market.parent
    text = b"".join(path.read_bytes() for path in tiny_market.rglob("*.json*") if path.is_file())
    for secret in (b"appetite", b"patience", b"quality", b"redundancy", b"interest"):
        assert secret not in text, secret
    known = world.products.rows
    price = np.array([world.products.price[known[own["product_id"]]] for own in products])
    quality = np.array([world.products.quality[known[own["product_id"]]] for own in products])
    for number in (np.array([own["price"] or 0.0 for own in products]) / price, np.arange(len(products))):
        assert abs(np.corrcoef(number, quality)[0, 1]) < 0.2 if number.std() > 0 else True


def test_time_goes_one_way(tiny_market: Path) -> None:
    """Of one request: seen, then clicked, then put in the cart, then bought; nothing before it was listed."""
    with Shop.open(tiny_market) as shop:
        events = shop.events.read().sort("seq").collect()
        view = shop.view()
        listed = {own["product_id"]: own["listed_at"] for own in (view.product(row) for row in range(view.rows))}
    own = events.filter(pl.col("action") != "return")
    assert (
        own["time"].is_sorted() or own.group_by(pl.col("time").dt.date()).agg(pl.col("time").is_sorted())["time"].all()
    )
    steps = own.group_by("request_id", "product_id").agg(
        *(
            pl.col("time").filter(pl.col("action") == name).min().alias(name)
            for name in ("impression", "click", "add_to_cart", "purchase")
        )
    )
    for before, after in (("impression", "click"), ("click", "add_to_cart"), ("add_to_cart", "purchase")):
        later = steps.filter(pl.col(after).is_not_null())
        assert later[before].is_not_null().all() and (later[after] > later[before]).all()
    shown = events.filter(pl.col("product_id").is_in(list(listed)))
    start = shown["product_id"].replace_strict(listed, return_dtype=pl.Datetime("us", "UTC"))
    assert (shown["time"].dt.truncate("1d") >= start.dt.truncate("1d")).all()
    assert events["event_id"].n_unique() == len(events)
