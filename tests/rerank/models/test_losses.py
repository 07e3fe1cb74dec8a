"""Losses of re-ranking: what they are list by list, and that what was not seen says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.rerank.models import Labels
from emptor.rerank.models.losses import attention_rank_loss, list_softmax_loss, response_loss, worth

Loss = Callable[[torch.Tensor, Labels], torch.Tensor]


def plain(value: torch.Tensor, labels: Labels) -> torch.Tensor:
    return attention_rank_loss(value, labels, rectified=False)


LISTS = pytest.mark.parametrize("loss", [list_softmax_loss, attention_rank_loss, plain])


def drawn(seed: int, lists: int = 5, products: int = 7) -> tuple[torch.Tensor, Labels]:
    """Values and labels; of what was not seen, too, there are labels, which must not be read."""
    chance = torch.Generator().manual_seed(seed)
    click = (torch.rand(lists, products, generator=chance) < 0.4).float()
    purchase = click * (torch.rand(lists, products, generator=chance) < 0.4).float()
    seen = torch.rand(lists, products, generator=chance) < 0.7
    return 3 * torch.randn(lists, products, generator=chance), Labels(click, purchase, seen)


def gains(labels: Labels, row: int, *, purchase: float) -> list[float]:
    """Of the seen products of one list."""
    return [
        purchase if labels.purchase[row, at] else 1.0 if labels.click[row, at] else 0.0
        for at in labels.seen[row].nonzero().flatten().tolist()
    ]


def naive(
    value: torch.Tensor, labels: Labels, weigh: Callable[[float], float], *, purchase: float, counts: float
) -> float:
    """Each list's cross entropy, weighed by its clicks, of which a bought one counts more."""
    told, weights = [], []
    for row in range(len(value)):
        own = gains(labels, row, purchase=purchase)
        if not any(own):
            continue
        weights.append(sum(gains(labels, row, purchase=counts)))
        wanted = [weigh(each) for each in own]
        values = value[row, labels.seen[row]].double().tolist()
        total = sum(math.exp(each) for each in values)
        told.append(
            -sum(
                share / sum(wanted) * math.log(math.exp(each) / total)
                for share, each in zip(wanted, values, strict=True)
            )
        )
    return sum(weight * each for weight, each in zip(weights, told, strict=True)) / max(sum(weights), 1)


@given(st.integers(0, 2**31))
def test_losses_of_lists_are_what_they_are_list_by_list(seed: int) -> None:
    value, labels = drawn(seed)

    def rectified(gain: float) -> float:
        return math.exp(gain) if gain > 0 else 0.0

    for loss, weigh, purchase in (
        (list_softmax_loss, float, 10.0),  # what a purchase is to a list and what it is among lists are the same
        (attention_rank_loss, rectified, 3.0),
        (plain, math.exp, 3.0),
    ):
        assert loss(value, labels).item() == pytest.approx(
            naive(value, labels, weigh, purchase=purchase, counts=purchase), abs=1e-4
        )


