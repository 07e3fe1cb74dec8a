"""A training run on the disk, so that it goes on after a kill just where it was: tensors and JSON, no pickle.

`checkpoint.json` is replaced last and names the tensor files beside it, so a kill at any moment leaves one whole state.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer

from emptor.errors import EmptorError
from emptor.learn.tensors import Tensors, copied, load_weights, packed, read_tensors
from emptor.shop.files import write_durably

FORMAT = 1


@dataclass
class Run:
    """Where a run stands. `epoch`, `batch`: those done, the latter within the epoch; `sums`: of the `counted` losses
    since the last validation; `waited`: validations since the best one; `stopped`: why it ended, None while it runs."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    counted: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    best_step: int | None = None
    best_metrics: dict[str, float] = field(default_factory=dict)
    waited: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    stopped: str | None = None


class Checkpoints:
    """The folder of one run. `options`: what decides its course; a checkpoint made with others is refused."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self._folder, self._options = folder, json.loads(json.dumps(options))
        self._best_file: str | None = None

    def save(self, run: Run, net: nn.Module, optimiser: Optimizer, best: Tensors) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"weights.{name}": own for name, own in net.state_dict().items()}
        for number, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": own for name, own in state.items()}
        state_file = f"state-{run.step}.safetensors"
        write_durably(self._folder / state_file, packed(copied(tensors)))
        best_file = None if run.best_step is None else f"best-{run.best_step}.safetensors"
        if best_file is not None and best_file != self._best_file:
            write_durably(self._folder / best_file, packed(best))
        content = {"format": FORMAT, "options": self._options, "run": asdict(run), "state": state_file}
        text = json.dumps({**content, "best": best_file}, allow_nan=False, indent=1)
        write_durably(self._folder / "checkpoint.json", text.encode())
        self._best_file = best_file
        for leftover in (
            "state-*.safetensors",
            "best-*.safetensors",
            ".state-*.tmp",
            ".best-*.tmp",
            ".checkpoint.*.tmp",
        ):
            for path in self._folder.glob(leftover):
                if path.name not in (state_file, best_file):
                    path.unlink(missing_ok=True)

    def load(self, net: nn.Module, optimiser: Optimizer) -> tuple[Run, Tensors]:
        """Put the saved state into net and optimiser -> where the run stands, its best weights. A new run has none.

        Raises: EmptorError for a damaged checkpoint, or one of another run.
        """
        path = self._folder / "checkpoint.json"
        if not path.exists():
            return Run(), {}
        try:
            content = json.loads(path.read_bytes())
            known, run, format_ = content["options"], Run(**content["run"]), content["format"]
            state_file, best_file = content["state"], content["best"]
        except (ValueError, KeyError, TypeError) as error:
            raise EmptorError(f"{path}: not a checkpoint ({error}); delete {self._folder} to train anew") from error
        if format_ != FORMAT:
            raise EmptorError(f"{path}: format {format_!r}, expected {FORMAT}; delete {self._folder} to train anew")
        for name in sorted(known.keys() | self._options.keys()):
            before, now = known.get(name), self._options.get(name)
            if before != now:
                raise EmptorError(
                    f"{path}: of a run with {name} {before!r}, not {now!r}; take another folder or delete this one"
                )
        state = read_tensors(self._folder / state_file)
        weights = {name.removeprefix("weights."): own for name, own in state.items() if name.startswith("weights.")}
        load_weights(net, weights, source=self._folder / state_file)
        slots: dict[int, Tensors] = {}
        for name, own in state.items():
            if name.startswith("optimiser."):
                _, number, slot = name.split(".", 2)
                slots.setdefault(int(number), {})[slot] = own
        optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})
        self._best_file = best_file
        return run, {} if best_file is None else read_tensors(self._folder / best_file)
