"""The parts of ARMMT: fusions that heed what is lacking, the past by what goes with a product, and the task beside."""

from __future__ import annotations

import math

import pytest
import torch

from emptor.errors import EmptorError
from emptor.rerank.models.auxiliary import auxiliary_loss
from emptor.rerank.models.example import example
from emptor.rerank.models.fusion import GATES, SQUEEZES, ContextFusion
from emptor.rerank.models.fusions import FUSIONS, build_fusion, modalities_of
from emptor.rerank.models.modalities import UNITS, Modalities, PersonalAttention


@pytest.mark.parametrize("squeeze", SQUEEZES)
@pytest.mark.parametrize("gate", GATES)
def test_weights_follow_what_modalities_are_like_and_heed_what_is_lacking(squeeze: str, gate: str) -> None:
    torch.manual_seed(0)
    fuse = ContextFusion(2, 16, 8, squeeze=squeeze, gate=gate)
    has = torch.tensor([[True, True], [True, False], [False, True], [False, False]]).repeat(10, 1)
    modalities = (torch.nn.functional.gelu(torch.randn(40, 2, 16)) * has.unsqueeze(-1)).requires_grad_()
    context = torch.randn(40, 8)
    z, weights, out = (
        fuse.squeezed(modalities, has),
        fuse.weights(modalities, has, context),
        fuse(modalities, has, context),
    )
    assert (z[::4].var(0) > 1e-4).all()
    assert (weights[~has] == 0).all() and (out[3::4] == 0).all()
    if gate == "softmax":
        torch.testing.assert_close(weights.sum(1), has.any(1).float())
    else:
        assert ((weights[has] > 0) & (weights[has] < 2)).all()
    naive = torch.stack([weights[b, 0] * modalities[b, 0] + weights[b, 1] * modalities[b, 1] for b in range(40)])
    torch.testing.assert_close(out, naive)
    out.sum().backward()
    assert modalities.grad is not None and modalities.grad.isfinite().all()


def test_a_mean_says_nothing_of_what_was_normalised_and_statistics_of_what_was_not_do() -> None:
    """The trap of squeezing after a normalisation, and that statistics are what they are called."""
    fuse = ContextFusion(1, 16, 0, context="none")
    raw = torch.randn(50, 1, 16) * torch.rand(50, 1, 1) + torch.randn(50, 1, 1)
    has = torch.ones(50, 1).bool()
    normalised = torch.nn.functional.layer_norm(raw, (16,))
    spread = fuse.squeezed(normalised, has).std(0)
    assert spread[0] < 1e-6 and spread[2] < 1e-2 and (fuse.squeezed(raw, has).std(0) > 0.1).all()
    z = fuse.squeezed(raw, has)[7]
    row = raw[7, 0].tolist()
    wanted = [sum(row) / 16, max(row), math.sqrt(sum(own * own for own in row) / 16)]
    torch.testing.assert_close(z, torch.tensor(wanted), atol=1e-4, rtol=1e-4)


def test_context_moves_weights_unless_it_is_left_out() -> None:
    torch.manual_seed(1)
    modalities, has = torch.randn(5, 2, 16), torch.ones(5, 2).bool()
    for context, moves in (("all", True), ("none", False)):
        fuse = ContextFusion(2, 16, 8, context=context)
        one, other = (fuse.weights(modalities, has, torch.randn(5, 8)) for _ in range(2))
        assert ((one - other).abs().max() > 1e-3) == moves


@pytest.mark.parametrize("name", FUSIONS)
def test_fusions_are_nothing_without_modalities_and_do_not_look_at_what_is_lacking(name: str) -> None:
    torch.manual_seed(2)
    many = len(modalities_of(name))
    fuse = build_fusion(name, many, 8, 4, {})
    has = torch.tensor([[True, True], [True, False], [False, True], [False, False]])[:, :many]
    modalities, context = torch.randn(4, many, 8), torch.randn(4, 4)
    out = fuse(modalities * has.unsqueeze(-1), has, context)
    assert out.shape == (4, 8) and (out[~has.any(1)] == 0).all() and (out[has.any(1)].abs().sum(1) > 0).all()
    # of more than one axis, each product by itself
    twice = fuse((modalities * has.unsqueeze(-1)).view(2, 2, many, 8), has.view(2, 2, many), context.view(2, 2, 4))
    torch.testing.assert_close(twice.view(4, 8), out)


