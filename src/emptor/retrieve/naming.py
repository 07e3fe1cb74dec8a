"""Fit a Naming to a shop: what titles say of their pictures, so that pictures say it where titles do not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional

from emptor.encoders.naming import Naming
from emptor.encoders.tokens import SEP
from emptor.learn.fit import FitOptions, fit
from emptor.learn.seeds import numpy_rng, seeded
from emptor.retrieve.listings import Listings

MOST = 1_024
"""Words at most, the most frequent ones."""
_FEWEST, _SHARE = 5, 0.002
"""Texts, and share of the texts, that a word is in; what is rarer cannot be learnt."""
_LARGEST = 0.5
"""Share of the texts from which on a word says nothing of a picture."""
_HELD, _JUDGED = 0.1, 5_000
"""Share of the products, and most of them, that nothing is learnt from."""
_READ = 200_000
"""Products that are read, at most: so that memory and time have a bound."""
_BATCH = 128
_STEPS = 2_000
_EPOCHS = 20
_DROPOUT = 0.5


def learn_names(listings: Listings, *, seed: int) -> tuple[Naming, float] | None:
    """Learn which words stand beside which pictures.

    Args:
        listings: with numbers for pictures, one vector each [P, 1, V].
    Returns: the naming, and how much of the surprise at the words of pictures that it has not learnt from it takes
        away, beside knowing how frequent each is: 0 nothing, 1 all. None where too few products have both.
    """
    both = numpy_rng(seed, "naming").permutation(np.flatnonzero(listings.has_image & listings.has_text))[:_READ]
    held, learnt = np.split(both, [min(round(_HELD * len(both)), _JUDGED)])
    if not len(held) or len(learnt) < _BATCH:
        return None
    text = listings.text[both]
    names, many = _names(text[len(held) :])
    if not len(names):
        return None
    numbers = listings.pictures[both].reshape(len(both), -1)
    of_learnt = numbers[len(held) :].astype(np.float32)
    with seeded(seed, "naming"):
        net = Naming(numbers.shape[1], len(names))
    net.names.copy_(torch.from_numpy(names))
    net.mean.copy_(torch.from_numpy(of_learnt.mean(0)))
    net.deviation.copy_(torch.from_numpy(of_learnt.std(0) + 1e-3))
    frequent = torch.from_numpy((many / len(learnt)).astype(np.float32)).clamp(1e-4, 1 - 1e-4)
    with torch.no_grad():
        net.out.bias.copy_(frequent.logit())
    seen, words = torch.from_numpy(numbers[: len(held)]), torch.from_numpy(_said(text[: len(held)], names))
    surprise = functional.binary_cross_entropy(frequent.expand(len(held), -1), words, reduction="sum")

    def batches(epoch: int) -> Iterator[np.ndarray]:
        order = numpy_rng(seed, "naming", epoch).permutation(len(learnt)) + len(held)
        # a last batch of a handful is left out: it would count as much as any other
        return iter(np.split(order[: steps * _BATCH], steps))

    def loss(net: Naming, rows: np.ndarray, at: int) -> dict[str, torch.Tensor]:
        logits = net(torch.from_numpy(numbers[rows]), dropout=_DROPOUT)
        said = torch.from_numpy(_said(text[rows], names))
        each = functional.binary_cross_entropy_with_logits(logits, said, reduction="none")
        return {"loss": each.sum(1).mean()}

    @torch.no_grad()
    def validate(net: Naming) -> dict[str, float]:
        return {
            "told": 1 - float(functional.binary_cross_entropy_with_logits(net(seen), words, reduction="sum") / surprise)
        }

    steps = len(learnt) // _BATCH
    epochs = min(max(_STEPS // steps, 2), _EPOCHS)
    fitting = FitOptions(
        metric="told",
        epochs=epochs,
        patience=None,
        lr=4e-3,
        weight_decay=0.3,
        schedule="one-cycle",
        total_steps=epochs * steps,
        warmup_steps=epochs * steps // 5,
        seed=seed,
    )
    fitted = fit(net, batches, loss, options=fitting, validate=validate, label="Learning what pictures show")
    return fitted.net, fitted.metrics["told"]


def _names(text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(words [K] int64, rising, of texts [P, n_t], that pictures are worth being named by; texts that have each)."""
    said = [np.unique(own[own > SEP]) for own in text]
    many = np.bincount(np.concatenate([np.zeros(0, np.int64), *said]))
    fit = np.flatnonzero((many >= max(_FEWEST, _SHARE * len(text))) & (many <= _LARGEST * len(text)))
    names = np.sort(fit[np.argsort(-many[fit], kind="stable")][:MOST])
    return names, many[names]


def _said(text: np.ndarray, names: np.ndarray) -> np.ndarray:
    """[P, K] float32: which names each text has."""
    place = np.full(int(max(text.max(initial=0), names.max(initial=0))) + 1, -1)
    place[names] = np.arange(len(names))
    at = place[text]
    out = np.zeros((len(text), len(names)), np.float32)
    row, column = np.nonzero(at >= 0)
    out[row, at[row, column]] = 1
    return out
