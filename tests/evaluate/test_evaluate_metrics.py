"""Metric strings and the values of metrics, by hand, by invariant and against ir-measures."""

import math

import ir_measures as ir
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures.providers.msmarco_provider import MsMarcoProvider

from emptor.errors import EmptorError
from emptor.evaluate import Judgements, Metric, Run, evaluate_run, parse_metrics

ALL = parse_metrics(["ndcg@3,ndcg,recall@2,p@2,mrr@2,mrr,map,map@2,hit@1,pair_accuracy,judged@2"])


def judged(**queries):
    """judged(q={"a": 3}): one query with one product of grade 3."""
    rows = [(query, product, float(grade)) for query, found in queries.items() for product, grade in found.items()]
    return Judgements.of(pl.DataFrame(rows, schema=["query", "product_id", "grade"], orient="row"))


def measure(judgements, run, metrics=ALL, **options):
    """{(query, metric): value}"""
    frame = evaluate_run(judgements, run, metrics, **options).frame
    return {(query, metric): value for query, metric, value in frame.iter_rows()}


def test_metric_strings():
    assert parse_metrics(["NDCG@10, recall@100:2.33", "map", "map"]) == [
        Metric("ndcg", 10),
        Metric("recall", 100, 2.33),
        Metric("map"),
    ]
    assert parse_metrics(["rr@10,ap,precision@5,success@1,r@3"]) == parse_metrics(["mrr@10,map,p@5,hit@1,recall@3"])
    assert [metric.name for metric in parse_metrics(["p@5:1.5,mrr:2"])] == ["p@5:1.5", "mrr:2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ndgc@10", r"unknown metric 'ndgc@10': expected one of ndcg\[@K\], recall@K\[:GRADE\]"),
        ("recall", "needs a cutoff, such as recall@10"),
        ("pair_accuracy@5", "cannot have a cutoff"),
        ("ndcg@10:2", "cannot have a threshold"),
        ("p@0", "expected 1 to 100,000"),
        ("p@999999999", "expected 1 to 100,000"),
        ("p@5:0", "expected a grade above 0"),
        ("p@-5", "unknown metric"),
        (" , ", "no metric is named"),
        ("x" * 10_000, "unknown metric"),
    ],
)
def test_senseless_metrics_are_refused(text, says):
    with pytest.raises(EmptorError, match=says) as error:
        parse_metrics([text])
    assert len(str(error.value)) < 300


@given(
    st.sampled_from(["p", "recall", "hit", "mrr", "map"]),
    st.integers(1, 100_000),
    st.none() | st.floats(0.01, 1000).map(lambda found: round(found, 2)),
)
def test_names_are_read_back(family, cutoff, threshold):
    metric = Metric(family, cutoff, threshold)
    assert parse_metrics([metric.name]) == [metric]


def test_values_by_hand():
    judgements = judged(q={"a": 3, "b": 0, "c": 1, "d": 2})  # relevant from 2 on: a, d
    values = measure(judgements, {"q": ["x", "d", "c", "a"]})
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    expected = {
        "ndcg@3": (2 / math.log2(3) + 1 / 2) / ideal,
        "ndcg": (2 / math.log2(3) + 1 / 2 + 3 / math.log2(5)) / ideal,
        "recall@2": 1 / 2,
        "p@2": 1 / 2,
        "mrr@2": 1 / 2,
        "mrr": 1 / 2,
        "map": (1 / 2 + 2 / 4) / 2,
        "map@2": (1 / 2) / 2,
        "hit@1": 0,
        "pair_accuracy": 4 / 6,  # d, c, a, b: only a-d and a-c stand the wrong way round
        "judged@2": 1 / 2,
    }
    assert {metric: values["q", metric] for metric in expected} == pytest.approx(expected, abs=1e-12)


