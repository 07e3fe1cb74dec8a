"""Each product by itself: what a re-ranker does that never looks at the list."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rerank.models.blocks import mlp
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch
from emptor.rerank.models.items import ItemNet, ItemOptions
from emptor.rerank.models.losses import response_loss, worth
from emptor.rerank.models.reranker import Reranker


class Pointwise(Reranker):
    """A small network over what is known of a product; neither its neighbours nor its place are an input.

    What the others gain over it is what looking at the list is worth.

    Args:
        spec: see ListSpec. hidden: widths of the network. purchase: clicks that a purchase is worth in the order, see
            losses.worth. purchase_weight: what its cross entropy counts in the loss. items: see ItemNet.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> Pointwise(spec)(batch).shape
        torch.Size([4, 6])
    """

    apart = True

    def __init__(
        self,
        spec: ListSpec,
        *,
        hidden: tuple[int, ...] = (64, 32),
        purchase: float = 10.0,
        purchase_weight: float = 3.0,
        **items: Unpack[ItemOptions],
    ) -> None:
        super().__init__()
        self.purchase, self.purchase_weight = purchase, purchase_weight
        self.items = ItemNet(spec, **items)
        self.head = mlp(self.items.size, *hidden, 2)
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([-3.0, -6.0]))  # clicks are rare, purchases more so

    def logits(self, batch: RerankBatch) -> torch.Tensor:
        """[B, N, 2], of click and purchase."""
        logits: torch.Tensor = self.head(self.items(batch)[0])
        return logits

    def forward(self, batch: RerankBatch) -> torch.Tensor:
        return worth(self.logits(batch), purchase=self.purchase)

    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        return {"loss": response_loss(self.logits(batch), labels, purchase_weight=self.purchase_weight)}
