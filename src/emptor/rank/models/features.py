"""What the networks' heads are given: all inputs of a request as vectors, the history pooled as the network wants."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypedDict

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rank.models.attention import TargetAttention
from emptor.rank.models.crosses import crosses_width, history_crosses
from emptor.rank.models.inputs import Embedding, InputSpec, RankBatch
from emptor.rank.models.layers import Standardise, masked_mean

HISTORIES = ("none", "mean", "attention")


@dataclass(frozen=True)
class Features:
    """B requests as vectors.

    joined [M, S]: all that is known of each of the M candidates that are there, standardised, in the order of the mask.
    candidates [B, N, D]; behaviours [B, T, D]; query [B, W]. product, mask, there, searching: those of the batch.
    """

    joined: torch.Tensor
    product: torch.Tensor
    candidates: torch.Tensor
    mask: torch.Tensor
    behaviours: torch.Tensor
    there: torch.Tensor
    query: torch.Tensor
    searching: torch.Tensor

    def rows(self, which: torch.Tensor) -> Features:
        """Some of the requests: which [B] bool."""
        owner = self.mask.nonzero()[:, 0]
        chosen = {field.name: getattr(self, field.name)[which] for field in fields(self) if field.name != "joined"}
        return Features(joined=self.joined[which[owner]], **chosen)


class FeatureOptions(TypedDict, total=False):
    """Options of FeatureNet that a network passes on as they are."""

    crosses: bool
    width: int
    word_width: int
    attention_width: int
    normalised: bool


class FeatureNet(nn.Module):
    """A batch as features: the target's vector, the taste's, their product and its sum, numbers, context and query.

    Args:
        spec: see InputSpec.
        history: "none" leaves the past out, "mean" pools it, "attention" pools it anew for every candidate.
        crosses: whether to join the hand-made crosses. width: D of a product. word_width: W of the query.
        attention_width: hidden width of the attention. normalised: see TargetAttention.

    Shapes: RankBatch -> Features; `size` is the width S of what is joined.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> net = FeatureNet(spec, history="mean")
        >>> net(batch).joined.shape == (batch.mask.sum(), net.size)
        True
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        history: str = "attention",
        crosses: bool = False,
        width: int = 24,
        word_width: int = 16,
        attention_width: int = 16,
        normalised: bool = True,
    ) -> None:
        super().__init__()
        self.history, self.crosses = one_of("history", history, HISTORIES), crosses
        self.embedding = Embedding(spec, width=width, word_width=word_width)
        if history == "attention":
            self.attention = TargetAttention(width, hidden=attention_width, normalised=normalised)
        taste = 0 if history == "none" else 2 * width + 1
        made = crosses_width(spec) if crosses else 0
        self.size = width + taste + spec.numeric + made + spec.context + 1 + word_width
        self.standard = Standardise(self.size)

    def forward(self, batch: RankBatch) -> Features:
        """The batch as features; which surface it is, search or recommendation, is one of the numbers."""
        candidates, past = self.embedding.pages_and_pasts(batch)
        behaviours = self.embedding.behaviours(past, batch.action, batch.gap)
        query = self.embedding.query(batch.words)
        own = candidates[batch.mask]
        parts = [own]
        if self.history != "none":
            taste = self._taste(candidates, behaviours, batch)[batch.mask]
            both = own * taste
            parts += [taste, both, both.sum(-1, keepdim=True)]
        parts.append(batch.numeric[batch.mask])
        if self.crosses:
            parts.append(history_crosses(batch)[batch.mask])
        request = torch.cat([batch.context, batch.searching.unsqueeze(1).to(query.dtype), query], 1)
        parts.append(request[batch.mask.nonzero()[:, 0]])
        joined = self.standard(torch.cat(parts, -1))
        return Features(joined, batch.product, candidates, batch.mask, behaviours, batch.there, query, batch.searching)

    def _taste(self, candidates: torch.Tensor, behaviours: torch.Tensor, batch: RankBatch) -> torch.Tensor:
        if self.history == "attention":
            taste: torch.Tensor = self.attention(candidates, behaviours, batch.there, batch.mask)
            return taste
        return masked_mean(behaviours, batch.there).unsqueeze(1).expand_as(candidates)
