"""Gates by segment: a gate that tells segments apart is seen to, one that does not is not."""

from __future__ import annotations

import numpy as np
import torch

from emptor.rank.models import build
from emptor.rank.models.awmoe import AWMoE
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.gates import chart, gates


def test_a_gate_that_knows_segments_differs_between_them_by_more_than_chance(data: RankingData) -> None:
    torch.manual_seed(0)
    net = build("awmoe", data.inputs)
    assert isinstance(net, AWMoE)
    asked = data.tested.asked
    # segments by what a user did last, which an untrained gate already tells apart
    kind = (asked.action[:, 0] > 1).astype(np.int64)
    columns = {"segment": kind, "surest segment": np.ones(len(asked))}
    told = RankingData(**{**data.__dict__, "columns": columns})
    found = gates(net, told, seed=1)
    assert np.shape(found["segments"]) == (2, 4) and sum(found["pages"]) > 50
    assert np.mean(found["between"]) > 2 * np.mean(found["chance"])
    with torch.no_grad():
        for weight in net.sequence_gate.out.parameters():
            weight.zero_()
    still = gates(net, told, seed=1)
    assert max(still["between"]) < 1e-6 and max(still["spread"]) < 1e-6
    assert "NaN" not in chart(still)
