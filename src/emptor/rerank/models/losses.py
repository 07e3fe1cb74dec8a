"""What re-ranking networks learn from: clicks and purchases of what was seen, one by one or of a list as a whole.

Shapes: B lists, N products. What was not seen says nothing: neither its value nor its labels change any loss.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from emptor.errors import EmptorError
from emptor.rank.models.loss import ranking_loss
from emptor.rerank.models.inputs import Labels


def response_loss(logits: torch.Tensor, labels: Labels, *, purchase_weight: float = 1.0) -> torch.Tensor:
    """Cross entropy of click and purchase, the mean over what was seen in the whole batch.

    Args:
        logits: [B, N, 2], click and purchase. labels: see Labels. purchase_weight: beside the click's 1.

    Returns: a scalar; 0 where nothing was seen.

    Raises: EmptorError for a weight below 0, which would teach that nobody buys.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> _, batch, labels = example()
        >>> response_loss(torch.zeros(*batch.mask.shape, 2), labels)
        tensor(1.3863)
    """
    if purchase_weight < 0:
        raise EmptorError(f"purchase_weight: {purchase_weight}, expected a weight from 0 on")
    both = torch.stack([labels.click, labels.purchase], -1)
    return ranking_loss(logits, both, labels.seen, purchase_weight=purchase_weight)


def worth(logits: torch.Tensor, *, purchase: float) -> torch.Tensor:
    """log(P(click) + purchase P(purchase)): what products are ordered by, where each has two logits.

    Args: logits: [B, N, 2], click and purchase. purchase: clicks that a purchase is worth; 0 orders by clicks alone.

    Returns: [B, N].

    Raises: EmptorError for a purchase that is worth less than nothing.

    Example:
        >>> worth(torch.zeros(1, 1, 2), purchase=3.0).exp()
        tensor([[2.]])
    """
    if purchase < 0:
        raise EmptorError(f"purchase: {purchase}, expected the clicks that a purchase is worth, from 0 on")
    click, bought = functional.logsigmoid(logits).unbind(-1)
    return torch.logaddexp(click, bought + math.log(purchase)) if purchase else click


def gain(labels: Labels, *, purchase_gain: float) -> torch.Tensor:
    """[B, N]: 1 for what was clicked, purchase_gain for what was bought (at least its click's 1), 0 for all else."""
    return torch.maximum(labels.click, purchase_gain * labels.purchase) * labels.seen


def list_softmax_loss(value: torch.Tensor, labels: Labels, *, purchase_gain: float = 10.0) -> torch.Tensor:
    """-sum of gain_i log softmax(value)_i over all products of all lists, by the sum of all gains.

    A list with a purchase counts as much more than one with a click as its gain says: with shares of each list's sum,
    as ListNet has it, the few orders would be as many clicks, and nothing would be learnt from them.

    Args: value: [B, N], as logits. labels: see Labels. purchase_gain: of a purchase beside the click's 1.

    Returns: a scalar; 0 where nobody clicked.

    Source: Pei et al., Personalized Re-ranking for Recommendation (RecSys 2019), sum of y log P; gains are ours.

    Example:
        >>> from emptor.rerank.models.inputs import Labels
        >>> click, seen = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[True, True, False]])
        >>> list_softmax_loss(torch.tensor([[0.0, 0.0, 9.0]]), Labels(click, torch.zeros(1, 3), seen))
        tensor(0.6931)
    """
    wanted = gain(labels, purchase_gain=purchase_gain)
    return -(wanted * _log_share(value, labels.seen)).sum() / wanted.sum().clamp(min=torch.finfo(wanted.dtype).tiny)


def attention_rank_loss(
    value: torch.Tensor,
    labels: Labels,
    *,
    purchase_gain: float = 3.0,
    purchase_weight: float = 3.0,
    rectified: bool = True,
) -> torch.Tensor:
    """Cross entropy between the attention that products of a list should have, exp(gain) as shares of their sum, and
    the softmax of their values.

    Args:
        value, labels, purchase_gain: see list_softmax_loss.
        purchase_weight: what a purchase adds to a list's weight beside a click's 1.
        rectified: whether what was left alone should have none; else it should have exp(0), so that values part no
            further than gains do.

    Returns: a scalar, the weighted mean over lists with a click; 0 where there is none.

    Source: Ai et al., Learning a Deep Listwise Context Model for Ranking Refinement (SIGIR 2018), and Pang et al.,
        SetRank (SIGIR 2020), where all lists weigh the same: a purchase, which few have, would be as a click. Rectified
        is what the public code of both has; the first paper adds the cross entropy of what is left to the others.
        Public re-implementations of SetRank have the plain softmax.

    Example:
        >>> from emptor.rerank.models.inputs import Labels
        >>> click = torch.tensor([[1.0, 0.0]])
        >>> labels = Labels(click, torch.zeros(1, 2), click >= 0)
        >>> [round(attention_rank_loss(click, labels, rectified=own).item(), 3) for own in (True, False)]
        [0.313, 0.582]
    """
    wanted = gain(labels, purchase_gain=purchase_gain)
    counts = labels.seen & (wanted > 0) if rectified else labels.seen
    each = (-_log_share(wanted, counts).exp() * counts * _log_share(value, labels.seen)).sum(1)
    weight = gain(labels, purchase_gain=purchase_weight).sum(1)
    return (weight * each).sum() / weight.sum().clamp(min=torch.finfo(each.dtype).tiny)


def _log_share(value: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """[B, N]: the logarithm of the softmax over what was seen; low, but finite, for all else, whatever its value."""
    low = torch.finfo(value.dtype).min / 2  # finite: a list of which nothing was seen has no gradient, not NaN
    return torch.where(seen, value, low).log_softmax(1)