def test_a_removed_result_makes_room_for_the_next():
    judgements = judged(q={"a": 1, "b": 0})
    run = {"q": ["x", "y", "a", "b"]}
    metrics = parse_metrics(["p@1,mrr@2,judged@4,ndcg@1"])
    assert measure(judgements, run, metrics) == {
        ("q", "p@1"): 0,
        ("q", "mrr@2"): 0,
        ("q", "judged@4"): 0.5,
        ("q", "ndcg@1"): 0,
    }
    assert measure(judgements, run, metrics, unjudged="removed") == {
        ("q", "p@1"): 1,
        ("q", "mrr@2"): 1,
        ("q", "judged@4"): 0.5,
        ("q", "ndcg@1"): 1,
    }


def test_queries_count_only_where_a_metric_means_something():
    judgements = judged(good={"a": 3, "b": 0}, none={"a": 0, "b": 1}, same={"a": 3})
    result = evaluate_run(judgements, {"good": ["a"], "none": ["b", "a"], "unasked": ["a"]}, ALL)
    assert result.unanswered == 1
    assert result.values(Metric("recall", 2)).rows() == [("good", 1.0), ("same", 0.0)]
    assert result.values(Metric("ndcg", 3)).rows() == [("good", 1.0), ("none", 1.0), ("same", 0.0)]
    assert result.values(Metric("pair_accuracy")).rows() == [("good", 1.0), ("none", 1.0)]
    assert result.values(Metric("judged", 2)).rows() == [
        ("good", 1.0),
        ("none", 1.0),
    ]  # "same" showed nothing


def test_thresholds_of_fractional_grades_are_exact():
    third = 1 / 3
    judgements = judged(q={"a": 2 + third, "b": 2 + 2 * third, "c": 1})
    values = measure(judgements, {"q": ["a", "b", "c"]}, parse_metrics(["p@3", "p@3:2.33", "p@3:2.34", "p@3:3"]))
    assert values == {
        ("q", "p@3"): 2 / 3,
        ("q", "p@3:2.33"): 2 / 3,
        ("q", "p@3:2.34"): 1 / 3,
    }  # none reaches 3


def test_a_repeated_product_counts_once():
    judgements = judged(q={"a": 1, "b": 0})
    assert measure(judgements, {"q": ["b", "b", "a", "a"]}, parse_metrics(["mrr,p@2,map"])) == {
        ("q", "mrr"): 0.5,
        ("q", "p@2"): 0.5,
        ("q", "map"): 0.5,
    }


def test_pair_accuracy_halves_ties():
    judgements = judged(q={"a": 3, "b": 2, "c": 1, "d": 0})
    pairs = [Metric("pair_accuracy")]
    assert measure(judgements, {"q": []}, pairs) == {("q", "pair_accuracy"): 0.5}
    assert measure(judgements, {"q": ["a", "b"]}, pairs) == {("q", "pair_accuracy"): 5.5 / 6}
    tied = Run(rankings={"q": ["a", "b", "c", "d"]}, scores={"q": [2.0, 1.0, 1.0, 1.0]})
    assert measure(judgements, tied, pairs) == {("q", "pair_accuracy"): (3 + 1.5) / 6}


