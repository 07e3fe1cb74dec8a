"""Text and picture fused from the beginning: one transformer over the tokens of both."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.encoders.transformer import Block
from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import begin_alike, dropped, out_as, share, unit, where
from emptor.retrieve.models.retriever import Products, Retriever
from emptor.retrieve.models.towers import TowerOptions, Towers


class Concatenation(Retriever):
    """Embedded tokens of the text, then those of the picture, in one sequence; the vector is of the text's CLS, which
    begins with what stands for the picture beside it, as in the other fusions.

    Args:
        spec: see InputSpec. joint_layers: of the transformer over both. image_dropout: see Fused.
        towers: see Towers; layers is of the query's encoder.

    Shapes: RetrievalBatch -> Output.
    Raises: EmptorError for an image_dropout that is no share, or share_encoders.

    Source: "early fusion" of the field, as in He et al., Que2Engage (WWW 2023), from other encoders.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> Concatenation(spec)(batch).scores.shape
        torch.Size([4, 4])
    """

    def __init__(
        self, spec: InputSpec, *, joint_layers: int = 2, image_dropout: float = 0.1, **towers: Unpack[TowerOptions]
    ) -> None:
        super().__init__(Towers(spec, tokens_only=True, **towers), weights={"both": 1.0})
        self.image_dropout = share("image_dropout", image_dropout)
        own = self.towers
        # which side a token is of: those of pictures are maps of pixels or features, in a space of their own
        self.side = nn.Parameter(0.02 * torch.randn(2, own.width))
        self.blocks = nn.ModuleList(
            Block(own.width, heads=own.heads, layers=joint_layers, dropout=own.dropout) for _ in range(joint_layers)
        )
        self.last = nn.LayerNorm(own.width)
        self.out = out_as(own.query_out)
        begin_alike(self.blocks, own.query.blocks)

    def products(self, batch: ProductBatch) -> Products:
        own = self.towers
        text, image = own.of_text(batch), own.of_image(batch)
        shown = dropped(batch.has_image, batch.has_text, self.image_dropout, training=self.training)
        words = text.states
        both = words[:, 0] + where(shown, own.image_start * image[:, 0])
        words = torch.cat([both.unsqueeze(1), words[:, 1:]], 1)
        states = torch.cat([words + self.side[0], image + self.side[1]], 1)
        mask = torch.cat([text.mask, shown.unsqueeze(1).expand(image.shape[:2])], 1)
        for block in self.blocks:
            states = block(states, mask)
        both = unit(self.out(self.last(states[:, 0])))
        return Products(text=None, image=None, both=where(batch.there, both), there=batch.there, lacks=batch.lacks)
