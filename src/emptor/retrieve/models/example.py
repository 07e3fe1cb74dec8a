"""A tiny batch of random inputs, to see a network run: for examples and tests."""

from __future__ import annotations

import torch

from emptor.retrieve.models.inputs import InputSpec, RetrievalBatch

CLS = 1
"""The id that every row of the example begins with."""


def example(
    queries: int = 4,
    *,
    negatives: int = 0,
    query_tokens: int = 6,
    text_tokens: int = 10,
    image_tokens: int = 3,
    seed: int = 0,
    spec: InputSpec | None = None,
) -> tuple[InputSpec, RetrievalBatch]:
    """A spec and a batch that fits it: each query chose the product of its number.

    Lengths differ. The second product in four has no picture, the third no text.

    Args:
        queries: Q. negatives: products beyond them, chosen by nobody. query_tokens: n_q. text_tokens: n_t.
        image_tokens: n, of features. seed: same seed, same batch. spec: instead of the small one, which has features.

    Example:
        >>> spec, batch = example()
        >>> batch.query.shape, batch.text.shape, batch.pictures.shape
        (torch.Size([4, 6]), torch.Size([4, 10]), torch.Size([4, 3, 12]))
    """
    spec = spec or InputSpec(words=40, segments=3, values=12, categories=5)
    chance = torch.Generator().manual_seed(seed)
    products = queries + negatives

    def tokens(rows: int, width: int) -> torch.Tensor:
        ids = torch.randint(CLS + 1, spec.words, (rows, width), generator=chance)
        length = torch.randint(2, width + 1, (rows, 1), generator=chance)
        ids = ids * (torch.arange(width) < length)
        ids[:, 0] = CLS
        return ids

    at = torch.arange(products)
    has_image, has_text = at % 4 != 1, at % 4 != 2
    query, text = tokens(queries, query_tokens), tokens(products, text_tokens)
    text[~has_text, 1:] = 0
    if spec.side is not None:
        shape = (products, 3, spec.side, spec.side)
        pictures = torch.randint(0, 256, shape, generator=chance, dtype=torch.uint8)
    else:
        pictures = torch.randn(products, image_tokens, spec.values or 0, generator=chance)
    return spec, RetrievalBatch(
        text=text,
        segments=(torch.arange(text_tokens) * spec.segments // text_tokens).expand(products, -1).contiguous(),
        has_text=has_text,
        pictures=pictures,
        has_image=has_image,
        category=torch.randint(0, spec.categories, (products,), generator=chance) if spec.categories else None,
        query=query,
        positive=torch.eye(queries, products, dtype=torch.bool),
        target=torch.arange(queries),
    )
