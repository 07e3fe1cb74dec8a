"""The pre-ranking stage as the cascade calls it.

Method "cut" is the baseline: the first of what retrieval found stay. It costs nothing and learns nothing; a trained
pre-ranker that does not beat it is not worth its training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from emptor.cascade import Candidates, Methods, Requests, Stage
from emptor.errors import EmptorError
from emptor.prerank.names import NAMES
from emptor.shop.config import StageOptions
from emptor.shop.view import View

Options = TypeVar("Options", bound=BaseModel)


class NoOptions(BaseModel):
    """A cut takes none: how many it keeps is the stage's depth."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PrerankerOptions(BaseModel):
    """Options of a trained pre-ranker.

    Args:
        order: of what it keeps: "found" leaves it as retrieval gave it, for a ranker that goes by places or looks at
            the first alone; "own" is the pre-ranker's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Literal["found", "own"] = "found"


class Cut:
    """Keeps the order that retrieval gave; the cascade cuts it to the stage's depth."""

    name = "prerank"

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        return candidates


def methods(trained: Callable[[str], Callable[[View, StageOptions], Stage]] | None = None) -> Methods:
    """The pre-ranking methods that a cascade may name.

    Args: trained: model of `prerank.models` -> what makes its stage; none where models cannot be loaded.
    """

    def cut(view: View, options: StageOptions) -> Stage:
        options_of(NoOptions, options)
        return Cut()

    learnt = {name: trained(name) for name in NAMES} if trained else {}
    return {"prerank": {"cut": cut, **learnt}}


def options_of(kind: type[Options], stage: StageOptions) -> Options:
    """A stage's own options. Raises: EmptorError naming the one that cannot be used."""
    try:
        return kind.model_validate(stage.options)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        takes = ", ".join(kind.model_fields) or "none, and keeps as many as its depth says"
        raise EmptorError(
            f"stage prerank, options.{place}: {first['msg']}; method {stage.method} takes {takes}"
        ) from None