def test_unknown_fusions_are_told() -> None:
    with pytest.raises(EmptorError, match="fusion: unknown 'late'; known are cafu"):
        build_fusion("late", 2, 8, 4, {})


@pytest.mark.parametrize("unit", UNITS)
def test_the_past_is_pooled_by_what_goes_with_each_product(unit: str) -> None:
    torch.manual_seed(4)
    attend = PersonalAttention(2, 4, unit=unit)
    has, past_has = torch.rand(3, 4, 2) > 0.3, torch.rand(3, 5, 2) > 0.3
    targets = Modalities(torch.randn(3, 4, 2, 4) * has.unsqueeze(-1), has)
    past = Modalities(torch.randn(3, 5, 2, 4) * past_has.unsqueeze(-1), past_has)
    counts = torch.rand(3, 4, 5) > 0.3
    counts[0] = False
    found = attend(targets, past, counts)
    assert found.has.any() and not found.has[0].any() and (found.vectors[~found.has] == 0).all()
    for b in range(3):
        for n in range(4):
            for j in range(2):
                rows = [t for t in range(5) if counts[b, n, t] and past_has[b, t, j]] if has[b, n, j] else []
                assert found.has[b, n, j] == bool(rows)
                if not rows:
                    continue
                behaviours = past.vectors[b, rows, j]
                scores = attend._scores(j, targets.vectors[b, n, j].view(1, 1, 4), behaviours.unsqueeze(0))[0, 0]
                torch.testing.assert_close(found.vectors[b, n, j], scores.softmax(0) @ behaviours)


def test_tasks_beside_are_what_loops_say() -> None:
    _, batch, labels = example(5)
    torch.manual_seed(5)
    own, main = torch.randn(5, 6, 2), torch.randn(5, 6, 2)

    def found(kind: str, target: str = "both") -> float:
        logits = own if target == "both" else own[..., 1:]
        return auxiliary_loss(logits, main, labels, mask=batch.mask, kind=kind, target=target).item()

    def entropy(logit: torch.Tensor, wanted: float) -> float:
        chance = torch.sigmoid(logit).item()
        return -wanted * math.log(chance) - (1 - wanted) * math.log(1 - chance)

    tasks = (labels.click, labels.purchase)
    rows = [(b, n) for b in range(5) for n in range(6)]
    seen = [at for at in rows if labels.seen[at]]
    there = [at for at in rows if batch.mask[at]]
    by_task, distilled, pairs = [], [], []
    for a, label in enumerate(tasks):
        by_task.append(sum(entropy(own[*at, a], label[at].item()) for at in seen) / len(seen))
        distilled.append(sum(entropy(own[*at, a], main[*at, a].sigmoid().item()) for at in there) / len(there))
        each = [
            math.log1p(math.exp(own[*down, a] - own[*up, a]))
            for up in seen
            for down in seen
            if up[0] == down[0] and label[up] > label[down]
        ]
        pairs.append(sum(each) / len(each))
    assert found("response") == pytest.approx(sum(by_task), rel=1e-4)
    assert found("response", "purchase") == pytest.approx(by_task[1], rel=1e-4)
    assert found("distil") == pytest.approx(sum(distilled), rel=1e-4)
    assert found("pairwise") == pytest.approx(sum(pairs), rel=1e-4)
    assert found("pairwise", "purchase") == pytest.approx(pairs[1], rel=1e-4)


def test_shuffled_labels_say_nothing_and_are_as_many() -> None:
    _, batch, labels = example(12)
    own = labels.purchase.unsqueeze(-1) * 8 - 4  # knows all
    main = torch.zeros(12, 6, 2)
    torch.manual_seed(6)
    told = {
        kind: auxiliary_loss(own, main, labels, mask=batch.mask, kind=kind, target="purchase").item()
        for kind in ("response", "shuffled")
    }
    assert told["response"] < 0.05 < 0.5 < told["shuffled"]
    flat = auxiliary_loss(own * 0, main, labels, mask=batch.mask, kind="shuffled", target="purchase")
    assert flat.item() == pytest.approx(math.log(2))
