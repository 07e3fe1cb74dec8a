"""Re-rankers in the closed loop: behind a trained ranker, whose own order they are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loop_shops import add, cascade, copied, go_on, trained

from emptor.demo.stages import RANK
from emptor.rerank.names import GREEDY, NAMES
from emptor.shop.config import CascadeOptions
from emptor.shop.proposals import Stages, proposed

RANKED = "ranked"
"""The cascade with the trained ranker and nothing behind it."""
BEST = 20
"""A page, as the demo has it: what stands behind it was on no screen that a re-ranker has learnt from."""
BALANCE = {"balance": 0.9}
"""Of a rule, as the demo has it behind a network; without it, a rule's own, 0.7."""
WAYS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    **{name: [(name, {})] for name in NAMES},
    **{name: [(name, {})] for name in GREEDY},
    **{f"{name}_90": [(name, BALANCE)] for name in GREEDY},
    "armmt_dpp": [("armmt", {"then": "dpp", **BALANCE})],
    "armmt_podmmi": [("armmt", {}), ("podmmi", {})],
}
"""What is compared: the stages behind the ranker, one after the other, as (method, options)."""


def reranking_shop(base: Path, shop: Path, ways: list[str], *, days: int) -> Path:
    """A market with a trained ranker, days of its traced lists, and re-rankers that were trained on them.

    Args: base: the market, whose log is of the untrained cascade. days: under the ranker.
    """

    def ranked(shop: Path) -> None:
        trained(shop, RANK.stage, RANK.model)
        stages = proposed(cascade(shop, "default"), RANK.stage, RANK.model, options=RANK.of_stage)
        add(shop, {RANKED: stages})
        go_on(shop, days=days, cascade=RANKED, lists=True)

    copied(base, shop, ranked)
    for method in dict.fromkeys(method for way in ways for method, _ in WAYS[way] if method in NAMES):
        trained(shop, "rerank", method)
    return shop


def reranked(ranked: CascadeOptions, way: str) -> Stages:
    """The stages of a cascade with what re-ranks behind them."""
    stages: Stages = []
    for method, options in WAYS[way]:
        own = proposed(ranked, "rerank", method, options={"best": BEST, **options})
        stages = [*(stages or own[:-1]), own[-1]]
    return stages
