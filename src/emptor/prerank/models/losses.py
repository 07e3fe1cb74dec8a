"""What pre-ranking networks learn from: responses, orders of a teacher, and choices among hard and easy negatives.

Shapes: B requests, N candidates, Z easy negatives.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from emptor.prerank.models.inputs import Level


def response_loss(logits: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Cross entropy of click and purchase over what was on a page, the mean over these.

    Args: logits: [B, N, 2], click and purchase. level: [B, N], of Level; what is bought is clicked, too.
    Returns: a scalar; 0 where nothing was exposed.

    Example:
        >>> response_loss(torch.zeros(1, 2, 2), torch.tensor([[Level.CLICKED, Level.RANKED]]))
        tensor(1.3863)
    """
    exposed = level >= Level.SHOWN
    labels = torch.stack([level >= Level.CLICKED, level >= Level.BOUGHT], -1).to(logits.dtype)
    each = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(-1)
    return torch.where(exposed, each, 0.0).sum() / exposed.sum().clamp(min=1)


def list_mle(scores: torch.Tensor, key: torch.Tensor, there: torch.Tensor, *, discounted: bool = True) -> torch.Tensor:
    """How unlikely a teacher's order is when products are taken one after the other, by the softmax of their scores.

    Args:
        scores: [B, N]. key: [B, N] int64, the higher the earlier; products with the same key are tied: none of them is
            asked to stand before another. there: [B, N] bool; what is not there is in no list.
        discounted: whether the k-th of the order counts 1 / log2(k + 1), all adding up to 1, what is tied as much as
            each other; else each counts 1.

    Returns: a scalar, the mean over requests with products that are not all tied; 0 where there is none.

    Source: Xia et al., Listwise Approach to Learning to Rank (ICML 2008); without ties and discount it is the negative
        logarithm of the Plackett-Luce likelihood. What is tied is left out of each other's sum; the discount is ours.

    Example:
        >>> order, all_there = torch.tensor([[2, 1]]), torch.ones(1, 2).bool()
        >>> list_mle(torch.zeros(1, 2), order, all_there, discounted=False)
        tensor(0.6931)
        >>> list_mle(torch.zeros(1, 2), torch.ones(1, 2).long(), all_there)
        tensor(0.)
    """
    lowest = torch.iinfo(key.dtype).min
    order = torch.where(there, key, lowest).argsort(dim=1, descending=True, stable=True)
    scores, key, there = (own.gather(1, order) for own in (scores.float(), key, there))
    # what is not there stands at the end and weighs nothing
    filled = scores.masked_fill(~there, -torch.inf)
    behind = _behind(filled, key, there)
    each = torch.where(there & behind.isfinite(), torch.logaddexp(scores, behind) - scores, 0.0)
    counts = (there & behind.isfinite()).any(1)
    if discounted:
        weight = _by_tie(1 / torch.log2(torch.arange(2, scores.shape[1] + 2, device=scores.device)), key) * there
        each = each * weight / weight.sum(1, keepdim=True).clamp(min=torch.finfo(weight.dtype).tiny)
    return each.sum() / counts.sum().clamp(min=1)


