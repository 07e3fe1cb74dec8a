"""The command line: `emptor COMMAND SHOP ...`, each command a thin shell over a function that a notebook can call."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emptor.errors import EmptorError
from emptor.progress import step

app = typer.Typer(
    name="emptor",
    help="An open e-commerce search and recommendation system: import a catalogue, search it, serve it, measure it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console()

ShopFolder = Annotated[Path, typer.Argument(metavar="SHOP", help="Folder of the shop.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait while another process writes to the shop.", min=0)]


class Mode(StrEnum):
    """What happens to products that the file lacks."""

    upsert = "upsert"
    sync = "sync"


@app.command("import")
def import_(
    shop: ShopFolder,
    catalogue: Annotated[Path | None, typer.Option(help="CSV, TSV, JSONL (each also .gz) or Parquet file.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Where a field comes from; columns joined by +, attributes as attr.NAME=COLUMN. Repeats.",
        ),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out. Repeats.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder or ZIP of pictures named as the image field or id.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Behaviour log: UBI JSONL, or Emptor events.")] = None,
    format: Annotated[
        str | None, typer.Option(help="csv, tsv, jsonl or parquet, where the name does not tell.")
    ] = None,
    category_separator: Annotated[str | None, typer.Option(help="What separates the levels of a category.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="upsert keeps products that the file lacks; sync retires them.")
    ] = Mode.upsert,
    wait: Wait = 0.0,
) -> None:
    """Make a shop from a catalogue file, or bring one up to date.

    A row that cannot be read goes to a quarantine file with its line and what was expected; the import goes on. Safe to
    stop at any moment: nothing changes before the end, and running it again starts afresh.
    """
    from emptor.shop.importing import parse_maps
    from emptor.shop.shop import Shop

    if catalogue is None and events is None:
        raise EmptorError("nothing to import: give --catalogue FILE, --events FILE or both")
    columns = parse_maps(maps or [])
    for file in (catalogue, events):
        if file is not None and not file.is_file():
            raise EmptorError(f"there is no file {file}")
    is_new = not (shop / "shop.toml").exists()
    try:
        with Shop.create(shop) as target:
            _import(target, catalogue, events, columns, ignore or [], format, category_separator, images, mode, wait)
    except EmptorError:
        if is_new:
            _remove_empty(shop)
        raise


def _import(
    target: Any,
    catalogue: Path | None,
    events: Path | None,
    columns: dict[str, list[str]],
    ignore: list[str],
    format: str | None,
    category_separator: str | None,
    images: Path | None,
    mode: Mode,
    wait: float,
) -> None:
    from emptor.shop.importer import import_catalogue

    if events is not None:
        _import_events(target, events)
    if catalogue is not None:
        result = import_catalogue(
            target,
            catalogue,
            maps=columns,
            ignore=ignore,
            format=format,
            category_separator=category_separator,
            images=images,
            mode=mode.value,
            wait_s=wait,
        )
        _print_import(target.path, result)
    elif target.manifest() is not None:
        out.print("Run [bold]emptor publish[/] to let new clicks and purchases count as popularity.")


def _remove_empty(shop: Path) -> None:
    """Take back a shop that was made for an import that failed, unless it holds something by now."""
    import shutil

    left = {"shop.toml", "shop.lock", "images", "staging"}
    if shop.is_dir() and {path.name for path in shop.iterdir()} <= left:
        shutil.rmtree(shop)


def _import_events(target: Any, file: Path) -> None:
    from emptor.shop.events import import_events
    from emptor.shop.importing import Fault, Quarantine

    size = file.stat().st_size if file.is_file() else None
    with (
        Quarantine(target.path / "quarantine" / f"events-{file.name}.jsonl") as quarantine,
        step(f"Reading {file.name}", total=size) as bar,
    ):
        seen = 0

        def progress(read: int) -> None:
            nonlocal seen
            bar.advance(read - seen)
            seen = read

        def refuse(line: int, field: str, found: str, expected: str) -> None:
            quarantine.add(Fault(line, None, field, found, expected))

        counts = import_events(target.events, file, quarantine=refuse, progress=progress)
    out.print(f"Events: [bold]{counts.stored:,}[/] stored, {counts.duplicate:,} known already.")
    if counts.quarantined:
        out.print(f"[yellow]{counts.quarantined:,} events left out[/], see {quarantine.path}")


def _print_import(path: Path, result: Any) -> None:
    for name, column in result.mapping:
        out.print(f"  {escape(name):<16} [dim]from[/] {escape(column)}")
    out.print(
        f"[bold]{result.products:,} products[/] in generation {result.generation}: "
        f"{result.added:,} new, {result.replaced:,} replaced, {result.retired:,} retired."
    )
    if result.pictures or result.bad_pictures:
        out.print(f"{result.pictures:,} pictures, {result.bad_pictures:,} unusable.")
    if "title" not in dict(result.mapping):
        out.print(
            "[yellow]No column became the title[/], which is what is searched first: --map title=COLUMN says which."
        )
    if result.quarantined:
        repeats = (
            f" ({result.repeated:,} of them repeats of an id, the last of which was kept)" if result.repeated else ""
        )
        out.print(f"[yellow]{result.quarantined:,} entries in quarantine[/]{repeats}: {result.quarantine}")
    out.print(
        f'Next: [bold]emptor search {shlex.quote(str(path))} "..."[/] or [bold]emptor serve {shlex.quote(str(path))}[/]'
    )


@app.command()
def export(
    shop: ShopFolder,
    catalogue: Annotated[Path | None, typer.Option(help="Write the products: .parquet, .jsonl or .csv (.gz).")] = None,
    events: Annotated[Path | None, typer.Option(help="Write the events: .parquet, .jsonl or .ubi.jsonl.")] = None,
) -> None:
    """Give everything back: the catalogue, the events, or both."""
    from emptor.shop.catalogue import products_of
    from emptor.shop.events import export_events
    from emptor.shop.exporting import write_products
    from emptor.shop.shop import Shop

    if catalogue is None and events is None:
        raise EmptorError("nothing to export: give --catalogue FILE, --events FILE or both")
    with Shop.open(shop) as source:
        if catalogue is not None:
            view = source.readable()
            with step("Writing products", total=view.count) as bar:
                count = write_products(bar.counted(products_of(view)), catalogue)
            out.print(f"{count:,} products written to {catalogue}")
        if events is not None:
            with step("Writing events", total=source.events.count()) as bar:
                count = export_events(source.events, events, progress=bar.advance)
            out.print(f"{count:,} events written to {events}")


@app.command()
def check(shop: ShopFolder) -> None:
    """Explain what a shop holds and what it lacks. Ends with status 1 where something is broken."""
    from emptor.shop.checking import check as examine
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        report = examine(target)
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
    broken = _cannot_serve(shop) if report.sound and report.filled else None
    if broken is not None:
        out.print(f"{marks['problem']}  {escape(broken)}")
        raise typer.Exit(1)
    if report.sound:
        out.print("[green]The shop is sound.[/]")
    else:
        raise typer.Exit(1)


def _cannot_serve(shop: Path) -> str | None:
    """Why the shop's cascades, rules and models could not answer; None where they can."""
    from emptor.engine import Engine

    try:
        Engine.open(shop).close()
    except EmptorError as error:
        return str(error)
    return None


