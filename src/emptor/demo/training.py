"""The demo trains itself: each stage by `emptor train`, compared with the default in the closed loop on users kept from
training, and promoted through the gate. Every part is a command of its own, as anybody could type it.

What happens is in `SHOP/training/` (see `shop.training`), where the lab reads it; a server that runs meanwhile takes
the model and the new default up by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from emptor.demo.stages import STAGES, Trainable
from emptor.errors import EmptorError
from emptor.progress import FILE, console
from emptor.shop.config import read_options
from emptor.shop.experiments import kept
from emptor.shop.files import write_durably
from emptor.shop.manifest import read_manifest
from emptor.shop.models import models_folder
from emptor.shop.proposals import base_of
from emptor.shop.training import (
    NAME,
    PROGRESS,
    StageTraining,
    Step,
    Training,
    being_the_one,
    read_training,
    write_training,
)

DAYS = 28
"""Simulated days of a comparison: fewer leave the interval of orders wider than any gain."""
AUTHOR = "emptor demo"
_POLL_S = 0.5
_TAIL = 4_000
"""Bytes of a failed command's output that are looked at for its error."""


def train_demo(
    shop: Path, *, stages: Sequence[Trainable] = STAGES, days: int = DAYS, in_background: bool = False
) -> Training:
    """Train, compare and promote what was not before. A stage that fails is told, and the next is tried.

    Args:
        days: of each comparison. in_background: the output of the commands goes to files in `SHOP/training/`, and all
            ends when the process that started this one does; else they write to the terminal.
    Raises: ShopBusy where another process trains for the shop.
    """
    with being_the_one(shop):
        return _Run(shop, stages, days, in_background=in_background).all()


class _Run:
    """One run over all stages: the status, and the commands."""

    def __init__(self, shop: Path, stages: Sequence[Trainable], days: int, *, in_background: bool) -> None:
        self._shop, self._stages, self._days, self._in_background = shop, stages, days, in_background
        self._parent = os.getppid()
        self._before = _earlier(shop)
        self._records = [self._decided(own) or _waiting(own) for own in stages]
        self._began = _now()

    def all(self) -> Training:
        self._write()
        for at, stage in enumerate(self._stages):
            if self._records[at].outcome is None:
                try:
                    self._one(at, stage)
                except (EmptorError, OSError) as error:
                    self._end(at, "failed", str(error))
        return self._write(ended_at=_now())

    def _decided(self, stage: Trainable) -> StageTraining | None:
        """What came of a stage earlier, where it was decided: that is not asked again."""
        earlier = self._before.get(_key(stage))
        return earlier if earlier is not None and earlier.outcome in ("promoted", "kept") else None

    def _one(self, at: int, stage: Trainable) -> None:
        """Train, compare, promote. Raises EmptorError where a command fails."""
        if not self._in_background:
            which = f"Stage {at + 1} of {len(self._stages)}: {self._records[at].called}"
            console.print(f"\n[bold]{which}, {stage.model}[/]")
        shop = str(self._shop)
        manifest = read_manifest(self._shop)
        earlier = self._before.get(_key(stage))
        # one that failed may have a model that is refused: training again is the cure
        has_failed = earlier is not None and earlier.outcome == "failed"
        if manifest is not None and f"{stage.stage}/{stage.model}" in manifest.models and not has_failed:
            self._step(at, "train", state="done", told="It was trained before.")
        else:
            command = ["train", shop, "--stage", stage.stage, "--model", stage.model, "--no-next"]
            self._command(at, "train", [*command, *(part for own in stage.options for part in ("--set", own))])
            self._step(at, "train", told=_trained(self._shop, stage))
        self._settle(stage)
        before = set(kept(self._shop))
        command = ["market", "ab", shop, "--a", "default", "--b", stage.cascade, "--held-out"]
        self._command(at, "compare", [*command, "--days", str(self._days)])
        new = [own for own in kept(self._shop) if own not in before]
        if not new:
            raise EmptorError("the comparison was kept nowhere")
        found = orjson.loads(new[0].read_bytes())
        self._records[at] = self._records[at].model_copy(update={"experiment": new[0].name})
        rows = {own["measure"]: own for own in found["rows"]}
        orders = rows["orders"]
        told = f"Orders per user {_change(orders)}, on {found['users']:,} users and {found['days']} days."
        self._step(at, "compare", told=told)
        # exactly as many orders say nothing, a small shop has few: clicks decide then
        lost = next((name for name in ("orders", "clicks") if rows[name]["difference"]), None)
        if lost is not None and rows[lost]["difference"] < 0:
            self._end(at, "kept", f"In the closed loop it loses {lost} per user: {_change(rows[lost])}.")
            return
        self._promote(at, stage)

    def _settle(self, stage: Trainable) -> None:
        """Add the stage's cascade to shop.toml, unless its owner has: the default as it is now, with the new model.

        Raises: EmptorError for a cascade of that name without the model.
        """
        file = self._shop / "shop.toml"
        options = read_options(file)
        if stage.cascade in options.off:
            raise EmptorError(f"cascade {stage.cascade!r} is off: {options.off[stage.cascade]}")
        cascades = options.cascade
        own = cascades.get(stage.cascade)
        if own is None:
            manifest = read_manifest(self._shop)
            default = base_of(cascades, None if manifest is None else manifest.cascade)
            write_durably(file, (file.read_text(encoding="utf-8").rstrip() + "\n" + stage.table(default)).encode())
        elif not any(stage.model in (known.method, *known.options.get("channels", ())) for known in own.stages):
            raise EmptorError(
                f"[cascade.{stage.cascade}] of shop.toml does not use {stage.model}; remove the table, "
                "and `emptor demo` writes it anew"
            )

    def _promote(self, at: int, stage: Trainable) -> None:
        measured = self._shop / NAME / "gate.json"
        measured.unlink(missing_ok=True)
        command = ["promote", str(self._shop), "--cascade", stage.cascade, "--author", AUTHOR]
        self._command(at, "promote", [*command, "--json", str(measured)], may_say_no=True)
        trial = orjson.loads(measured.read_bytes())
        missed = [
            f"{own['metric']} is {_figure(own['value'])}, and must be at least {_figure(own['least'])}"
            for own in trial["checks"]
            if not own["passed"]
        ]
        if missed:
            self._step(at, "promote", told="The gate says no.")
            self._end(at, "kept", f"It does not pass the gate: {'; '.join(missed)}.")
        else:
            passed = [
                f"{own['metric']} is {_figure(own['value'])}, and had to be at least {_figure(own['least'])}"
                for own in trial["checks"]
            ]
            self._step(at, "promote", told=f"It passed the gate{': ' * bool(passed)}{'; '.join(passed)}.")
            self._end(at, "promoted", "")

    def _command(self, at: int, name: str, words: list[str], *, may_say_no: bool = False) -> None:
        """Run `emptor WORDS` to its end. Raises EmptorError where it ends in another way than with status 0 (or 1)."""
        self._step(at, name, state="running", began_at=_now())
        start = time.perf_counter()
        output = self._shop / NAME / f"{name}.log" if self._in_background else None
        try:
            status = self._wait([sys.executable, "-m", "emptor", *words], output)
        finally:
            (self._shop / NAME / PROGRESS).unlink(missing_ok=True)
        seconds = round(time.perf_counter() - start, 1)
        if status == 0 or (status == 1 and may_say_no and (self._shop / NAME / "gate.json").is_file()):
            self._step(at, name, state="done", seconds=seconds)
            return
        self._step(at, name, state="failed", seconds=seconds)
        told = _error_of(output) if output is not None else ""
        raise EmptorError(told or f"`emptor {' '.join(words)}` ended with status {status}")

    def _wait(self, command: list[str], output: Path | None) -> int:
        environment = {**os.environ, FILE: str(self._shop / NAME / PROGRESS)}
        with output.open("wb") if output is not None else nullcontext() as file:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
            try:
                while True:
                    try:
                        return process.wait(_POLL_S)
                    except subprocess.TimeoutExpired:
                        if self._in_background and os.getppid() != self._parent:
                            raise SystemExit("who started the training is gone") from None
            finally:
                if process.poll() is None:
                    process.terminate()
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(5)
                    process.kill()
                    process.wait()

    def _step(self, at: int, name: str, **changes: Any) -> None:
        record = self._records[at]
        steps = tuple(own.model_copy(update=changes) if own.name == name else own for own in record.steps)
        self._records[at] = record.model_copy(update={"steps": steps})
        self._write()

    def _end(self, at: int, outcome: str, why: str) -> None:
        self._records[at] = self._records[at].model_copy(update={"outcome": outcome, "why": why[:5_000]})
        self._write()

    def _write(self, *, ended_at: str | None = None) -> Training:
        training = Training(started_at=self._began, ended_at=ended_at, stages=tuple(self._records))
        write_training(self._shop, training)
        return training


