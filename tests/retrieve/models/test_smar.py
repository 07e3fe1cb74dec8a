"""What is SMAR's own: three vectors of a product, and a gate that the query or the category decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from emptor.retrieve.models import build
from emptor.retrieve.models.example import example
from emptor.retrieve.models.gate import gate_summary
from emptor.retrieve.models.losses import gate_targets, stage_two
from tests.retrieve.models.batches import TINY, chosen_and_others, made, without_images


@pytest.mark.parametrize("fusion", ["cross_attention", "co_attention"])
def test_no_picture_is_a_gradient_of_nothing_for_the_map_of_pictures(fusion: str) -> None:
    """W_v: the image's features enter the vector by both through it alone."""
    spec, batch = example(8)
    net = made("smar", spec, fusion=fusion)
    for known, expected in ((without_images(batch), False), (batch, True)):
        net.zero_grad()
        both = net.products(known).both
        assert both is not None
        (both * torch.randn_like(both)).sum().backward()
        grad = net.towers.image.of_values.weight.grad
        assert grad is not None
        assert bool(grad.any()) == expected


def test_a_thousand_queries_find_the_same_by_an_index_as_by_the_gated_score() -> None:
    spec, batch = example(1000, negatives=200)
    net = made("smar_soft", spec)
    with torch.no_grad():
        query, products = net.query(batch.query), net.products(batch)
        assert query.p.std() > 0.01
        index = net.serving_queries(query) @ net.serving_products(products).T
        assert products.text is not None and products.both is not None
        by_hand = query.p[:, None] * (query.vector @ products.both.T)
        by_hand += (1 - query.p[:, None]) * (query.vector @ products.text.T)
    assert torch.allclose(index, by_hand, atol=1e-6)
    found, wanted = index.topk(50).values, by_hand.topk(50).values
    assert torch.allclose(found, wanted, atol=1e-6)
    assert products.there.all()
    lengths = net.serving_products(products).norm(dim=1)
    assert torch.allclose(lengths, torch.tensor(2.0).sqrt()), "so that cosines are in the same order"


def test_a_hard_gate_serves_one_vector_or_the_other() -> None:
    spec, batch = example(8)
    net = made("smar", spec)
    query, products = net.query(batch.query), net.products(batch)
    query = query._replace(p=torch.tensor([0.9, 0.1] * 4))
    assert products.text is not None and products.both is not None
    by_both, by_text = query.vector @ products.both.T, query.vector @ products.text.T
    served = net.score(query, products)
    assert torch.allclose(served[0::2], by_both[0::2], atol=1e-6)
    assert torch.allclose(served[1::2], by_text[1::2], atol=1e-6)
    soft = net.train().score(query, products)
    assert torch.allclose(soft[0], 0.9 * by_both[0] + 0.1 * by_text[0], atol=1e-6)


@pytest.mark.parametrize("name", ["smar", "smar_category_gate"])
def test_a_gate_that_has_learnt_nothing_serves_both(name: str) -> None:
    spec, batch = example(8)
    net, bare = build(name, spec, **TINY).eval(), build("smar_no_gate", spec, **TINY).eval()
    missing = bare.load_state_dict(net.state_dict(), strict=False)
    assert not missing.missing_keys
    assert torch.allclose(net(batch).scores, bare(batch).scores, atol=1e-6)


def test_a_gate_over_categories_mixes_products_not_queries() -> None:
    spec, batch = example(8)
    net = made("smar_category_gate", spec)
    with torch.no_grad():
        net.gate.table.weight.copy_(torch.tensor([[4.0], [-4.0], [0.3], [-0.3], [2.0]]))
    query, products = net(batch)[:2]
    assert net.serving_width == 8
    assert (query.p == 1).all()
    p = net.gate.table.weight[batch.category].sigmoid()
    by_hand = functional.normalize(p * products.both + (1 - p) * products.text, dim=1)
    assert torch.allclose(net.serving_products(products, hard=False), by_hand, atol=1e-6)
    hard = net.serving_products(products)
    assert torch.allclose(hard, torch.where(p > 0.5, products.both, products.text), atol=1e-6)
    logit = net.gate_logit(query, products, batch.target)
    assert torch.equal(logit, products.logit[batch.target])


def test_cold_gates_are_surer_of_the_same() -> None:
    spec, batch = example(8)
    net = made("smar", spec)
    warm = net.query(batch.query).p
    net.anneal(1.0)
    cold = net.query(batch.query).p
    assert ((cold - 0.5).abs() > (warm - 0.5).abs()).all()
    assert torch.equal(cold > 0.5, warm > 0.5)
    net.anneal(0.0)
    assert torch.equal(net.query(batch.query).p, warm)


def test_a_constant_gate_is_noticed() -> None:
    spec, batch = example(8)
    net = made("smar", spec).train()
    with torch.no_grad():
        net.gate.out.weight.zero_()
    told = stage_two(net, net(batch), batch, torch.full((8,), torch.nan))
    assert told["p_std"] == 0
    assert told["p_mean"] == pytest.approx(net.gate.out.bias.sigmoid().item())
    assert gate_summary(net.query(batch.query).p).constant
    with torch.no_grad():
        net.gate.out.weight.copy_(5 * torch.randn(1, 64))
    told = stage_two(net, net(batch), batch, torch.full((8,), torch.nan))
    assert told["p_std"] > 0.05
    assert not gate_summary(net.query(batch.query).p).constant


def test_the_gates_target_teaches_it_which_queries_want_pictures() -> None:
    """A word of the query says whether to look; targets alone, by few steps, must make p follow it."""
    spec = example()[0]
    batch = chosen_and_others(16)
    wants = torch.arange(16) % 2 == 0
    query = batch.query.clone()
    query[:, 1] = torch.where(wants, 11, 12)
    batch = replace(batch, query=query)
    torch.manual_seed(0)
    net = build("smar", spec, **TINY, dropout=0.0)
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3)
    for step in range(40):
        net.anneal(step / 40)
        loss = stage_two(net, net(batch), batch, wants.float(), gate_weight=1.0)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    summary = gate_summary(net.eval().query(query).p, wants.long())
    assert not summary.constant
    assert summary.by_group[1] > 0.7 > 0.3 > summary.by_group[0]


def test_the_gates_target_is_what_picture_and_text_do_to_the_rank() -> None:
    spec, batch = example(32)
    net = made("smar", spec)
    with torch.no_grad():
        query, products = net.query(batch.query), net.products(batch)
        target = gate_targets(query, products, batch)
        ranks = []
        for p in (0.0, 1.0):
            scores = net.score(query._replace(p=torch.full((32,), p)), products)
            ranks.append((scores > scores.diagonal().unsqueeze(1)).sum(1))
    gain = ranks[0] - ranks[1]
    assert {-1, 0, 1} == set(gain.sign().tolist())
    assert torch.equal(target.isnan(), gain == 0)
    assert torch.equal(target == 1, gain > 0)
