"""The gate over the history."""

from __future__ import annotations

import itertools

import pytest
import torch

from emptor.rank.models import RankBatch
from emptor.rank.models.awmoe import AWMoE
from emptor.rank.models.din import DIN
from emptor.rank.models.example import example
from emptor.rank.models.gate import NORMS, POOLINGS, SequenceGate
from tests.rank.models.batches import PAST, of_page, of_past, padded, surface, without_past

FORMS = pytest.mark.parametrize(
    "options",
    [
        *({"gate_norm": norm, "pooling": pooling} for norm, pooling in itertools.product(NORMS, POOLINGS)),
        {"attention_gate": False},
        {"gate_unit_context": False},
        {"start_context": True},
    ],
    ids=str,
)


def gates(net: AWMoE, batch: RankBatch) -> torch.Tensor:
    return net.gate(net.features(batch))


@FORMS
def test_order_and_padding_of_behaviours_leave_the_gate_alone(options: dict[str, object]) -> None:
    spec, batch = example(6, behaviours=7)
    net = AWMoE(spec, **options).eval()  # type: ignore[arg-type]
    expected = gates(net, batch)
    assert torch.allclose(expected, gates(net, of_past(batch, torch.randperm(7))), atol=1e-6)
    assert torch.allclose(expected, gates(net, padded(batch, PAST, 3)), atol=1e-6)


@FORMS
def test_in_search_the_gate_is_that_of_the_request(options: dict[str, object]) -> None:
    spec, batch = example(6, candidates=5)
    net = AWMoE(spec, **options).eval()  # type: ignore[arg-type]
    found = gates(net, surface(batch, True))
    assert torch.equal(found, found[:, :1].expand_as(found))
    assert not torch.allclose(found[0], found[1], atol=1e-4), "but not that of others"
    if options.get("gate_unit_context", True):
        per_candidate = gates(net, surface(batch, False))[0]
        assert not torch.allclose(per_candidate, per_candidate[:1].expand_as(per_candidate), atol=1e-5)


def test_both_kinds_of_request_share_a_batch() -> None:
    spec, batch = example(6)
    net = AWMoE(spec).eval()
    mixed, search, recommend = (gates(net, own) for own in (batch, surface(batch, True), surface(batch, False)))
    assert torch.allclose(mixed, torch.where(batch.searching[:, None, None], search, recommend), atol=1e-6)


def test_in_search_the_gate_is_computed_once_per_request(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, batch = example(6, candidates=5)
    net, seen = AWMoE(spec), []
    net.sequence_gate.register_forward_hook(lambda module, given, out: seen.append(tuple(out.shape)))
    net(batch)
    assert seen == [(3, 1, 4), (3, 5, 4)]


def test_the_gate_of_a_page_does_not_depend_on_its_other_candidates() -> None:
    spec, batch = example(6, candidates=5)
    net = AWMoE(spec).eval()
    assert torch.allclose(gates(net, batch)[:, 2:3], gates(net, of_page(batch, torch.tensor([2]))), atol=1e-6)


@FORMS
def test_an_empty_history_gives_the_start(options: dict[str, object]) -> None:
    spec, batch = example(6)
    net = AWMoE(spec, experts=4, **options).eval()  # type: ignore[arg-type]
    start = {"none": 0.25, "softmax": 0.25, "sigmoid": torch.tensor(0.25).sigmoid().item()}
    found = gates(net, without_past(batch))
    assert torch.allclose(found, torch.full_like(found, start[str(options.get("gate_norm", "none"))]))


def test_one_expert_and_a_gate_of_one_are_din() -> None:
    spec, batch = example(6)
    din, net = DIN(spec), AWMoE(spec, experts=1)
    missing, unexpected = net.load_state_dict(din.state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith(("bias", "of_", "sequence_gate.")) for name in missing)
    with torch.no_grad():
        net.sequence_gate.out.weight.zero_()
        net.sequence_gate.out.bias.zero_()
    assert torch.equal(gates(net.eval(), batch), torch.ones(6, 3, 1))
    for training in (True, False):
        assert torch.allclose(din.train(training)(batch), net.train(training)(batch), atol=1e-6)


@pytest.mark.parametrize("unit_context", [True, False])
def test_the_gate_is_the_sum_that_the_docstring_says(unit_context: bool) -> None:
    gate = SequenceGate(4, experts=3, hidden=5, unit_context=unit_context)
    context, behaviours, there = torch.randn(1, 2, 4), torch.randn(1, 3, 4), torch.tensor([[True, False, True]])
    expected = torch.full((2, 3), 1 / 3)
    assert gate.activation is not None
    for candidate, at in itertools.product(range(2), (0, 2)):
        c, b = context[0, candidate], behaviours[0, at]
        units = gate.of_behaviour(b) + (gate.of_context(c) if gate.of_context is not None else 0)
        unit = gate.activation
        score = unit.last(unit.first(torch.cat([c, b, c * b])).relu())
        expected[candidate] += score.sigmoid() * gate.out(units.relu()) / 2**0.5
    assert torch.allclose(gate(context, behaviours, there)[0], expected, atol=1e-6)
