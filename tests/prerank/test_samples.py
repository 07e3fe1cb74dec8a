"""Pages joined with their traces: each candidate at its level, none twice, and what is drawn follows from the seed."""

from __future__ import annotations

import numpy as np
import orjson
import polars as pl
import pytest

from emptor.cascade.trace import Degraded
from emptor.prerank.models.inputs import Level
from emptor.prerank.samples import Drawn, Stream, read_stream
from emptor.rank.data import Pages

ROWS = pl.DataFrame({"product_id": [f"p{at}" for at in range(400)], "row": np.arange(400)})


def page(request: str, rows: list[int], clicked: list[int], bought: list[int], now: int = 0) -> Pages:
    own = np.array([rows])
    return Pages(
        request_id=np.array([request], object),
        user_id=np.array(["u"], object),
        query=np.array(["mug"], object),
        now=np.array([now]),
        rows=own,
        mask=np.ones_like(own, bool),
        position=np.arange(len(rows))[None],
        clicked=np.isin(own, clicked),
        bought=np.isin(own, bought),
        propensity=np.ones(own.shape, np.float32),
    )


def trace(
    request: str,
    found: list[int],
    ranked: list[int] | None,
    *,
    kept: list[int] | None = None,
    offset: int = 0,
    degraded: str = "[]",
    sort: str | None = "relevance",
) -> pl.DataFrame:
    """kept: by pre-ranking, which there is then."""
    stages = [
        ("retrieve", found),
        *([("prerank", kept)] if kept is not None else []),
        *([("rank", ranked)] if ranked is not None else []),
    ]
    return pl.DataFrame(
        [
            {
                "request_id": request,
                "offset": offset,
                "place": at,
                "stage": name,
                "product_ids": [f"p{row}" for row in rows],
                "degraded": degraded,
                "sort": sort,
            }
            for at, (name, rows) in enumerate(stages)
        ],
        schema_overrides={"product_ids": pl.List(pl.String), "sort": pl.String},
    )


def levels(stream: Stream, at: int = 0) -> dict[int, int]:
    there = stream.mask[at]
    return dict(zip(stream.rows[at][there].tolist(), stream.level[at][there].tolist(), strict=True))


def test_each_candidate_stands_once_at_the_level_that_it_came_to() -> None:
    pages = page("r", [3, 1, 9], clicked=[1, 9], bought=[9])
    order = [1, 3, 9, 0, 2, 4]
    stream = read_stream([trace("r", list(range(12)), order, kept=[4, 3, 2, 1, 0, 9])], pages, ROWS)
    shown = {3: Level.SHOWN, 1: Level.CLICKED, 9: Level.BOUGHT}
    ranked = dict.fromkeys((0, 2, 4), Level.RANKED)
    assert levels(stream) == shown | ranked | dict.fromkeys((5, 6, 7, 8, 10, 11), Level.DROPPED)
    place = dict(zip(stream.rows[0].tolist(), stream.place[0].tolist(), strict=True))
    assert [place[row] for row in (1, 3, 9, 0, 2, 4)] == list(range(6)) and place[5] == -1
    assert stream.found[0].tolist() == list(range(12))


def test_pages_without_a_trace_later_pages_and_products_that_left_are_left_out() -> None:
    pages = page("r", [3, 1], clicked=[1], bought=[])
    assert len(read_stream([trace("other", [1, 2], [1])], pages, ROWS)) == 0
    assert len(read_stream([trace("r", [1, 2], [1], offset=20)], pages, ROWS)) == 0
    assert len(read_stream([], pages, ROWS)) == 0
    gone = ROWS.filter(pl.col("row") != 2)
    assert 2 not in levels(read_stream([trace("r", [1, 2, 3, 5], [1, 2])], pages, gone))


