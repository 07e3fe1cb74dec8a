"""Pre-ranking networks: towers apart, weights that all learn, and samples that count where they should."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from emptor.errors import EmptorError
from emptor.prerank.models import MODELS, Level, PrerankBatch, build
from emptor.prerank.models.example import example
from emptor.prerank.models.hccp import HCCP
from emptor.prerank.models.losses import list_mle, teacher_key
from emptor.prerank.models.preranker import TwoTower

EVERY = pytest.mark.parametrize("name", list(MODELS))
TOWERS = pytest.mark.parametrize("name", [own for own in MODELS if own != "cold"])


@EVERY
def test_every_weight_learns_and_loss_falls(name: str) -> None:
    spec, batch = example(12, candidates=10)
    torch.manual_seed(1)
    net = build(name, spec)
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3)
    losses = []
    for step in range(40):
        found = net.loss(batch, step / 40 + 0.2)
        optimiser.zero_grad()
        found["loss"].backward()
        if step == 5:
            for which, weight in net.named_parameters():
                assert weight.grad is not None and weight.grad.isfinite().all(), which
                assert weight.grad.abs().max() > 0, which
        optimiser.step()
        losses.append(found["loss"].item())
    assert losses[-1] < 0.8 * losses[0]


@TOWERS
def test_vectors_that_are_made_before_score_as_the_network(name: str) -> None:
    spec, batch = example(6)
    net = build(name, spec).eval()
    assert isinstance(net, TwoTower)
    asked = batch.asked
    with torch.no_grad():
        vectors = net.towers.products(asked.product.flatten(0, 1), asked.own.flatten(0, 1))
        vectors = vectors.view(*asked.mask.shape, *vectors.shape[1:])
        scores = net.towers.scored(net.towers.request(asked), vectors, asked.numeric, asked.mask)
        torch.testing.assert_close(net.towers.value(scores.cosine)[asked.mask], net(asked)[asked.mask])


@EVERY
def test_a_candidates_value_does_not_depend_on_the_others(name: str) -> None:
    spec, batch = example(4)
    net = build(name, spec).eval()
    with torch.no_grad():
        whole = net(batch.asked)
        first = replace(
            batch.asked,
            **{own: getattr(batch.asked, own)[:, :2] for own in ("product", "own", "numeric", "mask")},
        )
        torch.testing.assert_close(net(first), whole[:, :2])


def easy_of(net: TwoTower, batch: PrerankBatch) -> torch.Tensor:
    with torch.no_grad():
        return net.output(batch).counts


def test_nothing_that_a_request_knows_is_its_easy_negative_and_nothing_counts_twice() -> None:
    spec, batch = example(3)
    net = build("hccp", spec)
    assert isinstance(net, TwoTower)
    counts = easy_of(net, batch)
    chosen = int(batch.chosen.sum())
    owner = batch.chosen.nonzero()[:, 0]
    assert counts.shape == (3, chosen + 5) and counts[:, chosen:].all()
    for request in range(3):
        assert torch.equal(counts[request, :chosen], owner != request)
    pool = batch.pool_number.clone()
    pool[0] = batch.number[0, 6]  # a candidate of the first
    pool[1] = pool[2]
    pool[3] = 0  # unknown
    found = batch.found.clone()
    found[1, -1] = pool[4]  # what was found for the second, of which it has no sample
    counts = easy_of(net, replace(batch, pool_number=pool, found=found))[:, chosen:]
    assert counts[:, 1:4].tolist() == [[True, False, False]] * 3
    assert counts[:, 4].tolist() == [True, False, True]
    assert counts[:, 0].tolist() == [False, True, True]


def test_what_was_shown_and_left_alone_is_a_negative_only_where_it_is_said() -> None:
    spec, batch = example(3)
    torch.manual_seed(2)
    net = HCCP(spec, alpha=0, beta=0)

    net.eval()  # nothing is standardised over the batch: a candidate's numbers reach its own score alone

    def moved(shown_are_hard: bool) -> float:
        net.shown_are_hard = shown_are_hard
        asked = replace(batch.asked, own=batch.asked.own.clone().requires_grad_())
        net.zero_grad()
        told = net.loss(replace(batch, asked=asked), 1.0)["choice"]
        (gradient,) = torch.autograd.grad(told, asked.own)
        return float(gradient[batch.level == Level.SHOWN].abs().sum())

    assert moved(True) > 0 == moved(False)


def test_parts_can_be_left_out_and_what_cannot_be_is_said() -> None:
    spec, batch = example()
    for options in ({"with_dropped": False}, {"with_easy": False}, {"margin_on": "hard"}, {"dropped_last": False}):
        assert build("hccp", spec, **options).loss(batch, 1.0)["loss"].isfinite()
    assert build("hccp", spec, head=0).loss(batch, 1.0)["loss"].isfinite()
    for name in ("hccp", "infonce", "distilled"):
        with pytest.raises(EmptorError, match=r"temperature: 0\.0, expected a number above 0"):
            build(name, spec, temperature=0.0)
    with pytest.raises(EmptorError, match="margin_on"):
        build("hccp", spec, margin_on="both")
    with pytest.raises(EmptorError, match="expected weights from 0"):
        build("hccp", spec, gamma=-1.0)
    with pytest.raises(EmptorError, match="level is"):
        replace(batch, level=batch.level[:, :2])


@EVERY
def test_a_day_without_choices_or_without_anything_shown_is_finite(name: str) -> None:
    spec, batch = example(4)
    quiet = torch.where(batch.chosen, int(Level.SHOWN), batch.level)
    hidden = torch.where(batch.level >= Level.SHOWN, int(Level.RANKED), batch.level)
    nothing = torch.where(batch.level > 0, int(Level.DROPPED), 0)
    for level in (quiet, hidden, nothing):
        net = build(name, spec)
        own = replace(batch, level=level)
        if level is nothing:
            own = replace(own, place=torch.full_like(own.place, -1))
        loss = net.loss(own, 1.0)["loss"]
        loss.backward()
        assert loss.isfinite()
        assert all(weight.grad is None or weight.grad.isfinite().all() for weight in net.parameters())


def test_what_was_shown_and_never_ranked_is_in_no_list() -> None:
    """A product that a rule has pinned: the ranker did not place it."""
    _, batch = example(3)
    place = torch.where(batch.level == Level.SHOWN, -1, batch.place)
    own = replace(batch, place=place)
    assert not own.ordered[batch.level == Level.SHOWN].any() and batch.ordered[batch.level == Level.SHOWN].all()
    assert own.ordered[batch.chosen].all() and not own.ordered[batch.level == Level.DROPPED].any()


def test_the_head_is_no_way_to_tell_candidates_from_others() -> None:
    """Whatever it adds to all candidates, choices are compared as if it were not there."""
    spec, batch = example(4)
    net = HCCP(spec, alpha=0, beta=0).eval()
    before = net.loss(batch, 1.0)["choice"]
    assert net.towers.head is not None
    with torch.no_grad():
        net.towers.head[-1].bias.add_(3.0)  # type: ignore[operator]
    assert torch.equal(net.loss(batch, 1.0)["choice"], before)


def test_what_was_dropped_stands_last_in_the_global_list_unless_it_is_in_none() -> None:
    spec, batch = example(4)
    dropped = batch.level == Level.DROPPED

    def slope(**options: bool) -> torch.Tensor:
        """Of the global loss by each candidate's numbers."""
        torch.manual_seed(3)
        net = HCCP(spec, **options).eval()
        numbers = batch.asked.own.clone().requires_grad_()
        net.loss(replace(batch, asked=replace(batch.asked, own=numbers)), 1.0)["global"].backward()
        assert numbers.grad is not None
        return numbers.grad.abs().sum(-1)

    assert (slope()[dropped] > 0).all() and (slope(dropped_last=False)[dropped] == 0).all()

    def loss_where_the_dropped_are(score: float) -> float:
        key = teacher_key(batch.level, batch.place, local=False)
        scores = torch.where(dropped, score, torch.zeros(dropped.shape))
        return list_mle(scores, key, batch.there).item()

    assert loss_where_the_dropped_are(-3.0) < loss_where_the_dropped_are(0.0) < loss_where_the_dropped_are(3.0)
