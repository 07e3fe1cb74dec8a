"""Training samples of the ranking stage: pages of the log, and what was clicked and bought on them, as tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import polars as pl
import torch

from emptor.rank.models.inputs import TASKS, InputSpec, RankBatch
from emptor.shop.ageing import DAY_US
from emptor.shop.features import ACTIONS, CONTEXT, GAPS, NUMERIC, OWN, Arrays, Features, FeatureSpec
from emptor.shop.holdout import is_held_out

LONGEST = 60
"""Products of a page that count; a longer one is cut."""


def input_spec(spec: FeatureSpec) -> InputSpec:
    """The widths that follow from a feature spec."""
    return InputSpec(
        fields=dict(spec.fields),
        actions=len(ACTIONS) + 1,
        gaps=GAPS,
        own=len(OWN),
        numeric=len(NUMERIC),
        context=len(CONTEXT),
        words=spec.words,
    )


@dataclass(frozen=True)
class Pages:
    """P pages of up to N products that were on a screen, in order of time.

    request_id, user_id, query [P] object (None: nobody, none); now [P] int64: UTC microseconds, before anything
    happened there; rows [P, N] int64, mask [P, N] bool; position [P, N] int64; clicked, bought [P, N] bool; propensity
    [P, N] float32: chance that the product stood where it did, 1 where nothing was left to chance.
    """

    request_id: np.ndarray
    user_id: np.ndarray
    query: np.ndarray
    now: np.ndarray
    rows: np.ndarray
    mask: np.ndarray
    position: np.ndarray
    clicked: np.ndarray
    bought: np.ndarray
    propensity: np.ndarray

    def __len__(self) -> int:
        return len(self.request_id)

    def take(self, places: np.ndarray) -> Pages:
        """Some of the pages, in that order."""
        return Pages(**{own.name: getattr(self, own.name)[places] for own in fields(self)})

    @property
    def held_out(self) -> np.ndarray:
        """[P] bool: pages of users who are kept from training."""
        known = {user: is_held_out(user) for user in set(self.user_id.tolist()) if user is not None}
        return np.array([known.get(user, False) for user in self.user_id.tolist()], bool)

    @property
    def day(self) -> np.ndarray:
        """[P] int64: UTC days since 1970."""
        return self.now // DAY_US


def read_pages(events: pl.LazyFrame, rows: pl.DataFrame) -> Pages:
    """The pages of a log.

    Args:
        events: the log. rows: columns product_id and row; impressions of other products are left out, as they cannot be
            described any more.
    """
    shown = (
        events.filter(
            (pl.col("action") == "impression") & pl.col("request_id").is_not_null() & pl.col("product_id").is_not_null()
        )
        .select(
            *("request_id", "product_id", "user_id", "query"),
            pl.col("time").dt.epoch("us").alias("now"),
            pl.col("position").fill_null(0),
            pl.col("propensity").fill_null(1.0),
        )
        .unique(["request_id", "product_id"], keep="first", maintain_order=True)
        .collect(engine="streaming")
        .join(rows, on="product_id", maintain_order="left")
    )
    done = events.filter(pl.col("action").is_in(["click", "purchase"])).select("request_id", "product_id", "action")
    for action, name in (("click", "clicked"), ("purchase", "bought")):
        one = done.filter(pl.col("action") == action).select("request_id", "product_id").unique()
        shown = shown.join(
            one.with_columns(pl.lit(True).alias(name)).collect(engine="streaming"),
            on=["request_id", "product_id"],
            how="left",
            maintain_order="left",
        )
    shown = shown.with_columns(pl.col("clicked", "bought").fill_null(False))
    whole = shown.group_by("request_id").agg(pl.col("now").min().alias("start"))
    shown = shown.join(whole, on="request_id").sort("start", "request_id", "position", "row")
    return _paged(shown)


def _paged(shown: pl.DataFrame) -> Pages:
    """Rows of impressions, those of a page beside each other, as pages."""
    request = shown["request_id"].to_numpy(allow_copy=True)
    first = np.flatnonzero(np.r_[True, request[1:] != request[:-1]]) if len(request) else np.zeros(0, np.int64)
    size = np.diff(np.append(first, len(request)))
    owner = np.repeat(np.arange(len(first)), size)
    at = np.arange(len(request)) - first[owner]
    kept = at < LONGEST
    owner, at, shown = owner[kept], at[kept], shown.filter(pl.Series(kept))
    width = int(size.clip(max=LONGEST).max(initial=1))

    def wide(name: str, kind: type) -> np.ndarray:
        out: np.ndarray = np.zeros((len(first), width), kind)
        out[owner, at] = shown[name].to_numpy()
        return out

    mask = np.zeros((len(first), width), bool)
    mask[owner, at] = True
    heads = shown.filter(pl.Series(at == 0))
    return Pages(
        request_id=heads["request_id"].to_numpy(allow_copy=True),
        user_id=np.array(heads["user_id"].to_list(), object),
        query=np.array(heads["query"].to_list(), object),
        now=heads["start"].to_numpy().astype(np.int64),
        rows=wide("row", np.int64),
        mask=mask,
        position=wide("position", np.int64),
        clicked=wide("clicked", bool),
        bought=wide("bought", bool),
        propensity=np.where(mask, wide("propensity", np.float32), np.float32(1)),
    )


@dataclass(frozen=True)
class Sample:
    """A batch and what became of it: click, purchase [B, N] float32; position [B, N] int64; user [B] int64: a number of
    each user, the same for the same one, and another for each who is unknown; propensity [B, N] float32.
    """

    batch: RankBatch
    click: torch.Tensor
    purchase: torch.Tensor
    position: torch.Tensor
    user: torch.Tensor
    propensity: torch.Tensor


def sample_of(features: Features, pages: Pages, scale: Scale) -> Sample:
    """Pages as tensors."""
    width = max(int(pages.mask.sum(1).max(initial=1)), 1)
    own = {name: getattr(pages, name)[:, :width] for name in ("rows", "mask", "position", "clicked", "bought")}
    # of the log a server knows what came before the last publish: here, what came before the day
    known = pages.day * DAY_US
    asked = (pages.user_id.tolist(), pages.query.tolist(), pages.now)
    arrays = features(*asked, own["rows"], own["mask"], known=known)
    numbers: dict[str | int, int] = {}
    users = [numbers.setdefault(at if user is None else user, len(numbers)) for at, user in enumerate(pages.user_id)]
    return Sample(
        batch=batch_of(arrays, scale),
        click=torch.from_numpy(own["clicked"].astype(np.float32)),
        purchase=torch.from_numpy(own["bought"].astype(np.float32)),
        position=torch.from_numpy(own["position"]),
        user=torch.tensor(users),
        propensity=torch.from_numpy(pages.propensity[:, :width]),
    )


@dataclass(frozen=True)
class Scale:
    """Means and standard deviations that numbers are standardised by, and what makes logits those of chances: part of a
    model, learnt from its pages.

    numeric [2, F], context [2, X], offset [2] float32: added to the logits of click and purchase.
    """

    numeric: np.ndarray
    context: np.ndarray
    offset: np.ndarray = field(default_factory=lambda: np.zeros(len(TASKS), np.float32))

    @classmethod
    def of(cls, arrays: Arrays) -> Scale:
        """That of some pages."""
        parts = []
        for values in (arrays.numeric[arrays.mask], arrays.context):
            sd = values.std(0) if len(values) else np.zeros(values.shape[1])
            mean = values.mean(0) if len(values) else np.zeros(values.shape[1])
            # what never differed has weights that never learnt: it stays 0, whatever it is later
            parts.append(np.stack([mean, np.where(sd > 1e-4, sd, np.inf)]).astype(np.float32))
        return cls(*parts)

    def to_dict(self) -> dict[str, list[Any]]:
        """Plain values; a standard deviation of 0 stands for a number that never differed."""
        return {own.name: np.nan_to_num(getattr(self, own.name), posinf=0).tolist() for own in fields(self)}

    @classmethod
    def read(cls, content: dict[str, Sequence[Any]]) -> Scale:
        scale = cls(**{own.name: np.asarray(content[own.name], np.float32) for own in fields(cls)})
        for values in (scale.numeric, scale.context):
            values[1][values[1] == 0] = np.inf
        return scale


def batch_of(arrays: Arrays, scale: Scale) -> RankBatch:
    """Arrays as a batch, the numbers standardised and kept from running away."""
    columns = {own.name: getattr(arrays, own.name) for own in fields(arrays)}
    for name in ("numeric", "context"):
        mean, sd = getattr(scale, name)
        columns[name] = np.clip((columns[name] - mean) / sd, -5, 5).astype(np.float32)
    columns["numeric"] = np.where(arrays.mask[..., None], columns["numeric"], np.float32(0))
    ready = {name: np.require(own, requirements=["C", "W"]) for name, own in columns.items()}
    return RankBatch(**{name: torch.from_numpy(own) for name, own in ready.items()})


def batches(
    features: Features, pages: Pages, scale: Scale, *, size: int, seed: int, epoch: int, shuffle: bool = True
) -> Iterator[Sample]:
    """Samples of about `size` products; a shuffled epoch has an order of its own, which follows from (seed, epoch)."""
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(pages)) if shuffle else np.arange(len(pages))
    many = max(size // max(int(pages.mask.sum(1).mean()) if len(pages) else 1, 1), 1)
    starts = np.arange(0, len(order), many)
    for start in starts:
        yield sample_of(features, pages.take(order[start : start + many]), scale)
