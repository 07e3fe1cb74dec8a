"""Shops for closed loops: a market with a log, cascades beside its default, models trained as anybody would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emptor.market.config import WorldConfig
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.market.store import folder_of
from emptor.serve.traces import trace_files
from emptor.shop.config import CascadeOptions, read_options
from emptor.shop.proposals import Stages, as_table

MADE = "made"
"""File of a shop whose log is whole."""


def market(shop: Path, seed: int, *, users: int, days: int) -> Path:
    """A market of the demo's kind whose users have shopped some days through the untrained cascade."""
    of = {"seed": seed, "users": users, "days": days}
    if not (shop / MADE).exists():
        new_market(shop, WorldConfig.of("demo", seed=seed, users=users), replace=True)
        run_market(shop, days=days)
    same(shop / MADE, of)
    return shop


def same(file: Path, of: Mapping[str, Any]) -> None:
    """Keep what something was made of, beside it. Raises: SystemExit where it was made of something else."""
    told = json.dumps(of, sort_keys=True)
    if file.exists() and (known := file.read_text()) != told:
        raise SystemExit(f"{file}: made of {known}, expected {told}; give another --work, or remove this one")
    file.write_text(told)


def copied(shop: Path, to: Path, make: Callable[[Path], None] = lambda shop: None) -> Path:
    """A shop and its world once more, changed by `make`, unless it is there and whole."""
    if not (to / MADE).exists():
        for old, new in ((folder_of(shop), folder_of(to)), (shop, to)):
            shutil.rmtree(new, ignore_errors=True)
            shutil.copytree(old, new, ignore=shutil.ignore_patterns(MADE))
        make(to)
        (to / MADE).touch()
    return to


def cascade(shop: Path, name: str) -> CascadeOptions:
    """A cascade of shop.toml."""
    return read_options(shop / "shop.toml").cascade[name]


def add(shop: Path, cascades: Mapping[str, Stages]) -> None:
    """Write the cascades that shop.toml lacks, with the default's deadline and exploration."""
    file = shop / "shop.toml"
    known = read_options(file).cascade
    new = [as_table(name, own, base=known["default"]) for name, own in cascades.items() if name not in known]
    file.write_text("\n\n".join([file.read_text(encoding="utf-8"), *new]), encoding="utf-8")


def go_on(shop: Path, *, days: int, cascade: str, lists: bool = False) -> None:
    """Let users shop some days more through a cascade.

    Args: lists: every request of these days is traced, and the traces of the days before go: a re-ranker is to learn
        from lists of the ranker that it will stand behind, and of no other.
    """
    if lists:
        trace_all(shop)
        for part in trace_files(shop):
            part.unlink()
    run_market(shop, days=days, cascade=cascade)


def trace_all(shop: Path) -> None:
    """Every request of a market's shop is traced from now on, where a quarter was."""
    file = shop / "shop.toml"
    told, changed = re.subn(r"(?m)^traces = [\d.]+", "traces = 1.0", file.read_text(encoding="utf-8"))
    assert changed == 1
    file.write_text(told, encoding="utf-8")


def trained(shop: Path, stage: str, model: str) -> None:
    """Train a model, unless the shop has one."""
    if not (shop / "models" / stage / model).exists():
        emptor("train", str(shop), "--stage", stage, "--model", model)


def emptor(*words: str) -> None:
    """Run a command line as anybody would."""
    subprocess.run([sys.executable, "-m", "emptor", *words], check=True, stdout=subprocess.DEVNULL)