def _earlier(shop: Path) -> dict[tuple[str, str, str], StageTraining]:
    """What came of the stages in the run before."""
    try:
        earlier = read_training(shop)
    except EmptorError:  # damaged: it is written anew
        earlier = None
    return {(own.stage, own.model, own.cascade): own for own in (earlier.stages if earlier else ())}


def _key(stage: Trainable) -> tuple[str, str, str]:
    return stage.stage, stage.model, stage.cascade


def _waiting(stage: Trainable) -> StageTraining:
    steps = tuple(Step(name=name) for name in ("train", "compare", "promote"))
    return StageTraining(stage=stage.stage, model=stage.model, cascade=stage.cascade, steps=steps)


def _trained(shop: Path, stage: Trainable) -> str:
    """What training says of the newest model."""
    folder = models_folder(shop, stage.stage, stage.model)
    newest = max(folder.iterdir(), key=lambda own: int(own.name) if own.name.isdigit() else -1)
    metrics = orjson.loads((newest / "metrics.json").read_bytes())
    figures = [f"{name} {value:.3f}" for name, value in metrics.items() if isinstance(value, float) and 0 < value < 1]
    return f"On what it has not learnt from: {', '.join(figures)}."


def _change(row: dict[str, Any]) -> str:
    """A difference with its interval, in shares of a where there is any."""
    if not row["a"]:
        return f"{row['difference']:+.4f} (95% interval {row['low']:+.4f} to {row['high']:+.4f})".replace("-", "−")
    shares = [row[name] / row["a"] for name in ("difference", "low", "high")]
    return "{:+.1%} (95% interval {:+.1%} to {:+.1%})".format(*shares).replace("-", "−")


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _error_of(output: Path) -> str:
    """The sentence with which a command ended, or its last line."""
    with output.open("rb") as file:
        file.seek(max(output.stat().st_size - _TAIL, 0))
        lines = [own.strip() for own in file.read().decode("utf-8", "replace").splitlines() if own.strip()]
    told = next((own for own in reversed(lines) if own.startswith("error: ")), lines[-1] if lines else "")
    return told.removeprefix("error: ")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
