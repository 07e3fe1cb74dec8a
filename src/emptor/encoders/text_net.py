"""A small transformer over the sub-words of a query or of a product."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from emptor.encoders.tokens import SEP
from emptor.encoders.transformer import Block
from emptor.errors import EmptorError

_START = 0.25
"""Length of a piece's embedding at the start. Only its direction counts, and the shorter it is, the faster it turns."""
_STEEP = 4.0
"""What a piece's weight is multiplied by before its exponential: weights of rare words must get far in few steps."""
_MOST = 6.0


class TextNet(nn.Module):
    """States of a text's pieces; the first is [CLS] and stands for the whole.

    To [CLS] goes the weighted sum of all pieces before anything else, sqrt(D) long, with a weight for each piece that
    is learnt, and one for its field. The blocks add what order and neighbours say: a network need not learn
    to read its own words before it learns anything else.

    Args:
        size: ids of the tokenizer. width: D of the states. layers: blocks. heads: of attention. length: pieces at most.
        segments: fields that `Tokenizer.encode_fields` may tell apart. dropout: of embeddings and of what blocks add.

    Shapes: ids [B, L] int64, 0 is padding; segments [B, L] int64, or None where there are no fields -> [B, L, D], 0 at
    padding.

    Start: embeddings of pieces are normal, about 0.25 long, that of padding is 0 and stays; places and fields start at
    a fifth of that. All pieces weigh the same and the blocks are quiet: in the beginning a text is its words.

    Raises: EmptorError for a text longer than `length`, and for heads that do not divide the width.

    Example:
        >>> TextNet(100)(torch.tensor([[1, 7, 9, 0]])).shape
        torch.Size([1, 4, 64])
    """

    def __init__(
        self,
        size: int,
        *,
        width: int = 64,
        layers: int = 1,
        heads: int = 4,
        length: int = 64,
        segments: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.width, self.length = width, length
        self.of_piece = nn.Embedding(size, width, padding_idx=0)
        self.of_place = nn.Embedding(length, width)
        self.of_segment = nn.Embedding(segments, width)
        self.weight_of_piece = nn.Embedding(size, 1)
        self.weight_of_segment = nn.Embedding(segments, 1)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width, heads=heads, layers=layers, dropout=dropout, quiet=True) for _ in range(layers)
        )
        self.last = nn.LayerNorm(width)
        sd = _START * width**-0.5
        for table, share in ((self.of_piece, 1.0), (self.of_place, 0.2), (self.of_segment, 0.2)):
            nn.init.normal_(table.weight, std=share * sd)
        with torch.no_grad():
            self.of_piece.weight[0] = 0
        for weights in (self.weight_of_piece, self.weight_of_segment):
            nn.init.zeros_(weights.weight)

    def forward(self, ids: torch.Tensor, segments: torch.Tensor | None = None) -> torch.Tensor:
        if ids.shape[1] > self.length:
            raise EmptorError(f"TextNet: texts of {ids.shape[1]} pieces, expected at most {self.length}")
        there = ids > 0
        pieces = self.of_piece(ids)
        states = pieces + self.of_place.weight[: ids.shape[1]]
        if segments is not None:
            states = states + self.of_segment(segments)
        states = torch.cat([states[:, :1] + self._sum(ids, segments, pieces).unsqueeze(1), states[:, 1:]], 1)
        states = self.dropout(states)
        for block in self.blocks:
            states = block(states, there)
        last: torch.Tensor = self.last(states)
        return last * there.unsqueeze(-1)

    def _sum(self, ids: torch.Tensor, segments: torch.Tensor | None, pieces: torch.Tensor) -> torch.Tensor:
        """ids [B, L] and their embeddings [B, L, D] -> [B, D], sqrt(D) long; 0 of a text without a piece."""
        logs = self.weight_of_piece(ids)
        if segments is not None:
            logs = logs + self.weight_of_segment(segments)
        weights = (_STEEP * logs).clamp(-_MOST, _MOST).exp() * (ids > SEP).unsqueeze(-1)
        return functional.normalize((weights * pieces).sum(1), dim=1) * self.width**0.5
