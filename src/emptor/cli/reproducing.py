"""Comparisons of methods, made again: `reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from emptor.cli.common import out
from emptor.errors import EmptorError


def reproduce(
    method: Annotated[Literal["awmoe"], typer.Argument(help="Which method, with all its opponents.")],
    dataset: Annotated[Literal["market", "movielens", "beauty"], typer.Option(help="On which data.")] = "market",
    data: Annotated[Path | None, typer.Option(help="Folder with the files of a public data set.")] = None,
    folder: Annotated[Path, typer.Option(help="Where results are kept; what is there is not measured again.")] = Path(
        "reproductions"
    ),
    work: Annotated[
        Path, typer.Option(help="Where the market's catalogues are made and kept, a gigabyte in all.")
    ] = Path("reproductions/work"),
    arm: Annotated[
        list[str] | None,
        typer.Option(help="Of the market: `as it is`, or with a cause switched off; repeatable, all unless given."),
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Repeatable; those that report unless given.", min=0)] = None,
    model: Annotated[list[str] | None, typer.Option(help="Repeatable; all unless given.")] = None,
    users: Annotated[int | None, typer.Option(help="Of a market, fewer for a quick look.", min=100)] = None,
    tune: Annotated[
        bool, typer.Option(help="Choose settings anew, on a seed that does not report, and use them.")
    ] = False,
) -> None:
    """Measure a method against its opponents over seeds: tables with intervals, paired tests and a picture.

    A run that was cut off goes on where it was. The market takes hours: its arms are worlds of 4 million impressions.
    """
    import torch

    from emptor.reproduce.ranking import datasets, study, tuning
    from emptor.reproduce.summary import METRICS, summarise

    torch.set_num_threads(1)  # the same sums in the same order on every machine, and a second run beside this one
    home = folder / f"{method}_{dataset}"
    found = datasets.dataset(dataset, work=work, data=data, users=users)
    if found.tuning in (seed or ()):
        raise EmptorError(f"--seed {found.tuning}: settings are chosen on it, so it cannot report; name another one")
    seeds = tuple(dict.fromkeys(seed)) if seed else found.seeds
    models = _known("--model", model, study.MODELS)
    arms = _known("--arm", arm, tuple(found.arms))
    path_of = {name: home / name.replace(" ", "-") for name in found.arms}
    chosen_at = home / "tuned.json"
    if tune:
        home.mkdir(parents=True, exist_ok=True)
        own = found.to_tune(found.tuning)
        chosen = tuning.tune(
            own, models, found.training, seed=found.tuning, size=found.tuning_size, path=home / "tries.jsonl"
        )
        earlier = tuning.read_choices(chosen_at) if chosen_at.exists() else {}
        tuning.write_choices(chosen_at, {**earlier, **chosen})
        out.print(f"Chosen settings: {escape(str(chosen_at))}", soft_wrap=True)
    choices = tuning.read_choices(chosen_at) if chosen_at.exists() else tuning.tuned(dataset)
    if missing := sorted(set(models) - set(choices)):
        raise EmptorError(f"--model {missing[0]}: no settings were chosen for it; choose them: --tune")
    for name in arms:
        report = study.study(
            found.arms[name],
            choices,
            seeds=seeds,
            folder=path_of[name],
            dataset=dataset if len(found.arms) == 1 else f"{dataset}, {name}",
            command=f"emptor reproduce {method} --dataset {dataset}" + (f" --users {users}" if users else ""),
            models=models,
            with_truth=found.has_truth,
            tested=METRICS,
            size=found.size,
        )
        summarise(home, tuple(found.arms), path_of=path_of)
        table = Table(title=f"{report.dataset}: GAUC", title_justify="left", box=None, show_header=False)
        for row in sorted((row for row in report.rows if row.metric == "GAUC"), key=lambda row: -row.mean):
            table.add_row(row.model, f"{row.mean:.4f}")
        out.print(table)
        out.print(f"All of it: {escape(str(path_of[name] / 'report.md'))}", soft_wrap=True)


def _known(option: str, wanted: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """What is wanted, in the order of what is known. Raises: EmptorError for what is not."""
    for name in wanted or ():
        if name not in known:
            raise EmptorError(f"{option}: unknown {name!r}; known are {', '.join(known)}")
    return known if wanted is None else tuple(name for name in known if name in wanted)
