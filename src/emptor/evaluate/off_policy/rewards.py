"""Models of what a product at a place earns: what doubly robust and direct estimates ask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emptor.engine import Engine
from emptor.evaluate.off_policy.logged import Logged, Ranked
from emptor.evaluate.off_policy.places import counts, smoothed
from emptor.shop.models import models_folder

Reward = Callable[[Ranked], np.ndarray]
"""Pages for the requests of a log, in its order -> [P, K]: the chance of the outcome of each product at its place."""

_AT_ONCE = 1_000


def by_place(logged: Logged, *, outcome: str = "clicked") -> Reward:
    """A model that knows places only: the rate of each on explored pages. It says the same of every ranking: a direct
    estimate by it is worth nothing, and a doubly robust one is like SNIPS, noise goes and no knowledge comes.
    """
    hit, drawn = counts(logged, outcome)
    rate = hit.sum() / max(drawn.sum(), 1)
    curve = smoothed(hit.sum(0), drawn.sum(0))
    weight = drawn.sum(0) / max(drawn.sum(), 1)
    own = rate * curve / max((curve * weight).sum(), 1e-12)

    def reward(ranked: Ranked) -> np.ndarray:
        return np.where(ranked.mask, own[None, : ranked.mask.shape[1]], 0.0)

    return reward


def by_score(logged: Logged, score: Reward, *, outcome: str = "clicked") -> Reward:
    """A score times what each place makes of it: sum of outcomes / sum of scores there, on explored pages, made to fall
    from place to place. So the score only has to be proportional to the chance, and one of what is looked at will do.

    Args:
        score: from 0; a trained ranker's chance of a click, see `ranker_scores`.
    """
    hit, drawn = counts(logged, outcome)
    own = score(logged.shown)
    expected = np.where(drawn, own, 0.0).sum(0)
    curve = smoothed(hit.sum(0), drawn.sum(0))
    factor = curve * (hit.sum() / max((curve * expected).sum(), 1e-12))

    def reward(ranked: Ranked) -> np.ndarray:
        return np.where(ranked.mask, np.clip(score(ranked) * factor[None], 0.0, 1.0), 0.0)

    return reward


def ranker_scores(engine: Engine, logged: Logged, model: str, *, version: str | None = None) -> tuple[Reward, Reward]:
    """(chance of a click, of a purchase) of a ranker that the shop has trained, of any pages for the requests of a log.

    It knows of users what they did before each request, and of products what the live generation knows.

    Raises: EmptorError for a model that is missing or damaged.
    """
    from emptor.rank.loading import load_ranker
    from emptor.shop.features import Features

    shop, generation = engine.shop, engine.view.generation
    manifest = shop.manifest()
    live = (manifest.models if manifest else {}).get(f"rank/{model}", "1")
    ranker = load_ranker(models_folder(shop.path, "rank", model) / (version or live), view=engine.view)
    features = Features.as_published(shop, generation, ranker.spec)
    pages = logged.pages
    memo: list[tuple[Ranked, np.ndarray]] = []

    def logits(ranked: Ranked) -> np.ndarray:
        if memo and memo[-1][0] is ranked:
            return memo[-1][1]
        out = np.zeros((*ranked.rows.shape, 2), np.float32)
        for at in range(0, len(ranked), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            asked = (pages.user_id[part].tolist(), pages.query[part].tolist(), pages.now[part])
            out[part] = ranker(features(*asked, ranked.rows[part], ranked.mask[part]))
        memo[:] = [(ranked, out)]
        return out

    def chance(task: int) -> Reward:
        return lambda ranked: np.where(ranked.mask, 1 / (1 + np.exp(-np.clip(logits(ranked)[..., task], -30, 30))), 0)

    return chance(0), chance(1)