def _by_tie(weight: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """weight [N] of places -> [B, N]: the mean over those with the same key. Keys must fall."""
    changes = torch.ones_like(key)
    changes[:, 1:] = key[:, 1:] != key[:, :-1]
    group = changes.cumsum(1) - 1
    own = weight.expand(key.shape)
    sums, many = (torch.zeros_like(own).scatter_add(1, group, values) for values in (own, torch.ones_like(own)))
    return (sums / many.clamp(min=1)).gather(1, group)


def _behind(scores: torch.Tensor, key: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """[B, N]: log of the sum of exp of all scores whose key is lower, -inf where there is none. Keys must fall."""
    total = torch.logcumsumexp(scores.flip(1), 1).flip(1)
    size = scores.shape[1]
    # the first place of a lower key: where the last of the tied ones stands, and one further
    changes = torch.ones_like(there)
    changes[:, 1:] = key[:, 1:] != key[:, :-1]
    place = torch.arange(size, device=scores.device).expand_as(key)
    begins = torch.where(changes, place, size)
    after = torch.cat([begins[:, 1:], begins.new_full((len(begins), 1), size)], 1)
    following = after.flip(1).cummin(1).values.flip(1)
    padded = torch.cat([total, total.new_full((len(total), 1), -torch.inf)], 1)
    return padded.gather(1, following)


def margin_infonce(
    positive: torch.Tensor,
    hard: torch.Tensor,
    easy: torch.Tensor,
    *,
    chosen: torch.Tensor,
    is_hard: torch.Tensor,
    is_easy: torch.Tensor,
    temperature: float,
    hard_margin: float = 0.0,
    easy_margin: float = 0.0,
    weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Each choice against hard and easy negatives, which are given a margin of their own.

    A margin makes negatives look nearer than they are and so drives them further away: at the same score, easy ones are
    pushed exp((easy_margin - hard_margin) / temperature) times as hard. With the margin on the easy ones, what was
    retrieved and dropped stays above what was never retrieved: among it are the products that would have been chosen.
    With both margins 0 it is InfoNCE.

    Args:
        positive: scores [B, N]. chosen: [B, N] bool, those that were chosen; each is a positive of its own.
        hard: [B, H], is_hard [B, H] bool; easy: [B, Z], is_easy [B, Z] bool: the negatives that count.
        temperature: what scores are divided by. hard_margin, easy_margin: added to negatives' scores.
        weight: [B, N], what each positive counts; 1 unless given.

    Returns: a scalar, the mean over positives, weighed; 0 where nobody chose.

    Source: Zhao et al., HCCP (WWW Companion 2025, arXiv 2502.10284), of which the abstract could be read: a margin
        InfoNCE for hybrid unexposed samples, to select potential positives. Its formula is not public; where the margin
        sits is ours, and a switch. InfoNCE: van den Oord et al., Contrastive Predictive Coding (2018).

    Example:
        >>> one, yes = torch.zeros(1, 1), torch.ones(1, 1).bool()
        >>> margin_infonce(one, one, one, chosen=yes, is_hard=yes, is_easy=yes, temperature=1.0)
        tensor(1.0986)
    """
    others = torch.cat(
        [
            ((hard.float() + hard_margin) / temperature).masked_fill(~is_hard, -torch.inf),
            ((easy.float() + easy_margin) / temperature).masked_fill(~is_easy, -torch.inf),
        ],
        1,
    )
    own = positive.float() / temperature
    total = torch.logsumexp(others, 1, keepdim=True) if others.shape[1] else own.new_full((len(own), 1), -torch.inf)
    each = torch.where(chosen, torch.logaddexp(own, total) - own, 0.0)
    counted = torch.where(chosen, 1.0 if weight is None else weight.float(), 0.0)
    return (each * counted).sum() / counted.sum().clamp(min=torch.finfo(own.dtype).tiny)


def chunk_of(place: torch.Tensor, *, first: int = 10) -> torch.Tensor:
    """Which chunk of the ranker's list a place is in: 0 up to place first - 1, and each further chunk is twice as long.

    Example:
        >>> chunk_of(torch.tensor([0, 9, 10, 19, 20, 39, 40])).tolist()
        [0, 0, 1, 1, 2, 2, 3]
    """
    return torch.where(
        place < first, 0, 1 + torch.log2((place.clamp(min=first) / first).double() + 1e-9).floor().long()
    )


def teacher_key(level: torch.Tensor, place: torch.Tensor, *, local: bool) -> torch.Tensor:
    """The order that a teacher gives a request's candidates: [B, N] int64, the higher the earlier.

    What was bought stands before what was clicked, and these before all else that the ranker saw, in its order, on the
    page or not; what pre-ranking dropped stands behind, all tied. What has no place in this order, as it was neither
    ranked nor chosen, is to be left out by who asks, see PrerankBatch.ordered.

    Args:
        level: [B, N], of Level. place: [B, N], the ranker's. local: its order in full; else only by chunks of its list:
            what a ranker says of places far behind is mostly chance.

    Source: the re-arrangement of the ranker's list by feedback is HCCP's; order within a level is ours.
    """
    depth = place.clamp(min=0) if local else chunk_of(place.clamp(min=0))
    tier = torch.where(level == Level.SHOWN, int(Level.RANKED), level)  # who leaves alone what they see says little
    return tier * 1_000_000 - torch.where(level == Level.DROPPED, 0, depth)


def imitation_loss(logits: torch.Tensor, place: torch.Tensor, *, temperature: float) -> torch.Tensor:
    """How far the softmax of logits [B, N] is from a teacher's, by the places [B, N] that it gave, -1 for none.

    A place from 1 on counts place ** (-1 / temperature), all adding up to 1: rankers differ in the scale of their
    scores, and some score only the first.

    Returns: the mean divergence over requests with two places at least.

    Example:
        >>> places = torch.tensor([[0, 1, -1]])
        >>> imitation_loss(-torch.log(places + 1.0).nan_to_num(), places, temperature=1.0)
        tensor(0.)
    """
    seen = place >= 0
    low = torch.finfo(logits.dtype).min / 2
    wanted = torch.where(seen, -(place.clamp(min=0) + 1.0).log() / temperature, low).log_softmax(1)
    found = torch.where(seen, logits, low).log_softmax(1)
    each = torch.where(seen, wanted.exp() * (wanted - found), 0.0).sum(1)
    known = seen.sum(1) > 1
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)
