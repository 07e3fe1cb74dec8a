"""Retrieval in two stages: what no title tells is found by the picture, and only by a network that sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from emptor.errors import EmptorError
from emptor.retrieve.quality import product_vectors, query_vectors, recalls
from emptor.retrieve.samples import pairs_of
from emptor.retrieve.train import RetrievalOptions, train_network
from tests.retrieve.stalls import COLOURS, KINDS, stalls

OPTIONS = RetrievalOptions(epochs=60, second=3, batch=36, lr=4e-3, patience=60, untold=0.0)
SMALL = {"width": 32, "vector": 32, "dropout": 0.0}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_the_picture_finds_what_no_title_tells(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    spec = source.listings.spec(tokenizer)
    found = {
        name: train_network(source, pairs, spec, model=name, network=SMALL, options=OPTIONS)
        for name in ("text_only", "smar")
    }
    pool = np.arange(len(source.listings))
    recall = {name: recalls(own.net, source, pairs, depths=[6], pool=pool)["recall@6"] for name, own in found.items()}
    # by words alone 18 products are alike, of which 3 are wanted
    assert recall["text_only"] < 0.45 < 0.75 < recall["smar"]
    assert {"recall@50", "first stage: recall@50"} <= found["smar"].metrics.keys()
    told = found["smar"].history[-1]["losses"]
    assert {"served", "gate", "p_mean", "p_std"} <= told.keys()


def test_the_same_seed_is_the_same_network_and_a_stage_can_be_left_out(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    spec = source.listings.spec(tokenizer)
    quick = OPTIONS.model_copy(update={"epochs": 1, "second": 1})
    first, again = (train_network(source, pairs, spec, network=SMALL, options=quick) for _ in range(2))
    for name, weight in first.net.state_dict().items():
        assert torch.equal(weight, again.net.state_dict()[name]), name
    alone = train_network(source, pairs, spec, network=SMALL, options=quick.model_copy(update={"second": 0}))
    assert "first stage: recall@50" in alone.metrics and len(alone.history) == 1 < len(first.history)


def test_vectors_of_the_index_score_as_the_network(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    spec = source.listings.spec(tokenizer)
    net = train_network(
        source, pairs, spec, network=SMALL, options=OPTIONS.model_copy(update={"epochs": 1, "second": 1})
    ).net
    asked, products = query_vectors(net, source.ids), product_vectors(net, source.listings)
    with torch.no_grad():
        scores = net.score(
            net.query(torch.from_numpy(source.ids)),
            net.products(source.listings.batch(np.arange(len(source.listings)))),
        ).numpy()
    assert np.abs(asked @ products.T - scores).max() < 1e-5


def test_recall_counts_what_was_chosen_and_ties_find_nothing(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    spec = source.listings.spec(tokenizer)
    net = train_network(
        source,
        pairs,
        spec,
        model="text_only",
        network=SMALL,
        options=OPTIONS.model_copy(update={"second": 0, "epochs": 1}),
    ).net
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
    pool = np.arange(len(source.listings))
    assert recalls(net, source, pairs, depths=[10], pool=pool)["recall@10"] == 0
    assert recalls(net, source, pairs, depths=[len(pool)], pool=pool)[f"recall@{len(pool)}"] == 1


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    source, pairs, tokenizer = stalls(tmp_path)
    spec, quick = source.listings.spec(tokenizer), OPTIONS.model_copy(update={"epochs": 1, "second": 1})
    train_network(source, pairs, spec, network=SMALL, options=quick, resume=tmp_path / "run")
    for other in ({"model": "smar_soft"}, {"network": {**SMALL, "image_dropout": 0.5}}):
        arguments = {"model": "smar", "network": SMALL, **other}
        with pytest.raises(EmptorError, match=r"another run|other"):
            train_network(source, pairs, spec, options=quick, resume=tmp_path / "run", **arguments)


def test_a_log_without_pairs_is_told(tmp_path: Path) -> None:
    source, _, tokenizer = stalls(tmp_path)
    few = pairs_of(["red mug"] * 3, np.arange(3))
    with pytest.raises(EmptorError, match="has 3 pairs of a query and a product"):
        train_network(source, few, source.listings.spec(tokenizer), options=OPTIONS)
    one = pairs_of(["red mug"] * 40, np.arange(40))
    with pytest.raises(EmptorError, match="needs more different queries"):
        train_network(source, one, source.listings.spec(tokenizer), options=OPTIONS)
    assert len(KINDS) * len(COLOURS) == 72
