"""What a branch of a network learns by itself, beside the whole: ARMMT's auxiliary task, in four kinds.

Shapes: B lists, N products, A tasks.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from emptor.rerank.models.inputs import Labels

KINDS = ("response", "pairwise", "distil", "shuffled")
TARGETS = ("purchase", "both")


def auxiliary_loss(
    own: torch.Tensor, main: torch.Tensor, labels: Labels, *, mask: torch.Tensor, kind: str, target: str
) -> torch.Tensor:
    """The loss of a branch's logits, which reaches the branch alone.

    Args:
        own: [B, N, A], the branch's. main: [B, N, 2], click and purchase of the whole network.
        labels: see Labels. mask: [B, N] bool: False is padding.
        kind: "response": cross entropy of what became of what was seen. "pairwise": what has the label above what lacks
            it, among what was seen of a list. "distil": cross entropy to the chances of the whole, of all products.
            "shuffled": responses that are dealt out anew by chance, which no branch can learn anything from: a
            control.
        target: "purchase", A is 1; "both", click and purchase, A is 2.

    Returns: a scalar, the mean over what counts, summed over the tasks; 0 where nothing counts.

    Source: Xu et al., ARMMT (CIKM 2024), has a task "aligned with the ranking objective"; which label and which loss
        was not to be read, and is ours. Pairs: Burges et al., RankNet (ICML 2005).

    Example:
        >>> from emptor.rerank.models.example import example
        >>> _, batch, labels = example()
        >>> zeros = torch.zeros(*batch.mask.shape, 2)
        >>> auxiliary_loss(zeros[..., :1], zeros, labels, mask=batch.mask, kind="pairwise", target="purchase")
        tensor(0.6931)
    """
    pick = slice(1, 2) if target == "purchase" else slice(0, 2)
    wanted = torch.stack([labels.click, labels.purchase], -1)[..., pick]
    if kind == "pairwise":
        return _pairs(own, wanted, labels.seen)
    if kind == "distil":
        return _entropy(own, main[..., pick].detach().sigmoid(), mask)
    if kind == "shuffled":
        rows = wanted[labels.seen]
        dealt = torch.zeros_like(wanted)
        dealt[labels.seen] = rows[torch.randperm(len(rows), device=rows.device)]
        wanted = dealt
    return _entropy(own, wanted, labels.seen)


def _entropy(own: torch.Tensor, wanted: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    each = functional.binary_cross_entropy_with_logits(own, wanted.to(own.dtype), reduction="none").sum(-1)
    return torch.where(counts, each, 0.0).sum() / counts.sum().clamp(min=1)


def _pairs(own: torch.Tensor, wanted: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    both = (seen.unsqueeze(2) & seen.unsqueeze(1)).unsqueeze(-1)
    above = both & (wanted.unsqueeze(2) > wanted.unsqueeze(1))
    each = functional.softplus(own.unsqueeze(1) - own.unsqueeze(2))
    return (torch.where(above, each, 0.0).sum((0, 1, 2)) / above.sum((0, 1, 2)).clamp(min=1)).sum()
