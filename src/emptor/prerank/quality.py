"""How good a pre-ranking is: as a set beside what was chosen and what the ranker would choose, and on pages."""

from __future__ import annotations

import numpy as np
import torch

from emptor.prerank.models.inputs import Level
from emptor.prerank.models.preranker import Preranker
from emptor.prerank.samples import Examples
from emptor.rank.quality import grouped_auc, places
from emptor.rank.scale import Scale

_SIZE = 512
SHARE = 0.25
"""Of a request's candidates that is kept where a depth is wanted: samples are of other lengths than lists."""


@torch.no_grad()
def valued(net: Preranker, examples: Examples, scale: Scale) -> np.ndarray:
    """[R, N] float32: what a network says of each candidate; padding is -inf."""
    was = net.training
    net.eval()
    mask = examples.stream.mask
    out = np.full(mask.shape, -np.inf, np.float32)
    for start in range(0, len(examples), _SIZE):
        own = np.arange(start, min(start + _SIZE, len(examples)))
        batch = examples.batch(own, np.zeros(0, np.int64), scale)
        found = net(batch.asked).numpy()
        out[own, : found.shape[1]] = np.where(batch.there.numpy(), found, -np.inf)
    net.train(was)
    return out


def figures(net: Preranker, examples: Examples, scale: Scale) -> dict[str, float]:
    """What stops training, "kept": of what was clicked or bought, the share among the first quarter of what a request
    has, dropped and unseen ones included. "kept by chance": by any order; "kept of the ranker's": of the ranker's first
    ten, where there is a ranker; "click GAUC": on pages.
    """
    value, stream = valued(net, examples, scale), examples.stream
    there = stream.mask
    depth = np.maximum((there.sum(1) * SHARE).astype(np.int64), 1)
    kept = (places(value, there) < depth[:, None]) & there

    def share(wanted: np.ndarray) -> float:
        many = wanted.sum(1)
        good = many > 0
        return float(((kept & wanted).sum(1)[good] / np.minimum(many, depth)[good]).mean()) if good.any() else 0.0

    shown = stream.level >= Level.SHOWN
    page = np.nonzero(shown)[0]
    gauc, many = grouped_auc(value[shown], (stream.level >= Level.CLICKED)[shown], page)
    chosen, first = stream.level >= Level.CLICKED, (stream.place >= 0) & (stream.place < 10)
    wanted = chosen.any(1)
    found = {"kept": share(chosen), "kept by chance": float((depth / there.sum(1).clip(1))[wanted].mean())}
    if first.any():
        found["kept of the ranker's"] = share(first)
    return {**found, "click GAUC": gauc if many else 0.5}
