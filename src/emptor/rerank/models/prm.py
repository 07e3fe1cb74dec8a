"""PRM: products look at each other through a transformer, knowing the places where they came."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rank.models.features import Features
from emptor.rerank.models.blocks import ListBlock, Positions, mlp
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch
from emptor.rerank.models.items import ItemNet, ItemOptions
from emptor.rerank.models.losses import list_softmax_loss
from emptor.rerank.models.reranker import Reranker


class PRM(Reranker):
    """A product's vector and its place's, transformer blocks over the list, and a softmax over what was seen of it.

    The paper's personalised vector, made of a click model that is trained before, is here what ItemNet knows of the
    user's history and how a product fits it, trained along; `history="none"` leaves it out.

    Args:
        spec: see ListSpec. width: D. heads, inner, dropout: see ListBlock. blocks: how many.
        positions: whether places are an input; without them it is equivariant. purchase_gain: see list_softmax_loss.
        items: see ItemNet.

    Source: Pei et al., Personalized Re-ranking for Recommendation (RecSys 2019), with one head, an inner width of 128
        and D of 64 as in the public code of LibRerank. Its softmax runs over padding, too, and its block has no
        residual; here padding gets no share, and residuals are kept. The hidden layer before the value is ours.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, labels = example()
        >>> PRM(spec).loss(batch, labels)["loss"].shape
        torch.Size([])
    """

    def __init__(
        self,
        spec: ListSpec,
        *,
        width: int = 64,
        heads: int = 1,
        inner: int = 128,
        blocks: int = 1,
        dropout: float = 0.1,
        positions: bool = True,
        purchase_gain: float = 10.0,
        **items: Unpack[ItemOptions],
    ) -> None:
        super().__init__()
        self.purchase_gain = purchase_gain
        self.items = ItemNet(spec, **items)
        self.enter = nn.Linear(self.items.size, width)
        self.positions = Positions(spec.places, width) if positions else None
        self.blocks = nn.ModuleList(ListBlock(width, heads=heads, inner=inner, dropout=dropout) for _ in range(blocks))
        self.head = mlp(width, width, 1, bias=False)

    def encoded(self, batch: RerankBatch) -> tuple[torch.Tensor, Features]:
        """Products as the list has made them, [B, N, D], 0 where nothing is; and ItemNet's Features."""
        vectors, features = self.items(batch)
        h = self.enter(vectors)
        if self.positions is not None:
            h = h + self.positions(batch.place)
        for block in self.blocks:
            h = block(h, batch.mask)
        return h, features

    def forward(self, batch: RerankBatch) -> torch.Tensor:
        value: torch.Tensor = self.head(self.encoded(batch)[0]).squeeze(-1)
        return value

    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        return {"loss": list_softmax_loss(self(batch), labels, purchase_gain=self.purchase_gain)}
