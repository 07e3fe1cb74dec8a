"""What titles say of their pictures is told of those whose titles say nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emptor.retrieve.looks import Numbers
from emptor.retrieve.naming import learn_names
from tests.retrieve.stalls import COLOURS, COPIES, KINDS, stalls, without_pictures


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_colour_that_some_titles_say_is_read_off_the_pictures_of_the_others(tmp_path: Path) -> None:
    source, _, tokenizer = stalls(tmp_path, told=True, look=Numbers())
    listings = source.listings
    untold = np.arange(len(listings)) % COPIES == 0
    text = np.where(untold[:, None], 0, listings.text)
    text[:, 0] = 1
    found = learn_names(replace(listings, text=text, has_text=~untold), seed=3)
    assert found is not None
    naming, told = found
    assert 0.2 < told <= 1
    with torch.no_grad():
        likely = naming(torch.from_numpy(listings.pictures[:, 0].astype(np.float32))).sigmoid().numpy()
    places = {int(name): at for at, name in enumerate(naming.names)}
    ids = [tokenizer.encode([colour], 8)[0] for colour in COLOURS]
    pieces = [[places[own] for own in row.tolist() if own in places] for row in ids]
    assert all(pieces), "every colour is among the names"
    scores = np.stack([likely[:, own].mean(1) for own in pieces], axis=1)
    true = np.tile(np.repeat(np.arange(len(COLOURS)), COPIES), len(KINDS))
    assert (scores.argmax(1) == true)[untold].mean() > 0.9


def test_the_same_seed_learns_the_same_and_too_little_is_nothing(tmp_path: Path) -> None:
    source, _, _ = stalls(tmp_path, told=True, look=Numbers())
    first, again = (learn_names(source.listings, seed=3) for _ in range(2))
    assert first is not None and again is not None and first[1] == again[1]
    for name, weight in first[0].state_dict().items():
        assert torch.equal(weight, again[0].state_dict()[name]), name
    assert learn_names(without_pictures(source.listings), seed=3) is None
    silent = np.zeros_like(source.listings.text)
    silent[:, 0] = 1
    assert learn_names(replace(source.listings, text=silent), seed=3) is None, "no word is said often enough"