@app.command()
def publish(shop: ShopFolder, wait: Wait = 0.0) -> None:
    """Build a new generation: folds in updates, new settings of shop.toml, and what the event log says is popular."""
    from emptor.shop.importer import republish
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        result = republish(target, wait_s=wait)
    out.print(f"[bold]{result.products:,} products[/] in generation {result.generation}.")


@app.command()
def update(
    shop: ShopFolder,
    product: Annotated[str | None, typer.Option(help="product_id of the product to change.")] = None,
    price: Annotated[float | None, typer.Option(help="Its new price.")] = None,
    in_stock: Annotated[
        bool | None, typer.Option("--in-stock/--out-of-stock", help="Whether it can be bought.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it.")] = False,
    file: Annotated[
        Path | None, typer.Option(help="JSONL of updates: a product_id and the fields that change.")
    ] = None,
    wait: Wait = 10.0,
) -> None:
    """Change prices, stock or a handful of products, searchable within a second and without a new import."""
    import orjson

    from emptor.shop.shop import Shop

    updates: list[dict[str, Any]] = []
    if file is not None:
        if product is not None:
            raise EmptorError("give --product or --file, not both")
        if not file.is_file():
            raise EmptorError(f"there is no file {file}")
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            try:
                raw = orjson.loads(line) if line.strip() else None
            except orjson.JSONDecodeError:
                raw = "no JSON"
            if raw is not None:
                if not isinstance(raw, dict):
                    raise EmptorError(f"{file}, line {number}: expected a JSON object with a product_id")
                updates.append(raw)
    elif product is not None:
        fields: dict[str, Any] = {"delete": True} if delete else {}
        if price is not None:
            fields["price"] = price
        if in_stock is not None:
            fields["in_stock"] = in_stock
        updates.append({"product_id": product, **fields})
    if not updates:
        raise EmptorError("nothing to update: give --product ID with --price, --in-stock or --delete, or --file FILE")
    with Shop.open(shop) as target:
        count = target.update(updates, wait_s=wait)
    out.print(f"{count:,} updates written.")


