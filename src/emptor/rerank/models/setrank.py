"""SetRank: products look at each other, in whatever order they came."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rerank.models.blocks import InducedBlock, ListBlock, mlp
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch
from emptor.rerank.models.items import ItemNet, ItemOptions
from emptor.rerank.models.losses import attention_rank_loss
from emptor.rerank.models.reranker import Reranker


class SetRank(Reranker):
    """Blocks of attention over the list as a set: places are no input, and the same products get the same values in any
    order. (What the stage before gave each of them is one of its numbers, see ItemNet.)

    Args:
        spec: see ListSpec. width: D. heads, inner, dropout: see Attend. blocks: how many.
        induced: whether products look at each other through learned vectors, `points` of them, see InducedBlock.
        rectified, purchase_gain, purchase_weight: see attention_rank_loss. items: see ItemNet.

    Source: Pang et al., SetRank (SIGIR 2020), whose public code has six blocks of eight heads, D of 256 and 20 points,
        and lets padding take part in the loss by a low score; here it has none. Sizes and the hidden layer before the
        value are ours: a page has fewer products and fewer lists to learn from.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> SetRank(spec, induced=True, points=4)(batch).shape
        torch.Size([4, 6])
    """

    def __init__(
        self,
        spec: ListSpec,
        *,
        width: int = 64,
        heads: int = 4,
        inner: int = 128,
        blocks: int = 2,
        dropout: float = 0.1,
        induced: bool = False,
        points: int = 20,
        rectified: bool = True,
        purchase_gain: float = 3.0,
        purchase_weight: float = 3.0,
        **items: Unpack[ItemOptions],
    ) -> None:
        super().__init__()
        self.rectified, self.purchase_gain, self.purchase_weight = rectified, purchase_gain, purchase_weight
        self.items = ItemNet(spec, **items)
        self.enter = nn.Linear(self.items.size, width)
        self.blocks = nn.ModuleList(
            InducedBlock(width, points=points, heads=heads, inner=inner, dropout=dropout)
            if induced
            else ListBlock(width, heads=heads, inner=inner, dropout=dropout)
            for _ in range(blocks)
        )
        self.head = mlp(width, width, 1, bias=False)

    def forward(self, batch: RerankBatch) -> torch.Tensor:
        x = self.enter(self.items(batch)[0])
        for block in self.blocks:
            x = block(x, batch.mask)
        value: torch.Tensor = self.head(x).squeeze(-1)
        return value

    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        loss = attention_rank_loss(
            self(batch),
            labels,
            purchase_gain=self.purchase_gain,
            purchase_weight=self.purchase_weight,
            rectified=self.rectified,
        )
        return {"loss": loss}
