"""`emptor demo`: from nothing to a shop with results and their measure, through the same path as any catalogue."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import evaluate_shop
from emptor.market.starter import write_starter
from emptor.shop.events import import_events
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

MARK = "demo"
"""A file that tells a demo shop, whose catalogue may be replaced, from anybody's own."""

METRICS = ["ndcg@10", "recall@100:2", "mrr@10", "pair_accuracy"]


def make_demo(folder: Path, *, products: int, seed: int, console: Console) -> None:
    """Draw a catalogue into `folder`/source, import it with pictures and events, and print how good search is.

    A demo shop that is there already is brought up to date.
    """
    if folder.exists() and not _is_demo(folder):
        raise EmptorError(f"{folder} exists and is no demo shop; name another folder with --folder")
    with Shop.create(folder, name="Emptor demo") as shop:
        (folder / MARK).touch()
        files = write_starter(folder / "source", products=products, seed=seed)
        import_events(shop.events, files.events, quarantine=lambda *_: None, progress=None)
        result = import_catalogue(shop, files.catalogue, images=files.images, mode="sync")
        console.print(
            f"[bold]{result.products:,} products[/], {result.pictures:,} pictures, {shop.events.count():,} events."
        )
    with Engine.open(folder) as engine:
        report = evaluate_shop(engine, files.judgements, metrics=METRICS, command="emptor demo")
    report.print(console)
    (folder / "evaluation.json").write_text(report.to_json(), encoding="utf-8")


def _is_demo(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MARK).exists() or not any(folder.iterdir()))
