"""Losses of pre-ranking: what they are without their extras, what ties and masks do, and which way they push."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from emptor.prerank.models.inputs import Level
from emptor.prerank.models.losses import (
    chunk_of,
    imitation_loss,
    list_mle,
    margin_infonce,
    response_loss,
    teacher_key,
)


def test_likelihoods_of_all_orders_add_up_to_one() -> None:
    scores = torch.randn(1, 4, generator=torch.Generator().manual_seed(3))
    there = torch.ones(1, 4, dtype=torch.bool)
    each = [
        float((-list_mle(scores, torch.tensor([order]), there, discounted=False)).exp())
        for order in permutations(range(4))
    ]
    assert sum(each) == pytest.approx(1, abs=1e-5)


def test_the_teachers_order_is_what_scores_are_driven_to() -> None:
    key, there = torch.tensor([[4, 3, 2, 1, 0]]), torch.ones(1, 5, dtype=torch.bool)
    scores = torch.zeros(1, 5, requires_grad=True)
    optimiser = torch.optim.Adam([scores], lr=0.1)
    for _ in range(100):
        optimiser.zero_grad()
        list_mle(scores, key, there).backward()
        optimiser.step()
    assert scores.argsort(descending=True).tolist() == [[0, 1, 2, 3, 4]]


@given(st.permutations(range(6)), st.integers(0, 2**31))
def test_the_places_of_a_list_and_what_is_not_there_change_nothing(order: list[int], seed: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    scores = torch.randn(1, 6, generator=chance)
    key = torch.tensor([[3, 3, 2, 1, 1, 9]])
    there = torch.tensor([[True, True, True, True, True, False]])
    moved = [own[:, order] for own in (scores, key, there)]
    for discounted in (False, True):
        one, other = (list_mle(*own, discounted=discounted).item() for own in (moved, (scores, key, there)))
        assert one == pytest.approx(other, abs=1e-5)
    wild = torch.where(there, scores, 1e6)
    assert torch.equal(list_mle(wild, key, there), list_mle(scores, key, there))


def test_what_is_tied_is_not_asked_to_stand_before_each_other() -> None:
    scores = torch.tensor([[1.0, -2.0, 0.5]])
    there = torch.ones(1, 3, dtype=torch.bool)
    found = list_mle(scores, torch.tensor([[1, 1, 0]]), there, discounted=False)
    wanted = sum(math.log1p(math.exp(0.5 - own)) for own in (1.0, -2.0))
    assert float(found) == pytest.approx(wanted, abs=1e-5)


def test_lists_of_one_or_none_or_nothing_but_ties_are_nothing_and_leave_no_gradient() -> None:
    scores = torch.randn(3, 3, requires_grad=True)
    there = torch.tensor([[True, False, False], [False] * 3, [True] * 3])
    loss = list_mle(scores, torch.tensor([[2, 1, 0], [2, 1, 0], [1, 1, 1]]), there)
    loss.backward()
    assert loss.item() == 0 and scores.grad is not None and (scores.grad == 0).all()


def infonce(positive: float, hard: torch.Tensor, easy: torch.Tensor, **margins: Any) -> torch.Tensor:
    yes = torch.ones(1, 1, dtype=torch.bool)
    return margin_infonce(
        torch.tensor([[positive]]),
        hard,
        easy,
        chosen=yes,
        is_hard=torch.ones_like(hard, dtype=torch.bool),
        is_easy=torch.ones_like(easy, dtype=torch.bool),
        temperature=0.5,
        **margins,
    )


def test_without_margins_it_is_infonce() -> None:
    hard, easy = torch.tensor([[0.3, -0.1]]), torch.tensor([[0.2]])
    logits = torch.tensor([[0.7, 0.3, -0.1, 0.2]]) / 0.5
    wanted = torch.nn.functional.cross_entropy(logits, torch.tensor([0]))
    assert float(infonce(0.7, hard, easy)) == pytest.approx(float(wanted), abs=1e-6)


def test_a_margin_pushes_its_side_exponentially_harder() -> None:
    hard, easy = (torch.tensor([[0.3]], requires_grad=True) for _ in range(2))
    infonce(0.7, hard, easy, easy_margin=1.0).backward()
    assert hard.grad is not None and easy.grad is not None
    assert float(easy.grad / hard.grad) == pytest.approx(math.exp(2.0), rel=1e-5)


def test_negatives_that_do_not_count_have_no_gradient_and_nobody_who_chose_is_no_loss() -> None:
    value = torch.tensor([[0.1, 0.2, 0.3], [0.0, 0.1, 0.2]], requires_grad=True)
    chosen = torch.tensor([[True, False, False], [False] * 3])
    masks: dict[str, Any] = {
        "is_hard": torch.tensor([[False, True, False], [True] * 3]),
        "is_easy": torch.zeros(2, 1).bool(),
    }
    loss = margin_infonce(value, value, torch.randn(2, 1), chosen=chosen, temperature=0.1, **masks)
    loss.backward()
    assert value.grad is not None and value.grad.isfinite().all()
    assert value.grad[0, 2] == 0 and (value.grad[1] == 0).all() and value.grad[0, 0] < 0 < value.grad[0, 1]
    nothing = margin_infonce(value, value, value[:, :0], chosen=torch.zeros_like(chosen), temperature=0.1,
                             is_hard=masks["is_hard"], is_easy=torch.zeros(2, 0).bool())  # fmt: skip
    assert nothing.item() == 0


def test_responses_are_of_what_was_shown_and_what_is_bought_is_clicked() -> None:
    level = torch.tensor([[Level.BOUGHT, Level.SHOWN, Level.RANKED, Level.DROPPED, Level.PADDING]])
    logits = torch.zeros(1, 5, 2, requires_grad=True)
    response_loss(logits, level).backward()
    assert logits.grad is not None
    assert (logits.grad[0, 0] < 0).all() and (logits.grad[0, 1] > 0).all() and (logits.grad[0, 2:] == 0).all()
    assert float(response_loss(torch.zeros(1, 1, 2), torch.tensor([[Level.RANKED]]))) == 0


def test_the_teachers_list_is_arranged_by_what_became_of_it() -> None:
    level = torch.tensor([[Level.DROPPED, Level.SHOWN, Level.RANKED, Level.CLICKED, Level.BOUGHT, Level.RANKED]])
    place = torch.tensor([[-1, 5, 2, 30, 50, 25]])
    full = teacher_key(level, place, local=True)
    assert full.argsort(descending=True).tolist() == [[4, 3, 2, 1, 5, 0]], "what was shown stands where it was ranked"
    coarse = teacher_key(level, place, local=False)[0]
    assert coarse[1] == coarse[2] > coarse[5] > coarse[0]


def test_chunks_are_twice_as_long_each() -> None:
    chunks = chunk_of(torch.arange(160)).bincount().tolist()
    assert chunks == [10, 10, 20, 40, 80]


def test_an_imitation_is_of_places_and_of_what_has_one() -> None:
    place = torch.tensor([[2, 0, -1, 1]])
    logits = torch.zeros(1, 4, requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        imitation_loss(logits, place, temperature=1.0).backward()
        optimiser.step()
    chance = logits.detach()[0, [1, 3, 0]].softmax(0)
    assert chance.tolist() == pytest.approx([6 / 11, 3 / 11, 2 / 11], abs=1e-3) and logits[0, 2] == 0
    assert imitation_loss(logits, torch.tensor([[0, -1, -1, -1]]), temperature=1.0).item() == 0
