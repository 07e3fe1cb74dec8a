"""How good an order of lists is: offline on what was seen of them, shown again to the same users, and how varied."""

from __future__ import annotations

import numpy as np

from emptor.evaluate.diversity import alpha_ndcg, coverage, entropy, ild, in_order
from emptor.reproduce.reranking.data import PAGE, Judged, Reaction
from emptor.rerank.quality import DEPTH, PURCHASE, figures_of

_AT_ONCE = 2_048


def figures(value: np.ndarray, judged: Judged) -> dict[str, float]:
    """All of it for values [R, N].

    "clicks" and "orders" are those of the first page, "worth" is clicks + PURCHASE orders, "seen" how many products
    were looked at there: means over requests, also by kind. "change of clicks, %": against the order as it came.
    """
    order = order_of(value, judged.mask)
    found = figures_of(value, judged.examples)
    if judged.grade is not None:
        found[f"NDCG@{DEPTH}"] = graded_gain(order, judged.grade, depth=DEPTH)
    parts = {"": np.ones(len(judged), bool), **{f", {name}": own for name, own in judged.kinds.items()}}
    weight = np.ones(len(judged)) if judged.weight is None else judged.weight
    each = {**_shown_again(order, judged), **_varied(order, judged)}
    for name, values in each.items():
        for part, mine in parts.items():
            found[f"{name}{part}"] = mean_of(values[mine], weight[mine])
    if judged.as_it_came is not None:
        first = _said(judged.as_it_came)
        for name in ("clicks", "orders", "worth"):
            for part, mine in parts.items():
                before = mean_of(first[name][mine], weight[mine])
                if before > 0:
                    found[f"change of {name}, %{part}"] = 100 * (found[f"{name}{part}"] / before - 1)
    return {name: own for name, own in found.items() if np.isfinite(own)}


def order_of(value: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """[R, N] int64: places of lists by their values [R, N], highest first, equal ones as they came, padding last."""
    return np.argsort(np.where(mask, -value, np.inf), axis=1, kind="stable")


def value_of(order: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """[R, N] float32: values that give an order of places [R, N]; padding is -inf."""
    out = np.empty(order.shape, np.float32)
    np.put_along_axis(out, order, -np.arange(order.shape[1], dtype=np.float32)[None], axis=1)
    out[~mask] = -np.inf
    return out


def worth(reaction: Reaction) -> np.ndarray:
    """[R]: clicks + PURCHASE orders of each page."""
    return reaction.clicks + PURCHASE * reaction.orders


def good_of(order: np.ndarray, judged: Judged) -> float:
    """What settings of networks and rules are chosen by: the worth of a page, of lists that can be shown again in an
    order [R, N]; else NDCG of what was seen.
    """
    if judged.again is not None:
        return mean_of(worth(judged.again(order)), judged.weight)
    return figures_of(value_of(order, judged.mask), judged.examples)[f"click NDCG@{DEPTH}"]


def mean_of(values: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The weighted mean of values [R], without those that are NaN; NaN where there are none."""
    good = np.isfinite(values)
    if not good.any():
        return float("nan")
    return float(np.average(values[good], weights=None if weight is None else weight[good]))


def graded_gain(order: np.ndarray, grade: np.ndarray, *, depth: int) -> float:
    """The mean NDCG at `depth` over lists with a grade above 0, a grade's gain being 2 ** grade - 1.

    Args: order [R, N]: places, best first. grade [R, N]: 0 where nothing is.

    Example:
        >>> graded_gain(np.array([[1, 0]]), np.array([[2, 0]]), depth=2)
        0.6309297535714575
    """
    gain, depth = 2.0**grade - 1, min(depth, order.shape[1])
    discount = 1 / np.log2(np.arange(2, depth + 2))
    found = np.take_along_axis(gain, order[:, :depth], axis=1) @ discount
    most = -np.sort(-gain, axis=1)[:, :depth] @ discount
    return mean_of(np.divide(found, most, out=np.full(len(most), np.nan), where=most > 0))


def _shown_again(order: np.ndarray, judged: Judged) -> dict[str, np.ndarray]:
    if judged.again is None:
        return {}
    return _said(judged.again(order))


def _said(reaction: Reaction) -> dict[str, np.ndarray]:
    return {"clicks": reaction.clicks, "orders": reaction.orders, "worth": worth(reaction), "seen": reaction.seen}


def _varied(order: np.ndarray, judged: Judged) -> dict[str, np.ndarray]:
    examples, parts = judged.examples, []
    # lists that nobody is shown again may be no longer than a page, and all of one is as varied in any order
    depth = DEPTH if judged.again is None else PAGE
    first = order[:, :depth]
    rows = np.take_along_axis(examples.asked.described.rows, first, axis=1)
    mask = np.take_along_axis(judged.mask, first, axis=1)
    # coverage is of the topics of the whole list
    topics = in_order(judged.topics, order)
    found = {f"categories@{depth}": coverage(topics, k=depth), f"entropy@{depth}": entropy(topics, k=depth)}
    for start in range(0, len(rows), _AT_ONCE):
        own = slice(start, start + _AT_ONCE)
        parts.append(ild(examples.products.alike[rows[own]] * mask[own][..., None], k=depth))
    found[f"ILD@{depth}"] = np.concatenate(parts)
    if topics.ndim == 3:
        wanted = np.take_along_axis(examples.lists.clicked, order, axis=1)
        found[f"ILD@{depth} of topics"] = ild(topics.astype(np.float32), k=depth)
        found[f"alpha-NDCG@{DEPTH}"] = alpha_ndcg(topics, k=DEPTH, relevant=wanted)
    return found
