"""The one training loop: every network, on any device, stopped early, resumed exactly.

options = FitOptions(metric="auc", epochs=20, lr=1e-3)
with seeded(options.seed, "weights"):
    net = Net()
fitted = fit(net, batches, loss, options=options, validate=validate, resume=Path("runs/net"))
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from emptor.errors import EmptorError
from emptor.learn.checkpoint import Checkpoints, Run
from emptor.learn.seeds import derive, seeded
from emptor.learn.tensors import Tensors, copied, load_weights
from emptor.learn.unstable import reason
from emptor.progress import Step, step

Batch = TypeVar("Batch")
Net = TypeVar("Net", bound=nn.Module)

_LAST_RATE = 1e-3
"""Share of the learning rate that a one-cycle schedule ends with."""


class FitOptions(BaseModel):
    """How a network is fitted; unknown and contradictory options are refused.

    Args:
        metric: which of the validation's metrics to maximise.
        epochs: at most. patience: validations without a better metric before it stops; None: never.
        lr: learning rate, from 0 upwards over `warmup_steps`, then constant or, for "one-cycle", falling as a cosine
            until `total_steps` (optimiser steps of all epochs).
        clip: largest norm of the gradient; None: any.
        validate_every: steps between validations, beside the one after each epoch.
        save_minutes: minutes between checkpoints, beside the one after each epoch; None: no more than that.
        seed: of dropout and of whatever else the network draws.
        inputs: whatever else decides the run (hash of features, seed of the data); a checkpoint of other inputs is
            refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    metric: str
    epochs: int = Field(10, ge=1)
    patience: int | None = Field(3, ge=1)
    optimiser: Literal["adam", "adamw"] = "adamw"
    lr: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    schedule: Literal["constant", "one-cycle"] = "constant"
    warmup_steps: int = Field(0, ge=0)
    total_steps: int | None = Field(None, ge=1)
    clip: float | None = Field(1.0, gt=0)
    validate_every: int | None = Field(None, ge=1)
    save_minutes: float | None = Field(10.0, ge=0)
    seed: int = 0
    inputs: str = ""

    @model_validator(mode="after")
    def _agree(self) -> FitOptions:
        if (self.schedule == "one-cycle") != (self.total_steps is not None):
            raise ValueError("total_steps belongs to schedule 'one-cycle': give both or neither")
        if self.total_steps is not None and self.warmup_steps >= self.total_steps:
            raise ValueError(f"warmup_steps {self.warmup_steps} must be below total_steps {self.total_steps}")
        return self

    @classmethod
    def cycled(cls, *, steps: int, **options: Any) -> FitOptions:
        """Options for a run of so many optimiser steps: the rate rises over their first tenth, 200 at most, and falls
        to their end. A run of 20 or fewer has no time for that, and its rate stays.
        """
        cycle = {"schedule": "one-cycle", "total_steps": steps} if steps > 20 else {}
        return cls(**options, **cycle, warmup_steps=min(steps // 10, 200))

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.lr * (step + 1) / self.warmup_steps
        if self.total_steps is None:
            return self.lr
        share = min((step - self.warmup_steps) / (self.total_steps - self.warmup_steps), 1.0)
        return self.lr * (_LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * share)) / 2)


@dataclass(frozen=True, kw_only=True)
class Fitted(Generic[Net]):
    """A network in evaluation mode with its best weights, and how it came to them.

    `metrics`: of the best validation, at `best_step`. `history`: one {"epoch", "step", "losses", "metrics"} per
    validation, the losses averaged since the one before. `stopped`: "patience" or "epochs".
    """

    net: Net
    metrics: dict[str, float]
    best_step: int
    steps: int
    history: list[dict[str, Any]]
    stopped: str


def fit(
    net: Net,
    batches: Callable[[int], Iterator[Batch]],
    loss: Callable[[Net, Batch, int], Mapping[str, Tensor]],
    *,
    options: FitOptions,
    validate: Callable[[Net], Mapping[str, float]],
    on_step: Callable[[int, Mapping[str, float]], None] | None = None,
    resume: Path | None = None,
    label: str = "Training",
) -> Fitted[Net]:
    """Train `net`, in place, and give it back with the weights that validated best.

    On a CPU the result depends on net, batches and options alone, however often the run was killed and resumed.

    Args:
        net: where its parameters are, the batches must be too.
        batches: epoch (from 0) -> its batches. A function of the epoch alone, with generators of its own: a resumed
            run asks again and passes over what it has seen.
        loss: (net, batch, step) -> scalars, of which "loss" is minimised and the others are recorded. What it draws
            from torch is a function of (seed, step).
        validate: net, in evaluation mode and without gradients -> metrics, on data apart.
        on_step: told (steps done, losses) after each step.
        resume: folder of the run's checkpoints: continued where there are any, given back at once where it had ended.
    Raises: EmptorError when the loss, a gradient or the metric is not finite, an epoch has no batch, or the
        checkpoint is of another run.
    """
    loop = _Loop(net, loss, options, validate, resume)
    with seeded(options.seed), step(label, options.total_steps) as bar:
        bar.advance(loop.run.step)
        while loop.run.stopped is None:
            loop.epoch(batches, on_step, bar)
    source = resume or Path("the best weights")
    load_weights(net, loop.best, source=source)
    run = loop.run
    assert run.best_step is not None and run.stopped is not None
    return Fitted(
        net=net.eval(),
        metrics=run.best_metrics,
        best_step=run.best_step,
        steps=run.step,
        history=run.history,
        stopped=run.stopped,
    )


