"""Blocks over lists: attention as it is written down, padding that nobody hears, and any order."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.rerank.models.blocks import Attend, InducedBlock, ListBlock, Positions

BLOCKS = pytest.mark.parametrize("kind", [ListBlock, InducedBlock])
WIDTH = 8


def naive(net: Attend, asking: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """One query [D] over what is really there [M, D], head by head."""
    size = len(asking) // net.heads
    heard = []
    for head in range(net.heads):
        part = slice(head * size, (head + 1) * size)
        query = (net.query.weight @ asking)[part]
        scores = torch.stack([query @ (net.key.weight @ own)[part] for own in asked]) / size**0.5
        contents = [(net.content.weight @ own + net.content.bias)[part] for own in asked]
        heard.append(sum(share * own for share, own in zip(scores.softmax(0), contents, strict=True)))
    vector = net.first(asking + net.joined.weight @ torch.cat(heard))
    out: torch.Tensor = net.second(vector + net.each(vector))
    return out


@settings(deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 2, 4]))
def test_attention_is_what_is_written_down_over_what_is_there(seed: int, heads: int) -> None:
    torch.manual_seed(seed)
    net = ListBlock(WIDTH, heads=heads, inner=5)
    x, mask = torch.randn(3, 5, WIDTH), torch.rand(3, 5) < 0.6
    mask[0] = False
    found = net(x, mask)
    for row, at in mask.nonzero().tolist():
        torch.testing.assert_close(found[row, at], naive(net.attend, x[row, at], x[row, mask[row]]), atol=1e-5, rtol=0)
    assert (found[~mask] == 0).all()


def test_who_asks_an_empty_list_hears_nothing() -> None:
    torch.manual_seed(0)
    net = Attend(WIDTH)
    asking = torch.randn(2, 3, WIDTH)
    vectors = net.first(asking)
    found = net(asking, torch.randn(2, 4, WIDTH), torch.zeros(2, 4).bool())
    torch.testing.assert_close(found, net.second(vectors + net.each(vectors)))


@BLOCKS
def test_padding_is_not_heard_and_nothing_but_padding_is_0(kind: type[ListBlock] | type[InducedBlock]) -> None:
    torch.manual_seed(0)
    net = kind(WIDTH)
    mask = torch.tensor([[True, True, False, True], [False] * 4])
    x = torch.randn(2, 4, WIDTH, requires_grad=True)
    found = net(x, mask)
    (gradient,) = torch.autograd.grad(found.square().sum(), x, retain_graph=True)
    assert (gradient[~mask] == 0).all() and (gradient[mask] != 0).any(1).all()
    found.sum().backward()
    assert (found[~mask] == 0).all() and all(
        own.grad is not None and own.grad.isfinite().all() for own in net.parameters()
    )
    wild = torch.where(mask.unsqueeze(-1), x, 1e4)
    assert torch.equal(net(wild, mask), found)
    shorter = net(x[:1, mask[0]], torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(shorter[0], found[0, mask[0]])


@BLOCKS
def test_blocks_are_equivariant_and_products_hear_each_other(kind: type[ListBlock] | type[InducedBlock]) -> None:
    torch.manual_seed(0)
    net, x, mask = kind(WIDTH, heads=2), torch.randn(2, 5, WIDTH), torch.rand(2, 5) < 0.8
    mask[:, :2] = True
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(net(x[:, order], mask[:, order]), net(x, mask)[:, order])
    other = x.clone()
    other[:, 1] += 1
    assert (net(other, mask)[:, 0] - net(x, mask)[:, 0]).abs().amin() > 0


def test_dropout_is_of_training_alone() -> None:
    x, mask = torch.randn(2, 5, WIDTH), torch.ones(2, 5, dtype=torch.bool)
    net = ListBlock(WIDTH, dropout=0.5)
    assert not torch.equal(net(x, mask), net(x, mask))
    net.eval()
    assert torch.equal(net(x, mask), net(x, mask))


def test_places_begin_at_nothing_and_what_stands_behind_the_last_shares_its_vector() -> None:
    net = Positions(3, WIDTH)
    place = torch.tensor([[0, 1, 2, 7]])
    assert (net(place) == 0).all()
    torch.nn.init.normal_(net.weight)
    vectors = net(place)[0]
    assert torch.equal(vectors[2], vectors[3])
    assert not torch.equal(vectors[0], vectors[1]) and not torch.equal(vectors[1], vectors[2])


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(EmptorError, match="heads: 3, expected a number that divides the width of 8"):
        ListBlock(WIDTH, heads=3)
    with pytest.raises(EmptorError, match=r"dropout: 1\.0"):
        InducedBlock(WIDTH, dropout=1.0)
