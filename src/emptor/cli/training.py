"""Training: `train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import ShopFolder, out
from emptor.errors import EmptorError
from emptor.rank.names import NAMES

if TYPE_CHECKING:
    from emptor.shop.shop import Shop


def train(
    shop: ShopFolder,
    stage: Annotated[Literal["rank"], typer.Option(help="Which stage of the cascade to train.")] = "rank",
    model: Annotated[str, typer.Option(help=f"The network, or boosted trees: {', '.join(NAMES)}.")] = "awmoe",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="`key=value`, of the training (epochs, lr, seed ...) or of the model; repeatable."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints: the same command continues a run that was cut off.")
    ] = None,
) -> None:
    """Train a model on the shop's own log and put it into its `models/`; no cascade uses it until one names it."""
    import torch

    from emptor.rank.train import TrainOptions, train_ranker
    from emptor.shop.shop import Shop

    training, network = _sorted(settings or [], tuple(TrainOptions.model_fields))
    try:
        options = TrainOptions.model_validate(training)
    except ValueError as error:
        raise EmptorError(f"--set {_first(error)}") from None
    torch.set_num_threads(1)  # two would fight with a server over the machine, and gain little with nets so small
    with Shop.open(shop) as target:
        trained = train_ranker(target, model=model, network=network, options=options, resume=resume)
        live = target.manifest()
        table = Table(title=f"{model}, version {trained.version}, on the last day", title_justify="left", box=None)
        for name, value in trained.metrics.items():
            table.add_row(f"[dim]{name}[/]", f"{value:,.4f}" if value < 100 else f"{value:,.0f}")
        out.print(table)
        out.print(f"Written to {escape(str(trained.path))}.")
        is_live = live is not None and live.models.get(f"{stage}/{model}") == trained.version
        out.print(
            _next_step(target, model, None if is_live else trained.version),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _sorted(settings: list[str], known: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(of the training, of the network)."""
    training: dict[str, Any] = {}
    network: dict[str, Any] = {}
    for own in settings:
        name, equals, text = own.partition("=")
        if not equals or not name:
            raise EmptorError(f"--set {own}: give key=value")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        (training if name in known else network)[name] = value
    return training, network


def _first(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    return f"{fault['loc'][0]}: {fault['msg']}, found {fault['input']!r}"


def _next_step(shop: Shop, model: str, version: str | None) -> str:
    """The cascade to put into shop.toml, and how to judge it."""
    stages = [
        own.model_dump(exclude_defaults=True) for own in shop.options.cascade["default"].stages if own.stage != "rank"
    ]
    place = next((at + 1 for at, own in enumerate(stages) if own["stage"] == "retrieve"), len(stages))
    ranker: dict[str, Any] = {"stage": "rank", "method": model, "budget_ms": 50, "fallback": "affinity"}
    if version is not None:
        ranker["model"] = version
    depths = [own.get("depth", 1000) for own in stages[:place]]
    if depths:
        ranker["depth"] = min(depths)
    stages.insert(place, ranker)
    name = "challenger"
    lines = [f"Put it into {shop.path / 'shop.toml'} as a cascade of its own:", ""]
    lines += [f"[cascade.{name}]", "stages = ["]
    lines += [f"  {_inline(own)}," for own in stages]
    lines += ["]", "", "then see, judge and promote it:"]
    lines += [f'  emptor search {shop.path} "QUERY" --cascade {name} --user USER --explain']
    lines += [f"  emptor evaluate {shop.path} --cascade {name}", f"  emptor promote {shop.path} --cascade {name}"]
    return "\n".join(lines)


def _inline(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(own)}" for key, own in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)
