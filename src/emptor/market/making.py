"""A new market: a world, and a shop that sells its products and knows nothing else of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import orjson

from emptor.errors import EmptorError
from emptor.market.config import WorldConfig
from emptor.market.gallery import draw_all
from emptor.market.judging import write_judgements
from emptor.market.knowledge.encyclopaedia import write_encyclopaedia
from emptor.market.real import stock_of
from emptor.market.store import State, folder_of, save_config, save_state
from emptor.market.world.listing import write_catalogue
from emptor.market.world.world import EPOCH, World
from emptor.progress import step
from emptor.shop.importer import ImportResult, import_catalogue, republish
from emptor.shop.shop import Shop

SETTINGS = """
# of the simulated market
[log]
traces = 0.25          # share of requests whose trace is kept: pre-ranking is learnt from them

[serve]
shoppers = true        # visitors may shop as one of the simulated users

[cascade.default]  # nothing is trained yet: words, the first of what they find, then an order by hand for the known
deadline_ms = 200
explore = { share = 0.1, depth = 10 }
stages = [
  { stage = "retrieve", method = "hybrid", depth = 1000, budget_ms = 100, fallback = "popular", \
options = { channels = { lexical = 1.0, personal = 1.0 } } },
  { stage = "prerank", method = "cut", depth = 200, budget_ms = 5 },
  { stage = "rank", method = "affinity", depth = 200, budget_ms = 20, options = { weight = 0.5 } },
]

[cascade.plain]  # the same without the user: what to compare with
deadline_ms = 200
explore = { share = 0.1, depth = 10 }
stages = [
  { stage = "retrieve", method = "hybrid", depth = 200, budget_ms = 100, fallback = "popular", \
options = { channels = { lexical = 1.0 } } },
]
"""


def new_market(
    shop_path: Path, config: WorldConfig, *, name: str = "", replace: bool = False
) -> tuple[World, ImportResult]:
    """Make a world, and a shop for it: catalogue, small pictures, judgements, an encyclopaedia; no log yet.

    Args:
        replace: an earlier market in this folder gives way, its log with it.
    Raises: EmptorError where the folder holds something else, or a market and not `replace`.
    """
    world_path = folder_of(shop_path)
    if config.stock != "invented":
        raise EmptorError("a new market invents its stock; to let users shop a catalogue, import it and adopt the shop")
    if shop_path.exists() and any(shop_path.iterdir()):
        if not _is_invented(world_path):  # a catalogue that somebody brought is never thrown away
            raise EmptorError(
                f"{shop_path} exists and is no invented market; name another folder, "
                f"or let users shop its catalogue with `emptor market adopt {shop_path} COPY`"
            )
        if not replace:
            raise EmptorError(f"{shop_path} holds a market already; say --replace to throw it and its log away")
        shutil.rmtree(shop_path)
    shutil.rmtree(world_path, ignore_errors=True)
    with step("Making the world"):
        world = World(config)
        _ = world.reading  # its levels are set now, so that a config which no world can have fails here
    world_path.mkdir(parents=True)
    with Shop.create(shop_path, name=name or "Emptor market") as shop:
        settings = shop_path / "shop.toml"
        settings.write_text(_with_settings(settings.read_text(encoding="utf-8")), encoding="utf-8")
        shop.reread_options()
        result = list_products(world, shop, np.flatnonzero(world.products.alive(0)))
        write_judgements(world, shop_path / "judgements.csv")
        write_encyclopaedia(shop_path / "encyclopaedia.jsonl")
    save_state(shop_path, State(0, np.zeros(config.users, np.float32)))
    save_config(shop_path, config)  # last: a market is whole once this is there
    return world, result


def adopt(shop_path: Path, into: Path, config: WorldConfig) -> World:
    """Copy a shop without its log, and give the copy a market: users who like some of what it sells.

    The shop itself stays as it is: what simulated users do must never stand among what people did.

    Args:
        into: folder of the copy, which must not exist yet. Pictures are linked, not copied.
    Raises: EmptorError where there is no shop, or the copy's folder is taken.
    """
    for taken in (into, folder_of(into)):
        if taken.exists() and (taken.is_file() or any(taken.iterdir())):
            raise EmptorError(f"{taken} exists; name another folder for the copy that users will shop in, or remove it")
    try:
        with Shop.open(shop_path) as shop:
            shop.view()  # one that nobody can shop in is not worth a copy
            shutil.copytree(shop_path, into, ignore=shutil.ignore_patterns(*_LEFT_BEHIND), dirs_exist_ok=True)
            if (shop_path / "images").exists():
                shutil.copytree(shop_path / "images", into / "images", copy_function=_linked, dirs_exist_ok=True)
        with Shop.open(into) as shop:
            republish(shop)  # what was popular with people is not known to a shop without their log
            world = open_world(shop, config)
            _ = world.reading
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        raise
    folder_of(into).mkdir(parents=True, exist_ok=True)
    save_state(into, State(0, np.zeros(config.users, np.float32)))
    save_config(into, config)
    return world


_LEFT_BEHIND = (
    *("events.sqlite*", "logs", "quarantine", "*.lock", "staging", "views", "images"),
    *("evaluation.json", "experiments", "training"),
)


def _linked(source: str, target: str) -> str:
    """A file of the image store, whose name is its content's: another name for it is as good as a copy."""
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)
    return target


def open_world(shop: Shop, config: WorldConfig) -> World:
    """The world of a shop's config."""
    if config.stock == "invented":
        return World(config)
    return World(config, stock=stock_of(shop, config))


def list_products(world: World, shop: Shop, rows: np.ndarray) -> ImportResult:
    """Sellers list products: their texts and small pictures come into the shop and are published."""
    products, seed = world.products, world.config.seed
    with tempfile.TemporaryDirectory(prefix="listing-", dir=folder_of(shop.path)) as folder:
        file, images = Path(folder) / "listing.jsonl.gz", Path(folder) / "images"
        write_catalogue(products, rows, file, seed=seed, epoch=EPOCH)
        pictured = rows[products.pictured[rows]]
        with step("Drawing pictures", total=len(pictured)) as bar:
            draw_all(products, pictured, images, seed=seed, bar=bar)
        return import_catalogue(shop, file, images=images if len(pictured) else None, mode="upsert")


def _is_invented(world_path: Path) -> bool:
    try:
        content = orjson.loads((world_path / "world.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(content, dict) and content.get("stock", "invented") == "invented"


def _with_settings(text: str) -> str:
    """shop.toml with the market's settings in the place of those it has for the same tables."""
    kept, skipping = [], False
    for line in text.splitlines():
        if line.startswith("["):
            skipping = line.strip().startswith(("[log]", "[serve]", "[cascade.default"))
        if not skipping:
            kept.append(line)
    return "\n".join(kept).rstrip() + "\n" + SETTINGS
