"""Seeds by name: repeatable, unrelated, and nothing global is touched."""

import numpy as np
import torch

from emptor.learn.seeds import derive, numpy_rng, seeded, torch_rng


def test_names_give_other_streams():
    assert derive(1, "a", 2) == derive(1, "a", 2) < 2**63
    assert len({derive(1, "a", 2), derive(1, "a", 3), derive(2, "a", 2), derive(1, "a2"), derive(1)}) == 5
    assert (numpy_rng(1, "a").random(3) == numpy_rng(1, "a").random(3)).all()
    first, second = (torch.rand(3, generator=torch_rng(1, "a")) for _ in range(2))
    assert torch.equal(first, second)


def test_what_was_there_is_put_back():
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    state = np.random.get_state()[1].copy()
    with seeded(3, "weights"):
        inside = torch.rand(2)
    with seeded(3, "weights"):
        assert torch.equal(torch.rand(2), inside)
    assert torch.equal(torch.rand(2), expected)
    assert (np.random.get_state()[1] == state).all()
