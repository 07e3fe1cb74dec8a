"""A tiny batch of random inputs, to see a network run: for examples and tests."""

from __future__ import annotations

import torch

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.rank.models.example import example as ranked
from emptor.rank.models.inputs import InputSpec


def example(
    requests: int = 3, *, candidates: int = 8, pool: int = 5, seed: int = 0, spec: InputSpec | None = None
) -> tuple[InputSpec, PrerankBatch]:
    """A spec and a batch that fits it: each request has a purchase, a click, what was shown, ranked and dropped.

    Args:
        requests: B. candidates: N, at least 5. pool: P. seed: same seed, same batch. spec: instead of the small one.

    Example:
        >>> spec, batch = example()
        >>> batch.level[0].tolist()
        [5, 4, 3, 2, 2, 1, 1, 1]
    """
    spec, asked = ranked(requests, candidates=candidates, seed=seed, spec=spec)
    chance = torch.Generator().manual_seed(seed + 1)
    at = torch.arange(candidates)
    ranks = 3 + (candidates - 3) // 2
    level = torch.where(at < ranks, int(Level.RANKED), int(Level.DROPPED))
    level[:3] = torch.tensor([Level.BOUGHT, Level.CLICKED, Level.SHOWN])
    level = torch.where(asked.mask, level, int(Level.PADDING))
    place = torch.where(level > Level.DROPPED, at, -1)
    sizes = list(spec.fields.values())
    ids = [torch.randint(1, size, (pool,), generator=chance) for size in sizes]
    return spec, PrerankBatch(
        asked=asked,
        level=level,
        place=place,
        number=torch.where(asked.mask, 1 + at + candidates * torch.arange(requests)[:, None], 0),
        found=1 + torch.arange(candidates) + candidates * torch.arange(requests)[:, None],
        pool_product=torch.stack(ids, -1),
        pool_own=torch.randn(pool, spec.own, generator=chance),
        pool_number=10_000 + torch.arange(pool),
    )
