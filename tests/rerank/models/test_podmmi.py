"""PODM-MI: PRM where nothing is added to it, Gaussians of users and lists, and scores that follow what was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from emptor.errors import EmptorError
from emptor.rerank.models.example import example
from emptor.rerank.models.gaussians import Gaussian, log_overlap
from emptor.rerank.models.inputs import Labels, ListSpec
from emptor.rerank.models.mutual import MUTUAL
from emptor.rerank.models.podmmi import PODMMI
from emptor.rerank.models.prm import PRM
from emptor.rerank.models.utility import UTILITIES, expected_overlap
from tests.rerank.models.lists import learns, lists, longer, ordered, without_past

OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    **{f"utility {own}": {"utility": own} for own in UTILITIES if own != "dual"},
    **{f"mutual {own}": {"mutual": own} for own in MUTUAL if own != "ba_marginal"},
    "no information": {"mi": 0.0},
    "hypernetwork alone": {"utility": "hypernetwork", "gamma": 0.0, "mi": 0.0},
    "no overlap": {"gamma": 0.0},
    "nothing": {"utility": "none", "gamma": 0.0, "mi": 0.0},
    "a prior": {"beta": 0.1},
    "points": {"user": "point"},
    "no queries": {"queries": False},
    "gru": {"encoder": "gru"},
    "gru of clicks": {"encoder": "gru", "queries": False},
    "deep": {"blocks": 2, "heads": 2},
    "the user alone moves": {"detach_list": True},
    "purchases alone": {"bought_only": True},
    "no places": {"positions": False},
}
EVERY = pytest.mark.parametrize("options", list(OPTIONS.values()), ids=list(OPTIONS))


def made(spec: ListSpec, **options: Any) -> PODMMI:
    torch.manual_seed(3)
    return PODMMI(spec, **options)


@EVERY
def test_every_weight_learns_and_loss_falls(options: dict[str, Any]) -> None:
    spec, batch, labels = example(12)
    net = made(spec, **{"dropout": 0.0, **options})
    learns(net, batch, labels, steps=30, lr=3e-3, told="list")


def test_without_its_parts_it_is_prm_bit_for_bit() -> None:
    spec, batch, labels = example(6)
    torch.manual_seed(3)
    prm = PRM(spec)
    net = made(spec, utility="none", gamma=0.0, mi=0.0)
    assert [name.removeprefix("host.") for name, _ in net.named_parameters()] == [
        name for name, _ in prm.named_parameters()
    ]
    for training in (True, False):
        for own in (prm, net):
            own.train(training).zero_grad()
            torch.manual_seed(5)  # dropout
            own.loss(batch, labels)["loss"].backward()
        for mine, its in zip(net.parameters(), prm.parameters(), strict=True):
            assert mine.grad is not None and its.grad is not None and torch.equal(mine.grad, its.grad)
        torch.manual_seed(5)
        mine_values = net(batch)
        torch.manual_seed(5)
        assert torch.equal(mine_values, prm(batch))
    # with utilities of 1 and 0, too
    dual = made(spec, gamma=0.0, mi=0.0).eval()
    before = dual(batch)
    assert not torch.equal(before, dual.host(batch))

    class Fixed(torch.nn.Module):
        def forward(self, users: Gaussian, z: torch.Tensor, items: Gaussian, overlap: torch.Tensor) -> torch.Tensor:
            return torch.tensor([1.0, 0.0]).expand(*overlap.shape, 2)

    dual.weigh = Fixed()
    torch.manual_seed(3)
    untrained = PRM(spec).eval()
    assert torch.equal(dual(batch), untrained(batch))


@EVERY
def test_padding_changes_nothing(options: dict[str, Any]) -> None:
    spec, batch, labels = example(5)
    net = made(spec, **options).eval()
    more, labels_of_more = longer(batch, labels)
    with torch.no_grad():
        torch.testing.assert_close(net(more)[more.mask], net(batch)[batch.mask], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(net.loss(more, labels_of_more), net.loss(batch, labels), atol=1e-5, rtol=1e-5)


@EVERY
def test_a_user_without_a_past_is_served_and_changes_no_other(options: dict[str, Any]) -> None:
    spec, batch, labels = example(5)
    net = made(spec, **options).eval()
    cold = without_past(batch, [0, 3])
    quiet = replace(cold, asked=replace(cold.asked, words=torch.zeros_like(cold.asked.words)))
    with torch.no_grad():
        before, after = net(batch), net(cold)
        assert after.isfinite().all() and net(quiet).isfinite().all()
        assert (after[0] != before[0]).all()
        torch.testing.assert_close(after[[1, 2, 4]], before[[1, 2, 4]], atol=1e-5, rtol=1e-5)
    for own in (cold, quiet, without_past(quiet, list(range(5)))):
        for known in (labels, Labels(labels.click * 0, labels.purchase * 0, labels.seen & False)):
            net.train().zero_grad()
            loss = net.loss(own, known)["loss"]
            loss.backward()
            assert loss.isfinite()
            assert all(weight.grad is None or weight.grad.isfinite().all() for weight in net.parameters())


@EVERY
def test_one_list_of_one_product(options: dict[str, Any]) -> None:
    spec, batch, labels = example(4)
    one = lists(ordered(batch, [0]), [0])
    kept = Labels(labels.click[:1, :1], labels.purchase[:1, :1], labels.seen[:1, :1])
    net = made(spec, **options)
    loss = net.loss(one, kept)["loss"]
    loss.backward()
    assert loss.isfinite() and all(w.grad is None or w.grad.isfinite().all() for w in net.parameters())
    assert net.eval()(one).shape == (1, 1)


@EVERY
def test_without_places_the_order_that_comes_in_changes_no_value(options: dict[str, Any]) -> None:
    spec, batch, _ = example(4)
    order = [3, 1, 0, 2, 5, 4]
    for positions in (True, False):
        net = made(spec, **{**options, "positions": positions}).eval()
        if net.host.positions is not None:
            torch.nn.init.normal_(net.host.positions.weight)
        other = ordered(batch, order)
        with torch.no_grad():
            far = (net(other) - net(batch)[:, order])[other.mask].abs().max()
        assert (far > 1e-3) == positions and (positions or far < 1e-5)


def test_users_are_drawn_in_training_and_served_by_their_means() -> None:
    spec, batch, _ = example(4)
    for user, draws in (("gaussian", True), ("point", False)):
        net = made(spec, user=user, dropout=0.0)
        with torch.no_grad():
            assert torch.equal(net(batch), net(batch)) != draws
            net.eval()
            assert torch.equal(net(batch), net(batch))
            read = net.read(batch)
            assert read.users is not None and read.z is read.users.mean
            spread = net.spread(batch)
            torch.testing.assert_close(spread, read.users.log_var.mean(1))
            assert (spread.abs().max() == 0) == (user == "point")


def test_scores_are_made_of_the_parts_that_are_told() -> None:
    spec, batch, _ = example(4)
    net = made(spec, gamma=0.3).eval()
    with torch.no_grad():
        read, weights = net.read(batch), net.utilities(batch)
        assert read.users is not None and read.items is not None and weights.shape == (*batch.mask.shape, 2)
        assert (weights > 0).all()
        apart = expected_overlap(read.relevance, batch.alike, batch.mask, temperature=0.5, sharp=3)
        for b in range(4):
            for j in range(6):
                own = Gaussian(read.users.mean[b], read.users.log_var[b])
                overlap = log_overlap(own, Gaussian(read.items.mean[b, j], read.items.log_var[b, j]))
                wanted = weights[b, j, 0] * read.relevance[b, j] + weights[b, j, 1] * apart[b, j] + 0.3 * overlap
                torch.testing.assert_close(net(batch)[b, j], wanted, atol=1e-4, rtol=1e-4)
    plain = made(spec, utility="none")
    assert plain.utilities(batch)[1, 2].tolist() == [1.0, 0.0]


def test_information_moves_the_list_unless_it_is_to_be_left_alone() -> None:
    spec, batch, labels = example(6)
    for detached in (False, True):
        net = made(spec, detach_list=detached, dropout=0.0)
        net.loss(batch, labels)["mutual"].backward()
        for name, weight in net.named_parameters():
            reached = weight.grad is not None and bool(weight.grad.abs().max() > 0)
            if name.startswith(("of_user.", "posterior.")):
                assert reached, name
            if name.startswith(("of_items.", "host.enter.", "host.blocks.")):
                assert reached != detached, name
            if name.startswith(("host.head.", "weigh.")):
                assert not reached, name


def test_the_loss_is_the_sum_of_what_is_told() -> None:
    spec, batch, labels = example(6)
    told = made(spec, beta=0.2, mi=0.5).loss(batch, labels)
    torch.testing.assert_close(told["loss"], told["list"] + 0.5 * told["mutual"] + 0.2 * told["prior"])
    assert sorted(made(spec, utility="none", gamma=0.0, mi=0.0).loss(batch, labels)) == ["list", "loss"]
    clicked = Labels(labels.click, labels.purchase * 0, labels.seen)
    assert made(spec, bought_only=True).loss(batch, clicked)["list"] == 0 < made(spec).loss(batch, clicked)["list"]


def test_options_that_cannot_be_are_told() -> None:
    spec, batch, _ = example()
    for options, message in (
        ({"mi": -1.0}, r"gamma, mi, beta: 0\.1, -1\.0, 0\.0; expected weights from 0"),
        ({"soft_rank": 0.0}, r"soft_rank, var_floor, var_ceiling: 0\.0"),
        ({"var_floor": 9.0, "var_ceiling": 1.0}, "the floor below the ceiling"),
        ({"mutual": "mine"}, "mutual: unknown 'mine'; known are ba_marginal, kl"),
        ({"utility": "both"}, "utility: unknown"),
        ({"encoder": "lstm"}, "encoder: unknown"),
        ({"user": "mixture"}, "user: unknown"),
        ({"heads": 5}, "heads: 5"),
    ):
        with pytest.raises(EmptorError, match=message):
            PODMMI(spec, **options)
    with pytest.raises(EmptorError, match="does not part accuracy and diversity"):
        PODMMI(spec, utility="items").utilities(batch)
    with pytest.raises(EmptorError, match="this network reads no user"):
        PODMMI(spec, utility="none", gamma=0.0, mi=0.0).spread(batch)
