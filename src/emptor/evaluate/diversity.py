"""How varied the first products of lists are, and how well they serve several intents at once.

Everything is given in the order it is shown in, best first, with padding at the end, and every measure answers for each
list, so that means, intervals and tests can be made of it: NaN for a list that it says nothing of.

Shapes: R lists, N products, G topics, K numbers that say how alike two products are. Topics are [R, N, G] bool, as a
product may have several, or categories [R, N] int, negative for none.
"""

from __future__ import annotations

import numpy as np

from emptor.errors import EmptorError

_NOTHING = 1e-6
"""A vector that is shorter says nothing."""
_SAME = 1e-9
"""Gains that differ by less are the same."""


def in_order(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Values [R, N, ...] of products in the order [R, N] of places they are shown in."""
    found: np.ndarray = np.take_along_axis(values, order.reshape(*order.shape, *[1] * (values.ndim - 2)), axis=1)
    return found


def ild(alike: np.ndarray, *, k: int) -> np.ndarray:
    """ILD@k [R]: the mean of 1 - cosine over all pairs of the first k products, out of their vectors [R, N, K].

    Products of which nothing is known (a vector of 0) are left out of the mean, as is padding. NaN below two others.

    Source: Zhang and Hurley, Avoiding Monotony (RecSys 2008); the reverse of the intra-list similarity of Ziegler et
        al., Improving Recommendation Lists Through Topic Diversification (WWW 2005).

    Example:
        >>> ild(np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]]), k=3).round(3).tolist()
        [0.667]
    """
    first = _first(alike, k).astype(np.float64)
    length = np.sqrt(np.einsum("rnk,rnk->rn", first, first))
    known = length > _NOTHING
    first = np.divide(first, length[..., None], out=np.zeros(first.shape), where=known[..., None])
    many = known.sum(1)
    # the squared length of a sum of vectors is all their products, each with itself and each pair twice
    twice = (first.sum(1) ** 2).sum(1) - many
    return _ratio(many * (many - 1) - twice, many * (many - 1))


def coverage(topics: np.ndarray, *, k: int) -> np.ndarray:
    """Coverage@k [R]: the share of a list's topics that any of its first k products has.

    Source: subtopic recall of Zhai, Cohen and Lafferty, Beyond Independent Relevance (SIGIR 2003).

    Example:
        >>> coverage(np.array([[3, 3, 8, 5]]), k=2).round(3).tolist()
        [0.333]
    """
    found = _topics(topics)
    return _ratio(_first(found, k).any(1).sum(1), found.any(1).sum(1))


def entropy(topics: np.ndarray, *, k: int) -> np.ndarray:
    """Entropy@k [R] in nats of the topics of the first k products, each of which is shared evenly among its topics.

    Products without any are left out; NaN where none has one. The most is log(G), or log(k) for categories.

    Source: Shannon, A Mathematical Theory of Communication (1948), of the categories that a list shows.

    Example:
        >>> entropy(np.array([[3, 3, 8, 5]]), k=3).round(3).tolist()
        [0.637]
    """
    first = _first(_topics(topics), k)
    own = first.sum(2, keepdims=True)
    mass = (first / np.maximum(own, 1)).sum(1)
    share = mass / np.maximum(mass.sum(1, keepdims=True), 1)
    found = -np.sum(share * np.log(np.where(share > 0, share, 1)), axis=1)
    return np.where(mass.any(1), np.maximum(found, 0), np.nan)


def alpha_ndcg(topics: np.ndarray, *, k: int, alpha: float = 0.5, relevant: np.ndarray | None = None) -> np.ndarray:
    """alpha-NDCG@k [R]: each relevant product gains (1 - alpha) ** (relevant ones before it that have the topic) for
    each of its topics, discounted by log2(place + 1), over the same of the best order of the list's products.

    The best order is NP-hard and found greedily, as is usual: a list may come out a little above 1. Of products that
    gain the same it takes one by its topics, whatever the order shown, so that orders of a list are divided by the same
    (TREC's ndeval takes the last by name, and differs in that alone).

    Args: relevant [R, N] bool: products that count; all without it.
    Raises: EmptorError for an alpha beyond 0 to 1.
    Source: Clarke et al., Novelty and Diversity in Information Retrieval Evaluation (SIGIR 2008).

    Example:
        >>> alpha_ndcg(np.array([[3, 3, 8]]), k=3).round(3).tolist()
        [0.965]
    """
    if not 0 <= alpha <= 1:
        raise EmptorError(f"alpha: {alpha}, expected 0 to 1: how little a topic gains that is there already")
    found = _counted(_topics(topics), relevant).astype(np.float64)
    found = found[:, :, found.any((0, 1))]
    shown = _first(found, k)
    depth = shown.shape[1]
    if not found.any():
        return np.full(len(found), np.nan)
    discount = 1 / np.log2(np.arange(2, depth + 2))
    gain = (shown * (1 - alpha) ** (shown.cumsum(1) - shown)).sum(2)
    return _ratio(gain @ discount, _best_gains(found, 1 - alpha, depth) @ discount)


def err_ia(
    topics: np.ndarray,
    *,
    k: int,
    intents: np.ndarray | None = None,
    satisfies: np.ndarray | float = 0.5,
    relevant: np.ndarray | None = None,
) -> np.ndarray:
    """ERR-IA@k [R]: the mean over intents of 1 / place at which the user with that intent stops, who goes on from each
    product of the topic with the chance that it does not satisfy. TREC's ndeval divides it by a number that k decides.

    Args:
        intents [G], or [R, G]: the chance of each topic to be what is wanted; without it all that a relevant product of
            the list has are as likely. satisfies [R, N] or one for all: the chance that a product of the wanted topic
            satisfies: (2 ** grade - 1) / 2 ** (highest grade), which is 0.5 where relevance is yes or no. relevant
            [R, N] bool: products that count; all without it. A list in which none counts is NaN.
    Raises: EmptorError for intents whose chances do not sum up to 1, for categories beyond those intended, and for a
        `satisfies` beyond 0 to 1.
    Source: Chapelle et al., Intent-based Diversification of Web Search Results (Information Retrieval 14, 2011); ERR is
        of Chapelle et al., Expected Reciprocal Rank for Graded Relevance (CIKM 2009).

    Example:
        >>> err_ia(np.array([[[True, False], [False, True]]]), k=2, intents=np.array([0.8, 0.2])).round(3).tolist()
        [0.45]
    """
    stops = np.asarray(satisfies, np.float64)
    if not ((stops >= 0) & (stops <= 1)).all():
        raise EmptorError(f"satisfies: {satisfies}, expected chances from 0 to 1")
    found = _counted(_topics(topics, intents), relevant)
    if intents is None:
        has = found.any(1)
        chance = has / np.maximum(has.sum(1, keepdims=True), 1)
    else:
        chance = _intents(intents, found)
    first = _first(found * np.broadcast_to(stops, found.shape[:2])[..., None], k)
    goes_on = (1 - first).cumprod(1)
    reached = np.concatenate([np.ones((len(first), 1, first.shape[2])), goes_on], axis=1)[:, :-1]
    place = np.arange(1, first.shape[1] + 1)
    each = np.einsum("rng,n->rg", first * reached, 1 / place)
    return np.where(found.any((1, 2)), (each * chance).sum(1), np.nan)


def _best_gains(found: np.ndarray, kept: float, depth: int) -> np.ndarray:
    """[R, depth]: what each place of a greedily best order of topics [R, N, G] gains, `kept` of it for a repetition."""
    kinds = np.unique(found.reshape(-1, found.shape[2]), axis=0, return_inverse=True)[1].reshape(found.shape[:2])
    found = in_order(found, kinds.argsort(axis=1, kind="stable"))
    left, worth = np.ones(found.shape[:2], bool), np.ones((len(found), 1, found.shape[2]))
    best = np.zeros((len(found), depth))
    for place in range(depth):
        gains = np.where(left, (found * worth).sum(2), -np.inf)
        chosen = (gains >= gains.max(1, keepdims=True) - _SAME).argmax(1)[:, None]
        best[:, place] = np.take_along_axis(gains, chosen, axis=1)[:, 0]
        np.put_along_axis(left, chosen, False, axis=1)
        worth = worth * kept ** np.take_along_axis(found, chosen[..., None], axis=1)
    return best


def _first(values: np.ndarray, k: int) -> np.ndarray:
    if k < 1:
        raise EmptorError(f"k: {k}, expected how many products are looked at, from 1")
    return values[:, :k]


def _topics(topics: np.ndarray, intents: np.ndarray | None = None) -> np.ndarray:
    """[R, N, G] bool of either form; categories without intents get numbers of their own list: the first place."""
    if topics.ndim == 3 and topics.dtype == np.bool_:
        return topics
    if topics.ndim != 2 or topics.dtype.kind not in "iu":
        raise EmptorError(
            f"topics: {topics.dtype} {topics.shape}, expected [lists, products, topics] bool or categories "
            "[lists, products] of whole numbers"
        )
    many = topics.shape[1] if intents is None else np.shape(intents)[-1]
    if not topics.size:
        return np.zeros((*topics.shape, many), bool)
    named = (topics[:, :, None] == topics[:, None, :]).argmax(2) if intents is None else topics
    if named.max() >= many:
        raise EmptorError(f"topics: category {named.max()}, expected those of {many} intents, from 0")
    found: np.ndarray = (named[:, :, None] == np.arange(many)) & (topics >= 0)[..., None]
    return found


def _counted(topics: np.ndarray, relevant: np.ndarray | None) -> np.ndarray:
    return topics if relevant is None else topics & relevant.astype(bool)[..., None]


def _intents(intents: np.ndarray, found: np.ndarray) -> np.ndarray:
    """[R, G]. Raises: EmptorError, see err_ia."""
    shape = (len(found), found.shape[2])
    if intents.shape not in (shape, shape[1:]):
        raise EmptorError(f"intents: {intents.shape}, expected {shape[1:]} or {shape}: a chance for each topic")
    if (intents < 0).any() or not np.allclose(intents.sum(-1), 1, atol=1e-6):
        raise EmptorError("intents: expected chances from 0 on that sum up to 1")
    return np.broadcast_to(intents, shape)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
