"""The random floor against brute force: every order of a small catalogue."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest

from emptor.errors import EmptorError
from emptor.evaluate import Judgements, evaluate_run, parse_metrics, random_floor

METRICS = parse_metrics(["ndcg@2,ndcg,recall@2,p@2,mrr@2,mrr,map,map@2,hit@2,pair_accuracy,judged@2", "p@5,hit@1:3"])
CATALOGUE = ["a", "b", "c", "d", "e", "f"]
JUDGEMENTS = Judgements.of(
    pl.DataFrame(
        {
            "query": ["few", "few", "many", "many", "many", "many", "all", "all", "all", "all", "all", "all"],
            "product_id": ["a", "b", "a", "b", "c", "d", *CATALOGUE],
            "grade": [3.0, 0.0, 1.0, 3.0, 2.0, 0.0, 2.0, 3.0, 2.0, 3.0, 3.0, 2.0],
        }
    )
)


def by_brute_force(depth, unjudged):
    """The mean over all orders of the catalogue; each order is given to a query of its own."""
    orders = list(permutations(CATALOGUE))
    frames = []
    for query in JUDGEMENTS.queries["query_id"]:
        judged = JUDGEMENTS.frame.filter(pl.col("query_id") == query)
        copies = judged.join(pl.DataFrame({"order": range(len(orders))}), how="cross")
        copies = copies.with_columns(query_id=pl.col("order").cast(pl.String))
        every = Judgements(frame=copies.drop("order"), levels=JUDGEMENTS.levels)
        run = {str(at): list(order[:depth]) for at, order in enumerate(orders)}
        means = (
            evaluate_run(every, run, METRICS, unjudged=unjudged).frame.group_by("metric").agg(pl.col("value").mean())
        )
        frames.append(means.select(pl.lit(query).alias("query_id"), "metric", "value"))
    return {(query, metric): value for query, metric, value in pl.concat(frames).iter_rows()}


@pytest.mark.parametrize("unjudged", ["irrelevant", "removed"])
@pytest.mark.parametrize("depth", [None, 3, 1])
def test_the_floor_is_the_mean_over_all_orders(depth, unjudged):
    floor = random_floor(JUDGEMENTS, len(CATALOGUE), METRICS, unjudged=unjudged, depth=depth)
    found = {(query, metric): value for query, metric, value in floor.frame.iter_rows()}
    assert found == pytest.approx(by_brute_force(depth, unjudged), abs=1e-9)


def test_the_floor_agrees_with_simulation_on_a_large_catalogue():
    rng = np.random.default_rng(3)
    products = np.array([f"p{number}" for number in range(400)])
    grades = {product: float(grade) for product, grade in zip(products[:60], rng.integers(0, 4, 60), strict=True)}
    frame = pl.DataFrame({"product_id": list(grades), "grade": list(grades.values())})
    copies = frame.join(pl.DataFrame({"query": [str(at) for at in range(1500)]}), how="cross")
    judgements = Judgements.of(copies)
    run = {str(at): products[rng.permutation(400)[:100]].tolist() for at in range(1500)}
    for unjudged in ("irrelevant", "removed"):
        result = evaluate_run(judgements, run, METRICS, unjudged=unjudged)
        floor = random_floor(judgements, 400, METRICS, unjudged=unjudged, depth=100)
        for metric in METRICS:
            seen = result.values(metric)["value"].to_numpy()
            error = seen.std() / np.sqrt(len(seen))
            assert floor.values(metric)["value"][0] == pytest.approx(seen.mean(), abs=4 * error + 1e-12), metric.name


def test_an_empty_list_scores_nothing_and_a_small_catalogue_is_refused():
    floor = random_floor(JUDGEMENTS, 6, parse_metrics(["recall@2,mrr,map,ndcg"]), depth=0)
    assert floor.frame["value"].to_list() == [0.0] * floor.frame.height
    with pytest.raises(EmptorError, match="6 judged products and the catalogue 5"):
        random_floor(JUDGEMENTS, 5, METRICS)


def test_a_million_products():
    floor = random_floor(JUDGEMENTS, 1_000_000, parse_metrics(["mrr", "recall@100", "hit@100"]))
    values = {(query, metric): value for query, metric, value in floor.frame.iter_rows()}
    assert values["few", "recall@100"] == pytest.approx(1e-4)
    assert values["few", "hit@100"] == pytest.approx(1e-4)
    # one relevant product, its rank uniform: the mean of 1 / rank
    assert values["few", "mrr"] == pytest.approx((np.log(1e6) + np.euler_gamma) / 1e6, rel=1e-6)
