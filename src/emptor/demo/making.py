"""From nothing to a shop with users, a log and a measure, through the same path as any shop."""

from __future__ import annotations

import tomllib
from pathlib import Path

from rich.console import Console

from emptor.demo.stages import GATE
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import evaluate_shop
from emptor.market.config import WorldConfig
from emptor.market.judging import write_judgements
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.market.store import folder_of, load_config, load_state
from emptor.market.world.world import World
from emptor.shop.files import write_durably

PRODUCTS, DAYS = 20_000, 3
METRICS = ["ndcg@10", "recall@100:2", "mrr@10", "pair_accuracy"]


def make_demo(folder: Path, *, products: int = PRODUCTS, days: int = DAYS, seed: int = 0, console: Console) -> None:
    """Make the `demo` world and its shop, let users shop for some days, and print how good search is.

    Its shop.toml has a gate; the cascades of trained models come to it when they are trained (see `training`).

    What is there already of the same demo is kept, and only what is missing is done.

    Raises: EmptorError where the folder holds another shop.
    """
    config = WorldConfig.of("demo", seed=seed, products=products, users=products, queries=2 * products)
    if folder.exists() and any(folder.iterdir()) and not (folder_of(folder) / "world.json").exists():
        raise EmptorError(f"{folder} exists and is no demo shop; name another folder with --folder")
    if not _is_made(folder, config):
        world, result = new_market(folder, config, name="Emptor demo", replace=True)
        console.print(
            f"[bold]{result.products:,} products[/], {result.pictures:,} pictures, {len(world.users):,} users."
        )
    _settle(folder)
    missing = days - load_state(folder, config).day
    if missing > 0:
        ran = run_market(folder, days=missing)
        totals = ran.tally.totals()
        console.print(
            f"{missing} {'day' if missing == 1 else 'days'}: [bold]{ran.views:,} pages seen[/], "
            f"{totals['clicks']:,.0f} clicks, {totals['orders']:,.0f} orders, {ran.events:,} events."
        )
        write_judgements(World(config), folder / "judgements.csv", day=days - 1)
    with Engine.open(folder) as engine:
        report = evaluate_shop(engine, folder / "judgements.csv", metrics=METRICS, command="emptor demo")
    report.print(console)
    (folder / "evaluation.json").write_text(report.to_json(), encoding="utf-8")


def _settle(folder: Path) -> None:
    """Add a gate to shop.toml if it lacks one; what its owner wrote stays."""
    file = folder / "shop.toml"
    text = file.read_text(encoding="utf-8")
    if "gate" not in tomllib.loads(text):
        write_durably(file, (text.rstrip() + "\n" + GATE).encode())


def _is_made(folder: Path, config: WorldConfig) -> bool:
    """Whether the folder has just this market, whole."""
    try:
        return folder.is_dir() and load_config(folder).hash == config.hash
    except EmptorError:
        return False
