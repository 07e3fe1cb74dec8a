"""A tiny batch of random inputs, to see a network run: for examples and tests."""

from __future__ import annotations

import torch

from emptor.rank.models.inputs import InputSpec, RankBatch


def example(
    requests: int = 2, *, candidates: int = 3, behaviours: int = 4, seed: int = 0, spec: InputSpec | None = None
) -> tuple[InputSpec, RankBatch]:
    """A spec and a batch of requests that fits it: every other one a search, every third list and history cut short.

    Args:
        requests: B. candidates: N. behaviours: T. seed: same seed, same batch. spec: instead of the small one.

    Example:
        >>> spec, batch = example()
        >>> batch.product.shape, batch.past.shape
        (torch.Size([2, 3, 2]), torch.Size([2, 4, 2]))
    """
    spec = spec or InputSpec({"category": 7, "brand": 9}, actions=4, gaps=5, own=3, numeric=4, context=2, words=20)
    chance = torch.Generator().manual_seed(seed)

    def ids(sizes: list[int], *shape: int) -> torch.Tensor:
        return torch.stack([torch.randint(1, size, shape, generator=chance) for size in sizes], -1)

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=chance)

    at = torch.arange(requests)
    mask = torch.arange(candidates) < torch.where(at % 3 == 1, max(1, candidates - 1), candidates)[:, None]
    there = torch.arange(behaviours) < torch.where(at % 3 == 2, behaviours // 2, behaviours)[:, None]
    sizes = list(spec.fields.values())
    return spec, RankBatch(
        product=ids(sizes, requests, candidates) * mask[..., None],
        own=numbers(requests, candidates, spec.own) * mask[..., None],
        numeric=numbers(requests, candidates, spec.numeric) * mask[..., None],
        mask=mask,
        past=ids(sizes, requests, behaviours) * there[..., None],
        past_own=numbers(requests, behaviours, spec.own) * there[..., None],
        action=ids([spec.actions], requests, behaviours)[..., 0] * there,
        gap=ids([spec.gaps], requests, behaviours)[..., 0] * there,
        there=there,
        words=ids([spec.words], requests, 3)[..., 0] * (at % 2 == 0)[:, None],
        context=numbers(requests, spec.context),
        searching=at % 2 == 0,
    )
