"""What the demo trains, in order: a stage to come is one more entry here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emptor.shop.config import CascadeOptions
from emptor.shop.proposals import as_table, proposed

RANKER = "dnn_crosses"
"""The ranking network that the demo trains."""


@dataclass(frozen=True)
class Trainable:
    """A stage that `emptor train --stage STAGE --model MODEL` trains.

    Args:
        cascade: the name of the cascade of shop.toml that has the model in the default's place. note: what stands
            behind its name there. of_stage: options of the stage. options: `key=value`, of the training.
    """

    stage: str
    model: str
    cascade: str
    note: str
    of_stage: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def table(self, default: CascadeOptions) -> str:
        """The cascade as a table of shop.toml: the default as it is when the model has been trained, and the model."""
        stages = proposed(default, self.stage, self.model, options=self.of_stage)
        return f"\n{as_table(self.cascade, stages, note=self.note, base=default)}\n"


RETRIEVE = Trainable(
    stage="retrieve",
    model="smar",
    cascade="seeing",
    note="the default, with products that a network found by title and picture beside those that words find",
)
PRERANK = Trainable(
    stage="prerank",
    model="hccp",
    cascade="wide",
    note="the default, and which of all that was found are ranked is learnt from the whole stream",
    of_stage={"first": 100},  # what words put first stays: the order by hand behind it goes by their places
)
RANK = Trainable(
    stage="rank",
    model=RANKER,
    cascade="trained",
    note="the default, in an order that is learnt from the log",
    of_stage={"best": 20},  # a page: what few days of clicks say of relevance does not outweigh the words
)
RERANK = Trainable(
    stage="rerank",
    model="armmt",
    cascade="page",
    note="the default, and its first page in an order that is learnt from whole lists, with a little more variety",
    of_stage={"best": 20, "then": "dpp", "balance": 0.9},  # a page, as the ranker
)

STAGES = (RETRIEVE, PRERANK, RANK, RERANK)

GATE = """
[gate]                 # what a cascade must show on the judged queries before it becomes the default
floors = { "ndcg@10" = 0.3 }
max_loss = { "ndcg@10" = 0.1 }   # grades know relevance and nobody's taste: so much may a personal order cost
"""
