"""How text and picture become one vector by cross attention.

Shapes: P products, n_t text tokens, 1 + n image tokens, d width.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from emptor.encoders.transformer import Attention
from emptor.retrieve.models.layers import out_as, where


class FusionBlock(nn.Module):
    """One step of asking: self attention, cross attention to the other side, feed-forward, each added and normalised.

    Args:
        width: d. heads: of both attentions. dropout: of what each part adds. start: what the other side counts at the
            start, beside 1 for the own.

    Shapes: asking [P, n, d], own [P, n] bool, answering [P, m, d], answers [P, m] bool -> [P, n, d]. False is padding,
    and is not looked at; where a row of `answers` is all False, nothing comes in from that side.

    Start: only the mean of the other side's states is added, times `start`; what is asked of it is learnt.

    Example:
        >>> block, asking, answering = FusionBlock(8, heads=2).eval(), torch.randn(1, 3, 8), torch.randn(1, 2, 8)
        >>> own, nobody = torch.ones(1, 3, dtype=torch.bool), torch.zeros(1, 2, dtype=torch.bool)
        >>> torch.equal(block(asking, own, answering, nobody), block(asking, own, -answering, nobody))
        True
    """

    def __init__(self, width: int, *, heads: int, dropout: float = 0.1, start: float = 0.0) -> None:
        super().__init__()
        self.to_itself, self.to_other = (Attention(width, heads=heads, start=own) for own in (0.0, start))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.after_itself, self.after_other, self.after_inner = (nn.LayerNorm(width) for _ in range(3))
        self.dropout = nn.Dropout(dropout)
        for values in self.down.parameters():
            nn.init.zeros_(values)

    def forward(
        self, asking: torch.Tensor, own: torch.Tensor, answering: torch.Tensor, answers: torch.Tensor
    ) -> torch.Tensor:
        states = self.after_itself(asking + self.dropout(self.to_itself(asking, there=own)))
        states = self.after_other(states + self.dropout(self.to_other(states, answering, answers)))
        inner = self.down(functional.gelu(self.up(states)))
        out: torch.Tensor = self.after_inner(states + self.dropout(inner))
        return out


class CrossAttention(nn.Module):
    """Text asks, image answers: the picture is a supplement, so a product without one keeps a vector of its text.

    Args:
        width: d. heads, dropout: see FusionBlock. layers: L_m. start: what the picture counts at the start, in the
            first layer. out: d -> k; as it is that of texts, a product begins as its text with a little of its picture.

    Shapes: text [P, n_t, d], words [P, n_t] bool (False is padding), image [P, 1 + n, d], has_image [P] bool -> [P, k],
    not yet of length one.

    Source: see SMAR. The direction and the order of the parts are ours, the direction that of ALBEF.
    """

    def __init__(
        self, width: int, *, heads: int, layers: int, out: nn.Linear, start: float, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.blocks = _stacked(width, heads=heads, layers=layers, dropout=dropout, start=start)
        self.out = out_as(out)

    def forward(
        self, text: torch.Tensor, words: torch.Tensor, image: torch.Tensor, has_image: torch.Tensor
    ) -> torch.Tensor:
        answers = has_image.unsqueeze(1).expand(image.shape[:2])
        for block in self.blocks:
            text = block(text, words, image, answers)
        out: torch.Tensor = self.out(text[:, 0])
        return out


class CoAttention(nn.Module):
    """Both sides ask: text the image and image the text, at the same time; the two CLS states are mapped together.

    Args and shapes: as CrossAttention. An image that is not there asks nothing, its state counts 0.

    Source: an ablation of ours, after Lu et al., ViLBERT (NeurIPS 2019), whose co-attentional layers look like this.
    """

    def __init__(
        self, width: int, *, heads: int, layers: int, out: nn.Linear, start: float, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.of_text = _stacked(width, heads=heads, layers=layers, dropout=dropout, start=start)
        self.of_image = _stacked(width, heads=heads, layers=layers, dropout=dropout, start=0.0)
        self.out = out_as(out, beside=width)

    def forward(
        self, text: torch.Tensor, words: torch.Tensor, image: torch.Tensor, has_image: torch.Tensor
    ) -> torch.Tensor:
        patches = has_image.unsqueeze(1).expand(image.shape[:2])
        everything = torch.ones_like(patches)
        for of_text, of_image in zip(self.of_text, self.of_image, strict=True):
            text, image = of_text(text, words, image, patches), of_image(image, everything, text, words)
        out: torch.Tensor = self.out(torch.cat([text[:, 0], where(has_image, image[:, 0])], -1))
        return out


def _stacked(width: int, *, heads: int, layers: int, dropout: float, start: float) -> nn.ModuleList:
    """Blocks of which only the first gives the other side something at the start."""
    return nn.ModuleList(
        FusionBlock(width, heads=heads, dropout=dropout, start=0.0 if at else start) for at in range(layers)
    )
