"""A product that lacks a side stands where it would stand with both, as far as cosines go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emptor.retrieve.levels import measure
from emptor.retrieve.models.registry import build
from emptor.retrieve.samples import Pairs, Source
from emptor.retrieve.train import RetrievalOptions, train_network
from tests.retrieve.stalls import stalls, without_pictures

QUICK = RetrievalOptions(epochs=6, second=1, batch=36, lr=4e-3, seed=2)
SMALL = {"width": 32, "vector": 32, "dropout": 0.0}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@torch.no_grad()
def cosines(net: torch.nn.Module, source: Source, pairs: Pairs) -> list[float]:
    """Of queries with what was chosen, as the network is served: whole, without pictures, without texts."""
    batch = source.batch(pairs, np.arange(len(pairs)), extra=np.zeros(0, np.int64))
    nobody = torch.zeros_like(batch.has_text)
    query = net.query(batch.query).vector  # type: ignore[operator]
    return [
        float((query * net.parts(net.products(own))[0][batch.target]).sum(1).mean())  # type: ignore[operator]
        for own in (batch, replace(batch, has_image=nobody), replace(batch, has_text=nobody))
    ]


def test_what_lacks_a_side_is_brought_to_the_level_of_the_others(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    learnt = pairs.of(~pairs.validated)
    spec = source.listings.spec(tokenizer)
    net = train_network(source, pairs, spec, model="late_sum", network=SMALL, options=QUICK).net
    assert float(net.levels[0, 0]) == 1 and (net.levels[0, 1:] > 1.02).all()
    whole, *lacking = cosines(net, source, learnt)
    assert lacking == pytest.approx([whole, whole], rel=1e-4)
    net.levels.fill_(1)
    assert max(cosines(net, source, learnt)[1:]) < whole


def test_without_two_sides_there_is_nothing_to_level(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    spec = source.listings.spec(tokenizer)
    words = build("text_only", spec, **SMALL)
    measure(words, source, pairs, seed=1)
    fused = build("smar", spec, **SMALL)
    measure(fused, replace(source, listings=without_pictures(source.listings)), pairs, seed=1)
    assert (words.levels == 1).all() and (fused.levels == 1).all()
