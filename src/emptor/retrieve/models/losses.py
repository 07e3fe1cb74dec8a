"""What retrieval networks learn from: the softmax over a batch, the sum of three tasks, and the gate's own target.

Shapes: Q queries, P products.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

from emptor.learn.registry import one_of
from emptor.retrieve.models.inputs import RetrievalBatch
from emptor.retrieve.models.retriever import Output, Products, Query, Retriever

LOSSES = ("softmax", "hinge")
TEMPERATURE = 1 / 30
MARGIN = 0.1
_KEPT = 0.1
"""What stage 1's loss counts in stage 2, so that a query's vector stays usable against each of a product's."""


def batch_loss(
    scores: torch.Tensor,
    positive: torch.Tensor,
    target: torch.Tensor,
    there: torch.Tensor,
    *,
    prior: torch.Tensor | None = None,
    kind: str = "softmax",
    temperature: float = TEMPERATURE,
    margin: float = MARGIN,
) -> torch.Tensor:
    """Each query's target against the batch's products that are not known to fit it.

    Other positives count neither for nor against. Products that nobody chose are negatives of all.

    Args:
        scores: [Q, P] in -1..1. positive: [Q, P] bool, known to fit. target: [Q] int64, the chosen product.
        there: [P] bool; what is not there is nobody's negative, and whose target is not there is left out.
        kind: "softmax": cross entropy of scores / temperature. "hinge": mean over negatives of max(0, margin - score of
            the target + score of the negative).
        prior: [P], of the softmax: how often a product is chosen whatever is asked, as a logarithm. It is added to
            scores / temperature, so that scores need not say it: what fits is to be found, and not what is popular.

    Returns: a scalar, the mean over queries that count; 0 where none does.
    Raises: EmptorError for an unknown kind.

    Source: DPSR and SMAR report negatives of the batch; cosine times 30 as in the tutorial of POEEM (Zhang et al.,
        SIGIR 2021) by the same group. The hinge is DPSR's. That known positives are left out is ours. The prior is the
        correction of Menon et al., Long-tail learning via logit adjustment (ICLR 2021).

    Example:
        >>> scores, chosen = torch.zeros(2, 2), torch.tensor([0, 1])
        >>> batch_loss(scores, torch.eye(2).bool(), chosen, torch.ones(2).bool())
        tensor(0.6931)
        >>> batch_loss(scores, torch.ones(2, 2).bool(), chosen, torch.ones(2).bool())
        tensor(0.)
    """
    one_of("loss", kind, LOSSES)
    chosen = functional.one_hot(target, scores.shape[1]).bool()
    negative = ~positive & ~chosen & there
    if kind == "softmax":
        logits = scores / temperature if prior is None else scores / temperature + prior
        logits = logits.masked_fill(~(negative | chosen), -torch.inf)
        each = functional.cross_entropy(logits, target, reduction="none")
    else:
        above = (margin - scores.gather(1, target.unsqueeze(1)) + scores).relu()
        each = (above * negative).sum(1) / negative.sum(1).clamp(min=1)
    counts = there[target]
    return torch.where(counts, each, 0.0).sum() / counts.sum().clamp(min=1)


def stage_one(
    net: Retriever,
    output: Output,
    batch: RetrievalBatch,
    *,
    weights: Mapping[str, float] | None = None,
    kind: str = "softmax",
    temperature: float = TEMPERATURE,
    margin: float = MARGIN,
) -> dict[str, torch.Tensor]:
    """The query against each of a product's vectors: alpha L_t + beta L_i + gamma L_m, of those the network has.

    Products without text count for nothing in L_t, those without picture for nothing in L_i.

    Args:
        weights: {"text": alpha, "image": beta, "both": gamma}; None: the network's own. The others: see batch_loss.

    Returns: "loss", and each task's own by its name.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> from emptor.retrieve.models.smar import SMAR
        >>> spec, batch = example()
        >>> net = SMAR(spec)
        >>> list(stage_one(net, net(batch), batch))
        ['loss', 'text', 'image', 'both']
    """
    weights = net.weights if weights is None else weights
    there = output.products.there
    masks = {"text": there & batch.has_text, "image": there & batch.has_image, "both": there}
    total, found = output.query.vector.new_zeros(()), {}
    for name, mask in masks.items():
        vectors = getattr(output.products, name)
        if vectors is None:
            continue
        scores = output.query.vector @ vectors.T
        found[name] = batch_loss(
            scores,
            batch.positive,
            batch.target,
            mask,
            prior=batch.prior,
            kind=kind,
            temperature=temperature,
            margin=margin,
        )
        total = total + weights.get(name, 0.0) * found[name]
    return {"loss": total, **found}


