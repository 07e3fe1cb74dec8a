"""What the readers of public recommendation data share: candidates drawn by popularity, histories, pages of both.

Public logs tell what was taken and not what else was shown, so what else is drawn. How it is drawn decides what a
ranker can win by: among candidates drawn evenly, whoever knows what is popular wins without knowing anybody. Here each
is what somebody else took, drawn from all such times, so that an item is as likely to be drawn as it is popular; then
popularity tells hardly anything, and the user's history has to.

What the user takes later is drawn beside what was learnt from, as what is never taken is; only tested and validated
pages are kept free of it. Were it never drawn, what is taken at last would be the one that has never stood on a page of
this user, while most that is drawn beside it has: networks know users again by their histories, and remember.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from emptor.errors import EmptorError
from emptor.rank.examples import Examples, Outcomes
from emptor.shop.features import Described, ProductColumns

DRAWN = 19
"""Candidates beside the one that was taken."""
HISTORY = 30
"""Behaviours that are known of a user, the newest."""
EVER = np.iinfo(np.int64).max
"""Later than any moment."""
_AT_ONCE = 32
_ROUNDS = 100
"""Drawings of _AT_ONCE balls after which a user is taken to have nearly everything."""


def needed(folder: Path, names: Sequence[str], *, what: str) -> tuple[Path, ...]:
    """Files of a folder. Raises: EmptorError where one is missing."""
    for name in names:
        if not (folder / name).is_file():
            raise EmptorError(
                f"{folder} has no {name}; expected the folder of {what} with {', '.join(names)}: name another folder"
                if folder.is_dir()
                else f"there is no folder {folder}; expected that of {what} with {', '.join(names)}"
            )
    return tuple(folder / name for name in names)


def beside(
    urn: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    allowed: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw other candidates for R requests: DRAWN different ones each, by how often they were taken.

    Args:
        urn [E] int64: an item for each time that one was taken. low, high [R] int64: each draws from urn[low:high].
        allowed: (requests [m], items [m, k]) -> [m, k] bool: whether a request may be shown an item.

    Returns: [R, DRAWN] int64 items.
    Raises: EmptorError where a request may be shown too few.
    """
    out = np.zeros((len(low), DRAWN), np.int64)
    left = np.flatnonzero(high > low)
    drawn = np.zeros((len(left), 0), np.int64)
    for _ in range(_ROUNDS):
        item = urn[rng.integers(low[left, None], high[left, None], (len(left), _AT_ONCE))]
        drawn = np.concatenate([drawn, np.where(allowed(left, item), item, -1)], axis=1)
        new = _first_of_each(drawn)
        place = new.cumsum(1)
        full = place[:, -1] >= DRAWN
        out[left[full]] = drawn[full][(new & (place <= DRAWN))[full]].reshape(-1, DRAWN)
        left, drawn = left[~full], drawn[~full]
        if not len(left):
            break
    short = len(left) + int((high <= low).sum())
    if short:
        raise EmptorError(
            f"{short} of {len(low)} requests have fewer than {DRAWN} items to be drawn that their users never took: "
            "there are too few items or users for such pages"
        )
    return out


def _first_of_each(items: np.ndarray) -> np.ndarray:
    """[R, k] bool: items from 0 that stand for the first time in their row."""
    order = np.argsort(items, axis=1, kind="stable")
    ranked = np.take_along_axis(items, order, axis=1)
    new = ranked >= 0
    new[:, 1:] &= ranked[:, 1:] != ranked[:, :-1]
    out = np.zeros(items.shape, bool)
    np.put_along_axis(out, order, new, axis=1)
    return out


def in_any_order(taken: np.ndarray, others: np.ndarray, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(items [R, 1 + DRAWN], clicked [R, 1 + DRAWN] bool): taken [R] among others [R, DRAWN], at any place."""
    whole = np.concatenate([taken[:, None], others], axis=1)
    order = rng.random(whole.shape).argsort(axis=1)
    return np.take_along_axis(whole, order, axis=1), order == 0


def newest(first: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(places [R, HISTORY], there [R, HISTORY] bool): the last places within [first, end), the newest first."""
    place = end[:, None] - 1 - np.arange(HISTORY)
    there = place >= first[:, None]
    return np.where(there, place, 0), there


class Taken:
    """When users took items.

    Args:
        user, item, when [E] int64: who took what and when, each pair once at most. items: P.
    """

    def __init__(self, user: np.ndarray, item: np.ndarray, when: np.ndarray, items: int) -> None:
        key = user.astype(np.int64) * items + item
        order = np.argsort(key)
        self._key, self._when, self._items = key[order], when[order], items

    def by(self, users: np.ndarray, items: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Whether users [m] had taken items [m, k] by moments [m], these included: [m, k] bool."""
        key = users[:, None] * self._items + items
        at = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        return (self._key[at] == key) & (self._when[at] <= until[:, None])


def by_known(known: np.ndarray, *, at_most: Sequence[int], more_than: Sequence[int]) -> Mapping[str, np.ndarray]:
    """Parts of a test by what was known of the user: known [R], behaviours before; none that is empty."""
    parts = {"nothing known": known == 0}
    parts |= {f"at most {most}": known <= most for most in at_most}
    parts |= {f"more than {least}": known > least for least in more_than}
    return {name: chosen for name, chosen in parts.items() if chosen.any()}


def examples_of_pages(
    products: ProductColumns,
    items: np.ndarray,
    clicked: np.ndarray,
    numeric: np.ndarray,
    *,
    past: np.ndarray,
    action: np.ndarray,
    gap: np.ndarray,
    context: np.ndarray,
    user: np.ndarray,
) -> Examples:
    """Pages without a query, of which nothing is known but what was taken: all places are alike, nothing is bought.

    Args:
        items, clicked [R, N]; numeric [R, N, F]; past, action, gap [R, T], action and gap 0 where the history has
            ended; context [R, X]; user [R].
    """
    there = action > 0
    return Examples(
        products,
        Described(
            rows=items.astype(np.int32),
            mask=np.ones(items.shape, bool),
            numeric=numeric.astype(np.float32),
            past=np.where(there, past, products.nobody).astype(np.int32),
            action=action.astype(np.uint8),
            gap=gap.astype(np.uint8),
            typed=np.zeros(action.shape, np.int32),
            words=np.zeros((len(items), 1), np.int32),
            context=context.astype(np.float32),
            searching=np.zeros(len(items), bool),
        ),
        Outcomes(
            clicked=clicked,
            bought=np.zeros(items.shape, bool),
            position=np.zeros(items.shape, np.uint8),
            user=user.astype(np.int64),
        ),
    )


def narrowed(pages: Examples, width: int, *, rng: np.random.Generator) -> Examples:
    """Pages with fewer candidates: what was taken, and others at random until there are `width`; their order stays.

    Four of the nineteen teach nearly as much, for a quarter of the work.
    """
    draw = np.where(pages.outcomes.clicked, -1.0, rng.random(pages.mask.shape))
    chosen = np.sort(np.argsort(draw, axis=1)[:, :width], axis=1)

    def own(values: np.ndarray) -> np.ndarray:
        return np.take_along_axis(values, chosen, axis=1)

    asked, became = pages.asked, pages.outcomes
    return Examples(
        pages.products,
        replace(
            asked,
            rows=own(asked.rows),
            mask=own(asked.mask),
            numeric=np.take_along_axis(asked.numeric, chosen[..., None], axis=1),
        ),
        replace(became, clicked=own(became.clicked), bought=own(became.bought), position=own(became.position)),
    )
