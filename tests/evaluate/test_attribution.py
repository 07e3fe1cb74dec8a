"""Loss attribution: every relevant product is counted once, where it was lost."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.cascade import Candidates, Cascade, Requests, Trace
from emptor.cascade.trace import StageTrace
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import Judgements, evaluate_shop
from emptor.evaluate.attribution import LossTracker, attribute_losses, follow, outcomes
from emptor.evaluate.losses import MAX_EXAMPLES
from emptor.merchandise import add_rule
from emptor.shop.config import CascadeOptions, ExploreOptions, StageOptions
from emptor.shop.view import View
from tests.golden import products

IDS = sorted(row["product_id"] for row in products())
"""product_ids in the order of their rows: capitals stand before small letters."""


class Find:
    """Retrieves the first 50 of the golden shop's 60 products, in the order of their ids."""

    name = "retrieve"

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        rows = np.arange(50)
        return Candidates.of_lists([rows] * len(requests), [-rows.astype(np.float32)] * len(requests))


class Turn:
    """Puts the last first."""

    name = "rank"

    def __init__(self, view: View) -> None:
        self.view = view

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        return candidates.ranked(candidates.product.astype(np.float32), order=self.view.order)


@pytest.fixture
def staged(engine: Engine) -> Engine:
    """The golden shop with a cascade of two stages: 50 products retrieved, of which rank keeps the last 30."""
    options = CascadeOptions(
        stages=[
            StageOptions(stage="retrieve", method="find", depth=50),
            StageOptions(stage="rank", method="turn", depth=30),
        ],
        explore=ExploreOptions(share=1.0, depth=100),
    )
    methods = {
        "retrieve": {"find": lambda view, options: Find()},
        "rank": {"turn": lambda view, options: Turn(view)},
    }
    engine.cascades["two"] = Cascade("two", options, engine.view, methods=methods)
    return engine


def judged(*rows: tuple[str, int, float, str | None]) -> Judgements:
    """Judgements of (query, row in the golden shop, grade, kind)."""
    frame = pl.DataFrame(rows, schema=["query", "row", "grade", "kind"], orient="row")
    return Judgements.of(
        frame.select("query", "grade", "kind", product_id=pl.Series([IDS[row] for row in frame["row"]]))
    )


ROWS = [
    ("mug", 55, 3.0, "head"),  # behind the 50 retrieved
    ("mug", 5, 2.0, "head"),  # ranked 45th of 50, of which 30 are kept
    ("mug", 49, 3.0, "head"),  # first
    ("mug", 48, 0.0, "head"),  # not relevant
    ("lamp", 19, 3.0, "tail"),  # the first that is not kept
    ("lamp", 20, 2.0, "tail"),  # 30th and last
    ("lamp", 29, 2.0, "tail"),  # 21st
    ("lamp", 30, 3.0, "tail"),  # 20th
    ("pipe", 59, 2.0, None),
]


def test_every_relevant_product_is_counted_where_it_was_lost(staged: Engine) -> None:
    assert [staged.view.row(product_id) for product_id in IDS] == list(range(60))
    losses = attribute_losses(staged, judged(*ROWS), cascade="two")
    assert losses.outcomes == ("not retrieved", "lost by rank", "below the page", "on the page")
    assert losses.overall.counts == (2, 2, 2, 2)
    assert (losses.overall.queries, losses.overall.relevant, losses.overall.at_best) == (3, 8, 8)
    assert {own.kind: own.counts for own in losses.by_kind} == {"head": (1, 1, 0, 1), "tail": (0, 1, 2, 1)}
    found = {(own.query, own.product_id): (own.outcome, own.rank, own.grade) for own in losses.examples}
    assert found == {
        ("mug", IDS[55]): ("not retrieved", None, 3.0),
        ("pipe", IDS[59]): ("not retrieved", None, 2.0),
        ("lamp", IDS[19]): ("lost by rank", None, 3.0),
        ("mug", IDS[5]): ("lost by rank", None, 2.0),
        ("lamp", IDS[20]): ("below the page", 30, 2.0),
        ("lamp", IDS[29]): ("below the page", 21, 2.0),
    }
    titles = {row["product_id"]: row.get("title") for row in products()}
    assert all(own.title == titles[own.product_id] for own in losses.examples)


def test_threshold_and_page_decide_what_counts(staged: Engine) -> None:
    losses = attribute_losses(staged, judged(*ROWS), cascade="two", threshold=3, page_size=1)
    assert losses.overall.counts == (1, 1, 1, 1)
    assert (losses.overall.relevant, losses.overall.at_best) == (4, 2)
    assert "graded 3 or more" in losses.definition
    none = attribute_losses(staged, judged(*ROWS), cascade="two", threshold=4)
    assert (none.overall.relevant, none.overall.shares, none.examples) == (0, None, ())
    assert none.to_dict()["overall"]["shares"] is None


def test_what_the_shop_lacks_is_not_counted_and_queries_of_one_text_are_counted_apart(staged: Engine) -> None:
    frame = pl.DataFrame(
        {
            "query_id": ["1", "1", "2", "2"],
            "query": "mug",
            "product_id": [IDS[49], "nowhere", IDS[49], IDS[48]],
            "grade": 1,
        }
    )
    losses = attribute_losses(staged, Judgements.of(frame), cascade="two")
    assert losses.overall.counts == (0, 0, 0, 3)
    assert losses.overall.queries == 2
    assert losses.by_kind == ()


