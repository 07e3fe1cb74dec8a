"""What every reproduction has: data sets by name, models, settings that are tried, and what is tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from emptor.errors import EmptorError
from emptor.learn.report import Report
from emptor.reproduce.names import METHODS
from emptor.reproduce.summary import Causes, summarise
from emptor.reproduce.tuning import Choice, read_choices, tune, tuned, write_choices

Data = TypeVar("Data")


@dataclass(frozen=True)
class DataSet(Generic[Data]):
    """A data set as a method is measured on it.

    Args:
        arms: what is told apart within it, each seed -> the data; one without arms has one, "all".
        seeds: that report. to_tune: what settings are chosen on, with the seed `tuning`, which does not report.
        training: options of the training that are the same for all networks. has_truth: whether there is a best order.
        size, tuning_size: of the data that reports and of that which settings are chosen on, where they can differ.
        only: models that make sense on it, all unless given. grid: what is tried on it, the method's own unless given.
    """

    arms: Mapping[str, Callable[[int], Data]]
    seeds: tuple[int, ...]
    to_tune: Callable[[int], Data]
    tuning: int
    training: Mapping[str, Any] = field(default_factory=dict)
    has_truth: bool = False
    size: str = ""
    tuning_size: str = ""
    only: tuple[str, ...] = ()
    grid: Callable[[str, Mapping[str, Any]], Sequence[Choice]] | None = None


class Opened(Protocol[Data]):
    """A data set of a name. Raises: EmptorError for an unknown one, and a public set without its folder."""

    def __call__(self, name: str, *, work: Path, data: Path | None, users: int | None) -> DataSet[Data]: ...


class Study(Protocol[Data]):
    """Measure models over seeds on one arm of a data set; goes on where it was cut off."""

    def __call__(
        self,
        data: DataSet[Data],
        arm: str,
        choices: Mapping[str, Choice],
        *,
        seeds: Sequence[int],
        models: Sequence[str],
        folder: Path,
        dataset: str,
        command: str,
    ) -> Report: ...


@dataclass(frozen=True)
class Method(Generic[Data]):
    """A method with its opponents.

    Args:
        models: the method first. settings_of: model -> whose settings it takes: its own, another's, or None where there
            are none. package: that files of chosen settings come with. opened, study: see there.
        grid: (model, training) -> settings that are tried. validated: (model, data, choice, seed) -> how good it is.
        metric: by which settings are chosen. shown: the one that the console shows; tested: those that are tested.
        causes: arm -> the gains that its change should move. beside: model -> whose settings it needs beside those.
    """

    name: str
    models: tuple[str, ...]
    settings_of: Callable[[str], str | None]
    package: str
    opened: Opened[Data]
    study: Study[Data]
    grid: Callable[[str, Mapping[str, Any]], Sequence[Choice]]
    validated: Callable[[str, Data, Choice, int], float]
    metric: str
    shown: str
    tested: tuple[str, ...]
    causes: Causes
    beside: Callable[[str], str | None] = lambda model: None

    def choose(self, data: DataSet[Data], models: Sequence[str], *, folder: Path) -> dict[str, Choice]:
        """Choose settings on the seed that does not report; what was tried stands in folder/tries.jsonl."""
        folder.mkdir(parents=True, exist_ok=True)
        own = data.to_tune(data.tuning)
        path = folder / "tuned.json"
        earlier = read_choices(path, self.models) if path.exists() else {}
        chosen = tune(
            self.needed(models),
            lambda model: (data.grid or self.grid)(model, data.training),
            lambda model, choice: self.validated(model, own, choice, data.tuning),
            metric=self.metric,
            seed=data.tuning,
            size=data.tuning_size,
            path=folder / "tries.jsonl",
        )
        write_choices(path, {**earlier, **chosen})
        return chosen

    def needed(self, models: Sequence[str]) -> list[str]:
        """Models whose settings these take, in the order of `models`."""
        wanted = {own(model) for model in models for own in (self.settings_of, self.beside)}
        return [model for model in self.models if model in wanted]

    def tuned(self, dataset: str) -> dict[str, Choice]:
        """What tuning chose for a data set, as it comes with the package."""
        return tuned(self.package, dataset, self.models)

    def summarise(self, folder: Path, arms: Mapping[str, Path]) -> dict[str, Any]:
        """What the arms say together; see `summary`. arms: with the folder of each."""
        return summarise(folder, tuple(arms), path_of=arms, causes=self.causes, metrics=self.tested)


def method(name: str) -> Method[Any]:
    """A method by its name. Raises: EmptorError for an unknown one."""
    if name == "awmoe":
        from emptor.reproduce.ranking.method import AWMOE

        return AWMOE
    if name == "smar":
        from emptor.reproduce.retrieval.method import SMAR

        return SMAR
    if name == "hccp":
        from emptor.reproduce.preranking.method import HCCP

        return HCCP
    if name == "armmt":
        from emptor.reproduce.reranking.method import ARMMT

        return ARMMT
    if name == "podmmi":
        from emptor.reproduce.reranking.method import PODMMI

        return PODMMI
    raise EmptorError(f"unknown method {name!r}; known are {', '.join(METHODS)}")
