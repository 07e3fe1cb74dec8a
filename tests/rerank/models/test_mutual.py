"""Gaussians and mutual information: closed forms beside chance draws, bounds that bound, and what collapses."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from emptor.rerank.models.gaussians import Gaussian, collapse, kl_divergence, log_density, log_overlap, matched
from emptor.rerank.models.mutual import MUTUAL, ba_marginal, cross_entropy, infonce, kl


def some(*shape: int, seed: int) -> Gaussian:
    chance = torch.Generator().manual_seed(seed)
    return Gaussian(torch.randn(*shape, generator=chance), torch.randn(*shape, generator=chance) * 0.7)


def normal(own: Gaussian) -> torch.distributions.Independent:
    base = torch.distributions.Normal(own.mean, (0.5 * own.log_var).exp())
    return torch.distributions.Independent(base, 1)


def test_closed_forms_are_what_chance_draws_say() -> None:
    p, q = some(3, seed=0), some(3, seed=1)
    torch.manual_seed(2)
    z = Gaussian(p.mean.expand(1_000_000, 3), p.log_var.expand(1_000_000, 3)).drawn()
    torch.testing.assert_close(log_density(z, p), normal(p).log_prob(z), atol=1e-4, rtol=1e-4)
    drawn = (log_density(z, p) - log_density(z, q)).mean()
    assert abs(kl_divergence(p, q) - drawn) < 1e-2
    product = log_density(z, q).double().exp().mean().log()
    assert abs(log_overlap(p, q) - 1.5 * math.log(2 * math.pi) - product) < 1e-2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_divergences_are_not_below_0_and_overlaps_have_no_sides(seed: int, width: int) -> None:
    p, q = some(2, width, seed=seed), some(2, width, seed=seed + 1)
    assert (kl_divergence(p, q) > -1e-5).all() and kl_divergence(p, p).abs().max() < 1e-5
    torch.testing.assert_close(log_overlap(p, q), log_overlap(q, p))


def test_variances_are_kept_between_floor_and_ceiling() -> None:
    own = Gaussian.of(torch.tensor([1.0, 2.0, 3.0, -99.0, 0.5, 99.0]), floor=2e-3, ceiling=math.e**3)
    assert own.mean.tolist() == [1.0, 2.0, 3.0]
    torch.testing.assert_close(own.log_var.exp(), torch.tensor([2e-3, math.exp(0.5), math.e**3]))


def test_a_list_is_the_mixture_of_its_products() -> None:
    items, there = some(2, 4, 3, seed=3), torch.tensor([[True, True, True, False], [False] * 4])
    found = matched(items, there, floor=2e-3)
    torch.manual_seed(4)
    draws = Gaussian(items.mean[0, :3].expand(400_000, 3, 3), items.log_var[0, :3].expand(400_000, 3, 3)).drawn()
    torch.testing.assert_close(found.mean[0], draws.mean((0, 1)), atol=1e-2, rtol=0)
    torch.testing.assert_close(found.log_var[0], draws.flatten(0, 1).var(0).log(), atol=1e-2, rtol=0)
    assert found.mean[1].tolist() == found.log_var[1].tolist() == [0.0, 0.0, 0.0]
    apart = Gaussian(items.mean * 10, items.log_var)
    assert (matched(apart, there, floor=2e-3).log_var[0] > found.log_var[0]).all()
    # far from 0, too, no digit is lost
    moved = matched(Gaussian(items.mean + 1000, items.log_var), there, floor=2e-3)
    torch.testing.assert_close(moved.log_var, found.log_var, atol=1e-3, rtol=0)


def test_losses_are_what_loops_say() -> None:
    users, posterior = some(5, 2, seed=5), some(5, 2, seed=6)
    z = users.mean + 0.3

    def row(own: Gaussian, at: int) -> Gaussian:
        return Gaussian(own.mean[at], own.log_var[at])

    told, shares = [], []
    for at in range(5):
        own = log_density(z[at], row(posterior, at))
        told.append(own - torch.stack([log_density(z[at], row(users, b)).exp() for b in range(5)]).mean().log())
        shares.append(own - torch.stack([log_density(z[at], row(posterior, b)).exp() for b in range(5)]).sum().log())
    torch.testing.assert_close(ba_marginal(z, users, posterior), -torch.stack(told).mean())
    torch.testing.assert_close(infonce(z, users, posterior), -torch.stack(shares).mean())
    torch.testing.assert_close(cross_entropy(z, users, posterior), -normal(posterior).log_prob(z).mean())
    apart = torch.distributions.kl_divergence(normal(users), normal(posterior)).mean()
    torch.testing.assert_close(kl(z, users, posterior), apart)


@pytest.mark.parametrize("noise", [0.05, 0.5, 2.0])
def test_bounds_are_below_the_true_information_and_near_it(noise: float) -> None:
    """Users at chance places with a known noise, and the best posterior there is: the place itself."""
    torch.manual_seed(7)
    true = 0.5 * math.log((1 + noise) / noise)
    found, shares = [], []
    for _ in range(20):
        users = Gaussian(torch.randn(512, 1), torch.full((512, 1), math.log(noise)))
        z = users.drawn()
        found.append(-ba_marginal(z, users, users).item())
        shares.append(math.log(512) - infonce(z, users, users).item())
    for bound in (sum(found) / 20, sum(shares) / 20):
        assert true - 0.05 < bound < min(true + 0.02, math.log(512))


def test_users_who_are_all_the_same_are_the_best_for_kl_alone() -> None:
    same = Gaussian(torch.zeros(6, 2), torch.zeros(6, 2))
    apart = Gaussian(torch.arange(12.0).view(6, 2), torch.zeros(6, 2))
    torch.manual_seed(8)
    assert kl(same.mean, same, same) == 0 and kl(apart.mean, apart, same) > 0
    assert ba_marginal(apart.drawn(), apart, apart) < -1 < -1e-3 < ba_marginal(same.drawn(), same, same)
    narrow, wide = (Gaussian(same.mean, torch.full((6, 2), own)) for own in (-5.0, 0.0))
    assert cross_entropy(narrow.drawn(), narrow, narrow) < cross_entropy(wide.drawn(), wide, wide)


class Pair(nn.Module):
    """Users and lists that share one of 12 intents, with noise: what z of a user learns by a loss alone."""

    def __init__(self) -> None:
        super().__init__()
        self.user, self.list, self.posterior = nn.Linear(12, 8), nn.Linear(12, 4), nn.Linear(4, 8)

    def forward(self, rows: int) -> tuple[torch.Tensor, Gaussian, Gaussian]:
        intent = torch.nn.functional.one_hot(torch.randint(0, 12, (rows,)), 12).float()
        users = Gaussian.of(self.user(intent + 0.3 * torch.randn_like(intent)), floor=2e-3, ceiling=math.e**3)
        lists = self.list(intent + 0.3 * torch.randn_like(intent))
        return users.drawn(), users, Gaussian.of(self.posterior(lists), floor=2e-3, ceiling=math.e**3)


@pytest.mark.parametrize("name", list(MUTUAL))
def test_kl_alone_collapses_and_bounds_do_not(name: str) -> None:
    torch.manual_seed(9)
    pair = Pair()
    optimiser = torch.optim.Adam(pair.parameters(), lr=0.02)
    for _ in range(300):
        z, users, posterior = pair(128)
        loss = MUTUAL[name](z, users, posterior)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    ratio = collapse(pair(512)[1]).item()
    if name == "kl":
        assert ratio < 0.01
    if name in ("ba_marginal", "infonce"):
        assert ratio > 0.5


def test_a_single_list_and_no_variance_are_finite() -> None:
    for name, loss in MUTUAL.items():
        users = Gaussian(torch.zeros(1, 2, requires_grad=True), torch.full((1, 2), math.log(2e-3)))
        found = loss(users.drawn(), users, Gaussian(torch.ones(1, 2), torch.zeros(1, 2)))
        assert found.isfinite(), name
    assert collapse(users) == 0
