"""How good a re-ranking is offline: on what was on the screen alone, since nothing is known of the rest."""

from __future__ import annotations

import numpy as np
import torch

from emptor.rank.quality import auc, discounted_gain, grouped_auc
from emptor.rank.scale import Scale
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.samples import Examples

_SIZE = 512
DEPTH = 10


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
    """What stops training, "click GAUC": within each page, on what was seen; NDCG of clicks; AUC of purchases."""
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
    found[f"click NDCG@{DEPTH}"] = discounted_gain(value, lists.clicked & lists.seen, lists.seen, depth=DEPTH)
    return {name: own for name, own in found.items() if np.isfinite(own)}
