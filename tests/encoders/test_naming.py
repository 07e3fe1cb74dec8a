"""Names read off the numbers of pictures."""

import pytest
import torch

from emptor.encoders.naming import Naming
from emptor.errors import EmptorError


def test_numbers_are_seen_beside_those_of_other_pictures() -> None:
    naming = Naming(2, 3)
    naming.mean.copy_(torch.tensor([10.0, 0.0]))
    naming.deviation.copy_(torch.tensor([2.0, 0.5]))
    seen = naming.standardised(torch.tensor([[12.0, 0.25], [1e4, -1e4]], dtype=torch.float16))
    assert seen.tolist() == [[1.0, 0.5], [4.0, -4.0]]
    assert naming(torch.zeros(5, 1, 2)).shape == (5, 1, 3)


def test_dropout_is_for_fitting_alone() -> None:
    torch.manual_seed(0)
    naming, numbers = Naming(8, 3), torch.randn(4, 8)
    assert torch.equal(naming(numbers), naming(numbers))
    assert not torch.equal(naming(numbers, dropout=0.5), naming(numbers, dropout=0.5))


def test_nothing_to_name_by_is_told() -> None:
    with pytest.raises(EmptorError, match="0 numbers and 3 names"):
        Naming(0, 3)
