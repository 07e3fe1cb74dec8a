"""DLCM: a recurrent network reads the list from its worst to its best, and each product is judged by what it read."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch
from emptor.rerank.models.items import ItemNet, ItemOptions
from emptor.rerank.models.losses import attention_rank_loss
from emptor.rerank.models.reranker import Reranker


class DLCM(Reranker):
    """value_i = V (o_i * tanh(W s + b)): o_i is the network's output at product i, s its state after the whole list.

    From worst to best, so that the state remembers best what stands first. Places are read as an order, nothing else.

    Args:
        spec: see ListSpec. width: of the network. abstract: of the two layers that are joined to a product's vector.
            heads: how many comparisons of output and state V adds up.
        purchase_gain, purchase_weight: see attention_rank_loss. items: see ItemNet.

    Source: Ai et al., Learning a Deep Listwise Context Model for Ranking Refinement (SIGIR 2018): layers of ELU joined
        to the features, a GRU and three heads. The GRU is as wide as its input there.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> DLCM(spec)(batch).shape
        torch.Size([4, 6])
    """

    def __init__(
        self,
        spec: ListSpec,
        *,
        width: int = 64,
        abstract: int = 32,
        heads: int = 3,
        purchase_gain: float = 3.0,
        purchase_weight: float = 3.0,
        **items: Unpack[ItemOptions],
    ) -> None:
        super().__init__()
        self.heads, self.purchase_gain, self.purchase_weight = heads, purchase_gain, purchase_weight
        self.items = ItemNet(spec, **items)
        size = self.items.size
        self.abstract = nn.Sequential(nn.Linear(size, width), nn.ELU(), nn.Linear(width, abstract), nn.ELU())
        self.read = nn.GRU(size + abstract, width, batch_first=True)
        self.context = nn.Linear(width, heads * width)
        self.head = nn.Linear(heads, 1, bias=False)

    def forward(self, batch: RerankBatch) -> torch.Tensor:
        x = self.items(batch)[0]
        x = torch.cat([x, self.abstract(x)], -1)
        # padding comes last: it is read when all outputs that count, and the last of them, the state, are made
        order = torch.where(batch.mask, -batch.place, 1).argsort(dim=1, stable=True)
        outputs, _ = self.read(_taken(x, order))
        last = batch.mask.sum(1).clamp(min=1) - 1
        state = outputs[torch.arange(len(last), device=last.device), last]
        outputs = _taken(outputs, order.argsort(dim=1))
        context = self.context(state).tanh().view(len(state), 1, self.heads, -1)
        value: torch.Tensor = self.head((outputs.unsqueeze(2) * context).sum(-1)).squeeze(-1)
        return value

    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        loss = attention_rank_loss(
            self(batch), labels, purchase_gain=self.purchase_gain, purchase_weight=self.purchase_weight
        )
        return {"loss": loss}


def _taken(vectors: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """vectors [B, N, D] in an order [B, N] -> [B, N, D]."""
    return vectors.gather(1, order.unsqueeze(-1).expand(-1, -1, vectors.shape[2]))
