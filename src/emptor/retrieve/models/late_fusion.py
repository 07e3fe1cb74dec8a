"""Text and picture fused at the end: a weighted sum of their vectors, or a small network over their states."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.retrieve.models.fused import Fused, FusedOptions
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.models.layers import mostly, out_as, unit, where
from emptor.retrieve.models.towers import Words

FUSIONS = ("sum", "mlp")


class LateFusion(Fused):
    """The towers do not see each other before their last state.

    Args:
        spec: see InputSpec.
        fusion: "sum": unit(w S_t + (1 - w) S_i) with one learnt w, first mostly of the text; where a side is missing,
            the other. "mlp": unit(W_t h_t + W_i h_i + MLP([h_t ; h_i])) with one hidden layer, 0 in the place of a
            missing side; the W begin as the maps of the towers, the picture's counting less, and the rest with nothing:
            without them a small log would not teach what a word is.
        fused: see Fused.

    Shapes: RetrievalBatch -> Output.
    Raises: EmptorError for an unknown fusion.

    Source: common practice. "mlp" as the three-tower model of arXiv 2501.07365 is described, from other encoders.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> LateFusion(spec, fusion="mlp")(batch).scores.shape
        torch.Size([4, 4])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        fusion: str = "sum",
        **fused: Unpack[FusedOptions],
    ) -> None:
        super().__init__(spec, **fused)
        self.fusion = one_of("fusion", fusion, FUSIONS)
        width = self.towers.width
        if fusion == "sum":
            self.text_weight = nn.Parameter(torch.tensor(mostly(self.towers.image_start)))  # before its sigmoid
        else:
            self.of_text, self.of_image = out_as(self.towers.text_out), out_as(self.towers.image_out)
            with torch.no_grad():
                self.of_image.weight.mul_(self.towers.image_start)
            self.mlp = nn.Sequential(
                nn.Linear(2 * width, 2 * width), nn.GELU(), nn.Linear(2 * width, self.towers.vector)
            )
            for values in self.mlp[-1].parameters():
                nn.init.zeros_(values)

    def fuse(self, text: Words, image: torch.Tensor, has_text: torch.Tensor, has_image: torch.Tensor) -> torch.Tensor:
        if self.fusion == "mlp":
            sides = where(has_text, text.states[:, 0]), where(has_image, image[:, 0])
            own = where(has_image, self.of_image(sides[1]))
            return unit(self.of_text(sides[0]) + own + self.mlp(torch.cat(sides, -1)))
        weight = self.text_weight.sigmoid()
        sides = self.towers.text_vector(text.states), self.towers.image_vector(image)
        return unit(where(has_text, weight * sides[0]) + where(has_image, (1 - weight) * sides[1]))
