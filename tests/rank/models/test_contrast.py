"""The contrast on masked histories."""

from __future__ import annotations

from dataclasses import replace

import torch

from emptor.rank.models.awmoe import AWMoE
from emptor.rank.models.contrast import contrast, draw_negatives, masked
from emptor.rank.models.example import example
from emptor.rank.models.features import Features
from tests.rank.models.batches import PAST, without_past

KEEP = (0.3, 0.9)


def test_masking_leaves_some_and_takes_some() -> None:
    lengths = torch.arange(60) % 12
    there = torch.arange(12) < lengths[:, None]
    for seed in range(20):
        kept = masked(there, keep=KEEP, generator=torch.Generator().manual_seed(seed))
        assert not (kept & ~there).any()
        many = lengths >= 2
        assert (kept.sum(1)[many] >= 1).all()
        assert (kept.sum(1)[many] < lengths[many]).all()
        assert torch.equal(kept[~many], there[~many])


def test_shares_kept_are_drawn_from_the_range_and_places_evenly() -> None:
    kept = masked(torch.ones(4_000, 20).bool(), keep=KEEP, generator=torch.Generator().manual_seed(0))
    share = kept.float().mean(1)
    assert abs(share.mean() - 0.6) < 0.02
    assert share.min() >= 0.3
    assert share.max() <= 0.9
    assert share.std() > 0.15
    assert (kept.float().mean(0) - 0.6).abs().max() < 0.05


def test_a_masked_history_is_a_shorter_one() -> None:
    spec, batch = example(8, behaviours=9)
    net = AWMoE(spec).eval()
    features = net.features(batch)
    kept = masked(batch.there, keep=KEEP)
    order = (~kept).to(torch.uint8).argsort(dim=1, stable=True)
    rows = torch.arange(8).unsqueeze(1)
    width = int(kept.sum(1).max())
    shorter = replace(batch, there=kept)
    shorter = replace(shorter, **{name: getattr(shorter, name)[rows, order][:, :width] for name in PAST})
    expected = net.gate(net.features(shorter))
    assert torch.allclose(net.gate(replace(features, there=kept)), expected, atol=1e-6)


def test_without_negatives_there_is_no_loss() -> None:
    spec, batch = example(4)
    net = AWMoE(spec)
    features = net.features(batch)
    assert contrast(net.gate, features, torch.zeros(4).long()).loss == 0
    assert contrast(net.gate, features, torch.arange(4), negatives=0).loss == 0
    nothing = contrast(net.gate, net.features(without_past(batch)), torch.arange(4))
    nothing.loss.backward()
    assert nothing.loss == nothing.cosine == 0


def test_negatives_are_of_others_and_at_most_as_many_as_asked() -> None:
    users = torch.randint(5, (40,))
    others = users.unsqueeze(1) != users
    for count in (1, 4, 100):
        drawn = draw_negatives(others, count)
        assert not (drawn & ~others).any()
        assert torch.equal(drawn.sum(1), others.sum(1).clamp(max=count))


def test_a_user_without_two_behaviours_is_in_no_pair() -> None:
    spec, batch = example(6)
    net = AWMoE(spec).eval()
    there = batch.there.clone()
    there[1, 1:] = False
    seen: list[Features] = []

    def gate(features: Features) -> torch.Tensor:
        seen.append(features)
        return net.gate(features)

    contrast(gate, net.features(replace(batch, there=there)), torch.arange(6))
    whole, part = seen
    assert len(whole.there) == 5
    assert whole.candidates.shape[1] == 1, "one anchor per request"
    assert torch.equal(whole.there, there[[0, 2, 3, 4, 5]])
    assert (part.there.sum(1) < whole.there.sum(1)).all()


def test_the_loss_is_infonce_of_cosines() -> None:
    _, batch = example(3, candidates=1)
    net = AWMoE(example()[0])
    whole = torch.randn(3, 4)
    part = torch.randn(3, 4)
    views = iter([whole, part])
    found = contrast(lambda features: next(views).unsqueeze(1), net.features(batch), torch.arange(3), temperature=0.5)
    cosines = torch.cosine_similarity(whole.unsqueeze(1), part.unsqueeze(0), dim=-1)
    expected = -(cosines / 0.5).log_softmax(1).diagonal().mean()
    assert torch.allclose(found.loss, expected)
    pairs = torch.cosine_similarity(whole.unsqueeze(1), whole.unsqueeze(0), dim=-1)
    assert torch.allclose(found.cosine, (pairs.sum() - 3) / 6, atol=1e-6)


def test_the_same_gate_for_everybody_shows() -> None:
    spec, batch = example(6)
    net = AWMoE(spec)
    constant = torch.ones(6, 1, 4)
    found = contrast(lambda features: constant[: len(features.there)], net.features(batch), torch.arange(6))
    assert found.cosine > 0.999


def test_the_contrast_is_learnt_and_reaches_the_embeddings() -> None:
    spec, batch = example(24, behaviours=10)
    net, users = AWMoE(spec), torch.arange(24)
    chance = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        loss = contrast(net.gate, net.features(batch), users, generator=chance).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])
    grad = net.features.embedding.of_field.weight.grad
    assert grad is not None
    assert grad.abs().sum() > 0
