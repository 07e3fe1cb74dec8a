"""One small network over user, product and crosses: more than towers can say, and as much dearer."""

from __future__ import annotations

from itertools import pairwise

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
    """Groups of features, each weighed as a whole by a gate over them all, into one network that scores every candidate
    anew.

    Trained on what was shown alone. Nothing of it can be made before a request comes.

    Args:
        spec: see rank.models.InputSpec. width: D of products. word_width: of queries. hidden: widths of the network.
        purchase: see Towers.

    Source: Wang et al., COLD: Towards the Next Generation of Pre-Ranking System (2020): squeeze-and-excitation over
        groups of features. Which groups stay is chosen by hand there; here all do.

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> COLD(spec)(batch.asked).shape
        torch.Size([3, 8])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        width: int = 24,
        word_width: int = 16,
        hidden: tuple[int, ...] = (64, 32),
        purchase: float = 1.0,
    ) -> None:
        super().__init__()
        self.purchase = purchase
        self.features = FeatureNet(spec, history="mean", width=width, word_width=word_width)
        # as FeatureNet joins them: product, taste, both, how alike they are, numbers, the request's, its query
        self.groups = (width, width, width, 1, spec.numeric, spec.context + 1, word_width)
        assert sum(self.groups) == self.features.size
        self.gate = nn.Linear(len(self.groups), len(self.groups))
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)
        layers: list[nn.Module] = []
        for before, after in pairwise((self.features.size, *hidden)):
            layers += [nn.Linear(before, after), nn.ReLU()]
        last = nn.Linear((self.features.size, *hidden)[-1], TASKS)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([-3.0, -6.0]))  # clicks are rare, purchases more so
        self.head = nn.Sequential(*layers, last)

    def logits(self, batch: RankBatch) -> torch.Tensor:
        """[B, N, 2], of click and purchase."""
        joined = self.features(batch).joined
        parts = joined.split(self.groups, dim=1)
        squeezed = torch.stack([part.mean(1) for part in parts], 1)
        weight = 2 * self.gate(squeezed).sigmoid()
        gated = torch.cat([part * weight[:, at, None] for at, part in enumerate(parts)], 1)
        return spread(self.head(gated), batch.mask)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        logits = self.logits(batch)
        return logits[..., 0] + self.purchase * logits[..., 1]

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        return {"loss": response_loss(self.logits(batch.asked), batch.level)}
