"""A small transformer over sub-words."""

import pytest
import torch

from emptor.encoders.text_net import TextNet
from emptor.errors import EmptorError

IDS = torch.tensor([[1, 7, 9, 8, 0, 0], [1, 5, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])


def net(seed: int = 0, **options: float) -> TextNet:
    torch.manual_seed(seed)
    return TextNet(20, width=16, heads=2, length=8, **options)  # type: ignore[arg-type]


def awake(own: TextNet) -> TextNet:
    """The same after a few steps: nothing is quiet any more."""
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in own.named_parameters():
            parameter += 0.1 * torch.randn_like(parameter) * (parameter != 0 if name.startswith("of_piece") else 1)
    return own


def test_padding_is_seen_nowhere() -> None:
    own = awake(net(layers=2)).eval()
    states = own(IDS)
    assert states.shape == (3, 6, 16)
    assert torch.isfinite(states).all()
    assert (states[IDS == 0] == 0).all() and (states[IDS > 0] != 0).any(1).all()
    assert torch.allclose(own(IDS[1:2, :2])[0], states[1, :2], atol=1e-5)
    with torch.no_grad():
        own.of_segment.weight[3] = 1e3
    there = torch.where(IDS > 0, 0, 3)  # fields of what is padding do not count either
    assert torch.allclose(own(IDS, there), own(IDS, torch.zeros_like(IDS)), atol=1e-5)


def test_order_fields_and_words_count() -> None:
    own = awake(net()).eval()
    whole = own(IDS)[0, 0]
    assert not torch.allclose(own(IDS[:1, [0, 2, 1, 3, 4, 5]])[0, 0], whole, atol=1e-4)
    assert not torch.allclose(own(IDS, torch.ones_like(IDS))[0, 0], whole, atol=1e-4)
    assert not torch.allclose(own(torch.where(IDS == 9, 10, IDS))[0, 0], whole, atol=1e-4)


def test_in_the_beginning_a_text_is_its_words() -> None:
    own = net(layers=2).eval()
    with torch.no_grad():
        own.of_place.weight.zero_()
        own.of_piece.weight[1].zero_()
    whole = own(IDS)[0, 0]
    assert torch.allclose(own(IDS[:1, [0, 2, 1, 3, 4, 5]])[0, 0], whole, atol=1e-5), "in any order"
    words = own.of_piece.weight[[7, 9, 8]].sum(0)
    assert torch.cosine_similarity(whole, words - words.mean(), dim=0).item() > 0.999
    with torch.no_grad():
        own.weight_of_piece.weight[9] = 5  # and what counts more is learnt
    word = own.of_piece.weight[9]
    assert torch.cosine_similarity(own(IDS)[0, 0], word - word.mean(), dim=0).item() > 0.999


def test_the_start_follows_from_the_seed_and_padding_is_nothing() -> None:
    same, other = net(1).state_dict(), net(2).state_dict()
    assert all(torch.equal(value, same[name]) for name, value in net(1).state_dict().items())
    assert not torch.equal(same["of_piece.weight"], other["of_piece.weight"])
    assert (same["of_piece.weight"][0] == 0).all()
    assert TextNet(3_000).of_piece.weight[1:].norm(dim=1).mean().item() == pytest.approx(0.25, abs=0.03)


def test_gradients_reach_everything_but_padding() -> None:
    own = awake(net(layers=2))
    (own(IDS, (IDS > 5).long()) * torch.randn(3, 6, 16)).sum().backward()
    for name, parameter in own.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name
    assert own.of_piece.weight.grad is not None
    assert (own.of_piece.weight.grad[0] == 0).all() and (own.of_piece.weight.grad[[1, 5, 7]] != 0).any(1).all()


def test_it_learns_which_word_comes_first() -> None:
    own = net(dropout=0.0)
    told = torch.nn.Linear(16, 1)
    draw = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam([*own.parameters(), *told.parameters()], lr=5e-3)
    right = 0.0
    for _ in range(100):
        swapped = torch.rand(64, generator=draw) < 0.5
        ids = torch.randint(8, 20, (64, 6), generator=draw)
        ids[:, 0], ids[:, 2], ids[:, 4] = 1, torch.where(swapped, 6, 5), torch.where(swapped, 5, 6)
        logits = told(own(ids)[:, 0]).squeeze(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, swapped.float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        right = ((logits > 0) == swapped).float().mean().item()
    assert right > 0.95


def test_a_longer_text_is_told() -> None:
    with pytest.raises(EmptorError, match="texts of 9 pieces, expected at most 8"):
        net()(torch.ones(1, 9, dtype=torch.int64))
