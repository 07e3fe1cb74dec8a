"""A small network over pictures, and what it costs."""

import pytest
import torch
from torch import nn

from emptor.encoders.image_net import ImageNet
from emptor.encoders.transformer import Attention
from emptor.errors import EmptorError


def multiply_adds(net: ImageNet) -> float:
    """In millions, of one picture."""
    counts = []

    def counted(layer: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        if isinstance(layer, Attention):  # scores, and what they weigh
            counts.append(2 * out.shape[1] ** 2 * out.shape[2])
        elif isinstance(layer, nn.Conv2d | nn.Linear):  # each output is a product with its weights
            counts.append(out.numel() * layer.weight[0].numel())

    for layer in net.modules():
        layer.register_forward_hook(counted)
    net(torch.zeros(1, 3, net.side, net.side))
    return sum(counts) / 1e6


def test_cost_of_a_picture_is_what_is_told() -> None:
    assert multiply_adds(ImageNet()) == pytest.approx(3.4, abs=0.05)
    assert multiply_adds(ImageNet()) - multiply_adds(ImageNet(layers=0)) == pytest.approx(0.9, abs=0.05)
    assert multiply_adds(ImageNet(side=128)) < 4.3 * multiply_adds(ImageNet())


@pytest.mark.parametrize(("side", "tokens"), [(64, 17), (128, 65), (32, 5)])
def test_shapes(side: int, tokens: int) -> None:
    net = ImageNet(side=side, width=32)
    assert net.tokens == tokens
    assert net(torch.zeros(2, 3, side, side, dtype=torch.uint8)).shape == (2, tokens, 32)


def test_bytes_and_floats_are_the_same_picture() -> None:
    torch.manual_seed(0)
    net = ImageNet()
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    together = net(pixels)
    assert torch.allclose(together, net(pixels.float() / 255), atol=1e-4)
    assert torch.allclose(together[1:], net(pixels[1:]), atol=1e-4)  # and in any batch


def test_the_start_follows_from_the_seed_and_is_neither_dull_nor_wild() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        net = ImageNet()
        torch.manual_seed(0)
        states.append(net(torch.randint(0, 256, (8, 3, 64, 64), dtype=torch.uint8)))
    assert torch.equal(states[0], states[1]) and not torch.equal(states[0], states[2])
    assert states[0].std().item() == pytest.approx(1, abs=0.1)
    assert states[0].std(0).mean() > 0.02  # pictures differ


def test_gradients_reach_everything() -> None:
    torch.manual_seed(0)
    net = ImageNet(width=16, layers=2)
    (net(torch.rand(4, 3, 64, 64)) * torch.randn(17, 16)).sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_the_first_state_learns_what_is_where() -> None:
    torch.manual_seed(0)
    net, told = ImageNet(width=32, side=32), torch.nn.Linear(32, 4)
    draw = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam([*net.parameters(), *told.parameters()], lr=3e-3)
    right = 0.0
    for _ in range(40):
        corner = torch.randint(0, 4, (32,), generator=draw)
        pixels = torch.rand(32, 3, 32, 32, generator=draw)
        for at, own in enumerate(corner.tolist()):  # one quarter is reddish
            down, across = 16 * (own // 2), 16 * (own % 2)
            pixels[at, 0, down : down + 16, across : across + 16] += 0.5
        logits = told(net(pixels)[:, 0])
        loss = torch.nn.functional.cross_entropy(logits, corner)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        right = (logits.argmax(1) == corner).float().mean().item()
    assert right > 0.9


def test_other_pictures_are_told() -> None:
    with pytest.raises(EmptorError, match="pictures of 3 x 32 x 32, expected 3 x 64 x 64"):
        ImageNet()(torch.zeros(1, 3, 32, 32))
    with pytest.raises(EmptorError, match="multiple of 16"):
        ImageNet(side=40)
