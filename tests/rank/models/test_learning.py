"""Whether networks find what is there to be found: taste that only the history tells."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from sklearn.metrics import roc_auc_score

from emptor.rank.models import RankBatch, build
from emptor.rank.models.example import example
from emptor.rank.models.loss import ranking_loss


def tasteful(requests: int, seed: int) -> tuple[RankBatch, torch.Tensor]:
    """Requests whose clicks depend on a candidate's numbers times the mean of the history's, and on nothing else."""
    _, batch = example(requests, candidates=8, behaviours=6, seed=seed)
    chance = torch.Generator().manual_seed(seed)
    past = batch.past_own + 1.5 * torch.randn(requests, 1, 3, generator=chance)
    past = past * batch.there[..., None]
    taste = past.sum(1, keepdim=True) / batch.there.sum(1)[:, None, None]
    liking = 2 * (batch.own * taste).sum(-1)
    click = torch.rand(liking.shape, generator=chance) < liking.sigmoid()
    return replace(batch, past_own=past), torch.stack([click, click], -1).float()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("lr", 0.4, 0.6),
        ("dnn_no_history", 0.4, 0.6),
        ("lr_crosses", 0.65, 1),
        ("dnn", 0.65, 1),
        ("din", 0.65, 1),
        ("awmoe", 0.65, 1),
    ],
)
def test_taste_is_learnt_by_those_who_see_the_history(name: str, low: float, high: float) -> None:
    spec, _ = example()
    net = build(name, spec)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    batch, labels = tasteful(512, seed=1)
    for _ in range(4):
        for at in torch.randperm(512).split(64):
            own = RankBatch(**{part: values[at] for part, values in vars(batch).items()})
            loss = ranking_loss(net(own), labels[at], own.mask)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    batch, labels = tasteful(200, seed=2)
    with torch.no_grad():
        scores = net.eval()(batch)[batch.mask][:, 0]
    auc = roc_auc_score(labels[batch.mask][:, 0], scores)
    assert low < auc < high, auc
