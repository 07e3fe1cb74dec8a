"""What the lab says of re-ranking: both pages, how varied they are, and what rules would have made of the list."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from emptor.engine import Engine
from emptor.page import Ask
from emptor.rerank.stage import Reranking
from emptor.serve.lab.reranking import PAGE, Reranked, reranked
from emptor.serve.lab.tradeoff import HEIGHT, WIDTH, Point, Tradeoff
from tests.serve.conftest import running

CASCADES = """
[cascade.varied]
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60 },
  { stage = "rerank", method = "mmr", depth = 60, options = { balance = 0.3 } },
]
[cascade.room]
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60 },
  { stage = "rerank", method = "dpp", depth = 60, options = { best = 30, balance = 0.8 } },
]
[cascade.first]
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60 },
  { stage = "rerank", method = "mmr", depth = 60, options = { best = 20, balance = 0.3 } },
]
"""


@pytest.fixture
def varied(shop_path: Path) -> Iterator[Engine]:
    with (shop_path / "shop.toml").open("a") as file:
        file.write(CASCADES)
    with Engine.open(shop_path) as engine:
        yield engine


def told(engine: Engine, cascade: str, **asked: Any) -> tuple[Reranked | None, list[dict[str, Any]]]:
    page = engine.page(Ask(cascade=cascade, logged=False, **asked))
    story = engine.explain(page.request_id)
    assert story is not None
    return reranked(engine, cascade, story["stages"]), story["stages"]


def test_both_pages_are_told_with_what_moved_came_and_left(varied: Engine) -> None:
    own, (found, ranked) = told(varied, "varied", query="striped mug")
    assert own is not None and own.ranked == min(50, len(found["products"])) > PAGE
    pages = found["products"][:PAGE], ranked["products"][:PAGE]
    for side, ids in zip((own.before, own.after), pages, strict=True):
        assert [placed.product.product_id for placed in side] == ids
        assert [placed.place for placed in side] == list(range(PAGE))
    for placed in own.after:
        product = placed.product.product_id
        wanted = pages[0].index(product) - placed.place if product in pages[0] else None
        assert placed.moved == wanted and not placed.left
    left = {placed.product.product_id for placed in own.before if placed.left}
    assert left == set(pages[0]) - set(pages[1]) != set()
    assert all(placed.moved is None for placed in own.before)


def test_figures_are_those_of_the_pages(varied: Engine) -> None:
    """Against a plain reading: all pairs, all shares."""
    own, (found, ranked) = told(varied, "varied", query="striped mug")
    assert own is not None
    stage = varied.cascades["varied"].stage("rerank")
    assert isinstance(stage, Reranking)
    values = dict(zip(ranked["products"], ranked["columns"]["rerank"], strict=True))
    every = [value for value in values.values() if value is not None]
    for figures, ids in ((own.was, found["products"][:PAGE]), (own.now, ranked["products"][:PAGE])):
        alike, _ = stage.known(ids)
        some = [at for at in range(PAGE) if alike[at].any()]
        pairs = [1 - float(alike[one] @ alike[other]) for one in some for other in some if one < other]
        assert figures.ild == pytest.approx(sum(pairs) / len(pairs), abs=1e-5)
        names = [varied.view.card(varied.view.row(product))["category"] for product in ids]  # type: ignore[arg-type]
        counts = [names.count(name) for name in {str(name): name for name in names if name}.values()]
        assert figures.categories == len(counts)
        shares = [count / sum(counts) for count in counts]
        assert figures.entropy == pytest.approx(-sum(share * math.log(share) for share in shares))
        mean = sum(values[product] for product in ids) / PAGE
        assert figures.score == pytest.approx((mean - np.mean(every)) / np.std(every), abs=1e-4)
    assert own.now.ild > own.was.ild and own.now.score < own.was.score  # type: ignore[operator]


@pytest.mark.parametrize(("cascade", "curve", "balance"), [("varied", "MMR", "0.3"), ("room", "DPP", "0.8")])
def test_a_rule_lies_on_its_own_curve_and_the_score_alone_is_the_page_as_it_came(
    varied: Engine, cascade: str, curve: str, balance: str
) -> None:
    own, _ = told(varied, cascade, query="striped mug")
    assert own is not None and own.tradeoff is not None and own.first == PAGE
    curves = {own.name: own for own in own.tradeoff.curves}
    for drawn in curves.values():
        assert [point.label for point in drawn.points] == [f"{at / 10:.1f}" for at in range(11)]
        last = drawn.points[-1]
        assert (last.score, last.ild) == pytest.approx((own.was.score, own.was.ild), abs=1e-5)
        assert drawn.points[0].ild > last.ild and drawn.points[0].score < last.score
    mine = next(point for point in curves[curve].points if point.label == balance)
    assert (mine.score, mine.ild) == pytest.approx((own.now.score, own.now.ild), abs=1e-5)
    place = [point.label for point in curves[curve].points].index(balance)
    dot = curves[curve].dots[place]
    assert (own.tradeoff.now.x, own.tradeoff.now.y) == pytest.approx((dot.x, dot.y), abs=0.11)


def test_where_a_page_is_ranked_and_nothing_else_its_first_half_counts(varied: Engine) -> None:
    own, (found, ranked) = told(varied, "first", query="striped mug")
    assert own is not None and (own.ranked, own.first) == (20, 10)
    assert set(found["products"][:20]) == set(ranked["products"][:20]) and not any(one.left for one in own.before)
    assert own.was.ild != own.now.ild and own.rows[0][0] == "ILD@10"


def test_lists_that_stay_and_cascades_without_the_stage(varied: Engine) -> None:
    assert told(varied, "default", query="mug")[0] is None
    by_price, _ = told(varied, "varied", query="mug", sort="price_asc")
    one, _ = told(varied, "varied", query="tower figure")
    for own in (by_price, one):
        assert own is not None and own.ranked == 0 and own.tradeoff is None and own.now.score is None
    nothing, _ = told(varied, "varied", query="zzzz", filters=())
    assert nothing is None or nothing.ranked == 0
    assert one is not None and one.rows[0] == ("ILD@20", "–", "–")


def test_the_page_shows_it_with_words_for_the_drawing(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write(CASCADES)
    with running(shop_path) as client:
        html = get(client, q="striped mug", cascade="varied")
        assert "Re-ranking" in html and "products ranked anew by mmr" in html
        (words,) = re.findall(r'role="img" aria-label="([^"]+)"', html)
        assert re.match(
            r"The first 20 as the list came: mean score \+\d\.\d\d, ILD 0\.\d{3}; now: \S+ and 0\.\d{3}; MMR goes from "
            r"\S+ and 0\.\d{3} at balance 0\.0 to \S+ and 0\.\d{3} at balance 1\.0; DPP goes from",
            words,
        )
        assert html.count('class="move new"') > 1 and '<span class="move gone">left</span>' in html
        assert "<script>alert" not in get(client, q="teapot mug", cascade="varied")
        assert "Re-ranking" not in get(client, q="striped mug")
        assert "This list stayed as it came" in get(client, q="tower figure", cascade="varied")


def get(client: TestClient, **parameters: Any) -> str:
    answer = client.get("/lab", params=parameters)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


NUMBERS = st.floats(-6, 6, width=32)


@given(st.lists(st.tuples(NUMBERS, st.floats(0, 2, width=32)), min_size=2, max_size=20))
def test_everything_that_is_drawn_lies_in_the_frame(values: list[tuple[float, float]]) -> None:
    points = [Point(str(at), *own) for at, own in enumerate(values)]
    chart = Tradeoff.of({"MMR": points}, points[0], points[1], first=20)
    for dot in (*chart.curves[0].dots, chart.was, chart.now):
        assert chart.left <= dot.x <= chart.right <= WIDTH and chart.top <= dot.y <= chart.bottom <= HEIGHT
    for ticks, low, high in ((chart.x_ticks, chart.left, chart.right), (chart.y_ticks, chart.top, chart.bottom)):
        assert 1 <= len(ticks) <= 6 and all(low <= place <= high for place, _ in ticks)
        assert len({text for _, text in ticks}) == len(ticks), "no two places have the same number"
    order = sorted(range(len(values)), key=lambda at: values[at][0])
    xs = [chart.curves[0].dots[at].x for at in order]
    assert xs == sorted(xs), "further right is a higher score"


def test_pages_that_are_all_the_same_have_a_place(varied: Engine) -> None:
    same = Point("same", 0.0, 0.5)
    chart = Tradeoff.of({"MMR": [same]}, same, same, first=3)
    assert chart.same and "; the same now;" in chart.words and chart.left < chart.now.x < chart.right