def stage_two(
    net: Retriever,
    output: Output,
    batch: RetrievalBatch,
    gate_target: torch.Tensor,
    *,
    gate_weight: float = 0.1,
    weights: Mapping[str, float] | None = None,
    kind: str = "softmax",
    temperature: float = TEMPERATURE,
    margin: float = MARGIN,
) -> dict[str, torch.Tensor]:
    """The gated score as a whole, the gate against its own target, and a tenth of stage 1's loss.

    Args:
        output: of the network in training mode, where the gate is soft. gate_target: [Q], see gate_targets.
        gate_weight: lambda_g, what the gate's cross entropy counts. The others: see stage_one and batch_loss.

    Returns: "loss", "served", "gate", "p_mean" and "p_std" over the batch (see gate.gate_summary for when a gate is
        constant), and stage 1's tasks. Without a gate that learns, the last three of the gate are left out.

    Source: see SMAR: that clicks decide about the picture in a second stage; how is ours.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> from emptor.retrieve.models.smar import SMAR
        >>> spec, batch = example()
        >>> net = SMAR(spec)
        >>> list(stage_two(net, net(batch), batch, torch.tensor([1.0, 0.0, torch.nan, 1.0])))
        ['loss', 'served', 'gate', 'p_mean', 'p_std', 'text', 'image', 'both']
    """
    first = stage_one(net, output, batch, weights=weights, kind=kind, temperature=temperature, margin=margin)
    served = batch_loss(
        output.scores,
        batch.positive,
        batch.target,
        output.products.there,
        prior=batch.prior,
        kind=kind,
        temperature=temperature,
        margin=margin,
    )
    loss, told = served + _KEPT * first.pop("loss"), {"served": served}
    logit = net.gate_logit(output.query, output.products, batch.target)
    if logit is not None:
        told["gate"] = gate_loss(logit, gate_target)
        loss = loss + gate_weight * told["gate"]
        p = logit.detach().sigmoid()
        told |= {"p_mean": p.mean(), "p_std": p.std(correction=0)}
    return {"loss": loss, **told, **first}


def gate_loss(logit: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy of the gate, the mean over queries with a target: logit [Q], target [Q] in 0..1, NaN for none."""
    known = ~target.isnan()
    each = functional.binary_cross_entropy_with_logits(logit, target.nan_to_num().to(logit.dtype), reduction="none")
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)


def rank_gain(
    text: torch.Tensor, both: torch.Tensor, positive: torch.Tensor, target: torch.Tensor, there: torch.Tensor
) -> torch.Tensor:
    """How many ranks higher the products that fit a query stand by `both` than by `text`.

    A rank is 1 + the negatives above; a tie is half a rank. Positives do not stand in each other's way.

    Args: text, both: scores [Q, P] of f_t and f_m. positive, target, there: see batch_loss.
    Returns: [Q] float32, the mean over what is there of a query's positives and target; NaN without any.
    """
    fitting = (positive | functional.one_hot(target, text.shape[1]).bool()) & there
    negative = there & ~fitting
    gain = _ranks(text, negative) - _ranks(both, negative)
    return torch.where(fitting, gain, 0.0).sum(1) / fitting.sum(1)  # 0 / 0 is NaN: no target


def _ranks(scores: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """[Q, P]: where each product would stand among the negatives."""
    others = scores.masked_fill(~negative, -torch.inf).sort(1).values
    scores = scores.contiguous()
    below, not_above = (torch.searchsorted(others, scores, right=right) for right in (False, True))
    return 1 + (others.shape[1] - not_above) + 0.5 * (not_above - below)


def as_gate_targets(gain: torch.Tensor) -> torch.Tensor:
    """gain [Q] in ranks -> [Q]: 1 where the picture helped, 0 where it harmed, NaN below one rank: no target.

    Example:
        >>> as_gate_targets(torch.tensor([2.5, -1.0, 0.5]))
        tensor([1., 0., nan])
    """
    return torch.where(gain.abs() >= 1, (gain > 0).float(), torch.nan)


def gate_targets(query: Query, products: Products, batch: RetrievalBatch) -> torch.Tensor:
    """What the gate should say, by what a frozen network of stage 1 does with and without the picture.

    Queries must be ones that it was not trained on (two halves, each told by the network of the other), else it
    measures what was learnt by heart. For clicks of a query in several batches, average rank_gain first.

    Args: query, products: of the frozen network in evaluation mode, without gradients, for the batch.
    Returns: [Q], see as_gate_targets.
    """
    if products.text is None or products.both is None:
        raise ValueError("gate targets need vectors by the text and by both")
    text, both = query.vector @ products.text.T, query.vector @ products.both.T
    return as_gate_targets(rank_gain(text, both, batch.positive, batch.target, products.there))
