"""What every ranking network of the registry keeps to."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from emptor.errors import EmptorError
from emptor.rank import models
from emptor.rank.models import MODELS, InputSpec, attention, build, size
from emptor.rank.models.attention import TargetAttention
from emptor.rank.models.example import example
from emptor.rank.models.inputs import FieldSum
from emptor.rank.models.loss import ranking_loss
from tests.rank.models.batches import PAGE, PAST, of_past, padded, without_past

MODULES = [module.name for module in pkgutil.iter_modules(models.__path__)]
EVERY = pytest.mark.parametrize("name", MODELS)


def made(name: str, spec: InputSpec, **options: object) -> nn.Module:
    """A network that was trained a little: none of its weights is still 0."""
    torch.manual_seed(1)
    net = build(name, spec, **options)
    with torch.no_grad():
        for weight in net.parameters():
            weight += 0.1 * torch.randn_like(weight)
        for part in net.modules():
            if isinstance(part, nn.Embedding):
                part.weight[0] = 0
        for seed in range(3):
            net(example(8, seed=seed)[1])
    return net.eval()


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_docstrings_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"emptor.rank.models.{module}"))
    assert not found.failed


@EVERY
def test_scores_are_finite_of_the_right_form_and_the_same_again(name: str) -> None:
    spec, batch = example(6)
    net = made(name, spec)
    logits = net(batch)
    assert logits.shape == (6, 3, 2)
    assert logits.isfinite().all()
    assert torch.equal(logits, net(batch))
    assert torch.equal(logits, made(name, spec)(batch))


@EVERY
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("names", [PAST, PAGE], ids=["past", "page"])
def test_padding_changes_nothing_for_the_rest(name: str, names: tuple[str, ...], training: bool) -> None:
    spec, batch = example(6)
    plain, more = made(name, spec).train(training), made(name, spec).train(training)
    expected, found = plain(batch), more(padded(batch, names, 4))[:, :3]
    assert torch.allclose(expected[batch.mask], found[batch.mask], atol=1e-5)
    for before, after in zip(plain.buffers(), more.buffers(), strict=True):
        assert torch.allclose(before, after, atol=1e-6), "running statistics"


@EVERY
def test_a_request_scores_the_same_in_any_company(name: str) -> None:
    spec, batch = example(6)
    net = made(name, spec)
    alone = [replace(batch, **{part: own[at : at + 1] for part, own in vars(batch).items()}) for at in range(6)]
    assert torch.allclose(net(batch), torch.cat([net(one) for one in alone]), atol=1e-5)


@EVERY
@pytest.mark.parametrize("width", [0, 4])
def test_an_empty_history_still_orders_the_page(name: str, width: int) -> None:
    spec, batch = example(6)
    net, empty = made(name, spec), of_past(without_past(batch), torch.arange(width))
    logits = net(empty)
    assert logits.isfinite().all()
    assert (logits[0, :, 0].std() > 1e-3).all()
    net.train()(empty).sum().backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in net.parameters())


@EVERY
def test_history_counts_unless_it_is_left_out(name: str) -> None:
    spec, batch = example(6)
    net = made(name, spec)
    same = torch.allclose(net(batch), net(without_past(batch)), atol=1e-4)
    assert same == (name in ("lr", "dnn_no_history"))


@EVERY
def test_thirty_steps_on_a_toy_batch_lower_the_loss(name: str) -> None:
    spec, batch = example(8)
    net = build(name, spec)
    labels = (torch.rand(8, 3, 2) < 0.4).float()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(30):
        loss = ranking_loss(net(batch), labels, batch.mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@EVERY
@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_a_shop_without_numbers_is_ranked(name: str) -> None:
    spec, batch = example(4, spec=InputSpec({"category": 5}, actions=2, gaps=2, own=0, numeric=0, context=0, words=2))
    assert build(name, spec)(batch).isfinite().all()


def test_one_candidate_alone_can_be_trained_on() -> None:
    spec, batch = example(1, candidates=1)
    for name in MODELS:
        assert build(name, spec)(without_past(batch)).isfinite().all()


@pytest.mark.parametrize("options", [{}, {"crosses": True, "width": 16}])
def test_the_wide_din_is_as_large_as_the_mixture(options: dict[str, object]) -> None:
    spec, _ = example()
    wide, mixture = size(build("din_wide", spec, **options)), size(build("awmoe", spec, **options))
    assert mixture <= wide < 1.05 * mixture


def test_size_leaves_embeddings_out() -> None:
    spec, _ = example()
    more = replace(spec, words=500, fields={"category": 700, "brand": 900})
    assert all(size(build(name, spec)) == size(build(name, more)) for name in MODELS)


def test_errors_name_what_is_known() -> None:
    spec, _ = example()
    with pytest.raises(EmptorError, match=r"unknown 'dinn'; known are lr, .*din, "):
        build("dinn", spec)
    with pytest.raises(EmptorError, match=r"unknown 'expert'; known are experts, .*normalised"):
        build("awmoe", spec, expert=3)
    with pytest.raises(EmptorError, match="unknown 'tanh'; known are none, softmax, sigmoid"):
        build("awmoe", spec, gate_norm="tanh")
    with pytest.raises(EmptorError, match="unknown 'attention'; known are none, mean"):
        build("dnn", spec, history="attention")
    with pytest.raises(EmptorError, match="no field 'kind'; the fields are category, brand"):
        build("category_moe", spec, category="kind")
    with pytest.raises(EmptorError, match="unknown 'experts'; known are hidden, "):
        build("din_wide", spec, experts=2)


@pytest.mark.parametrize("name", ["dnn", "din", "mmoe", "category_moe", "awmoe", "awmoe_no_attention"])
def test_the_order_of_behaviours_changes_nothing(name: str) -> None:
    spec, batch = example(6, behaviours=7)
    net = made(name, spec)
    assert torch.allclose(net(batch), net(of_past(batch, torch.randperm(7))), atol=1e-5)


def test_attention_in_parts_is_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests beside those of like size: the same answers and gradients as all in one go."""
    chance = torch.Generator().manual_seed(4)
    size, wide, long, width = 150, 9, 12, 8
    mask = torch.arange(wide) < torch.randint(1, wide + 1, (size, 1), generator=chance)
    there = torch.arange(long) < torch.randint(0, long + 1, (size, 1), generator=chance)
    there &= torch.rand(size, long, generator=chance) < 0.8  # histories with holes, as the contrast masks them
    attend = TargetAttention(width, hidden=4)
    found = []
    for least in (attention._WORTHWHILE, size + 1):
        monkeypatch.setattr(attention, "_WORTHWHILE", least)
        targets = torch.randn(size, wide, width, generator=torch.Generator().manual_seed(1), requires_grad=True)
        behaviours = torch.randn(size, long, width, generator=torch.Generator().manual_seed(2), requires_grad=True)
        taste = attend(targets, behaviours, there, mask) * mask.unsqueeze(-1)
        taste.square().sum().backward()
        found.append((taste, targets.grad, behaviours.grad))
    for parts, whole in zip(*found, strict=True):
        assert torch.allclose(parts, whole, atol=1e-5)


def test_fields_are_summed_out_of_one_table() -> None:
    sizes = (5, 3, 4)
    table = FieldSum(sizes, 2)
    torch.nn.init.normal_(table.weight, generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[4, 2, 3], [0, 1, 0], [0, 0, 0]])
    starts = (0, 5, 8)
    for row, found in zip(ids.tolist(), table(ids), strict=True):
        wanted = [table.weight[start + own] for start, own in zip(starts, row, strict=True) if own]
        assert torch.allclose(found, sum(wanted, torch.zeros(2)))
    assert len({start + own for start, size in zip(starts, sizes, strict=True) for own in range(1, size)}) == 9


@pytest.mark.parametrize("field", ["product", "brand"])
def test_only_a_products_own_id_says_nothing_before_training(field: str) -> None:
    spec, batch = example(6)
    first, *others = spec.fields.items()
    spec = replace(spec, fields={field: first[1], **dict(others)})
    net = build("dnn", spec).eval()
    other = batch.product.clone()
    other[..., 0] = other[..., 0] % (first[1] - 1) + 1  # another id, and never that of unknown
    assert torch.equal(net(batch), net(replace(batch, product=other))) == (field == "product")
