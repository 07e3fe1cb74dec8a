"""One small network over user, product and crosses: more than towers can say, and as much dearer."""

from __future__ import annotations

import torch
from torch import nn

from emptor.prerank.models.inputs import PrerankBatch
from emptor.prerank.models.losses import response_loss
from emptor.prerank.models.preranker import Preranker
from emptor.prerank.models.towers import TASKS
from emptor.rank.models.features import FeatureNet
from emptor.rank.models.inputs import InputSpec, RankBatch
from emptor.rank.models.layers import spread


class COLD(Preranker):
    """Groups of features, each weighed by a gate over them all, into one network that scores every candidate anew.

    Trained on what was shown alone. Nothing of it can be made before a request comes.

    Args:
        spec: see rank.models.InputSpec. width: D of products. hidden: widths of the network. purchase: see Towers.

    Source: Wang et al., COLD: Towards the Next Generation of Pre-Ranking System (2020): squeeze-and-excitation over
        groups of features. Which groups stay is chosen by hand there; here all do.

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> COLD(spec)(batch.asked).shape
        torch.Size([3, 8])
    """

    def __init__(
        self, spec: InputSpec, *, width: int = 24, hidden: tuple[int, ...] = (64, 32), purchase: float = 1.0
    ) -> None:
        super().__init__()
        self.purchase = purchase
        self.features = FeatureNet(spec, history="mean", width=width)
        self.gate = nn.Linear(self.features.size, self.features.size)
        layers: list[nn.Module] = []
        size = self.features.size
        for own in hidden:
            layers += [nn.Linear(size, own), nn.ReLU()]
            size = own
        last = nn.Linear(size, TASKS)
        self.head = nn.Sequential(*layers, last)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([-3.0, -6.0]))  # clicks are rare, purchases more so
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def logits(self, batch: RankBatch) -> torch.Tensor:
        """[B, N, 2], of click and purchase."""
        joined = self.features(batch).joined
        return spread(self.head(joined * 2 * self.gate(joined).sigmoid()), batch.mask)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        logits = self.logits(batch)
        return logits[..., 0] + self.purchase * logits[..., 1]

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        return {"loss": response_loss(self.logits(batch.asked), batch.level)}
