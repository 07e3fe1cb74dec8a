"""How well products suit users: a hand-made score from what they did before. Nothing is trained.

A product is a handful of features: its category and those above, its brand, each attribute value, and how dear it is
for its category. Of each feature the history tells how many times more often a user took it than everybody did; a
product's affinity is the sum of the logarithms (naive Bayes, as it were). The plain difference of the two shares would
hold against a product that many like it: with short histories, most users took most popular brands not even once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emptor.shop.generation import Generation
from emptor.shop.history import History, KnownUsers, Summary
from emptor.shop.view import View
from emptor.shop.vocabulary import Vocabulary

LEVELS = 4
"""Levels of a category's path that count."""
WEIGHT = {"brand": 1.0, "category": 1.0, "price": 0.5, "attribute": 1.0}
"""Of a kind of feature, however many of them a product has."""
PRIOR = 5.0
"""So many clicks like everybody's are added to each user's: one click is not a taste."""
RAREST = 1e-3
"""Share below which nothing counts as rarer."""
CELLS = 12
"""Steps of a category's prices, from the cheapest to the dearest twelfth."""
_BANDS = CELLS + 1
_TABLE = 4_000_000
"""Numbers in the table of a block of users, at most."""
_BLOCK = 200_000
"""Products whose features are listed at once."""


@dataclass(frozen=True)
class Tokens:
    """Features of products, one after the other: owner [T] (which product), code [T], weight [T] float64."""

    owner: np.ndarray
    code: np.ndarray
    weight: np.ndarray


