"""Joining what several channels found into one list."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emptor.retrieve.channel import Found, empty

RRF_CONSTANT = 60.0
"""Cormack, Clarke and Buettcher, SIGIR 2009."""


def fuse(
    found: Mapping[str, Found],
    *,
    weights: Mapping[str, float],
    covers: Mapping[str, np.ndarray | None],
    order: np.ndarray,
    method: str,
    depth: int,
) -> tuple[Found, dict[str, np.ndarray]]:
    """One list out of several.

    Args:
        found: what each channel that applies has found, best first. weights: of the channels, > 0.
        covers: products [rows] that each channel could have found, None for all.
        order [rows]: place in product_id order, for ties.
        method: "rrf" sums weight / (60 + rank), "weighted" sums weight * score / best score of the channel.
    Returns: (the list, its own score in each channel [n], NaN where that channel did not find the product).

    A product that a channel does not cover (no picture, no vector yet) is judged by the others alone: its sum is
    divided by the weight of the channels that cover it. One that is covered and was not found gets nothing from it.
    """
    if not found:
        return empty(), {}
    if len(found) == 1:
        (name, only), *_ = found.items()
        return Found(only.products[:depth], only.scores[:depth]), {name: only.scores[:depth]}
    products = np.unique(np.concatenate([own.products for own in found.values()]))
    total, weight = np.zeros(len(products)), np.zeros(len(products))
    columns: dict[str, np.ndarray] = {}
    for name, own in found.items():
        places = np.searchsorted(products, own.products)
        columns[name] = np.full(len(products), np.nan, np.float32)
        columns[name][places] = own.scores
        if method == "rrf":
            gain = 1.0 / (RRF_CONSTANT + 1.0 + np.arange(len(own.products)))
        else:
            best = own.scores.max(initial=0.0)
            gain = np.clip(own.scores / best, 0.0, None) if best > 0 else np.zeros(len(own.scores))
        total[places] += weights[name] * gain
        covered = covers[name]
        counts = np.ones(len(products), bool) if covered is None else covered[products]
        counts[places] = True  # who is found can be found, whatever was thought of it
        weight += weights[name] * counts
    scores = (total / np.where(weight > 0, weight, 1.0)).astype(np.float32)
    best = np.lexsort((order[products], -scores))[:depth]
    return Found(products[best], scores[best]), {name: column[best] for name, column in columns.items()}
