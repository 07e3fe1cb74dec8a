"""The settings that come with the package; apart from the tests that make the market small."""

from __future__ import annotations

import json
from pathlib import Path

from emptor.reproduce.method import method
from emptor.reproduce.preranking.datasets import dataset
from emptor.reproduce.preranking.prerankers import CHOSEN
from emptor.reproduce.preranking.tuning import grid


def test_what_comes_with_the_package_is_the_best_that_was_tried(tmp_path: Path) -> None:
    whole = dataset("market", work=tmp_path)
    file = Path(__file__).parents[3] / "docs" / "results" / "hccp_market" / "tries.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {(row["seed"], row["size"]) for row in rows} == {(whole.tuning, whole.tuning_size)}
    chosen = method("hccp").tuned("market")
    for model in CHOSEN:
        tried = [json.loads(json.dumps([one.training, one.network])) for one in grid(model, whole.training)]
        own = {json.dumps(row["choice"]): row["kept"] for row in rows if row["model"] == model}
        assert [[*json.loads(choice).values()] for choice in own] == tried
        best = json.loads(max(own, key=lambda choice: own[choice]))
        assert [best["training"], best["network"]] == [chosen[model].training, chosen[model].network]
