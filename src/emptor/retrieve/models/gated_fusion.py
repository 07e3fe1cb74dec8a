"""Text and picture fused by a gate over the product itself, state by state."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.retrieve.models.fused import Fused, FusedOptions
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.models.layers import mostly, out_as, unit, where
from emptor.retrieve.models.towers import Words


class GatedFusion(Fused):
    """S = unit(W_o (g h_t + (1 - g) h_i)), g = sigmoid(W [h_t ; h_i]), one number for each place of the state.

    The gate sees the product, never the query: unlike SMAR's, it is the same whoever asks. Where a side is missing, g
    is 1 or 0. At the start it is the same of all products, and mostly for their text.

    Args: spec: see InputSpec. fused: see Fused.
    Shapes: RetrievalBatch -> Output.

    Source: Arevalo et al., Gated Multimodal Units for Information Fusion (ICLR workshop 2017), without the tanh.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> GatedFusion(spec)(batch).scores.shape
        torch.Size([4, 4])
    """

    def __init__(self, spec: InputSpec, **fused: Unpack[FusedOptions]) -> None:
        super().__init__(spec, **fused)
        self.of_both = nn.Linear(2 * self.towers.width, self.towers.width)
        self.out = out_as(self.towers.text_out)
        nn.init.zeros_(self.of_both.weight)
        nn.init.constant_(self.of_both.bias, mostly(self.towers.image_start))

    def fuse(self, text: Words, image: torch.Tensor, has_text: torch.Tensor, has_image: torch.Tensor) -> torch.Tensor:
        of_text, of_image = text.states[:, 0], image[:, 0]
        gate = self.of_both(torch.cat([of_text, of_image], -1)).sigmoid()
        gate = where(has_text, where(has_image, gate, torch.ones_like(gate)))
        return unit(self.out(gate * of_text + (1 - gate) * of_image))
