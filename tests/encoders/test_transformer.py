"""Attention to what is there and to nothing else."""

import pytest
import torch

from emptor.encoders.transformer import Attention, Block
from emptor.errors import EmptorError


def test_attention_is_the_textbook_one() -> None:
    torch.manual_seed(0)
    ours = Attention(8, heads=2)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.normal_()
        theirs.in_proj_weight.copy_(torch.cat([ours.ask.weight, ours.answer.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.ask.bias, ours.answer.bias]))
    theirs.out_proj.load_state_dict(ours.back.state_dict())
    asking, answering = torch.randn(3, 4, 8), torch.randn(3, 6, 8)
    there = torch.rand(3, 6) > 0.4
    there[:, 2] = True
    expected, _ = theirs(asking, answering, answering, key_padding_mask=~there)
    assert torch.allclose(ours(asking, answering, there), expected, atol=1e-5)
    itself, _ = theirs(asking, asking, asking)
    assert torch.allclose(ours(asking), itself, atol=1e-5)


def test_nothing_to_attend_to_adds_nothing_and_passes_no_gradient() -> None:
    torch.manual_seed(0)
    attend = Attention(8, heads=2)
    torch.nn.init.normal_(attend.back.bias)
    asking, answering = torch.randn(2, 4, 8, requires_grad=True), torch.randn(2, 3, 8, requires_grad=True)
    there = torch.tensor([[True, True, False], [False, False, False]])
    out = attend(asking, answering, there)
    assert (out[1] == 0).all()
    out.square().sum().backward()
    assert asking.grad is not None and answering.grad is not None
    assert torch.isfinite(asking.grad).all()
    assert (answering.grad[1] == 0).all() and (answering.grad[0, 2] == 0).all()
    assert (answering.grad[0, :2] != 0).all()


def test_a_block_changes_its_states_the_less_the_more_there_are() -> None:
    torch.manual_seed(0)
    states = torch.randn(64, 5, 32)
    added = [(Block(32, heads=4, layers=layers)(states) - states).std().item() for layers in (1, 4)]
    assert added[0] == pytest.approx(2 * added[1], rel=0.25)


def test_a_quiet_block_adds_nothing_until_it_has_learnt() -> None:
    torch.manual_seed(0)
    states, block = torch.randn(4, 5, 8), Block(8, heads=2, quiet=True)
    assert torch.equal(block(states), states)
    (block(states) * torch.randn(4, 5, 8)).sum().backward()
    for layer in (block.attention.back, block.down):
        assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(EmptorError, match="3 heads of width 8"):
        Attention(8, heads=3)
