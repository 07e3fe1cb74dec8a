"""What the demo trains, in order, and the cascades that use it. A stage to come is one more entry here."""

from __future__ import annotations

from dataclasses import dataclass

from emptor.market.making import cascade_table

RANKER = "dnn_crosses"
"""The ranking network that the demo trains."""


@dataclass(frozen=True)
class Trainable:
    """A stage that `emptor train --stage STAGE --model MODEL` trains.

    Args:
        cascade: the name of the cascade of shop.toml that uses the model; settings: the table that is written there.
        options: `key=value`, of the training.
    """

    stage: str
    model: str
    cascade: str
    settings: str
    options: tuple[str, ...] = ()


RANK = Trainable(
    stage="rank",
    model=RANKER,
    cascade="trained",
    settings=cascade_table(
        "trained",
        "the same products, in an order that is learnt from the log; off until the demo has trained it",
        personal=True,
        rank=f'method = "{RANKER}"\nbudget_ms = 50\nfallback = "affinity"\n'
        "options = { best = 20 } # a page: what few days of clicks say of relevance does not outweigh the words",
    ),
)

STAGES = (RANK,)

GATE = """
[gate]                 # what a cascade must show on the judged queries before it becomes the default
floors = { "ndcg@10" = 0.3 }
max_loss = { "ndcg@10" = 0.1 }   # grades know relevance and nobody's taste: so much may a personal order cost
"""
