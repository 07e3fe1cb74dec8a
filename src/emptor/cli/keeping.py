"""Keeping a shop: `check`, `publish`, `update`, `backup`, `gc`, `rollup`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import ShopFolder, Wait, count, out
from emptor.errors import EmptorError
from emptor.progress import step

if TYPE_CHECKING:
    from emptor.shop.checking import Finding


def check(shop: ShopFolder) -> None:
    """Explain what a shop holds and what it lacks. Ends with status 1 where something is broken."""
    from emptor.shop.checking import check as examine
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        report = examine(target)
    if report.sound and report.filled:
        report.findings += _of_serving(shop)
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in report.facts:
        facts.add_row(f"[dim]{name}[/]", escape(value))
    out.print(facts)
    if report.filled:
        table = Table(title="Fields", title_justify="left", box=None, padding=(0, 2, 0, 0))
        table.add_column("field")
        table.add_column("filled", justify="right")
        table.add_column("share", justify="right")
        for name, count, share in report.filled:
            table.add_row(name, f"{count:,}", f"{share:.1%}")
        out.print(table)
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "problem": "[red]problem[/]"}
    for finding in report.findings:
        advice = f"  [dim]-> {escape(finding.advice)}[/]" if finding.advice else ""
        out.print(f"{marks[finding.level]}  {escape(finding.what)}{advice}")
    if report.sound:
        out.print("[green]The shop is sound.[/]")
    else:
        raise typer.Exit(1)


def _of_serving(shop: Path) -> list[Finding]:
    """What keeps the shop's cascades and models from answering, and rules from acting."""
    from emptor.engine import Engine
    from emptor.shop.checking import Finding

    logger = logging.getLogger("emptor.assembly")
    level = logger.level
    logger.setLevel(logging.ERROR)  # what it would warn of is told here
    try:
        with Engine.open(shop) as engine:
            faults, notes = engine.rule_faults, engine.rule_notes
            off = [Finding("problem", f"cascade {name!r} is off: {why}") for name, why in engine.off.items()]
    except EmptorError as error:
        return [Finding("problem", str(error))]
    finally:
        logger.setLevel(level)
    return [*(Finding("problem", own) for own in faults), *(Finding("note", own) for own in notes), *off]


def publish(shop: ShopFolder, wait: Wait = 0.0) -> None:
    """Build a new generation: folds in updates, new settings of shop.toml, and what the event log says is popular."""
    from emptor.shop.importer import republish
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        result = republish(target, wait_s=wait)
    out.print(f"[bold]{count(result.products, 'product')}[/] in generation {result.generation}.")


def update(
    shop: ShopFolder,
    product: Annotated[str | None, typer.Option(help="product_id of the product to change.")] = None,
    price: Annotated[float | None, typer.Option(help="Its new price.")] = None,
    in_stock: Annotated[
        bool | None, typer.Option("--in-stock/--out-of-stock", help="Whether it can be bought.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it.")] = False,
    file: Annotated[
        Path | None,
        typer.Option(help="JSONL of updates and deletions, as above; nothing of a file with a bad line is taken."),
    ] = None,
    wait: Wait = 10.0,
) -> None:
    """Change prices, stock or a handful of products, searchable within a second and without a new import.

    A line of the file is a JSON object with a product_id and what changes:

    - {"product_id": "A12", "price": 9.5, "in_stock": true} sets these fields; null empties one.

    - {"product_id": "A14", "delete": true} removes the product.

    - {"product_id": "A15", "title": "Blue mug", "price": 7} adds A15, where the shop does not have it.

    Fields are title, description, category (a list), brand, attributes (an object: it replaces all of them), price,
    currency, image, seller_id, listed_at and in_stock. The next import replaces what it names: see docs/shop.md.
    """
    from emptor.shop.shop import Shop
    from emptor.shop.updating import UpdateCounts, update_from_file

    if file is not None and product is not None:
        raise EmptorError("give --product or --file, not both")
    if file is not None:
        with Shop.open(shop) as target:
            counts = update_from_file(target, file, wait_s=wait)
    elif product is not None:
        fields: dict[str, Any] = {"delete": True} if delete else {}
        if price is not None:
            fields["price"] = price
        if in_stock is not None:
            fields["in_stock"] = in_stock
        with Shop.open(shop) as target:
            counts = UpdateCounts(written=target.update([{"product_id": product, **fields}], wait_s=wait))
    else:
        raise EmptorError("nothing to update: give --product ID with --price, --in-stock or --delete, or --file FILE")
    out.print(f"{count(counts.written, 'update')} written.")
    if counts.unknown:
        some = ", ".join(f"{product_id[:60]} in line {line:,}" for line, product_id in counts.unknown[:3])
        more = f" and {len(counts.unknown) - 3:,} more" if len(counts.unknown) > 3 else ""
        out.print(
            f"[yellow]{count(len(counts.unknown), 'update')} left out[/], for products that the shop does not have: "
            f"{escape(some)}{more}; a line with a title adds its product."
        )


def backup(
    shop: ShopFolder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write: .tar, .tar.gz or .tgz.")],
    wait: Wait = 0.0,
) -> None:
    """Write a whole shop to one file, while it is served and sold from.

    It has every event and update that was acknowledged before the command began, the live generation and the one
    before, pictures, settings, rules, judgements and promotions. `tar -xf FILE` gives the shop's folder back. Imports,
    `publish` and `gc` wait meanwhile; nothing else does.
    """
    from emptor.shop.backup import back_up
    from emptor.shop.checking import readable_size
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        made = back_up(target, file, wait_s=wait)
    out.print(f"{count(made.files, 'file')} in {escape(str(file))}, {readable_size(made.size)}.")


def gc(shop: ShopFolder, wait: Wait = 0.0) -> None:
    """Remove generations that are neither live nor the previous one."""
    from emptor.shop.collecting import collect
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        removed = collect(target, wait_s=wait)
    out.print(f"Removed generations {', '.join(map(str, removed))}." if removed else "Nothing to remove.")


def rollup(
    shop: ShopFolder,
    keep_hours: Annotated[
        float, typer.Option(help="Leave events younger than this in the online log.", min=0, max=1_000_000)
    ] = 0.0,
) -> None:
    """Move events from the online log to Parquet files under logs/, and forget ids of events older than 30 days."""
    import time

    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        with step("Moving events", total=target.events.pending()) as bar:
            moved = target.events.rollup(keep_seconds=keep_hours * 3600, on_progress=bar.advance)
        target.events.forget_ids(time.time_ns() // 1000)
        before = target.events.count() - target.events.pending() - moved
    others = f"; {before:,} others had been moved before, as imports and servers do by themselves" if before > 0 else ""
    out.print(f"{count(moved, 'event')} moved to {shop / 'logs'}{others}.")
