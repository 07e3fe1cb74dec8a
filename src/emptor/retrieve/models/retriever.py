"""What all retrieval networks share: queries and products as vectors, the score, and vectors for a nearest-neighbour
index whose inner product is that score.

Shapes: Q queries, P products, k width of a vector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn

from emptor.retrieve.models.inputs import InputSpec, ProductBatch, RetrievalBatch
from emptor.retrieve.models.towers import Towers


class Query(NamedTuple):
    """vector [Q, k] of length one. p [Q] in 0..1: what the first of the vectors that are served counts, not rounded.
    logit [Q]: of p, where a gate makes it from the query.
    """

    vector: torch.Tensor
    p: torch.Tensor
    logit: torch.Tensor | None = None


class Products(NamedTuple):
    """text, image, both [P, k] of length one: by the text, by the picture, by the two; None: this network has none.

    there [P] bool: whether the network has a vector for the product; where False, all are 0. What stands for a side
    that a product lacks is said by the network; losses leave these rows out. logit [P]: of a gate over categories.
    lacks [P] int64, of a network that sees both sides of a product: see ProductBatch.lacks.
    """

    text: torch.Tensor | None
    image: torch.Tensor | None
    both: torch.Tensor | None
    there: torch.Tensor
    logit: torch.Tensor | None = None
    lacks: torch.Tensor | None = None


class Output(NamedTuple):
    """What a network makes of a batch. scores [Q, P]: those that it is served by, in -1..1 but for `levels`; rubbish of
    products that are not there.
    """

    query: Query
    products: Products
    scores: torch.Tensor


class Retriever(nn.Module, ABC):
    """A query's vector against one or two vectors of each product.

    With one, the score is Q . S. With two it is p Q . S_1 + (1 - p) Q . S_2, and an index of [S_1 ; S_2] that is asked
    by [p Q ; (1 - p) Q] gives the same.

    Two sides that both fit a query agree where each errs in its own way, so their cosine with it is larger than that of
    either alone, and a product that lacks a side would stand behind for that reason. `levels` [2, 3] is what each of
    the vectors that are served is multiplied by, by what a product lacks (see ProductBatch.lacks): 1 until it is
    measured (see `retrieve.levels`).

    `served`: the names of the vectors, of Products. `weights`: what the loss of each counts in training; only kept
    here. `hard`: whether p is rounded to 0 or 1 in evaluation mode.

    Shapes: RetrievalBatch -> Output.
    """

    served: tuple[str, ...] = ("both",)
    hard: bool = False

    def __init__(self, towers: Towers, *, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.levels: torch.Tensor
        self.register_buffer("levels", torch.ones(2, 3))
        self.towers, self.weights = towers, dict(weights)

    @property
    def spec(self) -> InputSpec:
        return self.towers.spec

    @property
    def serving_width(self) -> int:
        """Of the vectors for the index: k or 2 k."""
        return len(self.served) * self.towers.vector

    @abstractmethod
    def products(self, batch: ProductBatch) -> Products:
        """The vectors of products."""

    def query(self, ids: torch.Tensor) -> Query:
        """ids [Q, n_q] int64 -> the vectors of queries."""
        vector = self.towers.query_vector(self.towers.of_query(ids))
        return Query(vector, torch.ones_like(vector[:, 0]))

    def forward(self, batch: RetrievalBatch) -> Output:
        query, products = self.query(batch.query), self.products(batch)
        return Output(query, products, self.score(query, products))

    def score(self, query: Query, products: Products, *, hard: bool | None = None) -> torch.Tensor:
        """Every query with every product: [Q, P].

        Args: hard: whether p is rounded; None: as in serving where the network is in evaluation mode, soft in training.
        """
        first, *second = self.parts(products, hard=hard)
        scores = query.vector @ first.T
        for other in second:
            p = self._p(query, hard).unsqueeze(1)
            scores = p * scores + (1 - p) * (query.vector @ other.T)
        return scores

    def serving_queries(self, query: Query, *, hard: bool | None = None) -> torch.Tensor:
        """[Q, serving_width]: what an index is asked by. hard: see score."""
        if len(self.served) == 1:
            return query.vector
        p = self._p(query, hard).unsqueeze(1)
        return torch.cat([p * query.vector, (1 - p) * query.vector], 1)

    def serving_products(self, products: Products, *, hard: bool | None = None) -> torch.Tensor:
        """[P, serving_width]: what an index holds of the products that are there.

        Args: hard: see score.
        """
        return torch.cat(self.parts(products, hard=hard), 1)

    def by_side(self, query: Query) -> torch.Tensor | None:
        """[2, Q, serving_width]: what an index is asked by where the picture counts in full, and where only the text
        does; None of a network that is served by one vector of each product.
        """
        if self.served != ("both", "text"):
            return None
        nothing = torch.zeros_like(query.vector)
        return torch.stack([torch.cat([query.vector, nothing], 1), torch.cat([nothing, query.vector], 1)])

    def parts(self, products: Products, *, hard: bool | None = None) -> list[torch.Tensor]:
        """The vectors that are served, [P, k] each; as long as `levels` says."""
        vectors = self.vectors(products, hard=hard)
        if products.lacks is None:
            return vectors
        return [own * self.levels[at, products.lacks].unsqueeze(1) for at, own in enumerate(vectors)]

    def vectors(self, products: Products, *, hard: bool | None = None) -> list[torch.Tensor]:
        """Those that are served, [P, k] each, of length one."""
        return [getattr(products, name) for name in self.served]

    def gate_logit(self, query: Query, products: Products, target: torch.Tensor) -> torch.Tensor | None:
        """[Q]: the logit of the p that decides between query and target [Q]; None without a gate that learns."""
        return query.logit

    def anneal(self, done: float) -> None:
        """Make a soft gate harder, for a share of the training that is done, 0..1. Nothing without such a gate."""

    def _rounded(self, p: torch.Tensor, hard: bool | None) -> torch.Tensor:
        hard = self.hard and not self.training if hard is None else hard
        return (p > 0.5).to(p.dtype) if hard else p

    def _p(self, query: Query, hard: bool | None) -> torch.Tensor:
        return self._rounded(query.p, hard)
