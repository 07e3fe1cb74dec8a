"""Batches of lists, changed: in another order, longer, and with less known of them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import torch

from emptor.rerank.models.inputs import Labels, RerankBatch, Sides
from emptor.rerank.models.reranker import Reranker

OF_CANDIDATES = ("product", "own", "numeric", "mask")
OF_PAST = ("past", "past_own", "action", "gap", "there")


def ordered(batch: RerankBatch, which: list[int]) -> RerankBatch:
    """The products of these columns, in their order, with places from 0 on."""
    asked = replace(batch.asked, **{name: getattr(batch.asked, name)[:, which] for name in OF_CANDIDATES})
    sides = Sides(**{own.name: getattr(batch.sides, own.name)[:, which] for own in fields(Sides)})
    return replace(
        batch,
        asked=asked,
        sides=sides,
        place=torch.arange(len(which)).expand(len(batch), -1) * asked.mask,
        score=batch.score[:, which],
        alike=batch.alike[:, which],
    )


def longer(batch: RerankBatch, labels: Labels) -> tuple[RerankBatch, Labels]:
    """Two columns of padding, full of numbers that nobody may look at."""
    size = batch.mask.shape[1]
    out = ordered(batch, [*range(size), 0, 1])
    mask = out.mask.clone()
    mask[:, size:] = False
    asked = replace(out.asked, mask=mask, own=out.asked.own.clone(), numeric=out.asked.numeric.clone())
    for own in (asked.own, asked.numeric, out.sides.text, out.sides.image, out.score, out.alike):
        own[:, size:] = 50.0
    more = Labels(*(torch.nn.functional.pad(own, (0, 2)) for own in (labels.click, labels.purchase, labels.seen)))
    return replace(out, asked=asked), more


def without_past(batch: RerankBatch, which: list[int]) -> RerankBatch:
    """As if these lists' users had neither done nor asked anything before."""

    def emptied(own: torch.Tensor) -> torch.Tensor:
        own = own.clone()
        own[which] = 0
        return own

    return replace(
        batch,
        asked=replace(batch.asked, **{name: emptied(getattr(batch.asked, name)) for name in OF_PAST}),
        past=Sides(**{own.name: emptied(getattr(batch.past, own.name)) for own in fields(Sides)}),
        earlier=emptied(batch.earlier),
        earlier_gap=emptied(batch.earlier_gap),
    )


def without_sides(sides: Sides, *names: str) -> Sides:
    """As if nothing had this modality."""
    return replace(
        sides, **{part: torch.zeros_like(getattr(sides, part)) for name in names for part in (name, f"has_{name}")}
    )


def lists(batch: Any, which: list[int]) -> Any:
    """Some of the lists."""
    parts = {own.name: getattr(batch, own.name) for own in fields(batch)}
    return type(batch)(
        **{name: own[which] if isinstance(own, torch.Tensor) else lists(own, which) for name, own in parts.items()}
    )


def learns(
    net: Reranker,
    batch: RerankBatch,
    labels: Labels,
    *,
    steps: int,
    lr: float,
    told: str = "loss",
    least: float = 1e-9,
) -> None:
    """Fails unless every weight has a gradient above `least` after some steps, and what is told falls by a fifth."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        found = net.loss(batch, labels)
        optimiser.zero_grad()
        found["loss"].backward()
        if step == 5:
            for which, weight in net.named_parameters():
                assert weight.grad is not None and weight.grad.isfinite().all(), which
                assert weight.grad.abs().max() > least, which  # what is 0 but for rounding is never learnt
        optimiser.step()
        losses.append(found[told].item())
    assert losses[-1] < 0.8 * losses[0]
