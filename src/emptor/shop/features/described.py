"""Requests as few numbers, and the arrays that follow from them: a log of millions of impressions fits in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from emptor.shop.features.products import ProductColumns

Columns = TypeVar("Columns")


@dataclass(frozen=True)
class Described:
    """B requests of N products, T behaviours, L words: products by their rows, so that each is described only once.

    rows [B, N] int32, past [B, T] int32 (newest first): rows of ProductColumns, its `nobody` for padding and unknown
    ones; mask [B, N] bool: False is padding; action, gap [B, T] uint8: 0 where the history has ended; typed [B, T]
    int32: see QueryTexts, for which query it was done; numeric [B, N, F], context [B, X] float32; words [B, L] int32:
    buckets, 0 where the query has ended; searching [B] bool.
    """

    rows: np.ndarray
    mask: np.ndarray
    numeric: np.ndarray
    past: np.ndarray
    action: np.ndarray
    gap: np.ndarray
    typed: np.ndarray
    words: np.ndarray
    context: np.ndarray
    searching: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Arrays:
    """B requests of N products each, T behaviours, L words; names and widths as in FeatureSpec.

    product [B, N, C] int64; own [B, N, G], numeric [B, N, F] float32; mask [B, N] bool; past [B, T, C] int64; past_own
    [B, T, G] float32; action, gap [B, T] int64; there [B, T] bool; words [B, L] int64; context [B, X] float32;
    searching [B] bool.
    """

    product: np.ndarray
    own: np.ndarray
    numeric: np.ndarray
    mask: np.ndarray
    past: np.ndarray
    past_own: np.ndarray
    action: np.ndarray
    gap: np.ndarray
    there: np.ndarray
    words: np.ndarray
    context: np.ndarray
    searching: np.ndarray


def arrays_of(products: ProductColumns, asked: Described) -> Arrays:
    """What models are given of requests. Histories are cut to the longest there is."""
    length = max(int((asked.action > 0).sum(1).max(initial=0)), 1)
    past, action = asked.past[:, :length], asked.action[:, :length]
    return Arrays(
        product=products.fields[asked.rows],
        own=products.own[asked.rows],
        numeric=asked.numeric,
        mask=asked.mask,
        past=products.fields[past],
        past_own=products.own[past],
        action=action.astype(np.int64),
        gap=asked.gap[:, :length].astype(np.int64),
        there=action > 0,
        words=asked.words.astype(np.int64),
        context=asked.context,
        searching=asked.searching,
    )


def taken(columns: Columns, places: np.ndarray) -> Columns:
    """Some of the requests of a dataclass of arrays, in that order."""
    return type(columns)(**{own.name: getattr(columns, own.name)[places] for own in fields(columns)})  # type: ignore[arg-type]


def joined(parts: Sequence[Columns]) -> Columns:
    """Several such after each other, at least one."""
    own = {own.name: np.concatenate([getattr(part, own.name) for part in parts]) for own in fields(parts[0])}  # type: ignore[arg-type]
    return type(parts[0])(**own)
