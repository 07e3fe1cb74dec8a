"""Changes of a batch that must, or must not, change what a network thinks of it."""

from __future__ import annotations

from dataclasses import replace

import torch

from emptor.rank.models import RankBatch

PAST = ("past", "past_own", "action", "gap", "there")
PAGE = ("product", "own", "numeric", "mask")


def of_past(batch: RankBatch, places: torch.Tensor) -> RankBatch:
    """The behaviours at some places only, in that order, the same for all requests."""
    return replace(batch, **{name: getattr(batch, name)[:, places] for name in PAST})


def of_page(batch: RankBatch, places: torch.Tensor) -> RankBatch:
    """The candidates at some places only, in that order, the same for all requests."""
    return replace(batch, **{name: getattr(batch, name)[:, places] for name in PAGE})


def padded(batch: RankBatch, names: tuple[str, ...], width: int) -> RankBatch:
    """More columns; what is in them is rubbish that only the mask, named last, tells from the rest."""
    made = {}
    for name in names:
        values = getattr(batch, name)
        rubbish = torch.ones_like(values[:, :1]).expand(-1, width, *values.shape[2:])
        made[name] = torch.cat([values, torch.zeros_like(rubbish) if name == names[-1] else rubbish], 1)
    return replace(batch, **made)


def without_past(batch: RankBatch) -> RankBatch:
    return replace(batch, there=torch.zeros_like(batch.there))


def surface(batch: RankBatch, searching: bool) -> RankBatch:
    return replace(batch, searching=torch.full_like(batch.searching, searching))