@app.command()
def gc(shop: ShopFolder, wait: Wait = 0.0) -> None:
    """Remove generations that are neither live nor the previous one."""
    from emptor.shop.collecting import collect
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        removed = collect(target, wait_s=wait)
    out.print(f"Removed generations {', '.join(map(str, removed))}." if removed else "Nothing to remove.")


@app.command()
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
    out.print(f"{moved:,} events moved to {shop / 'logs'}.")


@app.command()
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
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each stage: what came in, stayed and was dropped, its time, rules.")
    ] = False,
    follow: Annotated[
        str | None, typer.Option(metavar="PRODUCT_ID", help="Follow one product: where it stood, or where it was lost.")
    ] = None,
) -> None:
    """Search a shop from the terminal."""
    from emptor.engine import Engine

    with Engine.open(shop) as engine:
        page = engine.search(query, k=k, filters=filters or [], sort=sort, cascade=cascade)
        story = engine.explain(page.request_id, private=True) if explain else None
        steps = engine.follow(page.request_id, follow) if follow is not None else None
    if page.did_you_mean:
        out.print(f"Did you mean [bold]{escape(page.did_you_mean)}[/]?")
    if not page.results:
        out.print("Nothing found.")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", "product_id", "title", "price", "score"):
        table.add_column(name, justify="right" if name in ("", "price", "score") else "left")
    for hit in page.results:
        price = "" if hit.product["price"] is None else f"{hit.product['price']:,.2f}"
        title = escape((hit.product["title"] or "")[:100])
        table.add_row(str(hit.position + 1), escape(hit.product["product_id"]), title, price, f"{hit.score:.3f}")
    if page.results:
        out.print(table)
    out.print(f"[dim]{page.total:,}{' or more' if page.total_is_capped else ''} products[/]")
    if story is not None:
        _print_story(story)
    for own in steps or ():
        out.print(f"[bold]{own.stage}[/]{escape(f' {own.method}' if own.method else '')}: {escape(own.words)}")


def _print_story(story: dict[str, Any]) -> None:
    """The stages of a request, and the rules that moved a product of its page."""
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


@app.command()
def evaluate(
    shop: ShopFolder,
    judgements: Annotated[Path, typer.Option(help="CSV/TSV/JSONL with query, product_id, grade; or TREC qrels.")],
    maps: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Column of a field. Repeats.")
    ] = None,
    queries: Annotated[Path | None, typer.Option(help="For TREC qrels: a file of `query-id<TAB>text`.")] = None,
    metrics: Annotated[str, typer.Option(help="Comma-separated; recall@100:2 counts grades of 2 and more.")] = (
        "ndcg@10,recall@100,mrr@10"
    ),
    cascade: Annotated[str, typer.Option(help="Cascade to judge.")] = "default",
    against: Annotated[str | None, typer.Option(help="A second cascade, compared query by query.")] = None,
    unjudged: Annotated[str, typer.Option(help="irrelevant, or removed: judge only what has a grade.")] = "irrelevant",
    json: Annotated[Path | None, typer.Option(help="Write the whole report, per query too, as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page with charts.")] = None,
) -> None:
    """Judge a shop's results: metrics with confidence intervals beside the random floor, and paired comparisons."""
    from emptor.engine import Engine
    from emptor.evaluate import evaluate_shop

    for file in (json, html):
        if file is not None and not file.resolve().parent.is_dir():
            raise EmptorError(f"there is no folder {file.parent} to write {file.name} into")
    with Engine.open(shop) as engine:
        report = evaluate_shop(
            engine,
            judgements,
            maps=_pairs(maps or []),
            queries=queries,
            metrics=[name.strip() for name in metrics.split(",") if name.strip()],
            cascade=cascade,
            against=against,
            unjudged=unjudged,
            command=shlex.join(["emptor", *sys.argv[1:]]),
        )
    report.print(out)
    if json is not None:
        json.write_text(report.to_json(), encoding="utf-8")
        out.print(f"Written to {json}")
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8")
        out.print(f"Written to {html}")


