"""The pre-ranking stage as the cascade calls it.

Method "cut" is the baseline: the first of what retrieval found stay. It costs nothing and learns nothing; a trained
pre-ranker that does not beat it is not worth its training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from emptor.cascade import Candidates, Methods, Requests, Stage
from emptor.prerank.names import NAMES
from emptor.rank.options import options_of
from emptor.shop.config import StageOptions
from emptor.shop.view import View


class NoOptions(BaseModel):
    """A cut takes none: how many it keeps is the stage's depth."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PrerankerOptions(BaseModel):
    """Options of a trained pre-ranker.

    Args:
        order: of what it keeps: "found" leaves it as retrieval gave it, for a ranker that goes by places or looks at
            the first alone; "own" is the pre-ranker's.
        first: so many of what retrieval put first stay, whatever the network says of them: a ranker that trusts
            retrieval's places loses most by the loss of these.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Literal["found", "own"] = "found"
    first: int = Field(0, ge=0, le=20_000)


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