@given(st.integers(0, 2**31))
def test_responses_are_of_each_product_that_was_seen(seed: int) -> None:
    value, labels = drawn(seed)
    logits = torch.stack([value, value.flip(1)], -1)
    each = [
        math.log1p(math.exp(-logit)) if label else math.log1p(math.exp(logit))
        for row, at in labels.seen.nonzero().tolist()
        for logit, label in (
            (logits[row, at, 0].item(), labels.click[row, at]),
            (logits[row, at, 1].item(), labels.purchase[row, at]),
        )
    ]
    wanted = (sum(each[::2]) + 2 * sum(each[1::2])) / max(len(each) // 2, 1)
    assert response_loss(logits, labels, purchase_weight=2.0).item() == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("loss", [list_softmax_loss, attention_rank_loss, plain, response_loss])
def test_what_was_not_seen_says_nothing_and_learns_nothing(loss: Loss) -> None:
    value, labels = drawn(3)
    if loss is response_loss:
        value = torch.stack([value, value], -1)
    value.requires_grad_()
    told = loss(value, labels)
    (gradient,) = torch.autograd.grad(told, value)
    assert (gradient[~labels.seen] == 0).all() and (gradient[labels.seen] != 0).any()
    unseen = ~labels.seen
    other = replace(
        labels,
        click=torch.where(unseen, 1 - labels.click, labels.click),
        purchase=torch.where(unseen, 1 - labels.purchase, labels.purchase),
    )
    wild = value.detach().clone()
    wild[unseen] = 1e4
    assert torch.equal(loss(value, other), told) and torch.equal(loss(wild, labels), told)


@LISTS
def test_lists_without_a_click_count_nothing(loss: Loss) -> None:
    value, labels = drawn(5)
    click, purchase = labels.click.clone(), labels.purchase.clone()
    click[0] = purchase[0] = 0
    quiet = Labels(click, purchase, labels.seen)
    rest = Labels(click[1:], purchase[1:], labels.seen[1:])
    torch.testing.assert_close(loss(value, quiet), loss(value[1:], rest))


@LISTS
def test_lists_that_say_nothing_are_finite_and_leave_no_gradient(loss: Loss) -> None:
    value = torch.randn(3, 4, requires_grad=True)
    seen = torch.tensor([[True, False, False, False], [False] * 4, [True] * 4])
    click = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0] * 4, [0.0] * 4])
    told = loss(value, Labels(click, torch.zeros(3, 4), seen))
    told.backward()
    assert told.item() == 0 and value.grad is not None and (value.grad == 0).all()


@LISTS
def test_a_value_that_stands_far_out_is_finite(loss: Loss) -> None:
    value = torch.tensor([[300.0, 0.0, -300.0]], requires_grad=True)
    click = torch.tensor([[0.0, 0.0, 1.0]])
    told = loss(value, Labels(click, torch.zeros(1, 3), torch.ones(1, 3).bool()))
    told.backward()
    assert told.isfinite() and value.grad is not None and value.grad.isfinite().all() and value.grad[0, 2] < 0


@LISTS
def test_what_is_bought_is_driven_before_what_is_clicked_and_this_before_the_rest(loss: Loss) -> None:
    value = torch.zeros(1, 4, requires_grad=True)
    labels = Labels(torch.tensor([[0.0, 1.0, 1.0, 0.0]]), torch.tensor([[0.0, 0.0, 1.0, 0.0]]), torch.ones(1, 4).bool())
    optimiser = torch.optim.Adam([value], lr=0.1)
    for _ in range(100):
        optimiser.zero_grad()
        loss(value, labels).backward()
        optimiser.step()
    found = value.detach()[0]
    assert found[2] > found[1] > max(found[0], found[3])


def test_a_weight_below_nothing_is_one_sentence() -> None:
    click = torch.tensor([[1.0, 0.0]])
    with pytest.raises(EmptorError, match="purchase_weight: -1"):
        response_loss(torch.zeros(1, 2, 2), Labels(click, click, click >= 0), purchase_weight=-1.0)


def test_a_purchase_counts_what_is_said_but_no_less_than_its_click() -> None:
    both = torch.tensor([[1.0, 1.0]])
    labels = Labels(both, torch.tensor([[1.0, 0.0]]), both > 0)
    value = torch.tensor([[1.0, -1.0]])
    share = value.log_softmax(1)[0]
    for purchase, counts in ((4.0, 4.0), (0.0, 1.0)):
        wanted = -(counts * share[0] + share[1]).item() / (counts + 1)
        assert list_softmax_loss(value, labels, purchase_gain=purchase).item() == pytest.approx(wanted, abs=1e-6)


def test_a_list_weighs_what_its_purchases_do_whatever_they_are_within_it() -> None:
    value, labels = drawn(7)
    for counts in (1.0, 10.0):
        wanted = naive(value, labels, lambda own: math.exp(own) if own > 0 else 0.0, purchase=3.0, counts=counts)
        found = attention_rank_loss(value, labels, purchase_gain=3.0, purchase_weight=counts)
        assert found.item() == pytest.approx(wanted, abs=1e-4)


def test_a_purchase_cannot_be_worth_less_than_nothing() -> None:
    with pytest.raises(EmptorError, match=r"purchase: -1\.0, expected the clicks that a purchase is worth"):
        worth(torch.zeros(1, 1, 2), purchase=-1.0)