@app.command()
def serve(
    shop: ShopFolder,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other than loopback opens the shop to the network.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    lab: Annotated[
        bool | None,
        typer.Option("--lab/--no-lab", help="The lab at /lab, where rules are edited; by default on loopback only."),
    ] = None,
) -> None:
    """Serve the shop: its pages, the lab and the HTTP API."""
    from emptor.serve import serve as run

    run(
        shop,
        host=host,
        port=port,
        with_lab=lab,
        on_ready=_say_open,
    )


@app.command()
def promote(
    shop: ShopFolder,
    cascade: Annotated[str, typer.Option(help="The challenger: a cascade of shop.toml.")],
    judgements: Annotated[
        Path | None, typer.Option(help="Judged queries; by default those that [gate] of shop.toml names.")
    ] = None,
    author: Annotated[str, typer.Option(help="Who promotes, for the history.")] = "",
) -> None:
    """Make a cascade the default, if it passes the floors in shop.toml. Ends with status 1 where it does not.

    Both cascades are judged on the same queries. A server takes the new default up within a second; `emptor rollback`
    takes it back.
    """
    from emptor.engine import Engine
    from emptor.evaluate.gate import challenge
    from emptor.shop.promotion import promote as make_default

    with Engine.open(shop) as engine:
        trial = challenge(engine, cascade, judgements=judgements)
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("metric", cascade, f"default ({engine.promoted})", "must be at least", ""):
            table.add_column(escape(name), justify="left" if name in ("metric", "") else "right")
        for check in trial.checks:
            verdict = "[green]passes[/]" if check.passed else "[red]fails[/]"
            table.add_row(check.metric, _figure(check.value), _figure(check.champion), _figure(check.least), verdict)
        out.print(table)
        if not trial.passed:
            out.print(f"[red]{escape(cascade)} does not become the default.[/]")
            raise typer.Exit(1)
        entry = make_default(engine.shop, cascade, author=author, judgements=trial.judgements, figures=trial.figures)
    out.print(f"[bold]{escape(entry.after)}[/] is the default cascade now; `emptor rollback` takes that back.")


@app.command()
def rollback(
    shop: ShopFolder,
    author: Annotated[str, typer.Option(help="Who takes it back, for the history.")] = "",
) -> None:
    """Take the last promotion back: the default is again the cascade that it was before."""
    from emptor.shop.promotion import rollback as take_back
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        entry = take_back(target, author=author)
    out.print(f"[bold]{escape(entry.after)}[/] is the default cascade again (it was {escape(entry.before)}).")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _say_open(url: str, has_lab: bool) -> None:
    lab = f", its lab at [bold]{url}/lab[/]" if has_lab else ""
    out.print(f"The shop is open at [bold]{url}[/]{lab}  (Ctrl-C ends it)")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo shop is made.")] = Path("demo-shop"),
    products: Annotated[int, typer.Option(help="Size of the catalogue.", min=100, max=100_000)] = 3_200,
    seed: Annotated[int, typer.Option(help="Another seed, another catalogue.")] = 0,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the shop at the end.")] = True,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Make a shop out of nothing: a drawn catalogue, imported, judged and served."""
    from emptor.demo import make_demo

    make_demo(folder, products=products, seed=seed, console=out)
    if not serve:
        out.print(f"Next: [bold]emptor serve {shlex.quote(str(folder))}[/]")
    else:
        from emptor.serve import serve as run

        run(
            folder,
            port=port,
            on_ready=_say_open,
        )


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, column = text.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise EmptorError(f"--map {text!r}: expected FIELD=COLUMN, such as product_id=sku")
        pairs[name.strip()] = column.strip()
    return pairs


def main() -> None:
    """Run the command line: an EmptorError is one sentence and status 2, Ctrl-C a sentence and status 130."""
    try:
        app(standalone_mode=True)
    except EmptorError as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except OSError as error:  # a full disk, a folder that may not be written, a path through a file
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except SystemExit as end:
        if end.code == 130:  # Typer's way of saying that Ctrl-C was pressed
            Console(stderr=True).print("stopped; what was not published is not in the shop, run the command again")
        raise
