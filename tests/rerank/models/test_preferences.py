"""What PODM-MI makes of users and lists: streams of queries as Gaussians, what repeats what, and what collapses."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from emptor.rerank.models.example import example
from emptor.rerank.models.gaussians import Gaussian
from emptor.rerank.models.inputs import RerankBatch
from emptor.rerank.models.utility import expected_overlap, item_utility
from tests.rerank.models.lists import lists
from tests.rerank.models.streams import entropy, rank_correlation, streams
from tests.rerank.models.test_podmmi import made


def changed_earlier(batch: RerankBatch) -> RerankBatch:
    return replace(batch, earlier=torch.where(batch.earlier > 0, batch.earlier % 19 + 1, 0))


@pytest.mark.parametrize("encoder", ["attention", "gru"])
def test_earlier_queries_count_where_they_are_asked_for(encoder: str) -> None:
    spec, batch, _ = example(4)
    for queries in (True, False):
        net = made(spec, encoder=encoder, queries=queries).eval()
        with torch.no_grad():
            before, after = net(batch), net(changed_earlier(batch))
            gap = net(replace(batch, earlier_gap=batch.earlier_gap % 4 + (batch.earlier_gap > 0)))
        asked = (batch.earlier > 0).any(-1).any(-1)
        assert ((before - after)[asked].abs().amax(1) > 0).all() == queries
        assert ((before - gap)[asked].abs().amax(1) > 0).all() == queries
        torch.testing.assert_close(before[~asked], after[~asked])


@pytest.mark.parametrize("encoder", ["attention", "gru"])
def test_what_is_asked_now_moves_the_wish_however_much_was_done(encoder: str) -> None:
    """One token among a long past: its own state goes along, and what kind of request it is."""
    spec, batch, _ = example(4)
    net = made(spec, encoder=encoder).eval()

    def longer(own: torch.Tensor) -> torch.Tensor:
        return own.repeat(1, 12, *[1] * (own.dim() - 2))

    asked = replace(
        batch.asked,
        **{own: longer(getattr(batch.asked, own)) for own in ("past", "past_own", "action", "gap", "there")},
    )
    past = replace(
        batch.past, **{own: longer(getattr(batch.past, own)) for own in ("text", "image", "has_text", "has_image")}
    )
    batch = replace(batch, asked=asked, past=past)
    others = (
        replace(asked, words=torch.where(asked.words > 0, asked.words % 19 + 1, 3)),
        replace(asked, context=asked.context + 1),
    )
    with torch.no_grad():
        before = net.read(batch).users
        for other in others:
            after = net.read(replace(batch, asked=other)).users
            assert before is not None and after is not None
            for one, two in zip(before, after, strict=True):
                assert ((one - two).abs().mean(1) > 1e-3).all()


@pytest.mark.parametrize("encoder", ["attention", "gru"])
def test_gaps_in_the_past_are_not_read(encoder: str) -> None:
    """Behaviours that are not there, and queries without words, hold nothing, wherever they stand."""
    spec, batch, _ = example(4)
    net = made(spec, encoder=encoder).eval()
    asked = batch.asked
    # one more of each, in front, where nothing is
    wider = replace(
        asked,
        **{
            own: torch.cat([torch.ones_like(getattr(asked, own)[:, :1]), getattr(asked, own)], 1)
            for own in ("past", "past_own", "action", "gap")
        },
        there=torch.cat([torch.zeros_like(asked.there[:, :1]), asked.there], 1),
    )
    past = replace(
        batch.past,
        **{
            own: torch.cat([torch.zeros_like(getattr(batch.past, own)[:, :1]), getattr(batch.past, own)], 1)
            for own in ("text", "image", "has_text", "has_image")
        },
    )
    quiet = torch.cat([batch.earlier[:, :2], torch.zeros_like(batch.earlier[:, :1])], 1)
    gap = torch.cat([batch.earlier_gap[:, :2], torch.full_like(batch.earlier_gap[:, :1], 3)], 1)
    with torch.no_grad():
        before = net(replace(batch, earlier=quiet, earlier_gap=batch.earlier_gap * (quiet > 0).any(-1)))
        after = net(replace(batch, asked=wider, past=past, earlier=quiet, earlier_gap=gap))
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)


def test_what_stands_before_is_repeated_as_loops_say() -> None:
    torch.manual_seed(0)
    relevance, mask = torch.randn(3, 4), torch.tensor([[True] * 4, [True, True, True, False], [False] * 4])
    alike = torch.nn.functional.normalize(torch.randn(3, 4, 5), dim=-1)
    found = expected_overlap(relevance, alike, mask, temperature=0.5)
    for b in range(3):
        for j in range(4):
            total = 0.0
            for other in range(4):
                if other != j and mask[b, other]:
                    before = torch.sigmoid((relevance[b, other] - relevance[b, j]) / 0.5)
                    total -= float(before) * max(0.0, float(alike[b, other] @ alike[b, j]))
            assert found[b, j].item() == pytest.approx(total, abs=1e-5)


def test_items_lift_each_other_by_rows_of_a_softmax() -> None:
    torch.manual_seed(1)
    users, items = Gaussian(torch.randn(2, 3), torch.randn(2, 3)), Gaussian(torch.randn(2, 4, 3), torch.randn(2, 4, 3))
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    found = item_utility(users, items, mask)
    for b in range(2):
        weighed = items.mean[b] @ torch.diag(1 / users.log_var[b].exp()) @ items.mean[b].T / math.sqrt(3)
        weighed[:, ~mask[b]] = -torch.inf
        torch.testing.assert_close(found[b], weighed.softmax(1))


def test_variances_stay_between_floor_and_ceiling() -> None:
    spec, batch, _ = example(4)
    net = made(spec, var_floor=0.5, var_ceiling=2.0)
    assert net.of_user is not None and net.of_items is not None
    for own in (net.of_user, net.of_items):
        torch.nn.init.normal_(own.out[-1].weight, std=50.0)
    read = net.read(batch)
    for found in (read.users, read.items):
        assert found is not None
        var = found.log_var.detach().exp()
        assert var.min() == pytest.approx(0.5) and var.max() == pytest.approx(2.0)


@pytest.mark.parametrize("mutual", ["kl", "ba_marginal"])
def test_kl_without_a_list_loss_sets_off_the_alarm(mutual: str) -> None:
    """Of users who begin apart: where they begin alike, a bound alone may take long to part them."""
    data = streams(128, seed=0, breadth=0.0)
    net = made(data.spec, mutual=mutual, width=32, latent=8, dropout=0.0, sides="none")
    assert net.of_user is not None
    last = net.of_user.out[-1]
    with torch.no_grad():
        last.weight[:8] *= 4.0
        last.bias[8:] -= 2.0
    assert net.loss(data.batch, data.labels)["collapse"] > 0.01
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(60):
        optimiser.zero_grad()
        net.loss(data.batch, data.labels)["mutual"].backward()
        optimiser.step()
    ratio = net.loss(data.batch, data.labels)["collapse"].item()
    assert (ratio < 0.01) == (mutual == "kl")


@pytest.mark.slow
def test_a_stream_that_narrows_narrows_the_user_and_the_list() -> None:
    """Without the information it depends on the seed whether a broad user's Gaussian is a wide or a narrow one."""
    learnt, tested = streams(4096, seed=0), streams(600, seed=1)
    net = made(learnt.spec, width=32, latent=8, dropout=0.0, sides="none")
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    chance = torch.Generator().manual_seed(2)
    for _ in range(250):
        rows = torch.randint(0, 4096, (64,), generator=chance).tolist()
        loss = net.loss(lists(learnt.batch, rows), lists(learnt.labels, rows))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.eval()
    with torch.no_grad():
        utilities = net.utilities(tested.batch)
        assert rank_correlation((utilities[..., 1] / utilities[..., 0]).mean(1), tested.breadth) > 0.4
        assert rank_correlation(net.spread(tested.batch), tested.breadth) > 0.4
        narrow, wide = (streams(600, seed=1, breadth=breadth) for breadth in (0.0, 1.0))
        assert torch.equal(narrow.category, wide.category)
        shown = [entropy(own.category, net(own.batch)).mean() for own in (narrow, wide)]
        assert shown[0] + 0.1 < shown[1]
        balances = [(own[..., 1] / own[..., 0]).mean() for own in map(net.utilities, (narrow.batch, wide.batch))]
        assert 1.5 * balances[0] < balances[1]
        read = [net.read(own.batch).users for own in (narrow, wide)]
        traces = [own.log_var.exp().sum(1).mean() for own in read if own is not None]
        assert traces[0] < traces[1]
