"""A small data set for the tests of the reproduction: things in colours that no title tells."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emptor.reproduce.retrieval.data import RetrievalData
from emptor.reproduce.retrieval.making import data_of
from emptor.retrieve.looks import Numbers
from tests.retrieve.stalls import COLOURS, COPIES, KINDS, stalls

TRAINING = {"batch": 64, "epochs": 2, "second": 1, "patience": 2, "untold": 0.0}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> RetrievalData:
    """216 products. Some queries are out. Words find a kind, in the catalogue's order."""
    torch.set_num_threads(1)
    source, pairs, tokenizer = stalls(tmp_path_factory.mktemp("stalls"), look=Numbers())
    every = {f"{colour} {kind}": at for at, (kind, colour) in enumerate((k, c) for k in KINDS for c in COLOURS)}
    of_kind = len(COLOURS) * COPIES

    def words(queries: list[str]) -> list[np.ndarray]:
        return [np.arange(of_kind) + of_kind * KINDS.index(query.split()[1]) for query in queries]

    out = {text for at, text in enumerate(sorted(every)) if at % 5 == 0}
    tested = sorted(out)
    fitting = [np.arange(COPIES) + COPIES * every[text] for text in tested]
    return data_of(
        source.listings,
        pairs,
        lambda texts: tokenizer.encode(list(texts), 6).astype(np.int32),
        tokenizer,
        words,
        tested=tested,
        fitting=fitting,
        kinds={"visual": np.ones(len(tested), bool), "mugs": np.array([text.endswith("mug") for text in tested])},
        parts={"that are first": [own[:1] for own in fitting]},
        seed=1,
        out=out.__contains__,
    )