def test_the_report_holds_the_losses_of_each_cascade_and_the_lists_stay_those_of_ranking(staged: Engine) -> None:
    judgements = judged(*ROWS)
    report = evaluate_shop(staged, judgements, metrics=["recall@20"], cascade="two", against="default")
    first, second = report.to_dict()["losses"]
    assert (first["cascade"], second["cascade"]) == ("two", "default")
    assert first == attribute_losses(staged, judgements, cascade="two").to_dict()
    assert first["overall"]["counts"]["on the page"] == 2
    assert second["outcomes"] == ["not retrieved", "below the page", "on the page"]
    tracker = LossTracker(staged, judgements, cascade="two")
    queries = ["mug", "lamp", "", "unheard of"]
    assert tracker.search(queries) == staged.ranking(queries, cascade="two")


def test_a_cascade_that_changes_meanwhile_and_an_unknown_one_are_refused(staged: Engine) -> None:
    tracker = LossTracker(staged, judged(*ROWS), cascade="two")
    staged.cascades["two"] = staged.cascades["default"]
    with pytest.raises(EmptorError, match="changed during the evaluation"):
        tracker.search(["mug"])
    with pytest.raises(EmptorError, match="unknown cascade 'three'"):
        LossTracker(staged, judged(*ROWS), cascade="three")
    with pytest.raises(EmptorError, match="page_size"):
        LossTracker(staged, judged(*ROWS), page_size=0)


def test_what_a_rule_blocks_is_not_blamed_on_retrieval(engine: Engine) -> None:
    """Blocks act in retrieval, before the cut; the loss is still that of merchandising."""
    draft = {"kind": "block", "query": "mug", "filter": "attr.color:red"}
    add_rule(engine.shop.path, draft, author="", check=lambda rule: None)
    assert engine.refresh()
    rows = [("mug", IDS.index(own), 3.0, None) for own in ("P30", "P31", "P34", "P00")]
    losses = attribute_losses(engine, judged(*rows))
    counts = dict(zip(losses.outcomes, losses.overall.counts, strict=True))
    # P30 and P34 are red mugs; P00, a red dress, is blocked as well
    assert counts["lost by merchandise"] == 3 and counts["not retrieved"] == 0 and counts["on the page"] == 1


def test_examples_are_few_and_dealt_over_outcomes_and_queries(staged: Engine) -> None:
    rows = [(f"q{query}", row, 1.0, None) for query in range(5) for row in range(60)]
    losses = attribute_losses(staged, judged(*rows), cascade="two")
    assert losses.overall.counts == (50, 100, 50, 100)
    assert losses.overall.at_best == 100
    assert len(losses.examples) == MAX_EXAMPLES
    dealt = [sum(own.outcome == outcome for own in losses.examples) for outcome in losses.outcomes]
    assert dealt == [17, 17, 16, 0]
    assert {own.query for own in losses.examples if own.outcome == "not retrieved"} == {f"q{n}" for n in range(5)}


def test_a_stage_that_stands_twice_is_told_by_its_number() -> None:
    assert outcomes(["retrieve", "rank", "allocate", "rank"])[1:4] == (
        "lost by rank (stage 2)",
        "lost by allocate",
        "lost by rank (stage 4)",
    )


def traced(*lists: list[int]) -> Trace:
    stages = [
        StageTrace(f"s{at}", "m", 0.0, 1.0, np.array(own, np.int64), np.zeros(len(own))) for at, own in enumerate(lists)
    ]
    return Trace({}, "hash", tuple(stages), (), False)


def test_a_product_that_a_later_stage_brings_back_is_not_lost() -> None:
    outcome, rank = follow(traced([1, 2, 3], [1, 2], [9, 2, 3]), np.array([1, 2, 3, 9, 7]), page_size=2)
    assert outcome.tolist() == [2, 4, 3, 4, 0]
    assert rank.tolist() == [-1, 1, 2, 0, -1]


SHRINKING = st.permutations(range(12)).flatmap(
    lambda rows: st.tuples(*[st.integers(0, 12)] * 3).map(lambda cuts: [rows[:cut] for cut in sorted(cuts)[::-1]])
)


@settings(deadline=None)
@given(lists=SHRINKING, relevant=st.sets(st.integers(0, 15)), page_size=st.integers(1, 5))
def test_counts_sum_to_the_relevant_products_and_agree_with_the_traces(
    lists: list[list[int]], relevant: set[int], page_size: int
) -> None:
    rows = np.array(sorted(relevant), np.int64)
    outcome, rank = follow(traced(*lists), rows, page_size=page_size)
    counts = np.bincount(outcome, minlength=5)
    assert counts.sum() == len(relevant)
    before = relevant
    for number, own in enumerate(lists):
        assert counts[number] == len(before - set(own))
        before = before & set(own)
    assert counts[4] == len(relevant & set(lists[-1][:page_size]))
    assert [lists[-1].index(row) if row in lists[-1] else -1 for row in rows.tolist()] == rank.tolist()
