"""Products of a list as vectors, each by itself: what a ranker knows of it, its score so far, its text and picture."""

from __future__ import annotations

from typing import TypedDict

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rank.models.features import FeatureNet, Features
from emptor.rank.models.layers import spread
from emptor.rerank.models.inputs import ListSpec, RerankBatch

SIDES = ("none", "text", "image", "both")


class ItemOptions(TypedDict, total=False):
    """Options of ItemNet that a network passes on as they are."""

    sides: str
    side_width: int
    history: str
    crosses: bool


class ItemNet(nn.Module):
    """What is known of each product of a list, standardised; nothing of its neighbours or its place.

    Every network begins with it, so that a comparison is one of what they make of the list.

    Args:
        spec: see ListSpec. sides: which of text and picture are joined, each by a linear map of its own. side_width: of
            a mapped side. history, crosses: see rank.models.features.FeatureNet.

    Shapes: RerankBatch -> (vectors [B, N, S], 0 where nothing is; Features of the ranker's part). `size` is S.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> net = ItemNet(spec)
        >>> net(batch)[0].shape == (*batch.mask.shape, net.size)
        True
    """

    def __init__(
        self,
        spec: ListSpec,
        *,
        sides: str = "both",
        side_width: int = 16,
        history: str = "mean",
        crosses: bool = True,
    ) -> None:
        super().__init__()
        one_of("sides", sides, SIDES)
        self.ranked = FeatureNet(spec.products, history=history, crosses=crosses)
        used = {"none": (), "text": ("text",), "image": ("image",), "both": ("text", "image")}[sides]
        widths = {"text": spec.text, "image": spec.image}
        self.maps = nn.ModuleDict({name: nn.Linear(widths[name], side_width, bias=False) for name in used})
        self.size = self.ranked.size + 1 + side_width * len(used)

    def forward(self, batch: RerankBatch) -> tuple[torch.Tensor, Features]:
        features: Features = self.ranked(batch.asked)
        parts = [spread(features.joined, batch.mask), batch.score.unsqueeze(-1)]
        parts += [own(getattr(batch.sides, name)) for name, own in self.maps.items()]
        return torch.cat(parts, -1) * batch.mask.unsqueeze(-1), features
