"""The towers: query, text and picture as states of their tokens, and the CLS state as a vector of length one.

Shapes: Q queries, P products, n_q, n_t and 1 + n tokens, d width, k width of the vectors.
"""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import torch
from torch import nn

from emptor.encoders.image_net import ImageNet
from emptor.encoders.text_net import TextNet
from emptor.errors import EmptorError
from emptor.retrieve.models.backbone import BackboneNet
from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import begin_alike, out_as, unit, where
from emptor.retrieve.models.named import NamedNet

_NAMED, _UNNAMED = 0.5, 0.14


class TowerOptions(TypedDict, total=False):
    """Options of Towers that a network passes on as they are."""

    width: int
    heads: int
    layers: int
    vector: int
    query_tokens: int
    text_tokens: int
    dropout: float
    share_tokens: bool
    share_encoders: bool


class Words(NamedTuple):
    """states [P, n_t, d]; mask [P, n_t] bool: False is padding."""

    states: torch.Tensor
    mask: torch.Tensor


class Towers(nn.Module):
    """Query, item text and item image, each an encoder and a map of its CLS state to a vector of length one.

    Args:
        spec: see InputSpec. text, image: whether there is a tower for it.
        tokens_only: of products only embedded tokens, for a network that has layers of its own over them.
        width: d. heads, layers, dropout: of each encoder. vector: k. query_tokens, text_tokens: the most they take.
        share_tokens: queries and texts have one table of tokens: a word means the same in both.
        share_encoders: they have one encoder and one output map as well, for little data.

    Shapes: ids [Q, n_q] -> states [Q, n_q, d] -> vectors [Q, k]; likewise of products.
    Raises: EmptorError for a width that the heads do not divide, and for more tokens than it takes.

    Start: queries and texts have the same weights and begin as the sum of their words (see TextNet), so that a word
    that both have brings them together before anything is learnt. So do pictures that are named (see NamedNet).
    `image_start`: what a fusion should give a picture to begin with, beside 1 for its text: little where it has to be
    learnt first what pictures show.

    Source: DPSR and SMAR (see there) have separate encoders; sharing the token table is our default.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> towers = Towers(spec, vector=8)
        >>> towers.query_vector(towers.of_query(batch.query)).shape
        torch.Size([4, 8])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        text: bool = True,
        image: bool = True,
        tokens_only: bool = False,
        width: int = 64,
        heads: int = 4,
        layers: int = 1,
        vector: int = 64,
        query_tokens: int = 8,
        text_tokens: int = 24,
        dropout: float = 0.1,
        share_tokens: bool = True,
        share_encoders: bool = False,
    ) -> None:
        super().__init__()
        if tokens_only and share_encoders:
            raise EmptorError("share_encoders: this network has no encoder of texts alone; leave it False")
        self.spec, self.width, self.heads, self.dropout, self.vector = spec, width, heads, dropout, vector
        self.longest = {"query": query_tokens, "text": text_tokens}
        item_layers = 0 if tokens_only else layers

        def words(length: int, depth: int, fields: int) -> TextNet:
            return TextNet(
                spec.words,
                width=width,
                layers=depth,
                heads=heads,
                length=length,
                segments=fields,
                dropout=dropout,
            )

        together = text and share_encoders
        # a query is a field of its own, behind those of texts where they share an encoder
        self.query_field = spec.segments if together else 0
        longest = max(query_tokens, text_tokens) if together else query_tokens
        self.query = words(longest, layers, self.query_field + 1)
        self.query_out = nn.Linear(width, vector)
        nn.init.orthogonal_(self.query_out.weight)
        nn.init.zeros_(self.query_out.bias)
        self.image_start = _NAMED if spec.names else _UNNAMED
        if text:
            self.text = self.query if together else words(text_tokens, item_layers, spec.segments)
            if not together:
                begin_alike(self.text.blocks, self.query.blocks)
            if share_tokens:
                self.text.of_piece = self.query.of_piece
        if image:
            self.image: ImageNet | NamedNet | BackboneNet
            if spec.side is not None:
                self.image = ImageNet(width=width, side=spec.side, layers=item_layers, heads=heads)
            elif spec.names:
                self.image = NamedNet(
                    spec.values or 0, spec.names, width=width, layers=item_layers, heads=heads, dropout=dropout
                )
            else:
                self.image = BackboneNet(
                    spec.values or 0, width=width, layers=item_layers, heads=heads, dropout=dropout
                )
        if text and not tokens_only:
            self.text_out = self.query_out if together else out_as(self.query_out)
        if image and not tokens_only:
            self.image_out = out_as(self.query_out) if spec.names else nn.Linear(width, vector)

    def of_query(self, ids: torch.Tensor) -> torch.Tensor:
        """ids [Q, n_q] -> states [Q, n_q, d]."""
        ids = self._fitting("query", ids)
        states: torch.Tensor = self.query(ids, torch.full_like(ids, self.query_field))
        return states

    def of_text(self, batch: ProductBatch) -> Words:
        """States of the texts; of a product without one, those of CLS alone."""
        ids = self._fitting("text", batch.text)
        mask = where(batch.has_text, ids > 0, torch.arange(ids.shape[1], device=ids.device) == 0)
        return Words(self.text(ids * mask, batch.segments), mask)

    def of_image(self, batch: ProductBatch) -> torch.Tensor:
        """States [P, 1 + n, d] of the pictures; those of an empty one where there is none."""
        pictures = where(batch.has_image, batch.pictures)
        states: torch.Tensor = (
            self.image(pictures, self.query.of_piece.weight)
            if isinstance(self.image, NamedNet)
            else self.image(pictures)
        )
        return states

    def query_vector(self, states: torch.Tensor) -> torch.Tensor:
        return unit(self.query_out(states[:, 0]))

    def text_vector(self, states: torch.Tensor) -> torch.Tensor:
        return unit(self.text_out(states[:, 0]))

    def image_vector(self, states: torch.Tensor) -> torch.Tensor:
        return unit(self.image_out(states[:, 0]))

    def _fitting(self, which: str, ids: torch.Tensor) -> torch.Tensor:
        if ids.shape[1] > self.longest[which]:
            raise EmptorError(
                f"{which}: {ids.shape[1]} tokens, the network takes {self.longest[which]}; cut them, or set "
                f"{which}_tokens higher"
            )
        return ids
