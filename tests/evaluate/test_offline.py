"""A whole evaluation: what is searched, what the report says and how it looks."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import Judgements, evaluate, evaluate_shop, read_judgements

DATA = Path(__file__).parents[2].parent / "shared" / "data"
METRICS = ["ndcg@3,recall@2", "pair_accuracy", "judged@3"]
FRAME = pl.DataFrame(
    {
        "query": ["red shoe", "red shoe", "red shoe", "hat", "hat", "gone"],
        "product_id": ["1", "2", "3", "4", "5", "99"],
        "grade": [3, 1, 0, 2, 0, 3],
        "kind": ["head", "head", "head", "tail", "tail", "tail"],
    }
)
GOOD = {"red shoe": ["1", "2", "3"], "hat": ["4", "5"]}
BAD = {"red shoe": ["3", "7", "1"], "hat": []}


def answering(lists):
    return lambda queries: [lists.get(query, []) for query in queries]


def report(**options):
    settings = {
        "catalogue_size": 50,
        "known_products": [str(number) for number in range(1, 51)],
        "against": answering(BAD),
        "names": ("good", "bad"),
        "resamples": 200,
        "command": "emptor evaluate shop",
    }
    return evaluate(answering(GOOD), Judgements.of(FRAME, path="judged.csv"), METRICS, **(settings | options))


def shown(found, width=80):
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as captured:
        found.print(console)
    return captured.get()


def test_the_json_report():
    found = json.loads(report().to_json())
    assert found["kind"] == "evaluation"
    assert found["command"] == "emptor evaluate shop"
    assert (found["cascades"], found["unjudged"]) == (["good", "bad"], "irrelevant")
    judgements = found["judgements"]
    assert (judgements["path"], judgements["queries"], judgements["pairs"]) == ("judged.csv", 2, 5)
    assert (judgements["absent_pairs"], judgements["absent_queries"]) == (1, 1)
    figures = {(row["cascade"], row["metric"]): row for row in found["metrics"]}
    assert set(figures) == {
        (name, metric) for name in ("good", "bad") for metric in ("ndcg@3", "recall@2", "pair_accuracy", "judged@3")
    }
    good = figures["good", "recall@2"]
    assert (good["mean"], good["n"], good["ci95"]) == (1.0, 2, [1.0, 1.0])
    assert good["random"] == pytest.approx(2 / 50)
    assert "graded 2 or more" in good["definition"]
    assert figures["bad", "recall@2"]["mean"] == 0.0
    assert (figures["bad", "judged@3"]["mean"], figures["bad", "judged@3"]["n"]) == (pytest.approx(2 / 3), 1)
    tests = {row["metric"]: row for row in found["tests"]}
    assert set(tests) == {"ndcg@3", "recall@2", "pair_accuracy"}
    assert (tests["recall@2"]["a"], tests["recall@2"]["b"], tests["recall@2"]["diff"]) == ("good", "bad", 1.0)
    assert (tests["recall@2"]["wins"], tests["recall@2"]["losses"]) == (2, 0)
    by_query = {row["query"]: row for row in found["per_query"]}
    assert by_query["hat"]["values"]["bad"]["pair_accuracy"] == 0.5
    assert by_query["red shoe"]["relevant"] == 1
    kinds = {(row["kind"], row["cascade"]): row["mean"] for row in found["by_kind"] if row["metric"] == "recall@2"}
    assert kinds == {("head", "good"): 1.0, ("head", "bad"): 0.0, ("tail", "good"): 1.0, ("tail", "bad"): 0.0}
    assert found["env"]["python"]


def test_the_printed_report_says_what_a_reader_needs():
    text = shown(report())
    for needed in (
        "Evaluation of good against bad",
        "5 of 2 queries, from judged.csv; catalogue of 50 products",
        "a result without a judgement counts as irrelevant",
        "recall@2: share of the relevant products that are among the first 2; relevant",
        "bootstrap over queries, 200 resamples, seed 0",
        "random order of the whole catalogue",
        "good minus bad, query by query",
        "10,000 sign flips, two-sided; p Holm is corrected for 3",
        "ndcg@3 by kind of query",
        "Worst queries of good, by ndcg@3",
        "left out: 1 judgement of products that the catalogue lacks; 1 query has no other judgement",
        "bad found nothing for 1 query: counted as 0",
    ):
        assert needed in " ".join(text.split()), needed
    assert "…" not in text
    assert "against" not in shown(report(against=None))


def test_removed_results_bring_the_floor_of_the_judged_list():
    found = report(unjudged="removed", against=None)
    rows = {row["metric"]: row for row in found.to_dict()["metrics"]}
    assert rows["recall@2"]["random_judged"] == pytest.approx((2 / 3 + 1) / 2)
    assert rows["recall@2"]["random"] < 0.1
    assert "shuffled" in shown(found)


def test_markup_and_control_characters_in_queries_are_shown_harmlessly():
    frame = pl.DataFrame({"query": ["[red]\x1b[31mx[/nope]", "b"], "product_id": ["1", "2"], "grade": [1, 1]})
    found = evaluate(answering({}), Judgements.of(frame), ["ndcg@3"], catalogue_size=9, names=("[bold]a[/x]", "b"))
    text = shown(found)
    assert "[red] [31mx[/nope]" in text
    assert "[bold]a[/x]" in text
    assert "\x1b" not in text


def test_the_longest_list_is_told_when_a_cutoff_is_deeper():
    found = evaluate(answering(GOOD), Judgements.of(FRAME), ["recall@100"], catalogue_size=50)
    assert any("has 3 products, fewer than the cutoff of recall@100" in note for note in found.notes)


def test_rates_as_grades_bring_a_hint_at_a_lower_threshold(golden: Engine):
    """One lucky product stretches the scale, and most queries have nothing in its upper half."""
    rows = [(f"mug {number}", "P30", 0.1) for number in range(8)] + [("lamp", "P40", 0.9), ("lamp", "P41", 0.0)]
    judgements = Judgements.of(pl.DataFrame(rows, ["query", "product_id", "grade"], orient="row"))
    found = evaluate_shop(golden, judgements, metrics=["ndcg@10", "recall@100", "mrr@10:0.1"])
    (hint,) = [note for note in found.notes if "--relevant" in note]
    assert hint == (
        "8 of 9 queries have no product graded 0.9 or more, which is what counts as relevant here: recall@100 and the "
        "table of losses say nothing of them; a lower threshold takes more in: --relevant 0.05, or recall@100:0.05 for "
        "one metric"
    )
    assert [figure.summary.n for figure in found.figures] == [9, 1, 9] and found.losses[0].overall.relevant == 1
    found = evaluate_shop(golden, judgements, metrics=["recall@100"], relevant=0.05)
    assert found.figures[0].summary.n == 9 and found.losses[0].overall.relevant == 9
    assert not [note for note in found.notes if "--relevant" in note] and "graded 0.05 or more" in shown(found)
    for wrong in (0.0, 0.95):
        with pytest.raises(EmptorError, match=r"more than 0 and at most 0\.9"):
            evaluate_shop(golden, judgements, relevant=wrong)


def test_worst_queries_and_losses_are_ordered():
    found = evaluate(
        answering(BAD),
        Judgements.of(FRAME),
        METRICS,
        catalogue_size=50,
        against=answering(GOOD),
        names=("query", "relevant"),
    )
    assert found.worst_queries()["query"].to_list() == ["gone", "hat", "red shoe"]
    assert found.largest_losses(1).select("query", "a", "b").rows() == [("hat", 0.0, 1.0)]
    assert shown(found)


def test_batches_cover_every_query_once():
    frame = pl.DataFrame({"query": [f"q{at}" for at in range(600)], "product_id": "1", "grade": 1})
    seen = []

    def search(queries):
        seen.append(queries)
        return [["1"]] * len(queries)

    found = evaluate(search, Judgements.of(frame), ["recall@1"], catalogue_size=10)
    assert [len(queries) for queries in seen] == [256, 256, 88]
    assert sorted(query for queries in seen for query in queries) == sorted(frame["query"])
    assert found.figures[0].summary.mean == 1.0


def test_misuse_is_refused():
    with pytest.raises(EmptorError, match="cannot be compared with itself"):
        report(names=("a", "a"))
    with pytest.raises(EmptorError, match="unknown metric"):
        evaluate(answering(GOOD), Judgements.of(FRAME), ["nope@3"], catalogue_size=50)
    with pytest.raises(EmptorError, match="no metric"):
        evaluate(answering(GOOD), Judgements.of(FRAME), [], catalogue_size=50)
    with pytest.raises(ValueError, match="2 lists for 3 queries"):
        evaluate(lambda queries: [["1"], ["2"]], Judgements.of(FRAME), METRICS, catalogue_size=50)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not here (../shared/data)")
def test_real_judgements_in_random_order_score_the_floor():
    """The judged lists of 150 real queries, shuffled: every interval holds the floor of the judged list."""
    judgements = read_judgements(DATA / "esci_samples" / "judgments_us150_no_text.csv")
    lists = dict(judgements.frame.group_by("query").agg("product_id").iter_rows())
    rng = np.random.default_rng(4)

    def search(queries):
        return [rng.permutation(lists[query]).tolist() for query in queries]

    metrics = ["ndcg@10,recall@10,p@5,mrr@10,map,hit@1,pair_accuracy"]
    found = evaluate(search, judgements, metrics, catalogue_size=6_597, unjudged="removed")
    for figure in found.figures:
        half = (figure.summary.high - figure.summary.low) / 2
        assert figure.random_judged == pytest.approx(figure.summary.mean, abs=2 * half), figure.summary.metric.name
