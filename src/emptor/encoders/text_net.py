"""A small transformer over the sub-words of a query or of a product."""

from __future__ import annotations

import torch
from torch import nn

from emptor.encoders.transformer import Block
from emptor.errors import EmptorError


class TextNet(nn.Module):
    """States of a text's pieces; the first is [CLS] and stands for the whole.

    Args:
        size: ids of the tokenizer. width: D of the states. layers: blocks. heads: of attention. length: pieces at most.
        segments: fields that `Tokenizer.encode_fields` may tell apart. dropout: of embeddings and of what blocks add.

    Shapes: ids [B, L] int64, 0 is padding; segments [B, L] int64, or None where there are no fields -> [B, L, D], 0 at
    padding.

    Start: embeddings of pieces are about one long, normal with 1 / sqrt(D), that of padding is 0 and stays; places and
    fields start at a fifth of that: in the beginning a text is its words, and order has to be learnt. For blocks, see
    Block.

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
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads=heads, layers=layers, dropout=dropout) for _ in range(layers))
        self.last = nn.LayerNorm(width)
        sd = width**-0.5
        for table, share in ((self.of_piece, 1.0), (self.of_place, 0.2), (self.of_segment, 0.2)):
            nn.init.normal_(table.weight, std=share * sd)
        with torch.no_grad():
            self.of_piece.weight[0] = 0

    def forward(self, ids: torch.Tensor, segments: torch.Tensor | None = None) -> torch.Tensor:
        if ids.shape[1] > self.length:
            raise EmptorError(f"TextNet: texts of {ids.shape[1]} pieces, expected at most {self.length}")
        there = ids > 0
        states = self.of_piece(ids) + self.of_place.weight[: ids.shape[1]]
        if segments is not None:
            states = states + self.of_segment(segments)
        states = self.dropout(states)
        for block in self.blocks:
            states = block(states, there)
        last: torch.Tensor = self.last(states)
        return last * there.unsqueeze(-1)