class _Loop(Generic[Net, Batch]):
    """A run under way."""

    def __init__(
        self,
        net: Net,
        loss: Callable[[Net, Batch, int], Mapping[str, Tensor]],
        options: FitOptions,
        validate: Callable[[Net], Mapping[str, float]],
        resume: Path | None,
    ) -> None:
        self.net, self.loss, self.options, self.validate = net, loss, options, validate
        self.parameters = [own for own in net.parameters() if own.requires_grad]
        kind = torch.optim.AdamW if options.optimiser == "adamw" else torch.optim.Adam
        # fused: one pass over weights and moments; tables of embeddings are long
        self.optimiser = kind(self.parameters, lr=options.lr, weight_decay=options.weight_decay, fused=True)
        self.run, self.best = Run(), Tensors()
        self.checkpoints = None
        if resume is not None:
            self.checkpoints = Checkpoints(resume, options.model_dump(exclude={"save_minutes"}))
            self.run, self.best = self.checkpoints.load(net, self.optimiser)
        self.saved_at = time.monotonic()

    def epoch(
        self,
        batches: Callable[[int], Iterator[Batch]],
        on_step: Callable[[int, Mapping[str, float]], None] | None,
        bar: Step,
    ) -> None:
        """What is left of the current epoch, with its validations and checkpoints."""
        run, options = self.run, self.options
        self.net.train()
        for batch in islice(batches(run.epoch), run.batch, None):
            losses = self.step(batch)
            bar.advance()
            bar.tell(self.note(losses))
            if on_step is not None:
                on_step(run.step, losses)
            if options.validate_every and run.step % options.validate_every == 0:
                self.judge()
                if run.stopped is not None:
                    break
            if options.save_minutes is not None and time.monotonic() - self.saved_at >= 60 * options.save_minutes:
                self.save()
        if run.batch == 0:
            raise EmptorError(f"epoch {run.epoch} of the training data has no batch: expected at least one")
        if run.counted:  # else the last step was validated already
            self.judge()
        run.epoch, run.batch = run.epoch + 1, 0
        if run.stopped is None and run.epoch == options.epochs:
            run.stopped = "epochs"
        self.save()

    def step(self, batch: Batch) -> dict[str, float]:
        run, options = self.run, self.options
        rate = options.rate(run.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        torch.manual_seed(derive(options.seed, "step", run.step))
        losses = self.loss(self.net, batch, run.step)
        values = {name: float(own.detach()) for name, own in losses.items()}
        if not all(map(math.isfinite, values.values())):
            raise EmptorError(reason(run.step, values, batch, self.net))
        self.optimiser.zero_grad()
        losses["loss"].backward()
        norm = float(nn.utils.clip_grad_norm_(self.parameters, options.clip or math.inf))
        if not math.isfinite(norm):
            raise EmptorError(reason(run.step, {"norm of the gradient": norm}, batch, self.net))
        self.optimiser.step()
        run.step, run.batch, run.counted = run.step + 1, run.batch + 1, run.counted + 1
        for name, value in values.items():
            run.sums[name] = run.sums.get(name, 0.0) + value
        return values

    def judge(self) -> None:
        """Validate; keep the weights if they are the best so far, and stop when none were for long."""
        run, options = self.run, self.options
        self.net.eval()
        with torch.no_grad():
            metrics = {name: float(value) for name, value in self.validate(self.net).items()}
        self.net.train()
        value = metrics.get(options.metric)
        if value is None:
            raise EmptorError(
                f"no metric {options.metric!r} to maximise: validation gives {', '.join(sorted(metrics))}"
            )
        if not all(map(math.isfinite, metrics.values())):
            raise EmptorError(f"validation after step {run.step} gives {metrics}: expected finite numbers")
        losses = {name: total / run.counted for name, total in run.sums.items()}
        run.history.append({"epoch": run.epoch, "step": run.step, "losses": losses, "metrics": metrics})
        run.sums, run.counted = {}, 0
        if run.best_step is None or value > run.best_metrics[options.metric]:
            run.best_step, run.best_metrics, run.waited = run.step, metrics, 0
            self.best = copied(self.net.state_dict())
        else:
            run.waited += 1
            if options.patience is not None and run.waited >= options.patience:
                run.stopped = "patience"

    def note(self, losses: Mapping[str, float]) -> str:
        metric = self.options.metric
        last = f", {metric} {self.run.history[-1]['metrics'][metric]:.4f}" if self.run.history else ""
        return f"epoch {self.run.epoch + 1}/{self.options.epochs}, loss {losses['loss']:.4f}{last}"

    def save(self) -> None:
        if self.checkpoints is not None:
            self.checkpoints.save(self.run, self.net, self.optimiser, self.best)
            self.saved_at = time.monotonic()
