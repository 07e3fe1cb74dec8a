"""Training: `train`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count as count_on
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import ShopFolder, count, out
from emptor.errors import EmptorError
from emptor.market.store import folder_of
from emptor.prerank.names import NAMES as PRERANKERS
from emptor.rank.names import NAMES as RANKERS
from emptor.rerank.names import GREEDY as RULES
from emptor.rerank.names import NAMES as RERANKERS
from emptor.retrieve.names import NAMES as RETRIEVERS
from emptor.shop.proposals import as_table, base_of, proposed

_MODELS = {"rank": RANKERS, "prerank": PRERANKERS, "rerank": RERANKERS, "retrieve": RETRIEVERS}
_MANY = 5_000
"""Pairs of a query and a product, or traced pages, below which a log is told to be small."""

if TYPE_CHECKING:
    from emptor.learn.registry import Builder
    from emptor.shop.shop import Shop


def train(
    shop: ShopFolder,
    stage: Annotated[
        Literal["retrieve", "prerank", "rank", "rerank"], typer.Option(help="Which stage of the cascade to train.")
    ] = "rank",
    model: Annotated[
        str | None,
        typer.Option(
            help=f"Of rank (awmoe unless given): {', '.join(RANKERS)}. Of prerank (hccp): {', '.join(PRERANKERS)}. "
            f"Of rerank (armmt): {', '.join(RERANKERS)}. Of retrieve (smar): {', '.join(RETRIEVERS)}."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="`key=value`, of the training (epochs, lr, seed ...) or of the model; repeatable."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints: the same command continues a run that was cut off.")
    ] = None,
    next_: Annotated[bool, typer.Option("--next/--no-next", help="Say how to use the model.")] = True,
) -> None:
    """Train a model on the shop's own log and put it into its `models/`; no cascade uses it until one names it."""
    _check_model(stage, model)
    import torch

    torch.set_num_threads(1)  # two would fight with a server over the machine, and gain little with nets so small
    if stage == "rank":
        _rank(shop, model or "awmoe", settings or [], resume, then=next_)
    elif stage == "prerank":
        _prerank(shop, model or "hccp", settings or [], resume, then=next_)
    elif stage == "rerank":
        _rerank(shop, model or "armmt", settings or [], resume, then=next_)
    else:
        _retrieve(shop, model or "smar", settings or [], resume, then=next_)


def _check_model(stage: str, model: str | None) -> None:
    """Raises: EmptorError for a model that the stage does not train, telling where it belongs."""
    if model is None or model in _MODELS[stage]:
        return
    if model in RULES:
        raise EmptorError(
            f"--model {model}: a rule, for which nothing is trained; name it in a cascade of shop.toml: "
            f'{{ stage = "rerank", method = "{model}" }}'
        )
    other = next((own for own, names in _MODELS.items() if model in names), None)
    if other is not None:
        raise EmptorError(f"--model {model}: of another stage, add --stage {other}")
    raise EmptorError(f"--model {model[:80]}: unknown; --stage {stage} trains {', '.join(_MODELS[stage])}")


def _rank(shop: Path, model: str, settings: list[str], resume: Path | None, *, then: bool) -> None:
    from emptor.rank.models.registry import MODELS
    from emptor.rank.train import TrainOptions, train_ranker
    from emptor.shop.shop import Shop

    training, network = _sorted(settings, tuple(TrainOptions.model_fields), MODELS, model)
    with _told():
        options = TrainOptions.model_validate(training)
    with Shop.open(shop) as target:
        trained = train_ranker(target, model=model, network=network, options=options, resume=resume)
        _print(model, trained.version, trained.metrics, trained.path, where="on the last day")
        if then:
            _print_next(target, "rank", model, trained.version, name="challenger", see=_search)


def _prerank(shop: Path, model: str, settings: list[str], resume: Path | None, *, then: bool) -> None:
    from emptor.prerank.models.registry import MODELS
    from emptor.prerank.recipe import train_preranker
    from emptor.prerank.samples import COLUMNS
    from emptor.prerank.train import PrerankOptions
    from emptor.serve.traces import trace_parts
    from emptor.shop.shop import Shop

    training, network = _sorted(settings, tuple(PrerankOptions.model_fields), MODELS, model)
    with _told():
        options = PrerankOptions.model_validate(training)
    with Shop.open(shop) as target:
        trained = train_preranker(
            target,
            trace_parts(target.path, columns=COLUMNS),
            model=model,
            network=network,
            options=options,
            resume=resume,
        )
        _print(model, trained.version, trained.metrics, trained.path, where="on the last traced pages")
        if trained.requests < _MANY:
            out.print(
                f"It has learnt from {count(trained.requests, 'traced page')}; that is few: "
                "compare it before you use it."
            )
        for lack in trained.missing:
            out.print(f"{lack[:1].upper()}{lack[1:]}.", markup=False, highlight=False, soft_wrap=True)
        if then:
            _print_next(target, "prerank", model, trained.version, name="wide", see=_in_lab("/lab"))


