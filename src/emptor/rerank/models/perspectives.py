"""MPSA: the perspectives of one product, each a vector, that look at each other; and the context that CAFU is told.

Shapes: B lists, N products, R of them that are there, P perspectives, d width, C width of the context.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.registry import one_of
from emptor.rank.models.features import Features
from emptor.rank.models.inputs import Embedding
from emptor.rank.models.layers import Standardise, masked_mean, spread
from emptor.rerank.models.blocks import ListBlock
from emptor.rerank.models.inputs import ListSpec, RerankBatch

PASTS = ("all", "category")
_KINDS = ("brand", "department", "category")
"""Fields that say what kind of product one is."""


class ContextNet(nn.Module):
    """c = W [query ; kind of product ; user]: what text and picture are weighed by, of each product.

    All of it is what ItemNet has learnt, standardised, and no gradient goes back: what a branch learns stays in it.

    Args: spec: see ListSpec. embedding: ItemNet's. width: C.

    Shapes: RerankBatch, Features -> [B, N, C].

    Source: Xu et al., ARMMT (CIKM 2024), has a context of which it could not be read what is in it; query, category and
        brand, and user are ours.
    """

    def __init__(self, spec: ListSpec, embedding: Embedding, width: int) -> None:
        super().__init__()
        names = list(spec.products.fields)
        kinds = [name in _KINDS for name in names]
        # in a catalogue without such fields, all but the product's own name
        kinds = kinds if any(kinds) else [name != "product" for name in names]
        self.kinds: torch.Tensor
        self.register_buffer("kinds", torch.tensor(kinds), persistent=False)
        # whose table it is stays with ItemNet: a part of two modules would be saved twice
        self._embedding = [embedding]
        size = embedding.word_width + 2 * embedding.width
        self.map = nn.Sequential(Standardise(size), nn.Linear(size, width))

    def forward(self, batch: RerankBatch, features: Features) -> torch.Tensor:
        (embedding,) = self._embedding
        kind = embedding.of_field(batch.asked.product[batch.mask] * self.kinds)
        user = masked_mean(features.behaviours, features.there)
        asks = torch.cat([features.query, user], -1)[batch.mask.nonzero()[:, 0]]
        return spread(self.map(torch.cat([asks, kind], -1).detach()), batch.mask)


class PerspectiveNet(nn.Module):
    """One transformer block over the perspectives of each product: what of it is fused, its ids, query, user, context.

    What is lacking, as a query where none was asked, is looked at by none, and 0.

    Args:
        spec: see ListSpec. embedding: ItemNet's, for its widths. fused: how many fused vectors. width: d.
        heads, inner, dropout: see ListBlock.

    Shapes: RerankBatch, Features, fused vectors [B, N, d] each and whether there are [B, N] each -> [R, P d]. `count`
    is P.

    Source: Xu et al., ARMMT (CIKM 2024), has multi-perspective self-attention after CAFU. That a perspective is a group
        of features of one product, as fields are in AutoInt (Song et al., CIKM 2019), is ours.
    """

    def __init__(
        self,
        spec: ListSpec,
        embedding: Embedding,
        fused: int,
        *,
        width: int,
        heads: int = 2,
        inner: int = 128,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.of_ids = nn.Linear(embedding.width, width)
        self.of_query = nn.Linear(embedding.word_width, width)
        self.of_user = nn.Linear(embedding.width, width)
        self.of_context = nn.Linear(spec.products.context, width)
        self.count = fused + 4
        self.which = nn.Parameter(torch.zeros(self.count, width))
        self.block = ListBlock(width, heads=heads, inner=inner, dropout=dropout)

    def forward(
        self,
        batch: RerankBatch,
        features: Features,
        fused: tuple[torch.Tensor, ...],
        has: tuple[torch.Tensor, ...],
    ) -> torch.Tensor:
        rows, asked = batch.mask, batch.asked
        owner = rows.nonzero()[:, 0]
        user = masked_mean(features.behaviours, features.there)
        tokens = [own[rows] for own in fused] + [self.of_ids(features.candidates[rows])]
        there = [own[rows] for own in has] + [torch.ones_like(owner, dtype=torch.bool)]
        for vectors, known in (
            (self.of_query(features.query), (asked.words > 0).any(1)),
            (self.of_user(user), features.there.any(1)),
            (self.of_context(asked.context), torch.ones_like(asked.searching)),
        ):
            tokens.append(vectors[owner])
            there.append(known[owner])
        out: torch.Tensor = self.block(torch.stack(tokens, 1) + self.which, torch.stack(there, 1))
        return out.flatten(1)


def among(spec: ListSpec, which: str) -> Callable[[RerankBatch], torch.Tensor]:
    """Which behaviours count for which product, as a function of a batch: [B, N, T] bool.

    Args: which: "all" that are there, or those in the product's "category"; an unknown one is nobody's.
    Raises: EmptorError for an unknown choice, and for a catalogue without categories.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> among(spec, "category")(batch).sum() < among(spec, "all")(batch).sum()
        tensor(True)
    """
    one_of("past_of", which, PASTS)
    names = list(spec.products.fields)
    if which == "category" and "category" not in names:
        raise EmptorError(f'past_of: products have no category, only {", ".join(names)}; use past_of = "all"')

    def counts(batch: RerankBatch) -> torch.Tensor:
        asked = batch.asked
        there = asked.there.unsqueeze(1).expand(*batch.mask.shape, -1)
        if which == "all":
            return there
        at = names.index("category")
        own, past = asked.product[..., at].unsqueeze(2), asked.past[..., at].unsqueeze(1)
        return there & (own == past) & (own != 0)

    return counts
