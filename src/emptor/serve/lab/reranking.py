"""What re-ranking did to a page: before and after, how varied both are, and what rules would have made of the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emptor.engine import Engine
from emptor.evaluate.diversity import entropy, ild
from emptor.rerank.dpp import dpp
from emptor.rerank.mmr import mmr
from emptor.rerank.scores import standardised
from emptor.rerank.stage import Reranking
from emptor.serve.lab.tradeoff import Point, Tradeoff
from emptor.serve.lab.waterfall import Product, product_of

PAGE = 20
"""Products that are shown and measured."""
BALANCES = np.arange(11) / 10
"""Of rules, from variety alone to fit alone."""


@dataclass(frozen=True)
class Placed:
    """A product on one of both pages. place: from 0. moved: places that it gained, None where it was not on the page
    before. left: it is not on the page after.
    """

    product: Product
    place: int
    moved: int | None = None
    left: bool = False


@dataclass(frozen=True)
class Figures:
    """Of the first products of a list. score: the mean of what they were ranked by, in standard deviations of the
    list. Figures that say nothing are None.
    """

    ild: float | None
    categories: int
    entropy: float | None
    score: float | None


@dataclass(frozen=True)
class Reranked:
    """method: that ran. ranked: products that were ranked anew; 0: the list stayed. first: how many figures are of."""

    method: str
    ranked: int
    first: int
    before: tuple[Placed, ...]
    after: tuple[Placed, ...]
    was: Figures
    now: Figures
    tradeoff: Tradeoff | None

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """(measure, before, after) as texts."""
        pairs = [
            (f"ILD@{self.first}", self.was.ild, self.now.ild, ".3f"),
            ("categories", self.was.categories, self.now.categories, "d"),
            ("entropy", self.was.entropy, self.now.entropy, ".3f"),
            ("mean score", self.was.score, self.now.score, "+.3f"),
        ]
        return [(name, *(_text(own, form) for own in both)) for name, *both, form in pairs]  # type: ignore[misc]


def reranked(engine: Engine, cascade: str, stages: Sequence[dict[str, Any]]) -> Reranked | None:
    """What the re-ranking stage of a search did; None where there is none, or it was left out.

    Args: cascade: that was asked. stages: of the explanation, see `Engine.explain`.
    """
    number = next((at for at, own in enumerate(stages) if own["stage"] == "rerank"), 0)
    stage = engine.cascade(cascade).stage("rerank")
    if not number or not isinstance(stage, Reranking) or "place_before" not in stages[number]["columns"]:
        return None
    told, came = stages[number], stages[number - 1]["products"]
    values = told["columns"]["rerank"]
    value = {own: values[at] for at, own in enumerate(told["products"]) if values[at] is not None}
    # where the whole page is ranked anew and nothing else, both have the same products: then its first half counts
    first = PAGE if len(value) > PAGE or not value else max(len(value) // 2, 1)
    ranked = [own for own in came if own in value]
    of_value = standardised(np.array([[value[own] for own in ranked]]), np.ones((1, len(ranked)), bool))[0]
    score = dict(zip(ranked, of_value.tolist(), strict=True))
    was, now = (_figures(stage, own[:first], score) for own in (came, told["products"]))
    marks = (_point("as it came", was), _point("now", now))
    tradeoff = None
    if len(ranked) > 1 and marks[0] is not None and marks[1] is not None:
        curves = _curves(stage, ranked, of_value, first)
        if all(curves.values()):
            tradeoff = Tradeoff.of(curves, marks[0], marks[1], first=first)
    before, after = _pages(engine, came, told["products"])
    return Reranked(told["method"], len(ranked), first, before, after, was, now, tradeoff)


def _figures(stage: Reranking, first: Sequence[str], score: dict[str, float]) -> Figures:
    alike, category = stage.known(first)
    scores = [score[own] for own in first if own in score]
    return Figures(
        _number(ild(alike[None], k=max(len(first), 1))),
        len(set(category[category >= 0].tolist())),
        _number(entropy(category[None], k=max(len(first), 1))) if len(first) else None,
        sum(scores) / len(scores) if scores else None,
    )


def _curves(stage: Reranking, ranked: Sequence[str], score: np.ndarray, first: int) -> dict[str, list[Point]]:
    """The first products of the list by each rule, at each balance."""
    alike = np.broadcast_to(own := stage.known(ranked)[0], (len(BALANCES), *own.shape))
    value = np.broadcast_to(score, alike.shape[:2])
    there = np.ones(alike.shape[:2], bool)
    orders = {
        "MMR": mmr(value, alike, there, balance=BALANCES, depth=first, sharp=stage.options.sharp),
        "DPP": dpp(value, alike, there, balance=BALANCES, depth=first, sharp=stage.options.sharp),
    }
    kept = {name: order[:, :first] for name, order in orders.items()}
    varied = {name: ild(own[places], k=first) for name, places in kept.items()}
    # a balance counts where every rule's page can be measured, so that curves have the same balances
    known = np.flatnonzero(np.isfinite(np.stack(list(varied.values()))).all(0)).tolist()
    return {
        name: [Point(f"{BALANCES[at]:.1f}", float(score[places[at]].mean()), float(varied[name][at])) for at in known]
        for name, places in kept.items()
    }


def _pages(engine: Engine, came: Sequence[str], went: Sequence[str]) -> tuple[tuple[Placed, ...], tuple[Placed, ...]]:
    place = {own: at for at, own in enumerate(came[:PAGE])}
    stays = set(went[:PAGE])
    before = [(own, at, None, own not in stays) for at, own in enumerate(came[:PAGE])]
    after = [(own, at, place[own] - at if own in place else None, False) for at, own in enumerate(went[:PAGE])]

    def placed(page: list[tuple[str, int, int | None, bool]]) -> tuple[Placed, ...]:
        shown = ((product_of(engine, own), *rest) for own, *rest in page)
        return tuple(Placed(product, *rest) for product, *rest in shown if product is not None)  # type: ignore[arg-type]

    return placed(before), placed(after)  # type: ignore[arg-type]


def _point(label: str, own: Figures) -> Point | None:
    return None if own.score is None or own.ild is None else Point(label, own.score, own.ild)


def _number(value: np.ndarray) -> float | None:
    return None if np.isnan(value[0]) else float(value[0])


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form).replace("-", "−")