def _rerank(shop: Path, model: str, settings: list[str], resume: Path | None, *, then: bool) -> None:
    from emptor.rerank.models.registry import MODELS
    from emptor.rerank.recipe import train_reranker
    from emptor.rerank.samples import COLUMNS
    from emptor.rerank.train import RerankOptions
    from emptor.serve.traces import trace_parts
    from emptor.shop.shop import Shop

    training, network = _sorted(settings, tuple(RerankOptions.model_fields), MODELS, model)
    with _told():
        options = RerankOptions.model_validate(training)
    with Shop.open(shop) as target:
        parts = trace_parts(target.path, columns=COLUMNS)
        trained = train_reranker(target, parts, model=model, network=network, options=options, resume=resume)
        _print(model, trained.version, trained.metrics, trained.path, where="on the last pages")
        if trained.lists < _MANY:
            out.print(f"It has learnt from {count(trained.lists, 'page')}; that is few: compare it before you use it.")
        for lack in trained.missing:
            out.print(f"{lack[:1].upper()}{lack[1:]}.", markup=False, highlight=False, soft_wrap=True)
        if then:
            _print_next(target, "rerank", model, trained.version, name="page", see=_search)


def _retrieve(shop: Path, model: str, settings: list[str], resume: Path | None, *, then: bool) -> None:
    from emptor.assembly import Assembler
    from emptor.retrieve.models.registry import MODELS
    from emptor.retrieve.recipe import train_retriever
    from emptor.retrieve.train import RetrievalOptions
    from emptor.retrieve.trained import TrainedRetrievers
    from emptor.shop.shop import Shop

    training, network = _sorted(settings, tuple(RetrievalOptions.model_fields), MODELS, model)
    with _told():
        options = RetrievalOptions.model_validate(training)
    # no engine: a shop whose cascade asks for this model cannot be served before it is there
    with Shop.open(shop) as target:
        lexical = Assembler(target).lexical
        trained = train_retriever(target, lexical, model=model, network=network, options=options, resume=resume)
        TrainedRetrievers(target).encode_all(trained.path)
        told = f"on {trained.asked:,} of the queries it has not seen, among {count(trained.pool, 'product')}"
        _print(model, trained.version, trained.metrics, trained.path, where=told)
        if trained.pairs < _MANY:
            out.print(
                f"It has learnt from {count(trained.pairs, 'pair')} of a query and a product that was chosen for it; "
                "that is few: compare it with words before you use it."
            )
        if then:
            _print_next(target, "retrieve", model, trained.version, name="seeing", see=_in_lab("/lab/channels"))


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with --set, in a sentence."""
    try:
        yield
    except ValueError as error:
        raise EmptorError(f"--set {_first(error)}") from None


def _print(model: str, version: str, metrics: dict[str, float], path: Path, *, where: str) -> None:
    table = Table(title=f"{model}, version {version}, {where}", title_justify="left", box=None, min_width=60)
    for name, value in metrics.items():
        table.add_row(f"[dim]{name}[/]", f"{value:,.4f}" if value < 100 else f"{value:,.0f}")
    out.print(table)
    out.print(f"Written to {escape(str(path))}.")


def _sorted(
    settings: list[str],
    training: tuple[str, ...],
    models: Mapping[str, Builder[Any]],
    model: str,
    *,
    more: tuple[str, ...] = (),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(options of the training, of the network).

    Args: training: the names of its options. models: that may be asked for.
    """
    found: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    own = models[model].options if model in models else None
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise EmptorError(f"--set {setting}: give key=value, such as --set epochs=2")
        if own is not None and name not in (*training, *own):
            raise EmptorError(
                f"--set {name}: unknown; the training takes {', '.join(training)}; {model} takes {', '.join(own)}"
            )
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name not in training][name] = value
    return found


def _first(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    return f"{fault['loc'][0]}: {fault['msg']}, found {fault['input']!r}"


def _print_next(shop: Shop, stage: str, model: str, version: str, *, name: str, see: Callable[[str, str], str]) -> None:
    """Print the default cascade with the model, under a name that none has yet, and how to see, judge and promote it.

    Args: name: for the cascade, with a number behind it where there is one: it may be the default by now. see: (the
        shop's folder, the name) -> the command that shows it.
    """
    live = shop.manifest()
    is_live = live is not None and live.models.get(f"{stage}/{model}") == version
    cascades, off = shop.options.cascade, shop.options.off
    new = next(own for own in _names(name) if own not in cascades and own not in off)
    default = base_of(cascades, None if live is None else live.cascade)
    stages = proposed(default, stage, model, version=None if is_live else version, kin=_MODELS[stage])
    lines = [f"Put it into {shop.path / 'shop.toml'} as a cascade of its own:", ""]
    lines += [as_table(new, stages, base=default), ""]
    folder = shlex.quote(str(shop.path))
    lines += ["then see, judge and promote it:", f"  {see(folder, new)}"]
    lines += [f"  emptor evaluate {folder} --cascade {new} --against default"]
    if folder_of(shop.path).is_dir():  # whose users can be asked
        lines += [f"  emptor market ab {folder} --a default --b {new} --held-out"]
    lines += [f"  emptor promote {folder} --cascade {new}"]
    out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _names(name: str) -> Iterator[str]:
    """The name, and then with 2, 3 ... behind it."""
    yield name
    yield from (f"{name}_{number}" for number in count_on(2))


def _search(folder: str, cascade: str) -> str:
    return f'emptor search {folder} "QUERY" --cascade {cascade} --user USER --explain'


def _in_lab(page: str) -> Callable[[str, str], str]:
    """The command that opens a page of the lab."""
    return lambda folder, cascade: f"emptor serve {folder}  # and open {page}?q=QUERY&cascade={cascade}"
