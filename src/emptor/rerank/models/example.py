"""A tiny batch of random lists, to see a network run: for examples and tests."""

from __future__ import annotations

import torch

from emptor.rank.models.example import example as ranked
from emptor.rank.models.inputs import InputSpec
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch, Sides


def example(
    lists: int = 4, *, products: int = 6, seed: int = 0, spec: InputSpec | None = None
) -> tuple[ListSpec, RerankBatch, Labels]:
    """A spec, a batch that fits it, and what became of it: the first is bought, the second clicked, the last unseen.

    Every third product lacks its text, every fourth its picture; every second list has no earlier query.

    Args: lists: B. products: N, at least 3. seed: same seed, same batch. spec: of products, instead of the small one.

    Example:
        >>> spec, batch, labels = example()
        >>> batch.mask.shape, labels.purchase[0].tolist()
        (torch.Size([4, 6]), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """
    of_products, asked = ranked(lists, candidates=products, seed=seed, spec=spec)
    made = ListSpec(of_products, text=5, image=4, places=max(products, 3), earlier=3, alike=6)
    chance = torch.Generator().manual_seed(seed + 1)

    def sides(there: torch.Tensor) -> Sides:
        at = torch.arange(there.shape[1]).expand(there.shape)
        text, image = there & (at % 3 != 2), there & (at % 4 != 3)
        return Sides(
            torch.randn(*there.shape, made.text, generator=chance) * text.unsqueeze(-1),
            torch.randn(*there.shape, made.image, generator=chance) * image.unsqueeze(-1),
            text,
            image,
        )

    mask, at = asked.mask, torch.arange(products)
    before = (torch.arange(made.earlier) < 2)[None] & (torch.arange(lists) % 2 == 0)[:, None]
    batch = RerankBatch(
        asked=asked,
        score=torch.randn(*mask.shape, generator=chance).sort(1, descending=True).values * mask,
        place=at.expand(mask.shape) * mask,
        sides=sides(mask),
        past=sides(asked.there),
        earlier=torch.randint(1, of_products.words, (lists, made.earlier, 3), generator=chance) * before[..., None],
        earlier_gap=torch.randint(1, of_products.gaps, (lists, made.earlier), generator=chance) * before,
        alike=torch.nn.functional.normalize(torch.randn(*mask.shape, made.alike, generator=chance), dim=-1)
        * mask.unsqueeze(-1),
    )
    first = (at == 0).expand(mask.shape) & mask
    second = (at == 1).expand(mask.shape) & mask
    seen = mask & (at < products - 1)
    return made, batch, Labels((first | second).float(), first.float(), seen)
