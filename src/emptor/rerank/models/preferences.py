"""PON: how broad a user's wish is and how diverse a list is, as Gaussians in one space.

Shapes: B lists, N products, T behaviours, Q earlier queries, W width of a query's vector, D of a product's, H hidden
width, d width of the Gaussians.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rank.models.features import Features
from emptor.rank.models.inputs import Embedding
from emptor.rank.models.layers import masked_mean
from emptor.rerank.models.blocks import ListBlock, Positions, mlp
from emptor.rerank.models.fusion import shares
from emptor.rerank.models.gaussians import Gaussian
from emptor.rerank.models.inputs import ListSpec, RerankBatch

USERS = ("gaussian", "point")
ENCODERS = ("attention", "gru")


@dataclass(frozen=True)
class Widths:
    """hidden: H. latent: d. floor, ceiling: least and largest variance. heads, inner, dropout: see ListBlock."""

    hidden: int
    latent: int
    floor: float
    ceiling: float
    heads: int
    inner: int
    dropout: float


class UserPreference(nn.Module):
    """What was asked before and now, and what was interacted with, as one Gaussian: what is wished, and how broadly.

    Tokens are the query, those before it with their place and the time since, and the behaviours with what was done and
    when. They look at each other, and the query of now pools them. Beside what it pools goes its own state, which would
    be one of forty, what kind of request it is, and how far queries lie apart, and behaviours: a stream that narrows or
    widens need not be learnt from examples of every path.

    Args:
        spec: see ListSpec. embedding: of the host, for its widths. widths: see Widths.
        encoder: of the tokens; "gru" reads the behaviours, then the queries, from the oldest on.
        queries: False leaves earlier queries out. user: "point" has a variance of 1 everywhere.

    Shapes: Features and RerankBatch of B lists, earlier [B, Q, W] vectors of queries -> Gaussian [B, d].

    Source: Wang et al., PODM-MI (SIGIR 2024, arXiv 2405.15521). That it is a Gaussian with a diagonal covariance, out
        of queries and interactions, could be read; the layers and the dispersion are ours.
    """

    def __init__(
        self,
        spec: ListSpec,
        embedding: Embedding,
        widths: Widths,
        *,
        encoder: str = "attention",
        queries: bool = True,
        user: str = "gaussian",
    ) -> None:
        super().__init__()
        self.widths, self.queries = widths, queries
        self.encoder, self.user = one_of("encoder", encoder, ENCODERS), one_of("user", user, USERS)
        hidden = widths.hidden
        self.of_query = nn.Linear(embedding.word_width, hidden)
        self.of_behaviour = nn.Linear(embedding.width, hidden)
        if queries:
            self.of_place = Positions(spec.earlier, hidden)
            self.of_gap = nn.Embedding(spec.products.gaps, hidden, padding_idx=0)
        self.block: nn.Module = (
            nn.GRU(hidden, hidden, batch_first=True)
            if encoder == "gru"
            else ListBlock(hidden, heads=widths.heads, inner=widths.inner, dropout=widths.dropout)
        )
        self.asks = nn.Linear(hidden, hidden, bias=False)
        parts = 4 if queries else 3
        self.out = mlp(parts * hidden + spec.products.context, hidden, widths.latent * (2 if user == "gaussian" else 1))

    def forward(self, features: Features, batch: RerankBatch, earlier: torch.Tensor) -> Gaussian:
        now = self.of_query(features.query).unsqueeze(1)
        behaviours = self.of_behaviour(features.behaviours)
        # oldest first, and the query of now last
        tokens, there = [behaviours.flip(1)], [features.there.flip(1)]
        spreads = [dispersion(behaviours, features.there)]
        if self.queries:
            before, asked = self.of_query(earlier), (batch.earlier > 0).any(-1)
            searched = (batch.asked.words > 0).any(1, keepdim=True)
            spreads.append(dispersion(torch.cat([before, now], 1), torch.cat([asked, searched], 1)))
            place = torch.arange(before.shape[1], device=before.device).expand(asked.shape)
            tokens.append((before + self.of_place(place) + self.of_gap(batch.earlier_gap)).flip(1))
            there.append(asked.flip(1))
        tokens.append(now)
        there.append(features.there.new_ones(len(now), 1))
        known, counts, last = self._encoded(torch.cat(tokens, 1), torch.cat(there, 1))
        scores = (self.asks(now) @ known.transpose(1, 2)).squeeze(1) * known.shape[-1] ** -0.5
        pooled = (shares(scores, counts).unsqueeze(1) @ known).squeeze(1)
        out = self.out(torch.cat([pooled, last, *spreads, batch.asked.context], 1))
        if self.user == "point":
            return Gaussian(out, torch.zeros_like(out))
        return Gaussian.of(out, floor=self.widths.floor, ceiling=self.widths.ceiling)

    def _encoded(self, tokens: torch.Tensor, there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens that know each other, which of them are there, and the last, that of the query of now."""
        if self.encoder == "attention":
            known = self.block(tokens, there)
            return known, there, known[:, -1]
        # what is there moves to the front, in its order: nothing of padding comes before it
        order = there.to(torch.int8).argsort(dim=1, descending=True, stable=True)
        tokens, there = tokens.gather(1, order.unsqueeze(-1).expand_as(tokens)), there.gather(1, order)
        known = self.block(tokens)[0] * there.unsqueeze(-1)
        return known, there, known[torch.arange(len(known)), there.sum(1) - 1]


class ItemPreference(nn.Module):
    """Each product of a list as a Gaussian: h [B, N, H] -> Gaussian [B, N, d]."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        self.widths = widths
        self.out = mlp(widths.hidden, widths.hidden, 2 * widths.latent)

    def forward(self, h: torch.Tensor) -> Gaussian:
        return Gaussian.of(self.out(h), floor=self.widths.floor, ceiling=self.widths.ceiling)


class Posterior(nn.Module):
    """q(z of the user | z of the list): z [B, d], the list's Gaussian [B, d] and the query [B, W] -> Gaussian [B, d].

    Source: a "variational posterior estimator" is PODM-MI's; what it is given is ours, after ROMA (Wang et al., ICML
        2020).
    """

    def __init__(self, word_width: int, widths: Widths) -> None:
        super().__init__()
        self.widths = widths
        self.out = mlp(2 * widths.latent + word_width, widths.hidden, 2 * widths.latent)

    def forward(self, z: torch.Tensor, of_list: Gaussian, query: torch.Tensor) -> Gaussian:
        both = self.out(torch.cat([z, of_list.log_var, query], 1))
        return Gaussian.of(both, floor=self.widths.floor, ceiling=self.widths.ceiling)


def dispersion(vectors: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """vectors [B, M, H], there [B, M] bool -> [B, H]: their standard deviations, near 0 where there are fewer than two.

    Example:
        >>> dispersion(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]])).round(decimals=2)
        tensor([[1.]])
    """
    mean = masked_mean(vectors, there).unsqueeze(1)
    # the root's slope has no end at 0
    return (masked_mean((vectors - mean).square(), there) + 1e-6).sqrt()
