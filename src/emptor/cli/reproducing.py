"""Comparisons of methods, made again: `reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import out
from emptor.errors import EmptorError
from emptor.reproduce.names import METHODS


def reproduce(
    name: Annotated[
        Literal["smar", "hccp", "awmoe", "armmt", "podmmi"],
        typer.Argument(metavar="METHOD", help="Which method, with all its opponents."),
    ],
    dataset: Annotated[
        str, typer.Option(help="On which data: " + ". ".join(f"{own}: {', '.join(of)}" for own, of in METHODS.items()))
    ] = "market",
    data: Annotated[Path | None, typer.Option(help="Folder with the files of a public data set.")] = None,
    folder: Annotated[Path, typer.Option(help="Where results are kept; what is there is not measured again.")] = Path(
        "reproductions"
    ),
    work: Annotated[
        Path, typer.Option(help="Where catalogues are made and kept, a gigabyte in all for a market.")
    ] = Path("reproductions/work"),
    arm: Annotated[
        list[str] | None,
        typer.Option(help="Of the market: with a cause, or with it switched off; repeatable, all unless given."),
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Repeatable; those that report unless given.", min=0)] = None,
    model: Annotated[list[str] | None, typer.Option(help="Repeatable; all unless given.")] = None,
    users: Annotated[int | None, typer.Option(help="Of a market, fewer for a quick look.", min=100)] = None,
    tune: Annotated[
        bool, typer.Option(help="Choose settings anew, on a seed that does not report, and use them.")
    ] = False,
) -> None:
    """Measure a method against its opponents over seeds: tables with intervals, paired tests and pictures.

    A run that was cut off goes on where it was. The market takes hours: its arms are worlds of millions of impressions.
    """
    import torch

    from emptor.reproduce.method import method as method_of
    from emptor.reproduce.tuning import read_choices

    torch.set_num_threads(1)  # the same sums in the same order on every machine, and a second run beside this one
    method = method_of(name)
    home = folder / f"{name}_{dataset}"
    found = method.opened(dataset, work=work, data=data, users=users)
    if found.tuning in (seed or ()):
        raise EmptorError(f"--seed {found.tuning}: settings are chosen on it, so it cannot report; name another one")
    seeds = tuple(dict.fromkeys(seed)) if seed else found.seeds
    models = _known("--model", model, found.only or method.models)
    arms = _known("--arm", arm, tuple(found.arms))
    path_of = {own: home / own.replace(" ", "-") for own in found.arms}
    chosen_at = home / "tuned.json"
    if tune:
        method.choose(found, models, folder=home)
        out.print(f"Chosen settings: {escape(str(chosen_at))}", soft_wrap=True)
    choices = read_choices(chosen_at, method.models) if chosen_at.exists() else method.tuned(dataset)
    if missing := sorted(set(method.needed(models)) - set(choices)):
        raise EmptorError(f"--model {missing[0]}: no settings were chosen for it; choose them: --tune")
    for own in arms:
        report = method.study(
            found,
            own,
            choices,
            seeds=seeds,
            models=models,
            folder=path_of[own],
            dataset=dataset if len(found.arms) == 1 else f"{dataset}, {own}",
            command=f"emptor reproduce {name} --dataset {dataset}" + (f" --users {users}" if users else ""),
        )
        method.summarise(home, path_of)
        table = Table(title=f"{report.dataset}: {method.shown}", title_justify="left", box=None, show_header=False)
        for row in sorted((row for row in report.rows if row.metric == method.shown), key=lambda row: -row.mean):
            table.add_row(row.model, f"{row.mean:.4f}")
        out.print(table)
        out.print(f"All of it: {escape(str(path_of[own] / 'report.md'))}", soft_wrap=True)


def _known(option: str, wanted: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """What is wanted, in the order of what is known. Raises: EmptorError for what is not."""
    for name in wanted or ():
        if name not in known:
            raise EmptorError(f"{option}: unknown {name!r}; known are {', '.join(known)}")
    return known if wanted is None else tuple(name for name in known if name in wanted)
