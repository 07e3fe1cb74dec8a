"""How good a re-ranking is offline: on what was on the screen alone, since nothing is known of the rest."""

from __future__ import annotations

import numpy as np
import torch

from emptor.rank.quality import auc, discounted_gain, grouped_auc
from emptor.rank.scale import Scale
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.samples import Examples

_SIZE = 128
"""Lists at once: in more, what is worked on leaves the caches."""
DEPTH = 10
PURCHASE = 10.0
"""Clicks that a purchase is worth, where one number has to say how good an order is."""
_FEW = 30
"""Pages with a purchase; fewer would say by chance which epoch is best."""


@torch.no_grad()
def valued(net: Reranker, examples: Examples, scale: Scale) -> np.ndarray:
    """[R, N] float32: what a network says of each product; padding is -inf."""
    was = net.training
    net.eval()
    mask = examples.lists.mask
    out = np.full(mask.shape, -np.inf, np.float32)
    for start in range(0, len(examples), _SIZE):
        own = np.arange(start, min(start + _SIZE, len(examples)))
        batch, _ = examples.batch(own, scale)
        found = net(batch).numpy()
        out[own, : found.shape[1]] = np.where(batch.mask.numpy(), found, -np.inf)
    net.train(was)
    return out


def figures(net: Reranker, examples: Examples, scale: Scale) -> dict[str, float]:
    """Within each page, on what was seen: GAUC of clicks, of purchases, and "worth GAUC", which stops training: the
    mean over pages of both, where one of a purchase counts PURCHASE times, or nothing where there are few. AUC over
    all, and NDCG of clicks.
    """
    return figures_of(valued(net, examples, scale), examples)


def figures_of(value: np.ndarray, examples: Examples) -> dict[str, float]:
    """The same of values [R, N]."""
    lists = examples.lists
    page = np.nonzero(lists.seen)[0]
    seen = value[lists.seen]
    gauc, many = grouped_auc(seen, lists.clicked[lists.seen], page)
    bought, orders = grouped_auc(seen, lists.bought[lists.seen], page)
    found = {"click GAUC": gauc if many else 0.5, "click AUC": auc(seen, lists.clicked[lists.seen])}
    if orders:
        found["purchase GAUC"] = bought
    found["worth GAUC"] = _both(gauc, many, bought, PURCHASE * orders if orders >= _FEW else 0)
    found[f"click NDCG@{DEPTH}"] = discounted_gain(value, lists.clicked & lists.seen, lists.seen, depth=DEPTH)
    return {name: own for name, own in found.items() if np.isfinite(own)}


def _both(one: float, weight: float, other: float, its: float) -> float:
    """The weighted mean of the two; what has no weight may be NaN. A half where there is neither."""
    if not weight + its:
        return 0.5
    return sum(value * own for value, own in ((one, weight), (other, its)) if own) / (weight + its)