def test_what_the_ranker_was_handed_was_not_dropped() -> None:
    """Whatever became of it: the ranker has a cut of its own, and further pages show what the first does not."""
    pages = page("r", [3, 1], clicked=[1], bought=[])
    stream = read_stream([trace("r", [1, 2, 3, 4, 5], [1, 3], kept=[1, 2, 3])], pages, ROWS)
    assert levels(stream) == {3: Level.SHOWN, 1: Level.CLICKED, 4: Level.DROPPED, 5: Level.DROPPED}
    stream = read_stream([trace("r", [1, 2, 3, 4, 5], [1, 3])], pages, ROWS)
    assert stream.count(Level.DROPPED) == 0, "it saw all that was found"


def test_a_cascade_without_ranking_has_no_order_and_dropped_what_it_did_not_keep() -> None:
    pages = page("r", [3, 1], clicked=[1], bought=[])
    stream = read_stream([trace("r", [1, 2, 3, 4], None, kept=[1, 2, 3])], pages, ROWS)
    assert levels(stream) == {3: Level.SHOWN, 1: Level.CLICKED, 4: Level.DROPPED} and (stream.place == -1).all()
    assert read_stream([trace("r", [1, 2, 3, 4], None)], pages, ROWS).count(Level.DROPPED) == 0


def test_an_order_that_the_ranker_has_not_made_is_none() -> None:
    pages = page("r", [3, 1], clicked=[1], bought=[])
    degraded = orjson.dumps([Degraded("rank", "it failed", "affinity").as_dict()]).decode()
    stream = read_stream([trace("r", [1, 2, 3, 4], [1, 3], kept=[1, 2, 3], degraded=degraded)], pages, ROWS)
    assert levels(stream) == {3: Level.SHOWN, 1: Level.CLICKED, 4: Level.DROPPED} and (stream.place == -1).all()
    other = orjson.dumps([Degraded("retrieve", "it failed", "popular").as_dict()]).decode()
    stream = read_stream([trace("r", [1, 2, 3, 4], [1, 3], degraded=other)], pages, ROWS)
    assert (stream.place[stream.mask] >= 0).any()
    assert len(read_stream([trace("r", [1, 2, 3], [1, 3], sort="price")], pages, ROWS)) == 0
    assert len(read_stream([trace("r", [1, 2, 3], [1, 3], sort=None)], pages, ROWS)) == 1, "of before it was traced"


def test_what_is_drawn_is_of_all_depths_and_never_leaves_out_a_choice() -> None:
    pages = page("r", list(range(30)), clicked=[27, 29], bought=[29])
    found, drawn = list(range(400)), Drawn(shown=10, ranked=12, dropped=25)
    own = trace("r", found, found[:200], kept=found[:200])
    first, again, other = (read_stream([own], pages, ROWS, drawn=drawn, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.rows, again.rows) and not np.array_equal(first.rows, other.rows)
    assert first.count(Level.BOUGHT) == first.count(Level.CLICKED) == 1 and first.count(Level.SHOWN) == 8
    assert first.count(Level.RANKED) == 12 and first.count(Level.DROPPED) == 25
    place = first.place[first.level == Level.RANKED]
    # four chunks have products that were not shown: 20 to 39, 40 to 79, 80 to 159, and what is behind
    assert np.histogram(place, [20, 40, 80, 160, 200])[0].tolist() == [3, 3, 3, 3]


def test_requests_stand_in_order_of_time_over_all_parts() -> None:
    late, early = (page(name, [3], clicked=[3], bought=[], now=now) for name, now in (("b", 9), ("a", 2)))
    both = Pages(**{name: np.concatenate([getattr(late, name), getattr(early, name)]) for name in vars(late)})
    stream = read_stream([trace("b", [3, 4], [3, 4]), trace("a", [3, 5], [3, 5])], both, ROWS)
    assert stream.now.tolist() == [2, 9] and [set(levels(stream, at)) for at in (0, 1)] == [{3, 5}, {3, 4}]


@pytest.mark.parametrize("many", [1, 7])
def test_few_candidates_are_all_there(many: int) -> None:
    stream = read_stream([trace("r", list(range(many)), [], kept=[0])], page("r", [0], clicked=[], bought=[]), ROWS)
    assert int(stream.mask.sum()) == many
