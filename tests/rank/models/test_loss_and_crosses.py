"""What is learnt from, and the crosses made by hand."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as entropy

from emptor.rank.models.crosses import history_crosses
from emptor.rank.models.example import example
from emptor.rank.models.inputs import Embedding
from emptor.rank.models.loss import ranking_loss
from tests.rank.models.batches import PAST, of_past, padded, without_past


def test_the_loss_is_a_mean_over_what_is_there() -> None:
    logits, labels = torch.randn(2, 3, 2), (torch.rand(2, 3, 2) < 0.5).float()
    mask = torch.tensor([[True, True, False], [True, False, False]])
    each = entropy(logits, labels, reduction="none")
    expected = (each[..., 0] + 3 * each[..., 1])[mask]
    assert torch.allclose(ranking_loss(logits, labels, mask, purchase_weight=3), expected.mean())
    weights = torch.rand(2, 3) + 0.1
    weighed = (expected * weights[mask]).sum() / weights[mask].sum()
    for scale in (1, 50):
        found = ranking_loss(logits, labels, mask, purchase_weight=3, weights=weights * scale)
        assert torch.allclose(found, weighed)


def test_padding_gives_neither_loss_nor_gradient() -> None:
    logits = torch.full((1, 2, 2), 1e30, requires_grad=True)
    labels, mask = torch.zeros(1, 2, 2), torch.tensor([[False, False]])
    loss = ranking_loss(logits, labels, mask)
    loss.backward()
    assert loss == 0
    assert logits.grad is not None
    assert logits.grad.abs().sum() == 0


def test_crosses_count_by_hand() -> None:
    _, batch = example(1, candidates=2, behaviours=7)
    past = torch.tensor([[[1, 2], [1, 0], [3, 2], [1, 2], [4, 2], [1, 5], [6, 5]]])
    product = torch.tensor([[[1, 5], [0, 0]]])
    batch = replace(batch, past=past, product=product, there=torch.ones(1, 7).bool())
    found = history_crosses(batch)
    assert torch.allclose(found[0, 0, :4], torch.tensor([4 / 7, 3 / 5, 2 / 7, 0.0]))
    assert found[0, 1, :4].abs().sum() == 0, "an unknown id matches nothing, not even an unknown one"
    dots = batch.past_own[0] @ batch.own[0, 0] / 3**0.5
    price = (batch.past_own[0, :, 0] - batch.own[0, 0, 0]).abs()
    assert torch.allclose(found[0, 0, 4:], torch.stack([dots.mean(), dots.max(), price.mean()]))


def test_crosses_of_no_history_are_zero_and_padding_is_none() -> None:
    _, batch = example(6)
    assert history_crosses(without_past(batch)).abs().sum() == 0
    assert history_crosses(of_past(batch, torch.arange(0))).abs().sum() == 0
    assert torch.allclose(history_crosses(padded(batch, PAST, 3)), history_crosses(batch))


def test_the_same_product_is_the_same_vector_on_the_page_and_in_the_past() -> None:
    spec, batch = example(6, candidates=4, behaviours=4)
    batch = replace(batch, past=batch.product, past_own=batch.own, there=batch.mask)
    page, past = Embedding(spec).pages_and_pasts(batch)
    assert torch.equal(page, past)
    page, past = Embedding(spec).pages_and_pasts(replace(batch, own=batch.own + 5))
    assert (page - past)[batch.mask].abs().mean() > 0.1, "numbers that all the page has are not standardised away"