class Features:
    """The features of a view's products as codes: brands, then paths of categories, price bands, attribute values.

    Attributes:
        size: number of codes. group [size] int64: what a code is one choice of (a brand, a path of two levels, a
            colour ...): shares are taken within a group, by those who chose at all. groups: how many there are.
        parts: where each kind's codes begin, and their number.
    """

    def __init__(self, view: View, edges: np.ndarray) -> None:
        self._view, self._edges = view, edges
        self._paths, depth = _paths(view.categories)
        names, of_name = view.attributes.groups
        sizes = {"brand": len(view.brands), "category": len(depth), "price": _BANDS, "attribute": len(view.attributes)}
        ends = np.cumsum(list(sizes.values()))
        self.parts = {kind: (int(end) - sizes[kind], sizes[kind]) for kind, end in zip(sizes, ends, strict=True)}
        self.size = int(ends[-1])
        fixed = 1 + LEVELS + 2
        self.group: np.ndarray = np.concatenate(
            [
                np.zeros(sizes["brand"], np.int64),
                1 + depth,
                np.where(np.arange(_BANDS) < CELLS // 2, fixed - 2, fixed - 1),
                fixed + of_name,
            ]
        )
        self.groups = fixed + len(names)

    def of(self, rows: np.ndarray) -> Tokens:
        """The features of products [M]."""
        view = self._view
        owners, codes, weights = [], [], []

        def add(kind: str, owner: np.ndarray, code: np.ndarray) -> None:
            counts = np.bincount(owner, minlength=len(rows))
            owners.append(owner)
            codes.append(code + self.parts[kind][0])
            weights.append(WEIGHT[kind] / counts[owner])

        brand = _canonical(view.brands, view.brand[rows])
        has = np.flatnonzero(brand >= 0)
        add("brand", has, brand[has])
        category = view.category[rows]
        paths = self._paths[category]  # the last line, that of code -1, is empty
        owner, level = np.nonzero(paths >= 0)
        add("category", owner, paths[owner, level])
        cell = self._cell(category, view.price[rows])
        has = np.flatnonzero(cell >= 0)
        # two coarse bands that overlap: neighbours in price share one of them, wherever the borders are
        low, high = cell[has] // 2, CELLS // 2 + (cell[has] + 1) // 2
        add("price", np.concatenate([has, has]), np.concatenate([low, high]))
        values, counts = view.attributes_of(rows)
        add("attribute", np.repeat(np.arange(len(rows)), counts), _canonical(view.attributes, values))
        return Tokens(*(np.concatenate(own) for own in (owners, codes, weights)))

    def _cell(self, category: np.ndarray, price: np.ndarray) -> np.ndarray:
        """Which twelfth of its category's prices a price is in; -1 where either is not known."""
        known = (category >= 0) & (category < len(self._edges)) & ~np.isnan(price)
        cell = np.full(len(price), -1, np.int64)
        edges = self._edges[category[known]]
        cell[known] = np.where(np.isnan(edges[:, 0]), -1, (price[known][:, None] > edges).sum(1))
        return cell


class Measured:
    """What all views of a generation share: who did what, how dear things are, and what everybody likes."""

    def __init__(self, known: KnownUsers) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._background: tuple[Features, np.ndarray] | None = None

    @property
    def history(self) -> History:
        return self._known.history

    @cached_property
    def edges(self) -> np.ndarray:
        """[categories, CELLS - 1] float64: the borders between the twelfths of prices; NaN: too few to tell."""
        return _edges(self._known.generation)

    @property
    def background(self) -> tuple[Features, np.ndarray]:
        """The generation's features, and of each code its share within its group, over all that all users did."""
        if self._background is None:
            with self._lock:
                if self._background is None:
                    self._background = self._measure()
        return self._background

    def _measure(self) -> tuple[Features, np.ndarray]:
        features, history = Features(View(self._known.generation), self.edges), self.history
        counts = np.zeros(features.size)
        for at in range(0, len(history.row), _BLOCK):
            tokens = features.of(history.row[at : at + _BLOCK])
            weights = history.weight[at : at + _BLOCK][tokens.owner]
            counts += np.bincount(tokens.code, weights, features.size)
        whole = np.bincount(features.group, counts, features.groups)[features.group]
        return features, counts / np.where(whole > 0, whole, 1.0)


class Taste:
    """What is known of users, over one view. Cheap to make; the log is read when somebody is first asked about.

    Example:
        >>> taste.affinity(["u7"], np.array([[3, 14, 15]]))
        array([[ 0.82, -0.31,  2.04]], dtype=float32)
    """

    def __init__(self, view: View, measured: Measured) -> None:
        self._view, self._measured = view, measured

    @property
    def history(self) -> History:
        return self._measured.history

    def summary(self, user_id: str) -> Summary | None:
        """A user in a few facts; None for somebody unknown."""
        return self.history.summary(user_id, self._view)

    def affinity(self, users: Sequence[str | None] | np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How well products suit users: above 0 more than they suit everybody, 0 for users of whom nothing is known.

        A sum over the product's features: of each, the logarithm of the share that it has of its group (of the colours,
        of the brands ...) in what the user did, purchases weighing more than clicks and older actions less, over its
        share in what everybody did. What nobody ever took says nothing. The same whatever else is in the batch.

        Args:
            users [B]: user_ids, None for nobody. rows [B, N]: products of the view.
        Returns: [B, N] float32.
        """
        places = self.history.places(users)
        answer = np.zeros(rows.shape, np.float32)
        known = np.flatnonzero(places >= 0)
        if not known.size or not rows.shape[1]:
            return answer
        step = max(1, min(_TABLE // self._features.size, _BLOCK // rows.shape[1]))
        for at in range(0, len(known), step):
            block = known[at : at + step]
            answer[block] = self._scores(places[block], rows[block])
        return answer

    def liked(self, user_id: str) -> tuple[np.ndarray, np.ndarray]:
        """What a user did last: (rows [n], weights [n]), oldest first."""
        own = self.history.of(user_id)
        return self.history.row[own], self.history.weight[own]

    @cached_property
    def _features(self) -> Features:
        return Features(self._view, self._measured.edges)

    @cached_property
    def _share(self) -> np.ndarray:
        """The background over this view's codes: what an update brought is liked by nobody yet."""
        before, shares = self._measured.background
        own = np.zeros(self._features.size)
        for kind, (first, _) in self._features.parts.items():
            start, size = before.parts[kind]
            own[first : first + size] = shares[start : start + size]
        return own

    def _scores(self, places: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The affinities of some users who are known: [B, N]."""
        features, size, history = self._features, len(places), self.history
        owner, index = history.actions(places)
        did = features.of(history.row[index])
        user, weight = owner[did.owner], history.weight[index][did.owner].astype(np.float64)
        took = np.bincount(user * features.size + did.code, weight, size * features.size)
        chose = np.bincount(user * features.groups + features.group[did.code], weight, size * features.groups)
        tokens = features.of(rows.ravel())
        user, group = tokens.owner // rows.shape[1], features.group[tokens.code]
        share = self._share[tokens.code]
        often = chose[user * features.groups + group]
        ratio = took[user * features.size + tokens.code] / np.maximum(share, RAREST) + PRIOR
        lift = np.where(share > 0, np.log(ratio / (often + PRIOR)), 0.0)
        # sums in the order of the features, one product apart from the other: no batch changes their rounding
        return np.bincount(tokens.owner, lift * tokens.weight, rows.size).reshape(rows.shape).astype(np.float32)


def _canonical(vocabulary: Vocabulary, codes: np.ndarray) -> np.ndarray:
    """Codes of values, one for all that a filter cannot tell apart; -1 stays."""
    first = vocabulary.canonical
    return codes.astype(np.int64) if first is None else np.where(codes >= 0, first[codes], -1)


def _paths(categories: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    """(categories' paths as codes of their levels [categories + 1, LEVELS], -1: none; level of each code, from 0).

    A vocabulary that has grown keeps the codes it had.
    """
    codes: dict[str, int] = {}
    depth: list[int] = []
    paths = np.full((len(categories) + 1, LEVELS), -1, np.int64)
    for number, key in enumerate(categories.keys):
        cut, level = -1, 0
        while key and level < LEVELS:
            cut = key.find("/", cut + 1)
            while cut > 0 and key[cut - 1] == "\\":  # a slash inside a name
                cut = key.find("/", cut + 1)
            above = key if cut < 0 else key[:cut]
            if above not in codes:
                codes[above] = len(depth)
                depth.append(level)
            paths[number, level] = codes[above]
            level += 1
            if cut < 0:
                break
    return paths, np.array(depth, np.int64)


def _edges(generation: Generation) -> np.ndarray:
    edges = np.full((len(generation.categories), CELLS - 1), np.nan)
    rows = np.flatnonzero((generation.category >= 0) & ~np.isnan(generation.price))
    order = rows[np.lexsort((generation.price[rows], generation.category[rows]))]
    category, price = generation.category[order], generation.price[order]
    codes, first, count = np.unique(category, return_index=True, return_counts=True)
    enough = count >= CELLS // 2
    places = first[enough][:, None] + (np.arange(1, CELLS) * count[enough][:, None]) // CELLS
    edges[codes[enough]] = price[places]
    return edges
