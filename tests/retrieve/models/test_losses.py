"""Losses of retrieval: who is whose negative, what is left out, and what the gate is told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from emptor.errors import EmptorError
from emptor.retrieve.models.example import example
from emptor.retrieve.models.losses import as_gate_targets, batch_loss, gate_loss, rank_gain, stage_one
from tests.retrieve.models.batches import made, without_images

KINDS = pytest.mark.parametrize("kind", ["softmax", "hinge"])


def test_the_softmax_is_the_written_one() -> None:
    scores = torch.tensor([[0.5, 0.2, 0.4], [0.1, 0.3, 0.2]])
    positive = torch.tensor([[True, True, False], [False, True, False]])
    found = batch_loss(scores, positive, torch.tensor([0, 1]), torch.ones(3).bool())
    first = -math.log(math.exp(15) / (math.exp(15) + math.exp(12)))
    second = -math.log(math.exp(9) / (math.exp(3) + math.exp(9) + math.exp(6)))
    assert found.item() == pytest.approx((first + second) / 2, rel=1e-5)


def test_the_hinge_is_the_written_one() -> None:
    scores = torch.tensor([[0.5, 0.45, 0.6], [0.1, 0.3, 0.2]])
    positive = torch.tensor([[True, False, False], [False, True, True]])
    found = batch_loss(scores, positive, torch.tensor([0, 1]), torch.ones(3).bool(), kind="hinge", margin=0.1)
    assert found.item() == pytest.approx(((0.05 + 0.2) / 2 + 0.0) / 2)


@KINDS
def test_the_same_query_twice_does_not_push_its_two_products_apart(kind: str) -> None:
    scores = torch.tensor([[0.3, 0.2, 0.25], [0.3, 0.2, 0.25], [0.1, 0.1, 0.1]], requires_grad=True)
    positive = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    batch_loss(scores, positive, torch.arange(3), torch.ones(3).bool(), kind=kind).backward()
    grad = scores.grad
    assert grad is not None
    assert grad[0, 1] == 0 and grad[1, 0] == 0
    assert (grad[[0, 1, 0, 1], [0, 1, 2, 2]] != 0).all(), "targets and the third product still count"
    alone = positive & torch.eye(3).bool()
    without = torch.zeros_like(scores, requires_grad=True)
    batch_loss(without, alone, torch.arange(3), torch.ones(3).bool(), kind=kind).backward()
    assert without.grad is not None and without.grad[0, 1] != 0, "unknown, they are negatives"


@KINDS
def test_products_that_nobody_chose_are_everybodys_negatives(kind: str) -> None:
    scores = torch.zeros(2, 4, requires_grad=True)
    batch_loss(scores, torch.eye(2, 4).bool(), torch.arange(2), torch.ones(4).bool(), kind=kind).backward()
    assert scores.grad is not None
    assert (scores.grad[:, 2:] > 0).all()


@KINDS
def test_what_is_not_there_counts_for_nothing(kind: str) -> None:
    chance = torch.Generator().manual_seed(0)
    scores = torch.rand(3, 4, generator=chance)
    positive, target = torch.eye(3, 4).bool(), torch.arange(3)
    there = torch.tensor([True, True, False, False])
    found = batch_loss(scores, positive, target, there, kind=kind)
    wanted = batch_loss(scores[:2, :2], positive[:2, :2], target[:2], there[:2], kind=kind)
    assert found == wanted
    own = scores.clone().requires_grad_()
    batch_loss(own, positive, target, torch.zeros(4).bool(), kind=kind).backward()
    assert (own.grad == 0).all()


def test_products_without_a_picture_are_left_out_of_the_pictures_task() -> None:
    spec, batch = example(8)
    net = made("smar", spec)
    told = stage_one(net, net(batch), batch)
    seen = batch.has_image
    query, image = net(batch)[0].vector[seen], net(batch)[1].image[seen]
    wanted = batch_loss(query @ image.T, torch.eye(len(query)).bool(), torch.arange(len(query)), seen[seen])
    assert torch.allclose(told["image"], wanted)
    assert stage_one(net, net(without_images(batch)), without_images(batch))["image"] == 0
    said = batch.has_text
    query, text = net(batch)[0].vector[said], net(batch)[1].text[said]
    wanted = batch_loss(query @ text.T, torch.eye(len(query)).bool(), torch.arange(len(query)), said[said])
    assert torch.allclose(told["text"], wanted)


def test_tasks_are_summed_by_their_weights() -> None:
    spec, batch = example(8)
    net = made("smar", spec, alpha=2.0, beta=0.25, gamma=0.5)
    told = stage_one(net, net(batch), batch)
    assert told["loss"].item() == pytest.approx((2 * told["text"] + 0.25 * told["image"] + 0.5 * told["both"]).item())
    only = stage_one(net, net(batch), batch, weights={"both": 1.0})
    assert torch.equal(only["loss"], only["both"])


def test_ranks_are_counted_among_negatives() -> None:
    """Two products fit: by text they are 3rd (behind two negatives) and 1st, by both 1st and half behind a tie."""
    text = torch.tensor([[0.1, 0.9, 0.5, 0.2]])
    both = torch.tensor([[0.8, 0.4, 0.4, 0.1]])
    positive, target, there = torch.tensor([[True, True, False, False]]), torch.tensor([0]), torch.ones(4).bool()
    assert rank_gain(text, both, positive, target, there).tolist() == [(2.0 - 0.5) / 2]
    gone = torch.tensor([True, True, False, True])
    assert rank_gain(text, both, positive, target, gone).tolist() == [(1.0 - 0.0) / 2]
    assert rank_gain(text, both, positive, target, torch.zeros(4).bool()).isnan().all()
    chance = torch.Generator().manual_seed(0)
    text, both = torch.rand(5, 9, generator=chance).round(decimals=1), torch.rand(5, 9, generator=chance)
    positive, target = torch.rand(5, 9, generator=chance) < 0.3, torch.arange(5)
    fits = positive | torch.eye(5, 9).bool()
    wanted = []
    for row in range(5):
        gains = []
        for at in range(9):
            if fits[row, at]:
                above = [
                    sum(
                        1.0 if own[row, other] > own[row, at] else 0.5 * float(own[row, other] == own[row, at])
                        for other in range(9)
                        if not fits[row, other]
                    )
                    for own in (text, both)
                ]
                gains.append(above[0] - above[1])
        wanted.append(sum(gains) / len(gains))
    assert rank_gain(text, both, positive, target, torch.ones(9).bool()).tolist() == pytest.approx(wanted)


def test_less_than_a_rank_is_no_target() -> None:
    target = as_gate_targets(torch.tensor([1.0, 0.99, 0.0, -0.99, -1.0, math.nan]))
    assert target.isnan().tolist() == [False, True, True, True, False, True]
    assert target[0] == 1 and target[4] == 0


def test_the_gates_loss_is_of_queries_with_a_target() -> None:
    logit = torch.tensor([2.0, 5.0, -1.0], requires_grad=True)
    gate_loss(logit, torch.tensor([1.0, math.nan, 0.0])).backward()
    assert logit.grad is not None
    assert logit.grad[1] == 0 and logit.grad[0] < 0 < logit.grad[2]
    assert gate_loss(logit, torch.full((3,), math.nan)) == 0


def test_an_unknown_loss_is_refused() -> None:
    spec, batch = example()
    net = made("smar", spec)
    with pytest.raises(EmptorError, match="unknown 'triplet'; known are softmax, hinge"):
        stage_one(net, net(batch), batch, kind="triplet")
    with pytest.raises(EmptorError, match=r"target \(3,\)"):
        replace(batch, target=batch.target[:3])


def test_a_prior_is_what_scores_need_not_say() -> None:
    scores, prior = torch.tensor([[0.2, 0.1, -0.3]]), torch.tensor([0.0, 1.5, 0.7])
    positive, target, there = torch.eye(1, 3).bool(), torch.tensor([0]), torch.ones(3).bool()
    found = batch_loss(scores, positive, target, there, prior=prior, temperature=0.5)
    assert torch.allclose(found, -torch.log_softmax(scores / 0.5 + prior, 1)[0, 0])
    assert found > batch_loss(scores, positive, target, there, temperature=0.5)
