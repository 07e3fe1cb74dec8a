"""`emptor evaluate`, and what becomes of it: `promote` and `rollback`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import ShopFolder, out
from emptor.errors import EmptorError


def evaluate(
    shop: ShopFolder,
    judgements: Annotated[
        Path | None,
        typer.Option(
            help="CSV/TSV/JSONL with query, product_id, grade; or TREC qrels. By default judgements.csv in the shop."
        ),
    ] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Column of a field. Repeats.")
    ] = None,
    queries: Annotated[Path | None, typer.Option(help="For TREC qrels: a file of `query-id<TAB>text`.")] = None,
    metrics: Annotated[str, typer.Option(help="Comma-separated; recall@100:2 counts grades of 2 and more.")] = (
        "ndcg@10,recall@100,mrr@10"
    ),
    cascade: Annotated[str, typer.Option(help="Cascade to judge.")] = "default",
    against: Annotated[str | None, typer.Option(help="A second cascade, compared query by query.")] = None,
    relevant: Annotated[
        float | None,
        typer.Option(
            metavar="GRADE",
            help="Lowest grade that counts as relevant, in metrics that name none and in the table of losses; "
            "by default the upper half of the scale.",
        ),
    ] = None,
    unjudged: Annotated[str, typer.Option(help="irrelevant, or removed: judge only what has a grade.")] = "irrelevant",
    json: Annotated[Path | None, typer.Option(help="Write the whole report, per query too, as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page with charts.")] = None,
    off_policy: Annotated[
        bool,
        typer.Option(
            "--off-policy",
            help="Estimate clicks and orders of --cascade from the log's explored pages since the last publish, "
            "instead of judging; --against is another cascade, or else the default.",
        ),
    ] = False,
) -> None:
    """Judge a shop's results: metrics with confidence intervals beside the random floor, and paired comparisons."""
    if off_policy:
        for name, given in (("--judgements", judgements), ("--html", html), ("--relevant", relevant)):
            if given is not None:
                raise EmptorError(f"{name} is for judged queries: leave it out with --off-policy, which reads the log")
        _off_policy(shop, cascade, against or "default", json)
        return
    from emptor.engine import Engine
    from emptor.evaluate import evaluate_shop

    for file in (json, html):
        if file is not None and not file.resolve().parent.is_dir():
            raise EmptorError(f"there is no folder {file.parent} to write {file.name} into")
    with Engine.open(shop) as engine:
        if judgements is None:
            judgements = shop / "judgements.csv"
            if not judgements.is_file():
                raise EmptorError(
                    f"nothing to judge by: {judgements} is not there; give --judgements FILE, or grade results at "
                    f"/lab/judge of `emptor serve {shop}`, which writes it"
                )
            out.print(f"Judged by {escape(str(judgements))}")
        report = evaluate_shop(
            engine,
            judgements,
            maps=_pairs(maps or []),
            queries=queries,
            metrics=[name.strip() for name in metrics.split(",") if name.strip()],
            cascade=cascade,
            against=against,
            unjudged=unjudged,
            relevant=relevant,
            command=shlex.join(["emptor", *sys.argv[1:]]),
        )
    report.print(out)
    if json is not None:
        json.write_text(report.to_json(), encoding="utf-8")
        out.print(f"Written to {json}")
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8")
        out.print(f"Written to {html}")


def _off_policy(shop: Path, cascade: str, against: str, json: Path | None) -> None:
    """`evaluate --off-policy`."""
    import orjson

    from emptor.engine import Engine
    from emptor.evaluate.off_policy.report import judge_off_policy
    from emptor.serve.traces import read_traces

    if json is not None and not json.resolve().parent.is_dir():
        raise EmptorError(f"there is no folder {json.parent} to write {json.name} into")
    with Engine.open(shop) as engine:
        found = judge_off_policy(
            engine,
            read_traces(shop),
            cascade=cascade,
            against=against,
            command=shlex.join(["emptor", *sys.argv[1:]]),
        )
    found.print(out)
    if json is not None:
        json.write_bytes(orjson.dumps(found.to_dict(), option=orjson.OPT_INDENT_2))
        out.print(f"Written to {json}")


def promote(
    shop: ShopFolder,
    cascade: Annotated[str, typer.Option(help="The challenger: a cascade of shop.toml.")],
    judgements: Annotated[
        Path | None, typer.Option(help="Judged queries; by default those that [gate] of shop.toml names.")
    ] = None,
    author: Annotated[str, typer.Option(help="Who promotes, for the history.")] = "",
    json: Annotated[Path | None, typer.Option(help="Write what the gate measured as JSON, passed or not.")] = None,
) -> None:
    """Make a cascade the default, if it passes the floors in shop.toml. Ends with status 1 where it does not.

    Both cascades are judged on the same queries. A server takes the new default up within a second; `emptor rollback`
    takes it back.
    """
    from emptor.engine import Engine
    from emptor.evaluate.gate import challenge
    from emptor.shop.promotion import promote as make_default

    if json is not None and not json.resolve().parent.is_dir():
        raise EmptorError(f"there is no folder {json.parent} to write {json.name} into")
    with Engine.open(shop) as engine:
        trial = challenge(engine, cascade, judgements=judgements)
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("metric", cascade, f"default ({engine.promoted})", "must be at least", ""):
            table.add_column(escape(name), justify="left" if name in ("metric", "") else "right")
        for check in trial.checks:
            verdict = "[green]passes[/]" if check.passed else "[red]fails[/]"
            table.add_row(check.metric, _figure(check.value), _figure(check.champion), _figure(check.least), verdict)
        out.print(table)
        if json is not None:
            json.write_bytes(orjson.dumps(trial.to_dict(), option=orjson.OPT_INDENT_2))
        for note in trial.notes:
            out.print(f"[yellow]![/] {escape(note)}.")
        if not trial.passed:
            out.print(f"[red]{escape(cascade)} does not become the default.[/]")
            raise typer.Exit(1)
        entry = make_default(
            engine.shop,
            cascade,
            author=author,
            champion=engine.promoted,
            judgements=trial.judgements,
            figures=trial.figures,
        )
    out.print(f"[bold]{escape(entry.after)}[/] is the default cascade now; `emptor rollback` takes that back.")


def rollback(
    shop: ShopFolder,
    author: Annotated[str, typer.Option(help="Who takes it back, for the history.")] = "",
    catalogue: Annotated[
        bool, typer.Option("--catalogue", help="Instead, make the generation before the live one live again.")
    ] = False,
) -> None:
    """Take the last promotion back: the default is again the cascade that it was before.

    With --catalogue, take the last import or publish back: the generation before it is live again, with the updates
    that were made to it. Done twice, it is undone. The log, models and settings stay.
    """
    from emptor.shop.promotion import rollback as take_back
    from emptor.shop.returning import return_to_previous
    from emptor.shop.shop import Shop

    with Shop.open(shop) as target:
        if catalogue:
            live, left = return_to_previous(target)
            out.print(f"Generation [bold]{live}[/] is live again (it was {left}, which is kept).")
            return
        entry = take_back(target, author=author)
    out.print(f"[bold]{escape(entry.after)}[/] is the default cascade again (it was {escape(entry.before)}).")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, column = text.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise EmptorError(f"--map {text!r}: expected FIELD=COLUMN, such as product_id=sku")
        pairs[name.strip()] = column.strip()
    return pairs
