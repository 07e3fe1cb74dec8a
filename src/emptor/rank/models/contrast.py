"""The contrast that teaches a gate short histories: of a user with less of the past, it should think the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch.nn import functional

from emptor.rank.models.features import Features


class Contrast(NamedTuple):
    """loss: see `contrast`. cosine: mean over pairs of users of the cosine of their gates, 0 without a pair; near 1
    means that the gate has collapsed to the same for everybody.
    """

    loss: torch.Tensor
    cosine: torch.Tensor


def contrast(
    gate: Callable[[Features], torch.Tensor],
    features: Features,
    users: torch.Tensor,
    *,
    temperature: float = 0.1,
    negatives: int = 16,
    keep: tuple[float, float] = (0.3, 0.9),
    generator: torch.Generator | None = None,
) -> Contrast:
    """InfoNCE between a user's gate and the gate of the same history with a part masked, against other users' gates.

    Every request with two behaviours or more is one anchor, whatever the number of its candidates: in search they share
    the gate, in recommendation one is drawn. Only the gate sees the masked history.

    Args:
        gate: Features -> [B, N, K], such as AWMoE.gate. features: what the network made of the batch.
        users: [B] int64, who asked; requests with the same number are never each other's negatives.
        temperature: of the cosines. negatives: how many are drawn for each anchor, at most; few, because K is small and
            users may well share experts. keep: the range a history's keep-rate is drawn from.
        generator: of the draws, on the features' device.

    Returns: Contrast; a loss of 0 where there are no anchors or none has a negative.

    Source: Gong et al. (ICDE 2023), see AWMoE, for masking and contrast on the gate; InfoNCE of van den Oord et al.
        (arXiv 1807.03748, 2018). Temperature, numbers and rates are ours: the abstract gives none.

    Example:
        >>> from emptor.rank.models.awmoe import AWMoE
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> net = AWMoE(spec)
        >>> features = net.features(batch)
        >>> logits, found = net.score(features), contrast(net.gate, features, torch.tensor([7, 8]))
    """
    anchors = (features.there.sum(1) >= 2) & features.mask.any(1)
    if not anchors.any():
        zero = features.behaviours.sum() * 0
        return Contrast(zero, zero.detach())
    users = users[anchors]
    chosen = _one_candidate(features.rows(anchors), generator)
    whole = functional.normalize(gate(chosen)[:, 0], dim=-1)
    part = functional.normalize(
        gate(replace(chosen, there=masked(chosen.there, keep=keep, generator=generator)))[:, 0], dim=-1
    )
    others = users.unsqueeze(1) != users
    drawn = draw_negatives(others, negatives, generator=generator)
    scores = (whole @ part.T / temperature).masked_fill(
        ~(drawn | torch.eye(len(users), device=users.device).bool()), -torch.inf
    )
    cosines = (whole @ whole.T).detach()[others]
    return Contrast(
        functional.cross_entropy(scores, torch.arange(len(users), device=users.device)),
        cosines.mean() if len(cosines) else cosines.sum(),
    )


def masked(there: torch.Tensor, *, keep: tuple[float, float], generator: torch.Generator | None = None) -> torch.Tensor:
    """A random part of each history: there [B, T] bool -> [B, T] bool.

    The share is drawn per history, since short ones come in many lengths. At least one behaviour stays and at least one
    goes; a history of one or none stays as it is.
    """
    draw = torch.rand(there.shape, generator=generator, device=there.device).masked_fill(~there, -1.0)
    rate = torch.rand(len(there), generator=generator, device=there.device) * (keep[1] - keep[0]) + keep[0]
    length = there.sum(1)
    kept = (rate * length).round().long().clamp(min=1).minimum((length - 1).clamp(min=1))
    place = draw.argsort(1, descending=True).argsort(1)
    return there & (place < kept.unsqueeze(1))


def draw_negatives(others: torch.Tensor, count: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
    """Up to count of those allowed in each row: others [A, A] bool -> [A, A] bool."""
    draw = torch.rand(others.shape, generator=generator, device=others.device).masked_fill(~others, -1.0)
    largest = draw.topk(min(count, others.shape[1]), dim=1).indices
    return torch.zeros_like(others).scatter_(1, largest, True) & others


def _one_candidate(features: Features, generator: torch.Generator | None) -> Features:
    """The requests with a single candidate each, drawn from those that are there."""
    draw = torch.rand(features.mask.shape, generator=generator, device=features.mask.device)
    at = draw.masked_fill(~features.mask, -1.0).argmax(1)
    rows = torch.arange(len(at), device=at.device)
    place = features.mask.flatten().cumsum(0).view_as(features.mask)[rows, at] - 1

    def own(values: torch.Tensor) -> torch.Tensor:
        return values[rows, at].unsqueeze(1)

    return replace(
        features,
        joined=features.joined[place],
        product=own(features.product),
        candidates=own(features.candidates),
        mask=own(features.mask),
    )
