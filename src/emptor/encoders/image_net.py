"""A small network over pictures: cheap enough to be trained on a shop's own pictures without an accelerator."""

from __future__ import annotations

import torch
from torch import nn

from emptor.encoders.transformer import Block
from emptor.errors import EmptorError

_STRIDE = 16
"""Pixels between the middles of two tokens."""


class ImageNet(nn.Module):
    """States of a picture: the first is learnt to stand for the whole, then one for every 16 x 16 pixels, row by row.

    Three convolutions with strides 4, 2, 2 whose windows overlap, then blocks of a transformer. For one picture of 64
    pixels and the defaults 3.4 million multiply-adds: 2.5 in the convolutions, 0.9 in the block.

    Args:
        width: D of the states. side: of the pictures, in pixels; a multiple of 16. layers: blocks. heads: of attention.

    Shapes: pixels [B, 3, side, side], uint8 or float in 0..1 -> [B, 1 + n, D]; n = (side / 16)^2 is 16 for 64
    pixels and 64 for 128.

    Start: convolutions by He et al. (normal, biases 0); their result is normed to a variance of 1, places start normal
    with 0.2, and the first state with 1. Blocks: see Block.

    Raises: EmptorError for another side of pictures than its own, and for one that is no multiple of 16.

    Source: convolutions in the place of patches after Xiao et al. (NeurIPS 2021); theirs are more and 3 x 3.

    Example:
        >>> ImageNet()(torch.zeros(2, 3, 64, 64, dtype=torch.uint8)).shape
        torch.Size([2, 17, 64])
    """

    def __init__(self, *, width: int = 64, side: int = 64, layers: int = 1, heads: int = 4) -> None:
        super().__init__()
        if side < _STRIDE or side % _STRIDE:
            raise EmptorError(f"ImageNet: pictures of side {side}, expected a multiple of {_STRIDE}")
        self.width, self.side, self.tokens = width, side, 1 + (side // _STRIDE) ** 2
        first, second = max(width // 2, 1), max(3 * width // 4, 1)
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 7, stride=4, padding=3),
            nn.ReLU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(second, width, 3, stride=2, padding=1),
        )
        self.after_stem = nn.LayerNorm(width)
        self.whole = nn.Parameter(torch.empty(width))
        self.of_place = nn.Parameter(torch.empty(self.tokens, width))
        self.blocks = nn.ModuleList(Block(width, heads=heads, layers=layers) for _ in range(layers))
        self.last = nn.LayerNorm(width)
        for layer in self.stem:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.whole)
        nn.init.normal_(self.of_place, std=0.2)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        if pixels.shape[1:] != (3, self.side, self.side):
            found = " x ".join(map(str, pixels.shape[1:]))
            raise EmptorError(f"ImageNet: pictures of {found}, expected 3 x {self.side} x {self.side}")
        light = pixels / 127.5 - 1 if pixels.dtype == torch.uint8 else pixels * 2 - 1
        patches = self.after_stem(self.stem(light).flatten(2).transpose(1, 2))
        whole = self.whole.expand(len(patches), 1, -1)
        states = torch.cat([whole, patches], 1) + self.of_place
        for block in self.blocks:
            states = block(states)
        last: torch.Tensor = self.last(states)
        return last
