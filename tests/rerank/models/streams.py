"""A small world in which it matters how broadly a user asks: narrow ones click on what they ask for, broad ones on the
first of each category.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from emptor.rank.models.inputs import InputSpec
from emptor.rerank.models.example import example
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch

CATEGORIES, _QUERIES, _PRODUCTS = 6, 4, 12


@dataclass(frozen=True)
class Streams:
    """breadth [B] in 0..1: how likely each earlier query is about anything. category [B, N]. worth [B, N] in 0..1: what
    the chance of a click grows with.
    """

    spec: ListSpec
    batch: RerankBatch
    labels: Labels
    breadth: torch.Tensor
    category: torch.Tensor
    worth: torch.Tensor


def streams(lists: int, *, seed: int, breadth: float | None = None) -> Streams:
    """Lists of users, each with a breadth, or all with this one; lists and what is asked now follow from the seed."""
    products = InputSpec(
        {"category": CATEGORIES + 1}, actions=2, gaps=2, own=1, numeric=1, context=1, words=3 * CATEGORIES + 1
    )
    spec, batch, _ = example(lists, products=_PRODUCTS, seed=seed, spec=products)
    chance = torch.Generator().manual_seed(seed)
    shape = (lists, _PRODUCTS)

    def number(least: int, *of: int) -> torch.Tensor:
        return torch.randint(0, least, of, generator=chance)

    focus, broad, category = number(CATEGORIES, lists), torch.rand(lists, generator=chance), number(CATEGORIES, *shape)
    broad = broad if breadth is None else torch.full_like(broad, breadth)
    strays = torch.rand(lists, _QUERIES, generator=chance) < broad[:, None]
    about = torch.where(strays, number(CATEGORIES, lists, _QUERIES), focus[:, None])
    before = torch.ones(_PRODUCTS, _PRODUCTS).tril(-1).bool()
    first = ~((category[:, :, None] == category[:, None, :]) & before).any(2)
    worth = (1 - broad[:, None]) * (category == focus[:, None]) + broad[:, None] * first
    click = (torch.rand(shape, generator=chance) < 0.1 + 0.7 * worth * (worth > 0.3)).float()
    there, nothing = torch.ones(shape).bool(), batch.asked.there & False
    asked = replace(
        batch.asked,
        product=(category + 1).unsqueeze(-1),
        own=torch.zeros(*shape, 1),
        numeric=torch.zeros(*shape, 1),
        mask=there,
        there=nothing,
        past=batch.asked.past * 0,
        past_own=batch.asked.past_own * 0,
        action=batch.asked.action * 0,
        gap=batch.asked.gap * 0,
        words=(1 + 3 * focus + number(3, lists)).unsqueeze(-1),
        context=torch.zeros(lists, 1),
        searching=torch.ones(lists).bool(),
    )
    sides = replace(batch.sides, has_text=there & False, has_image=there & False)
    batch = replace(
        batch,
        asked=asked,
        sides=replace(sides, text=sides.text * 0, image=sides.image * 0),
        score=torch.randn(shape, generator=chance).sort(1, descending=True).values,
        place=torch.arange(_PRODUCTS).expand(shape),
        earlier=(1 + 3 * about + number(3, lists, _QUERIES)).unsqueeze(-1),
        earlier_gap=torch.ones(lists, _QUERIES).long(),
        alike=torch.nn.functional.one_hot(category, CATEGORIES).float(),
    )
    labels = Labels(click, click * 0, there)
    return Streams(replace(spec, earlier=_QUERIES, alike=CATEGORIES), batch, labels, broad, category, worth)


def entropy(category: torch.Tensor, value: torch.Tensor, *, first: int = 5) -> torch.Tensor:
    """[B]: of the categories of the first of each list, in nats."""
    shown = category.gather(1, value.argsort(1, descending=True)[:, :first])
    share = torch.nn.functional.one_hot(shown, CATEGORIES).float().mean(1)
    return -(share * share.clamp(min=1e-9).log()).sum(1)


def rank_correlation(one: torch.Tensor, other: torch.Tensor) -> float:
    """Spearman's, of values without ties."""
    ranks = torch.stack([own.argsort().argsort().double() for own in (one, other)])
    return float(torch.corrcoef(ranks)[0, 1])
