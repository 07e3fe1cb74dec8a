"""`emptor search`: a page of results in the terminal, and how it came about."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import ShopFolder, count, out


def search(
    shop: ShopFolder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", help="Number of results.", min=1, max=1000)] = 10,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="brand:Acme|Other, price:10..50, category:A/B, attr.color:red. Repeats."),
    ] = None,
    sort: Annotated[str, typer.Option(help="relevance, price_asc, price_desc, newest or popular.")] = "relevance",
    cascade: Annotated[str, typer.Option(help="Cascade of shop.toml to use.")] = "default",
    user: Annotated[str | None, typer.Option(help="Whose search it is, for cascades that know users.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each stage: what came in, stayed and was dropped, its time, rules.")
    ] = False,
    follow: Annotated[
        str | None, typer.Option(metavar="PRODUCT_ID", help="Follow one product: where it stood, or where it was lost.")
    ] = None,
) -> None:
    """Search a shop from the terminal."""
    from emptor.engine import Engine
    from emptor.shop.filters import parse_filters
    from emptor.shop.nearest import has_prices, nearest_filters

    with Engine.open(shop) as engine:
        page = engine.search(query, k=k, filters=filters or [], sort=sort, cascade=cascade, user_id=user)
        asked = parse_filters(filters or [])
        missed = nearest_filters(engine.view, asked) if not page.results else []
        priceless = any(clause.field == "price" for clause in asked) and not has_prices(engine.view)
        story = engine.explain(page.request_id, private=True) if explain else None
        steps = engine.follow(page.request_id, follow) if follow is not None else None
    if page.did_you_mean:
        out.print(f"Did you mean [bold]{escape(page.did_you_mean)}[/]?")
    if not page.results:
        out.print("Nothing found.")
        for text, nearest in missed:
            hint = f"; did you mean [bold]--filter {escape(shlex.quote(nearest))}[/]?" if nearest is not None else "."
            out.print(f"No product passes {escape(text)}{hint}")
        if priceless:
            out.print("No product of the shop has a price: `emptor import` with --map price=COLUMN brings them.")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", "product_id", "title", "price", "score"):
        table.add_column(name, justify="right" if name in ("", "price", "score") else "left")
    for hit in page.results:
        price = "" if hit.product["price"] is None else f"{hit.product['price']:,.2f}"
        title = escape((hit.product["title"] or "")[:100])
        table.add_row(str(hit.position + 1), escape(hit.product["product_id"]), title, price, f"{hit.score:.3f}")
    if page.results:
        out.print(table)
    found = f"{page.total:,} or more products" if page.total_is_capped else count(page.total, "product")
    out.print(f"[dim]{found}[/]")
    if story is not None:
        _print_story(story)
    for own in steps or ():
        out.print(f"[bold]{own.stage}[/]{escape(f' {own.method}' if own.method else '')}: {escape(own.words)}")


def _print_story(story: dict[str, Any]) -> None:
    """How its query was read, the stages of a request, and the rules that moved a product of its page."""
    from emptor.explain import reading_lines

    for line in reading_lines(story["reading"]) if story["reading"] else ():
        out.print(f"[dim]{escape(line)}[/]")
    for own in story["stages"][0]["blocked"] if story["stages"] else ():
        out.print(f"[dim]blocked {len(own['products']):,}: {escape(own['rule']['text'])}[/]")
    table = Table(title="Stages", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in ("stage", "method", "in", "kept", "dropped", "ms", "budget", "scores"):
        table.add_column(name, justify="left" if name in ("stage", "method", "scores") else "right")
    for stage in story["stages"]:
        came_in = "" if stage["came_in"] is None else f"{stage['came_in']:,}"
        numbers = (came_in, f"{len(stage['products']):,}", f"{len(stage['dropped']):,}", f"{stage['ms']:.1f}")
        columns = [name for name in stage["columns"] if name not in ("rule", "pinned", "place_before")]
        table.add_row(stage["stage"], stage["method"], *numbers, f"{stage['budget_ms']:.0f}", ", ".join(columns))
    out.print(table)
    for stage in story["stages"]:
        if stage["why_dropped"]:
            out.print(f"[dim]{stage['stage']} dropped {len(stage['dropped']):,}: {escape(stage['why_dropped'])}[/]")
        for rule in stage["rules"].values():
            author = escape(rule.get("author") or "nobody")
            out.print(f"rule: {escape(rule['text'])} [dim]({author}, {rule['at'][:10]})[/]")
    for own in story["degraded"]:
        out.print(f"[yellow]degraded:[/] {own['stage']}, {escape(own['reason'])}")
