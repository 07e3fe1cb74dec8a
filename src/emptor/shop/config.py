"""`shop.toml`: what a shop's owner decides. Unknown keys are refused, with the key's place in the sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from emptor.errors import EmptorError
from emptor.shop.schema import FORMAT_VERSION
from emptor.shop.text import AnalyserOptions
from emptor.shop.toml_faults import explained

TEXT_FIELDS = ("title", "brand", "category", "attributes", "description")
ORDER = ("retrieve", "prerank", "rank", "rerank", "merchandise")
"""Stages in the order in which they may stand: what ranks before others cut has worked for nothing."""


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldWeights(_Options):
    """Weight of each text field in the lexical score; 0 leaves a field out of the score."""

    title: float = Field(1.0, ge=0, le=100)
    brand: float = Field(1.0, ge=0, le=100)
    category: float = Field(1.0, ge=0, le=100)
    attributes: float = Field(1.0, ge=0, le=100)
    description: float = Field(0.5, ge=0, le=100)


class SearchOptions(_Options):
    """How queries are read and matched; the defaults are what the benchmark in docs/search.md settled on."""

    analyser: AnalyserOptions = AnalyserOptions()
    weights: FieldWeights = FieldWeights()
    typos: bool = True
    """Add the likely meant words beside a misspelt one, at a lower weight."""
    typo_weight: float = Field(0.2, ge=0, le=1)
    correction_weight: float = Field(0.8, ge=0, le=1)
    """Weight of a correction for a word that no product contains."""
    encoder: str | None = None
    """Folder of a local text model (relative to the shop's): products get vectors when a generation is built, and
    retrieval a dense channel."""
    relax_below: int = Field(100, ge=0, le=10_000)
    """Every word must match; when fewer products than this do, any word may."""


class StageOptions(_Options):
    """One stage of a cascade, in the order of the list.

    `depth`: candidates it keeps; `budget_ms`: what it should take, on record in traces beside what it took;
    `fallback`: a method of the same stage for when it fails or there is no time for it (none: the stage is skipped);
    `model`: a version or "live", for trained methods; `options`: the method's own.
    """

    stage: str
    method: str
    model: str = "live"
    depth: int = Field(1000, ge=1, le=20_000)
    budget_ms: float = Field(50.0, gt=0)
    fallback: str | None = None
    options: dict[str, Any] = {}


class ExploreOptions(_Options):
    """A declared share of pages whose first `depth` products are shuffled evenly, so that logs stay unbiased."""

    share: float = Field(0.0, ge=0, le=1)
    depth: int = Field(10, ge=2, le=100)


class CascadeOptions(_Options):
    """`[cascade.NAME]`: stages in order, a deadline for a served request, exploration."""

    stages: list[StageOptions] = Field(min_length=1)
    deadline_ms: float = Field(200.0, gt=0)
    explore: ExploreOptions = ExploreOptions()

    @model_validator(mode="after")
    def _stands_in_order(self) -> CascadeOptions:
        known = [stage.stage for stage in self.stages if stage.stage in ORDER]
        for before, after in pairwise(known):
            if ORDER.index(after) < ORDER.index(before):
                raise ValueError(f"stage {after} stands behind {before}; the order is {', '.join(ORDER)}")
        return self

    @model_validator(mode="after")
    def _shrinks(self) -> CascadeOptions:
        if any(stage.stage == "prerank" and "depth" not in stage.model_fields_set for stage in self.stages):
            raise ValueError("stage prerank has no depth; say how many candidates it keeps, such as depth = 200")
        depths = [stage.depth for stage in self.stages]
        if sorted(depths, reverse=True) != depths:
            raise ValueError(f"depth must not grow from stage to stage, found {depths}")
        return self


def default_cascade() -> CascadeOptions:
    """Retrieval alone: what a shop has before anything is trained."""
    return CascadeOptions(
        stages=[StageOptions(stage="retrieve", method="hybrid", depth=1000, budget_ms=100, fallback="popular")]
    )


class PopularOptions(_Options):
    """What the log says is liked. `half_life_days`: so many days make an action count half, in popularity and in what
    is known of users; only days on which the shop has events are counted.
    """

    half_life_days: float = Field(30.0, gt=0, le=36_500)


class ServeOptions(_Options):
    """Limits of the server: beyond them requests are answered 503. `max_waiting`: requests that may wait, at most;
    `target_wait_ms`: only so many may as are begun within this time at the pace of late; `max_wait_ms`: what waited
    longer all the same is given up. `shoppers`: visitors may shop as one of the users in the log, whose tastes the
    pages then follow; for demonstrations, where the users are nobody real.
    """

    threads: int = Field(2, ge=1, le=64)
    max_waiting: int = Field(64, ge=1, le=10_000)
    max_wait_ms: float = Field(1_000.0, gt=0)
    target_wait_ms: float = Field(40.0, gt=0)
    shoppers: bool = False


class LogOptions(_Options):
    """What serving writes down. `traces`: share of requests whose trace is kept in Parquet."""

    traces: float = Field(1.0, ge=0, le=1)
    whole_stream: float = Field(0.01, ge=0, le=1)
    """Share of traces that keep every dropped candidate rather than a sample of 50."""


class GateOptions(_Options):
    """What a cascade must show before it becomes the default.

    `judgements`: the judged queries, relative to the shop; `floors`: metric -> the least mean that passes; `max_loss`:
    metric -> how far below the present default its mean may lie (0.0: not at all).
    """

    judgements: str | None = Field(None, max_length=1_000)
    floors: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    max_loss: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}


class ShopOptions(_Options):
    """The whole of shop.toml."""

    format: Literal[1] = 1
    name: str = Field("", max_length=200)
    currency: str = Field("USD", max_length=8)
    search: SearchOptions = SearchOptions()
    popular: PopularOptions = PopularOptions()
    serve: ServeOptions = ServeOptions()
    log: LogOptions = LogOptions()
    gate: GateOptions = GateOptions()
    cascade: dict[str, CascadeOptions] = {}
    _off: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def off(self) -> Mapping[str, str]:
        """Cascades that the file has and that cannot be read, and why; never "default"."""
        return self._off

    @model_validator(mode="after")
    def _has_default(self) -> ShopOptions:
        if "default" not in self.cascade:
            object.__setattr__(self, "cascade", {"default": default_cascade(), **self.cascade})
        return self


def read_options(path: Path) -> ShopOptions:
    """Read shop.toml; a cascade that cannot be read is left out, see `ShopOptions.off`.

    Raises: EmptorError for all else, and for the cascade "default": it names the file, the key, what was found and what
        was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EmptorError(f"{path.parent} is no shop: it has no shop.toml; `emptor import` makes one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise EmptorError(f"{path} cannot be read as TOML: {error}") from None
    found = raw.get("format", FORMAT_VERSION)
    if isinstance(found, int) and found > FORMAT_VERSION:
        raise EmptorError(
            f"{path} says format {found}, but this Emptor knows formats up to {FORMAT_VERSION}; install a newer Emptor"
        )
    try:
        return ShopOptions.model_validate(raw)
    except ValidationError as error:
        faults = error.errors()
    off: dict[str, str] = {}
    for fault in faults:
        name = _cascade_of(fault["loc"])
        told = f"{path.name}, {explained(fault, ShopOptions)}"
        if name is None or name == "default":
            raise EmptorError(f"{path.parent / told}")
        off.setdefault(name, told)
    rest = {name: own for name, own in raw["cascade"].items() if name not in off}
    options = ShopOptions.model_validate({**raw, "cascade": rest})
    options._off.update(off)
    return options


def _cascade_of(place: tuple[int | str, ...]) -> str | None:
    """The cascade in which a fault lies, if it is in one."""
    return str(place[1]) if len(place) > 1 and place[0] == "cascade" else None


STARTING_TOML = """\
# This shop's settings. Every key may be left out; docs/shop.md lists them all.
format = 1
name = {name}
currency = "USD"

[search.analyser]
language = "english"   # stemming and stop words; "none" for none
units = true           # 1/2 in, 0.5", 12 oz ...

[search.weights]       # of each text field in the lexical score
title = 1.0
brand = 1.0
category = 1.0
attributes = 1.0
description = 0.5

[cascade.default]
deadline_ms = 200
stages = [
  {{ stage = "retrieve", method = "hybrid", depth = 1000, budget_ms = 100, fallback = "popular" }},
]
"""