@pytest.mark.parametrize("scores", [[1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_scores_must_fit(scores):
    run = Run(rankings={"q": ["a", "b"]}, scores={"q": scores})
    with pytest.raises(ValueError, match=r"scores"):
        evaluate_run(judged(q={"a": 1, "b": 0}), run, [Metric("pair_accuracy")])


PRODUCTS = [f"p{number}" for number in range(12)]
some_grades = st.dictionaries(st.sampled_from(PRODUCTS), st.sampled_from([0, 1, 1.33, 2, 2.5, 3]), min_size=2)
some_queries = st.dictionaries(st.sampled_from("uvwxyz"), some_grades, min_size=1).filter(
    lambda queries: any(grade > 0 for grades in queries.values() for grade in grades.values())
)


@settings(max_examples=60, deadline=None)
@given(some_queries, st.data())
def test_values_agree_with_ir_measures(queries, data):
    """The same numbers as ir-measures called by hand on integer grades, each metric for itself."""
    judgements = judged(**queries)
    run = {query: data.draw(st.permutations(PRODUCTS))[: data.draw(st.integers(1, 12))] for query in queries}
    factor, threshold = judgements.gain_factor, judgements.default_threshold
    qrels = {
        query: {product: round(grade * factor) for product, grade in found.items()} for query, found in queries.items()
    }
    ranks = {query: {product: -float(rank) for rank, product in enumerate(found)} for query, found in run.items()}
    rel = round(threshold * factor)
    theirs = {
        "ndcg@3": ir.nDCG @ 3,
        "ndcg": ir.nDCG,
        "recall@2": ir.R(rel=rel) @ 2,
        "p@2": ir.P(rel=rel) @ 2,
        "mrr": ir.RR(rel=rel),
        "map": ir.AP(rel=rel),
        "map@2": ir.AP(rel=rel) @ 2,
        "hit@1": ir.Success(rel=rel) @ 1,
        "judged@2": ir.Judged @ 2,
    }
    ours = measure(judgements, run)
    expected = {
        (row.query_id, name): row.value for name, found in theirs.items() for row in ir.iter_calc([found], qrels, ranks)
    }
    cut = MsMarcoProvider().iter_calc([ir.RR(rel=rel) @ 2], qrels, ranks)
    expected |= {(row.query_id, "mrr@2"): row.value for row in cut}
    compared = {key: value for key, value in ours.items() if key[1] != "pair_accuracy"}
    assert compared == pytest.approx({key: expected[key] for key in compared}, abs=1e-9)
    for query, found in queries.items():  # and nothing is left out but what cannot be measured
        relevant = any(grade >= threshold for grade in found.values())
        assert ((query, "map") in ours) == relevant
        assert ((query, "ndcg") in ours) == any(found.values())


@settings(max_examples=60, deadline=None)
@given(some_queries, st.data())
def test_invariants(queries, data):
    judgements = judged(**queries)
    best = {query: sorted(found, key=found.__getitem__, reverse=True) for query, found in queries.items()}
    values = measure(judgements, best, parse_metrics(["ndcg@3,ndcg,map,mrr,hit@1,pair_accuracy"]))
    assert values and all(value == pytest.approx(1) for value in values.values())
    shuffled = {query: data.draw(st.permutations(sorted(found))) for query, found in queries.items()}
    forward = measure(judgements, shuffled)
    backward = measure(judgements, {query: found[::-1] for query, found in shuffled.items()})
    for key, value in forward.items():
        assert 0 <= value <= 1 + 1e-12
        if key[1] == "pair_accuracy":
            assert value + backward[key] == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(some_queries, st.data())
def test_pair_accuracy_agrees_with_counting_pairs(queries, data):
    rankings = {query: data.draw(st.lists(st.sampled_from(PRODUCTS), unique=True)) for query in queries}
    scores = {}
    for query, found in rankings.items():
        drawn = data.draw(st.lists(st.integers(0, 3), min_size=len(found), max_size=len(found)))
        scores[query] = sorted(drawn, reverse=True)
    values = measure(judged(**queries), Run(rankings=rankings, scores=scores), [Metric("pair_accuracy")])
    expected = {}
    for query, grades in queries.items():
        score = dict(zip(rankings[query], scores[query], strict=True))
        points = [
            np.heaviside(score.get(better, -1) - score.get(worse, -1), 0.5)
            for better in grades
            for worse in grades
            if grades[better] > grades[worse]
        ]
        if points:
            expected[query, "pair_accuracy"] = np.mean(points)
    assert values == pytest.approx(expected)


@pytest.mark.parametrize(
    ("wrong", "meant"), [("ndgc@10", "ndcg@10"), ("recal@100:2", "recall@100:2"), ("pair-accuracy", "pair_accuracy")]
)
def test_a_typo_in_a_metric_is_told_with_what_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(EmptorError) as told:
        parse_metrics([wrong])
    assert str(told.value).endswith(f"did you mean {meant}?")


def test_a_word_that_is_like_no_metric_gets_no_guess() -> None:
    with pytest.raises(EmptorError) as told:
        parse_metrics(["zzz@10"])
    assert "did you mean" not in str(told.value)
